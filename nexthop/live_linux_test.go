package nexthop_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

// live returns a client for a namespace with two veth links, v0 and v1, up, with
// 10.9.0.1/24 and fd00::1/64 on v0, and the indexes of both.
func live(t testing.TB, opts ...nlkit.Option) (c *nlkit.Client, ns *nstest.NS, v0, v1 int) {
	t.Helper()
	ns = nstest.New(t)
	ns.RunInput(t, `link add v0 type veth peer name v1
link set v0 up
link set v1 up
address add 10.9.0.1/24 dev v0
address add fd00::1/64 dev v0 nodad
`, "ip", "-batch", "-")
	v0 = index(t, ns, "v0")
	return client(t, ns, opts...), ns, v0, v0 - 1 // the peer is made first
}

var client = livetest.In

// index returns the index of a link.
func index(t testing.TB, ns *nstest.NS, name string) int {
	t.Helper()
	number, _, _ := strings.Cut(string(ns.Run(t, "ip", "-o", "link", "show", name)), ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func add(t testing.TB, c *nlkit.Client, all ...nexthop.Nexthop) {
	t.Helper()
	for _, n := range all {
		if err := nexthop.Add(t.Context(), c, n); err != nil {
			t.Fatal(err)
		}
	}
}

func get(t testing.TB, c *nlkit.Client, id uint32, opts ...nexthop.GetOption) nexthop.Nexthop {
	t.Helper()
	n, err := nexthop.Get(t.Context(), c, id, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func list(t testing.TB, c *nlkit.Client, opts ...nexthop.ListOption) []nexthop.Nexthop {
	t.Helper()
	all, err := nexthop.List(t.Context(), c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ids(all []nexthop.Nexthop) []uint32 {
	var ids []uint32
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	return ids
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// needStats skips on kernels before 6.9, which refuse NHA_OP_FLAGS.
func needStats(t testing.TB, c *nlkit.Client) {
	t.Helper()
	if _, err := nexthop.List(t.Context(), c, nexthop.WithStats()); errors.Is(err, fs.ErrInvalid) {
		nstest.Skip(t, "kernel:6.9", "no next hop statistics: %v", err)
	}
}

func TestAddGet(t *testing.T) {
	c, _, v0, v1 := live(t)
	for _, tt := range []struct {
		name      string
		add, want nexthop.Nexthop
	}{
		{
			"gateway",
			nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2")},
			nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2"), Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink},
		}, {
			"gateway6",
			nexthop.Nexthop{ID: 2, Link: v0, Gateway: addr("fd00::2"), Protocol: rtnl.ProtocolBGP},
			nexthop.Nexthop{ID: 2, Link: v0, Gateway: addr("fd00::2"), Family: rtnl.FamilyIPv6, Protocol: rtnl.ProtocolBGP, Scope: rtnl.ScopeLink},
		}, {
			"link",
			nexthop.Nexthop{ID: 3, Link: v1},
			nexthop.Nexthop{ID: 3, Link: v1, Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeHost},
		}, {
			"link6",
			nexthop.Nexthop{ID: 4, Link: v1, Family: rtnl.FamilyIPv6},
			nexthop.Nexthop{ID: 4, Link: v1, Family: rtnl.FamilyIPv6, Scope: rtnl.ScopeLink},
		}, {
			"onlink",
			nexthop.Nexthop{ID: 5, Link: v1, Gateway: addr("192.0.2.1"), Flags: nexthop.FlagOnlink | nexthop.FlagOffload},
			nexthop.Nexthop{ID: 5, Link: v1, Gateway: addr("192.0.2.1"), Flags: nexthop.FlagOnlink, Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink},
		}, {
			"blackhole",
			nexthop.Nexthop{ID: 6, Blackhole: true},
			nexthop.Nexthop{ID: 6, Blackhole: true, Family: rtnl.FamilyIPv4},
		}, {
			"blackhole6",
			nexthop.Nexthop{ID: 7, Blackhole: true, Family: rtnl.FamilyIPv6},
			nexthop.Nexthop{ID: 7, Blackhole: true, Family: rtnl.FamilyIPv6},
		}, {
			"fdb",
			nexthop.Nexthop{ID: 8, FDB: true, Gateway: addr("192.0.2.8")},
			nexthop.Nexthop{ID: 8, FDB: true, Gateway: addr("192.0.2.8"), Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink},
		}, {
			"large id",
			nexthop.Nexthop{ID: 1<<32 - 1, Link: v0, Gateway: addr("10.9.0.3"), Protocol: 255},
			nexthop.Nexthop{ID: 1<<32 - 1, Link: v0, Gateway: addr("10.9.0.3"), Protocol: 255, Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink},
		}, {
			"group",
			nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 255}}, Protocol: rtnl.ProtocolStatic},
			nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 255}}, Protocol: rtnl.ProtocolStatic},
		}, {
			"fdb group",
			nexthop.Nexthop{ID: 11, Group: []nexthop.Member{{ID: 8, Weight: 2}}, FDB: true},
			nexthop.Nexthop{ID: 11, Group: []nexthop.Member{{ID: 8, Weight: 2}}, FDB: true},
		}, {
			"resilient",
			nexthop.Nexthop{
				ID: 12, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 3}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 16, IdleTimer: new(1500 * time.Millisecond), UnbalancedTimer: new(4*time.Minute + 19*time.Millisecond)},
			},
			nexthop.Nexthop{
				ID: 12, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 3}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 16, IdleTimer: new(1500 * time.Millisecond), UnbalancedTimer: new(4*time.Minute + 20*time.Millisecond)},
			},
		}, {
			"resilient defaults",
			nexthop.Nexthop{
				ID: 13, Group: []nexthop.Member{{ID: 1, Weight: 1}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 1},
			},
			nexthop.Nexthop{
				ID: 13, Group: []nexthop.Member{{ID: 1, Weight: 1}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 1, IdleTimer: new(120 * time.Second), UnbalancedTimer: new(time.Duration(0))},
			},
		}, {
			"resilient zero",
			nexthop.Nexthop{
				ID: 14, Group: []nexthop.Member{{ID: 1, Weight: 1}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 65535, IdleTimer: new(time.Duration(0)), UnbalancedTimer: new(time.Duration(0))},
			},
			nexthop.Nexthop{
				ID: 14, Group: []nexthop.Member{{ID: 1, Weight: 1}}, GroupType: nexthop.GroupResilient,
				Resilient: &nexthop.Resilient{Buckets: 65535, IdleTimer: new(time.Duration(0)), UnbalancedTimer: new(time.Duration(0))},
			},
		},
	} {
		add(t, c, tt.add)
		same(t, tt.name, get(t, c, tt.want.ID), tt.want)
	}
	if err := nexthop.Add(t.Context(), c, nexthop.Nexthop{ID: 1, Blackhole: true}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("adding an id that is there: %v", err)
	}
}

