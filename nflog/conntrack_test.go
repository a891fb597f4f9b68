package nflog

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/uapi"
)

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
)

// ways returns the directions of a connection of a host with itself.
func ways(addr netip.Addr, proto uint8, from, to uint16) (original, reply Tuple) {
	original = Tuple{Src: addr, Dst: addr, IPProto: proto, SrcPort: from, DstPort: to}
	reply = original
	reply.SrcPort, reply.DstPort = to, from
	return original, reply
}

// pings returns the directions of an exchange of echo messages.
func pings(addr netip.Addr, proto, request, answer uint8) (original, reply Tuple) {
	original, reply = ways(addr, proto, 0, 0)
	original.ICMP, reply.ICMP = TupleICMP{ID: 0x1234, Type: request}, TupleICMP{ID: 0x1234, Type: answer}
	return original, reply
}

// conntracks are the connections in testdata, but for the directions, and how they
// are written.
func conntracks() map[string]struct {
	want Conntrack
	text string
} {
	all := map[string]struct {
		want Conntrack
		text string
	}{
		"ip_prerouting_conntrack": {
			Conntrack{ID: 0x8cb7e81c, Status: ConntrackConfirmed, Timeout: 29 * time.Second},
			"udp 127.0.0.1:57863 > 127.0.0.1:4242, reply 127.0.0.1:4242 > 127.0.0.1:57863",
		},
		"ip6_prerouting_conntrack": {
			Conntrack{
				ID: 0xc280926e, Status: ConntrackConfirmed, Timeout: 30 * time.Second, Mark: 77,
				Start: time.Unix(0, 0x18eb272960936edc), OriginalCounters: ConntrackCounters{1, 49},
			},
			"udp [::1]:35074 > [::1]:4242, reply [::1]:4242 > [::1]:35074, mark 0x4d",
		},
		"ip_prerouting_conntrack_icmp": {
			Conntrack{
				ID: 0x611da073, Status: ConntrackConfirmed, Timeout: 30 * time.Second, Mark: 77,
				Start: time.Unix(0, 0x18eb27291ddcf861), OriginalCounters: ConntrackCounters{1, 28},
			},
			"icmp 127.0.0.1 > 127.0.0.1, reply 127.0.0.1 > 127.0.0.1, mark 0x4d",
		},
		"ip6_prerouting_conntrack_icmp": {
			Conntrack{
				ID: 0xa6434d62, Status: ConntrackConfirmed, Timeout: 30 * time.Second, Mark: 77,
				Start: time.Unix(0, 0x18eb27292d49e1d3), OriginalCounters: ConntrackCounters{1, 48},
			},
			"icmpv6 ::1 > ::1, reply ::1 > ::1, mark 0x4d",
		},
		"ip_prerouting_conntrack_tcp": {
			Conntrack{
				ID: 0xe05d2e73, Timeout: 300 * time.Second, Start: time.Unix(0, 0x18eb2728f2a6b5e8),
				OriginalCounters: ConntrackCounters{3, 168}, ReplyCounters: ConntrackCounters{1, 60},
			},
			"tcp established 127.0.0.1:43130 > 127.0.0.1:4242, reply 127.0.0.1:4242 > 127.0.0.1:43130, mark 0x4d",
		},
		"ip6_prerouting_conntrack_tcp": {
			Conntrack{
				ID: 0x3714c010, Timeout: 300 * time.Second, Start: time.Unix(0, 0x18eb2728d03550c8),
				OriginalCounters: ConntrackCounters{3, 228}, ReplyCounters: ConntrackCounters{1, 80},
			},
			"tcp established [::1]:34522 > [::1]:4242, reply [::1]:4242 > [::1]:34522, mark 0x4d",
		},
	}
	for name, c := range all {
		addr := loopback4
		if strings.HasPrefix(name, "ip6") {
			addr = loopback6
		}
		switch _, kind, _ := strings.Cut(name, "_conntrack"); kind {
		case "_tcp":
			c.want.Original, c.want.Reply = ways(addr, uapi.IPPROTO_TCP, map[bool]uint16{true: 43130, false: 34522}[addr.Is4()], 4242)
			c.want.Status, c.want.Mark = ConntrackSeenReply|ConntrackAssured|ConntrackConfirmed, 77
			flags := ConntrackTCPWindowScale | ConntrackTCPSACK | ConntrackTCPMaxAckSet
			c.want.TCP = &ConntrackTCP{
				State: TCPEstablished, OriginalWindowScale: 7, ReplyWindowScale: 7,
				OriginalFlags: flags | ConntrackTCPUnacked, ReplyFlags: flags,
			}
		case "_icmp":
			c.want.Original, c.want.Reply = pings(addr, uapi.IPPROTO_ICMP, 8, 0)
			if addr.Is6() {
				c.want.Original, c.want.Reply = pings(addr, uapi.IPPROTO_ICMPV6, 128, 129)
			}
		default:
			c.want.Original, c.want.Reply = ways(addr, uapi.IPPROTO_UDP, map[bool]uint16{true: 57863, false: 35074}[addr.Is4()], 4242)
		}
		all[name] = c
	}
	return all
}

