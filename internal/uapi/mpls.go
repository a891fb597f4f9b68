package uapi

// include/uapi/linux/mpls.h: struct mpls_label.
const (
	MPLS_LS_LABEL_SHIFT = 12
	MPLS_LS_S_MASK      = 0x100

	MPLS_LABEL_IMPLNULL         = 3
	MPLS_LABEL_FIRST_UNRESERVED = 16
)
