package route_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func sameJSON(t testing.TB, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

// ipCommands make the routes of lab.samples.
var ipCommands = map[string]string{
	"plain":                  "10.10.0.0/16 via 10.1.0.2",
	"device":                 "10.11.0.0/16 dev v0",
	"table":                  "10.12.0.0/16 via 10.1.0.2 table 100",
	"large table":            "10.12.0.0/16 via 10.1.0.2 table 100000",
	"default":                "default via 10.1.0.2",
	"default 6":              "default via 2001:db8:1::2",
	"other family":           "10.13.0.0/16 via inet6 fe80::2 dev v0",
	"onlink":                 "10.14.0.0/16 via 192.0.2.1 dev v0 onlink",
	"details":                "10.15.0.0/16 via 10.1.0.2 src 10.2.0.1 metric 7 proto bgp scope site tos 0x10",
	"blackhole":              "blackhole 10.16.0.0/16",
	"unreachable":            "unreachable 10.17.0.0/16",
	"prohibit":               "prohibit 10.18.0.0/16",
	"throw":                  "throw 10.19.0.0/16",
	"local":                  "local 10.20.0.1/32 dev v0",
	"broadcast":              "broadcast 10.20.0.2/32 dev v0",
	"multicast":              "multicast 239.1.0.0/16 dev v0",
	"multipath":              "10.22.0.0/16 nexthop via 10.1.0.2 weight 3 nexthop via 10.2.0.2 dev v1 weight 256 nexthop dev v0",
	"multipath other family": "10.23.0.0/16 nexthop via 10.1.0.2 nexthop via inet6 fe80::2 dev v1",
	"metrics": "10.21.0.0/16 via 10.1.0.2 mtu lock 1400 window 10000 rtt 100ms rttvar 50ms ssthresh 20 cwnd 30 advmss 1300 " +
		"reordering 5 hoplimit lock 9 initcwnd 11 features ecn rto_min 300ms initrwnd 12 quickack 1 congctl reno fastopen_no_cookie 1",
	"plain 6":     "2001:db8:10::/48 via 2001:db8:1::2",
	"device 6":    "2001:db8:11::/48 dev v0",
	"details 6":   "2001:db8:12::/48 via 2001:db8:1::2 src 2001:db8:2::1 metric 7 proto static table 1000 pref high",
	"metrics 6":   "2001:db8:14::/48 via 2001:db8:1::2 mtu 1400 hoplimit 64 advmss 1220",
	"blackhole 6": "blackhole 2001:db8:15::/48",
	"multipath 6": "2001:db8:16::/48 nexthop via 2001:db8:1::2 dev v0 weight 2 nexthop via 2001:db8:2::2 dev v1",
}

// A route made by ip and one made here are the same, to the SDK and to ip.
func TestInterop(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for name, r := range l.samples() {
		t.Run(name, func(t *testing.T) {
			command, ok := ipCommands[name]
			if !ok {
				t.Fatal("no command for ip")
			}
			family := "-4"
			if strings.HasSuffix(name, " 6") {
				family = "-6"
			}
			show := []string{family, "route", "show", "table", "all", "exact", r.Dst.String()}
			if r.Family != 0 {
				show[len(show)-1] = "default"
			}
			l.ns.Run(t, "ip", append([]string{family, "route", "add"}, strings.Fields(command)...)...)
			theirs, theirText := find(t, l.c, r), l.ipRoutes(t, show...)
			if diff := subset(reflect.ValueOf(r), reflect.ValueOf(theirs)); diff != "" {
				t.Errorf("%s of what ip made differs: %+v %+v", diff, theirs, theirs.Extra)
			}
			if err := route.Delete(ctx, l.c, theirs); err != nil {
				t.Fatal(err)
			}
			if err := route.Add(ctx, l.c, r); err != nil {
				t.Fatal(err)
			}
			ours, ourText := find(t, l.c, r), l.ipRoutes(t, show...)
			if !reflect.DeepEqual(ours, theirs) {
				t.Errorf("made here %+v %+v\nmade by ip %+v %+v", ours, ours.Extra, theirs, theirs.Extra)
			}
			if len(ourText) != 1 || !sameJSON(t, ourText, theirText) {
				t.Errorf("ip says of ours %v\nand of its own %v", ourText, theirText)
			}
			l.ns.Run(t, "ip", append([]string{family, "route", "del"}, strings.Fields(command)...)...)
			if list, err := route.List(ctx, l.c, route.MatchDst(ours.Dst)); err != nil || len(list) > 0 {
				t.Errorf("after ip deleted it: %v, %v", list, err)
			}
		})
	}
}

// The words for types, protocols, scopes, flags and preferences are those of ip.
func TestInteropWords(t *testing.T) {
	l := newLab(t)
	for _, r := range l.samples() {
		if err := route.Add(t.Context(), l.c, r); err != nil {
			t.Fatal(err)
		}
	}
	l.ns.Run(t, "ip", "link", "set", "v1", "down")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, family := range []rtnl.Family{v4, v6} {
		// Its peer v0 loses the carrier, and the routes learn of it, a little later.
		var list []route.Route
		var texts []map[string]any
		for settled := false; !settled; {
			var err, err2 error
			var again []route.Route
			list, err = route.List(ctx, l.c, route.MatchFamily(family))
			texts = l.ipRoutes(t, "-family", family.String(), "route", "show", "table", "all")
			again, err2 = route.List(ctx, l.c, route.MatchFamily(family))
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			settled = equal(list, again) && slices.ContainsFunc(list, func(r route.Route) bool { return r.Flags.Has(route.FlagLinkDown) })
		}
		if len(texts) != len(list) {
			t.Fatalf("ip shows %d routes of %d", len(texts), len(list))
		}
		for i, text := range texts {
			r := list[i]
			want := map[string]string{"type": r.Type.String(), "protocol": r.Protocol.String(), "scope": r.Scope.String()}
			if r.Table != rtnl.TableMain {
				want["table"] = r.Table.String()
			}
			if family == v6 {
				want["pref"] = r.Preference.String()
			}
			for key, word := range want {
				if got, ok := text[key].(string); !ok && key != "table" && key != "pref" || ok && got != word {
					t.Errorf("%v: %s is %v, not %q", text, key, text[key], word)
				}
			}
			var words []string
			if list, ok := text["flags"].([]any); ok {
				for _, w := range list {
					words = append(words, w.(string))
				}
			}
			if len(r.Multipath) == 0 && flagsOf(words) != r.Flags {
				t.Errorf("%v: flags %v, not %v", text, words, r.Flags)
			}
		}
	}
}

func flagsOf(words []string) (f route.Flags) {
	for _, w := range words {
		var one route.Flags
		if err := one.UnmarshalText([]byte(w)); err != nil {
			return 0
		}
		f |= one
	}
	return f
}

func TestInteropLookup(t *testing.T) {
	l := newLab(t)
	r := route.Route{Dst: prefix("10.10.0.0/16"), Gateway: ip("10.1.0.2"), Table: 100}
	if err := route.Add(t.Context(), l.c, r); err != nil {
		t.Fatal(err)
	}
	l.ns.Run(t, "ip", "rule", "add", "fwmark", "7", "table", "100")
	got, err := route.Lookup(t.Context(), l.c, ip("10.10.0.1"), route.WithMark(7))
	if err != nil {
		t.Fatal(err)
	}
	text := l.ipRoutes(t, "route", "get", "10.10.0.1", "mark", "7")[0]
	if text["gateway"] != got.Gateway.String() || text["prefsrc"] != got.PrefSrc.String() || text["table"] != got.Table.String() {
		t.Errorf("ip says %v, not %+v", text, got)
	}
}

func TestInteropExpires(t *testing.T) {
	l := newLab(t)
	l.ns.Run(t, "ip", "route", "add", "2001:db8:13::/48", "dev", "v0", "expires", "1000")
	got := find(t, l.c, route.Route{Dst: prefix("2001:db8:13::/48")})
	if got.Extra == nil || got.Extra.Expires <= 900*time.Second || got.Extra.Expires > 1000*time.Second {
		t.Errorf("got %+v", got.Extra)
	}
}

func TestInteropRealmsAndSource(t *testing.T) {
	l := newLab(t)
	// Both are options of the kernel's configuration; without them it ignores or
	// refuses what ip sends, and must do the same with ours.
	_, theirs := l.ns.TryRun(t, "ip", "route", "add", "10.10.0.0/16", "via", "10.1.0.2", "realms", "3/4")
	ours := route.Add(t.Context(), l.c, route.Route{
		Dst: prefix("10.11.0.0/16"), Gateway: ip("10.1.0.2"), Extra: &route.Extra{Realms: route.Realms{From: 3, To: 4}},
	})
	if (theirs == nil) != (ours == nil) {
		t.Errorf("realms: ip %v, here %v", theirs, ours)
	}
	if ours == nil {
		a, b := find(t, l.c, route.Route{Dst: prefix("10.10.0.0/16")}), find(t, l.c, route.Route{Dst: prefix("10.11.0.0/16")})
		if !reflect.DeepEqual(a.Extra, b.Extra) {
			t.Errorf("realms: ip %+v, here %+v", a.Extra, b.Extra)
		}
	}
	_, theirs = l.ns.TryRun(t, "ip", "route", "add", "2001:db8:10::/48", "from", "2001:db8:aa::/48", "dev", "v0")
	ours = route.Add(t.Context(), l.c, route.Route{
		Dst: prefix("2001:db8:11::/48"), Link: l.v0, Extra: &route.Extra{Src: prefix("2001:db8:aa::/48")},
	})
	if (theirs == nil) != (ours == nil) {
		t.Errorf("source: ip %v, here %v", theirs, ours)
	}
	if ours == nil {
		a, b := find(t, l.c, route.Route{Dst: prefix("2001:db8:10::/48")}), find(t, l.c, route.Route{Dst: prefix("2001:db8:11::/48")})
		if !reflect.DeepEqual(a.Extra, b.Extra) {
			t.Errorf("source: ip %+v, here %+v", a.Extra, b.Extra)
		}
	}
}
