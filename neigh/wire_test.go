package neigh

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

func TestTableOfAttributes(t *testing.T) {
	attrtest.RoundTrip(t, attrs)
	attrtest.RoundTrip(t, fdbAttrs)
	attrtest.Covers(t, attrs, "Link", "Family", "State", "Type") // in the header
}

func TestTableOfTables(t *testing.T) {
	attrtest.RoundTrip(t, tableAttrs)
	attrtest.RoundTrip(t, parmAttrs)
	attrtest.Covers(t, tableAttrs, "Family", "Refs", "ReachableTime") // only read, in a nest: see TestRecordedTables
}

// sample returns an entry with every field set at random that the kernel can say.
func sample(r *rand.Rand) Neighbour {
	var n Neighbour
	attrs.FillAll(r, &n)
	n.Family = []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6, rtnl.FamilyBridge}[r.IntN(3)]
	n.Link = 1 + r.IntN(1<<20)
	n.State = State(r.Uint32N(1 << 16))
	n.Flags |= Flags(r.Uint32N(1 << extShift))
	return n
}

// bytesOf returns the message for all of n, also what is not sent.
func bytesOf(t testing.TB, n *Neighbour) []byte {
	t.Helper()
	b, err := encode(n)
	if err != nil {
		t.Fatal(err)
	}
	b[11] = byte(n.Type)
	b = attr.AppendUint32(b, uapi.NDA_PROBES, n.Probes)
	b = attr.AppendUint32(b, uapi.NDA_MASTER, uint32(n.Master))
	if c := n.CacheInfo; c != nil {
		var p []byte
		for _, d := range []time.Duration{c.Confirmed, c.Used, c.Updated} {
			p = binary.NativeEndian.AppendUint32(p, uint32(d/tick))
		}
		b = attr.AppendBytes(b, uapi.NDA_CACHEINFO, binary.NativeEndian.AppendUint32(p, c.Refs))
	}
	if n.LinkNetNSID != nil {
		b = attr.AppendUint32(b, uapi.NDA_LINK_NETNSID, uint32(*n.LinkNetNSID))
	}
	return b
}

// An entry survives JSON with every field.
func TestJSON(t *testing.T) {
	for seed := range uint64(100) {
		in := sample(rand.New(rand.NewPCG(seed, 4)))
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Neighbour
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("seed %d: %v\nwritten %+v\nread    %+v\nJSON %s", seed, err, in, out, text)
		}
	}
	var in, out Table
	tableAttrs.FillAll(rand.New(rand.NewPCG(1, 4)), &in)
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%v\nwritten %+v\nread    %+v", err, in, out)
	}
}

// A peer looks a link up inside of its decoder for a link-layer address of 16 bytes,
// and there in the wrong namespace.
func TestPeerBugAddressOf16Bytes(t *testing.T) {
	in := Neighbour{Family: rtnl.FamilyIPv4, Link: 4711, Addr: netip.MustParseAddr("192.0.2.1"), LinkAddr: make(net.HardwareAddr, 16)}
	in.LinkAddr[15] = 1
	var out Neighbour
	if ok, err := anyDecoder().decode(bytesOf(t, &in), &out); !ok || err != nil || !bytes.Equal(out.LinkAddr, in.LinkAddr) {
		t.Errorf("got %+v, %v", out, err)
	}
	if a, ok := out.TunnelAddr(); !ok || a != netip.IPv6Loopback() {
		t.Errorf("tunnel address %v", a)
	}
}

// TestHandWrittenDecoder holds the decoder against the table.
func TestHandWrittenDecoder(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := sample(r)
		if seed%2 == 0 { // without what sends the decoder to the table
			n.Unknown, n.Activity, n.NoRefresh, n.LinkNetNSID = nil, 0, false, nil
		}
		b := bytesOf(t, &n)
		var fast, slow Neighbour
		d := anyDecoder()
		d.list = seed%3 == 0
		if ok, err := d.decode(b, &fast); !ok || err != nil {
			t.Fatalf("seed %d: %v, %v", seed, ok, err)
		}
		if ok, err := decodeHeader(b, &slow); !ok || err != nil {
			t.Fatal(err)
		}
		if err := attrs.Decode(b[headerLen:], &slow); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fast, slow) || !reflect.DeepEqual(fast, n) {
			t.Fatalf("seed %d:\nby hand  %+v\nby table %+v\nwant     %+v", seed, fast, slow, n)
		}
	}
}

