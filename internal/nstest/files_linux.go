package nstest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// openFiles returns what the process has open, by descriptor, except for what
// the Go runtime opens for its network poller at the first occasion.
func openFiles() map[int]string {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // no /proc, no check
	}
	files := make(map[int]string)
	for _, e := range entries {
		// The descriptor that the directory was read by is gone.
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" {
			continue
		}
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			files[fd] = target
		}
	}
	return files
}

// describe adds to target what it takes to find a leaked socket.
func describe(fd int, target string) string {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return target
	}
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil {
		return target
	}
	if domain == unix.AF_NETLINK {
		return fmt.Sprintf("%s (netlink, protocol %d)", target, protocol)
	}
	return fmt.Sprintf("%s (address family %d, protocol %d)", target, domain, protocol)
}