func TestWeights(t *testing.T) {
	c, _, v0, v1 := live(t)
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Link: v1}, nexthop.Nexthop{ID: 3, Link: v1})
	group := nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 257}, {ID: 2, Weight: nexthop.MaxWeight}, {ID: 3, Weight: 256}}}
	err := nexthop.Add(t.Context(), c, group)
	if errors.Is(err, fs.ErrInvalid) && strings.Contains(err.Error(), "Reserved field") {
		nstest.Skip(t, "kernel:6.12", "weights have 8 bits: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := get(t, c, 10)
	if got.Group[0].Weight == 1 && got.Group[1].Weight == 255 {
		nstest.Skip(t, "kernel:6.12", "the kernel does not say that weights have 16 bits")
	}
	same(t, "group", got, group)
	same(t, "list", list(t, c, nexthop.MatchGroups()), []nexthop.Nexthop{group})
}

func TestWithoutID(t *testing.T) {
	c, _, v0, v1 := live(t)
	var a, b, g nexthop.Nexthop
	if err := nexthop.Add(t.Context(), c, nexthop.Nexthop{Link: v0, Gateway: addr("10.9.0.2")}, nexthop.Into(&a)); err != nil {
		t.Fatal(err)
	}
	if a.ID == 0 {
		t.Fatalf("no id: %+v", a)
	}
	same(t, "into", a, nexthop.Nexthop{ID: a.ID, Link: v0, Gateway: addr("10.9.0.2"), Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink})
	same(t, "get", get(t, c, a.ID), a)

	batch := c.NewBatch()
	if err := nexthop.Add(t.Context(), batch, nexthop.Nexthop{Link: v1}, nexthop.Into(&b)); err != nil {
		t.Fatal(err)
	}
	if err := nexthop.Add(t.Context(), batch, nexthop.Nexthop{Group: []nexthop.Member{{ID: a.ID, Weight: 2}}}, nexthop.Into(&g)); err != nil {
		t.Fatal(err)
	}
	same(t, "before the batch is sent", b, nexthop.Nexthop{})
	if err := batch.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.ID == 0 || g.ID == 0 || b.ID == a.ID || g.ID == b.ID {
		t.Fatalf("ids %d, %d and %d", a.ID, b.ID, g.ID)
	}
	same(t, "list", list(t, c), []nexthop.Nexthop{a, b, g})
}

func TestReplace(t *testing.T) {
	c, ns, v0, v1 := live(t)
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2")}, nexthop.Nexthop{ID: 2, Link: v1})
	for i := range 3 { // an echo would bring them all
		ns.Run(t, "ip", "route", "add", "10.200."+strconv.Itoa(i)+".0/24", "nhid", "1")
	}
	var n nexthop.Nexthop
	err := nexthop.Replace(t.Context(), c, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.9"), Protocol: rtnl.ProtocolZebra}, nexthop.Into(&n))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "into", n, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.9"), Protocol: rtnl.ProtocolZebra, Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink})
	same(t, "get", get(t, c, 1), n)
	if out := string(ns.Run(t, "ip", "route", "show", "10.200.0.0/24")); !strings.Contains(out, "via 10.9.0.9") {
		t.Errorf("the route did not follow: %s", out)
	}

	if err := nexthop.Replace(t.Context(), c, nexthop.Nexthop{ID: 3, Link: v1}); err != nil {
		t.Errorf("replacing nothing: %v", err)
	}
	err = nexthop.Replace(t.Context(), c, nexthop.Nexthop{ID: 3, Group: []nexthop.Member{{ID: 1, Weight: 1}}})
	if !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), `Can not replace a nexthop with a nexthop group`) {
		t.Errorf("replacing a link by a group: %v", err)
	}
}

