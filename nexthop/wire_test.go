package nexthop

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
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

// values are what testdata holds.
func values() map[string]Nexthop {
	ip := netip.MustParseAddr
	v4, v6 := rtnl.FamilyIPv4, rtnl.FamilyIPv6
	wide := Nexthop{ID: 13, Group: []Member{{ID: 1, Weight: 257}, {ID: 3, Weight: 65535}}}
	counted := wide
	counted.HWStats = true
	counted.Stats = []MemberStats{{ID: 1}, {ID: 3}}
	return map[string]Nexthop{
		"gateway":      {ID: 1, Family: v4, Link: 3, Gateway: ip("10.9.0.2"), Protocol: rtnl.ProtocolBGP, Scope: rtnl.ScopeLink},
		"gateway_6":    {ID: 2, Family: v6, Link: 3, Gateway: ip("fe80::2"), Scope: rtnl.ScopeLink},
		"link":         {ID: 3, Family: v4, Link: 2, Scope: rtnl.ScopeHost},
		"blackhole_6":  {ID: 4, Family: v6, Blackhole: true},
		"onlink":       {ID: 5, Family: v4, Link: 2, Gateway: ip("192.0.2.1"), Flags: FlagOnlink, Scope: rtnl.ScopeLink},
		"fdb":          {ID: 6, Family: v4, Gateway: ip("192.0.2.8"), FDB: true, Scope: rtnl.ScopeLink},
		"encap_ip":     {ID: 7, Family: v4, Link: 3, Gateway: ip("10.9.0.2"), Scope: rtnl.ScopeLink, Encap: &rtnl.IPEncap{ID: 7, Dst: ip("192.0.2.9")}},
		"group":        {ID: 10, Group: []Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 256}}},
		"group_fdb":    {ID: 11, Group: []Member{{ID: 6, Weight: 1}}, FDB: true},
		"group_16_bit": wide,
		"group_8_bit":  {ID: 10, Group: []Member{{ID: 1, Weight: 1}, {ID: 3, Weight: 256}}},
		"statistics":   counted,
		"resilient": {
			ID: 12, Group: []Member{{ID: 1, Weight: 3}, {ID: 3, Weight: 1}}, GroupType: GroupResilient,
			Resilient: &Resilient{Buckets: 4, IdleTimer: new(10 * time.Second), UnbalancedTimer: new(20 * time.Second)},
		},
	}
}

func TestRecorded(t *testing.T) {
	if !nstest.LittleEndian() {
		return // recorded on a little-endian machine
	}
	messages, want := nstest.Recorded(t), values()
	bucket := messages["bucket"]
	delete(messages, "bucket")
	if len(messages) != len(want) {
		t.Fatalf("%d messages and %d values", len(messages), len(want))
	}
	for name, b := range messages {
		var got Nexthop
		if err := decode(b, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, name, got, want[name])
		// What is sent says the same, but for what is only read.
		if err := check(&got, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sent, err := encode(&got)
		if err != nil {
			t.Fatal(err)
		}
		var again Nexthop
		if err := parse(sent, &again); err != nil {
			t.Error(err)
		}
		got.Scope, got.Stats = 0, nil
		same(t, name+" sent", again, got)
	}
	var v Bucket
	if err := decodeBucket(bucket, &v); err != nil {
		t.Error(err)
	}
	same(t, "bucket", v, Bucket{GroupID: 12, Index: 3, NexthopID: 1})
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, attrs)
	attrtest.Covers(t, attrs, "Family", "Protocol", "Scope", "Flags")
	attrtest.RoundTrip(t, resilientAttrs)
	attrtest.Covers(t, resilientAttrs)
	attrtest.Covers(t, statsAttrs)
	attrtest.RoundTrip(t, bucketAttrs)
	attrtest.RoundTrip(t, bucketNest)
	attrtest.Covers(t, append(bucketNest[:len(bucketNest):len(bucketNest)], bucketAttrs[0]), "Protocol", "Flags")
	for _, err := range []error{statsAttrs.Check(), groupStats.Check()} {
		if err != nil {
			t.Error(err)
		}
	}
}

