package nstest

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/netns"
)

// The main thread is the one that outlives its goroutine: a test that entered
// a namespace on it would leave it there, and /proc/self/net with it. Locked to
// it while packages are initialized, which is when it surely is on that
// thread, the main goroutine keeps all tests off it.
func init() {
	runtime.LockOSThread()
}

// Enter moves the calling goroutine to a new network namespace for the rest of
// the test: it locks it to its thread, which ends with it. Other goroutines,
// subtests among them, are where they were. It skips the test where that is not
// permitted.
//
// Most tests are better off with [New] and a client that is made for the
// namespace.
func Enter(t testing.TB) *NS {
	t.Helper()
	runtime.LockOSThread()
	before := current(t)
	defer before.Close()

	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		skipOrFail(t, os.NewSyscallError("unshare", err))
	}

	after := current(t)
	if same(t, before, after) {
		after.Close()
		t.Fatal("unshare left the thread in the network namespace it was in")
	}
	return newNS(t, after)
}

func current(t testing.TB) *os.File {
	t.Helper()
	f, err := netns.Current()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// same reports whether two files stand for the same namespace.
func same(t testing.TB, a, b *os.File) bool {
	t.Helper()
	ai, err := a.Stat()
	if err != nil {
		t.Fatal(err)
	}
	bi, err := b.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(ai, bi)
}

// denied reports whether err says that there are no namespaces to be had, for
// lack of a privilege, of a kernel that has them, or by a limit that is set.
func denied(err error) bool {
	return errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, errors.ErrUnsupported) ||
		errors.Is(err, unix.EINVAL) ||
		errors.Is(err, unix.ENOSPC)
}
