package addr

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

func TestRecorded(t *testing.T) {
	if !nstest.LittleEndian() {
		return // recorded on a little-endian machine
	}
	ip, prefix := netip.MustParseAddr, netip.MustParsePrefix
	made := 0x95ea7 * 10 * time.Millisecond
	base := Address{
		Link: 3, Prefix: prefix("192.0.2.1/24"), Label: "v0", Protocol: 42, Flags: FlagPermanent,
		ValidLifetime: Forever, PreferredLifetime: Forever, Created: made, Updated: made,
	}
	base6 := base
	base6.Prefix, base6.Label, base6.Flags = prefix("2001:db8::1/64"), "", FlagPermanent|FlagNoDAD
	want := map[string]Address{}
	put := func(name string, a Address, set func(*Address)) {
		set(&a)
		want[name] = a
	}
	put("broadcast", base, func(a *Address) { a.Prefix, a.Broadcast = prefix("192.0.2.1/25"), ip("192.0.2.127") })
	put("label", base, func(a *Address) { a.Label = "v0:web" })
	put("peer_net", base, func(a *Address) { a.Peer = ip("198.51.100.9") })
	put("priority", base, func(a *Address) { a.Priority = 77 })
	put("deprecated", base, func(a *Address) {
		a.Flags, a.ValidLifetime, a.PreferredLifetime = FlagDeprecated, 5000*time.Second, 0
	})
	put("plain_6", base6, func(*Address) {})
	put("peer_6", base6, func(a *Address) { a.Prefix, a.Peer = prefix("2001:db8::1/128"), ip("2001:db8::9") })
	put("flags_6", base6, func(a *Address) { a.Priority, a.Flags = 7, FlagPermanent|FlagNoDAD|FlagHome|FlagNoPrefixRoute })

	messages := nstest.Recorded(t)
	if len(messages) != len(want) {
		t.Fatalf("%d messages and %d values", len(messages), len(want))
	}
	for name, b := range messages {
		var got Address
		if ok, err := new(decoder).decode(b, &got); !ok || err != nil || got != want[name] {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, want[name])
		}
		// What Add sends of it says the same, but for what is only read.
		sent := got
		if err := check(&sent); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := encode(sent)
		if err != nil {
			t.Fatal(err)
		}
		var again Address
		if ok, err := new(decoder).decode(deprecated(b, got), &again); !ok || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
		again.Flags &^= readOnlyFlags
		got.Created, got.Updated, got.Flags = 0, 0, got.Flags&^readOnlyFlags
		if again != got {
			t.Errorf("%s:\nsent     %+v\nreceived %+v", name, got, again)
		}
	}
}

// deprecated returns the message b that was made of a with the flag in the header by
// which the kernel says that it took a preferred lifetime of zero.
func deprecated(b []byte, a Address) []byte {
	b = bytes.Clone(b)
	b[2] |= byte(a.Flags & FlagDeprecated)
	return b
}

// TestOver: a lifetime that is over before the kernel has seen to it is not read as none,
// which would have Add take the address for one that lives forever.
func TestOver(t *testing.T) {
	for _, test := range []struct {
		preferred, valid uint32
		flags            Flags
		sent             [2]uint32
	}{
		{0, 0, 0, [2]uint32{1, 1}},
		{0, 0, FlagDeprecated, [2]uint32{0, 1}},
		{0, 100, 0, [2]uint32{1, 100}},
		{0, 100, FlagDeprecated, [2]uint32{0, 100}},
		{0, infinity, 0, [2]uint32{1, infinity}},
	} {
		info := binary.NativeEndian.AppendUint32(nil, test.preferred)
		info = append(binary.NativeEndian.AppendUint32(info, test.valid), make([]byte, 8)...)
		b := header(nil, rtnl.FamilyIPv4, 24, test.flags, rtnl.ScopeGlobal, 1)
		b = attr.AppendAddr(b, uapi.IFA_LOCAL, netip.MustParseAddr("192.0.2.1"))
		b = attr.AppendBytes(b, uapi.IFA_CACHEINFO, info)
		var a Address
		if ok, err := new(decoder).decode(b, &a); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := check(&a); err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		info, err := putCacheinfo(nil, &a)
		if err != nil || len(info) < 12 {
			t.Errorf("%+v: sent % x, %v", test, info, err)
			continue
		}
		if got := [2]uint32{binary.NativeEndian.Uint32(info[4:]), binary.NativeEndian.Uint32(info[8:])}; got != test.sent {
			t.Errorf("%+v: sent %v", test, got)
		}
	}
}

