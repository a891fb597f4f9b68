package route_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// newMPLSLab is a lab whose links take MPLS packets, with labels up to 1999.
func newMPLSLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	// The module comes with the encapsulation, not with the family.
	_, _ = l.ns.TryRun(t, "ip", "route", "add", "10.99.0.0/16", "encap", "mpls", "16", "dev", "v0")
	_, _ = l.ns.TryRun(t, "ip", "route", "del", "10.99.0.0/16")
	l.ns.Do(t, func() {
		if _, err := os.Stat("/proc/sys/net/mpls/platform_labels"); err != nil {
			nstest.Skip(t, "route:mpls", "%v", err)
		}
	})
	l.sysctl(t, "mpls/platform_labels", "2000")
	l.sysctl(t, "mpls/conf/v0/input", "1")
	return l
}

const mpls = rtnl.FamilyMPLS

// mplsSample is an MPLS route, and the words of ip for it.
type mplsSample struct {
	route route.Route
	ip    string
}

func (l *lab) mplsSamples() map[string]mplsSample {
	return map[string]mplsSample{
		"swap": {
			route.Route{Family: mpls, Gateway: ip("10.1.0.2"), Link: l.v0, Protocol: rtnl.ProtocolBGP, Extra: &route.Extra{Label: 100, Labels: rtnl.Labels{200}}},
			"100 as 200 via inet 10.1.0.2 dev v0 proto bgp",
		},
		"push": {
			route.Route{Family: mpls, Gateway: ip("2001:db8:1::2"), Link: l.v0, Extra: &route.Extra{Label: 101, Labels: rtnl.Labels{200, 300, 1048575}}},
			"101 as 200/300/1048575 via inet6 2001:db8:1::2 dev v0",
		},
		"pop": {
			route.Route{Family: mpls, Gateway: ip("10.1.0.2"), Link: l.v0, Extra: &route.Extra{Label: 102}},
			"102 via inet 10.1.0.2 dev v0",
		},
		"local": {
			route.Route{Family: mpls, Link: 1, Extra: &route.Extra{Label: 103}},
			"103 dev lo",
		},
		"link-layer address": {
			route.Route{Family: mpls, Link: l.v0, Extra: &route.Extra{Label: 104, Labels: rtnl.Labels{16}, GatewayMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}}},
			"104 as 16 via link 02:00:00:00:00:01 dev v0",
		},
		"no propagation": {
			route.Route{Family: mpls, Gateway: ip("10.1.0.2"), Link: l.v0, Extra: &route.Extra{Label: 105, TTLPropagate: new(false)}},
			"105 via inet 10.1.0.2 dev v0 ttl-propagate disabled",
		},
		"propagation": {
			route.Route{Family: mpls, Gateway: ip("10.1.0.2"), Link: l.v0, Extra: &route.Extra{Label: 106, TTLPropagate: new(true)}},
			"106 via inet 10.1.0.2 dev v0 ttl-propagate enabled",
		},
		"multipath": {
			route.Route{Family: mpls, Extra: &route.Extra{Label: 1999}, Multipath: []route.Nexthop{
				{Gateway: ip("10.1.0.2"), Link: l.v0, Labels: rtnl.Labels{200}},
				{Gateway: ip("2001:db8:2::2"), Link: l.v1, Labels: rtnl.Labels{300, 400}},
				{Link: l.v1, GatewayMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}},
			}},
			"1999 nexthop as 200 via inet 10.1.0.2 dev v0 nexthop as 300/400 via inet6 2001:db8:2::2 dev v1 nexthop via link 02:00:00:00:00:02 dev v1",
		},
	}
}

