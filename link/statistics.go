package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Statistics are the counters of a link: those that [Link.Stats] has, and what its
// kind, its master, its hardware and MPLS count besides. What the kernel does not
// count for a link, or was not asked for, is nil.
//
// Source: IFLA_STATS_*, include/uapi/linux/if_link.h.
type Statistics struct {
	// Index is the number of the link.
	Index int
	// Link are the counters that all links have (IFLA_STATS_LINK_64).
	Link *Stats
	// Bridge are those of a bridge (IFLA_STATS_LINK_XSTATS).
	Bridge *BridgeStats
	// Bond are those of a bond of the mode 802.3ad (IFLA_STATS_LINK_XSTATS). Linux
	// 5.0.
	Bond *BondStats
	// BridgePort are those of a port of a bridge (IFLA_STATS_LINK_XSTATS_SLAVE).
	BridgePort *BridgeStats
	// BondPort are those of a port of such a bond (IFLA_STATS_LINK_XSTATS_SLAVE).
	// Linux 5.0.
	BondPort *BondStats
	// Offload are those of hardware that does the work of the link
	// (IFLA_STATS_LINK_OFFLOAD_XSTATS).
	Offload *OffloadStats
	// MPLS are those of MPLS on the link (IFLA_STATS_AF_SPEC).
	MPLS *MPLSStats
	// Unknown are the attributes that no other field holds.
	Unknown []attr.Raw
}

// BridgeStats are the counters of a bridge or of one of its ports.
//
// Source: BRIDGE_XSTATS_*, include/uapi/linux/if_bridge.h.
type BridgeStats struct {
	// VLANs are those of each VLAN (BRIDGE_XSTATS_VLAN).
	VLANs []BridgeVLANStats
	// Multicast are those of IGMP and MLD, all 0 unless the bridge counts them
	// ([Bridge.MulticastStats]); nil if it cannot (BRIDGE_XSTATS_MCAST).
	Multicast *BridgeMulticastStats
	// STP are those of the spanning tree, nil but for ports (BRIDGE_XSTATS_STP).
	// Linux 5.6.
	STP *BridgeSTPStats
}

// BridgeVLANStats are the counters of a VLAN, all 0 unless the bridge counts them
// ([Bridge.VLANStats]).
//
// Source: struct bridge_vlan_xstats, include/uapi/linux/if_bridge.h.
type BridgeVLANStats struct {
	RxBytes   uint64          // bytes received
	RxPackets uint64          // packets received
	TxBytes   uint64          // bytes sent
	TxPackets uint64          // packets sent
	ID        uint16          // number of the VLAN
	Flags     BridgeVLANFlags // what the bridge or port is in it
}

// BridgeVLANFlags are what a bridge or port is in a VLAN.
//
// Source: BRIDGE_VLAN_INFO_*, include/uapi/linux/if_bridge.h.
type BridgeVLANFlags uint16

// The flags of a VLAN.
const (
	BridgeVLANMaster   BridgeVLANFlags = uapi.BRIDGE_VLAN_INFO_MASTER   // BRIDGE_VLAN_INFO_MASTER: it is a VLAN of the bridge
	BridgeVLANPVID     BridgeVLANFlags = uapi.BRIDGE_VLAN_INFO_PVID     // BRIDGE_VLAN_INFO_PVID: packets without a tag are in it
	BridgeVLANUntagged BridgeVLANFlags = uapi.BRIDGE_VLAN_INFO_UNTAGGED // BRIDGE_VLAN_INFO_UNTAGGED: packets leave without a tag
	BridgeVLANBrEntry  BridgeVLANFlags = uapi.BRIDGE_VLAN_INFO_BRENTRY  // BRIDGE_VLAN_INFO_BRENTRY: the bridge itself is in it
)

var bridgeVLANFlags = enum.Flags[BridgeVLANFlags]{
	Type: "BridgeVLANFlags",
	Words: []enum.Word[BridgeVLANFlags]{
		{Value: BridgeVLANMaster, Name: "master"}, {Value: BridgeVLANPVID, Name: "pvid"},
		{Value: BridgeVLANUntagged, Name: "untagged"}, {Value: BridgeVLANBrEntry, Name: "brentry"},
	},
}

// Has reports whether all flags of g are set.
func (f BridgeVLANFlags) Has(g BridgeVLANFlags) bool { return f&g == g }

// String returns the flags as words: "pvid|untagged".
func (f BridgeVLANFlags) String() string { return bridgeVLANFlags.String(f) }

