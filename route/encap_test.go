package route_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

var record = flag.Bool("record", false, "print testdata from the kernel at hand")

// prepare makes what a sample needs in the lab, and skips the test where that is not
// to be had.
func (l *lab) prepare(t *testing.T, s route.EncapSample) {
	t.Helper()
	if s.Since != "" {
		nstest.NeedKernel(t, s.Since)
	}
	if s.Options {
		nstest.NeedKernelBefore(t, "6.15", "the kernel may kill the thread that asks for options")
	}
	switch s.Need {
	case "kind:vrf":
		if _, err := l.ns.TryRun(t, "ip", "link", "show", "vrf0"); err == nil {
			return
		}
		if _, err := l.ns.TryRun(t, "ip", "link", "add", "vrf0", "type", "vrf", "table", fmt.Sprint(route.EncapVRF)); err != nil {
			nstest.Skip(t, s.Need, "%v", err)
		}
		l.ns.Run(t, "ip", "link", "set", "vrf0", "up")
		l.sysctl(t, "vrf/strict_mode", "1")
	case "bpf":
		fd, err := loadProgram("seg6local")
		if err != nil {
			nstest.Skip(t, s.Need, "%v", err)
		}
		closeProgram(fd)
	}
	if s.Encap.Type() == rtnl.EncapXFRM { // the kernel does not load its module for a route
		_, _ = l.ns.TryRun(t, "ip", "link", "add", "x0", "type", "xfrm", "dev", "v0", "if_id", "1")
	}
}

// encapSamples returns the samples, with the BPF programs that they need for as long
// as t runs. Where loading them is not permitted, prepare skips.
func encapSamples(t *testing.T) []route.EncapSample {
	return route.EncapSamples(func(place string) int {
		fd, err := loadProgram(place)
		if err == nil {
			t.Cleanup(func() { closeProgram(fd) })
		}
		return fd
	})
}

// clear removes the routes of samples, which a failed test has left.
func (l *lab) clear(t *testing.T) {
	for _, p := range []string{"10.77.0.0/16", "2001:db8:77::/64"} {
		if err := route.Flush(context.Background(), l.c, route.MatchDst(prefix(p))); err != nil {
			t.Error(err)
		}
	}
}

// sysctl sets a sysctl of the namespace, by its path below net.
func (l *lab) sysctl(t testing.TB, name, value string) {
	t.Helper()
	l.ns.Do(t, func() {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	})
}

// needIP skips a test whose words an older iproute2 does not know.
func needIP(t *testing.T, l *lab, since string) {
	t.Helper()
	if since == "" {
		return
	}
	var have, want [2]int
	text := string(l.ns.Run(t, "ip", "-V"))
	_, version, _ := strings.Cut(text, "iproute2-")
	_, err := fmt.Sscanf(version, "%d.%d", &have[0], &have[1])
	_, err2 := fmt.Sscanf(since, "%d.%d", &want[0], &want[1])
	if err := errors.Join(err, err2); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if slices.Compare(have[:], want[:]) < 0 {
		nstest.Skip(t, "tool:ip-"+since, "this is iproute2 %s", version)
	}
}

