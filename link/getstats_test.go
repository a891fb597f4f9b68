package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestStatisticsTables(t *testing.T) {
	attrtest.RoundTrip(t, statisticsAttrs)
	attrtest.Covers(t, statisticsAttrs, "Index")
	attrtest.RoundTrip(t, bridgeStatsAttrs)
	attrtest.Covers(t, bridgeStatsAttrs)
	attrtest.RoundTrip(t, bondStatsAttrs)
	attrtest.Covers(t, bondStatsAttrs)
	attrtest.RoundTrip(t, offloadAttrs)
	attrtest.Covers(t, offloadAttrs)
	attrtest.RoundTrip(t, statsRequestAttrs)
	// Every counter of a struct is listed once, and the two readers of the most
	// common one agree.
	everyNumber(t, linkCounters)
	everyNumber(t, hardwareCounters)
	everyNumber(t, mplsCounters)
	everyNumber(t, stpCounters)
	everyNumber(t, multicastCounters)
	var in Statistics
	statisticsAttrs.Fill(rand.New(rand.NewPCG(1, 1)), &in)
	b, err := statisticsAttrs[1:2].Append(nil, &in)
	must(t, err)
	byHand, err := statsOf(b[4:])
	must(t, err)
	if !reflect.DeepEqual(byHand, in.Link) {
		t.Errorf("got %+v, want %+v", byHand, in.Link)
	}
}

// everyNumber fails unless numbers lists each number in S once, those of structs in
// S too.
func everyNumber[S any](t *testing.T, numbers func(*S) ([]*uint64, int)) {
	t.Helper()
	s := new(S)
	all, least := numbers(s)
	if want := int(reflect.TypeFor[S]().Size() / 8); len(all) != want || least > want {
		t.Errorf("%T has %d numbers, not %d", *s, want, len(all))
	}
	for _, n := range all {
		if *n++; *n != 1 {
			t.Errorf("a number of %T is listed twice", *s)
		}
	}
}

func FuzzStatistics(f *testing.F) {
	attrtest.Fuzz(f, statisticsAttrs)
}

func statsMsg(index uint32, attrs []byte) nlkit.Message {
	return nlkit.Message{Type: uapi.RTM_NEWSTATS, Data: append(u32s(0, index, 0), attrs...)}
}

func TestMalformedStatistics(t *testing.T) {
	nest := attr.AppendBytes
	for _, tc := range []struct {
		path  string
		attrs []byte
	}{
		{"IFLA_STATS_LINK_64", nest(nil, uapi.IFLA_STATS_LINK_64, make([]byte, 22*8))},
		{"IFLA_STATS_LINK_XSTATS.LINK_XSTATS_TYPE_BRIDGE.BRIDGE_XSTATS_VLAN", nest(nil, uapi.IFLA_STATS_LINK_XSTATS,
			nest(nil, uapi.LINK_XSTATS_TYPE_BRIDGE, nest(nil, uapi.BRIDGE_XSTATS_VLAN, make([]byte, 35))))},
		{"IFLA_STATS_LINK_XSTATS_SLAVE.LINK_XSTATS_TYPE_BRIDGE.BRIDGE_XSTATS_STP", nest(nil, uapi.IFLA_STATS_LINK_XSTATS_SLAVE,
			nest(nil, uapi.LINK_XSTATS_TYPE_BRIDGE, nest(nil, uapi.BRIDGE_XSTATS_STP, make([]byte, 47))))},
		{"IFLA_STATS_LINK_OFFLOAD_XSTATS.IFLA_OFFLOAD_XSTATS_L3_STATS", nest(nil, uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS,
			nest(nil, uapi.IFLA_OFFLOAD_XSTATS_L3_STATS, make([]byte, 71)))},
		{"IFLA_STATS_AF_SPEC.AF_MPLS.MPLS_STATS_LINK", nest(nil, uapi.IFLA_STATS_AF_SPEC, nest(nil, uapi.AF_MPLS, nest(nil, uapi.MPLS_STATS_LINK, make([]byte, 8))))},
	} {
		var s Statistics
		_, err := decodeStatistics(statsMsg(1, tc.attrs), &s)
		bad, ok := errors.AsType[*attr.Error](err)
		if !ok || bad.Path != tc.path || !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("got %v, want a malformed %s", err, tc.path)
		}
	}
	var s Statistics
	if _, err := decodeStatistics(nlkit.Message{Type: uapi.RTM_NEWSTATS, Data: make([]byte, 11)}, &s); !errors.Is(err, attr.ErrMalformed) {
		t.Errorf("a header cut short: %v", err)
	}
	if keep, err := decodeStatistics(nlkit.Message{Type: uapi.RTM_NEWLINK}, &s); keep || err != nil {
		t.Errorf("a link is taken for counters: %v", err)
	}
}

