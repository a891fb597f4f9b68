package mirror_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rule"
)

// picture is what a consumer has who applies the changes that it is told: objects by
// their description, of which several may be alike.
type picture struct {
	synced bool
	counts map[string]int
	links  map[int]int
	hops   map[uint32]int
	// uses are the links and next hops that objects refer to.
	usesLink map[int]int
	usesHop  map[uint32]int
}

func newPicture() *picture {
	return &picture{
		counts: map[string]int{}, links: map[int]int{}, hops: map[uint32]int{},
		usesLink: map[int]int{}, usesHop: map[uint32]int{},
	}
}

// object is what a picture has to know of an object.
type object struct {
	text     string
	link     int    // the link that it is, or 0
	hop      uint32 // the next hop that it is, or 0
	usesLink []int
	usesHop  uint32
}

func ofLink(l link.Link) object {
	return object{
		text: fmt.Sprintf("link %d %s %v %v master %d mtu %d", l.Index, l.Name, l.Flags, l.OperState, l.Master, l.MTU),
		link: l.Index,
	}
}

func ofNexthop(n nexthop.Nexthop) object {
	return object{text: fmt.Sprintf("nexthop %v %v", n, n.Flags), hop: n.ID, usesLink: []int{n.Link}}
}

func ofAddr(a addr.Address) object {
	return object{text: fmt.Sprintf("address %v %v %v", a, a.Flags, a.Label), usesLink: []int{a.Link}}
}

func ofNeigh(n neigh.Neighbour) object {
	return object{text: fmt.Sprintf("neighbour %v %v %v", n, n.State, n.Flags), usesLink: []int{n.Link}, usesHop: n.NexthopID}
}

func ofRule(r rule.Rule) object { return object{text: fmt.Sprintf("rule %v %v", r, r.Flags)} }

func ofRoute(r route.Route) object {
	o := object{text: fmt.Sprintf("route %v %v %v %v", r, r.Flags, r.Scope, r.Protocol), usesLink: []int{r.Link}, usesHop: r.NexthopID}
	for _, h := range r.Multipath {
		o.text += fmt.Sprintf(" %d=%v", h.Link, h.Flags)
		o.usesLink = append(o.usesLink, h.Link)
	}
	return o
}

func (p *picture) put(o object, n int) {
	count(p.counts, o.text, n)
	if o.link != 0 {
		count(p.links, o.link, n)
	}
	if o.hop != 0 {
		count(p.hops, o.hop, n)
	}
	for _, l := range o.usesLink {
		if l != 0 {
			count(p.usesLink, l, n)
		}
	}
	if o.usesHop != 0 {
		count(p.usesHop, o.usesHop, n)
	}
}

func count[K comparable](m map[K]int, k K, n int) {
	if m[k] += n; m[k] == 0 {
		delete(m, k)
	}
}

// apply applies a change, and says what is wrong then.
func (p *picture) apply(ch mirror.Change) error {
	switch {
	case ch.Type == nlkit.Synced:
		if p.synced || ch.Kind() != 0 {
			return fmt.Errorf("synced again, or with an object: %+v", ch)
		}
		p.synced = true
	case ch.Link != nil:
		applyTo(p, *ch.Link, ofLink)
	case ch.Nexthop != nil:
		applyTo(p, *ch.Nexthop, ofNexthop)
	case ch.Addr != nil:
		applyTo(p, *ch.Addr, ofAddr)
	case ch.Neigh != nil:
		applyTo(p, *ch.Neigh, ofNeigh)
	case ch.FDB != nil:
		applyTo(p, *ch.FDB, ofNeigh)
	case ch.Rule != nil:
		applyTo(p, *ch.Rule, ofRule)
	case ch.Route != nil:
		applyTo(p, *ch.Route, ofRoute)
	default:
		return fmt.Errorf("a change of nothing: %+v", ch)
	}
	return p.check()
}

func applyTo[T any](p *picture, ch nlkit.Change[T], of func(T) object) {
	if ch.Type != nlkit.Added {
		p.put(of(ch.Old), -1)
	}
	if ch.Type != nlkit.Removed {
		p.put(of(ch.New), 1)
	}
}

