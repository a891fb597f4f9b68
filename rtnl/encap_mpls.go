package rtnl

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// MPLSEncap puts labels on IP packets. `ip route add … encap mpls 100/200`
//
// Source: MPLS_IPTUNNEL_*, include/uapi/linux/mpls_iptunnel.h.
type MPLSEncap struct {
	// Labels are the labels, the outermost first. They are required.
	// (MPLS_IPTUNNEL_DST)
	Labels Labels
	// TTL is that of the labels, 0 to take it from the packet; nil is as the
	// system has it: net.mpls.ip_ttl_propagate, net.mpls.default_ttl.
	// (MPLS_IPTUNNEL_TTL)
	TTL *uint8
}

// Type returns EncapMPLS.
func (*MPLSEncap) Type() EncapType { return EncapMPLS }

// String returns the words of `ip`: "mpls 100/200 ttl 7".
func (e *MPLSEncap) String() string {
	s := "mpls " + e.Labels.String()
	if e.TTL != nil {
		s += " ttl " + decimal(*e.TTL)
	}
	return s
}

func (e *MPLSEncap) appendData(b []byte) ([]byte, error) {
	if len(e.Labels) == 0 {
		return b, attr.Invalid("MPLS_IPTUNNEL_DST", "no labels")
	}
	return mplsAttrs.Append(b, e)
}

var mplsAttrs = attr.Table[MPLSEncap]{
	LabelsRow(uapi.MPLS_IPTUNNEL_DST, "MPLS_IPTUNNEL_DST", func(e *MPLSEncap) *Labels { return &e.Labels }),
	attr.OptU8(uapi.MPLS_IPTUNNEL_TTL, "MPLS_IPTUNNEL_TTL", func(e *MPLSEncap) **uint8 { return &e.TTL }),
}
