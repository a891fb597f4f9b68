package rule

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

func TestTable(t *testing.T) {
	attrtest.RoundTrip(t, attrs)
	attrtest.Covers(t, attrs, "Family", "TOS", "Action", "Flags") // struct fib_rule_hdr
}

func TestRecorded(t *testing.T) {
	if !nstest.LittleEndian() {
		t.Log("the recorded bytes are of a little-endian machine; only that they don't panic is tested")
	}
	messages, all := nstest.Recorded(t), samples()
	for name, b := range messages {
		var got Rule
		err := decode(b, &got)
		s := all[name]
		switch {
		case !nstest.LittleEndian():
		case s == nil:
			t.Errorf("%s: no sample", name)
		case err != nil || !reflect.DeepEqual(got, s.rule):
			t.Errorf("%s: %v\ngot  %+v %#v\nwant %+v %#v", name, err, got, got, s.rule, s.rule)
		}
	}
	for name := range all {
		if messages[name] == nil {
			t.Errorf("%s: no recorded bytes", name)
		}
	}
}

// random fills every field, those of the header too.
func random(seed uint64) Rule {
	rnd := rand.New(rand.NewPCG(seed, 1))
	var r Rule
	attrs.Fill(rnd, &r)
	r.Family = rtnl.FamilyIPv4
	a4 := netip.AddrFrom4([4]byte{10, byte(seed), 2, 3})
	r.From, r.To = netip.PrefixFrom(a4, rnd.IntN(32)+1), netip.PrefixFrom(a4, rnd.IntN(32)+1)
	if rnd.IntN(2) == 0 {
		a6 := netip.AddrFrom16([16]byte{0x20, 1, byte(seed)})
		r.Family = rtnl.FamilyIPv6
		r.From, r.To = netip.PrefixFrom(a6, rnd.IntN(128)+1), netip.PrefixFrom(a6, rnd.IntN(128)+1)
	}
	r.TOS, r.Action, r.Flags = uint8(rnd.IntN(256)), Action(rnd.IntN(256)), Flags(rnd.Uint32())
	r.dropDefaults()
	return r
}

func TestMessageRoundTrip(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(300) {
		in := random(seed)
		b, err := encode(&in)
		must(t, err)
		var out Rule
		must(t, decodeSent(b, &out))
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("seed %d:\nsent     %+v\nreceived %+v", seed, in, out)
		}
		for f, v := range reflect.ValueOf(out).Fields() {
			seen[f.Name] = seen[f.Name] || !v.IsZero()
		}
	}
	for f := range reflect.TypeFor[Rule]().Fields() {
		if !seen[f.Name] {
			t.Errorf("field %s never came back", f.Name)
		}
	}
}

// A rule survives JSON with every field.
func TestJSON(t *testing.T) {
	for seed := range uint64(100) {
		in := random(seed)
		text, err := json.Marshal(in)
		must(t, err)
		var out Rule
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("seed %d: %v\nwritten %+v\nread    %+v\nJSON %s", seed, err, in, out, text)
		}
	}
}

func TestZeroFieldsAreNotSent(t *testing.T) {
	b, err := encode(&Rule{Family: rtnl.FamilyIPv4})
	if want := append([]byte{uapi.AF_INET}, make([]byte, headerLen-1)...); err != nil || !bytes.Equal(b, want) {
		t.Errorf("got % x, %v", b, err)
	}
	// Prefixes of length zero say no more than none.
	b, err = encode(&Rule{Family: rtnl.FamilyIPv4, From: netip.MustParsePrefix("0.0.0.0/0"), To: netip.MustParsePrefix("10.0.0.0/0")})
	if err != nil || len(b) != headerLen || b[1] != 0 || b[2] != 0 {
		t.Errorf("got % x, %v", b, err)
	}
	// What Add fills in.
	req, err := newRequest("rule.Add", uapi.RTM_NEWRULE, 0, Rule{Family: rtnl.FamilyIPv6})
	must(t, err)
	var r Rule
	must(t, decodeSent(req.Data, &r))
	if want := (Rule{Family: rtnl.FamilyIPv6, Action: ActionLookup, Table: rtnl.TableMain}); !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v", r)
	}
}

