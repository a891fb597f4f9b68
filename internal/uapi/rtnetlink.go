package uapi

// include/uapi/linux/rtnetlink.h: IFLA_EXT_MASK, 3.3; statistics 4.5.
const (
	RTEXT_FILTER_VF                = 0x1
	RTEXT_FILTER_BRVLAN            = 0x2
	RTEXT_FILTER_BRVLAN_COMPRESSED = 0x4
	RTEXT_FILTER_SKIP_STATS        = 0x8
)
