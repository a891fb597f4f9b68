package uapi

// include/uapi/linux/if_addr.h: who made an address, 5.18.
const (
	IFA_PROTO = 0xb

	IFAPROT_UNSPEC    = 0x0
	IFAPROT_KERNEL_LO = 0x1
	IFAPROT_KERNEL_RA = 0x2
	IFAPROT_KERNEL_LL = 0x3
)
