package rtnl

import (
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// holder is what has an encapsulation.
type holder struct{ Encap Encap }

const (
	holderType = 21
	holderData = 22
)

var holderAttrs = attr.Table[holder]{
	EncapTypeRow(holderType, "TYPE", func(h *holder) *Encap { return &h.Encap }),
	EncapRow(holderData, "DATA", holderType, func(h *holder) *Encap { return &h.Encap }),
}

var (
	seg1 = netip.MustParseAddr("fc00::1")
	seg2 = netip.MustParseAddr("fc00::2")
)

// encapTable returns a test of the table of an encapsulation: what is set survives,
// and every exported field but those in except has a row.
func encapTable[T any](table attr.Table[T], except ...string) func(*testing.T) {
	return func(t *testing.T) {
		attrtest.RoundTrip(t, table)
		attrtest.Covers(t, table, except...)
	}
}

func TestEncapTables(t *testing.T) {
	tests := map[EncapType]func(*testing.T){
		EncapBPF:       encapTable(bpfAttrs),
		EncapILA:       encapTable(ilaAttrs),
		EncapIOAM6:     encapTable(ioam6Attrs),
		EncapIP:        encapTable(ipAttrs),
		EncapIP6:       encapTable(ip6Attrs),
		EncapMPLS:      encapTable(mplsAttrs),
		EncapRPL:       encapTable(rplAttrs),
		EncapSEG6:      encapTable(seg6Attrs),
		EncapSEG6Local: encapTable(seg6LocalAttrs),
		EncapXFRM:      encapTable(xfrmAttrs),
	}
	for typ, codec := range encaps {
		t.Run(typ.String(), func(t *testing.T) {
			if tests[typ] == nil {
				t.Fatal("no test of the table")
			}
			tests[typ](t)
			if e, err := codec.decode(nil); err != nil || e.Type() != typ {
				t.Errorf("decodes to %v, %v", e, err)
			}
		})
	}
	t.Run("inside", func(t *testing.T) {
		attrtest.RoundTrip(t, holderAttrs)
		attrtest.Covers(t, tunnelOptionAttrs)
		attrtest.Covers(t, geneveAttrs)
		attrtest.Covers(t, vxlanOptionAttrs)
		attrtest.Covers(t, erspanOptionAttrs)
		attrtest.Covers(t, seg6CounterAttrs)
		attrtest.Covers(t, bpfProgramAttrs, "ID")
		attrtest.Covers(t, seg6ProgramAttrs, "FD", "ID") // what is sent is not what is read
		attrtest.RoundTrip(t, tunnelOptionAttrs)
	})
	// An encapsulation is a file and a line: none may be without its line.
	files, err := filepath.Glob("encap_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		var typ EncapType
		name := strings.TrimSuffix(strings.TrimPrefix(f, "encap_"), ".go")
		if !strings.HasSuffix(f, "_test.go") && (encapTypes.Parse([]byte(name), &typ) != nil || encaps[typ].decode == nil) {
			t.Errorf("%s: no line in encaps", f)
		}
	}
	if len(encaps) != uapi.LWTUNNEL_ENCAP_MAX {
		t.Errorf("%d encapsulations", len(encaps))
	}
}

// A zero struct sends what the kernel insists on, or is refused for the want of it.
func TestZeroEncaps(t *testing.T) {
	for _, tt := range []struct {
		e       Encap
		sent    []byte
		refused string
	}{
		{e: &IPEncap{}},
		{e: &IP6Encap{}},
		{e: &ILAEncap{}, sent: attr.AppendUint64(nil, uapi.ILA_ATTR_LOCATOR, 0)},
		{e: &MPLSEncap{}, refused: "DATA.MPLS_IPTUNNEL_DST: no labels"},
		{e: &SEG6Encap{}, refused: "DATA.SEG6_IPTUNNEL_SRH: no segments"},
		{e: &SEG6LocalEncap{}, refused: "DATA.SEG6_LOCAL_ACTION: no action"},
		{e: &SEG6LocalEncap{Action: SEG6End}, sent: attr.AppendUint32(nil, uapi.SEG6_LOCAL_ACTION, uapi.SEG6_LOCAL_ACTION_END)},
		{e: &BPFEncap{}, refused: "DATA: no BPF program"},
		{e: &RPLEncap{}, refused: "DATA.RPL_IPTUNNEL_SRH: no segments"},
		{e: &IOAM6Encap{}, refused: "DATA.IOAM6_IPTUNNEL_TRACE: 0x0 is no type of trace"},
		{e: &XFRMEncap{}, refused: "DATA.LWT_XFRM_IF_ID: no number"},
		{e: &UnknownEncap{}, refused: "TYPE: an encapsulation without a type"},
	} {
		b, err := holderAttrs.Append(nil, &holder{tt.e})
		if tt.refused != "" {
			if !errors.Is(err, fs.ErrInvalid) || err.Error() != tt.refused {
				t.Errorf("%v: %v, want %q", tt.e, err, tt.refused)
			}
			continue
		}
		want := attr.AppendUint16(nil, holderType, uint16(tt.e.Type()))
		want = attr.AppendBytes(want, holderData|uapi.NLA_F_NESTED, tt.sent)
		if err != nil || string(b) != string(want) {
			t.Errorf("%v: % x, %v, want % x", tt.e, b, err, want)
		}
	}
	if b, err := holderAttrs.Append(nil, &holder{}); err != nil || len(b) > 0 {
		t.Errorf("none: % x, %v", b, err)
	}
}

func TestRefusedEncaps(t *testing.T) {
	many := slices.Repeat([]netip.Addr{seg1}, maxSegments+1)
	for want, e := range map[string]Encap{
		"DATA.MPLS_IPTUNNEL_DST: label 1048576 has more than 20 bits":  &MPLSEncap{Labels: Labels{1 << 20}},
		"DATA.MPLS_IPTUNNEL_DST: 256 labels":                           &MPLSEncap{Labels: make(Labels, 256)},
		"DATA.LWTUNNEL_IP_DST: fc00::1 is no address of family inet":   &IPEncap{Dst: seg1},
		"DATA.LWTUNNEL_IP6_SRC: 1.2.3.4 is no address of family inet6": &IP6Encap{Src: netip.MustParseAddr("1.2.3.4")},
		"DATA.LWTUNNEL_IP_OPTS: options of more than one kind of":      &IPEncap{Options: TunnelOptions{VXLAN: &VXLANOption{}, ERSPAN: &ERSPANOption{}}},
		"DATA.LWTUNNEL_IP6_OPTS.LWTUNNEL_IP_OPTS_ERSPAN.LWTUNNEL_IP_OPT_ERSPAN_VER: 3 is not 1 or 2": &IP6Encap{
			Options: TunnelOptions{ERSPAN: &ERSPANOption{Version: 3}},
		},
		"DATA.LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_GENEVE.LWTUNNEL_IP_OPT_GENEVE_DATA: 3 bytes": &IPEncap{
			Options: TunnelOptions{Geneve: []GeneveOption{{Data: make([]byte, 3)}}},
		},
		"DATA.LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_GENEVE.LWTUNNEL_IP_OPT_GENEVE_DATA: 128 bytes": &IPEncap{
			Options: TunnelOptions{Geneve: []GeneveOption{{Data: make([]byte, 124)}, {Data: make([]byte, 128)}}},
		},
		"DATA.LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_ERSPAN.LWTUNNEL_IP_OPT_ERSPAN_INDEX: 1048576 is out of range": &IPEncap{
			Options: TunnelOptions{ERSPAN: &ERSPANOption{Version: 1, Index: 1 << 20}},
		},
		"DATA.LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_ERSPAN.LWTUNNEL_IP_OPT_ERSPAN_DIR: 2 is out of range": &IPEncap{
			Options: TunnelOptions{ERSPAN: &ERSPANOption{Version: 2, Direction: 2}},
		},
		"DATA.LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_ERSPAN.LWTUNNEL_IP_OPT_ERSPAN_HWID: 64 is out of range": &IPEncap{
			Options: TunnelOptions{ERSPAN: &ERSPANOption{Version: 2, HardwareID: 64}},
		},
		"DATA.SEG6_IPTUNNEL_SRH: segment 1.2.3.4 is no IPv6 address":   &SEG6Encap{Segments: []netip.Addr{netip.MustParseAddr("1.2.3.4")}},
		"DATA.SEG6_IPTUNNEL_SRH: segment fe80::1%x is no IPv6":         &SEG6Encap{Segments: []netip.Addr{netip.MustParseAddr("fe80::1%x")}},
		"DATA.SEG6_IPTUNNEL_SRH: 128 segments":                         &SEG6Encap{Mode: SEG6Outer, Segments: many},
		"DATA.SEG6_IPTUNNEL_SRC: a source with mode inline":            &SEG6Encap{Segments: many[:1], TunnelSrc: seg2},
		"DATA.SEG6_LOCAL_SRH: a key without segments":                  &SEG6LocalEncap{Action: SEG6EndB6, HMACKeyID: 1},
		"DATA.SEG6_LOCAL_OIF: -1 is out of range":                      &SEG6LocalEncap{Action: SEG6EndDX2, OIF: -1},
		"DATA.SEG6_LOCAL_BPF.SEG6_LOCAL_BPF_PROG: -1 is no descriptor": &SEG6LocalEncap{Action: SEG6EndBPF, BPF: &BPFProgram{FD: -1}},
		"DATA.LWT_BPF_OUT.LWT_BPF_PROG_FD: -1 is out of range":         &BPFEncap{Out: &BPFProgram{FD: -1}},
		"DATA.LWT_BPF_XMIT_HEADROOM: 257 is out of range":              &BPFEncap{Out: &BPFProgram{FD: 3}, Headroom: 257},
		"DATA.RPL_IPTUNNEL_SRH: 128 segments":                          &RPLEncap{Segments: many},
		"DATA.IOAM6_IPTUNNEL_FREQ_K: 2 of 1 packets":                   &IOAM6Encap{FreqK: 2, FreqN: 1, TraceType: 1, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_FREQ_K: 0 of 1 packets":                   &IOAM6Encap{FreqN: 1, TraceType: 1, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_FREQ_N: 1000001 is out of range":          &IOAM6Encap{FreqK: 1, FreqN: 1000001, TraceType: 1, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_DST: mode encap without a destination":    &IOAM6Encap{Mode: IOAM6Outer, TraceType: 1, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_DST: ends of a tunnel with mode inline":   &IOAM6Encap{TunnelDst: seg1, TraceType: 1, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_TRACE: 0x1000000 is no type of trace":     &IOAM6Encap{TraceType: 1 << 24, TraceSize: 4},
		"DATA.IOAM6_IPTUNNEL_TRACE: 6 is no size of a trace":           &IOAM6Encap{TraceType: 1, TraceSize: 6},
		"DATA.IOAM6_IPTUNNEL_TRACE: 248 is no size of a trace":         &IOAM6Encap{TraceType: 1, TraceSize: 248},
		"DATA.LWT_XFRM_LINK: -1 is out of range":                       &XFRMEncap{IfID: 1, Link: -1},
	} {
		if _, err := holderAttrs.Append(nil, &holder{e}); !errors.Is(err, fs.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestCheckEncap(t *testing.T) {
	for want, e := range map[string]Encap{
		"":     nil,
		" ":    &MPLSEncap{},
		"  ":   &SEG6LocalEncap{Action: SEG6End},
		"   ":  &BPFEncap{In: &BPFProgram{FD: 3}},
		"    ": &SEG6LocalEncap{BPF: &BPFProgram{FD: 3}},
		`X.LWT_BPF_XMIT.LWT_BPF_PROG_FD: the BPF program "a" has no descriptor`:       &BPFEncap{In: &BPFProgram{FD: 3}, Xmit: &BPFProgram{Name: "a"}},
		`X.SEG6_LOCAL_BPF.SEG6_LOCAL_BPF_PROG: the BPF program "b" has no descriptor`: &SEG6LocalEncap{BPF: &BPFProgram{ID: 3, Name: "b"}},
	} {
		err := CheckEncap("X", e)
		if (err == nil) != (strings.TrimSpace(want) == "") || err != nil && (!strings.HasPrefix(err.Error(), want) || !errors.Is(err, fs.ErrInvalid)) {
			t.Errorf("%v: %v, want %q", e, err, want)
		}
	}
}

// What the structs can't say is kept as it is.
func TestUnknownEncaps(t *testing.T) {
	srh := func(tag byte, tlv ...byte) []byte {
		b := []byte{0, byte((8+16+len(tlv))/8 - 1), 4, 0, 0, 0, 0, tag}
		return append(append(b, seg1.AsSlice()...), tlv...)
	}
	withMode := func(mode uint32, b []byte) []byte {
		return append(binary.NativeEndian.AppendUint32(nil, mode), b...)
	}
	inline := append([]byte{0, 4, 4, 1, 1, 0, 0, 0}, slices.Concat(seg2.AsSlice(), seg1.AsSlice())...)
	rpl := append([]byte{0, 2, 3, 1, 0x11, 0, 0, 0}, seg1.AsSlice()...)
	for name, tt := range map[string]struct {
		typ  EncapType
		data []byte
		want Encap // nil for what it is
	}{
		"type":          {99, []byte{8, 0, 1, 0, 1, 2, 3, 4}, nil},
		"type, no data": {99, []byte{}, nil},
		"plain":         {EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, withMode(1, srh(0))), &SEG6Encap{Mode: SEG6Outer, Segments: []netip.Addr{seg1}}},
		"tag":           {EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, withMode(1, srh(7))), nil},
		"padding":       {EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, withMode(1, srh(0, 4, 6, 0, 0, 0, 0, 0, 0))), nil},
		"destination":   {EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, withMode(0, inline)), nil},
		"none inline":   {EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, withMode(0, srh(0))), nil},
		"local":         {EncapSEG6Local, slices.Concat(attr.AppendUint32(nil, uapi.SEG6_LOCAL_ACTION, 10), attr.AppendBytes(nil, uapi.SEG6_LOCAL_SRH, srh(9))), nil},
		"compressed":    {EncapRPL, attr.AppendBytes(nil, uapi.RPL_IPTUNNEL_SRH, rpl), nil},
	} {
		want := tt.want
		if want == nil {
			want = &UnknownEncap{Kind: tt.typ, Data: tt.data}
		}
		kind := attr.AppendUint16(nil, holderType, uint16(tt.typ))
		data := attr.AppendBytes(nil, holderData|uapi.NLA_F_NESTED, tt.data)
		for order, b := range map[string][]byte{"type first": slices.Concat(kind, data), "data first": slices.Concat(data, kind)} {
			var h holder
			if err := holderAttrs.Decode(b, &h); err != nil || !reflect.DeepEqual(h.Encap, want) {
				t.Errorf("%s, %s: %v, %v, want %v", name, order, h.Encap, err, want)
				continue
			}
			if again, err := holderAttrs.Append(nil, &h); err != nil || string(again) != string(slices.Concat(kind, data)) {
				t.Errorf("%s: sent again % x, %v", name, again, err)
			}
		}
	}
	if got := (&UnknownEncap{Kind: 99}).String(); got != "EncapType(99) …" {
		t.Error(got)
	}
}

func TestMalformedEncaps(t *testing.T) {
	for _, tt := range []struct {
		typ  EncapType
		data []byte
		path string
	}{
		{EncapMPLS, attr.AppendBytes(nil, uapi.MPLS_IPTUNNEL_DST, make([]byte, 3)), "MPLS_IPTUNNEL_DST"},
		{EncapIP, attr.AppendBytes(nil, uapi.LWTUNNEL_IP_DST, make([]byte, 16)), "LWTUNNEL_IP_DST"},
		{EncapIP, attr.AppendBytes(nil, uapi.LWTUNNEL_IP_FLAGS, nil), "LWTUNNEL_IP_FLAGS"},
		{EncapIP6, attr.AppendBytes(nil, uapi.LWTUNNEL_IP6_SRC, make([]byte, 4)), "LWTUNNEL_IP6_SRC"},
		{EncapIP, nest(uapi.LWTUNNEL_IP_OPTS, nest(uapi.LWTUNNEL_IP_OPTS_GENEVE, []byte{9, 0, 1, 0})), "LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_GENEVE"},
		{EncapIP, nest(uapi.LWTUNNEL_IP_OPTS, nest(uapi.LWTUNNEL_IP_OPTS_GENEVE, attr.AppendBytes(nil, 1, nil))), "LWTUNNEL_IP_OPTS.LWTUNNEL_IP_OPTS_GENEVE.LWTUNNEL_IP_OPT_GENEVE_CLASS"},
		{EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, make([]byte, 3)), "SEG6_IPTUNNEL_SRH"},
		{EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, make([]byte, 11)), "SEG6_IPTUNNEL_SRH"},
		{EncapSEG6, attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, make([]byte, 27)), "SEG6_IPTUNNEL_SRH"},
		{EncapSEG6Local, attr.AppendBytes(nil, uapi.SEG6_LOCAL_SRH, make([]byte, 7)), "SEG6_LOCAL_SRH"},
		{EncapSEG6Local, nest(uapi.SEG6_LOCAL_BPF, attr.AppendBytes(nil, uapi.SEG6_LOCAL_BPF_PROG, make([]byte, 3))), "SEG6_LOCAL_BPF.SEG6_LOCAL_BPF_PROG"},
		{EncapRPL, attr.AppendBytes(nil, uapi.RPL_IPTUNNEL_SRH, make([]byte, 7)), "RPL_IPTUNNEL_SRH"},
		{EncapIOAM6, attr.AppendBytes(nil, uapi.IOAM6_IPTUNNEL_TRACE, make([]byte, 7)), "IOAM6_IPTUNNEL_TRACE"},
	} {
		b := attr.AppendUint16(nil, holderType, uint16(tt.typ))
		err := holderAttrs.Decode(append(b, nest(holderData, tt.data)...), new(holder))
		var e *attr.Error
		if !errors.Is(err, attr.ErrMalformed) || !errors.As(err, &e) || e.Path != "DATA."+tt.path {
			t.Errorf("%v % x: %v, want an error of %s", tt.typ, tt.data, err, tt.path)
		}
	}
	if err := holderAttrs.Decode(attr.AppendUint8(nil, holderType, 1)[:5], new(holder)); !errors.Is(err, attr.ErrMalformed) {
		t.Errorf("a type of one byte: %v", err)
	}
}

