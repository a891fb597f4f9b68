package mirror

import (
	"fmt"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rule"
)

// Change is a difference between what a mirror has told and what the kernel has. One
// of the pointers is set; none with [nlkit.Synced].
type Change struct {
	// Type tells what became of the object.
	Type nlkit.ChangeType
	// Link is set if it is a link.
	Link *nlkit.Change[link.Link]
	// Nexthop is set if it is a next hop.
	Nexthop *nlkit.Change[nexthop.Nexthop]
	// Addr is set if it is an address.
	Addr *nlkit.Change[addr.Address]
	// Neigh is set if it is a neighbour.
	Neigh *nlkit.Change[neigh.Neighbour]
	// FDB is set if it is an entry of a forwarding database.
	FDB *nlkit.Change[neigh.Neighbour]
	// Rule is set if it is a rule.
	Rule *nlkit.Change[rule.Rule]
	// Route is set if it is a route.
	Route *nlkit.Change[route.Route]
}

// Kind returns the kind of the object, 0 if there is none.
func (ch Change) Kind() Kind {
	switch {
	case ch.Link != nil:
		return Links
	case ch.Nexthop != nil:
		return Nexthops
	case ch.Addr != nil:
		return Addresses
	case ch.Neigh != nil:
		return Neighbours
	case ch.FDB != nil:
		return FDB
	case ch.Rule != nil:
		return Rules
	case ch.Route != nil:
		return Routes
	}
	return 0
}

// String returns the change as in logs, with links as their indexes: "added address
// 192.0.2.1/24 dev 2", "changed link 2 eth0", "synced". Of a change it has what is new.
func (ch Change) String() string {
	switch ch.Kind() {
	case Links:
		l := latest(ch.Link)
		return fmt.Sprintf("%v link %d %s", ch.Type, l.Index, l.Name)
	case Nexthops:
		return describe("nexthop", ch.Nexthop)
	case Addresses:
		return describe("address", ch.Addr)
	case Neighbours:
		return describe("neighbour", ch.Neigh)
	case FDB:
		return describe("fdb entry", ch.FDB)
	case Rules:
		return describe("rule", ch.Rule)
	case Routes:
		return describe("route", ch.Route)
	}
	return ch.Type.String()
}

func describe[T fmt.Stringer](noun string, ch *nlkit.Change[T]) string {
	return fmt.Sprintf("%v %s %v", ch.Type, noun, *latest(ch))
}

// latest returns the object as it is, or as it was when it was removed.
func latest[T any](ch *nlkit.Change[T]) *T {
	if ch.Type == nlkit.Removed {
		return &ch.Old
	}
	return &ch.New
}
