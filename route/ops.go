package route

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"math"
	"net/netip"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Add adds a route that is not there yet: of IPv4 none to the same destination
// with the same TOS and priority in the table, of IPv6 none with the same
// priority, of MPLS none with the same label. It takes what [List] returned; fields that are only read are ignored.
// `ip route add`
//
// Errors: [fs.ErrExist] if there is such a route, [fs.ErrNotExist] if there is no
// such link, [fs.ErrInvalid] for a route that is refused, by the kernel or before
// it is sent, [syscall.ENETUNREACH] or [syscall.EHOSTUNREACH] if no link reaches
// the gateway, [errors.ErrUnsupported] if the kernel lacks the encapsulation, or
// MPLS, [fs.ErrPermission] without CAP_NET_ADMIN.
func Add(ctx context.Context, d nlkit.Doer, r Route, opts ...WriteOption) error {
	return write(ctx, d, "route.Add", uapi.NLM_F_CREATE|uapi.NLM_F_EXCL, r, opts)
}

// Append adds a route behind others to the same destination: of IPv4 a further
// one, of IPv6 a further next hop of the one with gateways that is there, or, without a
// gateway, a further one, too. There is no such thing for MPLS. `ip route append`
//
// Errors: those of [Add]; [fs.ErrExist] only for exactly the same route,
// [errors.ErrUnsupported] for MPLS.
func Append(ctx context.Context, d nlkit.Doer, r Route, opts ...WriteOption) error {
	return write(ctx, d, "route.Append", uapi.NLM_F_CREATE|uapi.NLM_F_APPEND, r, opts)
}

// Replace adds a route, or puts it in the place of the one that [Add] would run
// into. `ip route replace`
//
// Errors: those of [Add] but for [fs.ErrExist].
func Replace(ctx context.Context, d nlkit.Doer, r Route, opts ...WriteOption) error {
	return write(ctx, d, "route.Replace", uapi.NLM_F_CREATE|uapi.NLM_F_REPLACE, r, opts)
}

// Change puts a route in the place of one that is there. `ip route change`
//
// Errors: those of [Replace], and [fs.ErrNotExist] if there is none.
func Change(ctx context.Context, d nlkit.Doer, r Route, opts ...WriteOption) error {
	return write(ctx, d, "route.Change", uapi.NLM_F_REPLACE, r, opts)
}

// Delete removes a route: the first to the destination in the table that has all
// that is set in r. Of MPLS it is the one with the label, whatever else is set. Of IPv6
// the kernel compares Src, Priority, Protocol, NexthopID, Link and Gateway alone, also
// where r is of type blackhole, and of a route that has a NexthopID neither Link nor
// Gateway: one that comes before the route that is meant may be deleted instead. It
// takes what [List] returned. `ip route del`
//
// Errors: [fs.ErrNotExist] if there is none, but for MPLS, where the kernel does not
// tell; [fs.ErrInvalid] for a route that is refused before it is sent, and for a
// NexthopID that is not there, [fs.ErrPermission] without CAP_NET_ADMIN.
func Delete(ctx context.Context, d nlkit.Doer, r Route) error {
	req, err := newRequest("route.Delete", uapi.RTM_DELROUTE, 0, r)
	if err != nil {
		return err
	}
	return nlkit.Do(ctx, d, req)
}

func write(ctx context.Context, d nlkit.Doer, op string, flags uint16, r Route, opts []WriteOption) error {
	req, err := newRequest(op, uapi.RTM_NEWROUTE, flags, r)
	if err != nil {
		return err
	}
	if len(opts) > 0 {
		var cfg writeConfig
		for _, o := range opts {
			if o != nil {
				o.applyWrite(&cfg)
			}
		}
		if cfg.into != nil {
			readBack(&req, cfg.into)
		}
	}
	return nlkit.Do(ctx, d, req)
}

