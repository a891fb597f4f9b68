package nflog

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
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

// recorded returns what is in testdata, which is in little-endian byte order, in that
// of this machine.
func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	messages := nstest.Recorded(t)
	for _, b := range messages {
		toNative(b[headerLen:])
	}
	return messages
}

// toNative turns the headers of attributes; all else is in network byte order.
func toNative(b []byte) {
	for len(b) >= 4 {
		n, typ := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		binary.NativeEndian.PutUint16(b, n)
		binary.NativeEndian.PutUint16(b[2:], typ)
		if typ&uapi.NLA_F_NESTED != 0 {
			toNative(b[4:n])
		}
		b = b[min((int(n)+3)&^3, len(b)):]
	}
}

// values is what testdata holds, but for what is in all of it: see common.
var values = map[string]Packet{
	"arp_input": {
		Family: FamilyARP, Hook: HookInput, Protocol: EtherTypeARP, Prefix: "in", InLink: 11,
		HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}, HardwareType: 1,
		HardwareHeader: unhex("ffffffffffff 020000000001 0806"),
		Timestamp:      time.UnixMicro(1795478643022496), seq: optional{1, true},
		Payload: unhex("0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202"),
	},
	"arp_output": {
		Family: FamilyARP, Hook: HookOutput, Protocol: EtherTypeARP, Prefix: "out", OutLink: 10,
		Timestamp: time.UnixMicro(1795478643022441), seq: optional{0, true},
		Payload: unhex("ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202"),
	},
	"bridge_forward_vlan": {
		Family: FamilyBridge, Hook: HookForward, Protocol: EtherTypeIPv4, Prefix: "through",
		InLink: 10, PhysInLink: 11, OutLink: 10, PhysOutLink: 13,
		HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}, HardwareType: 1,
		HardwareHeader: unhex("020000000002 020000000001 0800"),
		Timestamp:      time.UnixMicro(1795478643078251), uid: optional{0, true}, gid: optional{0, true}, seq: optional{1, true},
		VLAN:         VLAN{Protocol: EtherTypeVLAN, TCI: 5<<13 | 42},
		Layer2Header: unhex("020000000002 020000000001 0800"),
		Payload:      append(unhex("45000014 00000000 403b0000 c0000201 c0000202"), make([]byte, 26)...),
	},
	"ip_output": {
		Family: FamilyIPv4, Hook: HookOutput, Protocol: EtherTypeIPv4, Prefix: "inet output 127.0.0.1", Mark: 0xdecade, OutLink: 1,
		uid: optional{0, true}, gid: optional{0, true}, seq: optional{0, true}, globalSeq: optional{1, true},
	},
	"ip_prerouting": {
		Family: FamilyIPv4, Hook: HookPrerouting, Protocol: EtherTypeIPv4, Prefix: "inet prerouting 127.0.0.1", Mark: 0xdecade, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		Timestamp: time.UnixMicro(1795478642880201), seq: optional{0, true}, globalSeq: optional{1, true},
	},
	"ip_prerouting_conntrack": {
		Family: FamilyIPv4, Hook: HookPrerouting, Protocol: EtherTypeIPv4, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		Timestamp: time.UnixMicro(1795479940629388), seq: optional{0, true},
		ConntrackInfo: ConntrackNew,
		Payload:       unhex("4500001d b91b4000 401183b2 7f000001 7f000001 e207 1092 0009 fe1c 78"),
	},
	"ip6_prerouting_conntrack": {
		Family: FamilyIPv6, Hook: HookPrerouting, Protocol: EtherTypeIPv6, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 86dd"),
		Timestamp: time.UnixMicro(1795571935105214), seq: optional{0, true},
		ConntrackInfo: ConntrackNew,
		Payload:       unhex("600c3196000911400000000000000000000000000000000100000000000000000000000000000001890210920009001c78"),
	},
	"ip6_prerouting_conntrack_icmp": {
		Family: FamilyIPv6, Hook: HookPrerouting, Protocol: EtherTypeIPv6, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 86dd"),
		Timestamp: time.UnixMicro(1795571934244794), seq: optional{0, true},
		ConntrackInfo: ConntrackNew,
		Payload:       unhex("600ebfc900083a40000000000000000000000000000000010000000000000000000000000000000180006d8012340007"),
	},
	"ip6_prerouting_conntrack_tcp": {
		Family: FamilyIPv6, Hook: HookPrerouting, Protocol: EtherTypeIPv6, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 86dd"),
		Timestamp: time.UnixMicro(1795571932713175), seq: optional{3, true},
		ConntrackInfo: ConntrackEstablished,
		Payload:       unhex("600ee64b00240640000000000000000000000000000000010000000000000000000000000000000186da1092aea466ad8871ae9d80180200002c00000101080abce907606f1e212070696e67"),
	},
	"ip_prerouting_conntrack_icmp": {
		Family: FamilyIPv4, Hook: HookPrerouting, Protocol: EtherTypeIPv4, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		Timestamp: time.UnixMicro(1795571933986051), seq: optional{0, true},
		ConntrackInfo: ConntrackNew,
		Payload:       unhex("4500001c1e51400040011e8e7f0000017f0000010800e5c412340007"),
	},
	"ip_prerouting_conntrack_tcp": {
		Family: FamilyIPv4, Hook: HookPrerouting, Protocol: EtherTypeIPv4, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		Timestamp: time.UnixMicro(1795571933265586), seq: optional{3, true},
		ConntrackInfo: ConntrackEstablished,
		Payload:       unhex("45000038c4894000400678347f0000017f000001a87a1092a01c37ffb5803fa780180200fe2c00000101080a0d871fd7878e4b1570696e67"),
	},
	"ip_ingress": {
		Family: FamilyIPv4, Hook: HookIngress, Protocol: EtherTypeIPv4, Prefix: "inet ingress 127.0.0.1", Mark: 0xdecade, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		seq: optional{0, true}, globalSeq: optional{1, true},
	},
	"ip6_input": {
		Family: FamilyIPv6, Hook: HookInput, Protocol: EtherTypeIPv6, Prefix: "inet input ::1", Mark: 0xdecade, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 86dd"),
		Timestamp: time.UnixMicro(1795478642984158), seq: optional{0, true}, globalSeq: optional{1, true},
	},
	"ip6_output": {
		Family: FamilyIPv6, Hook: HookOutput, Protocol: EtherTypeIPv6, Prefix: "ip6 output ::1", Mark: 0xdecade, OutLink: 1,
		uid: optional{0, true}, gid: optional{0, true}, seq: optional{0, true}, globalSeq: optional{1, true},
	},
	"netdev_egress": {
		Family: FamilyNetdev, Hook: HookEgress, Protocol: EtherTypeIPv6, Prefix: "netdev egress ::1", Mark: 0xdecade, OutLink: 1,
		Timestamp: time.UnixMicro(1795478642880887), uid: optional{0, true}, gid: optional{0, true}, seq: optional{0, true}, globalSeq: optional{1, true},
		Layer2Header: unhex("000000000000 000000000000 86dd"),
	},
	"netdev_ingress": {
		Family: FamilyNetdev, Hook: HookIngress, Protocol: EtherTypeIPv4, Prefix: "netdev ingress 127.0.0.1", Mark: 0xdecade, InLink: 1,
		HardwareAddr: make(net.HardwareAddr, 6), HardwareType: 772, HardwareHeader: unhex("000000000000 000000000000 0800"),
		Timestamp: time.UnixMicro(1795478642906734), seq: optional{0, true}, globalSeq: optional{1, true},
		Layer2Header: unhex("000000000000 000000000000 0800"),
	},
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// common completes a value: all are of group 5, and where nothing else is said the
// payload is "one" over UDP. TestConntrackRecorded looks at connections.
func common(want Packet, got *Packet) Packet {
	want.Group, want.ConntrackData = 5, got.ConntrackData
	if want.Payload == nil && bytes.HasSuffix(got.Payload, []byte("\x10\x92\x00\x0b"+string(got.Payload[max(5, len(got.Payload))-5:len(got.Payload)-3])+"one")) {
		want.Payload = got.Payload
	}
	return want
}

