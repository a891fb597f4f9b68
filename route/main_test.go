package route_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// lab is a network namespace with a veth pair, v0 and v1, both up: v0 has
// 10.1.0.1/24 and 2001:db8:1::1/64, v1 has 10.2.0.1/24 and 2001:db8:2::1/64.
type lab struct {
	c      *nlkit.Client
	ns     *nstest.NS
	v0, v1 int
}

func newLab(t testing.TB, opts ...nlkit.Option) *lab {
	t.Helper()
	ns := nstest.New(t)
	l := &lab{ns: ns, c: livetest.In(t, ns, opts...)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := route.Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	ns.Run(t, "ip", "link", "add", "v0", "index", strconv.Itoa(route.EncapLink), "type", "veth", "peer", "name", "v1")
	for _, v := range []string{"v0", "v1"} {
		// Link-local addresses, and their routes, would come at any time.
		ns.Run(t, "ip", "link", "set", v, "addrgenmode", "none")
		ns.Run(t, "ip", "link", "set", v, "up")
	}
	for _, v := range []string{"0", "1"} {
		net := string(v[0] + 1)
		ns.Run(t, "ip", "address", "add", "10."+net+".0.1/24", "dev", "v"+v)
		ns.Run(t, "ip", "address", "add", "2001:db8:"+net+"::1/64", "dev", "v"+v, "nodad")
	}
	l.v0, l.v1 = linkIndex(t, ns, "v0"), linkIndex(t, ns, "v1")
	// The kernel makes the routes to its own IPv6 addresses in the background.
	for {
		list, err := route.List(ctx, l.c, route.MatchType(route.TypeLocal), route.MatchWithin(prefix("2001:db8::/32")))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 2 {
			return l
		}
		if err := sub.ReadInto(new(route.Event)); err != nil {
			t.Fatal(err)
		}
	}
}

func linkIndex(t testing.TB, ns *nstest.NS, name string) int {
	t.Helper()
	var links []struct {
		Index int `json:"ifindex"`
	}
	unmarshal(t, ns.Run(t, "ip", "-j", "link", "show", "dev", name), &links)
	return links[0].Index
}

func unmarshal(t testing.TB, b []byte, v any) {
	t.Helper()
	if len(b) == 0 {
		return // ip prints nothing for nothing
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
}

// ipRoutes is what `ip -j -d route show` says.
func (l *lab) ipRoutes(t testing.TB, args ...string) []map[string]any {
	t.Helper()
	var routes []map[string]any
	unmarshal(t, l.ns.Run(t, "ip", append([]string{"-j", "-d"}, args...)...), &routes)
	return routes
}

// numbered returns the i-th of many destinations: every second address.
func numbered(i int) netip.Prefix {
	i *= 2
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func ip(s string) netip.Addr       { return netip.MustParseAddr(s) }

const (
	v4 = rtnl.FamilyIPv4
	v6 = rtnl.FamilyIPv6
)
