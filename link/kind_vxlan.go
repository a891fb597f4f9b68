package link

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VXLAN is a tunnel that carries Ethernet in UDP. `ip link add NAME type vxlan id
// VNI`
//
// The kernel refuses an empty VXLAN: something must be set. [Set] can change
// Learning, Ageing, Remote, Local, Parent, TTL, TOS, DF, Label, LabelPolicy,
// LocalBypass and MulticastRoute, and refuses the rest with [errors.ErrUnsupported].
//
// Source: IFLA_VXLAN_*, include/uapi/linux/if_link.h.
type VXLAN struct {
	// VNI is the number of the network, at most 0xffffff; the kernel's default is 0
	// (IFLA_VXLAN_ID).
	VNI uint32
	// Remote is where packets go whose destination was not learned: a multicast
	// group or a host (IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6).
	Remote netip.Addr
	// Local is the source address, of the same family (IFLA_VXLAN_LOCAL,
	// IFLA_VXLAN_LOCAL6).
	Local netip.Addr
	// Parent is the index of the link that packets leave by, which a multicast
	// Remote needs (IFLA_VXLAN_LINK).
	Parent int
	// Port is the UDP port of the other ends; the kernel's default is 8472, the
	// registered one 4789 (IFLA_VXLAN_PORT).
	Port uint16
	// PortRange are the UDP ports to send from; the kernel's default is its range
	// for local ports (IFLA_VXLAN_PORT_RANGE).
	PortRange PortRange
	// TTL is the hop limit of the packets; 0, the kernel's default, lets the kernel
	// choose (IFLA_VXLAN_TTL).
	TTL *uint8
	// TTLInherit takes the hop limit from the packet inside; the default is false
	// (IFLA_VXLAN_TTL_INHERIT).
	TTLInherit bool
	// TOS is the type of service of the packets, 1 to take it from the packet
	// inside; the kernel's default is 0 (IFLA_VXLAN_TOS).
	TOS *uint8
	// DF tells whether routers must not fragment; the kernel's default is
	// [VXLANDFUnset] (IFLA_VXLAN_DF).
	DF *VXLANDF
	// Label is the flow label of IPv6 packets, at most 0xfffff; the kernel's default
	// is 0 (IFLA_VXLAN_LABEL).
	Label *uint32
	// LabelPolicy tells where the flow label comes from; the kernel's default is
	// [VXLANLabelFixed] (IFLA_VXLAN_LABEL_POLICY). Linux 6.8.
	LabelPolicy *VXLANLabelPolicy

	// Learning learns where addresses are from the packets that come; the kernel's
	// default is true (IFLA_VXLAN_LEARNING).
	Learning *bool
	// Ageing is how long a learned address stays, 0 for ever; the kernel's default
	// is 300 s (IFLA_VXLAN_AGEING).
	Ageing *time.Duration
	// Limit is how many addresses are learned, 0 for no limit; the default is 0
	// (IFLA_VXLAN_LIMIT).
	Limit uint32
	// Proxy answers ARP and neighbour solicitations; the default is false
	// (IFLA_VXLAN_PROXY).
	Proxy bool
	// RSC sends packets for a known router straight to their destination; the
	// default is false (IFLA_VXLAN_RSC).
	RSC bool
	// L2Miss announces hardware addresses that are not known; the default is false
	// (IFLA_VXLAN_L2MISS).
	L2Miss bool
	// L3Miss announces IP addresses that are not known; the default is false
	// (IFLA_VXLAN_L3MISS).
	L3Miss bool
	// LocalBypass hands packets to another VXLAN link of this host without a
	// socket; the kernel's default is true (IFLA_VXLAN_LOCALBYPASS). Linux 6.5.
	LocalBypass *bool
	// MulticastRoute sends multicast packets by the multicast routes; the kernel's
	// default is false (IFLA_VXLAN_MC_ROUTE). Linux 6.17; kernels up to 6.18 do not
	// report it.
	MulticastRoute *bool

	// External makes routes and filters say where each packet goes, instead of VNI
	// and Remote; the default is false (IFLA_VXLAN_COLLECT_METADATA).
	External bool
	// VNIFilter receives only those networks that were added to the link, which
	// must be External; the default is false (IFLA_VXLAN_VNIFILTER). Linux 5.18.
	VNIFilter bool
	// GBP carries the packets' mark: group based policy; the default is false
	// (IFLA_VXLAN_GBP).
	GBP bool
	// GPE carries packets without Ethernet: the generic protocol extension; the
	// default is false (IFLA_VXLAN_GPE).
	GPE bool

	// UDPChecksum sends checksums over IPv4; the kernel's default is true
	// (IFLA_VXLAN_UDP_CSUM).
	UDPChecksum *bool
	// UDPZeroChecksum6Tx sends no checksums over IPv6; the default is false
	// (IFLA_VXLAN_UDP_ZERO_CSUM6_TX).
	UDPZeroChecksum6Tx bool
	// UDPZeroChecksum6Rx accepts packets without a checksum over IPv6; the default
	// is false (IFLA_VXLAN_UDP_ZERO_CSUM6_RX).
	UDPZeroChecksum6Rx bool
	// RemoteChecksumTx lets the receiver compute inner checksums; the default is
	// false (IFLA_VXLAN_REMCSUM_TX).
	RemoteChecksumTx bool
	// RemoteChecksumRx computes inner checksums that the sender left out; the
	// default is false (IFLA_VXLAN_REMCSUM_RX).
	RemoteChecksumRx bool
	// RemoteChecksumNoPartial computes them at once; the default is false
	// (IFLA_VXLAN_REMCSUM_NOPARTIAL).
	RemoteChecksumNoPartial bool
	// ReservedBits are the bits of the header that must be 0 in received packets;
	// the kernel's default is all that no option uses (IFLA_VXLAN_RESERVED_BITS).
	// Linux 6.14.
	ReservedBits *VXLANHeader
}

