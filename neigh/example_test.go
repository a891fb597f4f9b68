package neigh_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/rtnl"
)

var (
	ctx    = context.Background()
	client *nlkit.Client
)

func ExampleAdd() {
	err := neigh.Add(ctx, client, neigh.Neighbour{
		Link:     2,
		Addr:     netip.MustParseAddr("192.0.2.1"),
		LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1},
	})
	if errors.Is(err, fs.ErrExist) {
		fmt.Println("there is one already")
	}
}

// A static entry in the FDB of a bridge: the address is behind the port.
func ExampleAdd_bridge() {
	err := neigh.Add(ctx, client, neigh.Neighbour{
		Family:   rtnl.FamilyBridge,
		Link:     5, // the port
		LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1},
		State:    neigh.StateNoARP,
		Flags:    neigh.FlagSticky,
	})
	if err != nil {
		fmt.Println(err)
	}
}

// The host answers for an address that is elsewhere.
func ExampleAdd_proxy() {
	err := neigh.Add(ctx, client, neigh.Neighbour{
		Link:  2,
		Addr:  netip.MustParseAddr("2001:db8::1"),
		Flags: neigh.FlagProxy,
	})
	if err != nil {
		fmt.Println(err)
	}
}

// What a vxlan tunnel does not know goes to all other ends.
func ExampleAppend() {
	for _, end := range []string{"198.51.100.1", "198.51.100.2"} {
		err := neigh.Append(ctx, client, neigh.Neighbour{
			Family:   rtnl.FamilyBridge,
			Link:     7, // the vxlan link
			LinkAddr: make(net.HardwareAddr, 6),
			Addr:     netip.MustParseAddr(end),
		})
		if err != nil {
			fmt.Println(err)
		}
	}
}

func ExampleGet() {
	n, err := neigh.Get(ctx, client, neigh.Neighbour{Link: 2, Addr: netip.MustParseAddr("192.0.2.1")})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println("not known")
	case err == nil:
		fmt.Println(n.LinkAddr, n.State)
	}
}

func ExampleList() {
	neighbours, err := neigh.List(ctx, client, neigh.MatchLink(2), neigh.MatchNoState(neigh.StateFailed))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range neighbours {
		fmt.Println(n.Addr, n.LinkAddr, n.State)
	}
}

func ExampleFDB() {
	for n, err := range neigh.All(ctx, client, neigh.FDB(), neigh.MatchMaster(4)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(n.LinkAddr, "is behind", n.Link)
	}
}

// What `ip neigh flush dev …` does.
func ExampleFlush() {
	err := neigh.Flush(ctx, client, neigh.MatchLink(2), neigh.MatchNoState(neigh.StatePermanent|neigh.StateNoARP))
	if err != nil {
		fmt.Println(err)
	}
}

func ExampleSubscribe() {
	sub, err := neigh.Subscribe(ctx, client)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // a program that keeps state lists again
		}
		if err != nil {
			return
		}
		fmt.Println(e.Type, e.Object)
	}
}

func ExampleSetTable() {
	err := neigh.SetTable(ctx, client, neigh.Table{
		Family:        rtnl.FamilyIPv4,
		Link:          2,
		UnicastProbes: new(uint32(5)),
		StaleTime:     new(2 * time.Minute),
	})
	if err != nil {
		fmt.Println(err)
	}
}

func ExampleState_String() {
	fmt.Println(neigh.StateReachable, neigh.StateReachable|neigh.StateStale, neigh.StateNone)
	// Output: reachable reachable|stale none
}

func ExampleNeighbour_TunnelAddr() {
	n := neigh.Neighbour{LinkAddr: net.HardwareAddr{198, 51, 100, 7}} // on a GRE link
	a, ok := n.TunnelAddr()
	fmt.Println(a, ok)
	// Output: 198.51.100.7 true
}
