package link

import (
	"net"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// HSR sends each packet by two ports and takes the first that arrives: in a ring
// (high-availability seamless redundancy, IEC 62439-3) or on two networks (the
// parallel redundancy protocol). `ip link add NAME type hsr slave1 A slave2 B`
//
// [Set] can change nothing of it. The kernel does not tell Interlink, Version and
// Supervision.
//
// Source: IFLA_HSR_*, include/uapi/linux/if_link.h.
type HSR struct {
	// PortA is the index of the first port, which must be Ethernet; there is no HSR
	// without (IFLA_HSR_SLAVE1).
	PortA int
	// PortB is the index of the second port, another one (IFLA_HSR_SLAVE2).
	PortB int
	// Interlink is the index of a port towards nodes that know no HSR, 0 for none; it
	// is sent, never read (IFLA_HSR_INTERLINK). Linux 6.10.
	Interlink int
	// Protocol tells which protocol it is; the default is [HSRProtocolHSR]
	// (IFLA_HSR_PROTOCOL). Linux 5.9.
	Protocol HSRProtocol
	// Version is that of HSR, 0 or 1; the default is 0, and PRP takes none. It is
	// sent, never read (IFLA_HSR_VERSION).
	Version uint8
	// Supervision is the last byte of SupervisionAddress; the default is 0. It is
	// sent, never read (IFLA_HSR_MULTICAST_SPEC).
	Supervision uint8
	// SupervisionAddress is where supervision frames go, 01:15:4e:00:01:XX; read
	// (IFLA_HSR_SUPERVISION_ADDR).
	SupervisionAddress net.HardwareAddr
	// Sequence is the number of the next packet; read (IFLA_HSR_SEQ_NR).
	Sequence uint16
}

// HSRProtocol tells which protocol an [HSR] link speaks.
//
// Source: HSR_PROTOCOL_*, include/uapi/linux/if_link.h.
type HSRProtocol uint8

// Which protocol it is.
const (
	HSRProtocolHSR HSRProtocol = uapi.HSR_PROTOCOL_HSR // HSR_PROTOCOL_HSR: high-availability seamless redundancy, in a ring
	HSRProtocolPRP HSRProtocol = uapi.HSR_PROTOCOL_PRP // HSR_PROTOCOL_PRP: parallel redundancy protocol, on two networks
)

var hsrProtocols = enum.Words[HSRProtocol]{
	Type:  "HSRProtocol",
	Words: []enum.Word[HSRProtocol]{{Value: HSRProtocolHSR, Name: "hsr"}, {Value: HSRProtocolPRP, Name: "prp"}},
}

// String returns "hsr" or "prp".
func (p HSRProtocol) String() string { return hsrProtocols.String(p) }

// MarshalText is String.
func (p HSRProtocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *HSRProtocol) UnmarshalText(text []byte) error { return hsrProtocols.Parse(text, p) }

// Kind returns "hsr".
func (*HSR) Kind() string { return "hsr" }

func (v *HSR) appendData(b []byte) ([]byte, error) {
	switch {
	case v.PortA != 0 && v.PortA == v.PortB:
		return b, attr.Invalid("IFLA_HSR_SLAVE2", "%d is the first port already", v.PortB)
	case v.Interlink != 0 && (v.Interlink == v.PortA || v.Interlink == v.PortB):
		return b, attr.Invalid("IFLA_HSR_INTERLINK", "%d is a port of the ring already", v.Interlink)
	}
	return hsrAttrs.Append(b, v)
}

var hsrAttrs = attr.Table[HSR]{
	attr.U32(uapi.IFLA_HSR_SLAVE1, "IFLA_HSR_SLAVE1", func(v *HSR) *int { return &v.PortA }).Max(maxIndex),
	attr.U32(uapi.IFLA_HSR_SLAVE2, "IFLA_HSR_SLAVE2", func(v *HSR) *int { return &v.PortB }).Max(maxIndex),
	attr.U8(uapi.IFLA_HSR_MULTICAST_SPEC, "IFLA_HSR_MULTICAST_SPEC", func(v *HSR) *uint8 { return &v.Supervision }),
	macOf(uapi.IFLA_HSR_SUPERVISION_ADDR, "IFLA_HSR_SUPERVISION_ADDR", func(v *HSR) *net.HardwareAddr { return &v.SupervisionAddress }).ReadOnly(),
	attr.U16(uapi.IFLA_HSR_SEQ_NR, "IFLA_HSR_SEQ_NR", func(v *HSR) *uint16 { return &v.Sequence }).ReadOnly(),
	attr.U8(uapi.IFLA_HSR_VERSION, "IFLA_HSR_VERSION", func(v *HSR) *uint8 { return &v.Version }),
	attr.U8(uapi.IFLA_HSR_PROTOCOL, "IFLA_HSR_PROTOCOL", func(v *HSR) *HSRProtocol { return &v.Protocol }),
	attr.U32(uapi.IFLA_HSR_INTERLINK, "IFLA_HSR_INTERLINK", func(v *HSR) *int { return &v.Interlink }).Max(maxIndex),
}

// steady implements [unsteadyKind].
func (h *HSR) steady() Kind {
	s := *h
	s.Sequence = 0
	return &s
}
