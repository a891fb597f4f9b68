package attr_test

import (
	"encoding/binary"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
)

// Every constructor of a row is in allAttrs, so that the round trip, the fuzzers and
// the comparisons are of all of them.
func TestTableHasEveryRow(t *testing.T) {
	table, err := os.ReadFile("table_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("rows*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || fn.Type.Results == nil {
				continue
			}
			if strings.Contains(fn.Name.Name, "Millis64") || strings.HasSuffix(file, "_test.go") {
				continue // see TestMillis64
			}
			n++
			if !regexp.MustCompile(`attr\.` + fn.Name.Name + `\b`).Match(table) {
				t.Errorf("%s is missing", fn.Name.Name)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d constructors were found", n)
	}
}

func TestUnknownAttributesSurvive(t *testing.T) {
	type keeper struct {
		A    uint32
		Sub  *keeper
		List []keeper
		Rest []attr.Raw
	}
	table := attr.Recursive(func(self attr.Table[keeper]) attr.Table[keeper] {
		return attr.Table[keeper]{
			attr.U32(1, "A", func(k *keeper) *uint32 { return &k.A }),
			attr.Nested(2, "SUB", self, func(k *keeper) **keeper { return &k.Sub }),
			attr.List(3, "LIST", self, func(k *keeper) *[]keeper { return &k.List }),
			attr.Rest(func(k *keeper) *[]attr.Raw { return &k.Rest }),
		}
	})
	attrtest.RoundTrip(t, table)
	attrtest.Covers(t, table)
	unknown := []attr.Raw{{Type: 0x8000 | 77, Data: []byte{8, 0, 1, 0, 1, 2, 3, 4}}, {Type: 0x4000 | 78, Data: []byte{1}}, {Type: 77, Data: []byte{}}}
	in := keeper{A: 1, Rest: unknown, Sub: &keeper{Rest: unknown, List: []keeper{{A: 2, Rest: unknown}}}}
	b, err := table.Append(nil, &in)
	var out keeper
	if err = errors.Join(err, table.Decode(b, &out)); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("got %+v, %v, want %+v", out, err, in)
	}
}

// deepTree is n nests in each other, TREE_LEFT in TREE_LEFT.
func deepTree(n int) []byte {
	b := attr.AppendUint32(nil, 1, 7)
	for range n {
		b = attr.AppendBytes(nil, 2, b)
	}
	return b
}

func TestDepth(t *testing.T) {
	var v tree
	if err := treeAttrs.Decode(deepTree(32), &v); err != nil {
		t.Errorf("32 nests: %v", err)
	}
	b, err := treeAttrs.Append(nil, &v)
	if err != nil || len(b) != 33*4+4 {
		t.Errorf("32 nests are sent as %d bytes, %v", len(b), err)
	}
	err = treeAttrs.Decode(deepTree(33), &v)
	if e, ok := errors.AsType[*attr.Error](err); !ok || !errors.Is(err, attr.ErrMalformed) || e.Path != strings.TrimSuffix(strings.Repeat("TREE_LEFT.", 33), ".") {
		t.Errorf("33 nests: %v", err)
	}
	if err := treeAttrs.Decode(deepTree(16000), &v); !errors.Is(err, attr.ErrMalformed) {
		t.Errorf("16000 nests: %v", err)
	}
	if text := attr.Dump(treeAttrs, deepTree(16000)); len(text) > 10000 {
		t.Errorf("16000 nests are shown in %d bytes", len(text))
	}
	loop := &tree{ID: 1}
	loop.Left = loop
	if _, err := treeAttrs.Append(nil, loop); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "nested deeper than 32") {
		t.Errorf("a value that holds itself: %v", err)
	}
	forest := []tree{{ID: 1}}
	forest[0].Children = forest
	if _, err := treeAttrs.Append(nil, &forest[0]); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a list that holds itself: %v", err)
	}
}

