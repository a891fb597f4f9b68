package mirror

import (
	"context"
	"iter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
)

// target is a kind of objects that others refer to by a number.
type target struct {
	has func(id int) bool
	// filtered says that only some of the objects are watched.
	filtered bool
	// inside are the objects of which an event has said that they are watched. What
	// refers to others was not looked for when they came.
	inside map[int]bool

	// What the message that is being looked at makes of an object.
	id   int
	fate fate
}

type fate uint8

const (
	stays fate = iota
	enters
	leaves
)

// asTarget makes the objects of a source those that others refer to. Its table must
// stand before those of the others, since it is the first to look at a message.
func asTarget[T any, K comparable](s *nlkit.Source[T, K], filtered bool, number func(*T) int) *target {
	to := &target{filtered: filtered, inside: map[int]bool{}}
	s.Base = true
	event, match, suspect, forget := s.Event, s.Match, s.Suspect, s.Forget
	s.Suspect = func(m nlkit.Message) []nlkit.Suspicion[T] {
		to.fate = stays
		var e nlkit.Event[T]
		if ok, err := event(m, &e); ok && err == nil { // who applies the event tells the error
			to.look(number(&e.Object), e.Type == nlkit.Updated && (match == nil || match(&e.Object)))
		}
		if suspect == nil {
			return nil
		}
		return suspect(m)
	}
	s.Forget = func() {
		clear(to.inside)
		if forget != nil {
			forget()
		}
	}
	return to
}

// look says what becomes of an object that is, or is no longer, watched.
func (to *target) look(id int, watched bool) {
	to.id = id
	switch {
	case !watched:
		delete(to.inside, id)
		if to.has(id) {
			to.fate = leaves
		}
	case to.filtered && !to.inside[id]:
		to.inside[id] = true
		to.fate = enters
	}
}

// reference is a way in which objects refer to a target.
type reference[T any] struct {
	// to is nil if the target is not watched.
	to *target
	// all reports whether ok holds for all that an object refers to; 0 refers to none.
	all func(v *T, ok func(id int) bool) bool
	// of lists the objects that refer to one.
	of func(id int) list[T]
}

type list[T any] func(ctx context.Context, c *nlkit.Client) iter.Seq2[T, error]

// uses reports whether an object refers to the target with this number.
func (r *reference[T]) uses(v *T, id int) bool {
	return !r.all(v, func(other int) bool { return other != id })
}

// refer makes the objects of a source come after what they refer to, and go before it.
func refer[T any, K comparable](s *nlkit.Source[T, K], refs ...reference[T]) {
	for _, r := range refs {
		to := r.to
		if to == nil {
			continue
		}
		there := func(id int) bool { return id == 0 || to.has(id) }
		known := func(v *T) bool { return r.all(v, there) }
		s.Known = both(s.Known, known)
		if to.filtered {
			s.Match = both(s.Match, known)
		}
		suspect := s.Suspect
		s.Suspect = func(m nlkit.Message) (found []nlkit.Suspicion[T]) {
			if suspect != nil {
				// What the kernel leaves of an object without one of its links, a list
				// will tell, though the object as it is known is gone.
				found = suspect(m)
			}
			switch to.fate {
			case stays:
			case enters:
				found = append(found, nlkit.Suspicion[T]{List: r.of(to.id)})
			case leaves:
				id := to.id
				found = append(found, nlkit.Suspicion[T]{Gone: true, Who: func(v *T) bool { return r.uses(v, id) }})
			}
			return found
		}
	}
}

// both returns what holds if f and g do; f may be nil.
func both[T any](f, g func(*T) bool) func(*T) bool {
	if f == nil {
		return g
	}
	return func(v *T) bool { return f(v) && g(v) }
}

func nexthopLink(n *nexthop.Nexthop, ok func(int) bool) bool { return ok(n.Link) }

func addrLink(a *addr.Address, ok func(int) bool) bool { return ok(a.Link) }

func neighLink(n *neigh.Neighbour, ok func(int) bool) bool { return ok(n.Link) }

func neighNexthop(n *neigh.Neighbour, ok func(int) bool) bool { return ok(int(n.NexthopID)) }

func routeLinks(r *route.Route, ok func(int) bool) bool {
	if !ok(r.Link) {
		return false
	}
	for i := range r.Multipath {
		if !ok(r.Multipath[i].Link) {
			return false
		}
	}
	return r.Extra == nil || ok(r.Extra.IIF)
}

func routeNexthop(r *route.Route, ok func(int) bool) bool { return ok(int(r.NexthopID)) }
