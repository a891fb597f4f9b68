// Command watch follows the main routing table: first what there is, then what changes,
// until it is interrupted. With -demo it watches in a network namespace of its own,
// where more routes change than its small buffer holds, and ends.
//
//	go run ./examples/watch
//	go run ./examples/watch -demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func main() {
	log.SetFlags(0)
	own := flag.Bool("demo", false, "watch in a network namespace, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *own {
		err = demo(ctx)
	} else {
		err = run(ctx)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := route.Watch(ctx, c, route.MatchTable(rtnl.TableMain))
	if err != nil {
		return err
	}
	defer w.Close()
	// Lost events are no error here: the watch lists again, and tells what was missed.
	for ch, err := range w.All() {
		if err != nil {
			return err
		}
		show(w, ch)
	}
	return nil
}

func show(w *nlkit.Watch[route.Route], ch nlkit.Change[route.Route]) {
	switch ch.Type {
	case nlkit.Added:
		fmt.Println("+", ch.New)
	case nlkit.Changed:
		fmt.Println("~", ch.Old, "=>", ch.New)
	case nlkit.Removed:
		fmt.Println("-", ch.Old)
	case nlkit.Synced:
		fmt.Println("that is all,", w.Len(), "routes; now what changes")
	}
}

// many is more than the events of which a buffer of 4 KiB holds.
const many = 300

func demo(ctx context.Context) error {
	if exit, done, err := netns.Reexec(); done { // an ordinary user needs a user namespace
		os.Exit(exit)
	} else if err != nil {
		return err
	}
	ns, err := netns.New()
	if err != nil {
		return err
	}
	defer ns.Close()
	c, err := nlkit.New(nlkit.WithNetNSFD(int(ns.Fd())), nlkit.WithReadBuffer(4096))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := link.Set(ctx, c, link.Name("lo"), link.Up()); err != nil {
		return err
	}
	w, err := route.Watch(ctx, c, route.MatchTable(rtnl.TableMain))
	if err != nil {
		return err
	}
	defer w.Close()
	for told := 0; told < many; {
		ch, err := w.Next()
		if err != nil {
			return err
		}
		switch ch.Type {
		case nlkit.Synced:
			show(w, ch)
			if err := add(ctx, c); err != nil { // while nobody reads
				return err
			}
		case nlkit.Added:
			if told++; told == 1 || told == many {
				show(w, ch)
			}
		default:
			show(w, ch)
		}
	}
	st := w.Stats()
	fmt.Printf("overruns %d, lists taken to heal them %d; the watch knows %d routes\n", st.Overruns, st.Heals, w.Len())
	return nil
}

// add adds many routes at once.
func add(ctx context.Context, c *nlkit.Client) error {
	b := c.NewBatch()
	for i := range many {
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 32)
		if err := route.Add(ctx, b, route.Route{Dst: dst, Link: 1}); err != nil {
			return err
		}
	}
	return b.Send(ctx)
}
