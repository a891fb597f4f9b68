package uapi

// include/uapi/linux/ipv6.h: places in IFLA_INET6_CONF, counted from 0.
const (
	DEVCONF_FORWARDING                        = 0
	DEVCONF_HOPLIMIT                          = 1
	DEVCONF_MTU6                              = 2
	DEVCONF_ACCEPT_RA                         = 3
	DEVCONF_ACCEPT_REDIRECTS                  = 4
	DEVCONF_AUTOCONF                          = 5
	DEVCONF_DAD_TRANSMITS                     = 6
	DEVCONF_RTR_SOLICITS                      = 7
	DEVCONF_RTR_SOLICIT_INTERVAL              = 8
	DEVCONF_RTR_SOLICIT_DELAY                 = 9
	DEVCONF_USE_TEMPADDR                      = 10
	DEVCONF_TEMP_VALID_LFT                    = 11
	DEVCONF_TEMP_PREFERED_LFT                 = 12
	DEVCONF_REGEN_MAX_RETRY                   = 13
	DEVCONF_MAX_DESYNC_FACTOR                 = 14
	DEVCONF_MAX_ADDRESSES                     = 15
	DEVCONF_FORCE_MLD_VERSION                 = 16
	DEVCONF_ACCEPT_RA_DEFRTR                  = 17
	DEVCONF_ACCEPT_RA_PINFO                   = 18
	DEVCONF_ACCEPT_RA_RTR_PREF                = 19
	DEVCONF_RTR_PROBE_INTERVAL                = 20
	DEVCONF_ACCEPT_RA_RT_INFO_MAX_PLEN        = 21
	DEVCONF_PROXY_NDP                         = 22
	DEVCONF_OPTIMISTIC_DAD                    = 23
	DEVCONF_ACCEPT_SOURCE_ROUTE               = 24
	DEVCONF_MC_FORWARDING                     = 25
	DEVCONF_DISABLE_IPV6                      = 26
	DEVCONF_ACCEPT_DAD                        = 27
	DEVCONF_FORCE_TLLAO                       = 28
	DEVCONF_NDISC_NOTIFY                      = 29
	DEVCONF_MLDV1_UNSOLICITED_REPORT_INTERVAL = 30
	DEVCONF_MLDV2_UNSOLICITED_REPORT_INTERVAL = 31
	DEVCONF_SUPPRESS_FRAG_NDISC               = 32
	DEVCONF_ACCEPT_RA_FROM_LOCAL              = 33
	DEVCONF_USE_OPTIMISTIC                    = 34
	DEVCONF_ACCEPT_RA_MTU                     = 35
	DEVCONF_USE_OIF_ADDRS_ONLY                = 37
	DEVCONF_ACCEPT_RA_MIN_HOP_LIMIT           = 38
	DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN       = 39
	DEVCONF_DROP_UNICAST_IN_L2_MULTICAST      = 40
	DEVCONF_DROP_UNSOLICITED_NA               = 41
	DEVCONF_KEEP_ADDR_ON_DOWN                 = 42
	DEVCONF_RTR_SOLICIT_MAX_INTERVAL          = 43
	DEVCONF_SEG6_ENABLED                      = 44
	DEVCONF_SEG6_REQUIRE_HMAC                 = 45
	DEVCONF_ENHANCED_DAD                      = 46
	DEVCONF_ADDR_GEN_MODE                     = 47
	DEVCONF_DISABLE_POLICY                    = 48
	DEVCONF_ACCEPT_RA_RT_INFO_MIN_PLEN        = 49
	DEVCONF_NDISC_TCLASS                      = 50
	DEVCONF_RPL_SEG_ENABLED                   = 51 // 5.7
	DEVCONF_RA_DEFRTR_METRIC                  = 52 // 5.12
	DEVCONF_IOAM6_ENABLED                     = 53 // 5.15
	DEVCONF_IOAM6_ID                          = 54 // 5.15
	DEVCONF_IOAM6_ID_WIDE                     = 55 // 5.15
	DEVCONF_NDISC_EVICT_NOCARRIER             = 56 // 5.16
	DEVCONF_ACCEPT_UNTRACKED_NA               = 57 // 5.18
	DEVCONF_ACCEPT_RA_MIN_LFT                 = 58 // 6.6
	DEVCONF_FORCE_FORWARDING                  = 59 // 6.17
)

// include/net/if_inet6.h: IFLA_INET6_FLAGS.
const (
	IF_RS_SENT      = 0x10
	IF_RA_RCVD      = 0x20
	IF_RA_MANAGED   = 0x40
	IF_RA_OTHERCONF = 0x80
	IF_READY        = 0x80000000
)
