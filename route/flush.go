package route

import (
	"context"
	"io/fs"
	"net/netip"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Flush removes the routes that match the options. Those of table local, which make
// the host's own addresses work, stay unless [MatchTable] names it. Without
// options no other route is left, not those that the kernel made with its addresses
// either. A route that is gone by the time its turn comes is no error, unless its next hop
// object is gone as well.
// `ip route flush`
//
// The kernel does not compare all that an IPv6 route has, see [Delete]. Where it would
// delete one that does not match the options instead, Flush deletes nothing and says so.
//
// Multicast routes are only read: a family that has them is refused.
//
// Errors: those of [List]; [fs.ErrInvalid] if a route cannot be told from another that is
// to stay; a *[nlkit.BatchError] that names each route that the kernel refused to remove,
// which is [fs.ErrPermission] without CAP_NET_ADMIN.
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "route.Flush"
	f := newFilter(opts)
	if f.err == nil && f.cached {
		f.err = attr.Refuse("MatchCached: cached routes are only read")
	}
	families := []rtnl.Family{f.ofFamily()}
	if families[0] == rtnl.FamilyUnspec && f.comparesLess() {
		families = []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6}
	}
	b := c.NewBatch()
	for _, family := range families {
		some := *f
		some.family = family
		if family == rtnl.FamilyIPv6 && f.comparesLess() {
			// The routes that stay are needed as well: they may be in the way.
			some.hasLink, some.hasType, some.gateway, some.prefSrc = false, false, netip.Addr{}, netip.Addr{}
		}
		routes, err := some.list(ctx, c, op)
		if err != nil {
			return err
		}
		if err := f.queueDeletions(ctx, b, op, routes); err != nil {
			return err
		}
	}
	return b.Send(ctx, fs.ErrNotExist)
}

// comparesLess reports whether the filter chooses by what the kernel does not always
// compare when an IPv6 route is to be deleted.
func (f *filter) comparesLess() bool {
	return f.hasLink || f.hasType || f.gateway.IsValid() || f.prefSrc.IsValid()
}

// queueDeletions puts a request into b for each of the routes that the filter chooses.
// routes are in the kernel's order, in which those of one key follow each other. Where
// the kernel would delete one that is to stay instead, it says so.
func (f *filter) queueDeletions(ctx context.Context, b *nlkit.Batch, op string, routes []Route) error {
	var stay []*Route // of the same key
	for i := range routes {
		r := &routes[i]
		if !f.hasTable && r.Table == rtnl.TableLocal {
			continue
		}
		if len(stay) > 0 && keyOf(stay[0]) != keyOf(r) {
			stay = stay[:0]
		}
		if !f.match(r) {
			stay = append(stay, r)
			continue
		}
		req, err := newRequest(op, uapi.RTM_DELROUTE, 0, *r)
		if err != nil {
			return err
		}
		// What came before this route and is to go is gone by its turn.
		if n := slices.IndexFunc(stay, r.finds); n >= 0 {
			return req.Fail(attr.Refuse("the kernel would delete another route instead: %v", stay[n]))
		}
		if err := nlkit.Do(ctx, b, req); err != nil {
			return err
		}
	}
	return nil
}

// finds reports whether the kernel, asked to delete r, would take x of the same key for
// it, both of IPv6: ip6_route_del in net/ipv6/route.c.
func (r *Route) finds(x *Route) bool {
	switch {
	case r.Protocol != rtnl.ProtocolUnspec && r.Protocol != x.Protocol:
		return false
	case r.NexthopID != 0 || x.NexthopID != 0:
		return x.NexthopID != 0 && (r.NexthopID == 0 || r.NexthopID == x.NexthopID)
	}
	return slices.ContainsFunc(r.hops(), func(h Nexthop) bool {
		return slices.ContainsFunc(x.hops(), func(o Nexthop) bool {
			return h.Link == o.Link && (!h.Gateway.IsValid() || h.Gateway == o.Gateway)
		})
	})
}
