package rule

import (
	"context"
	"errors"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
)

func TestSubscribe(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	for name, s := range live(t) {
		must(t, Add(ctx, c, s.rule))
		must(t, Delete(ctx, c, s.rule))
		for _, typ := range []nlkit.EventType{nlkit.Updated, nlkit.Deleted} {
			var e Event
			must(t, sub.ReadInto(&e))
			if e.Type != typ || e.PortID == 0 || e.NSID != -1 || !reflect.DeepEqual(e.Object, s.rule) {
				t.Errorf("%s: got %+v %v, want %v %v", name, e, e.Object, typ, s.rule)
			}
		}
	}
	cancel()
	for e, err := range sub.All() {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, %v", e, err)
		}
	}
}

func TestSubscribeClosed(t *testing.T) {
	c, _ := newClient(t)
	sub, err := Subscribe(t.Context(), c)
	must(t, err)
	must(t, sub.Close())
	var e Event
	if err := sub.ReadInto(&e); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	must(t, c.Close())
	if _, err := Subscribe(t.Context(), c); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed client: %v", err)
	}
}
