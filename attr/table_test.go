package attr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
)

type mode uint8

type inner struct {
	A uint32
	B string
	C *inner2
}

type inner2 struct{ X uint16 }

// everything has a field for every kind of row.
type everything struct {
	U8                         uint8
	Mode                       mode
	U16                        uint16
	U32                        uint32
	Index                      int
	U64                        uint64
	S8                         int8
	S16                        int16
	S32                        int32
	S64, Long                  int64
	BE16                       uint16
	BE32                       uint32
	BE64                       uint64
	OptU8                      *mode
	OptU16                     *uint16
	OptU32                     *uint32
	OptU64                     *uint64
	OptS8                      *int8
	OptS16                     *int16
	OptS32                     *int32
	OptS64                     *int64
	OptBE16                    *uint16
	OptBE32                    *uint32
	OptBE64                    *uint64
	Bool                       bool
	OptBool                    *bool
	Flag                       bool
	Str                        string
	OptStr                     *string
	Bytes                      []byte
	MAC                        net.HardwareAddr
	Any, V4, V6                netip.Addr
	Lease, Delay, Wait, Wait64 time.Duration
	OptLease, OptDelay         *time.Duration
	OptWait, OptWait64         *time.Duration
	Nested                     *inner
	Inline                     inner
	List                       []inner
	Custom                     [2]byte
	Reported                   uint32
	Rest                       []attr.Raw
}

var inner2Attrs = attr.Table[inner2]{
	attr.U16(7, "INNER2_X", func(v *inner2) *uint16 { return &v.X }),
}

var innerAttrs = attr.Table[inner]{
	attr.U32(1, "INNER_A", func(v *inner) *uint32 { return &v.A }).Max(1 << 24),
	attr.String(2, "INNER_B", func(v *inner) *string { return &v.B }),
	attr.Nested(3, "INNER_C", inner2Attrs, func(v *inner) **inner2 { return &v.C }),
}

