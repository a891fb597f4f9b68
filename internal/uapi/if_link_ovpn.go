package uapi

// include/uapi/linux/if_link.h: attributes of an ovpn link, 6.16.
const (
	IFLA_OVPN_MODE = 0x1
)

// include/uapi/linux/if_link.h: IFLA_OVPN_MODE, 6.16.
const (
	OVPN_MODE_P2P = 0x0
	OVPN_MODE_MP  = 0x1
)
