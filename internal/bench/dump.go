package main

import (
	"context"
	"iter"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// Lists. What the kernel has by itself, such as the routes of the loopback interface,
// is listed by all, but does not count: some peers can't leave it out, and some can't
// ask for it.

// floorDump is the C program's variant.
func floorDump(kind string) variant {
	return variant{name: "C", by: byC, c: "dump.c", args: []string{kind}}
}

// stream is a variant that ranges over nlkit's All.
func stream[T any](name string, all func(c *nlkit.Client) iter.Seq2[T, error], counts func(T) bool) variant {
	return variant{name: name, by: byNLKit, run: rounds(func(job) (func() (int, error), error) {
		c, err := nlkit.New()
		return func() (n int, err error) {
			for v, err := range all(c) {
				if err != nil {
					return n, err
				}
				if counts(v) {
					n++
				}
			}
			return n, nil
		}, err
	})}
}

// list is a variant that calls nlkit's List.
func list[T any](name string, list func(c *nlkit.Client) ([]T, error), counts func(T) bool) variant {
	return variant{name: name, by: byNLKit, run: rounds(func(job) (func() (int, error), error) {
		c, err := nlkit.New()
		return counting(func() ([]T, error) { return list(c) }, counts), err
	})}
}

// vishList is a variant that calls a list of vishvananda/netlink's handle.
func vishList[T any](name string, list func(h *netlink.Handle) ([]T, error), counts func(T) bool) variant {
	return variant{name: name, by: byVishvananda, run: rounds(func(job) (func() (int, error), error) {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		return counting(func() ([]T, error) { return list(h) }, counts), err
	})}
}

// jsimList is a variant that calls a list of jsimonetti/rtnetlink.
func jsimList[T any](list func(c *rtnetlink.Conn) ([]T, error), counts func(T) bool) variant {
	return variant{name: "rtnetlink List", by: byJsimonetti, run: rounds(func(job) (func() (int, error), error) {
		c, err := rtnetlink.Dial(nil)
		return counting(func() ([]T, error) { return list(c) }, counts), err
	})}
}

func counting[T any](list func() ([]T, error), counts func(T) bool) func() (int, error) {
	return func() (n int, err error) {
		items, err := list()
		for _, v := range items {
			if counts(v) {
				n++
			}
		}
		return n, err
	}
}

// slow is v that is left out of a quick run.
func slow(v variant) variant {
	v.slow = true
	return v
}

// part is v that does only a part of the work.
func part(of int, v variant) variant {
	v.part = of
	return v
}

var background = context.Background()

// Routes.

func staticRoute(r route.Route) bool           { return r.Protocol == rtnl.ProtocolStatic }
func vishStatic(r netlink.Route) bool          { return r.Protocol == unix.RTPROT_STATIC }
func jsimStatic(r rtnetlink.RouteMessage) bool { return r.Protocol == unix.RTPROT_STATIC }

func allRoutes(opts ...route.ListOption) func(c *nlkit.Client) iter.Seq2[route.Route, error] {
	return func(c *nlkit.Client) iter.Seq2[route.Route, error] { return route.All(background, c, opts...) }
}

func listRoutes(opts ...route.ListOption) func(c *nlkit.Client) ([]route.Route, error) {
	return func(c *nlkit.Client) ([]route.Route, error) { return route.List(background, c, opts...) }
}

// vishStream is vishvananda/netlink's only list that does not collect.
func vishStream(family int, filter *netlink.Route, mask uint64) variant {
	return variant{name: "netlink RouteListFilteredIter", by: byVishvananda, run: rounds(func(job) (func() (int, error), error) {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		return func() (n int, err error) {
			err = h.RouteListFilteredIter(family, filter, mask, func(r netlink.Route) bool {
				if vishStatic(r) {
					n++
				}
				return true
			})
			return n, err
		}, err
	})}
}

func vishRoutes(family int) variant {
	return vishList("netlink RouteList", func(h *netlink.Handle) ([]netlink.Route, error) { return h.RouteList(nil, family) }, vishStatic)
}

func jsimRoutes(counts func(rtnetlink.RouteMessage) bool) variant {
	return jsimList(func(c *rtnetlink.Conn) ([]rtnetlink.RouteMessage, error) { return c.Route.List() }, counts)
}

const oneTable = 1007 // of tableScene

var ipv4 = route.MatchFamily(rtnl.FamilyIPv4)

var routeWorks = []work{
	{
		name: "routes", about: "list IPv4 routes, one at a time", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 20_000}, least: scale{n: 500}, practice: 1,
		scene: routeScene,
		variants: []variant{
			floorDump("route"),
			stream("route.All", allRoutes(ipv4), staticRoute),
			vishStream(netlink.FAMILY_V4, &netlink.Route{}, 0),
			vishRoutes(netlink.FAMILY_V4),
			jsimRoutes(jsimStatic),
		},
		goals: []goal{
			{"route.All", wall, "C", 1.35},
			faster("route.All", "netlink RouteListFilteredIter", wall, 1.7),
			faster("route.All", "netlink RouteList", wall, 4),
			{"route.All", allocs, "", 5000},
		},
	},
	{
		name: "routes-list", about: "list IPv4 routes into a slice", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 20_000}, least: scale{n: 500}, practice: 2, rounds: 2,
		scene: routeScene,
		variants: []variant{
			floorDump("route"),
			list("route.List", listRoutes(ipv4), staticRoute),
			vishRoutes(netlink.FAMILY_V4),
			jsimRoutes(jsimStatic),
		},
		goals: []goal{
			{"route.List", wall, "C", 1.8},
			faster("route.List", "netlink RouteList", wall, 3.5),
			faster("route.List", "rtnetlink List", wall, 2.3),
			faster("route.List", "netlink RouteList", bytes, 5),
		},
	},
	{
		name: "routes6", about: "list IPv6 routes, one at a time", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 20_000}, least: scale{n: 500}, practice: 1,
		scene: route6Scene,
		variants: []variant{
			floorDump("route6"),
			stream("route.All", allRoutes(route.MatchFamily(rtnl.FamilyIPv6)), staticRoute),
			list("route.List", listRoutes(route.MatchFamily(rtnl.FamilyIPv6)), staticRoute),
			vishStream(netlink.FAMILY_V6, &netlink.Route{}, 0),
			vishRoutes(netlink.FAMILY_V6),
			jsimRoutes(jsimStatic),
		},
	},
	{
		name: "table", about: "list the routes of one table of a hundred, which the kernel picks out where it is asked to", unit: "route",
		full: scale{n: 1000}, quick: scale{n: 150}, least: scale{n: 20}, practice: 2, rounds: 5,
		scene: tableScene,
		variants: []variant{
			floorDump("route:1007"),
			stream("route.All", allRoutes(route.MatchTable(oneTable), ipv4), staticRoute),
			list("route.List", listRoutes(route.MatchTable(oneTable), ipv4), staticRoute),
			vishStream(netlink.FAMILY_V4, &netlink.Route{Table: oneTable}, netlink.RT_FILTER_TABLE),
			jsimRoutes(func(r rtnetlink.RouteMessage) bool { return r.Attributes.Table == oneTable }),
		},
	},
}