// readBack asks for the route as the kernel made it. The kernel echoes it, but not
// where a Replace changes nothing: then it is looked for.
func readBack(req *nlkit.Request, into *Route) {
	req.Flags |= uapi.NLM_F_ECHO
	req.Reply = func(m nlkit.Message) error {
		if m.Type != uapi.RTM_NEWROUTE {
			return nil
		}
		var v Route
		ok, err := decode(m.Data, &v)
		if ok {
			*into = v
		}
		return err
	}
	op, data := req.Op, req.Data
	req.Lookup = func(ctx context.Context, c *nlkit.Client) error {
		var sent Route
		if _, err := decode(data, &sent); err != nil {
			return err
		}
		opts := []ListOption{MatchTable(sent.Table), MatchProtocol(sent.Protocol)}
		if sent.NexthopID == 0 { // else that object may have made it a blackhole
			opts = append(opts, MatchType(sent.Type))
		}
		if sent.Family == rtnl.FamilyMPLS {
			opts = append(opts, MatchLabel(sent.label()))
		} else {
			opts = append(opts, MatchDst(sent.Dst))
		}
		if sent.Priority != 0 {
			opts = append(opts, MatchPriority(sent.Priority))
		}
		list, err := list(ctx, c, op, opts)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].TOS == sent.TOS && list[i].has(&sent) {
				*into = list[i]
				return nil
			}
		}
		return &nlkit.Error{Op: op, Object: describe(data), Sent: true, Err: fs.ErrNotExist}
	}
}

// has reports whether r sends packets the way that is set in sent.
func (r *Route) has(sent *Route) bool {
	return (sent.NexthopID == 0 || r.NexthopID == sent.NexthopID) &&
		(!sent.Gateway.IsValid() || r.Gateway == sent.Gateway) &&
		(sent.Link == 0 || r.Link == sent.Link) &&
		len(r.Multipath) >= len(sent.Multipath)
}

// newRequest builds a message that writes, or refuses to.
func newRequest(op string, typ, flags uint16, r Route) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ, Flags: flags,
		Header: headerLen, Schema: schema{}, Describe: describe,
	}
	err := prepare(&r, typ == uapi.RTM_DELROUTE)
	if err == nil {
		req.Data, err = encode(&r)
	}
	if err != nil {
		text := r.String()
		req.Describe = func([]byte) string { return text }
		return req, req.Fail(err)
	}
	return req, nil
}

// prepare refuses what cannot be a route, and fills in what `ip` fills in.
func prepare(r *Route, del bool) error {
	if err := checkPrefixes(r); err != nil {
		return err
	}
	family := r.Family
	if r.NexthopID != 0 {
		// What the next hop object has is not the route's to say: neither that it is a
		// blackhole, which reading gives as the type of the route, and the loopback link.
		const loopback = 1 // LOOPBACK_IFINDEX
		if r.Type == TypeBlackhole && (del || r.Link == loopback && !r.Gateway.IsValid()) {
			r.Type = TypeUnspec
		}
		r.Gateway, r.Link, r.Multipath = netip.Addr{}, 0, nil
		if r.Extra != nil && r.Extra.Encap != nil {
			e := *r.Extra
			e.Encap = nil
			r.Extra = &e
		}
	}
	r.Gateway = unmap(family, r.Gateway)
	r.PrefSrc = unmap(family, r.PrefSrc)
	r.Multipath = unmapped(family, r.Multipath)
	r.Flags &^= readOnlyFlags
	switch {
	case r.PrefSrc.IsValid() && (rtnl.FamilyOf(r.PrefSrc) != family || r.PrefSrc.Zone() != ""):
		return attr.Invalid("RTA_PREFSRC", "%v is no address of family %v", r.PrefSrc, family)
	case r.Preference != PreferenceMedium && family != rtnl.FamilyIPv6:
		return attr.Invalid("RTA_PREF", "a preference with family %v", family)
	case !validLink(r.Link):
		return attr.Invalid("RTA_OIF", "%d is no index of a link", r.Link)
	case len(r.Multipath) > 0 && r.Gateway.IsValid():
		return attr.Invalid("RTA_MULTIPATH", "next hops beside the gateway %v", r.Gateway)
	case len(r.Multipath) > 0 && r.Link != 0:
		return attr.Invalid("RTA_MULTIPATH", "next hops beside the link %d", r.Link)
	}
	if err := checkHops(family, r.Multipath, del); err != nil {
		return err
	}
	if err := checkExtra(r, del); err != nil {
		return err
	}
	if e := r.Extra; e != nil && e.Metrics.RTOMin != 0 && !e.Metrics.Lock.Has(MetricRTOMin) {
		locked := *e
		if locked.Metrics.Lock |= MetricRTOMin; del { // locked or not, by whoever made it
			locked.Metrics.Lock = 0
		}
		r.Extra = &locked
	}
	setDefaults(r, del)
	return nil
}

