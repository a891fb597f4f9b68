package uapi

// include/uapi/linux/if_bridge.h: what stands in LINK_XSTATS_TYPE_BRIDGE; STP 5.6.
const (
	BRIDGE_XSTATS_VLAN  = 0x1
	BRIDGE_XSTATS_MCAST = 0x2
	BRIDGE_XSTATS_PAD   = 0x3
	BRIDGE_XSTATS_STP   = 0x4
)

// include/uapi/linux/if_bridge.h: what a bridge or port is in a VLAN.
const (
	BRIDGE_VLAN_INFO_MASTER   = 0x1
	BRIDGE_VLAN_INFO_PVID     = 0x2
	BRIDGE_VLAN_INFO_UNTAGGED = 0x4
	BRIDGE_VLAN_INFO_BRENTRY  = 0x20
)
