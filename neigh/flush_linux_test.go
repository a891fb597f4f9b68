package neigh

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

func TestFlushNeighbours(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	v0, v1 := addVeth(t, c, "v0", "v1")
	fill := func() {
		for _, n := range []Neighbour{
			{Link: v0, Addr: addr("192.0.2.1")},
			{Link: v0, Addr: addr("192.0.2.2"), State: StateStale},
			{Link: v0, Addr: addr("2001:db8::1"), State: StateNoARP},
			{Link: v1, Addr: addr("192.0.2.1"), State: StateStale},
		} {
			n.LinkAddr = mac(1)
			if err := Replace(ctx, c, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		opts []ListOption
		want string // what is left
	}{
		{[]ListOption{MatchNoState(StatePermanent | StateNoARP)}, "192.0.2.1 2001:db8::1"},
		{[]ListOption{MatchLink(v0)}, "192.0.2.1"},
		{[]ListOption{MatchFamily(rtnl.FamilyIPv6)}, "192.0.2.1 192.0.2.1 192.0.2.2"},
		{[]ListOption{MatchLink(4711)}, "192.0.2.1 192.0.2.1 192.0.2.2 2001:db8::1"},
		{nil, ""},
	} {
		fill()
		if err := Flush(ctx, c, tt.opts...); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, n := range listed(t, ns, MatchLinkAddr(mac(1))) {
			left = append(left, n.Addr.String())
		}
		if got := strings.Join(left, " "); got != tt.want {
			t.Errorf("left are %q, want %q", got, tt.want)
		}
	}
}

// TestFlushFDB makes the same entries again and again, and wants Flush to remove
// those that List gives for the same options, and no others.
func TestFlushFDB(t *testing.T) {
	for _, way := range []string{"whole", "one by one"} {
		t.Run(way, func(t *testing.T) {
			ns := nstest.New(t)
			c := client(t, ns)
			ctx := t.Context()
			br, other := addBridge(t, c, "br0"), addBridge(t, c, "br1")
			p0, p1, p2 := addPort(t, c, "p0", br), addPort(t, c, "p1", br), addPort(t, c, "p2", other)
			vx := addVXLAN(t, c, "vx0", 42, 4789)
			setMaster(t, c, vx, br) // it has its own FDB and is in that of the bridge
			fill := func() {
				for _, n := range []Neighbour{
					bridgeEntry(p0, mac(1), StatePermanent),
					bridgeEntry(p0, mac(2), StateNoARP),
					bridgeEntry(p0, mac(3), StateReachable),
					bridgeEntry(p1, mac(4), StateNoARP),
					bridgeEntry(p2, mac(5), StatePermanent),
					bridgeEntry(p2, mac(6), StateReachable),
					bridgeEntry(vx, mac(7), StateNoARP),
					{Family: rtnl.FamilyBridge, Link: br, LinkAddr: mac(8), Flags: FlagSelf},
					{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(9), Addr: addr("192.0.2.1")},
					{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(10), Addr: addr("192.0.2.1"), State: StateReachable},
					{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(11), Addr: addr("192.0.2.1"), State: StateNoARP},
				} {
					if err := Replace(ctx, c, n); err != nil {
						t.Fatal(err)
					}
				}
			}
			// The addresses that the links listen to stay, whatever is asked for.
			own := bridgeEntry(p1, mac(0xee), StatePermanent)
			own.Flags = FlagSelf
			if err := Add(ctx, c, own); err != nil {
				t.Fatal(err)
			}
			for _, opts := range [][]ListOption{
				{},
				{MatchLink(p0)},
				{MatchLink(br)},
				{MatchLink(vx)},
				{MatchLink(4711)},
				{MatchMaster(br)},
				{MatchMaster(other)},
				{MatchMaster(vx)},
				{MatchMaster(br), MatchLink(p0)},
				{MatchMaster(other), MatchLink(p0)},
				{MatchMaster(br), MatchLink(vx)},
				{MatchState(StatePermanent)},
				{MatchState(StateNoARP)},
				{MatchState(StateReachable)},
				{MatchNoState(StatePermanent)},
				{MatchNoState(StatePermanent | StateNoARP)},
				{MatchNoState(StateNoARP)},
				{MatchLink(p0), MatchNoState(StatePermanent)},
				{MatchState(StateNoARP), MatchNoState(StatePermanent), MatchLink(vx)},
				{MatchVLAN(10)},
				{MatchFlags(FlagSelf)},
				{MatchLinkAddr(mac(2))},
			} {
				opts = append(opts, FDB())
				if way == "one by one" {
					// What no kernel matches by, and all entries here do.
					opts = append(opts, MatchProtocol(rtnl.ProtocolUnspec))
				}
				fill()
				all := listed(t, ns, FDB())
				var want []string
				f := newFilter(opts)
				for i := range all {
					if !f.match(&all[i]) || all[i].String() == own.String() {
						want = append(want, all[i].String())
					}
				}
				if err := Flush(ctx, c, opts...); err != nil {
					t.Fatal(err)
				}
				var left []string
				for _, n := range listed(t, ns, FDB()) {
					left = append(left, n.String())
				}
				if !slices.Equal(left, want) {
					t.Errorf("%+v: left are\n%s\nwant\n%s", f, strings.Join(left, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

// TestFlushWhole wants one request for a whole FDB where the kernel can, and a batch
// where it can't.
func TestFlushWhole(t *testing.T) {
	ns := nstest.New(t)
	batches := 0
	c := client(t, ns, nlkit.WithTrace(func(_ context.Context, tr nlkit.Trace) {
		if tr.Op == "nlkit.Batch.Send" {
			batches++
		}
	}))
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	port, vx := addPort(t, c, "p0", br), addVXLAN(t, c, "vx0", 42, 4789)
	for _, of := range []fdb{{link: br}, {link: vx, tunnel: true}} {
		data, ok := of.flush(&filter{fdb: true})
		if !ok {
			t.Fatal("no request for a whole FDB")
		}
		err := c.Do(ctx, nlkit.Request{Op: "test.Flush", Type: uapi.RTM_DELNEIGH, Flags: uapi.NLM_F_BULK, Data: data})
		known := err == nil
		t.Logf("%+v: %v", of, err)
		for i := range 20 {
			for _, n := range []Neighbour{
				bridgeEntry(port, mac(1, byte(i)), StateNoARP),
				{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(2, byte(i)), Addr: addr("192.0.2.1")},
			} {
				if err := Replace(ctx, c, n); err != nil {
					t.Fatal(err)
				}
			}
		}
		batches = 0
		opt := ListOption(MatchLink(vx))
		if !of.tunnel {
			opt = MatchMaster(br)
		}
		if err := Flush(ctx, c, FDB(), opt); err != nil {
			t.Fatal(err)
		}
		if left := listed(t, ns, FDB(), opt); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
		if (batches == 0) != known {
			t.Errorf("%+v: %d batches, but that the kernel does it at once is %v", of, batches, known)
		}
	}
}

func TestFlushErrors(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	if err := Flush(ctx, c, FDB(), Proxies()); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("options that make no sense: %v", err)
	}
	if err := Flush(ctx, c, FDB(), MatchVLAN(0)); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
		t.Errorf("what the kernel cannot remove alone: %v", err)
	}
	if err := Flush(ctx, c); err != nil {
		t.Errorf("nothing to flush: %v", err)
	}
	if err := Flush(ctx, c, FDB()); err != nil {
		t.Errorf("nothing to flush: %v", err)
	}
}
