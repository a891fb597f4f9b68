package neigh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

func TestNeighbours(t *testing.T) {
	for _, ip := range []string{"192.0.2.1", "2001:db8::1"} {
		t.Run(ip, func(t *testing.T) {
			c, _ := live(t)
			ctx := t.Context()
			link, _ := addVeth(t, c, "v0", "v1")
			n := Neighbour{Link: link, Addr: addr(ip), LinkAddr: mac(1), Protocol: rtnl.ProtocolStatic}
			want := n
			want.Family, want.State = rtnl.FamilyOf(n.Addr), StatePermanent

			if _, err := Get(ctx, c, n); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an entry that is not there: %v", err)
			}
			if err := Set(ctx, c, n); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("set what is not there: %v", err)
			}
			var into Neighbour
			if err := Add(ctx, c, n, Into(&into)); err != nil {
				t.Fatal(err)
			}
			if got := plain(into); !reflect.DeepEqual(got, want) {
				t.Errorf("the kernel made %+v, want %+v", got, want)
			}
			if into.CacheInfo == nil || into.CacheInfo.Updated > time.Minute {
				t.Errorf("cache info %+v", into.CacheInfo)
			}
			err := Add(ctx, c, n)
			if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), ip+" dev ") {
				t.Errorf("added twice: %v", err)
			}

			n.State, n.LinkAddr = StateStale, mac(2)
			if err := Set(ctx, c, n); err != nil {
				t.Fatal(err)
			}
			if got, err := Get(ctx, c, n); err != nil || got.State != StateStale || got.LinkAddr.String() != mac(2).String() {
				t.Errorf("after Set: %+v, %v", got, err)
			}
			n.State, n.Flags = StateReachable, FlagExtLearned|FlagRouter
			if err := Replace(ctx, c, n, Into(&into)); err != nil {
				t.Fatal(err)
			}
			if into.State != StateReachable || !into.Flags.Has(FlagExtLearned) {
				t.Errorf("after Replace: %+v", into)
			}

			list, err := List(ctx, c, MatchLink(link), MatchWithin(netip.PrefixFrom(n.Addr, n.Addr.BitLen())))
			if err != nil || len(list) != 1 {
				t.Fatalf("listed %v, %v", list, err)
			}
			if err := Delete(ctx, c, list[0]); err != nil {
				t.Fatal(err)
			}
			if err := Delete(ctx, c, list[0]); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("deleted twice: %v", err)
			}
			if err := Add(ctx, c, list[0], Into(&into)); err != nil {
				t.Fatalf("what List returned: %v", err)
			}
			if got, want := plain(into), plain(list[0]); !reflect.DeepEqual(got, want) {
				t.Errorf("put back %+v, want %+v", got, want)
			}
		})
	}
}

func TestManagedNeighbour(t *testing.T) {
	c, _ := live(t)
	link, _ := addVeth(t, c, "v0", "v1")
	n := Neighbour{Link: link, Addr: addr("192.0.2.1"), Flags: FlagManaged | FlagExtLearned}
	if err := Add(t.Context(), c, n); err != nil {
		t.Fatal(err)
	}
	got, err := Get(t.Context(), c, n)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Flags.Has(FlagExtLearned) {
		t.Errorf("flags %v", got.Flags)
	}
	if !got.Flags.Has(FlagManaged) {
		t.Errorf("flags %v, managed is Linux 5.16", got.Flags)
	}
	if got.State.Has(StatePermanent) {
		t.Errorf("state %v", got.State)
	}
}

func TestExtValidatedNeighbour(t *testing.T) {
	nstest.NeedKernel(t, "6.17")
	c, _ := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	n := Neighbour{
		Link: link, Family: rtnl.FamilyIPv4, Addr: addr("192.0.2.1"), LinkAddr: mac(1), State: StateStale,
		Flags: FlagExtValidated | FlagExtLearned,
	}
	for range 2 { // as it is, and as it was read
		var got Neighbour
		if err := Add(ctx, c, n, Into(&got)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain(got), n) {
			t.Errorf("got %+v, want %+v", got, n)
		}
		if err := Delete(ctx, c, got); err != nil {
			t.Fatal(err)
		}
		n = plain(got)
	}
	n.Flags = FlagExtValidated | FlagManaged
	if err := Add(ctx, c, n); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("managed by both: %v", err)
	}
}

