package route_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// samples are routes with every field that the kernel of a test takes.
func (l *lab) samples() map[string]route.Route {
	return map[string]route.Route{
		"plain":       {Dst: prefix("10.10.0.0/16"), Gateway: ip("10.1.0.2")},
		"device":      {Dst: prefix("10.11.0.0/16"), Link: l.v0},
		"table":       {Dst: prefix("10.12.0.0/16"), Gateway: ip("10.1.0.2"), Table: 100},
		"large table": {Dst: prefix("10.12.0.0/16"), Gateway: ip("10.1.0.2"), Table: 100000},
		"default":     {Family: v4, Gateway: ip("10.1.0.2")},
		"default 6":   {Family: v6, Gateway: ip("2001:db8:1::2")},
		"other family": {
			Dst: prefix("10.13.0.0/16"), Gateway: ip("fe80::2"), Link: l.v0,
		},
		"onlink": {Dst: prefix("10.14.0.0/16"), Gateway: ip("192.0.2.1"), Link: l.v0, Flags: route.FlagOnlink},
		"details": {
			Dst: prefix("10.15.0.0/16"), Gateway: ip("10.1.0.2"), PrefSrc: ip("10.2.0.1"), Priority: 7,
			Protocol: rtnl.ProtocolBGP, Scope: rtnl.ScopeSite, TOS: 0x10,
		},
		"blackhole":   {Dst: prefix("10.16.0.0/16"), Type: route.TypeBlackhole},
		"unreachable": {Dst: prefix("10.17.0.0/16"), Type: route.TypeUnreachable},
		"prohibit":    {Dst: prefix("10.18.0.0/16"), Type: route.TypeProhibit},
		"throw":       {Dst: prefix("10.19.0.0/16"), Type: route.TypeThrow},
		"local":       {Dst: prefix("10.20.0.1/32"), Type: route.TypeLocal, Link: l.v0},
		"broadcast":   {Dst: prefix("10.20.0.2/32"), Type: route.TypeBroadcast, Link: l.v0},
		"multicast":   {Dst: prefix("239.1.0.0/16"), Type: route.TypeMulticast, Link: l.v0},
		"metrics": {
			Dst: prefix("10.21.0.0/16"), Gateway: ip("10.1.0.2"), Extra: &route.Extra{Metrics: route.Metrics{
				Lock: route.MetricMTU | route.MetricHopLimit | route.MetricRTOMin, MTU: 1400, Window: 10000, RTT: 100 * time.Millisecond,
				RTTVar: 50 * time.Millisecond, SSThresh: 20, CWND: 30, AdvMSS: 1300, Reordering: 5, HopLimit: 9,
				InitCWND: 11, Features: route.FeatureECN, RTOMin: 300 * time.Millisecond, InitRWND: 12,
				QuickACK: true, CCAlgo: "reno", FastOpenNoCookie: true,
			}},
		},
		"multipath": {Dst: prefix("10.22.0.0/16"), Multipath: []route.Nexthop{
			{Gateway: ip("10.1.0.2"), Weight: 3}, {Gateway: ip("10.2.0.2"), Link: l.v1, Weight: 256}, {Link: l.v0},
		}},
		"multipath other family": {Dst: prefix("10.23.0.0/16"), Multipath: []route.Nexthop{
			{Gateway: ip("10.1.0.2")}, {Gateway: ip("fe80::2"), Link: l.v1},
		}},
		"plain 6":  {Dst: prefix("2001:db8:10::/48"), Gateway: ip("2001:db8:1::2")},
		"device 6": {Dst: prefix("2001:db8:11::/48"), Link: l.v0},
		"details 6": {
			Dst: prefix("2001:db8:12::/48"), Gateway: ip("2001:db8:1::2"), PrefSrc: ip("2001:db8:2::1"), Priority: 7,
			Protocol: rtnl.ProtocolStatic, Table: 1000, Preference: route.PreferenceHigh,
		},
		"metrics 6": {
			Dst: prefix("2001:db8:14::/48"), Gateway: ip("2001:db8:1::2"),
			Extra: &route.Extra{Metrics: route.Metrics{MTU: 1400, HopLimit: 64, AdvMSS: 1220}},
		},
		"blackhole 6": {Dst: prefix("2001:db8:15::/48"), Type: route.TypeBlackhole},
		"multipath 6": {Dst: prefix("2001:db8:16::/48"), Multipath: []route.Nexthop{
			{Gateway: ip("2001:db8:1::2"), Link: l.v0, Weight: 2}, {Gateway: ip("2001:db8:2::2"), Link: l.v1},
		}},
	}
}

// subset reports which field that is set in want differs in got.
func subset(want, got reflect.Value) string {
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		w, g := want.Field(i), got.Field(i)
		switch {
		case w.IsZero():
		case w.Kind() == reflect.Pointer && g.IsNil():
			return name
		case w.Kind() == reflect.Pointer && w.Elem().Kind() == reflect.Struct:
			if diff := subset(w.Elem(), g.Elem()); diff != "" {
				return name + "." + diff
			}
		case w.Kind() == reflect.Slice && w.Type().Elem() == reflect.TypeFor[route.Nexthop]():
			if w.Len() != g.Len() {
				return name
			}
			for j := range w.Len() {
				if diff := subset(w.Index(j), g.Index(j)); diff != "" {
					return name + "." + diff
				}
			}
		case !reflect.DeepEqual(w.Interface(), g.Interface()):
			return name
		}
	}
	return ""
}

