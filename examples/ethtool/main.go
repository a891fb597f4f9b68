//go:build linux

// Command ethtool shows what a network device can do: link modes, rings and
// features, by the generic netlink family of the same name. devices.go describes the
// part of the family that is used.
//
//	go run ./examples/ethtool eth0
//	go run ./examples/ethtool eth0 rx-gro off
//
// Without arguments it shows a veth that it makes in a network namespace of its own,
// and turns a feature of it off.
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
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
)

func main() {
	log.SetFlags(0)
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: ethtool [DEVICE [FEATURE on|off]]") }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch args := flag.Args(); {
	case len(args) == 0:
		err = demo(ctx)
	case len(args) == 1 || len(args) == 3 && (args[2] == "on" || args[2] == "off"):
		err = run(ctx, args)
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	if len(args) == 3 {
		if err := SetFeature(ctx, c, args[0], args[1], args[2] == "on"); err != nil {
			return err
		}
	}
	return show(ctx, c, args[0])
}

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
	c, err := nlkit.New(nlkit.WithNetNSFD(int(ns.Fd())))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := link.Add(ctx, c, "veth0", &link.Veth{Peer: link.NewPeer("veth1")}); err != nil {
		return err
	}
	if err := SetFeature(ctx, c, "veth0", "tx-scatter-gather", false); err != nil {
		return err
	}
	if err := show(ctx, c, "veth0"); err != nil {
		return err
	}
	fmt.Println("\nand what is refused:")
	fmt.Println("   ", SetFeature(ctx, c, "veth0", "tx-teleport", true))
	fmt.Println("   ", SetFeature(ctx, c, "veth9", "rx-gro", true))
	return nil
}

var onOff = map[bool]string{true: "on", false: "off"}

// show prints what a device can do.
func show(ctx context.Context, c *nlkit.Client, device string) error {
	// Errors are what a device does not have, and nothing to stop for.
	modes, err := GetLinkModes(ctx, c, device)
	if err == nil {
		fmt.Printf("%s: %s\n", device, modes)
	} else if !unsupported("link modes", err) {
		return err
	}
	rings, err := GetRings(ctx, c, device)
	if err == nil {
		fmt.Printf("rings: %d of %d to receive, %d of %d to send\n", rings.RX, rings.RXMax, rings.TX, rings.TXMax)
	} else if !unsupported("rings", err) {
		return err
	}

	names, err := FeatureNames(ctx, c)
	if err != nil {
		return err
	}
	features, err := GetFeatures(ctx, c, device)
	if err != nil {
		return err
	}
	fmt.Printf("features, of %d that the kernel knows:\n", len(names))
	for _, name := range names {
		active := features.Active.Has(name)
		switch {
		case features.Changeable(name) && active == features.Wanted.Has(name):
			fmt.Println("   ", name, onOff[active])
		case features.Changeable(name):
			fmt.Println("   ", name, onOff[active], "though asked for", onOff[!active])
		case active:
			fmt.Println("   ", name, "always on")
		}
	}
	return nil
}

// unsupported says what a device does not have, if that is the error.
func unsupported(what string, err error) bool {
	if !errors.Is(err, errors.ErrUnsupported) {
		return false
	}
	fmt.Printf("%s: %v\n", what, err)
	return true
}