func TestProxies(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	for _, n := range []Neighbour{
		{Link: link, Addr: addr("192.0.2.1"), Flags: FlagProxy, Protocol: rtnl.ProtocolStatic},
		{Link: link, Addr: addr("2001:db8::1"), Flags: FlagProxy | FlagRouter},
		{Addr: addr("192.0.2.9"), Flags: FlagProxy}, // on all links
	} {
		if err := Add(ctx, c, n); err != nil {
			t.Fatal(err)
		}
		got, err := Get(ctx, c, n)
		if err != nil {
			t.Fatal(err)
		}
		n.Family = rtnl.FamilyOf(n.Addr)
		if !reflect.DeepEqual(plain(got), n) {
			t.Errorf("got %+v, want %+v", got, n)
		}
	}
	for _, tt := range []struct {
		opts []ListOption
		want []string
	}{
		{nil, []string{"proxy 192.0.2.1 dev 3", "proxy 192.0.2.9", "proxy 2001:db8::1 dev 3"}},
		{[]ListOption{MatchLink(link)}, []string{"proxy 192.0.2.1 dev 3", "proxy 2001:db8::1 dev 3"}},
		{[]ListOption{MatchFamily(rtnl.FamilyIPv6)}, []string{"proxy 2001:db8::1 dev 3"}},
		{[]ListOption{MatchFlags(FlagRouter)}, []string{"proxy 2001:db8::1 dev 3"}},
		{[]ListOption{MatchProtocol(rtnl.ProtocolStatic)}, []string{"proxy 192.0.2.1 dev 3"}},
		{[]ListOption{MatchLink(0)}, []string{"proxy 192.0.2.9"}},
	} {
		var got []string
		for _, n := range listed(t, ns, append(tt.opts, Proxies())...) {
			got = append(got, strings.Replace(n.String(), "dev "+itoa(link), "dev 3", 1))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	for _, n := range listed(t, ns) {
		if n.Flags.Has(FlagProxy) {
			t.Errorf("a proxy among neighbours: %v", n)
		}
	}
	if err := Delete(ctx, c, Neighbour{Link: link, Addr: addr("192.0.2.1"), Flags: FlagProxy}); err != nil {
		t.Fatal(err)
	}
	if _, err := Get(ctx, c, Neighbour{Link: link, Addr: addr("192.0.2.1"), Flags: FlagProxy}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Delete: %v", err)
	}
	if err := Flush(ctx, c, Proxies()); err != nil {
		t.Fatal(err)
	}
	if left := listed(t, ns, Proxies()); len(left) > 0 {
		t.Errorf("after Flush: %v", left)
	}
}

// A proxy stays when its link loses the carrier, unless it was made with a state that
// passes.
func TestProxyOutlastsCarrier(t *testing.T) {
	nstest.NeedKernel(t, "6.12")
	c, ns := live(t)
	ctx := withTimeout(t)
	link, peer := addVeth(t, c, "v0", "v1")
	stays := Neighbour{Link: link, Addr: addr("192.0.2.1"), Flags: FlagProxy}
	passes := Neighbour{Link: link, Addr: addr("192.0.2.2"), Flags: FlagProxy, State: StateReachable}
	for _, n := range []Neighbour{stays, passes} {
		if err := Add(ctx, c, n); err != nil {
			t.Fatal(err)
		}
	}
	data := ifinfo(peer, false)
	binary.NativeEndian.PutUint32(data[12:], 1) // IFF_UP is what changes
	if err := c.Do(ctx, nlkit.Request{Op: "test.SetLink", Type: uapi.RTM_NEWLINK, Data: data}); err != nil {
		t.Fatal(err)
	}
	for { // until the kernel has gone through the link's entries
		_, err := Get(ctx, c, passes)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, ns, Proxies()); len(got) != 1 || got[0].Addr != stays.Addr {
		t.Errorf("left are %v", got)
	}
}

func TestBridge(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	p0, p1 := addPort(t, c, "p0", br), addPort(t, c, "p1", br)

	static := bridgeEntry(p0, mac(1), StateNoARP)
	static.Flags = FlagSticky
	for _, n := range []Neighbour{
		static,
		bridgeEntry(p0, mac(2), StateReachable),
		bridgeEntry(p1, mac(3), 0),
		{Family: rtnl.FamilyBridge, Link: br, LinkAddr: mac(4), Flags: FlagSelf},
		{Family: rtnl.FamilyBridge, Link: p1, LinkAddr: mac(5), State: StateNoARP, Activity: ActivityNotify | ActivityInactive},
		{Family: rtnl.FamilyBridge, Link: p1, LinkAddr: mac(6), State: StateReachable, Flags: FlagExtLearned | FlagMaster},
	} {
		var got Neighbour
		if err := Add(ctx, c, n, Into(&got)); err != nil {
			t.Fatal(err)
		}
		n.Master = br
		n.Flags &^= FlagSelf | FlagMaster // not said of what is in a bridge's FDB
		if n.State == 0 {
			n.State = StatePermanent
		}
		if !reflect.DeepEqual(plain(got), n) {
			t.Errorf("got %+v, want %+v", plain(got), n)
		}
		if got.CacheInfo == nil {
			t.Errorf("%v has no cache info", got)
		}

		byMaster, err := Get(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Master: br, LinkAddr: n.LinkAddr})
		if err != nil || byMaster.Link != n.Link {
			t.Errorf("by its bridge: %v, %v", byMaster, err)
		}
		if err := Delete(ctx, c, got); err != nil {
			t.Fatalf("delete %v: %v", got, err)
		}
		if _, err := Get(ctx, c, n); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after Delete: %v", err)
		}
		var again Neighbour
		if err := Add(ctx, c, got, Into(&again)); err != nil {
			t.Fatalf("what was got: %v", err)
		}
		if !reflect.DeepEqual(plain(again), plain(got)) {
			t.Errorf("put back %+v, want %+v", plain(again), plain(got))
		}
		if err := Add(ctx, c, got); got.Flags&FlagExtLearned == 0 && !errors.Is(err, fs.ErrExist) {
			t.Errorf("added twice: %v", err)
		}
	}

	if _, err := Get(ctx, c, bridgeEntry(p1, mac(1), 0)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an entry of another port: %v", err)
	}
	if err := Replace(ctx, c, bridgeEntry(p1, mac(2), StateNoARP)); err != nil {
		t.Fatal(err)
	}
	if got, err := Get(ctx, c, bridgeEntry(p1, mac(2), 0)); err != nil || got.State != StateNoARP {
		t.Errorf("moved by Replace: %+v, %v", got, err)
	}
	if err := Set(ctx, c, bridgeEntry(p1, mac(0x99), StateNoARP)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("set what is not there: %v", err)
	}
	if err := Add(ctx, c, bridgeEntry(br, mac(0x99), 0)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a bridge is no port: %v", err)
	}
	n := bridgeEntry(p0, mac(0x99), 0)
	n.VLAN = 10
	if err := Add(ctx, c, n); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a VLAN that the port does not have: %v", err)
	}
}

