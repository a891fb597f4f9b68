package addr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// A sample is an address, and the arguments that make the same with ip, "" where
// iproute2 6.1 has no word for it.
type sample struct {
	a  addr.Address
	ip string
}

// samples are addresses with each attribute.
func samples() map[string]sample {
	return map[string]sample{
		"plain":     {addr.Address{Prefix: prefix("192.0.2.1/24")}, "192.0.2.1/24"},
		"broadcast": {addr.Address{Prefix: prefix("192.0.2.1/25"), Broadcast: addr.BroadcastOf(prefix("192.0.2.1/25"))}, "192.0.2.1/25 brd +"},
		"old broadcast": {
			addr.Address{Prefix: prefix("192.0.2.1/24"), Broadcast: ip("192.0.2.0")},
			"192.0.2.1/24 brd -",
		},
		"label": {addr.Address{Prefix: prefix("192.0.2.1/24"), Label: "v0:web"}, "192.0.2.1/24 label v0:web"},
		"long label": {
			addr.Address{Prefix: prefix("192.0.2.1/24"), Label: "v0:12345678901x"},
			"192.0.2.1/24 label v0:12345678901x",
		},
		"peer":      {addr.Address{Prefix: prefix("192.0.2.1/32"), Peer: ip("192.0.2.9")}, "192.0.2.1 peer 192.0.2.9/32"},
		"peer net":  {addr.Address{Prefix: prefix("192.0.2.1/24"), Peer: ip("198.51.100.9")}, "192.0.2.1 peer 198.51.100.9/24"},
		"anycast":   {addr.Address{Prefix: prefix("192.0.2.1/24"), Anycast: ip("192.0.2.7")}, "192.0.2.1/24 anycast 192.0.2.7"},
		"scope":     {addr.Address{Prefix: prefix("192.0.2.1/24"), Scope: rtnl.ScopeLink}, "192.0.2.1/24 scope link"},
		"own scope": {addr.Address{Prefix: prefix("192.0.2.1/24"), Scope: 77}, "192.0.2.1/24 scope 77"},
		"loopback":  {addr.Address{Prefix: prefix("127.9.0.1/24")}, "127.9.0.1/24"},
		"priority":  {addr.Address{Prefix: prefix("192.0.2.1/24"), Priority: 77}, "192.0.2.1/24 metric 77"},
		"protocol":  {addr.Address{Prefix: prefix("192.0.2.1/24"), Protocol: 42}, ""},
		"flags":     {addr.Address{Prefix: prefix("192.0.2.1/24"), Flags: addr.FlagNoPrefixRoute}, "192.0.2.1/24 noprefixroute"},
		"autojoin":  {addr.Address{Prefix: prefix("233.252.0.7/24"), Flags: addr.FlagAutoJoin}, "233.252.0.7/24 autojoin"},
		"forever":   {addr.Address{Prefix: prefix("192.0.2.1/24"), ValidLifetime: addr.Forever}, "192.0.2.1/24 valid_lft forever"},
		"lifetimes": {
			addr.Address{Prefix: prefix("192.0.2.1/24"), ValidLifetime: 5000 * time.Second, PreferredLifetime: 3000 * time.Second},
			"192.0.2.1/24 valid_lft 5000 preferred_lft 3000",
		},
		"deprecated": {
			addr.Address{Prefix: prefix("192.0.2.1/24"), ValidLifetime: 5000 * time.Second, Flags: addr.FlagDeprecated},
			"192.0.2.1/24 valid_lft 5000 preferred_lft 0",
		},
		"much": {
			addr.Address{
				Prefix: prefix("192.0.2.1/28"), Peer: ip("198.51.100.1"), Broadcast: ip("198.51.100.15"), Label: "v0:1", Scope: rtnl.ScopeSite,
				Priority: 9, Flags: addr.FlagNoPrefixRoute, ValidLifetime: 5000 * time.Second, PreferredLifetime: 1000 * time.Second,
			},
			"192.0.2.1 peer 198.51.100.1/28 brd + label v0:1 scope site metric 9 noprefixroute valid_lft 5000 preferred_lft 1000",
		},
		"plain 6":      {addr.Address{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD}, "2001:db8::1/64 nodad"},
		"link-local 6": {addr.Address{Prefix: prefix("fe80::7/64"), Flags: addr.FlagNoDAD}, "fe80::7/64 nodad"},
		"protocol 6":   {addr.Address{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD, Protocol: 42}, ""},
		"peer 6": {
			addr.Address{Prefix: prefix("2001:db8::1/128"), Peer: ip("2001:db8::9"), Flags: addr.FlagNoDAD},
			"2001:db8::1 peer 2001:db8::9/128 nodad",
		},
		"flags 6": {
			addr.Address{Prefix: prefix("2001:db8::1/64"), Priority: 7, Flags: addr.FlagNoDAD | addr.FlagHome | addr.FlagNoPrefixRoute},
			"2001:db8::1/64 metric 7 nodad home noprefixroute",
		},
		"temporary 6": {
			addr.Address{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD | addr.FlagManageTemp},
			"2001:db8::1/64 nodad mngtmpaddr",
		},
		"autojoin 6": {
			addr.Address{Prefix: prefix("ff05::7/64"), Flags: addr.FlagNoDAD | addr.FlagAutoJoin},
			"ff05::7/64 nodad autojoin",
		},
		"lifetimes 6": {
			addr.Address{
				Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD,
				ValidLifetime: 5000 * time.Second, PreferredLifetime: 3000 * time.Second,
			},
			"2001:db8::1/64 nodad valid_lft 5000 preferred_lft 3000",
		},
		"deprecated 6": {
			addr.Address{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD | addr.FlagDeprecated},
			"2001:db8::1/64 nodad preferred_lft 0",
		},
	}
}

