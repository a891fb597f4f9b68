// Command monitor prints the changes of links, addresses and routes until it is
// interrupted, like `ip monitor`. With -demo it makes a few itself, in a network
// namespace of its own, and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"sync"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

func main() {
	log.SetFlags(0)
	demo := flag.Bool("demo", false, "make changes in a network namespace, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *demo { // which takes privileges: an ordinary user gets them in a user namespace
		exit, done, err := netns.Reexec()
		if done {
			os.Exit(exit)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := run(ctx, *demo); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, demo bool) error {
	var opts []nlkit.Option
	if demo {
		ns, err := netns.New()
		if err != nil {
			return err
		}
		defer ns.Close()
		opts = append(opts, nlkit.WithNetNSFD(int(ns.Fd())))
	}
	c, err := nlkit.New(opts...)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	links, err := link.Subscribe(ctx, c)
	if err != nil {
		return err
	}
	defer links.Close()
	addrs, err := addr.Subscribe(ctx, c)
	if err != nil {
		return err
	}
	defer addrs.Close()
	routes, err := route.Subscribe(ctx, c)
	if err != nil {
		return err
	}
	defer routes.Close()

	// A subscription starts no goroutine: these are ours, and they end when the
	// context does, which a failure ends for all of them, or, with -demo, when the
	// route that ends it has come and gone.
	var wg sync.WaitGroup
	wg.Go(func() {
		follow(cancel, links.All(), func(ev link.Event) { fmt.Println("link", ev.Type, ev.Object.Name, ev.Object.Flags) })
	})
	wg.Go(func() {
		follow(cancel, addrs.All(), func(ev addr.Event) { fmt.Println("address", ev.Type, ev.Object.Prefix, "on", ev.Object.Link) })
	})
	wg.Go(func() {
		follow(cancel, routes.All(), func(ev route.Event) {
			fmt.Println("route", ev.Type, ev.Object)
			if demo && ev.Object.Dst == last.Dst && ev.Type == nlkit.Deleted {
				_ = errors.Join(links.Close(), addrs.Close(), routes.Close())
			}
		})
	})
	if demo {
		if err := errors.Join(
			link.Set(ctx, c, link.Name("lo"), link.Up()),
			addr.Add(ctx, c, addr.Address{Link: 1, Prefix: netip.MustParsePrefix("192.0.2.1/32")}),
			route.Add(ctx, c, last),
			route.Delete(ctx, c, last),
		); err != nil {
			cancel(err)
		}
	}
	wg.Wait()
	return context.Cause(ctx)
}

var last = route.Route{Dst: netip.MustParsePrefix("198.51.100.0/24"), Link: 1}

// follow prints events until there are no more. Lost ones are the only error to
// go on after; another ends all that is followed.
func follow[T any](end context.CancelCauseFunc, events iter.Seq2[T, error], show func(T)) {
	for ev, err := range events {
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			fmt.Println("events were lost")
		case err != nil:
			end(err)
		default:
			show(ev)
		}
	}
}