// TestBridgeVLAN is of a bridge whose ports are in VLAN 1, as they are by default.
func TestBridgeVLAN(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	br := addLink(t, c, "br0", "bridge", nil)
	port := addPort(t, c, "p0", br)
	if err := Add(ctx, c, bridgeEntry(port, mac(1), StateNoARP)); err != nil {
		t.Fatal(err)
	}
	vlans := func(opts ...ListOption) (vlans []uint16) {
		for _, n := range listed(t, ns, append(opts, FDB(), MatchLinkAddr(mac(1)))...) {
			vlans = append(vlans, n.VLAN)
		}
		slices.Sort(vlans)
		return vlans
	}
	if got := vlans(); slices.Equal(got, []uint16{0}) {
		nstest.Skip(t, "kind:bridge-vlan", "ports of bridges have no VLANs")
	} else if !slices.Equal(got, []uint16{0, 1}) {
		t.Fatalf("VLANs %v", got)
	}
	if got := vlans(MatchVLAN(1)); !slices.Equal(got, []uint16{1}) {
		t.Errorf("VLANs %v", got)
	}
	one := bridgeEntry(port, mac(1), StateNoARP)
	one.VLAN = 1
	got, err := Get(ctx, c, one)
	if err != nil || got.VLAN != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	if err := Delete(ctx, c, got); err != nil {
		t.Fatal(err)
	}
	if got := vlans(); !slices.Equal(got, []uint16{0}) {
		t.Errorf("VLANs %v", got)
	}
	if err := Add(ctx, c, got); err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]ListOption{{MatchVLAN(1)}, {MatchVLAN(1), MatchProtocol(0)}} { // at once, one by one
		if err := Replace(ctx, c, got); err != nil {
			t.Fatal(err)
		}
		if err := Flush(ctx, c, append(opts, FDB())...); err != nil {
			t.Fatal(err)
		}
		if got := vlans(); !slices.Equal(got, []uint16{0}) {
			t.Errorf("VLANs %v after Flush", got)
		}
	}
	if err := Replace(ctx, c, got); err != nil {
		t.Fatal(err)
	}
	if err := Delete(ctx, c, bridgeEntry(port, mac(1), 0)); err != nil {
		t.Fatal(err)
	}
	if got := vlans(); len(got) > 0 {
		t.Errorf("VLANs %v after Delete without one", got)
	}
}

