// Package nlfake is a scripted kernel: a netlink socket whose other end is a
// function. It lets tests say what no real kernel says on demand.
package nlfake

import (
	"encoding/binary"
	"errors"
	"iter"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Handler answers the requests of one datagram, with datagrams built by [Join].
// It runs while they are sent: what it returns is queued before the sender goes
// on, as with the real kernel.
type Handler func(s *Socket, reqs []netlink.Message) [][]byte

// Socket is one end of a conversation with the scripted kernel.
type Socket struct {
	*os.File // the program's end
	kernel   *os.File
	handle   Handler
	joined   func(group uint32)
	mu       sync.Mutex
	closed   bool
	groups   map[uint32]bool
}

// Kernel makes sockets whose requests handle answers.
type Kernel struct {
	Handle Handler
	// Joined is called when a socket has joined a group, unless it is nil.
	Joined func(group uint32)

	mu      sync.Mutex
	sockets []*Socket
}

// Dial opens a socket: the seam of nlconn.Config.
func (k *Kernel) Dial(int) (*netlink.Conn, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	for _, fd := range fds {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 4<<20)
	}
	s := &Socket{File: os.NewFile(uintptr(fds[0]), "netlink"), kernel: os.NewFile(uintptr(fds[1]), "kernel"), handle: k.Handle, joined: k.Joined}
	k.mu.Lock()
	k.sockets = append(k.sockets, s)
	k.mu.Unlock()
	return netlink.NewConn(s, 1), nil
}

// Dials returns how many sockets were opened.
func (k *Kernel) Dials() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.sockets)
}

// Last returns the socket opened last.
func (k *Kernel) Last() *Socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sockets[len(k.sockets)-1]
}

// Multicast sends a datagram to all sockets that have joined a group.
func (k *Kernel) Multicast(group uint32, datagram []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.sockets {
		s.mu.Lock()
		joined := s.groups[group] && !s.closed
		s.mu.Unlock()
		if !joined {
			continue
		}
		if err := s.Push(datagram); err != nil {
			return err
		}
	}
	return nil
}

// Push sends a datagram to the program unasked.
func (s *Socket) Push(datagram []byte) error {
	_, err := s.kernel.Write(datagram)
	return err
}

// Close closes both ends.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.File.Close(), s.kernel.Close())
}

// Send is not used: the program writes through SyscallConn.
func (s *Socket) Send(netlink.Message) error { return errors.ErrUnsupported }

// SendMessages is not used: the program writes through SyscallConn.
func (s *Socket) SendMessages([]netlink.Message) error { return errors.ErrUnsupported }

// SyscallConn gives access to the program's end.
func (s *Socket) SyscallConn() (syscall.RawConn, error) {
	raw, err := s.File.SyscallConn()
	return rawConn{raw, s}, err
}

// A rawConn is the program's end, whose datagrams the kernel has answered by the time
// that they are written.
type rawConn struct {
	syscall.RawConn
	s *Socket
}

func (r rawConn) Write(f func(fd uintptr) bool) error {
	if err := r.RawConn.Write(f); err != nil {
		return err
	}
	return r.s.process()
}

// process answers the datagram that was written, if one was: the program may have been
// refused it.
func (s *Socket) process() error {
	kernel, err := s.kernel.SyscallConn()
	if err != nil {
		return err
	}
	var b []byte
	controlErr := kernel.Control(func(fd uintptr) {
		var n int
		if n, _, err = unix.Recvfrom(int(fd), nil, unix.MSG_PEEK|unix.MSG_TRUNC); err == nil {
			b = make([]byte, n)
			_, err = unix.Read(int(fd), b)
		}
	})
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	if err := errors.Join(controlErr, err); err != nil {
		return err
	}
	ms, err := split(b)
	if err != nil {
		return err
	}
	for _, d := range s.handle(s, ms) {
		if err := s.Push(d); err != nil {
			return os.NewSyscallError("sendmsg", err)
		}
	}
	return nil
}

