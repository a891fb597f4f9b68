// Command addresses lists the IP addresses of this host with the names of their
// links, like `ip -br address`.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	names := map[int]string{}
	for l, err := range link.All(ctx, c) {
		if err != nil {
			return err
		}
		names[l.Index] = l.Name
	}
	addrs, err := addr.List(ctx, c)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		valid := "for ever"
		if a.ValidLifetime != addr.Forever {
			valid = "for " + a.ValidLifetime.String()
		}
		fmt.Printf("%-16s %-28s %-8s valid %s %s\n", names[a.Link], a.Prefix, a.Scope, valid, a.Flags)
	}
	return nil
}