func TestFDBFilters(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	br, other := addBridge(t, c, "br0"), addBridge(t, c, "br1")
	p0, p1, p2 := addPort(t, c, "p0", br), addPort(t, c, "p1", br), addPort(t, c, "p2", other)
	for i, port := range []int{p0, p1, p2} {
		if err := Add(ctx, c, bridgeEntry(port, mac(1, byte(i)), StateNoARP)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		opts []ListOption
		want []int // ports with one entry that was added
	}{
		{"all", nil, []int{p0, p1, p2}},
		{"family", []ListOption{MatchFamily(rtnl.FamilyBridge)}, []int{p0, p1, p2}},
		{"link", []ListOption{MatchLink(p1)}, []int{p1}},
		{"master", []ListOption{MatchMaster(br)}, []int{p0, p1}},
		{"link and master", []ListOption{MatchLink(p0), MatchMaster(br)}, []int{p0}},
		{"link and another master", []ListOption{MatchLink(p0), MatchMaster(other)}, nil},
		{"no link", []ListOption{MatchLink(4711)}, nil},
		{"no master", []ListOption{MatchMaster(4711)}, nil},
		{"address", []ListOption{MatchLinkAddr(mac(1, 2))}, []int{p2}},
		{"VLAN", []ListOption{MatchVLAN(10)}, nil},
		{"no VLAN", []ListOption{MatchVLAN(0)}, []int{p0, p1, p2}},
		{"state", []ListOption{MatchState(StatePermanent)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, n := range listed(t, ns, append(tt.opts, FDB())...) {
				if n.Family != rtnl.FamilyBridge {
					t.Errorf("%v is of the family %v", n, n.Family)
				}
				got = append(got, n.Link)
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got ports %v, want %v", got, tt.want)
			}
		})
	}
	for _, n := range listed(t, ns) {
		if n.Family == rtnl.FamilyBridge {
			t.Errorf("an FDB entry among neighbours: %v", n)
		}
	}
}

func TestNeighbourFilters(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	p0 := addPort(t, c, "p0", br)
	v0, _ := addVeth(t, c, "v0", "v1")
	add := func(link int, ip string, state State, flags Flags) {
		t.Helper()
		if err := Add(ctx, c, Neighbour{Link: link, Addr: addr(ip), LinkAddr: mac(7), State: state, Flags: flags}); err != nil {
			t.Fatal(err)
		}
	}
	add(v0, "192.0.2.1", StatePermanent, 0)
	add(v0, "192.0.2.2", StateStale, FlagExtLearned)
	add(v0, "2001:db8::2", StateNoARP, 0)
	add(p0, "192.0.2.3", StatePermanent, 0)
	add(br, "192.0.2.4", StatePermanent, 0)
	for _, tt := range []struct {
		name string
		opts []ListOption
		want string
	}{
		{"all", nil, "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 2001:db8::2"},
		{"link", []ListOption{MatchLink(v0)}, "192.0.2.1 192.0.2.2 2001:db8::2"},
		{"IPv6", []ListOption{MatchFamily(rtnl.FamilyIPv6)}, "2001:db8::2"},
		{"link and IPv4", []ListOption{MatchLink(v0), MatchFamily(rtnl.FamilyIPv4)}, "192.0.2.1 192.0.2.2"},
		{"master", []ListOption{MatchMaster(br)}, "192.0.2.3"},
		{"master and link", []ListOption{MatchMaster(br), MatchLink(v0)}, ""},
		{"no such master", []ListOption{MatchMaster(4711)}, ""},
		{"state", []ListOption{MatchState(StateStale | StateNoARP)}, "192.0.2.2 2001:db8::2"},
		{"not state", []ListOption{MatchNoState(StatePermanent)}, "192.0.2.2 2001:db8::2"},
		{"none", []ListOption{MatchState(StateNone)}, ""},
		{"flags", []ListOption{MatchFlags(FlagExtLearned)}, "192.0.2.2"},
		{"within", []ListOption{MatchWithin(netip.MustParsePrefix("192.0.2.2/31"))}, "192.0.2.2 192.0.2.3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, n := range listed(t, ns, append(tt.opts, MatchLinkAddr(mac(7)))...) {
				got = append(got, n.Addr.String())
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestVXLAN(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	vx := addVXLAN(t, c, "vx0", 42, 4789)
	v0, _ := addVeth(t, c, "v0", "v1")
	nobody := make(net.HardwareAddr, 6)

	for _, n := range []Neighbour{
		{Link: vx, LinkAddr: mac(1), Addr: addr("192.0.2.1")},
		{Link: vx, LinkAddr: mac(2), Addr: addr("192.0.2.2"), Port: 5000, VNI: 43, Via: v0, State: StateReachable},
		{Link: vx, LinkAddr: mac(3), Addr: addr("192.0.2.2"), State: StateNoARP, Flags: FlagRouter},
	} {
		n.Family = rtnl.FamilyBridge
		var got Neighbour
		if err := Add(ctx, c, n, Into(&got)); err != nil {
			t.Fatal(err)
		}
		n.Flags |= FlagSelf
		switch n.State {
		case 0:
			n.State = StatePermanent
		case StateNoARP:
			n.State |= StateReachable
		}
		if !reflect.DeepEqual(plain(got), n) {
			t.Errorf("got %+v, want %+v", plain(got), n)
		}
		if got.Type != TypeUnicast || got.CacheInfo == nil {
			t.Errorf("type %v, cache info %v", got.Type, got.CacheInfo)
		}
		if err := Delete(ctx, c, got); err != nil {
			t.Fatal(err)
		}
		if err := Add(ctx, c, got); err != nil {
			t.Fatalf("what was got: %v", err)
		}
		if err := Add(ctx, c, got); !errors.Is(err, fs.ErrExist) {
			t.Errorf("added twice: %v", err)
		}
	}

	// Several destinations for what is not known.
	dst := func(ip string) Neighbour {
		return Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: nobody, Addr: addr(ip)}
	}
	for _, ip := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.3"} {
		if err := Append(ctx, c, dst(ip)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(ctx, c, dst("198.51.100.4")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("replaced what has several destinations: %v", err)
	}
	dests := func() (all []string) {
		for _, n := range listed(t, ns, FDB(), MatchLink(vx), MatchLinkAddr(nobody)) {
			all = append(all, n.Addr.String())
		}
		return all
	}
	if got := dests(); !slices.Equal(got, []string{"198.51.100.1", "198.51.100.2", "198.51.100.3"}) {
		t.Errorf("destinations %v", got)
	}
	if err := Delete(ctx, c, dst("198.51.100.2")); err != nil {
		t.Fatal(err)
	}
	if got := dests(); !slices.Equal(got, []string{"198.51.100.1", "198.51.100.3"}) {
		t.Errorf("destinations %v", got)
	}
	if err := Delete(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: nobody, Flags: FlagSelf}); err != nil {
		t.Fatal(err)
	}
	if got := dests(); len(got) > 0 {
		t.Errorf("destinations %v", got)
	}

	// The end of a tunnel moves.
	if err := Replace(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(1), Addr: addr("192.0.2.77")}); err != nil {
		t.Fatal(err)
	}
	if got, err := Get(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(1), Flags: FlagSelf}); err != nil || got.Addr != addr("192.0.2.77") {
		t.Errorf("after Replace: %v, %v", got, err)
	}
	if err := Add(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(9), Addr: addr("2001:db8::1")}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a destination of another family: %v", err)
	}
}

