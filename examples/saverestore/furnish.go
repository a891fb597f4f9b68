package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// furnish gives a fresh namespace a bit of everything.
func furnish(ctx context.Context, c *nlkit.Client) error {
	var left link.Link
	err := errors.Join(
		link.Set(ctx, c, link.Name("lo"), link.Up()),
		link.Add(ctx, c, "left", &link.Veth{Peer: link.NewPeer("right")}, link.Into(&left)),
	)
	for _, name := range []string{"left", "right"} {
		err = errors.Join(err,
			link.Set(ctx, c, link.Name(name), link.WithAddrGenMode(link.AddrGenNone)), // none that come by themselves
			link.Set(ctx, c, link.Name(name), link.Up()),
		)
	}
	if err != nil {
		return err
	}
	ip, prefix := netip.MustParseAddr, netip.MustParsePrefix
	gateway, gateway6 := ip("192.0.2.254"), ip("2001:db8::fe")
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}

	b := c.NewBatch()
	var refused error
	do := func(err error) { refused = errors.Join(refused, err) }
	for _, a := range []addr.Address{
		{Prefix: prefix("192.0.2.1/24"), Broadcast: ip("192.0.2.255"), Label: "left:main"},
		{Prefix: prefix("192.0.2.2/24")}, // a secondary one
		{Prefix: prefix("198.51.100.1/32"), Peer: ip("198.51.100.2"), Priority: 50},
		{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD},
		{Prefix: prefix("2001:db8::2/64"), Flags: addr.FlagNoDAD, ValidLifetime: time.Hour, PreferredLifetime: time.Minute},
	} {
		a.Link = left.Index
		do(addr.Add(ctx, b, a))
	}
	for _, n := range []nexthop.Nexthop{
		{ID: 1, Link: left.Index, Gateway: gateway},
		{ID: 2, Link: left.Index, Gateway: ip("192.0.2.253")},
		{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 3}, {ID: 2, Weight: 1}}},
		{ID: 3, Blackhole: true, Protocol: rtnl.ProtocolStatic},
	} {
		do(nexthop.Add(ctx, b, n))
	}
	for _, r := range []route.Route{
		{Family: rtnl.FamilyIPv4, Gateway: gateway}, // the default
		{Dst: prefix("203.0.113.0/24"), Link: left.Index, Table: 100, Extra: &route.Extra{Metrics: route.Metrics{MTU: 1400}}},
		{Dst: prefix("10.0.0.0/8"), NexthopID: 10},
		{Dst: prefix("10.1.0.0/16"), Multipath: []route.Nexthop{{Gateway: gateway}, {Gateway: ip("192.0.2.253"), Weight: 2}}},
		{Dst: prefix("10.2.0.0/16"), Type: route.TypeUnreachable, Priority: 4},
		{Dst: prefix("2001:db8:1::/48"), Gateway: gateway6},
	} {
		do(route.Add(ctx, b, r))
	}
	for _, r := range []rule.Rule{
		{From: prefix("192.0.2.0/24"), Table: 100, Priority: new(uint32(100))},
		{Family: rtnl.FamilyIPv6, Mark: 7, MarkMask: new(uint32(0xff)), Action: rule.ActionProhibit, Priority: new(uint32(200))},
	} {
		do(rule.Add(ctx, b, r))
	}
	for _, n := range []neigh.Neighbour{
		{Link: left.Index, Addr: gateway, LinkAddr: mac},
		{Link: left.Index, Addr: gateway6, LinkAddr: mac, Flags: neigh.FlagRouter},
		{Link: left.Index, Addr: ip("192.0.2.77"), Flags: neigh.FlagProxy},
	} {
		do(neigh.Add(ctx, b, n))
	}
	if err := errors.Join(refused, b.Send(ctx)); err != nil {
		return err
	}
	return encapsulate(ctx, c, left.Index)
}

// encapsulate adds routes and a next hop whose packets go into others, as far as the
// kernel knows how to.
func encapsulate(ctx context.Context, c *nlkit.Client, index int) error {
	ip, prefix := netip.MustParseAddr, netip.MustParsePrefix
	tunnel := &rtnl.IPEncap{ID: 7, Dst: ip("192.0.2.9"), TTL: 64}
	err := nexthop.Add(ctx, c, nexthop.Nexthop{ID: 4, Link: index, Gateway: ip("192.0.2.252"), Encap: tunnel})
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	for _, r := range []route.Route{
		{Dst: prefix("10.3.0.0/16"), Link: index, Extra: &route.Extra{Encap: tunnel}},
		{Dst: prefix("10.4.0.0/16"), Multipath: []route.Nexthop{{Gateway: ip("192.0.2.254"), Encap: tunnel}, {Gateway: ip("192.0.2.253")}}},
		{Dst: prefix("10.5.0.0/16"), Link: index, Extra: &route.Extra{Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{100, 200}}}},
		{Dst: prefix("2001:db8:2::/64"), Link: index, Extra: &route.Extra{Encap: &rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDX2, OIF: index}}},
	} {
		if err := route.Add(ctx, c, r); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return nil
}
