package uapi

// include/uapi/linux/if_bridge.h: bits of IFLA_BR_MULTI_BOOLOPT, by their number.
const (
	BR_BOOLOPT_NO_LL_LEARN                   = 0 // 5.0
	BR_BOOLOPT_MCAST_VLAN_SNOOPING           = 1 // 5.15
	BR_BOOLOPT_MST_ENABLE                    = 2 // 5.18
	BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION = 3 // 6.16
	BR_BOOLOPT_FDB_LOCAL_VLAN_0              = 4 // 6.18
)

// include/uapi/linux/if_bridge.h: IFLA_BR_MCAST_QUERIER_STATE, 5.15.
const (
	BRIDGE_QUERIER_IP_ADDRESS       = 0x1
	BRIDGE_QUERIER_IP_PORT          = 0x2
	BRIDGE_QUERIER_IP_OTHER_TIMER   = 0x3
	BRIDGE_QUERIER_IPV6_ADDRESS     = 0x5
	BRIDGE_QUERIER_IPV6_PORT        = 0x6
	BRIDGE_QUERIER_IPV6_OTHER_TIMER = 0x7
)

// include/uapi/linux/if_bridge.h: IFLA_BRPORT_STATE.
const (
	BR_STATE_DISABLED   = 0x0
	BR_STATE_LISTENING  = 0x1
	BR_STATE_LEARNING   = 0x2
	BR_STATE_FORWARDING = 0x3
	BR_STATE_BLOCKING   = 0x4
)
