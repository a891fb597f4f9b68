package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Batadv is a mesh network (B.A.T.M.A.N. advanced), which looks like a switch; the
// links that it runs over are its ports, by [WithMaster]. All settings but the one
// here are in the generic netlink family "batadv". `ip link add NAME type batadv`
//
// Source: IFLA_BATADV_*, include/uapi/linux/batman_adv.h.
type Batadv struct {
	// Algorithm is the name of the routing algorithm; the kernel's default is the
	// module's setting, "BATMAN_IV" as a rule. It is sent, never read, and [Set]
	// cannot change it (IFLA_BATADV_ALGO_NAME). Linux 5.11.
	Algorithm string
}

// The routing algorithms of [Batadv].
const (
	BatmanIV = "BATMAN_IV" // the older one, which counts the packets that arrive
	BatmanV  = "BATMAN_V"  // the newer one, which estimates the throughput
)

// Kind returns "batadv".
func (*Batadv) Kind() string { return "batadv" }

func (v *Batadv) appendData(b []byte) ([]byte, error) { return batadvAttrs.Append(b, v) }

var batadvAttrs = attr.Table[Batadv]{
	attr.String(uapi.IFLA_BATADV_ALGO_NAME, "IFLA_BATADV_ALGO_NAME", func(v *Batadv) *string { return &v.Algorithm }),
}
