package attr_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/attr"
)

// The bytes are those that mdlayher/netlink's encoder makes by hand, for every row
// that there is one of.
func TestSameBytesAsAttributeEncoder(t *testing.T) {
	nest := func(e *netlink.AttributeEncoder, typ uint16, content func(*netlink.AttributeEncoder)) {
		e.Nested(typ, func(inner *netlink.AttributeEncoder) error {
			inner.ByteOrder = binary.NativeEndian
			content(inner)
			return nil
		})
	}
	big := func(e *netlink.AttributeEncoder, put func(*netlink.AttributeEncoder)) {
		e.ByteOrder = binary.BigEndian
		put(e)
		e.ByteOrder = binary.NativeEndian
	}
	six := netip.MustParseAddr("2001:db8::1")
	four := netip.MustParseAddr("192.0.2.1")
	u16 := func(n uint16) []byte { return binary.NativeEndian.AppendUint16(nil, n) }
	u32 := func(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
	for name, tt := range map[string]struct {
		v    everything
		hand func(e *netlink.AttributeEncoder)
	}{
		"U8":          {everything{U8: 1}, func(e *netlink.AttributeEncoder) { e.Uint8(1, 1) }},
		"U16":         {everything{U16: 2}, func(e *netlink.AttributeEncoder) { e.Uint16(3, 2) }},
		"U32":         {everything{U32: 3}, func(e *netlink.AttributeEncoder) { e.Uint32(4, 3) }},
		"U64":         {everything{U64: 4}, func(e *netlink.AttributeEncoder) { e.Uint64(6, 4) }},
		"S8":          {everything{S8: -5}, func(e *netlink.AttributeEncoder) { e.Int8(7, -5) }},
		"S16":         {everything{S16: -5}, func(e *netlink.AttributeEncoder) { e.Int16(8, -5) }},
		"S32":         {everything{S32: -5}, func(e *netlink.AttributeEncoder) { e.Int32(9, -5) }},
		"S64":         {everything{S64: -5}, func(e *netlink.AttributeEncoder) { e.Int64(10, -5) }},
		"BE16":        {everything{BE16: 6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Uint16(11, 6) }) }},
		"BE32":        {everything{BE32: 6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Uint32(12, 6) }) }},
		"BE64":        {everything{BE64: 6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Uint64(13, 6) }) }},
		"SBE16":       {everything{SBE16: -6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Int16(50, -6) }) }},
		"SBE32":       {everything{SBE32: -6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Int32(51, -6) }) }},
		"SBE64":       {everything{SBE64: -6}, func(e *netlink.AttributeEncoder) { big(e, func(e *netlink.AttributeEncoder) { e.Int64(52, -6) }) }},
		"Uint narrow": {everything{Uint: 1<<32 - 1}, func(e *netlink.AttributeEncoder) { e.Uint32(53, 1<<32-1) }},
		"Uint wide":   {everything{Wide: 1 << 32}, func(e *netlink.AttributeEncoder) { e.Uint64(54, 1<<32) }},
		"Sint narrow": {everything{Sint: -1 << 31}, func(e *netlink.AttributeEncoder) { e.Int32(55, -1<<31) }},
		"Sint wide":   {everything{Sint: 1 << 31}, func(e *netlink.AttributeEncoder) { e.Int64(55, 1<<31) }},
		"OptU8":       {everything{OptU8: new(mode)}, func(e *netlink.AttributeEncoder) { e.Uint8(14, 0) }},
		"OptU64":      {everything{OptU64: new(uint64(8))}, func(e *netlink.AttributeEncoder) { e.Uint64(17, 8) }},
		"OptS32":      {everything{OptS32: new(int32(-8))}, func(e *netlink.AttributeEncoder) { e.Int32(18, -8) }},
		"Opt":         {everything{OptUint: new(uint64)}, func(e *netlink.AttributeEncoder) { e.Uint32(72, 0) }},
		"Bool":        {everything{Bool: true}, func(e *netlink.AttributeEncoder) { e.Uint8(21, 1) }},
		"OptBool":     {everything{OptBool: new(bool)}, func(e *netlink.AttributeEncoder) { e.Uint8(22, 0) }},
		"Flag":        {everything{Flag: true}, func(e *netlink.AttributeEncoder) { e.Flag(23, true) }},
		"String":      {everything{Str: "eth0"}, func(e *netlink.AttributeEncoder) { e.String(24, "eth0") }},
		"OptString":   {everything{OptStr: new(string)}, func(e *netlink.AttributeEncoder) { e.String(25, "") }},
		"Text":        {everything{Text: "eth0x"}, func(e *netlink.AttributeEncoder) { e.Bytes(56, []byte("eth0x")) }},
		"FixedString": {everything{Name16: "eth0"}, func(e *netlink.AttributeEncoder) {
			e.Bytes(59, []byte("eth0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
		}},
		"Bytes":      {everything{Bytes: []byte{1, 2, 3}}, func(e *netlink.AttributeEncoder) { e.Bytes(26, []byte{1, 2, 3}) }},
		"FixedBytes": {everything{Key: [32]byte{31: 9}}, func(e *netlink.AttributeEncoder) { e.Bytes(57, append(make([]byte, 31), 9)) }},
		"MAC":        {everything{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}}, func(e *netlink.AttributeEncoder) { e.Bytes(27, []byte{2, 0, 0, 0, 0, 1}) }},
		"Addr":       {everything{Any: six}, func(e *netlink.AttributeEncoder) { e.Bytes(28, six.AsSlice()) }},
		"Addr4":      {everything{V4: four}, func(e *netlink.AttributeEncoder) { e.Bytes(29, four.AsSlice()) }},
		"Addr6":      {everything{V6: six}, func(e *netlink.AttributeEncoder) { e.Bytes(30, six.AsSlice()) }},
		"Seconds":    {everything{Lease: time.Minute}, func(e *netlink.AttributeEncoder) { e.Uint32(31, 60) }},
		"Millis":     {everything{Delay: time.Second}, func(e *netlink.AttributeEncoder) { e.Uint32(32, 1000) }},
		"Ticks32":    {everything{Wait: time.Second}, func(e *netlink.AttributeEncoder) { e.Uint32(33, 100) }},
		"Ticks64":    {everything{Wait64: time.Second}, func(e *netlink.AttributeEncoder) { e.Uint64(34, 100) }},
		"Array": {everything{Ports: []uint16{1, 2, 3}}, func(e *netlink.AttributeEncoder) {
			e.Bytes(60, bytes.Join([][]byte{u16(1), u16(2), u16(3)}, nil))
		}},
		"FixedArray": {everything{Words: [4]uint32{0, 0, 0, 1}}, func(e *netlink.AttributeEncoder) {
			e.Bytes(58, append(make([]byte, 15), 1))
		}},
		"Repeated": {everything{Repeats: []uint32{7, 0, 8}}, func(e *netlink.AttributeEncoder) {
			e.Uint32(63, 7)
			e.Uint32(63, 0)
			e.Uint32(63, 8)
		}},
		"Nested": {everything{Nested: &inner{A: 6, B: "x", C: &inner2{X: 7}}}, func(e *netlink.AttributeEncoder) {
			nest(e, 39, func(e *netlink.AttributeEncoder) {
				e.Uint32(1, 6)
				e.String(2, "x")
				nest(e, 3, func(e *netlink.AttributeEncoder) { e.Uint16(7, 7) })
			})
		}},
		"Nested, empty": {everything{Nested: &inner{}}, func(e *netlink.AttributeEncoder) { nest(e, 39, func(*netlink.AttributeEncoder) {}) }},
		"Inline":        {everything{Inline: inner{A: 6}}, func(e *netlink.AttributeEncoder) { nest(e, 40, func(e *netlink.AttributeEncoder) { e.Uint32(1, 6) }) }},
		"List": {everything{List: []inner{{A: 6}, {A: 7}}}, func(e *netlink.AttributeEncoder) {
			nest(e, 41, func(e *netlink.AttributeEncoder) {
				nest(e, 1, func(e *netlink.AttributeEncoder) { e.Uint32(1, 6) })
				nest(e, 2, func(e *netlink.AttributeEncoder) { e.Uint32(1, 7) })
			})
		}},
		"ListOf": {everything{Servers: []netip.Addr{four, six}}, func(e *netlink.AttributeEncoder) {
			nest(e, 65, func(e *netlink.AttributeEncoder) {
				e.Bytes(1, four.AsSlice())
				e.Bytes(2, six.AsSlice())
			})
		}},
		"Map": {everything{Limits: map[uint8]uint32{200: 2, 3: 1}}, func(e *netlink.AttributeEncoder) {
			nest(e, 67, func(e *netlink.AttributeEncoder) {
				e.Uint32(3, 1)
				e.Uint32(200, 2)
			})
		}},
		"BitField32": {everything{Bits: attr.Bits[bits]{}.Set(1).Clear(6)}, func(e *netlink.AttributeEncoder) {
			e.Bytes(69, append(u32(1), u32(7)...))
		}},
		"Struct": {everything{OptStruct: &entry{Port: 258, Flag: true}}, func(e *netlink.AttributeEncoder) { e.Bytes(71, []byte{1, 2, 0, 1}) }},
		"Choose": {everything{Kind: "number", ByNumber: 9}, func(e *netlink.AttributeEncoder) {
			e.String(80, "number")
			e.Uint64(81, 9)
		}},
		"Recursive": {everything{Tree: &tree{ID: 1, Children: []tree{{ID: 2, Left: &tree{ID: 3}}}}}, func(e *netlink.AttributeEncoder) {
			nest(e, 82, func(e *netlink.AttributeEncoder) {
				e.Uint32(1, 1)
				nest(e, 3, func(e *netlink.AttributeEncoder) {
					nest(e, 1, func(e *netlink.AttributeEncoder) {
						e.Uint32(1, 2)
						nest(e, 2, func(e *netlink.AttributeEncoder) { e.Uint32(1, 3) })
					})
				})
			})
		}},
		"NetByteOrder": {everything{Order: 258}, func(e *netlink.AttributeEncoder) {
			e.Bytes(netlink.NetByteOrder|83, []byte{1, 2})
		}},
		"Rest": {everything{Rest: []attr.Raw{{Type: netlink.Nested | 999, Data: []byte{1, 2, 3}}}}, func(e *netlink.AttributeEncoder) {
			e.Bytes(netlink.Nested|999, []byte{1, 2, 3})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := allAttrs.Append(nil, &tt.v)
			if err != nil {
				t.Fatal(err)
			}
			e := netlink.NewAttributeEncoder()
			tt.hand(e)
			want, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n% x\nwant\n% x", got, want)
			}
		})
	}
}
