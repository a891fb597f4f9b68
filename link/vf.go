package link

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VF is a virtual function of a network card: a part of it that a virtual machine
// can have as a card of its own (SR-IOV). Fields that the driver did not report are
// zero. [WithVFs] reads them, [WithVF] changes them.
//
// Source: IFLA_VF_*, include/uapi/linux/if_link.h.
type VF struct {
	// Index is the number of the function on its card, from 0.
	Index int
	// MAC is its hardware address, all zero if none was given to it (IFLA_VF_MAC).
	MAC net.HardwareAddr
	// Broadcast is its broadcast address (IFLA_VF_BROADCAST).
	Broadcast net.HardwareAddr
	// VLANs are the tags that the card puts on what the function sends, and takes
	// off what it receives; nil for none (IFLA_VF_VLAN_LIST).
	VLANs []VFVLAN
	// Rate are the limits of what it sends (IFLA_VF_RATE).
	Rate VFRate
	// State is the state of its link (IFLA_VF_LINK_STATE).
	State VFState
	// SpoofCheck says that it can send from its own addresses alone; nil if the
	// driver does not say (IFLA_VF_SPOOFCHK).
	SpoofCheck *bool
	// Trust says that it may do what concerns others, such as to receive all
	// packets; nil if the driver does not say (IFLA_VF_TRUST).
	Trust *bool
	// RSSQuery says that it may read how the card spreads packets over queues; nil if
	// the driver does not say (IFLA_VF_RSS_QUERY_EN).
	RSSQuery *bool
	// NodeGUID is the id of its node, 0 if it is no InfiniBand
	// (IFLA_VF_IB_NODE_GUID).
	NodeGUID GUID
	// PortGUID is the id of its port, 0 if it is no InfiniBand
	// (IFLA_VF_IB_PORT_GUID).
	PortGUID GUID
	// Stats are its counters; nil unless [WithStats] or [WithInet6Stats] asked for them
	// (IFLA_VF_STATS).
	Stats *VFStats
	// Unknown are the attributes that no other field holds.
	Unknown []attr.Raw
}

// VFVLAN is a tag that a card puts on the packets of a virtual function.
type VFVLAN struct {
	// ID is the number of the VLAN, up to 4095; 0 for no VLAN.
	ID uint16
	// QoS is the priority in the tag, 0 to 7.
	QoS uint8
	// Protocol is the type of the tag; 0 is [VLAN8021Q] when it is set.
	Protocol VLANProtocol
}

// VFRate are the limits of what a virtual function sends, in Mbit/s.
type VFRate struct {
	// Min is what it can send in any case, 0 for nothing in particular.
	Min uint32
	// Max is what it can send at most, 0 for no limit.
	Max uint32
}

// VFStats are the counters of a virtual function, all 0 if the driver has none.
//
// Source: IFLA_VF_STATS_*, include/uapi/linux/if_link.h.
type VFStats struct {
	RxPackets uint64 // packets received (IFLA_VF_STATS_RX_PACKETS)
	TxPackets uint64 // packets sent (IFLA_VF_STATS_TX_PACKETS)
	RxBytes   uint64 // bytes received (IFLA_VF_STATS_RX_BYTES)
	TxBytes   uint64 // bytes sent (IFLA_VF_STATS_TX_BYTES)
	Broadcast uint64 // broadcast packets received (IFLA_VF_STATS_BROADCAST)
	Multicast uint64 // multicast packets received (IFLA_VF_STATS_MULTICAST)
	RxDropped uint64 // packets received and dropped (IFLA_VF_STATS_RX_DROPPED)
	TxDropped uint64 // packets not sent but dropped (IFLA_VF_STATS_TX_DROPPED)
}

// VFState is the state of the link that a virtual function sees.
//
// Source: IFLA_VF_LINK_STATE_*, include/uapi/linux/if_link.h.
type VFState uint32

