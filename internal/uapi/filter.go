package uapi

// include/uapi/linux/filter.h: what a socket filter loads beside the packet, from
// offsets that stand for something else.
const (
	SKF_AD_OFF    = -0x1000
	SKF_AD_NLATTR = 12 // the offset of the attribute of type X, looked for from offset A
)
