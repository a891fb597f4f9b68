// Command links lists the network interfaces of this host, like `ip -br link`. With
// an argument it shows the one of that name, with its statistics.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

func main() {
	log.SetFlags(0)
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: links [NAME…]") }
	flag.Parse()
	if err := run(context.Background(), flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, names []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	for _, name := range names {
		l, err := link.Get(ctx, c, link.Name(name), link.WithStats())
		if err != nil {
			return err // link.Get "eth9": no such device
		}
		show(l)
		fmt.Printf("    received %d packets, %d bytes; sent %d packets, %d bytes\n",
			l.Stats.RxPackets, l.Stats.RxBytes, l.Stats.TxPackets, l.Stats.TxBytes)
	}
	if len(names) > 0 {
		return nil
	}
	links, err := link.List(ctx, c)
	if err != nil {
		return err
	}
	for _, l := range links {
		show(l)
	}
	return nil
}

func show(l link.Link) {
	kind := "device"
	if l.Kind != nil {
		kind = l.Kind.Kind()
	}
	fmt.Printf("%3d %-16s %-8s %-10s mtu %-6d %s %s\n", l.Index, l.Name, kind, l.OperState, l.MTU, l.Address, l.Flags)
}
