package uapi

// include/uapi/linux/rtnetlink.h: families of multicast routing, beside AF_….
const (
	RTNL_FAMILY_IPMR  = 0x80
	RTNL_FAMILY_IP6MR = 0x81
)
