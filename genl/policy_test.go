package genl_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// policyParts decodes recorded messages of a policy.
func policyParts(t testing.TB, b []byte) (parts []genl.PolicyPart) {
	t.Helper()
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b)
		m, err := genl.Controller.Parse(nlkit.Message{Data: b[uapi.NLMSG_HDRLEN:n]})
		if err != nil || m.Command != uapi.CTRL_CMD_GETPOLICY {
			t.Fatalf("got %+v, %v", m, err)
		}
		var part genl.PolicyPart
		if err := genl.PolicyPartAttrs.Decode(m.Attrs, &part); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
		b = b[n:]
	}
	return parts
}

// netdevOperations are those of the family whose policy was recorded.
func netdevOperations() (all []genl.Operation) {
	for _, command := range []uint8{1, 5, 10, 11, 12, 13, 14, 15} {
		all = append(all, genl.Operation{Command: command, Flags: genl.OpDo | genl.OpHasPolicy})
	}
	return all
}

func TestRecordedPolicy(t *testing.T) {
	if !nstest.LittleEndian() {
		return // the recording is not this machine's; TestTables runs on it
	}
	parts := policyParts(t, nstest.Recorded(t)["policy-netdev"])
	p := genl.JoinPolicy(parts, netdevOperations())
	want := `command 1: do 0, dump 1
command 5: do 2, dump 1
command 10: do 3, dump 4
command 11: do 5, dump 6
command 12: dump 7
command 13: do 8
command 14: do 10
command 15: do 11
set 0:
	1 U32 1..4294967295
set 1:
set 2:
	1 UINT 1..4294967295
set 3:
	1 U32 0..4294967295
	2 U32 1..4294967295
	3 U32 0..1
set 4:
	2 U32 1..4294967295
set 5:
	2 U32 0..4294967295
set 6:
	1 U32 1..4294967295
set 7:
	1 U32 1..4294967295
	4 UINT of the bits 0x1
set 8:
	1 U32 1..4294967295
	2 NESTED of set 9
	3 U32 0..4294967295
set 9:
	1 U32 0..4294967295
	3 U32 0..1
set 10:
	2 U32 0..4294967295
	5 U32 0..2147483647
	6 UINT 0..18446744073709551615
	7 UINT 0..18446744073709551615
	8 U32 0..1
set 11:
	1 U32 1..4294967295
	3 U32 0..4294967295
`
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o, _ := p.Operation(13)
	want = "1 U32 1..4294967295\n2 NESTED\n\t1 U32 0..4294967295\n\t3 U32 0..1\n3 U32 0..4294967295\n"
	if got := o.Do.Text(nil); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Without the operations there is no telling what 0 stands for.
	if o, ok := genl.JoinPolicy(parts, nil).Operation(0); !ok || o.Dump == nil {
		t.Errorf("got %+v, %t", o, ok)
	}
}

// Linux 5.8 and 5.9 have one policy for all commands.
func TestOldPolicies(t *testing.T) {
	part := genl.PolicyPart{}
	err := genl.PolicyPartAttrs.Decode(attr.AppendBytes(nil, uapi.CTRL_ATTR_POLICY, attr.AppendBytes(nil, 0, attr.AppendBytes(nil, 2,
		attr.AppendUint32(nil, uapi.NL_POLICY_TYPE_ATTR_TYPE, uapi.NL_ATTR_TYPE_FLAG)))), &part)
	if err != nil {
		t.Fatal(err)
	}
	p := genl.JoinPolicy([]genl.PolicyPart{part}, []genl.Operation{{Command: 1, Flags: genl.OpDo}, {Command: 3, Flags: genl.OpDump}})
	if want := "command 1: do 0, dump 0\ncommand 3: do 0, dump 0\nset 0:\n\t2 FLAG\n"; p.String() != want {
		t.Errorf("got\n%s\nwant\n%s", p, want)
	}
	if p := genl.JoinPolicy(nil, netdevOperations()); p.String() != "" {
		t.Errorf("got %v for no messages", p)
	}
}

