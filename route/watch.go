package route

import (
	"context"
	"encoding/binary"
	"iter"
	"net/netip"
	"reflect"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the IPv4 and IPv6 routes, or those that the options match, also of
// other families: first all that there are, then each that comes, changes or goes.
// See [nlkit.Watch]. A route that takes the place of another is told as changed. What
// the kernel removes or changes without an event, because of a link, an address or a
// next hop, is told too. Ages are not, nor that an expiry comes nearer.
//
// Errors: [fs.ErrInvalid] for an option that makes no sense; those of
// [nlkit.Subscribe].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Route], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

const opWatch = "route.Watch"

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
//
// Errors: [fs.ErrInvalid], as of Watch.
func Source(opts ...ListOption) (nlkit.Source[Route, key], error) {
	s, err := source(opWatch, opts)
	if err == nil {
		s.Groups = append(s.Groups, uapi.RTNLGRP_LINK, uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR, uapi.RTNLGRP_NEXTHOP)
		silent := &silent{opts: opts, some: newFilter(opts).choosesAmong()}
		if silent.some {
			s.Fit = fitAmong
		}
		s.Suspect, s.Forget = silent.suspect, silent.links.Forget
		torn := &torn{filter: newFilter(opts)}
		s.List, s.Tears = torn.list, torn.by
		s.Wants = append(s.Wants,
			nlkit.Want{Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK}, Where: []nlkit.Field{{Offset: 0, Size: 1, Value: uapi.AF_UNSPEC}}},
			nlkit.Want{Types: []uint16{uapi.RTM_NEWADDR, uapi.RTM_DELADDR, uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP}})
	}
	return s, err
}

// choosesAmong reports whether the filter may choose some of the routes with one key.
func (f *filter) choosesAmong() bool {
	return f.hasLink || f.hasProtocol || f.hasType || f.hasScope || f.nexthop != 0 || f.gateway.IsValid() || f.prefSrc.IsValid()
}

// fitAmong is [fit] where not all routes with the key are known: which of them is
// replaced cannot be told, and is suspected.
func fitAmong(e *Event, same []*Route) int {
	e.Flags &^= uapi.NLM_F_REPLACE
	return fit(e, same)
}

// source is a Source of what events tell.
func source(op string, opts []ListOption) (nlkit.Source[Route, key], error) {
	f := newFilter(opts)
	req := f.dump(op)
	s := nlkit.Source[Route, key]{
		Op: req.Op, Protocol: req.Protocol, Wants: f.wants(),
		Event: func(m nlkit.Message, e *Event) (bool, error) {
			ok, err := decodeEvent(m, e)
			return ok && !e.Object.Flags.Has(FlagCloned), err
		},
		Match:  f.match,
		Key:    keyOf,
		Equal:  equal,
		Fit:    fit,
		Settle: rtnl.Settle,
	}
	families := []rtnl.Family{f.ofFamily()}
	if families[0] == rtnl.FamilyUnspec {
		families = []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6}
	}
	for _, family := range families {
		group, ok := groups[family]
		if !ok && f.err == nil {
			f.err = attr.Refuse("no routes of family %v", family)
		}
		s.Groups = append(s.Groups, group)
	}
	if f.err == nil && f.cached {
		f.err = attr.Refuse("MatchCached: cached routes have no events")
	}
	if f.err != nil {
		return nlkit.Source[Route, key]{}, req.Fail(f.err)
	}
	return s, nil
}

// key is what routes have in common that [fit] tells apart.
type key struct {
	family          rtnl.Family
	tos             uint8
	dstLen, srcLen  int16
	table           rtnl.Table
	priority, label uint32
	dst, src        [16]byte
}

func keyOf(r *Route) key {
	k := key{family: r.Family, tos: r.TOS, table: r.Table, priority: r.Priority, dstLen: int16(r.Dst.Bits())}
	if r.Dst.IsValid() {
		k.dst = r.Dst.Addr().As16()
	}
	if e := r.Extra; e != nil {
		k.label = e.Label
		if e.Src.IsValid() {
			k.src, k.srcLen = e.Src.Addr().As16(), int16(e.Src.Bits())
		}
	}
	return k
}

// fit finds the route that an event is about among those with its key.
func fit(e *Event, same []*Route) int {
	switch e.Object.Family {
	case rtnl.FamilyIPv4:
		return fit4(e, same)
	case rtnl.FamilyIPv6:
		return fit6(e, same)
	}
	if len(same) > 0 {
		return 0
	}
	return nlkit.FitLast
}

