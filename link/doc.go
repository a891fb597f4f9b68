// Package link lists, changes and follows network interfaces: what `ip link`
// does.
//
//	links, err := link.List(ctx, c, link.MatchKind("veth"))
//	err = link.Add(ctx, c, "vx0", &link.VXLAN{VNI: 42, Learning: new(false)}, link.WithMTU(1450))
//	err = link.Set(ctx, c, link.Name("vx0"), link.Up(), link.WithMaster(bridge.Index))
//	err = link.Delete(ctx, c, link.Name("vx0"))
//
// # Kinds
//
// What is special about a bridge or a VXLAN tunnel is in its [Kind]: a struct such
// as [Bridge] or [VXLAN], given to [Add], found in [Link.Kind], and given to [Set]
// by [WithKind] to change some of it. A zero field is not sent and changes nothing;
// a field is a pointer where zero is a value of its own. A kind that this package
// does not know is an [*Unknown] with its bytes, which Add takes as well:
//
//	switch k := l.Kind.(type) {
//	case *link.VXLAN:
//		fmt.Println(k.VNI)
//	case *link.Unknown:
//		fmt.Println(k.Name)
//	}
//
// # Ports
//
// A link that has a master ([WithMaster]) is a port of it, with settings in its
// [Port]: a struct such as [BridgePort] or [BondPort], found in [Link.Port] and given
// to [Set] by [WithPort] to change some of it, as a kind is:
//
//	err = link.Set(ctx, c, link.Name("v0"), link.WithMaster(bridge.Index))
//	err = link.Set(ctx, c, link.Name("v0"), link.WithPort(&link.BridgePort{Isolated: new(true)}))
//
// # Selectors
//
// A link that exists is selected by [Index], [Name] or [AltName], and the kernel
// does the look-up. A name can pass to another link between two calls; an index
// cannot. Programs that run for long are better off with indexes.
//
// # What costs
//
// A link is read without what takes the kernel, or the program, long to tell. It is
// asked for by options: the counters ([WithStats], [WithInet6Stats]), every setting
// of IPv4 and IPv6 ([WithSettings]), the virtual functions of a network card
// ([WithVFs]). What a bridge, a bond or hardware counts besides is returned by
// [GetStats] and [ListStats].
//
// # As they change
//
// [Subscribe] gives events. [Watch] gives the links that there are, and what changes,
// and stays true when events are lost; [OpenDirectory] keeps them for look-ups.
// [WaitUp], [WaitCarrier] and [WaitGone] wait for one.
//
// # Privileges
//
// Reading and subscribing take none. Changing takes CAP_NET_ADMIN in the user
// namespace that owns the network namespace.
package link