// MarshalText is String.
func (f BridgeVLANFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *BridgeVLANFlags) UnmarshalText(text []byte) error { return bridgeVLANFlags.Parse(text, f) }

// BridgeMulticastStats are what a bridge or port saw of IGMP and MLD.
//
// Source: struct br_mcast_stats, include/uapi/linux/if_bridge.h.
type BridgeMulticastStats struct {
	Rx              BridgeMulticastCounters // what was received
	Tx              BridgeMulticastCounters // what was sent
	IGMPParseErrors uint64                  // malformed packets of IGMP
	MLDParseErrors  uint64                  // malformed packets of MLD
}

// BridgeMulticastCounters are the half of [BridgeMulticastStats] that concerns one
// direction.
type BridgeMulticastCounters struct {
	IGMPv1Queries uint64 // queries of IGMPv1
	IGMPv2Queries uint64 // queries of IGMPv2
	IGMPv3Queries uint64 // queries of IGMPv3
	IGMPLeaves    uint64 // leaves of IGMP
	IGMPv1Reports uint64 // reports of IGMPv1
	IGMPv2Reports uint64 // reports of IGMPv2
	IGMPv3Reports uint64 // reports of IGMPv3
	MLDv1Queries  uint64 // queries of MLDv1
	MLDv2Queries  uint64 // queries of MLDv2
	MLDLeaves     uint64 // leaves (done) of MLD
	MLDv1Reports  uint64 // reports of MLDv1
	MLDv2Reports  uint64 // reports of MLDv2
	Bytes         uint64 // bytes of multicast packets
	Packets       uint64 // multicast packets
}

// BridgeSTPStats are what a port saw of the spanning tree.
//
// Source: struct bridge_stp_xstats, include/uapi/linux/if_bridge.h.
type BridgeSTPStats struct {
	BlockTransitions   uint64 // how often the port became blocking
	ForwardTransitions uint64 // how often the port became forwarding
	RxBPDU             uint64 // BPDUs received
	TxBPDU             uint64 // BPDUs sent
	RxTCN              uint64 // topology changes received
	TxTCN              uint64 // topology changes sent
}

// BondStats are the counters of LACP.
//
// Source: BOND_3AD_STAT_*, include/uapi/linux/if_bonding.h.
type BondStats struct {
	RxLACPDU         uint64 // LACPDUs received (BOND_3AD_STAT_LACPDU_RX)
	TxLACPDU         uint64 // LACPDUs sent (BOND_3AD_STAT_LACPDU_TX)
	RxUnknownLACPDU  uint64 // frames received of an unknown type (BOND_3AD_STAT_LACPDU_UNKNOWN_RX)
	RxIllegalLACPDU  uint64 // malformed frames received (BOND_3AD_STAT_LACPDU_ILLEGAL_RX)
	RxMarker         uint64 // markers received (BOND_3AD_STAT_MARKER_RX)
	TxMarker         uint64 // markers sent (BOND_3AD_STAT_MARKER_TX)
	RxMarkerResponse uint64 // answers to markers received (BOND_3AD_STAT_MARKER_RESP_RX)
	TxMarkerResponse uint64 // answers to markers sent (BOND_3AD_STAT_MARKER_RESP_TX)
	RxUnknownMarker  uint64 // markers received of an unknown type (BOND_3AD_STAT_MARKER_UNKNOWN_RX)
}

// OffloadStats are the counters of hardware that does the work of a link.
//
// Source: IFLA_OFFLOAD_XSTATS_*, include/uapi/linux/if_link.h.
type OffloadStats struct {
	// CPUHit are the packets that the hardware left to the processor; nil if there is
	// no such hardware (IFLA_OFFLOAD_XSTATS_CPU_HIT).
	CPUHit *Stats
	// L3Requested says that the hardware is to count routed packets: see [SetL3Stats]
	// (IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST). Linux 5.18.
	L3Requested bool
	// L3Used says that it does (IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED). Linux 5.18.
	L3Used bool
	// L3 are the routed packets, nil unless L3Requested
	// (IFLA_OFFLOAD_XSTATS_L3_STATS). Linux 5.18.
	L3 *HardwareStats
}

