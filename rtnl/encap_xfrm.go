package rtnl

import (
	"math"
	"strconv"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// XFRMEncap says which IPsec policies an xfrm link that lets routes say so
// (`external`) uses. The route leads to that link. Linux 6.1.
// `ip route add … encap xfrm if_id 5 dev ipsec0`
//
// Source: LWT_XFRM_*, include/uapi/linux/lwtunnel.h.
type XFRMEncap struct {
	// IfID is the number of the policies; it is required. (LWT_XFRM_IF_ID)
	IfID uint32
	// Link is the index of the link that the outer packets leave by; zero lets the
	// kernel choose. (LWT_XFRM_LINK)
	Link int
}

// Type returns EncapXFRM.
func (*XFRMEncap) Type() EncapType { return EncapXFRM }

// String returns the words of `ip`: "xfrm if_id 5".
func (e *XFRMEncap) String() string {
	s := "xfrm if_id " + decimal(e.IfID)
	if e.Link != 0 {
		s += " link_dev " + strconv.Itoa(e.Link)
	}
	return s
}

func (e *XFRMEncap) appendData(b []byte) ([]byte, error) {
	if e.IfID == 0 {
		return b, attr.Invalid("LWT_XFRM_IF_ID", "no number")
	}
	return xfrmAttrs.Append(b, e)
}

var xfrmAttrs = attr.Table[XFRMEncap]{
	attr.U32(uapi.LWT_XFRM_IF_ID, "LWT_XFRM_IF_ID", func(e *XFRMEncap) *uint32 { return &e.IfID }),
	attr.U32(uapi.LWT_XFRM_LINK, "LWT_XFRM_LINK", func(e *XFRMEncap) *int { return &e.Link }).Max(math.MaxInt32),
}
