package uapi

// include/uapi/linux/if_link.h: IFLA_IPVLAN_MODE.
const (
	IPVLAN_MODE_L2  = 0x0
	IPVLAN_MODE_L3  = 0x1
	IPVLAN_MODE_L3S = 0x2
)

// include/uapi/linux/if_link.h: IFLA_IPVLAN_FLAGS, 4.15.
const (
	IPVLAN_F_PRIVATE = 0x1
	IPVLAN_F_VEPA    = 0x2
)
