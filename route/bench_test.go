package route_test

import (
	"testing"

	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
)

func BenchmarkAll(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	fill(b, c, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range route.All(b.Context(), c, route.MatchTable(1000)) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkList(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	fill(b, c, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		list, err := route.List(b.Context(), c, route.MatchTable(1000))
		if err != nil || len(list) != 100_000 {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkBatch adds and deletes 100,000 routes, and reports each by the route.
func BenchmarkBatch(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	const n = 100_000
	for _, verb := range []string{"add", "delete"} {
		other := map[string]string{"add": "delete", "delete": "add"}[verb]
		run := func(verb string) {
			batch := c.NewBatch()
			for i := range n {
				var err error
				if verb == "add" {
					err = route.Add(b.Context(), batch, onLoopback(i))
				} else {
					err = route.Delete(b.Context(), batch, onLoopback(i))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			if err := batch.Send(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(verb, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				b.StopTimer()
				if list, err := route.List(b.Context(), c, route.MatchTable(1000)); err != nil {
					b.Fatal(err)
				} else if (len(list) > 0) == (verb == "add") {
					run(other)
				}
				b.StartTimer()
				run(verb)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/route")
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	b.ReportAllocs()
	for b.Loop() {
		if err := route.Replace(b.Context(), c, onLoopback(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := route.Lookup(b.Context(), c, ip("127.0.0.1")); err != nil {
			b.Fatal(err)
		}
	}
}