// TestDecodedEntriesStandAlone changes one entry of a list and looks at the others.
func TestDecodedEntriesStandAlone(t *testing.T) {
	d := anyDecoder()
	d.list = true
	var list []Neighbour
	buf := make([]byte, 0, 256)
	for i := range byte(200) {
		n := Neighbour{Family: rtnl.FamilyIPv4, Link: 1, Addr: netip.AddrFrom4([4]byte{10, 0, 0, i}), LinkAddr: mac6(i), CacheInfo: &CacheInfo{Refs: uint32(i)}}
		if i%7 == 0 {
			n.LinkAddr = make(net.HardwareAddr, 20)
		}
		buf = append(buf[:0], bytesOf(t, &n)...)
		var got Neighbour
		if ok, err := d.decode(buf, &got); !ok || err != nil {
			t.Fatal(err)
		}
		list = append(list, got)
	}
	for i := range list {
		list[i].LinkAddr = append(list[i].LinkAddr, 0xff)
		list[i].LinkAddr[0] = 0xff
		list[i].CacheInfo.Refs += 1000
	}
	for i, n := range list {
		last := byte(i)
		if i%7 == 0 {
			last = 0
		}
		if n.LinkAddr[0] != 0xff || n.LinkAddr[len(n.LinkAddr)-2] != last || n.CacheInfo.Refs != uint32(1000+i) {
			t.Fatalf("entry %d: %v %+v", i, n.LinkAddr, n.CacheInfo)
		}
	}
}

func mac6(last byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, last} }

var golden = map[string]Neighbour{
	"ipv4": {
		Link: 6, Family: rtnl.FamilyIPv4, Addr: netip.MustParseAddr("192.0.2.1"), LinkAddr: mac6(1), State: StateStale,
		Flags: FlagExtLearned, Type: TypeUnicast, Protocol: rtnl.ProtocolBGP, CacheInfo: &CacheInfo{Confirmed: time.Minute, Refs: 1},
	},
	"ipv6": {
		Link: 6, Family: rtnl.FamilyIPv6, Addr: netip.MustParseAddr("2001:db8::1"), LinkAddr: mac6(2), State: StatePermanent,
		Flags: FlagRouter, Type: TypeUnicast, CacheInfo: &CacheInfo{Refs: 1},
	},
	"managed": {
		Link: 6, Family: rtnl.FamilyIPv4, Addr: netip.MustParseAddr("192.0.2.3"), State: StateIncomplete,
		Flags: FlagManaged, Type: TypeUnicast, Probes: 4, CacheInfo: &CacheInfo{Confirmed: time.Minute, Refs: 2},
	},
	"proxy": {
		Link: 6, Family: rtnl.FamilyIPv6, Addr: netip.MustParseAddr("2001:db8::2"), Flags: FlagProxy, Type: TypeUnicast,
		Protocol: rtnl.ProtocolStatic,
	},
	"bridge": {
		Link: 4, Family: rtnl.FamilyBridge, LinkAddr: mac6(4), State: StateNoARP, Flags: FlagSticky, Master: 2,
		Activity: ActivityNotify | ActivityInactive, CacheInfo: &CacheInfo{},
	},
	"vxlan": {
		Link: 7, Family: rtnl.FamilyBridge, LinkAddr: mac6(5), Addr: netip.MustParseAddr("192.0.2.5"), State: StatePermanent,
		Flags: FlagSelf, Type: TypeUnicast, Port: 5000, VNI: 43, Via: 6, CacheInfo: &CacheInfo{},
	},
	"external": {
		Link: 8, Family: rtnl.FamilyBridge, LinkAddr: mac6(6), Addr: netip.MustParseAddr("192.0.2.6"), State: StateReachable,
		Flags: FlagSelf, Type: TypeUnicast, VNI: 8, SrcVNI: 7, CacheInfo: &CacheInfo{},
	},
	"nexthop": {
		Link: 7, Family: rtnl.FamilyBridge, LinkAddr: mac6(7), State: StatePermanent, Flags: FlagSelf, Type: TypeUnicast,
		NexthopID: 10, CacheInfo: &CacheInfo{},
	},
}

