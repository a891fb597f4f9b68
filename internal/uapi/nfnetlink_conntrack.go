package uapi

// include/uapi/linux/netfilter/nfnetlink_conntrack.h: attributes of a connection,
// 2.6.14 and where it says so.
const (
	CTA_TUPLE_ORIG     = 0x1
	CTA_TUPLE_REPLY    = 0x2
	CTA_STATUS         = 0x3
	CTA_PROTOINFO      = 0x4
	CTA_HELP           = 0x5
	CTA_TIMEOUT        = 0x7
	CTA_MARK           = 0x8
	CTA_COUNTERS_ORIG  = 0x9
	CTA_COUNTERS_REPLY = 0xa
	CTA_USE            = 0xb
	CTA_ID             = 0xc
	CTA_TUPLE_MASTER   = 0xe  // 2.6.22
	CTA_SEQ_ADJ_ORIG   = 0xf  // 2.6.25
	CTA_SEQ_ADJ_REPLY  = 0x10 // 2.6.25
	CTA_ZONE           = 0x12 // 2.6.34
	CTA_SECCTX         = 0x13 // 2.6.37
	CTA_TIMESTAMP      = 0x14 // 2.6.38
	CTA_LABELS         = 0x16 // 3.9
	CTA_SYNPROXY       = 0x18 // 4.17
)

// include/uapi/linux/netfilter/nfnetlink_conntrack.h: attributes inside of those.
const (
	CTA_TUPLE_IP    = 0x1
	CTA_TUPLE_PROTO = 0x2
	CTA_TUPLE_ZONE  = 0x3 // 4.3

	CTA_IP_V4_SRC = 0x1
	CTA_IP_V4_DST = 0x2
	CTA_IP_V6_SRC = 0x3
	CTA_IP_V6_DST = 0x4

	CTA_PROTO_NUM         = 0x1
	CTA_PROTO_SRC_PORT    = 0x2
	CTA_PROTO_DST_PORT    = 0x3
	CTA_PROTO_ICMP_ID     = 0x4
	CTA_PROTO_ICMP_TYPE   = 0x5
	CTA_PROTO_ICMP_CODE   = 0x6
	CTA_PROTO_ICMPV6_ID   = 0x7
	CTA_PROTO_ICMPV6_TYPE = 0x8
	CTA_PROTO_ICMPV6_CODE = 0x9

	CTA_PROTOINFO_TCP  = 0x1
	CTA_PROTOINFO_DCCP = 0x2
	CTA_PROTOINFO_SCTP = 0x3

	CTA_PROTOINFO_TCP_STATE           = 0x1
	CTA_PROTOINFO_TCP_WSCALE_ORIGINAL = 0x2
	CTA_PROTOINFO_TCP_WSCALE_REPLY    = 0x3
	CTA_PROTOINFO_TCP_FLAGS_ORIGINAL  = 0x4
	CTA_PROTOINFO_TCP_FLAGS_REPLY     = 0x5

	CTA_PROTOINFO_DCCP_STATE         = 0x1
	CTA_PROTOINFO_DCCP_ROLE          = 0x2
	CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ = 0x3

	CTA_PROTOINFO_SCTP_STATE         = 0x1
	CTA_PROTOINFO_SCTP_VTAG_ORIGINAL = 0x2
	CTA_PROTOINFO_SCTP_VTAG_REPLY    = 0x3

	CTA_COUNTERS_PACKETS = 0x1
	CTA_COUNTERS_BYTES   = 0x2

	CTA_HELP_NAME = 0x1

	CTA_SEQADJ_CORRECTION_POS = 0x1
	CTA_SEQADJ_OFFSET_BEFORE  = 0x2
	CTA_SEQADJ_OFFSET_AFTER   = 0x3

	CTA_SECCTX_NAME = 0x1

	CTA_TIMESTAMP_START = 0x1
	CTA_TIMESTAMP_STOP  = 0x2

	CTA_SYNPROXY_ISN   = 0x1
	CTA_SYNPROXY_ITS   = 0x2
	CTA_SYNPROXY_TSOFF = 0x3
)

