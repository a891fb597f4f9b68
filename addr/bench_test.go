package addr_test

import (
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
)

func BenchmarkList(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	const n = 10_000
	batch := c.NewBatch()
	for i := range n {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 32)
		if err := addr.Add(b.Context(), batch, addr.Address{Link: 1, Prefix: p}); err != nil {
			b.Fatal(err)
		}
	}
	if err := batch.Send(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		list, err := addr.List(b.Context(), c)
		if err != nil || len(list) < n {
			b.Fatal(len(list), err)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	c := livetest.In(b, nstest.New(b))
	a := addr.Address{Link: 1, Prefix: netip.MustParsePrefix("192.0.2.1/24")}
	b.ReportAllocs()
	for b.Loop() {
		if err := addr.Replace(b.Context(), c, a); err != nil {
			b.Fatal(err)
		}
	}
}
