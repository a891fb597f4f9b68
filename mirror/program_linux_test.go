package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// program changes a namespace at random. What the kernel refuses is part of it.
type program struct {
	ctx context.Context
	c   *nlkit.Client
	r   *rand.Rand
	// done and refused count the operations.
	done, refused int
}

const (
	pairs = 4  // pairs of veths, v0 and w0, …
	hosts = 6  // addresses and gateways of each
	nets  = 12 // destinations of routes

	// Indexes of links, beyond those of the tunnels that a kernel makes in a namespace.
	firstIndex = 100
	firstPeer  = 120
)

// run makes n operations, or fewer if ctx ends or the kernel is not there.
func (p *program) run(n int) error {
	for range n {
		runtime.Gosched() // where there is one CPU, the others want it too
		err := p.step()
		var e *nlkit.Error
		switch {
		case err == nil:
			p.done++
		case p.ctx.Err() != nil:
			return nil
		case errors.As(err, &e) && e.Errno != 0:
			p.refused++
		default:
			return err
		}
	}
	return nil
}

func (p *program) step() error {
	ctx, c, r := p.ctx, p.c, p.r
	n := r.IntN(pairs)
	name := fmt.Sprintf("%c%d", "vvwwx"[r.IntN(5)], n)
	switch op := r.IntN(100); {
	case op < 12:
		// Links come again under the index that another had.
		return link.Add(ctx, c, fmt.Sprintf("v%d", n), &link.Veth{Peer: link.NewPeer(fmt.Sprintf("w%d", n), link.WithIndex(firstPeer+n))},
			link.WithIndex(firstIndex+r.IntN(pairs+1)), link.Up())
	case op < 14:
		return link.Delete(ctx, c, link.Name(name))
	case op < 16:
		return link.Add(ctx, c, "br0", &link.Bridge{}, link.Up())
	case op < 17:
		return link.Delete(ctx, c, link.Name("br0"))
	case op < 26:
		return link.Set(ctx, c, link.Name(name), link.Up())
	case op < 29:
		return link.Set(ctx, c, link.Name(name), link.Down())
	case op < 31:
		return link.Set(ctx, c, link.Name(name), link.WithMTU(1400+r.IntN(3)))
	}
	l, err := link.Get(ctx, c, link.Name(name))
	if err != nil {
		return err
	}
	i := l.Index
	if r.IntN(25) == 0 { // v0 becomes x0, and x0 v0
		other := map[byte]string{'v': "x", 'x': "v", 'w': "w"}[name[0]]
		return link.Set(ctx, c, link.Index(i), link.WithName(other+name[1:]))
	}
	switch op := r.IntN(100); {
	case op < 4:
		br, err := link.Get(ctx, c, link.Name("br0"))
		if err != nil {
			return err
		}
		// One end of each pair: with both, what one host sends would go round for ever.
		return link.Set(ctx, c, link.Name(fmt.Sprintf("w%d", n)), link.WithMaster(br.Index))
	case op < 6:
		return link.Set(ctx, c, link.Index(i), link.WithNoMaster())
	case op < 20:
		return addr.Replace(ctx, c, p.address(i, n))
	case op < 28:
		return addr.Delete(ctx, c, p.address(i, n))
	case op < 38:
		return neigh.Replace(ctx, c, p.neighbour(i, n))
	case op < 44:
		return neigh.Delete(ctx, c, p.neighbour(i, n))
	case op < 48:
		return neigh.Replace(ctx, c, neigh.Neighbour{Link: i, Family: rtnl.FamilyBridge, LinkAddr: mac(r.IntN(hosts)), State: neigh.StateNoARP, Flags: neigh.FlagMaster})
	case op < 50:
		return neigh.Delete(ctx, c, neigh.Neighbour{Link: i, Family: rtnl.FamilyBridge, LinkAddr: mac(r.IntN(hosts)), Flags: neigh.FlagMaster})
	case op < 56:
		return nexthop.Replace(ctx, c, p.nexthop(i, n))
	case op < 58:
		return nexthop.Delete(ctx, c, uint32(1+r.IntN(hosts)))
	case op < 60:
		first := uint32(1 + r.IntN(hosts-1))
		return nexthop.Replace(ctx, c, nexthop.Nexthop{ID: 100, Group: []nexthop.Member{{ID: first, Weight: 1}, {ID: first + 1, Weight: 2}}})
	case op < 63:
		return rule.Add(ctx, c, rule.Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(1 + r.IntN(nets))), Table: rtnl.TableMain, IIF: name})
	case op < 65:
		return rule.Delete(ctx, c, rule.Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(1 + r.IntN(nets)))})
	case op < 84:
		return route.Replace(ctx, c, p.route(i, n))
	case op < 88:
		return route.Append(ctx, c, p.route(i, n))
	}
	return route.Delete(ctx, c, route.Route{Dst: p.route(i, n).Dst})
}

