// Command routes lists the routes of this host, like `ip route show table all`.
// With arguments it shows which way the kernel sends to each of these addresses.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/route"
)

func main() {
	log.SetFlags(0)
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: routes [ADDRESS…]") }
	flag.Parse()
	if err := run(context.Background(), flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, destinations []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	for _, d := range destinations {
		dst, err := netip.ParseAddr(d)
		if err != nil {
			return err
		}
		way, err := route.Lookup(ctx, c, dst)
		if err != nil {
			return err
		}
		fmt.Println(way)
	}
	if len(destinations) > 0 {
		return nil
	}
	// A stream: a table of a million routes takes no more memory than one of ten.
	n := 0
	for r, err := range route.All(ctx, c) {
		if err != nil {
			return err
		}
		fmt.Println(r)
		n++
	}
	fmt.Println(n, "routes")
	return nil
}