var allAttrs = attr.Table[everything]{
	attr.U8(1, "U8", func(v *everything) *uint8 { return &v.U8 }),
	attr.U8(2, "MODE", func(v *everything) *mode { return &v.Mode }),
	attr.U16(3, "U16", func(v *everything) *uint16 { return &v.U16 }),
	attr.U32(4, "U32", func(v *everything) *uint32 { return &v.U32 }),
	attr.U32(5, "INDEX", func(v *everything) *int { return &v.Index }),
	attr.U64(6, "U64", func(v *everything) *uint64 { return &v.U64 }),
	attr.S8(7, "S8", func(v *everything) *int8 { return &v.S8 }),
	attr.S16(8, "S16", func(v *everything) *int16 { return &v.S16 }),
	attr.S32(9, "S32", func(v *everything) *int32 { return &v.S32 }),
	attr.S64(10, "S64", func(v *everything) *int64 { return &v.S64 }),
	attr.BE16(11, "BE16", func(v *everything) *uint16 { return &v.BE16 }),
	attr.BE32(12, "BE32", func(v *everything) *uint32 { return &v.BE32 }),
	attr.BE64(13, "BE64", func(v *everything) *uint64 { return &v.BE64 }),
	attr.OptU8(14, "OPTU8", func(v *everything) **mode { return &v.OptU8 }),
	attr.OptU16(15, "OPTU16", func(v *everything) **uint16 { return &v.OptU16 }),
	attr.OptU32(16, "OPTU32", func(v *everything) **uint32 { return &v.OptU32 }),
	attr.OptU64(17, "OPTU64", func(v *everything) **uint64 { return &v.OptU64 }),
	attr.OptS32(18, "OPTS32", func(v *everything) **int32 { return &v.OptS32 }),
	attr.OptBE16(19, "OPTBE16", func(v *everything) **uint16 { return &v.OptBE16 }),
	attr.OptBE32(20, "OPTBE32", func(v *everything) **uint32 { return &v.OptBE32 }),
	attr.Bool(21, "BOOL", func(v *everything) *bool { return &v.Bool }),
	attr.OptBool(22, "OPTBOOL", func(v *everything) **bool { return &v.OptBool }),
	attr.Flag(23, "FLAG", func(v *everything) *bool { return &v.Flag }),
	attr.String(24, "STRING", func(v *everything) *string { return &v.Str }),
	attr.OptString(25, "OPTSTRING", func(v *everything) **string { return &v.OptStr }),
	attr.Bytes(26, "BYTES", func(v *everything) *[]byte { return &v.Bytes }),
	attr.MAC(27, "MAC", func(v *everything) *net.HardwareAddr { return &v.MAC }),
	attr.Addr(28, "ADDR", func(v *everything) *netip.Addr { return &v.Any }),
	attr.Addr4(29, "ADDR4", func(v *everything) *netip.Addr { return &v.V4 }),
	attr.Addr6(30, "ADDR6", func(v *everything) *netip.Addr { return &v.V6 }),
	attr.Seconds(31, "SECONDS", func(v *everything) *time.Duration { return &v.Lease }),
	attr.Millis(32, "MILLIS", func(v *everything) *time.Duration { return &v.Delay }),
	attr.Ticks32(33, "TICKS32", func(v *everything) *time.Duration { return &v.Wait }),
	attr.Ticks64(34, "TICKS64", func(v *everything) *time.Duration { return &v.Wait64 }),
	attr.OptSeconds(35, "OPTSECONDS", func(v *everything) **time.Duration { return &v.OptLease }),
	attr.OptMillis(36, "OPTMILLIS", func(v *everything) **time.Duration { return &v.OptDelay }),
	attr.OptTicks32(37, "OPTTICKS32", func(v *everything) **time.Duration { return &v.OptWait }),
	attr.OptTicks64(38, "OPTTICKS64", func(v *everything) **time.Duration { return &v.OptWait64 }),
	attr.Nested(39, "NESTED", innerAttrs, func(v *everything) **inner { return &v.Nested }),
	attr.Inline(40, "INLINE", innerAttrs, func(v *everything) *inner { return &v.Inline }),
	attr.List(41, "LIST", innerAttrs, func(v *everything) *[]inner { return &v.List }),
	attr.Custom(42, "CUSTOM",
		func(b []byte, v *everything) ([]byte, error) {
			if v.Custom == [2]byte{} {
				return b, nil
			}
			return attr.AppendBytes(b, 42, v.Custom[:]), nil
		},
		func(p []byte, v *everything) error {
			if copy(v.Custom[:], p) < 2 {
				return attr.ErrMalformed
			}
			return nil
		}).Sample(func(r *rand.Rand, v *everything) { v.Custom = [2]byte{1, byte(r.IntN(256))} }),
	attr.U32(43, "REPORTED", func(v *everything) *uint32 { return &v.Reported }).ReadOnly(),
	attr.S16(44, "LONG", func(v *everything) *int64 { return &v.Long }),
	attr.OptS8(45, "OPTS8", func(v *everything) **int8 { return &v.OptS8 }),
	attr.OptS16(46, "OPTS16", func(v *everything) **int16 { return &v.OptS16 }),
	attr.OptS64(47, "OPTS64", func(v *everything) **int64 { return &v.OptS64 }),
	attr.OptBE64(48, "OPTBE64", func(v *everything) **uint64 { return &v.OptBE64 }),
	attr.Rest(func(v *everything) *[]attr.Raw { return &v.Rest }),
}

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, allAttrs)
	attrtest.Covers(t, allAttrs)
	twice := attr.Table[inner]{innerAttrs[0], innerAttrs[0]}
	if twice.Check() == nil {
		t.Error("a table with two rows of one type passes its check")
	}
}

