package addr_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// lab is a network namespace with a veth pair, v0 and v1, both up.
type lab struct {
	c      *nlkit.Client
	ns     *nstest.NS
	v0, v1 int
}

func newLab(t testing.TB, opts ...nlkit.Option) *lab {
	t.Helper()
	ns := nstest.New(t)
	l := &lab{ns: ns, c: dial(t, ns, opts...)}
	ns.Run(t, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	ns.Run(t, "ip", "link", "set", "v0", "up")
	ns.Run(t, "ip", "link", "set", "v1", "up")
	l.v0, l.v1 = l.index(t, "v0"), l.index(t, "v1")
	return l
}

func dial(t testing.TB, ns *nstest.NS, opts ...nlkit.Option) *nlkit.Client {
	t.Helper()
	c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (l *lab) index(t testing.TB, name string) int {
	t.Helper()
	var links []struct {
		Index int `json:"ifindex"`
	}
	if err := json.Unmarshal(l.ns.Run(t, "ip", "-j", "link", "show", "dev", name), &links); err != nil {
		t.Fatal(err)
	}
	return links[0].Index
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func ip(s string) netip.Addr       { return netip.MustParseAddr(s) }