// mplsRoutes lists the MPLS routes.
func mplsRoutes(t *testing.T, c *nlkit.Client, opts ...route.ListOption) []route.Route {
	t.Helper()
	list, err := route.List(t.Context(), c, append(opts, route.MatchFamily(mpls))...)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// MPLS routes made here and by ip are the same to both, and each deletes the other's.
func TestMPLS(t *testing.T) {
	l := newMPLSLab(t)
	ctx := t.Context()
	for name, s := range l.mplsSamples() {
		t.Run(name, func(t *testing.T) {
			get := func() route.Route {
				t.Helper()
				list := mplsRoutes(t, l.c, route.MatchLabel(s.route.Extra.Label))
				if len(list) != 1 {
					t.Fatalf("got %v", list)
				}
				return list[0]
			}
			show := func() []map[string]any {
				t.Helper()
				return l.ipRoutes(t, "-family", "mpls", "route", "show")
			}
			var into route.Route
			if err := route.Add(ctx, l.c, s.route, route.Into(&into)); err != nil {
				t.Fatal(err)
			}
			ours, text := get(), show()
			if diff := subset(reflect.ValueOf(s.route), reflect.ValueOf(ours)); diff != "" || len(text) != 1 {
				t.Errorf("%s differs: %+v %+v, ip says %v", diff, ours, ours.Extra, text)
			}
			if !reflect.DeepEqual(into, ours) {
				t.Errorf("Into and List differ:\n%+v %+v\n%+v %+v", into, into.Extra, ours, ours.Extra)
			}
			if ours.Type != route.TypeUnicast || ours.Table != rtnl.TableMain || ours.IsDefault() || ours.Dst.IsValid() {
				t.Errorf("got %+v", ours)
			}
			if err := route.Add(ctx, l.c, s.route); !errors.Is(err, fs.ErrExist) {
				t.Errorf("added twice: %v", err)
			}
			l.ns.Run(t, "ip", append([]string{"-family", "mpls", "route", "del"}, strings.Fields(s.ip)...)...)
			if err := route.Change(ctx, l.c, s.route); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("changed what is not there: %v", err)
			}
			if err := route.Replace(ctx, l.c, ours); err != nil {
				t.Fatalf("what was read: %v", err)
			}
			if err := route.Change(ctx, l.c, ours, route.Into(&into)); err != nil || !reflect.DeepEqual(into, ours) {
				t.Errorf("changed to the same: %+v, %v", into, err)
			}
			if again := get(); !reflect.DeepEqual(again, ours) || !sameJSON(t, show(), text) {
				t.Errorf("made again %+v\n%+v", again, ours)
			}
			if err := route.Append(ctx, l.c, s.route); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("appended: %v", err)
			}
			if err := route.Delete(ctx, l.c, ours); err != nil {
				t.Fatal(err)
			}

			l.ns.Run(t, "ip", append([]string{"-family", "mpls", "route", "add"}, strings.Fields(s.ip)...)...)
			theirs := get()
			if !reflect.DeepEqual(theirs, ours) || !sameJSON(t, show(), text) {
				t.Errorf("made by ip %+v %+v\nmade here  %+v %+v\n%v\n%v", theirs, theirs.Extra, ours, ours.Extra, show(), text)
			}
			if err := route.Delete(ctx, l.c, route.Route{Family: mpls, Extra: &route.Extra{Label: s.route.Extra.Label}}); err != nil {
				t.Fatal(err)
			}
			if left := mplsRoutes(t, l.c); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestMPLSChoosesLabel(t *testing.T) {
	l := newMPLSLab(t)
	var got route.Route
	if err := route.Add(t.Context(), l.c, route.Route{Family: mpls, Link: 1}, route.Into(&got)); err != nil {
		t.Fatal(err)
	}
	if list := mplsRoutes(t, l.c); len(list) != 1 || got.Extra == nil || got.Extra.Label < 16 || !reflect.DeepEqual(list[0], got) {
		t.Errorf("got %+v %+v, listed %v", got, got.Extra, list)
	}
}

func TestMPLSLookup(t *testing.T) {
	l := newMPLSLab(t)
	ctx := t.Context()
	for _, s := range l.mplsSamples() {
		if err := route.Add(ctx, l.c, s.route); err != nil {
			t.Fatal(err)
		}
	}
	got, err := route.LookupLabel(ctx, l.c, 101)
	want := l.mplsSamples()["push"].route
	if err != nil || subset(reflect.ValueOf(want), reflect.ValueOf(got)) != "" {
		t.Errorf("got %+v %+v, %v", got, got.Extra, err)
	}
	got, err = route.LookupLabel(ctx, l.c, 1999, route.WithInnerLabels(rtnl.Labels{500}))
	if err != nil || len(got.Multipath) > 0 || got.Link == 0 {
		t.Errorf("one of several: %+v, %v", got, err)
	}
	entry, err := route.LookupLabel(ctx, l.c, 1999, route.WithFIBMatch())
	if err != nil || len(entry.Multipath) != 3 {
		t.Errorf("the entry: %+v, %v", entry, err)
	}
	for label, want := range map[uint32]error{1500: syscall.ENETUNREACH, 3: fs.ErrInvalid, 2001: fs.ErrInvalid, 1 << 20: fs.ErrInvalid} {
		_, err := route.LookupLabel(ctx, l.c, label)
		if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, want) || !ok || e.Op != "route.LookupLabel" || e.Sent != (label < 1<<20) {
			t.Errorf("%d: %v", label, err)
		}
	}
}

func TestMPLSFiltersAndFlush(t *testing.T) {
	l := newMPLSLab(t)
	ctx := t.Context()
	for _, s := range l.mplsSamples() {
		if err := route.Add(ctx, l.c, s.route); err != nil {
			t.Fatal(err)
		}
	}
	lenient := livetest.In(t, l.ns, nlkit.WithStrict(false))
	for name, tt := range map[string]struct {
		opts []route.ListOption
		want []uint32
	}{
		"all":        {nil, []uint32{100, 101, 102, 103, 104, 105, 106, 1999}},
		"label":      {[]route.ListOption{route.MatchLabel(102)}, []uint32{102}},
		"no label":   {[]route.ListOption{route.MatchLabel(500)}, nil},
		"link":       {[]route.ListOption{route.MatchLink(l.v1)}, []uint32{1999}},
		"gateway":    {[]route.ListOption{route.MatchGateway(ip("2001:db8:2::2"))}, []uint32{1999}},
		"protocol":   {[]route.ListOption{route.MatchProtocol(rtnl.ProtocolBGP)}, []uint32{100}},
		"table":      {[]route.ListOption{route.MatchTable(rtnl.TableMain), route.MatchLink(1)}, []uint32{103}},
		"no table":   {[]route.ListOption{route.MatchTable(100)}, nil},
		"type":       {[]route.ListOption{route.MatchType(route.TypeBlackhole)}, nil},
		"no address": {[]route.ListOption{route.MatchDst(prefix("10.0.0.0/8"))}, nil},
		"within":     {[]route.ListOption{route.MatchWithin(prefix("0.0.0.0/0"))}, nil},
		"covering":   {[]route.ListOption{route.MatchCovering(prefix("10.0.0.0/8"))}, nil},
	} {
		for client, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": lenient} {
			var got []uint32
			for _, r := range mplsRoutes(t, c, tt.opts...) {
				got = append(got, r.Extra.Label)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s, %s: got %v, want %v", name, client, got, tt.want)
			}
		}
	}
	// They are not among the others.
	list, err := route.List(ctx, l.c)
	if err != nil || slices.ContainsFunc(list, func(r route.Route) bool { return r.Family == mpls }) {
		t.Errorf("without options: %v, %v", list, err)
	}
	if err := route.Flush(ctx, l.c, route.MatchFamily(mpls), route.MatchLink(l.v0)); err != nil {
		t.Fatal(err)
	}
	if left := mplsRoutes(t, l.c); len(left) != 1 || left[0].Link != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestMPLSSubscribe(t *testing.T) {
	l := newMPLSLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := route.SubscribeFamilies(ctx, l.c, []rtnl.Family{mpls, v4})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	s := l.mplsSamples()["multipath"]
	r4 := route.Route{Dst: prefix("10.10.0.0/16"), Link: l.v0}
	err = errors.Join(route.Add(ctx, l.c, s.route), route.Delete(ctx, l.c, s.route), route.Add(ctx, l.c, r4))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		typ   nlkit.EventType
		route route.Route
	}{{nlkit.Updated, s.route}, {nlkit.Deleted, s.route}, {nlkit.Updated, r4}} {
		var e route.Event
		if err := sub.ReadInto(&e); err != nil {
			t.Fatal(err)
		}
		if diff := subset(reflect.ValueOf(want.route), reflect.ValueOf(e.Object)); e.Type != want.typ || diff != "" {
			t.Errorf("event %d: %+v, %s differs from %v", i, e, diff, want)
		}
	}
}

func TestMPLSKernelErrors(t *testing.T) {
	l := newMPLSLab(t)
	ctx := t.Context()
	for _, tt := range []struct {
		r    route.Route
		want error
		text string
	}{
		{route.Route{Family: mpls, Link: 1, Extra: &route.Extra{Label: 5}}, fs.ErrInvalid, "route.Add 5 dev 1: invalid argument: Invalid label"},
		{route.Route{Family: mpls, Link: 1, Extra: &route.Extra{Label: 2000}}, fs.ErrInvalid, "route.Add 2000 dev 1: invalid argument"},
		{route.Route{Family: mpls, Link: 1, Extra: &route.Extra{Label: 16, Labels: rtnl.Labels{3}}}, fs.ErrInvalid, "Implicit NULL Label (3) can not be used in encapsulation (RTA_NEWDST)"},
		{route.Route{Family: mpls, Link: 1, Priority: 5, Extra: &route.Extra{Label: 16}}, fs.ErrInvalid, "Unknown attribute (RTA_PRIORITY)"},
		{route.Route{Family: mpls, Link: 1, Table: 100, Extra: &route.Extra{Label: 16}}, fs.ErrInvalid, "MPLS only supports the main route table"},
		{route.Route{Family: mpls, Link: 999, Extra: &route.Extra{Label: 16}}, fs.ErrNotExist, "no such device"},
		{route.Route{Family: mpls, Extra: &route.Extra{Label: 16}, Multipath: []route.Nexthop{{Link: 1}, {Link: 1, Labels: rtnl.Labels{3}}}}, fs.ErrInvalid, "(RTA_MULTIPATH[1].RTA_NEWDST)"},
	} {
		if err := route.Add(ctx, l.c, tt.r); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || nlkit.SafeToRetry(err) {
			t.Errorf("got %v\nwant %s", err, tt.text)
		}
	}
}

// What no MPLS route can have is refused before it is sent, and so is what only
// MPLS routes have.
func TestMPLSRefused(t *testing.T) {
	l := newLab(t)
	extra := func(e route.Extra) route.Route { e.Label = 16; return route.Route{Family: mpls, Link: 1, Extra: &e} }
	for _, tt := range []struct {
		r    route.Route
		attr string
		text string
	}{
		{route.Route{Family: mpls, Dst: prefix("10.0.0.0/8"), Link: 1}, "RTA_DST", "not of family mpls"},
		{route.Route{Family: mpls, Link: 1, Extra: &route.Extra{Label: 1 << 20}}, "RTA_DST", "more than 20 bits"},
		{route.Route{Family: mpls, NexthopID: 5, Extra: &route.Extra{Label: 16}}, "RTA_NH_ID", "an MPLS route with a next hop object"},
		{extra(route.Extra{Metrics: route.Metrics{MTU: 1400}}), "RTA_METRICS", "an MPLS route with metrics"},
		{extra(route.Extra{Expires: time.Second}), "RTA_EXPIRES", "expires"},
		{extra(route.Extra{Realms: route.Realms{To: 1}}), "RTA_FLOW", "realms"},
		{extra(route.Extra{Src: prefix("2001:db8::/32")}), "RTA_SRC", "only IPv6"},
		{extra(route.Extra{Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{16}}}), "RTA_ENCAP", "which has labels"},
		{extra(route.Extra{Labels: rtnl.Labels{1 << 20}}), "RTA_NEWDST", "more than 20 bits"},
		{route.Route{Family: mpls, Gateway: ip("10.1.0.2"), Extra: &route.Extra{Label: 16, GatewayMAC: net.HardwareAddr{1, 2, 3, 4, 5, 6}}}, "RTA_VIA", "both a gateway and"},
		{route.Route{Family: mpls, Extra: &route.Extra{Label: 16, Labels: rtnl.Labels{17}}, Multipath: []route.Nexthop{{Link: 1}}}, "RTA_MULTIPATH", "which each have their own"},
		{route.Route{Family: mpls, Extra: &route.Extra{Label: 16}, Multipath: []route.Nexthop{{Link: 1, Weight: 2}}}, "RTA_MULTIPATH[0].rtnh_hops", "no weight"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: 1, Extra: &route.Extra{Label: 16}}, "RTA_DST", "a label with family inet"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: 1, Extra: &route.Extra{Labels: rtnl.Labels{16}}}, "RTA_NEWDST", "an encapsulation puts them on IP packets"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Link: 1, Extra: &route.Extra{GatewayMAC: net.HardwareAddr{1, 2, 3, 4, 5, 6}}}, "RTA_VIA", "a link-layer address with family inet"},
		{route.Route{Dst: prefix("10.0.0.0/8"), Multipath: []route.Nexthop{{Link: 1, Labels: rtnl.Labels{16}}}}, "RTA_MULTIPATH[0].RTA_NEWDST", "an encapsulation puts them"},
		{route.Route{Family: rtnl.FamilyIPMR, Dst: prefix("239.0.0.1/32"), Link: 1}, "rtm_family", "multicast routes are only read"},
		{route.Route{Family: rtnl.FamilyIPMR, Link: 1}, "rtm_family", "multicast routes are only read"},
	} {
		err := route.Add(t.Context(), l.c, tt.r)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != tt.attr || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("got %v (%+v), want %s: %s", err, e, tt.attr, tt.text)
		}
	}
	err := route.Delete(t.Context(), l.c, route.Route{Family: mpls})
	if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || !strings.Contains(err.Error(), "no label") {
		t.Errorf("deleting any: %v", err)
	}
	for _, families := range [][]rtnl.Family{nil, {rtnl.FamilyBridge}, {v4, 0}} {
		if sub, err := route.SubscribeFamilies(t.Context(), l.c, families); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("SubscribeFamilies(%v): %v, %v", families, sub, err)
		}
	}
}
