// Command vlan lists the VLAN interfaces of this host. With -add it makes one first:
//
//	go run ./examples/vlan
//	go run ./examples/vlan -add eth0 -id 42
//
// With -demo it does that in a network namespace of its own, on a veth.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
)

func main() {
	log.SetFlags(0)
	parent := flag.String("add", "", "make a VLAN on the link of this name")
	id := flag.Uint("id", 1, "the VLAN to make, from 0 to 4094")
	own := flag.Bool("demo", false, "make a VLAN in a network namespace, and end")
	flag.Parse()
	if *id > 4094 {
		log.Fatalf("there is no VLAN %d", *id)
	}
	ctx := context.Background()
	var err error
	if *own {
		err = demo(ctx)
	} else {
		err = run(ctx, *parent, uint16(*id))
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, parent string, id uint16) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	if parent != "" {
		if err := add(ctx, c, parent, id); err != nil {
			return err
		}
	}
	return list(ctx, c)
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
	if err := link.Add(ctx, c, "veth0", &link.Veth{Peer: link.NewPeer("veth1")}, link.Up()); err != nil {
		return err
	}
	err = add(ctx, c, "veth0", 42)
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("This kernel has no VLAN interfaces:", err)
		return nil
	}
	if err != nil {
		return err
	}
	return list(ctx, c)
}

// add makes the link PARENT.ID.
func add(ctx context.Context, c *nlkit.Client, parent string, id uint16) error {
	below, err := link.Get(ctx, c, link.Name(parent))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s.%d", parent, id)
	return link.Add(ctx, c, name, &link.VLAN{ID: id}, link.WithParent(below.Index), link.Up())
}

func list(ctx context.Context, c *nlkit.Client) error {
	vlans, err := link.List(ctx, c, link.MatchKind("vlan"))
	if err != nil {
		return err
	}
	for _, l := range vlans {
		if v, ok := link.KindAs[*link.VLAN](l); ok {
			fmt.Printf("%d: %s is VLAN %d (%s) on link %d, %s\n", l.Index, l.Name, v.ID, v.Protocol, l.Parent, l.OperState)
		}
	}
	fmt.Println(len(vlans), "VLAN interfaces")
	return nil
}
