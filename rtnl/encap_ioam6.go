package rtnl

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IOAM6Encap makes routers write into IPv6 packets what they saw of them: in-situ
// OAM (RFC 9197). Linux 5.15.
// `ip -6 route add … encap ioam6 trace prealloc type 0x800000 ns 1 size 12`
//
// Source: IOAM6_IPTUNNEL_*, include/uapi/linux/ioam6_iptunnel.h.
type IOAM6Encap struct {
	// FreqK and FreqN say that FreqK of FreqN packets get a trace, from 1 to
	// 1000000 each; both or none must be set. None is every packet. Linux 5.18.
	// (IOAM6_IPTUNNEL_FREQ_K)
	FreqK uint32
	// FreqN: see FreqK. (IOAM6_IPTUNNEL_FREQ_N)
	FreqN uint32
	// Mode says where the trace goes. Zero is [IOAM6Inline]. (IOAM6_IPTUNNEL_MODE)
	Mode IOAM6Mode
	// TunnelSrc is the source of the outer packets; none lets the kernel choose.
	// Linux 6.12. (IOAM6_IPTUNNEL_SRC)
	TunnelSrc netip.Addr
	// TunnelDst is the destination of the outer packets, which all modes but
	// IOAM6Inline need. (IOAM6_IPTUNNEL_DST)
	TunnelDst netip.Addr
	// TraceType says what routers write, 24 bits of which 0x800000 is hop limit
	// and node: RFC 9197, 4.4.1. It is required. (IOAM6_IPTUNNEL_TRACE)
	TraceType uint32
	// Namespace is the space of the trace's data. (IOAM6_IPTUNNEL_TRACE)
	Namespace uint16
	// TraceSize is the room for what routers write, in bytes: a multiple of 4, at
	// most 244. It is required. (IOAM6_IPTUNNEL_TRACE)
	TraceSize int
}

// IOAM6Mode says where a trace goes: IOAM6_IPTUNNEL_MODE_… in
// include/uapi/linux/ioam6_iptunnel.h.
type IOAM6Mode uint8

// Where a trace goes, with the words of iproute2.
const (
	IOAM6Inline IOAM6Mode = uapi.IOAM6_IPTUNNEL_MODE_INLINE // IOAM6_IPTUNNEL_MODE_INLINE, "inline": into the packet
	IOAM6Outer  IOAM6Mode = uapi.IOAM6_IPTUNNEL_MODE_ENCAP  // IOAM6_IPTUNNEL_MODE_ENCAP, "encap": into an outer packet. Linux 5.16
	IOAM6Auto   IOAM6Mode = uapi.IOAM6_IPTUNNEL_MODE_AUTO   // IOAM6_IPTUNNEL_MODE_AUTO, "auto": into packets of this host, else into an outer one. Linux 5.16
)

var ioam6Modes = enum.Words[IOAM6Mode]{Type: "IOAM6Mode", Words: []enum.Word[IOAM6Mode]{
	{Value: IOAM6Inline, Name: "inline"},
	{Value: IOAM6Outer, Name: "encap"},
	{Value: IOAM6Auto, Name: "auto"},
}}

// String returns iproute2's word, "IOAM6Mode(9)" for a number without one.
func (m IOAM6Mode) String() string { return ioam6Modes.String(m) }

