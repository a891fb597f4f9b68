package route_test

import (
	"slices"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// vishvananda/netlink ignores RT_FILTER_PRIORITY, so that it lists, and a program
// then deletes, routes that were not meant.
func TestPeerBugPriorityFilterIgnored(t *testing.T) {
	l := newLab(t)
	dst := prefix("10.10.0.0/16")
	for _, priority := range []uint32{0, 5, 7} {
		if err := route.Add(t.Context(), l.c, route.Route{Dst: dst, Link: l.v0, Priority: priority}); err != nil {
			t.Fatal(err)
		}
	}
	for client, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": livetest.In(t, l.ns, nlkit.WithStrict(false))} {
		for _, priority := range []uint32{0, 5, 7} {
			list, err := route.List(t.Context(), c, route.MatchDst(dst), route.MatchPriority(priority))
			if err != nil || len(list) != 1 || list[0].Priority != priority {
				t.Errorf("%s, priority %d: %v, %v", client, priority, list, err)
			}
		}
	}
	if err := route.Flush(t.Context(), l.c, route.MatchDst(dst), route.MatchPriority(5)); err != nil {
		t.Fatal(err)
	}
	if list, err := route.List(t.Context(), l.c, route.MatchDst(dst)); err != nil || len(list) != 2 {
		t.Errorf("left: %v, %v", list, err)
	}
}

// vishvananda/netlink puts the destination into the request of a dump, which the
// kernel refuses as soon as it checks strictly.
func TestPeerBugStrictBreaksDstFilter(t *testing.T) {
	l := newLab(t)
	for _, dst := range []string{"10.10.0.0/16", "10.10.1.0/24", "2001:db8:10::/48"} {
		if err := route.Add(t.Context(), l.c, route.Route{Dst: prefix(dst), Link: l.v0}); err != nil {
			t.Fatal(err)
		}
	}
	lenient := livetest.In(t, l.ns, nlkit.WithStrict(false))
	for _, opts := range [][]route.ListOption{
		{route.MatchDst(prefix("10.10.0.0/16"))},
		{route.MatchWithin(prefix("10.10.0.0/16")), route.MatchTable(rtnl.TableMain)},
		{route.MatchCovering(prefix("10.10.1.1/32")), route.MatchLink(l.v0)},
		{route.MatchDst(prefix("2001:db8:10::/48")), route.MatchFamily(v6)},
		{route.MatchTOS(0), route.MatchDst(prefix("10.10.1.0/24"))},
		{route.MatchScope(rtnl.ScopeLink), route.MatchDst(prefix("10.10.0.0/16"))},
	} {
		strict, err := route.List(t.Context(), l.c, opts...)
		other, err2 := route.List(t.Context(), lenient, opts...)
		if err != nil || err2 != nil || len(strict) == 0 || !equal(strict, other) {
			t.Errorf("strict %v, %v\nlenient %v, %v", strict, err, other, err2)
		}
	}
}

// vishvananda/netlink knows encapsulations of next hops for MPLS alone.
func TestPeerBugEncapOfHopIsLost(t *testing.T) {
	l := newLab(t)
	r := route.Route{Dst: prefix("10.10.0.0/16"), Multipath: []route.Nexthop{
		{Link: l.v0, Encap: &rtnl.IPEncap{ID: 7, Dst: ip("192.0.2.9")}},
		{Link: l.v1, Encap: &rtnl.IP6Encap{ID: 8, Dst: ip("2001:db8::9")}},
	}}
	if err := route.Add(t.Context(), l.c, r); err != nil {
		t.Fatal(err)
	}
	got := find(t, l.c, r)
	for i := range r.Multipath {
		sameEncap(t, "hop", r.Multipath[i].Encap, got.Multipath[i].Encap)
	}
	if i := slices.IndexFunc(got.Multipath, func(h route.Nexthop) bool { return len(h.Rest) > 0 }); i >= 0 {
		t.Errorf("hop %d: %v", i, got.Multipath[i].Rest)
	}
}
