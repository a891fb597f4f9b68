package uapi

// include/uapi/linux/ip.h: places in IFLA_INET_CONF, counted from 1, 2.6.37.
const (
	IPV4_DEVCONF_FORWARDING                         = 1
	IPV4_DEVCONF_MC_FORWARDING                      = 2
	IPV4_DEVCONF_PROXY_ARP                          = 3
	IPV4_DEVCONF_ACCEPT_REDIRECTS                   = 4
	IPV4_DEVCONF_SECURE_REDIRECTS                   = 5
	IPV4_DEVCONF_SEND_REDIRECTS                     = 6
	IPV4_DEVCONF_SHARED_MEDIA                       = 7
	IPV4_DEVCONF_RP_FILTER                          = 8
	IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE                = 9
	IPV4_DEVCONF_BOOTP_RELAY                        = 10
	IPV4_DEVCONF_LOG_MARTIANS                       = 11
	IPV4_DEVCONF_TAG                                = 12
	IPV4_DEVCONF_ARPFILTER                          = 13
	IPV4_DEVCONF_MEDIUM_ID                          = 14
	IPV4_DEVCONF_NOXFRM                             = 15
	IPV4_DEVCONF_NOPOLICY                           = 16
	IPV4_DEVCONF_FORCE_IGMP_VERSION                 = 17
	IPV4_DEVCONF_ARP_ANNOUNCE                       = 18
	IPV4_DEVCONF_ARP_IGNORE                         = 19
	IPV4_DEVCONF_PROMOTE_SECONDARIES                = 20
	IPV4_DEVCONF_ARP_ACCEPT                         = 21
	IPV4_DEVCONF_ARP_NOTIFY                         = 22
	IPV4_DEVCONF_ACCEPT_LOCAL                       = 23
	IPV4_DEVCONF_SRC_VMARK                          = 24
	IPV4_DEVCONF_PROXY_ARP_PVLAN                    = 25
	IPV4_DEVCONF_ROUTE_LOCALNET                     = 26
	IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL = 27
	IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL = 28
	IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN        = 29
	IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST       = 30
	IPV4_DEVCONF_DROP_GRATUITOUS_ARP                = 31
	IPV4_DEVCONF_BC_FORWARDING                      = 32
	IPV4_DEVCONF_ARP_EVICT_NOCARRIER                = 33 // 5.16
)