// checkPrefixes settles the family and checks the destination and the source.
func checkPrefixes(r *Route) error {
	dst := rtnl.FamilyOf(r.Dst.Addr())
	switch {
	case multicast(r.Family):
		return attr.Invalid("rtm_family", "multicast routes are only read")
	case r.Dst != (netip.Prefix{}) && !r.Dst.IsValid():
		return attr.Invalid("RTA_DST", "no valid prefix")
	case dst == rtnl.FamilyUnspec && r.Family == rtnl.FamilyUnspec:
		return attr.Invalid("RTA_DST", "no destination, and no family for a default route")
	case dst != rtnl.FamilyUnspec && r.Family != rtnl.FamilyUnspec && dst != r.Family:
		return attr.Invalid("RTA_DST", "%v is not of family %v", r.Dst, r.Family)
	case r.Dst.IsValid() && r.Dst != r.Dst.Masked():
		return attr.Invalid("RTA_DST", "%v has host bits, the network is %v", r.Dst, r.Dst.Masked())
	}
	if dst != rtnl.FamilyUnspec {
		r.Family = dst
	}
	switch r.Family {
	case rtnl.FamilyIPv4, rtnl.FamilyIPv6:
	case rtnl.FamilyMPLS: // with a prefix it was refused
	default:
		return attr.Invalid("rtm_family", "no routes of family %v", r.Family)
	}
	if e := r.Extra; e != nil && e.Src != (netip.Prefix{}) {
		switch {
		case !e.Src.IsValid():
			return attr.Invalid("RTA_SRC", "no valid prefix")
		case r.Family != rtnl.FamilyIPv6 || !e.Src.Addr().Is6():
			return attr.Invalid("RTA_SRC", "%v: only IPv6 routes have a source", e.Src)
		case e.Src != e.Src.Masked():
			return attr.Invalid("RTA_SRC", "%v has host bits, the network is %v", e.Src, e.Src.Masked())
		}
	}
	return nil
}

// checkExtra refuses what a route of the family cannot have.
func checkExtra(r *Route, del bool) error {
	e := r.Extra
	if e == nil {
		if r.Family != rtnl.FamilyMPLS { // mostly so
			return checkGateway(r.Family, r.Gateway, "")
		}
		e = new(Extra)
	}
	if r.Family != rtnl.FamilyMPLS {
		switch {
		case e.Label != 0:
			return attr.Invalid("RTA_DST", "a label with family %v", r.Family)
		case e.Encap != nil && len(r.Multipath) > 0:
			return attr.Invalid("RTA_ENCAP", "an encapsulation beside next hops, which each have their own")
		case e.Expires != 0 && r.Family == rtnl.FamilyIPv4: // the kernel would ignore it
			return attr.Invalid("RTA_EXPIRES", "an IPv4 route that expires")
		}
	} else {
		switch {
		case del && e.Label == 0:
			return attr.Invalid("RTA_DST", "no label")
		case r.NexthopID != 0:
			return attr.Invalid("RTA_NH_ID", "an MPLS route with a next hop object")
		case e.Metrics != (Metrics{}):
			return attr.Invalid("RTA_METRICS", "an MPLS route with metrics")
		case e.Expires != 0:
			return attr.Invalid("RTA_EXPIRES", "an MPLS route that expires")
		case len(r.Multipath) > 0 && (len(e.Labels) > 0 || len(e.GatewayMAC) > 0):
			return attr.Invalid("RTA_MULTIPATH", "labels or a link-layer address beside next hops, which each have their own")
		}
	}
	return checkHop(r.Family, &Nexthop{
		Gateway: r.Gateway, Realms: e.Realms, Encap: e.Encap, Labels: e.Labels, GatewayMAC: e.GatewayMAC,
	}, del, "")
}