// PortRange is a range of ports; the zero PortRange leaves it to the kernel.
type PortRange struct {
	Low  uint16 // the first port
	High uint16 // the last port
}

// VXLANHeader are the two words of a VXLAN header.
//
// Source: struct vxlanhdr, include/net/vxlan.h.
type VXLANHeader struct {
	Flags uint32 // the flags, of which 0x08000000 says that there is a VNI
	VNI   uint32 // the number of the network in the upper 24 bits
}

// VXLANDF tells whether routers must not fragment a tunnel's packets.
//
// Source: enum ifla_vxlan_df, include/uapi/linux/if_link.h, Linux 4.20.
type VXLANDF uint8

// Whether routers must not fragment.
const (
	VXLANDFUnset   VXLANDF = uapi.VXLAN_DF_UNSET   // VXLAN_DF_UNSET: they may
	VXLANDFSet     VXLANDF = uapi.VXLAN_DF_SET     // VXLAN_DF_SET: they must not
	VXLANDFInherit VXLANDF = uapi.VXLAN_DF_INHERIT // VXLAN_DF_INHERIT: as the packet inside says
)

var vxlanDFs = enum.Words[VXLANDF]{
	Type: "VXLANDF",
	Words: []enum.Word[VXLANDF]{
		{Value: VXLANDFUnset, Name: "unset"}, {Value: VXLANDFSet, Name: "set"}, {Value: VXLANDFInherit, Name: "inherit"},
	},
}

// String returns iproute2's word: "unset", "set" or "inherit".
func (d VXLANDF) String() string { return vxlanDFs.String(d) }

// MarshalText is String.
func (d VXLANDF) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what String returned.
func (d *VXLANDF) UnmarshalText(text []byte) error { return vxlanDFs.Parse(text, d) }

// VXLANLabelPolicy tells where the flow label of a tunnel's packets comes from.
//
// Source: enum ifla_vxlan_label_policy, include/uapi/linux/if_link.h, Linux 6.8.
type VXLANLabelPolicy uint32

// Where the flow label comes from.
const (
	VXLANLabelFixed   VXLANLabelPolicy = uapi.VXLAN_LABEL_FIXED   // VXLAN_LABEL_FIXED: it is Label
	VXLANLabelInherit VXLANLabelPolicy = uapi.VXLAN_LABEL_INHERIT // VXLAN_LABEL_INHERIT: it is that of the packet inside
)

