package route_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func TestPermission(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	r := route.Route{Dst: prefix("10.10.0.0/16"), Link: l.v0}
	if err := route.Add(ctx, l.c, r); err != nil { // and there is a socket
		t.Fatal(err)
	}
	nstest.WithoutRights(t, func() {
		for verb, err := range map[string]error{
			"Add": route.Add(ctx, l.c, r), "Append": route.Append(ctx, l.c, r), "Replace": route.Replace(ctx, l.c, r),
			"Change": route.Change(ctx, l.c, r), "Delete": route.Delete(ctx, l.c, r),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if list, err := route.List(ctx, l.c, route.MatchDst(r.Dst)); err != nil || len(list) != 1 {
			t.Errorf("List: %v, %v", list, err)
		}
	})
}

func TestFlushWithoutRights(t *testing.T) {
	l := newLab(t)
	nstest.WithoutRights(t, func() {
		err := route.Flush(t.Context(), l.c, route.MatchTable(rtnl.TableMain))
		failed, ok := errors.AsType[*nlkit.BatchError](err)
		if !ok || !errors.Is(err, fs.ErrPermission) || len(failed.Failed) != failed.Total || failed.Total == 0 {
			t.Errorf("got %v", err)
		}
	})
	list, err := route.List(t.Context(), l.c, route.MatchTable(rtnl.TableMain))
	if err != nil || len(list) == 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}
