package addr

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Forever is a lifetime that does not end (INFINITY_LIFE_TIME).
const Forever time.Duration = math.MaxInt64

// Address is an IP address of a link. Zero fields are not set: what they then mean
// stands at each. Addresses can be compared with ==.
type Address struct {
	// Link is the index of the link that has the address. It is required.
	// (struct ifaddrmsg, ifa_index)
	Link int
	// Prefix is the address itself with the length of its network: 192.0.2.1/24.
	// It is required. With a Peer, the length is that of the peer's network.
	// (IFA_LOCAL, or IFA_ADDRESS where there is no peer; ifa_prefixlen)
	Prefix netip.Prefix
	// Peer is the address at the other end of a point-to-point link, of the same
	// family: `ip address add 10.0.0.1 peer 10.0.0.2`. (IFA_ADDRESS)
	Peer netip.Addr
	// Broadcast is the broadcast address, IPv4 only. Nothing is set by itself;
	// [BroadcastOf] gives what `ip address add … brd +` sets. (IFA_BROADCAST)
	Broadcast netip.Addr
	// Anycast is an anycast address. The kernel takes it, has had no use for it so
	// far, and does not list it: those that a link answers to are told by the
	// function [Anycast]. (IFA_ANYCAST)
	Anycast netip.Addr
	// Label is a name for an IPv4 address, at most 15 bytes, by convention the
	// link's name with a suffix: "eth0:1". The kernel sets the link's name if
	// there is none. IPv6 addresses have no label. (IFA_LABEL)
	Label string
	// ValidLifetime is how long the address lives, in whole seconds, rounded up;
	// [Forever] and zero do not end it. Reading gives what remains: a nanosecond of
	// what is over, before the kernel has removed the address.
	// (IFA_CACHEINFO, ifa_valid)
	ValidLifetime time.Duration
	// PreferredLifetime is how long the address is used for new connections; it
	// must not exceed ValidLifetime. Zero is the same as ValidLifetime. With
	// [FlagDeprecated] in Flags it is sent as zero: the address is deprecated at
	// once; and only with it zero is read. (IFA_CACHEINFO, ifa_prefered)
	PreferredLifetime time.Duration
	// Created is when the address was made, as time since the system started.
	// Read only. (IFA_CACHEINFO, cstamp)
	Created time.Duration
	// Updated is when the address was last changed, as time since the system
	// started. Read only. (IFA_CACHEINFO, tstamp)
	Updated time.Duration
	// Priority is the metric of the route to the prefix that the kernel makes.
	// Zero is the kernel's choice. Linux 4.18. (IFA_RT_PRIORITY)
	Priority uint32
	// Flags say how the kernel treats the address, and in what state it is. Those
	// that the kernel sets by itself are not sent. (IFA_FLAGS, ifa_flags)
	Flags Flags
	// Scope is how far an IPv4 address is valid. Zero is global, or, for
	// 127.0.0.0/8, host, as `ip` has it. The kernel derives that of an IPv6
	// address from the address. (ifa_scope)
	Scope rtnl.Scope
	// Protocol says who made the address. Linux 5.18; older kernels ignore it.
	// (IFA_PROTO)
	Protocol Protocol
}

// Family returns the address's family.
func (a Address) Family() rtnl.Family { return rtnl.FamilyOf(a.Prefix.Addr()) }

// String returns the address as in errors and logs: "192.0.2.1/24 dev 2",
// "10.0.0.1 peer 10.0.0.2/24 dev 2". The number is the link's index.
func (a Address) String() string {
	var b strings.Builder
	if a.Peer.IsValid() {
		b.WriteString(a.Prefix.Addr().String() + " peer " + a.Peer.String() + "/" + strconv.Itoa(a.Prefix.Bits()))
	} else {
		b.WriteString(a.Prefix.String())
	}
	b.WriteString(" dev " + strconv.Itoa(a.Link))
	return b.String()
}

