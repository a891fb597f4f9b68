package rtnl

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IP6Encap is [IPEncap] for IPv6 as the outer protocol.
// `ip route add … encap ip6 id 7 dst 2001:db8::9 dev vx0`
//
// Source: LWTUNNEL_IP6_*, include/uapi/linux/lwtunnel.h.
type IP6Encap struct {
	// ID is the number of the network: a VNI, a GRE key. (LWTUNNEL_IP6_ID)
	ID uint64
	// Dst is the other end of the tunnel. (LWTUNNEL_IP6_DST)
	Dst netip.Addr
	// Src is this end; none lets the kernel choose. (LWTUNNEL_IP6_SRC)
	Src netip.Addr
	// HopLimit is that of the outer packets, 0 lets the link choose.
	// (LWTUNNEL_IP6_HOPLIMIT)
	HopLimit uint8
	// TrafficClass is that of the outer packets. (LWTUNNEL_IP6_TC)
	TrafficClass uint8
	// Flags say what the tunnel's header has. (LWTUNNEL_IP6_FLAGS)
	Flags TunnelFlags
	// Options are those of the tunnel's header. Linux 5.5. (LWTUNNEL_IP6_OPTS)
	Options TunnelOptions
}

// Type returns EncapIP6.
func (*IP6Encap) Type() EncapType { return EncapIP6 }

// String returns the words of `ip`: "ip6 id 7 dst 2001:db8::9".
func (e *IP6Encap) String() string {
	return tunnelWords("ip6", "hoplimit", "tc", &IPEncap{
		ID: e.ID, Dst: e.Dst, Src: e.Src, TTL: e.HopLimit, TOS: e.TrafficClass, Flags: e.Flags, Options: e.Options,
	})
}

func (e *IP6Encap) appendData(b []byte) ([]byte, error) {
	if err := e.Options.check("LWTUNNEL_IP6_OPTS"); err != nil {
		return b, err
	}
	return ip6Attrs.Append(b, e)
}

var ip6Attrs = attr.Table[IP6Encap]{
	attr.BE64(uapi.LWTUNNEL_IP6_ID, "LWTUNNEL_IP6_ID", func(e *IP6Encap) *uint64 { return &e.ID }),
	tunnelAddr(FamilyIPv6, uapi.LWTUNNEL_IP6_DST, "LWTUNNEL_IP6_DST", func(e *IP6Encap) *netip.Addr { return &e.Dst }),
	tunnelAddr(FamilyIPv6, uapi.LWTUNNEL_IP6_SRC, "LWTUNNEL_IP6_SRC", func(e *IP6Encap) *netip.Addr { return &e.Src }),
	attr.U8(uapi.LWTUNNEL_IP6_HOPLIMIT, "LWTUNNEL_IP6_HOPLIMIT", func(e *IP6Encap) *uint8 { return &e.HopLimit }),
	attr.U8(uapi.LWTUNNEL_IP6_TC, "LWTUNNEL_IP6_TC", func(e *IP6Encap) *uint8 { return &e.TrafficClass }),
	tunnelFlagsRow(uapi.LWTUNNEL_IP6_FLAGS, "LWTUNNEL_IP6_FLAGS", func(e *IP6Encap) *TunnelFlags { return &e.Flags }),
	attr.Inline(uapi.LWTUNNEL_IP6_OPTS, "LWTUNNEL_IP6_OPTS", tunnelOptionAttrs, func(e *IP6Encap) *TunnelOptions { return &e.Options }),
}
