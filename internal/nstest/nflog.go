package nstest

import (
	"errors"
	"testing"

	"github.com/nlkit/nlkit/internal/nft"
)

// NFLogRule makes an nftables rule in the namespace that sends packets to an
// NFLOG group. It skips the test for want of nflog where the kernel can't.
func NFLogRule(t testing.TB, ns *NS, rule nft.LogRule) {
	t.Helper()
	err := nft.AddLogRule(ns.FD(), rule)
	if errors.Is(err, errors.ErrUnsupported) {
		Skip(t, "nflog", "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
