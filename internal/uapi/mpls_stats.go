package uapi

// include/uapi/linux/mpls.h: AF_MPLS in IFLA_STATS_AF_SPEC, 4.11.
const (
	MPLS_STATS_LINK = 0x1
)
