// Package nexthop lists, changes and watches next hop objects: what `ip nexthop`
// does. It takes Linux 5.3.
//
// A next hop object has an id of its own. Routes, and entries of a VXLAN link's
// forwarding database, refer to it instead of repeating where packets go, so that
// one change moves all of them.
//
//	err := nexthop.Add(ctx, c, nexthop.Nexthop{ID: 1, Link: 2, Gateway: gw1})
//	err = nexthop.Add(ctx, c, nexthop.Nexthop{ID: 2, Link: 3, Gateway: gw2})
//	err = nexthop.Add(ctx, c, nexthop.Nexthop{
//		ID:    10,
//		Group: []nexthop.Member{{ID: 1, Weight: 3}, {ID: 2, Weight: 1}},
//	})
//	err = route.Add(ctx, c, route.Route{Dst: dst, NexthopID: 10})
//
// A [Nexthop] is a plain struct whose zero fields are not set; [Add] takes what
// [List] returned. Members of a group must be there before it. Reading takes no
// privilege, writing takes CAP_NET_ADMIN.
//
// The kernel removes next hops by itself when their link goes down or loses its
// carrier, and with them the routes that use them, groups without a member left,
// and the shares in other groups. It sends no event about next hops then: [Watch] finds
// out and tells, [Subscribe] does not.
//
// The messages are RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP and
// RTM_GETNEXTHOPBUCKET with struct nhmsg and the attributes NHA_* of
// include/uapi/linux/nexthop.h.
package nexthop