func TestConntrackTables(t *testing.T) {
	attrtest.RoundTrip(t, conntrackAttrs)
	attrtest.Covers(t, conntrackAttrs)
	attrtest.RoundTrip(t, tupleAttrs)
	attrtest.Covers(t, tupleAttrs)
	attrtest.Covers(t, tcpAttrs)
	attrtest.Covers(t, dccpAttrs)
	attrtest.Covers(t, sctpAttrs)
	attrtest.Covers(t, countersAttrs)
	attrtest.Covers(t, seqAdjustAttrs)
	attrtest.Covers(t, synproxyAttrs)
}

// connections returns the connections in testdata as they are on the wire.
func connections(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, b := range recorded(t) {
		var p Packet
		if err := p.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if p.ConntrackData != nil {
			all[name] = p.ConntrackData
		}
	}
	return all
}

func FuzzConntrack(f *testing.F) {
	var seeds [][]byte
	for _, b := range connections(f) {
		seeds = append(seeds, b)
	}
	attrtest.Fuzz(f, conntrackAttrs, seeds...)
}

func TestConntrackRecorded(t *testing.T) {
	data, want := connections(t), conntracks()
	if len(data) != len(want) {
		t.Errorf("%d messages, %d values", len(data), len(want))
	}
	for name, b := range data {
		c, err := (&Packet{ConntrackData: b}).Conntrack()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := want[name]; !reflect.DeepEqual(*c, want.want) || c.String() != want.text {
			t.Errorf("%s: got\n%+v, %+v\n%v\nwant\n%+v, %+v\n%s", name, *c, c.TCP, c, want.want, want.want.TCP, want.text)
		}
		if c, err := (&Packet{ConntrackData: b[:30]}).Conntrack(); !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("%s: half a connection is %v, %v", name, c, err)
		}
	}
	if c, err := new(Packet).Conntrack(); c != nil || err != nil {
		t.Errorf("a packet without a connection has %v, %v", c, err)
	}
}

// TestConntrackString writes what no fixture has.
func TestConntrackString(t *testing.T) {
	in, out := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	c := Conntrack{
		Original: Tuple{Src: in, Dst: out, IPProto: uapi.IPPROTO_SCTP, SrcPort: 1, DstPort: 2},
		Reply:    Tuple{Src: out, Dst: in, IPProto: uapi.IPPROTO_SCTP, SrcPort: 2, DstPort: 3},
		SCTP:     &ConntrackSCTP{State: SCTPCookieWait}, Zone: 9,
	}
	if want := "sctp cookie_wait 192.0.2.1:1 > 198.51.100.1:2, reply 198.51.100.1:2 > 192.0.2.1:3, zone 9"; c.String() != want {
		t.Errorf("got %v, want %s", &c, want)
	}
	c.SCTP, c.DCCP, c.Original.IPProto = nil, &ConntrackDCCP{State: DCCPPartOpen}, uapi.IPPROTO_DCCP
	if want := "dccp partopen 192.0.2.1:1 > "; !strings.HasPrefix(c.String(), want) {
		t.Errorf("got %v, want %s", &c, want)
	}
	if want := "dccp 192.0.2.1:1 > 198.51.100.1:2"; c.Original.String() != want {
		t.Errorf("got %v, want %s", c.Original, want)
	}
}
