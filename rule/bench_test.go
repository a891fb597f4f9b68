package rule

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// manyRules puts 1,000 rules into a namespace.
func manyRules(b *testing.B) *nlkit.Client {
	b.Helper()
	c, _ := newClient(b)
	batch := c.NewBatch()
	for i := range uint32(1000) {
		r := at(1000 + i)
		r.Mark, r.Table = i+1, 100
		must(b, Add(b.Context(), batch, r))
	}
	must(b, batch.Send(b.Context()))
	return c
}

func BenchmarkList(b *testing.B) {
	c := manyRules(b)
	b.ReportAllocs()
	for b.Loop() {
		if l, err := List(b.Context(), c, MatchFamily(v4)); err != nil || len(l) != 1003 {
			b.Fatal(len(l), err)
		}
	}
}

func BenchmarkAll(b *testing.B) {
	c := manyRules(b)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range All(b.Context(), c, MatchFamily(v4)) {
			must(b, err)
			n++
		}
		if n != 1003 {
			b.Fatal(n)
		}
	}
}

func BenchmarkAddDelete(b *testing.B) {
	c, _ := newClient(b)
	r := at(1000)
	b.ReportAllocs()
	for b.Loop() {
		must(b, Add(b.Context(), c, r))
		must(b, Delete(b.Context(), c, r))
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"mark", "much"} {
		data := nstest.Recorded(b)[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var r Rule
				if err := decode(data, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
