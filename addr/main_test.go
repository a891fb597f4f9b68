package addr_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
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
	l := &lab{ns: nstest.New(t)}
	l.open(t, opts...)
	return l
}

// newQuietLab returns a lab whose links get no address by themselves.
func newQuietLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{ns: nstest.New(t)}
	l.sysctl(t, "net/ipv6/conf/default/addr_gen_mode", "1") // IN6_ADDR_GEN_MODE_NONE
	l.open(t)
	return l
}

func (l *lab) open(t testing.TB, opts ...nlkit.Option) {
	t.Helper()
	l.c = livetest.In(t, l.ns, opts...)
	l.again(t)
}

// again makes the pair of links.
func (l *lab) again(t testing.TB) {
	t.Helper()
	l.ns.RunInput(t, "link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\n", "ip", "-batch", "-")
	l.v0 = l.index(t, "v0")
	l.v1 = l.v0 - 1 // the peer is made first
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

// sysctl sets a setting of the namespace's.
func (l *lab) sysctl(t testing.TB, name, value string) {
	t.Helper()
	l.ns.Do(t, func() {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	})
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func ip(s string) netip.Addr       { return netip.MustParseAddr(s) }
