package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Geneve is a tunnel that carries Ethernet in UDP, with options in its header. `ip
// link add NAME type geneve id VNI remote REMOTE`
//
// The kernel refuses an empty Geneve: something must be set. [Set] can change TTL,
// TTLInherit, TOS, DF, Label, and Remote to an address of the same family. It
// refuses the rest, and all if External, with [errors.ErrUnsupported].
//
// Source: IFLA_GENEVE_*, include/uapi/linux/if_link.h.
type Geneve struct {
	// VNI is the number of the network, at most 0xffffff; the kernel's default is 0
	// (IFLA_GENEVE_ID).
	VNI uint32
	// Remote is the other end, not a multicast group; without one it reads as 0.0.0.0
	// (IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6).
	Remote netip.Addr
	// Local is the source address, and the only one where packets are received; by
	// default any (IFLA_GENEVE_LOCAL, IFLA_GENEVE_LOCAL6). Linux 7.2.
	Local netip.Addr
	// Port is the UDP port of both ends; the kernel's default is 6081
	// (IFLA_GENEVE_PORT).
	Port uint16
	// PortRange are the UDP ports to send from; the kernel's default is 1 to 65535
	// (IFLA_GENEVE_PORT_RANGE). Linux 6.15.
	PortRange PortRange
	// TTL is the hop limit of the packets, and ends TTLInherit; 0, the kernel's
	// default, lets the route choose (IFLA_GENEVE_TTL).
	TTL *uint8
	// TTLInherit takes the hop limit from the packet inside, whatever TTL says; the
	// default is false (IFLA_GENEVE_TTL_INHERIT).
	TTLInherit bool
	// TOS is the type of service of the packets, 1 to take it from the packet
	// inside; the kernel's default is 0 (IFLA_GENEVE_TOS).
	TOS *uint8
	// DF tells whether routers must not fragment; the kernel's default is
	// [GeneveDFUnset] (IFLA_GENEVE_DF).
	DF *GeneveDF
	// Label is the flow label of IPv6 packets, at most 0xfffff; the kernel's default
	// is 0 (IFLA_GENEVE_LABEL).
	Label *uint32

	// External makes routes and filters say where each packet goes, instead of VNI
	// and Remote; the default is false (IFLA_GENEVE_COLLECT_METADATA).
	External bool
	// InnerProtocolInherit carries IP packets without Ethernet as well; the default
	// is false (IFLA_GENEVE_INNER_PROTO_INHERIT). Linux 5.18.
	InnerProtocolInherit bool
	// GROHint tells the receiver how packets were merged that are in a second tunnel
	// inside; the default is false (IFLA_GENEVE_GRO_HINT). Linux 7.0.
	GROHint bool

	// UDPChecksum sends checksums over IPv4; the default is false
	// (IFLA_GENEVE_UDP_CSUM).
	UDPChecksum bool
	// UDPZeroChecksum6Tx sends no checksums over IPv6; the default is false
	// (IFLA_GENEVE_UDP_ZERO_CSUM6_TX).
	UDPZeroChecksum6Tx bool
	// UDPZeroChecksum6Rx accepts packets without a checksum over IPv6; the default
	// is false if Remote is an IPv6 address, else true
	// (IFLA_GENEVE_UDP_ZERO_CSUM6_RX).
	UDPZeroChecksum6Rx bool
}

// GeneveDF tells whether routers must not fragment a tunnel's packets.
//
// Source: enum ifla_geneve_df, include/uapi/linux/if_link.h.
type GeneveDF uint8

// Whether routers must not fragment.
const (
	GeneveDFUnset   GeneveDF = uapi.GENEVE_DF_UNSET   // GENEVE_DF_UNSET: they may
	GeneveDFSet     GeneveDF = uapi.GENEVE_DF_SET     // GENEVE_DF_SET: they must not
	GeneveDFInherit GeneveDF = uapi.GENEVE_DF_INHERIT // GENEVE_DF_INHERIT: as the packet inside says
)

var geneveDFs = enum.Words[GeneveDF]{
	Type: "GeneveDF",
	Words: []enum.Word[GeneveDF]{
		{Value: GeneveDFUnset, Name: "unset"}, {Value: GeneveDFSet, Name: "set"}, {Value: GeneveDFInherit, Name: "inherit"},
	},
}

