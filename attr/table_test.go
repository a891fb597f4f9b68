package attr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

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
	SBE16                      int16
	SBE32                      int32
	SBE64                      int64
	Uint, Wide                 uint64
	Sint                       int64
	Text                       string
	Key                        [32]byte
	Words                      [4]uint32
	Name16                     string
	Ports                      []uint16
	Hosts                      []netip.Addr
	Entries                    []entry
	Repeats                    []uint32
	Groups                     []inner
	Servers                    []netip.Addr
	Matrix                     [][]uint8
	Limits                     map[uint8]uint32
	Policies                   map[int]map[uint16]inner
	Bits                       attr.Bits[bits]
	Struct                     cache
	OptStruct                  *entry
	OptUint                    *uint64
	OptPorts                   *[]uint16
	Kind                       string
	ByNumber                   uint64
	ByNest                     *inner
	ByName                     string
	ByOther                    []byte
	Tree                       *tree
	Order                      uint16
	Limited                    *int32
	Rest                       []attr.Raw
}

type bits uint32

// entry and cache are C structs.
type entry struct {
	Port uint16
	Flag bool
}

type cache struct {
	Hits, Misses uint32
	Name         string
	Key          [6]byte
	Source       netip.Addr
	Age          time.Duration
	First        entry
	Change       attr.Bits[bits]
}

var entryLayout = attr.Layout[entry]{Size: 4, Fields: []attr.Row[entry]{
	attr.BE16(0, "port", func(e *entry) *uint16 { return &e.Port }),
	attr.Bool(3, "flag", func(e *entry) *bool { return &e.Flag }),
}}

var cacheLayout = attr.Layout[cache]{Size: 54, Fields: []attr.Row[cache]{
	attr.U32(0, "hits", func(c *cache) *uint32 { return &c.Hits }),
	attr.U32(4, "misses", func(c *cache) *uint32 { return &c.Misses }),
	attr.FixedString(8, "name", 16, func(c *cache) *string { return &c.Name }),
	attr.FixedBytes(24, "key", func(c *cache) []byte { return c.Key[:] }),
	attr.Addr4(30, "source", func(c *cache) *netip.Addr { return &c.Source }),
	attr.Seconds(34, "age", func(c *cache) *time.Duration { return &c.Age }),
	attr.Struct(38, "first", entryLayout, func(c *cache) *entry { return &c.First }),
	attr.BitField32(44, "change", func(c *cache) *attr.Bits[bits] { return &c.Change }),
}}

// tree is a struct that holds itself.
type tree struct {
	ID       uint32
	Left     *tree
	Children []tree
}

var treeAttrs = attr.Recursive(func(self attr.Table[tree]) attr.Table[tree] {
	return attr.Table[tree]{
		attr.U32(1, "TREE_ID", func(t *tree) *uint32 { return &t.ID }),
		attr.Nested(2, "TREE_LEFT", self, func(t *tree) **tree { return &t.Left }),
		attr.List(3, "TREE_CHILDREN", self, func(t *tree) *[]tree { return &t.Children }),
	}
})

