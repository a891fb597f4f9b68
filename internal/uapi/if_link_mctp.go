package uapi

// include/uapi/linux/if_link.h: AF_MCTP in IFLA_AF_SPEC, 5.15.
const (
	IFLA_MCTP_PHYS_BINDING = 0x2 // 6.13
)
