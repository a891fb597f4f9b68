package nstest

import (
	"net"
	"net/netip"
	"testing"
)

// SendUDP sends n datagrams from a socket in the namespace. The zero src
// leaves address and port to the kernel. No one needs to receive them; the
// kernel answers those that no one does with ICMP, which a rule that counts
// must not match.
func (ns *NS) SendUDP(t testing.TB, src, dst netip.AddrPort, payload []byte, n int) {
	t.Helper()
	network := "udp6"
	if dst.Addr().Is4() {
		network = "udp4"
	}
	var laddr *net.UDPAddr
	if src.IsValid() {
		laddr = net.UDPAddrFromAddrPort(src)
	}
	ns.Do(t, func() {
		t.Helper()
		// Not connected: a connected socket fails on the answers.
		c, err := net.ListenUDP(network, laddr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range n {
			if _, err := c.WriteToUDPAddrPort(payload, dst); err != nil {
				t.Fatal(err)
			}
		}
	})
}
