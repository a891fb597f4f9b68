package rtnl

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	srhLen      = 8   // struct ipv6_sr_hdr, struct ipv6_rpl_sr_hdr
	hmacLen     = 40  // struct sr6_tlv_hmac
	maxSegments = 127 // the header's length is 8 bits, in units of 8 bytes
)

// srh is a segment routing header for IPv6: struct ipv6_sr_hdr in
// include/uapi/linux/seg6.h.
type srh struct {
	segments []netip.Addr // in the order in which they are visited
	hmac     uint32       // key to sign packets with, 0 for none
	inline   bool         // for a packet of its own, whose destination comes last
}

// append appends the header as on the wire, where the last segment comes first.
func (h srh) append(b []byte) ([]byte, error) {
	n := len(h.segments)
	if h.inline && n > 0 {
		n++ // the kernel puts the packet's destination there
	}
	size := srhLen + 16*n
	flags := byte(0)
	if h.hmac != 0 {
		size += hmacLen
		flags |= uapi.SR6_FLAG1_HMAC
	}
	switch {
	case n == 0:
		return b, attr.Refuse("no segments")
	case size/8-1 > 0xff:
		return b, attr.Refuse("%d segments", len(h.segments))
	}
	b = append(b, 0, byte(size/8-1), uapi.IPV6_SRCRT_TYPE_4, byte(n-1), byte(n-1), flags, 0, 0)
	if h.inline {
		b = append(b, make([]byte, 16)...)
	}
	b, err := appendSegments(b, reversed(h.segments))
	if err == nil && h.hmac != 0 {
		b = append(b, uapi.SR6_TLV_HMAC, hmacLen-2, 0, 0)
		b = binary.BigEndian.AppendUint32(b, h.hmac)
		b = append(b, make([]byte, hmacLen-8)...)
	}
	return b, err
}

// decode reads a header. One that append would not make is foreign.
func (h *srh) decode(p []byte) error {
	if len(p) < srhLen {
		return malformed("%d bytes are no segment routing header", len(p))
	}
	n := int(p[4]) + 1 // first_segment
	if srhLen+16*n > len(p) {
		return malformed("%d segments in %d bytes", n, len(p))
	}
	h.segments = reversed(segments(p[srhLen : srhLen+16*n]))
	if h.inline {
		h.segments = h.segments[:n-1]
	}
	if tlv := p[srhLen+16*n:]; len(tlv) == hmacLen {
		h.hmac = binary.BigEndian.Uint32(tlv[4:])
	}
	if again, err := h.append(nil); err != nil || !bytes.Equal(again, p) {
		return errForeign
	}
	return nil
}

// words are those of `ip` for the header.
func (h srh) words() string {
	s := "segs " + segmentWords(h.segments)
	if h.hmac != 0 {
		s += " hmac " + decimal(h.hmac)
	}
	return s
}

func segmentWords(segments []netip.Addr) string {
	var b strings.Builder
	for i, a := range segments {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.String())
	}
	return b.String()
}

// appendSegments appends IPv6 addresses.
func appendSegments(b []byte, segments []netip.Addr) ([]byte, error) {
	for _, a := range segments {
		if !a.Is6() || a.Zone() != "" {
			return b, attr.Refuse("segment %v is no IPv6 address", a)
		}
		b = append(b, a.AsSlice()...)
	}
	return b, nil
}

// segments reads IPv6 addresses; what is left over is too short for one.
func segments(p []byte) []netip.Addr {
	list := make([]netip.Addr, len(p)/16)
	for i := range list {
		list[i] = netip.AddrFrom16([16]byte(p[16*i:]))
	}
	return list
}

func reversed(list []netip.Addr) []netip.Addr {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