// HardwareStats are the counters of a suite that hardware keeps.
//
// Source: struct rtnl_hw_stats64, include/uapi/linux/if_link.h.
type HardwareStats struct {
	RxPackets uint64 // packets received
	TxPackets uint64 // packets sent
	RxBytes   uint64 // bytes received
	TxBytes   uint64 // bytes sent
	RxErrors  uint64 // bad packets received
	TxErrors  uint64 // packets that could not be sent
	RxDropped uint64 // packets received and dropped
	TxDropped uint64 // packets not sent but dropped
	Multicast uint64 // multicast packets received
}

// MPLSStats are the counters of MPLS on a link.
//
// Source: struct mpls_link_stats, include/uapi/linux/mpls.h.
type MPLSStats struct {
	RxPackets uint64 // packets received
	TxPackets uint64 // packets sent
	RxBytes   uint64 // bytes received
	TxBytes   uint64 // bytes sent
	RxErrors  uint64 // bad packets received
	TxErrors  uint64 // packets that could not be sent
	RxDropped uint64 // packets received and dropped
	TxDropped uint64 // packets not sent but dropped
	RxNoRoute uint64 // packets received without a route for their label
}

// StatsGroup are groups of counters.
//
// Source: IFLA_STATS_*, include/uapi/linux/if_link.h.
type StatsGroup uint32

// The groups of counters.
const (
	StatsLink    StatsGroup = 1 << (uapi.IFLA_STATS_LINK_64 - 1)             // IFLA_STATS_LINK_64: Statistics.Link
	StatsKind    StatsGroup = 1 << (uapi.IFLA_STATS_LINK_XSTATS - 1)         // IFLA_STATS_LINK_XSTATS: Statistics.Bridge and Bond
	StatsPort    StatsGroup = 1 << (uapi.IFLA_STATS_LINK_XSTATS_SLAVE - 1)   // IFLA_STATS_LINK_XSTATS_SLAVE: Statistics.BridgePort and BondPort
	StatsOffload StatsGroup = 1 << (uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS - 1) // IFLA_STATS_LINK_OFFLOAD_XSTATS: Statistics.Offload
	StatsFamily  StatsGroup = 1 << (uapi.IFLA_STATS_AF_SPEC - 1)             // IFLA_STATS_AF_SPEC: Statistics.MPLS

	statsAll = StatsLink | StatsKind | StatsPort | StatsOffload | StatsFamily
)

var statsGroups = enum.Flags[StatsGroup]{
	Type: "StatsGroup",
	Words: []enum.Word[StatsGroup]{
		{Value: StatsLink, Name: "link"}, {Value: StatsKind, Name: "xstats"}, {Value: StatsPort, Name: "xstats_slave"},
		{Value: StatsOffload, Name: "offload"}, {Value: StatsFamily, Name: "afstats"},
	},
}

// String returns iproute2's words: "link|xstats".
func (g StatsGroup) String() string { return statsGroups.String(g) }

// MarshalText is String.
func (g StatsGroup) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads what String returned.
func (g *StatsGroup) UnmarshalText(text []byte) error { return statsGroups.Parse(text, g) }

// OffloadSuite are parts of [StatsOffload].
//
// Source: IFLA_OFFLOAD_XSTATS_*, include/uapi/linux/if_link.h.
type OffloadSuite uint32

// The suites of counters of hardware.
const (
	OffloadCPUHit OffloadSuite = 1 << (uapi.IFLA_OFFLOAD_XSTATS_CPU_HIT - 1)   // IFLA_OFFLOAD_XSTATS_CPU_HIT: OffloadStats.CPUHit
	OffloadInfo   OffloadSuite = 1 << (uapi.IFLA_OFFLOAD_XSTATS_HW_S_INFO - 1) // IFLA_OFFLOAD_XSTATS_HW_S_INFO: OffloadStats.L3Requested and L3Used
	OffloadL3     OffloadSuite = 1 << (uapi.IFLA_OFFLOAD_XSTATS_L3_STATS - 1)  // IFLA_OFFLOAD_XSTATS_L3_STATS: OffloadStats.L3
)

var offloadSuites = enum.Flags[OffloadSuite]{
	Type: "OffloadSuite",
	Words: []enum.Word[OffloadSuite]{
		{Value: OffloadCPUHit, Name: "cpu_hit"}, {Value: OffloadInfo, Name: "hw_stats_info"}, {Value: OffloadL3, Name: "l3_stats"},
	},
}

// String returns iproute2's words: "cpu_hit|l3_stats".
func (s OffloadSuite) String() string { return offloadSuites.String(s) }

// MarshalText is String.
func (s OffloadSuite) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *OffloadSuite) UnmarshalText(text []byte) error { return offloadSuites.Parse(text, s) }