func TestRecorded(t *testing.T) {
	if !nstest.LittleEndian() {
		return // recorded on a little-endian machine
	}
	messages := nstest.Recorded(t)
	for name, want := range golden {
		b := messages[name]
		var got Neighbour
		if ok, err := anyDecoder().decode(b, &got); !ok || err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		// What is sent is a part of what was received: header, then attributes
		// that the kernel takes.
		sent, err := encode(&got)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sent[:11], b[:11]) {
			t.Errorf("%s: sent header % x, received % x", name, sent[:12], b[:12])
		}
		for s := attr.Scan(sent[headerLen:]); s.Next(); {
			if !bytes.Contains(b, s.Bytes()) {
				t.Errorf("%s: attribute %d is sent as % x", name, s.Type(), s.Bytes())
			}
		}
	}
}

func TestRecordedTables(t *testing.T) {
	if !nstest.LittleEndian() {
		return // recorded on a little-endian machine
	}
	messages := nstest.Recorded(t)
	var whole, link Table
	if err := decodeTable(messages["table"], &whole); err != nil {
		t.Fatal(err)
	}
	ms := func(n int) *time.Duration { return new(time.Duration(n) * time.Millisecond) }
	settings := Table{
		Family: rtnl.FamilyIPv4, Name: "arp_cache",
		BaseReachableTime: ms(30000), RetransmitTime: ms(1000), StaleTime: ms(60000), DelayProbeTime: ms(5000), QueueLen: new(uint32(101)),
		AppProbes: new(uint32(0)), UnicastProbes: new(uint32(3)), MulticastProbes: new(uint32(3)), AnycastDelay: ms(1000), ProxyDelay: ms(800),
		ProxyQueueLen: new(uint32(64)), LockTime: ms(1000), QueueBytes: new(uint32(212992)), MulticastReprobes: new(uint32(0)), IntervalProbeTime: ms(5000),
	}
	want := settings
	want.Refs, want.ReachableTime = 1, 33124*time.Millisecond
	want.Threshold1, want.Threshold2, want.Threshold3 = new(uint32(128)), new(uint32(512)), new(uint32(1024))
	want.GCInterval = ms(30000)
	want.Config = &TableConfig{
		KeyLen: 4, EntrySize: 336, Entries: 5, LastFlush: 0x5d650c * time.Millisecond, LastRand: 0x23c70 * time.Millisecond,
		HashRandom: 0x7bd2fd17, HashMask: 511,
	}
	want.Stats = &TableStats{Allocs: 2933, Destroys: 2928, HashGrows: 6, ResolveFailed: 337, Lookups: 13149, Hits: 1953, PeriodicGCRuns: 399}
	if !reflect.DeepEqual(whole, want) {
		t.Errorf("got %+v\nwant %+v", whole, want)
	}
	if err := decodeTable(messages["table_link"], &link); err != nil {
		t.Fatal(err)
	}
	want = settings
	want.Link, want.Refs, want.ReachableTime = 8, 1, 21444*time.Millisecond
	if !reflect.DeepEqual(link, want) {
		t.Errorf("got %+v\nwant %+v", link, want)
	}
	older := messages["table"]
	i := bytes.Index(older, []byte{0x5c, 0, uapi.NDTA_STATS, 0})
	older = append(older[:i:i], append([]byte{0x54, 0, uapi.NDTA_STATS, 0}, append(older[i+4:i+84:i+84], older[i+92:]...)...)...)
	if err := decodeTable(older, &whole); err != nil || whole.Stats.PeriodicGCRuns != 399 || whole.Stats.TableFulls != 0 {
		t.Errorf("without the last counter: %+v, %v", whole.Stats, err)
	}
}