// stable returns a without what time changes.
func stable(a addr.Address) addr.Address {
	a.Created, a.Updated = 0, 0
	for _, d := range []*time.Duration{&a.ValidLifetime, &a.PreferredLifetime} {
		if *d != addr.Forever {
			*d = d.Round(100 * time.Second)
		}
	}
	return a
}

// asRead returns what reading gives of an address of v0 that a made.
func asRead(a addr.Address) addr.Address {
	ip, deprecated := a.Prefix.Addr(), a.Flags.Has(addr.FlagDeprecated)
	if a.Label == "" && ip.Is4() {
		a.Label = "v0"
	}
	switch {
	case ip.IsLoopback():
		a.Scope = rtnl.ScopeHost
	case ip.IsLinkLocalUnicast():
		a.Scope = rtnl.ScopeLink
	case ip.Is6() && ip.IsMulticast(): // ff05:: is of a site
		a.Scope = rtnl.ScopeSite
	}
	if a.ValidLifetime == 0 {
		a.ValidLifetime = addr.Forever
	}
	if a.PreferredLifetime == 0 && !deprecated {
		a.PreferredLifetime = a.ValidLifetime
	}
	if a.ValidLifetime == addr.Forever {
		a.Flags |= addr.FlagPermanent
	}
	a.Anycast = netip.Addr{} // the kernel takes it and forgets it
	return a
}

func TestAddListDelete(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			want := s.a
			want.Link = l.v0
			var into addr.Address
			if err := addr.Add(ctx, l.c, want, addr.Into(&into)); err != nil {
				t.Fatal(err)
			}
			got, err := addr.Get(ctx, l.c, l.v0, want.Prefix)
			if err != nil {
				t.Fatal(err)
			}
			if stable(into) != stable(got) {
				t.Errorf("Into %+v\nGet  %+v", into, got)
			}
			if got.Created == 0 || got.Updated < got.Created {
				t.Errorf("created %v, updated %v", got.Created, got.Updated)
			}
			if stable(got) != asRead(want) {
				t.Errorf("got  %+v\nwant %+v", got, asRead(want))
			}
			if err := addr.Add(ctx, l.c, want); !errors.Is(err, fs.ErrExist) {
				t.Errorf("added twice: %v", err)
			}
			if err := addr.Delete(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			if err := addr.Delete(ctx, l.c, got); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("deleted twice: %v", err)
			}
			if _, err := addr.Get(ctx, l.c, l.v0, want.Prefix); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got after it was deleted: %v", err)
			}
			// What List returned can be added again.
			if err := addr.Add(ctx, l.c, got); err != nil {
				t.Fatal(err)
			}
			again, err := addr.Get(ctx, l.c, l.v0, want.Prefix)
			if err != nil || stable(again) != stable(got) {
				t.Errorf("added from a list: %v\n%+v\n%+v", err, again, got)
			}
			if err := addr.Delete(ctx, l.c, want); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, p := range []netip.Prefix{prefix("192.0.2.1/24"), prefix("2001:db8::1/64")} {
		a := addr.Address{Link: l.v0, Prefix: p, ValidLifetime: 1000 * time.Second, PreferredLifetime: 499*time.Second + 1}
		var got addr.Address
		if err := addr.Replace(ctx, l.c, a, addr.Into(&got)); err != nil {
			t.Fatal(err)
		}
		if stable(got).ValidLifetime != 1000*time.Second || stable(got).PreferredLifetime != 500*time.Second || got.Flags.Has(addr.FlagPermanent) {
			t.Errorf("made: %+v", got)
		}
		// Twice the same, and then without an end.
		if err := addr.Replace(ctx, l.c, got, addr.Into(&got)); err != nil {
			t.Fatal(err)
		}
		a.ValidLifetime, a.PreferredLifetime = 0, 0
		if err := addr.Replace(ctx, l.c, a, addr.Into(&got)); err != nil {
			t.Fatal(err)
		}
		if got.ValidLifetime != addr.Forever || got.PreferredLifetime != addr.Forever || !got.Flags.Has(addr.FlagPermanent) {
			t.Errorf("replaced: %+v", got)
		}
	}
}

