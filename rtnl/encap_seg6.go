package rtnl

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// SEG6Encap sends packets along a list of segments: segment routing over IPv6
// (RFC 8754). `ip route add … encap seg6 mode encap segs fc00::1,fc00::2`
//
// Source: SEG6_IPTUNNEL_*, include/uapi/linux/seg6_iptunnel.h.
type SEG6Encap struct {
	// Mode says where the segments go. Zero is [SEG6Inline]. (SEG6_IPTUNNEL_SRH)
	Mode SEG6Mode
	// Segments are the addresses to visit, in that order; they are required. With
	// SEG6Inline the packet's own destination comes after them and is not one of
	// them. (SEG6_IPTUNNEL_SRH)
	Segments []netip.Addr
	// HMACKeyID is the key that packets are signed with, 0 for none; what a key is
	// is set with `ip sr hmac set`. (SEG6_IPTUNNEL_SRH)
	HMACKeyID uint32
	// TunnelSrc is the source of the outer packets; none lets the kernel choose.
	// Not with SEG6Inline. Linux 7.1. (SEG6_IPTUNNEL_SRC)
	TunnelSrc netip.Addr
}

// SEG6Mode says where the segments of a packet go: SEG6_IPTUN_MODE_… in
// include/uapi/linux/seg6_iptunnel.h.
type SEG6Mode uint32

// Modes of segment routing, with the words of iproute2.
const (
	SEG6Inline    SEG6Mode = uapi.SEG6_IPTUN_MODE_INLINE      // SEG6_IPTUN_MODE_INLINE, "inline": into the packet, which is IPv6
	SEG6Outer     SEG6Mode = uapi.SEG6_IPTUN_MODE_ENCAP       // SEG6_IPTUN_MODE_ENCAP, "encap": into an outer packet
	SEG6L2        SEG6Mode = uapi.SEG6_IPTUN_MODE_L2ENCAP     // SEG6_IPTUN_MODE_L2ENCAP, "l2encap": into an outer packet around the Ethernet frame
	SEG6Reduced   SEG6Mode = uapi.SEG6_IPTUN_MODE_ENCAP_RED   // SEG6_IPTUN_MODE_ENCAP_RED, "encap.red": as encap, without the first segment. Linux 6.0
	SEG6ReducedL2 SEG6Mode = uapi.SEG6_IPTUN_MODE_L2ENCAP_RED // SEG6_IPTUN_MODE_L2ENCAP_RED, "l2encap.red": as l2encap, without the first segment. Linux 6.0
)

const seg6ModeLen = 4 // the member mode of struct seg6_iptunnel_encap

var seg6Modes = enum.Words[SEG6Mode]{Type: "SEG6Mode", Words: []enum.Word[SEG6Mode]{
	{Value: SEG6Inline, Name: "inline"},
	{Value: SEG6Outer, Name: "encap"},
	{Value: SEG6L2, Name: "l2encap"},
	{Value: SEG6Reduced, Name: "encap.red"},
	{Value: SEG6ReducedL2, Name: "l2encap.red"},
}}

// String returns iproute2's word, "SEG6Mode(9)" for a number without one.
func (m SEG6Mode) String() string { return seg6Modes.String(m) }

// MarshalText returns the same as String.
func (m SEG6Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText parses a word or a number.
func (m *SEG6Mode) UnmarshalText(text []byte) error { return seg6Modes.Parse(text, m) }

// Type returns EncapSEG6.
func (*SEG6Encap) Type() EncapType { return EncapSEG6 }

// String returns the words of `ip`: "seg6 mode encap segs fc00::1,fc00::2".
func (e *SEG6Encap) String() string {
	s := "seg6 mode " + e.Mode.String()
	if e.TunnelSrc.IsValid() {
		s += " tunsrc " + e.TunnelSrc.String()
	}
	return s + " " + e.srh().words()
}

func (e *SEG6Encap) srh() srh {
	return srh{segments: e.Segments, hmac: e.HMACKeyID, inline: e.Mode == SEG6Inline}
}

func (e *SEG6Encap) appendData(b []byte) ([]byte, error) {
	if e.Mode == SEG6Inline && e.TunnelSrc.IsValid() {
		return b, attr.Invalid("SEG6_IPTUNNEL_SRC", "a source with mode inline, which has no outer packet")
	}
	return seg6Attrs.Append(b, e)
}

var seg6Attrs = attr.Table[SEG6Encap]{
	attr.Custom(uapi.SEG6_IPTUNNEL_SRH, "SEG6_IPTUNNEL_SRH",
		func(b []byte, e *SEG6Encap) ([]byte, error) {
			p, err := e.srh().append(binary.NativeEndian.AppendUint32(nil, uint32(e.Mode)))
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, uapi.SEG6_IPTUNNEL_SRH, p), nil
		},
		func(p []byte, e *SEG6Encap) error {
			if len(p) < seg6ModeLen {
				return malformed("%d bytes, want %d", len(p), seg6ModeLen)
			}
			e.Mode = SEG6Mode(binary.NativeEndian.Uint32(p))
			h := e.srh()
			err := h.decode(p[seg6ModeLen:])
			e.Segments, e.HMACKeyID = h.segments, h.hmac
			return err
		}).Sample(func(r *rand.Rand, e *SEG6Encap) {
		e.Mode = 1 + SEG6Mode(r.IntN(4)) // inline has no source
		e.Segments, e.HMACKeyID = sampleSegments(r), r.Uint32N(3)
	}),
	attr.Addr6(uapi.SEG6_IPTUNNEL_SRC, "SEG6_IPTUNNEL_SRC", func(e *SEG6Encap) *netip.Addr { return &e.TunnelSrc }),
}

func sampleSegments(r *rand.Rand) []netip.Addr {
	segments := make([]netip.Addr, 1+r.IntN(4))
	for i := range segments {
		segments[i] = netip.AddrFrom16([16]byte{0xfc, 1: byte(r.Uint32()), 15: byte(r.Uint32())})
	}
	return segments
}
