package netns

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/attr"
)

// Open returns an open file that keeps the namespace alive. A file descriptor is
// duplicated.
func (r Ref) Open() (*os.File, error) {
	f, err := r.file()
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

func (r Ref) file() (*os.File, error) {
	if r.isFD {
		fd, err := unix.FcntlInt(uintptr(r.number), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
		return os.NewFile(uintptr(fd), r.String()), nil
	}
	paths, err := r.paths()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		var f *os.File // a pipe must not be waited for
		if f, err = os.OpenFile(p, os.O_RDONLY|unix.O_NONBLOCK, 0); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, err
}