// A newer kernel has more counters in each struct, and groups that have no field.
func TestNewerStatistics(t *testing.T) {
	b := attr.AppendBytes(nil, uapi.IFLA_STATS_LINK_64, make([]byte, 27*8))
	b = attr.AppendBytes(b, uapi.IFLA_STATS_LINK_XSTATS, attr.AppendBytes(nil, 9, []byte{1}))
	b = attr.AppendBytes(b, 77, []byte{5})
	var s Statistics
	_, err := decodeStatistics(statsMsg(4, b), &s)
	must(t, err)
	if s.Index != 4 || s.Link == nil || !reflect.DeepEqual(s.Unknown, []attr.Raw{{Type: 77, Data: []byte{5}}}) {
		t.Errorf("got %+v", s)
	}
}

// ipStats returns what ip stats show says of a group, by what it prints beside the
// name of the link.
func ipStats(t *testing.T, ns *nstest.NS, dev string, words ...string) map[string]any {
	t.Helper()
	out := ns.Run(t, "ip", append([]string{"-j", "stats", "show", "dev", dev}, words...)...)
	var all []map[string]any
	must(t, json.Unmarshal(out, &all))
	if len(all) != 1 {
		t.Fatalf("ip says %s", out)
	}
	return all[0]
}

func TestGetStats(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9"), []byte("some bytes"), 10)
	lo, err := Get(ctx, c, Name("lo"))
	must(t, err)
	must(t, AddAltName(ctx, c, Name("lo"), "the-loopback"))
	for _, s := range []Selector{Name("lo"), Index(lo.Index), AltName("the-loopback")} {
		got, err := GetStats(ctx, c, s)
		must(t, err)
		if got.Index != lo.Index || got.Link == nil || got.Link.RxPackets < 10 || got.Link.RxBytes < 100 || len(got.Unknown) > 0 {
			t.Errorf("%v: got %+v", s, got)
		}
	}
	var got Statistics
	var rx map[string]any
	nstest.Eventually(t, func() string { // until there is no answer to the packets under way
		var err error
		got, err = GetStats(ctx, c, Name("lo"), WithStatsGroups(StatsLink))
		must(t, err)
		rx, _ = ipStats(t, ns, "lo", "group", "link")["stats64"].(map[string]any)["rx"].(map[string]any)
		again, err := GetStats(ctx, c, Name("lo"), WithStatsGroups(StatsLink))
		must(t, err)
		if *got.Link != *again.Link {
			return "the counters do not stand still"
		}
		return ""
	})
	if got.Offload != nil || got.MPLS != nil || got.Bridge != nil || got.Bond != nil {
		t.Errorf("got %+v", got)
	}
	if fmt.Sprint(rx["packets"], rx["bytes"]) != fmt.Sprint(got.Link.RxPackets, got.Link.RxBytes) {
		t.Errorf("got %+v, ip says %v", got.Link, rx)
	}
	l, err := Get(ctx, c, Name("lo"), WithStats())
	must(t, err)
	if !reflect.DeepEqual(l.Stats, got.Link) {
		t.Errorf("got %+v, want %+v", got.Link, l.Stats)
	}

	for want, err := range map[error]error{
		fs.ErrNotExist: func() error { _, err := GetStats(ctx, c, Index(4711)); return err }(),
		syscall.ENODEV: func() error { _, err := GetStats(ctx, c, Name("nope")); return err }(),
		fs.ErrInvalid:  func() error { _, err := GetStats(ctx, c, Selector{}); return err }(),
	} {
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, want) || e.Op != "link.GetStats" || e.Object == "" {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	for path, opts := range map[string][]StatsOption{
		"filter_mask": {WithStatsGroups(0)},
		"IFLA_STATS_GET_FILTERS.IFLA_STATS_LINK_OFFLOAD_XSTATS": {WithOffloadSuites(8)},
	} {
		for _, err := range []error{
			func() error { _, err := GetStats(ctx, c, Name("lo"), opts...); return err }(),
			func() error { _, err := ListStats(ctx, c, append(opts, nil)...); return err }(),
			func() error {
				for _, err := range AllStats(ctx, c, opts...) {
					return err
				}
				return nil
			}(),
		} {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, fs.ErrInvalid) || e.Attr != path || e.Sent {
				t.Errorf("got %v", err)
			}
		}
	}
	for _, opts := range [][]StatsOption{{WithStatsGroups(1 << 5)}, {WithOffloadSuites(0)}, {WithStatsGroups(StatsLink), WithOffloadSuites(OffloadL3)}} {
		if _, err := ListStats(ctx, c, opts...); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := GetStats(ctx, nil, Index(1)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestListStats(t *testing.T) {
	ns := nstest.New(t)
	c := clientIn(t, ns)
	ctx := t.Context()
	br := add(t, c, "br0", &Bridge{MulticastStats: new(true)}, Up())
	v := add(t, c, "v0", &Veth{}, WithMaster(br.Index), Up())
	links, err := List(ctx, c)
	must(t, err)
	for _, strict := range []bool{true, false} {
		c := clientIn(t, ns, nlkit.WithStrict(strict))
		all, err := ListStats(ctx, c)
		must(t, err)
		var streamed []Statistics
		for s, err := range AllStats(ctx, c) {
			must(t, err)
			streamed = append(streamed, s)
		}
		if len(all) != len(links) || len(streamed) != len(links) {
			t.Fatalf("strict %v: %d and %d of %d links", strict, len(all), len(streamed), len(links))
		}
		for i, s := range all {
			one, err := GetStats(ctx, c, Index(s.Index))
			must(t, err)
			if s.Index != links[i].Index || s.Link == nil || streamed[i].Index != s.Index || !sameShape(one, s) || !sameShape(streamed[i], s) {
				t.Errorf("strict %v: got %+v, %+v and %+v", strict, s, streamed[i], one)
			}
			if isBridge := s.Index == br.Index; isBridge != (s.Bridge != nil) || isBridge && (s.Bridge.Multicast == nil || s.Bridge.STP != nil) {
				t.Errorf("%+v of %d", s.Bridge, s.Index)
			}
			if isPort := s.Index == v.Index; isPort != (s.BridgePort != nil) || isPort && s.BridgePort.STP == nil {
				t.Errorf("%+v of %d", s.BridgePort, s.Index)
			}
		}
		some, err := ListStats(ctx, c, WithStatsGroups(StatsKind|StatsPort))
		must(t, err)
		for _, s := range some {
			if s.Link != nil || s.Offload != nil || (s.Bridge != nil) != (s.Index == br.Index) {
				t.Errorf("got %+v", s)
			}
		}
		for range AllStats(ctx, c) {
			break
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := ListStats(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// sameShape reports whether the same groups are there, whatever they counted.
func sameShape(a, b Statistics) bool {
	shape := func(s Statistics) [7]bool {
		return [7]bool{s.Link != nil, s.Bridge != nil, s.Bond != nil, s.BridgePort != nil, s.BondPort != nil, s.Offload != nil, s.MPLS != nil}
	}
	return a.Index == b.Index && shape(a) == shape(b)
}

// leaves appends the numbers in what ip printed, each with its path.
func leaves(v any, path string, out *[]string) {
	if m, ok := v.(map[string]any); ok {
		for k, v := range m {
			leaves(v, strings.TrimPrefix(path+"."+k, "."), out)
		}
		return
	}
	*out = append(*out, fmt.Sprint(path, " ", v))
}

func TestL3Stats(t *testing.T) {
	nstest.NeedKernel(t, "5.18")
	c, ns := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sub, err := SubscribeStats(ctx, c)
	must(t, err)
	defer sub.Close()
	v := add(t, c, "v0", &Veth{})
	state := func(requested bool) {
		t.Helper()
		s, err := GetStats(ctx, c, Index(v.Index), WithStatsGroups(StatsOffload))
		must(t, err)
		o := s.Offload
		if o == nil || o.L3Requested != requested || o.L3Used || (o.L3 != nil) != requested || o.CPUHit != nil || s.Link != nil {
			t.Errorf("got %+v", o)
		}
		info, _ := ipStats(t, ns, "v0", "group", "offload", "subgroup", "hw_stats_info")["info"].(map[string]any)
		l3, _ := info["l3_stats"].(map[string]any)
		if l3["request"] != requested || l3["used"] != false {
			t.Errorf("ip says %v", info)
		}
	}
	state(false)
	must(t, SetL3Stats(ctx, c, Name("v0"), true))
	state(true)
	must(t, SetL3Stats(ctx, c, Name("v0"), true))       // is no error
	for suites, want := range map[OffloadSuite][2]bool{ // whether there are the information, and the counters
		OffloadInfo: {true, false}, OffloadL3: {false, true}, OffloadInfo | OffloadL3: {true, true},
	} {
		s, err := GetStats(ctx, c, Index(v.Index), WithStatsGroups(StatsOffload), WithOffloadSuites(suites))
		must(t, err)
		if o := s.Offload; o == nil || o.L3Requested != want[0] || (o.L3 != nil) != want[1] {
			t.Errorf("%v: got %+v", suites, o)
		}
	}
	if s, err := GetStats(ctx, c, Index(v.Index), WithOffloadSuites(OffloadCPUHit)); err != nil || s.Offload != nil || s.Link == nil {
		t.Errorf("got %+v, %v", s, err)
	}
	b := c.NewBatch()
	must(t, SetL3Stats(ctx, b, Index(v.Index), false))
	if err := SetL3Stats(ctx, b, Name("v0"), false); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
		t.Errorf("by name in a batch: %v", err)
	}
	must(t, b.Send(ctx))
	state(false)

	want := []bool{true, false} // changes, and nothing that was so already
	for e, err := range sub.All() {
		must(t, err)
		if e.Type != nlkit.Updated || e.Object.Index != v.Index || e.Object.Offload == nil || e.Object.Offload.L3Requested != want[0] || e.NSID != -1 {
			t.Errorf("got %+v", e)
		}
		if want = want[1:]; len(want) == 0 {
			break
		}
	}

	for _, s := range []Selector{Index(4711), Name("nope")} {
		err := SetL3Stats(ctx, c, s, true)
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Op != "link.SetL3Stats" || e.Object != s.String() {
			t.Errorf("got %v", err)
		}
	}
	if err := SetL3Stats(ctx, c, Selector{}, true); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	withoutPrivilege(t, func() {
		if err := SetL3Stats(ctx, c, Index(v.Index), true); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v", err)
		}
		if _, err := GetStats(ctx, c, Index(v.Index)); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// A message has room for 32 KiB in a list: what a bridge counts for many VLANs comes
// in several, with the other groups of the link around it.
func TestStatisticsInPieces(t *testing.T) {
	vlans := func(from, to int) (list []BridgeVLANStats) {
		for id := from; id <= to; id++ {
			list = append(list, BridgeVLANStats{ID: uint16(id)})
		}
		return list
	}
	pieces := func() []Statistics {
		return []Statistics{
			{Index: 1, Link: &Stats{RxBytes: 1}},
			{Index: 2, Link: &Stats{RxBytes: 2}, Bridge: &BridgeStats{VLANs: vlans(1, 3)}},
			{Index: 2, Bridge: &BridgeStats{VLANs: vlans(4, 6), Multicast: &BridgeMulticastStats{}}, Offload: &OffloadStats{}},
			{Index: 2, BridgePort: &BridgeStats{VLANs: vlans(1, 2)}},
			{Index: 2, BridgePort: &BridgeStats{VLANs: vlans(3, 3), STP: &BridgeSTPStats{}}, Bond: &BondStats{}, BondPort: &BondStats{}, MPLS: &MPLSStats{}},
			{Index: 3, Link: &Stats{RxBytes: 3}, Unknown: []attr.Raw{{Type: 9}}},
			{Index: 3, Unknown: []attr.Raw{{Type: 10}}},
		}
	}
	want := []Statistics{
		{Index: 1, Link: &Stats{RxBytes: 1}},
		{
			Index: 2, Link: &Stats{RxBytes: 2}, Bridge: &BridgeStats{VLANs: vlans(1, 6), Multicast: &BridgeMulticastStats{}}, Offload: &OffloadStats{},
			BridgePort: &BridgeStats{VLANs: vlans(1, 3), STP: &BridgeSTPStats{}}, Bond: &BondStats{}, BondPort: &BondStats{}, MPLS: &MPLSStats{},
		},
		{Index: 3, Link: &Stats{RxBytes: 3}, Unknown: []attr.Raw{{Type: 9}, {Type: 10}}},
	}
	if got := joined(pieces()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := joined(nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	for _, end := range []error{nil, nlkit.ErrDumpInterrupted, errors.New("another")} {
		var got []Statistics
		var last error
		for s, err := range whole(func(yield func(Statistics, error) bool) {
			for _, p := range pieces() {
				if !yield(p, nil) {
					return
				}
			}
			if end != nil {
				yield(Statistics{}, end)
			}
		}) {
			if last = err; err == nil {
				got = append(got, s)
			}
		}
		n := len(want)
		if end != nil && !errors.Is(end, nlkit.ErrDumpInterrupted) {
			n-- // the last may be incomplete
		}
		if !reflect.DeepEqual(got, want[:n]) || last != end {
			t.Errorf("%v: got %+v, %v", end, got, last)
		}
	}
}
