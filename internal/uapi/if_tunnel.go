package uapi

// include/uapi/linux/if_tunnel.h: attributes of a gre, gretap, erspan, ip6gre,
// ip6gretap or ip6erspan link, the last of them 4.16.
const (
	IFLA_GRE_LINK             = 0x1
	IFLA_GRE_IFLAGS           = 0x2
	IFLA_GRE_OFLAGS           = 0x3
	IFLA_GRE_IKEY             = 0x4
	IFLA_GRE_OKEY             = 0x5
	IFLA_GRE_LOCAL            = 0x6
	IFLA_GRE_REMOTE           = 0x7
	IFLA_GRE_TTL              = 0x8
	IFLA_GRE_TOS              = 0x9
	IFLA_GRE_PMTUDISC         = 0xa
	IFLA_GRE_ENCAP_LIMIT      = 0xb
	IFLA_GRE_FLOWINFO         = 0xc
	IFLA_GRE_FLAGS            = 0xd
	IFLA_GRE_ENCAP_TYPE       = 0xe
	IFLA_GRE_ENCAP_FLAGS      = 0xf
	IFLA_GRE_ENCAP_SPORT      = 0x10
	IFLA_GRE_ENCAP_DPORT      = 0x11
	IFLA_GRE_COLLECT_METADATA = 0x12
	IFLA_GRE_IGNORE_DF        = 0x13
	IFLA_GRE_FWMARK           = 0x14
	IFLA_GRE_ERSPAN_INDEX     = 0x15
	IFLA_GRE_ERSPAN_VER       = 0x16
	IFLA_GRE_ERSPAN_DIR       = 0x17
	IFLA_GRE_ERSPAN_HWID      = 0x18
)

// include/uapi/linux/if_tunnel.h: IFLA_GRE_IFLAGS and IFLA_GRE_OFLAGS, which are in
// network byte order.
const (
	GRE_CSUM = 0x8000
	GRE_KEY  = 0x2000
	GRE_SEQ  = 0x1000
)

// include/uapi/linux/if_tunnel.h: attributes of an ipip, sit or ip6tnl link, the
// last of them 4.12.
const (
	IFLA_IPTUN_LINK                = 0x1
	IFLA_IPTUN_LOCAL               = 0x2
	IFLA_IPTUN_REMOTE              = 0x3
	IFLA_IPTUN_TTL                 = 0x4
	IFLA_IPTUN_TOS                 = 0x5
	IFLA_IPTUN_ENCAP_LIMIT         = 0x6
	IFLA_IPTUN_FLOWINFO            = 0x7
	IFLA_IPTUN_FLAGS               = 0x8
	IFLA_IPTUN_PROTO               = 0x9
	IFLA_IPTUN_PMTUDISC            = 0xa
	IFLA_IPTUN_6RD_PREFIX          = 0xb
	IFLA_IPTUN_6RD_RELAY_PREFIX    = 0xc
	IFLA_IPTUN_6RD_PREFIXLEN       = 0xd
	IFLA_IPTUN_6RD_RELAY_PREFIXLEN = 0xe
	IFLA_IPTUN_ENCAP_TYPE          = 0xf
	IFLA_IPTUN_ENCAP_FLAGS         = 0x10
	IFLA_IPTUN_ENCAP_SPORT         = 0x11
	IFLA_IPTUN_ENCAP_DPORT         = 0x12
	IFLA_IPTUN_COLLECT_METADATA    = 0x13
	IFLA_IPTUN_FWMARK              = 0x14
)

// include/uapi/linux/if_tunnel.h: IFLA_IPTUN_FLAGS of a sit link, in host byte
// order.
const (
	SIT_ISATAP = 0x1
)

// include/uapi/linux/if_tunnel.h: the type of an encapsulation, 3.18; MPLS 4.2.
const (
	TUNNEL_ENCAP_NONE = 0x0
	TUNNEL_ENCAP_FOU  = 0x1
	TUNNEL_ENCAP_GUE  = 0x2
	TUNNEL_ENCAP_MPLS = 0x3
)

// include/uapi/linux/if_tunnel.h: the flags of an encapsulation, 3.18.
const (
	TUNNEL_ENCAP_FLAG_CSUM    = 0x1
	TUNNEL_ENCAP_FLAG_CSUM6   = 0x2
	TUNNEL_ENCAP_FLAG_REMCSUM = 0x4
)

// include/uapi/linux/if_tunnel.h: attributes of a vti or vti6 link, the last of them
// 4.12.
const (
	IFLA_VTI_LINK   = 0x1
	IFLA_VTI_IKEY   = 0x2
	IFLA_VTI_OKEY   = 0x3
	IFLA_VTI_LOCAL  = 0x4
	IFLA_VTI_REMOTE = 0x5
	IFLA_VTI_FWMARK = 0x6
)