// A peer's decoder gives 0 for the action of such a rule.
func TestPeerBugActionIsLostOnTheWire(t *testing.T) {
	for _, a := range []Action{ActionGoto, ActionNop, ActionBlackhole, ActionUnreachable, ActionProhibit, 99} {
		b, err := encode(&Rule{Family: rtnl.FamilyIPv4, Action: a})
		must(t, err)
		var r Rule
		if err := decode(b, &r); err != nil || b[7] != byte(a) || r.Action != a {
			t.Errorf("%v came back as %v, %v", a, r.Action, err)
		}
	}
}

// Peers send 32 bits, or the wrong order.
func TestPeerBugTunIDWidthOnTheWire(t *testing.T) {
	b, err := encode(&Rule{Family: rtnl.FamilyIPv4, TunID: 0x0102030405060708})
	must(t, err)
	if want := attr.AppendBytes(nil, uapi.FRA_TUN_ID, []byte{1, 2, 3, 4, 5, 6, 7, 8}); !bytes.Equal(b[headerLen:], want) {
		t.Errorf("got % x, want % x", b[headerLen:], want)
	}
}

// A peer gives {34464 1} for 100000-200000.
func TestPeerBugUIDRangeOver65535OnTheWire(t *testing.T) {
	in := Rule{Family: rtnl.FamilyIPv4, UIDRange: &UIDRange{Start: 100000, End: 4294967294}}
	b, err := encode(&in)
	must(t, err)
	if len(b) != headerLen+12 || binary.NativeEndian.Uint32(b[headerLen+4:]) != 100000 || binary.NativeEndian.Uint32(b[headerLen+8:]) != 4294967294 {
		t.Errorf("got % x", b)
	}
	var out Rule
	if err := decodeSent(b, &out); err != nil || *out.UIDRange != *in.UIDRange {
		t.Errorf("got %+v, %v", out.UIDRange, err)
	}
}

// With a peer one attribute that it does not know makes the whole list fail.
func TestPeerBugUnknownAttributeBreaksList(t *testing.T) {
	b, err := encode(&Rule{Family: rtnl.FamilyIPv4, Mark: 7, Priority: new(uint32(5)), Action: ActionLookup, Table: 9})
	must(t, err)
	b = attr.AppendBytes(b, 0x8000|99, []byte{1, 2, 3})
	b = attr.AppendBytes(b, 100, nil)
	want := []attr.Raw{{Type: 0x8000 | 99, Data: []byte{1, 2, 3}}, {Type: 100, Data: []byte{}}}
	for _, typ := range []uint16{uapi.RTM_NEWRULE, uapi.RTM_NEWROUTE} {
		var r Rule
		ok, err := new(filter).decode(nlkit.Message{Type: typ, Data: b}, &r)
		if err != nil || ok != (typ == uapi.RTM_NEWRULE) || ok && (r.Mark != 7 || !reflect.DeepEqual(r.Rest, want)) {
			t.Errorf("type %d: got %v %+v, %v", typ, ok, r, err)
		}
		if !ok {
			continue
		}
		again, err := encode(&r)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("sent again as\n% x, was\n% x (%v)", again, b, err)
		}
	}
}