// fewMillion is what a quick run has in place of a million.
var fewMillion = scale{n: 80_000}

var mainTable = route.MatchTable(rtnl.TableMain)

var millionWorks = []work{
	{
		name: "routes-1M", about: "list a million IPv4 routes, one at a time", unit: "route",
		full: scale{n: 1_000_000}, quick: fewMillion, least: scale{n: 500}, passes: 3,
		scene: millionScene,
		variants: []variant{
			floorDump("route:254"),
			stream("route.All", allRoutes(mainTable, ipv4), staticRoute),
			part(10, stream("route.All, a tenth", allRoutes(route.MatchTable(smallTable), ipv4), staticRoute)),
			slow(vishStream(netlink.FAMILY_V4, &netlink.Route{}, 0)),
		},
		goals: []goal{
			{"route.All", wall, "C", 1.35},
			{"route.All", wall, "route.All, a tenth", 1.2}, // time grows as the number does
			{"route.All", peak, "", 16 << 20},
		},
	},
	{
		name: "routes-1M-list", about: "list a million IPv4 routes into a slice", unit: "route",
		full: scale{n: 1_000_000}, quick: fewMillion, least: scale{n: 500}, passes: 3,
		scene: millionScene,
		variants: []variant{
			floorDump("route:254"),
			list("route.List", listRoutes(mainTable, ipv4), staticRoute),
			part(10, list("route.List, a tenth", listRoutes(route.MatchTable(smallTable), ipv4), staticRoute)),
			slow(vishRoutes(netlink.FAMILY_V4)),
			slow(jsimRoutes(func(r rtnetlink.RouteMessage) bool { return jsimStatic(r) && r.Table == unix.RT_TABLE_MAIN })),
		},
		goals: []goal{
			{"route.List", wall, "route.List, a tenth", 1.2}, // time grows as the number does
			{"route.List", peak, "", 300 << 20},
		},
	},
	breakWork,
}

