package link

import (
	"math/rand/v2"

	"github.com/nlkit/nlkit/attr"
)

// An opener is a kind that refers to a network namespace by name.
type opener interface {
	// open returns a copy of the kind with the namespace open, and what closes it.
	open() (Kind, func(), error)
}

// open returns a copy of p in which the namespace is open. Both may be nil.
func (p *Peer) open() (*Peer, func(), error) {
	if p == nil {
		return nil, func() {}, nil
	}
	if err := p.change.check(); err != nil {
		return p, func() {}, err
	}
	opened := *p
	release, err := opened.change.open()
	return &opened, release, err
}

// peerRow is a row of a link inside of another: a header and attributes.
func peerRow[T any](typ uint16, name string, field func(*T) **Peer) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			p := *field(v)
			if p == nil {
				return b, nil
			}
			c := p.change
			k, _ := any(v).(Kind) // both ends are of one
			if err := c.checkEthernet(k); err != nil {
				return b, err
			}
			if c.name != "" {
				if err := checkName("IFLA_IFNAME", c.name); err != nil {
					return b, err
				}
			}
			b, start := attr.BeginNested(b, typ)
			b = c.header().appendTo(b)
			b, err := changeAttrs.Append(b, &c)
			if err != nil {
				return b, err
			}
			return attr.EndNested(b, start)
		},
		func(p []byte, v *T) error {
			h, attrs, err := splitHeader(p)
			if err != nil {
				return err
			}
			peer := &Peer{change{index: h.index, flags: h.flags, mask: h.change}}
			if err := changeAttrs.Decode(attrs, &peer.change); err != nil {
				return err
			}
			*field(v) = peer
			return nil
		}).
		Within(func([]byte) attr.Schema { return peerSchema{} }).
		Sample(func(r *rand.Rand, v *T) {
			*field(v) = &Peer{change{name: "p", index: r.IntN(100), mtu: new(r.IntN(9000)), flags: FlagUp, mask: FlagUp}}
		})
}

// peerSchema names what stands behind the header of a peer.
type peerSchema struct{}

// Attr implements [attr.Schema].
func (peerSchema) Attr(typ uint16, siblings []byte) (string, attr.Schema) {
	return requestSchema{}.Attr(typ, siblings)
}

// Locate implements [attr.Locator].
func (peerSchema) Locate(b []byte, off int) string {
	if len(b) < headerLen || off < headerLen {
		return ""
	}
	return attr.Path(requestSchema{}, b[headerLen:], off-headerLen)
}
