//go:build linux

// Command mptcp programs a family of generic netlink that nlkit knows nothing
// of, with types of its own: mptcp_pm, the path manager of Multipath TCP, like `ip
// mptcp`. The types and commands are in mptcp.go. It makes endpoints in a network
// namespace of its own, changes and lists them, and shows what the kernel refuses.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/netip"
	"os"
	"os/signal"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/netns"
)

func main() {
	log.SetFlags(0)
	exit, done, err := netns.Reexec() // an ordinary user needs a user namespace
	if done {
		os.Exit(exit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err == nil {
		err = run(ctx)
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

	if _, err := genl.Resolve(ctx, c, string(mptcp)); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("This kernel has no Multipath TCP.")
		return nil
	} else if err != nil {
		return err
	}

	// Every write takes a batch as well as a client.
	b := c.NewBatch()
	for _, e := range []Endpoint{
		{ID: 1, Addr: netip.MustParseAddr("192.0.2.1"), Flags: Subflow},
		{ID: 2, Addr: netip.MustParseAddr("2001:db8::1"), Flags: Signal},
		{ID: 3, Addr: netip.MustParseAddr("192.0.2.2"), Flags: Subflow | Backup, Link: 1},
	} {
		if err := AddEndpoint(ctx, b, e); err != nil {
			return err // refused before anything is sent
		}
	}
	if err := b.Send(ctx); err != nil {
		return err
	}
	if err := SetLimits(ctx, c, Limits{Subflows: 4, Accepted: 2}); err != nil {
		return err
	}
	if err := SetFlags(ctx, c, 1, Subflow|Backup); err != nil {
		return err
	}
	if err := DeleteEndpoint(ctx, c, 3); err != nil {
		return err
	}

	for e, err := range endpoints.All(ctx, c, mptcp, nil) {
		if err != nil {
			return err
		}
		fmt.Println(e.Endpoint)
	}
	limits, err := getLimits.Query(ctx, c, mptcp, nil)
	if err != nil {
		return err
	}
	fmt.Printf("at most %d subflows a connection, and %d addresses accepted\n", limits.Subflows, limits.Accepted)

	fmt.Println("\nand what is refused:")
	fmt.Println("   ", AddEndpoint(ctx, c, Endpoint{ID: 1, Addr: netip.MustParseAddr("192.0.2.9")}))
	fmt.Println("   ", DeleteEndpoint(ctx, c, 9))
	fmt.Println("   ", SetLimits(ctx, c, Limits{Subflows: 99}))
	fmt.Println("   ", AddEndpoint(ctx, c, Endpoint{ID: 4}))
	return nil
}
