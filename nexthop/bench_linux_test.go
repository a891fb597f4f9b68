package nexthop_test

import (
	"testing"

	"github.com/nlkit/nlkit/nexthop"
)

func BenchmarkList(b *testing.B) {
	c, _, v0, _ := live(b)
	batch := c.NewBatch()
	const n = 1000
	for range n {
		if err := nexthop.Add(b.Context(), batch, nexthop.Nexthop{Link: v0}); err != nil {
			b.Fatal(err)
		}
	}
	if err := batch.Send(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if all, err := nexthop.List(b.Context(), c); err != nil || len(all) != n {
			b.Fatal(len(all), err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	c, _, v0, _ := live(b)
	add(b, c, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2")})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := nexthop.Get(b.Context(), c, 1); err != nil {
			b.Fatal(err)
		}
	}
}
