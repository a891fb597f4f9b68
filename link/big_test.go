package link

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A kernel of the future tells hundreds of things that this package does not know:
// they are kept, in their order, and nothing of what it knows is lost.
func TestHundredsOfUnknownAttributes(t *testing.T) {
	b := header{typ: TypeEther, index: 7}.appendTo(nil)
	b = attr.AppendString(b, uapi.IFLA_IFNAME, "eth0")
	var want []attr.Raw
	for i := range 300 {
		a := attr.Raw{Type: uint16(500 + i), Data: make([]byte, i%70)}
		for j := range a.Data {
			a.Data[j] = byte(i + j)
		}
		if i%3 == 0 {
			a.Type |= uapi.NLA_F_NESTED
		}
		want = append(want, a)
		b = attr.AppendBytes(b, a.Type, a.Data)
		if i == 150 {
			b = attr.AppendUint32(b, uapi.IFLA_MTU, 1400)
		}
	}
	b = attr.AppendString(b, uapi.IFLA_IFALIAS, "last")
	var l Link
	must(t, l.decode(b, true))
	clear(b)
	if l.Name != "eth0" || l.MTU != 1400 || l.Alias != "last" || len(l.Unknown) != len(want) {
		t.Fatalf("got %+v", l)
	}
	for i, a := range l.Unknown {
		if a.Type != want[i].Type || !slices.Equal(a.Data, want[i].Data) {
			t.Errorf("%d: got %+v, want %+v", i, a, want[i])
		}
	}
}

// Ten thousand links are made in one batch, and listed without a loss.
func TestTenThousandLinks(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 300
	}
	c, _ := newClient(t)
	ctx := t.Context()
	own, err := List(ctx, c)
	must(t, err)
	b := c.NewBatch()
	for i := range n {
		must(t, Add(ctx, b, fmt.Sprintf("i%d", i), &IFB{}, WithGroup(uint32(i))))
	}
	must(t, b.Send(ctx))
	complete := func(how string, links []Link, others int) {
		t.Helper()
		seen := make(map[string]uint32, n)
		indexes := make(map[int]bool, n)
		for _, l := range links {
			seen[l.Name] = l.Group
			indexes[l.Index] = true
		}
		if len(links) != n+others || len(seen) != len(links) || len(indexes) != len(links) {
			t.Errorf("%s: %d links, %d names, %d indexes", how, len(links), len(seen), len(indexes))
		}
		for i := range n {
			if g, ok := seen[fmt.Sprintf("i%d", i)]; !ok || g != uint32(i) {
				t.Fatalf("%s: i%d: %v, %d", how, i, ok, g)
			}
		}
	}
	links, err := List(ctx, c, WithStats(), WithSettings(), WithVFs())
	must(t, err)
	complete("listed", links, len(own))
	links, err = List(ctx, c, MatchKind("ifb"))
	must(t, err)
	complete("filtered", links, 0)
	links = links[:0]
	for l, err := range All(ctx, c, MatchName("i*")) {
		must(t, err)
		if l.Kind != nil && l.Kind.Kind() == "ifb" {
			links = append(links, l)
		}
	}
	complete("streamed", links, 0)
	stats, err := ListStats(ctx, c, WithStatsGroups(StatsLink))
	must(t, err)
	if len(stats) != n+len(own) {
		t.Errorf("counters of %d links", len(stats))
	}
}