func TestChoiceDoesNotDependOnTheOrder(t *testing.T) {
	kind, data := attr.AppendString(nil, 80, "number"), attr.AppendUint64(nil, 81, 9)
	for _, b := range [][]byte{append(slices.Clone(kind), data...), append(slices.Clone(data), kind...)} {
		var v everything
		if err := allAttrs.Decode(b, &v); err != nil || v.Kind != "number" || v.ByNumber != 9 || v.ByOther != nil {
			t.Errorf("got %+v, %v", v, err)
		}
		if path := attr.Path(allAttrs, b, 12); path != "DATA" && path != "KIND" {
			t.Errorf("got %q", path)
		}
	}
	var v everything
	if err := allAttrs.Decode(append(attr.AppendString(nil, 80, "new"), data...), &v); err != nil || len(v.ByOther) != 8 {
		t.Errorf("a kind without a case: %+v, %v", v.ByOther, err)
	}
	b, err := allAttrs.Append(nil, &v)
	if want := append(attr.AppendString(nil, 80, "new"), data...); err != nil || string(b) != string(want) {
		t.Errorf("it is sent as % x, %v", b, err)
	}

	only := attr.Table[everything]{kindRow, attr.Choose(kindRow, func(v *everything) *string { return &v.Kind },
		map[string]attr.Row[everything]{"name": attr.String(81, "DATA", func(v *everything) *string { return &v.ByName })})}
	v = everything{}
	if err := only.Decode(append(attr.AppendString(nil, 80, "new"), data...), &v); err != nil || v.Kind != "new" {
		t.Errorf("a kind without a case, and none for others: %+v, %v", v, err)
	}
	if b, err := only.Append(nil, &everything{Kind: "new", ByName: "x"}); err != nil || string(b) != string(attr.AppendString(nil, 80, "new")) {
		t.Errorf("it is sent as % x, %v", b, err)
	}
}

func TestStructsOfOtherSizes(t *testing.T) {
	in := cache{
		Hits: 1, Misses: 2, Name: "arp", Key: [6]byte{1, 2, 3, 4, 5, 6}, Source: netip.MustParseAddr("192.0.2.1"),
		Age: time.Minute, First: entry{Port: 80, Flag: true}, Change: attr.Bits[bits]{}.Set(4),
	}
	whole, err := cacheLayout.Append([]byte{0xee}, &in)
	if err != nil || len(whole) != 1+54 || whole[0] != 0xee {
		t.Fatalf("got % x, %v", whole, err)
	}
	whole = whole[1:]
	for n := range len(whole) + 1 {
		out := cache{Misses: 99, First: entry{Port: 99}}
		if err := cacheLayout.Decode(whole[:n:n], &out); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		want := map[bool]uint32{true: 2, false: 99}[n >= 8]
		port := map[bool]uint16{true: 80, false: 99}[n >= 42]
		if out.Misses != want || out.First.Port != port || (out == in) != (n >= 52) {
			t.Errorf("%d bytes: got %+v", n, out)
		}
	}
	var out cache
	longer := attr.AppendBytes(nil, 70, append(whole, 1, 2, 3))
	table := attr.Table[cache]{attr.Struct(70, "STRUCT", cacheLayout, attr.Self[cache])}
	if err := table.Decode(longer, &out); err != nil || out != in {
		t.Errorf("three bytes more: got %+v, %v", out, err)
	}
	if b, err := table.Append(nil, &cache{}); err != nil || len(b) != 0 {
		t.Errorf("zeros are sent as % x, %v", b, err)
	}
	if b, err := (attr.Table[cache]{table[0].Required()}).Append(nil, &cache{}); err != nil || len(b) != 4+56 {
		t.Errorf("required zeros are sent as % x, %v", b, err)
	}
	readOnly := attr.Layout[entry]{Size: 2, Fields: []attr.Row[entry]{entryLayout.Fields[0].ReadOnly()}}
	if b, err := readOnly.Append(nil, &entry{Port: 9}); err != nil || string(b) != "\x00\x00" {
		t.Errorf("a field that is only read is sent as % x, %v", b, err)
	}
}

func TestMapsMerge(t *testing.T) {
	var v everything
	for _, part := range []everything{
		{Policies: map[int]map[uint16]inner{1: {1: {A: 1}}}},
		{Policies: map[int]map[uint16]inner{1: {2: {A: 2}}, 2: {1: {A: 3}}}},
		{Policies: map[int]map[uint16]inner{1: {1: {B: "x"}}}},
	} {
		b, err := allAttrs.Append(nil, &part)
		if err = errors.Join(err, allAttrs.Decode(b, &v)); err != nil {
			t.Fatal(err)
		}
	}
	if want := map[int]map[uint16]inner{1: {1: {A: 1, B: "x"}, 2: {A: 2}}, 2: {1: {A: 3}}}; !reflect.DeepEqual(v.Policies, want) {
		t.Errorf("got %+v, want %+v", v.Policies, want)
	}
}

