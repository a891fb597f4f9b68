package uapi

// include/uapi/linux/ip6_tunnel.h: IFLA_IPTUN_FLAGS of an ip6tnl link, and
// IFLA_GRE_FLAGS of the kinds of GRE over IPv6.
const (
	IP6_TNL_F_IGN_ENCAP_LIMIT    = 0x1
	IP6_TNL_F_USE_ORIG_TCLASS    = 0x2
	IP6_TNL_F_USE_ORIG_FLOWLABEL = 0x4
	IP6_TNL_F_MIP6_DEV           = 0x8
	IP6_TNL_F_RCV_DSCP_COPY      = 0x10
	IP6_TNL_F_USE_ORIG_FWMARK    = 0x20
	IP6_TNL_F_ALLOW_LOCAL_REMOTE = 0x40
)

// include/net/ip6_tunnel.h: what the kernel notes among these flags: whether the
// addresses are good to send, to receive, or depend on the packet.
const (
	IP6_TNL_F_CAP_XMIT       = 0x10000
	IP6_TNL_F_CAP_RCV        = 0x20000
	IP6_TNL_F_CAP_PER_PACKET = 0x40000
)
