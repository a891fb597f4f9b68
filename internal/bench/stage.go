package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

const (
	// linkName is a link that every stage has, one end of a pair, and up; peerName is
	// the other end.
	linkName = "v0"
	peerName = "p0"
	// linkGroup is the group of all pairs.
	linkGroup = 77
	// smallTable is where there are a hundredth of a million routes; the million
	// is in the main table.
	smallTable = 100
	// chunk is how many objects are made by one batch.
	chunk = 8192
)

// newStage makes a stage with one pair of links, and fills it.
func newStage(fill func(ctx context.Context, c *nlkit.Client, link int) error) (*stage, error) {
	ns, err := netns.New()
	if err != nil {
		return nil, err
	}
	s := &stage{ns: ns}
	err = errors.Join(netns.LoopbackUp(ns), s.with(func(c *nlkit.Client) error {
		ctx := context.Background()
		if err := link.Add(ctx, c, linkName, veth(peerName), link.Up(), link.WithGroup(linkGroup)); err != nil {
			return err
		}
		if err := link.Set(ctx, c, link.Name(peerName), link.Up()); err != nil || fill == nil {
			return err
		}
		l, err := link.Get(ctx, c, link.Name(linkName))
		if err != nil {
			return err
		}
		return fill(ctx, c, l.Index)
	}))
	if err != nil {
		return nil, errors.Join(err, ns.Close())
	}
	return s, nil
}

func veth(peer string) *link.Veth { return &link.Veth{Peer: link.NewPeer(peer)} }

// with gives f a client in the namespace of the stage.
func (s *stage) with(f func(c *nlkit.Client) error) error {
	c, err := nlkit.New(nlkit.WithNetNSFD(int(s.ns.Fd())))
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

// fill makes n objects, many at a time.
func fill(ctx context.Context, c *nlkit.Client, n int, add func(d nlkit.Doer, i int) error) error {
	for i := 0; i < n; {
		b := c.NewBatch()
		for range min(chunk, n-i) {
			if err := add(b, i); err != nil {
				return err
			}
			i++
		}
		if err := b.Send(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scenes that differ in what there are many of.

var plainScene = scene{name: "plain", build: func(int) (*stage, error) { return newStage(nil) }}

var linkScene = scene{name: "links", build: func(size int) (*stage, error) {
	s, err := newStage(func(ctx context.Context, c *nlkit.Client, _ int) error {
		return fill(ctx, c, size/2-1, func(d nlkit.Doer, i int) error {
			return link.Add(ctx, d, fmt.Sprintf("v%d", i+1), veth(fmt.Sprintf("p%d", i+1)), link.WithGroup(linkGroup))
		})
	})
	if err == nil {
		s.close = func() error { return s.with(deletePairs) }
	}
	return s, err
}}

// deletePairs deletes all pairs at once: `ip link delete group`. The kernel would do
// it by itself, but later, while something else is measured.
func deletePairs(c *nlkit.Client) error {
	const header = 16 // of struct ifinfomsg
	return c.Do(context.Background(), nlkit.Request{
		Op: "bench.deletePairs", Type: uapi.RTM_DELLINK, Header: header,
		Data: attr.AppendUint32(make([]byte, header), uapi.IFLA_GROUP, linkGroup),
	})
}

var addressScene = scene{name: "addresses", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return fill(ctx, c, size, func(d nlkit.Doer, i int) error {
			return addr.Add(ctx, d, addr.Address{Link: index, Prefix: netip.PrefixFrom(ip4(i), 32), Label: linkName})
		})
	})
}}

var neighbourScene = scene{name: "neighbours", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return fill(ctx, c, size, func(d nlkit.Doer, i int) error {
			mac := net.HardwareAddr{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}
			return neigh.Add(ctx, d, neigh.Neighbour{Link: index, Addr: ip4(i), LinkAddr: mac})
		})
	})
}}

var ruleScene = scene{name: "rules", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, _ int) error {
		return fill(ctx, c, size, func(d nlkit.Doer, i int) error {
			return rule.Add(ctx, d, rule.Rule{
				Family: rtnl.FamilyIPv4, Priority: new(uint32(1000 + i)), From: netip.PrefixFrom(ip4(i), 32), Mark: uint32(i + 1), Table: 100,
			})
		})
	})
}}

var nexthopScene = scene{name: "nexthops", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return fill(ctx, c, size, func(d nlkit.Doer, i int) error {
			return nexthop.Add(ctx, d, nexthop.Nexthop{ID: uint32(i + 1), Link: index, Family: rtnl.FamilyIPv4})
		})
	})
}}

var routeScene = scene{name: "routes", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return addRoutes(ctx, c, size, func(i int) route.Route { return route4(i, index) })
	})
}}

var route6Scene = scene{name: "IPv6 routes", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return addRoutes(ctx, c, size, func(i int) route.Route {
			return route.Route{Dst: netip.PrefixFrom(ip6(i), 128), Link: index, Protocol: rtnl.ProtocolStatic}
		})
	})
}}

// tables is how many tables there are in tableScene.
const tables = 100

var tableScene = scene{name: "tables", build: func(size int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return addRoutes(ctx, c, size*tables, func(i int) route.Route {
			r := route4(i, index)
			r.Table = rtnl.Table(1000 + i%tables)
			return r
		})
	})
}}

var millionScene = scene{name: "a million routes", build: func(size int) (*stage, error) {
	m := mover{
		size:  map[rtnl.Table]int{rtnl.TableMain: size, smallTable: size / 10, fewTable: min(size, fewRoutes)},
		moved: make(map[rtnl.Table]int),
	}
	s, err := newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		for table, n := range m.size {
			err := addRoutes(ctx, c, n, func(i int) route.Route {
				r := route4(i, index)
				r.Table = table
				return r
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.drive = func(ctx context.Context, n int, ask string) error {
			return s.with(func(c *nlkit.Client) error { return m.drive(ctx, c, n, ask) })
		}
	}
	return s, err
}}

func addRoutes(ctx context.Context, c *nlkit.Client, n int, at func(i int) route.Route) error {
	return fill(ctx, c, n, func(d nlkit.Doer, i int) error { return route.Add(ctx, d, at(i)) })
}

// route4 is the route that floor/write.h writes.
func route4(i, index int) route.Route {
	return route.Route{Dst: netip.PrefixFrom(ip4(i), 32), Link: index, Protocol: rtnl.ProtocolStatic}
}

// ip4 returns the address 10.0.0.0 plus i.
func ip4(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// ip6 returns the address 2001:db8:: plus i.
func ip6(i int) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)})
}

// pairOf returns the indexes of both ends of the pair.
func pairOf(c *nlkit.Client) (pair [2]int, err error) {
	for i, name := range []string{linkName, peerName} {
		l, err := link.Get(background, c, link.Name(name))
		if err != nil {
			return pair, err
		}
		pair[i] = l.Index
	}
	return pair, nil
}

// linkIndex returns the index of linkName, for a variant.
func linkIndex() (int, error) {
	i, err := net.InterfaceByName(linkName)
	if err != nil {
		return 0, err
	}
	return i.Index, nil
}

// descriptors returns how many files this process has open.
func descriptors() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}