// TestIntoOfSeveralDestinations: Into gives the destination that was written, while the
// kernel's look-up finds the first. What is the tunnel's own is not told.
func TestIntoOfSeveralDestinations(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	const port = 4789
	vx := addVXLAN(t, c, "vx0", 7, port)
	entry := func(ip string, port uint16, vni uint32) Neighbour {
		return Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: make(net.HardwareAddr, 6), Addr: addr(ip), Port: port, VNI: vni}
	}
	for _, test := range []struct{ write, want Neighbour }{
		{entry("198.51.100.1", 0, 0), entry("198.51.100.1", 0, 0)},
		{entry("198.51.100.2", 0, 0), entry("198.51.100.2", 0, 0)},
		{entry("198.51.100.2", 99, 0), entry("198.51.100.2", 99, 0)},
		{entry("198.51.100.2", port, 7), entry("198.51.100.2", 0, 0)}, // which is there
		{entry("198.51.100.3", port, 8), entry("198.51.100.3", 0, 8)},
		{entry("198.51.100.3", 99, 7), entry("198.51.100.3", 99, 0)},
	} {
		var got Neighbour
		if err := Append(ctx, c, test.write, Into(&got)); err != nil {
			t.Errorf("%v: %v", test.write, err)
		}
		if got.String() != test.want.String() {
			t.Errorf("%v: got %v, want %v", test.write, got, test.want)
		}
	}
}

