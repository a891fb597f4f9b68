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

// isKernel returns the kernel's release, and whether it is version or newer.
func isKernel(t testing.TB, version string) (string, bool) {
	t.Helper()
	var major, minor, wantMajor, wantMinor int
	var un unix.Utsname
	if err := unix.Uname(&un); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(un.Release[:])
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		t.Fatalf("what version is %q?", release)
	}
	if n, _ := fmt.Sscanf(version, "%d.%d", &wantMajor, &wantMinor); n != 2 {
		t.Fatalf("what version is %q?", version)
	}
	return release, major > wantMajor || major == wantMajor && minor >= wantMinor
}
