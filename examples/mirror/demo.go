package main

import (
	"context"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
)

// demoNamespace makes a network namespace. An ordinary user's program starts again in
// a user namespace for that.
func demoNamespace() (*os.File, error) {
	if exit, done, err := netns.Reexec(); done {
		os.Exit(exit)
	} else if err != nil {
		return nil, err
	}
	return netns.New()
}

// demoEnd is the link that is made last.
const demoEnd = "end"

func isDemoEnd(ch mirror.Change) bool { return ch.Link != nil && ch.Link.New.Name == demoEnd }

// startDemo makes changes in the background: again and again, and slowly, if somebody
// looks on. It sends how it ended, and calls cancel first if it failed.
func startDemo(ctx context.Context, c *nlkit.Client, live bool, cancel func()) <-chan error {
	ended := make(chan error, 1)
	go func() {
		err := demo(ctx, c, live)
		for err == nil && live {
			err = demo(ctx, c, live)
		}
		if ctx.Err() != nil {
			err = nil // the end of the program, not of the demonstration
		} else if err != nil {
			cancel()
		}
		ended <- err
	}()
	return ended
}

// demo makes changes of the kind that one sees when a host starts containers.
func demo(ctx context.Context, c *nlkit.Client, live bool) error {
	var eth, inner link.Link
	prefix, ip := netip.MustParsePrefix, netip.MustParseAddr
	steps := []func() error{
		func() error { return link.Set(ctx, c, link.Name("lo"), link.Up()) },
		func() error {
			return link.Add(ctx, c, "eth0", &link.Veth{Peer: link.NewPeer("inner0")}, link.Into(&eth))
		},
		func() (err error) { inner, err = link.Get(ctx, c, link.Name("inner0")); return err },
		func() error { return link.Set(ctx, c, link.Index(eth.Index), link.Up()) },
		func() error { return link.Set(ctx, c, link.Index(inner.Index), link.Up()) },
		func() error { return addr.Add(ctx, c, addr.Address{Link: eth.Index, Prefix: prefix("192.0.2.10/24")}) },
		func() error { return addr.Add(ctx, c, addr.Address{Link: inner.Index, Prefix: prefix("192.0.2.1/24")}) },
		func() error {
			return neigh.Add(ctx, c, neigh.Neighbour{Link: eth.Index, Addr: ip("192.0.2.1"), LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}})
		},
		func() error {
			return route.Add(ctx, c, route.Route{Dst: prefix("0.0.0.0/0"), Gateway: ip("192.0.2.1"), Link: eth.Index})
		},
		func() error {
			return route.Add(ctx, c, route.Route{Dst: prefix("198.51.100.0/24"), Link: eth.Index, Priority: 50})
		},
		func() error {
			return route.Add(ctx, c, route.Route{Dst: prefix("203.0.113.0/24"), Type: route.TypeBlackhole})
		},
		func() error {
			return neigh.Replace(ctx, c, neigh.Neighbour{Link: eth.Index, Addr: ip("192.0.2.1"), LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 2}})
		},
		func() error { return link.Set(ctx, c, link.Index(eth.Index), link.WithMTU(1400)) },
		func() error { return link.Set(ctx, c, link.Index(eth.Index), link.Down()) }, // its routes go without a word
		func() error { return link.Delete(ctx, c, link.Index(eth.Index)) },
		func() error {
			return route.Delete(ctx, c, route.Route{Dst: prefix("203.0.113.0/24"), Type: route.TypeBlackhole})
		},
	}
	if !live {
		steps = append(steps, func() error { return link.Add(ctx, c, demoEnd, &link.Veth{}) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
		if live {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(700 * time.Millisecond):
			}
		}
	}
	return nil
}