func TestZeroValueSendsNothing(t *testing.T) {
	b, err := allAttrs.Append(nil, &everything{Reported: 9})
	if err != nil || len(b) != 0 {
		t.Errorf("got % x, %v", b, err)
	}
	b, err = attr.Table[inner]{innerAttrs[0].Required()}.Append(nil, &inner{})
	if want := attr.AppendUint32(nil, 1, 0); err != nil || !bytes.Equal(b, want) {
		t.Errorf("a required zero gives % x, %v", b, err)
	}
}

// The bytes are those that mdlayher/netlink's encoder makes by hand.
func TestSameBytesAsAttributeEncoder(t *testing.T) {
	v := everything{
		U8: 1, U16: 2, U32: 3, U64: 4, S32: -5, Flag: true, Str: "eth0", Bytes: []byte{1, 2, 3},
		Nested: &inner{A: 6, B: "x", C: &inner2{X: 7}},
	}
	got, err := allAttrs.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	ae := netlink.NewAttributeEncoder()
	ae.Uint8(1, 1)
	ae.Uint16(3, 2)
	ae.Uint32(4, 3)
	ae.Uint64(6, 4)
	ae.Int32(9, -5)
	ae.Flag(23, true)
	ae.String(24, "eth0")
	ae.Bytes(26, []byte{1, 2, 3})
	ae.Nested(39, func(nae *netlink.AttributeEncoder) error {
		nae.Uint32(1, 6)
		nae.String(2, "x")
		nae.Nested(3, func(nae *netlink.AttributeEncoder) error {
			nae.Uint16(7, 7)
			return nil
		})
		return nil
	})
	want, err := ae.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n% x\nwant\n% x", got, want)
	}
}

func TestRefusedValuesNameTheirAttribute(t *testing.T) {
	long := make([]byte, 1<<16)
	for _, tc := range []struct {
		name string
		v    everything
		path string
	}{
		{"negative index", everything{Index: -1}, "INDEX"},
		{"signed over 16 bits", everything{S16: 1, Long: 1 << 15}, "LONG"},
		{"above a limit in a nest", everything{Nested: &inner{A: 1<<24 + 1}}, "NESTED.INNER_A"},
		{"above a limit in a list", everything{List: []inner{{A: 1}, {A: 1<<24 + 1}}}, "LIST.2.INNER_A"},
		{"IPv6 for IPv4", everything{V4: netip.MustParseAddr("::1")}, "ADDR4"},
		{"IPv4 for IPv6", everything{V6: netip.MustParseAddr("10.0.0.1")}, "ADDR6"},
		{"NUL in text", everything{Str: "a\x00b"}, "STRING"},
		{"text too long", everything{Str: string(bytes.Repeat([]byte("x"), 1<<16))}, "STRING"},
		{"bytes too long", everything{Bytes: long}, "BYTES"},
		{"negative duration", everything{Lease: -time.Second}, "SECONDS"},
		{"duration too long", everything{Delay: 1 << 62}, "MILLIS"},
		{"unknown attribute too long", everything{Rest: []attr.Raw{{Type: 0x8000 | 950, Data: long}}}, "950"},
		{"nest too long", everything{Nested: &inner{B: strings.Repeat("x", 65520), C: &inner2{X: 1}}}, "NESTED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := allAttrs.Append(nil, &tc.v)
			bad, ok := errors.AsType[*attr.Error](err)
			if !ok || bad.Path != tc.path || !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("got %v, want an invalid %s", err, tc.path)
			}
		})
	}
}

