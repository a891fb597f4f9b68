// Package route lists, changes, looks up and watches IPv4, IPv6 and MPLS routes, and
// lists and watches multicast routes: what `ip route` and `ip mroute` do.
//
//	err := route.Add(ctx, c, route.Route{
//		Dst:     netip.MustParsePrefix("10.0.0.0/8"),
//		Gateway: netip.MustParseAddr("192.0.2.1"),
//	})
//	for r, err := range route.All(ctx, c, route.MatchTable(rtnl.TableMain)) { … }
//	r, err := route.Lookup(ctx, c, netip.MustParseAddr("198.51.100.7"))
//
// A [Route] is a plain struct whose zero fields are not set; [Add] takes what
// [List] returned, and fills in what `ip route add` fills in: table main, protocol
// boot, type unicast, and the scope that fits.
//
// Encapsulations, such as MPLS and segment routing, are in package rtnl; they go into
// [Extra], or into the next hops of a multipath route. An MPLS route has a Label
// instead of a destination:
//
//	err := route.Add(ctx, c, route.Route{
//		Family:  rtnl.FamilyMPLS,
//		Gateway: netip.MustParseAddr("192.0.2.1"),
//		Extra:   &route.Extra{Label: 100, Labels: rtnl.Labels{200}},
//	})
//
// [Watch] follows routes as they change, and tells what the kernel removes without an
// event, too; [Wait] waits for one to be there.
//
// Reading takes no privilege, writing takes CAP_NET_ADMIN.
//
// The messages are RTM_NEWROUTE, RTM_DELROUTE and RTM_GETROUTE with struct rtmsg
// and the attributes RTA_* of include/uapi/linux/rtnetlink.h.
package route