func nest(typ uint16, b []byte) []byte { return attr.AppendBytes(nil, typ|uapi.NLA_F_NESTED, b) }

func TestEncapWords(t *testing.T) {
	for _, tt := range []struct {
		v    fmt.Stringer
		into encoding.TextUnmarshaler
		want string
	}{
		{EncapSEG6Local, new(EncapType), "seg6local"}, {EncapType(99), new(EncapType), "EncapType(99)"},
		{SEG6ReducedL2, new(SEG6Mode), "l2encap.red"}, {SEG6Mode(9), new(SEG6Mode), "SEG6Mode(9)"},
		{SEG6EndB6Encaps, new(SEG6Action), "End.B6.Encaps"}, {SEG6Action(99), new(SEG6Action), "SEG6Action(99)"},
		{SEG6PSP | SEG6NextCSID | 1, new(SEG6Flavors), "psp|next-csid|0x1"},
		{ILANeutralMapAuto, new(ILACsumMode), "neutral-map-auto"}, {ILAUseFormat, new(ILAIdentType), "use-format"},
		{ILAIdentType(9), new(ILAIdentType), "ILAIdentType(9)"}, {ILAInput, new(ILAHookType), "input"},
		{IOAM6Auto, new(IOAM6Mode), "auto"}, {TunnelKey | TunnelSeq | 2, new(TunnelFlags), "key|seq|0x2"},
		{Labels{16, 1048575}, new(Labels), "16/1048575"}, {Labels(nil), new(Labels), ""},
	} {
		text, err := json.Marshal(tt.v)
		if tt.v.String() != tt.want || err != nil || string(text) != strconv.Quote(tt.want) {
			t.Errorf("%q, JSON %s, %v, want %q", tt.v, text, err, tt.want)
		}
		if err := json.Unmarshal(text, tt.into); err != nil || fmt.Sprint(tt.into) != tt.want {
			t.Errorf("%s: back it is %v, %v", tt.want, tt.into, err)
		}
		if err := tt.into.UnmarshalText([]byte("no such word")); err == nil {
			t.Errorf("%T parses anything", tt.into)
		}
	}
	if !(SEG6PSP | SEG6USD).Has(SEG6USD) || SEG6PSP.Has(SEG6USD) || !(TunnelKey | TunnelOAM).Has(TunnelOAM) || TunnelKey.Has(TunnelOAM) {
		t.Error("Has")
	}
	for text, want := range map[string]Labels{"16": {16}, "0x10/200": {16, 200}} {
		if l, err := ParseLabels(text); err != nil || !slices.Equal(l, want) {
			t.Errorf("%s: %v, %v", text, l, err)
		}
	}
	for _, text := range []string{"", "/", "16/", "1048576", "-1", "a"} {
		if l, err := ParseLabels(text); err == nil {
			t.Errorf("%q: %v", text, l)
		}
	}
}

// FuzzEncap decodes any encapsulation: no bytes make it panic, and what it decodes
// and can send is stable.
func FuzzEncap(f *testing.F) {
	types := slices.Sorted(maps.Keys(encaps))
	for _, typ := range types {
		for seed := range uint64(4) {
			e := encaps[typ].sample(rand.New(rand.NewPCG(seed, 3)))
			if b, err := e.appendData(nil); err == nil {
				f.Add(uint16(typ), b)
				f.Add(uint16(typ), b[:len(b)/2])
			}
		}
	}
	f.Add(uint16(99), []byte{8, 0, 1, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, typ uint16, data []byte) {
		if len(data) > 60000 {
			return
		}
		b := append(attr.AppendUint16(nil, holderType, typ), nest(holderData, data)...)
		for off := range min(len(b), 96) {
			attr.Path(holderAttrs, b, off)
		}
		var h, again holder
		if holderAttrs.Decode(b, &h) != nil {
			return
		}
		_ = h.Encap.String()
		_ = CheckEncap("", h.Encap)
		once, err := holderAttrs.Append(nil, &h)
		if err != nil {
			return // a kernel may say what it does not take
		}
		if err := holderAttrs.Decode(once, &again); err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := holderAttrs.Append(nil, &again)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}
