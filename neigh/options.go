package neigh

import (
	"bytes"
	"math"
	"net"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// ListOption chooses what [List], [All] and [Flush] are about: IPv4 and IPv6
// neighbours, or by [Proxies] proxies, or by [FDB] FDB entries, and which of
// them. An entry must match all options. The kernel filters by sort, family, link
// and master; what it returns is always checked again.
type ListOption interface{ applyList(*filter) }

// TableOption chooses which neighbour tables [Tables] returns.
type TableOption interface{ applyTables(*filter) }

// MatchOption is both a [ListOption] and a [TableOption].
type MatchOption interface {
	ListOption
	TableOption
}

type option func(*filter)

func (o option) applyList(f *filter)   { o(f) }
func (o option) applyTables(f *filter) { o(f) }

// filter is what the options of a list fill in.
type filter struct {
	fdb, proxies bool
	family       rtnl.Family

	link      int
	hasLink   bool
	master    int
	hasMaster bool
	vlan      uint16
	hasVLAN   bool

	states    State
	hasStates bool
	noStates  State
	flags     Flags
	linkAddr  net.HardwareAddr
	within    netip.Prefix
	protocol  rtnl.Protocol
	hasProto  bool

	any bool  // of whatever sort: what is not a list
	err error // the first option that makes no sense
}

func (f *filter) refuse(format string, args ...any) {
	if f.err == nil {
		f.err = attr.Refuse(format, args...)
	}
}

// FDB chooses FDB entries: the addresses behind the ports of bridges and the ends
// of tunnels, and the addresses that network cards listen to. `bridge fdb show`
func FDB() ListOption { return option(func(f *filter) { f.fdb = true }) }

// Proxies chooses proxies: the addresses for which the host answers.
// `ip neigh show proxy`
func Proxies() ListOption { return option(func(f *filter) { f.proxies = true }) }

// MatchLink chooses the entries of the link with this index, or its tables. No
// link of that index has none, which is not an error. `ip neigh show dev …`,
// `bridge fdb show brport …`
func MatchLink(index int) MatchOption {
	return option(func(f *filter) { f.link, f.hasLink = index, true })
}

// MatchFamily chooses the neighbours, proxies or tables of one family:
// rtnl.FamilyIPv4 or rtnl.FamilyIPv6. rtnl.FamilyBridge is the same as [FDB].
// `ip -family … neigh show`
func MatchFamily(family rtnl.Family) MatchOption {
	return option(func(f *filter) { f.family = family })
}

// MatchMaster chooses, of FDB entries, those in the FDB of the bridge with this
// index; of neighbours and proxies, those on links whose master (bridge, VRF,
// bond) it is. The latter only the kernel can tell; one that can't (older than
// 4.4, for proxies 5.0) gives an error that is errors.ErrUnsupported.
// `bridge fdb show br …`, `ip neigh show vrf …`
func MatchMaster(index int) ListOption {
	return option(func(f *filter) { f.master, f.hasMaster = index, true })
}

// MatchState chooses the entries that are in one of these states: for instance
// StateReachable|StateStale. StateNone chooses those without any.
// `ip neigh show nud …`
func MatchState(states State) ListOption {
	return option(func(f *filter) { f.states, f.hasStates = states, true })
}

// MatchNoState chooses the entries that are in none of these states.
// `ip neigh flush` means MatchNoState(StatePermanent|StateNoARP) where it is not
// told otherwise; `bridge fdb flush … nopermanent`
func MatchNoState(states State) ListOption {
	return option(func(f *filter) { f.noStates |= states })
}

// MatchFlags chooses the entries that have all these flags.
func MatchFlags(flags Flags) ListOption {
	return option(func(f *filter) { f.flags |= flags })
}

// MatchWithin chooses the entries whose [Neighbour].Addr lies within the network
// p. `ip neigh show to …`
func MatchWithin(p netip.Prefix) ListOption {
	return option(func(f *filter) {
		if f.within = p; !p.IsValid() {
			f.refuse("MatchWithin an invalid prefix")
		}
	})
}

// MatchLinkAddr chooses the entries with this link-layer address.
func MatchLinkAddr(a net.HardwareAddr) ListOption {
	a = bytes.Clone(a) // a watch keeps it
	return option(func(f *filter) {
		if f.linkAddr = a; len(a) == 0 {
			f.refuse("MatchLinkAddr without an address")
		}
	})
}

// MatchVLAN chooses the FDB entries of a VLAN, those without one by 0.
// `bridge fdb show vlan …`
func MatchVLAN(vlan uint16) ListOption {
	return option(func(f *filter) { f.vlan, f.hasVLAN = vlan, true })
}

// MatchProtocol chooses the neighbours and proxies that this protocol made.
func MatchProtocol(p rtnl.Protocol) ListOption {
	return option(func(f *filter) { f.protocol, f.hasProto = p, true })
}

// newFilter returns what the options of a list ask for.
func newFilter(opts []ListOption) filter {
	var f filter
	for _, o := range opts {
		if o != nil {
			o.applyList(&f)
		}
	}
	if f.family == rtnl.FamilyBridge {
		f.fdb = true
	}
	switch f.family {
	case rtnl.FamilyUnspec, rtnl.FamilyBridge:
	case rtnl.FamilyIPv4, rtnl.FamilyIPv6:
		if f.fdb {
			f.refuse("FDB entries of the family %v: they have one of their own", f.family)
		}
	default:
		f.refuse("neighbours are of inet, inet6 or bridge, not of %v", f.family)
	}
	if f.hasMaster && (f.master <= 0 || f.master > math.MaxInt32) {
		f.refuse("MatchMaster(%d), which is no index of a link", f.master)
	}
	if f.fdb && f.proxies {
		f.refuse("FDB entries that are proxies: no entry is both")
	}
	return f
}

// trusts reports whether the filter asks for what only the kernel can check.
func (f *filter) trusts() bool { return f.hasMaster && !f.fdb }

func (f *filter) match(n *Neighbour) bool {
	return (f.any || f.matchSort(n)) &&
		(!f.hasLink || n.Link == f.link) &&
		(!f.hasMaster || !f.fdb || n.Master == f.master) &&
		(!f.hasVLAN || n.VLAN == f.vlan) &&
		(!f.hasStates || n.State&f.states != 0 || n.State == f.states) &&
		n.State&f.noStates == 0 &&
		n.Flags.Has(f.flags) &&
		(f.linkAddr == nil || bytes.Equal(n.LinkAddr, f.linkAddr)) &&
		(!f.within.IsValid() || f.within.Contains(n.Addr)) &&
		(!f.hasProto || n.Protocol == f.protocol)
}

// matchSort reports whether n is what the list is about.
func (f *filter) matchSort(n *Neighbour) bool {
	if f.fdb || n.Family == rtnl.FamilyBridge {
		return f.fdb && n.Family == rtnl.FamilyBridge
	}
	return n.Flags.Has(FlagProxy) == f.proxies && (f.family == rtnl.FamilyUnspec || n.Family == f.family)
}

// wants are the messages about the entries that the filter may choose, by what an entry
// has as long as it is: of one in a bridge's FDB that is not its link. Deletions of other
// neighbours tear a list.
func (f *filter) wants() (wants []nlkit.Want) {
	if f.fdb {
		w := nlkit.Want{Types: []uint16{uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH}, Where: []nlkit.Field{{Offset: 0, Size: 1, Value: uapi.AF_BRIDGE}}}
		if f.hasMaster {
			w.Where = append(w.Where, nlkit.Field{Offset: headerLen, Attr: uapi.NDA_MASTER, Size: 4, Value: uint32(f.master)})
		}
		return []nlkit.Want{w}
	}
	for _, family := range []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6} {
		if chosen := f.ofFamily(); chosen != rtnl.FamilyUnspec && chosen != family {
			continue
		}
		of := []nlkit.Field{{Offset: 0, Size: 1, Value: uint32(family)}}
		deleted := nlkit.Want{Types: []uint16{uapi.RTM_DELNEIGH}, Where: of}
		if f.hasLink {
			of = append(of, nlkit.Field{Offset: indexOffset, Size: 4, Value: uint32(f.link)})
		}
		wants = append(wants, nlkit.Want{Types: []uint16{uapi.RTM_NEWNEIGH}, Where: of}, deleted)
	}
	return wants
}

