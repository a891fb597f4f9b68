package rtnl

import (
	"bytes"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// RPLEncap sends IPv6 packets along a list of routers of a low-power network (RFC
// 6554). `ip -6 route add … encap rpl segs fc00::2,fc00::1`. Linux 5.7.
//
// Source: RPL_IPTUNNEL_*, include/uapi/linux/rpl_iptunnel.h.
type RPLEncap struct {
	// Segments are the addresses to visit, in that order; they are required. `ip`
	// names the last first. (RPL_IPTUNNEL_SRH)
	Segments []netip.Addr
}

// Type returns EncapRPL.
func (*RPLEncap) Type() EncapType { return EncapRPL }

// String returns the words of `ip`, which names the last segment first: "rpl segs
// fc00::2,fc00::1".
func (e *RPLEncap) String() string {
	return "rpl segs " + segmentWords(reversed(e.Segments))
}

func (e *RPLEncap) appendData(b []byte) ([]byte, error) { return rplAttrs.Append(b, e) }

// rplHeader returns struct ipv6_rpl_sr_hdr, include/uapi/linux/rpl.h, with whole
// addresses: the first to visit first.
func rplHeader(segments []netip.Addr) ([]byte, error) {
	n := len(segments)
	switch {
	case n == 0:
		return nil, attr.Refuse("no segments")
	case n > maxSegments:
		return nil, attr.Refuse("%d segments", n)
	}
	p := []byte{0, byte(2 * n), uapi.IPV6_SRCRT_TYPE_3, byte(n), 0, 0, 0, 0}
	return appendSegments(p, segments)
}

var rplAttrs = attr.Table[RPLEncap]{
	attr.Custom(uapi.RPL_IPTUNNEL_SRH, "RPL_IPTUNNEL_SRH",
		func(b []byte, e *RPLEncap) ([]byte, error) {
			p, err := rplHeader(e.Segments)
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, uapi.RPL_IPTUNNEL_SRH, p), nil
		},
		func(p []byte, e *RPLEncap) error {
			if len(p) < srhLen {
				return malformed("%d bytes are no routing header", len(p))
			}
			e.Segments = segments(p[srhLen:])
			if again, err := rplHeader(e.Segments); err != nil || !bytes.Equal(again, p) {
				return errForeign
			}
			return nil
		}).Sample(func(r *rand.Rand, e *RPLEncap) { e.Segments = sampleSegments(r) }),
}
