package attr_test

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
)

func (m mode) String() string {
	if m == 2 {
		return "fast"
	}
	return "mode"
}

func TestDump(t *testing.T) {
	v := everything{
		Mode: 2, S32: -5, BE16: 258, Uint: 7, Bool: true, Flag: true, Str: "a\"b", Text: "t", Name16: "eth0", Bytes: []byte{1, 0xab},
		MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Any: netip.MustParseAddr("2001:db8::1"), Lease: time.Minute, OptWait: new(time.Duration),
		Nested: &inner{A: 6, C: &inner2{X: 7}}, List: []inner{{A: 1}, {}}, Custom: [2]byte{1, 2},
		Ports: []uint16{80, 443}, Hosts: []netip.Addr{netip.IPv6Loopback()}, Repeats: []uint32{1, 2},
		Servers: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Limits: map[uint8]uint32{3: 4},
		Policies: map[int]map[uint16]inner{1: {2: {A: 3}}},
		Bits:     attr.Bits[bits]{}.Set(1), Struct: cache{Hits: 1, Name: "arp", First: entry{Port: 80}}, OptStruct: &entry{},
		Kind: "nest", ByNest: &inner{A: 9}, Tree: &tree{ID: 1, Left: &tree{}},
		Rest: []attr.Raw{{Type: 900, Data: []byte{1, 2, 3}}, {Type: 0x8000 | 901, Data: attr.AppendUint8(nil, 5, 1)}, {Type: 0x8000 | 902, Data: []byte{1, 2, 3}}, {Type: 903}},
	}
	b, err := allAttrs.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, attr.AppendBytes(nil, 4, []byte{1, 2, 3})...)  // an integer of three bytes
	b = append(b, attr.AppendBytes(nil, 39, []byte{5, 0, 1})...) // a nest cut short
	b = append(b, attr.AppendBytes(nil, 26, make([]byte, 70))...)
	b = append(b, 9, 9)
	want := `MODE fast
S32 -5
BE16 258
BOOL true
FLAG
STRING "a\"b"
BYTES [01 ab]
MAC 02:00:00:00:00:01
ADDR 2001:db8::1
SECONDS 1m0s
OPTTICKS32 0s
NESTED
	INNER_A 6
	INNER_C
		INNER2_X 7
LIST
	1
		INNER_A 1
	2
CUSTOM [01 02]
UINT 7
TEXT "t"
NAME16 "eth0"
PORTS [80 443]
HOSTS [::1]
REPEATS 1
REPEATS 2
SERVERS
	1 192.0.2.1
LIMITS
	3 4
POLICIES
	1
		2
			INNER_A 3
BITS 1/1
STRUCT {hits=1 misses=0 name="arp" key=[00 00 00 00 00 00] source=0.0.0.0 age=0s first={port=80 flag=false} change=0/0}
OPTSTRUCT {port=0 flag=false}
KIND "nest"
DATA
	INNER_A 9
TREE
	TREE_ID 1
	TREE_LEFT
900 [01 02 03]
901
	5 [01]
902 [01 02 03]
903
U32 [01 02 03]
NESTED
	and 3 bytes
BYTES [00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 and 6 bytes]
and 2 bytes
`
	if got := attr.Dump(allAttrs, b); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, tt := range []struct {
		b    []byte
		want string
	}{
		{nil, ""},
		{attr.AppendUint32(nil, 4, 1)[:5], "malformed attribute: attribute 4 has length 8 of 5\n"},
		{attr.AppendBytes(nil, 4, []byte{1, 0, 0, 0}), "4 [01 00 00 00]\n"},
		{attr.AppendBytes(nil, 70, make([]byte, 57)), "70 [" + strings.Repeat("00 ", 56) + "00]\n"},
	} {
		if got := attr.Dump(nil, tt.b); got != tt.want {
			t.Errorf("without a schema: got %q, want %q", got, tt.want)
		}
	}
	if got := attr.Dump(allAttrs, attr.AppendBytes(nil, 70, make([]byte, 57))); !strings.HasSuffix(got, "change=0/0 and 3 bytes}\n") {
		t.Errorf("a longer struct: %s", got)
	}
	if got := attr.Dump(allAttrs, attr.AppendBytes(nil, 70, make([]byte, 7))); got != "STRUCT {hits=0}\n" {
		t.Errorf("a shorter struct: %s", got)
	}
}

// Whatever the order, the data is shown by its kind.
func TestDumpOfAChoice(t *testing.T) {
	b := append(attr.AppendUint64(nil, 81, 9), attr.AppendString(nil, 80, "number")...)
	if got := attr.Dump(allAttrs, b); got != "DATA 9\nKIND \"number\"\n" {
		t.Errorf("got %s", got)
	}
	b = append(attr.AppendUint64(nil, 81, 9), attr.AppendString(nil, 80, "new")...)
	if got := attr.Dump(allAttrs, b); !strings.HasPrefix(got, "DATA [") {
		t.Errorf("got %s", got)
	}
}

// Every byte that is sent is shown under its name, and by no more lines than there are
// attributes.
func TestDumpNamesEverything(t *testing.T) {
	for seed := range uint64(50) {
		var v everything
		allAttrs.Fill(rand.New(rand.NewPCG(seed, 1)), &v)
		v.Rest = nil
		b, err := allAttrs.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		text := attr.Dump(allAttrs, b)
		for s := attr.Scan(b); s.Next(); {
			if name, _ := allAttrs.Attr(s.Type(), b); !strings.Contains("\n"+text, "\n"+name) {
				t.Errorf("%s is missing in\n%s", name, text)
			}
		}
		if strings.Contains(text, "malformed") {
			t.Errorf("own bytes are malformed:\n%s", text)
		}
	}
}
