package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VTI6 is a tunnel of IPsec over IPv6: what goes through it gets a mark, by which
// policies choose it. `ip link add NAME type vti6 key MARK remote ADDR local ADDR`
//
// No two links of the kind have the same ends: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to its default. Start
// from what [Get] returned to change one of them. The link ip6_vti0 can't be changed.
//
// Source: IFLA_VTI_*, include/uapi/linux/if_tunnel.h.
type VTI6 struct {
	// Remote is the other end; not set, routes tell it for each packet
	// (IFLA_VTI_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_VTI_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_VTI_LINK).
	Parent int
	// IKey is the mark of received packets; the default is 0 (IFLA_VTI_IKEY).
	IKey uint32
	// OKey is the mark of packets that are sent; the default is 0 (IFLA_VTI_OKEY).
	OKey uint32
	// FWMark is the mark by which the encrypted packets are routed; the default is 0,
	// none (IFLA_VTI_FWMARK).
	FWMark uint32
}

// Kind returns "vti6".
func (*VTI6) Kind() string { return "vti6" }

func (*VTI6) addressLen() int { return 16 }

func (v *VTI6) appendData(b []byte) ([]byte, error) { return vti6Attrs.Append(b, v) }

var vti6Attrs = attr.Table[VTI6]{
	attr.U32(uapi.IFLA_VTI_LINK, "IFLA_VTI_LINK", func(v *VTI6) *int { return &v.Parent }).Max(maxIndex),
	attr.BE32(uapi.IFLA_VTI_IKEY, "IFLA_VTI_IKEY", func(v *VTI6) *uint32 { return &v.IKey }),
	attr.BE32(uapi.IFLA_VTI_OKEY, "IFLA_VTI_OKEY", func(v *VTI6) *uint32 { return &v.OKey }),
	endpoint6(uapi.IFLA_VTI_LOCAL, "IFLA_VTI_LOCAL", func(v *VTI6) *netip.Addr { return &v.Local }),
	endpoint6(uapi.IFLA_VTI_REMOTE, "IFLA_VTI_REMOTE", func(v *VTI6) *netip.Addr { return &v.Remote }),
	attr.U32(uapi.IFLA_VTI_FWMARK, "IFLA_VTI_FWMARK", func(v *VTI6) *uint32 { return &v.FWMark }),
}
