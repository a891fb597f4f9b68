// Command batch adds many routes in a few system calls and shows what a batch
// says of the items that fail. It works in a network namespace of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

const count = 50_000

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
	if err := link.Set(ctx, c, link.Name("lo"), link.Up()); err != nil {
		return err
	}

	begin := time.Now()
	b := c.NewBatch()
	for i := range count {
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
		if err := route.Add(ctx, b, route.Route{Dst: dst, Link: 1}); err != nil {
			return err // refused before anything is sent
		}
	}
	if err := b.Send(ctx); err != nil {
		return err
	}
	fmt.Printf("added %d routes in %v\n", count, time.Since(begin).Round(time.Millisecond))

	// Each item is done by itself: these three are refused, the rest is done.
	for i := range 1000 {
		first := byte(11)
		if i == 3 || i == 500 || i == 999 {
			first = 10 // is there already
		}
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{first, 0, byte(i >> 8), byte(i)}), 32)
		if err := route.Add(ctx, b, route.Route{Dst: dst, Link: 1}); err != nil {
			return err
		}
	}
	failed, ok := errors.AsType[*nlkit.BatchError](b.Send(ctx))
	if !ok || len(failed.Failed) != 3 {
		return fmt.Errorf("three items should have failed: %w", failed)
	}
	for _, item := range failed.Failed {
		fmt.Printf("item %d: %v\n", item.Index, item.Err)
	}
	return nil
}