func TestMalformedBytesNameTheirAttribute(t *testing.T) {
	nest := func(typ uint16, content ...byte) []byte { return attr.AppendBytes(nil, typ, content) }
	// lying is an attribute that says it is n bytes long.
	lying := func(n, typ uint16, content ...byte) []byte {
		b := binary.NativeEndian.AppendUint16(nil, n)
		return append(binary.NativeEndian.AppendUint16(b, typ), content...)
	}
	for _, tc := range []struct {
		name string
		b    []byte
		path string
	}{
		{"integer of 3 bytes", nest(4, 1, 2, 3), "U32"},
		{"integer that does not fit", attr.AppendUint32(nil, 1, 256), "U8"},
		{"address of 5 bytes", nest(28, 1, 2, 3, 4, 5), "ADDR"},
		{"IPv4 address of 16 bytes", nest(29, make([]byte, 16)...), "ADDR4"},
		{"inside a nest", nest(39, nest(3, nest(7, 1, 2, 3)...)...), "NESTED.INNER_C.INNER2_X"},
		{"a nest cut short", nest(39, lying(9, 1)...), "NESTED"},
		{"in a list", nest(41, nest(1, nest(1, 1, 2, 3)...)...), "LIST.1.INNER_A"},
		{"length beyond the end", lying(9, 4, 1, 2, 3, 4), ""},
		{"length below a header", lying(3, 4, 1, 2, 3, 4), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v everything
			err := allAttrs.Decode(tc.b, &v)
			bad, ok := errors.AsType[*attr.Error](err)
			if !ok || bad.Path != tc.path || !errors.Is(err, attr.ErrMalformed) {
				t.Errorf("got %v, want a malformed %q", err, tc.path)
			}
		})
	}
}

func TestWiderIntegersAreAccepted(t *testing.T) {
	var v everything
	b := attr.AppendUint64(nil, 4, 7)
	b = attr.AppendUint8(b, 6, 8)
	b = attr.AppendBE64(b, 11, 9)
	if err := allAttrs.Decode(b, &v); err != nil || v.U32 != 7 || v.U64 != 8 || v.BE16 != 9 {
		t.Errorf("got %d %d %d, %v", v.U32, v.U64, v.BE16, err)
	}
}

func TestDurationsAreRoundedUp(t *testing.T) {
	b, err := allAttrs.Append(nil, &everything{Lease: time.Millisecond, Wait: 11 * time.Millisecond})
	var v everything
	if err = errors.Join(err, allAttrs.Decode(b, &v)); err != nil || v.Lease != time.Second || v.Wait != 20*time.Millisecond {
		t.Errorf("got %v, %v, %v", v.Lease, v.Wait, err)
	}
	if err := allAttrs.Decode(attr.AppendUint64(nil, 34, 1<<63), &v); err != nil || v.Wait64 != 1<<63-1 {
		t.Errorf("a count beyond a Duration gives %v, %v", v.Wait64, err)
	}
}

func TestPath(t *testing.T) {
	v := everything{U32: 1, Nested: &inner{A: 6, C: &inner2{X: 7}}, List: []inner{{A: 1}, {A: 2}}}
	b, err := allAttrs.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	b = attr.AppendUint32(b, 77, 0)
	for off, want := range map[int]string{
		0: "U32", 4: "U32", 8: "NESTED", 12: "NESTED.INNER_A", 20: "NESTED.INNER_C", 24: "NESTED.INNER_C.INNER2_X",
		32: "LIST", 36: "LIST.1", 40: "LIST.1.INNER_A", 52: "LIST.2.INNER_A", len(b) - 4: "77", len(b): "", -1: "", 1 << 20: "",
	} {
		if got := attr.Path(allAttrs, b, off); got != want {
			t.Errorf("offset %d: got %q, want %q", off, got, want)
		}
	}
	if name, _ := attr.Name(attr.SchemaAt(allAttrs, b, 20), 7, nil); name != "INNER2_X" {
		t.Errorf("the nest at 20 calls 7 %q", name)
	}
}

func FuzzDecode(f *testing.F) { attrtest.Fuzz(f, allAttrs) }

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
	data, _ := innerAttrs.Append(nil, &inner{A: 42, C: &inner2{X: 7}})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		var v inner2
		var in inner
		_ = v
		for b.Loop() {
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
