package route

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// ListOption chooses which routes [List], [All] and [Flush] are about. A route must match all
// of them; of several of one kind the last holds. The kernel filters by family, table,
// link, protocol and type, where it checks requests strictly (Linux 4.20); what it returns
// is always checked again.
type ListOption interface{ applyList(*filter) }

type listOption func(*filter)

func (o listOption) applyList(f *filter) { o(f) }

// filter is what the options of a list fill in.
type filter struct {
	family   rtnl.Family
	table    rtnl.Table
	link     int
	priority uint32
	protocol rtnl.Protocol
	typ      Type
	scope    rtnl.Scope

	tos     uint8
	nexthop uint32
	label   *uint32
	cached  bool

	hasTable, hasLink, hasPriority, hasProtocol, hasType, hasScope, hasTOS bool

	dst, within, covering netip.Prefix
	gateway, prefSrc      netip.Addr

	err error // the first option that makes no sense
}

func (f *filter) checkAddr(option string, a netip.Addr) {
	switch {
	case f.err != nil:
	case !a.IsValid():
		f.err = attr.Refuse("%s with an invalid address", option)
	case a.Zone() != "": // no route has one
		f.err = attr.Refuse("%s(%v): an address with a zone: MatchLink takes the link", option, a)
	}
}

func (f *filter) checkPrefix(option string, p netip.Prefix) {
	if f.err == nil && !p.IsValid() {
		f.err = attr.Refuse("%s with an invalid prefix", option)
	}
}

// MatchTable chooses the routes of one table. A table without a route has none,
// which is not an error. `ip route show table …`
func MatchTable(t rtnl.Table) ListOption {
	return listOption(func(f *filter) { f.table, f.hasTable = t, true })
}

// MatchLink chooses the routes that use the link with this index, alone or as one
// of several next hops; those by a next hop object where the kernel tells its links,
// see [Route].NexthopID. No link of that index has no routes, which is not an
// error. `ip route show dev …`
func MatchLink(index int) ListOption {
	return listOption(func(f *filter) { f.link, f.hasLink = index, true })
}

// MatchFamily chooses the routes of one family: rtnl.FamilyIPv4, rtnl.FamilyIPv6,
// rtnl.FamilyMPLS, or the multicast routes of rtnl.FamilyIPMR or
// rtnl.FamilyIP6MR. A kernel that lacks a family has none of it, which is not an
// error. `ip -family … route show`, `ip mroute show`
func MatchFamily(family rtnl.Family) ListOption {
	return listOption(func(f *filter) { f.family = family })
}

// MatchProtocol chooses the routes of one maker. `ip route show proto …`
func MatchProtocol(p rtnl.Protocol) ListOption {
	return listOption(func(f *filter) { f.protocol, f.hasProtocol = p, true })
}

// MatchType chooses the routes of one type. `ip route show type …`
func MatchType(t Type) ListOption {
	return listOption(func(f *filter) { f.typ, f.hasType = t, true })
}

// MatchScope chooses the routes of one scope. `ip route show scope …`
func MatchScope(s rtnl.Scope) ListOption {
	return listOption(func(f *filter) { f.scope, f.hasScope = s, true })
}

// MatchPriority chooses the routes with this metric. `ip route show metric …`
func MatchPriority(p uint32) ListOption {
	return listOption(func(f *filter) { f.priority, f.hasPriority = p, true })
}

// MatchDst chooses the routes to exactly this destination; 0.0.0.0/0 and ::/0 are
// the default routes. `ip route show exact …`
func MatchDst(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		f.dst = p.Masked()
		f.checkPrefix("MatchDst", p)
	})
}

// MatchWithin chooses the routes whose destination lies within p, or is p.
// `ip route show root …`
func MatchWithin(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		f.within = p.Masked()
		f.checkPrefix("MatchWithin", p)
	})
}

// MatchCovering chooses the routes whose destination covers p, or is p: those
// that packets for p could take. `ip route show match …`
func MatchCovering(p netip.Prefix) ListOption {
	return listOption(func(f *filter) {
		f.covering = p.Masked()
		f.checkPrefix("MatchCovering", p)
	})
}

// MatchTOS chooses the routes with this type of service. `ip route show tos …`
func MatchTOS(tos uint8) ListOption {
	return listOption(func(f *filter) { f.tos, f.hasTOS = tos, true })
}

// MatchGateway chooses the routes that send to this gateway, alone or as one of
// several; those by a next hop object as [MatchLink] does. `ip route show via …`
func MatchGateway(a netip.Addr) ListOption {
	return listOption(func(f *filter) {
		f.gateway = a.Unmap()
		f.checkAddr("MatchGateway", a)
	})
}

// MatchPrefSrc chooses the routes with this preferred source.
// `ip route show src …`
func MatchPrefSrc(a netip.Addr) ListOption {
	return listOption(func(f *filter) {
		f.prefSrc = a.Unmap()
		f.checkAddr("MatchPrefSrc", a)
	})
}

