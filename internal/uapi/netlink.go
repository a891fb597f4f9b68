package uapi

// include/uapi/linux/netlink.h, 6.1: the extended acknowledgement of a missing
// attribute.
const (
	NLMSGERR_ATTR_MISS_TYPE = 0x5
	NLMSGERR_ATTR_MISS_NEST = 0x6
)

// include/linux/errno.h: an errno of the kernel's own that reaches users all the
// same.
const ENOTSUPP = 524
