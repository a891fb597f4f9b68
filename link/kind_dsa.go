package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// DSA is a port of a switch that is driven through a link of the host (distributed
// switch architecture). The switch's driver makes it, and [Add] is
// [errors.ErrUnsupported]. Linux 6.1; before that, the kernel reports no kind.
//
// Source: IFLA_DSA_*, include/uapi/linux/if_link.h.
type DSA struct {
	// Conduit is the index of the host's link that leads to the switch; [Set] can
	// change it if the driver can (IFLA_DSA_CONDUIT, before Linux 6.7
	// IFLA_DSA_MASTER). `ip link set NAME type dsa conduit CONDUIT`
	Conduit int
}

// Kind returns "dsa".
func (*DSA) Kind() string { return "dsa" }

func (v *DSA) appendData(b []byte) ([]byte, error) { return dsaAttrs.Append(b, v) }

var dsaAttrs = attr.Table[DSA]{
	attr.U32(uapi.IFLA_DSA_CONDUIT, "IFLA_DSA_CONDUIT", func(v *DSA) *int { return &v.Conduit }).Max(maxIndex),
}
