package uapi

// include/uapi/linux/if_link.h: what stands in IFLA_STATS_LINK_XSTATS and
// IFLA_STATS_LINK_XSTATS_SLAVE: bridges 4.7, bonds 5.0.
const (
	LINK_XSTATS_TYPE_BRIDGE = 0x1
	LINK_XSTATS_TYPE_BOND   = 0x2
)
