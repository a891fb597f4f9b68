package uapi

// include/uapi/linux/lwtunnel.h: inside RTA_ENCAP of type LWTUNNEL_ENCAP_IP.
const (
	LWTUNNEL_IP_ID    = 0x1
	LWTUNNEL_IP_DST   = 0x2
	LWTUNNEL_IP_SRC   = 0x3
	LWTUNNEL_IP_TTL   = 0x4
	LWTUNNEL_IP_TOS   = 0x5
	LWTUNNEL_IP_FLAGS = 0x6
	LWTUNNEL_IP_PAD   = 0x7
	LWTUNNEL_IP_OPTS  = 0x8 // 5.5
)

// include/uapi/linux/lwtunnel.h: inside RTA_ENCAP of type LWTUNNEL_ENCAP_IP6.
const (
	LWTUNNEL_IP6_ID       = 0x1
	LWTUNNEL_IP6_DST      = 0x2
	LWTUNNEL_IP6_SRC      = 0x3
	LWTUNNEL_IP6_HOPLIMIT = 0x4
	LWTUNNEL_IP6_TC       = 0x5
	LWTUNNEL_IP6_FLAGS    = 0x6
	LWTUNNEL_IP6_PAD      = 0x7
	LWTUNNEL_IP6_OPTS     = 0x8 // 5.5
)

// include/uapi/linux/lwtunnel.h: inside LWTUNNEL_IP_OPTS and LWTUNNEL_IP6_OPTS,
// 5.5.
const (
	LWTUNNEL_IP_OPTS_GENEVE = 0x1
	LWTUNNEL_IP_OPTS_VXLAN  = 0x2
	LWTUNNEL_IP_OPTS_ERSPAN = 0x3

	LWTUNNEL_IP_OPT_GENEVE_CLASS = 0x1
	LWTUNNEL_IP_OPT_GENEVE_TYPE  = 0x2
	LWTUNNEL_IP_OPT_GENEVE_DATA  = 0x3

	LWTUNNEL_IP_OPT_VXLAN_GBP = 0x1

	LWTUNNEL_IP_OPT_ERSPAN_VER   = 0x1
	LWTUNNEL_IP_OPT_ERSPAN_INDEX = 0x2
	LWTUNNEL_IP_OPT_ERSPAN_DIR   = 0x3
	LWTUNNEL_IP_OPT_ERSPAN_HWID  = 0x4
)

// include/uapi/linux/if_tunnel.h: flags of a tunnel, in network byte order.
const (
	TUNNEL_CSUM          = 0x1
	TUNNEL_ROUTING       = 0x2
	TUNNEL_KEY           = 0x4
	TUNNEL_SEQ           = 0x8
	TUNNEL_STRICT        = 0x10
	TUNNEL_REC           = 0x20
	TUNNEL_VERSION       = 0x40
	TUNNEL_NO_KEY        = 0x80
	TUNNEL_DONT_FRAGMENT = 0x100
	TUNNEL_OAM           = 0x200
	TUNNEL_CRIT_OPT      = 0x400
	TUNNEL_GENEVE_OPT    = 0x800
	TUNNEL_VXLAN_OPT     = 0x1000
	TUNNEL_NOCACHE       = 0x2000
	TUNNEL_ERSPAN_OPT    = 0x4000
	TUNNEL_GTP_OPT       = 0x8000
)

// include/uapi/linux/lwtunnel.h: inside RTA_ENCAP of type LWTUNNEL_ENCAP_BPF.
const (
	LWT_BPF_IN            = 0x1
	LWT_BPF_OUT           = 0x2
	LWT_BPF_XMIT          = 0x3
	LWT_BPF_XMIT_HEADROOM = 0x4

	LWT_BPF_PROG_FD   = 0x1
	LWT_BPF_PROG_NAME = 0x2

	LWT_BPF_MAX_HEADROOM = 256
)

// include/uapi/linux/lwtunnel.h: inside RTA_ENCAP of type LWTUNNEL_ENCAP_XFRM, 6.1.
const (
	LWT_XFRM_IF_ID = 0x1
	LWT_XFRM_LINK  = 0x2
)
