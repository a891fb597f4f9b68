package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// VRFPort is a link of a [VRF]. It has no settings: it cannot be given to
// [WithPort].
//
// Source: IFLA_VRF_PORT_*, include/uapi/linux/if_link.h.
type VRFPort struct {
	// Table is the table of the VRF; read (IFLA_VRF_PORT_TABLE).
	Table rtnl.Table
}

// Port returns "vrf".
func (*VRFPort) Port() string { return "vrf" }

func (*VRFPort) appendPort(b []byte) ([]byte, error) { return b, noSettings("VRF") }

// noSettings refuses to send a port whose master takes no settings for it.
func noSettings(master string) error { return attr.Refuse("a port of a %s has no settings", master) }

var vrfPortAttrs = attr.Table[VRFPort]{
	attr.U32(uapi.IFLA_VRF_PORT_TABLE, "IFLA_VRF_PORT_TABLE", func(v *VRFPort) *rtnl.Table { return &v.Table }).ReadOnly(),
}