// check says what refers to nothing, and what was removed that was not there.
func (p *picture) check() error {
	for text, n := range p.counts {
		if n < 0 {
			return fmt.Errorf("%q was removed or changed, and never told", text)
		}
	}
	for l, n := range p.usesLink {
		if n < 0 || p.links[l] != 1 {
			return fmt.Errorf("%d objects refer to link %d, of which there are %d", n, l, p.links[l])
		}
	}
	for h, n := range p.usesHop {
		if n < 0 || p.hops[h] != 1 {
			return fmt.Errorf("%d objects refer to next hop %d, of which there are %d", n, h, p.hops[h])
		}
	}
	return nil
}

// pictureOf is the picture that a snapshot gives.
func pictureOf(s mirror.Snapshot) *picture {
	p := newPicture()
	putAll(p, s.Links, ofLink)
	putAll(p, s.Nexthops, ofNexthop)
	putAll(p, s.Addresses, ofAddr)
	putAll(p, s.Neighbours, ofNeigh)
	putAll(p, s.FDB, ofNeigh)
	putAll(p, s.Rules, ofRule)
	putAll(p, s.Routes, ofRoute)
	return p
}

func putAll[T any](p *picture, items []T, of func(T) object) {
	for _, v := range items {
		p.put(of(v), 1)
	}
}

// only is what refers to the links that are kept alone.
func only(s mirror.Snapshot, keep func(link.Link) bool) mirror.Snapshot {
	s.Links = slices.DeleteFunc(s.Links, func(l link.Link) bool { return !keep(l) })
	links, hops := map[int]bool{0: true}, map[uint32]bool{0: true}
	for _, l := range s.Links {
		links[l.Index] = true
	}
	s.Nexthops = slices.DeleteFunc(s.Nexthops, func(n nexthop.Nexthop) bool { return !links[n.Link] })
	for _, n := range s.Nexthops {
		hops[n.ID] = true
	}
	s.Addresses = slices.DeleteFunc(s.Addresses, func(a addr.Address) bool { return !links[a.Link] })
	for _, neighbours := range []*[]neigh.Neighbour{&s.Neighbours, &s.FDB} {
		*neighbours = slices.DeleteFunc(*neighbours, func(n neigh.Neighbour) bool { return !links[n.Link] || !hops[n.NexthopID] })
	}
	s.Routes = slices.DeleteFunc(s.Routes, func(r route.Route) bool {
		return !links[r.Link] || !hops[r.NexthopID] || slices.ContainsFunc(r.Multipath, func(h route.Nexthop) bool { return !links[h.Link] })
	})
	return s
}

// fresh is what the kernel lists of every kind, of the links that are kept; of all if
// keep is nil.
func fresh(ctx context.Context, t testing.TB, c *nlkit.Client, keep func(link.Link) bool) *picture {
	t.Helper()
	var s mirror.Snapshot
	var err error
	get := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	get(func() error { s.Links, err = link.List(ctx, c); return err })
	get(func() error { s.Nexthops, err = nexthop.List(ctx, c); return err })
	get(func() error { s.Addresses, err = addr.List(ctx, c); return err })
	get(func() error { s.Neighbours, err = neigh.List(ctx, c); return err })
	get(func() error { s.FDB, err = neigh.List(ctx, c, neigh.FDB()); return err })
	// What the kernel does not tell of is not watched: see neigh.Watch.
	const known = neigh.StatePermanent | neigh.StateReachable | neigh.StateStale | neigh.StateDelay | neigh.StateProbe
	s.Neighbours = slices.DeleteFunc(s.Neighbours, func(n neigh.Neighbour) bool { return n.State&known == 0 })
	s.FDB = slices.DeleteFunc(s.FDB, func(n neigh.Neighbour) bool { return n.CacheInfo == nil })
	get(func() error { s.Rules, err = rule.List(ctx, c); return err })
	get(func() error { s.Routes, err = route.List(ctx, c); return err })
	if err != nil {
		t.Fatal(err)
	}
	if keep != nil {
		s = only(s, keep)
	}
	return pictureOf(s)
}

// difference says what is in one picture alone, "" if they are the same.
func difference(got, want *picture) string {
	var lines []string
	for text, n := range got.counts {
		if m := want.counts[text]; m < n {
			lines = append(lines, fmt.Sprintf("too much (%d for %d): %s", n, m, text))
		}
	}
	for text, n := range want.counts {
		if m := got.counts[text]; m < n {
			lines = append(lines, fmt.Sprintf("missing (%d for %d): %s", m, n, text))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const everything = mirror.Links | mirror.Nexthops | mirror.Addresses | mirror.Neighbours | mirror.FDB | mirror.Rules | mirror.Routes
