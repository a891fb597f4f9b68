package uapi

// include/uapi/linux/devlink.h: what stands in IFLA_DEVLINK_PORT, 6.2.
const (
	DEVLINK_ATTR_BUS_NAME   = 0x1
	DEVLINK_ATTR_DEV_NAME   = 0x2
	DEVLINK_ATTR_PORT_INDEX = 0x3
)
