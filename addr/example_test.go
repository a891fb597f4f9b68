package addr_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/rtnl"
)

func ExampleAdd() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	p := netip.MustParsePrefix("192.0.2.1/24")
	err = addr.Add(context.Background(), c, addr.Address{Link: 2, Prefix: p, Broadcast: addr.BroadcastOf(p)})
	if errors.Is(err, fs.ErrExist) {
		fmt.Println("already there")
	} else if err != nil {
		log.Fatal(err)
	}
}

func ExampleList() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	list, err := addr.List(context.Background(), c, addr.MatchLink(2), addr.MatchFamily(rtnl.FamilyIPv6))
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range list {
		fmt.Println(a.Prefix, a.Scope, a.Flags, a.ValidLifetime)
	}
}

func ExampleFlush() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	// All IPv4 addresses of link 2 but those with a lifetime, such as DHCP's.
	err = addr.Flush(context.Background(), c,
		addr.MatchLink(2), addr.MatchFamily(rtnl.FamilyIPv4), addr.MatchFlags(addr.FlagPermanent))
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleMulticast() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	groups, err := addr.Multicast(context.Background(), c, rtnl.FamilyIPv6, addr.MatchLink(2))
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range groups {
		fmt.Println(g.Addr, g.Scope)
	}
}

func ExampleSubscribe() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := addr.Subscribe(context.Background(), c)
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
		if e.Object.Flags.Has(addr.FlagDADFailed) {
			fmt.Println("another host has", e.Object)
		}
	}
}

func ExampleBroadcastOf() {
	fmt.Println(addr.BroadcastOf(netip.MustParsePrefix("192.0.2.1/25")))
	// Output: 192.0.2.127
}