// checkHop refuses what a next hop of the family cannot have. path is that of the
// attributes around it, with a dot.
func checkHop(family rtnl.Family, h *Nexthop, del bool, path string) error {
	if err := checkGateway(family, h.Gateway, path); err != nil {
		return err
	}
	if h.Realms != (Realms{}) && family != rtnl.FamilyIPv4 { // the kernel would ignore them
		return attr.Invalid(path+"RTA_FLOW", "realms with family %v", family)
	}
	if family != rtnl.FamilyMPLS {
		switch {
		case len(h.Labels) > 0:
			return attr.Invalid(path+"RTA_NEWDST", "labels with family %v: an encapsulation puts them on IP packets", family)
		case len(h.GatewayMAC) > 0:
			return attr.Invalid(path+"RTA_VIA", "a link-layer address with family %v", family)
		case h.Encap == nil || del: // what is deleted need not be complete
			return nil
		}
		return rtnl.CheckEncap(path+"RTA_ENCAP", h.Encap)
	}
	switch {
	case h.Encap != nil:
		return attr.Invalid(path+"RTA_ENCAP", "an encapsulation with family mpls, which has labels")
	case h.Gateway.IsValid() && len(h.GatewayMAC) > 0:
		return attr.Invalid(path+"RTA_VIA", "both a gateway and a link-layer address")
	}
	return nil
}

func validLink(index int) bool { return index >= 0 && index <= math.MaxInt32 }

// checkGateway refuses a gateway that a route of the family cannot have.
func checkGateway(family rtnl.Family, gateway netip.Addr, path string) error {
	switch {
	case !gateway.IsValid():
		return nil
	case gateway.Zone() != "":
		return attr.Invalid(path+"RTA_GATEWAY", "%v has a zone: the link goes into Link", gateway)
	case family == rtnl.FamilyIPv6 && !gateway.Is6():
		return attr.Invalid(path+"RTA_VIA", "an IPv6 route cannot have the IPv4 gateway %v", gateway)
	}
	return nil
}

// setDefaults does as iproute2 does (iproute_modify in ip/iproute.c).
func setDefaults(r *Route, del bool) {
	toHost := r.Type == TypeLocal || r.Type == TypeBroadcast || r.Type == TypeAnycast || r.Type == TypeNAT
	if r.Table == rtnl.TableUnspec {
		r.Table = rtnl.TableMain
		if toHost {
			r.Table = rtnl.TableLocal
		}
	}
	if r.Scope == rtnl.ScopeGlobal && r.Family == rtnl.FamilyIPv4 {
		switch {
		case del:
			r.Scope = rtnl.ScopeNowhere // any
		case r.Type == TypeLocal || r.Type == TypeNAT:
			r.Scope = rtnl.ScopeHost
		case toHost || r.Type == TypeMulticast:
			r.Scope = rtnl.ScopeLink
		case r.Type <= TypeUnicast && !r.Gateway.IsValid() && len(r.Multipath) == 0 && r.NexthopID == 0:
			r.Scope = rtnl.ScopeLink
		}
	}
	if r.Type == TypeUnspec && (!del || r.Family == rtnl.FamilyMPLS) {
		r.Type = TypeUnicast
	}
	if del {
		return
	}
	if r.Protocol == rtnl.ProtocolUnspec {
		r.Protocol = rtnl.ProtocolBoot
	}
}

// List returns the routes that match the options: without any, all IPv4 and IPv6
// routes of all tables, as `ip route show table all` does. Those of other families
// come if [MatchFamily] says so, and those that the kernel keeps in a cache if
// [MatchCached] does. IPv4 comes before IPv6, each in the kernel's order.
//
// A list of IPv4 routes holds every route that was there all the time exactly
// once, unless one to the same address goes meanwhile: then it may lack others to
// it. A list of IPv6 routes may lack or repeat some if IPv6 routes change meanwhile:
// Linux starts its walk again and does not tell. [Watch] copes with both.
//
// Errors: [nlkit.ErrDumpInterrupted] if routes change all the time,
// [fs.ErrInvalid] for an option that makes no sense.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Route, error) {
	return list(ctx, c, "route.List", opts)
}

func list(ctx context.Context, c *nlkit.Client, op string, opts []ListOption) ([]Route, error) {
	return newFilter(opts).list(ctx, c, op)
}

func (f *filter) list(ctx context.Context, c *nlkit.Client, op string) ([]Route, error) {
	req := f.dump(op)
	if f.err != nil {
		return nil, req.Fail(f.err)
	}
	list, err := nlkit.List(ctx, c, req, f.decode)
	if f.nothing(err) {
		return nil, nil
	}
	return list, err
}

// All yields what [List] returns, one at a time as it comes: for tables that do
// not fit into memory. At most one error comes, and comes last:
// [nlkit.ErrDumpInterrupted] if the kernel says that routes changed meanwhile, so
// that some may be missing or come twice; see List. Breaking out of the loop leaves the rest unread.
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Route, error] {
	return all(ctx, c, "route.All", opts)
}

