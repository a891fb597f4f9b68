package rtnl

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// SEG6LocalEncap is what this host does as a segment: of an IPv6 route to the
// segment's address (RFC 8986).
// `ip -6 route add … encap seg6local action End.X nh6 fe80::1 dev eth0`
//
// Source: SEG6_LOCAL_*, include/uapi/linux/seg6_local.h.
type SEG6LocalEncap struct {
	// Action is what to do; it is required. Each wants some of the fields below.
	// (SEG6_LOCAL_ACTION)
	Action SEG6Action
	// Segments are those that SEG6EndB6 and SEG6EndB6Encaps put on packets, in the
	// order in which they are visited. With SEG6EndB6 the packet's next segment
	// comes after them and is not one of them. (SEG6_LOCAL_SRH)
	Segments []netip.Addr
	// HMACKeyID is the key that packets with Segments are signed with, 0 for none.
	// (SEG6_LOCAL_SRH)
	HMACKeyID uint32
	// Table is where SEG6EndT and SEG6EndDT6 look up the next destination.
	// (SEG6_LOCAL_TABLE)
	Table Table
	// NH4 is the router that SEG6EndDX4 sends to, 0.0.0.0 to go by the packet's
	// destination. (SEG6_LOCAL_NH4)
	NH4 netip.Addr
	// NH6 is the router that SEG6EndX and SEG6EndDX6 send to, :: to go by the
	// packet's destination. (SEG6_LOCAL_NH6)
	NH6 netip.Addr
	// IIF is the index of a link that packets come in by. The kernel takes it for
	// no action that it has. (SEG6_LOCAL_IIF)
	IIF int
	// OIF is the index of the link that SEG6EndDX2 sends by. (SEG6_LOCAL_OIF)
	OIF int
	// BPF is the program of SEG6EndBPF: BPF_PROG_TYPE_LWT_SEG6LOCAL.
	// (SEG6_LOCAL_BPF)
	BPF *BPFProgram
	// VRFTable is the table of the VRF in which SEG6EndDT4, SEG6EndDT6 and
	// SEG6EndDT46 look up the destination. Linux 5.11. (SEG6_LOCAL_VRFTABLE)
	VRFTable Table
	// Counters count what the action did, if they are not nil; they begin at 0
	// whatever is in them. Linux 5.13. (SEG6_LOCAL_COUNTERS)
	Counters *SEG6Counters
	// Flavors are variants of SEG6End and SEG6EndX. Linux 6.1.
	// (SEG6_LOCAL_FLV_OPERATION in SEG6_LOCAL_FLAVORS)
	Flavors SEG6Flavors
	// LocatorBlockBits is the length of the part of an address that SEG6NextCSID
	// keeps, a multiple of 8; zero is 32. (SEG6_LOCAL_FLV_LCBLOCK_BITS)
	LocatorBlockBits uint8
	// FunctionBits is the length of a compressed segment of SEG6NextCSID, a
	// multiple of 8; zero is 16. (SEG6_LOCAL_FLV_LCNODE_FN_BITS)
	FunctionBits uint8
}

// SEG6Counters count what an action did. Read only.
type SEG6Counters struct {
	// Packets is the number of packets that the action was done on.
	// (SEG6_LOCAL_CNT_PACKETS)
	Packets uint64
	// Bytes is their length in bytes. (SEG6_LOCAL_CNT_BYTES)
	Bytes uint64
	// Errors is the number of packets that it was not done on.
	// (SEG6_LOCAL_CNT_ERRORS)
	Errors uint64
}

// SEG6Action is what a segment does with packets: SEG6_LOCAL_ACTION_… in
// include/uapi/linux/seg6_local.h.
type SEG6Action uint32