func equal(a, b []route.Route) bool {
	return slices.EqualFunc(a, b, func(a, b route.Route) bool { return reflect.DeepEqual(a, b) })
}

func find(t *testing.T, c *nlkit.Client, want route.Route, opts ...route.ListOption) route.Route {
	t.Helper()
	dst := want.Dst
	if !dst.IsValid() {
		dst = map[rtnl.Family]netip.Prefix{v4: prefix("0.0.0.0/0"), v6: prefix("::/0")}[want.Family]
	}
	table := want.Table
	if table == 0 {
		table = rtnl.TableMain
		if want.Type == route.TypeLocal || want.Type == route.TypeBroadcast {
			table = rtnl.TableLocal
		}
	}
	list, err := route.List(t.Context(), c, append(opts, route.MatchTable(table), route.MatchDst(dst))...)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("%d routes for %v: %v", len(list), want, list)
	}
	return list[0]
}

func TestAddListDelete(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for name, want := range l.samples() {
		t.Run(name, func(t *testing.T) {
			var into route.Route
			if err := route.Add(ctx, l.c, want, route.Into(&into)); err != nil {
				t.Fatal(err)
			}
			got := find(t, l.c, want)
			if diff := subset(reflect.ValueOf(want), reflect.ValueOf(got)); diff != "" {
				t.Fatalf("%s differs\nwant %+v %+v\ngot  %+v %+v", diff, want, want.Extra, got, got.Extra)
			}
			// An echo lacks what only a list has: the id of a next hop, mostly nothing.
			if !reflect.DeepEqual(into, got) {
				t.Errorf("Into and List differ:\n%+v\n%+v", into, got)
			}
			err := route.Add(ctx, l.c, want)
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("added twice: %v", err)
			}
			// What List returned can be removed and added again.
			if err := route.Delete(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			if err := route.Delete(ctx, l.c, got); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("deleted twice: %v", err)
			}
			if err := route.Add(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			if again := find(t, l.c, want); !reflect.DeepEqual(again, got) {
				t.Errorf("added from a list:\n%+v\n%+v", again, got)
			}
			// What was asked for is enough to remove it.
			if err := route.Delete(ctx, l.c, want); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestExpires(t *testing.T) {
	l := newLab(t)
	r := route.Route{Dst: prefix("2001:db8:13::/48"), Link: l.v0, Extra: &route.Extra{Expires: 1000*time.Second - time.Millisecond}}
	if err := route.Add(t.Context(), l.c, r); err != nil {
		t.Fatal(err)
	}
	got := find(t, l.c, r)
	if got.Extra == nil || got.Extra.Expires <= 900*time.Second || got.Extra.Expires > 1000*time.Second {
		t.Errorf("got %+v", got.Extra)
	}
}

func TestDefaults(t *testing.T) {
	l := newLab(t)
	for _, tt := range []struct {
		r     route.Route
		typ   route.Type
		scope rtnl.Scope
		table rtnl.Table
	}{
		{route.Route{Dst: prefix("10.10.0.0/16"), Gateway: ip("10.1.0.2")}, route.TypeUnicast, rtnl.ScopeGlobal, rtnl.TableMain},
		{route.Route{Dst: prefix("10.10.0.0/16"), Link: l.v0}, route.TypeUnicast, rtnl.ScopeLink, rtnl.TableMain},
		{route.Route{Dst: prefix("10.10.0.0/16"), Multipath: []route.Nexthop{{Link: l.v0}}}, route.TypeUnicast, rtnl.ScopeGlobal, rtnl.TableMain},
		{route.Route{Dst: prefix("10.10.0.0/16"), Type: route.TypeBlackhole}, route.TypeBlackhole, rtnl.ScopeGlobal, rtnl.TableMain},
		{route.Route{Dst: prefix("10.10.0.1/32"), Type: route.TypeLocal, Link: l.v0}, route.TypeLocal, rtnl.ScopeHost, rtnl.TableLocal},
		{route.Route{Dst: prefix("10.10.0.1/32"), Type: route.TypeBroadcast, Link: l.v0}, route.TypeBroadcast, rtnl.ScopeLink, rtnl.TableLocal},
		{route.Route{Dst: prefix("2001:db8:9::/48"), Link: l.v0}, route.TypeUnicast, rtnl.ScopeGlobal, rtnl.TableMain},
	} {
		var got route.Route
		if err := route.Replace(t.Context(), l.c, tt.r, route.Into(&got)); err != nil {
			t.Fatal(err)
		}
		if got.Type != tt.typ || got.Scope != tt.scope || got.Table != tt.table || got.Protocol != rtnl.ProtocolBoot {
			t.Errorf("%v: got %v %v %v %v", tt.r, got.Type, got.Scope, got.Table, got.Protocol)
		}
		if err := route.Delete(t.Context(), l.c, got); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAppendReplaceChange(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, tt := range []struct {
		dst    netip.Prefix
		a, b   netip.Addr
		append int // next hops, or routes, after Append
	}{
		{prefix("10.10.0.0/16"), ip("10.1.0.2"), ip("10.1.0.3"), 2},
		{prefix("2001:db8:10::/48"), ip("2001:db8:1::2"), ip("2001:db8:1::3"), 1},
	} {
		r := route.Route{Dst: tt.dst, Gateway: tt.a}
		err := route.Change(ctx, l.c, r)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("changed what is not there: %v", err)
		}
		if err := route.Replace(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
		// Replacing by the same is not echoed: Into looks for it.
		var into route.Route
		if err := route.Replace(ctx, l.c, r, route.Into(&into)); err != nil || into.Gateway != tt.a {
			t.Errorf("Replace by the same: %+v, %v", into, err)
		}
		r.Gateway = tt.b
		if err := route.Change(ctx, l.c, r, route.Into(&into)); err != nil || into.Gateway != tt.b {
			t.Errorf("Change: %+v, %v", into, err)
		}
		if got := find(t, l.c, r); got.Gateway != tt.b {
			t.Errorf("got %v after Change", got)
		}
		r.Gateway = tt.a
		if err := route.Append(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
		if err := route.Append(ctx, l.c, r); !errors.Is(err, fs.ErrExist) {
			t.Errorf("appended twice: %v", err)
		}
		list, err := route.List(ctx, l.c, route.MatchDst(tt.dst))
		if err != nil || len(list) != tt.append {
			t.Fatalf("%v, %v after Append", list, err)
		}
		if tt.append == 1 && len(list[0].Multipath) != 2 {
			t.Errorf("got %v after Append", list[0])
		}
		if err := route.Append(ctx, l.c, route.Route{Dst: tt.dst, Link: l.v1}); err != nil {
			t.Fatal(err)
		}
		if list, err := route.List(ctx, l.c, route.MatchDst(tt.dst)); err != nil || len(list) != tt.append+1 {
			t.Errorf("%v, %v after Append without a gateway", list, err)
		}
	}
}

func TestNexthopID(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "nexthop", "add", "id", "42", "via", "10.1.0.2", "dev", "v0")
	r := route.Route{Dst: prefix("10.10.0.0/16"), NexthopID: 42}
	if err := route.Add(ctx, l.c, r); err != nil {
		t.Fatal(err)
	}
	got := find(t, l.c, r, route.MatchNexthopID(42))
	if got.NexthopID != 42 || got.Gateway != ip("10.1.0.2") || got.Link != l.v0 {
		t.Errorf("got %+v", got)
	}
	if err := route.Delete(ctx, l.c, got); err != nil {
		t.Fatal(err)
	}
	if err := route.Add(ctx, l.c, got); err != nil {
		t.Errorf("added from a list: %v", err)
	}
	r.NexthopID = 43
	err := route.Replace(ctx, l.c, r)
	if !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "10.10.0.0/16 nhid 43") {
		t.Errorf("no such next hop: %v", err)
	}
}

// What the comments of NexthopID, Weight and MatchLink say of what the kernel tells.
func TestNexthopIDOfGroup(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "nexthop", "add", "id", "42", "via", "10.1.0.2", "dev", "v0")
	l.ns.Run(t, "ip", "nexthop", "add", "id", "43", "via", "10.2.0.2", "dev", "v1")
	l.ns.Run(t, "ip", "nexthop", "add", "id", "44", "group", "42,255/43")
	r := route.Route{Dst: prefix("10.10.0.0/16"), NexthopID: 44}
	if err := route.Add(ctx, l.c, r); err != nil {
		t.Fatal(err)
	}
	got := find(t, l.c, r, route.MatchLink(l.v1), route.MatchGateway(ip("10.1.0.2")))
	if len(got.Multipath) != 2 || got.Multipath[0].Weight != 255 || got.Multipath[1].Weight != 1 {
		t.Errorf("got %+v", got)
	}
	t.Run("large weight", func(t *testing.T) {
		nstest.NeedKernel(t, "6.12")
		if err := nexthop.Replace(ctx, l.c, nexthop.Nexthop{ID: 44, Group: []nexthop.Member{{ID: 42, Weight: 300}, {ID: 43, Weight: 1}}}); err != nil {
			t.Fatal(err)
		}
		if got := find(t, l.c, r); len(got.Multipath) != 2 || got.Multipath[0].Weight != 300-256 || got.Multipath[1].Weight != 1 {
			t.Errorf("got %+v", got)
		}
	})
	l.sysctl(t, "ipv4/nexthop_compat_mode", "0")
	got = find(t, l.c, r)
	if got.NexthopID != 44 || got.Link != 0 || got.Gateway.IsValid() || len(got.Multipath) > 0 {
		t.Errorf("without what the object holds: %+v", got)
	}
	if list, err := route.List(ctx, l.c, route.MatchLink(l.v1), route.MatchDst(r.Dst)); err != nil || len(list) > 0 {
		t.Errorf("by its link: %v, %v", list, err)
	}
	if err := route.Delete(ctx, l.c, got); err != nil {
		t.Error(err)
	}
}

// A next hop object that is a blackhole makes the route one when it is read. The kernel
// keeps the type that was sent, and compares that one when an IPv4 route is deleted.
func TestNexthopIDOfBlackhole(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "nexthop", "add", "id", "42", "blackhole")
	l.ns.Run(t, "ip", "-6", "nexthop", "add", "id", "46", "blackhole")
	for _, r := range []route.Route{
		{Dst: prefix("10.10.0.0/16"), NexthopID: 42},
		{Dst: prefix("2001:db8:10::/48"), NexthopID: 46},
	} {
		var got route.Route
		for range 2 { // the second time nothing changes, and the kernel says nothing
			got = route.Route{}
			if err := route.Replace(ctx, l.c, r, route.Into(&got)); err != nil || got.Type != route.TypeBlackhole {
				t.Fatalf("%v: got %v, %v", r, got, err)
			}
		}
		if err := route.Delete(ctx, l.c, got); err != nil {
			t.Errorf("deleted from a list: %v", err)
		}
		if err := route.Add(ctx, l.c, got); err != nil {
			t.Fatalf("added from a list: %v", err)
		}
	}
	// Put back, the routes are alive as soon as the next hop objects are, but for one that
	// is a blackhole of its own.
	l.ns.Run(t, "ip", "nexthop", "replace", "id", "42", "via", "10.1.0.2", "dev", "v0")
	l.ns.Run(t, "ip", "nexthop", "replace", "id", "46", "via", "2001:db8:1::2", "dev", "v0")
	for _, dst := range []string{"10.10.0.1", "2001:db8:10::1"} {
		if got, err := route.Lookup(ctx, l.c, ip(dst)); err != nil || got.Link != l.v0 {
			t.Errorf("to %v: %v, %v", dst, got, err)
		}
	}
	own := route.Route{Dst: prefix("10.11.0.0/16"), NexthopID: 42, Type: route.TypeBlackhole}
	for range 2 { // the second time as listed
		if err := route.Add(ctx, l.c, own); err != nil {
			t.Fatal(err)
		}
		if got, err := route.Lookup(ctx, l.c, ip("10.11.0.1")); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("through a blackhole: %v, %v", got, err)
		}
		own = find(t, l.c, own)
		if err := route.Delete(ctx, l.c, own); err != nil {
			t.Fatal(err)
		}
	}
	l.ns.Run(t, "ip", "nexthop", "replace", "id", "42", "blackhole")
	for _, id := range []uint32{42, 46} {
		if err := route.Flush(ctx, l.c, route.MatchNexthopID(id)); err != nil {
			t.Fatal(err)
		}
		if left, err := route.List(ctx, l.c, route.MatchNexthopID(id)); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
}

func TestKernelErrors(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		err  error
		want error
		text string
	}{
		{"no link", route.Add(ctx, l.c, route.Route{Dst: prefix("10.10.0.0/16"), Link: 999}), fs.ErrNotExist, "10.10.0.0/16 dev 999"},
		{"gateway out of reach", route.Add(ctx, l.c, route.Route{Dst: prefix("10.10.0.0/16"), Gateway: ip("192.0.2.1"), Table: 100}), syscall.ENETUNREACH, "route.Add 10.10.0.0/16 via 192.0.2.1 table 100: network is unreachable"},
		{"prefsrc", route.Add(ctx, l.c, route.Route{Dst: prefix("10.10.0.0/16"), Link: l.v0, PrefSrc: ip("192.0.2.9")}), fs.ErrInvalid, "10.10.0.0/16 dev"},
		{"gateway out of reach 6", route.Add(ctx, l.c, route.Route{Family: v6, Gateway: ip("2001:db8:ff::1")}), syscall.EHOSTUNREACH, "default via 2001:db8:ff::1"},
		{"delete from no table", route.Delete(ctx, l.c, route.Route{Dst: prefix("10.10.0.0/16"), Table: 4711}), fs.ErrNotExist, "route.Delete 10.10.0.0/16 table 4711"},
		{"delete", route.Delete(ctx, l.c, route.Route{Family: v6}), fs.ErrNotExist, "route.Delete default"},
	} {
		var e *nlkit.Error
		if !errors.Is(tt.err, tt.want) || !errors.As(tt.err, &e) || !e.Sent || !strings.Contains(tt.err.Error(), tt.text) {
			t.Errorf("%s: got %v", tt.name, tt.err)
		}
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	l := newLab(t)
	hop := func(h route.Nexthop) route.Route {
		return route.Route{Dst: prefix("10.10.0.0/16"), Multipath: []route.Nexthop{{Link: l.v0}, h}}
	}
	extra := func(dst string, e route.Extra) route.Route {
		return route.Route{Dst: prefix(dst), Link: l.v0, Extra: &e}
	}
	for _, tt := range []struct {
		r    route.Route
		attr string
		text string
	}{
		{route.Route{}, "RTA_DST", "no destination, and no family"},
		{route.Route{Gateway: ip("10.1.0.2")}, "RTA_DST", "no destination, and no family"},
		{route.Route{Dst: prefix("10.1.2.3/8"), Link: l.v0}, "RTA_DST", "10.1.2.3/8 has host bits, the network is 10.0.0.0/8"},
		{route.Route{Dst: prefix("2001:db8::1/32"), Link: l.v0}, "RTA_DST", "has host bits"},
		{route.Route{Dst: netip.PrefixFrom(ip("10.0.0.0"), 99), Link: l.v0}, "RTA_DST", "no valid prefix"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Family: v6}, "RTA_DST", "not of family inet6"},
		{route.Route{Family: rtnl.FamilyBridge}, "rtm_family", "no routes of family bridge"},
		{route.Route{Dst: prefix("2001:db8::/32"), Gateway: ip("10.1.0.2")}, "RTA_VIA", "IPv4 gateway 10.1.0.2"},
		{route.Route{Dst: prefix("2001:db8::/32"), Gateway: ip("fe80::1%v0")}, "RTA_GATEWAY", "has a zone"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: l.v0, PrefSrc: ip("2001:db8::1")}, "RTA_PREFSRC", "no address of family inet"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: -1}, "RTA_OIF", "-1 is no index"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Gateway: ip("10.1.0.2"), Multipath: []route.Nexthop{{Link: l.v0}}}, "RTA_MULTIPATH", "beside the gateway"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: l.v0, Multipath: []route.Nexthop{{Link: l.v0}}}, "RTA_MULTIPATH", "beside the link"},
		{hop(route.Nexthop{Link: l.v0, Weight: 257}), "RTA_MULTIPATH[1].rtnh_hops", "from 1 to 256"},
		{hop(route.Nexthop{Link: l.v0, Weight: -1}), "RTA_MULTIPATH[1].rtnh_hops", "from 1 to 256"},
		{hop(route.Nexthop{Link: l.v0, Flags: route.FlagNotify}), "RTA_MULTIPATH[1].rtnh_flags", "not for next hops"},
		{hop(route.Nexthop{Link: -1}), "RTA_MULTIPATH[1].rtnh_ifindex", "no index"},
		{route.Route{Dst: prefix("2001:db8::/32"), Multipath: []route.Nexthop{{Gateway: ip("10.1.0.2")}}}, "RTA_MULTIPATH[0].RTA_VIA", "IPv4 gateway"},
		{extra("10.0.0.0/8", route.Extra{Src: prefix("10.0.0.0/8")}), "RTA_SRC", "only IPv6"},
		{extra("2001:db8::/32", route.Extra{Src: prefix("10.0.0.0/8")}), "RTA_SRC", "only IPv6"},
		{extra("2001:db8::/32", route.Extra{Src: prefix("2001:db8::1/64")}), "RTA_SRC", "host bits"},
		{extra("2001:db8::/32", route.Extra{Expires: -1}), "RTA_EXPIRES", "out of range"},
		{extra("10.0.0.0/8", route.Extra{Expires: time.Minute}), "RTA_EXPIRES", "an IPv4 route that expires"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: l.v0, Preference: route.PreferenceHigh}, "RTA_PREF", "family inet"},
		{extra("2001:db8::/32", route.Extra{Realms: route.Realms{To: 5}}), "RTA_FLOW", "family inet6"},
		{route.Route{Dst: prefix("2001:db8::/32"), Multipath: []route.Nexthop{{Link: l.v0, Realms: route.Realms{To: 5}}}}, "RTA_MULTIPATH[0].RTA_FLOW", "family inet6"},
		{extra("10.0.0.0/8", route.Extra{Metrics: route.Metrics{HopLimit: 256}}), "RTA_METRICS.RTAX_HOPLIMIT", "out of range"},
		{extra("10.0.0.0/8", route.Extra{Metrics: route.Metrics{RTT: -1}}), "RTA_METRICS.RTAX_RTT", "out of range"},
		{extra("10.0.0.0/8", route.Extra{Metrics: route.Metrics{CCAlgo: "a\x00b"}}), "RTA_METRICS.RTAX_CC_ALGO", "NUL"},
	} {
		for _, d := range []nlkit.Doer{l.c, l.c.NewBatch()} {
			err := route.Add(t.Context(), d, tt.r)
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != tt.attr || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%+v: got %v (%+v)", tt.r, err, e)
			}
		}
	}
}

