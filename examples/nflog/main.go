// Command nflog prints the packets that the firewall logs to a group: those of a
// rule such as `nft add rule inet filter input log group 5`. With -demo it makes
// such a rule in a network namespace of its own, sends itself packets, and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nflog"
)

func main() {
	log.SetFlags(0)
	group := flag.Uint("group", 5, "the NFLOG group, from 0 to 65535")
	n := flag.Uint64("n", 0, "end after so many packets; 0 goes on")
	demo := flag.Bool("demo", false, "log packets in a network namespace, and end")
	flag.Parse()
	if *group > 65535 {
		log.Fatalf("there is no group %d", *group)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *demo {
		err = show(ctx, uint16(*group))
	} else {
		err = follow(ctx, uint16(*group), *n)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// follow prints n packets, or all.
func follow(ctx context.Context, group uint16, n uint64, opts ...nlkit.Option) error {
	c, err := nlkit.New(opts...)
	if err != nil {
		return err
	}
	defer c.Close()
	sub, err := nflog.Subscribe(ctx, c, group, nflog.WithCopyRange(128))
	if err != nil {
		return err // nflog.Subscribe group 5: operation not permitted
	}
	defer sub.Close()
	for p, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // the kernel dropped some: Stats counts them
		}
		if err != nil {
			return err
		}
		flow, _ := p.Flow()
		fmt.Printf("%s%s %s, in %d, out %d, %d bytes: %s\n", p.Prefix, p.Family, p.Hook, p.InLink, p.OutLink, len(p.Payload), flow)
		if n > 0 && sub.Stats().Received == n {
			break
		}
	}
	s := sub.Stats()
	fmt.Printf("%d received, %d lost\n", s.Received, s.Lost)
	return nil
}
