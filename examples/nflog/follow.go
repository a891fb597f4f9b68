package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nflog"
)

// follow shows packets until there are enough or ctx ends.
func follow(ctx context.Context, o options, opts ...nlkit.Option) error {
	c, err := nlkit.New(opts...)
	if err != nil {
		return err
	}
	defer c.Close()
	// Headers are all that is shown: 128 bytes have them.
	sub, err := nflog.Subscribe(ctx, c, o.groups[0],
		nflog.WithGroups(o.groups[1:]...), nflog.WithCopyRange(128), nflog.WithLossReports())
	if errors.Is(err, nflog.ErrInUse) {
		log.Print("another program receives the group: /proc/net/netfilter/nfnetlink_log has its port")
	}
	if err != nil {
		return err // nflog.Subscribe group 5: operation not permitted: it takes CAP_NET_ADMIN …
	}
	defer sub.Close()
	defer report(sub, o.groups)
	defer every(o.stats, func() { report(sub, o.groups) })()

	names := &linkNames{c: c}
	shown := uint64(0)
	for p, err := range sub.All() {
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			log.Print(err) // nflog.Subscribe group 5: 3 packets were lost
			continue
		case err != nil:
			return err
		case !strings.HasPrefix(p.Prefix, o.prefix):
			continue
		}
		if err := o.format(os.Stdout, &p, names.of(ctx, p.InLink), names.of(ctx, p.OutLink)); err != nil {
			return err
		}
		if shown++; shown == o.n {
			break
		}
	}
	return nil
}

// every calls f as often until stop is called; never if the period is 0.
func every(period time.Duration, f func()) (stop func()) {
	if period <= 0 {
		return func() {}
	}
	tick := time.NewTicker(period)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		<-ended
	}
}

// report says what became of the packets of each group, and of all.
func report(sub *nflog.Subscription, groups []uint16) {
	for _, g := range groups {
		s := sub.GroupStats(g)
		log.Printf("group %d: %d received, %d lost", g, s.Received, s.Lost)
	}
	s := sub.Stats()
	log.Printf("in all: %d received, %d lost, %d overruns, %d malformed", s.Received, s.Lost, s.Overruns, s.Malformed)
}
