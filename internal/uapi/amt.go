package uapi

// include/uapi/linux/amt.h: attributes of an amt link, 5.16.
const (
	IFLA_AMT_MODE         = 0x1
	IFLA_AMT_RELAY_PORT   = 0x2
	IFLA_AMT_GATEWAY_PORT = 0x3
	IFLA_AMT_LINK         = 0x4
	IFLA_AMT_LOCAL_IP     = 0x5
	IFLA_AMT_REMOTE_IP    = 0x6
	IFLA_AMT_DISCOVERY_IP = 0x7
	IFLA_AMT_MAX_TUNNELS  = 0x8
)

// include/uapi/linux/amt.h: IFLA_AMT_MODE, 5.16.
const (
	AMT_MODE_GATEWAY = 0x0
	AMT_MODE_RELAY   = 0x1
)
