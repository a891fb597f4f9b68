package uapi

// include/uapi/linux/dpll.h: what stands in IFLA_DPLL_PIN, 6.7.
const (
	DPLL_A_PIN_ID = 0x1
)
