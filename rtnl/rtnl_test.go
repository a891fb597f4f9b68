package rtnl_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		v    fmt.Stringer
		into encoding.TextUnmarshaler
		want string
	}{
		{rtnl.FamilyIPv4, new(rtnl.Family), "inet"},
		{rtnl.FamilyIPv6, new(rtnl.Family), "inet6"},
		{rtnl.FamilyMPLS, new(rtnl.Family), "mpls"},
		{rtnl.FamilyIPMR, new(rtnl.Family), "ipmr"},
		{rtnl.Family(99), new(rtnl.Family), "Family(99)"},
		{rtnl.TableMain, new(rtnl.Table), "main"},
		{rtnl.TableLocal, new(rtnl.Table), "local"},
		{rtnl.TableDefault, new(rtnl.Table), "default"},
		{rtnl.Table(4294967295), new(rtnl.Table), "4294967295"},
		{rtnl.ProtocolKernel, new(rtnl.Protocol), "kernel"},
		{rtnl.ProtocolBGP, new(rtnl.Protocol), "bgp"},
		{rtnl.ProtocolMRouted, new(rtnl.Protocol), "17"},
		{rtnl.Protocol(200), new(rtnl.Protocol), "200"},
		{rtnl.ScopeGlobal, new(rtnl.Scope), "global"},
		{rtnl.ScopeNowhere, new(rtnl.Scope), "nowhere"},
		{rtnl.Scope(7), new(rtnl.Scope), "7"},
	} {
		if got := tt.v.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		text, err := json.Marshal(tt.v)
		if err != nil || string(text) != strconv.Quote(tt.want) {
			t.Errorf("%s: JSON %s, %v", tt.want, text, err)
		}
		if err := json.Unmarshal(text, tt.into); err != nil || fmt.Sprint(tt.into) != tt.want {
			t.Errorf("%s: back it is %v, %v", tt.want, tt.into, err)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]rtnl.Table{"main": 254, "100": 100, "0x64": 100, "unspec": 0} {
		if got, err := rtnl.ParseTable(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if p, err := rtnl.ParseProtocol("ospf"); p != rtnl.ProtocolOSPF || err != nil {
		t.Error(p, err)
	}
	if s, err := rtnl.ParseScope("link"); s != rtnl.ScopeLink || err != nil {
		t.Error(s, err)
	}
	if f, err := rtnl.ParseFamily("inet6"); f != rtnl.FamilyIPv6 || err != nil {
		t.Error(f, err)
	}
	for _, text := range []string{"", "no such word", "-1", "256", "4294967296"} {
		_, table := rtnl.ParseTable(text)
		_, protocol := rtnl.ParseProtocol(text)
		_, scope := rtnl.ParseScope(text)
		_, family := rtnl.ParseFamily(text)
		if protocol == nil || scope == nil || family == nil || table == nil && text != "256" {
			t.Errorf("%q: %v %v %v %v", text, table, protocol, scope, family)
		}
	}
}

func TestFamilyOf(t *testing.T) {
	for text, want := range map[string]rtnl.Family{
		"192.0.2.1": rtnl.FamilyIPv4, "2001:db8::1": rtnl.FamilyIPv6, "::ffff:192.0.2.1": rtnl.FamilyIPv6,
	} {
		a := netip.MustParseAddr(text)
		if got := rtnl.FamilyOf(a); got != want || got.Bits() != a.BitLen() {
			t.Errorf("%v: got %v of %d bits", a, got, got.Bits())
		}
	}
	if got := rtnl.FamilyOf(netip.Addr{}); got != rtnl.FamilyUnspec || got.Bits() != 0 {
		t.Errorf("the zero Addr: %v", got)
	}
}

// TestInteropWords compares every protocol and scope with what ip calls it.
func TestInteropWords(t *testing.T) {
	ns := nstest.New(t)
	var commands strings.Builder
	for i := 1; i < 256; i++ {
		fmt.Fprintf(&commands, "route add 10.1.%d.0/24 dev lo proto %d scope %d table 7\n", i, i, i%255)
	}
	ns.RunInput(t, commands.String(), "ip", "-batch", "-")
	var routes []struct{ Dst, Protocol, Scope string }
	if err := json.Unmarshal(ns.Run(t, "ip", "-j", "-d", "route", "show", "table", "7"), &routes); err != nil {
		t.Fatal(err)
	}
	if len(routes) != 255 {
		t.Fatalf("%d routes", len(routes))
	}
	for _, r := range routes {
		i := netip.MustParsePrefix(r.Dst).Addr().As4()[2]
		// Older versions of ip do not know the newest words.
		if p := rtnl.Protocol(i); p.String() != r.Protocol && p != rtnl.ProtocolOVN {
			t.Errorf("protocol %d: %q, of ip %q", i, p, r.Protocol)
		}
		if s := rtnl.Scope(int(i) % 255); s.String() != r.Scope {
			t.Errorf("scope %d: %q, of ip %q", s, s, r.Scope)
		}
	}
}
