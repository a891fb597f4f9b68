package nflog_test

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
)

// TestHeadersOfARPOutput: the kernel gives a packet that leaves with its link-layer
// header, and in no other attribute.
func TestHeadersOfARPOutput(t *testing.T) {
	c, ns := live(t, nft.LogRule{Family: nft.ARP, Hook: nft.Output})
	ports(t, ns)
	sub := subscribe(t, c)
	ns.Run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "v0")
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.2:9"), nil, 1)
	p := read(t, sub, 1)[0]
	h := p.Headers()
	if h.String() != "arp who-has 192.0.2.2 tell 192.0.2.1" || h.SrcMAC.String() != "02:00:00:00:00:01" || h.DstMAC.String() != "ff:ff:ff:ff:ff:ff" {
		t.Errorf("got %v, from %v to %v, of % x", h, h.SrcMAC, h.DstMAC, p.Payload)
	}
}

// TestHeadersOfPadding: what fills up a frame of Ethernet to its least length is not
// what the packet carries.
func TestHeadersOfPadding(t *testing.T) {
	c, ns := live(t)
	ports(t, ns)
	nstest.NFLogRule(t, ns, nft.LogRule{Family: nft.Netdev, Hook: nft.Ingress, Device: "v1", Group: group, L4Proto: unix.IPPROTO_UDP})
	sub := subscribe(t, c)
	const frame = "\x02\x00\x00\x00\x00\x02" + "\x02\x00\x00\x00\x00\x01" + "\x08\x00" +
		"\x45\xb8\x00\x1e\x00\x00\x00\x00\x40\x11\xf6\x13\xc0\x00\x02\x01\xc0\x00\x02\x02" + "\x10\x91\x10\x92\x00\x0a\x00\x00hi"
	padded := append([]byte(frame), make([]byte, 60-len(frame))...)
	fd := packetSocket(t, ns)
	defer repeat(func(int) { // a link takes frames some time after it is up
		if err := unix.Sendto(fd, padded, 0, &unix.SockaddrLinklayer{Ifindex: 1010}); err != nil {
			t.Error(err)
		}
	})()
	p := read(t, sub, 1)[0]
	if h := p.Headers(); string(h.Data) != "hi" || h.Length != 30 || len(p.Payload) != 46 {
		t.Errorf("got %q of length %d, of % x", h.Data, h.Length, p.Payload)
	}
	if f, ok := p.Flow(); !ok || f.String() != "udp 192.0.2.1:4241 > 192.0.2.2:4242" {
		t.Errorf("flow %v (%v)", f, ok)
	}
}
