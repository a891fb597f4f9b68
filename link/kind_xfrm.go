package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// XFRM is an interface of IPsec: what goes through it meets the policies and states
// with its id. `ip link add NAME type xfrm dev PARENT if_id ID`
//
// No two links of the kind have the same IfID: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] can change IfID alone. It takes one always, with the Parent that there is.
//
// Source: IFLA_XFRM_*, include/uapi/linux/if_link.h.
type XFRM struct {
	// IfID is the id of policies and states; the kernel insists on one unless the
	// link is External (IFLA_XFRM_IF_ID).
	IfID uint32
	// Parent is the index of the link below; 0 for none (IFLA_XFRM_LINK).
	Parent int
	// External makes routes and filters say which id each packet has. There is one
	// such link, without IfID and Parent. The default is false
	// (IFLA_XFRM_COLLECT_METADATA). Linux 6.1.
	External bool
}

// Kind returns "xfrm".
func (*XFRM) Kind() string { return "xfrm" }

func (v *XFRM) appendData(b []byte) ([]byte, error) { return xfrmAttrs.Append(b, v) }

var xfrmAttrs = attr.Table[XFRM]{
	attr.U32(uapi.IFLA_XFRM_LINK, "IFLA_XFRM_LINK", func(v *XFRM) *int { return &v.Parent }).Max(maxIndex),
	attr.U32(uapi.IFLA_XFRM_IF_ID, "IFLA_XFRM_IF_ID", func(v *XFRM) *uint32 { return &v.IfID }),
	attr.Flag(uapi.IFLA_XFRM_COLLECT_METADATA, "IFLA_XFRM_COLLECT_METADATA", func(v *XFRM) *bool { return &v.External }),
}