func all(ctx context.Context, c *nlkit.Client, op string, opts []ListOption) iter.Seq2[Route, error] {
	f := newFilter(opts)
	return f.all(ctx, c, op, f.decode)
}

// all is All with another decode than the filter's.
func (f *filter) all(ctx context.Context, c *nlkit.Client, op string, decode nlkit.Decode[Route]) iter.Seq2[Route, error] {
	return func(yield func(Route, error) bool) {
		req := f.dump(op)
		if f.err != nil {
			yield(Route{}, req.Fail(f.err))
			return
		}
		for r, err := range nlkit.All(ctx, c, req, decode) {
			if f.nothing(err) || !yield(r, err) {
				return
			}
		}
	}
}

// Lookup returns the route that the kernel would take to dst: table, link,
// gateway and source as they result, with [FlagCloned]. `ip route get`
//
// Errors: [syscall.ENETUNREACH] if no route leads there;
// [syscall.EHOSTUNREACH], [fs.ErrPermission] and [fs.ErrInvalid] if a route of
// type unreachable, prohibit or blackhole does; [fs.ErrInvalid] for a question
// that makes no sense, [fs.ErrNotExist] for a link that is not there,
// [errors.ErrUnsupported] for a protocol that the kernel does not take.
func Lookup(ctx context.Context, c *nlkit.Client, dst netip.Addr, opts ...LookupOption) (Route, error) {
	l := lookup{dst: dst.Unmap()}
	for _, o := range opts {
		if o != nil {
			o.applyLookup(&l)
		}
	}
	req := nlkit.Request{
		Op: "route.Lookup", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETROUTE,
		Header: headerLen, Schema: lookupAttrs, Describe: func([]byte) string { return l.dst.String() },
	}
	err := l.check()
	if err == nil {
		req.Data, err = l.message()
	}
	return find(ctx, c, req, err)
}

// LookupLabel returns the route that the kernel would send MPLS packets by that
// come with this label: the next hop, and the labels that they go out with.
// `ip -family mpls route get …`
//
// Errors: [syscall.ENETUNREACH] if there is none, [fs.ErrInvalid] for a label that
// can have none, [errors.ErrUnsupported] if the kernel has no MPLS.
func LookupLabel(ctx context.Context, c *nlkit.Client, label uint32, opts ...LabelOption) (Route, error) {
	l := labelLookup{label: rtnl.Labels{label}}
	for _, o := range opts {
		if o != nil {
			o.applyLabel(&l)
		}
	}
	req := nlkit.Request{
		Op: "route.LookupLabel", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETROUTE,
		Header: headerLen, Schema: labelAttrs, Describe: func([]byte) string { return l.label.String() },
	}
	var err error
	req.Data, err = l.message()
	return find(ctx, c, req, err)
}

// find sends what asks for one route, unless it is refused.
func find(ctx context.Context, c *nlkit.Client, req nlkit.Request, err error) (Route, error) {
	if err != nil {
		return Route{}, req.Fail(err)
	}
	var r Route
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		ok, err := false, error(nil)
		if m.Type == uapi.RTM_NEWROUTE {
			ok, err = decode(m.Data, &r)
		}
		if err == nil && !ok {
			err = nlkit.ErrNoReply
		}
		return err
	})
	if err != nil {
		return Route{}, err
	}
	return r, nil
}

func newFilter(opts []ListOption) *filter {
	f := new(filter)
	for _, o := range opts {
		if o != nil {
			o.applyList(f)
		}
	}
	return f
}

func (f *filter) dump(op string) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETROUTE,
		Data: f.request(), Header: headerLen, Schema: schema{},
	}
}

// decode decodes the answer to a dump.
func (f *filter) decode(m nlkit.Message, r *Route) (bool, error) {
	if m.Type != uapi.RTM_NEWROUTE {
		return false, nil
	}
	ok, err := decode(m.Data, r)
	return ok && r.Flags.Has(FlagCloned) == f.cached && f.match(r), err
}

// nothing reports whether err says that the table or link to list is not there:
// then there are no routes. Kernels that do not filter say nothing.
func (f *filter) nothing(err error) bool {
	return err != nil && (f.hasLink && errors.Is(err, syscall.ENODEV) || f.hasTable && errors.Is(err, syscall.ENOENT))
}
