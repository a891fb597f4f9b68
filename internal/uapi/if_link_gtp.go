package uapi

// include/uapi/linux/if_link.h: IFLA_GTP_ROLE, 4.12.
const (
	GTP_ROLE_GGSN = 0x0
	GTP_ROLE_SGSN = 0x1
)
