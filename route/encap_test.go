package route_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

var record = flag.Bool("record", false, "write testdata of encapsulations from the kernel at hand to TMPDIR")

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
	if k, ok := errors.AsType[*nlkit.Error](err); ok && strings.Contains(strings.ToLower(k.Message), "lwt encapsulation type") {
		nstest.Skip(t, "encap:"+e.Type().String(), "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
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
				if again := get(t); !reflect.DeepEqual(again, ours) || !sameJSON(t, show(t), text) {
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

// Each next hop has an encapsulation of its own.
func TestEncapsOfHops(t *testing.T) {
	l := newLab(t)
	for _, s := range encapSamples(t) {
		t.Run(s.Name, func(t *testing.T) {
			l.prepare(t, s)
			defer l.clear(t)
			ctx := t.Context()
			r, dst, family := encapRoute(s)
			r.Link, r.Extra = 0, nil
			r.Multipath = []route.Nexthop{{Link: l.v0, Weight: 3}, {Link: l.v1, Encap: s.Encap}}
			if !s.V4 {
				r.Multipath[0].Gateway, r.Multipath[1].Gateway = ip("2001:db8:1::2"), ip("2001:db8:2::2")
			}
			err := route.Add(ctx, l.c, r)
			if s.Encap.Type() == rtnl.EncapILA && err != nil {
				return // its module is there: of hops the kernel does not give it the destination
			}
			if err != nil {
				addEncap(t, l.c, r, s.Encap)
			}
			got := find(t, l.c, r)
			if len(got.Multipath) != 2 || got.Multipath[0].Encap != nil || got.Multipath[0].Weight != 3 {
				t.Fatalf("got %v", got)
			}
			sameEncap(t, "hop", s.Want(), got.Multipath[1].Encap)
			text := l.ipRoutes(t, family, "route", "show", "exact", dst)
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
			if again := find(t, l.c, r); !reflect.DeepEqual(again, got) || !sameJSON(t, text, l.ipRoutes(t, family, "route", "show", "exact", dst)) {
				t.Errorf("made again: %v\n%v", again, got)
			}
		})
	}
}

// TestRecordEncaps writes the testdata of the encapsulations that the kernel at
// hand has.
func TestRecordEncaps(t *testing.T) {
	if !*record {
		return
	}
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	l := newLab(t)
	for _, s := range encapSamples(t) {
		t.Run(s.Name, func(t *testing.T) {
			l.prepare(t, s)
			defer l.clear(t)
			r, dst, _ := encapRoute(s)
			addEncap(t, l.c, r, s.Encap)
			b := recordRoute(t, l.c, r)
			text := fmt.Sprintf("# RTM_NEWROUTE of a dump, Linux %s: %s encap %v\n%s", strings.TrimSpace(string(release)), dst, s.Encap, route.DumpHex(b))
			fmt.Printf("--- encap_%s.txt\n%s", s.Name, text)
			if err := os.WriteFile(filepath.Join(os.TempDir(), "encap_"+s.Name+".txt"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// recordRoute returns the message that a dump has for a route.
func recordRoute(t *testing.T, c *nlkit.Client, r route.Route) (b []byte) {
	t.Helper()
	for m, err := range c.Dump(t.Context(), nlkit.Request{Op: "record", Type: uapi.RTM_GETROUTE, Data: make([]byte, 12)}) {
		if err != nil {
			t.Fatal(err)
		}
		var e route.Route
		if ok, err := route.Decode(m.Data, &e); err != nil {
			t.Fatal(err)
		} else if ok && e.Dst == r.Dst && e.Table == rtnl.TableMain && e.Family == rtnl.FamilyOf(r.Dst.Addr()) {
			b = append([]byte{}, m.Data...)
		}
	}
	if b == nil {
		t.Fatalf("no %v", r)
	}
	return b
}