func TestReplaceResilient(t *testing.T) {
	c, _, v0, v1 := live(t)
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Link: v1})
	group := nexthop.Nexthop{
		ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}, GroupType: nexthop.GroupResilient,
		Resilient: &nexthop.Resilient{Buckets: 8, IdleTimer: new(time.Hour), UnbalancedTimer: new(2 * time.Hour)},
	}
	add(t, c, group)
	// What is not given stays.
	if err := nexthop.Replace(t.Context(), c, nexthop.Nexthop{ID: 10, Group: group.Group, GroupType: nexthop.GroupResilient}); err != nil {
		t.Fatal(err)
	}
	same(t, "nothing given", get(t, c, 10), group)
	err := nexthop.Replace(t.Context(), c, nexthop.Nexthop{
		ID: 10, Group: group.Group, GroupType: nexthop.GroupResilient,
		Resilient: &nexthop.Resilient{UnbalancedTimer: new(time.Duration(0))},
	})
	if err != nil {
		t.Fatal(err)
	}
	group.Resilient.UnbalancedTimer = new(time.Duration(0))
	same(t, "unbalanced timer given", get(t, c, 10), group)

	group.Resilient.Buckets = 9
	if err := nexthop.Replace(t.Context(), c, group); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("other number of buckets: %v", err)
	}
}

func TestDelete(t *testing.T) {
	c, _, v0, v1 := live(t)
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Link: v1},
		nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}},
		nexthop.Nexthop{ID: 11, Group: []nexthop.Member{{ID: 1, Weight: 1}}},
	)
	if err := nexthop.Delete(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	same(t, "what is left", ids(list(t, c)), []uint32{2, 10})
	same(t, "group", get(t, c, 10).Group, []nexthop.Member{{ID: 2, Weight: 1}})

	err := nexthop.Delete(t.Context(), c, 1)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "nexthop.Delete id 1: no such file or directory" {
		t.Errorf("deleting nothing: %v", err)
	}
	_, err = nexthop.Get(t.Context(), c, 1)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "nexthop.Get id 1: no such file or directory" {
		t.Errorf("getting nothing: %v", err)
	}
}