func TestBits(t *testing.T) {
	change := attr.Bits[bits]{}.Set(0b0011).Clear(0b0110)
	if change != (attr.Bits[bits]{Value: 0b0001, Selector: 0b0111}) || change.Apply(0b1110) != 0b1001 || change.String() != "1/7" {
		t.Errorf("got %v, which makes %b", change, change.Apply(0b1110))
	}
	if change = change.Set(0b0100); change.Value != 0b0101 {
		t.Errorf("got %v", change)
	}
}

// A Custom row of one direction, or without a sample, keeps that behind a pointer: what
// comes from the kernel does not run into the function that it lacks.
func TestOptOfOneDirection(t *testing.T) {
	put := func(b []byte, n *uint32) ([]byte, error) { return attr.AppendUint32(b, 1, *n), nil }
	get := func(p []byte, n *uint32) error { *n = binary.NativeEndian.Uint32(p); return nil }
	field := func(v *everything) **uint32 { return &v.OptU32 }
	received := attr.AppendUint32(nil, 1, 7)
	for name, tt := range map[string]struct {
		row         attr.Row[uint32]
		sent, taken bool
	}{
		"put only":  {attr.Custom(1, "X", put, nil), true, false},
		"get only":  {attr.Custom(1, "X", nil, get), false, true},
		"no sample": {attr.Custom(1, "X", put, get), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			table := attr.Table[everything]{attr.Opt(tt.row, field)}
			if err := table.Check(); err != nil {
				t.Error(err)
			}
			b, err := table.Append(nil, &everything{OptU32: new(uint32(7))})
			if err != nil || (len(b) > 0) != tt.sent {
				t.Errorf("sent % x, %v", b, err)
			}
			var out everything
			if err := table.Decode(received, &out); err != nil || (out.OptU32 != nil && *out.OptU32 == 7) != tt.taken {
				t.Errorf("took %v, %v", out.OptU32, err)
			}
			table.Fill(rand.New(rand.NewPCG(1, 2)), &out)
		})
	}
}

// What a Custom row appends ends, whether or not it is an attribute.
func TestNetByteOrderOfNoAttribute(t *testing.T) {
	row := attr.Custom(1, "X", func(b []byte, _ *inner) ([]byte, error) { return append(b, make([]byte, 8)...), nil }, nil)
	b, err := attr.Table[inner]{row.NetByteOrder()}.Append(nil, new(inner))
	if err != nil || len(b) != 8 {
		t.Errorf("got % x, %v", b, err)
	}
}

// A row that is only read is so behind a pointer, and as one of many.
func TestManyThatAreOnlyRead(t *testing.T) {
	number := attr.U32(1, "X", attr.Self[uint32]).ReadOnly()
	list := func(v *everything) *[]uint32 { return &v.Repeats }
	words := func(v *everything) []uint32 { return v.Words[:] }
	in := everything{OptU32: new(uint32(7)), Repeats: []uint32{7}, Words: [4]uint32{7, 7, 7, 7}, Limits: map[uint8]uint32{7: 7}}
	for name, row := range map[string]attr.Row[everything]{
		"Opt":        attr.Opt(number, func(v *everything) **uint32 { return &v.OptU32 }),
		"Repeated":   attr.Repeated(number, list),
		"ListOf":     attr.ListOf(1, "X", number, list),
		"Map":        attr.Map(1, "X", number, func(v *everything) *map[uint8]uint32 { return &v.Limits }),
		"Array":      attr.Array(number, list),
		"FixedArray": attr.FixedArray(number, words),
	} {
		if b, err := (attr.Table[everything]{row}).Append(nil, &in); err != nil || len(b) > 0 {
			t.Errorf("%s: sent % x, %v", name, b, err)
		}
	}
}

