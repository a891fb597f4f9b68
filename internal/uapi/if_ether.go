package uapi

// include/uapi/linux/if_ether.h: protocols above Ethernet.
const (
	ETH_P_IP      = 0x0800
	ETH_P_ARP     = 0x0806
	ETH_P_8021Q   = 0x8100
	ETH_P_IPV6    = 0x86dd
	ETH_P_MPLS_UC = 0x8847
	ETH_P_MPLS_MC = 0x8848
	ETH_P_PPP_SES = 0x8864
	ETH_P_8021AD  = 0x88a8
	ETH_P_LLDP    = 0x88cc
)
