package uapi

// include/uapi/linux/netfilter.h: a hook of the inet family, 5.10.
const NF_INET_INGRESS = 0x5

// include/uapi/linux/netfilter_arp.h: the hooks of ARP.
const (
	NF_ARP_IN      = 0x0
	NF_ARP_OUT     = 0x1
	NF_ARP_FORWARD = 0x2
)

// include/uapi/linux/netfilter_bridge.h: the hooks of bridges.
const (
	NF_BR_PRE_ROUTING  = 0x0
	NF_BR_LOCAL_IN     = 0x1
	NF_BR_FORWARD      = 0x2
	NF_BR_LOCAL_OUT    = 0x3
	NF_BR_POST_ROUTING = 0x4
	NF_BR_BROUTING     = 0x5
)

// include/uapi/linux/netfilter/nf_conntrack_common.h: enum ip_conntrack_info; as
// the kernel reports it, the reply of a new connection is NEW.
const (
	IP_CT_ESTABLISHED       = 0x0
	IP_CT_RELATED           = 0x1
	IP_CT_NEW               = 0x2
	IP_CT_ESTABLISHED_REPLY = 0x3
	IP_CT_RELATED_REPLY     = 0x4
	IP_CT_UNTRACKED         = 0x7 // 4.13
)
