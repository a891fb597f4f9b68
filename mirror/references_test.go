package mirror

import (
	"slices"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
)

// What enters and leaves a mirror is noticed once, and again after events were lost.
func TestTarget(t *testing.T) {
	there := map[int]bool{}
	forgot := 0
	s := nlkit.Source[int, int]{
		Event: func(m nlkit.Message, e *nlkit.Event[int]) (bool, error) {
			*e = nlkit.Event[int]{Type: nlkit.EventType(m.Type), Object: int(m.Data[0])}
			return true, nil
		},
		Match:  func(v *int) bool { return *v < 10 },
		Forget: func() { forgot++ },
	}
	for name, filtered := range map[string]bool{"all": false, "some": true} {
		s := s
		to := asTarget(&s, filtered, func(v *int) int { return *v % 10 })
		to.has = func(id int) bool { return there[id] }
		look := func(typ nlkit.EventType, v byte, want fate) {
			t.Helper()
			if !filtered && want == enters {
				want = stays
			}
			if s.Suspect(nlkit.Message{Type: uint16(typ), Data: []byte{v}}); to.fate != want || to.id != int(v%10) {
				t.Errorf("%s: %v %d: %v %d, want %v", name, typ, v, to.fate, to.id, want)
			}
			there[to.id] = typ == nlkit.Updated && v < 10
		}
		look(nlkit.Updated, 1, enters)
		look(nlkit.Updated, 1, stays)
		look(nlkit.Updated, 11, leaves)
		look(nlkit.Updated, 11, stays)
		look(nlkit.Updated, 1, enters)
		look(nlkit.Deleted, 1, leaves)
		look(nlkit.Deleted, 1, stays)
		look(nlkit.Updated, 1, enters)
		s.Forget()
		look(nlkit.Updated, 1, enters)
		look(nlkit.Deleted, 1, leaves)
		if !s.Base {
			t.Errorf("%s: not told last", name)
		}
	}
	if forgot != 2 {
		t.Error("the source's own Forget is not called")
	}
}

// numbers collects what an object refers to.
func numbers[T any](all func(*T, func(int) bool) bool, v T) (refs []int) {
	all(&v, func(id int) bool {
		if id != 0 {
			refs = append(refs, id)
		}
		return true
	})
	return refs
}

func TestReferences(t *testing.T) {
	multipath := route.Route{NexthopID: 9, Link: 1, Multipath: []route.Nexthop{{Link: 2}, {Link: 3}}, Extra: &route.Extra{IIF: 4}}
	for name, tt := range map[string]struct{ got, want []int }{
		"nexthop":           {numbers(nexthopLink, nexthop.Nexthop{Link: 1}), []int{1}},
		"group":             {numbers(nexthopLink, nexthop.Nexthop{ID: 1, Group: []nexthop.Member{{ID: 2}}}), nil},
		"address":           {numbers(addrLink, addr.Address{Link: 1}), []int{1}},
		"neighbour":         {numbers(neighLink, neigh.Neighbour{Link: 1, NexthopID: 2}), []int{1}},
		"neighbour's hop":   {numbers(neighNexthop, neigh.Neighbour{Link: 1, NexthopID: 2}), []int{2}},
		"route":             {numbers(routeLinks, route.Route{Link: 1}), []int{1}},
		"blackhole":         {numbers(routeLinks, route.Route{}), nil},
		"multipath":         {numbers(routeLinks, multipath), []int{1, 2, 3, 4}},
		"multipath's hop":   {numbers(routeNexthop, multipath), []int{9}},
		"route without hop": {numbers(routeNexthop, route.Route{Link: 1}), nil},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", name, tt.got, tt.want)
		}
	}
	r := reference[route.Route]{all: routeLinks}
	for id := 1; id <= 4; id++ {
		if !r.uses(&multipath, id) {
			t.Errorf("it uses link %d", id)
		}
	}
	if r.uses(&multipath, 5) {
		t.Error("it does not use link 5")
	}
}
