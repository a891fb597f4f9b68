package addr

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Membership is a multicast group that a link has joined, or an anycast address that
// it answers to. Programs join by a socket option and the kernel by itself; netlink
// only tells. Memberships can be compared with ==.
type Membership struct {
	// Link is the index of the link. (struct ifaddrmsg, ifa_index)
	Link int
	// Addr is the group, or the anycast address. (IFA_MULTICAST, IFA_ANYCAST)
	Addr netip.Addr
	// Scope is rtnl.ScopeSite for IPv6 groups that are not for more than a site, else
	// global; events always say global. (ifa_scope)
	Scope rtnl.Scope
	// Created is when the link joined, as time since the system started.
	// (IFA_CACHEINFO, cstamp)
	Created time.Duration
	// Updated is when the membership last changed, as time since the system
	// started. (IFA_CACHEINFO, tstamp)
	Updated time.Duration
}

// String returns the membership as in logs: "224.0.0.1 dev 2". The number is the
// link's index.
func (m Membership) String() string { return m.Addr.String() + " dev " + strconv.Itoa(m.Link) }

// MembershipEvent is a membership that began or ended, with all that [Multicast] and
// [Anycast] give. Addr tells which of the two it is.
type MembershipEvent = nlkit.Event[Membership]

// MembershipOption chooses which memberships [Multicast] and [Anycast] return.
type MembershipOption interface{ applyMembership(*filter) }

// Multicast returns the multicast groups of one family that links have joined:
// rtnl.FamilyIPv6, or, from Linux 6.15, rtnl.FamilyIPv4. `ip maddress show`
//
// Errors: [nlkit.ErrDumpInterrupted] if they change all the time,
// [errors.ErrUnsupported] for a family that the kernel does not tell of.
func Multicast(ctx context.Context, c *nlkit.Client, family rtnl.Family, opts ...MembershipOption) ([]Membership, error) {
	return memberships(ctx, c, "addr.Multicast", uapi.RTM_GETMULTICAST, family, opts)
}

// Anycast returns the IPv6 anycast addresses of links: a router has one in each of
// its networks. The kernel has none of IPv4.
//
// Errors: [nlkit.ErrDumpInterrupted] if they change all the time.
func Anycast(ctx context.Context, c *nlkit.Client, opts ...MembershipOption) ([]Membership, error) {
	return memberships(ctx, c, "addr.Anycast", uapi.RTM_GETANYCAST, rtnl.FamilyIPv6, opts)
}

func memberships(ctx context.Context, c *nlkit.Client, op string, typ uint16, family rtnl.Family, opts []MembershipOption) ([]Membership, error) {
	d := new(decoder)
	d.filter.family = family
	for _, o := range opts {
		if o != nil {
			o.applyMembership(&d.filter)
		}
	}
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ,
		Data: d.filter.request(), Header: headerLen, Schema: membershipAttrs,
	}
	all, err := nlkit.List(ctx, c, req, func(m nlkit.Message, v *Membership) (bool, error) {
		// The kernel answers with the type that it was asked by.
		if m.Type != typ {
			return false, nil
		}
		ok, err := decodeMembership(m.Data, v)
		return ok && (!d.filter.hasLink || v.Link == d.filter.link), err
	})
	if d.noLink(err) {
		return nil, nil
	}
	return all, err
}

// SubscribeMemberships receives the memberships of IPv4 and IPv6 that begin and end,
// multicast and anycast. It has joined when it returns: a list taken afterwards has
// no gap to the events. Linux 6.15. `ip monitor maddress`
//
// Errors: those of [nlkit.Subscribe], fs.ErrInvalid where the kernel is older.
func SubscribeMemberships(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[MembershipEvent], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op:       "addr.SubscribeMemberships",
		Protocol: uapi.NETLINK_ROUTE,
		Groups:   []uint32{uapi.RTNLGRP_IPV4_MCADDR, uapi.RTNLGRP_IPV6_MCADDR, uapi.RTNLGRP_IPV6_ACADDR},
	}, membershipEvent, opts...)
}

// membershipEvent decodes a message of a subscription.
func membershipEvent(m nlkit.Message, e *MembershipEvent) (bool, error) {
	*e = MembershipEvent{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWMULTICAST, uapi.RTM_NEWANYCAST:
		e.Type = nlkit.Updated
	case uapi.RTM_DELMULTICAST, uapi.RTM_DELANYCAST:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return decodeMembership(m.Data, &e.Object)
}

// membershipAttrs are the attributes behind struct ifaddrmsg in messages about
// memberships, of which none is ever sent.
var membershipAttrs = attr.Table[Membership]{
	memberAddr(uapi.IFA_ANYCAST, "IFA_ANYCAST"),
	attr.Custom(uapi.IFA_CACHEINFO, "IFA_CACHEINFO", nil, func(p []byte, m *Membership) error {
		var a Address
		err := getCacheinfo(p, &a)
		m.Created, m.Updated = a.Created, a.Updated
		return err
	}),
	memberAddr(uapi.IFA_MULTICAST, "IFA_MULTICAST"),
}

// memberAddr is an address of the family of the one that is there.
func memberAddr(typ uint16, name string) attr.Row[Membership] {
	return attr.Custom(typ, name, nil, func(p []byte, m *Membership) error {
		a, ok := netip.AddrFromSlice(p)
		if !ok || a.BitLen() != m.Addr.BitLen() {
			return wrongLength(len(p))
		}
		m.Addr = a
		return nil
	})
}

// decodeMembership stores the membership in b into m, which is zero. It returns false
// for what is of no known family.
func decodeMembership(b []byte, m *Membership) (bool, error) {
	var head Address
	if ok, err := decodeHeader(b, &head); !ok || err != nil {
		return false, err
	}
	none := head.Prefix.Addr()
	*m = Membership{Link: head.Link, Addr: none, Scope: head.Scope}
	if err := membershipAttrs.Decode(b[headerLen:], m); err != nil {
		return false, err
	}
	if m.Addr == none {
		return false, &attr.Error{Err: fmt.Errorf("%w: no address", attr.ErrMalformed)}
	}
	return true, nil
}
