package nlkit

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/attr"
)

// open returns an open file that keeps the namespace alive.
func (n namespace) open() (*os.File, error) {
	f, err := n.file()
	if err != nil {
		return nil, err
	}
	typ, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || typ != unix.CLONE_NEWNET {
		_ = f.Close()
		return nil, attr.Refuse("not a network namespace")
	}
	return f, nil
}

func (n namespace) file() (*os.File, error) {
	if n.hasFD {
		fd, err := unix.FcntlInt(uintptr(n.fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
		return os.NewFile(uintptr(fd), n.String()), nil
	}
	paths, err := n.candidates()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		var f *os.File
		if f, err = os.Open(p); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, err
}