// Actions of a segment, with the words of iproute2. The kernel does not have those
// that it only names: End.BM, End.S, End.AS, End.AM.
const (
	SEG6End         SEG6Action = uapi.SEG6_LOCAL_ACTION_END          // SEG6_LOCAL_ACTION_END, "End": on to the next segment
	SEG6EndX        SEG6Action = uapi.SEG6_LOCAL_ACTION_END_X        // SEG6_LOCAL_ACTION_END_X, "End.X": on to the next segment by the router NH6
	SEG6EndT        SEG6Action = uapi.SEG6_LOCAL_ACTION_END_T        // SEG6_LOCAL_ACTION_END_T, "End.T": on to the next segment by Table
	SEG6EndDX2      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DX2      // SEG6_LOCAL_ACTION_END_DX2, "End.DX2": unpack the frame, send it by OIF
	SEG6EndDX6      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DX6      // SEG6_LOCAL_ACTION_END_DX6, "End.DX6": unpack IPv6, send it to NH6
	SEG6EndDX4      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DX4      // SEG6_LOCAL_ACTION_END_DX4, "End.DX4": unpack IPv4, send it to NH4
	SEG6EndDT6      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DT6      // SEG6_LOCAL_ACTION_END_DT6, "End.DT6": unpack IPv6, look it up in Table or VRFTable
	SEG6EndDT4      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DT4      // SEG6_LOCAL_ACTION_END_DT4, "End.DT4": unpack IPv4, look it up in VRFTable. Linux 5.11
	SEG6EndB6       SEG6Action = uapi.SEG6_LOCAL_ACTION_END_B6       // SEG6_LOCAL_ACTION_END_B6, "End.B6": put Segments into the packet
	SEG6EndB6Encaps SEG6Action = uapi.SEG6_LOCAL_ACTION_END_B6_ENCAP // SEG6_LOCAL_ACTION_END_B6_ENCAP, "End.B6.Encaps": put the packet into one with Segments
	SEG6EndBM       SEG6Action = uapi.SEG6_LOCAL_ACTION_END_BM       // SEG6_LOCAL_ACTION_END_BM, "End.BM"
	SEG6EndS        SEG6Action = uapi.SEG6_LOCAL_ACTION_END_S        // SEG6_LOCAL_ACTION_END_S, "End.S"
	SEG6EndAS       SEG6Action = uapi.SEG6_LOCAL_ACTION_END_AS       // SEG6_LOCAL_ACTION_END_AS, "End.AS"
	SEG6EndAM       SEG6Action = uapi.SEG6_LOCAL_ACTION_END_AM       // SEG6_LOCAL_ACTION_END_AM, "End.AM"
	SEG6EndBPF      SEG6Action = uapi.SEG6_LOCAL_ACTION_END_BPF      // SEG6_LOCAL_ACTION_END_BPF, "End.BPF": on to the next segment, run BPF
	SEG6EndDT46     SEG6Action = uapi.SEG6_LOCAL_ACTION_END_DT46     // SEG6_LOCAL_ACTION_END_DT46, "End.DT46": unpack IPv4 or IPv6, look it up in VRFTable. Linux 5.14
)

var seg6Actions = enum.Words[SEG6Action]{Type: "SEG6Action", Words: []enum.Word[SEG6Action]{
	{Value: SEG6End, Name: "End"},
	{Value: SEG6EndX, Name: "End.X"},
	{Value: SEG6EndT, Name: "End.T"},
	{Value: SEG6EndDX2, Name: "End.DX2"},
	{Value: SEG6EndDX6, Name: "End.DX6"},
	{Value: SEG6EndDX4, Name: "End.DX4"},
	{Value: SEG6EndDT6, Name: "End.DT6"},
	{Value: SEG6EndDT4, Name: "End.DT4"},
	{Value: SEG6EndB6, Name: "End.B6"},
	{Value: SEG6EndB6Encaps, Name: "End.B6.Encaps"},
	{Value: SEG6EndBM, Name: "End.BM"},
	{Value: SEG6EndS, Name: "End.S"},
	{Value: SEG6EndAS, Name: "End.AS"},
	{Value: SEG6EndAM, Name: "End.AM"},
	{Value: SEG6EndBPF, Name: "End.BPF"},
	{Value: SEG6EndDT46, Name: "End.DT46"},
}}

// String returns iproute2's word, "SEG6Action(99)" for a number without one.
func (a SEG6Action) String() string { return seg6Actions.String(a) }

