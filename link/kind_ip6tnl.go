package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IP6Tnl is a tunnel that carries IP in IPv6. `ip link add NAME type ip6tnl remote
// ADDR local ADDR`
//
// No two links of the kind have the same ends and Parent: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Encap stays as it is. Start from what [Get] returned to change one of
// them. Set refuses External, also for a link that is so. The link ip6tnl0 can't be
// changed.
//
// Source: IFLA_IPTUN_*, include/uapi/linux/if_tunnel.h.
type IP6Tnl struct {
	// Remote is the other end; not set, routes and neighbours tell it for each packet
	// (IFLA_IPTUN_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_IPTUN_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_IPTUN_LINK).
	Parent int
	// Protocol is what the tunnel carries: [TunnelIPv4], [TunnelIPv6] or, the default,
	// [TunnelAny]. iproute2 sets IPv6 if not told otherwise (IFLA_IPTUN_PROTO).
	Protocol TunnelProtocol
	// TTL is the hop limit of the packets; 0, the default, takes it from the packet
	// inside. iproute2 sets 64 if not told otherwise (IFLA_IPTUN_TTL).
	TTL uint8
	// EncapLimit is how many more tunnels a packet may enter, unless Flags have
	// [IP6TnlIgnoreEncapLimit]; the default is 0. iproute2 sets 4 if not told
	// otherwise (IFLA_IPTUN_ENCAP_LIMIT).
	EncapLimit uint8
	// TrafficClass is that of the packets; the default is 0 (IFLA_IPTUN_FLOWINFO).
	TrafficClass uint8
	// FlowLabel is that of the packets, at most 0xfffff; the default is 0
	// (IFLA_IPTUN_FLOWINFO).
	FlowLabel uint32
	// Flags are IP6_TNL_F_*; the default is none (IFLA_IPTUN_FLAGS).
	Flags IP6TnlFlags
	// FWMark is the mark by which the packets are routed; the default is 0, none
	// (IFLA_IPTUN_FWMARK).
	FWMark uint32
	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_IPTUN_ENCAP_TYPE, IFLA_IPTUN_ENCAP_FLAGS, IFLA_IPTUN_ENCAP_SPORT,
	// IFLA_IPTUN_ENCAP_DPORT).
	Encap *TunnelEncap
	// External makes routes and filters say where each packet goes, with which
	// settings. There is one such link. The default is false
	// (IFLA_IPTUN_COLLECT_METADATA).
	External bool
}

// IP6TnlFlags are what tunnels over IPv6 do otherwise than usual.
//
// Source: IP6_TNL_F_*, include/uapi/linux/ip6_tunnel.h.
type IP6TnlFlags uint32

// The flags of tunnels over IPv6.
const (
	IP6TnlIgnoreEncapLimit    IP6TnlFlags = uapi.IP6_TNL_F_IGN_ENCAP_LIMIT    // IP6_TNL_F_IGN_ENCAP_LIMIT: send no limit of encapsulations, unless the packet inside has one
	IP6TnlInheritTrafficClass IP6TnlFlags = uapi.IP6_TNL_F_USE_ORIG_TCLASS    // IP6_TNL_F_USE_ORIG_TCLASS: take the traffic class from the packet inside
	IP6TnlInheritFlowLabel    IP6TnlFlags = uapi.IP6_TNL_F_USE_ORIG_FLOWLABEL // IP6_TNL_F_USE_ORIG_FLOWLABEL: take the flow label from the packet inside
	IP6TnlMobileIP6           IP6TnlFlags = uapi.IP6_TNL_F_MIP6_DEV           // IP6_TNL_F_MIP6_DEV: the tunnel is one of Mobile IPv6
	IP6TnlCopyDSCP            IP6TnlFlags = uapi.IP6_TNL_F_RCV_DSCP_COPY      // IP6_TNL_F_RCV_DSCP_COPY: copy the DSCP of received packets to the packet inside
	IP6TnlInheritFWMark       IP6TnlFlags = uapi.IP6_TNL_F_USE_ORIG_FWMARK    // IP6_TNL_F_USE_ORIG_FWMARK: route by the mark of the packet inside
	IP6TnlAllowLocalRemote    IP6TnlFlags = uapi.IP6_TNL_F_ALLOW_LOCAL_REMOTE // IP6_TNL_F_ALLOW_LOCAL_REMOTE: the other end may be an address of this host
)

