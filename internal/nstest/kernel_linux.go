package nstest

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// NeedKernel skips the test, for want of kernel:<version>, if the kernel is older
// than version: "6.5". A kernel may have more than its version says, never less.
func NeedKernel(t testing.TB, version string) {
	t.Helper()
	if release, ok := isKernel(t, version); !ok {
		Skip(t, "kernel:"+version, "this is Linux %s", release)
	}
}

// NeedKernelBefore skips the test, for want of kernel-before:<version>, if the kernel
// is version or newer: for what newer kernels can't be asked to do without harm. The
// reason says what that is.
func NeedKernelBefore(t testing.TB, version, reason string) {
	t.Helper()
	if release, ok := isKernel(t, version); ok {
		Skip(t, "kernel-before:"+version, "%s (this is Linux %s)", reason, release)
	}
}

// isKernel reports whether the kernel is version or newer, and its release.
func isKernel(t testing.TB, version string) (release string, ok bool) {
	t.Helper()
	var major, minor, wantMajor, wantMinor int
	var un unix.Utsname
	if err := unix.Uname(&un); err != nil {
		t.Fatal(err)
	}
	release = unix.ByteSliceToString(un.Release[:])
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		t.Fatalf("what version is %q?", release)
	}
	if n, _ := fmt.Sscanf(version, "%d.%d", &wantMajor, &wantMinor); n != 2 {
		t.Fatalf("what version is %q?", version)
	}
	return release, major > wantMajor || major == wantMajor && minor >= wantMinor
}