// TestHeader covers the fields that are in struct nhmsg.
func TestHeader(t *testing.T) {
	in := Nexthop{ID: 1, Family: rtnl.FamilyIPv6, Protocol: 99, Scope: 98, Flags: FlagOnlink | FlagTrap | 1<<31, Gateway: netip.IPv6LinkLocalAllNodes(), Link: 7}
	b, err := encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{10, 0, 99, 0}
	want = binary.NativeEndian.AppendUint32(want, uint32(FlagOnlink)) // the others are the kernel's to set
	if !bytes.Equal(b[:headerLen], want) {
		t.Errorf("sent % x, want % x", b[:headerLen], want)
	}
	read := []byte{10, 98, 99, 0}
	read = binary.NativeEndian.AppendUint32(read, uint32(in.Flags))
	var out Nexthop
	if err := decode(append(read, b[headerLen:]...), &out); err != nil {
		t.Fatal(err)
	}
	same(t, "decoded", out, in)

	var v Bucket
	if err := decodeBucket(read, &v); err != nil {
		t.Fatal(err)
	}
	same(t, "bucket", v, Bucket{Protocol: 99, Flags: in.Flags})
}

func TestZeroValue(t *testing.T) {
	b, err := encode(new(Nexthop))
	if err != nil || !bytes.Equal(b, make([]byte, headerLen)) {
		t.Errorf("% x, %v", b, err)
	}
	b, err = resilientAttrs.Append(nil, new(Resilient))
	if err != nil || len(b) != 0 {
		t.Errorf("% x, %v", b, err)
	}
	f := new(filter)
	if b := f.request(); !bytes.Equal(b, make([]byte, headerLen)) {
		t.Errorf("% x", b)
	}
	if b := f.bucketRequest(); !bytes.Equal(b, make([]byte, headerLen)) {
		t.Errorf("% x", b)
	}
}

// TestWeightBytes: the high byte of a weight counts only where the kernel says so.
func TestWeightBytes(t *testing.T) {
	group := binary.NativeEndian.AppendUint32(nil, 7)
	group = append(group, 4, 1, 0, 0)
	base := attr.AppendBytes(make([]byte, headerLen), uapi.NHA_GROUP, group)
	for name, tt := range map[string]struct {
		message []byte
		want    int
	}{
		"before 6.9":  {base, 5},
		"before 6.12": {attr.AppendUint32(base[:len(base):len(base)], uapi.NHA_OP_FLAGS, uapi.NHA_OP_FLAG_DUMP_STATS), 5},
		"since":       {attr.AppendUint32(base[:len(base):len(base)], uapi.NHA_OP_FLAGS, uapi.NHA_OP_FLAG_RESP_GRP_RESVD_0), 261},
	} {
		var n Nexthop
		if err := decode(tt.message, &n); err != nil {
			t.Fatal(err)
		}
		same(t, name, n.Group, []Member{{ID: 7, Weight: tt.want}})
		if s := describe(tt.message); s != "id 0 group 7,261"[5:] {
			t.Errorf("%s: described as %q", name, s)
		}
	}
}