// The states of the link of a virtual function.
const (
	VFAuto    VFState = uapi.IFLA_VF_LINK_STATE_AUTO    // IFLA_VF_LINK_STATE_AUTO: that of the card's link
	VFEnable  VFState = uapi.IFLA_VF_LINK_STATE_ENABLE  // IFLA_VF_LINK_STATE_ENABLE: up, also without a carrier
	VFDisable VFState = uapi.IFLA_VF_LINK_STATE_DISABLE // IFLA_VF_LINK_STATE_DISABLE: down
)

var vfStates = enum.Words[VFState]{
	Type: "VFState",
	Words: []enum.Word[VFState]{
		{Value: VFAuto, Name: "auto"}, {Value: VFEnable, Name: "enable"}, {Value: VFDisable, Name: "disable"},
	},
}

// String returns iproute2's word, such as "auto".
func (s VFState) String() string { return vfStates.String(s) }

// MarshalText is String.
func (s VFState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *VFState) UnmarshalText(text []byte) error { return vfStates.Parse(text, s) }

// GUID is the id of an InfiniBand node or port.
type GUID uint64

// String returns the eight bytes of the id, the highest first:
// "00:11:22:33:44:55:66:77".
func (g GUID) String() string {
	var b strings.Builder
	for i := range 8 {
		if i > 0 {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02x", byte(g>>(56-8*i)))
	}
	return b.String()
}

// MarshalText is String.
func (g GUID) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads what String returned.
func (g *GUID) UnmarshalText(text []byte) error {
	var all uint64
	n := 0
	for part := range strings.SplitSeq(string(text), ":") {
		b, err := strconv.ParseUint(part, 16, 8)
		if err != nil {
			return fmt.Errorf("%q is no GUID", text)
		}
		all = all<<8 | b
		n++
	}
	if n != 8 {
		return fmt.Errorf("%q is no GUID", text)
	}
	*g = GUID(all)
	return nil
}

// VFChange is what [WithVF] changes of a virtual function: the fields that are not
// nil. What a driver cannot change it refuses.
//
// Source: IFLA_VF_*, include/uapi/linux/if_link.h.
type VFChange struct {
	// MAC is its hardware address, as long as those of the link, 6 bytes at least; all
	// zero takes it away (IFLA_VF_MAC).
	MAC net.HardwareAddr
	// VLAN is the tag that the card puts on what it sends; the zero VFVLAN takes it
	// away (IFLA_VF_VLAN, for other types than [VLAN8021Q] IFLA_VF_VLAN_LIST).
	VLAN *VFVLAN
	// Rate are the limits of what it sends; the zero VFRate takes them away
	// (IFLA_VF_RATE).
	Rate *VFRate
	// State is the state of its link (IFLA_VF_LINK_STATE).
	State *VFState
	// SpoofCheck lets it send from its own addresses alone (IFLA_VF_SPOOFCHK).
	SpoofCheck *bool
	// Trust lets it do what concerns others (IFLA_VF_TRUST).
	Trust *bool
	// RSSQuery lets it read how the card spreads packets over queues
	// (IFLA_VF_RSS_QUERY_EN).
	RSSQuery *bool
	// NodeGUID is the id of its InfiniBand node (IFLA_VF_IB_NODE_GUID).
	NodeGUID *GUID
	// PortGUID is the id of its InfiniBand port (IFLA_VF_IB_PORT_GUID).
	PortGUID *GUID
}

// WithVF changes the virtual function of the link that has this number, from 0. More
// than one can be changed in one request: in the order of the options, up to the
// first that is refused. `ip link set NAME vf INDEX mac MAC vlan ID …`
//
// The error is [errors.ErrUnsupported] for a link that has no virtual functions, or
// whose driver cannot do this; for a number that is too large it is the driver's,
// mostly [io/fs.ErrInvalid].
func WithVF(index int, vf VFChange) SetOption {
	vf.MAC = append(net.HardwareAddr(nil), vf.MAC...)
	return setOption(func(c *change) {
		if index < 0 || index >= maxIndex {
			c.refuse(attr.Invalid("IFLA_VFINFO_LIST.IFLA_VF_INFO", "%d is not the number of a virtual function", index))
			return
		}
		c.vfs = append(c.vfs, vfChange{index: uint32(index), change: vf})
	})
}
