//go:build !linux

package nstest

import (
	"testing"

	"github.com/nlkit/nlkit/internal/netns"
)

// Enter skips the test: there are no network namespaces here.
func Enter(t testing.TB) *NS {
	t.Helper()
	_, err := netns.Current()
	skipOrFail(t, err)
	return nil
}

// NeedKernel skips the test: this is no Linux.
func NeedKernel(t testing.TB, version string) {
	t.Helper()
	Skip(t, "kernel:"+version, "this is no Linux")
}

// NeedKernelBefore skips the test: this is no Linux.
func NeedKernelBefore(t testing.TB, version, reason string) {
	t.Helper()
	Skip(t, "kernel-before:"+version, "this is no Linux: %s", reason)
}

func isKernel(testing.TB, string) (string, bool) { return "", false }

func denied(error) bool { return true }

func openFiles() map[int]string { return nil }

func describe(_ int, target string) string { return target }