// ofFamily returns the family that the options choose, or that their prefix has.
func (f *filter) ofFamily() rtnl.Family {
	if f.family == rtnl.FamilyUnspec {
		return rtnl.FamilyOf(f.within.Addr())
	}
	return f.family
}

// request returns the message of a dump: what the kernel can filter by, in the
// form that its strict checks want. For FDB entries that is the link in the header
// and at most one attribute: a kernel that does not check strictly takes a longer
// message for a struct ifinfomsg.
func (f *filter) request() []byte {
	b := make([]byte, 0, headerLen+16)
	link := 0
	if f.hasLink && f.link > 0 && f.link <= math.MaxInt32 {
		link = f.link
	}
	if f.fdb {
		b = header(b, rtnl.FamilyBridge, link, 0, 0)
	} else {
		flags := Flags(0)
		if f.proxies {
			flags = FlagProxy
		}
		b = header(b, f.ofFamily(), 0, 0, flags)
		if link != 0 {
			b = attr.AppendUint32(b, uapi.NDA_IFINDEX, uint32(link))
		}
	}
	if f.hasMaster {
		b = attr.AppendUint32(b, uapi.NDA_MASTER, uint32(f.master))
	}
	return b
}

// WriteOption changes how [Add], [Append], [Replace] and [Set] work.
type WriteOption interface{ applyWrite(*writeConfig) }

type writeOption func(*writeConfig)

func (o writeOption) applyWrite(c *writeConfig) { o(c) }

type writeConfig struct{ into *Neighbour }

// Into stores the entry as the kernel made it into n, by one more look-up as [Get]
// does it, with its errors; of an FDB entry with several destinations the one that was
// written. With a batch it does so when the batch is sent.
func Into(n *Neighbour) WriteOption {
	return writeOption(func(c *writeConfig) { c.into = n })
}
