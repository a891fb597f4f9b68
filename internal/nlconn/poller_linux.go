package nlconn

import (
	"cmp"
	"context"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A socket that Go's poller watches wakes a thread of the poller for each answer, though
// that is read at once by who sent the request: a round trip takes 10 µs in place of 5.
// A socket for requests is therefore taken out of the poller. Where an answer has to be
// waited for, it is put back for that time.

// leavePoller takes the socket out of the poller: it goes on by another descriptor, and
// mdlayher/netlink's, which the poller knows, is closed.
func (c *Conn) leavePoller() error {
	fd, err := c.duplicate()
	if err != nil {
		return err
	}
	// The poller takes files that do not block. What is read and written here says so
	// each time.
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "netlink")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return err
	}
	_ = c.nl.Close()
	c.file, c.raw = file, raw
	return nil
}

// duplicate returns another descriptor of the socket.
func (c *Conn) duplicate() (fd int, err error) {
	controlErr := c.raw.Control(func(old uintptr) {
		fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
		err = os.NewSyscallError("fcntl", err)
	})
	return fd, cmp.Or(controlErr, err)
}

// wait waits under ctx for the next datagram.
func (c *Conn) wait(ctx context.Context) (datagram, error) {
	if c.file == nil {
		defer watch(ctx, c.nl.SetReadDeadline)()
		return c.fill(c.raw.Read)
	}
	fd, err := c.duplicate()
	if err != nil {
		return datagram{}, c.ioError(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return datagram{}, os.NewSyscallError("fcntl", err)
	}
	polled := os.NewFile(uintptr(fd), "netlink")
	defer polled.Close()
	// Close sets closed and then looks for who waits: one of the two sees the other.
	c.waiting.Store(polled)
	defer c.waiting.Store(nil)
	if c.closed.Load() {
		return datagram{}, net.ErrClosed
	}
	raw, err := polled.SyscallConn()
	if err != nil {
		return datagram{}, c.ioError(err)
	}
	defer watch(ctx, polled.SetReadDeadline)()
	return c.fill(raw.Read)
}

// watch ends a blocked read when ctx ends, by its deadline. The function it returns
// waits for that to be over, so that a late deadline cannot reach the next read.
func watch(ctx context.Context, setDeadline func(time.Time) error) (unwatch func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = setDeadline(past)
		close(done)
	})
	return func() {
		if !stop() {
			<-done
			_ = setDeadline(time.Time{})
		}
	}
}

// ReadBuffer returns the size of the kernel's receive buffer.
func (c *Conn) ReadBuffer() (size int, err error) {
	if c.file == nil {
		return c.nl.ReadBuffer()
	}
	controlErr := c.raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF) })
	return size, c.ioError(cmp.Or(controlErr, os.NewSyscallError("getsockopt", err)))
}

// granted is ReadBuffer of a socket whose buffer stays as it is, which asks once.
func (c *Conn) granted() (size int, err error) {
	if c.rcvbuf == 0 {
		c.rcvbuf, err = c.ReadBuffer()
	}
	return c.rcvbuf, c.ioErrorOf(err)
}

// setReadBuffer asks for a size of the kernel's receive buffer, beyond the system's
// limit where that is allowed.
func (c *Conn) setReadBuffer(size int) (err error) {
	if c.file == nil {
		return c.nl.SetReadBuffer(size)
	}
	controlErr := c.raw.Control(func(fd uintptr) {
		if err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size); err != nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, size)
		}
	})
	return c.ioError(cmp.Or(controlErr, os.NewSyscallError("setsockopt", err)))
}