var vxlanLabelPolicies = enum.Words[VXLANLabelPolicy]{
	Type: "VXLANLabelPolicy",
	Words: []enum.Word[VXLANLabelPolicy]{
		{Value: VXLANLabelFixed, Name: "fixed"}, {Value: VXLANLabelInherit, Name: "inherit"},
	},
}

// String returns "fixed" or "inherit".
func (p VXLANLabelPolicy) String() string { return vxlanLabelPolicies.String(p) }

// MarshalText is String.
func (p VXLANLabelPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *VXLANLabelPolicy) UnmarshalText(text []byte) error {
	return vxlanLabelPolicies.Parse(text, p)
}

// Kind returns "vxlan".
func (*VXLAN) Kind() string { return "vxlan" }

func (v *VXLAN) appendData(b []byte) ([]byte, error) { return vxlanAttrs.Append(b, v) }

var vxlanAttrs = attr.Table[VXLAN]{
	attr.U32(uapi.IFLA_VXLAN_ID, "IFLA_VXLAN_ID", func(v *VXLAN) *uint32 { return &v.VNI }).Max(0xffffff),
	familyAddr(uapi.IFLA_VXLAN_GROUP, "IFLA_VXLAN_GROUP", false, func(v *VXLAN) *netip.Addr { return &v.Remote }),
	familyAddr(uapi.IFLA_VXLAN_GROUP6, "IFLA_VXLAN_GROUP6", true, func(v *VXLAN) *netip.Addr { return &v.Remote }),
	attr.U32(uapi.IFLA_VXLAN_LINK, "IFLA_VXLAN_LINK", func(v *VXLAN) *int { return &v.Parent }).Max(maxIndex),
	familyAddr(uapi.IFLA_VXLAN_LOCAL, "IFLA_VXLAN_LOCAL", false, func(v *VXLAN) *netip.Addr { return &v.Local }),
	familyAddr(uapi.IFLA_VXLAN_LOCAL6, "IFLA_VXLAN_LOCAL6", true, func(v *VXLAN) *netip.Addr { return &v.Local }),
	attr.OptU8(uapi.IFLA_VXLAN_TTL, "IFLA_VXLAN_TTL", func(v *VXLAN) **uint8 { return &v.TTL }),
	flagOrUint8(uapi.IFLA_VXLAN_TTL_INHERIT, "IFLA_VXLAN_TTL_INHERIT", func(v *VXLAN) *bool { return &v.TTLInherit }),
	attr.OptU8(uapi.IFLA_VXLAN_TOS, "IFLA_VXLAN_TOS", func(v *VXLAN) **uint8 { return &v.TOS }),
	attr.OptU8(uapi.IFLA_VXLAN_DF, "IFLA_VXLAN_DF", func(v *VXLAN) **VXLANDF { return &v.DF }),
	attr.OptBE32(uapi.IFLA_VXLAN_LABEL, "IFLA_VXLAN_LABEL", func(v *VXLAN) **uint32 { return &v.Label }).Max(0xfffff),
	attr.OptU32(uapi.IFLA_VXLAN_LABEL_POLICY, "IFLA_VXLAN_LABEL_POLICY", func(v *VXLAN) **VXLANLabelPolicy { return &v.LabelPolicy }),
	attr.OptBool(uapi.IFLA_VXLAN_LEARNING, "IFLA_VXLAN_LEARNING", func(v *VXLAN) **bool { return &v.Learning }),
	attr.Bool(uapi.IFLA_VXLAN_PROXY, "IFLA_VXLAN_PROXY", func(v *VXLAN) *bool { return &v.Proxy }),
	attr.Bool(uapi.IFLA_VXLAN_RSC, "IFLA_VXLAN_RSC", func(v *VXLAN) *bool { return &v.RSC }),
	attr.Bool(uapi.IFLA_VXLAN_L2MISS, "IFLA_VXLAN_L2MISS", func(v *VXLAN) *bool { return &v.L2Miss }),
	attr.Bool(uapi.IFLA_VXLAN_L3MISS, "IFLA_VXLAN_L3MISS", func(v *VXLAN) *bool { return &v.L3Miss }),
	attr.Bool(uapi.IFLA_VXLAN_COLLECT_METADATA, "IFLA_VXLAN_COLLECT_METADATA", func(v *VXLAN) *bool { return &v.External }),
	attr.OptSeconds(uapi.IFLA_VXLAN_AGEING, "IFLA_VXLAN_AGEING", func(v *VXLAN) **time.Duration { return &v.Ageing }),
	attr.U32(uapi.IFLA_VXLAN_LIMIT, "IFLA_VXLAN_LIMIT", func(v *VXLAN) *uint32 { return &v.Limit }),
	attr.BE16(uapi.IFLA_VXLAN_PORT, "IFLA_VXLAN_PORT", func(v *VXLAN) *uint16 { return &v.Port }),
	attr.OptBool(uapi.IFLA_VXLAN_UDP_CSUM, "IFLA_VXLAN_UDP_CSUM", func(v *VXLAN) **bool { return &v.UDPChecksum }),
	attr.Bool(uapi.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "IFLA_VXLAN_UDP_ZERO_CSUM6_TX", func(v *VXLAN) *bool { return &v.UDPZeroChecksum6Tx }),
	attr.Bool(uapi.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "IFLA_VXLAN_UDP_ZERO_CSUM6_RX", func(v *VXLAN) *bool { return &v.UDPZeroChecksum6Rx }),
	attr.Bool(uapi.IFLA_VXLAN_REMCSUM_TX, "IFLA_VXLAN_REMCSUM_TX", func(v *VXLAN) *bool { return &v.RemoteChecksumTx }),
	attr.Bool(uapi.IFLA_VXLAN_REMCSUM_RX, "IFLA_VXLAN_REMCSUM_RX", func(v *VXLAN) *bool { return &v.RemoteChecksumRx }),
	attr.OptBool(uapi.IFLA_VXLAN_LOCALBYPASS, "IFLA_VXLAN_LOCALBYPASS", func(v *VXLAN) **bool { return &v.LocalBypass }),
	portRange(uapi.IFLA_VXLAN_PORT_RANGE, "IFLA_VXLAN_PORT_RANGE", func(v *VXLAN) *PortRange { return &v.PortRange }),
	attr.Bool(uapi.IFLA_VXLAN_VNIFILTER, "IFLA_VXLAN_VNIFILTER", func(v *VXLAN) *bool { return &v.VNIFilter }),
	vxlanReservedBits,
	attr.OptBool(uapi.IFLA_VXLAN_MC_ROUTE, "IFLA_VXLAN_MC_ROUTE", func(v *VXLAN) **bool { return &v.MulticastRoute }),
	attr.Flag(uapi.IFLA_VXLAN_GBP, "IFLA_VXLAN_GBP", func(v *VXLAN) *bool { return &v.GBP }),
	attr.Flag(uapi.IFLA_VXLAN_GPE, "IFLA_VXLAN_GPE", func(v *VXLAN) *bool { return &v.GPE }),
	attr.Flag(uapi.IFLA_VXLAN_REMCSUM_NOPARTIAL, "IFLA_VXLAN_REMCSUM_NOPARTIAL", func(v *VXLAN) *bool { return &v.RemoteChecksumNoPartial }),
}

var vxlanReservedBits = attr.Custom(uapi.IFLA_VXLAN_RESERVED_BITS, "IFLA_VXLAN_RESERVED_BITS",
	func(b []byte, v *VXLAN) ([]byte, error) {
		if v.ReservedBits == nil {
			return b, nil
		}
		p := binary.BigEndian.AppendUint32(nil, v.ReservedBits.Flags)
		return attr.AppendBytes(b, uapi.IFLA_VXLAN_RESERVED_BITS, binary.BigEndian.AppendUint32(p, v.ReservedBits.VNI)), nil
	},
	func(p []byte, v *VXLAN) error {
		if len(p) < 8 {
			return short(p, 8)
		}
		v.ReservedBits = &VXLANHeader{binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])}
		return nil
	}).Sample(func(r *rand.Rand, v *VXLAN) { v.ReservedBits = &VXLANHeader{r.Uint32(), r.Uint32()} })