// tabled decodes as decode does, by the table alone.
func tabled(b []byte, p *Packet) error {
	if err := want(b, headerLen); err != nil {
		return err
	}
	*p = Packet{Family: Family(b[0]), Group: binary.BigEndian.Uint16(b[2:])}
	return packetAttrs.Decode(b[headerLen:], p)
}

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, packetAttrs)
	attrtest.Covers(t, packetAttrs, "Family", "Group")
	attrtest.RoundTrip(t, vlanAttrs)
	attrtest.Covers(t, vlanAttrs)
	attrtest.RoundTrip(t, configAttrs)
}

func TestRecorded(t *testing.T) {
	messages := recorded(t)
	if len(messages) != len(values) {
		t.Errorf("%d messages, %d values", len(messages), len(values))
	}
	for name, b := range messages {
		t.Run(name, func(t *testing.T) {
			var p Packet
			if err := p.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			got := p
			got.buf = nil
			if want := common(values[name], &p); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}

			// The table, and a second decoding into the same packet, agree.
			var table Packet
			if err := tabled(b, &table); err != nil || !reflect.DeepEqual(got, table) {
				t.Errorf("the table gives\n%+v (%v), the scan\n%+v", table, err, got)
			}
			if !scan(b[headerLen:], &Packet{Family: p.Family}, nil) {
				t.Error("a packet of the kernel goes to the slow path")
			}
			got = p.Clone()
			if err := p.UnmarshalBinary(messages["arp_input"]); err != nil || p.Family != FamilyARP || p.Mark != 0 {
				t.Errorf("decoding another packet into it gives %v, %+v", err, p)
			}
			if !reflect.DeepEqual(got, table) {
				t.Errorf("the clone is\n%+v, not\n%+v", got, table)
			}

			// It is written as the kernel writes it, but for the order.
			again, err := got.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if g, w := attributes(again), attributes(b); !slices.Equal(g, w) {
				t.Errorf("encodes to\n%s\nnot\n%s", strings.Join(g, "\n"), strings.Join(w, "\n"))
			}
		})
	}
}

