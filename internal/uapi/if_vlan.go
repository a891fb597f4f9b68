package uapi

// include/uapi/linux/if_vlan.h: IFLA_VLAN_FLAGS, 2.6.23; bridge binding 5.2.
const (
	VLAN_FLAG_REORDER_HDR    = 0x1
	VLAN_FLAG_GVRP           = 0x2
	VLAN_FLAG_LOOSE_BINDING  = 0x4
	VLAN_FLAG_MVRP           = 0x8
	VLAN_FLAG_BRIDGE_BINDING = 0x10
)
