package uapi

// include/uapi/linux/batman_adv.h: attributes of a batadv link, 5.11.
const (
	IFLA_BATADV_ALGO_NAME = 0x1
)
