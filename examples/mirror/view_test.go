package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

var (
	lo = link.Link{
		Index: 1, Name: "lo", Type: 772, Flags: link.FlagUp | link.FlagLoopback | link.FlagRunning, MTU: 65536,
		Address: net.HardwareAddr{0, 0, 0, 0, 0, 0},
	}
	eth0 = link.Link{
		Index: 2, Name: "eth0", Type: 1, Flags: link.FlagUp | link.FlagRunning, MTU: 1500, OperState: link.OperUp,
		Address: net.HardwareAddr{2, 0, 0, 0, 0, 1},
	}
	br0 = link.Link{
		Index: 3, Name: "br0", Type: 1, MTU: 1500, OperState: link.OperDown, Kind: &link.Bridge{},
		Address: net.HardwareAddr{2, 0, 0, 0, 0, 2},
	}
	v0 = link.Link{
		Index: 12, Name: "v0", Type: 1, Flags: link.FlagUp, MTU: 1400, OperState: link.OperLowerLayerDown, Kind: &link.Veth{},
		Address: net.HardwareAddr{2, 0, 0, 0, 0, 3}, Master: 3, Parent: 13,
	}
	home    = addr.Address{Link: 2, Prefix: netip.MustParsePrefix("192.0.2.10/24"), Flags: addr.FlagPermanent}
	local6  = addr.Address{Link: 2, Prefix: netip.MustParsePrefix("fe80::1/64"), Scope: rtnl.ScopeLink, Flags: addr.FlagTentative}
	router  = neigh.Neighbour{Link: 2, Family: rtnl.FamilyIPv4, Addr: netip.MustParseAddr("192.0.2.1"), LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}, State: neigh.StateReachable}
	group   = neigh.Neighbour{Link: 2, Family: rtnl.FamilyIPv6, Addr: netip.MustParseAddr("ff02::1"), State: neigh.StateNoARP}
	gateway = route.Route{
		Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.0.2.1"), Link: 2,
		Table: rtnl.TableMain, Type: route.TypeUnicast, Protocol: rtnl.ProtocolStatic, Priority: 100,
	}
	shared = route.Route{
		Dst: netip.MustParsePrefix("198.51.100.0/24"), Table: rtnl.TableMain, Type: route.TypeUnicast, Protocol: rtnl.ProtocolBoot,
		Multipath: []route.Nexthop{
			{Gateway: netip.MustParseAddr("192.0.2.1"), Link: 2, Weight: 1},
			{Link: 12, Weight: 3, Flags: route.FlagLinkDown},
		},
	}
	own       = route.Route{Dst: netip.MustParsePrefix("192.0.2.10/32"), Link: 2, Table: rtnl.TableLocal, Type: route.TypeLocal, Protocol: rtnl.ProtocolKernel}
	blackhole = route.Route{Dst: netip.MustParsePrefix("203.0.113.0/24"), Table: rtnl.TableMain, Type: route.TypeBlackhole, Protocol: rtnl.ProtocolStatic}
)

func change[T any](typ nlkit.ChangeType, old, now T) *nlkit.Change[T] {
	return &nlkit.Change[T]{Type: typ, Old: old, New: now}
}

// story is what a mirror tells: what there is, and what happens then.
func story() (before, after []mirror.Change) {
	var noLink link.Link
	for _, l := range []link.Link{lo, eth0, br0, v0} {
		before = append(before, mirror.Change{Type: nlkit.Added, Link: change(nlkit.Added, noLink, l)})
	}
	before = append(before,
		mirror.Change{Type: nlkit.Added, Addr: change(nlkit.Added, addr.Address{}, home)},
		mirror.Change{Type: nlkit.Added, Neigh: change(nlkit.Added, neigh.Neighbour{}, router)},
		mirror.Change{Type: nlkit.Added, Route: change(nlkit.Added, route.Route{}, gateway)},
		mirror.Change{Type: nlkit.Added, Route: change(nlkit.Added, route.Route{}, shared)},
		mirror.Change{Type: nlkit.Synced},
	)
	down, stale := v0, router
	down.Flags, down.OperState = 0, link.OperDown
	stale.State = neigh.StateStale
	after = []mirror.Change{
		{Type: nlkit.Changed, Link: change(nlkit.Changed, down, v0)},
		{Type: nlkit.Added, Addr: change(nlkit.Added, addr.Address{}, local6)},
		{Type: nlkit.Changed, Neigh: change(nlkit.Changed, stale, router)},
		{Type: nlkit.Removed, Route: change(nlkit.Removed, gateway, route.Route{})},
		{Type: nlkit.Added, Route: change(nlkit.Added, route.Route{}, blackhole)},
		{Type: nlkit.Added, Route: change(nlkit.Added, route.Route{}, own)},
	}
	return before, after
}

// told is a view that was told the story, and what is there in the end.
func told(paint painter, all bool) (*view, mirror.Snapshot) {
	v := newView(paint, "host", all)
	before, after := story()
	for _, ch := range before {
		v.apply(noon, ch)
	}
	for _, ch := range after {
		v.apply(noon, ch)
	}
	return v, mirror.Snapshot{
		Links:     []link.Link{lo, eth0, br0, v0},
		Addresses: []addr.Address{local6, home}, Neighbours: []neigh.Neighbour{group, router},
		Routes: []route.Route{blackhole, own, shared},
	}
}

var stats = nlkit.WatchStats{Events: 42, Unchanged: 7, Overruns: 1, Heals: 2, Repaired: 5, Vanished: 3}

// golden compares with a file of testdata. With UPDATE=1 in the environment it is
// written.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// visible shows escape sequences.
func visible(lines []string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\x1b", "^") + "\n"
}

func TestFrame(t *testing.T) {
	for name, tt := range map[string]struct {
		paint, all    bool
		width, height int
		later         time.Duration
	}{
		"plain.txt":  {width: 100},
		"colour.txt": {paint: true, width: 100, height: 20},
		"all.txt":    {all: true},
		"narrow.txt": {width: 40, height: 8},
		"later.txt":  {width: 100, later: fresh},
	} {
		v, s := told(painter(tt.paint), tt.all)
		now := noon.Add(tt.later)
		if v.forget(now) != (tt.later == 0) {
			t.Errorf("%s: still fresh is not what it should be", name)
		}
		lines := v.frame(s, stats, now, tt.width, tt.height)
		golden(t, name, visible(lines))
		if tt.height > 0 && len(lines) != tt.height {
			t.Errorf("%s: %d lines on a screen of %d", name, len(lines), tt.height)
		}
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); !tt.paint && tt.width > 0 && n > tt.width {
				t.Errorf("%s: %d wide: %s", name, n, line)
			}
		}
	}
}

// However small the screen, it holds the frame.
func TestSmall(t *testing.T) {
	v, s := told(false, false)
	for height := 1; height < 30; height++ {
		for _, width := range []int{1, 2, 10, 79} {
			lines := v.frame(s, stats, noon, width, height)
			if len(lines) != height {
				t.Errorf("%d lines on a screen of %d", len(lines), height)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("%d wide on a screen of %d: %q", n, width, line)
				}
			}
		}
	}
}

// What was removed and is there again is not shown twice.
func TestAgain(t *testing.T) {
	v, s := told(false, false)
	s.Routes = append(s.Routes, gateway)
	v.apply(noon, mirror.Change{Type: nlkit.Added, Route: change(nlkit.Added, route.Route{}, gateway)})
	text := visible(v.frame(s, stats, noon, 0, 0))
	if strings.Count(text, "default") != 1 || !strings.Contains(text, "+       route  default") {
		t.Error(text)
	}
}