var ip6TnlFlagNames = enum.Flags[IP6TnlFlags]{
	Type: "IP6TnlFlags",
	Words: []enum.Word[IP6TnlFlags]{
		{Value: IP6TnlIgnoreEncapLimit, Name: "ign_encap_limit"}, {Value: IP6TnlInheritTrafficClass, Name: "use_orig_tclass"},
		{Value: IP6TnlInheritFlowLabel, Name: "use_orig_flowlabel"}, {Value: IP6TnlMobileIP6, Name: "mip6_dev"},
		{Value: IP6TnlCopyDSCP, Name: "rcv_dscp_copy"}, {Value: IP6TnlInheritFWMark, Name: "use_orig_fwmark"},
		{Value: IP6TnlAllowLocalRemote, Name: "allow_local_remote"},
	},
}

// String returns iproute2's words: "ign_encap_limit|use_orig_tclass".
func (f IP6TnlFlags) String() string { return ip6TnlFlagNames.String(f) }

// MarshalText is String.
func (f IP6TnlFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *IP6TnlFlags) UnmarshalText(text []byte) error { return ip6TnlFlagNames.Parse(text, f) }

// Kind returns "ip6tnl".
func (*IP6Tnl) Kind() string { return "ip6tnl" }

func (*IP6Tnl) addressLen() int { return 16 }

func (v *IP6Tnl) appendData(b []byte) ([]byte, error) { return ip6tnlAttrs.Append(b, v) }

var ip6tnlAttrs = append(attr.Table[IP6Tnl]{
	attr.U32(uapi.IFLA_IPTUN_LINK, "IFLA_IPTUN_LINK", func(v *IP6Tnl) *int { return &v.Parent }).Max(maxIndex),
	endpoint6(uapi.IFLA_IPTUN_LOCAL, "IFLA_IPTUN_LOCAL", func(v *IP6Tnl) *netip.Addr { return &v.Local }),
	endpoint6(uapi.IFLA_IPTUN_REMOTE, "IFLA_IPTUN_REMOTE", func(v *IP6Tnl) *netip.Addr { return &v.Remote }),
	attr.U8(uapi.IFLA_IPTUN_TTL, "IFLA_IPTUN_TTL", func(v *IP6Tnl) *uint8 { return &v.TTL }),
	attr.U8(uapi.IFLA_IPTUN_ENCAP_LIMIT, "IFLA_IPTUN_ENCAP_LIMIT", func(v *IP6Tnl) *uint8 { return &v.EncapLimit }),
	flowInfo(uapi.IFLA_IPTUN_FLOWINFO, "IFLA_IPTUN_FLOWINFO",
		func(v *IP6Tnl) *uint8 { return &v.TrafficClass }, func(v *IP6Tnl) *uint32 { return &v.FlowLabel }),
	ip6TnlFlags(uapi.IFLA_IPTUN_FLAGS, "IFLA_IPTUN_FLAGS", func(v *IP6Tnl) *IP6TnlFlags { return &v.Flags }),
	attr.U8(uapi.IFLA_IPTUN_PROTO, "IFLA_IPTUN_PROTO", func(v *IP6Tnl) *TunnelProtocol { return &v.Protocol }),
	attr.U32(uapi.IFLA_IPTUN_FWMARK, "IFLA_IPTUN_FWMARK", func(v *IP6Tnl) *uint32 { return &v.FWMark }),
	attr.Flag(uapi.IFLA_IPTUN_COLLECT_METADATA, "IFLA_IPTUN_COLLECT_METADATA", func(v *IP6Tnl) *bool { return &v.External }),
}, iptunEncap(func(v *IP6Tnl) **TunnelEncap { return &v.Encap })...)