func TestExternalVXLAN(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	vx := addVXLAN(t, c, "vx0", 0, 4789)
	entry := func(src, vni uint32, ip string) Neighbour {
		return Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(1), SrcVNI: src, VNI: vni, Addr: addr(ip), Flags: FlagSelf, State: StatePermanent}
	}
	// One address in two networks.
	a, b := entry(10, 100, "192.0.2.1"), entry(20, 200, "192.0.2.2")
	for _, n := range []Neighbour{a, b} {
		if err := Add(ctx, c, n); err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, ns, FDB(), MatchLink(vx), MatchLinkAddr(mac(1))); !reflect.DeepEqual(got, []Neighbour{a, b}) {
		t.Errorf("got %+v", got)
	}
	for _, n := range []Neighbour{a, b} {
		if got, err := Get(ctx, c, n); err != nil || !reflect.DeepEqual(plain(got), n) {
			t.Errorf("got %+v, %v, want %+v", got, err, n)
		}
	}
	if err := Delete(ctx, c, a); err != nil {
		t.Fatal(err)
	}
	if _, err := Get(ctx, c, a); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Delete: %v", err)
	}
	if _, err := Get(ctx, c, b); err != nil {
		t.Errorf("the other network: %v", err)
	}
}

// TestNexthops puts a group of next hops behind an address.
func TestNexthops(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	vx := addVXLAN(t, c, "vx0", 42, 4789)
	addNexthops(t, c, 10)
	n := Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(1), NexthopID: 10, Flags: FlagSelf, State: StatePermanent}
	var got Neighbour
	if err := Add(ctx, c, n, Into(&got)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(plain(got), n) {
		t.Errorf("got %+v, want %+v", plain(got), n)
	}
	if err := Append(ctx, c, n); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("appended to next hops: %v", err)
	}
	if err := Delete(ctx, c, got); err != nil {
		t.Fatal(err)
	}
	n.NexthopID = 4711
	err := Add(ctx, c, n)
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || !strings.Contains(e.Message, "exthop") {
		t.Errorf("no such next hop: %v", err)
	}
}