var kindRow = attr.String(80, "KIND", func(v *everything) *string { return &v.Kind })

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
	attr.SBE16(50, "SBE16", func(v *everything) *int16 { return &v.SBE16 }),
	attr.SBE32(51, "SBE32", func(v *everything) *int32 { return &v.SBE32 }),
	attr.SBE64(52, "SBE64", func(v *everything) *int64 { return &v.SBE64 }),
	attr.Uint(53, "UINT", func(v *everything) *uint64 { return &v.Uint }),
	attr.Uint(54, "WIDE", func(v *everything) *uint64 { return &v.Wide }),
	attr.Sint(55, "SINT", func(v *everything) *int64 { return &v.Sint }),
	attr.Text(56, "TEXT", func(v *everything) *string { return &v.Text }),
	attr.FixedBytes(57, "KEY", func(v *everything) []byte { return v.Key[:] }),
	attr.FixedArray(attr.BE32(58, "WORDS", attr.Self[uint32]), func(v *everything) []uint32 { return v.Words[:] }),
	attr.FixedString(59, "NAME16", 16, func(v *everything) *string { return &v.Name16 }),
	attr.Array(attr.U16(60, "PORTS", attr.Self[uint16]).Max(60000), func(v *everything) *[]uint16 { return &v.Ports }),
	attr.Array(attr.Addr6(61, "HOSTS", attr.Self[netip.Addr]), func(v *everything) *[]netip.Addr { return &v.Hosts }),
	attr.Array(attr.Struct(62, "ENTRIES", entryLayout, attr.Self[entry]), func(v *everything) *[]entry { return &v.Entries }),
	attr.Repeated(attr.U32(63, "REPEATS", attr.Self[uint32]), func(v *everything) *[]uint32 { return &v.Repeats }),
	attr.Repeated(attr.Inline(64, "GROUPS", innerAttrs, attr.Self[inner]), func(v *everything) *[]inner { return &v.Groups }),
	attr.ListOf(65, "SERVERS", attr.Addr(0, "", attr.Self[netip.Addr]), func(v *everything) *[]netip.Addr { return &v.Servers }),
	attr.ListOf(66, "MATRIX", attr.Array(attr.U8(0, "", attr.Self[uint8]), attr.Self[[]uint8]), func(v *everything) *[][]uint8 { return &v.Matrix }),
	attr.Map(67, "LIMITS", attr.U32(0, "", attr.Self[uint32]), func(v *everything) *map[uint8]uint32 { return &v.Limits }),
	attr.Map(68, "POLICIES", attr.Map(0, "", attr.Inline(0, "", innerAttrs, attr.Self[inner]), attr.Self[map[uint16]inner]),
		func(v *everything) *map[int]map[uint16]inner { return &v.Policies }),
	attr.BitField32(69, "BITS", func(v *everything) *attr.Bits[bits] { return &v.Bits }),
	attr.Struct(70, "STRUCT", cacheLayout, func(v *everything) *cache { return &v.Struct }),
	attr.Opt(attr.Struct(71, "OPTSTRUCT", entryLayout, attr.Self[entry]), func(v *everything) **entry { return &v.OptStruct }),
	attr.Opt(attr.Uint(72, "OPTUINT", attr.Self[uint64]), func(v *everything) **uint64 { return &v.OptUint }),
	attr.Opt(attr.Array(attr.BE16(73, "OPTPORTS", attr.Self[uint16]), attr.Self[[]uint16]), func(v *everything) **[]uint16 { return &v.OptPorts }),
	kindRow,
	attr.Choose(kindRow, func(v *everything) *string { return &v.Kind }, map[string]attr.Row[everything]{
		"number": attr.U64(81, "DATA", func(v *everything) *uint64 { return &v.ByNumber }),
		"nest":   attr.Nested(81, "DATA", innerAttrs, func(v *everything) **inner { return &v.ByNest }),
		"name":   attr.String(81, "DATA", func(v *everything) *string { return &v.ByName }),
	}, attr.Bytes(81, "DATA", func(v *everything) *[]byte { return &v.ByOther }).Sample(func(*rand.Rand, *everything) {})),
	attr.Nested(82, "TREE", treeAttrs, func(v *everything) **tree { return &v.Tree }),
	attr.BE16(83, "ORDER", func(v *everything) *uint16 { return &v.Order }).NetByteOrder(),
	attr.OptS32(84, "LIMITED", func(v *everything) **int32 { return &v.Limited }).Max(1 << 20),
	attr.Rest(func(v *everything) *[]attr.Raw { return &v.Rest }),
}

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, allAttrs)
	attrtest.RoundTrip(t, treeAttrs)
	attrtest.Covers(t, allAttrs, "ByOther") // of no case
	attrtest.Covers(t, attr.Table[cache](cacheLayout.Fields))
	twice := attr.Table[inner]{innerAttrs[0], innerAttrs[0]}
	if twice.Check() == nil {
		t.Error("a table with two rows of one type passes its check")
	}
	for _, flag := range []uint16{0x8000, 0x4000} { // what is received would pass the row by
		flagged := attr.Table[inner]{attr.Bytes(flag|1, "X", func(v *inner) *[]byte { return new([]byte) })}
		if flagged.Check() == nil {
			t.Errorf("a type with the flag %#x passes the check", flag)
		}
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

// What a Custom row says of an error inside it is kept.
func TestErrorsOfCustomRows(t *testing.T) {
	mine := errors.New("peer 3")
	table := attr.Table[inner]{attr.Custom(1, "PEER", nil, func(p []byte, v *inner) error {
		return fmt.Errorf("%w: %w", mine, innerAttrs.Decode(p, v))
	})}
	err := table.Decode(attr.AppendBytes(nil, 1, attr.AppendBytes(nil, 1, []byte("abc"))), new(inner))
	e, ok := errors.AsType[*attr.Error](err)
	if !ok || e.Path != "PEER.INNER_A" || !errors.Is(err, mine) || !errors.Is(err, attr.ErrMalformed) {
		t.Fatalf("got %v", err)
	}
	if want := "PEER.INNER_A: peer 3: INNER_A: malformed attribute: 3 bytes are no integer"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
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
		{"below zero with a limit", everything{Limited: new(int32(-1))}, "LIMITED"},
		{"above a limit in a list", everything{List: []inner{{A: 1}, {A: 1<<24 + 1}}}, "LIST.2.INNER_A"},
		{"IPv6 for IPv4", everything{V4: netip.MustParseAddr("::1")}, "ADDR4"},
		{"IPv4 for IPv6", everything{V6: netip.MustParseAddr("10.0.0.1")}, "ADDR6"},
		{"NUL in text", everything{Str: "a\x00b"}, "STRING"},
		{"text too long", everything{Str: string(bytes.Repeat([]byte("x"), 1<<16))}, "STRING"},
		{"bytes too long", everything{Bytes: long}, "BYTES"},
		{"negative duration", everything{Lease: -time.Second}, "SECONDS"},
		{"duration too long", everything{Delay: 1 << 62}, "MILLIS"},
		{"a zone", everything{Any: netip.MustParseAddr("fe80::1%eth0")}, "ADDR"},
		{"a zone of IPv6", everything{V6: netip.MustParseAddr("fe80::1%eth0")}, "ADDR6"},
		{"unknown attribute too long", everything{Rest: []attr.Raw{{Type: 0x8000 | 950, Data: long}}}, "950"},
		{"above a limit in an array", everything{Ports: []uint16{1, 60001}}, "PORTS.2"},
		{"NUL in text without one", everything{Text: "a\x00"}, "TEXT"},
		{"text that leaves no room for its NUL", everything{Name16: "0123456789abcdef"}, "NAME16"},
		{"IPv4 in an array for IPv6", everything{Hosts: []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("10.0.0.1")}}, "HOSTS.2"},
		{"no address in an array", everything{Hosts: []netip.Addr{{}}}, "HOSTS.1"},
		{"no address in a list", everything{Servers: []netip.Addr{netip.IPv6Loopback(), {}}}, "SERVERS.2"},
		{"array too long", everything{Ports: make([]uint16, 32766)}, "PORTS"},
		{"list too long", everything{Matrix: [][]uint8{make([]uint8, 40000), make([]uint8, 40000)}}, "MATRIX"},
		{"member of a list too long", everything{Matrix: [][]uint8{{1}, make([]uint8, 65532)}}, "MATRIX.2"},
		{"key below all", everything{Policies: map[int]map[uint16]inner{-1: nil}}, "POLICIES.-1"},
		{"key above all", everything{Policies: map[int]map[uint16]inner{1: {1 << 14: {}}}}, "POLICIES.1.16384"},
		{"in a map", everything{Policies: map[int]map[uint16]inner{1: {2: {A: 1<<24 + 1}}}}, "POLICIES.1.2.INNER_A"},
		{"bits that are not selected", everything{Bits: attr.Bits[bits]{Value: 5, Selector: 4}}, "BITS"},
		{"in a struct", everything{Struct: cache{Age: -1}}, "STRUCT.age"},
		{"in a struct of a struct", everything{Struct: cache{Change: attr.Bits[bits]{Value: 1}}}, "STRUCT.change"},
		{"repeated", everything{Groups: []inner{{}, {B: "\x00"}}}, "GROUPS.INNER_B"},
		{"chosen", everything{Kind: "name", ByName: "\x00"}, "DATA"},
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
		{"half an element", nest(60, 1, 2, 3), "PORTS"},
		{"an array that is not as long", nest(58, 1, 2, 3, 4), "WORDS"},
		{"a key that is not as long", nest(57, 1, 2, 3, 4), "KEY"},
		{"a member of a list", nest(65, nest(7, 1, 2, 3)...), "SERVERS.7"},
		{"a member of a map", nest(67, nest(9, 1, 2, 3)...), "LIMITS.9"},
		{"a key that fits nowhere", nest(67, nest(256, 1, 2, 3, 4)...), "LIMITS.256"},
		{"a map in a map", nest(68, nest(1, nest(2, nest(1, 1, 2, 3)...)...)...), "POLICIES.1.2.INNER_A"},
		{"bits of 4 bytes", nest(69, 1, 2, 3, 4), "BITS"},
		{"a repeated nest", nest(64, nest(1, 1, 2, 3)...), "GROUPS.INNER_A"},
		{"chosen before its kind", append(nest(81, 1, 2, 3), attr.AppendString(nil, 80, "number")...), "DATA"},
		{"chosen behind its kind", append(attr.AppendString(nil, 80, "nest"), nest(81, nest(1, 1, 2, 3)...)...), "DATA.INNER_A"},
		{"a tree", nest(82, nest(3, nest(5, nest(2, nest(1, 1, 2, 3)...)...)...)...), "TREE.TREE_CHILDREN.5.TREE_LEFT.TREE_ID"},
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

	for _, v := range []everything{
		{Kind: "nest", ByNest: &inner{A: 6}},
		{Kind: "number", ByNumber: 6},
	} {
		b, err := allAttrs.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"nest": "DATA.INNER_A", "number": "DATA"}[v.Kind]
		if got := attr.Path(allAttrs, b, len(b)-4); got != want {
			t.Errorf("%s: got %q, want %q", v.Kind, got, want)
		}
	}
	b, err = allAttrs.Append(nil, &everything{Policies: map[int]map[uint16]inner{3: {7: {A: 1}}}})
	if got := attr.Path(allAttrs, b, 12); err != nil || got != "POLICIES.3.7.INNER_A" {
		t.Errorf("got %q, %v", got, err)
	}
}