// attributes lists the attributes of a message, sorted.
func attributes(b []byte) []string {
	list := []string{fmt.Sprintf("% x", b[:headerLen])}
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		if s.Type() == uapi.NFULA_PREFIX && len(s.Text()) == 0 {
			continue // says the same as none
		}
		list = append(list, fmt.Sprintf("%2d: % x", s.Type(), s.Bytes()))
	}
	slices.Sort(list)
	return list
}

// TestScanAgreesWithTable decodes random packets both ways.
func TestScanAgreesWithTable(t *testing.T) {
	var reused Packet
	var names intern
	for seed := range uint64(500) {
		in := Packet{Group: uint16(seed)}
		r := rand.New(rand.NewPCG(seed, 0))
		in.Family = []Family{FamilyIPv4, FamilyIPv6, FamilyARP, FamilyBridge, FamilyNetdev}[seed%5]
		packetAttrs.FillAll(r, &in)
		b, err := encode(&in)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(b, &reused, &names); err != nil {
			t.Fatal(err)
		}
		got := reused
		got.buf = nil
		if !reflect.DeepEqual(got, in) {
			t.Fatalf("seed %d: got\n%+v\nwant\n%+v", seed, got, in)
		}
	}
}

// TestWiderIntegers decodes what a newer kernel might send.
func TestWiderIntegers(t *testing.T) {
	b := header(nil, FamilyIPv4, 7)
	b = attr.AppendBE64(b, uapi.NFULA_MARK, 9)
	b = attr.AppendBE64(b, uapi.NFULA_IFINDEX_INDEV, 3)
	b = attr.AppendBE32(b, uapi.NFULA_HWTYPE, 1)
	b = attr.AppendBE64(b, uapi.NFULA_CT_INFO, 2)
	b = attr.AppendBytes(b, uapi.NFULA_PACKET_HDR, unhex("0800 03 00 00000000"))
	b = attr.AppendBytes(b, 999, []byte("new"))
	b = attr.AppendBytes(b, uapi.NFULA_PAYLOAD, []byte("x"))
	var p Packet
	if err := p.UnmarshalBinary(b); err != nil || p.Mark != 9 || p.InLink != 3 || p.HardwareType != 1 || p.ConntrackInfo != ConntrackNew || p.Hook != HookOutput || string(p.Payload) != "x" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestMalformed(t *testing.T) {
	h := header(nil, FamilyIPv4, 7)
	nest := attr.AppendBytes(nil, uapi.NFULA_VLAN_TCI, []byte{1, 2, 3})
	for name, test := range map[string]struct {
		b    []byte
		path string
	}{
		"nothing":        {nil, ""},
		"half a header":  {h[:3], ""},
		"mark":           {attr.AppendBytes(h, uapi.NFULA_MARK, []byte{1, 2, 3}), "NFULA_MARK"},
		"sequence":       {attr.AppendBE16(h, uapi.NFULA_SEQ, 1), "NFULA_SEQ"},
		"packet header":  {attr.AppendBE16(h, uapi.NFULA_PACKET_HDR, 1), "NFULA_PACKET_HDR"},
		"timestamp":      {attr.AppendBE64(h, uapi.NFULA_TIMESTAMP, 1), "NFULA_TIMESTAMP"},
		"time":           {attr.AppendBytes(h, uapi.NFULA_TIMESTAMP, unhex("0000000000000001 00000000000f4240")), "NFULA_TIMESTAMP"},
		"hardware addr.": {attr.AppendBE16(h, uapi.NFULA_HWADDR, 1), "NFULA_HWADDR"},
		"VLAN":           {attr.AppendBytes(h, uapi.NFULA_VLAN, nest), "NFULA_VLAN.NFULA_VLAN_TCI"},
		"conntrack info": {attr.AppendBE32(h, uapi.NFULA_CT_INFO, 256), "NFULA_CT_INFO"},
		"conntrack":      {attr.AppendBE16(h, uapi.NFULA_CT_INFO, 1), "NFULA_CT_INFO"},
		"length":         {append(slices.Clone(h), 3, 3, 1, 0), ""},
	} {
		var p Packet
		err := p.UnmarshalBinary(test.b)
		if bad, ok := errors.AsType[*attr.Error](err); !errors.Is(err, attr.ErrMalformed) || ok && bad.Path != test.path || !ok && test.path != "" {
			t.Errorf("%s: got %v, want it malformed at %q", name, err, test.path)
		}
	}
}

// TestMalformedIsCounted feeds a subscription what no kernel says on demand.
func TestMalformedIsCounted(t *testing.T) {
	s := &Subscription{sub: new(nlkit.Subscription[Packet]), groups: make([]counter, 2)}
	s.groups[0].group = 5
	packet := func(seq uint32) []byte { return attr.AppendBE32(header(nil, FamilyIPv4, 5), uapi.NFULA_SEQ, seq) }
	var p Packet
	for _, m := range []struct {
		msg  nlkit.Message
		keep bool
	}{
		{nlkit.Message{Type: packetType, Data: packet(0)}, true},
		{nlkit.Message{Type: packetType, Data: packet(1)[:11]}, false}, // cut short
		{nlkit.Message{Type: packetType, Data: nil}, false},
		{nlkit.Message{Type: configType, Data: packet(9)}, false}, // not meant
		{nlkit.Message{Type: packetType, Data: packet(3)}, true},
	} {
		keep, err := s.decode(m.msg, &p)
		if keep != m.keep || err != nil {
			t.Errorf("% x: %v, %v", m.msg.Data, keep, err)
		}
	}
	if got, want := s.Stats(), (Stats{Received: 2, Lost: 2, Malformed: 2}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

func TestGaps(t *testing.T) {
	for name, test := range map[string]struct {
		seqs []uint32
		lost uint64
	}{
		"none":                 {[]uint32{0, 1, 2}, 0},
		"before the first":     {[]uint32{3, 4}, 3},
		"two":                  {[]uint32{0, 2, 3, 10}, 7},
		"over the end":         {[]uint32{math.MaxInt32 - 1, math.MaxUint32 - 2, 1}, math.MaxUint32},
		"the end itself":       {[]uint32{math.MaxInt32 - 1, math.MaxUint32 - 1, math.MaxUint32, 0}, math.MaxUint32 - 2},
		"back, and on":         {[]uint32{0, 1, 2, 0, 1, 3}, 1},
		"repeated":             {[]uint32{0, 0, 1}, 0},
		"large, but no return": {[]uint32{math.MaxInt32}, math.MaxInt32},
	} {
		s := &Subscription{groups: make([]counter, 3)}
		for i := range s.groups {
			s.groups[i].group = uint16(10 * i)
		}
		for _, seq := range test.seqs {
			for _, g := range []uint16{20, 0, 77} { // 77 is none of ours
				s.count(&Packet{Group: g, seq: optional{seq, true}})
			}
			s.count(&Packet{Group: 10}) // without a number
		}
		n := uint64(len(test.seqs))
		for g, want := range map[uint16]GroupStats{0: {n, test.lost}, 10: {n, 0}, 20: {n, test.lost}, 77: {}} {
			if got := s.GroupStats(g); got != want {
				t.Errorf("%s: group %d: counts are %+v, want %+v", name, g, got, want)
			}
		}
	}
}

// TestExplain tells what the kernel means where it has one word for two things.
func TestExplain(t *testing.T) {
	conntrack := config{flags: uapi.NFULNL_CFG_F_CONNTRACK}
	for name, test := range map[string]struct {
		bind, probe syscall.Errno
		cfg         config
		want        error
		not         error
		attr        string
	}{
		"in use":            {syscall.EPERM, uapi.ENOTSUPP, config{}, ErrInUse, fs.ErrPermission, ""},
		"in use by us":      {syscall.EBUSY, 0, config{}, ErrInUse, fs.ErrPermission, ""},
		"no rights":         {syscall.EPERM, syscall.EPERM, config{}, fs.ErrPermission, ErrInUse, ""},
		"no NFLOG":          {syscall.EINVAL, syscall.EINVAL, config{}, errors.ErrUnsupported, fs.ErrInvalid, ""},
		"bad settings":      {syscall.EINVAL, uapi.ENOTSUPP, config{}, fs.ErrInvalid, errors.ErrUnsupported, ""},
		"no conntrack":      {syscall.EOPNOTSUPP, 0, conntrack, errNoConntrack, ErrInUse, "NFULA_CFG_FLAGS"},
		"no idea":           {syscall.ENOMEM, 0, conntrack, syscall.ENOMEM, ErrInUse, ""},
		"no answer to that": {syscall.EPERM, 0, config{}, fs.ErrPermission, ErrInUse, ""},
	} {
		asked := &nlkit.Error{Op: op, Errno: test.bind, Sent: true}
		err := explain(asked, &test.cfg, func() error {
			if test.probe == 0 {
				return nil
			}
			return &nlkit.Error{Errno: test.probe}
		})
		e, ok := errors.AsType[*nlkit.Error](err)
		if !errors.Is(err, test.want) || errors.Is(err, test.not) || !ok || e.Attr != test.attr {
			t.Errorf("%s: got %#v", name, err)
		}
	}
	for name, test := range map[string]struct {
		answer, probe syscall.Errno
		want, not     error
	}{
		"no rights":        {syscall.EPERM, syscall.EPERM, fs.ErrPermission, errors.ErrUnsupported},
		"no NFLOG":         {syscall.EINVAL, syscall.EINVAL, errNoNFLOG, fs.ErrInvalid},
		"no such family":   {syscall.EINVAL, uapi.ENOTSUPP, errNoFamily, fs.ErrInvalid},
		"no logger of it":  {syscall.ENOENT, uapi.ENOTSUPP, errNoFamily, fs.ErrNotExist},
		"and no subsystem": {syscall.ENOENT, syscall.EINVAL, errors.ErrUnsupported, fs.ErrNotExist},
		"no idea":          {syscall.ENOMEM, 0, syscall.ENOMEM, errors.ErrUnsupported},
	} {
		err := explainCommand(&nlkit.Error{Errno: test.answer, Sent: true}, func() error { return &nlkit.Error{Errno: test.probe} })
		if !errors.Is(err, test.want) || errors.Is(err, test.not) {
			t.Errorf("%s: got %#v", name, err)
		}
	}
	if err := errors.Join(explain(nil, &conntrack, nil), explainCommand(nil, nil)); err != nil {
		t.Errorf("no error has become %v", err)
	}
}

func TestConfigMessage(t *testing.T) {
	cfg := newConfig(5, []Option{
		WithCopyRange(128), WithBufferSize(65536), WithQueueThreshold(300), WithFlushTimeout(15 * time.Millisecond), WithGlobalSeq(true), WithConntrack(true),
	})
	got, err := configAttrs.Append(header(nil, FamilyUnspec, 5), cfg.settings(uapi.NFULNL_CFG_CMD_BIND))
	if err != nil {
		t.Fatal(err)
	}
	want := unhex("00 00 0005")
	for typ, payload := range []string{
		uapi.NFULA_CFG_CMD: "01", uapi.NFULA_CFG_MODE: "00000080 02 00", uapi.NFULA_CFG_NLBUFSIZ: "00010000",
		uapi.NFULA_CFG_TIMEOUT: "00000002", uapi.NFULA_CFG_QTHRESH: "0000012c", uapi.NFULA_CFG_FLAGS: "0007",
	} {
		if payload != "" {
			want = attr.AppendBytes(want, uint16(typ), unhex(payload))
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n% x\nwant\n% x", got, want)
	}
	if got := describe(got); got != "group 5" {
		t.Errorf("it is about %q", got)
	}
	if got := describe(nil); got != "" {
		t.Errorf("nothing is about %q", got)
	}
	cfg = newConfig(5, []Option{WithFlushTimeout(0)})
	if s := cfg.settings(0); s.timeout == nil || *s.timeout != 0 {
		t.Error("a timeout of zero is not sent")
	}
	cfg = newConfig(5, []Option{WithFlushTimeout(maxTicks * tick)})
	if s := cfg.settings(0); *s.timeout != maxTicks {
		t.Errorf("the longest timeout is sent as %d", *s.timeout)
	}
}

func TestHooks(t *testing.T) {
	for family, names := range map[Family]string{
		FamilyIPv4:   "prerouting input forward output postrouting ingress Hook(262)",
		FamilyIPv6:   "prerouting input forward output postrouting ingress Hook(262)",
		FamilyInet:   "prerouting input forward output postrouting ingress Hook(262)",
		FamilyBridge: "prerouting input forward output postrouting brouting Hook(262)",
		FamilyARP:    "input output forward Hook(259)",
		FamilyNetdev: "ingress egress Hook(258)",
	} {
		for n, name := range strings.Fields(names) {
			h := hookFrom(family, uint8(n))
			if h.String() != name {
				t.Errorf("%s: %d is %q, want %q", family, n, h, name)
			}
			if back, err := hookNumber(family, h); err != nil || int(back) != n {
				t.Errorf("%s: %s is %d, %v", family, h, back, err)
			}
		}
	}
	p := Packet{Family: FamilyARP, Hook: HookEgress}
	if _, err := p.MarshalBinary(); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "family arp has no hook egress") {
		t.Errorf("got %v", err)
	}
	p = Packet{HardwareAddr: make(net.HardwareAddr, 20)}
	if _, err := p.MarshalBinary(); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	p = Packet{HardwareHeader: make([]byte, 1<<16)}
	if _, err := p.MarshalBinary(); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// TestLongHardwareAddr decodes the address of an InfiniBand link, of which the
// kernel sends 8 of 20 bytes.
func TestLongHardwareAddr(t *testing.T) {
	b := attr.AppendBytes(header(nil, FamilyIPv4, 5), uapi.NFULA_HWADDR, unhex("0014 0000 0102030405060708"))
	var p Packet
	if err := p.UnmarshalBinary(b); err != nil || p.HardwareAddr.String() != "01:02:03:04:05:06:07:08" {
		t.Errorf("got %v, %v", p.HardwareAddr, err)
	}
}

func TestWords(t *testing.T) {
	check := func(v interface {
		fmt.Stringer
		encoding.TextMarshaler
	}, back encoding.TextUnmarshaler, want string) {
		t.Helper()
		text, err := v.MarshalText()
		if err != nil || string(text) != want || v.String() != want {
			t.Errorf("%#v is %q, %q, %v, want %q", v, v, text, err, want)
		}
		if err := back.UnmarshalText(text); err != nil || !reflect.DeepEqual(reflect.ValueOf(back).Elem().Interface(), any(v)) {
			t.Errorf("%q is %#v, %v", text, back, err)
		}
	}
	for v, want := range map[Family]string{FamilyIPv4: "ip", FamilyIPv6: "ip6", FamilyNetdev: "netdev", 9: "Family(9)"} {
		check(v, new(Family), want)
	}
	for v, want := range map[Hook]string{HookInput: "input", HookEgress: "egress", 300: "Hook(300)"} {
		check(v, new(Hook), want)
	}
	for v, want := range map[EtherType]string{0x86dd: "ipv6", 0x8100: "802.1Q", 9: "EtherType(9)"} {
		check(v, new(EtherType), want)
	}
	for v, want := range map[ConntrackInfo]string{2: "new", 4: "related-reply", 9: "ConntrackInfo(9)"} {
		check(v, new(ConntrackInfo), want)
	}
	for v, want := range map[ConntrackStatus]string{
		ConntrackSeenReply | ConntrackAssured | ConntrackConfirmed: "seen_reply|assured|confirmed",
		ConntrackHardwareOffloaded | 1<<20:                         "hw_offload|0x100000",
	} {
		check(v, new(ConntrackStatus), want)
	}
	for v, want := range map[TCPState]string{TCPEstablished: "established", TCPSynSent2: "syn_sent2", 99: "TCPState(99)"} {
		check(v, new(TCPState), want)
	}
	for v, want := range map[SCTPState]string{SCTPCookieEchoed: "cookie_echoed", SCTPHeartbeatSent: "heartbeat_sent", 99: "SCTPState(99)"} {
		check(v, new(SCTPState), want)
	}
	for v, want := range map[DCCPState]string{DCCPPartOpen: "partopen", DCCPInvalid: "invalid", 99: "DCCPState(99)"} {
		check(v, new(DCCPState), want)
	}
	for v, want := range map[TCPFlags]string{TCPSYN | TCPACK: "syn|ack", TCPAE | 0x800: "ae|0x800"} {
		check(v, new(TCPFlags), want)
	}
	for v, want := range map[ConntrackTCPFlags]string{ConntrackTCPSACK | ConntrackTCPLiberal: "sack_perm|be_liberal", 0x80: "0x80"} {
		check(v, new(ConntrackTCPFlags), want)
	}
	if !ConntrackStatus(14).Has(ConntrackAssured|ConntrackConfirmed) || ConntrackStatus(2).Has(ConntrackAssured|ConntrackSeenReply) ||
		!TCPFlags(0x12).Has(TCPSYN|TCPACK) || TCPSYN.Has(TCPSYN|TCPACK) || !ConntrackTCPFlags(3).Has(ConntrackTCPSACK) || ConntrackTCPFlags(1).Has(ConntrackTCPSACK) {
		t.Error("Has is wrong")
	}
}

func TestInternForgets(t *testing.T) {
	var n intern
	for i := range 10 * maxInterned {
		for range 2 {
			if s := fmt.Sprint("prefix ", i); n.get([]byte(s)) != s {
				t.Fatal(s)
			}
		}
	}
	if len(n.seen) > maxInterned {
		t.Errorf("%d prefixes are kept", len(n.seen))
	}
}

// FuzzPacket decodes anything: nothing panics, both decoders agree, and what was
// decoded survives a round trip.
func FuzzPacket(f *testing.F) {
	for _, b := range recorded(f) {
		f.Add(b)
		f.Add(b[:len(b)-3])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		var p, table, again Packet
		err := p.UnmarshalBinary(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the message was changed")
		}
		if (err == nil) != (tabled(b, &table) == nil) {
			t.Fatalf("decoded with %v, by the table with %v", err, tabled(b, &table))
		}
		if err != nil {
			if !errors.Is(err, attr.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		p.Flow()
		p.buf = nil
		normalize(&p)
		normalize(&table)
		if !reflect.DeepEqual(p, table) {
			t.Fatalf("got\n%+v, by the table\n%+v", p, table)
		}
		once, err := p.MarshalBinary()
		if err != nil {
			return // text with a NUL inside, an address that is too long
		}
		if err := again.UnmarshalBinary(once); err != nil {
			t.Fatal(err)
		}
		again.buf = nil
		normalize(&again)
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("sent\n%+v\nreceived\n%+v", p, again)
		}
	})
}

// normalize makes empty and absent the same.
func normalize(p *Packet) {
	for _, b := range []*[]byte{(*[]byte)(&p.HardwareAddr), &p.HardwareHeader, &p.Layer2Header, &p.ConntrackData, &p.Payload} {
		if len(*b) == 0 {
			*b = nil
		}
	}
}

func FuzzPacketAttrs(f *testing.F) {
	var seeds [][]byte
	for _, b := range recorded(f) {
		seeds = append(seeds, b[headerLen:])
	}
	attrtest.Fuzz(f, packetAttrs, seeds...)
}

func FuzzConfigAttrs(f *testing.F) { attrtest.Fuzz(f, configAttrs) }

// BenchmarkDecode decodes a packet as the kernel sends it.
func BenchmarkDecode(b *testing.B) {
	data := recorded(b)["ip_prerouting"]
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		var p Packet
		var names intern
		for b.Loop() {
			if err := decode(data, &p, &names); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		var p Packet
		for b.Loop() {
			if err := tabled(data, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
