package uapi

// include/uapi/linux/rtnetlink.h: what a route message holds besides the
// attributes of zconst.go.
const (
	RTA_NH_ID     = 0x1e // 5.3
	RTA_FLOWLABEL = 0x1f // 6.14
)

// include/uapi/linux/rtnetlink.h: families of multicast routing, IPv4 2.6.30, IPv6
// 2.6.34.
const (
	RTNL_FAMILY_IPMR  = 0x80
	RTNL_FAMILY_IP6MR = 0x81
)

// include/uapi/linux/icmpv6.h: the preference of a router, RFC 4191.
const (
	ICMPV6_ROUTER_PREF_MEDIUM = 0x0
	ICMPV6_ROUTER_PREF_HIGH   = 0x1
	ICMPV6_ROUTER_PREF_LOW    = 0x3
)