// lastLink makes a link with a route.
func (p *program) lastLink() error {
	var l link.Link
	if err := link.Add(p.ctx, p.c, "vlast", &link.Veth{}, link.Up(), link.Into(&l)); err != nil {
		return err
	}
	return route.Add(p.ctx, p.c, route.Route{
		Dst: netip.MustParsePrefix("203.0.113.0/24"), Link: l.Index, Gateway: host(false, 9, 9), Flags: route.FlagOnlink,
	})
}

func (p *program) v6() bool { return p.r.IntN(2) == 0 }

// host is one of the addresses on the network of a pair.
func host(v6 bool, n, i int) netip.Addr {
	if v6 {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", n, i+1))
	}
	return netip.AddrFrom4([4]byte{10, 0, byte(n), byte(i + 1)})
}

func (p *program) address(link, n int) addr.Address {
	a := addr.Address{Link: link, Prefix: netip.PrefixFrom(host(false, n, p.r.IntN(hosts)), 24)}
	if p.v6() {
		a.Prefix = netip.PrefixFrom(host(true, n, p.r.IntN(hosts)), 64)
		a.Flags = addr.FlagNoDAD
	}
	return a
}

func mac(i int) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, byte(i)} }

func (p *program) neighbour(link, n int) neigh.Neighbour {
	return neigh.Neighbour{Link: link, Addr: host(p.v6(), n, 100+p.r.IntN(hosts)), LinkAddr: mac(p.r.IntN(3)), State: neigh.StatePermanent}
}

func (p *program) nexthop(link, n int) nexthop.Nexthop {
	return nexthop.Nexthop{ID: uint32(1 + p.r.IntN(hosts)), Link: link, Gateway: host(p.v6(), n, 100+p.r.IntN(hosts)), Flags: nexthop.FlagOnlink}
}

func (p *program) route(link, n int) route.Route {
	v6 := p.v6()
	r := route.Route{Dst: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(p.r.IntN(nets)), 0}), 24)}
	if v6 {
		r.Dst = netip.MustParsePrefix(fmt.Sprintf("2001:db8:f%x::/48", p.r.IntN(nets)))
	}
	switch p.r.IntN(6) {
	case 0:
		r.NexthopID = uint32(1 + p.r.IntN(hosts))
	case 1:
		r.NexthopID = 100
	case 2:
		other := firstIndex + p.r.IntN(pairs+1)
		r.Multipath = []route.Nexthop{
			{Link: link, Gateway: host(v6, n, 100), Flags: route.FlagOnlink},
			{Link: other, Gateway: host(v6, n, 101), Flags: route.FlagOnlink},
		}
	case 3:
		r.Type = route.TypeBlackhole
	default:
		r.Link, r.Gateway, r.Flags = link, host(v6, n, 100+p.r.IntN(hosts)), route.FlagOnlink
	}
	if v6 && (r.NexthopID != 0 || r.Type != 0) { // else it may stand between the hops of one with several, where no list has it
		r.Priority = 2000
	}
	return r
}
