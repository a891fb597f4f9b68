package route_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// restorable makes routes of every kind.
func (l *lab) restorable(t *testing.T) {
	t.Helper()
	for _, r := range l.samples() {
		if err := route.Add(t.Context(), l.c, r); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range encapSamples(t) {
		if s.Need != "" || s.Options {
			continue
		}
		alone, _, _ := encapRoute(s)
		alone.Table, alone.Priority = 4000, uint32(100+i)
		hops := route.Route{Dst: alone.Dst, Table: 5000, Priority: alone.Priority, Protocol: 99, Multipath: []route.Nexthop{
			{Link: l.v1, Weight: 2}, {Link: l.v0, Encap: s.Encap},
		}}
		if !s.V4 {
			hops.Multipath[0].Gateway, hops.Multipath[1].Gateway = ip("2001:db8:2::2"), ip("2001:db8:1::2")
		}
		for _, r := range []route.Route{alone, hops} {
			err := route.Add(t.Context(), l.c, r)
			if errors.Is(err, errors.ErrUnsupported) {
				break // TestEncaps says so
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// shown is what ip says of a table. It fails for one that a family does not have.
func (l *lab) shown(t *testing.T, table rtnl.Table) string {
	t.Helper()
	text4, err4 := l.ns.TryRun(t, "ip", "-4", "-d", "route", "show", "table", table.String())
	text6, err6 := l.ns.TryRun(t, "ip", "-6", "-d", "route", "show", "table", table.String())
	if err4 != nil && err6 != nil {
		t.Fatal(err4, err6)
	}
	return string(text4) + string(text6)
}

// A table that was listed, flushed and added again is the same.
func TestSaveFlushRestore(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.restorable(t)
	for _, table := range []rtnl.Table{100, 1000, 100000, 4000, 5000, rtnl.TableMain} {
		saved, err := route.List(ctx, l.c, route.MatchTable(table))
		if err != nil || len(saved) == 0 {
			t.Fatalf("table %v: %v, %v", table, saved, err)
		}
		shown := l.shown(t, table)
		if err := route.Flush(ctx, l.c, route.MatchTable(table)); err != nil {
			t.Fatal(err)
		}
		if left, err := route.List(ctx, l.c, route.MatchTable(table)); err != nil || len(left) > 0 {
			t.Fatalf("table %v: left %v, %v", table, left, err)
		}
		b := l.c.NewBatch()
		for _, scope := range []bool{true, false} { // first what gateways are reached by
			for _, r := range saved {
				if (!r.Gateway.IsValid() && len(r.Multipath) == 0) == scope {
					if err := route.Append(ctx, b, r); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := b.Send(ctx); err != nil {
			t.Fatal(err)
		}
		restored, err := route.List(ctx, l.c, route.MatchTable(table))
		if err != nil || !equal(restored, saved) {
			t.Errorf("table %v: %v\nrestored %v\nsaved    %v", table, err, restored, saved)
		}
		if again := l.shown(t, table); again != shown {
			t.Errorf("table %v: ip says\n%v, before\n%v", table, again, shown)
		}
	}
}

func TestFlush(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, r := range l.samples() {
		if err := route.Add(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
	}
	list := func(opts ...route.ListOption) []route.Route {
		t.Helper()
		list, err := route.List(ctx, l.c, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	all := list()
	without := func(drop func(route.Route) bool) []route.Route {
		return slices.DeleteFunc(slices.Clone(all), drop)
	}
	for _, tt := range []struct {
		name string
		opts []route.ListOption
		drop func(route.Route) bool
	}{
		{"no table", []route.ListOption{route.MatchTable(4711)}, func(route.Route) bool { return false }},
		{"prefix", []route.ListOption{route.MatchWithin(prefix("10.16.0.0/13"))}, func(r route.Route) bool {
			return r.Family == v4 && r.Table != rtnl.TableLocal && prefix("10.16.0.0/13").Contains(r.Dst.Addr())
		}},
		{"IPv6 by a link", []route.ListOption{route.MatchFamily(v6), route.MatchLink(l.v1)}, func(r route.Route) bool {
			return r.Family == v6 && r.Table != rtnl.TableLocal &&
				(r.Link == l.v1 || slices.ContainsFunc(r.Multipath, func(h route.Nexthop) bool { return h.Link == l.v1 }))
		}},
		{"protocol", []route.ListOption{route.MatchProtocol(rtnl.ProtocolBGP)}, func(r route.Route) bool { return r.Protocol == rtnl.ProtocolBGP }},
		{"local", []route.ListOption{route.MatchTable(rtnl.TableLocal), route.MatchDst(prefix("10.20.0.1/32"))}, func(r route.Route) bool {
			return r.Dst == prefix("10.20.0.1/32")
		}},
		{"all but local", nil, func(r route.Route) bool { return r.Table != rtnl.TableLocal }},
	} {
		if err := route.Flush(ctx, l.c, tt.opts...); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		all = without(tt.drop)
		if left := list(); !equal(left, all) {
			t.Fatalf("%s: left\n%v\nwant\n%v", tt.name, left, all)
		}
	}
	if err := route.Flush(ctx, l.c, route.MatchDst(prefix("10.0.0.0/8").Masked()), nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	var e *nlkit.Error
	if err := route.Flush(ctx, l.c, route.MatchNexthopID(0)); !errors.As(err, &e) || e.Op != "route.Flush" || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("an option that makes no sense: %v", err)
	}
}

// The kernel compares the metrics that it is sent: a minimal time-out is deleted also if
// another program has not locked it, and if it was locked only because it was added here.
func TestDeleteRTOMin(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	r := route.Route{Dst: prefix("10.10.0.0/16"), Link: l.v0}
	theirs, ours := r, r
	theirs.Extra = &route.Extra{Rest: []attr.Raw{{Type: uapi.RTA_METRICS, Data: slices.Concat(
		attr.AppendUint32(nil, uapi.RTAX_LOCK, uint32(route.MetricMTU)), attr.AppendUint32(nil, uapi.RTAX_MTU, 1400),
		attr.AppendUint32(nil, uapi.RTAX_RTO_MIN, 300))}}}
	ours.Extra = &route.Extra{Metrics: route.Metrics{Lock: route.MetricMTU, MTU: 1400, RTOMin: 300 * time.Millisecond}}
	for name, made := range map[string]route.Route{"theirs": theirs, "ours": ours} {
		var listed route.Route
		for _, deleted := range []*route.Route{&listed, &ours} {
			if err := route.Add(ctx, l.c, made, route.Into(&listed)); err != nil {
				t.Fatal(name, err)
			}
			if m := listed.Extra.Metrics; m.RTOMin != 300*time.Millisecond || m.Lock.Has(route.MetricRTOMin) != (name == "ours") {
				t.Errorf("%s: made with %+v", name, m)
			}
			if err := route.Delete(ctx, l.c, *deleted); err != nil {
				t.Fatal(name, err)
			}
		}
	}
}

// The comment of Delete says what the kernel does not compare.
func TestDeleteTakesTheFirst(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "-6", "nexthop", "add", "id", "46", "via", "2001:db8:1::9", "dev", "v0")
	dst4, dst6 := prefix("10.10.0.0/16"), prefix("2001:db8:10::/48")
	for _, tt := range []struct {
		there, deleted route.Route
		want           error
	}{
		{route.Route{Dst: dst4, Link: l.v0}, route.Route{Dst: dst4, Type: route.TypeBlackhole}, fs.ErrNotExist},
		{route.Route{Dst: dst6, Link: l.v0}, route.Route{Dst: dst6, Type: route.TypeBlackhole}, nil},
		{route.Route{Dst: dst6, Link: l.v0}, route.Route{Dst: dst6, PrefSrc: ip("2001:db8:2::1")}, nil},
		{route.Route{Dst: dst6, Link: l.v0}, route.Route{Dst: dst6, Link: l.v1}, fs.ErrNotExist},
		{route.Route{Dst: dst6, Link: l.v0}, route.Route{Dst: dst6, Protocol: rtnl.ProtocolBGP}, fs.ErrNotExist},
		{route.Route{Dst: dst6, NexthopID: 46}, route.Route{Dst: dst6, Gateway: ip("2001:db8:2::2"), Link: l.v1}, nil},
		{route.Route{Dst: dst6, NexthopID: 46}, route.Route{Dst: dst6, NexthopID: 47}, fs.ErrInvalid},
	} {
		if err := route.Replace(ctx, l.c, tt.there); err != nil {
			t.Fatal(err)
		}
		if err := route.Delete(ctx, l.c, tt.deleted); !errors.Is(err, tt.want) {
			t.Errorf("%v deleted where %v is: %v, want %v", tt.deleted, tt.there, err, tt.want)
		}
	}
}

// Of IPv6 routes to one destination the kernel deletes the first that has what it compares.
func TestFlushDeletesNoOther(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "-6", "nexthop", "add", "id", "46", "via", "2001:db8:1::9", "dev", "v0")
	dst, other := prefix("2001:db8:10::/48"), prefix("2001:db8:11::/48")
	for name, tt := range map[string]struct {
		routes []route.Route // the last is to go
		opts   []route.ListOption
		refuse bool
	}{
		"link, behind an object":    {[]route.Route{{NexthopID: 46}, {Link: l.v1}}, []route.ListOption{route.MatchLink(l.v1)}, true},
		"gateway, behind an object": {[]route.Route{{NexthopID: 46}, {Gateway: ip("2001:db8:2::2")}}, []route.ListOption{route.MatchGateway(ip("2001:db8:2::2"))}, true},
		"source, behind a gateway": {
			[]route.Route{{Gateway: ip("2001:db8:1::2")}, {Link: l.v0, PrefSrc: ip("2001:db8:2::1")}},
			[]route.ListOption{route.MatchPrefSrc(ip("2001:db8:2::1"))}, true,
		},
		"type, behind an object": {[]route.Route{{NexthopID: 46}, {Type: route.TypeBlackhole}}, []route.ListOption{route.MatchType(route.TypeBlackhole)}, true},
		"before an object":       {[]route.Route{{Link: l.v1}, {NexthopID: 46}}, []route.ListOption{route.MatchNexthopID(46)}, false},
		"another gateway":        {[]route.Route{{Link: l.v1}, {Gateway: ip("2001:db8:1::2")}}, []route.ListOption{route.MatchLink(l.v0)}, false},
		"another protocol": {
			[]route.Route{{NexthopID: 46}, {Link: l.v1, Protocol: rtnl.ProtocolBGP}},
			[]route.ListOption{route.MatchLink(l.v1), route.MatchProtocol(rtnl.ProtocolBGP)}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := func() []route.Route {
				t.Helper()
				list, err := route.List(ctx, l.c, route.MatchFamily(v6), route.MatchTable(500))
				if err != nil {
					t.Fatal(err)
				}
				return list
			}
			for i, r := range tt.routes {
				r.Dst, r.Table = dst, 500
				if err := route.Append(ctx, l.c, r); err != nil {
					t.Fatal(err)
				}
				if r.Dst = other; i == len(tt.routes)-1 { // one that could go
					if err := route.Append(ctx, l.c, r); err != nil {
						t.Fatal(err)
					}
				}
			}
			before := list()
			err := route.Flush(ctx, l.c, append(tt.opts, route.MatchTable(500))...)
			left := list()
			switch {
			case !tt.refuse:
				if err != nil || !equal(left, before[:1]) {
					t.Errorf("%v, left %v of %v", err, left, before)
				}
			case !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), before[0].String()) || !equal(left, before):
				t.Errorf("%v, left %v of %v", err, left, before)
			}
			if err := route.Flush(ctx, l.c, route.MatchTable(500)); err != nil {
				t.Fatal(err)
			}
			if left := list(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestFlushOfWhatIsGone(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	b := l.c.NewBatch()
	for _, r := range []route.Route{{Dst: prefix("10.10.0.0/16"), Link: l.v0}, {Dst: prefix("2001:db8:10::/48"), Link: l.v0}} {
		if err := route.Add(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
		for range 2 { // as two that flush at the same time
			if err := route.Delete(ctx, b, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Send(ctx, fs.ErrNotExist); err != nil {
		t.Errorf("got %v", err)
	}
}