// A peer ignores the link, and deletes an entry of another one.
func TestPeerBugDeleteIgnoresLink(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	v0, v1 := addVeth(t, c, "v0", "v1")
	n := Neighbour{Link: v0, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	if err := Add(ctx, c, n); err != nil {
		t.Fatal(err)
	}
	n.Link = v1
	if err := Delete(ctx, c, n); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("on a link that does not have it: %v", err)
	}
	if err := Add(ctx, c, n); err != nil {
		t.Fatal(err)
	}
	if err := Delete(ctx, c, n); err != nil {
		t.Fatal(err)
	}
	if left := listed(t, ns, MatchLinkAddr(mac(1))); len(left) != 1 || left[0].Link != v0 {
		t.Errorf("left are %v", left)
	}
}

// With a peer strict checking makes lists fail.
func TestPeerBugStrictCheckingBreaksList(t *testing.T) {
	l := newLab(t)
	for _, opts := range [][]ListOption{{}, {Proxies()}, {FDB()}, {MatchLink(l.v0)}, {MatchLink(l.v0), Proxies()}, {MatchLink(l.p0), FDB()}, {MatchMaster(l.br0)}} {
		if _, err := List(t.Context(), l.c, opts...); err != nil {
			t.Errorf("%+v: %v", newFilter(opts), err)
		}
	}
}

// A peer says "too many/little matches" of what is not there.
func TestPeerBugGetMissing(t *testing.T) {
	l := newLab(t)
	for _, key := range []Neighbour{
		{Link: l.v0, Addr: addr("192.0.2.99")},
		{Link: l.v0, Addr: addr("192.0.2.99"), Flags: FlagProxy},
		{Family: rtnl.FamilyBridge, Link: l.p0, LinkAddr: mac(0x99)},
		{Family: rtnl.FamilyBridge, Link: l.vx0, LinkAddr: mac(0x99), Flags: FlagSelf},
		{Link: 4711, Addr: addr("192.0.2.99")},
	} {
		_, err := Get(t.Context(), l.c, key)
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Op != "neigh.Get" || e.Object == "" || !e.Sent {
			t.Errorf("%v: %v", key, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	const noLink = 4711
	ip := Neighbour{Link: noLink, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	fdb := Neighbour{Link: noLink, Family: rtnl.FamilyBridge, LinkAddr: mac(1)}
	for _, n := range []Neighbour{ip, fdb} {
		for name, err := range map[string]error{
			"Add": Add(ctx, c, n), "Replace": Replace(ctx, c, n), "Set": Set(ctx, c, n), "Delete": Delete(ctx, c, n),
		} {
			if !errors.Is(err, fs.ErrNotExist) || nlkit.SafeToRetry(err) {
				t.Errorf("%s on no link: %v", name, err)
			}
		}
		if _, err := Get(ctx, c, n); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Get on no link: %v", err)
		}
	}
	veth, _ := addVeth(t, c, "v0", "v1")
	fdb.Link = veth
	if err := Add(ctx, c, fdb); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("FDB entry of no bridge: %v", err)
	}
	fdb.Flags = FlagSelf
	if err := Add(ctx, c, fdb); err != nil {
		t.Errorf("an address to listen to: %v", err)
	}
	if _, err := Get(ctx, c, fdb); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Get of an address to listen to: %v", err)
	}
	if err := Delete(ctx, c, fdb); err != nil {
		t.Error(err)
	}
	ip.Link, ip.Flags = veth, 1<<30
	var e *nlkit.Error
	if err := Add(ctx, c, ip); !errors.As(err, &e) || !errors.Is(err, fs.ErrInvalid) || e.Attr != "NDA_FLAGS_EXT" || !e.Sent {
		t.Errorf("a flag that the kernel does not know: %v", err)
	}
	ip.Flags, ip.LinkAddr = 0, net.HardwareAddr{1}
	if err := Add(ctx, c, ip); !errors.As(err, &e) || !errors.Is(err, fs.ErrInvalid) || e.Message == "" || !e.Sent {
		t.Errorf("an address of one byte: %v", err)
	}
}

func TestBatch(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	b := c.NewBatch()
	into := make([]Neighbour, 300)
	for i := range into {
		n := Neighbour{Link: link, Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), LinkAddr: mac(byte(i>>8), byte(i))}
		if err := Add(ctx, b, n, Into(&into[i])); err != nil {
			t.Fatal(err)
		}
	}
	if err := Add(ctx, b, Neighbour{Link: link, Addr: addr("10.0.0.7"), LinkAddr: mac(1)}); err != nil {
		t.Fatal(err)
	}
	if err := Add(ctx, b, Neighbour{Link: link}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("refused before it is sent: %v", err)
	}
	err := b.Send(ctx)
	report, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || len(report.Failed) != 1 || report.Failed[0].Index != 300 || !errors.Is(report.Failed[0].Err, fs.ErrExist) {
		t.Fatalf("got %v", err)
	}
	for i, n := range into {
		if n.LinkAddr.String() != mac(byte(i>>8), byte(i)).String() || n.CacheInfo == nil {
			t.Fatalf("item %d: the kernel made %+v", i, n)
		}
	}
	if got := listed(t, ns, MatchLink(link), MatchFamily(rtnl.FamilyIPv4)); len(got) != 300 {
		t.Errorf("%d entries", len(got))
	}
}

