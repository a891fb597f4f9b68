package uapi

// include/uapi/linux/in.h and in6.h: protocols inside IP, and the headers that
// IPv6 puts before them.
const (
	IPPROTO_HOPOPTS  = 0x0
	IPPROTO_ICMP     = 0x1
	IPPROTO_IPIP     = 0x4
	IPPROTO_TCP      = 0x6
	IPPROTO_UDP      = 0x11
	IPPROTO_DCCP     = 0x21
	IPPROTO_IPV6     = 0x29
	IPPROTO_ROUTING  = 0x2b
	IPPROTO_FRAGMENT = 0x2c
	IPPROTO_AH       = 0x33
	IPPROTO_ICMPV6   = 0x3a
	IPPROTO_DSTOPTS  = 0x3c
	IPPROTO_SCTP     = 0x84
	IPPROTO_UDPLITE  = 0x88
	IPPROTO_MPLS     = 0x89
)
