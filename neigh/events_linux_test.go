package neigh

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/rtnl"
)

// An event has all that List gives.
func TestSubscribe(t *testing.T) {
	l := newLab(t)
	ctx := withTimeout(t)
	sub, err := Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	next := func(of Neighbour, typ nlkit.EventType) Neighbour {
		t.Helper()
		for {
			var e Event
			if err := sub.ReadInto(&e); err != nil {
				t.Fatal(err)
			}
			o := e.Object
			if e.Type != typ || o.Link != of.Link || o.Family != of.Family ||
				of.Family == rtnl.FamilyBridge && o.LinkAddr.String() != of.LinkAddr.String() ||
				of.Family != rtnl.FamilyBridge && o.Addr != of.Addr {
				continue // of others, and of states on the way
			}
			if e.NSID != -1 || o.CacheInfo == nil {
				t.Errorf("event %+v", e)
			}
			return o
		}
	}
	for sort, samples := range map[string]map[string]liveSample{"neighbours": l.neighbours(), "FDB": l.fdb()} {
		for name, s := range samples {
			if s.add.Flags.Has(FlagProxy) || name == "listened to" || s.add.State == StateFailed {
				continue // the kernel says nothing of those
			}
			want := s.want()
			if err := Add(ctx, l.c, s.add); err != nil {
				t.Fatalf("%s, %s: %v", sort, name, err)
			}
			got, err := Get(ctx, l.c, s.add)
			if err != nil {
				t.Fatal(err)
			}
			e := next(want, nlkit.Updated)
			if e.Type != got.Type || !reflect.DeepEqual(plain(e), want) {
				t.Errorf("%s, %s: event %+v\nlisted %+v", sort, name, e, got)
			}
			if err := Delete(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			e = next(want, nlkit.Deleted)
			if want.Family != rtnl.FamilyBridge {
				want.State, want.LinkAddr = StateFailed, nil // before it goes
				want.Flags &^= FlagExtLearned
			}
			if !reflect.DeepEqual(plain(e), want) {
				t.Errorf("%s, %s, deleted: event %+v\nwant %+v", sort, name, e, want)
			}
		}
	}
}

func TestSubscribeCancel(t *testing.T) {
	c, _ := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	sub, err := Subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	cancel()
	var last error
	for _, err := range sub.All() {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("ended with %v", last)
	}
}

// TestSubscribeMisses sends through a tunnel to an address that it does not know.
func TestSubscribeMisses(t *testing.T) {
	c, ns := live(t)
	vx := addVXLAN(t, c, "vx0", 42, 4789) // with l2miss
	ctx := withTimeout(t)
	sub, err := SubscribeMisses(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	to := addr("192.0.2.1")
	addAddr(t, c, vx, netip.MustParsePrefix("192.0.2.254/24"))
	if err := Add(ctx, c, Neighbour{Link: vx, Addr: to, LinkAddr: mac(1)}); err != nil {
		t.Fatal(err)
	}
	ns.SendUDP(t, netip.AddrPort{}, netip.AddrPortFrom(to, 9), []byte("?"), 1)
	for n, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		if n.Link != vx {
			t.Errorf("asked for %+v", n)
		}
		if n.LinkAddr.String() == mac(1).String() {
			break // others are asked for as well
		}
	}
}
