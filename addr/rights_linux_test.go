package addr_test

import (
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/addr"
)

// withoutRights runs fn on a thread that has no capability, which is not used
// again.
func withoutRights(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		err := unix.Capset(&header, &none[0])
		if err == nil {
			fn()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPermission(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	a := addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24")}
	if err := addr.Add(ctx, l.c, a); err != nil { // and there is a socket
		t.Fatal(err)
	}
	withoutRights(t, func() {
		for verb, err := range map[string]error{
			"Add": addr.Add(ctx, l.c, a), "Replace": addr.Replace(ctx, l.c, a), "Delete": addr.Delete(ctx, l.c, a),
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
