package uapi

// include/uapi/linux/if_bonding.h: what stands in LINK_XSTATS_TYPE_BOND, 5.0.
const (
	BOND_XSTATS_3AD = 0x1
)

// include/uapi/linux/if_bonding.h: what stands in BOND_XSTATS_3AD, 5.0.
const (
	BOND_3AD_STAT_LACPDU_RX         = 0x0
	BOND_3AD_STAT_LACPDU_TX         = 0x1
	BOND_3AD_STAT_LACPDU_UNKNOWN_RX = 0x2
	BOND_3AD_STAT_LACPDU_ILLEGAL_RX = 0x3
	BOND_3AD_STAT_MARKER_RX         = 0x4
	BOND_3AD_STAT_MARKER_TX         = 0x5
	BOND_3AD_STAT_MARKER_RESP_RX    = 0x6
	BOND_3AD_STAT_MARKER_RESP_TX    = 0x7
	BOND_3AD_STAT_MARKER_UNKNOWN_RX = 0x8
)
