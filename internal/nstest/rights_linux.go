package nstest

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// WithoutRights runs fn on a thread that has no capability, as a process of an
// ordinary user has none, and waits for it. The thread is in no particular network
// namespace, and is not used again: fn works on clients that were made before and
// whose sockets are open, or inside [NS.Do] (see [DropRights]).
//
// fn runs on a goroutine of its own: it reports by t.Error, not by t.Fatal.
func WithoutRights(t testing.TB, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if DropRights(t) {
			fn()
		}
	}()
	<-done
}

// DropRights takes all capabilities from the calling thread, which must be one that
// is not used again. It reports whether that went well, and fails t if not.
func DropRights(t testing.TB) bool {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Errorf("capset: %v", err)
		return false
	}
	return true
}
