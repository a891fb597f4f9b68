package mirror

import (
	"cmp"
	"slices"

	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rule"
)

// Snapshot is what a mirror knows at a moment. Kinds that are not watched are empty.
// Its slices are the caller's own, but not what the objects in them point to, which is
// only to be read.
type Snapshot struct {
	// Links are the links, by index.
	Links []link.Link
	// Nexthops are the next hops, by id.
	Nexthops []nexthop.Nexthop
	// Addresses are the addresses, by the index of their link.
	Addresses []addr.Address
	// Neighbours are the neighbours, by the index of their link.
	Neighbours []neigh.Neighbour
	// FDB are the entries of forwarding databases, by the index of their link.
	FDB []neigh.Neighbour
	// Rules are the rules, by family and priority.
	Rules []rule.Rule
	// Routes are the routes, in no order.
	Routes []route.Route
}

// Snapshot returns what is known at this moment, which is never older than what was
// told and may be newer. What the objects in it refer to is in it. It waits while the
// mirror is listing. Before [nlkit.Synced] it may lack objects.
func (m *Mirror) Snapshot() Snapshot {
	var s Snapshot
	m.w.View(func() {
		for _, take := range m.copies {
			take(&s)
		}
	})
	slices.SortFunc(s.Links, func(a, b link.Link) int { return a.Index - b.Index })
	slices.SortFunc(s.Nexthops, func(a, b nexthop.Nexthop) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(s.Addresses, func(a, b addr.Address) int { return a.Link - b.Link })
	slices.SortStableFunc(s.Neighbours, compareNeigh)
	slices.SortStableFunc(s.FDB, compareNeigh)
	slices.SortStableFunc(s.Rules, func(a, b rule.Rule) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(priority(&a), priority(&b)))
	})
	return s
}

func priority(r *rule.Rule) uint32 {
	if r.Priority == nil {
		return 0 // which the kernel does not send
	}
	return *r.Priority
}

func compareNeigh(a, b neigh.Neighbour) int { return a.Link - b.Link }

// Link returns the link with an index.
func (s *Snapshot) Link(index int) (link.Link, bool) {
	i, ok := slices.BinarySearchFunc(s.Links, index, func(l link.Link, index int) int { return l.Index - index })
	if !ok {
		return link.Link{}, false
	}
	return s.Links[i], true
}

// LinkByName returns the link with a name, or an alternative name.
func (s *Snapshot) LinkByName(name string) (link.Link, bool) {
	for i := range s.Links {
		if l := &s.Links[i]; l.Name == name || slices.Contains(l.AltNames, name) {
			return *l, true
		}
	}
	return link.Link{}, false
}

// Nexthop returns the next hop with an id.
func (s *Snapshot) Nexthop(id uint32) (nexthop.Nexthop, bool) {
	i, ok := slices.BinarySearchFunc(s.Nexthops, id, func(n nexthop.Nexthop, id uint32) int { return cmp.Compare(n.ID, id) })
	if !ok {
		return nexthop.Nexthop{}, false
	}
	return s.Nexthops[i], true
}

// AddressesOf returns the addresses of a link.
func (s *Snapshot) AddressesOf(link int) []addr.Address {
	return of(s.Addresses, link, func(a addr.Address) int { return a.Link })
}

// NeighboursOf returns the neighbours on a link.
func (s *Snapshot) NeighboursOf(link int) []neigh.Neighbour {
	return of(s.Neighbours, link, func(n neigh.Neighbour) int { return n.Link })
}

// FDBOf returns the entries of forwarding databases that lead to a link.
func (s *Snapshot) FDBOf(link int) []neigh.Neighbour {
	return of(s.FDB, link, func(n neigh.Neighbour) int { return n.Link })
}

// RoutesOf returns the routes that use a link, alone or as one of several hops. It
// looks through all of them.
func (s *Snapshot) RoutesOf(link int) []route.Route {
	var found []route.Route
	for i := range s.Routes {
		if !routeLinks(&s.Routes[i], func(other int) bool { return other != link }) {
			found = append(found, s.Routes[i])
		}
	}
	return found
}

// of returns the items of a link, of those ordered by link.
func of[T any](items []T, link int, linkOf func(T) int) []T {
	before := func(v T, link int) int { return linkOf(v) - link }
	from, _ := slices.BinarySearchFunc(items, link, before)
	to, _ := slices.BinarySearchFunc(items[from:], link+1, before)
	return slices.Clip(items[from : from+to])
}
