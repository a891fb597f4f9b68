package mirror

import (
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rule"
)

// builder makes the tables of a mirror: what others refer to comes first.
type builder struct {
	m      *Mirror
	tables []nlkit.AnyTable
	// What others refer to, nil if it is not watched.
	links, nexthops *target
}

func (b *builder) build(cfg *config) error {
	for _, kind := range []struct {
		kind Kind
		add  func(*config) error
	}{
		{Links, b.addLinks},
		{Nexthops, b.addNexthops},
		{Addresses, b.addAddresses},
		{Neighbours, b.addNeighbours},
		{FDB, b.addFDB},
		{Rules, b.addRules},
		{Routes, b.addRoutes},
	} {
		if cfg.kinds.Has(kind.kind) {
			if err := kind.add(cfg); err != nil {
				return err
			}
		}
	}
	return nil
}

// add makes the table of a kind: change tells what is of it, and at is where its
// objects are in a snapshot.
func add[T any, K comparable](b *builder, s nlkit.Source[T, K], change func(*nlkit.Change[T]) Change, at func(*Snapshot) *[]T) *nlkit.Table[T] {
	t := nlkit.NewTable(s)
	b.tables = append(b.tables, t)
	b.m.change[t] = func() Change {
		ch := t.Change()
		told := change(&ch)
		told.Type = ch.Type
		return told
	}
	b.m.copies = append(b.m.copies, func(s *Snapshot) {
		items := make([]T, 0, t.Len())
		t.Each(func(v *T) bool {
			items = append(items, *v)
			return true
		})
		*at(s) = items
	})
	return t
}

func (b *builder) addLinks(cfg *config) error {
	s, err := link.Source(cfg.links...)
	if err != nil {
		return err
	}
	b.links = asTarget(&s, len(cfg.links) > 0, func(l *link.Link) int { return l.Index })
	t := add(b, s, func(ch *nlkit.Change[link.Link]) Change { return Change{Link: ch} },
		func(s *Snapshot) *[]link.Link { return &s.Links })
	var like link.Link
	b.links.has = func(index int) bool {
		like.Index = index
		return t.Has(&like)
	}
	return nil
}

func (b *builder) addNexthops(cfg *config) error {
	s, err := nexthop.Source(cfg.nexthops...)
	if err != nil {
		return err
	}
	refer(&s, reference[nexthop.Nexthop]{to: b.links, all: nexthopLink, of: func(link int) list[nexthop.Nexthop] {
		return listOf(nexthop.Source, cfg.nexthops, nexthop.ListOption(nexthop.MatchLink(link)))
	}})
	b.nexthops = asTarget(&s, len(cfg.nexthops) > 0 || b.links != nil && b.links.filtered, func(n *nexthop.Nexthop) int { return int(n.ID) })
	t := add(b, s, func(ch *nlkit.Change[nexthop.Nexthop]) Change { return Change{Nexthop: ch} },
		func(s *Snapshot) *[]nexthop.Nexthop { return &s.Nexthops })
	var like nexthop.Nexthop
	b.nexthops.has = func(id int) bool {
		like.ID = uint32(id)
		return t.Has(&like)
	}
	return nil
}

func (b *builder) addAddresses(cfg *config) error {
	s, err := addr.Source(cfg.addresses...)
	if err != nil {
		return err
	}
	refer(&s, reference[addr.Address]{to: b.links, all: addrLink, of: func(link int) list[addr.Address] {
		return listOf(addr.Source, cfg.addresses, addr.ListOption(addr.MatchLink(link)))
	}})
	add(b, s, func(ch *nlkit.Change[addr.Address]) Change { return Change{Addr: ch} },
		func(s *Snapshot) *[]addr.Address { return &s.Addresses })
	return nil
}

func (b *builder) addNeighbours(cfg *config) error {
	return addNeigh(b, cfg.neighbours, func(ch *nlkit.Change[neigh.Neighbour]) Change { return Change{Neigh: ch} },
		func(s *Snapshot) *[]neigh.Neighbour { return &s.Neighbours })
}

func (b *builder) addFDB(cfg *config) error {
	return addNeigh(b, append(slices.Clip(cfg.fdb), neigh.FDB()), func(ch *nlkit.Change[neigh.Neighbour]) Change { return Change{FDB: ch} },
		func(s *Snapshot) *[]neigh.Neighbour { return &s.FDB })
}

func addNeigh(b *builder, opts []neigh.ListOption, change func(*nlkit.Change[neigh.Neighbour]) Change, at func(*Snapshot) *[]neigh.Neighbour) error {
	s, err := neigh.Source(opts...)
	if err != nil {
		return err
	}
	refer(&s,
		reference[neigh.Neighbour]{to: b.links, all: neighLink, of: func(link int) list[neigh.Neighbour] {
			return listOf(neigh.Source, opts, neigh.ListOption(neigh.MatchLink(link)))
		}},
		reference[neigh.Neighbour]{to: b.nexthops, all: neighNexthop, of: func(int) list[neigh.Neighbour] { return nil }},
	)
	add(b, s, change, at)
	return nil
}

func (b *builder) addRules(cfg *config) error {
	s, err := rule.Source(cfg.rules...)
	if err != nil {
		return err
	}
	add(b, s, func(ch *nlkit.Change[rule.Rule]) Change { return Change{Rule: ch} },
		func(s *Snapshot) *[]rule.Rule { return &s.Rules })
	return nil
}

func (b *builder) addRoutes(cfg *config) error {
	s, err := route.Source(cfg.routes...)
	if err != nil {
		return err
	}
	refer(&s,
		reference[route.Route]{to: b.links, all: routeLinks, of: func(link int) list[route.Route] {
			return listOf(route.Source, cfg.routes, route.ListOption(route.MatchLink(link)))
		}},
		reference[route.Route]{to: b.nexthops, all: routeNexthop, of: func(id int) list[route.Route] {
			return listOf(route.Source, cfg.routes, route.ListOption(route.MatchNexthopID(uint32(id))))
		}},
	)
	add(b, s, func(ch *nlkit.Change[route.Route]) Change { return Change{Route: ch} },
		func(s *Snapshot) *[]route.Route { return &s.Routes })
	return nil
}

// listOf lists those objects of a source that fit one option more, or nil if there is no
// such source.
func listOf[T any, K comparable, O any](source func(...O) (nlkit.Source[T, K], error), opts []O, more O) list[T] {
	s, err := source(append(slices.Clip(opts), more)...)
	if err != nil {
		return nil
	}
	return s.List
}
