package link

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// withoutPrivilege runs fn on a thread that has no CAP_NET_ADMIN in effect, which
// the kernel looks at when a message is sent.
func withoutPrivilege(t *testing.T, fn func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var had [2]unix.CapUserData
	must(t, unix.Capget(&head, &had[0]))
	without := had
	without[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	must(t, unix.Capset(&head, &without[0]))
	defer func() { must(t, unix.Capset(&head, &had[0])) }()
	fn()
}
