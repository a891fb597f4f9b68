package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// AMT is a tunnel that carries multicast through networks without it (automatic
// multicast tunneling). Linux 5.16. `ip link add NAME type amt mode MODE local LOCAL
// dev PARENT`
//
// [Set] cannot change it.
//
// Source: IFLA_AMT_*, include/uapi/linux/amt.h.
type AMT struct {
	// Mode tells which end this is; it is always sent (IFLA_AMT_MODE).
	Mode AMTMode
	// RelayPort is the UDP port of the relay; the kernel's default is 2268
	// (IFLA_AMT_RELAY_PORT).
	RelayPort uint16
	// GatewayPort is the UDP port of the gateway; the kernel's default is 2268. A
	// relay makes no use of it (IFLA_AMT_GATEWAY_PORT).
	GatewayPort uint16
	// Parent is the index of the link that packets leave by, an Ethernet link, which
	// AMT cannot do without (IFLA_AMT_LINK).
	Parent int
	// Local is the source address, an IPv4 address, which AMT cannot do without
	// (IFLA_AMT_LOCAL_IP).
	Local netip.Addr
	// Remote is the relay that a gateway has found; read (IFLA_AMT_REMOTE_IP).
	Remote netip.Addr
	// Discovery is the IPv4 address where a gateway looks for a relay, which it
	// cannot do without. Of a relay it reads as 0.0.0.0 (IFLA_AMT_DISCOVERY_IP).
	Discovery netip.Addr
	// MaxTunnels is how many gateways a relay serves; the kernel's default is 128
	// (IFLA_AMT_MAX_TUNNELS).
	MaxTunnels uint32
}

// AMTMode tells which end of a multicast tunnel a link is.
//
// Source: enum ifla_amt_mode, include/uapi/linux/amt.h.
type AMTMode uint32

// The ends of the tunnels.
const (
	AMTGateway AMTMode = uapi.AMT_MODE_GATEWAY // AMT_MODE_GATEWAY: it is near the receivers, and asks a relay for multicast
	AMTRelay   AMTMode = uapi.AMT_MODE_RELAY   // AMT_MODE_RELAY: it has multicast, and sends it to gateways
)

var amtModes = enum.Words[AMTMode]{
	Type:  "AMTMode",
	Words: []enum.Word[AMTMode]{{Value: AMTGateway, Name: "gateway"}, {Value: AMTRelay, Name: "relay"}},
}

// String returns iproute2's word, "gateway" or "relay".
func (m AMTMode) String() string { return amtModes.String(m) }

// MarshalText is String.
func (m AMTMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *AMTMode) UnmarshalText(text []byte) error { return amtModes.Parse(text, m) }

// Kind returns "amt".
func (*AMT) Kind() string { return "amt" }

func (v *AMT) appendData(b []byte) ([]byte, error) { return amtAttrs.Append(b, v) }

var amtAttrs = attr.Table[AMT]{
	attr.U32(uapi.IFLA_AMT_MODE, "IFLA_AMT_MODE", func(v *AMT) *AMTMode { return &v.Mode }).Required(),
	attr.BE16(uapi.IFLA_AMT_RELAY_PORT, "IFLA_AMT_RELAY_PORT", func(v *AMT) *uint16 { return &v.RelayPort }),
	attr.BE16(uapi.IFLA_AMT_GATEWAY_PORT, "IFLA_AMT_GATEWAY_PORT", func(v *AMT) *uint16 { return &v.GatewayPort }),
	attr.U32(uapi.IFLA_AMT_LINK, "IFLA_AMT_LINK", func(v *AMT) *int { return &v.Parent }).Max(maxIndex),
	attr.Addr4(uapi.IFLA_AMT_LOCAL_IP, "IFLA_AMT_LOCAL_IP", func(v *AMT) *netip.Addr { return &v.Local }),
	attr.Addr4(uapi.IFLA_AMT_DISCOVERY_IP, "IFLA_AMT_DISCOVERY_IP", func(v *AMT) *netip.Addr { return &v.Discovery }),
	attr.Addr4(uapi.IFLA_AMT_REMOTE_IP, "IFLA_AMT_REMOTE_IP", func(v *AMT) *netip.Addr { return &v.Remote }).ReadOnly(),
	attr.U32(uapi.IFLA_AMT_MAX_TUNNELS, "IFLA_AMT_MAX_TUNNELS", func(v *AMT) *uint32 { return &v.MaxTunnels }),
}
