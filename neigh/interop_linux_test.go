package neigh

import (
	"encoding/json"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// ipNeigh is an entry as `ip -j -d neigh` and `bridge -j -d fdb` print it.
type ipNeigh struct {
	Dst, Dev, LLAddr string
	MAC, Ifname      string
	Proxy, Router    json.RawMessage // null where they are set
	ExternLearn      json.RawMessage `json:"extern_learn"`
	State            any             // a list of words, or one
	Protocol         string
	Flags            []string
	Master           string
	VNI              uint32
	SrcVNI           uint32 `json:"src_vni"`
	Port             uint16
	ViaIf            string `json:"viaIf"`
}

func ipEntries(t *testing.T, ns *nstest.NS, tool string, args ...string) (entries []ipNeigh) {
	t.Helper()
	out := ns.Run(t, tool, args...)
	if len(strings.TrimSpace(string(out))) == 0 {
		return nil
	}
	if err := json.Unmarshal(out, &entries); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return entries
}

// TestInteropNeighbours reads with ip what the package made.
func TestInteropNeighbours(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ns := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	for _, tt := range []struct {
		n    Neighbour
		want ipNeigh
	}{
		{Neighbour{Addr: addr("192.0.2.1"), LinkAddr: mac(1), Protocol: rtnl.ProtocolStatic}, ipNeigh{Protocol: "static"}},
		{Neighbour{Addr: addr("192.0.2.2"), LinkAddr: mac(2), State: StateStale}, ipNeigh{}},
		{Neighbour{Addr: addr("192.0.2.3"), LinkAddr: mac(3), State: StateReachable}, ipNeigh{}},
		{Neighbour{Addr: addr("192.0.2.4"), LinkAddr: mac(4), State: StateNoARP}, ipNeigh{}},
		{Neighbour{Addr: addr("2001:db8::1"), LinkAddr: mac(5), Flags: FlagRouter}, ipNeigh{Router: json.RawMessage("null")}},
		{Neighbour{Addr: addr("2001:db8::2"), LinkAddr: mac(6), Flags: FlagExtLearned, State: StateStale}, ipNeigh{ExternLearn: json.RawMessage("null")}},
	} {
		tt.n.Link = link
		if err := Add(ctx, c, tt.n); err != nil {
			t.Fatal(err)
		}
		args := []string{"-j", "-d", "-s", "neigh", "show", "to", tt.n.Addr.String(), "nud", "all"}
		got := ipEntries(t, ns, "ip", args...)
		if len(got) != 1 {
			t.Fatalf("ip shows %+v", got)
		}
		state := tt.n.State
		if state == 0 {
			state = StatePermanent
		}
		g := got[0]
		if g.Dst != tt.n.Addr.String() || g.Dev != "v0" || g.LLAddr != tt.n.LinkAddr.String() || g.Protocol != tt.want.Protocol ||
			(g.Router != nil) != (tt.want.Router != nil) || (g.ExternLearn != nil) != (tt.want.ExternLearn != nil) {
			t.Errorf("ip shows %+v for %v", g, tt.n)
		}
		if want := []any{strings.ToUpper(state.String())}; !reflect.DeepEqual(g.State, want) {
			t.Errorf("ip shows the state %v, want %v", g.State, want)
		}
		var parsed State
		if err := parsed.UnmarshalText([]byte(g.State.([]any)[0].(string))); err != nil || parsed != state {
			t.Errorf("ip's state %v is parsed as %v, %v", g.State, parsed, err)
		}
	}
	if err := Add(ctx, c, Neighbour{Link: link, Addr: addr("2001:db8::9"), Flags: FlagProxy}); err != nil {
		t.Fatal(err)
	}
	if got := ipEntries(t, ns, "ip", "-6", "-j", "-d", "neigh", "show", "proxy"); len(got) != 1 || got[0].Dst != "2001:db8::9" || got[0].Proxy == nil || got[0].Dev != "v0" {
		t.Errorf("ip shows the proxies %+v", got)
	}
}

// TestInteropReadNeighbours reads what ip made, by each state's word.
func TestInteropReadNeighbours(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ns := live(t)
	link, _ := addVeth(t, c, "v0", "v1")
	for i, word := range []string{"permanent", "noarp", "stale", "reachable"} {
		ip := "192.0.2." + itoa(i+1)
		ns.Run(t, "ip", "neigh", "add", ip, "lladdr", mac(byte(i)).String(), "dev", "v0", "nud", word, "protocol", "bgp", "extern_learn")
		got, err := Get(t.Context(), c, Neighbour{Link: link, Addr: addr(ip)})
		want := Neighbour{Link: link, Family: rtnl.FamilyIPv4, Addr: addr(ip), LinkAddr: mac(byte(i)), Flags: FlagExtLearned, Protocol: rtnl.ProtocolBGP}
		if err := want.State.UnmarshalText([]byte(word)); err != nil {
			t.Fatal(err)
		}
		if err != nil || !reflect.DeepEqual(plain(got), want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	ns.Run(t, "ip", "neigh", "add", "proxy", "192.0.2.99", "dev", "v0")
	if got := listed(t, ns, Proxies()); len(got) != 1 || got[0].Addr != addr("192.0.2.99") || got[0].Link != link {
		t.Errorf("proxies %v", got)
	}
	if err := Flush(t.Context(), c, MatchNoState(StatePermanent|StateNoARP), MatchLink(link)); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range ipEntries(t, ns, "ip", "-4", "-j", "neigh", "show", "nud", "all", "dev", "v0") {
		left = append(left, e.Dst)
	}
	slices.Sort(left)
	if want := []string{"192.0.2.1", "192.0.2.2"}; !slices.Equal(left, want) {
		t.Errorf("after Flush ip shows %v, want %v", left, want)
	}
}

// TestInteropFDB reads with bridge what the package made.
func TestInteropFDB(t *testing.T) {
	nstest.Tool(t, "bridge")
	c, ns := live(t)
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	port := addPort(t, c, "p0", br)
	vx, ex := addVXLAN(t, c, "vx0", 42, 4789), addVXLAN(t, c, "vx1", 0, 4790)
	for _, tt := range []struct {
		n    Neighbour
		want ipNeigh
	}{
		{Neighbour{Link: port, LinkAddr: mac(1), State: StateNoARP, Flags: FlagSticky}, ipNeigh{Ifname: "p0", Master: "br0", State: "static", Flags: []string{"sticky"}}},
		{Neighbour{Link: port, LinkAddr: mac(2)}, ipNeigh{Ifname: "p0", Master: "br0", State: "permanent", Flags: []string{}}},
		{Neighbour{Link: port, LinkAddr: mac(3), State: StateReachable}, ipNeigh{Ifname: "p0", Master: "br0", State: "", Flags: []string{}}},
		{Neighbour{Link: port, LinkAddr: mac(4), State: StateReachable, Flags: FlagExtLearned}, ipNeigh{Ifname: "p0", Master: "br0", State: "", Flags: []string{"extern_learn"}}},
		{Neighbour{Link: vx, LinkAddr: mac(5), Addr: addr("192.0.2.1")}, ipNeigh{Ifname: "vx0", Dst: "192.0.2.1", State: "permanent", Flags: []string{"self"}}},
		{Neighbour{Link: vx, LinkAddr: mac(6), Addr: addr("192.0.2.1"), Port: 5000, VNI: 43, Via: port, State: StateNoARP}, ipNeigh{Ifname: "vx0", Dst: "192.0.2.1", Port: 5000, VNI: 43, ViaIf: "p0", State: "static", Flags: []string{"self"}}},
		{Neighbour{Link: ex, LinkAddr: mac(7), Addr: addr("192.0.2.1"), VNI: 8, SrcVNI: 7, State: StateReachable}, ipNeigh{Ifname: "vx1", Dst: "192.0.2.1", VNI: 8, SrcVNI: 7, State: "", Flags: []string{"self"}}},
	} {
		tt.n.Family = rtnl.FamilyBridge
		if err := Add(ctx, c, tt.n); err != nil {
			t.Fatal(err)
		}
		var got []ipNeigh
		for _, e := range ipEntries(t, ns, "bridge", "-j", "-d", "fdb", "show", "dev", tt.want.Ifname) {
			if e.MAC == tt.n.LinkAddr.String() {
				e.Ifname = tt.want.Ifname // not said when it is asked for
				e.MAC = ""
				got = append(got, e)
			}
		}
		if len(got) != 1 || !reflect.DeepEqual(got[0], tt.want) {
			t.Errorf("bridge shows %+v, want %+v", got, tt.want)
		}
	}
}

// TestInteropReadFDB reads what bridge made.
func TestInteropReadFDB(t *testing.T) {
	nstest.Tool(t, "bridge")
	c, ns := live(t)
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	port := addPort(t, c, "p0", br)
	vx, ex := addVXLAN(t, c, "vx0", 42, 4789), addVXLAN(t, c, "vx1", 0, 4790)
	const noarp = StateNoARP // bridge sets it beside others
	for _, tt := range []struct {
		args string
		want Neighbour
	}{
		{"add 02:00:00:00:00:01 dev p0 master static sticky", Neighbour{Link: port, Master: br, State: StateNoARP, Flags: FlagSticky}},
		{"add 02:00:00:00:00:01 dev p0 master", Neighbour{Link: port, Master: br, State: StatePermanent}},
		{"add 02:00:00:00:00:01 dev p0 master dynamic", Neighbour{Link: port, Master: br, State: StateReachable}},
		{"add 02:00:00:00:00:01 dev br0 self", Neighbour{Link: br, Master: br, State: StatePermanent}},
		{"add 02:00:00:00:00:01 dev vx0 dst 192.0.2.1 port 5000 vni 43 via p0", Neighbour{Link: vx, State: StatePermanent | noarp, Flags: FlagSelf, Addr: addr("192.0.2.1"), Port: 5000, VNI: 43, Via: port}},
		{"add 02:00:00:00:00:01 dev vx1 dst 192.0.2.1 src_vni 7 static", Neighbour{Link: ex, State: StateReachable | noarp, Flags: FlagSelf, Addr: addr("192.0.2.1"), SrcVNI: 7}},
	} {
		ns.Run(t, "bridge", append([]string{"fdb"}, strings.Fields(tt.args)...)...)
		tt.want.Family, tt.want.LinkAddr = rtnl.FamilyBridge, mac(1)
		got, err := Get(ctx, c, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain(got), tt.want) {
			t.Errorf("bridge fdb %s: got %+v, want %+v", tt.args, plain(got), tt.want)
		}
		if err := Delete(ctx, c, got); err != nil {
			t.Fatal(err)
		}
		if err := Add(ctx, c, got); err != nil {
			t.Fatal(err)
		}
		again, err := Get(ctx, c, tt.want)
		if err != nil || !reflect.DeepEqual(plain(again), plain(got)) {
			t.Errorf("bridge fdb %s: put back %+v, %v", tt.args, again, err)
		}
		if err := Delete(ctx, c, got); err != nil {
			t.Fatal(err)
		}
	}
	for _, ip := range []string{"198.51.100.1", "198.51.100.2"} {
		ns.Run(t, "bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx0", "dst", ip)
	}
	got := listed(t, ns, FDB(), MatchLink(vx), MatchLinkAddr(make(net.HardwareAddr, 6)))
	if len(got) != 2 || got[0].Addr != addr("198.51.100.1") || got[1].Addr != addr("198.51.100.2") {
		t.Errorf("destinations %v", got)
	}
}

// TestInteropTables changes tables by both and reads them by the other.
func TestInteropTables(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ns := live(t)
	link, _ := addVeth(t, c, "v0", "v1")
	if err := SetTable(t.Context(), c, Table{
		Family: rtnl.FamilyIPv4, Link: link, UnicastProbes: new(uint32(7)), StaleTime: new(90 * time.Second), QueueLen: new(uint32(5)),
	}); err != nil {
		t.Fatal(err)
	}
	var tables []struct {
		Family, Name, Dev string
		UcastProbes       uint32 `json:"ucast_probes"`
		McastProbes       uint32 `json:"mcast_probes"`
		GCStale           int    `json:"gc_stale"`
		Queue             uint32
		Retrans           int
	}
	if err := json.Unmarshal(ns.Run(t, "ip", "-4", "-j", "-d", "ntable", "show", "dev", "v0"), &tables); err != nil {
		t.Fatal(err)
	}
	if len(tables) != 1 || tables[0].Name != "arp_cache" || tables[0].UcastProbes != 7 || tables[0].GCStale != 90000 || tables[0].Queue != 5 || tables[0].McastProbes != 3 {
		t.Errorf("ip shows %+v", tables)
	}
	ns.Run(t, "ip", "ntable", "change", "name", "arp_cache", "dev", "v0", "mcast_probes", "0", "retrans", "2000", "app_probes", "4")
	got := oneTable(t, c, MatchFamily(rtnl.FamilyIPv4), MatchLink(link))
	if *got.MulticastProbes != 0 || *got.RetransmitTime != 2*time.Second || *got.AppProbes != 4 || *got.UnicastProbes != 7 {
		t.Errorf("got %+v", got)
	}
}