// aPolicy has every kind of attribute, and a set that nests itself.
func aPolicy() *genl.Policy {
	bits, mask := uint64(6), uint64(0xf0)
	inner := &genl.PolicySet{Number: 1}
	inner.Attrs = []genl.AttrRule{
		{Type: 1, Kind: genl.KindU32, Range: &genl.Range[uint64]{Min: 2, Max: 9}},
		{Type: 2, Kind: genl.KindNested, Nested: inner, MaxType: 5},
	}
	set := &genl.PolicySet{Attrs: []genl.AttrRule{
		{Type: 1, Kind: genl.KindFlag},
		{Type: 2, Kind: genl.KindU8, Range: &genl.Range[uint64]{Min: 1, Max: 200}},
		{Type: 3, Kind: genl.KindU16, Mask: &mask},
		{Type: 4, Kind: genl.KindU64, Range: &genl.Range[uint64]{Max: 1 << 40}},
		{Type: 5, Kind: genl.KindS8, SignedRange: &genl.Range[int64]{Min: -100, Max: -1}},
		{Type: 6, Kind: genl.KindS32, SignedRange: &genl.Range[int64]{Min: -5, Max: 5}},
		{Type: 7, Kind: genl.KindBinary, MinLen: 2, MaxLen: new(4)},
		{Type: 8, Kind: genl.KindString, MaxLen: new(3)},
		{Type: 9, Kind: genl.KindNULString, MaxLen: new(3)},
		{Type: 10, Kind: genl.KindNULString},
		{Type: 11, Kind: genl.KindNested, Nested: inner, MaxType: 5},
		{Type: 12, Kind: genl.KindNestedArray, Nested: inner, MaxType: 5},
		{Type: 13, Kind: genl.KindNested},
		{Type: 14, Kind: genl.KindBitField32, Mask: &bits},
		{Type: 15, Kind: genl.KindUint, Range: &genl.Range[uint64]{Max: 1 << 40}},
		{Type: 16, Kind: genl.KindSint, SignedRange: &genl.Range[int64]{Min: -1 << 40}},
		{Type: 17, Kind: genl.KindBinary, MinLen: 6, MaxLen: new(6)},
		{Type: 18, Kind: genl.KindBinary, MinLen: 6},
		{Type: 19, Kind: genl.KindString},
		{Type: 20, Kind: 99},
	}}
	return &genl.Policy{
		Operations: []genl.PolicyOperation{{Command: 1, Do: set}, {Command: 2, Dump: inner}},
		Sets:       []*genl.PolicySet{set, inner},
	}
}

// policed gives some attributes of aPolicy names.
type policed struct {
	Small  uint8
	Nested *policed2
	Array  []policed2
}

type policed2 struct {
	Limit uint32
	Again *policed2
}

var policed2Attrs = attr.Recursive(func(self attr.Table[policed2]) attr.Table[policed2] {
	return attr.Table[policed2]{
		attr.U32(1, "P_LIMIT", func(p *policed2) *uint32 { return &p.Limit }),
		attr.Nested(2, "P_AGAIN", self, func(p *policed2) **policed2 { return &p.Again }),
	}
})

var policedAttrs = attr.Table[policed]{
	attr.U8(2, "P_SMALL", func(p *policed) *uint8 { return &p.Small }),
	attr.Nested(11, "P_NESTED", policed2Attrs, func(p *policed) **policed2 { return &p.Nested }),
	attr.List(12, "P_ARRAY", policed2Attrs, func(p *policed) *[]policed2 { return &p.Array }),
}

