//go:build linux

// Command wireguard makes a WireGuard interface in a network namespace of its own,
// gives it a key, a port and peers, and reads all of it back, like `wg`. device.go
// describes the generic netlink family that this takes.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
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
	err = link.Add(ctx, c, "wg0", &link.Unknown{Name: "wireguard"})
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("This kernel has no WireGuard:", err)
		return nil
	}
	if err != nil {
		return err
	}

	private, _ := NewKey()
	_, near := NewKey()
	_, far := NewKey()
	shared, _ := NewKey()
	err = Set(ctx, c, Device{
		Name: "wg0", PrivateKey: private, ListenPort: 51820, Flags: ReplacePeers,
		Peers: []Peer{
			{
				PublicKey:  near,
				Endpoint:   netip.MustParseAddrPort("192.0.2.1:51820"),
				AllowedIPs: Allowed(netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")),
			},
			{
				PublicKey: far, PresharedKey: shared, Keepalive: 25,
				Endpoint:   netip.MustParseAddrPort("[2001:db8::2]:4000"),
				AllowedIPs: Allowed(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")),
			},
		},
	})
	if err != nil {
		return err
	}

	d, err := Get(ctx, c, "wg0")
	if err != nil {
		return err
	}
	fmt.Printf("%s: port %d, public key %s\n", d.Name, d.ListenPort, d.PublicKey)
	for _, p := range d.Peers {
		fmt.Printf("  peer %s at %s, allowed are %v\n", p.PublicKey, p.Endpoint, p.Prefixes())
		if p.Keepalive > 0 {
			fmt.Println("    is spoken to every", time.Duration(p.Keepalive)*time.Second)
		}
		fmt.Printf("    %d bytes received, %d sent\n", p.RxBytes, p.TxBytes)
	}
	_, err = Get(ctx, c, "lo")
	fmt.Println("and what is refused:", err)
	return nil
}
