package uapi

// include/uapi/linux/neighbour.h: attributes of a neighbour.
const (
	NDA_PROTOCOL       = 0xc  // 5.0
	NDA_NH_ID          = 0xd  // 5.8
	NDA_FDB_EXT_ATTRS  = 0xe  // 5.9
	NDA_FLAGS_EXT      = 0xf  // 5.16
	NDA_NDM_STATE_MASK = 0x10 // 5.19
	NDA_NDM_FLAGS_MASK = 0x11 // 5.19
)

// include/uapi/linux/neighbour.h: ndm_flags, 4.20; NDA_FLAGS_EXT, 5.16.
const (
	NTF_STICKY = 0x40 // 4.20

	NTF_EXT_MANAGED       = 0x1 // 5.16
	NTF_EXT_LOCKED        = 0x2 // 6.2
	NTF_EXT_EXT_VALIDATED = 0x4 // 6.17
)

// include/uapi/linux/neighbour.h: NDA_FDB_EXT_ATTRS, 5.9.
const (
	NFEA_ACTIVITY_NOTIFY = 0x1
	NFEA_DONT_REFRESH    = 0x2

	FDB_NOTIFY_BIT          = 0x1
	FDB_NOTIFY_INACTIVE_BIT = 0x2
)

// include/uapi/linux/neighbour.h: attributes of a neighbour table, 2.6.13.
const (
	NDTA_NAME        = 0x1
	NDTA_THRESH1     = 0x2
	NDTA_THRESH2     = 0x3
	NDTA_THRESH3     = 0x4
	NDTA_CONFIG      = 0x5
	NDTA_PARMS       = 0x6
	NDTA_STATS       = 0x7
	NDTA_GC_INTERVAL = 0x8
	NDTA_PAD         = 0x9 // 4.7
)

// include/uapi/linux/neighbour.h: NDTA_PARMS, 2.6.13.
const (
	NDTPA_IFINDEX                = 0x1
	NDTPA_REFCNT                 = 0x2
	NDTPA_REACHABLE_TIME         = 0x3
	NDTPA_BASE_REACHABLE_TIME    = 0x4
	NDTPA_RETRANS_TIME           = 0x5
	NDTPA_GC_STALETIME           = 0x6
	NDTPA_DELAY_PROBE_TIME       = 0x7
	NDTPA_QUEUE_LEN              = 0x8
	NDTPA_APP_PROBES             = 0x9
	NDTPA_UCAST_PROBES           = 0xa
	NDTPA_MCAST_PROBES           = 0xb
	NDTPA_ANYCAST_DELAY          = 0xc
	NDTPA_PROXY_DELAY            = 0xd
	NDTPA_PROXY_QLEN             = 0xe
	NDTPA_LOCKTIME               = 0xf
	NDTPA_QUEUE_LENBYTES         = 0x10 // 3.3
	NDTPA_MCAST_REPROBES         = 0x11 // 4.1
	NDTPA_PAD                    = 0x12 // 4.7
	NDTPA_INTERVAL_PROBE_TIME_MS = 0x13 // 6.0
)
