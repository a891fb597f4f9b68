package uapi

// include/uapi/linux/rpl_iptunnel.h: inside RTA_ENCAP of type LWTUNNEL_ENCAP_RPL, 5.7.
const RPL_IPTUNNEL_SRH = 0x1

// include/uapi/linux/ipv6.h: types of routing headers.
const (
	IPV6_SRCRT_TYPE_3 = 0x3
	IPV6_SRCRT_TYPE_4 = 0x4
)
