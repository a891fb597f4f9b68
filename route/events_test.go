package route_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/route"
)

// nextEvent reads events until one for the destination comes.
func nextEvent(t *testing.T, sub *nlkit.Subscription[route.Event], want route.Route) route.Event {
	t.Helper()
	for {
		var e route.Event
		if err := sub.ReadInto(&e); err != nil {
			t.Fatalf("waiting for %v: %v", want, err)
		}
		if e.Object.Dst == want.Dst && e.Object.Table == want.Table {
			return e
		}
	}
}

func TestSubscribe(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := route.Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for name, r := range l.samples() {
		if err := route.Add(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
		want := find(t, l.c, r)
		e := nextEvent(t, sub, want)
		if e.Type != nlkit.Updated || e.PortID == 0 || e.NSID != -1 || !reflect.DeepEqual(e.Object, want) {
			t.Errorf("%s added: %+v\n%+v %+v\n%+v %+v", name, e, e.Object, e.Object.Extra, want, want.Extra)
		}
		if err := route.Delete(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
		// IPv6 announces the hops of a multipath route one by one; the rest is skipped.
		if e = nextEvent(t, sub, want); e.Type != nlkit.Deleted {
			t.Errorf("%s deleted: %+v", name, e)
		}
	}
}

func TestSubscribeReplaced(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := route.Route{Dst: prefix("10.10.0.0/16"), Gateway: ip("10.1.0.2")}
	if err := route.Add(ctx, l.c, r); err != nil {
		t.Fatal(err)
	}
	sub, err := route.Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	r.Gateway = ip("10.1.0.3")
	if err := route.Replace(ctx, l.c, r); err != nil {
		t.Fatal(err)
	}
	e := nextEvent(t, sub, find(t, l.c, r))
	if e.Flags&0x100 == 0 || e.Object.Gateway != r.Gateway {
		t.Errorf("replaced: %+v", e)
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	for e, err := range sub.All() {
		t.Errorf("after Close: %+v, %v", e, err)
	}
	if _, err := route.Subscribe(ctx, nil); err == nil {
		t.Error("a nil client subscribes")
	}
	ended, end := context.WithCancelCause(ctx)
	end(errStop)
	if _, err := route.Subscribe(ended, l.c); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}
