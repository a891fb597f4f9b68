package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Veth is one end of a pair of links: what goes in at one comes out at the other.
// `ip link add NAME type veth peer name PEER`
//
// The kernel does not report the peer as such: it is the link with the index
// [Link.Parent], in the namespace [Link.ParentNSID].
//
// Source: VETH_INFO_*, include/uapi/linux/veth.h.
type Veth struct {
	// Peer is the other end; nil leaves its name and all else to the kernel. It is
	// sent, never read (VETH_INFO_PEER).
	Peer *Peer `json:"-"`
}

// Peer is the other end of a pair of links, made by [NewPeer].
type Peer struct{ change change }

// NewPeer describes the other end of a pair. An empty name leaves it to the kernel.
// What is wrong with the options is an error of [Add].
//
//	err := link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("eth0", link.WithNetNS("blue"))})
func NewPeer(name string, opts ...PeerOption) *Peer {
	p := &Peer{change{name: name}}
	for _, o := range opts {
		if o != nil {
			o.applyPeer(&p.change)
		}
	}
	return p
}

// Kind returns "veth".
func (*Veth) Kind() string { return "veth" }

func (v *Veth) appendData(b []byte) ([]byte, error) { return vethAttrs.Append(b, v) }

// open returns a copy of v in which the peer's namespace is open.
func (v *Veth) open() (Kind, func(), error) {
	peer, release, err := v.Peer.open()
	return &Veth{Peer: peer}, release, within("VETH_INFO_PEER", err)
}

var vethAttrs = attr.Table[Veth]{
	peerRow(uapi.VETH_INFO_PEER, "VETH_INFO_PEER", func(v *Veth) **Peer { return &v.Peer }),
}