// Rules, next hops, neighbours, addresses.

var ruleWorks = []work{{
	name: "rules", about: "list IPv4 rules", unit: "rule",
	full: scale{n: 5000}, quick: scale{n: 1000}, least: scale{n: 50}, practice: 2, rounds: 5,
	scene: ruleScene,
	variants: []variant{
		floorDump("rule"),
		stream("rule.All", func(c *nlkit.Client) iter.Seq2[rule.Rule, error] {
			return rule.All(background, c, rule.MatchFamily(rtnl.FamilyIPv4))
		}, markedRule),
		list("rule.List", func(c *nlkit.Client) ([]rule.Rule, error) {
			return rule.List(background, c, rule.MatchFamily(rtnl.FamilyIPv4))
		}, markedRule),
		vishList("netlink RuleList", func(h *netlink.Handle) ([]netlink.Rule, error) { return h.RuleList(netlink.FAMILY_V4) },
			func(r netlink.Rule) bool { return r.Mark != 0 }),
		jsimList(func(c *rtnetlink.Conn) ([]rtnetlink.RuleMessage, error) { return c.Rule.List() },
			func(r rtnetlink.RuleMessage) bool { return r.Attributes.FwMark != nil }),
	},
}}

func markedRule(r rule.Rule) bool { return r.Mark != 0 }

var nexthopWorks = []work{{
	name: "nexthops", about: "list next hop objects", unit: "next hop",
	full: scale{n: 10_000}, quick: scale{n: 5000}, least: scale{n: 50}, practice: 1, rounds: 5,
	scene: nexthopScene,
	variants: []variant{
		floorDump("nexthop"),
		stream("nexthop.All", func(c *nlkit.Client) iter.Seq2[nexthop.Nexthop, error] { return nexthop.All(background, c) }, anyNexthop),
		list("nexthop.List", func(c *nlkit.Client) ([]nexthop.Nexthop, error) { return nexthop.List(background, c) }, anyNexthop),
	},
}}

func anyNexthop(nexthop.Nexthop) bool { return true }

var neighbourWorks = []work{{
	name: "neighbours", about: "list neighbours", unit: "neighbour",
	full: scale{n: 20_000}, quick: scale{n: 10_000}, least: scale{n: 50}, practice: 2, rounds: 3,
	scene: neighbourScene,
	variants: []variant{
		floorDump("neighbour"),
		stream("neigh.All", func(c *nlkit.Client) iter.Seq2[neigh.Neighbour, error] {
			return neigh.All(background, c, neigh.MatchFamily(rtnl.FamilyIPv4))
		}, permanent),
		list("neigh.List", func(c *nlkit.Client) ([]neigh.Neighbour, error) {
			return neigh.List(background, c, neigh.MatchFamily(rtnl.FamilyIPv4))
		}, permanent),
		vishList("netlink NeighList", func(h *netlink.Handle) ([]netlink.Neigh, error) { return h.NeighList(0, netlink.FAMILY_V4) },
			func(n netlink.Neigh) bool { return n.State == netlink.NUD_PERMANENT }),
		jsimList(func(c *rtnetlink.Conn) ([]rtnetlink.NeighMessage, error) { return c.Neigh.List() },
			func(n rtnetlink.NeighMessage) bool { return n.State == unix.NUD_PERMANENT }),
	},
	goals: []goal{
		{"neigh.All", wall, "C", 1.5},
		faster("neigh.All", "netlink NeighList", wall, 2.5),
		faster("neigh.All", "rtnetlink List", wall, jsimShare*2.5),
	},
}}

func permanent(n neigh.Neighbour) bool { return n.State == neigh.StatePermanent }

