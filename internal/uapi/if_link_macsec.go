package uapi

// include/uapi/linux/if_link.h: IFLA_MACSEC_VALIDATION, 4.6.
const (
	MACSEC_VALIDATE_DISABLED = 0x0
	MACSEC_VALIDATE_CHECK    = 0x1
	MACSEC_VALIDATE_STRICT   = 0x2
)

// include/uapi/linux/if_link.h: IFLA_MACSEC_OFFLOAD, 5.7.
const (
	MACSEC_OFFLOAD_OFF = 0x0
	MACSEC_OFFLOAD_PHY = 0x1
	MACSEC_OFFLOAD_MAC = 0x2
)