// TestEncodedGroup pins the bytes of a group with all there is to it.
func TestEncodedGroup(t *testing.T) {
	if !nstest.LittleEndian() {
		return
	}
	b, err := encode(&Nexthop{
		ID: 12, Group: []Member{{ID: 1, Weight: 300}, {ID: 3}}, GroupType: GroupResilient, HWStats: true,
		Resilient:   &Resilient{Buckets: 4, IdleTimer: new(time.Millisecond), UnbalancedTimer: new(time.Duration(0)), UnbalancedTime: time.Hour},
		HWStatsUsed: true, Stats: []MemberStats{{ID: 1}}, Protocol: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := hex.DecodeString(strings.Join(strings.Fields(`
		00 00 04 00 00 00 00 00
		08 00 01 00 0c 00 00 00
		14 00 02 00 01 00 00 00 2b 01 00 00 03 00 00 00 00 00 00 00
		06 00 03 00 01 00 00 00
		1c 00 0c 80 06 00 01 00 04 00 00 00 08 00 02 00 01 00 00 00 08 00 03 00 00 00 00 00
		08 00 10 00 01 00 00 00`), ""))
	if !bytes.Equal(b, want) {
		t.Errorf(" got % x\nwant % x", b, want)
	}
}

func TestRequests(t *testing.T) {
	if !nstest.LittleEndian() {
		return
	}
	f := new(filter)
	for _, o := range []ListOption{MatchLink(2), MatchMaster(3), MatchFamily(rtnl.FamilyIPv6), MatchGroups(), MatchFDB(), WithStats(), WithHWStats()} {
		o.applyList(f)
	}
	want, _ := hex.DecodeString("0a00000000000000" + "0800050002000000" + "08000a0003000000" + "04000900" + "08000e0003000000")
	if b := f.request(); !bytes.Equal(b, want) {
		t.Errorf(" got % x\nwant % x", b, want)
	}
	f = &filter{group: 9}
	for _, o := range []BucketOption{MatchLink(2), MatchMaster(3), MatchNexthop(4)} {
		o.applyBuckets(f)
	}
	want, _ = hex.DecodeString("0000000000000000" + "0800010009000000" + "0800050002000000" + "08000a0003000000" + "0c000d800800030004000000")
	if b := f.bucketRequest(); !bytes.Equal(b, want) {
		t.Errorf(" got % x\nwant % x", b, want)
	}
}

func TestRefused(t *testing.T) {
	ip := netip.MustParseAddr
	group := []Member{{ID: 1, Weight: 1}}
	resilient := Nexthop{ID: 1, Group: group, GroupType: GroupResilient, Resilient: &Resilient{Buckets: 1}}
	with := func(change func(*Nexthop)) Nexthop {
		n := resilient
		r := *n.Resilient
		n.Resilient = &r
		change(&n)
		return n
	}
	many := make([]Member, maxGroup+1)
	for i := range many {
		many[i] = Member{ID: uint32(i + 1), Weight: 1}
	}
	for _, tt := range []struct {
		n    Nexthop
		attr string
	}{
		{Nexthop{ID: 1}, "NHA_OIF"},
		{Nexthop{ID: 1, Gateway: ip("10.0.0.1")}, "NHA_OIF"},
		{Nexthop{ID: 1, Link: -1}, "NHA_OIF"},
		{Nexthop{ID: 1, Family: rtnl.FamilyMPLS, Link: 1}, "nh_family"},
		{Nexthop{ID: 1, Family: rtnl.FamilyBridge, Link: 1}, "nh_family"},
		{Nexthop{ID: 1, Family: rtnl.FamilyIPv6, Link: 1, Gateway: ip("10.0.0.1")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Family: rtnl.FamilyIPv4, Link: 1, Gateway: ip("fe80::1")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Link: 1, Gateway: ip("::ffff:10.0.0.1")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Link: 1, Gateway: ip("fe80::1%eth0")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Link: 1, Gateway: ip("0.0.0.0")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Link: 1, Gateway: ip("::")}, "NHA_GATEWAY"},
		{Nexthop{ID: 1, Link: 1, Flags: FlagOnlink}, "nh_flags"},
		{Nexthop{ID: 1, Blackhole: true, Flags: FlagOnlink}, "nh_flags"},
		{Nexthop{ID: 1, Blackhole: true, Gateway: ip("10.0.0.1")}, "NHA_BLACKHOLE"},
		{Nexthop{ID: 1, Blackhole: true, Link: 1}, "NHA_BLACKHOLE"},
		{Nexthop{ID: 1, Blackhole: true, FDB: true}, "NHA_BLACKHOLE"},
		{Nexthop{ID: 1, FDB: true, Link: 1}, "NHA_FDB"},
		{Nexthop{ID: 1, FDB: true, Gateway: ip("10.0.0.1"), Flags: FlagOnlink}, "NHA_FDB"},
		{Nexthop{ID: 1, Link: 1, GroupType: GroupResilient}, "NHA_GROUP_TYPE"},
		{Nexthop{ID: 1, Link: 1, Resilient: &Resilient{Buckets: 1}}, "NHA_RES_GROUP"},
		{Nexthop{ID: 1, Link: 1, HWStats: true}, "NHA_HW_STATS_ENABLE"},
		{Nexthop{ID: 1, Group: group, Gateway: ip("10.0.0.1")}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: group, Link: 1}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: group, Blackhole: true}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: group, Flags: FlagOnlink}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: group, Family: rtnl.FamilyIPv4}, "nh_family"},
		{Nexthop{ID: 1, Group: group, Resilient: &Resilient{Buckets: 1}}, "NHA_RES_GROUP"},
		{Nexthop{ID: 1, Group: group, GroupType: GroupResilient}, "NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS"},
		{Nexthop{ID: 1, Group: []Member{{ID: 0, Weight: 1}}}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: []Member{{ID: 1, Weight: -1}}}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: []Member{{ID: 1, Weight: MaxWeight + 1}}}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: []Member{{ID: 1, Weight: 1}, {ID: 2, Weight: 1}, {ID: 1, Weight: 2}}}, "NHA_GROUP"},
		{Nexthop{ID: 1, Group: many}, "NHA_GROUP"},
		{with(func(n *Nexthop) { n.Resilient.Buckets = 0 }), "NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS"},
		{with(func(n *Nexthop) { n.Resilient.Buckets = -1 }), "NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS"},
		{with(func(n *Nexthop) { n.Resilient.Buckets = 65536 }), "NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS"},
		{with(func(n *Nexthop) { n.Resilient.IdleTimer = new(-time.Second) }), "NHA_RES_GROUP.NHA_RES_GROUP_IDLE_TIMER"},
		{with(func(n *Nexthop) { n.Resilient.UnbalancedTimer = new(time.Duration(math.MaxInt64)) }), "NHA_RES_GROUP.NHA_RES_GROUP_UNBALANCED_TIMER"},
	} {
		err := Add(t.Context(), new(nlkit.Batch), tt.n)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Attr != tt.attr || e.Sent || e.Op != "nexthop.Add" || e.Object != tt.n.String() {
			t.Errorf("%v: %v", tt.n, err)
		}
	}
	if err := Replace(t.Context(), nil, Nexthop{Link: 1}); !errors.Is(err, fs.ErrInvalid) || err.Error() != "nexthop.Replace dev 1: no id of what is to be replaced (NHA_ID)" {
		t.Errorf("replacing nothing: %v", err)
	}
	if err := Delete(t.Context(), nil, 0); !errors.Is(err, fs.ErrInvalid) || err.Error() != "nexthop.Delete id 0: 0 is no id (NHA_ID)" {
		t.Errorf("deleting id 0: %v", err)
	}
	if _, err := Get(t.Context(), nil, 0); !errors.Is(err, fs.ErrInvalid) || err.Error() != "nexthop.Get id 0: 0 is no id (NHA_ID)" {
		t.Errorf("getting id 0: %v", err)
	}
	for _, n := range []Nexthop{
		{ID: 1, Group: group, GroupType: GroupResilient},
		{ID: 1, Group: group, GroupType: GroupResilient, Resilient: new(Resilient)},
	} {
		if err := check(&n, true); err != nil {
			t.Errorf("replacing %v: %v", n, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	bad := func(typ uint16, n int) []byte {
		return attr.AppendBytes(make([]byte, headerLen), typ, make([]byte, n))
	}
	nest := func(typ uint16, p []byte) []byte {
		return attr.AppendBytes(make([]byte, headerLen), typ|uapi.NLA_F_NESTED, p)
	}
	for _, tt := range []struct {
		b    []byte
		path string
	}{
		{nil, ""},
		{make([]byte, headerLen-1), ""},
		{append(make([]byte, headerLen), 3, 0, 1, 0), ""},
		{bad(uapi.NHA_ID, 3), "NHA_ID"},
		{bad(uapi.NHA_GROUP, 12), "NHA_GROUP"},
		{bad(uapi.NHA_GROUP_TYPE, 0), "NHA_GROUP_TYPE"},
		{bad(uapi.NHA_OIF, 5), "NHA_OIF"},
		{bad(uapi.NHA_GATEWAY, 5), "NHA_GATEWAY"},
		{bad(uapi.NHA_HW_STATS_ENABLE, 3), "NHA_HW_STATS_ENABLE"},
		{bad(uapi.NHA_HW_STATS_USED, 0), "NHA_HW_STATS_USED"},
		{nest(uapi.NHA_RES_GROUP, attr.AppendBytes(nil, uapi.NHA_RES_GROUP_BUCKETS, nil)), "NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS"},
		{nest(uapi.NHA_GROUP_STATS, attr.AppendBytes(nil, uapi.NHA_GROUP_STATS_ENTRY, []byte{2, 0, 1, 0})), "NHA_GROUP_STATS.NHA_GROUP_STATS_ENTRY"},
		{nest(uapi.NHA_GROUP_STATS, attr.AppendBytes(nil, uapi.NHA_GROUP_STATS_ENTRY, attr.AppendBytes(nil, uapi.NHA_GROUP_STATS_ENTRY_ID, nil))), "NHA_GROUP_STATS.NHA_GROUP_STATS_ENTRY.NHA_GROUP_STATS_ENTRY_ID"},
		{attr.AppendBytes(attr.AppendBytes(make([]byte, headerLen), uapi.NHA_GROUP, make([]byte, 8)), uapi.NHA_OP_FLAGS, []byte{1}), ""},
	} {
		var n Nexthop
		err := decode(tt.b, &n)
		e, ok := errors.AsType[*attr.Error](err)
		if !errors.Is(err, attr.ErrMalformed) || ok && e.Path != tt.path {
			t.Errorf("% x: %v", tt.b, err)
		}
	}
	for _, b := range [][]byte{
		nil, make([]byte, headerLen-1), bad(uapi.NHA_ID, 3), nest(uapi.NHA_RES_BUCKET, attr.AppendBytes(nil, uapi.NHA_RES_BUCKET_INDEX, nil)),
	} {
		if err := decodeBucket(b, new(Bucket)); !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("bucket % x: %v", b, err)
		}
	}
	if describe(nil) != "" {
		t.Error("nothing was described")
	}
}

// TestNewerKernel: unknown attributes are kept, and those inside nests ignored.
func TestNewerKernel(t *testing.T) {
	b := make([]byte, headerLen)
	b = attr.AppendUint32(b, uapi.NHA_ID, 5)
	b = attr.AppendBytes(b, 99|uapi.NLA_F_NESTED, []byte{1, 2, 3})
	b = attr.AppendBytes(b, uapi.NHA_GROUP_STATS|uapi.NLA_F_NESTED, attr.AppendUint32(nil, 9, 9))
	b = attr.AppendBytes(b, uapi.NHA_RES_GROUP|uapi.NLA_F_NESTED, attr.AppendUint64(nil, 0, 9))
	var n Nexthop
	if err := decode(b, &n); err != nil {
		t.Fatal(err)
	}
	same(t, "decoded", n, Nexthop{ID: 5, Resilient: new(Resilient), Rest: []attr.Raw{{Type: 99 | uapi.NLA_F_NESTED, Data: []byte{1, 2, 3}}}})
	clear(b) // nothing refers to the message
	same(t, "copied", n.Rest[0].Data, []byte{1, 2, 3})
}

func TestOtherMessages(t *testing.T) {
	m := nlkit.Message{Type: uapi.RTM_NEWROUTE}
	f := new(filter)
	if ok, err := f.message(m, new(Nexthop)); ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := f.bucket(m, new(Bucket)); ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := decodeEvent(m, new(Event)); ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := decodeBucketEvent(m, new(BucketEvent)); ok || err != nil {
		t.Error(ok, err)
	}
	// Events of the one kind are not for the other's subscription.
	if ok, err := decodeEvent(nlkit.Message{Type: uapi.RTM_NEWNEXTHOPBUCKET}, new(Event)); ok || err != nil {
		t.Error(ok, err)
	}
	var e BucketEvent
	ok, err := decodeBucketEvent(nlkit.Message{Type: uapi.RTM_DELNEXTHOPBUCKET, Data: make([]byte, headerLen)}, &e)
	if !ok || err != nil || e.Type != nlkit.Deleted {
		t.Errorf("%+v, %v, %v", e, ok, err)
	}
}

func TestString(t *testing.T) {
	ip := netip.MustParseAddr
	for want, n := range map[string]Nexthop{
		"id 0":                                 {},
		"id 1 via 10.1.0.1 dev 2":              {ID: 1, Gateway: ip("10.1.0.1"), Link: 2},
		"dev 2":                                {Link: 2},
		"id 1 blackhole":                       {ID: 1, Blackhole: true},
		"id 1 via fe80::1 fdb":                 {ID: 1, Gateway: ip("fe80::1"), FDB: true},
		"id 9 group 1,3/2":                     {ID: 9, Group: []Member{{1, 3}, {2, 1}}},
		"id 9 group 1/2 type resilient":        {ID: 9, Group: []Member{{1, 1}, {2, 0}}, GroupType: GroupResilient},
		"id 9 group 1 type GroupType(7) fdb":   {ID: 9, Group: []Member{{1, 1}}, GroupType: 7, FDB: true},
		"id 4294967295 group 4294967295,65535": {ID: 1<<32 - 1, Group: []Member{{1<<32 - 1, 65535}}},
		"group 1/2":                            {Group: []Member{{1, 1}, {2, 1}}},
	} {
		if n.String() != want {
			t.Errorf("%q, want %q", n.String(), want)
		}
	}
	if s := (Bucket{GroupID: 10, Index: 3, NexthopID: 1}).String(); s != "id 10 index 3 nhid 1" {
		t.Error(s)
	}
}

func TestWords(t *testing.T) {
	for _, typ := range []GroupType{GroupMultipath, GroupResilient, 9} {
		text, err := typ.MarshalText()
		var back GroupType
		if err != nil || back.UnmarshalText(text) != nil || back != typ {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	for _, f := range []Flags{0, FlagDead, FlagOnlink | FlagLinkDown, FlagPervasive | FlagOffload | FlagUnresolved | FlagTrap | 1<<20} {
		text, err := f.MarshalText()
		var back Flags
		if err != nil || back.UnmarshalText(text) != nil || back != f {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	if s := (FlagOnlink | FlagTrap | 1<<20).String(); s != "onlink|trap|0x100000" {
		t.Error(s)
	}
	if !(FlagOnlink | FlagDead).Has(FlagDead) || FlagOnlink.Has(FlagDead) {
		t.Error("Has")
	}
	var f Flags
	var typ GroupType
	if f.UnmarshalText([]byte("offside")) == nil || typ.UnmarshalText([]byte("offside")) == nil {
		t.Error("nonsense was parsed")
	}
}

// A next hop survives JSON, with any encapsulation.
func TestJSON(t *testing.T) {
	for seed := range uint64(200) {
		var in, out Nexthop
		attrs.FillAll(rand.New(rand.NewPCG(seed, 3)), &in)
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("%v\nwritten %+v %v\nread    %+v %v\nJSON %s", err, in, in.Encap, out, out.Encap, text)
		}
	}
	kept := Nexthop{ID: 1, Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{16}}}
	if err := json.Unmarshal([]byte(`{"ID":2}`), &kept); err != nil || kept.ID != 2 || kept.Encap == nil {
		t.Errorf("%+v, %v", kept, err)
	}
	if err := json.Unmarshal([]byte(`{"Encap":{"Type":"mole"}}`), new(Nexthop)); err == nil || !strings.Contains(err.Error(), `encapsulation: "mole" is no EncapType`) {
		t.Error(err)
	}
}

func FuzzNexthop(f *testing.F) {
	attrtest.Fuzz(f, attrs, bodies(f)...)
}

func FuzzResilient(f *testing.F) {
	attrtest.Fuzz(f, resilientAttrs)
}

func FuzzBucket(f *testing.F) {
	attrtest.Fuzz(f, bucketAttrs, bodies(f)...)
}

// bodies are the attributes of the recorded messages.
func bodies(f *testing.F) (seeds [][]byte) {
	for _, b := range nstest.Recorded(f) {
		seeds = append(seeds, b[headerLen:])
	}
	return seeds
}

// FuzzMessages feeds whole messages to all that reads them.
func FuzzMessages(f *testing.F) {
	for _, b := range nstest.Recorded(f) {
		f.Add(b)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var n Nexthop
	attrs.Fill(rnd, &n)
	if b, err := encode(&n); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range []uint16{uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP, uapi.RTM_NEWNEXTHOPBUCKET, uapi.RTM_DELNEXTHOPBUCKET} {
			m := nlkit.Message{Type: typ, Data: b}
			var e Event
			if ok, err := decodeEvent(m, &e); ok && err == nil {
				for _, member := range e.Object.Group {
					if member.Weight < 1 || member.Weight > MaxWeight+1 {
						t.Errorf("weight %d", member.Weight)
					}
				}
				_ = e.Object.String()
				if n := e.Object; check(&n, false) == nil {
					if _, err := encode(&n); err != nil && !errors.Is(err, fs.ErrInvalid) {
						t.Error(err)
					}
				}
			}
			var be BucketEvent
			_, _ = decodeBucketEvent(m, &be)
		}
		describe(b)
	})
}

func BenchmarkDecode(b *testing.B) {
	if !nstest.LittleEndian() {
		return
	}
	messages := nstest.Recorded(b)
	for _, name := range []string{"gateway", "group", "resilient"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var n Nexthop
				if err := decode(messages[name], &n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	n := Nexthop{ID: 1, Link: 2, Gateway: netip.MustParseAddr("10.9.0.2")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := request("nexthop.Add", 0, n); err != nil {
			b.Fatal(err)
		}
	}
}
