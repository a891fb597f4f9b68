// Command genlwatch prints the events of a generic netlink family until it is
// interrupted, like `genl-ctrl monitor` and `ethtool --monitor`: by default those of
// nlctrl, which tells of families that come and go. Attributes appear under their
// numbers, for all but nlctrl's and ethtool's features. With -demo it changes a
// feature of a device in a network namespace of its own, shows the event, and ends.
//
//	go run ./examples/genlwatch
//	go run ./examples/genlwatch nl80211 scan mlme
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
)

func main() {
	log.SetFlags(0)
	own := flag.Bool("demo", false, "make an event in a network namespace, and end")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: genlwatch [-demo] [FAMILY [GROUP…]]")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *own {
		err = demo(ctx)
	} else {
		err = run(ctx, flag.Args())
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	if len(args) == 0 {
		args = []string{"nlctrl"}
	}
	family, groups := args[0], args[1:]
	if len(groups) == 0 { // all that there are
		f, err := genl.Resolve(ctx, c, family)
		if err != nil {
			return err
		}
		for _, g := range f.Groups {
			groups = append(groups, g.Name)
		}
	}
	// A group that the family does not have is an error that lists those it has.
	sub, err := genl.Subscribe(ctx, c, family, groups, asText(tables[family]))
	if err != nil {
		return err
	}
	defer sub.Close()
	fmt.Println("following", strings.Join(groups, " "), "of", family)
	for ev, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			fmt.Println("events were lost")
			continue
		}
		if err != nil {
			return err
		}
		show(ev)
	}
	return nil
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
	sub, err := genl.Subscribe(ctx, c, "ethtool", []string{"monitor"}, asText(tables["ethtool"]))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("This kernel has no family ethtool: it is older than Linux 5.6.")
		return nil
	}
	if err != nil {
		return err
	}
	defer sub.Close()

	off := features{Device: device{Name: "veth0"}, Wanted: &bitset{Bits: []bit{{Name: "tx-scatter-gather"}}}}
	if err := setFeatures.Do(ctx, c, genl.Name("ethtool"), &off); err != nil {
		return err
	}
	var ev genl.Event[string]
	if err := sub.ReadInto(&ev); err != nil { // waits for one
		return err
	}
	show(ev)
	return nil
}

func show(ev genl.Event[string]) {
	fmt.Printf("command %d, version %d, caused by port %d\n", ev.Command, ev.Version, ev.PortID)
	for line := range strings.Lines(ev.Object) {
		fmt.Print("    ", line)
	}
}

// asText decodes an event of any family as text for people.
func asText(schema attr.Schema) genl.Decode[string] {
	return func(m genl.Message, text *string) (keep bool, err error) {
		*text = attr.Dump(schema, m.Attrs)
		return true, nil
	}
}