// fit4 is for IPv4, which can have any number of routes with the same key, in an order:
// the first counts, and is the one that is replaced. (fib_table_insert)
func fit4(e *Event, same []*Route) int {
	if e.Type == nlkit.Updated && e.Flags&uapi.NLM_F_REPLACE != 0 && len(same) > 0 {
		return 0
	}
	i := slices.IndexFunc(same, func(r *Route) bool { return alike(r, &e.Object) })
	switch {
	case i >= 0:
		return i
	case e.Flags&uapi.NLM_F_APPEND == 0:
		return nlkit.FitFirst
	}
	return nlkit.FitLast
}

// alike reports whether two IPv4 routes are one: the same but for their state.
func alike(a, b *Route) bool {
	if a.Type != b.Type || a.Scope != b.Scope || a.Protocol != b.Protocol || a.PrefSrc != b.PrefSrc || a.NexthopID != b.NexthopID {
		return false
	}
	if a.NexthopID == 0 && (a.Gateway != b.Gateway || a.Link != b.Link || !slices.EqualFunc(a.Multipath, b.Multipath, sameWay)) {
		return false
	}
	return a.Extra == nil && b.Extra == nil || reflect.DeepEqual(a.Extra.steady(), b.Extra.steady())
}

// sameWay reports whether two next hops of IPv4 routes are one.
func sameWay(a, b Nexthop) bool { return sameHop(&a, &b) && a.Weight == b.Weight }

// fit6 is for IPv6, where all routes with the same key that go to a gateway are one,
// with as many next hops, and others have a link of their own each. Hops that come
// are told with all that there are, hops that go alone. (fib6_add_rt2node)
func fit6(e *Event, same []*Route) int {
	r := &e.Object
	hops := r.hops()
	if e.Type == nlkit.Updated && e.Flags&uapi.NLM_F_REPLACE != 0 && len(same) > 0 {
		return max(0, slices.IndexFunc(same, func(o *Route) bool { return o.shares() == r.shares() }))
	}
	for i, o := range same {
		if o.NexthopID == r.NexthopID && o.Type == r.Type && sameHops(o.hops(), hops) {
			keepFirst(e, o)
			return i
		}
	}
	if e.Type == nlkit.Updated {
		for i, o := range same {
			if o.shares() && r.shares() || len(hops) > 1 && within(o.hops(), hops) {
				keepFirst(e, o)
				return i
			}
		}
		return nlkit.FitLast
	}
	for i, o := range same {
		if left, ok := o.without(hops); ok {
			e.Type, e.Object = nlkit.Updated, left
			return i
		}
	}
	return nlkit.FitLast
}

// keepFirst makes an IPv6 route with several hops begin with the one that it began with
// before, as a list does, whose objects have no flags here: its attributes are those of
// the route. An event begins with a hop that came, the others behind it in their order,
// and has the attributes of that one. (rt6_fill_node)
func keepFirst(e *Event, before *Route) {
	if e.Flags == 0 {
		return
	}
	r := &e.Object
	first := before.hops()[0]
	at := slices.IndexFunc(r.Multipath, func(h Nexthop) bool { return sameHop(&h, &first) })
	if at <= 0 {
		return
	}
	hops, flags := append(slices.Clone(r.Multipath[at:]), r.Multipath[:at]...), r.Flags
	*r = *before
	r.Multipath, r.Flags, r.Gateway, r.Link = hops, flags, netip.Addr{}, 0
	if r.Extra != nil && r.Extra.Encap != nil {
		extra := *r.Extra
		extra.Encap = nil
		r.Extra = &extra
	}
}

// hops returns the ways of a route; one without Multipath has one.
func (r *Route) hops() []Nexthop {
	if len(r.Multipath) > 0 {
		return r.Multipath
	}
	h := Nexthop{Gateway: r.Gateway, Link: r.Link}
	if r.Extra != nil {
		h.Encap = r.Extra.Encap
	}
	return []Nexthop{h}
}

// shares reports whether an IPv6 route is one that further next hops are added to.
func (r *Route) shares() bool {
	switch r.Protocol {
	case rtnl.ProtocolRA, rtnl.ProtocolKernel, rtnl.ProtocolRedirect:
		return len(r.Multipath) > 0
	}
	return r.NexthopID == 0 && (r.Gateway.IsValid() || len(r.Multipath) > 0)
}