// random returns an address with random values in all fields that can be sent.
func random(rnd *rand.Rand) Address {
	a := Address{Link: 1 + rnd.IntN(1000), Scope: rtnl.Scope(rnd.Uint32()), Prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	if rnd.IntN(2) == 0 {
		a.Prefix = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	attrs.Fill(rnd, &a)
	a.Flags &^= readOnlyFlags
	if a.Peer == a.Prefix.Addr() {
		a.Peer = netip.Addr{}
	}
	return a
}

// decodeByTable is decode with the table instead of the loop.
func decodeByTable(b []byte, a *Address) (bool, error) {
	if ok, err := decodeHeader(b, a); !ok || err != nil {
		return false, err
	}
	if err := attrs.Decode(b[headerLen:], a); err != nil {
		return false, err
	}
	finish(a)
	return true, nil
}

func TestRoundTrip(t *testing.T) {
	if err := attrs.Check(); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for seed := range uint64(500) {
		in := random(rand.New(rand.NewPCG(seed, 1)))
		for i := range reflect.TypeFor[Address]().NumField() {
			if !reflect.ValueOf(in).Field(i).IsZero() {
				seen[reflect.TypeFor[Address]().Field(i).Name] = true
			}
		}
		b, err := encode(in)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var out, table Address
		if ok, err := new(decoder).decode(b, &out); !ok || err != nil || out != in {
			t.Fatalf("seed %d: %v\nsent     %+v\nreceived %+v", seed, err, in, out)
		}
		if ok, err := decodeByTable(b, &table); !ok || err != nil || table != out {
			t.Fatalf("seed %d: %v\nby hand  %+v\nby table %+v", seed, err, out, table)
		}
	}
	for i := range reflect.TypeFor[Address]().NumField() {
		switch name := reflect.TypeFor[Address]().Field(i).Name; name {
		case "Created", "Updated": // only read
		default:
			if !seen[name] {
				t.Errorf("field %s was never sent", name)
			}
		}
	}
	attrtest.Covers(t, attrs, "Link", "Scope", "Created", "Updated") // of the header; see TestRecorded
}

// A peer sends an attribute of type 0 with every address.
func TestPeerBugUnspecIsSent(t *testing.T) {
	for seed := range uint64(50) {
		b, err := encode(random(rand.New(rand.NewPCG(seed, 3))))
		if err != nil {
			t.Fatal(err)
		}
		for s := attr.Scan(b[headerLen:]); s.Next(); {
			if s.Type() == uapi.IFA_UNSPEC {
				t.Fatalf("seed %d: % x", seed, b)
			}
		}
	}
}

// An address survives JSON with every field.
func TestJSON(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		in := random(rnd)
		in.Created, in.Updated = time.Duration(rnd.Uint32())*stamp, time.Duration(rnd.Uint32())*stamp
		in.Flags = Flags(rnd.Uint32())
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Address
		if err := json.Unmarshal(text, &out); err != nil || out != in {
			t.Fatalf("seed %d: %v\nwritten %+v\nread    %+v\nJSON %s", seed, err, in, out, text)
		}
	}
}

func TestMalformedMembership(t *testing.T) {
	if err := membershipAttrs.Check(); err != nil {
		t.Error(err)
	}
	header := func(family rtnl.Family) []byte {
		return []byte{byte(family), 128, 0x80, byte(rtnl.ScopeSite), 1, 0, 0, 0}
	}
	v4, v6 := header(rtnl.FamilyIPv4), header(rtnl.FamilyIPv6)
	v4[1] = 32
	for _, tt := range []struct {
		b    []byte
		path string
	}{
		{nil, ""},
		{v4, ""},
		{attr.AppendBytes(v4, uapi.IFA_MULTICAST, make([]byte, 16)), "IFA_MULTICAST"},
		{attr.AppendBytes(v6, uapi.IFA_MULTICAST, make([]byte, 4)), "IFA_MULTICAST"},
		{attr.AppendBytes(v6, uapi.IFA_ANYCAST, make([]byte, 4)), "IFA_ANYCAST"},
		{attr.AppendBytes(v6, uapi.IFA_CACHEINFO, make([]byte, 15)), "IFA_CACHEINFO"},
	} {
		var m Membership
		ok, err := decodeMembership(tt.b, &m)
		if e, typed := errors.AsType[*attr.Error](err); ok || !typed || !errors.Is(err, attr.ErrMalformed) || e.Path != tt.path {
			t.Errorf("% x: got %v, %v, want an error of %q", tt.b, ok, err, tt.path)
		}
	}
	var m Membership
	if ok, err := decodeMembership(header(45), &m); ok || err != nil {
		t.Errorf("of MCTP: %v, %v", ok, err)
	}
	if !nstest.LittleEndian() {
		return
	}
	b := attr.AppendAddr(v6, uapi.IFA_MULTICAST, netip.MustParseAddr("ff05::7"))
	b = attr.AppendBytes(b, uapi.IFA_CACHEINFO, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0, 9})
	b = attr.AppendUint32(b, 999, 7)
	want := Membership{Link: 1, Addr: netip.MustParseAddr("ff05::7"), Scope: rtnl.ScopeSite, Created: stamp, Updated: 2 * stamp}
	if ok, err := decodeMembership(b, &m); !ok || err != nil || m != want || m.String() != "ff05::7 dev 1" {
		t.Errorf("got %v, %v, %+v", ok, err, m)
	}
}

