package uapi

// include/uapi/linux/if_link.h: attributes of a link.
const (
	IFLA_MAX_PACING_OFFLOAD_HORIZON = 0x42 // 6.13
	IFLA_NETNS_IMMUTABLE            = 0x43 // 6.15
	IFLA_HEADROOM                   = 0x44 // 6.18
	IFLA_TAILROOM                   = 0x45 // 6.18
)

// include/uapi/linux/if_link.h: IFLA_INET6_ADDR_GEN_MODE, 3.17; stable privacy
// 4.1, random 4.5.
const (
	IN6_ADDR_GEN_MODE_EUI64          = 0x0
	IN6_ADDR_GEN_MODE_NONE           = 0x1
	IN6_ADDR_GEN_MODE_STABLE_PRIVACY = 0x2
	IN6_ADDR_GEN_MODE_RANDOM         = 0x3
)

// include/uapi/linux/if_link.h: IFLA_XDP_ATTACHED, 4.8; several at once 4.19.
const (
	XDP_ATTACHED_NONE  = 0x0
	XDP_ATTACHED_DRV   = 0x1
	XDP_ATTACHED_SKB   = 0x2
	XDP_ATTACHED_HW    = 0x3
	XDP_ATTACHED_MULTI = 0x4
)

// include/uapi/linux/if_link.h: attributes of a bridge.
const (
	IFLA_BR_STP_MODE = 0x32 // 7.1
)

// include/uapi/linux/if_link.h: attributes of a vxlan link.
const (
	IFLA_VXLAN_RESERVED_BITS = 0x21 // 6.14
	IFLA_VXLAN_MC_ROUTE      = 0x22 // 6.17
)

// include/uapi/linux/if_link.h: IFLA_VXLAN_DF, 4.20.
const (
	VXLAN_DF_UNSET   = 0x0
	VXLAN_DF_SET     = 0x1
	VXLAN_DF_INHERIT = 0x2
)

// include/uapi/linux/if_link.h: IFLA_VXLAN_LABEL_POLICY, 6.8.
const (
	VXLAN_LABEL_FIXED   = 0x0
	VXLAN_LABEL_INHERIT = 0x1
)

// include/uapi/linux/if_link.h: IFLA_MACVLAN_MODE, 2.6.33; passthru 2.6.38,
// source 3.18.
const (
	MACVLAN_MODE_PRIVATE  = 0x1
	MACVLAN_MODE_VEPA     = 0x2
	MACVLAN_MODE_BRIDGE   = 0x4
	MACVLAN_MODE_PASSTHRU = 0x8
	MACVLAN_MODE_SOURCE   = 0x10
)

// include/uapi/linux/if_link.h: IFLA_MACVLAN_MACADDR_MODE, 3.18.
const (
	MACVLAN_MACADDR_ADD   = 0x0
	MACVLAN_MACADDR_DEL   = 0x1
	MACVLAN_MACADDR_FLUSH = 0x2
	MACVLAN_MACADDR_SET   = 0x3
)

// include/uapi/linux/if_link.h: IFLA_MACVLAN_FLAGS, 3.5; nodst 5.11.
const (
	MACVLAN_FLAG_NOPROMISC = 0x1
	MACVLAN_FLAG_NODST     = 0x2
)
