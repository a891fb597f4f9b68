package nexthop_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

// shown is what `ip -j -d nexthop` says of a next hop.
type shown struct {
	ID       uint32
	Gateway  string
	Dev      string
	Scope    string
	Protocol rtnl.Protocol
	Flags    []string
	Group    []struct {
		ID     uint32
		Weight int
	}
	Type      string
	Resilient *struct {
		Buckets         int
		IdleTimer       float64 `json:"idle_timer"`
		UnbalancedTimer float64 `json:"unbalanced_timer"`
	} `json:"resilient_args"`

	blackhole, fdb bool // there, without a value
}

// show asks `ip` for all next hops.
func show(t *testing.T, ns *nstest.NS) map[uint32]shown {
	t.Helper()
	out := ns.Run(t, "ip", "-j", "-d", "nexthop", "show")
	var all []json.RawMessage
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	byID := map[uint32]shown{}
	for _, text := range all {
		var s shown
		var keys map[string]any
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		_, s.blackhole = keys["blackhole"]
		_, s.fdb = keys["fdb"]
		byID[s.ID] = s
	}
	return byID
}

// compare holds a next hop against what `ip` says of it.
func compare(t *testing.T, n nexthop.Nexthop, s shown, names map[int]string) {
	t.Helper()
	gateway := ""
	if n.Gateway.IsValid() {
		gateway = n.Gateway.String()
	}
	var flags []string
	if n.Flags != 0 {
		flags = strings.Split(n.Flags.String(), "|")
	}
	if gateway != s.Gateway || names[n.Link] != s.Dev || n.Protocol != s.Protocol || n.Blackhole != s.blackhole || n.FDB != s.fdb ||
		!n.IsGroup() && !n.Blackhole && n.Scope.String() != s.Scope ||
		!slices.Equal(flags, s.Flags) || len(n.Group) != len(s.Group) {
		t.Errorf("%v (%+v) is shown as %+v", n, n.Flags, s)
		return
	}
	for i, m := range n.Group {
		if m.ID != s.Group[i].ID || m.Weight != max(s.Group[i].Weight, 1) { // 1 is not shown
			t.Errorf("%v is shown as %+v", n, s)
		}
	}
	if typ := n.GroupType.String(); n.IsGroup() && typ != "mpath" && typ != s.Type {
		t.Errorf("%v is shown as %+v", n, s)
	}
	if (n.Resilient != nil) != (s.Resilient != nil) {
		t.Errorf("%v is shown as %+v", n, s)
	} else if n.Resilient != nil {
		if n.Resilient.Buckets != s.Resilient.Buckets || n.Resilient.IdleTimer.Seconds() != s.Resilient.IdleTimer || n.Resilient.UnbalancedTimer.Seconds() != s.Resilient.UnbalancedTimer {
			t.Errorf("%+v is shown as %+v", n.Resilient, s.Resilient)
		}
	}
}

// TestInteropMadeByUs: what we make, `ip` shows as it is.
func TestInteropMadeByUs(t *testing.T) {
	c, ns, v0, v1 := live(t)
	names := map[int]string{v0: "v0", v1: "v1"}
	made := []nexthop.Nexthop{
		{ID: 1, Link: v0, Gateway: addr("10.9.0.2"), Protocol: rtnl.ProtocolBGP},
		{ID: 2, Link: v1, Family: rtnl.FamilyIPv6, Protocol: rtnl.ProtocolStatic},
		{ID: 3, Link: v1, Gateway: addr("fe80::3"), Flags: nexthop.FlagOnlink},
		{ID: 4, Blackhole: true, Protocol: 200},
		{ID: 5, FDB: true, Gateway: addr("192.0.2.5")},
		{ID: 6, Link: v1},
		{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 2}, {ID: 3, Weight: 255}}, Protocol: rtnl.ProtocolZebra},
		{ID: 11, Group: []nexthop.Member{{ID: 5, Weight: 7}}, FDB: true},
		{
			ID: 12, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 6, Weight: 9}}, GroupType: nexthop.GroupResilient,
			Resilient: &nexthop.Resilient{Buckets: 64, IdleTimer: new(15 * time.Second), UnbalancedTimer: new(time.Hour)},
		},
	}
	add(t, c, made...)
	all := show(t, ns)
	if len(all) != len(made) {
		t.Errorf("%d next hops are shown, %d were made", len(all), len(made))
	}
	for _, n := range made {
		s := all[n.ID]
		n.Scope = get(t, c, n.ID).Scope
		compare(t, n, s, names)
	}
}

