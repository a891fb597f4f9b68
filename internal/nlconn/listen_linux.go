package nlconn

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"unsafe"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ListenConfig is what a socket that receives events has.
type ListenConfig struct {
	Groups         []uint32
	ReadBuffer     int    // kernel buffer in bytes, forced beyond the system's limit where that is allowed
	Datagram       int    // largest datagram expected, 0 for the default
	AllNSID        bool   // events of all namespaces that have an id here
	BroadcastError bool   // count messages dropped before they reach the buffer as overruns too
	Wants          []Want // what of the groups' messages is received, nil for all
}

// Listen opens a socket for events, joined to its groups.
func (p *Pool) Listen(proto int, cfg ListenConfig) (*Conn, error) {
	sock := p.cfg
	if cfg.ReadBuffer > 0 {
		sock.ReadBuffer = cfg.ReadBuffer
	}
	c, err := p.dial(proto, sock, ownPort(), true)
	for tries := 10; errors.Is(err, unix.EADDRINUSE) && tries > 0; tries-- {
		c, err = p.dial(proto, sock, ownPort(), true)
	}
	if err != nil {
		return nil, err
	}
	if err := c.listen(cfg); err != nil {
		p.Forget(c)
		return nil, syscallError(err)
	}
	return c, nil
}

// ownPort returns an address that no other socket has had lately, unlike those that
// the kernel chooses: it gives the number of the process to the next socket as soon
// as the one before has left it, and only then removes what was bound to it. So an
// NFLOG group that the new socket has bound meanwhile is gone, and nobody is told.
//
// It is between the numbers of processes and those that the kernel takes for further
// sockets, which are negative.
func ownPort() uint32 { return 1<<30 | rand.Uint32()>>2 }

func (c *Conn) listen(cfg ListenConfig) error {
	c.shared = &shared{turn: make(chan struct{}, 1)}
	c.datagram = max(c.datagram, cfg.Datagram)
	if cfg.AllNSID {
		if err := c.nl.SetOption(netlink.ListenAllNSID, true); err != nil {
			return err
		}
		c.oob = make([]byte, unix.CmsgSpace(4))
	}
	if cfg.BroadcastError {
		if err := c.nl.SetOption(netlink.BroadcastError, true); err != nil {
			return err
		}
	}
	if cfg.Wants != nil {
		if err := c.filter(cfg.Wants); err != nil {
			return err
		}
	}
	for _, g := range cfg.Groups {
		if err := c.nl.JoinGroup(g); err != nil {
			return err
		}
	}
	return nil
}

// Join joins a multicast group.
func (c *Conn) Join(group uint32) error { return c.ioErrorOf(c.nl.JoinGroup(group)) }

// Leave leaves a multicast group.
func (c *Conn) Leave(group uint32) error { return c.ioErrorOf(c.nl.LeaveGroup(group)) }

func (c *Conn) ioErrorOf(err error) error {
	if err == nil {
		return nil
	}
	return c.ioError(syscallError(err))
}

// Groups returns the multicast groups that the socket has joined.
func (c *Conn) Groups() ([]uint32, error) {
	var groups []uint32
	var failed error
	err := c.raw.Control(func(fd uintptr) {
		for words := 1; ; {
			bits := make([]uint32, words)
			size := uint32(4 * words)
			_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_NETLINK, unix.NETLINK_LIST_MEMBERSHIPS,
				uintptr(unsafe.Pointer(&bits[0])), uintptr(unsafe.Pointer(&size)), 0)
			if errno != 0 {
				failed = os.NewSyscallError("getsockopt", errno)
				return
			}
			if need := int(size+3) / 4; need > words {
				words = need
				continue
			}
			for i, w := range bits {
				for b := range 32 {
					if w&(1<<b) != 0 {
						groups = append(groups, uint32(32*i+b+1))
					}
				}
			}
			return
		}
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, c.ioError(err)
	}
	return groups, nil
}

// ForgetOn closes a socket when ctx ends, until stop is called: what waits for it
// is woken, and nothing is left open even if nobody waits.
func (p *Pool) ForgetOn(ctx context.Context, c *Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { p.Forget(c) })
}
