package uapi

// include/uapi/linux/wwan.h: attributes of a wwan link, 5.14.
const (
	IFLA_WWAN_LINK_ID = 0x1
)
