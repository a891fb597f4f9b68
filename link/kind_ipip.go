package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IPIP is a tunnel that carries IPv4 or MPLS in IPv4. `ip link add NAME type ipip
// remote ADDR local ADDR`
//
// No two links of the kind have the same ends and Parent: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Protocol stays as it is whatever it is set to, and Encap and FWMark
// where they are not set. Start from what [Get] returned to change one of them. Set
// cannot give a link its first Remote or take it away, and refuses External, also for
// a link that is so. The link tunl0 can't be changed.
//
// Source: IFLA_IPTUN_*, include/uapi/linux/if_tunnel.h.
type IPIP struct {
	// Remote is the other end; not set, routes tell it for each packet
	// (IFLA_IPTUN_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_IPTUN_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_IPTUN_LINK).
	Parent int
	// Protocol is what the tunnel carries: [TunnelIPv4], the kernel's default,
	// [TunnelMPLS] or [TunnelAny], which iproute2 sets if not told otherwise
	// (IFLA_IPTUN_PROTO).
	Protocol *TunnelProtocol
	// TTL is the hop limit of the packets, which takes PMTUDisc; 0, the default,
	// takes it from the packet inside (IFLA_IPTUN_TTL).
	TTL uint8
	// TOS is the type of service of the packets, 1 to take it from the packet
	// inside; the default is 0 (IFLA_IPTUN_TOS).
	TOS uint8
	// PMTUDisc sets the bit that forbids to fragment the packets; the kernel's
	// default is true (IFLA_IPTUN_PMTUDISC).
	PMTUDisc *bool
	// FWMark is the mark by which the packets are routed; the kernel's default is 0,
	// none (IFLA_IPTUN_FWMARK).
	FWMark *uint32
	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_IPTUN_ENCAP_TYPE, IFLA_IPTUN_ENCAP_FLAGS, IFLA_IPTUN_ENCAP_SPORT,
	// IFLA_IPTUN_ENCAP_DPORT).
	Encap *TunnelEncap
	// External makes routes and filters say where each packet goes, with which
	// settings. There is one such link. The default is false
	// (IFLA_IPTUN_COLLECT_METADATA).
	External bool
}

// Kind returns "ipip".
func (*IPIP) Kind() string { return "ipip" }

func (*IPIP) addressLen() int { return 4 }

func (v *IPIP) appendData(b []byte) ([]byte, error) { return ipipAttrs.Append(b, v) }

var ipipAttrs = append(attr.Table[IPIP]{
	attr.U32(uapi.IFLA_IPTUN_LINK, "IFLA_IPTUN_LINK", func(v *IPIP) *int { return &v.Parent }).Max(maxIndex),
	endpoint4(uapi.IFLA_IPTUN_LOCAL, "IFLA_IPTUN_LOCAL", func(v *IPIP) *netip.Addr { return &v.Local }),
	endpoint4(uapi.IFLA_IPTUN_REMOTE, "IFLA_IPTUN_REMOTE", func(v *IPIP) *netip.Addr { return &v.Remote }),
	attr.U8(uapi.IFLA_IPTUN_TTL, "IFLA_IPTUN_TTL", func(v *IPIP) *uint8 { return &v.TTL }),
	attr.U8(uapi.IFLA_IPTUN_TOS, "IFLA_IPTUN_TOS", func(v *IPIP) *uint8 { return &v.TOS }),
	attr.OptU8(uapi.IFLA_IPTUN_PROTO, "IFLA_IPTUN_PROTO", func(v *IPIP) **TunnelProtocol { return &v.Protocol }),
	iptunPMTUDisc(func(v *IPIP) **bool { return &v.PMTUDisc }, func(v *IPIP) uint8 { return v.TTL }),
	attr.OptU32(uapi.IFLA_IPTUN_FWMARK, "IFLA_IPTUN_FWMARK", func(v *IPIP) **uint32 { return &v.FWMark }),
	attr.Flag(uapi.IFLA_IPTUN_COLLECT_METADATA, "IFLA_IPTUN_COLLECT_METADATA", func(v *IPIP) *bool { return &v.External }),
}, iptunEncap(func(v *IPIP) **TunnelEncap { return &v.Encap })...)
