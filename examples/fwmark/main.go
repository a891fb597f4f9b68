// Command fwmark routes packets by their mark, as policy routing does: what a firewall
// or a socket (SO_MARK) has marked goes by a table of its own. It works in a network
// namespace of its own, and asks the kernel which way packets go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

const (
	mark  = 0x17
	table = rtnl.Table(100)
)

func main() {
	log.SetFlags(0)
	exit, done, err := netns.Reexec() // an ordinary user needs a user namespace
	if done {
		os.Exit(exit)
	}
	if err == nil {
		err = run(context.Background())
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	ns, err := netns.New()
	if err != nil {
		return err
	}
	defer ns.Close()
	c, err := nlkit.New(nlkit.WithNetNSFD(int(ns.Fd())))
	if err != nil {
		return err
	}
	defer c.Close()

	dst := netip.MustParsePrefix("198.51.100.0/24")
	err = errors.Join(
		link.Set(ctx, c, link.Name("lo"), link.Up()),
		route.Add(ctx, c, route.Route{Dst: dst, Type: route.TypeBlackhole}),
		route.Add(ctx, c, route.Route{Dst: dst, Link: 1, Table: table}),
	)
	if err != nil {
		return err
	}
	err = rule.Add(ctx, c, rule.Rule{Family: rtnl.FamilyIPv4, Mark: mark, Table: table, Priority: new(uint32(100))})
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("This kernel has no rules:", err)
		return nil
	}
	if err != nil {
		return err
	}

	for r, err := range rule.All(ctx, c, rule.MatchFamily(rtnl.FamilyIPv4)) {
		if err != nil {
			return err
		}
		fmt.Println(r)
	}
	to := dst.Addr().Next()
	way, err := route.Lookup(ctx, c, to, route.WithMark(mark))
	if err != nil {
		return err
	}
	fmt.Printf("with mark %#x: %v\n", mark, way)
	_, err = route.Lookup(ctx, c, to)
	fmt.Println("without a mark:", err) // the black hole
	return nil
}
