package nlconn

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/uapi"
)

// datagram is the size of the buffer for replies. The kernel fills at most 32 KiB
// of it in a dump, but one message of a dump may be longer.
const datagramSize = 64 << 10

// past is a deadline that ends a blocked read at once.
var past = time.Unix(1, 0)

// Conn is a netlink socket with one owner at a time.
type Conn struct {
	Proto       int
	Strict      bool // the kernel checks dump requests strictly
	ExtendedAck bool // the kernel explains its errors
	Filtered    bool // the kernel drops events that are not wanted

	// Counters since the socket was opened, for whoever traces operations.
	BytesOut, BytesIn uint64
	Overruns          uint64

	nl      *netlink.Conn
	file    *os.File // in place of nl, of a socket that left the poller: see leavePoller
	raw     syscall.RawConn
	closed  atomic.Bool
	closing sync.Once
	waiting atomic.Pointer[os.File] // what a call of wait reads by

	datagram int           // the size of the largest one expected
	size     *atomic.Int64 // what the pool's sockets have met beyond that
	buf      *[]byte       // for one datagram; nil at rest
	cur      datagram      // the messages of the last one that were not yet looked at
	oob      []byte        // for the sender's namespace id; nil if it was not asked for

	// Results of the functions below, which are made once so that reading and
	// writing do not allocate.
	n, nsid  int
	err      error
	readFn   func(fd uintptr) bool
	pollFn   func(fd uintptr)
	writeErr error
	writeFn  func(fd uintptr) bool

	out []byte // the datagram that is to be sent
	seq uint32 // the last sequence number that was given

	wants  []Want  // of a socket for events, nil for all
	shared *shared // of a socket that is read and sent to at the same time, else nil

	unfinished bool // a request went out and its exchange has not ended
	rcvbuf     int  // the size of the kernel's receive buffer, 0 until asked
	sndbuf     int  // of its send buffer, of a socket that sends batches
}

// datagram is what was read at once.
type datagram struct {
	b    []byte
	nsid int // the sender's namespace id, -1 if the kernel did not say
}

// cost returns what a datagram takes of the kernel's buffer at least.
func (d datagram) cost() int { return 256 + len(d.b) }

func newConn(proto int, nl *netlink.Conn, size *atomic.Int64) (*Conn, error) {
	raw, err := nl.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{Proto: proto, nl: nl, raw: raw, datagram: datagramSize, size: size, nsid: -1, seq: rand.Uint32()}
	c.readFn = func(fd uintptr) bool {
		c.recv(int(fd))
		return !errors.Is(c.err, unix.EAGAIN)
	}
	c.pollFn = func(fd uintptr) { c.recv(int(fd)) }
	c.writeFn = func(fd uintptr) bool {
		for {
			if c.writeErr = sendto(int(fd), c.out); c.writeErr != unix.EINTR {
				return c.writeErr != unix.EAGAIN
			}
		}
	}
	return c, nil
}

// Close closes the socket and ends any call that waits for it. It may be called
// at any time, by anyone, more than once; whoever calls it, the socket is gone when
// it returns.
func (c *Conn) Close() (err error) {
	c.closed.Store(true)
	c.closing.Do(func() {
		if c.file == nil {
			err = c.nl.Close()
			return
		}
		err = c.file.Close()
		if w := c.waiting.Load(); w != nil {
			_ = w.Close() // which wakes it
		}
	})
	return err
}

// Closed reports whether Close was called.
func (c *Conn) Closed() bool { return c.closed.Load() }

// PortID returns the socket's netlink address.
func (c *Conn) PortID() uint32 { return c.nl.PID() }

// recv reads one datagram without waiting.
func (c *Conn) recv(fd int) {
	b := c.take()
	for {
		switch {
		case c.oob != nil:
			c.n, c.nsid, c.err = recvmsg(fd, b, c.oob)
		case c.shared != nil:
			c.n, c.err = recvEvent(fd, b)
		default:
			c.n, c.err = recvfrom(fd, b)
		}
		if c.err == unix.EINTR {
			continue
		}
		if c.err != nil {
			c.release()
		}
		return
	}
}

// fill waits for the next datagram by a function that calls readFn when one may be
// there, until its deadline.
func (c *Conn) fill(read func(func(fd uintptr) bool) error) (datagram, error) {
	if err := read(c.readFn); err != nil {
		c.release() // a deadline that was over at once: readFn was not called
		return datagram{}, c.ioError(err)
	}
	return c.filled()
}

// poll reads the next datagram if there is one, whatever the deadline.
func (c *Conn) poll() (d datagram, ok bool, err error) {
	if err := c.raw.Control(c.pollFn); err != nil {
		return d, false, c.ioError(err)
	}
	if errors.Is(c.err, unix.EAGAIN) {
		return d, false, nil
	}
	d, err = c.filled()
	return d, true, err
}

func (c *Conn) filled() (datagram, error) {
	switch {
	case errors.Is(c.err, unix.ENOBUFS):
		c.Overruns++
		return datagram{}, ErrOverrun
	case c.err != nil:
		return datagram{}, c.ioError(os.NewSyscallError("recvfrom", c.err))
	case c.n > len(*c.buf):
		// This one is gone; the next one of its size fits, on other sockets too.
		c.datagram = c.n + c.n/2
		c.size.Store(int64(c.datagram))
		c.release()
		return datagram{}, ErrTruncated
	}
	c.BytesIn += uint64(c.n)
	return datagram{(*c.buf)[:c.n], c.nsid}, nil
}

func (c *Conn) ioError(err error) error {
	if c.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// next returns the next message of the datagram; ok is false at its end.
func (d *datagram) next() (m Message, ok bool, err error) {
	ok, err = d.into(&m)
	return m, ok, err
}

// into is next without copying the message.
func (d *datagram) into(m *Message) (ok bool, err error) {
	if len(d.b) < uapi.NLMSG_HDRLEN {
		d.b = nil
		return false, nil
	}
	n := int(binary.NativeEndian.Uint32(d.b))
	end := align(n)
	if n < uapi.NLMSG_HDRLEN || n > len(d.b) {
		size := len(d.b)
		d.b = nil
		return false, fmt.Errorf("%w: length %d of %d", ErrMalformed, n, size)
	}
	m.Type, m.Flags = binary.NativeEndian.Uint16(d.b[4:]), binary.NativeEndian.Uint16(d.b[6:])
	m.Seq, m.PID = binary.NativeEndian.Uint32(d.b[8:]), binary.NativeEndian.Uint32(d.b[12:])
	m.NSID, m.Data = d.nsid, d.b[uapi.NLMSG_HDRLEN:n]
	d.b = d.b[min(end, len(d.b)):] // the last message may come without its padding
	return true, nil
}

// syscallError takes mdlayher/netlink's wrapping off: the operation is named by
// whoever reports the error.
func syscallError(err error) error {
	if oe, ok := errors.AsType[*netlink.OpError](err); ok {
		return oe.Err
	}
	return err
}

// await waits for the next datagram under ctx. The kernel has answered by the
// time that a send returns, so mostly the datagram is there and ctx costs
// nothing; an answer that is there is taken even if ctx has ended, because it
// tells what became of the request.
func (c *Conn) await(ctx context.Context) (datagram, error) {
	if d, ok, err := c.poll(); ok || err != nil {
		return d, err
	}
	if err := ctx.Err(); err != nil {
		return datagram{}, ContextError(ctx)
	}
	d, err := c.wait(ctx)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return d, err
	}
	if d, ok, err := c.poll(); ok || err != nil {
		return d, err
	}
	return datagram{}, ContextError(ctx)
}
