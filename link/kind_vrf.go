package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// VRF is a routing domain of its own: the links that have it as their master
// ([WithMaster]) use its table. `ip link add NAME type vrf table TABLE`
//
// [Set] can change nothing of it.
//
// Source: IFLA_VRF_*, include/uapi/linux/if_link.h.
type VRF struct {
	// Table is the table of the routes, without which there is no VRF
	// (IFLA_VRF_TABLE).
	Table rtnl.Table
}

// Kind returns "vrf".
func (*VRF) Kind() string { return "vrf" }

func (v *VRF) appendData(b []byte) ([]byte, error) { return vrfAttrs.Append(b, v) }

var vrfAttrs = attr.Table[VRF]{
	attr.U32(uapi.IFLA_VRF_TABLE, "IFLA_VRF_TABLE", func(v *VRF) *rtnl.Table { return &v.Table }),
}
