package route

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
)

// Nexthop is one of several ways of a multipath route: struct rtnexthop in
// include/uapi/linux/rtnetlink.h.
type Nexthop struct {
	// Gateway is the router to send to. An IPv4 route may have IPv6 gateways
	// (Linux 5.2). (RTA_GATEWAY, or RTA_VIA for the other family)
	Gateway netip.Addr
	// Link is the index of the link to send by. Zero lets the kernel find the
	// one that reaches the gateway. (rtnh_ifindex)
	Link int
	// Weight is this hop's share of the traffic, from 1 to 256. Zero is 1.
	// (rtnh_hops, which is one less)
	Weight int
	// Flags are states of the hop, and [FlagOnlink] and [FlagPervasive], which
	// can be set. (rtnh_flags)
	Flags Flags
	// Realms are those of traffic control, IPv4 only. (RTA_FLOW)
	Realms Realms
	// Rest are attributes that this package does not know; they are sent again
	// as they came.
	Rest []attr.Raw
}