// MarshalText returns the same as String.
func (a SEG6Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText parses a word or a number.
func (a *SEG6Action) UnmarshalText(text []byte) error { return seg6Actions.Parse(text, a) }

// SEG6Flavors are variants of an action: bit n stands for the
// SEG6_LOCAL_FLV_OP_… of number n in include/uapi/linux/seg6_local.h.
type SEG6Flavors uint32

// Variants of an action, with the words of iproute2.
const (
	SEG6PSP      SEG6Flavors = 1 << uapi.SEG6_LOCAL_FLV_OP_PSP       // SEG6_LOCAL_FLV_OP_PSP, "psp": the last but one takes the header off. Linux 6.3
	SEG6USP      SEG6Flavors = 1 << uapi.SEG6_LOCAL_FLV_OP_USP       // SEG6_LOCAL_FLV_OP_USP, "usp": the last takes the header off. Not in the kernel
	SEG6USD      SEG6Flavors = 1 << uapi.SEG6_LOCAL_FLV_OP_USD       // SEG6_LOCAL_FLV_OP_USD, "usd": the last unpacks the packet. Not in the kernel
	SEG6NextCSID SEG6Flavors = 1 << uapi.SEG6_LOCAL_FLV_OP_NEXT_CSID // SEG6_LOCAL_FLV_OP_NEXT_CSID, "next-csid": compressed segments. Linux 6.1; with End.X 6.6
)

var seg6Flavors = enum.Flags[SEG6Flavors]{Type: "SEG6Flavors", Words: []enum.Word[SEG6Flavors]{
	{Value: SEG6PSP, Name: "psp"},
	{Value: SEG6USP, Name: "usp"},
	{Value: SEG6USD, Name: "usd"},
	{Value: SEG6NextCSID, Name: "next-csid"},
}}

// Has reports whether all flavors of g are set.
func (f SEG6Flavors) Has(g SEG6Flavors) bool { return f&g == g }

// String returns iproute2's words with "|" between them, unknown bits as a number.
func (f SEG6Flavors) String() string { return seg6Flavors.String(f) }

// MarshalText returns the same as String.
func (f SEG6Flavors) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *SEG6Flavors) UnmarshalText(text []byte) error { return seg6Flavors.Parse(text, f) }

// Type returns EncapSEG6Local.
func (*SEG6LocalEncap) Type() EncapType { return EncapSEG6Local }

// String returns the words of `ip`: "seg6local action End.X nh6 fe80::1".
func (e *SEG6LocalEncap) String() string {
	var b strings.Builder
	b.WriteString("seg6local action " + e.Action.String())
	word := func(set bool, name, value string) {
		if set {
			b.WriteString(" " + name + " " + value)
		}
	}
	word(len(e.Segments) > 0, "srh", e.srh().words())
	word(e.Table != 0, "table", e.Table.String())
	word(e.VRFTable != 0, "vrftable", e.VRFTable.String())
	word(e.NH4.IsValid(), "nh4", e.NH4.String())
	word(e.NH6.IsValid(), "nh6", e.NH6.String())
	word(e.IIF != 0, "iif", decimal(uint32(e.IIF)))
	word(e.OIF != 0, "oif", decimal(uint32(e.OIF)))
	if e.BPF != nil {
		word(true, "endpoint", e.BPF.Name)
	}
	if e.Counters != nil {
		b.WriteString(" count")
	}
	word(e.Flavors != 0, "flavors", strings.ReplaceAll(e.Flavors.String(), "|", ","))
	word(e.LocatorBlockBits != 0, "lblen", decimal(e.LocatorBlockBits))
	word(e.FunctionBits != 0, "nflen", decimal(e.FunctionBits))
	return b.String()
}

func (e *SEG6LocalEncap) srh() srh {
	return srh{segments: e.Segments, hmac: e.HMACKeyID, inline: e.Action == SEG6EndB6}
}

func (e *SEG6LocalEncap) check(path string) error {
	return e.BPF.check(path + ".SEG6_LOCAL_BPF.SEG6_LOCAL_BPF_PROG")
}

func (e *SEG6LocalEncap) appendData(b []byte) ([]byte, error) {
	switch {
	case e.Action == 0:
		return b, attr.Invalid("SEG6_LOCAL_ACTION", "no action")
	case len(e.Segments) == 0 && e.HMACKeyID != 0:
		return b, attr.Invalid("SEG6_LOCAL_SRH", "a key without segments")
	}
	return seg6LocalAttrs.Append(b, e)
}

