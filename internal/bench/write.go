package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

// Writes.

// emptyScene is without routes before each run.
var emptyScene = scene{name: "no routes", build: func(int) (*stage, error) {
	s, err := newStage(nil)
	if err == nil {
		s.before = func(int) error { return s.with(removeRoutes) }
	}
	return s, err
}}

// filledScene has as many routes as are to be deleted before each run.
var filledScene = scene{name: "routes to delete", build: func(int) (*stage, error) {
	s, err := newStage(nil)
	if err == nil {
		s.before = func(n int) error {
			return s.with(func(c *nlkit.Client) error {
				if err := removeRoutes(c); err != nil {
					return err
				}
				l, err := link.Get(background, c, link.Name(linkName))
				if err != nil {
					return err
				}
				return addRoutes(background, c, n, func(i int) route.Route { return route4(i, l.Index) })
			})
		}
	}
	return s, err
}}

// removeRoutes removes all routes over linkName: they go when it is set down.
func removeRoutes(c *nlkit.Client) error {
	return errors.Join(link.Set(background, c, link.Name(linkName), link.Down()), link.Set(background, c, link.Name(linkName), link.Up()))
}

// inBatch makes a variant that writes all routes by one batch.
func inBatch(name string, write func(b *nlkit.Batch, r route.Route) error) variant {
	return variant{name: name, by: byNLKit, run: rounds(func(j job) (func() (int, error), error) {
		c, err := nlkit.New()
		if err != nil {
			return nil, err
		}
		index, err := linkIndex()
		return func() (int, error) {
			b := c.NewBatch()
			for i := range j.n {
				if err := write(b, route4(i, index)); err != nil {
					return 0, err
				}
			}
			return j.n, b.Send(background)
		}, err
	})}
}

func vishRoute(i, index int) *netlink.Route {
	a := ip4(i).As4()
	return &netlink.Route{
		LinkIndex: index, Dst: &net.IPNet{IP: a[:], Mask: net.CIDRMask(32, 32)}, Scope: unix.RT_SCOPE_LINK, Protocol: unix.RTPROT_STATIC,
	}
}

// each and first are which route a call is about.
func each(i int) int { return i }
func first(int) int  { return 1 } // that of floor/call.c

// vishWrite makes a variant that writes route by route.
func vishWrite(name string, at func(i int) int, write func(h *netlink.Handle, r *netlink.Route) error) variant {
	return variant{name: name, by: byVishvananda, run: calls(func(job) (func(int) error, error) {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return nil, err
		}
		index, err := linkIndex()
		return func(i int) error { return write(h, vishRoute(at(i), index)) }, err
	})}
}

func jsimRoute(i, index int) *rtnetlink.RouteMessage {
	a := ip4(i).As4()
	return &rtnetlink.RouteMessage{
		Family: unix.AF_INET, DstLength: 32, Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_STATIC, Scope: unix.RT_SCOPE_LINK, Type: unix.RTN_UNICAST,
		Attributes: rtnetlink.RouteAttributes{Dst: a[:], OutIface: uint32(index)},
	}
}

func jsimWrite(name string, at func(i int) int, write func(c *rtnetlink.Conn, r *rtnetlink.RouteMessage) error) variant {
	return variant{name: name, by: byJsimonetti, run: calls(func(job) (func(int) error, error) {
		c, err := rtnetlink.Dial(nil)
		if err != nil {
			return nil, err
		}
		index, err := linkIndex()
		return func(i int) error { return write(c, jsimRoute(at(i), index)) }, err
	})}
}

