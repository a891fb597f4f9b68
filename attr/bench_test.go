package attr_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/attr"
)

// flat is a message of twenty attributes, none of which needs memory of its own.
func flat() *everything {
	return &everything{
		U8: 1, Mode: 2, U16: 3, U32: 4, Index: 5, U64: 6, S8: -7, S16: -8, S32: -9, S64: -10, BE16: 11, BE32: 12, BE64: 13,
		Bool: true, Flag: true, Any: netip.MustParseAddr("192.0.2.1"), V6: netip.MustParseAddr("2001:db8::1"), Lease: time.Minute,
		Inline: inner{A: 14}, Words: [4]uint32{1, 2, 3, 4}, Struct: cache{Hits: 1, Misses: 2}, Bits: attr.Bits[bits]{}.Set(1),
	}
}

func BenchmarkAppend(b *testing.B) {
	v := inner{A: 42, B: "eth0", C: &inner2{X: 7}}
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 128)
		for b.Loop() {
			if _, err := innerAttrs.Append(buf, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AttributeEncoder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ae := netlink.NewAttributeEncoder()
			ae.Uint32(1, v.A)
			ae.String(2, v.B)
			ae.Nested(3, func(nae *netlink.AttributeEncoder) error {
				nae.Uint16(7, v.C.X)
				return nil
			})
			if _, err := ae.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data, err := innerAttrs.Append(nil, &inner{A: 42, C: &inner2{X: 7}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var in inner
			if err := innerAttrs.Decode(data, &in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AttributeDecoder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ad, err := netlink.NewAttributeDecoder(data)
			if err != nil {
				b.Fatal(err)
			}
			var in inner
			for ad.Next() {
				switch ad.Type() {
				case 1:
					in.A = ad.Uint32()
				case 3:
					ad.Nested(func(nad *netlink.AttributeDecoder) error {
						in.C = new(inner2)
						for nad.Next() {
							in.C.X = nad.Uint16()
						}
						return nil
					})
				}
			}
			if ad.Err() != nil {
				b.Fatal(ad.Err())
			}
		}
	})
}

func BenchmarkDecodeFlat(b *testing.B) {
	data, err := allAttrs.Append(nil, flat())
	if err != nil {
		b.Fatal(err)
	}
	var v everything
	b.ReportAllocs()
	for b.Loop() {
		if err := allAttrs.Decode(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// A list costs one allocation, however long it is.
func BenchmarkDecodeLists(b *testing.B) {
	long := everything{Ports: make([]uint16, 1000)}
	for range 1000 {
		long.List = append(long.List, inner{A: 1})
		long.Servers = append(long.Servers, netip.IPv6Loopback())
	}
	data, err := allAttrs.Append(nil, &long)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var v everything
		if err := allAttrs.Decode(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// Decoding allocates what the value holds and nothing for an attribute; encoding
// into a buffer that is large enough allocates nothing.
func TestAllocations(t *testing.T) {
	data, err := allAttrs.Append(nil, flat())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for s := attr.Scan(data); s.Next(); {
		n++
	}
	if n < 20 {
		t.Fatalf("only %d attributes", n)
	}
	var v everything
	if n := testing.AllocsPerRun(100, func() {
		if allAttrs.Decode(data, &v) != nil {
			t.Fatal("it is not decoded")
		}
	}); n != 0 {
		t.Errorf("decoding takes %v allocations", n)
	}
	buf, in := make([]byte, 0, 2*len(data)), flat()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := allAttrs.Append(buf, in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("encoding takes %v allocations", n)
	}

	long := everything{Ports: make([]uint16, 500), List: make([]inner, 500), Servers: make([]netip.Addr, 500)}
	for i := range long.Servers {
		long.Servers[i] = netip.IPv6Loopback()
	}
	data, err = allAttrs.Append(nil, &long)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		v.Ports, v.List, v.Servers = nil, nil, nil
		if allAttrs.Decode(data, &v) != nil || len(v.List) != 500 {
			t.Fatal("it is not decoded")
		}
	}); n != 3 {
		t.Errorf("decoding three lists takes %v allocations", n)
	}
}
