package nflog

import (
	"net/netip"
	"strings"
	"testing"
)

func TestHeaders(t *testing.T) {
	const (
		ip4   = "45b80054 0001 4000 3f06 0000 c0000201 c0000202"
		ip6   = "6b812345 0014 063f 20010db8000000000000000000000001 20010db8000000000000000000000002"
		tcp   = "1f900035 00000007 00000008 5112 0400 0000 0000"
		frame = "020000000002 020000000001 0800"
	)
	icmp := strings.Replace(ip4, "3f06", "3f01", 1)
	icmp6 := strings.Replace(ip6, "063f", "3a3f", 1)
	for name, test := range map[string]struct {
		packet  Packet
		payload string
		want    string
		check   func(h Headers) bool
	}{
		"TCP over IPv4": {
			Packet{Protocol: EtherTypeIPv4, HardwareType: 1, HardwareHeader: unhex(frame)}, ip4 + tcp + "6869",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 84",
			func(h Headers) bool {
				return h.TOS == 0xb8 && h.TCP.Seq == 7 && h.TCP.Ack == 8 && h.TCP.Window == 1024 && string(h.Data) == "hi" && !h.Fragment &&
					h.SrcMAC.String() == "02:00:00:00:00:01" && h.DstMAC.String() == "02:00:00:00:00:02"
			},
		},
		"TCP with options": {
			Packet{Protocol: EtherTypeIPv4}, ip4 + strings.Replace(tcp, "5112", "6112", 1) + "01010101" + "68",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 84", func(h Headers) bool { return string(h.Data) == "h" },
		},
		"TCP cut in options": {
			Packet{Protocol: EtherTypeIPv4}, ip4 + strings.Replace(tcp, "5112", "f112", 1) + "01010101",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 84", func(h Headers) bool { return h.Data == nil },
		},
		"TCP cut": {
			Packet{Protocol: EtherTypeIPv4}, ip4 + "1f900035", "tcp 192.0.2.1:8080 > 192.0.2.2:53, ttl 63, length 84",
			func(h Headers) bool { return h.TCP == TCPHeader{} && len(h.Data) == 4 },
		},
		"TCP over IPv6": {
			Packet{Protocol: EtherTypeIPv6}, ip6 + tcp, "tcp [2001:db8::1]:8080 > [2001:db8::2]:53 syn|ack|ae, ttl 63, length 60",
			func(h Headers) bool { return h.TOS == 0xb8 && h.FlowLabel == 0x12345 },
		},
		"UDP": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "3f06", "3f11", 1) + "1f900035 000a 0000" + "6869",
			"udp 192.0.2.1:8080 > 192.0.2.2:53, ttl 63, length 84", func(h Headers) bool { return string(h.Data) == "hi" },
		},
		"echo": {
			Packet{Protocol: EtherTypeIPv4}, icmp + "0800 0000 0011 0022 6869",
			"icmp 192.0.2.1 > 192.0.2.2 type 8 code 0, ttl 63, length 84",
			func(h Headers) bool { return h.ICMP.ID == 0x11 && h.ICMP.Seq == 0x22 && string(h.Data) == "hi" },
		},
		"unreachable": {
			Packet{Protocol: EtherTypeIPv4}, icmp + "0303 0000 00000022",
			"icmp 192.0.2.1 > 192.0.2.2 type 3 code 3, ttl 63, length 84", func(h Headers) bool { return h.ICMP.ID == 0 && h.ICMP.Seq == 0 },
		},
		"echo over IPv6": {
			Packet{Protocol: EtherTypeIPv6}, icmp6 + "8000 0000 0011 0022",
			"icmpv6 2001:db8::1 > 2001:db8::2 type 128 code 0, ttl 63, length 60", func(h Headers) bool { return h.ICMP.ID == 0x11 },
		},
		"ICMP cut": {
			Packet{Protocol: EtherTypeIPv4}, icmp + "0800", "icmp 192.0.2.1 > 192.0.2.2, ttl 63, length 84",
			func(h Headers) bool { return h.ICMP == ICMPHeader{} },
		},
		"TCP with padding": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "0054", "0028", 1) + tcp + "000000000000",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 40", func(h Headers) bool { return len(h.Data) == 0 },
		},
		"TCP with options in the padding": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "0054", "0028", 1) + strings.Replace(tcp, "5112", "6112", 1) + "00000000",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 40", func(h Headers) bool { return h.Data == nil },
		},
		"IPv6 with padding": {
			Packet{Protocol: EtherTypeIPv6}, strings.Replace(ip6, "0014", "0008", 1) + "1f900035" + "00000000" + "000000000000",
			"tcp [2001:db8::1]:8080 > [2001:db8::2]:53, ttl 63, length 48", func(h Headers) bool { return h.TCP == TCPHeader{} && len(h.Data) == 8 },
		},
		"TCP longer than the length can tell": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "0054", "0000", 1) + tcp + "6869",
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 0", func(h Headers) bool { return string(h.Data) == "hi" },
		},
		"first fragment": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "4000", "2000", 1) + tcp,
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, fragment at 0, ttl 63, length 84", func(h Headers) bool { return h.MoreFragments },
		},
		"last fragment": {
			Packet{Protocol: EtherTypeIPv4}, strings.Replace(ip4, "4000", "0003", 1) + tcp,
			"tcp 192.0.2.1 > 192.0.2.2, fragment at 24, ttl 63, length 84",
			func(h Headers) bool { return !h.MoreFragments && h.TCP == TCPHeader{} && len(h.Data) == 20 },
		},
		"IPv6 fragment": {
			Packet{Protocol: EtherTypeIPv6}, strings.Replace(ip6, "063f", "2c3f", 1) + "06000019 00000000" + tcp,
			"tcp 2001:db8::1 > 2001:db8::2, fragment at 24, ttl 63, length 60", func(h Headers) bool { return h.MoreFragments },
		},
		"IPv6 cut in an extension": {
			Packet{Protocol: EtherTypeIPv6}, strings.Replace(ip6, "063f", "2c3f", 1) + "0600",
			"protocol 44 2001:db8::1 > 2001:db8::2, ttl 63, length 60", func(h Headers) bool { return h.Data == nil },
		},
		"IPv4 with a lie": {
			Packet{Protocol: EtherTypeIPv4}, "4f" + ip4[2:] + "00", "tcp 192.0.2.1 > 192.0.2.2, ttl 63, length 84", func(h Headers) bool { return h.Data == nil },
		},
		"IPv4 cut": {Packet{Protocol: EtherTypeIPv4}, ip4[:18], "ip", func(h Headers) bool { return len(h.Data) > 0 }},
		"IPv6 cut": {Packet{Protocol: EtherTypeIPv6}, ip6[:18], "ipv6", func(h Headers) bool { return len(h.Data) > 0 }},
		"ARP request": {
			Packet{Protocol: EtherTypeARP}, "0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202",
			"arp who-has 192.0.2.2 tell 192.0.2.1", func(h Headers) bool { return h.ARP.SenderMAC.String() == "02:00:00:00:00:01" },
		},
		"ARP request that leaves": {
			Packet{Family: FamilyARP, Hook: HookOutput, Protocol: EtherTypeARP}, "ffffffffffff 020000000001 0806" + "0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202",
			"arp who-has 192.0.2.2 tell 192.0.2.1", func(h Headers) bool { return h.SrcMAC[5] == 1 && h.DstMAC[5] == 0xff && len(h.Data) == 0 },
		},
		"ARP without a link-layer header": {
			Packet{Family: FamilyARP, Hook: HookOutput, Protocol: EtherTypeARP}, "0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202",
			"arp who-has 192.0.2.2 tell 192.0.2.1", func(h Headers) bool { return h.DstMAC == nil },
		},
		"ARP reply": {
			Packet{Protocol: EtherTypeARP}, "0001 0800 06 04 0002 020000000001 c0000201 020000000002 c0000202 0000",
			"arp 192.0.2.1 is-at 02:00:00:00:00:01", func(h Headers) bool { return h.ARP.TargetMAC[5] == 2 && len(h.Data) == 2 },
		},
		"ARP, inverse": {
			Packet{Protocol: EtherTypeARP}, "0001 0800 06 04 0008 020000000001 c0000201 020000000002 c0000202", "arp operation 8",
			func(h Headers) bool { return h.ARP.Target == netip.MustParseAddr("192.0.2.2") },
		},
		"ARP of something else": {Packet{Protocol: EtherTypeARP}, "0006 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202", "arp", nil},
		"ARP cut":               {Packet{Protocol: EtherTypeARP}, "0001 0800 06 04 0001", "arp", nil},
		"LLDP": {
			Packet{Protocol: EtherTypeLLDP, HardwareAddr: unhex("020000000001")}, "0207", "lldp",
			func(h Headers) bool { return h.SrcMAC != nil && h.DstMAC == nil && len(h.Data) == 2 },
		},
		"a tag that was taken out": {
			Packet{Protocol: EtherTypeLLDP, VLAN: VLAN{EtherTypeVLAN, 0x2005}, Layer2Header: unhex(frame)}, "", "vlan 5 lldp",
			func(h Headers) bool { return h.DstMAC[5] == 2 && h.VLAN.Priority() == 1 },
		},
		"a tag in the frame": {
			Packet{Protocol: EtherTypeLLDP, Layer2Header: unhex(frame[:len(frame)-4] + "88a8 0007 0800")}, "", "vlan 7 lldp",
			func(h Headers) bool { return h.VLAN.Protocol == EtherTypeQinQ },
		},
		"the header of a tunnel": {
			Packet{Protocol: EtherTypeLLDP, HardwareType: 778, HardwareHeader: make([]byte, 20)}, "", "lldp",
			func(h Headers) bool { return h.SrcMAC == nil },
		},
		"egress": {
			Packet{Protocol: EtherTypeIPv4, Hook: HookEgress, Layer2Header: unhex(frame)}, frame + ip4 + tcp,
			"tcp 192.0.2.1:8080 > 192.0.2.2:53 syn|ack|ae, ttl 63, length 84", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.packet.Payload = unhex(test.payload)
			h := test.packet.Headers()
			if h.String() != test.want || test.check != nil && !test.check(h) {
				t.Errorf("got %v, want %s\n%+v", h, test.want, h)
			}
		})
	}
	p := Packet{Protocol: EtherTypeIPv6, Payload: unhex(ip6 + tcp), Layer2Header: unhex(frame)}
	if n := testing.AllocsPerRun(100, func() { p.Headers() }); n != 0 {
		t.Errorf("Headers allocates %v times", n)
	}
}

// FuzzHeaders reads headers of anything: nothing panics, and the rest is a part of
// the payload.
func FuzzHeaders(f *testing.F) {
	for _, b := range recorded(f) {
		f.Add(b[headerLen:], uint16(EtherTypeIPv4), false)
	}
	f.Add(unhex("0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202"), uint16(EtherTypeARP), true)
	f.Fuzz(func(t *testing.T, b []byte, proto uint16, egress bool) {
		p := Packet{Protocol: EtherType(proto), Payload: b, Layer2Header: b[:len(b)/2], HardwareType: 1}
		if egress {
			p.Hook = HookEgress
		}
		h := p.Headers()
		_ = h.String()
		if len(h.Data) > len(b) {
			t.Errorf("%d bytes behind the headers of %d", len(h.Data), len(b))
		}
	})
}
