package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

const manyTable rtnl.Table = 1000

var (
	leftPrefix  = netip.MustParsePrefix("192.0.2.1/24")
	rightPrefix = netip.MustParsePrefix("192.0.2.2/24")
	left6       = netip.MustParsePrefix("2001:db8::1/64")
	beyond      = netip.MustParsePrefix("198.51.100.0/24")
	spread      = netip.MustParsePrefix("203.0.113.0/24")
)

func (t *tour) listLinks(ctx context.Context) error {
	links, err := link.List(ctx, t.c)
	if err != nil {
		return err
	}
	for _, l := range links {
		say("%d: %s mtu %d %s", l.Index, l.Name, l.MTU, l.Flags)
	}
	lo, err := link.Get(ctx, t.c, link.Name("lo"))
	if err != nil {
		return err
	}
	return errors.Join(
		check(lo.Index == 1, "lo has index %d", lo.Index),
		link.Set(ctx, t.c, link.Index(1), link.Up()),
		link.Set(ctx, t.far, link.Index(1), link.Up()),
	)
}

func (t *tour) makeLinks(ctx context.Context) error {
	// The other end is made where it belongs, with its MTU.
	pair := &link.Veth{Peer: link.NewPeer("right",
		link.WithNetNSFD(int(t.there.Fd())), link.WithMTU(1400))}
	if err := link.Add(ctx, t.c, "left", pair, link.WithMTU(1400), link.Up(), link.Into(&t.left)); err != nil {
		return err
	}
	if err := link.Set(ctx, t.far, link.Name("right"), link.Up()); err != nil {
		return err
	}
	var err error
	if t.right, err = link.Get(ctx, t.far, link.Name("right")); err != nil {
		return err
	}
	say("made %s (index %d) here and %s (index %d) there, mtu %d", t.left.Name, t.left.Index, t.right.Name, t.right.Index, t.right.MTU)
	if err := check(t.right.MTU == 1400 && t.left.Kind.Kind() == "veth", "the pair is not as it was asked for: %+v", t.right); err != nil {
		return err
	}

	// A bridge with a port of its own: another pair, whose end joins it.
	var br link.Link
	bridge := &link.Bridge{AgeingTime: new(2 * time.Minute)}
	err = errors.Join(
		link.Add(ctx, t.c, "br0", bridge, link.Up(), link.Into(&br)),
		link.Add(ctx, t.c, "port", &link.Veth{Peer: link.NewPeer("host")}, link.WithMaster(br.Index)),
	)
	if err != nil {
		return err
	}
	ports, err := link.List(ctx, t.c, link.MatchMaster(br.Index))
	if err != nil {
		return err
	}
	say("made bridge %s with port %s", br.Name, ports[0].Name)
	if err := check(len(ports) == 1 && ports[0].Name == "port", "the bridge has ports %v", ports); err != nil {
		return err
	}

	err = errors.Join(
		addr.Add(ctx, t.c, addr.Address{Link: t.left.Index, Prefix: leftPrefix}),
		addr.Add(ctx, t.c, addr.Address{Link: t.left.Index, Prefix: left6, Flags: addr.FlagNoDAD}),
		addr.Add(ctx, t.far, addr.Address{Link: t.right.Index, Prefix: rightPrefix}),
	)
	if err != nil {
		return err
	}
	addrs, err := addr.List(ctx, t.c, addr.MatchLink(t.left.Index), addr.MatchScope(rtnl.ScopeGlobal))
	if err != nil {
		return err
	}
	for _, a := range addrs {
		say("%s on %s, scope %s", a.Prefix, t.left.Name, a.Scope)
	}
	return check(len(addrs) == 2, "%d global addresses, want 2", len(addrs))
}

func (t *tour) makeRoutes(ctx context.Context) error {
	gateway := rightPrefix.Addr()
	err := errors.Join(
		route.Add(ctx, t.c, route.Route{Dst: beyond, Gateway: gateway}),
		route.Add(ctx, t.c, route.Route{Dst: spread, Multipath: []route.Nexthop{
			{Gateway: gateway, Weight: 1},
			{Gateway: netip.MustParseAddr("192.0.2.3"), Weight: 3},
		}}),
	)
	if err != nil {
		return err
	}
	routes, err := route.List(ctx, t.c, route.MatchTable(rtnl.TableMain), route.MatchFamily(rtnl.FamilyIPv4))
	if err != nil {
		return err
	}
	hops := 0
	for _, r := range routes {
		say("%s", r)
		hops += len(r.Multipath)
	}
	way, err := route.Lookup(ctx, t.c, netip.MustParseAddr("198.51.100.7"))
	if err != nil {
		return err
	}
	say("to 198.51.100.7: via %s from %s over index %d", way.Gateway, way.PrefSrc, way.Link)
	return errors.Join(
		check(len(routes) == 3 && hops == 2, "%d routes with %d hops, want 3 with 2", len(routes), hops),
		check(way.Gateway == gateway && way.PrefSrc == leftPrefix.Addr() && way.Link == t.left.Index, "the way is %+v", way),
	)
}

func (t *tour) manyRoutes(ctx context.Context) error {
	const n = 10_000
	begin := time.Now()
	batch := t.c.NewBatch()
	for i := range n {
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		if err := route.Add(ctx, batch, route.Route{Dst: dst, Gateway: rightPrefix.Addr(), Table: manyTable}); err != nil {
			return err
		}
	}
	if err := batch.Send(ctx); err != nil {
		return err
	}
	say("added %d routes in %v", n, time.Since(begin).Round(time.Microsecond))

	begin = time.Now()
	seen := map[netip.Prefix]bool{}
	for r, err := range route.All(ctx, t.c, route.MatchTable(manyTable)) {
		if err != nil {
			return err
		}
		seen[r.Dst] = true
	}
	say("streamed %d back in %v", len(seen), time.Since(begin).Round(time.Microsecond))

	// A batch names each item that failed; the others are done.
	again := t.c.NewBatch()
	for _, dst := range []string{"10.0.0.0/24", "172.16.0.0/24", "10.0.1.0/24"} {
		if err := route.Add(ctx, again, route.Route{Dst: netip.MustParsePrefix(dst), Gateway: rightPrefix.Addr(), Table: manyTable}); err != nil {
			return err
		}
	}
	err := again.Send(ctx)
	say("a batch of three, two of which are there: %v", err)
	failed, _ := errors.AsType[*nlkit.BatchError](err)
	return errors.Join(
		check(len(seen) == n, "%d routes came back", len(seen)),
		check(failed != nil && len(failed.Failed) == 2, "the batch ended with %v", err),
	)
}

func (t *tour) cleanUp(ctx context.Context) error {
	for _, name := range []string{"left", "port", "br0"} {
		if err := link.Delete(ctx, t.c, link.Name(name)); err != nil {
			return err
		}
		say("deleted %s", name)
	}
	for _, c := range []*nlkit.Client{t.c, t.far} {
		links, err := link.List(ctx, c)
		if err != nil {
			return err
		}
		if err := check(len(links) == 1, "%d links are left", len(links)); err != nil {
			return err
		}
	}
	routes, err := route.List(ctx, t.c, route.MatchTable(manyTable))
	if err != nil {
		return err
	}
	say("the other ends and %d routes of table %s went with them", len(routes), fmt.Sprint(manyTable))
	return check(len(routes) == 0, "%d routes are left", len(routes))
}
