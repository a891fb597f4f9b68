package netns

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// New makes a network namespace and returns the file that keeps it alive. Its
// loopback interface is down; see [LoopbackUp].
//
// It needs CAP_SYS_ADMIN, and fails with an error that is [os.ErrPermission]
// without.
func New() (*os.File, error) {
	var ns *os.File
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		var err error
		ns, err = Current()
		return err
	})
	return ns, err
}

// Current returns the network namespace of the calling thread. Only a
// goroutine that is locked to its thread can rely on what it gets.
func Current() (*os.File, error) {
	return os.Open("/proc/thread-self/ns/net")
}

// Do runs fn in the network namespace ns and returns its error.
//
// Sockets that fn opens and processes that it starts are in the namespace;
// goroutines that it starts are not. If fn panics, Do panics with a [*Panic];
// if fn ends its goroutine ([runtime.Goexit], testing.T.FailNow), Do ends the
// caller's.
//
// It needs CAP_SYS_ADMIN, and fails with an error that is [os.ErrPermission]
// without.
func Do(ns *os.File, fn func() error) error {
	return onThread(func() error {
		err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		runtime.KeepAlive(ns)
		if err != nil {
			return os.NewSyscallError("setns", err)
		}
		return fn()
	})
}

// LoopbackUp sets the loopback interface of the network namespace ns up, with
// which it gets its addresses. It needs CAP_NET_ADMIN there.
func LoopbackUp(ns *os.File) error {
	return Do(ns, loopbackUp)
}

// loopbackUp sets the loopback interface of the calling thread's namespace up.
// It uses an ioctl so as not to need what it helps to test.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)

	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, ifr); err != nil {
		return os.NewSyscallError("ioctl SIOCGIFFLAGS", err)
	}
	ifr.SetUint16(ifr.Uint16() | unix.IFF_UP)
	return os.NewSyscallError("ioctl SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr))
}