// TestZeroIsSafe wants nothing in a message that was not asked for.
func TestZeroIsSafe(t *testing.T) {
	n := Neighbour{Link: 2, Addr: netip.MustParseAddr("192.0.2.1")}
	req, err := request("neigh.Add", uapi.RTM_NEWNEIGH, 0, &n, func() error { return n.prepare(uapi.NLM_F_CREATE) })
	if err != nil {
		t.Fatal(err)
	}
	want := attr.AppendAddr(header(nil, rtnl.FamilyIPv4, 2, 0, 0), uapi.NDA_DST, n.Addr)
	if !bytes.Equal(req.Data, want) {
		t.Errorf("sent % x, want % x", req.Data, want)
	}
	n = Neighbour{Link: 2, Family: rtnl.FamilyBridge, LinkAddr: mac6(1)}
	req, err = request("neigh.Add", uapi.RTM_NEWNEIGH, 0, &n, func() error { return n.prepare(uapi.NLM_F_CREATE) })
	if err != nil {
		t.Fatal(err)
	}
	// The kernel takes no FDB entry without a state and a place.
	want = attr.AppendBytes(header(nil, rtnl.FamilyBridge, 2, StatePermanent, FlagMaster), uapi.NDA_LLADDR, mac6(1))
	if !bytes.Equal(req.Data, want) {
		t.Errorf("sent % x, want % x", req.Data, want)
	}
	b, err := tableAttrs.Append(nil, &Table{})
	if err != nil || len(b) != 0 {
		t.Errorf("a zero table sends % x, %v", b, err)
	}
}

func TestDefaultStates(t *testing.T) {
	ip, fdb := netip.MustParseAddr("192.0.2.1"), rtnl.FamilyBridge
	for _, tt := range []struct {
		n     Neighbour
		flags uint16
		state State
		place Flags
	}{
		{Neighbour{Addr: ip, LinkAddr: mac6(1)}, uapi.NLM_F_CREATE, StatePermanent, 0},
		{Neighbour{Addr: ip, LinkAddr: mac6(1), State: StateStale}, uapi.NLM_F_CREATE, StateStale, 0},
		{Neighbour{Addr: ip, LinkAddr: mac6(1), Flags: FlagUse}, uapi.NLM_F_CREATE, StateNone, FlagUse},
		{Neighbour{Addr: ip, Flags: FlagManaged}, uapi.NLM_F_REPLACE, StateNone, FlagManaged},
		{Neighbour{Addr: ip, Flags: FlagProxy}, uapi.NLM_F_CREATE, StatePermanent, FlagProxy},
		{Neighbour{Addr: ip, Flags: FlagProxy, State: StateReachable}, uapi.NLM_F_CREATE, StateReachable, FlagProxy},
		{Neighbour{Addr: ip, Flags: FlagOffloaded | FlagRouter, LinkAddr: mac6(1)}, uapi.NLM_F_CREATE, StatePermanent, FlagRouter},
		{Neighbour{Family: fdb, LinkAddr: mac6(1)}, uapi.NLM_F_CREATE, StatePermanent, FlagMaster},
		{Neighbour{Family: fdb, LinkAddr: mac6(1), Master: 9, Flags: FlagSticky | FlagLocked, State: StateStale}, uapi.NLM_F_CREATE, StateReachable, FlagMaster | FlagSticky},
		{Neighbour{Family: fdb, LinkAddr: mac6(1), Master: 2}, uapi.NLM_F_CREATE, StatePermanent, FlagSelf},
		{Neighbour{Family: fdb, LinkAddr: mac6(1), Addr: ip, State: StateNoARP}, uapi.NLM_F_CREATE, StateNoARP | StateReachable, FlagSelf},
		{Neighbour{Family: fdb, LinkAddr: mac6(1), Flags: FlagSelf | FlagMaster, Addr: ip}, uapi.NLM_F_CREATE, StatePermanent, FlagSelf | FlagMaster},
	} {
		n := tt.n
		n.Link = 2
		if err := n.check(); err != nil {
			t.Fatal(err)
		}
		if err := n.prepare(tt.flags); err != nil {
			t.Fatal(err)
		}
		if n.State != tt.state || n.Flags != tt.place {
			t.Errorf("%+v: state %v, flags %v, want %v and %v", tt.n, n.State, n.Flags, tt.state, tt.place)
		}
	}
}

