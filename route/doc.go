// Package route lists, changes, looks up and watches IPv4 and IPv6 routes: what
// `ip route` does.
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
// Reading takes no privilege, writing takes CAP_NET_ADMIN.
//
// The messages are RTM_NEWROUTE, RTM_DELROUTE and RTM_GETROUTE with struct rtmsg
// and the attributes RTA_* of include/uapi/linux/rtnetlink.h.
package route
