package nexthop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

// A sample is a next hop as it is listed, and the words behind "ip nexthop add" that
// make the same: what iproute2 6.1 has none for, hardware statistics and weights above
// 255, has tests of its own.
type sample struct {
	n  nexthop.Nexthop
	ip string
}

// samples are next hops with each attribute, in an order in which they can be made.
func samples(v0, v1 int) []sample {
	v4, v6 := rtnl.FamilyIPv4, rtnl.FamilyIPv6
	return []sample{
		{nexthop.Nexthop{ID: 1, Family: v4, Link: v0, Gateway: addr("10.9.0.2"), Protocol: rtnl.ProtocolBGP, Scope: rtnl.ScopeLink}, "via 10.9.0.2 dev v0 proto bgp"},
		{nexthop.Nexthop{ID: 2, Family: v6, Link: v0, Gateway: addr("fd00::2"), Scope: rtnl.ScopeLink}, "via fd00::2 dev v0"},
		{nexthop.Nexthop{ID: 3, Family: v4, Link: v1, Scope: rtnl.ScopeHost}, "dev v1"},
		{nexthop.Nexthop{ID: 4, Family: v6, Link: v1, Protocol: rtnl.ProtocolStatic, Scope: rtnl.ScopeLink}, "-6 dev v1 proto static"},
		{nexthop.Nexthop{ID: 5, Family: v4, Link: v1, Gateway: addr("192.0.2.1"), Flags: nexthop.FlagOnlink, Scope: rtnl.ScopeLink}, "via 192.0.2.1 dev v1 onlink"},
		{nexthop.Nexthop{ID: 6, Family: v4, Blackhole: true, Protocol: 200}, "blackhole proto 200"},
		{nexthop.Nexthop{ID: 7, Family: v6, Blackhole: true}, "-6 blackhole"},
		{nexthop.Nexthop{ID: 8, Family: v4, FDB: true, Gateway: addr("192.0.2.8"), Scope: rtnl.ScopeLink}, "via 192.0.2.8 fdb"},
		{nexthop.Nexthop{ID: 9, Family: v6, FDB: true, Gateway: addr("2001:db8::9"), Scope: rtnl.ScopeLink}, "via 2001:db8::9 fdb"},
		{nexthop.Nexthop{ID: 4294967295, Family: v4, Link: v0, Gateway: addr("10.9.0.3"), Scope: rtnl.ScopeLink}, "via 10.9.0.3 dev v0"},
		{
			nexthop.Nexthop{ID: 20, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 2}, {ID: 4294967295, Weight: 255}}, Protocol: rtnl.ProtocolZebra},
			"group 1/2,2/4294967295,255 proto zebra",
		},
		{nexthop.Nexthop{ID: 21, Group: []nexthop.Member{{ID: 6, Weight: 1}}}, "group 6"},
		{nexthop.Nexthop{ID: 22, Group: []nexthop.Member{{ID: 8, Weight: 7}}, FDB: true}, "group 8,7 fdb"},
		{
			nexthop.Nexthop{
				ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 3}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 32, IdleTimer: new(time.Duration(0)), UnbalancedTimer: new(600 * time.Second)},
			},
			"group 1/3,3 type resilient buckets 32 idle_timer 0 unbalanced_timer 600",
		},
		{
			nexthop.Nexthop{
				ID: 11, Group: []nexthop.Member{{ID: 3, Weight: 1}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 4, IdleTimer: new(120 * time.Second), UnbalancedTimer: new(time.Duration(0))},
			},
			"group 3 type resilient buckets 4",
		},
	}
}