// include/uapi/linux/netfilter/nf_conntrack_common.h: enum ip_conntrack_status.
const (
	IPS_EXPECTED      = 0x1
	IPS_SEEN_REPLY    = 0x2
	IPS_ASSURED       = 0x4
	IPS_CONFIRMED     = 0x8
	IPS_SRC_NAT       = 0x10
	IPS_DST_NAT       = 0x20
	IPS_SEQ_ADJUST    = 0x40
	IPS_SRC_NAT_DONE  = 0x80
	IPS_DST_NAT_DONE  = 0x100
	IPS_DYING         = 0x200
	IPS_FIXED_TIMEOUT = 0x400
	IPS_TEMPLATE      = 0x800
	IPS_UNTRACKED     = 0x1000
	IPS_HELPER        = 0x2000
	IPS_OFFLOAD       = 0x4000 // 4.16
	IPS_HW_OFFLOAD    = 0x8000 // 5.5
)

// include/uapi/linux/netfilter/nf_conntrack_tcp.h: enum tcp_conntrack.
const (
	TCP_CONNTRACK_NONE        = 0x0
	TCP_CONNTRACK_SYN_SENT    = 0x1
	TCP_CONNTRACK_SYN_RECV    = 0x2
	TCP_CONNTRACK_ESTABLISHED = 0x3
	TCP_CONNTRACK_FIN_WAIT    = 0x4
	TCP_CONNTRACK_CLOSE_WAIT  = 0x5
	TCP_CONNTRACK_LAST_ACK    = 0x6
	TCP_CONNTRACK_TIME_WAIT   = 0x7
	TCP_CONNTRACK_CLOSE       = 0x8
	TCP_CONNTRACK_SYN_SENT2   = 0x9 // before 2.6.30 LISTEN
)

// include/uapi/linux/netfilter/nf_conntrack_sctp.h: enum sctp_conntrack.
const (
	SCTP_CONNTRACK_NONE              = 0x0
	SCTP_CONNTRACK_CLOSED            = 0x1
	SCTP_CONNTRACK_COOKIE_WAIT       = 0x2
	SCTP_CONNTRACK_COOKIE_ECHOED     = 0x3
	SCTP_CONNTRACK_ESTABLISHED       = 0x4
	SCTP_CONNTRACK_SHUTDOWN_SENT     = 0x5
	SCTP_CONNTRACK_SHUTDOWN_RECD     = 0x6
	SCTP_CONNTRACK_SHUTDOWN_ACK_SENT = 0x7
	SCTP_CONNTRACK_HEARTBEAT_SENT    = 0x8 // 4.2
)

// include/uapi/linux/netfilter/nf_conntrack_tcp.h: flags of one side of a
// connection.
const (
	IP_CT_TCP_FLAG_WINDOW_SCALE        = 0x1
	IP_CT_TCP_FLAG_SACK_PERM           = 0x2
	IP_CT_TCP_FLAG_CLOSE_INIT          = 0x4
	IP_CT_TCP_FLAG_BE_LIBERAL          = 0x8
	IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED = 0x10
	IP_CT_TCP_FLAG_MAXACK_SET          = 0x20
)

// include/linux/netfilter/nf_conntrack_dccp.h: enum ct_dccp_states and
// ct_dccp_roles, until 6.15.
const (
	CT_DCCP_NONE     = 0x0
	CT_DCCP_REQUEST  = 0x1
	CT_DCCP_RESPOND  = 0x2
	CT_DCCP_PARTOPEN = 0x3
	CT_DCCP_OPEN     = 0x4
	CT_DCCP_CLOSEREQ = 0x5
	CT_DCCP_CLOSING  = 0x6
	CT_DCCP_TIMEWAIT = 0x7
	CT_DCCP_IGNORE   = 0x8
	CT_DCCP_INVALID  = 0x9

	CT_DCCP_ROLE_CLIENT = 0x0
	CT_DCCP_ROLE_SERVER = 0x1
)
