package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// names gives links their names. A mirror tells a link before what refers to it, so
// that the name is always there.
type names map[int]string

func (n names) of(index int) string {
	if name := n[index]; name != "" {
		return name
	}
	return "#" + strconv.Itoa(index)
}

// words puts together those that are not empty.
func words(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}

// with puts a word before a value, unless that is empty.
func with(word, value string) string {
	if value == "" {
		return ""
	}
	return word + " " + value
}

func number[N ~int | ~uint32](n N) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

func kindOf(l *link.Link) string {
	if l.Kind != nil {
		return l.Kind.Kind()
	}
	return l.Type.String()
}

// state is what matters of a link's flags and states.
func state(l *link.Link) string {
	switch {
	case !l.Flags.Has(link.FlagUp):
		return "off"
	case l.OperState == link.OperUnknown && l.Flags.Has(link.FlagRunning):
		return "up"
	}
	return l.OperState.String()
}

// place is where a link is among the others.
func (n names) place(l *link.Link) string {
	var master, parent string
	if l.Master != 0 {
		master = "in " + n.of(l.Master)
	}
	switch {
	case l.Parent == 0 || l.Parent == l.Index:
	case l.ParentNSID != nil:
		parent = "to another namespace"
	case kindOf(l) == "veth":
		parent = "to " + n.of(l.Parent)
	default:
		parent = "on " + n.of(l.Parent)
	}
	return words(master, parent)
}

// linkText is a link in one line.
func (n names) linkText(l *link.Link) string {
	return words(kindOf(l), state(l), with("mtu", strconv.Itoa(l.MTU)), l.Address.String(), n.place(l))
}

// addrText is an address in two parts: what it is, and what else there is to say.
func addrText(a *addr.Address) (what, more string) {
	what = a.Prefix.String()
	if a.Peer.IsValid() {
		what = a.Prefix.Addr().String() + " to " + a.Peer.String()
	}
	scope := ""
	if a.Scope != rtnl.ScopeGlobal {
		scope = a.Scope.String()
	}
	flags := ""
	if f := a.Flags &^ addr.FlagPermanent; f != 0 {
		flags = f.String()
	}
	return what, words(scope, flags)
}

func neighText(n *neigh.Neighbour) (what, more string) {
	flags := ""
	if n.Flags != 0 {
		flags = n.Flags.String()
	}
	return n.Addr.String(), words(n.LinkAddr.String(), n.State.String(), flags)
}

// hops are the ways of a route.
func hops(r *route.Route) []route.Nexthop {
	if len(r.Multipath) > 0 {
		return r.Multipath
	}
	return []route.Nexthop{{Gateway: r.Gateway, Link: r.Link, Weight: 1}}
}

// routeText is a route in two parts, the second without where it leads.
func routeText(r *route.Route) (what, more string) {
	what = r.Dst.String()
	if r.IsDefault() {
		what = "default"
		if !r.Dst.Addr().Is4() {
			what = "default (IPv6)"
		}
	}
	if r.Type != route.TypeUnicast {
		what = r.Type.String() + " " + what
	}
	table := ""
	if r.Table != rtnl.TableMain {
		table = with("table", r.Table.String())
	}
	flags := ""
	if r.Flags != 0 {
		flags = r.Flags.String()
	}
	return what, words(with("nhid", number(r.NexthopID)), with("src", text(r.PrefSrc)), with("metric", number(r.Priority)), table, r.Protocol.String(), flags)
}

// hopText says where a hop of a route leads, from a link.
func hopText(h *route.Nexthop) string {
	flags := ""
	if h.Flags != 0 {
		flags = h.Flags.String()
	}
	if !h.Gateway.IsValid() {
		return words("direct", flags)
	}
	return words("via "+h.Gateway.String(), flags)
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// isHousekeeping reports whether a route is one of those that the kernel keeps for
// its own addresses, which are of little interest.
func isHousekeeping(r *route.Route) bool {
	return r.Table == rtnl.TableLocal || r.Type == route.TypeMulticast
}

// hopShare says which of the hops of a route one is.
func hopShare(r *route.Route, i int) string {
	if len(r.Multipath) < 2 {
		return ""
	}
	return fmt.Sprintf("(hop %d of %d, weight %d)", i+1, len(r.Multipath), r.Multipath[i].Weight)
}
