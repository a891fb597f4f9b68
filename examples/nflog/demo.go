package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nft"
)

// show prints packets, four if nothing else is said, in a network namespace that logs what it sends itself.
func show(ctx context.Context, o options) error {
	if exit, done, err := netns.Reexec(); done {
		os.Exit(exit)
	} else if err != nil {
		return err
	}
	ns, err := netns.New()
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := netns.LoopbackUp(ns); err != nil {
		return err
	}
	for _, g := range o.groups {
		rule := nft.LogRule{Hook: nft.Output, Group: g, Prefix: "demo: ", L4Proto: syscall.IPPROTO_UDP, DstPort: 4242}
		if err := nft.AddLogRule(int(ns.Fd()), rule); err != nil {
			return err
		}
	}
	o.n = cmp.Or(o.n, 4)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sent := make(chan error, 1)
	go func() { sent <- netns.Do(ns, func() error { return send(ctx) }) }()
	err = follow(ctx, o, nlkit.WithNetNSFD(int(ns.Fd())))
	stop()
	return errors.Join(err, <-sent)
}

// send sends packets to itself until ctx ends: none is logged before the
// subscription is there.
func send(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		conn, err := net.Dial("udp", []string{"127.0.0.1:4242", "[::1]:4242"}[i%2])
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("hello"))
		if err = errors.Join(err, conn.Close()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