// BroadcastOf returns the broadcast address of an IPv4 prefix: the one with all
// host bits set, as `ip address add … brd +` does. Prefixes without one, those
// longer than 30 bits and those of IPv6, give the zero Addr.
func BroadcastOf(p netip.Prefix) netip.Addr {
	if !p.IsValid() || !p.Addr().Is4() || p.Bits() > 30 {
		return netip.Addr{}
	}
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// Flags are properties and states of an address: IFA_F_… in
// include/uapi/linux/if_addr.h.
type Flags uint32

// Flags of an address. "Read only" are those that the kernel sets; they are left
// out when an address is added.
const (
	FlagSecondary     Flags = uapi.IFA_F_SECONDARY      // IFA_F_SECONDARY, "secondary": of IPv4, not the first of its network. Read only
	FlagTemporary     Flags = uapi.IFA_F_TEMPORARY      // IFA_F_TEMPORARY, "temporary": of IPv6, the same bit, made by privacy extensions. Read only
	FlagNoDAD         Flags = uapi.IFA_F_NODAD          // IFA_F_NODAD, "nodad": no duplicate address detection (IPv6)
	FlagOptimistic    Flags = uapi.IFA_F_OPTIMISTIC     // IFA_F_OPTIMISTIC, "optimistic": in use during duplicate address detection (IPv6)
	FlagDADFailed     Flags = uapi.IFA_F_DADFAILED      // IFA_F_DADFAILED, "dadfailed": another host has the address. Read only
	FlagHome          Flags = uapi.IFA_F_HOMEADDRESS    // IFA_F_HOMEADDRESS, "home": home address of mobile IPv6
	FlagDeprecated    Flags = uapi.IFA_F_DEPRECATED     // IFA_F_DEPRECATED, "deprecated": not for new connections; sent as a preferred lifetime of zero
	FlagTentative     Flags = uapi.IFA_F_TENTATIVE      // IFA_F_TENTATIVE, "tentative": duplicate address detection has not ended. Read only
	FlagPermanent     Flags = uapi.IFA_F_PERMANENT      // IFA_F_PERMANENT, "permanent": lives forever. Read only
	FlagManageTemp    Flags = uapi.IFA_F_MANAGETEMPADDR // IFA_F_MANAGETEMPADDR, "mngtmpaddr": the kernel makes temporary addresses from it (IPv6)
	FlagNoPrefixRoute Flags = uapi.IFA_F_NOPREFIXROUTE  // IFA_F_NOPREFIXROUTE, "noprefixroute": no route to the prefix is made
	FlagAutoJoin      Flags = uapi.IFA_F_MCAUTOJOIN     // IFA_F_MCAUTOJOIN, "autojoin": joins the multicast group that the address is
	FlagStablePrivacy Flags = uapi.IFA_F_STABLE_PRIVACY // IFA_F_STABLE_PRIVACY, "stable-privacy": made from a secret (RFC 7217). Read only
)

var flags = enum.Flags[Flags]{Type: "Flags", Words: []enum.Word[Flags]{
	{Value: FlagSecondary, Name: "secondary"},
	{Value: FlagTemporary, Name: "temporary"}, // the same bit: for parsing
	{Value: FlagNoDAD, Name: "nodad"},
	{Value: FlagOptimistic, Name: "optimistic"},
	{Value: FlagDADFailed, Name: "dadfailed"},
	{Value: FlagHome, Name: "home"},
	{Value: FlagDeprecated, Name: "deprecated"},
	{Value: FlagTentative, Name: "tentative"},
	{Value: FlagPermanent, Name: "permanent"},
	{Value: FlagManageTemp, Name: "mngtmpaddr"},
	{Value: FlagNoPrefixRoute, Name: "noprefixroute"},
	{Value: FlagAutoJoin, Name: "autojoin"},
	{Value: FlagStablePrivacy, Name: "stable-privacy"},
}}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns iproute2's words, unknown bits as a number:
// "permanent|noprefixroute|0x40000". The first bit is "secondary" also where it
// means temporary.
func (f Flags) String() string { return flags.String(f) }

// MarshalText returns the same as String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Flags) UnmarshalText(text []byte) error { return flags.Parse(text, f) }

// Protocol says who made an address: IFAPROT_… in include/uapi/linux/if_addr.h,
// Linux 5.18. Numbers above 3 are the administrator's.
type Protocol uint8

// Protocols of addresses, with the words of iproute2.
const (
	ProtocolUnspec          Protocol = uapi.IFAPROT_UNSPEC    // IFAPROT_UNSPEC, "unspec": not set
	ProtocolKernelLoopback  Protocol = uapi.IFAPROT_KERNEL_LO // IFAPROT_KERNEL_LO, "kernel_lo": of the loopback link
	ProtocolKernelRA        Protocol = uapi.IFAPROT_KERNEL_RA // IFAPROT_KERNEL_RA, "kernel_ra": made from a router advertisement
	ProtocolKernelLinkLocal Protocol = uapi.IFAPROT_KERNEL_LL // IFAPROT_KERNEL_LL, "kernel_ll": the link-local address
)

var protocols = enum.Words[Protocol]{Type: "Protocol", Words: []enum.Word[Protocol]{
	{Value: ProtocolUnspec, Name: "unspec"},
	{Value: ProtocolKernelLoopback, Name: "kernel_lo"},
	{Value: ProtocolKernelRA, Name: "kernel_ra"},
	{Value: ProtocolKernelLinkLocal, Name: "kernel_ll"},
}}

// String returns iproute2's word, else the number.
func (p Protocol) String() string { return protocols.Plain(p) }

// MarshalText returns the same as String.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText parses a word or a number.
func (p *Protocol) UnmarshalText(text []byte) error { return protocols.Parse(text, p) }
