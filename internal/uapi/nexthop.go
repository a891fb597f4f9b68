package uapi

// include/uapi/linux/nexthop.h: what a next hop message holds besides the
// attributes of zconst.go.
const (
	NHA_FDB             = 0xb  // 5.8
	NHA_RES_GROUP       = 0xc  // 5.13
	NHA_RES_BUCKET      = 0xd  // 5.13
	NHA_OP_FLAGS        = 0xe  // 6.9
	NHA_GROUP_STATS     = 0xf  // 6.9
	NHA_HW_STATS_ENABLE = 0x10 // 6.9
	NHA_HW_STATS_USED   = 0x11 // 6.9
)

// include/uapi/linux/nexthop.h: NHA_GROUP_TYPE, 5.3; resilient 5.13.
const (
	NEXTHOP_GRP_TYPE_MPATH = 0x0
	NEXTHOP_GRP_TYPE_RES   = 0x1
)

// include/uapi/linux/nexthop.h: NHA_OP_FLAGS, 6.9; of an answer 6.12.
const (
	NHA_OP_FLAG_DUMP_STATS       = 0x1
	NHA_OP_FLAG_DUMP_HW_STATS    = 0x2
	NHA_OP_FLAG_RESP_GRP_RESVD_0 = 0x80000000
)

// include/uapi/linux/nexthop.h: inside NHA_RES_GROUP, 5.13.
const (
	NHA_RES_GROUP_BUCKETS          = 0x1
	NHA_RES_GROUP_IDLE_TIMER       = 0x2
	NHA_RES_GROUP_UNBALANCED_TIMER = 0x3
	NHA_RES_GROUP_UNBALANCED_TIME  = 0x4
)

// include/uapi/linux/nexthop.h: inside NHA_RES_BUCKET, 5.13.
const (
	NHA_RES_BUCKET_INDEX     = 0x1
	NHA_RES_BUCKET_IDLE_TIME = 0x2
	NHA_RES_BUCKET_NH_ID     = 0x3
)

// include/uapi/linux/nexthop.h: inside NHA_GROUP_STATS, 6.9.
const (
	NHA_GROUP_STATS_ENTRY = 0x1

	NHA_GROUP_STATS_ENTRY_ID         = 0x1
	NHA_GROUP_STATS_ENTRY_PACKETS    = 0x2
	NHA_GROUP_STATS_ENTRY_PACKETS_HW = 0x3
)
