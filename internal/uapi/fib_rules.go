package uapi

// include/uapi/linux/fib_rules.h: attributes of routing rules besides those of
// zconst.go.
const (
	FRA_DSCP           = 0x19 // 6.12
	FRA_FLOWLABEL      = 0x1a // 6.14
	FRA_FLOWLABEL_MASK = 0x1b // 6.14
	FRA_SPORT_MASK     = 0x1c // 6.15
	FRA_DPORT_MASK     = 0x1d // 6.15
	FRA_DSCP_MASK      = 0x1e // 6.15
)
