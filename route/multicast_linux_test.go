package route_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// include/uapi/linux/mroute.h and mroute6.h, which have the same numbers.
const (
	mrtInit   = 200
	mrtAddVIF = 202
	mrtAddMFC = 204

	viffUseIfindex = 8
)

// routeMulticast makes the namespace route multicast packets from origin to group,
// which come in by v0, to v1 if their TTL is at least 3, as a routing daemon would:
// as long as the test runs.
func (l *lab) routeMulticast(t *testing.T, name string, origin, group netip.Addr) {
	t.Helper()
	l.ns.Do(t, func() {
		family, protocol, level := unix.AF_INET, unix.IPPROTO_IGMP, unix.IPPROTO_IP
		if origin.Is6() {
			family, protocol, level = unix.AF_INET6, unix.IPPROTO_ICMPV6, unix.IPPROTO_IPV6
		}
		fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		if err := unix.SetsockoptInt(fd, level, mrtInit, 1); err != nil {
			nstest.Skip(t, "route:"+name, "%v", err)
		}
		u16, u32 := binary.NativeEndian.AppendUint16, binary.NativeEndian.AppendUint32
		set := func(option int, b []byte) {
			if err := unix.SetsockoptString(fd, level, option, string(b)); err != nil {
				t.Fatalf("%v option %d: %v", origin, option, err)
			}
		}
		for i, link := range []int{l.v0, l.v1} {
			if origin.Is6() { // struct mif6ctl
				set(mrtAddVIF, u32(append(u16(append(u16(nil, uint16(i)), 0, 3), uint16(link)), 0, 0), 0))
			} else { // struct vifctl
				set(mrtAddVIF, u32(u32(u32(append(u16(nil, uint16(i)), viffUseIfindex, 3), 0), uint32(link)), 0))
			}
		}
		if origin.Is6() { // struct mf6cctl
			sockaddr := func(b []byte, a netip.Addr) []byte {
				return append(append(append(u16(b, unix.AF_INET6), 0, 0, 0, 0, 0, 0), a.AsSlice()...), 0, 0, 0, 0)
			}
			b := append(u16(sockaddr(sockaddr(nil, origin), group), 0), 0, 0)
			set(mrtAddMFC, append(u32(b, 1<<1), make([]byte, 28)...))
			return
		}
		ttls := make([]byte, 32) // struct mfcctl
		ttls[1] = 3
		b := append(u16(append(origin.AsSlice(), group.AsSlice()...), 0), ttls...)
		set(mrtAddMFC, append(b, make([]byte, 2+16)...))
	})
}

// Multicast routes are listed and announced, with their use.
func TestMulticast(t *testing.T) {
	for name, tt := range map[string]struct {
		family        rtnl.Family
		origin, group netip.Addr
		minTTL        uint8
	}{
		"ipmr":  {rtnl.FamilyIPMR, ip("10.1.0.9"), ip("239.1.1.1"), 3},
		"ip6mr": {rtnl.FamilyIP6MR, ip("2001:db8:1::9"), ip("ff05::1:1"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sub, err := route.SubscribeFamilies(ctx, l.c, []rtnl.Family{tt.family})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			l.routeMulticast(t, name, tt.origin, tt.group)

			if *record {
				recordRoute(t, l.c, "multicast_"+name, func(r route.Route) bool { return r.Family == tt.family })
			}
			for client, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": livetest.In(t, l.ns, nlkit.WithStrict(false))} {
				list, err := route.List(ctx, c, route.MatchFamily(tt.family))
				if err != nil || len(list) != 1 {
					t.Fatalf("%s: got %v, %v", client, list, err)
				}
				r := list[0]
				if r.Family != tt.family || r.Dst != netip.PrefixFrom(tt.group, tt.group.BitLen()) || r.Type != route.TypeMulticast || r.Extra == nil {
					t.Fatalf("%s: got %+v", client, r)
				}
				if r.Extra.Src != netip.PrefixFrom(tt.origin, tt.origin.BitLen()) || r.Extra.IIF != l.v0 || r.Extra.Multicast == nil || len(r.Extra.Rest) > 0 {
					t.Errorf("%s: got %+v", client, r.Extra)
				}
				if want := []route.Nexthop{{Link: l.v1, MinTTL: tt.minTTL}}; !reflect.DeepEqual(r.Multipath, want) {
					t.Errorf("%s: got %+v, want %+v", client, r.Multipath, want)
				}
				if m := r.Extra.Multicast; m != nil && (m.Packets != 0 || m.LastUse < 0 || m.LastUse > time.Minute) {
					t.Errorf("%s: got %+v", client, m)
				}
				for opt, n := range map[string]int{"group": 1, "other group": 0, "table": 0} {
					o := map[string]route.ListOption{
						"group":       route.MatchWithin(netip.PrefixFrom(tt.group, 8)),
						"other group": route.MatchDst(netip.PrefixFrom(tt.group.Next(), tt.group.BitLen())),
						"table":       route.MatchTable(4711),
					}[opt]
					if some, err := route.List(ctx, c, route.MatchFamily(tt.family), o); err != nil || len(some) != n {
						t.Errorf("%s, %s: %v, %v", client, opt, some, err)
					}
				}
				all, err := route.List(ctx, c)
				if err != nil || slices.ContainsFunc(all, func(r route.Route) bool { return r.Family == tt.family }) {
					t.Errorf("%s: they are among the others: %v, %v", client, all, err)
				}
			}
			var e route.Event
			if err := sub.ReadInto(&e); err != nil || e.Type != nlkit.Updated || e.Object.Family != tt.family || e.Object.Extra.IIF != l.v0 {
				t.Errorf("event %+v, %v", e, err)
			}
			words := string(l.ns.Run(t, "ip", "-family", map[string]string{"ipmr": "inet", "ip6mr": "inet6"}[name], "mroute", "show", "table", "all"))
			if !strings.Contains(words, "("+tt.origin.String()+","+tt.group.String()+")") || !strings.Contains(words, "Iif: v0") {
				t.Errorf("ip says %q", words)
			}
			if err := route.Flush(ctx, l.c, route.MatchFamily(tt.family)); err == nil || !strings.Contains(err.Error(), "only read") {
				t.Errorf("flushed: %v", err)
			}
			if err := route.Flush(ctx, l.c, route.MatchFamily(tt.family), route.MatchTable(4711)); err != nil {
				t.Errorf("flushed nothing: %v", err)
			}
		})
	}
}
