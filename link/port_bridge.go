package link

import (
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// BridgePort is how a link is set up as a port of a [Bridge]. `ip link set NAME type
// bridge_slave …`, `bridge link set dev NAME …`
//
// Fields that say "read" are reported by the kernel and never sent. Give [WithPort]
// only what is to change: a State that was read cannot always be set.
//
// Source: IFLA_BRPORT_*, include/uapi/linux/if_link.h.
type BridgePort struct {
	// State is the state in the spanning tree. It can be set where no protocol of the
	// kernel does it (else the error is EBUSY) and while the port is up and has a
	// carrier (else ENETDOWN) (IFLA_BRPORT_STATE).
	State *BridgePortState
	// Priority is the first part of the port's id, 0 to 63; the kernel's default is 32
	// (IFLA_BRPORT_PRIORITY).
	Priority *uint16
	// Cost is that of the way by this port, 1 to 65535; the kernel's default is by the
	// speed of the link (IFLA_BRPORT_COST).
	Cost uint32
	// Guard blocks the port when STP packets come; the kernel's default is false
	// (IFLA_BRPORT_GUARD).
	Guard *bool
	// RootBlock never makes it the port towards the root; the kernel's default is
	// false (IFLA_BRPORT_PROTECT).
	RootBlock *bool
	// Hairpin sends packets back by the port where they came from; the kernel's
	// default is false (IFLA_BRPORT_MODE).
	Hairpin *bool

	// Learning learns addresses from the packets that come; the kernel's default is
	// true (IFLA_BRPORT_LEARNING).
	Learning *bool
	// Flood sends packets here whose destination is not known; the kernel's default is
	// true (IFLA_BRPORT_UNICAST_FLOOD).
	Flood *bool
	// MulticastFlood sends multicast packets here that nobody asked for; the kernel's
	// default is true (IFLA_BRPORT_MCAST_FLOOD).
	MulticastFlood *bool
	// BroadcastFlood sends broadcast packets here; the kernel's default is true
	// (IFLA_BRPORT_BCAST_FLOOD).
	BroadcastFlood *bool
	// Isolated passes no packets between this and other isolated ports; the kernel's
	// default is false (IFLA_BRPORT_ISOLATED).
	Isolated *bool
	// Locked takes packets only from addresses that are in the table behind this port;
	// the kernel's default is false (IFLA_BRPORT_LOCKED). Linux 5.18.
	Locked *bool
	// MAB enters other addresses as locked, for a program to let them in: MAC
	// authentication bypass. It takes Locked and Learning; the kernel's default is false
	// (IFLA_BRPORT_MAB). Linux 6.2.
	MAB *bool
	// GroupForwardMask is as [Bridge.GroupForwardMask] for this port, but only bit 1
	// cannot be set; the kernel's default is 0 (IFLA_BRPORT_GROUP_FWD_MASK).
	GroupForwardMask *uint16

	// ProxyARP answers ARP for neighbours behind other ports; the kernel's default is
	// false (IFLA_BRPORT_PROXYARP).
	ProxyARP *bool
	// ProxyARPWiFi does so by the rules of IEEE 802.11 and Hotspot 2.0; the kernel's
	// default is false (IFLA_BRPORT_PROXYARP_WIFI).
	ProxyARPWiFi *bool
	// NeighSuppress answers for known neighbours instead of flooding ARP and neighbour
	// discovery; the kernel's default is false (IFLA_BRPORT_NEIGH_SUPPRESS).
	NeighSuppress *bool
	// NeighVLANSuppress lets each VLAN of the port have NeighSuppress of its own; the
	// kernel's default is false (IFLA_BRPORT_NEIGH_VLAN_SUPPRESS). Linux 6.4.
	NeighVLANSuppress *bool
	// NeighForwardGratuitous floods announcements in spite of NeighSuppress; the
	// kernel's default is false (IFLA_BRPORT_NEIGH_FORWARD_GRAT). Linux 7.2.
	NeighForwardGratuitous *bool
	// VLANTunnel maps VLANs to tunnels; the kernel's default is false
	// (IFLA_BRPORT_VLAN_TUNNEL).
	VLANTunnel *bool

	// MulticastRouter tells whether all multicast packets go here; the kernel's default
	// is [MulticastRouterAuto] (IFLA_BRPORT_MULTICAST_ROUTER).
	MulticastRouter *MulticastRouter
	// FastLeave stops multicast packets when the one host here leaves the group; the
	// kernel's default is false (IFLA_BRPORT_FAST_LEAVE).
	FastLeave *bool
	// MulticastToUnicast sends multicast packets to each host that asked for them; the
	// kernel's default is false (IFLA_BRPORT_MCAST_TO_UCAST).
	MulticastToUnicast *bool
	// MulticastMaxGroups is how many groups are kept for this port, 0 for no limit,
	// which is the kernel's default (IFLA_BRPORT_MCAST_MAX_GROUPS). Linux 6.3.
	MulticastMaxGroups *uint32
	// MulticastMaxHosts is how many hosts are tracked here, from 1; the kernel's
	// default is 512 (IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT). Linux 5.12.
	MulticastMaxHosts uint32

	// BackupPort is the index of a port of the same bridge that takes the packets while
	// this one has no carrier, 0 for none, which is the kernel's default
	// (IFLA_BRPORT_BACKUP_PORT).
	BackupPort *int
	// BackupNexthop is the id of the next hop that these packets get, where the backup
	// port is a tunnel, 0 for none, which is the kernel's default
	// (IFLA_BRPORT_BACKUP_NHID). Linux 6.6.
	BackupNexthop *uint32
	// FlushFDB forgets what was learned here; it is sent, never read
	// (IFLA_BRPORT_FLUSH).
	FlushFDB bool

	// ID is the port's id in the spanning tree: Priority and Number; read
	// (IFLA_BRPORT_ID).
	ID uint16
	// Number is the number of the port, from 1; read (IFLA_BRPORT_NO).
	Number uint16
	// RootID is the id of the spanning tree's root; read (IFLA_BRPORT_ROOT_ID).
	RootID BridgeID
	// DesignatedBridge is the id of the bridge that this segment reaches the root by;
	// read (IFLA_BRPORT_BRIDGE_ID).
	DesignatedBridge BridgeID
	// DesignatedPort is the id of that bridge's port; read
	// (IFLA_BRPORT_DESIGNATED_PORT).
	DesignatedPort uint16
	// DesignatedCost is the cost of that way; read (IFLA_BRPORT_DESIGNATED_COST).
	DesignatedCost uint16
	// TopologyChangeAck says that the next STP packet acknowledges a change; read
	// (IFLA_BRPORT_TOPOLOGY_CHANGE_ACK).
	TopologyChangeAck bool
	// ConfigPending says that an STP packet waits for HoldTimer; read
	// (IFLA_BRPORT_CONFIG_PENDING).
	ConfigPending bool
	// MessageAgeTimer is the time until what was heard of the root is too old; read
	// (IFLA_BRPORT_MESSAGE_AGE_TIMER).
	MessageAgeTimer time.Duration
	// ForwardDelayTimer is the time to the next state; read
	// (IFLA_BRPORT_FORWARD_DELAY_TIMER).
	ForwardDelayTimer time.Duration
	// HoldTimer is the time until the next STP packet may go; read
	// (IFLA_BRPORT_HOLD_TIMER).
	HoldTimer time.Duration
	// MRPRingOpen says that the ring of the media redundancy protocol is open; read
	// (IFLA_BRPORT_MRP_RING_OPEN). Linux 5.8.
	MRPRingOpen bool
	// MRPInterconnectOpen says that the interconnection of such rings is open; read
	// (IFLA_BRPORT_MRP_IN_OPEN). Linux 5.9.
	MRPInterconnectOpen bool
	// MulticastGroups is the number of groups that are kept; read
	// (IFLA_BRPORT_MCAST_N_GROUPS). Linux 6.3.
	MulticastGroups uint32
	// MulticastHosts is the number of hosts that are tracked; read
	// (IFLA_BRPORT_MCAST_EHT_HOSTS_CNT). Linux 5.12.
	MulticastHosts uint32
}

// BridgePortState is the state of a port in the spanning tree.
//
// Source: BR_STATE_*, include/uapi/linux/if_bridge.h.
type BridgePortState uint8

// The states of a port in the spanning tree.
const (
	BridgePortDisabled   BridgePortState = uapi.BR_STATE_DISABLED   // BR_STATE_DISABLED: it is out of use
	BridgePortListening  BridgePortState = uapi.BR_STATE_LISTENING  // BR_STATE_LISTENING: it takes STP packets alone
	BridgePortLearning   BridgePortState = uapi.BR_STATE_LEARNING   // BR_STATE_LEARNING: it learns addresses, too
	BridgePortForwarding BridgePortState = uapi.BR_STATE_FORWARDING // BR_STATE_FORWARDING: it passes packets
	BridgePortBlocking   BridgePortState = uapi.BR_STATE_BLOCKING   // BR_STATE_BLOCKING: it would make a loop
)

var bridgePortStates = enum.Words[BridgePortState]{
	Type: "BridgePortState",
	Words: []enum.Word[BridgePortState]{
		{Value: BridgePortDisabled, Name: "disabled"}, {Value: BridgePortListening, Name: "listening"},
		{Value: BridgePortLearning, Name: "learning"}, {Value: BridgePortForwarding, Name: "forwarding"},
		{Value: BridgePortBlocking, Name: "blocking"},
	},
}

// String returns iproute2's word, such as "forwarding".
func (s BridgePortState) String() string { return bridgePortStates.String(s) }

// MarshalText is String.
func (s BridgePortState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *BridgePortState) UnmarshalText(text []byte) error { return bridgePortStates.Parse(text, s) }

// Port returns "bridge".
func (*BridgePort) Port() string { return "bridge" }

func (p *BridgePort) appendPort(b []byte) ([]byte, error) {
	off := func(b *bool) bool { return b != nil && !*b }
	if p.MAB != nil && *p.MAB && (off(p.Locked) || off(p.Learning)) {
		return b, attr.Invalid("IFLA_BRPORT_MAB", "the port must be locked, and learn")
	}
	return bridgePortAttrs.Append(b, p)
}

var bridgePortAttrs = attr.Table[BridgePort]{
	attr.OptU8(uapi.IFLA_BRPORT_STATE, "IFLA_BRPORT_STATE", func(p *BridgePort) **BridgePortState { return &p.State }),
	attr.OptU16(uapi.IFLA_BRPORT_PRIORITY, "IFLA_BRPORT_PRIORITY", func(p *BridgePort) **uint16 { return &p.Priority }).Max(63),
	attr.U32(uapi.IFLA_BRPORT_COST, "IFLA_BRPORT_COST", func(p *BridgePort) *uint32 { return &p.Cost }).Max(65535),
	attr.OptBool(uapi.IFLA_BRPORT_MODE, "IFLA_BRPORT_MODE", func(p *BridgePort) **bool { return &p.Hairpin }),
	attr.OptBool(uapi.IFLA_BRPORT_GUARD, "IFLA_BRPORT_GUARD", func(p *BridgePort) **bool { return &p.Guard }),
	attr.OptBool(uapi.IFLA_BRPORT_PROTECT, "IFLA_BRPORT_PROTECT", func(p *BridgePort) **bool { return &p.RootBlock }),
	attr.OptBool(uapi.IFLA_BRPORT_FAST_LEAVE, "IFLA_BRPORT_FAST_LEAVE", func(p *BridgePort) **bool { return &p.FastLeave }),
	attr.OptBool(uapi.IFLA_BRPORT_MCAST_TO_UCAST, "IFLA_BRPORT_MCAST_TO_UCAST", func(p *BridgePort) **bool { return &p.MulticastToUnicast }),
	attr.OptBool(uapi.IFLA_BRPORT_LEARNING, "IFLA_BRPORT_LEARNING", func(p *BridgePort) **bool { return &p.Learning }),
	attr.OptBool(uapi.IFLA_BRPORT_UNICAST_FLOOD, "IFLA_BRPORT_UNICAST_FLOOD", func(p *BridgePort) **bool { return &p.Flood }),
	attr.OptBool(uapi.IFLA_BRPORT_MCAST_FLOOD, "IFLA_BRPORT_MCAST_FLOOD", func(p *BridgePort) **bool { return &p.MulticastFlood }),
	attr.OptBool(uapi.IFLA_BRPORT_BCAST_FLOOD, "IFLA_BRPORT_BCAST_FLOOD", func(p *BridgePort) **bool { return &p.BroadcastFlood }),
	attr.OptBool(uapi.IFLA_BRPORT_PROXYARP, "IFLA_BRPORT_PROXYARP", func(p *BridgePort) **bool { return &p.ProxyARP }),
	attr.OptBool(uapi.IFLA_BRPORT_PROXYARP_WIFI, "IFLA_BRPORT_PROXYARP_WIFI", func(p *BridgePort) **bool { return &p.ProxyARPWiFi }),
	bridgeID(uapi.IFLA_BRPORT_ROOT_ID, "IFLA_BRPORT_ROOT_ID", func(p *BridgePort) *BridgeID { return &p.RootID }),
	bridgeID(uapi.IFLA_BRPORT_BRIDGE_ID, "IFLA_BRPORT_BRIDGE_ID", func(p *BridgePort) *BridgeID { return &p.DesignatedBridge }),
	attr.U16(uapi.IFLA_BRPORT_DESIGNATED_PORT, "IFLA_BRPORT_DESIGNATED_PORT", func(p *BridgePort) *uint16 { return &p.DesignatedPort }).ReadOnly(),
	attr.U16(uapi.IFLA_BRPORT_DESIGNATED_COST, "IFLA_BRPORT_DESIGNATED_COST", func(p *BridgePort) *uint16 { return &p.DesignatedCost }).ReadOnly(),
	attr.U16(uapi.IFLA_BRPORT_ID, "IFLA_BRPORT_ID", func(p *BridgePort) *uint16 { return &p.ID }).ReadOnly(),
	attr.U16(uapi.IFLA_BRPORT_NO, "IFLA_BRPORT_NO", func(p *BridgePort) *uint16 { return &p.Number }).ReadOnly(),
	attr.Bool(uapi.IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, "IFLA_BRPORT_TOPOLOGY_CHANGE_ACK", func(p *BridgePort) *bool { return &p.TopologyChangeAck }).ReadOnly(),
	attr.Bool(uapi.IFLA_BRPORT_CONFIG_PENDING, "IFLA_BRPORT_CONFIG_PENDING", func(p *BridgePort) *bool { return &p.ConfigPending }).ReadOnly(),
	attr.OptBool(uapi.IFLA_BRPORT_VLAN_TUNNEL, "IFLA_BRPORT_VLAN_TUNNEL", func(p *BridgePort) **bool { return &p.VLANTunnel }),
	attr.OptU16(uapi.IFLA_BRPORT_GROUP_FWD_MASK, "IFLA_BRPORT_GROUP_FWD_MASK", func(p *BridgePort) **uint16 { return &p.GroupForwardMask }),
	attr.OptBool(uapi.IFLA_BRPORT_NEIGH_SUPPRESS, "IFLA_BRPORT_NEIGH_SUPPRESS", func(p *BridgePort) **bool { return &p.NeighSuppress }),
	attr.Bool(uapi.IFLA_BRPORT_MRP_RING_OPEN, "IFLA_BRPORT_MRP_RING_OPEN", func(p *BridgePort) *bool { return &p.MRPRingOpen }).ReadOnly(),
	attr.Bool(uapi.IFLA_BRPORT_MRP_IN_OPEN, "IFLA_BRPORT_MRP_IN_OPEN", func(p *BridgePort) *bool { return &p.MRPInterconnectOpen }).ReadOnly(),
	attr.OptBool(uapi.IFLA_BRPORT_ISOLATED, "IFLA_BRPORT_ISOLATED", func(p *BridgePort) **bool { return &p.Isolated }),
	attr.OptBool(uapi.IFLA_BRPORT_LOCKED, "IFLA_BRPORT_LOCKED", func(p *BridgePort) **bool { return &p.Locked }),
	attr.OptBool(uapi.IFLA_BRPORT_MAB, "IFLA_BRPORT_MAB", func(p *BridgePort) **bool { return &p.MAB }),
	attr.OptBool(uapi.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS, "IFLA_BRPORT_NEIGH_VLAN_SUPPRESS", func(p *BridgePort) **bool { return &p.NeighVLANSuppress }),
	attr.OptBool(uapi.IFLA_BRPORT_NEIGH_FORWARD_GRAT, "IFLA_BRPORT_NEIGH_FORWARD_GRAT", func(p *BridgePort) **bool { return &p.NeighForwardGratuitous }),
	attr.Ticks64(uapi.IFLA_BRPORT_MESSAGE_AGE_TIMER, "IFLA_BRPORT_MESSAGE_AGE_TIMER", func(p *BridgePort) *time.Duration { return &p.MessageAgeTimer }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BRPORT_FORWARD_DELAY_TIMER, "IFLA_BRPORT_FORWARD_DELAY_TIMER", func(p *BridgePort) *time.Duration { return &p.ForwardDelayTimer }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BRPORT_HOLD_TIMER, "IFLA_BRPORT_HOLD_TIMER", func(p *BridgePort) *time.Duration { return &p.HoldTimer }).ReadOnly(),
	attr.OptU8(uapi.IFLA_BRPORT_MULTICAST_ROUTER, "IFLA_BRPORT_MULTICAST_ROUTER", func(p *BridgePort) **MulticastRouter { return &p.MulticastRouter }),
	attr.U32(uapi.IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, "IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT", func(p *BridgePort) *uint32 { return &p.MulticastMaxHosts }),
	attr.U32(uapi.IFLA_BRPORT_MCAST_EHT_HOSTS_CNT, "IFLA_BRPORT_MCAST_EHT_HOSTS_CNT", func(p *BridgePort) *uint32 { return &p.MulticastHosts }).ReadOnly(),
	attr.U32(uapi.IFLA_BRPORT_MCAST_N_GROUPS, "IFLA_BRPORT_MCAST_N_GROUPS", func(p *BridgePort) *uint32 { return &p.MulticastGroups }).ReadOnly(),
	attr.OptU32(uapi.IFLA_BRPORT_MCAST_MAX_GROUPS, "IFLA_BRPORT_MCAST_MAX_GROUPS", func(p *BridgePort) **uint32 { return &p.MulticastMaxGroups }),
	attr.OptU32(uapi.IFLA_BRPORT_BACKUP_PORT, "IFLA_BRPORT_BACKUP_PORT", func(p *BridgePort) **int { return &p.BackupPort }).Max(maxIndex),
	attr.OptU32(uapi.IFLA_BRPORT_BACKUP_NHID, "IFLA_BRPORT_BACKUP_NHID", func(p *BridgePort) **uint32 { return &p.BackupNexthop }),
	attr.Flag(uapi.IFLA_BRPORT_FLUSH, "IFLA_BRPORT_FLUSH", func(p *BridgePort) *bool { return &p.FlushFDB }),
	named[BridgePort](uapi.IFLA_BRPORT_LEARNING_SYNC, "IFLA_BRPORT_LEARNING_SYNC"), // no kernel heeds it here
}

// steady implements [unsteadyPort].
func (p *BridgePort) steady() Port {
	s := *p
	s.MulticastGroups, s.MulticastHosts = 0, 0
	s.MessageAgeTimer, s.ForwardDelayTimer, s.HoldTimer = 0, 0, 0
	return &s
}