func TestRefusedBeforeSent(t *testing.T) {
	ctx := t.Context()
	c, err := nlkit.New() // it never opens a socket
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ip4, ip6, fdb := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fe80::1"), rtnl.FamilyBridge
	for _, tt := range []struct {
		n    Neighbour
		attr string
	}{
		{Neighbour{}, "NDA_DST"},
		{Neighbour{Link: 1, LinkAddr: mac6(1)}, "NDA_DST"},
		{Neighbour{Link: 1, Family: rtnl.FamilyIPv4}, "NDA_DST"},
		{Neighbour{Link: 1, Family: rtnl.FamilyIPv4, Addr: ip6}, "NDA_DST"},
		{Neighbour{Link: 1, Addr: ip6.WithZone("eth0")}, "NDA_DST"},
		{Neighbour{Link: 1, Addr: netip.AddrFrom16(ip4.As16())}, "NDA_DST"},
		{Neighbour{Link: 1, Family: rtnl.FamilyMPLS, Addr: ip4}, "ndm_family"},
		{Neighbour{Addr: ip4}, "ndm_ifindex"},
		{Neighbour{Link: -1, Addr: ip4}, "ndm_ifindex"},
		{Neighbour{Link: 1, Addr: ip4, LinkAddr: make(net.HardwareAddr, 33)}, "NDA_LLADDR"},
		{Neighbour{Link: 1, Addr: ip4, VLAN: 1}, "NDA_VLAN"},
		{Neighbour{Link: 1, Addr: ip4, Port: 1}, "NDA_PORT"},
		{Neighbour{Link: 1, Addr: ip4, VNI: 1}, "NDA_VNI"},
		{Neighbour{Link: 1, Addr: ip4, SrcVNI: 1}, "NDA_SRC_VNI"},
		{Neighbour{Link: 1, Addr: ip4, Via: 1}, "NDA_IFINDEX"},
		{Neighbour{Link: 1, Addr: ip4, Via: -1}, "NDA_IFINDEX"},
		{Neighbour{Link: 1, Addr: ip4, NexthopID: 1}, "NDA_NH_ID"},
		{Neighbour{Link: 1, Addr: ip4, Activity: 1}, "NDA_FDB_EXT_ATTRS.NFEA_ACTIVITY_NOTIFY"},
		{Neighbour{Link: 1, Addr: ip4, NoRefresh: true}, "NDA_FDB_EXT_ATTRS.NFEA_DONT_REFRESH"},
		{Neighbour{Link: 1, Family: fdb}, "NDA_LLADDR"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: make(net.HardwareAddr, 8)}, "NDA_LLADDR"},
		{Neighbour{Family: fdb, LinkAddr: mac6(1)}, "ndm_ifindex"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), Flags: FlagProxy}, "ndm_flags"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), Flags: FlagMaster, Addr: ip4}, "NDA_DST"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), NexthopID: 1, Addr: ip4}, "NDA_NH_ID"},
	} {
		_, getErr := Get(ctx, c, tt.n)
		for name, err := range map[string]error{"Add": Add(ctx, c, tt.n), "Delete": Delete(ctx, c, tt.n), "Get": getErr} {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != tt.attr || e.Op != "neigh."+name {
				t.Errorf("%s %+v: %v, want %s", name, tt.n, err, tt.attr)
			}
		}
	}
	for _, tt := range []struct {
		n    Neighbour
		attr string
	}{
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), VLAN: 4095}, "NDA_VLAN"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), VNI: 1 << 24}, "NDA_VNI"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), SrcVNI: 1 << 24}, "NDA_SRC_VNI"},
		{Neighbour{Link: 1, Addr: ip4, Flags: 1 << 40}, "NDA_FLAGS_EXT"},
		{Neighbour{Link: 1, Family: fdb, LinkAddr: mac6(1), Protocol: rtnl.ProtocolStatic}, "NDA_PROTOCOL"},
	} {
		if err := Add(ctx, c, tt.n); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "("+tt.attr+")") {
			t.Errorf("%+v: %v", tt.n, err)
		}
	}
	for name, err := range map[string]error{
		"append a neighbour": Append(ctx, c, Neighbour{Link: 1, Addr: ip4, LinkAddr: mac6(1)}),
		"set a proxy":        Set(ctx, c, Neighbour{Link: 1, Addr: ip4, Flags: FlagProxy}),
		"set nothing":        Set(ctx, c, Neighbour{Link: 1, Addr: ip4}),
	} {
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, opts := range [][]ListOption{
		{FDB(), Proxies()},
		{FDB(), MatchFamily(rtnl.FamilyIPv4)},
		{MatchFamily(rtnl.FamilyMPLS)},
		{MatchWithin(netip.Prefix{})},
		{MatchLinkAddr(nil)},
		{MatchMaster(0)},
		{MatchMaster(-1)},
	} {
		_, err := List(ctx, c, opts...)
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%+v: %v", newFilter(opts), err)
		}
		for _, allErr := range All(ctx, c, opts...) {
			if !errors.Is(allErr, fs.ErrInvalid) {
				t.Errorf("%+v: %v", newFilter(opts), allErr)
			}
		}
	}
}

