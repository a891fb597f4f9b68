package uapi

// include/uapi/linux/can/vxcan.h: attributes of a vxcan link, 4.12.
const (
	VXCAN_INFO_PEER = 0x1
)
