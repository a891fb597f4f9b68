package neigh

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/rtnl"
)

func TestSubscribe(t *testing.T) {
	c, _ := live(t)
	br := addBridge(t, c, "br0")
	port := addPort(t, c, "p0", br)
	ctx := withTimeout(t)
	sub, err := Subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()

	n := Neighbour{Link: port, Addr: addr("192.0.2.1"), LinkAddr: mac(1), Protocol: rtnl.ProtocolBGP, Flags: FlagExtLearned}
	fdb := bridgeEntry(port, mac(2), StateNoARP)
	for _, err := range []error{Add(ctx, c, n), Add(ctx, c, fdb), Delete(ctx, c, fdb), Delete(ctx, c, n)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var added, removed, learned, forgotten bool
	for e, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		o := e.Object
		switch {
		case o.Addr == n.Addr && e.Type == nlkit.Updated && o.State == StatePermanent:
			added = o.LinkAddr.String() == n.LinkAddr.String() && o.Protocol == n.Protocol && o.Flags == n.Flags &&
				o.Link == port && o.CacheInfo != nil && e.NSID == -1
		case o.Addr == n.Addr && e.Type == nlkit.Deleted:
			removed = true
		case o.Family == rtnl.FamilyBridge && o.LinkAddr.String() == fdb.LinkAddr.String():
			if e.Type == nlkit.Updated {
				learned = o.Master == br && o.Link == port && o.State == StateNoARP
			} else {
				forgotten = learned
			}
		}
		if removed {
			break
		}
	}
	if !added || !removed || !learned || !forgotten {
		t.Errorf("added %v, removed %v, learned %v, forgotten %v", added, removed, learned, forgotten)
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
