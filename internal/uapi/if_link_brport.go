package uapi

// include/uapi/linux/if_link.h: attributes of a port of a bridge.
const (
	IFLA_BRPORT_NEIGH_FORWARD_GRAT = 0x2d // 7.2
)