var addressWorks = []work{{
	name: "addresses", about: "list the addresses of a link that has many", unit: "address",
	full: scale{n: 20_000}, quick: scale{n: 10_000}, least: scale{n: 50}, practice: 2, rounds: 3,
	scene: addressScene,
	variants: []variant{
		floorDump("address"),
		stream("addr.All", func(c *nlkit.Client) iter.Seq2[addr.Address, error] {
			return addr.All(background, c, addr.MatchFamily(rtnl.FamilyIPv4))
		}, hostAddress),
		list("addr.List", func(c *nlkit.Client) ([]addr.Address, error) {
			return addr.List(background, c, addr.MatchFamily(rtnl.FamilyIPv4))
		}, hostAddress),
		vishList("netlink AddrList", func(h *netlink.Handle) ([]netlink.Addr, error) { return h.AddrList(nil, netlink.FAMILY_V4) },
			func(a netlink.Addr) bool { return len(a.IP.To4()) == 4 && a.Mask.String() == "ffffffff" }),
		jsimList(func(c *rtnetlink.Conn) ([]rtnetlink.AddressMessage, error) { return c.Address.List() },
			func(a rtnetlink.AddressMessage) bool { return a.Family == unix.AF_INET && a.PrefixLength == 32 }),
	},
	goals: []goal{
		{"addr.All", wall, "C", 1.5},
		faster("addr.All", "netlink AddrList", wall, 2.5),
		faster("addr.All", "rtnetlink List", wall, 2.5),
	},
}}

func hostAddress(a addr.Address) bool { return a.Prefix.Bits() == 32 && a.Prefix.Addr().Is4() }

// Links.

// jsimShare is what is left of the lead over jsimonetti/rtnetlink where the kernel is
// most of the time. Its own go.mod asks for a mdlayher/socket that starts a goroutine
// for each system call, with which the goals were set; in this module it has the newer
// one that nlkit asks for, and of links even C lists no more than 2.7 times as many.
const jsimShare = 0.75

func notLoopback(l link.Link) bool { return l.Index != 1 }

func allLinks(opts ...link.ListOption) func(c *nlkit.Client) iter.Seq2[link.Link, error] {
	return func(c *nlkit.Client) iter.Seq2[link.Link, error] { return link.All(background, c, opts...) }
}

func listLinks(opts ...link.ListOption) func(c *nlkit.Client) ([]link.Link, error) {
	return func(c *nlkit.Client) ([]link.Link, error) { return link.List(background, c, opts...) }
}

var (
	vishLinks = vishList("netlink LinkList", func(h *netlink.Handle) ([]netlink.Link, error) { return h.LinkList() },
		func(l netlink.Link) bool { return l.Attrs().Index != 1 })
	jsimLinks = jsimList(func(c *rtnetlink.Conn) ([]rtnetlink.LinkMessage, error) { return c.Link.List() },
		func(l rtnetlink.LinkMessage) bool { return l.Index != 1 })
	manyLinks = scale{n: 10_000}
	fewLinks  = scale{n: 2000}
)

var linkWorks = append(callWorks, []work{
	{
		name: "links", about: "list links without their statistics; the peers always have them", unit: "link",
		full: manyLinks, quick: fewLinks, least: scale{n: 20}, practice: 1,
		scene: linkScene,
		variants: []variant{
			floorDump("link"),
			stream("link.All", allLinks(), notLoopback),
			list("link.List", listLinks(), notLoopback),
			vishLinks,
			jsimLinks,
		},
		goals: []goal{
			{"link.All", wall, "C", 1.35},
			faster("link.All", "netlink LinkList", wall, 1.7),
			faster("link.All", "rtnetlink List", wall, jsimShare*2.7),
		},
	},
	{
		name: "links-stats", about: "list links with their statistics", unit: "link",
		full: manyLinks, quick: fewLinks, least: scale{n: 20}, practice: 1,
		scene: linkScene,
		variants: []variant{
			floorDump("linkstats"),
			stream("link.All", allLinks(link.WithStats()), notLoopback),
			list("link.List", listLinks(link.WithStats()), notLoopback),
			vishLinks,
			jsimLinks,
		},
		goals: []goal{
			{"link.All", wall, "C", 1.35},
			// Against the peers the goals are those above: here all have the same to copy.
			faster("link.All", "netlink LinkList", wall, 1.5),
			faster("link.All", "rtnetlink List", wall, 1.7),
		},
	},
}...)