// What cannot work says so: to the test that checks the table, and to its users.
func TestRowsThatCannotWork(t *testing.T) {
	type v = everything
	number := func(v *v) *uint32 { return &v.U32 }
	ports := func(v *v) *[]uint32 { return &v.Repeats }
	text := func(v *v) *string { return &v.Str }
	broken := attr.Layout[entry]{Size: 1, Fields: []attr.Row[entry]{entryLayout.Fields[0]}}
	for name, row := range map[string]attr.Row[v]{
		"Max of a text":                   attr.String(1, "X", text).Max(1),
		"Opt of a flag":                   attr.Opt(attr.Flag(1, "X", attr.Self[bool]), func(v *v) **bool { return &v.OptBool }),
		"Array of texts":                  attr.Array(attr.String(1, "X", attr.Self[string]), func(v *v) *[]string { return new([]string) }),
		"Array of many widths":            attr.Array(attr.Uint(1, "X", attr.Self[uint32]), ports),
		"FixedArray of texts":             attr.FixedArray(attr.Text(1, "X", attr.Self[string]), func(v *v) []string { return make([]string, 2) }),
		"ListOf what is only read":        attr.ListOf(1, "X", attr.Custom(0, "", nil, func([]byte, *uint32) error { return nil }), ports),
		"Repeated Repeated":               attr.Repeated(attr.Repeated(attr.U32(1, "X", attr.Self[uint32]), attr.Self[[]uint32]), func(v *v) *[][]uint32 { return new([][]uint32) }),
		"Map of Rest":                     attr.Map(1, "X", attr.Rest(attr.Self[[]attr.Raw]), func(v *v) *map[int][]attr.Raw { return new(map[int][]attr.Raw) }),
		"FixedArray over a slice":         attr.FixedArray(attr.U32(1, "X", attr.Self[uint32]), func(v *v) []uint32 { return v.Repeats }),
		"FixedBytes over a slice":         attr.FixedBytes(1, "X", func(v *v) []byte { return v.Bytes }),
		"FixedString of nothing":          attr.FixedString(1, "X", 1, text),
		"Struct with a field outside":     attr.Struct(1, "X", broken, func(v *v) *entry { return &v.Struct.First }),
		"Opt of what cannot work":         attr.Opt(attr.Struct(1, "X", broken, attr.Self[entry]), func(v *v) **entry { return &v.OptStruct }),
		"Choose without cases":            attr.Choose(kindRow, func(v *v) *string { return &v.Kind }, nil),
		"Choose between attributes":       attr.Choose(kindRow, func(v *v) *string { return &v.Kind }, map[string]attr.Row[v]{"a": attr.U32(1, "X", number), "b": attr.U32(2, "X", number)}),
		"Choose with two others":          attr.Choose(kindRow, func(v *v) *string { return &v.Kind }, nil, attr.U32(1, "X", number), attr.U32(1, "X", number)),
		"Choose between what cannot work": attr.Choose(kindRow, func(v *v) *string { return &v.Kind }, map[string]attr.Row[v]{"a": attr.U32(1, "X", number), "b": attr.String(1, "X", text).Max(1)}),
	} {
		t.Run(name, func(t *testing.T) {
			table := attr.Table[v]{row}
			if err := table.Check(); err == nil {
				t.Error("it passes the check")
			}
			in := v{Str: "x", U32: 1, Kind: "b", OptBool: new(true), OptStruct: &entry{}, Repeats: []uint32{1}}
			in.Struct.First.Port = 1
			if b, err := table.Append(nil, &in); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("it is sent as % x, %v", b, err)
			}
			var out v
			if err := table.Decode(attr.AppendUint32(nil, table[0].Type(), 1), &out); err == nil {
				t.Error("it is decoded")
			}
			attr.Dump(table, attr.AppendUint32(nil, 1, 1))
			attr.Path(table, attr.AppendUint32(nil, 1, 1), 4)
		})
	}
	for name, l := range map[string]attr.Layout[entry]{
		"over each other": {Size: 4, Fields: []attr.Row[entry]{entryLayout.Fields[0], attr.Bool(1, "x", func(e *entry) *bool { return &e.Flag })}},
		"without a name":  {Size: 4, Fields: []attr.Row[entry]{attr.Bool(1, "", func(e *entry) *bool { return &e.Flag })}},
		"outside":         broken,
		"of no size":      {Size: 4, Fields: []attr.Row[entry]{attr.Flag(1, "x", func(e *entry) *bool { return &e.Flag })}},
	} {
		if err := l.Check(); err == nil {
			t.Errorf("a field %s passes the check", name)
		}
	}
	if err := cacheLayout.Check(); err != nil {
		t.Error(err)
	}
	if _, err := broken.Append(nil, &entry{Port: 1}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestScannerReadsAnyWidth(t *testing.T) {
	b := attr.AppendUint8(nil, 1, 0xff)
	b = attr.AppendUint16(b, 2, 0xfffe)
	b = attr.AppendUint32(b, 3, 1<<32-3)
	b = attr.AppendUint64(b, 4, 1<<64-4)
	b = attr.AppendBytes(b, 5, []byte{1, 2, 3})
	s := attr.Scan(b)
	for n := range int64(4) {
		if !s.Next() || s.Sint() != -1-n || s.Uint() != ^uint64(0)>>(64-8<<n)-uint64(n) {
			t.Errorf("attribute %d: got %d, %d", s.Type(), s.Sint(), s.Uint())
		}
	}
	if !s.Next() || s.Uint() != 0 || !errors.Is(s.Err(), attr.ErrMalformed) || s.Sint() != 0 {
		t.Errorf("three bytes: %v", s.Err())
	}
	for _, tc := range []struct {
		payload []byte
		want    int
	}{
		{[]byte{7}, 7},
		{binary.NativeEndian.AppendUint32(nil, math.MaxInt32), math.MaxInt32},
		{binary.NativeEndian.AppendUint64(nil, math.MaxInt32), math.MaxInt32},
	} {
		s := attr.Scan(attr.AppendBytes(nil, 1, tc.payload))
		if !s.Next() || s.Int() != tc.want || s.Err() != nil {
			t.Errorf("% x: %v", tc.payload, s.Err())
		}
	}
	for _, payload := range [][]byte{nil, {1, 2, 3}, binary.NativeEndian.AppendUint64(nil, 1<<63)} {
		s := attr.Scan(attr.AppendBytes(nil, 1, payload))
		if !s.Next() || s.Int() != 0 || !errors.Is(s.Err(), attr.ErrMalformed) {
			t.Errorf("% x is an int: %v", payload, s.Err())
		}
	}
}

// A newer kernel may have made an attribute wider: its value counts if it fits.
func TestScannerReadsWider(t *testing.T) {
	for name, tc := range map[string]struct {
		width int
		order binary.AppendByteOrder
		read  func(*attr.Scanner) uint64
	}{
		"Uint8":  {1, binary.NativeEndian, func(s *attr.Scanner) uint64 { return uint64(s.Uint8()) }},
		"Uint16": {2, binary.NativeEndian, func(s *attr.Scanner) uint64 { return uint64(s.Uint16()) }},
		"Uint32": {4, binary.NativeEndian, func(s *attr.Scanner) uint64 { return uint64(s.Uint32()) }},
		"Uint64": {8, binary.NativeEndian, (*attr.Scanner).Uint64},
		"BE16":   {2, binary.BigEndian, func(s *attr.Scanner) uint64 { return uint64(s.BE16()) }},
		"BE32":   {4, binary.BigEndian, func(s *attr.Scanner) uint64 { return uint64(s.BE32()) }},
		"BE64":   {8, binary.BigEndian, (*attr.Scanner).BE64},
	} {
		read := func(payload []byte) (uint64, error) {
			s := attr.Scan(attr.AppendBytes(nil, 1, payload))
			s.Next()
			n := tc.read(&s)
			return n, s.Err()
		}
		for _, payload := range [][]byte{{7}, tc.order.AppendUint16(nil, 7), tc.order.AppendUint32(nil, 7), tc.order.AppendUint64(nil, 7)} {
			n, err := read(payload)
			if short := len(payload) < tc.width; short != errors.Is(err, attr.ErrMalformed) || !short && (n != 7 || err != nil) {
				t.Errorf("%s of % x: %d, %v", name, payload, n, err)
			}
		}
		if n, err := read(tc.order.AppendUint64(nil, 1<<62)); tc.width < 8 && (n != 0 || !errors.Is(err, attr.ErrMalformed)) {
			t.Errorf("%s of what does not fit: %d, %v", name, n, err)
		}
		// Of a struct it is the beginning.
		if n, err := read(append(make([]byte, tc.width), 1, 2, 3, 4, 5)); n != 0 || err != nil {
			t.Errorf("%s of a struct: %d, %v", name, n, err)
		}
	}
}

func TestFillIsRepeatable(t *testing.T) {
	var a, b everything
	allAttrs.Fill(rand.New(rand.NewPCG(1, 2)), &a)
	allAttrs.Fill(rand.New(rand.NewPCG(1, 2)), &b)
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed fills in different values")
	}
}