func TestZeroIsNotSent(t *testing.T) {
	a := Address{Link: 1, Prefix: netip.MustParsePrefix("192.0.2.1/24")}
	if err := check(&a); err != nil {
		t.Fatal(err)
	}
	b, err := encode(a)
	var types []uint16
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		types = append(types, s.Type())
	}
	if err != nil || !reflect.DeepEqual(types, []uint16{uapi.IFA_ADDRESS, uapi.IFA_LOCAL}) {
		t.Errorf("sent %v, %v", types, err)
	}
}

func TestLifetimes(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		valid, preferred time.Duration
		flags            Flags
		sent             bool
		wantV, wantP     uint32
	}{
		{0, 0, 0, false, 0, 0},
		{Forever, 0, 0, true, infinity, infinity},
		{Forever, Forever, 0, true, infinity, infinity},
		{10 * s, 0, 0, true, 10, 10},
		{10*s + 1, 1, 0, true, 11, 1},
		{0, 5 * s, 0, true, infinity, 5},
		{10 * s, 5 * s, FlagDeprecated, true, 10, 0},
		{0, 0, FlagDeprecated, true, infinity, 0},
		{Forever, Forever, FlagDeprecated, true, infinity, 0},
	} {
		a := Address{Link: 1, Prefix: netip.MustParsePrefix("192.0.2.1/24"), ValidLifetime: tt.valid, PreferredLifetime: tt.preferred, Flags: tt.flags}
		if err := check(&a); err != nil {
			t.Fatal(err)
		}
		b, err := encode(a)
		if err != nil {
			t.Fatal(err)
		}
		sent := false
		for s := attr.Scan(b[headerLen:]); s.Next(); {
			if s.Type() == uapi.IFA_CACHEINFO {
				sent = true
				if p, v := binary.NativeEndian.Uint32(s.Bytes()), binary.NativeEndian.Uint32(s.Bytes()[4:]); v != tt.wantV || p != tt.wantP {
					t.Errorf("%+v: sent %d and %d", tt, v, p)
				}
			}
		}
		if sent != tt.sent {
			t.Errorf("%+v: sent is %v", tt, sent)
		}
	}
}

