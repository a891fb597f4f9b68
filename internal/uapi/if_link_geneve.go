package uapi

// include/uapi/linux/if_link.h: attributes of a geneve link that came after 6.12.
const (
	IFLA_GENEVE_PORT_RANGE = 0xf  // 6.15
	IFLA_GENEVE_GRO_HINT   = 0x10 // 7.0
	IFLA_GENEVE_LOCAL      = 0x11 // 7.2
	IFLA_GENEVE_LOCAL6     = 0x12 // 7.2
)

// include/uapi/linux/if_link.h: IFLA_GENEVE_DF, 5.0.
const (
	GENEVE_DF_UNSET   = 0x0
	GENEVE_DF_SET     = 0x1
	GENEVE_DF_INHERIT = 0x2
)
