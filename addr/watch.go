package addr

import (
	"context"
	"iter"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the IPv4 and IPv6 addresses, or those that the options match: first all
// that there are, then each that is added, changes or is removed. See [nlkit.Watch]. An
// address that no longer matches is told as removed.
//
// An IPv4 address is the same as long as link, prefix and peer are the same; an IPv6
// address, link and address. That time passes is no change: lifetimes are told when
// they were set anew, which a router advertisement does each time, and then count from
// there. [FlagDeprecated], [FlagTentative] and the like are told when they change.
// The kernel renames the labels that begin with a link's name when the link is renamed,
// and may keep IPv6 addresses of a link that goes down (sysctl keep_addr_on_down)
// without a word: they are listed again then. What is set of an address while it is
// tentative is told when it is no longer.
//
// It takes no privilege. Errors: [io/fs.ErrInvalid] for an option that makes no sense,
// and for [WithTargetNSID]: other namespaces are not watched; those of
// [nlkit.NewWatch].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Address], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
func Source(opts ...ListOption) (nlkit.Source[Address, key], error) {
	const op = "addr.Watch"
	d := newDecoder(opts)
	f := &d.filter
	if f.hasNSID {
		f.refuse("addresses of another network namespace: watch them with a client that works there")
	}
	if f.err != nil {
		return nlkit.Source[Address, key]{}, d.request(op).Fail(f.err)
	}
	w := &watch{filter: *f}
	return nlkit.Source[Address, key]{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Groups: w.groups(), Wants: w.wants(),
		List:    func(ctx context.Context, c *nlkit.Client) iter.Seq2[Address, error] { return all(ctx, c, op, w.filter) },
		Event:   new(decoder).event,
		Match:   w.filter.match,
		Key:     keyOf,
		Equal:   equal,
		Suspect: w.suspect,
		Forget:  w.links.Forget,
		Settle:  rtnl.Settle,
	}, nil
}

// watch is what a watch of addresses knows beside them.
type watch struct {
	filter filter
	links  linkstate.Links
}

func (w *watch) groups() []uint32 {
	groups := []uint32{uapi.RTNLGRP_LINK}
	family := w.filter.ofFamily()
	if family != rtnl.FamilyIPv6 {
		groups = append(groups, uapi.RTNLGRP_IPV4_IFADDR)
	}
	if family != rtnl.FamilyIPv4 {
		groups = append(groups, uapi.RTNLGRP_IPV6_IFADDR)
	}
	return groups
}

// wants are the messages about the addresses of the link that is watched, and about it.
func (w *watch) wants() []nlkit.Want {
	of := []nlkit.Field{}
	if w.filter.hasLink {
		of = append(of, nlkit.Field{Offset: indexOffset, Size: 4, Value: uint32(w.filter.link)})
	}
	return []nlkit.Want{
		{Types: []uint16{uapi.RTM_NEWADDR, uapi.RTM_DELADDR}, Where: of},
		{Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK}, Where: append(of, nlkit.Field{Offset: 0, Size: 1, Value: uapi.AF_UNSPEC})},
	}
}

// suspect names the addresses of a link that was renamed, which changes labels, or went
// down, which makes addresses that stay tentative. Neither is told. What is not
// known because of its label or its flags may come to match.
func (w *watch) suspect(m nlkit.Message) []nlkit.Suspicion[Address] {
	old, now, ok := w.links.Take(m.Type, m.Data)
	f := w.filter
	switch {
	case !ok, now.Gone: // addresses that go with a link are told
		return nil
	case f.hasLink && f.link != now.Index:
		return nil
	case old.Index != 0 && old.Name == now.Name && (now.Up() || !old.Up()):
		return nil
	}
	f.link, f.hasLink = now.Index, true
	s := nlkit.Suspicion[Address]{
		Who: func(a *Address) bool { return a.Link == f.link },
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Address, error] {
			return all(ctx, c, "addr.Watch", f)
		},
	}
	if f.label == "" && f.flags == 0 {
		return []nlkit.Suspicion[Address]{s}
	}
	return []nlkit.Suspicion[Address]{s, {List: s.List}}
}

// key identifies an address.
type key struct {
	link        int
	bits        int // -1 for IPv6, where they do not matter
	local, peer [16]byte
}

func keyOf(a *Address) key {
	ip := a.Prefix.Addr()
	k := key{link: a.Link, bits: -1, local: ip.As16()}
	if ip.Is4() {
		k.bits = a.Prefix.Bits()
		if k.peer = k.local; a.Peer.IsValid() {
			k.peer = a.Peer.As16()
		}
	}
	return k
}

// equal reports whether b tells nothing that a does not, but for the time that passed.
func equal(a, b *Address) bool {
	if a.Flags.Has(FlagTentative) && b.Flags.Has(FlagTentative) {
		return sameTentative(a, b)
	}
	x := *a
	since := a.Updated == b.Updated
	for _, life := range []struct{ was, is *time.Duration }{
		{&x.ValidLifetime, &b.ValidLifetime}, {&x.PreferredLifetime, &b.PreferredLifetime},
	} {
		switch {
		case *life.was == Forever || *life.is == Forever:
		case since && *life.is <= *life.was:
			*life.was = *life.is
		default: // set anew
			return false
		}
	}
	x.Created, x.Updated = b.Created, b.Updated
	return x == *b
}

// whatTentative is what events tell of an address while it is tentative.
const whatTentative = FlagTentative | FlagDADFailed | FlagOptimistic

// sameTentative is equal for an address that is and was tentative: what is set
// meanwhile the kernel tells when it is no longer. (inet6_addr_modify)
func sameTentative(a, b *Address) bool {
	return a.Link == b.Link && a.Prefix == b.Prefix && a.Flags&whatTentative == b.Flags&whatTentative
}
