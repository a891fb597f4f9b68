// Package neigh lists, changes and watches neighbours: which link-layer address
// belongs to an IP address (ARP, NDP), for which addresses the host answers as a
// proxy, and behind which port of a bridge or at which end of a tunnel a
// link-layer address is (FDB). It does what `ip neigh`, `bridge fdb` and
// `ip ntable` do.
//
//	err := neigh.Add(ctx, c, neigh.Neighbour{
//		Link:     2,
//		Addr:     netip.MustParseAddr("192.0.2.1"),
//		LinkAddr: mac,
//	})
//	err = neigh.Append(ctx, c, neigh.Neighbour{
//		Family:   rtnl.FamilyBridge,
//		Link:     vx.Index,
//		LinkAddr: make(net.HardwareAddr, 6), // all that is not known
//		Addr:     netip.MustParseAddr("198.51.100.7"),
//	})
//	all, err := neigh.List(ctx, c, neigh.MatchLink(2))
//	fdb, err := neigh.List(ctx, c, neigh.FDB(), neigh.MatchMaster(br.Index))
//
// A [Neighbour] is a plain struct whose zero fields are not set; [Add] takes what
// [List] returned. There are three sorts of them, which the kernel keeps apart:
//
//   - neighbours have an IP address, and most a link-layer address ([List])
//   - proxies have an IP address and [FlagProxy] ([List] with [Proxies])
//   - FDB entries have the family rtnl.FamilyBridge and a link-layer address
//     ([List] with [FDB])
//
// [Watch] follows neighbours or FDB entries as they change.
//
// Reading takes no privilege, writing takes CAP_NET_ADMIN.
//
// The messages are RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH with struct ndmsg
// and the attributes NDA_*, and RTM_GETNEIGHTBL and RTM_SETNEIGHTBL with struct
// ndtmsg and NDTA_*, of include/uapi/linux/neighbour.h.
package neigh