func TestSaveFlushRestore(t *testing.T) {
	c, ns, v0, v1 := live(t)
	for _, args := range []string{
		"id 1 via 10.9.0.2 dev v0 proto bgp",
		"id 20 via fd00::2 dev v0",
		"id 3 dev v1",
		"id 4 via 192.0.2.1 dev v1 onlink",
		"id 5 blackhole",
		"id 6 via 192.0.2.8 fdb",
		"id 8 group 6 fdb",
		"id 9 group 1,7/20,255/3", // its members' ids are greater
		"id 10 group 1/3 type resilient buckets 32 idle_timer 0 unbalanced_timer 600",
	} {
		ns.Run(t, "ip", append([]string{"nexthop", "add"}, strings.Fields(args)...)...)
	}
	ns.Run(t, "ip", "-6", "nexthop", "add", "id", "2", "blackhole")
	encap := 0
	for _, args := range []string{
		"id 30 encap ip id 7 dst 192.0.2.9 via 10.9.0.2 dev v0",
		"id 31 encap seg6 mode encap segs fc00::1,fc00::2 via fd00::2 dev v0",
	} {
		if _, err := ns.TryRun(t, "ip", append([]string{"nexthop", "add"}, strings.Fields(args)...)...); err == nil {
			encap++ // where the kernel has it
		}
	}
	saved := list(t, c)
	if len(saved) != 10+encap || v0 == v1 {
		t.Fatalf("%d saved", len(saved))
	}
	shown := string(ns.Run(t, "ip", "-d", "nexthop", "show"))

	if err := nexthop.Flush(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if left := list(t, c); len(left) != 0 {
		t.Fatalf("left: %v", left)
	}

	batch := c.NewBatch()
	for _, groups := range []bool{false, true} {
		for _, n := range saved {
			if n.IsGroup() == groups {
				if err := nexthop.Add(t.Context(), batch, n); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := batch.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "restored", list(t, c), saved)
	same(t, "shown", string(ns.Run(t, "ip", "-d", "nexthop", "show")), shown)
}

func TestFlush(t *testing.T) {
	c, _, v0, v1 := live(t)
	add(t, c,
		nexthop.Nexthop{ID: 2, Link: v0, Protocol: 77}, nexthop.Nexthop{ID: 3, Link: v1, Protocol: 78},
		nexthop.Nexthop{ID: 4, Link: v1, Protocol: 77},
		nexthop.Nexthop{ID: 1, Group: []nexthop.Member{{ID: 2, Weight: 1}}, Protocol: 78},
	)
	if err := nexthop.Flush(t.Context(), c, nexthop.MatchProtocol(77), nexthop.MatchLink(v0)); err != nil {
		t.Error(err)
	}
	same(t, "left", ids(list(t, c)), []uint32{3, 4}) // the group went with its last member
	if err := nexthop.Flush(t.Context(), c, nexthop.MatchFDB()); err != nil {
		t.Errorf("flushing nothing: %v", err)
	}
	if err := nexthop.Flush(t.Context(), c, nexthop.MatchLink(0)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("an option that makes no sense: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := nexthop.Flush(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFilters(t *testing.T) {
	c, ns, v0, v1 := live(t)
	ns.Run(t, "ip", "link", "add", "br0", "type", "bridge")
	ns.Run(t, "ip", "link", "set", "v1", "master", "br0")
	ns.Run(t, "ip", "link", "set", "br0", "up")
	br0 := index(t, ns, "br0")
	lo := index(t, ns, "lo")
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2"), Protocol: 9},
		nexthop.Nexthop{ID: 2, Link: v1},
		nexthop.Nexthop{ID: 3, Link: v1, Family: rtnl.FamilyIPv6, Protocol: 9},
		nexthop.Nexthop{ID: 4, Blackhole: true},
		nexthop.Nexthop{ID: 5, FDB: true, Gateway: addr("fd00::5")},
		nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}},
		nexthop.Nexthop{ID: 11, Group: []nexthop.Member{{ID: 5, Weight: 1}}, FDB: true},
	)
	type opts = []nexthop.ListOption
	for _, tt := range []struct {
		name string
		opts opts
		want []uint32
	}{
		{"all", nil, []uint32{1, 2, 3, 4, 5, 10, 11}},
		{"nil option", opts{nil}, []uint32{1, 2, 3, 4, 5, 10, 11}},
		{"link", opts{nexthop.MatchLink(v1)}, []uint32{2, 3}},
		{"of two links the last", opts{nexthop.MatchLink(v0), nexthop.MatchLink(v1)}, []uint32{2, 3}},
		{"loopback", opts{nexthop.MatchLink(lo)}, nil}, // where the kernel has its blackholes
		{"no such link", opts{nexthop.MatchLink(9999)}, nil},
		{"master", opts{nexthop.MatchMaster(br0)}, []uint32{2, 3}},
		{"no master", opts{nexthop.MatchMaster(v0)}, nil},
		{"IPv4", opts{nexthop.MatchFamily(rtnl.FamilyIPv4)}, []uint32{1, 2, 4}},
		{"IPv6", opts{nexthop.MatchFamily(rtnl.FamilyIPv6)}, []uint32{3, 5}},
		{"MPLS", opts{nexthop.MatchFamily(rtnl.FamilyMPLS)}, nil},
		{"groups", opts{nexthop.MatchGroups()}, []uint32{10, 11}},
		{"fdb", opts{nexthop.MatchFDB()}, []uint32{5, 11}},
		{"protocol", opts{nexthop.MatchProtocol(9)}, []uint32{1, 3}},
		{"no protocol", opts{nexthop.MatchProtocol(rtnl.ProtocolUnspec)}, []uint32{2, 4, 5, 10, 11}},
		{"fdb groups", opts{nexthop.MatchFDB(), nexthop.MatchGroups()}, []uint32{11}},
		{"master and family", opts{nexthop.MatchMaster(br0), nexthop.MatchFamily(rtnl.FamilyIPv6)}, []uint32{3}},
		{"groups of a link", opts{nexthop.MatchGroups(), nexthop.MatchLink(v0)}, nil},
	} {
		for _, strict := range []bool{true, false} {
			c := client(t, ns, nlkit.WithStrict(strict))
			got := list(t, c, tt.opts...)
			if !slices.Equal(ids(got), tt.want) {
				t.Errorf("%s, strict %v: %v, want %v", tt.name, strict, ids(got), tt.want)
			}
			streamed := got[:0:0]
			for n, err := range nexthop.All(t.Context(), c, tt.opts...) {
				if err != nil {
					t.Fatal(err)
				}
				streamed = append(streamed, n)
			}
			same(t, tt.name, streamed, got)
		}
	}
	for range nexthop.All(t.Context(), c) {
		break
	}
	for name, opt := range map[string]nexthop.ListOption{
		"nexthop.List: MatchLink(0): no index of a link":    nexthop.MatchLink(0),
		"nexthop.List: MatchMaster(-1): no index of a link": nexthop.MatchMaster(-1),
	} {
		if _, err := nexthop.List(t.Context(), c, opt); !errors.Is(err, fs.ErrInvalid) || err.Error() != name {
			t.Errorf("got %v, want %s", err, name)
		}
		for _, err := range nexthop.All(t.Context(), c, opt) {
			if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
				t.Errorf("All: %v", err)
			}
		}
	}
}

func TestStats(t *testing.T) {
	c, ns, v0, v1 := live(t)
	needStats(t, c)
	group := nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}, HWStats: true}
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2")}, nexthop.Nexthop{ID: 2, Link: v1}, group)
	ns.Run(t, "ip", "route", "add", "198.51.100.0/24", "nhid", "10")

	n := get(t, c, 10)
	if n.HWStats || n.Stats != nil {
		t.Errorf("statistics nobody asked for: %+v", n)
	}
	n = get(t, c, 10, nexthop.WithStats())
	group.Stats = []nexthop.MemberStats{{ID: 1}, {ID: 2}}
	same(t, "statistics", n, group)

	sendPackets(t, ns)
	var packets uint64
	for _, s := range get(t, c, 10, nexthop.WithHWStats()).Stats {
		packets += s.Packets
		if s.HWPackets != 0 {
			t.Errorf("packets in hardware: %+v", s)
		}
	}
	if packets == 0 {
		t.Error("no packet was counted")
	}

	// Without it, Replace switches the statistics off.
	all := list(t, c, nexthop.WithHWStats(), nexthop.MatchGroups())
	if len(all) != 1 || !all[0].HWStats || all[0].HWStatsUsed || len(all[0].Stats) != 2 {
		t.Errorf("listed %+v", all)
	}
	group.HWStats, group.Stats = false, nil
	if err := nexthop.Replace(t.Context(), c, group); err != nil {
		t.Fatal(err)
	}
	if get(t, c, 10, nexthop.WithStats()).HWStats {
		t.Error("hardware statistics are still on")
	}
}