// ipBatch is `ip -batch` with a file of all routes, with its start and its end.
func ipBatch(verb string) variant {
	return variant{name: "ip -batch", by: byIP, run: func(j job) (r report, err error) {
		f, err := os.CreateTemp("", "bench-ip")
		if err != nil {
			return r, err
		}
		defer os.Remove(f.Name())
		w := bufio.NewWriter(f)
		for i := range j.n {
			fmt.Fprintf(w, "route %s %v/32 dev %s scope link proto static\n", verb, ip4(i), linkName)
		}
		if err := errors.Join(w.Flush(), f.Close()); err != nil {
			return r, err
		}
		cmd := exec.Command("ip", "-batch", f.Name())
		begin := time.Now()
		out, err := cmd.CombinedOutput()
		r.Wall = time.Since(begin)
		if err != nil {
			return r, fmt.Errorf("ip -batch: %w\n%s", err, out)
		}
		r.Items = uint64(j.n)
		r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return r, nil
	}}
}

// floorBatch is the C program's variant, with as much in a datagram as nlkit puts
// there.
func floorBatch(verb string) variant {
	return variant{name: "C, 256 in a datagram", by: byC, c: "batch.c", args: []string{verb, linkName, "256"}}
}

// batchGoals are those of adding and of deleting.
func batchGoals(name string) []goal {
	return []goal{
		{name, wall, "C, 256 in a datagram", 1.2},
		faster(name, "netlink Handle", wall, 2.6),
		faster(name, "ip -batch", wall, 2.6),
		faster(name, "netlink package", wall, 6),
	}
}

var writeWorks = []work{
	{
		name: "add", about: "add routes", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 4000}, least: scale{n: 300}, passes: 5,
		scene: emptyScene,
		variants: []variant{
			floorBatch("add"),
			inBatch("route.Add in a batch", func(b *nlkit.Batch, r route.Route) error { return route.Add(background, b, r) }),
			vishWrite("netlink Handle", each, (*netlink.Handle).RouteAdd),
			vishWrite("netlink package", each, func(_ *netlink.Handle, r *netlink.Route) error { return netlink.RouteAdd(r) }),
			jsimWrite("rtnetlink Add", each, func(c *rtnetlink.Conn, r *rtnetlink.RouteMessage) error { return c.Route.Add(r) }),
			ipBatch("add"),
		},
		goals: batchGoals("route.Add in a batch"),
	},
	{
		name: "delete", about: "delete routes", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 4000}, least: scale{n: 300}, passes: 5,
		scene: filledScene,
		variants: []variant{
			floorBatch("delete"),
			inBatch("route.Delete in a batch", func(b *nlkit.Batch, r route.Route) error { return route.Delete(background, b, r) }),
			vishWrite("netlink Handle", each, (*netlink.Handle).RouteDel),
			vishWrite("netlink package", each, func(_ *netlink.Handle, r *netlink.Route) error { return netlink.RouteDel(r) }),
			jsimWrite("rtnetlink Delete", each, func(c *rtnetlink.Conn, r *rtnetlink.RouteMessage) error { return c.Route.Delete(r) }),
			ipBatch("delete"),
		},
		goals: batchGoals("route.Delete in a batch"),
	},
	{
		name: "write", about: "change a route into itself, acknowledged", unit: "call",
		full: scale{n: 20_000}, quick: scale{n: 10_000}, least: scale{n: 20}, practice: 100,
		scene: emptyScene,
		variants: []variant{
			floorCall(1, "replace", linkName),
			alone("route.Replace", byNLKit, func() (func(int) error, error) {
				c, err := nlkit.New()
				if err != nil {
					return nil, err
				}
				index, err := linkIndex()
				return func(i int) error { return route.Replace(background, c, route4(first(i), index)) }, err
			}),
			vishWrite("netlink Handle.RouteReplace", first, (*netlink.Handle).RouteReplace),
			jsimWrite("rtnetlink Replace", first, func(c *rtnetlink.Conn, r *rtnetlink.RouteMessage) error { return c.Route.Replace(r) }),
		},
		goals: []goal{
			{"route.Replace", wall, "C", 1.8},
			faster("route.Replace", "netlink Handle.RouteReplace", wall, 1),
		},
	},
}
