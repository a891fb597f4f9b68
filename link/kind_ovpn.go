package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// OVPN is the data channel of OpenVPN. Peers and keys are set through the generic
// netlink family "ovpn". Linux 6.16. `ip link add NAME type ovpn`
//
// [Set] cannot change it.
//
// Source: IFLA_OVPN_*, include/uapi/linux/if_link.h.
type OVPN struct {
	// Mode tells how many peers there may be; the default is [OVPNPointToPoint]
	// (IFLA_OVPN_MODE).
	Mode OVPNMode
}

// OVPNMode tells how many peers a link of kind ovpn may have.
//
// Source: enum ovpn_mode, include/uapi/linux/if_link.h.
type OVPNMode uint8

// How many peers there may be.
const (
	OVPNPointToPoint OVPNMode = uapi.OVPN_MODE_P2P // OVPN_MODE_P2P: one
	OVPNMultiPeer    OVPNMode = uapi.OVPN_MODE_MP  // OVPN_MODE_MP: any number, each with its addresses
)

var ovpnModes = enum.Words[OVPNMode]{
	Type:  "OVPNMode",
	Words: []enum.Word[OVPNMode]{{Value: OVPNPointToPoint, Name: "p2p"}, {Value: OVPNMultiPeer, Name: "mp"}},
}

// String returns the word of the kernel's specification, "p2p" or "mp".
func (m OVPNMode) String() string { return ovpnModes.String(m) }

// MarshalText is String.
func (m OVPNMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *OVPNMode) UnmarshalText(text []byte) error { return ovpnModes.Parse(text, m) }

// Kind returns "ovpn".
func (*OVPN) Kind() string { return "ovpn" }

func (*OVPN) addressLen() int { return 0 } // it has no address

func (v *OVPN) appendData(b []byte) ([]byte, error) { return ovpnAttrs.Append(b, v) }

var ovpnAttrs = attr.Table[OVPN]{
	attr.U8(uapi.IFLA_OVPN_MODE, "IFLA_OVPN_MODE", func(v *OVPN) *OVPNMode { return &v.Mode }),
}
