package uapi

// include/uapi/linux/veth.h: attributes of a veth link, 2.6.24.
const (
	VETH_INFO_PEER = 0x1
)
