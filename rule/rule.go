package rule

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// Rule is a routing policy rule: an action, and the selectors that a packet must
// match all. Zero fields are not set: a selector then matches every packet. What
// other zero fields mean stands at each.
type Rule struct {
	// Family is the address family of the packets. It is needed only where
	// neither From nor To tells it: a rule is of one family. Rules that choose a
	// table of multicast routing are of rtnl.FamilyIPMR or rtnl.FamilyIP6MR, and
	// have neither From nor To nor TOS. (struct fib_rule_hdr, family)
	Family rtnl.Family
	// Priority is the rule's place: low ones come first. nil lets the kernel
	// choose one less than that of the second rule; 0 is a priority like any
	// other, that of the rule for table local. List always gives it.
	// (FRA_PRIORITY)
	Priority *uint32

	// From is the network of the source address. `from` (FRA_SRC, src_len)
	From netip.Prefix
	// To is the network of the destination address. `to` (FRA_DST, dst_len)
	To netip.Prefix
	// IIF is the name of the link that a packet comes in by, at most 15 bytes;
	// "lo" stands for packets that the host itself sends. The link need not be
	// there, see [FlagIIFDetached]. `iif` (FRA_IIFNAME)
	IIF string
	// OIF is the name of the link that a socket is bound to. The link need not be
	// there, see [FlagOIFDetached]. `oif` (FRA_OIFNAME)
	OIF string
	// Mark is the packet's mark. `fwmark` (FRA_FWMARK)
	Mark uint32
	// MarkMask are the bits of the mark to compare; nil is all of them where Mark
	// is not zero. With Mark zero it asks for bits that are not set.
	// `fwmark MARK/MASK` (FRA_FWMASK)
	MarkMask *uint32
	// TOS is the type of service, or traffic class, without the two ECN bits; of
	// IPv4 only the bits 0x1c. The kernel takes either TOS or DSCP. `tos` (tos)
	TOS uint8
	// DSCP is the differentiated services code point, 0 to 63; unlike TOS it can
	// be zero and has all six bits also with IPv4. Linux 6.12. `dscp` (FRA_DSCP)
	DSCP *uint8
	// DSCPMask are the bits of the DSCP to compare; nil is all six. Linux 6.15.
	// `dscp DSCP/MASK` (FRA_DSCP_MASK)
	DSCPMask *uint8
	// FlowLabel is the flow label of an IPv6 packet, 20 bits. Linux 6.14.
	// `flowlabel` (FRA_FLOWLABEL)
	FlowLabel *uint32
	// FlowLabelMask are the bits of the flow label to compare; nil is all 20.
	// Linux 6.14. `flowlabel LABEL/MASK` (FRA_FLOWLABEL_MASK)
	FlowLabelMask *uint32
	// TunID is the id of the tunnel that a packet came by, such as a VNI, with
	// links that take theirs from the packet ("external"). `tun_id` (FRA_TUN_ID)
	TunID uint64
	// UIDRange are the users whose sockets the packet may come from, 0 to
	// 4294967294. It takes a client in the user namespace that owns the network
	// namespace, and ids that exist there. `uidrange` (FRA_UID_RANGE)
	UIDRange *UIDRange
	// IPProto is the number of the protocol: 6 for TCP, 17 for UDP. `ipproto`
	// (FRA_IP_PROTO)
	IPProto uint8
	// SPort are the source ports. `sport` (FRA_SPORT_RANGE)
	SPort PortRange
	// DPort are the destination ports. `dport` (FRA_DPORT_RANGE)
	DPort PortRange
	// SPortMask are the bits of the source port to compare, where SPort is one
	// port; nil is all of them. Linux 6.15. `sport PORT/MASK` (FRA_SPORT_MASK)
	SPortMask *uint16
	// DPortMask are the bits of the destination port to compare, where DPort is
	// one port; nil is all of them. Linux 6.15. `dport PORT/MASK`
	// (FRA_DPORT_MASK)
	DPortMask *uint16
	// L3MDev is for packets that come in or go out by a link of a VRF, and looks
	// them up in the VRF's table: there must be no Table beside it. `l3mdev`
	// (FRA_L3MDEV)
	L3MDev bool

	// Action is what to do with the packet. Zero is [ActionGoto] with a Goto, else
	// [ActionLookup]; with Delete, any. (action)
	Action Action
	// Table is where [ActionLookup] looks; if no route is found there, the next
	// rule has its turn. Zero is rtnl.TableMain, as `ip` has it, but nothing with
	// L3MDev or another action; with Delete, any. `lookup` (table, FRA_TABLE)
	Table rtnl.Table
	// Goto is the priority of the rule where [ActionGoto] goes on. It must be
	// above the rule's own. The rule need not be there, see [FlagUnresolved].
	// `goto` (FRA_GOTO)
	Goto uint32
	// SuppressPrefixLen rejects the route found if the length of its prefix is not
	// above this: 0 rejects default routes. `suppress_prefixlength`
	// (FRA_SUPPRESS_PREFIXLEN)
	SuppressPrefixLen *int
	// SuppressIfGroup rejects the route found if its link is of this group.
	// `suppress_ifgroup` (FRA_SUPPRESS_IFGROUP)
	SuppressIfGroup *uint32
	// Realms are the realms for traffic control of packets that the rule routes,
	// IPv4 only. `realms` (FRA_FLOW)
	Realms Realms
	// Protocol says who made the rule. Zero is rtnl.ProtocolUnspec, also with
	// `ip`; with Delete, any. `protocol` (FRA_PROTOCOL)
	Protocol rtnl.Protocol
	// Flags are [FlagInvert] and [FlagPermanent], which can be set, and states,
	// which are not sent. `not` (flags)
	Flags Flags
	// Rest are attributes that this package does not know; they are sent again as
	// they came.
	Rest []attr.Raw
}

