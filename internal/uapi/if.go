package uapi

// include/uapi/linux/if.h: IFLA_OPERSTATE, 2.6.17.
const (
	IF_OPER_UNKNOWN        = 0x0
	IF_OPER_NOTPRESENT     = 0x1
	IF_OPER_DOWN           = 0x2
	IF_OPER_LOWERLAYERDOWN = 0x3
	IF_OPER_TESTING        = 0x4
	IF_OPER_DORMANT        = 0x5
	IF_OPER_UP             = 0x6
)

// include/uapi/linux/if.h: IFLA_LINKMODE, 2.6.17; testing 5.8.
const (
	IF_LINK_MODE_DEFAULT = 0x0
	IF_LINK_MODE_DORMANT = 0x1
	IF_LINK_MODE_TESTING = 0x2
)