// addEncap adds a route, and skips the test where the kernel lacks its encapsulation.
func addEncap(t *testing.T, c *nlkit.Client, r route.Route, e rtnl.Encap, opts ...route.WriteOption) {
	t.Helper()
	err := route.Add(t.Context(), c, r, opts...)
	if lacks(err) {
		nstest.Skip(t, "encap:"+e.Type().String(), "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lacks reports whether err says that the kernel lacks an encapsulation: one that it
// knows by its number, or one of a number beyond those.
func lacks(err error) bool {
	e, ok := errors.AsType[*nlkit.Error](err)
	return ok && strings.Contains(strings.ToLower(e.Message), "lwt encapsulation type")
}

// encapRoute is the route of a sample, and its destination for iproute2.
func encapRoute(s route.EncapSample) (route.Route, string, string) {
	dst, family := "2001:db8:77::/64", "-6"
	if s.V4 {
		dst, family = "10.77.0.0/16", "-4"
	}
	return route.Route{Dst: prefix(dst), Link: route.EncapLink, Extra: &route.Extra{Encap: s.Encap}}, dst, family
}

// sameEncap fails unless the kernel reports what is wanted. The number of a program
// is another each time.
func sameEncap(t *testing.T, what string, want, got rtnl.Encap) {
	t.Helper()
	if e, ok := got.(*rtnl.SEG6LocalEncap); ok && e.BPF != nil {
		if e.BPF.ID == 0 {
			t.Errorf("%s: the program has no number", what)
		}
		e.BPF.ID = 0
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: got %v\nwant %v\n%#v\n%#v", what, got, want, got, want)
	}
}

// What is set reads back, whether this package or iproute2 set it; it can be added
// again as it was read; iproute2 says the same of all of them, and deletes by its
// own words what this package made.
func TestEncaps(t *testing.T) {
	l := newLab(t)
	for _, s := range encapSamples(t) {
		t.Run(s.Name, func(t *testing.T) {
			l.prepare(t, s)
			defer l.clear(t)
			ctx := t.Context()
			r, dst, family := encapRoute(s)
			get := func(t *testing.T) route.Route {
				t.Helper()
				got := find(t, l.c, r)
				if got.Extra == nil || got.Link != l.v0 || len(got.Extra.Rest) > 0 {
					t.Fatalf("got %+v %+v", got, got.Extra)
				}
				return got
			}
			show := func(t *testing.T) []map[string]any {
				t.Helper()
				return l.ipRoutes(t, family, "route", "show", "exact", dst)
			}
			var into route.Route
			addEncap(t, l.c, r, s.Encap, route.Into(&into))
			ours, text := get(t), show(t)
			sameEncap(t, "made here", s.Want(), ours.Extra.Encap)
			sameEncap(t, "echoed", s.Want(), into.Extra.Encap)

			if s.Need == "bpf" { // the kernel reports no descriptors
				err := route.Replace(ctx, l.c, ours)
				if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || !strings.Contains(err.Error(), "has no descriptor") {
					t.Errorf("a program without a descriptor: %v", err)
				}
			}
			if err := route.Delete(ctx, l.c, ours); err != nil {
				t.Fatalf("deleting what was read: %v", err)
			}
			if s.Need != "bpf" {
				if err := route.Add(ctx, l.c, ours); err != nil {
					t.Fatalf("adding what was read: %v", err)
				}
				if again := get(t); !reflect.DeepEqual(again, ours) {
					t.Errorf("made again: %+v %v\n%+v %v", again, again.Extra.Encap, ours, ours.Extra.Encap)
				}
				if err := route.Delete(ctx, l.c, r); err != nil {
					t.Fatalf("deleting what was asked for: %v", err)
				}
			}
			if s.IP == "" {
				return
			}
			t.Run("ip", func(t *testing.T) {
				needIP(t, l, s.IPSince)
				words := append([]string{dst, "encap"}, append(strings.Fields(s.IP), "dev", "v0")...)
				l.ns.Run(t, "ip", append([]string{family, "route", "add"}, words...)...)
				theirs := get(t)
				sameEncap(t, "made by ip", s.Want(), theirs.Extra.Encap)
				if !sameJSON(t, show(t), text) {
					t.Errorf("ip says of ours %v\nand of its own %v", text, show(t))
				}
				if err := route.Delete(ctx, l.c, theirs); err != nil {
					t.Fatal(err)
				}
				if err := route.Add(ctx, l.c, r); err != nil {
					t.Fatal(err)
				}
				l.ns.Run(t, "ip", append([]string{family, "route", "del"}, words...)...)
				if list, err := route.List(ctx, l.c, route.MatchDst(r.Dst)); err != nil || len(list) > 0 {
					t.Errorf("after ip deleted it: %v, %v", list, err)
				}
			})
		})
	}
}

// The words of String are those that iproute2 takes.
func TestEncapWords(t *testing.T) {
	for _, s := range encapSamples(t) {
		words := strings.NewReplacer("oif v0", "oif 50", "link_dev v0", "link_dev 50").Replace(s.IP)
		if s.IP == "" || s.Name == "seg6local_count" { // in another order
			continue
		}
		got := s.Encap.String()
		if s.Name == "seg6_inline" || s.Name == "seg6local_end_b6" {
			got = strings.TrimSuffix(got, ",::")
		}
		if got != words {
			t.Errorf("%s: got %q, of ip %q", s.Name, got, words)
		}
	}
}

// Each next hop has an encapsulation of its own, of every type.
func TestEncapsOfHops(t *testing.T) {
	l := newLab(t)
	done := map[rtnl.EncapType]bool{}
	for _, s := range encapSamples(t) {
		if done[s.Encap.Type()] {
			continue
		}
		done[s.Encap.Type()] = true
		t.Run(s.Encap.Type().String(), func(t *testing.T) {
			l.prepare(t, s)
			defer l.clear(t)
			ctx := t.Context()
			r, _, _ := encapRoute(s)
			r.Link, r.Extra = 0, nil
			r.Multipath = []route.Nexthop{{Link: l.v0, Weight: 3}, {Link: l.v1, Encap: s.Encap}}
			if !s.V4 {
				r.Multipath[0].Gateway, r.Multipath[1].Gateway = ip("2001:db8:1::2"), ip("2001:db8:2::2")
			}
			addEncap(t, l.c, r, s.Encap)
			got := find(t, l.c, r)
			if len(got.Multipath) != 2 || got.Multipath[0].Encap != nil || got.Multipath[0].Weight != 3 {
				t.Fatalf("got %v", got)
			}
			sameEncap(t, "hop", s.Want(), got.Multipath[1].Encap)
			if err := route.Delete(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			if s.Need == "bpf" {
				if err := route.Add(ctx, l.c, got); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "RTA_MULTIPATH[1].RTA_ENCAP.") {
					t.Errorf("a program without a descriptor: %v", err)
				}
				return
			}
			if err := route.Add(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			if again := find(t, l.c, r); !reflect.DeepEqual(again, got) {
				t.Errorf("made again: %v\n%v", again, got)
			}
		})
	}
}

// TestRecord prints the testdata of encapsulations, of MPLS and of multicast routes
// that the kernel at hand has.
func TestRecord(t *testing.T) {
	if !*record {
		return
	}
	l := newLab(t)
	for _, s := range encapSamples(t) {
		t.Run(s.Name, func(t *testing.T) {
			l.prepare(t, s)
			defer l.clear(t)
			r, _, _ := encapRoute(s)
			addEncap(t, l.c, r, s.Encap)
			recordRoute(t, l.c, "encap_"+s.Name, func(got route.Route) bool { return got.Dst == r.Dst })
		})
	}
	t.Run("mpls", func(t *testing.T) {
		l := newMPLSLab(t)
		for name, s := range l.mplsSamples() {
			if err := route.Add(t.Context(), l.c, s.route); err != nil {
				t.Fatal(err)
			}
			recordRoute(t, l.c, "mpls_"+strings.NewReplacer(" ", "_", "-", "_").Replace(name), func(got route.Route) bool {
				return got.Family == mpls && got.Extra.Label == s.route.Extra.Label
			})
		}
	})
}

// recordRoute prints the message that a dump has for a route.
func recordRoute(t *testing.T, c *nlkit.Client, name string, wanted func(route.Route) bool) {
	t.Helper()
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	for m, err := range c.Dump(t.Context(), nlkit.Request{Op: "record", Type: uapi.RTM_GETROUTE, Data: make([]byte, 12)}) {
		if err != nil {
			t.Fatal(err)
		}
		var r route.Route
		if ok, err := route.Decode(m.Data, &r); err != nil {
			t.Fatal(err)
		} else if ok && wanted(r) {
			fmt.Printf("--- %s.txt\n# RTM_NEWROUTE of a dump, Linux %s: %v\n%s", name, strings.TrimSpace(string(release)), r, route.DumpHex(m.Data))
		}
	}
}

// The kernel's extended acks lead to the attribute inside an encapsulation, also of
// a next hop.
func TestKernelPointsIntoEncap(t *testing.T) {
	l := newLab(t)
	unknown := func(typ rtnl.EncapType, b []byte) rtnl.Encap { return &rtnl.UnknownEncap{Kind: typ, Data: b} }
	for _, tt := range []struct {
		name string
		e    rtnl.Encap
		attr string
		want error
	}{
		{"short id", unknown(rtnl.EncapIP, attr.AppendUint8(nil, uapi.LWTUNNEL_IP_ID, 1)), "RTA_ENCAP.LWTUNNEL_IP_ID", fs.ErrInvalid},
		{"short address", unknown(rtnl.EncapIP6, attr.AppendUint32(nil, uapi.LWTUNNEL_IP6_DST, 1)), "RTA_ENCAP.LWTUNNEL_IP6_DST", fs.ErrInvalid},
		{"short action", unknown(rtnl.EncapSEG6Local, attr.AppendUint8(nil, uapi.SEG6_LOCAL_ACTION, 1)), "RTA_ENCAP.SEG6_LOCAL_ACTION", fs.ErrInvalid},
		{"implicit null", &rtnl.MPLSEncap{Labels: rtnl.Labels{100, 3}}, "RTA_ENCAP.MPLS_IPTUNNEL_DST", fs.ErrInvalid},
		{"long ttl", unknown(rtnl.EncapMPLS, attr.AppendBytes(nil, uapi.MPLS_IPTUNNEL_TTL, nil)), "RTA_ENCAP.MPLS_IPTUNNEL_TTL", fs.ErrInvalid},
		{"type", unknown(99, nil), "", fs.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			alone := route.Route{Dst: prefix("2001:db8:77::/64"), Link: l.v0, Extra: &route.Extra{Encap: tt.e}}
			hops := route.Route{Dst: alone.Dst, Multipath: []route.Nexthop{
				{Link: l.v0, Gateway: ip("2001:db8:1::2")}, {Link: l.v1, Gateway: ip("2001:db8:2::2"), Encap: tt.e},
			}}
			for path, r := range map[string]route.Route{"": alone, "RTA_MULTIPATH[1].": hops} {
				err := route.Add(t.Context(), l.c, r)
				e, ok := errors.AsType[*nlkit.Error](err)
				if ok && e.Errno == syscall.EOPNOTSUPP && tt.e.Type() != 99 {
					nstest.Skip(t, "encap:"+tt.e.Type().String(), "%v", err)
				}
				want := tt.attr
				if want != "" {
					want = path + want
				}
				switch {
				case tt.e.Type() == 99: // of hops the kernel has another errno
					if !ok || !lacks(err) {
						t.Errorf("got %v", err)
					}
				case !ok || !errors.Is(err, tt.want) || e.Attr != want:
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

// A segment routing header with more in it than the struct can say survives.
func TestUnknownEncapSurvives(t *testing.T) {
	l := newLab(t)
	srh := append([]byte{1, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 7}, ip("fc00::1").AsSlice()...) // mode encap, tag 7
	if !nstest.LittleEndian() {
		srh[0], srh[3] = 0, 1
	}
	want := &rtnl.UnknownEncap{Kind: rtnl.EncapSEG6, Data: attr.AppendBytes(nil, uapi.SEG6_IPTUNNEL_SRH, srh)}
	r := route.Route{Dst: prefix("10.77.0.0/16"), Link: l.v0, Extra: &route.Extra{Encap: want}}
	addEncap(t, l.c, r, want)
	got := find(t, l.c, r)
	sameEncap(t, "kept", want, got.Extra.Encap)
	if err := errors.Join(route.Delete(t.Context(), l.c, got), route.Add(t.Context(), l.c, got)); err != nil {
		t.Fatal(err)
	}
	if again := find(t, l.c, r); !reflect.DeepEqual(again, got) {
		t.Errorf("made again: %v\n%v", again, got)
	}
}

// A route with as many next hops as the kernel can list has them all.
func TestThousandHops(t *testing.T) {
	l := newLab(t)
	r := route.Route{Dst: prefix("10.77.0.0/16")}
	for i := range 1000 {
		r.Multipath = append(r.Multipath, route.Nexthop{Link: l.v0, Gateway: netip.AddrFrom4([4]byte{10, 1, 0, byte(2 + i%250)}), Weight: 1 + i%256})
	}
	r6 := route.Route{Dst: prefix("2001:db8:77::/64")}
	for i := range 500 { // IPv6 has none twice
		r6.Multipath = append(r6.Multipath, route.Nexthop{
			Link: l.v0, Gateway: netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 1, 14: byte(1 + i/250), 15: byte(2 + i%250)}), Weight: 1 + i%256,
		})
	}
	with := route.Route{Dst: prefix("10.78.0.0/16")} // an encapsulation takes 44 bytes, a list of routes holds 32 KiB of one
	for i := range 550 {
		with.Multipath = append(with.Multipath, route.Nexthop{
			Link: l.v1, Weight: 1 + i%256,
			Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: []netip.Addr{netip.AddrFrom16([16]byte{0xfc, 14: byte(i >> 8), 15: byte(i)})}},
		})
	}
	for _, r := range []route.Route{r, r6, with} {
		var into route.Route
		var err error
		nstest.Eventually(t, func() string { // each hop takes memory of each CPU, of which the kernel keeps little ready
			if err = route.Add(t.Context(), l.c, r, route.Into(&into)); errors.Is(err, syscall.ENOMEM) {
				return "ENOMEM all the time"
			}
			return ""
		})
		if lacks(err) {
			continue // TestEncaps says so
		}
		if err != nil {
			t.Fatal(err)
		}
		got := find(t, l.c, r)
		if len(got.Multipath) != len(r.Multipath) {
			t.Fatalf("%v: %d next hops of %d", r.Dst, len(got.Multipath), len(r.Multipath))
		}
		for i, h := range r.Multipath {
			if !reflect.DeepEqual(got.Multipath[i], h) {
				t.Fatalf("%v: next hop %d: %+v, want %+v", r.Dst, i, got.Multipath[i], h)
			}
		}
		if !reflect.DeepEqual(into, got) {
			t.Errorf("%v: echoed and listed differ", r.Dst)
		}
		if err := route.Delete(t.Context(), l.c, got); err != nil {
			t.Fatal(err)
		}
	}
}
