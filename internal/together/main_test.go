package together_test

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// live returns a client of a network namespace of its own.
func live(t testing.TB, opts ...nlkit.Option) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, ns
}