// sameHop reports whether two next hops are one. Several may differ by what they put
// packets into alone. (rt6_duplicate_nexthop)
func sameHop(a, b *Nexthop) bool {
	return a.Link == b.Link && a.Gateway == b.Gateway &&
		(a.Encap == nil && b.Encap == nil || reflect.DeepEqual(a.Encap, b.Encap))
}

// within reports whether each of some hops is one of others.
func within(some, others []Nexthop) bool {
	for i := range some {
		if !slices.ContainsFunc(others, func(h Nexthop) bool { return sameHop(&h, &some[i]) }) {
			return false
		}
	}
	return true
}

func sameHops(a, b []Nexthop) bool { return len(a) == len(b) && within(a, b) }

// without returns the route that is left when some of its hops go.
func (r *Route) without(hops []Nexthop) (Route, bool) {
	if len(hops) >= len(r.Multipath) {
		return Route{}, false
	}
	left := *r
	left.Multipath = slices.Clone(r.Multipath)
	for i := range hops {
		at := slices.IndexFunc(left.Multipath, func(h Nexthop) bool { return sameHop(&h, &hops[i]) })
		if at < 0 {
			return Route{}, false
		}
		left.Multipath = slices.Delete(left.Multipath, at, at+1)
	}
	if len(left.Multipath) > 1 {
		return left, true
	}
	hop := left.Multipath[0]
	left.Multipath, left.Gateway, left.Link = nil, hop.Gateway, hop.Link
	left.Flags |= hop.Flags
	if hop.Encap != nil {
		extra := Extra{}
		if r.Extra != nil {
			extra = *r.Extra
		}
		extra.Encap = hop.Encap
		left.Extra = &extra
	}
	return left, true
}

// equal reports whether two routes are the same, but for ages and use.
func equal(a, b *Route) bool {
	return a.Dst == b.Dst && a.Gateway == b.Gateway && a.PrefSrc == b.PrefSrc && a.Link == b.Link &&
		a.Table == b.Table && a.Priority == b.Priority && a.NexthopID == b.NexthopID && a.Flags == b.Flags &&
		a.Protocol == b.Protocol && a.Type == b.Type && a.Scope == b.Scope && a.TOS == b.TOS &&
		a.Preference == b.Preference && a.Family == b.Family &&
		(len(a.Multipath) == 0 && len(b.Multipath) == 0 || equalHops(a, b)) &&
		(a.Extra == nil && b.Extra == nil || reflect.DeepEqual(a.Extra.steady(), b.Extra.steady()))
}

// equalHops compares the ways of two routes. The order of those of IPv6 has no meaning.
func equalHops(a, b *Route) bool {
	if a.Family != rtnl.FamilyIPv6 || len(a.Multipath) != len(b.Multipath) {
		return reflect.DeepEqual(a.Multipath, b.Multipath)
	}
	for i := range a.Multipath {
		if !slices.ContainsFunc(b.Multipath, func(h Nexthop) bool { return reflect.DeepEqual(h, a.Multipath[i]) }) {
			return false
		}
	}
	return true
}

// steady returns what does not change all the time.
func (e *Extra) steady() Extra {
	if e == nil {
		return Extra{}
	}
	s := *e
	s.CacheInfo, s.Multicast = nil, nil
	if s.Expires != 0 {
		s.Expires = 1
	}
	return s
}

// silent finds what changes without an event.
type silent struct {
	opts  []ListOption
	some  bool // the filter chooses among routes with one key
	links linkstate.Links
}

// list lists some of the routes that are watched.
func (s *silent) list(some ...ListOption) func(context.Context, *nlkit.Client) iter.Seq2[Route, error] {
	return func(ctx context.Context, c *nlkit.Client) iter.Seq2[Route, error] {
		return all(ctx, c, opWatch, append(slices.Clip(s.opts), some...))
	}
}

