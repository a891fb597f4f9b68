package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VTI is a tunnel of IPsec over IPv4: what goes through it gets a mark, by which
// policies choose it. `ip link add NAME type vti key MARK remote ADDR local ADDR`
//
// No two links of the kind have the same ends and Parent: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but FWMark stays as it is. Start from what [Get] returned to change one of
// them. Set cannot give a link its first Remote or take it away. The link ip_vti0
// can't be changed.
//
// Source: IFLA_VTI_*, include/uapi/linux/if_tunnel.h.
type VTI struct {
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
	// FWMark is the mark by which the encrypted packets are routed; the kernel's
	// default is 0, none (IFLA_VTI_FWMARK).
	FWMark *uint32
}

// Kind returns "vti".
func (*VTI) Kind() string { return "vti" }

func (*VTI) addressLen() int { return 4 }

func (v *VTI) appendData(b []byte) ([]byte, error) { return vtiAttrs.Append(b, v) }

var vtiAttrs = attr.Table[VTI]{
	attr.U32(uapi.IFLA_VTI_LINK, "IFLA_VTI_LINK", func(v *VTI) *int { return &v.Parent }).Max(maxIndex),
	attr.BE32(uapi.IFLA_VTI_IKEY, "IFLA_VTI_IKEY", func(v *VTI) *uint32 { return &v.IKey }),
	attr.BE32(uapi.IFLA_VTI_OKEY, "IFLA_VTI_OKEY", func(v *VTI) *uint32 { return &v.OKey }),
	endpoint4(uapi.IFLA_VTI_LOCAL, "IFLA_VTI_LOCAL", func(v *VTI) *netip.Addr { return &v.Local }),
	endpoint4(uapi.IFLA_VTI_REMOTE, "IFLA_VTI_REMOTE", func(v *VTI) *netip.Addr { return &v.Remote }),
	attr.OptU32(uapi.IFLA_VTI_FWMARK, "IFLA_VTI_FWMARK", func(v *VTI) **uint32 { return &v.FWMark }),
}
