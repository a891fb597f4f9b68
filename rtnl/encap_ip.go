package rtnl

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IPEncap says how a tunnel link that lets routes say so (`external`) packs
// packets into IPv4: for vxlan, geneve, gre, ipip and such. The route leads to
// that link. `ip route add … encap ip id 7 dst 192.0.2.9 dev vx0`
//
// Source: LWTUNNEL_IP_*, include/uapi/linux/lwtunnel.h.
type IPEncap struct {
	// ID is the number of the network: a VNI, a GRE key. (LWTUNNEL_IP_ID)
	ID uint64
	// Dst is the other end of the tunnel. (LWTUNNEL_IP_DST)
	Dst netip.Addr
	// Src is this end; none lets the kernel choose. (LWTUNNEL_IP_SRC)
	Src netip.Addr
	// TTL is that of the outer packets, 0 lets the link choose.
	// (LWTUNNEL_IP_TTL)
	TTL uint8
	// TOS is the type of service of the outer packets. (LWTUNNEL_IP_TOS)
	TOS uint8
	// Flags say what the tunnel's header has. (LWTUNNEL_IP_FLAGS)
	Flags TunnelFlags
	// Options are those of the tunnel's header. Linux 5.5. (LWTUNNEL_IP_OPTS)
	Options TunnelOptions
}

// Type returns EncapIP.
func (*IPEncap) Type() EncapType { return EncapIP }

// String returns the words of `ip`: "ip id 7 dst 192.0.2.9".
func (e *IPEncap) String() string { return tunnelWords("ip", "ttl", "tos", e) }

func (e *IPEncap) appendData(b []byte) ([]byte, error) {
	if err := e.Options.check("LWTUNNEL_IP_OPTS"); err != nil {
		return b, err
	}
	return ipAttrs.Append(b, e)
}

var ipAttrs = attr.Table[IPEncap]{
	attr.BE64(uapi.LWTUNNEL_IP_ID, "LWTUNNEL_IP_ID", func(e *IPEncap) *uint64 { return &e.ID }),
	tunnelAddr(FamilyIPv4, uapi.LWTUNNEL_IP_DST, "LWTUNNEL_IP_DST", func(e *IPEncap) *netip.Addr { return &e.Dst }),
	tunnelAddr(FamilyIPv4, uapi.LWTUNNEL_IP_SRC, "LWTUNNEL_IP_SRC", func(e *IPEncap) *netip.Addr { return &e.Src }),
	attr.U8(uapi.LWTUNNEL_IP_TTL, "LWTUNNEL_IP_TTL", func(e *IPEncap) *uint8 { return &e.TTL }),
	attr.U8(uapi.LWTUNNEL_IP_TOS, "LWTUNNEL_IP_TOS", func(e *IPEncap) *uint8 { return &e.TOS }),
	tunnelFlagsRow(uapi.LWTUNNEL_IP_FLAGS, "LWTUNNEL_IP_FLAGS", func(e *IPEncap) *TunnelFlags { return &e.Flags }),
	attr.Inline(uapi.LWTUNNEL_IP_OPTS, "LWTUNNEL_IP_OPTS", tunnelOptionAttrs, func(e *IPEncap) *TunnelOptions { return &e.Options }),
}