// MarshalText returns the same as String.
func (m IOAM6Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText parses a word or a number.
func (m *IOAM6Mode) UnmarshalText(text []byte) error { return ioam6Modes.Parse(text, m) }

// Type returns EncapIOAM6.
func (*IOAM6Encap) Type() EncapType { return EncapIOAM6 }

// String returns the words of `ip`: "ioam6 trace prealloc type 0x800000 ns 1 size
// 12".
func (e *IOAM6Encap) String() string {
	var b strings.Builder
	b.WriteString("ioam6 ")
	if e.FreqN != 0 {
		b.WriteString("freq " + decimal(e.FreqK) + "/" + decimal(e.FreqN) + " ")
	}
	if e.Mode != 0 {
		b.WriteString("mode " + e.Mode.String() + " ")
	}
	if e.TunnelSrc.IsValid() {
		b.WriteString("tunsrc " + e.TunnelSrc.String() + " ")
	}
	if e.TunnelDst.IsValid() {
		b.WriteString("tundst " + e.TunnelDst.String() + " ")
	}
	fmt.Fprintf(&b, "trace prealloc type %#06x ns %d size %d", e.TraceType, e.Namespace, e.TraceSize)
	return b.String()
}

func (e *IOAM6Encap) appendData(b []byte) ([]byte, error) {
	switch {
	case (e.FreqK == 0) != (e.FreqN == 0) || e.FreqK > e.FreqN:
		return b, attr.Invalid("IOAM6_IPTUNNEL_FREQ_K", "%d of %d packets", e.FreqK, e.FreqN)
	case e.Mode <= IOAM6Inline && (e.TunnelSrc.IsValid() || e.TunnelDst.IsValid()):
		return b, attr.Invalid("IOAM6_IPTUNNEL_DST", "ends of a tunnel with mode inline, which has none")
	case e.Mode > IOAM6Inline && !e.TunnelDst.IsValid():
		return b, attr.Invalid("IOAM6_IPTUNNEL_DST", "mode %v without a destination", e.Mode)
	}
	return ioam6Attrs.Append(b, e)
}

const (
	ioam6TraceLen  = 8 // struct ioam6_trace_hdr in include/uapi/linux/ioam6.h
	ioam6MaxTrace  = 1<<24 - 1
	ioam6SizeMask  = 0x7f // remlen, in units of 4 bytes
	ioam6TypeShift = 8    // of type_be32
)

var ioam6Attrs = attr.Table[IOAM6Encap]{
	attr.U8(uapi.IOAM6_IPTUNNEL_MODE, "IOAM6_IPTUNNEL_MODE", func(e *IOAM6Encap) *IOAM6Mode { return &e.Mode }),
	attr.Addr6(uapi.IOAM6_IPTUNNEL_DST, "IOAM6_IPTUNNEL_DST", func(e *IOAM6Encap) *netip.Addr { return &e.TunnelDst }),
	attr.Custom(uapi.IOAM6_IPTUNNEL_TRACE, "IOAM6_IPTUNNEL_TRACE",
		func(b []byte, e *IOAM6Encap) ([]byte, error) {
			switch {
			case e.TraceType == 0 || e.TraceType > ioam6MaxTrace:
				return b, attr.Refuse("%#x is no type of trace", e.TraceType)
			case e.TraceSize <= 0 || e.TraceSize%4 != 0 || e.TraceSize > uapi.IOAM6_TRACE_DATA_SIZE_MAX:
				return b, attr.Refuse("%d is no size of a trace: a multiple of 4, at most %d", e.TraceSize, uapi.IOAM6_TRACE_DATA_SIZE_MAX)
			}
			p := binary.BigEndian.AppendUint16(nil, e.Namespace)
			p = append(p, 0, byte(e.TraceSize/4)) // the kernel counts nodelen itself
			return attr.AppendBytes(b, uapi.IOAM6_IPTUNNEL_TRACE, binary.BigEndian.AppendUint32(p, e.TraceType<<ioam6TypeShift)), nil
		},
		func(p []byte, e *IOAM6Encap) error {
			if len(p) < ioam6TraceLen {
				return malformed("%d bytes, want %d", len(p), ioam6TraceLen)
			}
			e.Namespace = binary.BigEndian.Uint16(p)
			e.TraceSize = 4 * int(p[3]&ioam6SizeMask)
			e.TraceType = binary.BigEndian.Uint32(p[4:]) >> ioam6TypeShift
			return nil
		}).Sample(func(r *rand.Rand, e *IOAM6Encap) {
		e.TraceType, e.Namespace, e.TraceSize = 1+r.Uint32N(ioam6MaxTrace), uint16(r.Uint32()), 4*(1+r.IntN(61))
	}),
	attr.U32(uapi.IOAM6_IPTUNNEL_FREQ_K, "IOAM6_IPTUNNEL_FREQ_K", func(e *IOAM6Encap) *uint32 { return &e.FreqK }).Max(uapi.IOAM6_IPTUNNEL_FREQ_MAX),
	attr.U32(uapi.IOAM6_IPTUNNEL_FREQ_N, "IOAM6_IPTUNNEL_FREQ_N", func(e *IOAM6Encap) *uint32 { return &e.FreqN }).Max(uapi.IOAM6_IPTUNNEL_FREQ_MAX),
	attr.Addr6(uapi.IOAM6_IPTUNNEL_SRC, "IOAM6_IPTUNNEL_SRC", func(e *IOAM6Encap) *netip.Addr { return &e.TunnelSrc }),
}
