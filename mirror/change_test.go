package mirror_test

import (
	"net/netip"
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

func TestChange(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.1")
	prefix := netip.MustParsePrefix("192.0.2.0/24")
	for _, tt := range []struct {
		ch   mirror.Change
		kind mirror.Kind
		want string
	}{
		{mirror.Change{Type: nlkit.Synced}, 0, "synced"},
		{
			mirror.Change{Type: nlkit.Changed, Link: &nlkit.Change[link.Link]{Type: nlkit.Changed, Old: link.Link{Index: 2, Name: "a"}, New: link.Link{Index: 2, Name: "b"}}},
			mirror.Links, "changed link 2 b",
		},
		{
			mirror.Change{Type: nlkit.Removed, Link: &nlkit.Change[link.Link]{Type: nlkit.Removed, Old: link.Link{Index: 2, Name: "a"}}},
			mirror.Links, "removed link 2 a",
		},
		{
			mirror.Change{Type: nlkit.Added, Nexthop: &nlkit.Change[nexthop.Nexthop]{Type: nlkit.Added, New: nexthop.Nexthop{ID: 7, Link: 2}}},
			mirror.Nexthops, "added nexthop id 7 dev 2",
		},
		{
			mirror.Change{Type: nlkit.Added, Addr: &nlkit.Change[addr.Address]{Type: nlkit.Added, New: addr.Address{Link: 2, Prefix: netip.PrefixFrom(ip, 24)}}},
			mirror.Addresses, "added address 192.0.2.1/24 dev 2",
		},
		{
			mirror.Change{Type: nlkit.Removed, Neigh: &nlkit.Change[neigh.Neighbour]{Type: nlkit.Removed, Old: neigh.Neighbour{Link: 2, Addr: ip}}},
			mirror.Neighbours, "removed neighbour 192.0.2.1 dev 2",
		},
		{
			mirror.Change{Type: nlkit.Added, FDB: &nlkit.Change[neigh.Neighbour]{Type: nlkit.Added, New: neigh.Neighbour{Link: 2, Addr: ip}}},
			mirror.FDB, "added fdb entry 192.0.2.1 dev 2",
		},
		{
			mirror.Change{Type: nlkit.Added, Rule: &nlkit.Change[rule.Rule]{Type: nlkit.Added, New: rule.Rule{Priority: new(uint32(5))}}},
			mirror.Rules, "added rule " + rule.Rule{Priority: new(uint32(5))}.String(),
		},
		{
			mirror.Change{Type: nlkit.Added, Route: &nlkit.Change[route.Route]{Type: nlkit.Added, New: route.Route{Dst: prefix, Link: 2}}},
			mirror.Routes, "added route 192.0.2.0/24 dev 2",
		},
	} {
		if tt.ch.Kind() != tt.kind || tt.ch.String() != tt.want {
			t.Errorf("%v %q, want %v %q", tt.ch.Kind(), tt.ch, tt.kind, tt.want)
		}
	}
}

func TestKind(t *testing.T) {
	for k, want := range map[mirror.Kind]string{
		0: "0x0", mirror.Links: "links", mirror.Links | mirror.FDB | mirror.Routes: "links|fdb|routes",
		everything: "links|nexthops|addresses|neighbours|fdb|rules|routes", mirror.Rules | 1<<7: "rules|0x80",
	} {
		if k.String() != want {
			t.Errorf("%q, want %q", k, want)
		}
	}
	if k := mirror.Links | mirror.Routes; !k.Has(mirror.Routes) || k.Has(mirror.Routes|mirror.Rules) {
		t.Error("Has")
	}
}
