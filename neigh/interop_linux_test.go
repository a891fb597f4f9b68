package neigh

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// shown returns what a tool prints as JSON: objects, by the given key of each.
func shown(t *testing.T, ns *nstest.NS, key, tool string, args ...string) map[string]map[string]any {
	t.Helper()
	out := ns.Run(t, tool, args...)
	byKey := map[string]map[string]any{}
	if len(strings.TrimSpace(string(out))) == 0 {
		return byKey
	}
	var all []map[string]any
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range all {
		byKey[m[key].(string)] = m
	}
	return byKey
}

// interop holds samples against a tool of iproute2. What is added here in one namespace
// and by the tool in another is read here as the same, the tool says the same of both,
// and each deletes what the other made, by the same words.
func interop(t *testing.T, samples map[string]liveSample, tool, object, key string, show []string, opts ...ListOption) {
	nstest.Tool(t, tool)
	ours, theirs := newLab(t), newLab(t)
	ctx := t.Context()
	maps.DeleteFunc(samples, func(_ string, s liveSample) bool { return s.ip == "" })
	batch := func(ns *nstest.NS, verb string) {
		t.Helper()
		var commands strings.Builder
		for _, s := range samples {
			fmt.Fprintf(&commands, "%s %s %s\n", object, verb, s.ip)
		}
		ns.RunInput(t, commands.String(), tool, "-batch", "-")
	}
	for name, s := range samples {
		if err := Add(ctx, ours.c, s.add); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	batch(theirs.ns, "add")
	got, want := shown(t, ours.ns, key, tool, show...), shown(t, theirs.ns, key, tool, show...)
	entries, err := List(ctx, theirs.c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range samples {
		w := s.want()
		if w.Family == rtnl.FamilyBridge && w.tunnel() && w.State != StateReachable {
			w.State |= StateNoARP // bridge sets it beside others
		}
		id := w.Addr.String()
		if w.Family == rtnl.FamilyBridge {
			id = w.LinkAddr.String()
		}
		if len(want[id]) < 3 || !reflect.DeepEqual(got[id], want[id]) {
			t.Errorf("%s: %s says\n%v of ours and\n%v of its own", name, tool, got[id], want[id])
		}
		if !slices.ContainsFunc(entries, func(n Neighbour) bool { return reflect.DeepEqual(plain(n), w) }) {
			t.Errorf("%s, made by %s: no %+v among %+v", name, tool, w, entries)
		}
		if err := Delete(ctx, theirs.c, s.add); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	batch(ours.ns, "del")
	for by, l := range map[string]*lab{tool: ours, "the SDK": theirs} {
		left, err := List(ctx, l.c, opts...)
		left = slices.DeleteFunc(left, func(n Neighbour) bool { return foreign(n) || n.State == StateFailed })
		if err != nil || len(left) > 0 {
			t.Errorf("deleted by %s: left are %v, %v", by, left, err)
		}
	}
}

func TestInteropNeighbours(t *testing.T) {
	all := newLab(t).neighbours()
	maps.DeleteFunc(all, func(_ string, s liveSample) bool { return s.add.Flags.Has(FlagProxy) })
	interop(t, all, "ip", "neigh", "dst", []string{"-j", "-d", "neigh", "show", "nud", "all"})
}

func TestInteropProxies(t *testing.T) {
	all := newLab(t).neighbours()
	maps.DeleteFunc(all, func(_ string, s liveSample) bool { return !s.add.Flags.Has(FlagProxy) })
	interop(t, all, "ip", "neigh", "dst", []string{"-j", "-d", "neigh", "show", "proxy"}, Proxies())
}

func TestInteropFDB(t *testing.T) {
	interop(t, newLab(t).fdb(), "bridge", "fdb", "mac", []string{"-j", "-d", "fdb", "show"}, FDB())
}

// TestInteropVLAN is of a bridge whose ports are in VLANs.
func TestInteropVLAN(t *testing.T) {
	nstest.Tool(t, "bridge")
	c, ns := live(t)
	ctx := t.Context()
	br := addLink(t, c, "br0", "bridge", nil)
	port := addPort(t, c, "p0", br)
	ours := Neighbour{Family: rtnl.FamilyBridge, Link: port, LinkAddr: mac(1), VLAN: 1, State: StateNoARP}
	if err := Add(ctx, c, ours); err != nil {
		if _, there := shown(t, ns, "ifname", "bridge", "-j", "vlan", "show")["p0"]; !there {
			nstest.Skip(t, "kind:bridge-vlan", "%v", err)
		}
		t.Fatal(err)
	}
	ns.Run(t, "bridge", "fdb", "add", mac(2).String(), "dev", "p0", "master", "static", "vlan", "1")
	all := shown(t, ns, "mac", "bridge", "-j", "-d", "fdb", "show", "brport", "p0", "vlan", "1")
	got, want := all[mac(1).String()], all[mac(2).String()]
	if delete(got, "mac"); got["vlan"] != 1.0 || len(got) != len(want)-1 {
		t.Errorf("bridge says %v of ours and %v of its own", got, want)
	}
	theirs := ours
	theirs.LinkAddr, theirs.Master = mac(2), br
	if read, err := Get(ctx, c, theirs); err != nil || !reflect.DeepEqual(plain(read), theirs) {
		t.Errorf("got %+v, %v, want %+v", read, err, theirs)
	}
	if err := Delete(ctx, c, theirs); err != nil {
		t.Error(err)
	}
	ns.Run(t, "bridge", "fdb", "del", mac(1).String(), "dev", "p0", "master", "vlan", "1")
	if left := listed(t, ns, FDB(), MatchVLAN(1), MatchLink(port)); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// TestInteropManaged is of flags that let the kernel do something at once.
func TestInteropManaged(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ns := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	for i, n := range []Neighbour{{Flags: FlagManaged}, {Flags: FlagManaged | FlagExtLearned}, {Flags: FlagUse}, {Flags: FlagUse | FlagExtLearned}} {
		ours, theirs := addr(fmt.Sprintf("192.0.2.%d", 10+i)), addr(fmt.Sprintf("192.0.2.%d", 20+i))
		n.Link, n.Addr = link, ours
		if err := Add(ctx, c, n); err != nil {
			t.Fatal(err)
		}
		words := strings.Split(n.Flags.String(), "|")
		ns.Run(t, "ip", append([]string{"neigh", "add", theirs.String(), "dev", "v0"}, words...)...)
		all := shown(t, ns, "dst", "ip", "-j", "-d", "neigh", "show", "nud", "all")
		for _, word := range []string{"managed", "extern_learn"} {
			_, got := all[ours.String()][word]
			_, want := all[theirs.String()][word]
			if got != want || want != slices.Contains(words, word) {
				t.Errorf("%v: ip says\n%v of ours and\n%v of its own", n.Flags, all[ours.String()], all[theirs.String()])
			}
		}
		for _, a := range []Neighbour{{Link: link, Addr: ours}, {Link: link, Addr: theirs}} {
			if read, err := Get(ctx, c, a); err != nil || read.Flags != n.Flags&^FlagUse {
				t.Errorf("got %+v with %v, %v, want %v", read, read.Flags, err, n.Flags)
			}
		}
	}
}

// Several destinations of one FDB entry, by both.
func TestInteropAppend(t *testing.T) {
	nstest.Tool(t, "bridge")
	l := newLab(t)
	nobody := make(net.HardwareAddr, 6)
	l.ns.Run(t, "bridge", "fdb", "append", nobody.String(), "dev", "vx0", "dst", "198.51.100.1")
	if err := Append(t.Context(), l.c, Neighbour{Family: rtnl.FamilyBridge, Link: l.vx0, LinkAddr: nobody, Addr: addr("198.51.100.2")}); err != nil {
		t.Fatal(err)
	}
	l.ns.Run(t, "bridge", "fdb", "append", nobody.String(), "dev", "vx0", "dst", "198.51.100.3", "port", "5000", "vni", "7")
	var got []string
	for _, n := range listed(t, l.ns, FDB(), MatchLink(l.vx0), MatchLinkAddr(nobody)) {
		got = append(got, n.String())
	}
	at := nobody.String() + " dev " + itoa(l.vx0)
	want := []string{at + " dst 198.51.100.1", at + " dst 198.51.100.2", at + " dst 198.51.100.3 port 5000 vni 7"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestInteropFlush flushes as ip does.
func TestInteropFlush(t *testing.T) {
	nstest.Tool(t, "ip")
	ours, theirs := newLab(t), newLab(t)
	for _, l := range []*lab{ours, theirs} {
		for name, s := range l.neighbours() {
			if err := Add(t.Context(), l.c, s.add); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if err := Flush(t.Context(), ours.c, MatchNoState(StatePermanent|StateNoARP), MatchLink(ours.v0)); err != nil {
		t.Fatal(err)
	}
	theirs.ns.Run(t, "ip", "neigh", "flush", "dev", "v0")
	got, want := listed(t, ours.ns, MatchLink(ours.v0)), listed(t, theirs.ns, MatchLink(theirs.v0))
	if len(want) != 4 || !reflect.DeepEqual(got, want) {
		t.Errorf("left are %v, ip leaves %v", got, want)
	}
}

// TestInteropTables sets everything that ip has a word for, here and by ip.
func TestInteropTables(t *testing.T) {
	nstest.Tool(t, "ip")
	ours, theirs := newLab(t), newLab(t)
	set := Table{
		Family: rtnl.FamilyIPv4, Link: ours.v0,
		BaseReachableTime: new(20 * time.Second), RetransmitTime: new(2 * time.Second), StaleTime: new(90 * time.Second),
		DelayProbeTime: new(7 * time.Second), QueueLen: new(uint32(5)), AppProbes: new(uint32(4)), UnicastProbes: new(uint32(7)),
		MulticastProbes: new(uint32(0)), AnycastDelay: new(2 * time.Second), ProxyDelay: new(time.Second), ProxyQueueLen: new(uint32(9)),
		LockTime: new(3 * time.Second),
	}
	if err := SetTable(t.Context(), ours.c, set); err != nil {
		t.Fatal(err)
	}
	theirs.ns.Run(t, "ip", strings.Fields("ntable change name arp_cache dev v0 base_reachable 20000 retrans 2000 gc_stale 90000 "+
		"delay_probe 7000 queue 5 app_probes 4 ucast_probes 7 mcast_probes 0 anycast_delay 2000 proxy_delay 1000 proxy_queue 9 locktime 3000")...)
	read := func(l *lab) (map[string]any, Table) {
		t.Helper()
		said := shown(t, l.ns, "name", "ip", "-4", "-j", "-d", "ntable", "show", "dev", "v0")["arp_cache"]
		table := oneTable(t, l.c, MatchFamily(rtnl.FamilyIPv4), MatchLink(l.v0))
		delete(said, "reachable") // random
		table.ReachableTime = 0
		return said, table
	}
	got, a := read(ours)
	want, b := read(theirs)
	if len(want) < 15 || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(a, b) {
		t.Errorf("ip says\n%v of ours and\n%v of its own; we read\n%+v and\n%+v", got, want, a, b)
	}
	if *a.ProxyDelay != time.Second || *a.UnicastProbes != 7 || *a.LockTime != 3*time.Second {
		t.Errorf("got %+v", a)
	}
}