func TestPolicyAsText(t *testing.T) {
	p := aPolicy()
	want := `command 1: do 0
command 2: dump 1
set 0:
	1 FLAG
	2 U8 1..200
	3 U16 of the bits 0xf0
	4 U64 0..1099511627776
	5 S8 -100..-1
	6 S32 -5..5
	7 BINARY of 2 to 4 bytes
	8 STRING of 3 bytes at most
	9 NUL_STRING of 3 bytes at most
	10 NUL_STRING
	11 NESTED of set 1
	12 NESTED_ARRAY of set 1
	13 NESTED
	14 BITFIELD32 of the bits 0x6
	15 UINT 0..1099511627776
	16 SINT -1099511627776..0
	17 BINARY of 6 bytes
	18 BINARY of 6 bytes at least
	19 STRING
	20 AttrKind(99)
set 1:
	1 U32 2..9
	2 NESTED of set 1
`
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = `P_SMALL U8 1..200
P_NESTED NESTED
	P_LIMIT U32 2..9
	P_AGAIN NESTED of set 1
P_ARRAY NESTED_ARRAY
	P_LIMIT U32 2..9
	P_AGAIN NESTED of set 1
`
	set := &genl.PolicySet{}
	for _, typ := range []uint16{2, 11, 12} {
		a, _ := p.Sets[0].Attr(typ)
		set.Attrs = append(set.Attrs, a)
	}
	if got := set.Text(policedAttrs); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAttrKinds(t *testing.T) {
	for k := range genl.AttrKind(20) {
		text, err := k.MarshalText()
		var back genl.AttrKind
		if err := errors.Join(err, back.UnmarshalText(text)); err != nil || back != k {
			t.Errorf("%d: %q is read as %d, %v", uint32(k), text, uint32(back), err)
		}
		if known := k >= genl.KindFlag && k <= genl.KindUint; known == strings.HasPrefix(string(text), "AttrKind(") {
			t.Errorf("%d is called %q", uint32(k), text)
		}
	}
	if new(genl.AttrKind).UnmarshalText([]byte("U128")) == nil {
		t.Error("an unknown word is taken")
	}
}

func TestCheck(t *testing.T) {
	p := aPolicy()
	nest := func(typ uint16, content []byte) []byte { return attr.AppendBytes(nil, 0x8000|typ, content) }
	text := func(typ uint16, s string) []byte { return attr.AppendBytes(nil, typ, []byte(s)) }
	bitfield := func(value, selector uint32) []byte {
		return attr.AppendBytes(nil, 14, binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, value), selector))
	}
	u16 := func(n uint16) []byte { return binary.NativeEndian.AppendUint16(nil, n) }
	u32 := func(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
	deep := func(n int) []byte {
		b := attr.AppendUint32(nil, 1, 5)
		for range n {
			b = nest(2, b)
		}
		return nest(11, b)
	}
	for _, tt := range []struct {
		name  string
		attrs []byte
		want  string // "" if it passes
	}{
		{"nothing", nil, ""},
		{"an attribute that is not listed", attr.AppendUint32(nil, 99, 1), ""},
		{"one of a kind that is not known", attr.AppendUint32(nil, 20, 1), ""},
		{"a flag", text(1, ""), ""},
		{"a flag with a payload", text(1, "x"), "1: 1 byte, the kernel takes a flag, which has none"},
		{"least", text(2, "\x01"), ""},
		{"largest", text(2, "\xc8"), ""},
		{"below", text(2, "\x00"), "P_SMALL: 0 is out of range, the kernel takes 1..200"},
		{"above", text(2, "\xc9"), "P_SMALL: 201 is out of range, the kernel takes 1..200"},
		{"longer than an integer", text(2, "\x01\x02\x03"), "P_SMALL: 3 bytes, the kernel takes 1"},
		{"wider than an integer", attr.AppendUint64(nil, 6, 1), "6: 8 bytes, the kernel takes 4"},
		{"no integer", text(2, ""), "P_SMALL: 0 bytes, the kernel takes 1"},
		{"bits of a mask", text(3, string(u16(0x30))), ""},
		{"other bits", text(3, string(u16(0x31))), "3: 0x31 has the bits 0x1, the kernel takes those of 0xf0"},
		{"half an integer", text(3, "x"), "3: 1 byte, the kernel takes 2"},
		{"64 bits", attr.AppendUint64(nil, 4, 1<<40), ""},
		{"above 64 bits", attr.AppendUint64(nil, 4, 1<<40+1), "4: 1099511627777 is out of range, the kernel takes 0..1099511627776"},
		{"negative", text(5, "\xff"), ""},
		{"not negative", text(5, "\x00"), "5: 0 is out of range, the kernel takes -100..-1"},
		{"too negative", text(5, "\x80"), "5: -128 is out of range, the kernel takes -100..-1"},
		{"signed", text(6, string(u32(1<<32-5))), ""},
		{"signed, below", text(6, string(u32(1<<32-6))), "6: -6 is out of range, the kernel takes -5..5"},
		{"signed, short", text(6, "x"), "6: 1 byte, the kernel takes 4"},
		{"bytes", text(7, "abcd"), ""},
		{"few bytes", text(7, "a"), "7: 1 byte, the kernel takes 2 at least"},
		{"many bytes", text(7, "abcde"), "7: 5 bytes, the kernel takes 4 at most"},
		{"text", text(8, "abc"), ""},
		{"text with a NUL", text(8, "abc\x00"), ""},
		{"long text", text(8, "abcd"), "8: 4 bytes, the kernel takes 3 at most"},
		{"no text", text(8, ""), "8: no bytes, the kernel takes a text"},
		{"text of any length", text(19, "abcdefgh"), ""},
		{"NUL", text(9, "abc\x00"), ""},
		{"no NUL", text(9, "abc"), "9: text without a terminating NUL"},
		{"long, with NUL", text(9, "abcd\x00"), "9: 4 bytes, the kernel takes 3 at most"},
		{"long behind a NUL", text(9, "a\x00bcdef\x00"), "9: 7 bytes, the kernel takes 3 at most"},
		{"nothing but a NUL", text(9, "\x00"), ""},
		{"nothing", text(9, ""), "9: text without a terminating NUL"},
		{"NUL, of any length", text(10, "abcdefghijklmnop\x00"), ""},
		{"nest", nest(11, attr.AppendUint32(nil, 1, 9)), ""},
		{"empty nest", nest(11, nil), ""},
		{"no nest", text(11, "abc"), "P_NESTED: 3 bytes, the kernel takes attributes"},
		{"in a nest", nest(11, attr.AppendUint32(nil, 1, 10)), "P_NESTED.P_LIMIT: 10 is out of range, the kernel takes 2..9"},
		{"in a nest of a nest", nest(11, nest(2, nest(2, attr.AppendUint32(nil, 1, 1)))), "P_NESTED.P_AGAIN.P_AGAIN.P_LIMIT: 1 is out of range, the kernel takes 2..9"},
		{"unknown in a nest", nest(11, attr.AppendUint32(nil, 6, 1)), "P_NESTED.6: the kernel does not know attribute 6 here, its last is 5"},
		{"not listed in a nest", nest(11, attr.AppendUint32(nil, 5, 1)), ""},
		{"array", nest(12, append(nest(7, attr.AppendUint32(nil, 1, 9)), nest(8, nil)...)), ""},
		{"in an array", nest(12, append(nest(7, attr.AppendUint32(nil, 1, 9)), nest(8, attr.AppendUint32(nil, 1, 1))...)), "P_ARRAY.8.P_LIMIT: 1 is out of range, the kernel takes 2..9"},
		{"no member of an array", nest(12, text(1, "ab")), "P_ARRAY.1: 2 bytes, the kernel takes attributes"},
		{"unknown in an array", nest(12, nest(1, attr.AppendUint32(nil, 77, 1))), "P_ARRAY.1.77: the kernel does not know attribute 77 here, its last is 5"},
		{"any nest", nest(13, attr.AppendUint32(nil, 77, 1)), ""},
		{"bits", bitfield(2, 6), ""},
		{"bits that are none", bitfield(1, 1), "14: the bits 0x1, the kernel takes those of 0x6"},
		{"bits that are not selected", bitfield(2, 4), "14: the bits 0x2 are on, but not selected"},
		{"half of bits", attr.AppendUint32(nil, 14, 2), "14: 4 bytes, the kernel takes 8"},
		{"integer of 32 bits", attr.AppendUint32(nil, 15, 9), ""},
		{"integer of 64 bits", attr.AppendUint64(nil, 15, 1<<40), ""},
		{"integer of 64 bits, above", attr.AppendUint64(nil, 15, 1<<41), "15: 2199023255552 is out of range, the kernel takes 0..1099511627776"},
		{"integer of 16 bits", attr.AppendUint16(nil, 15, 1), "15: 2 bytes, the kernel takes 4 or 8"},
		{"signed integer of 32 bits", attr.AppendUint32(nil, 16, 1<<32-1), ""},
		{"signed integer of 64 bits, above", attr.AppendUint64(nil, 16, 1), "16: 1 is out of range, the kernel takes -1099511627776..0"},
		{"deep", deep(8), ""},
		{"too deep", deep(9), "P_NESTED" + strings.Repeat(".P_AGAIN", 9) + ": nested deeper than 10, the kernel looks no further"},
		{"cut short", []byte{9, 0, 2, 0, 1}, "malformed attribute: attribute 2 has length 9 of 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "cut short" && !nstest.LittleEndian() {
				return
			}
			err := p.Check(1, false, tt.attrs, policedAttrs)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.want != "" && (err == nil || err.Error() != tt.want || !errors.Is(err, fs.ErrInvalid)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err := p.Check(1, true, tt.attrs, nil); err != nil {
				t.Errorf("a dump, which has no policy: %v", err)
			}
			if err := p.Check(3, false, tt.attrs, nil); err != nil {
				t.Errorf("a command without a policy: %v", err)
			}
		})
	}
	if err := p.Check(2, true, attr.AppendUint32(nil, 1, 1), nil); err == nil || err.Error() != "1: 1 is out of range, the kernel takes 2..9" {
		t.Errorf("a dump, without names: %v", err)
	}
}

