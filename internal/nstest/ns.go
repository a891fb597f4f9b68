package nstest

import (
	"os"
	"testing"

	"github.com/nlkit/nlkit/internal/netns"
)

// NS is a network namespace that ends with its test, its loopback interface up.
type NS struct {
	File *os.File
}

// New makes a network namespace without entering it. It skips the test where
// that is not permitted.
func New(t testing.TB) *NS {
	t.Helper()
	f, err := netns.New()
	if err != nil {
		skipOrFail(t, err)
	}
	return newNS(t, f)
}

// newNS returns the handle of the namespace that f stands for.
func newNS(t testing.TB, f *os.File) *NS {
	t.Helper()
	t.Cleanup(func() { f.Close() })
	if err := netns.LoopbackUp(f); err != nil {
		skipOrFail(t, err)
	}
	return &NS{File: f}
}

// FD returns the descriptor that stands for the namespace, open as long as the
// test runs.
func (ns *NS) FD() int {
	return int(ns.File.Fd())
}

// Do runs fn in the namespace, on another thread and in another goroutine. All
// methods of t work in fn, those that end the test included.
func (ns *NS) Do(t testing.TB, fn func()) {
	t.Helper()
	err := netns.Do(ns.File, func() error {
		fn()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipOrFail ends a test that could not make its namespace.
func skipOrFail(t testing.TB, err error) {
	t.Helper()
	if !denied(err) {
		t.Fatal(err)
	}
	if errReexec != nil {
		Skip(t, "netadmin", "%v (%v)", err, errReexec)
	}
	Skip(t, "netadmin", "%v", err)
}
