package link

import (
	"fmt"
	"testing"

	"github.com/nlkit/nlkit"
)

// manyLinks returns a client in a namespace with n pairs of links.
func manyLinks(b *testing.B, n int) *nlkit.Client {
	b.Helper()
	c, _ := newClient(b)
	batch := c.NewBatch()
	for i := range n {
		must(b, Add(b.Context(), batch, fmt.Sprintf("v%d", i), &Veth{Peer: NewPeer(fmt.Sprintf("p%d", i))}))
	}
	must(b, batch.Send(b.Context()))
	return c
}

func BenchmarkRead(b *testing.B) {
	const pairs = 1000
	c := manyLinks(b, pairs)
	ctx := b.Context()
	perLink := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*pairs+1), "ns/link")
	}
	check := func(b *testing.B, n int, err error) {
		if err != nil || n != 2*pairs+1 {
			b.Fatal(n, err)
		}
	}
	all := func(opts ...ListOption) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range All(ctx, c, opts...) {
					must(b, err)
					n++
				}
				check(b, n, nil)
			}
			perLink(b)
		}
	}
	b.Run("All", all())
	b.Run("AllWithStats", all(WithStats()))
	b.Run("List", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			links, err := List(ctx, c)
			check(b, len(links), err)
		}
		perLink(b)
	})
	b.Run("ListOfOneKind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := List(ctx, c, MatchKind("bridge")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Raw", func(b *testing.B) { // what receiving alone takes
		b.ReportAllocs()
		req := request("link.List", 18, 0)
		req.Data, _ = new(query).appendTo(nil)
		for b.Loop() {
			n := 0
			for _, err := range c.Dump(ctx, req) {
				must(b, err)
				n++
			}
			check(b, n, nil)
		}
		perLink(b)
	})
	b.Run("GetByIndex", func(b *testing.B) {
		b.ReportAllocs()
		l, err := Get(ctx, c, Name("v500"))
		must(b, err)
		for b.Loop() {
			if _, err := Get(ctx, c, Index(l.Index)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("GetByName", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Get(ctx, c, Name("v500")); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSet(b *testing.B) {
	c := manyLinks(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := Set(b.Context(), c, Name("v0"), WithTxQueueLen(100)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, data := range fixtures(b) {
		if name != "kind_veth" && name != "kind_vxlan" && name != "kind_bridge" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var l Link
				if err := l.decode(data, false); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/table", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var l Link
				if err := decodeByTable(data, &l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