// UIDRange is a range of user ids: struct fib_rule_uid_range in
// include/uapi/linux/fib_rules.h.
type UIDRange struct {
	// Start is the first user id.
	Start uint32
	// End is the last user id, which belongs to the range.
	End uint32
}

// PortRange is a range of ports, not set if both are zero: struct
// fib_rule_port_range in include/uapi/linux/fib_rules.h. The kernel takes ports
// from 1 to 65534.
type PortRange struct {
	// Start is the first port.
	Start uint16
	// End is the last port, which belongs to the range.
	End uint16
}

// Port returns the range of one port.
func Port(port uint16) PortRange { return PortRange{Start: port, End: port} }

// Realms are the realms of a rule for traffic control
// (CONFIG_IP_ROUTE_CLASSID); kernels without them ignore them.
type Realms struct {
	// From is the source realm.
	From uint16
	// To is the destination realm.
	To uint16
}

// String returns the rule as in errors and logs, in the words of `ip rule`:
// "100: not from 10.0.0.0/8 fwmark 0x1/0xff lookup 100". Where no prefix tells the
// family, one other than IPv4 stands before the selectors.
func (r Rule) String() string {
	var b strings.Builder
	word := func(name, value string) { b.WriteString(" " + name + " " + value) }
	if r.Priority != nil {
		b.WriteString(strconv.FormatUint(uint64(*r.Priority), 10) + ": ")
	}
	if f := r.Family; f != rtnl.FamilyUnspec && f != rtnl.FamilyIPv4 && !r.From.IsValid() && !r.To.IsValid() {
		b.WriteString(f.String() + " ")
	}
	if r.Flags.Has(FlagInvert) {
		b.WriteString("not ")
	}
	b.WriteString("from " + network(r.From))
	if r.To.IsValid() {
		word("to", network(r.To))
	}
	r.writeSelectors(word)
	if r.L3MDev {
		b.WriteString(" l3mdev")
	}
	switch {
	case r.Action == ActionGoto || r.Goto != 0:
		word("goto", decimal(r.Goto))
	case r.Table != rtnl.TableUnspec && r.Action <= ActionLookup:
		word("lookup", r.Table.String())
	case r.Action > ActionLookup:
		b.WriteString(" " + r.Action.String())
	}
	if r.SuppressPrefixLen != nil {
		word("suppress_prefixlength", strconv.Itoa(*r.SuppressPrefixLen))
	}
	if r.SuppressIfGroup != nil {
		word("suppress_ifgroup", decimal(*r.SuppressIfGroup))
	}
	if r.Realms != (Realms{}) {
		word("realms", decimal(r.Realms.From)+"/"+decimal(r.Realms.To))
	}
	if r.Protocol != rtnl.ProtocolUnspec {
		word("proto", r.Protocol.String())
	}
	return b.String()
}

// writeSelectors writes the selectors behind the addresses, in the order of `ip`.
func (r *Rule) writeSelectors(word func(name, value string)) {
	if r.TOS != 0 {
		word("tos", hexadecimal(r.TOS))
	}
	if r.DSCP != nil {
		word("dscp", decimal(*r.DSCP)+slash(r.DSCPMask))
	}
	if r.Mark != 0 || r.MarkMask != nil {
		word("fwmark", hexadecimal(r.Mark)+slash(r.MarkMask))
	}
	if r.IIF != "" {
		word("iif", r.IIF)
	}
	if r.OIF != "" {
		word("oif", r.OIF)
	}
	if r.UIDRange != nil {
		word("uidrange", decimal(r.UIDRange.Start)+"-"+decimal(r.UIDRange.End))
	}
	if r.IPProto != 0 {
		word("ipproto", decimal(r.IPProto))
	}
	if r.SPort != (PortRange{}) {
		word("sport", r.SPort.text()+slash(r.SPortMask))
	}
	if r.DPort != (PortRange{}) {
		word("dport", r.DPort.text()+slash(r.DPortMask))
	}
	if r.TunID != 0 {
		word("tun_id", decimal(r.TunID))
	}
	if r.FlowLabel != nil {
		word("flowlabel", hexadecimal(*r.FlowLabel)+slash(r.FlowLabelMask))
	}
}

func (p PortRange) text() string {
	if p.Start == p.End {
		return decimal(p.Start)
	}
	return decimal(p.Start) + "-" + decimal(p.End)
}

func network(p netip.Prefix) string {
	if p.Bits() <= 0 {
		return "all"
	}
	return p.String()
}

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

func decimal[V unsigned](n V) string { return strconv.FormatUint(uint64(n), 10) }

func hexadecimal[V unsigned](n V) string { return "0x" + strconv.FormatUint(uint64(n), 16) }

// slash writes a mask behind a value, nothing if there is none.
func slash[V unsigned](mask *V) string {
	if mask == nil {
		return ""
	}
	return "/" + hexadecimal(*mask)
}