// TestDumpRequests pins what the kernel's strict checks take.
func TestDumpRequests(t *testing.T) {
	u32 := attr.AppendUint32
	for _, tt := range []struct {
		opts []ListOption
		want []byte
	}{
		{nil, header(nil, 0, 0, 0, 0)},
		{[]ListOption{Proxies(), MatchFamily(rtnl.FamilyIPv6)}, header(nil, rtnl.FamilyIPv6, 0, 0, FlagProxy)},
		{[]ListOption{MatchLink(7), MatchMaster(8)}, u32(u32(header(nil, 0, 0, 0, 0), uapi.NDA_IFINDEX, 7), uapi.NDA_MASTER, 8)},
		{[]ListOption{MatchLink(-7)}, header(nil, 0, 0, 0, 0)},
		{[]ListOption{FDB(), MatchFlags(FlagSelf), MatchState(StateStale)}, header(nil, rtnl.FamilyBridge, 0, 0, 0)},
		{[]ListOption{FDB(), MatchLink(7), MatchMaster(8)}, u32(header(nil, rtnl.FamilyBridge, 7, 0, 0), uapi.NDA_MASTER, 8)},
	} {
		f := newFilter(tt.opts)
		if got := f.request(); !bytes.Equal(got, tt.want) {
			t.Errorf("%+v: % x, want % x", f, got, tt.want)
		}
	}
}

