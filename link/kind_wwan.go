package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// WWAN is one of the data connections of a modem for mobile networks, whose device
// [WithParentDevice] names and which it cannot do without. Linux 5.14. `ip link add
// parentdev DEVICE NAME type wwan linkid ID`
//
// [Set] cannot change it.
//
// Source: IFLA_WWAN_*, include/uapi/linux/wwan.h.
type WWAN struct {
	// LinkID is the modem's number of the connection; it is always sent
	// (IFLA_WWAN_LINK_ID).
	LinkID uint32
}

// Kind returns "wwan".
func (*WWAN) Kind() string { return "wwan" }

func (*WWAN) addressLen() int { return 0 } // it has no address

func (v *WWAN) appendData(b []byte) ([]byte, error) { return wwanAttrs.Append(b, v) }

var wwanAttrs = attr.Table[WWAN]{
	attr.U32(uapi.IFLA_WWAN_LINK_ID, "IFLA_WWAN_LINK_ID", func(v *WWAN) *uint32 { return &v.LinkID }).Required(),
}