// MatchNexthopID chooses the routes that use the next hop object with this id.
func MatchNexthopID(id uint32) ListOption {
	return listOption(func(f *filter) {
		f.nexthop = id
		if f.err == nil && id == 0 {
			f.err = attr.Refuse("MatchNexthopID(0): no id")
		}
	})
}

// MatchCached chooses, instead of the routes in tables, those that the kernel keeps in a
// cache: what it learned about one destination, such as a smaller path MTU or another
// gateway. It is for [List] and [All] alone: such routes come and go without an event, and
// not by request. Linux 5.3; older kernels tell of none. `ip route show cache`
func MatchCached() ListOption {
	return listOption(func(f *filter) { f.cached = true })
}

// MatchLabel chooses the MPLS route for this label.
// `ip -family mpls route show exact …`
func MatchLabel(label uint32) ListOption {
	return listOption(func(f *filter) { f.label, f.family = &label, rtnl.FamilyMPLS })
}

// WriteOption changes how [Add], [Append], [Replace] and [Change] work.
type WriteOption interface{ applyWrite(*writeConfig) }

type writeOption func(*writeConfig)

func (o writeOption) applyWrite(c *writeConfig) { o(c) }

type writeConfig struct{ into *Route }

// Into stores the route as the kernel made it into r: with a batch when the batch
// is sent.
func Into(r *Route) WriteOption {
	return writeOption(func(c *writeConfig) { c.into = r })
}

// LookupOption tells [Lookup] more of the packet to find a route for.
type LookupOption interface{ applyLookup(*lookup) }

type lookupOption func(*lookup)

func (o lookupOption) applyLookup(l *lookup) { o(l) }

// WithFrom sets the packet's source address. `ip route get … from …`
func WithFrom(a netip.Addr) LookupOption {
	return lookupOption(func(l *lookup) { l.from = a.Unmap() })
}

// WithIIF makes it a packet that comes in by the link with this index, and is to be
// forwarded; for IPv4 it needs WithFrom. `ip route get … iif …`
func WithIIF(index int) LookupOption {
	return lookupOption(func(l *lookup) { l.iif = index })
}

// WithOIF sets the index of the link, or VRF, to send by. `ip route get … oif …`
func WithOIF(index int) LookupOption {
	return lookupOption(func(l *lookup) { l.oif = index })
}

// WithMark sets the packet's mark. `ip route get … mark …`
func WithMark(mark uint32) LookupOption {
	return lookupOption(func(l *lookup) { l.mark = mark })
}

// WithUID sets the id of the user that sends the packet, which is else that of
// the caller. `ip route get … uid …`
func WithUID(uid uint32) LookupOption {
	return lookupOption(func(l *lookup) { l.uid = &uid })
}

// WithTOS sets the packet's type of service, or traffic class. `ip route get … tos …`
func WithTOS(tos uint8) LookupOption {
	return lookupOption(func(l *lookup) { l.tos = tos })
}

// WithIPProto sets the packet's protocol: 6 for TCP, 17 for UDP, 1 and 58 for ICMP of
// IPv4 and IPv6; the kernel takes no other, which is errors.ErrUnsupported.
// `ip route get … ipproto …`
func WithIPProto(proto uint8) LookupOption {
	return lookupOption(func(l *lookup) { l.proto = proto })
}

// WithSport sets the packet's source port. `ip route get … sport …`
func WithSport(port uint16) LookupOption {
	return lookupOption(func(l *lookup) { l.sport = port })
}

// WithDport sets the packet's destination port. `ip route get … dport …`
func WithDport(port uint16) LookupOption {
	return lookupOption(func(l *lookup) { l.dport = port })
}

// WithFlowLabel sets the packet's flow label, IPv6 only. Linux 6.14; older kernels
// refuse it. `ip route get … flowlabel …`
func WithFlowLabel(label uint32) LookupOption {
	return lookupOption(func(l *lookup) { l.flowLabel = label })
}

// LabelOption tells [LookupLabel] more of what to find.
type LabelOption interface{ applyLabel(*labelLookup) }

type labelOption func(*labelLookup)

func (o labelOption) applyLabel(l *labelLookup) { o(l) }

// WithInnerLabels sets the labels that the packet has below the one to look up: they
// decide among several next hops.
func WithInnerLabels(labels rtnl.Labels) LabelOption {
	return labelOption(func(l *labelLookup) { l.inner = labels })
}

// FIBMatchOption is an option of [Lookup] and of [LookupLabel].
type FIBMatchOption interface {
	LookupOption
	LabelOption
}

type fibMatchOption struct{}

func (fibMatchOption) applyLookup(l *lookup)     { l.fibMatch = true }
func (fibMatchOption) applyLabel(l *labelLookup) { l.fibMatch = true }

// WithFIBMatch asks for the entry of the routing table that decides, instead of
// the route that results for the packet. `ip route get fibmatch …`
func WithFIBMatch() FIBMatchOption { return fibMatchOption{} }
