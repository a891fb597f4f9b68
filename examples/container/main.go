// Command container connects network namespaces to a bridge, as a CNI plugin does for
// containers: a pair of links, addresses of both families and a default route, all of
// it or none. The host and the containers are network namespaces of its own; it has
// one container send to the other, and ends. What a plugin takes from it is attach.
//
//	go run ./examples/container
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func main() {
	log.SetFlags(0)
	if exit, done, err := netns.Reexec(); done { // an ordinary user needs a user namespace
		os.Exit(exit)
	} else if err != nil {
		log.Fatal(err)
	}
	if err := demo(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// makeBridge makes the bridge that containers are attached to, with the addresses that
// are their gateways, and returns its index.
func makeBridge(ctx context.Context, host *nlkit.Client, name string, gateways []netip.Prefix) (int, error) {
	var bridge link.Link
	if err := link.Add(ctx, host, name, &link.Bridge{}, link.Up(), link.Into(&bridge)); err != nil {
		return 0, err
	}
	for _, p := range gateways {
		if err := addr.Add(ctx, host, addr.Address{Link: bridge.Index, Prefix: p}); err != nil {
			return 0, err
		}
	}
	return bridge.Index, nil
}

// attach gives a container, whose namespace is open in ns, an eth0 with these addresses:
// the other end of a port, name, of the bridge. It returns when the addresses can be
// used; if anything fails, there is no eth0.
func attach(ctx context.Context, host, container *nlkit.Client, ns *os.File, bridge int, name string, addresses, gateways []netip.Prefix) (err error) {
	peer := link.NewPeer("eth0", link.WithNetNSFD(int(ns.Fd())))
	if err := link.Add(ctx, host, name, &link.Veth{Peer: peer}, link.WithMaster(bridge), link.Up()); err != nil {
		return err
	}
	defer func() {
		if err != nil { // whatever the reason: also when ctx has ended
			err = errors.Join(err, link.Delete(context.WithoutCancel(ctx), host, link.Name(name)))
		}
	}()
	eth0, err := link.Get(ctx, container, link.Name("eth0"))
	if err != nil {
		return err
	}
	b := container.NewBatch() // one send; each that the kernel refuses is named
	err = errors.Join(
		link.Set(ctx, b, link.Name("lo"), link.Up()),
		link.Set(ctx, b, link.Index(eth0.Index), link.Up()),
	)
	for _, p := range addresses {
		err = errors.Join(err, addr.Add(ctx, b, addr.Address{Link: eth0.Index, Prefix: p}))
	}
	for _, p := range gateways {
		out := route.Route{Family: rtnl.FamilyOf(p.Addr()), Gateway: p.Addr(), Link: eth0.Index}
		err = errors.Join(err, route.Add(ctx, b, out))
	}
	if err = errors.Join(err, b.Send(ctx)); err != nil {
		return err
	}
	_, err = addr.WaitReady(ctx, container, eth0.Index) // duplicate address detection is over
	return err
}

// detach undoes attach: one end takes the other along, with addresses and routes.
func detach(ctx context.Context, host *nlkit.Client, name string) error {
	if err := link.Delete(ctx, host, link.Name(name)); err != nil {
		return fmt.Errorf("detaching: %w", err)
	}
	return nil
}
