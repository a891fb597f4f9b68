package uapi

// include/uapi/linux/if_link.h: IFLA_IPOIB_MODE, 3.7.
const (
	IPOIB_MODE_DATAGRAM  = 0x0
	IPOIB_MODE_CONNECTED = 0x1
)
