package nexthop

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/rtnl"
)

// follow follows the next hops that the options match.
func follow(t *testing.T, c *nlkit.Client, opts ...ListOption) *watchtest.Follower[Nexthop, uint32] {
	t.Helper()
	s, err := Source(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return watchtest.Follow(t, c, s)
}

// twoLinks returns a client for a namespace with two links that are up, and one that
// watches.
func twoLinks(t *testing.T, opts ...nlkit.Option) (c, watching *nlkit.Client, links [2]int) {
	t.Helper()
	ns := nstest.New(t)
	dial := func(opts ...nlkit.Option) *nlkit.Client {
		c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	c, watching = dial(), dial(opts...)
	for i := range links {
		links[i] = addPair(t, c, i)
	}
	return c, watching, links
}

// addPair makes a link with a network and a carrier.
func addPair(t *testing.T, c *nlkit.Client, i int) int {
	t.Helper()
	ctx := t.Context()
	var l link.Link
	name, peer := fmt.Sprintf("v%d", i), fmt.Sprintf("p%d", i)
	err := link.Add(ctx, c, name, &link.Veth{Peer: link.NewPeer(peer)}, link.Up(), link.Into(&l))
	if err == nil {
		err = link.Set(ctx, c, link.Name(peer), link.Up())
	}
	if err == nil {
		err = addr.Add(ctx, c, addr.Address{Link: l.Index, Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 1}), 24)})
	}
	if err == nil {
		_, err = link.WaitCarrier(ctx, c, link.Name(name))
	}
	if err != nil {
		t.Fatal(err)
	}
	return l.Index
}

// What the kernel removes without a word, and groups with it, is told.
func TestWatchSilent(t *testing.T) {
	c, watching, links := twoLinks(t)
	ctx := t.Context()
	all, groups, one := follow(t, watching), follow(t, watching, MatchGroups()), follow(t, watching, MatchLink(links[0]))
	via := func(id uint32, i int) Nexthop {
		return Nexthop{ID: id, Link: links[i], Gateway: netip.AddrFrom4([4]byte{10, byte(i), 0, byte(id)})}
	}
	for _, step := range []func() error{
		func() error { return Add(ctx, c, via(2, 0)) },
		func() error { return Add(ctx, c, via(3, 1)) },
		func() error { return Add(ctx, c, via(4, 1)) },
		func() error {
			return Add(ctx, c, Nexthop{ID: 100, Group: []Member{{ID: 2, Weight: 1}, {ID: 3, Weight: 2}}})
		},
		func() error { return Add(ctx, c, Nexthop{ID: 101, Group: []Member{{ID: 4, Weight: 1}}}) },
		func() error { return Replace(ctx, c, via(4, 0)) },
		func() error { // v0 loses its carrier, which the kernel acts upon a little later
			err := link.Set(ctx, c, link.Name("p0"), link.Down())
			if err == nil {
				all.Until(t, "next hop 2 going", func(ch nlkit.Change[Nexthop]) bool { return ch.Type == nlkit.Removed && ch.Old.ID == 2 })
			}
			return err
		},
		func() error { return link.Set(ctx, c, link.Name("p0"), link.Up()) },
		func() error { return Replace(ctx, c, via(5, 1)) },
		func() error { return link.Set(ctx, c, link.Index(links[1]), link.Down()) },
		func() error { return link.Set(ctx, c, link.Index(links[1]), link.Up()) },
		func() error { return Replace(ctx, c, via(6, 1)) },
		func() error { return Add(ctx, c, Nexthop{ID: 102, Group: []Member{{ID: 6, Weight: 1}}}) },
		func() error { return link.Delete(ctx, c, link.Index(links[1])) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		for _, f := range []*watchtest.Follower[Nexthop, uint32]{all, groups, one} {
			f.Settle(t)
		}
	}
	if n := groups.Watch.Len(); n != 0 {
		t.Errorf("%d groups are left: %v", n, groups.Watch.List())
	}
	if s := all.Watch.Stats(); s.Vanished == 0 || s.Overruns != 0 {
		t.Errorf("%+v", s)
	}
}

// Random changes, with a buffer that overruns: the end is what there is.
func TestWatchRandom(t *testing.T) {
	c, watching, links := twoLinks(t, nlkit.WithReadBuffer(4096))
	ctx := t.Context()
	f := follow(t, watching)
	rnd := rand.New(rand.NewPCG(7, 8))
	step := func() error {
		i, id := rnd.IntN(2), uint32(2+rnd.IntN(6))
		switch rnd.IntN(10) {
		case 0, 1, 2, 3:
			return Replace(ctx, c, Nexthop{ID: id, Link: links[i], Gateway: netip.AddrFrom4([4]byte{10, byte(i), 0, byte(id)})})
		case 4:
			return Replace(ctx, c, Nexthop{ID: id, Family: rtnl.FamilyIPv4, Blackhole: true})
		case 5, 6:
			return Replace(ctx, c, Nexthop{ID: 100 + uint32(rnd.IntN(2)), Group: []Member{{ID: id, Weight: 1 + rnd.IntN(2)}, {ID: 2 + (id-1)%6, Weight: 1}}})
		case 7, 8:
			return Delete(ctx, c, id)
		}
		name := link.Name(fmt.Sprintf("%c%d", "vp"[rnd.IntN(2)], i))
		err := link.Set(ctx, c, name, link.Down())
		return errors.Join(err, link.Set(ctx, c, name, link.Up()))
	}
	for range 10 {
		goOn := f.Rest()
		for i := range 60 {
			if err := step(); err != nil {
				if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Errno == 0 {
					t.Fatal(err)
				}
			}
			if i == 45 {
				goOn()
			}
		}
		f.Settle(t)
	}
	if s := f.Watch.Stats(); s.Overruns == 0 || s.Repaired == 0 {
		t.Errorf("nothing was lost: %+v", s)
	}
}

func TestWatchRefused(t *testing.T) {
	c, _, _ := twoLinks(t)
	for _, o := range []ListOption{MatchMaster(1), WithStats(), MatchLink(-1)} {
		if w, err := Watch(t.Context(), c, o); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v, %v", w, err)
		}
	}
}

func TestWatchEqual(t *testing.T) {
	s, err := Source()
	if err != nil {
		t.Fatal(err)
	}
	watchtest.Fields(t, s, Nexthop{}, func(t *testing.T, name string, f reflect.Value) {
		switch name {
		case "Encap":
			f.Set(reflect.ValueOf(&rtnl.MPLSEncap{}))
		case "Resilient":
			f.Set(reflect.ValueOf(&Resilient{}))
		default:
			watchtest.Alter(t, name, f)
		}
	}, "HWStats", "HWStatsUsed", "Stats")
}
