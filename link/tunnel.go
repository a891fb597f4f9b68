package link

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// TunnelEncap puts a tunnel's packets into UDP, by foo over UDP or generic UDP
// encapsulation. The kernel needs its module fou for it, or fou6 over IPv6, and does
// not load it by itself: without it the error is [io/fs.ErrInvalid].
//
// The zero TunnelEncap is none: [Set] with it takes the one that there is away.
//
// Source: struct ip_tunnel_encap, include/net/ip_tunnels.h.
type TunnelEncap struct {
	// Type is the header behind that of UDP.
	Type TunnelEncapType
	// Flags tell which checksums there are.
	Flags TunnelEncapFlags
	// SrcPort is the UDP port to send from; 0 takes one for each flow.
	SrcPort uint16
	// DstPort is the UDP port of the other end.
	DstPort uint16
}

// TunnelEncapType is what a tunnel's packets are put into.
//
// Source: enum tunnel_encap_types, include/uapi/linux/if_tunnel.h.
type TunnelEncapType uint16

// What packets are put into.
const (
	TunnelEncapNone TunnelEncapType = uapi.TUNNEL_ENCAP_NONE // TUNNEL_ENCAP_NONE: nothing
	TunnelEncapFOU  TunnelEncapType = uapi.TUNNEL_ENCAP_FOU  // TUNNEL_ENCAP_FOU: UDP alone
	TunnelEncapGUE  TunnelEncapType = uapi.TUNNEL_ENCAP_GUE  // TUNNEL_ENCAP_GUE: UDP with a header that names the protocol
	TunnelEncapMPLS TunnelEncapType = uapi.TUNNEL_ENCAP_MPLS // TUNNEL_ENCAP_MPLS: no link has it, MPLS itself uses it
)

var tunnelEncapTypes = enum.Words[TunnelEncapType]{
	Type: "TunnelEncapType",
	Words: []enum.Word[TunnelEncapType]{
		{Value: TunnelEncapNone, Name: "none"}, {Value: TunnelEncapFOU, Name: "fou"},
		{Value: TunnelEncapGUE, Name: "gue"}, {Value: TunnelEncapMPLS, Name: "mpls"},
	},
}

// String returns iproute2's word, such as "fou".
func (e TunnelEncapType) String() string { return tunnelEncapTypes.String(e) }

// MarshalText is String.
func (e TunnelEncapType) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what String returned.
func (e *TunnelEncapType) UnmarshalText(text []byte) error { return tunnelEncapTypes.Parse(text, e) }

// TunnelEncapFlags tell which checksums a [TunnelEncap] has.
//
// Source: TUNNEL_ENCAP_FLAG_*, include/uapi/linux/if_tunnel.h.
type TunnelEncapFlags uint16

// Which checksums there are.
const (
	TunnelEncapChecksum       TunnelEncapFlags = uapi.TUNNEL_ENCAP_FLAG_CSUM    // TUNNEL_ENCAP_FLAG_CSUM: that of UDP over IPv4
	TunnelEncapChecksum6      TunnelEncapFlags = uapi.TUNNEL_ENCAP_FLAG_CSUM6   // TUNNEL_ENCAP_FLAG_CSUM6: that of UDP over IPv6, which iproute2 sets if not told otherwise
	TunnelEncapRemoteChecksum TunnelEncapFlags = uapi.TUNNEL_ENCAP_FLAG_REMCSUM // TUNNEL_ENCAP_FLAG_REMCSUM: the receiver computes the inner ones
)

var tunnelEncapFlagNames = enum.Flags[TunnelEncapFlags]{
	Type: "TunnelEncapFlags",
	Words: []enum.Word[TunnelEncapFlags]{
		{Value: TunnelEncapChecksum, Name: "csum"}, {Value: TunnelEncapChecksum6, Name: "csum6"},
		{Value: TunnelEncapRemoteChecksum, Name: "remcsum"},
	},
}

// String returns iproute2's words: "csum|remcsum".
func (f TunnelEncapFlags) String() string { return tunnelEncapFlagNames.String(f) }

// MarshalText is String.
func (f TunnelEncapFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *TunnelEncapFlags) UnmarshalText(text []byte) error {
	return tunnelEncapFlagNames.Parse(text, f)
}

// TunnelProtocol is what a tunnel carries.
//
// Source: IPPROTO_*, include/uapi/linux/in.h.
type TunnelProtocol uint8

// What a tunnel carries.
const (
	TunnelAny  TunnelProtocol = 0                 // all that the kind can
	TunnelIPv4 TunnelProtocol = uapi.IPPROTO_IPIP // IPPROTO_IPIP: IPv4
	TunnelIPv6 TunnelProtocol = uapi.IPPROTO_IPV6 // IPPROTO_IPV6: IPv6
	TunnelMPLS TunnelProtocol = uapi.IPPROTO_MPLS // IPPROTO_MPLS: MPLS
)

var tunnelProtocols = enum.Words[TunnelProtocol]{
	Type: "TunnelProtocol",
	Words: []enum.Word[TunnelProtocol]{
		{Value: TunnelAny, Name: "any"}, {Value: TunnelIPv4, Name: "ip"},
		{Value: TunnelIPv6, Name: "ipv6"}, {Value: TunnelMPLS, Name: "mpls"},
	},
}

// String returns iproute2's word: "any", "ip", "ipv6" or "mpls".
func (p TunnelProtocol) String() string { return tunnelProtocols.String(p) }

// MarshalText is String.
func (p TunnelProtocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *TunnelProtocol) UnmarshalText(text []byte) error { return tunnelProtocols.Parse(text, p) }
