package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// BareUDP is a tunnel that carries IP or MPLS in UDP, without a header of its own;
// routes and filters say where each packet goes. Linux 5.7. `ip link add NAME type
// bareudp dstport PORT ethertype ETHERTYPE`
//
// [Set] cannot change it.
//
// Source: IFLA_BAREUDP_*, include/uapi/linux/if_link.h.
type BareUDP struct {
	// Port is the UDP port of both ends. The link cannot do without it, and it is
	// the only one of the namespace on that port (IFLA_BAREUDP_PORT).
	Port uint16
	// EtherType is the protocol inside, which the link cannot do without
	// (IFLA_BAREUDP_ETHERTYPE).
	EtherType EtherType
	// SourcePortMin is the first UDP port to send from; the default is 0
	// (IFLA_BAREUDP_SRCPORT_MIN).
	SourcePortMin uint16
	// MultiProtocol carries the sister protocol as well, IPv6 beside
	// [EtherTypeIPv4] or [EtherTypeMPLSMulticast] beside [EtherTypeMPLS]; the default
	// is false (IFLA_BAREUDP_MULTIPROTO_MODE).
	MultiProtocol bool
}

// EtherType is the number of a protocol above Ethernet.
//
// Source: ETH_P_*, include/uapi/linux/if_ether.h.
type EtherType uint16

// Protocols that tunnels carry.
const (
	EtherTypeIPv4          EtherType = uapi.ETH_P_IP      // ETH_P_IP: IPv4
	EtherTypeIPv6          EtherType = uapi.ETH_P_IPV6    // ETH_P_IPV6: IPv6
	EtherTypeMPLS          EtherType = uapi.ETH_P_MPLS_UC // ETH_P_MPLS_UC: MPLS
	EtherTypeMPLSMulticast EtherType = uapi.ETH_P_MPLS_MC // ETH_P_MPLS_MC: MPLS, the label is the sender's
)

var etherTypes = enum.Words[EtherType]{
	Type: "EtherType",
	Words: []enum.Word[EtherType]{
		{Value: EtherTypeIPv4, Name: "ip"}, {Value: EtherTypeIPv6, Name: "ipv6"},
		{Value: EtherTypeMPLS, Name: "mpls_uc"}, {Value: EtherTypeMPLSMulticast, Name: "mpls_mc"},
	},
}

// String returns iproute2's word, such as "mpls_uc".
func (e EtherType) String() string { return etherTypes.String(e) }

// MarshalText is String.
func (e EtherType) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what String returned.
func (e *EtherType) UnmarshalText(text []byte) error { return etherTypes.Parse(text, e) }

// Kind returns "bareudp".
func (*BareUDP) Kind() string { return "bareudp" }

func (*BareUDP) addressLen() int { return 0 } // it has no address

func (v *BareUDP) appendData(b []byte) ([]byte, error) { return bareUDPAttrs.Append(b, v) }

var bareUDPAttrs = attr.Table[BareUDP]{
	attr.BE16(uapi.IFLA_BAREUDP_PORT, "IFLA_BAREUDP_PORT", func(v *BareUDP) *uint16 { return &v.Port }),
	attr.BE16(uapi.IFLA_BAREUDP_ETHERTYPE, "IFLA_BAREUDP_ETHERTYPE", func(v *BareUDP) *EtherType { return &v.EtherType }),
	attr.U16(uapi.IFLA_BAREUDP_SRCPORT_MIN, "IFLA_BAREUDP_SRCPORT_MIN", func(v *BareUDP) *uint16 { return &v.SourcePortMin }),
	attr.Flag(uapi.IFLA_BAREUDP_MULTIPROTO_MODE, "IFLA_BAREUDP_MULTIPROTO_MODE", func(v *BareUDP) *bool { return &v.MultiProtocol }),
}
