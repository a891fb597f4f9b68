package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IPvlan is a link that shares the hardware address of the link below it, which
// [WithParent] names and which it cannot do without: packets are told apart by
// their IP addresses. `ip link add link PARENT NAME type ipvlan`
//
// Mode and Flags are those of the parent: what is set for one of its links holds
// for all, the last one wins. [Set] can change both.
//
// Source: IFLA_IPVLAN_*, include/uapi/linux/if_link.h.
type IPvlan struct {
	// Mode tells on which layer packets are handed on; the kernel's default is
	// [IPvlanL3] (IFLA_IPVLAN_MODE).
	Mode *IPvlanMode
	// Flags tell which packets pass between the links of one parent; the kernel's
	// default is all (IFLA_IPVLAN_FLAGS).
	Flags *IPvlanFlags
}

// IPvtap is an [IPvlan] with a character device, /dev/tapINDEX, for its packets. It
// has the same settings. `ip link add link PARENT NAME type ipvtap`
//
// Source: IFLA_IPVLAN_*, include/uapi/linux/if_link.h.
type IPvtap IPvlan

// IPvlanMode tells on which layer packets are handed on.
//
// Source: enum ipvlan_mode, include/uapi/linux/if_link.h.
type IPvlanMode uint16

// On which layer packets are handed on.
const (
	IPvlanL2  IPvlanMode = uapi.IPVLAN_MODE_L2  // IPVLAN_MODE_L2: Ethernet; broadcast and multicast packets pass
	IPvlanL3  IPvlanMode = uapi.IPVLAN_MODE_L3  // IPVLAN_MODE_L3: IP, routed in the parent's namespace; no broadcast, no multicast
	IPvlanL3S IPvlanMode = uapi.IPVLAN_MODE_L3S // IPVLAN_MODE_L3S: as L3, and the parent's namespace tracks and filters them
)

var ipvlanModes = enum.Words[IPvlanMode]{
	Type:  "IPvlanMode",
	Words: []enum.Word[IPvlanMode]{{Value: IPvlanL2, Name: "l2"}, {Value: IPvlanL3, Name: "l3"}, {Value: IPvlanL3S, Name: "l3s"}},
}

// String returns iproute2's word: "l2", "l3" or "l3s".
func (m IPvlanMode) String() string { return ipvlanModes.String(m) }

// MarshalText is String.
func (m IPvlanMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *IPvlanMode) UnmarshalText(text []byte) error { return ipvlanModes.Parse(text, m) }

// IPvlanFlags tell which packets pass between the links of one parent.
//
// Source: IPVLAN_F_*, include/uapi/linux/if_link.h.
type IPvlanFlags uint16

// Which packets pass. Only one can be set.
const (
	IPvlanBridge  IPvlanFlags = 0                     // no flag: all
	IPvlanPrivate IPvlanFlags = uapi.IPVLAN_F_PRIVATE // IPVLAN_F_PRIVATE: none
	IPvlanVEPA    IPvlanFlags = uapi.IPVLAN_F_VEPA    // IPVLAN_F_VEPA: those that an outer switch sends back
)

var ipvlanFlagNames = enum.Words[IPvlanFlags]{
	Type: "IPvlanFlags",
	Words: []enum.Word[IPvlanFlags]{
		{Value: IPvlanBridge, Name: "bridge"}, {Value: IPvlanPrivate, Name: "private"}, {Value: IPvlanVEPA, Name: "vepa"},
	},
}

// String returns iproute2's word: "bridge", "private" or "vepa".
func (f IPvlanFlags) String() string { return ipvlanFlagNames.String(f) }

// MarshalText is String.
func (f IPvlanFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *IPvlanFlags) UnmarshalText(text []byte) error { return ipvlanFlagNames.Parse(text, f) }

// Kind returns "ipvlan".
func (*IPvlan) Kind() string { return "ipvlan" }

func (v *IPvlan) appendData(b []byte) ([]byte, error) { return ipvlanAttrs.Append(b, v) }

// Kind returns "ipvtap".
func (*IPvtap) Kind() string { return "ipvtap" }

func (v *IPvtap) appendData(b []byte) ([]byte, error) { return ipvtapAttrs.Append(b, v) }

var (
	ipvlanAttrs = ipvlanTable(func(v *IPvlan) *IPvlan { return v })
	ipvtapAttrs = ipvlanTable(func(v *IPvtap) *IPvlan { return (*IPvlan)(v) })
)

// ipvlanTable is the table that both kinds have.
func ipvlanTable[T any](as func(*T) *IPvlan) attr.Table[T] {
	return attr.Table[T]{
		attr.OptU16(uapi.IFLA_IPVLAN_MODE, "IFLA_IPVLAN_MODE", func(v *T) **IPvlanMode { return &as(v).Mode }),
		attr.OptU16(uapi.IFLA_IPVLAN_FLAGS, "IFLA_IPVLAN_FLAGS", func(v *T) **IPvlanFlags { return &as(v).Flags }),
	}
}
