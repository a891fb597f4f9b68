//go:build linux

// Command nl80211 lists the Wi-Fi devices of this host and their interfaces, like `iw
// list` and `iw dev`. wiphy.go describes the part of the generic netlink family
// nl80211 that this takes. It takes no privilege.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"

	"github.com/nlkit/nlkit"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	wiphys, err := Wiphys(ctx, c)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("This kernel has no Wi-Fi: it has no family nl80211.")
		return nil
	}
	if err != nil {
		return err
	}
	interfaces, err := Interfaces(ctx, c)
	if err != nil {
		return err
	}
	for _, w := range wiphys {
		fmt.Printf("%s (%d): can be %v\n", w.Name, w.Index, w.Types())
		for _, number := range slices.Sorted(maps.Keys(w.Bands)) {
			var allowed []uint32
			for _, f := range w.Bands[number].Frequencies {
				if !f.Disabled {
					allowed = append(allowed, f.MHz)
				}
			}
			if len(allowed) > 0 {
				fmt.Printf("  band %d: %v MHz\n", number, allowed)
			}
		}
		for _, i := range interfaces {
			if i.Wiphy == w.Index {
				fmt.Printf("  interface %s (%d): %v, %s %s\n", i.Name, i.Index, i.Type, i.MAC, i.SSID)
			}
		}
	}
	fmt.Println(len(wiphys), "devices,", len(interfaces), "interfaces")
	return nil
}
