package uapi

// include/uapi/linux/netfilter/nfnetlink_log.h: messages, 2.6.14.
const (
	NFULNL_MSG_PACKET = 0x0
	NFULNL_MSG_CONFIG = 0x1
)

// include/uapi/linux/netfilter/nfnetlink_log.h: attributes of a packet, 2.6.14 and
// where it says so.
const (
	NFULA_PACKET_HDR         = 0x1
	NFULA_MARK               = 0x2
	NFULA_TIMESTAMP          = 0x3
	NFULA_IFINDEX_INDEV      = 0x4
	NFULA_IFINDEX_OUTDEV     = 0x5
	NFULA_IFINDEX_PHYSINDEV  = 0x6
	NFULA_IFINDEX_PHYSOUTDEV = 0x7
	NFULA_HWADDR             = 0x8
	NFULA_PAYLOAD            = 0x9
	NFULA_PREFIX             = 0xa
	NFULA_UID                = 0xb
	NFULA_SEQ                = 0xc  // 2.6.17
	NFULA_SEQ_GLOBAL         = 0xd  // 2.6.17
	NFULA_GID                = 0xe  // 2.6.25
	NFULA_HWTYPE             = 0xf  // 2.6.27
	NFULA_HWHEADER           = 0x10 // 2.6.27
	NFULA_HWLEN              = 0x11 // 2.6.27
	NFULA_CT                 = 0x12 // 4.4
	NFULA_CT_INFO            = 0x13 // 4.4
	NFULA_VLAN               = 0x14 // 5.6
	NFULA_L2HDR              = 0x15 // 5.6
)

// include/uapi/linux/netfilter/nfnetlink_log.h: attributes in NFULA_VLAN, 5.6.
const (
	NFULA_VLAN_PROTO = 0x1
	NFULA_VLAN_TCI   = 0x2
)

// include/uapi/linux/netfilter/nfnetlink_log.h: attributes of a configuration,
// 2.6.14; flags 2.6.17.
const (
	NFULA_CFG_CMD      = 0x1
	NFULA_CFG_MODE     = 0x2
	NFULA_CFG_NLBUFSIZ = 0x3
	NFULA_CFG_TIMEOUT  = 0x4
	NFULA_CFG_QTHRESH  = 0x5
	NFULA_CFG_FLAGS    = 0x6
)

// include/uapi/linux/netfilter/nfnetlink_log.h: what NFULA_CFG_CMD,
// NFULA_CFG_MODE and NFULA_CFG_FLAGS hold.
const (
	NFULNL_CFG_CMD_BIND      = 0x1
	NFULNL_CFG_CMD_PF_BIND   = 0x3
	NFULNL_CFG_CMD_PF_UNBIND = 0x4

	NFULNL_COPY_NONE   = 0x0
	NFULNL_COPY_META   = 0x1
	NFULNL_COPY_PACKET = 0x2

	NFULNL_CFG_F_SEQ        = 0x1 // 2.6.17
	NFULNL_CFG_F_SEQ_GLOBAL = 0x2 // 2.6.17
	NFULNL_CFG_F_CONNTRACK  = 0x4 // 4.4
)