// sendPackets sends packets to the network behind the group.
func sendPackets(t *testing.T, ns *nstest.NS) {
	t.Helper()
	ns.Do(t, func() {
		for i := range 16 {
			fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			err = syscall.Sendto(fd, []byte("x"), 0, &syscall.SockaddrInet4{Port: 9, Addr: [4]byte{198, 51, 100, byte(i + 1)}})
			if err := errors.Join(err, syscall.Close(fd)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestBuckets(t *testing.T) {
	c, _, v0, v1 := live(t)
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Link: v1},
		nexthop.Nexthop{ID: 9, Group: []nexthop.Member{{ID: 1, Weight: 1}}},
		nexthop.Nexthop{
			ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 3}, {ID: 2, Weight: 1}}, GroupType: nexthop.GroupResilient,
			Resilient: &nexthop.Resilient{Buckets: 1000}, Protocol: rtnl.ProtocolBGP,
		},
		nexthop.Nexthop{
			ID: 11, Group: []nexthop.Member{{ID: 2, Weight: 1}}, GroupType: nexthop.GroupResilient,
			Resilient: &nexthop.Resilient{Buckets: 2},
		},
	)
	buckets := func(id uint32, opts ...nexthop.BucketOption) []nexthop.Bucket {
		t.Helper()
		all, err := nexthop.Buckets(t.Context(), c, id, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := buckets(10)
	share := map[uint32]int{}
	for i, b := range all {
		if b.GroupID != 10 || b.Index != i || b.Protocol != rtnl.ProtocolBGP || b.Flags != 0 || b.IdleTime < 0 || b.IdleTime > time.Hour {
			t.Fatalf("bucket %d: %+v", i, b)
		}
		share[b.NexthopID]++
	}
	same(t, "shares", share, map[uint32]int{1: 750, 2: 250})
	for name, n := range map[string][2]int{
		"all groups": {len(buckets(0)), 1002},
		"next hop":   {len(buckets(10, nexthop.MatchNexthop(2))), 250},
		"link":       {len(buckets(10, nexthop.MatchLink(v0))), 750},
		"all link":   {len(buckets(0, nexthop.MatchLink(v1), nil)), 252},
		"master":     {len(buckets(0, nexthop.MatchMaster(v1))), 0},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d buckets, want %d", name, n[0], n[1])
		}
	}
	i := 0
	for b, err := range nexthop.AllBuckets(t.Context(), c, 10) {
		if err != nil || b.Index != i {
			t.Fatalf("bucket %d: %+v, %v", i, b, err)
		}
		if i++; i == 500 {
			break
		}
	}
	b, err := nexthop.GetBucket(t.Context(), c, 10, 999)
	if err != nil || b.GroupID != 10 || b.Index != 999 || b.NexthopID != all[999].NexthopID {
		t.Errorf("got %+v, %v", b, err)
	}
	if b, err = nexthop.GetBucket(t.Context(), c, 10, 0); err != nil || b.Index != 0 || b.NexthopID != all[0].NexthopID {
		t.Errorf("got %+v, %v", b, err)
	}

	for _, tt := range []struct {
		err  error
		is   error
		text string
	}{
		{second(nexthop.Buckets(t.Context(), c, 99)), fs.ErrNotExist, "nexthop.Buckets id 99: no such file or directory"},
		{second(nexthop.Buckets(t.Context(), c, 1)), fs.ErrInvalid, "nexthop.Buckets id 1: invalid argument: Not a nexthop group"},
		{second(nexthop.Buckets(t.Context(), c, 9)), fs.ErrInvalid, "nexthop.Buckets id 9: invalid argument: Nexthop group not of type resilient"},
		{second(nexthop.Buckets(t.Context(), c, 9, nexthop.MatchNexthop(0))), fs.ErrInvalid, "nexthop.Buckets id 9: MatchNexthop(0): no id of a next hop"},
		{second(nexthop.GetBucket(t.Context(), c, 10, 1000)), fs.ErrNotExist, "nexthop.GetBucket id 10 index 1000: no such file or directory: Bucket index out of bounds"},
		{second(nexthop.GetBucket(t.Context(), c, 99, 0)), fs.ErrNotExist, "nexthop.GetBucket id 99 index 0: no such file or directory"},
		{second(nexthop.GetBucket(t.Context(), c, 9, 0)), fs.ErrInvalid, "nexthop.GetBucket id 9 index 0: invalid argument: Nexthop group not of type resilient"},
		{second(nexthop.GetBucket(t.Context(), c, 10, 65536)), fs.ErrInvalid, "nexthop.GetBucket id 10 index 65536: 65536 is out of range (NHA_RES_BUCKET.NHA_RES_BUCKET_INDEX)"},
		{second(nexthop.GetBucket(t.Context(), c, 0, 1)), fs.ErrInvalid, "nexthop.GetBucket id 0 index 1: 0 is no id (NHA_ID)"},
	} {
		if !errors.Is(tt.err, tt.is) || tt.err.Error() != tt.text {
			t.Errorf("got  %v\nwant %s", tt.err, tt.text)
		}
	}
	for _, err := range nexthop.AllBuckets(t.Context(), c, 10, nexthop.MatchLink(-1)) {
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range nexthop.AllBuckets(t.Context(), c, 99) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSubscribe(t *testing.T) {
	c, _, v0, v1 := live(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	sub, err := nexthop.Subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()

	one := nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2"), Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeLink}
	two := nexthop.Nexthop{ID: 2, Link: v1, Family: rtnl.FamilyIPv4, Scope: rtnl.ScopeHost}
	group := nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 200}}}
	add(t, c, one, two, group)
	one.Gateway = addr("10.9.0.3")
	if err := nexthop.Replace(ctx, c, one); err != nil {
		t.Fatal(err)
	}
	if err := nexthop.Delete(ctx, c, 1); err != nil {
		t.Fatal(err)
	}

	next := func() nexthop.Event {
		t.Helper()
		var e nexthop.Event
		if err := sub.ReadInto(&e); err != nil {
			t.Fatal(err)
		}
		if e.PortID == 0 || e.NSID != -1 {
			t.Errorf("from port %d, namespace %d", e.PortID, e.NSID)
		}
		return e
	}
	old := one
	old.Gateway = addr("10.9.0.2")
	smaller := group
	smaller.Group = group.Group[1:]
	for _, want := range []struct {
		typ     nlkit.EventType
		n       nexthop.Nexthop
		replace bool
	}{
		{nlkit.Updated, old, false},
		{nlkit.Updated, two, false},
		{nlkit.Updated, group, false},
		{nlkit.Updated, one, true},
		{nlkit.Deleted, one, false},
		{nlkit.Updated, smaller, false},
	} {
		e := next()
		if e.Type != want.typ || want.replace != (e.Flags&uapi.NLM_F_REPLACE != 0) {
			t.Errorf("event %v with flags %#x, want %v", e.Type, e.Flags, want.typ)
		}
		same(t, "event", e.Object, want.n)
	}
	cancel()
	for _, err := range sub.All() {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after cancel: %v", err)
		}
	}
}

func TestSubscribeBuckets(t *testing.T) {
	c, ns, v0, v1 := live(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	sub, err := nexthop.SubscribeBuckets(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()

	group := nexthop.Nexthop{
		ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}}, GroupType: nexthop.GroupResilient,
		Resilient: &nexthop.Resilient{Buckets: 4, IdleTimer: new(time.Hour), UnbalancedTimer: new(100 * time.Millisecond)},
	}
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0, Gateway: addr("10.9.0.2")}, nexthop.Nexthop{ID: 2, Link: v1}, group)
	ns.Run(t, "ip", "route", "add", "198.51.100.0/24", "nhid", "10")
	// A bucket used in the tick in which it was made counts as one without a use.
	for old := false; !old; {
		buckets, err := nexthop.Buckets(ctx, c, 10)
		if err != nil {
			t.Fatal(err)
		}
		old = !slices.ContainsFunc(buckets, func(b nexthop.Bucket) bool { return b.IdleTime == 0 })
	}
	sendPackets(t, ns) // buckets in use move later, and that is an event
	group.Group = []nexthop.Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 255}}
	if err := nexthop.Replace(ctx, c, group); err != nil {
		t.Fatal(err)
	}
	var e nexthop.BucketEvent
	if err := sub.ReadInto(&e); err != nil {
		t.Fatal(err)
	}
	if e.Type != nlkit.Updated || e.Object.GroupID != 10 || e.Object.NexthopID != 2 || e.Object.Index > 3 || e.Flags&uapi.NLM_F_REPLACE == 0 {
		t.Errorf("event %+v", e)
	}
}

