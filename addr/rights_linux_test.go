package addr_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestPermission(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	a := addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24")}
	if err := addr.Add(ctx, l.c, a); err != nil { // and there is a socket
		t.Fatal(err)
	}
	nstest.WithoutRights(t, func() {
		for verb, err := range map[string]error{
			"Add": addr.Add(ctx, l.c, a), "Replace": addr.Replace(ctx, l.c, a), "Delete": addr.Delete(ctx, l.c, a),
			"Flush": addr.Flush(ctx, l.c, addr.MatchPrefix(a.Prefix)),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if _, err := addr.Get(ctx, l.c, l.v0, a.Prefix); err != nil {
			t.Errorf("Get: %v", err)
		}
	})
}