var seg6LocalAttrs = attr.Table[SEG6LocalEncap]{
	attr.U32(uapi.SEG6_LOCAL_ACTION, "SEG6_LOCAL_ACTION", func(e *SEG6LocalEncap) *SEG6Action { return &e.Action }),
	attr.Custom(uapi.SEG6_LOCAL_SRH, "SEG6_LOCAL_SRH",
		func(b []byte, e *SEG6LocalEncap) ([]byte, error) {
			if len(e.Segments) == 0 {
				return b, nil
			}
			p, err := e.srh().append(nil)
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, uapi.SEG6_LOCAL_SRH, p), nil
		},
		func(p []byte, e *SEG6LocalEncap) error {
			h := e.srh() // the action comes first
			err := h.decode(p)
			e.Segments, e.HMACKeyID = h.segments, h.hmac
			return err
		}).Sample(func(r *rand.Rand, e *SEG6LocalEncap) { e.Segments, e.HMACKeyID = sampleSegments(r), r.Uint32N(3) }),
	attr.U32(uapi.SEG6_LOCAL_TABLE, "SEG6_LOCAL_TABLE", func(e *SEG6LocalEncap) *Table { return &e.Table }),
	attr.Addr4(uapi.SEG6_LOCAL_NH4, "SEG6_LOCAL_NH4", func(e *SEG6LocalEncap) *netip.Addr { return &e.NH4 }),
	attr.Addr6(uapi.SEG6_LOCAL_NH6, "SEG6_LOCAL_NH6", func(e *SEG6LocalEncap) *netip.Addr { return &e.NH6 }),
	attr.U32(uapi.SEG6_LOCAL_IIF, "SEG6_LOCAL_IIF", func(e *SEG6LocalEncap) *int { return &e.IIF }).Max(math.MaxInt32),
	attr.U32(uapi.SEG6_LOCAL_OIF, "SEG6_LOCAL_OIF", func(e *SEG6LocalEncap) *int { return &e.OIF }).Max(math.MaxInt32),
	attr.Nested(uapi.SEG6_LOCAL_BPF, "SEG6_LOCAL_BPF", seg6ProgramAttrs, func(e *SEG6LocalEncap) **BPFProgram { return &e.BPF }),
	attr.U32(uapi.SEG6_LOCAL_VRFTABLE, "SEG6_LOCAL_VRFTABLE", func(e *SEG6LocalEncap) *Table { return &e.VRFTable }),
	attr.Nested(uapi.SEG6_LOCAL_COUNTERS, "SEG6_LOCAL_COUNTERS", seg6CounterAttrs, func(e *SEG6LocalEncap) **SEG6Counters { return &e.Counters }),
	attr.Inline(uapi.SEG6_LOCAL_FLAVORS, "SEG6_LOCAL_FLAVORS", seg6FlavorAttrs, func(e *SEG6LocalEncap) *SEG6LocalEncap { return e }),
}

// seg6ProgramAttrs differ from bpfProgramAttrs: where the descriptor was sent, the
// kernel puts the program's number.
var seg6ProgramAttrs = attr.Table[BPFProgram]{
	attr.Custom(uapi.SEG6_LOCAL_BPF_PROG, "SEG6_LOCAL_BPF_PROG",
		func(b []byte, p *BPFProgram) ([]byte, error) {
			switch {
			case p.FD < 0 || p.FD > math.MaxInt32:
				return b, attr.Refuse("%d is no descriptor", p.FD)
			case p.FD == 0:
				return b, nil
			}
			return attr.AppendUint32(b, uapi.SEG6_LOCAL_BPF_PROG, uint32(p.FD)), nil
		},
		func(b []byte, p *BPFProgram) error {
			if len(b) < 4 {
				return malformed("%d bytes, want 4", len(b))
			}
			p.ID = binary.NativeEndian.Uint32(b)
			return nil
		}),
	attr.String(uapi.SEG6_LOCAL_BPF_PROG_NAME, "SEG6_LOCAL_BPF_PROG_NAME", func(p *BPFProgram) *string { return &p.Name }).Required(),
}

// The kernel wants all counters, and heeds none.
var seg6CounterAttrs = attr.Table[SEG6Counters]{
	attr.U64(uapi.SEG6_LOCAL_CNT_PACKETS, "SEG6_LOCAL_CNT_PACKETS", func(c *SEG6Counters) *uint64 { return &c.Packets }).Required(),
	attr.U64(uapi.SEG6_LOCAL_CNT_BYTES, "SEG6_LOCAL_CNT_BYTES", func(c *SEG6Counters) *uint64 { return &c.Bytes }).Required(),
	attr.U64(uapi.SEG6_LOCAL_CNT_ERRORS, "SEG6_LOCAL_CNT_ERRORS", func(c *SEG6Counters) *uint64 { return &c.Errors }).Required(),
}

var seg6FlavorAttrs = attr.Table[SEG6LocalEncap]{
	attr.U32(uapi.SEG6_LOCAL_FLV_OPERATION, "SEG6_LOCAL_FLV_OPERATION", func(e *SEG6LocalEncap) *SEG6Flavors { return &e.Flavors }),
	attr.U8(uapi.SEG6_LOCAL_FLV_LCBLOCK_BITS, "SEG6_LOCAL_FLV_LCBLOCK_BITS", func(e *SEG6LocalEncap) *uint8 { return &e.LocatorBlockBits }),
	attr.U8(uapi.SEG6_LOCAL_FLV_LCNODE_FN_BITS, "SEG6_LOCAL_FLV_LCNODE_FN_BITS", func(e *SEG6LocalEncap) *uint8 { return &e.FunctionBits }),
}