// TestInteropMadeByIP: what `ip` makes, we read as it shows it.
func TestInteropMadeByIP(t *testing.T) {
	c, ns, v0, v1 := live(t)
	names := map[int]string{v0: "v0", v1: "v1"}
	for _, args := range []string{
		"id 1 via 10.9.0.2 dev v0 proto 186",
		"id 2 via fd00::2 dev v0",
		"id 3 dev v1 proto static",
		"id 4 via 192.0.2.1 dev v1 onlink",
		"id 5 blackhole",
		"id 6 via 2001:db8::6 fdb",
		"id 10 group 1,1/2,2/3,255",
		"id 11 group 6 fdb",
		"id 12 group 1,5/3 type resilient buckets 8 idle_timer 30 unbalanced_timer 90",
		"id 13 group 1 type resilient buckets 16",
		"via 10.9.0.9 dev v0", // the kernel chooses an id
	} {
		ns.Run(t, "ip", append([]string{"nexthop", "add"}, strings.Fields(args)...)...)
	}
	all := show(t, ns)
	listed := list(t, c)
	if len(all) != 11 || len(listed) != len(all) {
		t.Errorf("%d next hops are shown, %d listed", len(all), len(listed))
	}
	for _, n := range listed {
		compare(t, n, all[n.ID], names)
	}
}

// TestInteropBuckets holds buckets against what `ip` says of them.
func TestInteropBuckets(t *testing.T) {
	c, ns, v0, v1 := live(t)
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Link: v1},
		nexthop.Nexthop{
			ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 2}}, GroupType: nexthop.GroupResilient,
			Resilient: &nexthop.Resilient{Buckets: 30},
		},
	)
	buckets, err := nexthop.Buckets(t.Context(), c, 10)
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		ID     uint32
		Bucket struct {
			Index int
			NHID  uint32 `json:"nhid"`
		}
	}
	out := ns.Run(t, "ip", "-j", "nexthop", "bucket", "show", "id", "10")
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(all) != 30 || len(buckets) != 30 {
		t.Fatalf("%d shown, %d read", len(all), len(buckets))
	}
	for i, b := range buckets {
		if s := all[i]; s.ID != b.GroupID || s.Bucket.Index != b.Index || s.Bucket.NHID != b.NexthopID {
			t.Errorf("%v is shown as %+v", b, s)
		}
	}
}

// TestInteropFDB: a VXLAN link's forwarding database sends to a group of ours.
func TestInteropFDB(t *testing.T) {
	c, ns, _, _ := live(t)
	add(t, c,
		nexthop.Nexthop{ID: 1, FDB: true, Gateway: addr("192.0.2.1")},
		nexthop.Nexthop{ID: 2, FDB: true, Gateway: addr("192.0.2.2")},
		nexthop.Nexthop{ID: 10, FDB: true, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}},
	)
	ns.Run(t, "ip", "link", "add", "vx0", "type", "vxlan", "id", "42", "dstport", "4789", "local", "10.9.0.1")
	ns.Run(t, "bridge", "fdb", "add", "02:00:00:00:00:01", "dev", "vx0", "nhid", "10")
	if out := string(ns.Run(t, "bridge", "fdb", "show", "dev", "vx0")); !strings.Contains(out, "02:00:00:00:00:01 nhid 10") {
		t.Errorf("shown as %s", out)
	}
}