// TestLinkDown holds the kernel to what the package's comment says of it.
func TestLinkDown(t *testing.T) {
	c, ns, v0, _ := live(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Blackhole: true},
		nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}}},
	)
	sub, err := nexthop.Subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	ns.Run(t, "ip", "link", "set", "v0", "down")
	same(t, "left", ids(list(t, c)), []uint32{2})

	add(t, c, nexthop.Nexthop{ID: 3, Blackhole: true})
	var e nexthop.Event
	if err := sub.ReadInto(&e); err != nil || e.Object.ID != 3 {
		t.Errorf("first event %+v, %v", e, err)
	}
}

func TestRefusedByKernel(t *testing.T) {
	c, ns, v0, _ := live(t)
	ns.Run(t, "ip", "link", "add", "v2", "type", "veth", "peer", "name", "v3")
	down := index(t, ns, "v2")
	add(t, c,
		nexthop.Nexthop{ID: 1, Link: v0}, nexthop.Nexthop{ID: 2, Blackhole: true},
		nexthop.Nexthop{ID: 3, Group: []nexthop.Member{{ID: 1, Weight: 1}}},
	)
	member := func(ids ...uint32) (g []nexthop.Member) {
		for _, id := range ids {
			g = append(g, nexthop.Member{ID: id, Weight: 1})
		}
		return g
	}
	for _, tt := range []struct {
		n    nexthop.Nexthop
		is   error
		text string
	}{
		{nexthop.Nexthop{ID: 5, Link: 9999}, fs.ErrInvalid, "nexthop.Add id 5 dev 9999: invalid argument: Invalid device index"},
		{nexthop.Nexthop{ID: 5, Link: down}, syscall.ENETDOWN, "Nexthop device is not up"},
		{nexthop.Nexthop{ID: 5, Link: v0, Gateway: addr("192.0.2.1")}, syscall.ENETUNREACH, "Nexthop has invalid gateway"},
		{nexthop.Nexthop{ID: 5, Group: member(1, 99)}, fs.ErrInvalid, "nexthop.Add id 5 group 1/99: invalid argument: Invalid nexthop id"},
		{nexthop.Nexthop{ID: 5, Group: member(3)}, fs.ErrInvalid, "can not be a nexthop within a group"},
		{nexthop.Nexthop{ID: 5, Group: member(1, 2)}, fs.ErrInvalid, "Blackhole nexthop can not be used in a group with more than 1 path"},
		{nexthop.Nexthop{ID: 5, Group: member(1), GroupType: 99}, fs.ErrInvalid, "nexthop.Add id 5 group 1 type GroupType(99): invalid argument: Invalid group type"},
		{nexthop.Nexthop{ID: 5, Group: member(1), FDB: true}, fs.ErrInvalid, "FDB nexthop group can only have fdb nexthops"},
	} {
		err := nexthop.Add(t.Context(), c, tt.n)
		if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%v: %v", tt.n, err)
		}
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !e.Sent {
			t.Errorf("%v: not sent", tt.n)
		}
	}
	same(t, "next hops", ids(list(t, c)), []uint32{1, 2, 3})
}