func FuzzPolicy(f *testing.F) {
	var seeds [][]byte
	if nstest.LittleEndian() {
		for b := nstest.Recorded(f)["policy-netdev"]; len(b) > 0; b = b[binary.LittleEndian.Uint32(b):] {
			seeds = append(seeds, b[uapi.NLMSG_HDRLEN+uapi.GENL_HDRLEN:binary.LittleEndian.Uint32(b)])
		}
	}
	attrtest.Fuzz(f, genl.PolicyPartAttrs, seeds...)
}

// A policy may be anything a kernel sends, and so may what is checked against it be.
func FuzzCheck(f *testing.F) {
	if nstest.LittleEndian() {
		for b := nstest.Recorded(f)["policy-netdev"]; len(b) > 0; b = b[binary.LittleEndian.Uint32(b):] {
			f.Add(b[uapi.NLMSG_HDRLEN+uapi.GENL_HDRLEN:binary.LittleEndian.Uint32(b)], attr.AppendUint32(nil, 1, 0))
		}
	}
	fixed := aPolicy()
	f.Fuzz(func(t *testing.T, policy, attrs []byte) {
		var part genl.PolicyPart
		if genl.PolicyPartAttrs.Decode(policy, &part) == nil {
			p := genl.JoinPolicy([]genl.PolicyPart{part, part}, netdevOperations())
			_ = p.String()
			for _, o := range p.Operations {
				for _, s := range []*genl.PolicySet{o.Do, o.Dump} {
					if s != nil {
						s.Text(policedAttrs)
					}
				}
				_ = p.Check(o.Command, true, attrs, policedAttrs)
				_ = p.Check(o.Command, false, attrs, nil)
			}
		}
		if err := fixed.Check(1, false, attrs, policedAttrs); err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.Fatal(err)
		}
	})
}
