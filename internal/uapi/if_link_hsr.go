package uapi

// include/uapi/linux/if_link.h: IFLA_HSR_PROTOCOL, 5.9.
const (
	HSR_PROTOCOL_HSR = 0x0
	HSR_PROTOCOL_PRP = 0x1
)