func TestAddressesInIPv6Form(t *testing.T) {
	l := newLab(t)
	r := route.Route{
		Dst: prefix("10.10.0.0/16"), Gateway: ip("::ffff:10.1.0.2"), PrefSrc: ip("::ffff:10.1.0.1"),
	}
	if err := route.Add(t.Context(), l.c, r); err != nil {
		t.Fatal(err)
	}
	if got := find(t, l.c, r); got.Gateway != ip("10.1.0.2") || got.PrefSrc != ip("10.1.0.1") {
		t.Errorf("got %v", got)
	}
	hops := []route.Nexthop{{Gateway: ip("::ffff:10.1.0.2")}, {Gateway: ip("10.2.0.2")}}
	if err := route.Add(t.Context(), l.c, route.Route{Dst: prefix("10.11.0.0/16"), Multipath: hops}); err != nil {
		t.Fatal(err)
	}
	if hops[0].Gateway != ip("::ffff:10.1.0.2") {
		t.Error("the caller's next hops were changed")
	}
}

func TestLookup(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, r := range []route.Route{
		{Dst: prefix("10.10.0.0/16"), Gateway: ip("10.1.0.2")},
		{Dst: prefix("10.20.0.0/16"), Type: route.TypeUnreachable},
		{Dst: prefix("10.21.0.0/16"), Type: route.TypeProhibit},
		{Dst: prefix("10.22.0.0/16"), Type: route.TypeBlackhole},
		{Dst: prefix("10.10.0.0/16"), Gateway: ip("10.2.0.2"), Table: 100},
		{Dst: prefix("2001:db8:10::/48"), Gateway: ip("2001:db8:1::2")},
		{Dst: prefix("2001:db8:20::/48"), Type: route.TypeUnreachable},
		{Dst: prefix("2001:db8:21::/48"), Type: route.TypeProhibit},
		{Dst: prefix("2001:db8:22::/48"), Type: route.TypeBlackhole},
	} {
		if err := route.Add(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, rule := range []string{"fwmark 7", "ipproto tcp dport 80", "sport 1234", "tos 0x10", "from 10.2.0.1"} {
		l.ns.Run(t, "ip", append([]string{"rule", "add", "table", "100"}, strings.Fields(rule)...)...)
	}
	dst := ip("10.10.1.2")
	for _, tt := range []struct {
		name string
		dst  netip.Addr
		opts []route.LookupOption
		gw   string
		link int
	}{
		{"plain", dst, nil, "10.1.0.2", l.v0},
		{"in IPv6 form", ip("::ffff:10.10.1.2"), nil, "10.1.0.2", l.v0},
		{"mark", dst, []route.LookupOption{route.WithMark(7)}, "10.2.0.2", l.v1},
		{"other mark", dst, []route.LookupOption{route.WithMark(8)}, "10.1.0.2", l.v0},
		{"root", dst, []route.LookupOption{route.WithUID(0)}, "10.1.0.2", l.v0},
		{"tos", dst, []route.LookupOption{route.WithTOS(0x10)}, "10.2.0.2", l.v1},
		{"from", dst, []route.LookupOption{route.WithFrom(ip("10.2.0.1"))}, "10.2.0.2", l.v1},
		{"ports", dst, []route.LookupOption{route.WithIPProto(6), route.WithDport(80)}, "10.2.0.2", l.v1},
		{"other port", dst, []route.LookupOption{route.WithIPProto(6), route.WithDport(81)}, "10.1.0.2", l.v0},
		{"ICMP", dst, []route.LookupOption{route.WithIPProto(1)}, "10.1.0.2", l.v0},
		{"ICMPv6", ip("2001:db8:10::7"), []route.LookupOption{route.WithIPProto(58)}, "2001:db8:1::2", l.v0},
		{"source port", dst, []route.LookupOption{route.WithIPProto(17), route.WithSport(1234)}, "10.2.0.2", l.v1},
		{"oif", ip("10.99.0.1"), []route.LookupOption{route.WithOIF(l.v1)}, "", l.v1},
		{"IPv6", ip("2001:db8:10::7"), nil, "2001:db8:1::2", l.v0},
		{"IPv6 from", ip("2001:db8:10::7"), []route.LookupOption{route.WithFrom(ip("2001:db8:2::1"))}, "2001:db8:1::2", l.v0},
	} {
		got, err := route.Lookup(ctx, l.c, tt.dst, tt.opts...)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		gw := ""
		if got.Gateway.IsValid() {
			gw = got.Gateway.String()
		}
		if gw != tt.gw || got.Link != tt.link || got.Dst.Addr() != tt.dst.Unmap() || !got.Dst.IsSingleIP() {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}

	// In a user namespace there may be no such user.
	if _, err := l.ns.TryRun(t, "ip", "rule", "add", "uidrange", "77-77", "table", "100"); err == nil {
		if got, err := route.Lookup(ctx, l.c, dst, route.WithUID(77)); err != nil || got.Link != l.v1 {
			t.Errorf("uid: %+v, %v", got, err)
		}
	}
	got, err := route.Lookup(ctx, l.c, dst, route.WithFIBMatch())
	if err != nil || got.Dst != prefix("10.10.0.0/16") || got.Table != rtnl.TableMain {
		t.Errorf("FIB match: %+v, %v", got, err)
	}
	got, err = route.Lookup(ctx, l.c, ip("2001:db8:10::7"), route.WithFIBMatch())
	if err != nil || got.Dst != prefix("2001:db8:10::/48") {
		t.Errorf("FIB match: %+v, %v", got, err)
	}
	got, err = route.Lookup(ctx, l.c, dst, route.WithMark(7))
	if err != nil || got.Table != 100 {
		t.Errorf("the table is %v, %v", got.Table, err)
	}
	got, err = route.Lookup(ctx, l.c, ip("10.2.0.1"), route.WithFrom(ip("10.1.0.9")), route.WithIIF(l.v0))
	if err != nil || got.Type != route.TypeLocal || got.Extra == nil || got.Extra.IIF != l.v0 || got.Extra.Src != prefix("10.1.0.9/32") {
		t.Errorf("incoming: %+v, %v", got, err)
	}

	for _, tt := range []struct {
		dst  netip.Addr
		opts []route.LookupOption
		want error
		sent bool
	}{
		{ip("192.0.2.1"), nil, syscall.ENETUNREACH, true},
		{ip("2001:db8:ffff::1"), nil, syscall.ENETUNREACH, true},
		{ip("10.20.0.1"), nil, syscall.EHOSTUNREACH, true},
		{ip("10.21.0.1"), nil, fs.ErrPermission, true},
		{ip("10.22.0.1"), nil, fs.ErrInvalid, true},
		{ip("2001:db8:20::1"), nil, syscall.EHOSTUNREACH, true},
		{ip("2001:db8:21::1"), nil, fs.ErrPermission, true},
		{ip("2001:db8:22::1"), nil, fs.ErrInvalid, true},
		{dst, []route.LookupOption{route.WithOIF(999)}, fs.ErrNotExist, true},
		{dst, []route.LookupOption{route.WithIPProto(132)}, errors.ErrUnsupported, true},
		{dst, []route.LookupOption{route.WithIPProto(58)}, errors.ErrUnsupported, true},
		{ip("2001:db8:10::7"), []route.LookupOption{route.WithIPProto(1)}, errors.ErrUnsupported, true},
		{netip.Addr{}, nil, fs.ErrInvalid, false},
		{ip("fe80::1%v0"), nil, fs.ErrInvalid, false},
		{dst, []route.LookupOption{route.WithFrom(ip("2001:db8::1"))}, fs.ErrInvalid, false},
		{dst, []route.LookupOption{route.WithOIF(-1)}, fs.ErrInvalid, false},
		{dst, []route.LookupOption{route.WithFlowLabel(1)}, fs.ErrInvalid, false},
		{ip("2001:db8:10::7"), []route.LookupOption{route.WithFlowLabel(1 << 20)}, fs.ErrInvalid, false},
	} {
		_, err := route.Lookup(ctx, l.c, tt.dst, tt.opts...)
		var e *nlkit.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Sent != tt.sent || e.Op != "route.Lookup" {
			t.Errorf("%v: got %v", tt.dst, err)
		}
	}
}

// A rule for a flow label decides where a look-up with that label goes.
func TestLookupFlowLabel(t *testing.T) {
	nstest.NeedKernel(t, "6.14")
	l := newLab(t)
	ctx := t.Context()
	dst := prefix("2001:db8:10::/48")
	err := errors.Join(
		route.Add(ctx, l.c, route.Route{Dst: dst, Gateway: ip("2001:db8:1::2")}),
		route.Add(ctx, l.c, route.Route{Dst: dst, Gateway: ip("2001:db8:2::2"), Table: 100}),
		rule.Add(ctx, l.c, rule.Rule{Family: v6, FlowLabel: new(uint32(0xabcde)), Table: 100}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[uint32]netip.Addr{0: ip("2001:db8:1::2"), 0xabcdf: ip("2001:db8:1::2"), 0xabcde: ip("2001:db8:2::2")} {
		got, err := route.Lookup(ctx, l.c, ip("2001:db8:10::7"), route.WithFlowLabel(label))
		if err != nil || got.Gateway != want {
			t.Errorf("%#x: %v, %v", label, got, err)
		}
	}
}

func TestListFilters(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, r := range l.samples() {
		if err := route.Add(ctx, l.c, r); err != nil {
			t.Fatal(err)
		}
	}
	lenient := livetest.In(t, l.ns, nlkit.WithStrict(false))
	all, err := route.List(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[rtnl.Table]bool{}
	for _, r := range all {
		tables[r.Table] = true
	}
	for _, table := range []rtnl.Table{rtnl.TableMain, rtnl.TableLocal, 100, 1000, 100000} {
		if !tables[table] {
			t.Errorf("nothing of table %v", table)
		}
	}
	uses := func(r route.Route, link int) bool {
		return r.Link == link || slices.ContainsFunc(r.Multipath, func(h route.Nexthop) bool { return h.Link == link })
	}
	to := func(r route.Route, gateway netip.Addr) bool {
		return r.Gateway == gateway || slices.ContainsFunc(r.Multipath, func(h route.Nexthop) bool { return h.Gateway == gateway })
	}
	for _, tt := range []struct {
		name string
		opts []route.ListOption
		keep func(route.Route) bool
		none bool
	}{
		{"all", nil, func(route.Route) bool { return true }, false},
		{"table", []route.ListOption{route.MatchTable(rtnl.TableMain)}, func(r route.Route) bool { return r.Table == rtnl.TableMain }, false},
		{"table 100", []route.ListOption{route.MatchTable(100)}, func(r route.Route) bool { return r.Table == 100 }, false},
		{"large table", []route.ListOption{route.MatchTable(100000)}, func(r route.Route) bool { return r.Table == 100000 }, false},
		{"no table", []route.ListOption{route.MatchTable(4711)}, nil, true},
		{"no table, IPv4", []route.ListOption{route.MatchTable(4711), route.MatchFamily(v4)}, nil, true},
		{"no table, IPv6", []route.ListOption{route.MatchTable(4711), route.MatchFamily(v6)}, nil, true},
		{"link", []route.ListOption{route.MatchLink(l.v1)}, func(r route.Route) bool { return uses(r, l.v1) }, false},
		{"of two links the last", []route.ListOption{route.MatchLink(l.v0), route.MatchLink(l.v1)}, func(r route.Route) bool { return uses(r, l.v1) }, false},
		{"no link", []route.ListOption{route.MatchLink(4711)}, nil, true},
		{"link 0", []route.ListOption{route.MatchLink(0)}, nil, true},
		{"IPv4", []route.ListOption{route.MatchFamily(v4)}, func(r route.Route) bool { return r.Family == v4 }, false},
		{"IPv6", []route.ListOption{route.MatchFamily(v6)}, func(r route.Route) bool { return r.Family == v6 }, false},
		{"MPLS", []route.ListOption{route.MatchFamily(rtnl.FamilyMPLS)}, nil, true},
		{"protocol", []route.ListOption{route.MatchProtocol(rtnl.ProtocolKernel)}, func(r route.Route) bool { return r.Protocol == rtnl.ProtocolKernel }, false},
		{"no protocol", []route.ListOption{route.MatchProtocol(200)}, nil, true},
		{"unset protocol", []route.ListOption{route.MatchProtocol(0)}, nil, true},
		{"type", []route.ListOption{route.MatchType(route.TypeBlackhole)}, func(r route.Route) bool { return r.Type == route.TypeBlackhole }, false},
		{"scope", []route.ListOption{route.MatchScope(rtnl.ScopeSite)}, func(r route.Route) bool { return r.Scope == rtnl.ScopeSite }, false},
		{"global scope", []route.ListOption{route.MatchScope(rtnl.ScopeGlobal)}, func(r route.Route) bool { return r.Scope == rtnl.ScopeGlobal }, false},
		{"priority", []route.ListOption{route.MatchPriority(7)}, func(r route.Route) bool { return r.Priority == 7 }, false},
		{"TOS", []route.ListOption{route.MatchTOS(0x10)}, func(r route.Route) bool { return r.TOS == 0x10 }, false},
		{"no TOS", []route.ListOption{route.MatchTOS(0), route.MatchFamily(v4)}, func(r route.Route) bool { return r.Family == v4 && r.TOS == 0 }, false},
		{"gateway", []route.ListOption{route.MatchGateway(ip("10.1.0.2"))}, func(r route.Route) bool { return to(r, ip("10.1.0.2")) }, false},
		{"gateway of one hop", []route.ListOption{route.MatchGateway(ip("10.2.0.2"))}, func(r route.Route) bool { return to(r, ip("10.2.0.2")) }, false},
		{"gateway of the other family", []route.ListOption{route.MatchGateway(ip("fe80::2"))}, func(r route.Route) bool { return to(r, ip("fe80::2")) }, false},
		{"gateway, mapped", []route.ListOption{route.MatchGateway(ip("::ffff:10.1.0.2"))}, func(r route.Route) bool { return to(r, ip("10.1.0.2")) }, false},
		{"no gateway", []route.ListOption{route.MatchGateway(ip("10.99.0.1"))}, nil, true},
		{"preferred source", []route.ListOption{route.MatchPrefSrc(ip("2001:db8:2::1"))}, func(r route.Route) bool { return r.PrefSrc == ip("2001:db8:2::1") }, false},
		{"no next hop", []route.ListOption{route.MatchNexthopID(4711)}, nil, true},
		{"no label", []route.ListOption{route.MatchLabel(100)}, nil, true},
		{"no priority", []route.ListOption{route.MatchPriority(0)}, func(r route.Route) bool { return r.Priority == 0 }, false},
		{"exact", []route.ListOption{route.MatchDst(prefix("10.12.0.0/16"))}, func(r route.Route) bool { return r.Dst == prefix("10.12.0.0/16") }, false},
		{"default", []route.ListOption{route.MatchDst(prefix("0.0.0.0/0"))}, func(r route.Route) bool { return r.IsDefault() && r.Family == v4 }, false},
		{"within", []route.ListOption{route.MatchWithin(prefix("10.16.0.0/12"))}, func(r route.Route) bool {
			return r.Family == v4 && r.Dst.Bits() >= 12 && r.Dst.Addr().As4()[0] == 10 && r.Dst.Addr().As4()[1]&0xf0 == 16
		}, false},
		{"covering", []route.ListOption{route.MatchCovering(prefix("10.1.0.0/25"))}, func(r route.Route) bool {
			return r.Family == v4 && (r.IsDefault() || r.Dst == prefix("10.1.0.0/24"))
		}, false},
		{"several", []route.ListOption{route.MatchTable(rtnl.TableLocal), route.MatchLink(l.v0), route.MatchType(route.TypeLocal), route.MatchFamily(v4)}, func(r route.Route) bool {
			return r.Table == rtnl.TableLocal && r.Link == l.v0 && r.Type == route.TypeLocal && r.Family == v4
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var want []route.Route
			for _, r := range all {
				if tt.keep != nil && tt.keep(r) {
					want = append(want, r)
				}
			}
			if tt.none != (len(want) == 0) {
				t.Fatalf("the test expects %d routes", len(want))
			}
			for client, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": lenient} {
				got, err := route.List(ctx, c, tt.opts...)
				if err != nil || !equal(got, want) {
					t.Errorf("%s List: %v\ngot  %v\nwant %v", client, err, got, want)
				}
				var stream []route.Route
				for r, err := range route.All(ctx, c, tt.opts...) {
					if err != nil {
						t.Fatal(err)
					}
					stream = append(stream, r)
				}
				if !equal(stream, want) {
					t.Errorf("%s All: got %v\nwant %v", client, stream, want)
				}
			}
		})
	}
	for _, o := range []route.ListOption{
		route.MatchDst(netip.Prefix{}), route.MatchWithin(netip.Prefix{}), route.MatchCovering(netip.Prefix{}),
		route.MatchGateway(netip.Addr{}), route.MatchPrefSrc(netip.Addr{}), route.MatchNexthopID(0),
		route.MatchGateway(ip("fe80::1%v0")), route.MatchPrefSrc(ip("fe80::1%v0")),
	} {
		if _, err := route.List(ctx, l.c, o); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("List with an invalid prefix: %v", err)
		}
		for _, err := range route.All(ctx, l.c, o) {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("All with an invalid prefix: %v", err)
			}
		}
	}
}

// The kernel keeps exceptions, such as a smaller path MTU, as cached routes; a
// dump that it does not check strictly has them among the others.
func TestCachedRoutesAreSkipped(t *testing.T) {
	l := newLab(t)
	for _, c := range []*nlkit.Client{l.c, livetest.In(t, l.ns, nlkit.WithStrict(false))} {
		list, err := route.List(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Flags.Has(route.FlagCloned) {
				t.Errorf("cached: %v", r)
			}
		}
	}
	r, err := route.Lookup(t.Context(), l.c, ip("10.1.0.2"))
	if err != nil || !r.Flags.Has(route.FlagCloned) {
		t.Errorf("a look-up is not cached: %v %v, %v", r, r.Flags, err)
	}
}

func TestNilClient(t *testing.T) {
	if err := route.Add(t.Context(), nil, route.Route{Family: v4}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("Add: %v", err)
	}
	if _, err := route.List(t.Context(), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("List: %v", err)
	}
	if _, err := route.Lookup(t.Context(), nil, ip("10.0.0.1")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("Lookup: %v", err)
	}
}
