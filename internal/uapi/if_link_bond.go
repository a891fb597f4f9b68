package uapi

// include/uapi/linux/if_link.h: attributes of a bond.
const (
	IFLA_BOND_BROADCAST_NEIGH = 0x21 // 6.17
	IFLA_BOND_LACP_STRICT     = 0x22 // 7.2
)

// include/uapi/linux/if_link.h: attributes of a port of a bond.
const (
	IFLA_BOND_SLAVE_ACTOR_PORT_PRIO        = 0xa // 6.18
	IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE   = 0xb // 7.1
	IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE = 0xc // 7.1
)
