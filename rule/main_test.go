package rule

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// newClient returns a client in a new network namespace.
func newClient(t testing.TB, opts ...nlkit.Option) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	return clientIn(t, ns, opts...), ns
}

func clientIn(t testing.TB, ns *nstest.NS, opts ...nlkit.Option) *nlkit.Client {
	t.Helper()
	c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// must ends the test if there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
