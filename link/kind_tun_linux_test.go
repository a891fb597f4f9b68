package link

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nstest"
)

// openTun opens a queue of a tun or tap link, which is made if it is not there.
func openTun(t *testing.T, ns *nstest.NS, name string, flags uint16) int {
	t.Helper()
	var fd int
	ns.Do(t, func() {
		var err error
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		must(t, err)
		t.Cleanup(func() { unix.Close(fd) })
		req, err := unix.NewIfreq(name)
		must(t, err)
		req.SetUint16(flags)
		must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	})
	return fd
}

func TestTun(t *testing.T) {
	c, ns := newClient(t)
	needTun(t, c)
	read := func() *Tun {
		t.Helper()
		l, err := Get(t.Context(), c, Name("tun0"))
		must(t, err)
		k, ok := KindAs[*Tun](l)
		if !ok {
			t.Fatalf("got a %T", l.Kind)
		}
		return k
	}
	const flags = unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_MULTI_QUEUE
	first := openTun(t, ns, "tun0", flags)
	openTun(t, ns, "tun0", flags)
	if k := read(); *k != (Tun{Type: TunTypeTun, MultiQueue: true, NumQueues: 2}) {
		t.Errorf("got %+v", k)
	}
	detach := struct { // struct ifreq
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: unix.IFF_DETACH_QUEUE}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(first), unix.TUNSETQUEUE, uintptr(unsafe.Pointer(&detach))); errno != 0 {
		t.Fatal(errno)
	}
	must(t, unix.IoctlSetInt(first, unix.TUNSETOWNER, 0))
	must(t, unix.IoctlSetInt(first, unix.TUNSETPERSIST, 1))
	k := read()
	if k.Owner == nil || *k.Owner != 0 || k.Group != nil || !k.Persist || k.NumQueues != 1 || k.NumDisabledQueues != 1 {
		t.Errorf("got %+v", k)
	}
}
