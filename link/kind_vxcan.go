package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VXCAN is one end of a pair of controller area networks, which may be in two
// network namespaces: what goes in at one comes out at the other. `ip link add NAME
// type vxcan peer name PEER`
//
// The kernel does not report the peer as such: it is the link with the index
// [Link.Parent], in the namespace [Link.ParentNSID].
//
// Source: VXCAN_INFO_*, include/uapi/linux/can/vxcan.h.
type VXCAN struct {
	// Peer is the other end; nil leaves its name and all else to the kernel. It is
	// sent, never read (VXCAN_INFO_PEER).
	Peer *Peer `json:"-"`
}

// Kind returns "vxcan".
func (*VXCAN) Kind() string { return "vxcan" }

func (*VXCAN) addressLen() int { return 0 } // it has no address

func (v *VXCAN) appendData(b []byte) ([]byte, error) { return vxcanAttrs.Append(b, v) }

// open returns a copy of v in which the peer's namespace is open.
func (v *VXCAN) open() (Kind, func(), error) {
	peer, release, err := v.Peer.open()
	return &VXCAN{Peer: peer}, release, within("VXCAN_INFO_PEER", err)
}

var vxcanAttrs = attr.Table[VXCAN]{
	peerRow(uapi.VXCAN_INFO_PEER, "VXCAN_INFO_PEER", func(v *VXCAN) **Peer { return &v.Peer }),
}