// String returns iproute2's word: "unset", "set" or "inherit".
func (d GeneveDF) String() string { return geneveDFs.String(d) }

// MarshalText is String.
func (d GeneveDF) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what String returned.
func (d *GeneveDF) UnmarshalText(text []byte) error { return geneveDFs.Parse(text, d) }

// Kind returns "geneve".
func (*Geneve) Kind() string { return "geneve" }

func (g *Geneve) appendData(b []byte) ([]byte, error) { return geneveAttrs.Append(b, g) }

var geneveAttrs = attr.Table[Geneve]{
	attr.U32(uapi.IFLA_GENEVE_ID, "IFLA_GENEVE_ID", func(g *Geneve) *uint32 { return &g.VNI }).Max(0xffffff),
	familyAddr(uapi.IFLA_GENEVE_REMOTE, "IFLA_GENEVE_REMOTE", false, func(g *Geneve) *netip.Addr { return &g.Remote }),
	attr.Bool(uapi.IFLA_GENEVE_UDP_CSUM, "IFLA_GENEVE_UDP_CSUM", func(g *Geneve) *bool { return &g.UDPChecksum }),
	familyAddr(uapi.IFLA_GENEVE_REMOTE6, "IFLA_GENEVE_REMOTE6", true, func(g *Geneve) *netip.Addr { return &g.Remote }),
	attr.Bool(uapi.IFLA_GENEVE_UDP_ZERO_CSUM6_TX, "IFLA_GENEVE_UDP_ZERO_CSUM6_TX", func(g *Geneve) *bool { return &g.UDPZeroChecksum6Tx }),
	attr.OptU8(uapi.IFLA_GENEVE_TTL, "IFLA_GENEVE_TTL", func(g *Geneve) **uint8 { return &g.TTL }),
	attr.OptU8(uapi.IFLA_GENEVE_TOS, "IFLA_GENEVE_TOS", func(g *Geneve) **uint8 { return &g.TOS }),
	attr.OptBE32(uapi.IFLA_GENEVE_LABEL, "IFLA_GENEVE_LABEL", func(g *Geneve) **uint32 { return &g.Label }).Max(0xfffff),
	attr.OptU8(uapi.IFLA_GENEVE_DF, "IFLA_GENEVE_DF", func(g *Geneve) **GeneveDF { return &g.DF }),
	attr.BE16(uapi.IFLA_GENEVE_PORT, "IFLA_GENEVE_PORT", func(g *Geneve) *uint16 { return &g.Port }),
	attr.Flag(uapi.IFLA_GENEVE_COLLECT_METADATA, "IFLA_GENEVE_COLLECT_METADATA", func(g *Geneve) *bool { return &g.External }),
	attr.Bool(uapi.IFLA_GENEVE_UDP_ZERO_CSUM6_RX, "IFLA_GENEVE_UDP_ZERO_CSUM6_RX", func(g *Geneve) *bool { return &g.UDPZeroChecksum6Rx }),
	attr.Bool(uapi.IFLA_GENEVE_TTL_INHERIT, "IFLA_GENEVE_TTL_INHERIT", func(g *Geneve) *bool { return &g.TTLInherit }),
	attr.Flag(uapi.IFLA_GENEVE_INNER_PROTO_INHERIT, "IFLA_GENEVE_INNER_PROTO_INHERIT", func(g *Geneve) *bool { return &g.InnerProtocolInherit }),
	portRange(uapi.IFLA_GENEVE_PORT_RANGE, "IFLA_GENEVE_PORT_RANGE", func(g *Geneve) *PortRange { return &g.PortRange }),
	attr.Flag(uapi.IFLA_GENEVE_GRO_HINT, "IFLA_GENEVE_GRO_HINT", func(g *Geneve) *bool { return &g.GROHint }),
	familyAddr(uapi.IFLA_GENEVE_LOCAL, "IFLA_GENEVE_LOCAL", false, func(g *Geneve) *netip.Addr { return &g.Local }),
	familyAddr(uapi.IFLA_GENEVE_LOCAL6, "IFLA_GENEVE_LOCAL6", true, func(g *Geneve) *netip.Addr { return &g.Local }),
}
