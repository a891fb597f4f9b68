package nft_test

import (
	"testing"

	"github.com/nlkit/nlkit/internal/nft"
)

func TestNames(t *testing.T) {
	for value, want := range map[interface{ String() string }]string{
		nft.Inet: "inet", nft.IPv4: "ip", nft.IPv6: "ip6", nft.ARP: "arp", nft.Bridge: "bridge", nft.Netdev: "netdev",
		nft.Family(99): "Family(99)",
		nft.Prerouting: "prerouting", nft.Output: "output", nft.Egress: "egress",
		nft.Hook(99): "Hook(99)",
	} {
		if got := value.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
