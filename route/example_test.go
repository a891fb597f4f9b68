package route_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func ExampleAdd() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	err = route.Add(context.Background(), c, route.Route{
		Dst:     netip.MustParsePrefix("10.0.0.0/8"),
		Gateway: netip.MustParseAddr("192.0.2.1"),
		Table:   100,
		Extra:   &route.Extra{Metrics: route.Metrics{MTU: 1400}},
	})
	if errors.Is(err, fs.ErrExist) {
		fmt.Println("already there")
	} else if err != nil {
		log.Fatal(err)
	}
}

func ExampleAdd_batch() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	b := c.NewBatch()
	for i := range 100 {
		err := route.Add(ctx, b, route.Route{
			Dst:  netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16),
			Type: route.TypeBlackhole,
		})
		if err != nil {
			log.Fatal(err) // refused before anything is sent
		}
	}
	err = b.Send(ctx)
	if e, ok := errors.AsType[*nlkit.BatchError](err); ok {
		for _, item := range e.Failed {
			fmt.Println(item.Index, item.Err)
		}
	}
}

func ExampleAll() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for r, err := range route.All(context.Background(), c, route.MatchTable(rtnl.TableMain)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Dst, r.Gateway, r.Link, r.Protocol)
	}
}

func ExampleLookup() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	r, err := route.Lookup(context.Background(), c, netip.MustParseAddr("198.51.100.7"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("from", r.PrefSrc, "via", r.Gateway, "by link", r.Link)
}

func ExampleSubscribe() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := route.Subscribe(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // list again: events were lost
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Type, e.Object)
	}
}

func ExampleRoute_String() {
	fmt.Println(route.Route{
		Dst:     netip.MustParsePrefix("10.0.0.0/8"),
		Gateway: netip.MustParseAddr("10.1.0.1"),
		Table:   100,
	})
	// Output: 10.0.0.0/8 via 10.1.0.1 table 100
}

func ExampleAdd_encap() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	r := route.Route{
		Dst:  netip.MustParsePrefix("2001:db8:100::/48"),
		Link: 2,
		Extra: &route.Extra{Encap: &rtnl.SEG6Encap{
			Mode:     rtnl.SEG6Outer,
			Segments: []netip.Addr{netip.MustParseAddr("fc00::1"), netip.MustParseAddr("fc00::2")},
		}},
	}
	if err := route.Add(context.Background(), c, r); errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("the kernel has no segment routing")
	} else if err != nil {
		log.Fatal(err)
	}
}

func ExampleFlush() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := route.Flush(context.Background(), c, route.MatchTable(100), route.MatchProtocol(rtnl.ProtocolBGP)); err != nil {
		log.Fatal(err)
	}
}