// TestReplaceKeeps: what the kernel keeps of an address that is replaced, and that Into
// finds it all the same.
func TestReplaceKeeps(t *testing.T) {
	l := newQuietLab(t)
	ctx := t.Context()
	a4 := addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24"), Label: "v0:a", Broadcast: ip("192.0.2.255")}
	a6 := addr.Address{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Peer: ip("2001:db8::2")}
	must(t, addr.Add(ctx, l.c, a4))
	must(t, addr.Add(ctx, l.c, a6))
	other4, other6, length6 := a4, a6, a6
	other4.Label, other4.Broadcast, other4.Flags, other4.Priority = "v0:b", ip("192.0.2.254"), addr.FlagNoPrefixRoute, 7
	other6.Peer, other6.Flags, other6.Priority = ip("2001:db8::3"), addr.FlagNoPrefixRoute, 7
	length6.Prefix, length6.Peer, length6.Priority = prefix("2001:db8::1/80"), netip.Addr{}, 7
	for _, test := range []struct{ a, want addr.Address }{
		{other4, addr.Address{Prefix: a4.Prefix, Label: a4.Label, Broadcast: a4.Broadcast, Priority: 7}},
		{other6, addr.Address{Prefix: a6.Prefix, Peer: other6.Peer, Flags: addr.FlagNoPrefixRoute, Priority: 7}},
		{length6, addr.Address{Prefix: a6.Prefix, Peer: other6.Peer, Priority: 7}},
	} {
		var got addr.Address
		if err := addr.Replace(ctx, l.c, test.a, addr.Into(&got)); err != nil {
			t.Errorf("%v: %v", test.a, err)
			continue
		}
		got = addr.Address{Prefix: got.Prefix, Peer: got.Peer, Label: got.Label, Broadcast: got.Broadcast, Flags: got.Flags & addr.FlagNoPrefixRoute, Priority: got.Priority}
		if got != test.want {
			t.Errorf("%v: got %v, label %q, flags %v, priority %d", test.a, got, got.Label, got.Flags, got.Priority)
		}
	}
}