// TestUnfilteredAnswer is of a kernel that does not choose by master.
func TestUnfilteredAnswer(t *testing.T) {
	n := Neighbour{Link: 1, Family: rtnl.FamilyIPv4, Addr: netip.MustParseAddr("192.0.2.1")}
	m := nlkit.Message{Type: uapi.RTM_NEWNEIGH, Data: bytesOf(t, &n)}
	d := &decoder{filter: newFilter([]ListOption{MatchMaster(7)})}
	var got Neighbour
	if _, err := d.message(m, &got); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	m.Flags = uapi.NLM_F_DUMP_FILTERED
	if ok, err := d.message(m, &got); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestMalformed(t *testing.T) {
	good := bytesOf(t, &Neighbour{Link: 1, Family: rtnl.FamilyIPv4})
	for _, tt := range []struct {
		b    []byte
		attr string
	}{
		{nil, ""},
		{good[:headerLen-1], ""},
		{attr.AppendBytes(good[:headerLen:headerLen], uapi.NDA_DST, []byte{1, 2, 3}), "NDA_DST"},
		{attr.AppendBytes(good[:headerLen:headerLen], uapi.NDA_CACHEINFO, make([]byte, 15)), "NDA_CACHEINFO"},
		{attr.AppendBytes(good[:headerLen:headerLen], uapi.NDA_FLAGS_EXT, make([]byte, 3)), "NDA_FLAGS_EXT"},
		{attr.AppendBytes(good[:headerLen:headerLen], uapi.NDA_FDB_EXT_ATTRS, []byte{5, 0, 1, 0}), "NDA_FDB_EXT_ATTRS"},
		{append(good[:headerLen:headerLen], 3, 0, 1, 0), "NDA_DST"},
	} {
		var n Neighbour
		_, err := anyDecoder().decode(tt.b, &n)
		e, ok := errors.AsType[*attr.Error](err)
		if !ok || !errors.Is(err, attr.ErrMalformed) || e.Path != tt.attr {
			t.Errorf("% x: %v", tt.b, err)
		}
		if describe(tt.b) != "" {
			t.Errorf("% x is described as %q", tt.b, describe(tt.b))
		}
	}
	var n Neighbour
	if ok, err := anyDecoder().decode([]byte{uapi.AF_MPLS, 11: 0}, &n); ok || err != nil {
		t.Errorf("another family: %v, %v", ok, err)
	}
	longer := attr.AppendBytes(good[:headerLen:headerLen], uapi.NDA_CACHEINFO, make([]byte, 24))
	if ok, err := anyDecoder().decode(longer, &n); !ok || err != nil {
		t.Errorf("a longer struct nda_cacheinfo: %v", err)
	}
	for _, b := range [][]byte{
		{2, 0, 0},
		attr.AppendBytes(tableHeader(nil, 2), uapi.NDTA_CONFIG, make([]byte, 31)),
		attr.AppendBytes(tableHeader(nil, 2), uapi.NDTA_STATS, make([]byte, 81)),
	} {
		var table Table
		if err := decodeTable(b, &table); !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("% x: %v", b, err)
		}
		if describeTable(b) != "" {
			t.Errorf("% x is described as %q", b, describeTable(b))
		}
	}
	var table Table
	longer = attr.AppendBytes(attr.AppendBytes(tableHeader(nil, 2), uapi.NDTA_CONFIG, make([]byte, 40)), uapi.NDTA_STATS, make([]byte, 96))
	if err := decodeTable(longer, &table); err != nil {
		t.Errorf("longer structs: %v", err)
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		v    interface{ MarshalText() ([]byte, error) }
		into interface{ UnmarshalText([]byte) error }
		want string
	}{
		{StateNone, new(State), "none"},
		{StatePermanent, new(State), "permanent"},
		{StateReachable | StateStale | 1<<12, new(State), "reachable|stale|0x1000"},
		{FlagManaged | FlagRouter | FlagExtLearned, new(Flags), "extern_learn|router|managed"},
		{FlagExtValidated | 1<<39, new(Flags), "extern_valid|0x8000000000"},
		{Flags(0), new(Flags), "0"},
		{TypeUnicast, new(Type), "unicast"},
		{Type(99), new(Type), "Type(99)"},
		{ActivityNotify | ActivityInactive, new(Activity), "activity_notify|inactive"},
	} {
		text, err := tt.v.MarshalText()
		if err != nil || string(text) != tt.want {
			t.Errorf("%#v: %s, %v, want %s", tt.v, text, err, tt.want)
		}
		if err := tt.into.UnmarshalText(text); err != nil || !reflect.DeepEqual(reflect.ValueOf(tt.into).Elem().Interface(), tt.v) {
			t.Errorf("%s is parsed as %v, %v", text, tt.into, err)
		}
		if err := tt.into.UnmarshalText([]byte("nonsense")); err == nil {
			t.Errorf("nonsense is taken for a %T", tt.v)
		}
	}
	var s State
	if err := s.UnmarshalText([]byte("REACHABLE")); err != nil || s != StateReachable {
		t.Errorf("as `ip neigh` prints it: %v, %v", s, err)
	}
	if !StatePermanent.Has(StatePermanent) || ActivityNotify.Has(ActivityInactive) {
		t.Error("Has")
	}
}

func TestStrings(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.1")
	for want, v := range map[string]any{
		"192.0.2.1 dev 2 lladdr 02:00:00:00:00:01": Neighbour{Link: 2, Addr: ip, LinkAddr: mac6(1)},
		"proxy 192.0.2.1 dev 2":                    Neighbour{Link: 2, Addr: ip, Flags: FlagProxy},
		"no address dev 2":                         Neighbour{Link: 2},
		"02:00:00:00:00:01 dev 3 vlan 10 dst 192.0.2.1 port 4 vni 5 src_vni 6 nhid 7 master 8": Neighbour{
			Family: rtnl.FamilyBridge, Link: 3, LinkAddr: mac6(1), VLAN: 10, Addr: ip, Port: 4, VNI: 5, SrcVNI: 6, NexthopID: 7, Master: 8,
		},
		"arp_cache":         Table{Family: rtnl.FamilyIPv4},
		"ndisc_cache dev 2": Table{Name: "ndisc_cache", Link: 2},
	} {
		if got := v.(interface{ String() string }).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if a, ok := (Neighbour{LinkAddr: net.HardwareAddr{192, 0, 2, 1}}).TunnelAddr(); !ok || a != ip {
		t.Errorf("tunnel address %v, %v", a, ok)
	}
	if _, ok := (Neighbour{LinkAddr: mac6(1)}).TunnelAddr(); ok {
		t.Error("a MAC address is taken for an IP address")
	}
	if _, err := json.Marshal(golden); err != nil {
		t.Error(err)
	}
}
