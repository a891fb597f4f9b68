package route

import (
	"net"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// Nexthop is one of several ways of a multipath route: struct rtnexthop in
// include/uapi/linux/rtnetlink.h.
type Nexthop struct {
	// Gateway is the router to send to. An IPv4 route may have IPv6 gateways
	// (Linux 5.2), an MPLS route those of either family. (RTA_GATEWAY, or RTA_VIA
	// for another family)
	Gateway netip.Addr
	// Link is the index of the link to send by. Zero lets the kernel find the
	// one that reaches the gateway. (rtnh_ifindex)
	Link int
	// Weight is this hop's share of the traffic, from 1 to 256. Zero is 1. Those of
	// MPLS routes are equal; multicast routes use all hops, and have none. Of a
	// larger weight in a next hop object the kernel tells the lower 8 bits here.
	// (rtnh_hops, which is one less)
	Weight int
	// Flags are states of the hop, and [FlagOnlink] and [FlagPervasive], which
	// can be set. (rtnh_flags)
	Flags Flags
	// Realms are those of traffic control, IPv4 only. (RTA_FLOW)
	Realms Realms
	// MinTTL is the least TTL that a packet must have to be sent by this link, of
	// multicast routes only. Read only. (rtnh_hops)
	MinTTL uint8
	// Encap is what packets that go this way are put into, such as an
	// *rtnl.MPLSEncap. (RTA_ENCAP_TYPE, RTA_ENCAP)
	Encap rtnl.Encap
	// Labels are what packets of an MPLS route go out with, the outermost first.
	// (RTA_NEWDST)
	Labels rtnl.Labels
	// GatewayMAC is the link-layer address to send to where there is no Gateway.
	// MPLS only. (RTA_VIA)
	GatewayMAC net.HardwareAddr
	// Rest are attributes that this package does not know; they are sent again
	// as they came.
	Rest []attr.Raw
}
