// Package mirror watches several kinds of objects as one: links, addresses,
// neighbours, routes and, if asked for, FDB entries, rules and next hops.
//
//	m, err := mirror.Watch(ctx, c)
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	for ch, err := range m.All() {
//		if err != nil {
//			return err
//		}
//		switch {
//		case ch.Type == nlkit.Synced: // what there was has been told
//		case ch.Link != nil: // ch.Link.Old, ch.Link.New
//		case ch.Route != nil: // …
//		}
//	}
//
// Whoever watches each kind for itself gets their changes in an order of chance: a
// route by a link of which there was no word yet, an address of one that has gone. A
// [Mirror] reads them all from one socket and tells them so that references resolve.
// Who applies the changes in their order has after each of them a picture in which
//
//   - the link of every address, neighbour, FDB entry, route and next hop is there, all
//     of them if a route has several hops
//   - the next hop of every route and FDB entry that uses one is there, if next hops are
//     watched
//
// The same is true of [Mirror.Snapshot], which any goroutine may take at any time.
// Objects of one kind are told in no order of their own: of a bridge and its port, or
// of a group of next hops and its members, either may come first. What refers to
// something that is not among the kinds which are watched is told all the same.
//
// As any watch, a mirror heals by itself where events were lost or the kernel has sent
// none: see [nlkit.Watch].
//
// # Filters
//
// [WithRoutes] and its like take the options of the package's List. A filter for links,
// or for next hops, is one for what refers to them, too: of a mirror of the links of the
// kind veth, all addresses are those of such links, and a route is in it if all its hops
// are. Routes that use no link, such as blackholes, are told if their own filter lets
// them. When a link is renamed, say, and no longer matches, what refers to it is told as
// removed, then the link itself.
package mirror
