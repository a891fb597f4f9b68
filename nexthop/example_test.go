package nexthop_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

func ExampleAdd() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// Two routers, and a group that sends three quarters of the flows to the first.
	for _, n := range []nexthop.Nexthop{
		{ID: 1, Link: 2, Gateway: netip.MustParseAddr("192.0.2.1")},
		{ID: 2, Link: 3, Gateway: netip.MustParseAddr("198.51.100.1")},
		{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 3}, {ID: 2, Weight: 1}}},
	} {
		if err := nexthop.Add(ctx, c, n); err != nil && !errors.Is(err, fs.ErrExist) {
			log.Fatal(err)
		}
	}
}

func ExampleAdd_resilient() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// When a member goes, the flows of the others stay where they are.
	err = nexthop.Add(ctx, c, nexthop.Nexthop{
		ID:        10,
		Group:     []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}},
		GroupType: nexthop.GroupResilient,
		Resilient: &nexthop.Resilient{Buckets: 128, IdleTimer: new(30 * time.Second)},
	})
	if err != nil {
		log.Fatal(err)
	}
	buckets, err := nexthop.Buckets(ctx, c, 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range buckets {
		fmt.Println(b.Index, b.NexthopID, b.IdleTime)
	}
}

func ExampleInto() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	var n nexthop.Nexthop // the kernel chooses the id
	if err := nexthop.Add(ctx, c, nexthop.Nexthop{Blackhole: true}, nexthop.Into(&n)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n.ID)
}

func ExampleReplace() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// All routes that use next hop 1 now go by another router.
	err = nexthop.Replace(ctx, c, nexthop.Nexthop{ID: 1, Link: 2, Gateway: netip.MustParseAddr("192.0.2.254")})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleList() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	all, err := nexthop.List(ctx, c, nexthop.MatchFamily(rtnl.FamilyIPv6), nexthop.MatchProtocol(rtnl.ProtocolBGP))
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range all {
		fmt.Println(n)
	}
}

func ExampleWithStats() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	n, err := nexthop.Get(ctx, c, 10, nexthop.WithStats())
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range n.Stats {
		fmt.Println(s.ID, s.Packets)
	}
}

func ExampleSubscribe() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	sub, err := nexthop.Subscribe(ctx, c)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // list again
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Type, e.Object)
	}
}

func ExampleNexthop_String() {
	fmt.Println(nexthop.Nexthop{ID: 1, Link: 2, Gateway: netip.MustParseAddr("192.0.2.1")})
	fmt.Println(nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 3}, {ID: 2, Weight: 1}}})
	// Output:
	// id 1 via 192.0.2.1 dev 2
	// id 10 group 1,3/2
}
