// Package livetest has clients of the real kernel for tests.
package livetest

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// New returns a client of a new network namespace, which ends with the test.
func New(t testing.TB, opts ...nlkit.Option) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	return In(t, ns, opts...), ns
}

// In returns a client of a network namespace, which ends with the test.
func In(t testing.TB, ns *nstest.NS, opts ...nlkit.Option) *nlkit.Client {
	t.Helper()
	c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
