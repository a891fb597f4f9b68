package uapi

// include/uapi/linux/can/netlink.h: attributes of a can link that came after 5.4.
const (
	IFLA_CAN_TDC                     = 0x10 // 5.16
	IFLA_CAN_CTRLMODE_EXT            = 0x11 // 5.17
	IFLA_CAN_XL_DATA_BITTIMING       = 0x12 // 6.19
	IFLA_CAN_XL_DATA_BITTIMING_CONST = 0x13 // 6.19
	IFLA_CAN_XL_DATA_BITRATE_CONST   = 0x14 // 6.19
	IFLA_CAN_XL_TDC                  = 0x15 // 6.19
	IFLA_CAN_XL_PWM                  = 0x16 // 6.19
)

// include/uapi/linux/can/netlink.h: inside IFLA_CAN_TDC, 5.16, and IFLA_CAN_XL_TDC.
const (
	IFLA_CAN_TDC_TDCV_MIN = 0x1
	IFLA_CAN_TDC_TDCV_MAX = 0x2
	IFLA_CAN_TDC_TDCO_MIN = 0x3
	IFLA_CAN_TDC_TDCO_MAX = 0x4
	IFLA_CAN_TDC_TDCF_MIN = 0x5
	IFLA_CAN_TDC_TDCF_MAX = 0x6
	IFLA_CAN_TDC_TDCV     = 0x7
	IFLA_CAN_TDC_TDCO     = 0x8
	IFLA_CAN_TDC_TDCF     = 0x9
)

// include/uapi/linux/can/netlink.h: inside IFLA_CAN_CTRLMODE_EXT, 5.17.
const (
	IFLA_CAN_CTRLMODE_SUPPORTED = 0x1
)

// include/uapi/linux/can/netlink.h: inside IFLA_CAN_XL_PWM, 6.19.
const (
	IFLA_CAN_PWM_PWMS_MIN = 0x1
	IFLA_CAN_PWM_PWMS_MAX = 0x2
	IFLA_CAN_PWM_PWML_MIN = 0x3
	IFLA_CAN_PWM_PWML_MAX = 0x4
	IFLA_CAN_PWM_PWMO_MIN = 0x5
	IFLA_CAN_PWM_PWMO_MAX = 0x6
	IFLA_CAN_PWM_PWMS     = 0x7
	IFLA_CAN_PWM_PWML     = 0x8
	IFLA_CAN_PWM_PWMO     = 0x9
)

// include/uapi/linux/can/netlink.h: IFLA_CAN_STATE, 2.6.31.
const (
	CAN_STATE_ERROR_ACTIVE  = 0x0
	CAN_STATE_ERROR_WARNING = 0x1
	CAN_STATE_ERROR_PASSIVE = 0x2
	CAN_STATE_BUS_OFF       = 0x3
	CAN_STATE_STOPPED       = 0x4
	CAN_STATE_SLEEPING      = 0x5
)

// include/uapi/linux/can/netlink.h: IFLA_CAN_CTRLMODE.
const (
	CAN_CTRLMODE_LOOPBACK       = 0x1
	CAN_CTRLMODE_LISTENONLY     = 0x2
	CAN_CTRLMODE_3_SAMPLES      = 0x4
	CAN_CTRLMODE_ONE_SHOT       = 0x8
	CAN_CTRLMODE_BERR_REPORTING = 0x10
	CAN_CTRLMODE_FD             = 0x20
	CAN_CTRLMODE_PRESUME_ACK    = 0x40
	CAN_CTRLMODE_FD_NON_ISO     = 0x80
	CAN_CTRLMODE_CC_LEN8_DLC    = 0x100  // 5.11
	CAN_CTRLMODE_TDC_AUTO       = 0x200  // 5.16
	CAN_CTRLMODE_TDC_MANUAL     = 0x400  // 5.16
	CAN_CTRLMODE_RESTRICTED     = 0x800  // 6.19
	CAN_CTRLMODE_XL             = 0x1000 // 6.19
	CAN_CTRLMODE_XL_TDC_AUTO    = 0x2000 // 6.19
	CAN_CTRLMODE_XL_TDC_MANUAL  = 0x4000 // 6.19
	CAN_CTRLMODE_XL_TMS         = 0x8000 // 6.19
)
