package nlconn

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// recvfrom reads one datagram without waiting and returns its full length, which
// is more than len(b) if it was truncated. unix.Recvfrom would allocate the
// sender's address.
func recvfrom(fd int, b []byte) (int, error) {
	return received(unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		unix.MSG_TRUNC|unix.MSG_DONTWAIT, 0, 0))
}

// recvEvent is recvfrom for a socket that only events come to. Reading the answer of
// a dump, the kernel goes on with the dump and may wait for its locks; here it only
// copies, so that Go's scheduler need not know. If it knows, it wakes its monitor each
// time that the program was idle, which takes as much as all else that is done for a
// datagram: with NFLOG 212 ns a packet in place of 113.
func recvEvent(fd int, b []byte) (int, error) {
	return received(unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		unix.MSG_TRUNC|unix.MSG_DONTWAIT, 0, 0))
}

func received(n, _ uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// recvmsg is recvfrom for a socket with NETLINK_LISTEN_ALL_NSID: it also returns
// the id of the namespace that the message came from, -1 for the socket's own.
func recvmsg(fd int, b, oob []byte) (n, nsid int, err error) {
	n, oobn, _, _, err := unix.Recvmsg(fd, b, oob, unix.MSG_TRUNC|unix.MSG_DONTWAIT)
	if err != nil {
		return 0, -1, err
	}
	for rest := oob[:oobn]; len(rest) > 0; {
		h, data, next, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil {
			break
		}
		if h.Level == unix.SOL_NETLINK && h.Type == unix.NETLINK_LISTEN_ALL_NSID && len(data) >= 4 {
			return n, int(int32(binary.NativeEndian.Uint32(data))), nil
		}
		rest = next
	}
	return n, -1, nil
}