func (s *silent) suspect(m nlkit.Message) []nlkit.Suspicion[Route] {
	switch m.Type {
	case uapi.RTM_NEWLINK, uapi.RTM_DELLINK:
		if old, now, ok := s.links.Take(m.Type, m.Data); ok && !now.Carries(old) {
			return s.link(now)
		}
	case uapi.RTM_NEWROUTE:
		var r Route
		if !s.some || m.Flags&uapi.NLM_F_REPLACE == 0 {
			return nil
		} else if ok, err := decode(m.Data, &r); ok && err == nil {
			k := keyOf(&r)
			return []nlkit.Suspicion[Route]{{Like: &r, Who: func(r *Route) bool { return keyOf(r) == k }}}
		}
	case uapi.RTM_DELROUTE:
		if len(m.Data) > 0 && rtnl.Family(m.Data[0]) == rtnl.FamilyIPv6 {
			return s.firstHop(m)
		}
	case uapi.RTM_NEWADDR, uapi.RTM_DELADDR:
		return s.address(m)
	case uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP:
		if m.Type == uapi.RTM_DELNEXTHOP || m.Flags&uapi.NLM_F_REPLACE != 0 {
			return []nlkit.Suspicion[Route]{{Who: byNexthopID}}
		}
	}
	return nil
}

// firstHop suspects an IPv6 route that goes on without its first hop, whose attributes
// it had: those of the next one are not known.
func (s *silent) firstHop(m nlkit.Message) []nlkit.Suspicion[Route] {
	var gone Route
	if ok, err := decode(m.Data, &gone); !ok || err != nil || !gone.shares() {
		return nil
	}
	k, hops := keyOf(&gone), gone.hops()
	return []nlkit.Suspicion[Route]{{
		Like: &gone,
		Who: func(r *Route) bool {
			return keyOf(r) == k && len(r.Multipath) > len(hops) && within(r.Multipath[:1], hops)
		},
		List: s.list(MatchFamily(gone.Family), MatchTable(gone.Table)),
	}}
}

func byNexthopID(r *Route) bool { return r.NexthopID != 0 }

// link suspects the routes of a link. Those of one way are told from the others, of
// which the kernel takes single hops away, or whose ways it does not tell.
func (s *silent) link(e linkstate.Link) []nlkit.Suspicion[Route] {
	alone := nlkit.Suspicion[Route]{
		Who: func(r *Route) bool { return r.uses(e.Index) && !severalWays(r) },
	}
	if alone.Gone = e.Gone; !e.Gone {
		alone.List = s.list(MatchLink(e.Index))
	}
	return []nlkit.Suspicion[Route]{alone, {
		Who: func(r *Route) bool { return r.NexthopID != 0 || r.uses(e.Index) && severalWays(r) },
	}}
}

// address suspects the routes that prefer a deleted address as their source, and of IPv4
// those of its link: with the last address of a link they are gone, and next hops over
// it dead until there is one again. (fib_inetaddr_event)
func (s *silent) address(m nlkit.Message) (some []nlkit.Suspicion[Route]) {
	a, index := decodeAddress(m.Data)
	deleted := m.Type == uapi.RTM_DELADDR
	if a.Is4() {
		some = append(some, nlkit.Suspicion[Route]{
			Who: func(r *Route) bool {
				return r.Family == rtnl.FamilyIPv4 && r.uses(index) && (deleted || r.dead(index))
			},
			List: s.list(MatchLink(index)),
		})
	}
	if deleted && a.IsValid() {
		some = append(some, nlkit.Suspicion[Route]{
			Who: func(r *Route) bool { return r.PrefSrc == a && !(a.Is4() && r.uses(index)) },
		})
	}
	return some
}

// dead reports whether a next hop over a link is.
func (r *Route) dead(link int) bool {
	return slices.ContainsFunc(r.Multipath, func(h Nexthop) bool { return h.Link == link && h.Flags.Has(FlagDead) })
}

func severalWays(r *Route) bool {
	return r.NexthopID != 0 || len(r.Multipath) > 0 && r.Family != rtnl.FamilyIPv4
}

// decodeAddress returns the address of a message of one, and the index of its link.
func decodeAddress(b []byte) (a netip.Addr, link int) {
	const ifaddrmsgLen = 8
	if len(b) < ifaddrmsgLen {
		return a, 0
	}
	link = int(binary.NativeEndian.Uint32(b[4:]))
	s := attr.Scan(b[ifaddrmsgLen:])
	for s.Next() {
		if t := s.Type(); t == uapi.IFA_LOCAL || t == uapi.IFA_ADDRESS && !a.IsValid() {
			a = s.Addr()
		}
	}
	return a, link
}
