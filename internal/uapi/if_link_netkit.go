package uapi

// include/uapi/linux/if_link.h: attributes of a netkit link, 6.7.
const (
	IFLA_NETKIT_SCRUB      = 0x6 // 6.13
	IFLA_NETKIT_PEER_SCRUB = 0x7 // 6.13
	IFLA_NETKIT_HEADROOM   = 0x8 // 6.14
	IFLA_NETKIT_TAILROOM   = 0x9 // 6.14
	IFLA_NETKIT_PAIRING    = 0xa // 7.1
)

// include/uapi/linux/if_link.h: IFLA_NETKIT_POLICY and IFLA_NETKIT_PEER_POLICY, 6.7.
const (
	NETKIT_PASS = 0x0
	NETKIT_DROP = 0x2
)

// include/uapi/linux/if_link.h: IFLA_NETKIT_MODE, 6.7.
const (
	NETKIT_L2 = 0x0
	NETKIT_L3 = 0x1
)

// include/uapi/linux/if_link.h: IFLA_NETKIT_SCRUB and IFLA_NETKIT_PEER_SCRUB, 6.13.
const (
	NETKIT_SCRUB_NONE    = 0x0
	NETKIT_SCRUB_DEFAULT = 0x1
)

// include/uapi/linux/if_link.h: IFLA_NETKIT_PAIRING, 7.1.
const (
	NETKIT_DEVICE_PAIR   = 0x0
	NETKIT_DEVICE_SINGLE = 0x1
)