func TestNilClient(t *testing.T) {
	ctx := t.Context()
	n := Neighbour{Link: 1, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	_, listErr := List(ctx, nil)
	_, getErr := Get(ctx, nil, n)
	_, subErr := Subscribe(ctx, nil)
	_, missErr := SubscribeMisses(ctx, nil)
	_, tablesErr := Tables(ctx, nil)
	for name, err := range map[string]error{
		"Add": Add(ctx, nil, n), "Delete": Delete(ctx, nil, n), "Flush": Flush(ctx, nil), "List": listErr, "Get": getErr,
		"Subscribe": subErr, "SubscribeMisses": missErr, "Tables": tablesErr,
		"SetTable": SetTable(ctx, nil, Table{Family: rtnl.FamilyIPv4}),
	} {
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%s with a nil client: %v", name, err)
		}
	}
}

// TestBorrowedLinkAddr: a caller may use the memory of a link-layer address again when
// the call has returned, as with a batch, and with options that a watch keeps.
func TestBorrowedLinkAddr(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	port := addPort(t, c, "v0", addBridge(t, c, "br0"))
	b := c.NewBatch()
	var got [3]Neighbour
	a := mac(0)
	for i := range got {
		a[5] = byte(i)
		if err := Add(ctx, b, bridgeEntry(port, a, StateNoARP), Into(&got[i])); err != nil {
			t.Fatal(err)
		}
	}
	a[5] = 0xff
	if err := b.Send(ctx); err != nil {
		t.Error(err)
	}
	for i, n := range got {
		if !bytes.Equal(n.LinkAddr, mac(byte(i))) {
			t.Errorf("%d: got %v", i, n)
		}
	}
	a[5] = 1
	option := MatchLinkAddr(a)
	f := newFilter([]ListOption{FDB(), option})
	a[5] = 0xff
	for _, f := range []filter{f, newFilter([]ListOption{FDB(), option})} {
		if !f.match(&got[1]) {
			t.Errorf("%v is not matched by its address", got[1])
		}
	}
}
