package uapi

// include/uapi/linux/caif/if_caif.h: attributes of a caif link, 2.6.35.
const (
	IFLA_CAIF_IPV4_CONNID = 0x1
	IFLA_CAIF_IPV6_CONNID = 0x2
	IFLA_CAIF_LOOPBACK    = 0x3
)
