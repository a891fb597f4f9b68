package nflog

import (
	"strings"
	"testing"
)

func TestFlow(t *testing.T) {
	const (
		ports = "1f90 0035"
		v4    = "45000000 0000 0000 4011 0000 c0000201 c0000202"
		v6    = "60000000 0000 %s 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
	)
	ip6 := func(next, rest string) string { return strings.Replace(v6, "%s", next, 1) + rest }
	for name, test := range map[string]struct {
		packet Packet
		bytes  string
		want   string // "" for none
	}{
		"IPv4":                   {Packet{Protocol: EtherTypeIPv4}, v4 + ports, "udp 192.0.2.1:8080 > 192.0.2.2:53"},
		"IPv4 with options":      {Packet{Protocol: EtherTypeIPv4}, "46" + v4[2:] + "01010100" + ports, "udp 192.0.2.1:8080 > 192.0.2.2:53"},
		"IPv4 cut in options":    {Packet{Protocol: EtherTypeIPv4}, "46" + v4[2:] + "0101", "udp 192.0.2.1 > 192.0.2.2"},
		"IPv4 with a lie":        {Packet{Protocol: EtherTypeIPv4}, "43" + v4[2:] + ports, "udp 192.0.2.1 > 192.0.2.2"},
		"IPv4 cut before ports":  {Packet{Protocol: EtherTypeIPv4}, v4 + "1f90", "udp 192.0.2.1 > 192.0.2.2"},
		"IPv4 cut":               {Packet{Protocol: EtherTypeIPv4}, v4[:len(v4)-2], ""},
		"IPv4, later fragment":   {Packet{Protocol: EtherTypeIPv4}, strings.Replace(v4, "0000 4011", "0001 4011", 1) + ports, "udp 192.0.2.1 > 192.0.2.2"},
		"IPv4, ICMP":             {Packet{Protocol: EtherTypeIPv4}, strings.Replace(v4, "4011", "4001", 1) + "08000000", "icmp 192.0.2.1 > 192.0.2.2"},
		"IPv4, protocol 200":     {Packet{Protocol: EtherTypeIPv4}, strings.Replace(v4, "4011", "40c8", 1), "protocol 200 192.0.2.1 > 192.0.2.2"},
		"IPv6":                   {Packet{Protocol: EtherTypeIPv6}, ip6("06", ports), "tcp [2001:db8::1]:8080 > [2001:db8::2]:53"},
		"IPv6, extensions":       {Packet{Protocol: EtherTypeIPv6}, ip6("00", "2b00 000000000000"+"3301 000000000000 0000000000000000"+"3c01 00000000000000000000"+"1100 000000000000"+ports), "udp [2001:db8::1]:8080 > [2001:db8::2]:53"},
		"IPv6, first fragment":   {Packet{Protocol: EtherTypeIPv6}, ip6("2c", "1100 0001 00000000"+ports), "udp [2001:db8::1]:8080 > [2001:db8::2]:53"},
		"IPv6, later fragment":   {Packet{Protocol: EtherTypeIPv6}, ip6("2c", "1100 0008 00000000"+ports), "udp 2001:db8::1 > 2001:db8::2"},
		"IPv6, cut in extension": {Packet{Protocol: EtherTypeIPv6}, ip6("00", "1101 000000000000"), "protocol 0 2001:db8::1 > 2001:db8::2"},
		"IPv6, cut at extension": {Packet{Protocol: EtherTypeIPv6}, ip6("2c", "11"), "protocol 44 2001:db8::1 > 2001:db8::2"},
		"IPv6, ICMP":             {Packet{Protocol: EtherTypeIPv6}, ip6("3a", "80000000"), "icmpv6 2001:db8::1 > 2001:db8::2"},
		"IPv6 cut":               {Packet{Protocol: EtherTypeIPv6}, strings.TrimSuffix(ip6("06", ""), "02"), ""},
		"IPv4 that is IPv6":      {Packet{Protocol: EtherTypeIPv4}, ip6("06", ports), ""},
		"IPv6 that is IPv4":      {Packet{Protocol: EtherTypeIPv6}, v4 + ports + strings.Repeat("00", 20), ""},
		"ARP":                    {Packet{Protocol: EtherTypeARP}, v4 + ports, ""},
		"egress":                 {Packet{Protocol: EtherTypeIPv4, Hook: HookEgress, Layer2Header: unhex("aabb")}, "aabb" + v4 + ports, "udp 192.0.2.1:8080 > 192.0.2.2:53"},
		"no payload":             {Packet{Protocol: EtherTypeIPv4}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			test.packet.Payload = unhex(test.bytes)
			f, ok := test.packet.Flow()
			if ok != (test.want != "") || ok && f.String() != test.want {
				t.Errorf("got %v, %v, want %q", f, ok, test.want)
			}
		})
	}
	p := Packet{Protocol: EtherTypeIPv6, Payload: unhex(ip6("06", ports))}
	if n := testing.AllocsPerRun(100, func() { p.Flow() }); n != 0 {
		t.Errorf("Flow allocates %v times", n)
	}
}