func TestLabelsAreShared(t *testing.T) {
	b := nstest.Recorded(t)["label"]
	d := new(decoder)
	var a Address
	if n := testing.AllocsPerRun(100, func() {
		a = Address{}
		if _, err := d.decode(b, &a); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBroadcastOf(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1/24": "192.0.2.255", "10.1.2.3/8": "10.255.255.255", "192.0.2.1/30": "192.0.2.3", "192.0.2.1/25": "192.0.2.127",
		"192.0.2.1/0": "255.255.255.255", "192.0.2.1/31": "invalid IP", "192.0.2.1/32": "invalid IP", "2001:db8::1/64": "invalid IP",
	} {
		if got := BroadcastOf(netip.MustParsePrefix(text)).String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if BroadcastOf(netip.Prefix{}).IsValid() {
		t.Error("the zero Prefix has a broadcast address")
	}
}

func TestWords(t *testing.T) {
	f := FlagPermanent | FlagNoPrefixRoute | 0x40000
	if got := f.String(); got != "permanent|noprefixroute|0x40000" {
		t.Errorf("got %q", got)
	}
	var back Flags
	if err := back.UnmarshalText([]byte("temporary|permanent")); err != nil || back != FlagTemporary|FlagPermanent {
		t.Errorf("got %v, %v", back, err)
	}
	for p, want := range map[Protocol]string{ProtocolKernelLoopback: "kernel_lo", 42: "42"} {
		text, err := p.MarshalText()
		var back Protocol
		if err2 := back.UnmarshalText(text); err != nil || err2 != nil || string(text) != want || back != p {
			t.Errorf("%d: %q, %v, %v, %v", p, text, back, err, err2)
		}
	}
}

func TestMalformed(t *testing.T) {
	header := func(family rtnl.Family, bits byte) []byte { return []byte{byte(family), bits, 0, 0, 1, 0, 0, 0} }
	v4, v6 := rtnl.FamilyIPv4, rtnl.FamilyIPv6
	for _, tt := range []struct {
		b    []byte
		path string
	}{
		{nil, ""},
		{make([]byte, headerLen-1), ""},
		{header(v4, 33), "ifa_prefixlen"},
		{header(v6, 129), "ifa_prefixlen"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_LOCAL, make([]byte, 16)), "IFA_LOCAL"},
		{attr.AppendBytes(header(v6, 8), uapi.IFA_LOCAL, make([]byte, 4)), "IFA_LOCAL"},
		{attr.AppendBytes(header(v6, 8), uapi.IFA_ADDRESS, make([]byte, 4)), "IFA_ADDRESS"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_ADDRESS, make([]byte, 5)), "IFA_ADDRESS"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_BROADCAST, make([]byte, 16)), "IFA_BROADCAST"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_CACHEINFO, make([]byte, 15)), "IFA_CACHEINFO"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_FLAGS, make([]byte, 3)), "IFA_FLAGS"},
		{attr.AppendBytes(header(v4, 8), uapi.IFA_PROTO, nil), "IFA_PROTO"},
	} {
		var a Address
		ok, err := new(decoder).decode(tt.b, &a)
		var e *attr.Error
		if ok || !errors.Is(err, attr.ErrMalformed) || !errors.As(err, &e) || e.Path != tt.path {
			t.Errorf("% x: got %v, %v, want an error of %q", tt.b, ok, err, tt.path)
		}
	}
	var a Address
	if ok, err := new(decoder).decode(header(45, 0), &a); ok || err != nil {
		t.Errorf("an address of MCTP: %v, %v", ok, err)
	}
	for _, b := range nstest.Recorded(t) {
		for n := range b {
			_ = describe(b[:n]) // does not panic
		}
		longer := attr.AppendUint32(bytes.Clone(b), 999, 7)
		var got Address
		if ok, err := new(decoder).decode(longer, &got); nstest.LittleEndian() && (!ok || err != nil) {
			t.Errorf("with an unknown attribute: %v, %v", ok, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, a := range map[string]Address{
		"192.0.2.1/24 dev 2":                {Link: 2, Prefix: netip.MustParsePrefix("192.0.2.1/24")},
		"192.0.2.1 peer 192.0.2.9/32 dev 2": {Link: 2, Prefix: netip.MustParsePrefix("192.0.2.1/32"), Peer: netip.MustParseAddr("192.0.2.9")},
	} {
		b, err := encode(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(b); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// FuzzDecode: no bytes make the decoder panic, it agrees with the table, and what
// it decodes and can send is stable.
func FuzzDecode(f *testing.F) {
	for _, b := range nstest.Recorded(f) {
		f.Add(b)
	}
	for seed := range uint64(8) {
		if b, err := encode(random(rand.New(rand.NewPCG(seed, 2)))); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		describe(b)
		_, _ = decodeMembership(b, new(Membership))
		var a, table Address
		if ok, err := new(decoder).decode(b, &a); !ok || err != nil {
			return
		}
		if ok, err := decodeByTable(b, &table); ok && err == nil && a != table {
			t.Fatalf("by hand  %+v\nby table %+v", a, table)
		}
		once, err := encode(a)
		if err != nil {
			return // a kernel may say what it does not take
		}
		var again Address
		if _, err := new(decoder).decode(deprecated(once, a), &again); err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	messages := nstest.Recorded(b)
	for _, name := range []string{"label", "plain_6"} {
		b.Run(name, func(b *testing.B) {
			d, m := new(decoder), messages[name]
			b.ReportAllocs()
			for b.Loop() {
				var a Address
				if ok, err := d.decode(m, &a); !ok || err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/table", func(b *testing.B) {
			m := messages[name]
			b.ReportAllocs()
			for b.Loop() {
				var a Address
				if ok, err := decodeByTable(m, &a); !ok || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