// Padding is no attribute that is unknown.
func TestPaddingIsDropped(t *testing.T) {
	b := attr.AppendBytes(header(nil, &Rule{Family: rtnl.FamilyIPv4}), uapi.FRA_PAD, nil)
	var r Rule
	if err := decode(b, &r); err != nil || r.Rest != nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestDefaultsOfTheKernelAreNotSet(t *testing.T) {
	b := header(nil, &Rule{Family: rtnl.FamilyIPv6, Mark: 1, Action: ActionLookup})
	b = attr.AppendUint32(b, uapi.FRA_FWMARK, 1)
	b = attr.AppendUint32(b, uapi.FRA_FWMASK, 0xffffffff)
	b = attr.AppendUint32(b, uapi.FRA_SUPPRESS_PREFIXLEN, 0xffffffff)
	b = attr.AppendUint32(b, uapi.FRA_SUPPRESS_IFGROUP, 0xffffffff)
	b = attr.AppendUint16(b, uapi.FRA_SPORT_MASK, 0xffff)
	b = attr.AppendUint16(b, uapi.FRA_DPORT_MASK, 0xffff)
	b = attr.AppendUint8(b, uapi.FRA_DSCP, 5)
	b = attr.AppendUint8(b, uapi.FRA_DSCP_MASK, 0x3f)
	b = attr.AppendBE32(b, uapi.FRA_FLOWLABEL, 6)
	b = attr.AppendBE32(b, uapi.FRA_FLOWLABEL_MASK, 0xfffff)
	var r Rule
	must(t, decode(b, &r))
	want := Rule{
		Family: rtnl.FamilyIPv6, Action: ActionLookup, Mark: 1, DSCP: new(uint8(5)), FlowLabel: new(uint32(6)),
		Priority: new(uint32(0)),
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v", r)
	}
	// Without a mark the same mask asks for packets without a mark.
	b = attr.AppendUint32(header(nil, &Rule{Family: rtnl.FamilyIPv4}), uapi.FRA_FWMASK, 0xffffffff)
	r = Rule{}
	if err := decode(b, &r); err != nil || r.MarkMask == nil || *r.MarkMask != 0xffffffff {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestMalformed(t *testing.T) {
	head := func(r Rule) []byte { return header(nil, &r) }
	v4 := Rule{Family: rtnl.FamilyIPv4}
	from := func(bits byte, b []byte) []byte { b[2] = bits; return b }
	for _, tc := range []struct {
		name string
		b    []byte
		path string
	}{
		{"empty", nil, ""},
		{"header cut", head(v4)[:headerLen-1], ""},
		{"address of 5 bytes", attr.AppendBytes(from(8, head(v4)), uapi.FRA_SRC, make([]byte, 5)), "FRA_SRC"},
		{"address of the other family", attr.AppendBytes(from(8, head(v4)), uapi.FRA_SRC, make([]byte, 16)), "FRA_SRC"},
		{"prefix of 33 bits", attr.AppendBytes(from(33, head(v4)), uapi.FRA_SRC, make([]byte, 4)), "FRA_SRC"},
		{"length without address", from(8, head(v4)), "FRA_SRC"},
		{"user ids cut", attr.AppendBytes(head(v4), uapi.FRA_UID_RANGE, make([]byte, 7)), "FRA_UID_RANGE"},
		{"ports cut", attr.AppendBytes(head(v4), uapi.FRA_SPORT_RANGE, make([]byte, 3)), "FRA_SPORT_RANGE"},
		{"realms cut", attr.AppendBytes(head(v4), uapi.FRA_FLOW, make([]byte, 3)), "FRA_FLOW"},
		{"priority of 3 bytes", attr.AppendBytes(head(v4), uapi.FRA_PRIORITY, make([]byte, 3)), "FRA_PRIORITY"},
		{"attribute cut", append(head(v4), 9, 0, 6, 0, 1, 2, 3, 4), ""},
	} {
		var r Rule
		err := decode(tc.b, &r)
		bad, ok := errors.AsType[*attr.Error](err)
		if !nstest.LittleEndian() && tc.name == "attribute cut" {
			continue
		}
		if !ok || bad.Path != tc.path || !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("%s: got %v, want a malformed %q", tc.name, err, tc.path)
		}
	}
	// Longer structs are those of a newer kernel.
	b := attr.AppendBytes(head(v4), uapi.FRA_UID_RANGE, make([]byte, 12))
	b = attr.AppendBytes(b, uapi.FRA_DPORT_RANGE, []byte{1, 1, 1, 1, 5, 5})
	var r Rule
	if err := decode(b, &r); err != nil || r.DPort != Port(0x0101) || r.UIDRange == nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestWords(t *testing.T) {
	for text, v := range map[string]interface {
		encoding.TextMarshaler
		String() string
	}{
		"unspec": ActionUnspec, "lookup": ActionLookup, "goto": ActionGoto, "nop": ActionNop, "blackhole": ActionBlackhole,
		"unreachable": ActionUnreachable, "prohibit": ActionProhibit, "Action(9)": Action(9),
		"0": Flags(0), "permanent|not": FlagPermanent | FlagInvert,
		"unresolved|iif_detached|oif_detached|find_saddr|0x40": FlagUnresolved | FlagIIFDetached | FlagOIFDetached | FlagFindSource | 0x40,
	} {
		b, err := v.MarshalText()
		if err != nil || string(b) != text || v.String() != text {
			t.Errorf("got %q %q, %v, want %q", b, v, err, text)
		}
		back := reflect.New(reflect.TypeOf(v))
		if err := back.Interface().(encoding.TextUnmarshaler).UnmarshalText(b); err != nil || back.Elem().Interface() != v {
			t.Errorf("%q is read as %v, %v", b, back.Elem(), err)
		}
	}
	for _, v := range []encoding.TextUnmarshaler{new(Action), new(Flags)} {
		if v.UnmarshalText([]byte("nonsense")) == nil {
			t.Errorf("%T takes nonsense", v)
		}
	}
}

func TestString(t *testing.T) {
	all := samples()
	all["dscp"].rule.Priority = nil
	for name, want := range map[string]string{
		"from": "from 10.0.0.0/8 lookup 100", "to_6": "from 2001:db8::/32 to 2001:db8:1::/48 lookup 100",
		"tos_6": "inet6 from all tos 0x88 lookup 100", "mark_unset": "from all fwmark 0x0/0xff lookup 100",
		"goto": "from all goto 32766", "unreachable_6": "inet6 from all unreachable", "l3mdev": "from all l3mdev",
		"uid_range": "from all uidrange 100000-200000 lookup 100", "dscp": "from all dscp 10 lookup 100",
		"suppress":            "from all lookup 100 suppress_prefixlength 0 suppress_ifgroup 5",
		"flow_label_masked_6": "inet6 from all flowlabel 0x5/0xff lookup 100",
		"port_masks":          "from all sport 4096/0xf000 dport 8192/0xff00 lookup 100",
		"much": "not from 10.0.0.0/8 to 192.0.2.0/24 tos 0x10 fwmark 0x1/0xff iif lo oif absent1 uidrange 0-0 ipproto 17 " +
			"sport 53 dport 53-54 tun_id 9 lookup 1000 suppress_prefixlength 8 suppress_ifgroup 3 realms 1/2 proto static",
	} {
		r := all[name].rule
		if r.Priority != nil {
			want = decimal(*r.Priority) + ": " + want
		}
		if r.String() != want {
			t.Errorf("got  %s\nwant %s", r, want)
		}
	}
	if got := (Rule{}).String(); got != "from all" {
		t.Errorf("a zero Rule is %q", got)
	}
}

func FuzzAttrs(f *testing.F) {
	var seeds [][]byte
	for _, b := range nstest.Recorded(f) {
		seeds = append(seeds, b[headerLen:])
	}
	attrtest.Fuzz(f, attrs, seeds...)
}

func FuzzDecode(f *testing.F) {
	for _, b := range nstest.Recorded(f) {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = describe(b)
		for _, typ := range []uint16{uapi.RTM_NEWRULE, uapi.RTM_DELRULE, 0} {
			var e Event
			if ok, err := decodeEvent(nlkit.Message{Type: typ, Data: b}, &e); ok && err == nil && e.Object.Priority == nil {
				t.Fatal("no priority")
			}
		}
		var r, again Rule
		if decode(b, &r) != nil {
			return
		}
		_ = r.String()
		once, err := encode(&r)
		if err != nil {
			return // a kernel may say what it does not take
		}
		if err := decode(once, &again); err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := encode(&again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}