// An optimistic address is in use during the detection of duplicates, where the link
// allows it (CONFIG_IPV6_OPTIMISTIC_DAD, sysctl optimistic_dad).
func TestOptimistic(t *testing.T) {
	l := newQuietLab(t)
	a := addr.Address{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagOptimistic}
	const setting = "net/ipv6/conf/v0/optimistic_dad"
	l.ns.Do(t, func() {
		if _, err := os.Stat("/proc/sys/" + setting); err != nil {
			nstest.Skip(t, "sysctl:optimistic_dad", "%v", err)
		}
	})
	for value, want := range map[string]addr.Flags{"0": 0, "1": addr.FlagOptimistic} {
		l.sysctl(t, setting, value)
		var got addr.Address
		if err := addr.Add(t.Context(), l.c, a, addr.Into(&got)); err != nil {
			t.Fatal(err)
		}
		if got.Flags&addr.FlagOptimistic != want {
			t.Errorf("optimistic_dad %s: flags %v", value, got.Flags)
		}
		if err := addr.Delete(t.Context(), l.c, got); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProtocol(t *testing.T) {
	l := newLab(t)
	var lo addr.Address
	for a, err := range addr.All(t.Context(), l.c, addr.MatchPrefix(prefix("::1/128"))) {
		if err != nil {
			t.Fatal(err)
		}
		lo = a
	}
	var got addr.Address
	err := addr.Add(t.Context(), l.c, addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24"), Protocol: 42}, addr.Into(&got))
	if err != nil {
		t.Fatal(err)
	}
	// Linux 5.18 has protocols; older kernels ignore the attribute.
	if want := addr.Protocol(42); lo.Protocol == addr.ProtocolKernelLoopback && got.Protocol != want || lo.Protocol == 0 && got.Protocol != 0 {
		t.Errorf("%v on lo, and got %v", lo.Protocol, got.Protocol)
	}
}

func TestKernelErrors(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	a := addr.Address{Link: 999, Prefix: prefix("192.0.2.1/24")}
	a6 := addr.Address{Link: 999, Prefix: prefix("2001:db8::1/64")}
	get := func(link int, p string) error {
		_, err := addr.Get(ctx, l.c, link, prefix(p))
		return err
	}
	for _, tt := range []struct {
		err  error
		want error
		text string
	}{
		{addr.Add(ctx, l.c, a), fs.ErrNotExist, "addr.Add 192.0.2.1/24 dev 999: no such device"},
		{addr.Add(ctx, l.c, a6), fs.ErrNotExist, "addr.Add 2001:db8::1/64 dev 999: no such device"},
		{addr.Replace(ctx, l.c, a), fs.ErrNotExist, "addr.Replace 192.0.2.1/24 dev 999"},
		{addr.Delete(ctx, l.c, a), fs.ErrNotExist, "addr.Delete 192.0.2.1/24 dev 999"},
		{addr.Delete(ctx, l.c, a6), fs.ErrNotExist, "addr.Delete 2001:db8::1/64 dev 999"},
		{addr.Add(ctx, l.c, addr.Address{Link: l.v0, Prefix: prefix("2001:db8::1/65"), Flags: addr.FlagManageTemp}), fs.ErrInvalid, "addr.Add 2001:db8::1/65"},
		{addr.Add(ctx, l.c, addr.Address{Link: l.v0, Prefix: prefix("ff02::7/64")}), syscall.EADDRNOTAVAIL, "addr.Add ff02::7/64"},
		{get(l.v0, "192.0.2.1/24"), fs.ErrNotExist, "addr.Get 192.0.2.1/24 dev " + strconv.Itoa(l.v0)},
		{get(999, "192.0.2.1/24"), fs.ErrNotExist, "addr.Get 192.0.2.1/24 dev 999"},
	} {
		var e *nlkit.Error
		if !errors.Is(tt.err, tt.want) || !errors.As(tt.err, &e) || !e.Sent || !strings.Contains(tt.err.Error(), tt.text) {
			t.Errorf("got %v, want %v and %q", tt.err, tt.want, tt.text)
		}
	}

	// Two addresses that differ in their peer only.
	a = addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/32"), Peer: ip("192.0.2.8")}
	b := a
	b.Peer = ip("192.0.2.9")
	if err := errors.Join(addr.Add(ctx, l.c, a), addr.Add(ctx, l.c, b)); err != nil {
		t.Fatal(err)
	}
	if err := get(l.v0, "192.0.2.1/32"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of two addresses: %v", err)
	}
	if err := addr.Delete(ctx, l.c, a); err != nil {
		t.Fatal(err)
	}
	if got, err := addr.Get(ctx, l.c, l.v0, b.Prefix); err != nil || got.Peer != b.Peer {
		t.Errorf("the other one: %+v, %v", got, err)
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	l := newLab(t)
	v4, v6 := prefix("192.0.2.1/24"), prefix("2001:db8::1/64")
	for _, tt := range []struct {
		a    addr.Address
		attr string
		text string
	}{
		{addr.Address{}, "ifa_index", "0 is no index"},
		{addr.Address{Link: -1, Prefix: v4}, "ifa_index", "-1 is no index"},
		{addr.Address{Link: 1}, "IFA_LOCAL", "no valid prefix"},
		{addr.Address{Link: 1, Prefix: netip.PrefixFrom(ip("192.0.2.1"), 33)}, "IFA_LOCAL", "no valid prefix"},
		{addr.Address{Link: 1, Prefix: netip.PrefixFrom(ip("::ffff:192.0.2.1"), 24)}, "IFA_LOCAL", "unmap it"},
		{addr.Address{Link: 1, Prefix: v4, Peer: ip("2001:db8::2")}, "IFA_ADDRESS", "not of the family"},
		{addr.Address{Link: 1, Prefix: v6, Peer: ip("192.0.2.2")}, "IFA_ADDRESS", "not of the family"},
		{addr.Address{Link: 1, Prefix: v6, Peer: ip("fe80::1%v0")}, "IFA_ADDRESS", "zone"},
		{addr.Address{Link: 1, Prefix: v6, Broadcast: ip("192.0.2.255")}, "IFA_BROADCAST", "IPv4 only"},
		{addr.Address{Link: 1, Prefix: v4, Broadcast: ip("2001:db8::2")}, "IFA_BROADCAST", "IPv4 only"},
		{addr.Address{Link: 1, Prefix: v4, Anycast: ip("2001:db8::2")}, "IFA_ANYCAST", "not of the family"},
		{addr.Address{Link: 1, Prefix: v6, Label: "x"}, "IFA_LABEL", "IPv4 only"},
		{addr.Address{Link: 1, Prefix: v4, Label: "sixteen-letters!"}, "IFA_LABEL", "longer than 15"},
		{addr.Address{Link: 1, Prefix: v4, Label: "a\x00b"}, "IFA_LABEL", "NUL"},
		{addr.Address{Link: 1, Prefix: v4, ValidLifetime: -1}, "IFA_CACHEINFO", "negative"},
		{addr.Address{Link: 1, Prefix: v4, ValidLifetime: time.Second, PreferredLifetime: time.Minute}, "IFA_CACHEINFO", "exceeds"},
		{addr.Address{Link: 1, Prefix: v4, ValidLifetime: 200 * 365 * 24 * time.Hour}, "IFA_CACHEINFO", "out of range"},
	} {
		for _, d := range []nlkit.Doer{l.c, l.c.NewBatch()} {
			err := addr.Add(t.Context(), d, tt.a)
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != tt.attr || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%+v: got %v (%+v)", tt.a, err, e)
			}
		}
	}
	if _, err := addr.Get(t.Context(), l.c, 0, v4); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("Get without a link: %v", err)
	}
	if err := addr.Delete(t.Context(), nil, addr.Address{Link: 1, Prefix: v4}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a nil Doer: %v", err)
	}
}

func TestListFilters(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	for _, a := range []addr.Address{
		{Link: l.v0, Prefix: prefix("192.0.2.1/24"), Label: "v0:a"},
		{Link: l.v0, Prefix: prefix("192.0.2.2/24")},
		{Link: l.v0, Prefix: prefix("198.51.100.1/24"), Scope: rtnl.ScopeLink},
		{Link: l.v1, Prefix: prefix("203.0.113.1/24"), ValidLifetime: time.Hour},
		{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD},
		{Link: l.v1, Prefix: prefix("2001:db8:1::1/64"), Flags: addr.FlagNoDAD},
	} {
		if err := addr.Add(ctx, l.c, a); err != nil {
			t.Fatal(err)
		}
	}
	// Link-local addresses come and change by themselves.
	keepStill := func(list []addr.Address) []addr.Address {
		list = slices.DeleteFunc(list, func(a addr.Address) bool { return a.Prefix.Addr().IsLinkLocalUnicast() })
		for i := range list {
			list[i] = stable(list[i])
		}
		return list
	}
	lenient := livetest.In(t, l.ns, nlkit.WithStrict(false))
	all, err := addr.List(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	if all = keepStill(all); len(all) != 8 { // with those of lo
		t.Fatalf("%d addresses: %v", len(all), all)
	}
	for _, tt := range []struct {
		name string
		opts []addr.ListOption
		keep func(addr.Address) bool
		n    int
	}{
		{"all", nil, func(addr.Address) bool { return true }, 8},
		{"link", []addr.ListOption{addr.MatchLink(l.v0)}, func(a addr.Address) bool { return a.Link == l.v0 }, 4},
		{"no link", []addr.ListOption{addr.MatchLink(999)}, nil, 0},
		{"no link, IPv6", []addr.ListOption{addr.MatchLink(999), addr.MatchFamily(rtnl.FamilyIPv6)}, nil, 0},
		{"link 0", []addr.ListOption{addr.MatchLink(0)}, nil, 0},
		{"IPv4", []addr.ListOption{addr.MatchFamily(rtnl.FamilyIPv4)}, func(a addr.Address) bool { return a.Prefix.Addr().Is4() }, 5},
		{"IPv6", []addr.ListOption{addr.MatchFamily(rtnl.FamilyIPv6)}, func(a addr.Address) bool { return a.Prefix.Addr().Is6() }, 3},
		{"MPLS", []addr.ListOption{addr.MatchFamily(rtnl.FamilyMPLS)}, nil, 0},
		{"scope", []addr.ListOption{addr.MatchScope(rtnl.ScopeLink)}, func(a addr.Address) bool { return a.Scope == rtnl.ScopeLink }, 1},
		{"global", []addr.ListOption{addr.MatchScope(rtnl.ScopeGlobal)}, func(a addr.Address) bool { return a.Scope == rtnl.ScopeGlobal }, 5},
		{"prefix", []addr.ListOption{addr.MatchPrefix(prefix("192.0.2.2/24"))}, func(a addr.Address) bool { return a.Prefix == prefix("192.0.2.2/24") }, 1},
		{"other length", []addr.ListOption{addr.MatchPrefix(prefix("192.0.2.2/25"))}, nil, 0},
		{"within", []addr.ListOption{addr.MatchWithin(prefix("192.0.2.0/23"))}, func(a addr.Address) bool { return prefix("192.0.2.0/23").Contains(a.Prefix.Addr()) }, 2},
		{"label", []addr.ListOption{addr.MatchLabel("v0:a")}, func(a addr.Address) bool { return a.Label == "v0:a" }, 1},
		{"flags", []addr.ListOption{addr.MatchFlags(addr.FlagPermanent)}, func(a addr.Address) bool { return a.Flags.Has(addr.FlagPermanent) }, 7},
		{"no flags", []addr.ListOption{addr.MatchNoFlags(addr.FlagPermanent | addr.FlagSecondary)}, func(a addr.Address) bool { return a.Flags&(addr.FlagPermanent|addr.FlagSecondary) == 0 }, 1},
		{"several", []addr.ListOption{addr.MatchLink(l.v0), addr.MatchFamily(rtnl.FamilyIPv4), addr.MatchFlags(addr.FlagSecondary)}, func(a addr.Address) bool { return a.Prefix == prefix("192.0.2.2/24") }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var want []addr.Address
			for _, a := range all {
				if tt.keep != nil && tt.keep(a) {
					want = append(want, a)
				}
			}
			if len(want) != tt.n {
				t.Fatalf("the test expects %v", want)
			}
			for client, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": lenient} {
				got, err := addr.List(ctx, c, tt.opts...)
				if got = keepStill(got); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s List: %v\ngot  %v\nwant %v", client, err, got, want)
				}
				var stream []addr.Address
				for a, err := range addr.All(ctx, c, tt.opts...) {
					if err != nil {
						t.Fatal(err)
					}
					stream = append(stream, a)
				}
				if stream = keepStill(stream); !slices.Equal(stream, want) {
					t.Errorf("%s All: got %v\nwant %v", client, stream, want)
				}
			}
		})
	}
	for _, o := range []addr.ListOption{addr.MatchPrefix(netip.Prefix{}), addr.MatchWithin(netip.Prefix{})} {
		if _, err := addr.List(ctx, l.c, o); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("List with an invalid prefix: %v", err)
		}
		for _, err := range addr.All(ctx, l.c, o) {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("All with an invalid prefix: %v", err)
			}
		}
	}
}