// TestWeightLimit holds the kernel to [nexthop.MaxWeight].
func TestWeightLimit(t *testing.T) {
	c, _, v0, _ := live(t)
	add(t, c, nexthop.Nexthop{ID: 1, Link: v0})
	group := binary.NativeEndian.AppendUint32(nil, 1)
	group = append(group, 0xff, 0xff, 0, 0)
	err := c.Do(t.Context(), nlkit.Request{
		Op: "nexthop.Add", Type: uapi.RTM_NEWNEXTHOP, Flags: uapi.NLM_F_CREATE,
		Data: attr.AppendBytes(make([]byte, 8), uapi.NHA_GROUP, group),
	})
	if !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a weight of %d: %v", nexthop.MaxWeight+1, err)
	}
}

func TestPermission(t *testing.T) {
	c, _, v0, _ := live(t)
	ctx := t.Context()
	n := nexthop.Nexthop{ID: 1, Link: v0}
	add(t, c, n) // and there is a socket
	nstest.WithoutRights(t, func() {
		for verb, err := range map[string]error{
			"Add": nexthop.Add(ctx, c, n), "Replace": nexthop.Replace(ctx, c, n),
			"Delete": nexthop.Delete(ctx, c, 1), "Flush": nexthop.Flush(ctx, c),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if all, err := nexthop.List(ctx, c); err != nil || len(all) != 1 {
			t.Errorf("List: %v, %v", all, err)
		}
		if _, err := nexthop.Get(ctx, c, 1); err != nil {
			t.Errorf("Get: %v", err)
		}
	})
}
