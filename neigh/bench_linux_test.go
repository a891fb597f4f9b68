package neigh

import (
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

const many = 20_000

// fillTable gives a link many neighbours. The whole system has one limit for them,
// above which only permanent ones can be made.
func fillTable(b *testing.B, c *nlkit.Client) int {
	b.Helper()
	link, _ := addVeth(b, c, "v0", "v1")
	batch := c.NewBatch()
	for i := range many {
		n := Neighbour{Link: link, Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), LinkAddr: mac(byte(i>>8), byte(i))}
		if err := Add(b.Context(), batch, n); err != nil {
			b.Fatal(err)
		}
	}
	if err := batch.Send(b.Context()); err != nil {
		b.Fatal(err)
	}
	return link
}

func BenchmarkList(b *testing.B) {
	c, _ := live(b)
	link := fillTable(b, c)
	b.ReportAllocs()
	for b.Loop() {
		list, err := List(b.Context(), c, MatchLink(link))
		if err != nil || len(list) < many {
			b.Fatal(len(list), err)
		}
	}
}

func BenchmarkAll(b *testing.B) {
	c, _ := live(b)
	link := fillTable(b, c)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range All(b.Context(), c, MatchLink(link)) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n < many {
			b.Fatal(n)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	c, _ := live(b)
	link, _ := addVeth(b, c, "v0", "v1")
	n := Neighbour{Link: link, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	if err := Add(b.Context(), c, n); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Get(b.Context(), c, n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	c, _ := live(b)
	link, _ := addVeth(b, c, "v0", "v1")
	n := Neighbour{Link: link, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	b.ReportAllocs()
	for b.Loop() {
		if err := Replace(b.Context(), c, n); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFlushFDB compares the removal of 1,000 entries of a bridge at once and
// one by one; making them is not measured.
func BenchmarkFlushFDB(b *testing.B) {
	for name, opts := range map[string][]ListOption{"whole": {FDB()}, "one-by-one": {FDB(), MatchProtocol(0)}} {
		b.Run(name, func(b *testing.B) {
			c, _ := live(b)
			br := addBridge(b, c, "br0")
			port := addPort(b, c, "p0", br)
			b.ReportAllocs()
			for range b.N {
				b.StopTimer()
				batch := c.NewBatch()
				for i := range 1000 {
					if err := Replace(b.Context(), batch, bridgeEntry(port, mac(byte(i>>8), byte(i)), StateNoARP)); err != nil {
						b.Fatal(err)
					}
				}
				if err := batch.Send(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := Flush(b.Context(), c, append(opts, MatchMaster(br))...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode measures the decoder by itself, by hand and by the table.
func BenchmarkDecode(b *testing.B) {
	if !nstest.LittleEndian() {
		return // recorded on a little-endian machine
	}
	msg := nstest.Recorded(b)["ipv4"]
	b.Run("hand", func(b *testing.B) {
		d := &decoder{list: true}
		var n Neighbour // as in a list, where it is in its place already
		b.ReportAllocs()
		for b.Loop() {
			n = Neighbour{}
			if ok, err := d.decode(msg, &n); !ok || err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var n Neighbour
			if _, err := decodeHeader(msg, &n); err != nil {
				b.Fatal(err)
			}
			if err := attrs.Decode(msg[headerLen:], &n); err != nil {
				b.Fatal(err)
			}
		}
	})
}