// split takes a datagram apart.
func split(b []byte) (ms []netlink.Message, err error) {
	for len(b) > 0 {
		if len(b) < unix.NLMSG_HDRLEN {
			return nil, errors.New("half a message")
		}
		n := int(binary.NativeEndian.Uint32(b))
		if n < unix.NLMSG_HDRLEN || n > len(b) {
			return nil, errors.New("a message is longer than its datagram")
		}
		var m netlink.Message
		if err := m.UnmarshalBinary(b[:n]); err != nil {
			return nil, err
		}
		ms = append(ms, m)
		b = b[n:]
	}
	return ms, nil
}

// SetDeadline and its kin are those of the program's end.
func (s *Socket) SetDeadline(t time.Time) error      { return s.File.SetDeadline(t) }
func (s *Socket) SetReadDeadline(t time.Time) error  { return s.File.SetReadDeadline(t) }
func (s *Socket) SetWriteDeadline(t time.Time) error { return s.File.SetWriteDeadline(t) }

// JoinGroup makes the socket one that Multicast sends to.
func (s *Socket) JoinGroup(group uint32) error {
	err := s.setGroup(group, true)
	if s.joined != nil {
		s.joined(group)
	}
	return err
}

// LeaveGroup undoes JoinGroup.
func (s *Socket) LeaveGroup(group uint32) error { return s.setGroup(group, false) }

func (s *Socket) setGroup(group uint32, joined bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups == nil {
		s.groups = map[uint32]bool{}
	}
	s.groups[group] = joined
	return nil
}

// What a netlink socket takes besides is accepted.
func (s *Socket) SetOption(netlink.ConnOption, bool) error { return nil }
func (s *Socket) SetReadBuffer(int) error                  { return nil }
func (s *Socket) SetWriteBuffer(int) error                 { return nil }
func (s *Socket) ReadBuffer() (int, error)                 { return 212992, nil }
func (s *Socket) WriteBuffer() (int, error)                { return 212992, nil }

// Receive is not used: the program reads through SyscallConn.
func (s *Socket) Receive() ([]netlink.Message, error) { return nil, errors.ErrUnsupported }

// ReceiveIter is not used: the program reads through SyscallConn.
func (s *Socket) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return func(yield func(netlink.Message, error) bool) { yield(netlink.Message{}, errors.ErrUnsupported) }
}

// Reply is a message that answers req.
func Reply(req netlink.Message, typ, flags uint16, data []byte) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{
			Type: netlink.HeaderType(typ), Flags: netlink.HeaderFlags(flags),
			Sequence: req.Header.Sequence, PID: req.Header.PID,
		},
		Data: data,
	}
}

// Ack acknowledges req, or refuses it with errno. tlvs is an extended
// acknowledgement.
func Ack(req netlink.Message, errno syscall.Errno, tlvs []byte) netlink.Message {
	data := binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno)))
	flags := uint16(0)
	if errno == 0 {
		h, _ := (&netlink.Message{Header: netlink.Header{Length: 16, Type: req.Header.Type, Sequence: req.Header.Sequence}}).MarshalBinary()
		data = append(data, h...)
		flags |= unix.NLM_F_CAPPED
	} else {
		data = append(data, Join(req)...)
	}
	if tlvs != nil {
		flags |= unix.NLM_F_ACK_TLVS
		data = append(data, tlvs...)
	}
	return Reply(req, unix.NLMSG_ERROR, flags, data)
}

// Done ends a dump.
func Done(req netlink.Message, flags uint16, errno syscall.Errno) netlink.Message {
	return Reply(req, unix.NLMSG_DONE, unix.NLM_F_MULTI|flags, binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno))))
}

// Join puts messages into one datagram.
func Join(ms ...netlink.Message) []byte {
	var b []byte
	for _, m := range ms {
		padded := append(m.Data[:len(m.Data):len(m.Data)], make([]byte, (4-len(m.Data)%4)%4)...)
		h := m.Header
		h.Length = uint32(16 + len(m.Data))
		b = binary.NativeEndian.AppendUint32(b, h.Length)
		b = binary.NativeEndian.AppendUint16(b, uint16(h.Type))
		b = binary.NativeEndian.AppendUint16(b, uint16(h.Flags))
		b = binary.NativeEndian.AppendUint32(b, h.Sequence)
		b = binary.NativeEndian.AppendUint32(b, h.PID)
		b = append(b, padded...)
	}
	return b
}