// TestTargetNSIDRefused: what would be sent as another id, which may be there, is refused.
func TestTargetNSIDRefused(t *testing.T) {
	c := livetest.In(t, nstest.New(t))
	ids := []int{-1, math.MinInt}
	if wide := uint64(1) << 32; strconv.IntSize == 64 {
		ids = append(ids, int(wide), int(wide)+5)
	}
	for _, id := range ids {
		list, err := addr.List(t.Context(), c, addr.WithTargetNSID(id))
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%d: got %v, %v", id, list, err)
		}
	}
}

func TestTargetNSID(t *testing.T) {
	here, there := newLab(t), newLab(t)
	ctx := t.Context()
	if err := addr.Add(ctx, there.c, addr.Address{Link: there.v0, Prefix: prefix("192.0.2.7/24")}); err != nil {
		t.Fatal(err)
	}
	// A veth whose peer is in the other namespace gives it an id here.
	nsPath := fmt.Sprintf("/proc/%d/fd/%d", syscall.Getpid(), there.ns.FD())
	here.ns.Run(t, "ip", "link", "set", "v1", "netns", nsPath, "name", "far")
	var links []struct {
		NSID *int `json:"link_netnsid"`
	}
	if err := json.Unmarshal(here.ns.Run(t, "ip", "-j", "link", "show", "dev", "v0"), &links); err != nil || links[0].NSID == nil {
		t.Fatal(links, err)
	}
	id := *links[0].NSID
	list, err := addr.List(ctx, here.c, addr.WithTargetNSID(id), addr.MatchFamily(rtnl.FamilyIPv4))
	if err != nil || len(list) != 2 || list[1].Prefix != prefix("192.0.2.7/24") {
		t.Errorf("got %v, %v", list, err)
	}
	_, err = addr.List(ctx, here.c, addr.WithTargetNSID(id+7))
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || !e.Sent {
		t.Errorf("no such id: %v", err)
	}
	lenient := livetest.In(t, here.ns, nlkit.WithStrict(false))
	if list, err := addr.List(ctx, lenient, addr.WithTargetNSID(id)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("not strict: %v, %v", list, err)
	}
}

