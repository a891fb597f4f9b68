package nflog_test

import (
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit/internal/nft"
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