// Add takes what List gave, also after it was JSON, next hops before groups. What
// differs afterwards: nothing but the time that a group has been unbalanced.
func TestPutBackFromJSON(t *testing.T) {
	c, _, v0, v1 := live(t)
	ctx := t.Context()
	for _, s := range samples(v0, v1) {
		add(t, c, s.n)
	}
	saved := list(t, c)
	if len(saved) != len(samples(v0, v1)) {
		t.Fatalf("listed %v", saved)
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	var read []nexthop.Nexthop
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	same(t, "from JSON", read, saved)
	if err := nexthop.Flush(ctx, c); err != nil {
		t.Fatal(err)
	}
	if left := list(t, c); len(left) > 0 {
		t.Fatalf("left are %v", left)
	}
	b := c.NewBatch()
	for _, groups := range []bool{false, true} {
		for _, n := range read {
			if n.IsGroup() == groups {
				if err := nexthop.Add(ctx, b, n); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := b.Send(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, "put back", list(t, c), saved)
}

// Buckets and counters survive JSON too.
func TestJSONOfCounters(t *testing.T) {
	in := struct {
		Bucket  nexthop.Bucket
		Nexthop nexthop.Nexthop
	}{
		nexthop.Bucket{GroupID: 10, Index: 3, NexthopID: 1, IdleTime: 70 * time.Millisecond, Protocol: rtnl.ProtocolBGP, Flags: nexthop.FlagOffload | nexthop.FlagTrap | 1<<20},
		nexthop.Nexthop{
			ID: 1, Group: []nexthop.Member{{ID: 2, Weight: 65535}}, GroupType: 9, HWStats: true, HWStatsUsed: true,
			Stats: []nexthop.MemberStats{{ID: 2, Packets: 1<<64 - 1, HWPackets: 7}},
		},
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out := in
	out.Bucket, out.Nexthop = nexthop.Bucket{}, nexthop.Nexthop{}
	if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%v\nwritten %+v\nread    %+v\nJSON %s", err, in, out, text)
	}
}

// An event has all that Get gives.
func TestEventsAreWhole(t *testing.T) {
	c, _, v0, v1 := live(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := nexthop.Subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, s := range samples(v0, v1) {
		add(t, c, s.n)
		var e nexthop.Event
		if err := sub.ReadInto(&e); err != nil || e.Type != nlkit.Updated {
			t.Fatalf("%+v, %v", e, err)
		}
		same(t, "event", e.Object, s.n)
		same(t, "got", get(t, c, s.n.ID), s.n)
	}
	all := samples(v0, v1)
	for i := len(all) - 1; i >= 0; i-- {
		if err := nexthop.Delete(ctx, c, all[i].n.ID); err != nil {
			t.Fatal(err)
		}
		var e nexthop.Event
		if err := sub.ReadInto(&e); err != nil || e.Type != nlkit.Deleted {
			t.Fatalf("%+v, %v", e, err)
		}
		same(t, "deleted", e.Object, all[i].n)
	}
}

// TestInterop makes every sample here in one namespace and by ip in another: they are
// read as the same, ip says the same of both, and each deletes what the other made.
func TestInterop(t *testing.T) {
	c, ours, v0, v1 := live(t)
	other, theirs, _, _ := live(t)
	all := samples(v0, v1)
	var commands strings.Builder
	for _, s := range all {
		if words, ok := strings.CutPrefix(s.ip, "-6 "); ok {
			theirs.Run(t, "ip", append([]string{"-6", "nexthop", "add", "id", fmt.Sprint(s.n.ID)}, strings.Fields(words)...)...)
		} else {
			fmt.Fprintf(&commands, "nexthop add id %d %s\n", s.n.ID, s.ip)
		}
		add(t, c, s.n)
	}
	theirs.RunInput(t, commands.String(), "ip", "-batch", "-")
	same(t, "made by ip", list(t, other), list(t, c))
	for _, object := range [][]string{{"nexthop", "show"}, {"nexthop", "bucket", "show", "id", "10"}, {"nexthop", "show", "groups"}, {"nexthop", "show", "fdb"}} {
		args := append([]string{"-d", "-j"}, object...)
		got, want := untimed(t, ours.Run(t, "ip", args...)), untimed(t, theirs.Run(t, "ip", args...))
		if len(want) == 0 {
			t.Errorf("%v: ip shows nothing", object)
		}
		same(t, strings.Join(object, " "), got, want)
	}
	commands.Reset()
	for i := len(all) - 1; i >= 0; i-- {
		fmt.Fprintf(&commands, "nexthop del id %d\n", all[i].n.ID)
		if err := nexthop.Delete(t.Context(), other, all[i].n.ID); err != nil {
			t.Error(err)
		}
	}
	ours.RunInput(t, commands.String(), "ip", "-batch", "-")
	if a, b := list(t, c), list(t, other); len(a)+len(b) > 0 {
		t.Errorf("left are %v and %v", a, b)
	}
}

// untimed returns what ip prints as JSON, without times.
func untimed(t *testing.T, out []byte) (all []map[string]any) {
	t.Helper()
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range all {
		if b, ok := m["bucket"].(map[string]any); ok {
			delete(b, "idle_time")
		}
		if r, ok := m["resilient_args"].(map[string]any); ok {
			delete(r, "unbalanced_time")
		}
	}
	return all
}

func TestBucketFilters(t *testing.T) {
	c, ns, v0, v1 := live(t)
	for _, s := range samples(v0, v1) {
		add(t, c, s.n)
	}
	type opts = []nexthop.BucketOption
	for _, tt := range []struct {
		name string
		id   uint32
		opts opts
		want int
	}{
		{"all", 0, nil, 36},
		{"group", 10, nil, 32},
		{"next hop", 10, opts{nexthop.MatchNexthop(1)}, 8},
		{"next hop of all", 0, opts{nexthop.MatchNexthop(3)}, 28},
		{"link", 0, opts{nexthop.MatchLink(v1)}, 28},
		{"link of group", 10, opts{nexthop.MatchLink(v0)}, 8},
		{"no link", 0, opts{nexthop.MatchLink(9999)}, 0},
	} {
		for _, strict := range []bool{true, false} {
			c := client(t, ns, nlkit.WithStrict(strict))
			got, err := nexthop.Buckets(t.Context(), c, tt.id, tt.opts...)
			if err != nil || len(got) != tt.want {
				t.Errorf("%s, strict %v: %d buckets, %v, want %d", tt.name, strict, len(got), err, tt.want)
			}
			n := 0
			for b, err := range nexthop.AllBuckets(t.Context(), c, tt.id, tt.opts...) {
				if err != nil || n < len(got) && (b.Index != got[n].Index || b.GroupID != got[n].GroupID || b.NexthopID != got[n].NexthopID) {
					t.Fatalf("%s: %v, %v", tt.name, b, err)
				}
				n++
			}
			if n != len(got) {
				t.Errorf("%s, strict %v: %d were listed, %d streamed", tt.name, strict, len(got), n)
			}
		}
	}
}

// A peer says "too many/little matches" of what is not there.
func TestPeerBugGetMissing(t *testing.T) {
	c, _, _, _ := live(t)
	_, err := nexthop.Get(t.Context(), c, 99)
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Object != "id 99" || !e.Sent {
		t.Errorf("next hop: %v", err)
	}
	add(t, c, nexthop.Nexthop{ID: 1, Blackhole: true})
	_, err = nexthop.GetBucket(t.Context(), c, 98, 0)
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Object != "id 98 index 0" {
		t.Errorf("bucket: %v", err)
	}
}