func TestBatch(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	b := l.c.NewBatch()
	var into [3]addr.Address
	for i, p := range []string{"192.0.2.1/24", "2001:db8::1/64", "192.0.2.1/24"} {
		a := addr.Address{Link: l.v0, Prefix: prefix(p)}
		if err := addr.Add(ctx, b, a, addr.Into(&into[i])); err != nil {
			t.Fatal(err)
		}
	}
	err := b.Send(ctx)
	e, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || len(e.Failed) != 1 || e.Failed[0].Index != 2 || !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v", err)
	}
	if into[0].Prefix != prefix("192.0.2.1/24") || into[1].Prefix != prefix("2001:db8::1/64") || into[2].Link != 0 {
		t.Errorf("got %+v", into)
	}
}

func TestSubscribe(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := addr.Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	next := func(p netip.Prefix) addr.Event {
		t.Helper()
		for {
			var e addr.Event
			if err := sub.ReadInto(&e); err != nil {
				t.Fatal(err)
			}
			if e.Object.Prefix == p {
				return e
			}
		}
	}
	for name, s := range samples() {
		a := s.a
		a.Link = l.v0
		var want addr.Address
		if err := addr.Add(ctx, l.c, a, addr.Into(&want)); err != nil {
			t.Fatal(err)
		}
		// Events carry every field that a list has.
		if e := next(a.Prefix); e.Type != nlkit.Updated || e.NSID != -1 || stable(e.Object) != stable(want) {
			t.Errorf("%s added: %+v\nwant %+v", name, e, want)
		}
		if err := addr.Delete(ctx, l.c, a); err != nil {
			t.Fatal(err)
		}
		e := next(a.Prefix)
		for e.Type == nlkit.Updated {
			e = next(a.Prefix)
		}
		if e.Type != nlkit.Deleted || stable(e.Object) != stable(want) {
			t.Errorf("%s deleted: %+v\nwant %+v", name, e, want)
		}
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	for e, err := range sub.All() {
		t.Errorf("after Close: %+v, %v", e, err)
	}
}

// The events of a peer have neither label, broadcast, peer nor protocol.
func TestPeerBugEventsDropFields(t *testing.T) {
	l := newQuietLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := addr.Subscribe(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	a := addr.Address{
		Link: l.v0, Prefix: prefix("192.0.2.1/28"), Peer: ip("198.51.100.1"), Broadcast: ip("198.51.100.15"), Label: "v0:1", Protocol: 42,
		Priority: 9, Scope: rtnl.ScopeSite, Flags: addr.FlagNoPrefixRoute, ValidLifetime: 5000 * time.Second, PreferredLifetime: 1000 * time.Second,
	}
	if err := addr.Add(ctx, l.c, a); err != nil {
		t.Fatal(err)
	}
	got, err := addr.Get(ctx, l.c, l.v0, a.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	var e addr.Event
	if err := sub.ReadInto(&e); err != nil || stable(e.Object) != a || e.Object.Created != got.Created || e.Object.Updated != got.Updated {
		t.Errorf("%v\nevent  %+v\nlisted %+v\nadded  %+v", err, e.Object, got, a)
	}
}

// A peer says "too many/little matches" of what is not there.
func TestPeerBugGetMissing(t *testing.T) {
	l := newLab(t)
	for _, link := range []int{l.v0, 999} {
		_, err := addr.Get(t.Context(), l.c, link, prefix("192.0.2.99/24"))
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Op != "addr.Get" || e.Object != "192.0.2.99/24 dev "+strconv.Itoa(link) {
			t.Errorf("link %d: %v", link, err)
		}
	}
}

// apart returns the sample with networks of its own, so that many can be made at once.
func (s sample) apart(n int) sample {
	own := strings.NewReplacer("192.0.2.", fmt.Sprintf("10.%d.2.", n), "198.51.100.", fmt.Sprintf("10.%d.100.", n), "2001:db8::", fmt.Sprintf("2001:db8:%d::", n))
	for _, a := range []*netip.Addr{&s.a.Peer, &s.a.Broadcast, &s.a.Anycast} {
		if a.IsValid() {
			*a = ip(own.Replace(a.String()))
		}
	}
	s.a.Prefix = prefix(own.Replace(s.a.Prefix.String()))
	s.ip = own.Replace(s.ip)
	return s
}

// Addresses made by ip and those made here are the same, to the SDK and to ip, and each
// deletes what the other made, by the same words.
func TestInterop(t *testing.T) {
	ours, theirs := newQuietLab(t), newQuietLab(t)
	ctx := t.Context()
	all := map[string]sample{}
	for i, name := range slices.Sorted(maps.Keys(samples())) {
		if s := samples()[name].apart(i + 1); s.ip != "" {
			s.a.Link = ours.v0
			all[name] = s
		}
	}
	batch := func(l *lab, verb string, words func(sample) string) {
		t.Helper()
		var commands strings.Builder
		for _, s := range all {
			fmt.Fprintf(&commands, "address %s dev v0 %s\n", verb, words(s))
		}
		l.ns.RunInput(t, commands.String(), "ip", "-batch", "-")
	}
	for name, s := range all {
		if err := addr.Add(ctx, ours.c, s.a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	batch(theirs, "add", func(s sample) string { return s.ip })
	got, want := ours.said(t), theirs.said(t)
	for name, s := range all {
		local := s.a.Prefix.Addr().String()
		if len(want[local]) < 5 || !reflect.DeepEqual(got[local], want[local]) {
			t.Errorf("%s: ip says\n%v of ours and\n%v of its own", name, got[local], want[local])
		}
		read, err := addr.Get(ctx, theirs.c, theirs.v0, s.a.Prefix)
		if err != nil || stable(read) != asRead(s.a) {
			t.Errorf("%s, made by ip: %v\ngot  %+v\nwant %+v", name, err, read, asRead(s.a))
		}
		if err := addr.Delete(ctx, theirs.c, s.a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	batch(ours, "del", func(s sample) string {
		if s.a.Peer.IsValid() {
			return s.a.Prefix.Addr().String() + " peer " + s.a.Peer.String() + "/" + strconv.Itoa(s.a.Prefix.Bits())
		}
		return s.a.Prefix.String()
	})
	for by, l := range map[string]*lab{"ip": ours, "the SDK": theirs} {
		if left := l.said(t); len(left) > 0 {
			t.Errorf("deleted by %s: left are %v", by, left)
		}
	}
}

// said returns what ip says of the addresses of v0, by address.
func (l *lab) said(t *testing.T) map[string]map[string]any {
	t.Helper()
	var links []struct {
		Addrs []map[string]any `json:"addr_info"`
	}
	if err := json.Unmarshal(l.ns.Run(t, "ip", "-j", "-d", "address", "show", "dev", "v0"), &links); err != nil {
		t.Fatal(err)
	}
	byAddr := map[string]map[string]any{}
	for _, a := range links[0].Addrs {
		for _, key := range []string{"valid_life_time", "preferred_life_time"} {
			a[key] = time.Duration(a[key].(float64) * 1e9).Round(100 * time.Second)
		}
		byAddr[a["local"].(string)] = a
	}
	return byAddr
}
