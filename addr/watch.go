package addr

import (
	"context"
	"iter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the addresses, or those that the options match: first all that there
// are, then each that comes, changes or goes. See [nlkit.Watch]. That a lifetime runs
// down is not told, that it was set again is.
//
// Errors: [fs.ErrInvalid] for an option that makes no sense, and for addresses of
// another network namespace, which have no events here; those of [nlkit.Subscribe].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Address], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
//
// Errors: [fs.ErrInvalid], as of Watch.
func Source(opts ...ListOption) (nlkit.Source[Address, key], error) {
	d := newDecoder(opts)
	req := d.request("addr.Watch")
	if d.filter.hasNSID {
		d.filter.refuse("addresses of another network namespace: watch them with a client that works there")
	}
	if d.filter.err != nil {
		return nlkit.Source[Address, key]{}, req.Fail(d.filter.err)
	}
	return nlkit.Source[Address, key]{
		Op: req.Op, Protocol: req.Protocol,
		Groups: []uint32{uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Address, error] {
			return d.all(ctx, c, req)
		},
		Event:  new(decoder).event, // what matches no longer is an event, too
		Match:  d.filter.match,
		Key:    keyOf,
		Equal:  equal,
		Settle: rtnl.Settle,
	}, nil
}

// key is what tells addresses apart: the kernel lets a link have an IPv4 address
// several times, with other networks or peers.
type key struct {
	link       int
	bits       uint8
	ip6        bool
	addr, peer [16]byte
}

func keyOf(a *Address) key {
	k := key{link: a.Link, addr: a.Prefix.Addr().As16(), ip6: a.Prefix.Addr().Is6()}
	if !k.ip6 {
		k.bits = uint8(a.Prefix.Bits())
		if a.Peer.IsValid() {
			k.peer = a.Peer.As16()
		}
	}
	return k
}

// equal reports whether two addresses are the same, but for the lifetimes that are
// left: setting them changes Updated.
func equal(a, b *Address) bool {
	x, y := *a, *b
	for _, v := range []*Address{&x, &y} {
		if v.ValidLifetime != Forever {
			v.ValidLifetime = 0
		}
		if v.PreferredLifetime != Forever {
			v.PreferredLifetime = 0
		}
	}
	return x == y
}
