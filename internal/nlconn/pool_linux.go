package nlconn

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Config is what every socket of a pool has.
type Config struct {
	// NetNS is the network namespace of the sockets, nil for that of the thread
	// that opens one. The pool closes it.
	NetNS *os.File
	// Lenient leaves strict checking of dump requests off.
	Lenient bool
	// CapAck asks the kernel not to repeat a refused request in its answer.
	CapAck bool
	// ReadBuffer and WriteBuffer are the sockets' kernel buffers in bytes, 0 for
	// the system's default.
	ReadBuffer, WriteBuffer int
	// MaxIdle is how many unused sockets are kept for each protocol.
	MaxIdle int
	// Dial opens a socket in place of the kernel's, for tests.
	Dial func(proto int) (*netlink.Conn, error)
}

// Pool keeps sockets for use by one call at a time.
type Pool struct {
	cfg  Config
	size atomic.Int64

	mu     sync.Mutex
	idle   map[int][]*Conn
	live   map[*Conn]struct{}
	closed bool
}

// NewPool returns a pool of sockets in one network namespace. It opens none yet.
func NewPool(cfg Config) *Pool {
	return &Pool{cfg: cfg, idle: map[int][]*Conn{}, live: map[*Conn]struct{}{}}
}

// Get returns an idle socket of the protocol, or a new one. It goes back by Put.
func (p *Pool) Get(proto int) (*Conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, net.ErrClosed
	}
	if idle := p.idle[proto]; len(idle) > 0 {
		c := idle[len(idle)-1]
		p.idle[proto] = idle[:len(idle)-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return p.dial(proto, p.cfg, 0, false)
}

// Put gives a socket back. It is kept only if its last exchange has ended.
func (p *Pool) Put(c *Conn) {
	if !c.unfinished { // else the one who left a dump may still look at its last message
		c.cur = datagram{}
		c.release()
	}
	p.mu.Lock()
	keep := !p.closed && !c.unfinished && len(p.idle[c.Proto]) < p.cfg.MaxIdle
	if keep {
		p.idle[c.Proto] = append(p.idle[c.Proto], c)
	}
	p.mu.Unlock()
	if !keep {
		p.Forget(c)
	}
}

// Forget closes a socket that does not go back.
func (p *Pool) Forget(c *Conn) {
	p.mu.Lock()
	delete(p.live, c)
	p.mu.Unlock()
	_ = c.Close()
}

// Idle returns how many sockets are kept and how many there are in all.
func (p *Pool) Idle() (idle, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cs := range p.idle {
		idle += len(cs)
	}
	return idle, len(p.live)
}

// Close closes all sockets, those in use included: their calls end with
// net.ErrClosed.
func (p *Pool) Close() error {
	p.mu.Lock()
	closed, live, ns := p.closed, p.live, p.cfg.NetNS
	p.closed, p.live, p.idle = true, map[*Conn]struct{}{}, nil
	p.mu.Unlock()
	if closed {
		return nil
	}
	var errs []error
	for c := range live {
		errs = append(errs, c.Close())
	}
	if ns != nil {
		errs = append(errs, ns.Close())
	}
	return errors.Join(errs...)
}

// dial opens a socket in the pool's namespace. It stays in Go's poller if polled.
func (p *Pool) dial(proto int, cfg Config, port uint32, polled bool) (*Conn, error) {
	nl, err := p.open(proto, port)
	if err != nil {
		if p.isClosed() {
			return nil, net.ErrClosed
		}
		return nil, err
	}
	c, err := newConn(proto, nl, &p.size)
	if err != nil {
		_ = nl.Close()
		return nil, err
	}
	// Options that an older kernel lacks only take something from errors and
	// filters; everything works without them.
	c.ExtendedAck = nl.SetOption(netlink.ExtendedAcknowledge, true) == nil
	if cfg.CapAck {
		_ = nl.SetOption(netlink.CapAcknowledge, true)
	}
	if !cfg.Lenient {
		c.Strict = nl.SetOption(netlink.GetStrictCheck, true) == nil
	}
	if cfg.ReadBuffer > 0 {
		err = nl.SetReadBuffer(cfg.ReadBuffer)
	}
	if cfg.WriteBuffer > 0 && err == nil {
		err = nl.SetWriteBuffer(cfg.WriteBuffer)
	}
	if err == nil && !polled && cfg.Dial == nil {
		err = c.leavePoller()
	}
	if err != nil {
		_ = c.Close()
		return nil, syscallError(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	p.live[c] = struct{}{}
	return c, nil
}

func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// open opens a socket on a thread that is in the pool's namespace, or goes there
// for it: to enter a namespace takes privileges, to be there does not. The kernel
// chooses the address if port is 0.
func (p *Pool) open(proto int, port uint32) (*netlink.Conn, error) {
	if p.cfg.Dial != nil {
		return p.cfg.Dial(proto)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cfg := &netlink.Config{MessageBufferSize: datagramSize, PID: port}
	if p.cfg.NetNS == nil || sameNamespace(p.cfg.NetNS) {
		return netlink.Dial(proto, cfg)
	}
	raw, err := p.cfg.NetNS.SyscallConn()
	if err != nil {
		return nil, err
	}
	// Should the pool be closed meanwhile, the number does not become another file's.
	var nl *netlink.Conn
	ctlErr := raw.Control(func(fd uintptr) {
		cfg.NetNS = int(fd)
		nl, err = netlink.Dial(proto, cfg)
	})
	if ctlErr != nil {
		return nil, ctlErr
	}
	return nl, err
}

// sameNamespace reports whether the calling thread is in ns.
func sameNamespace(ns *os.File) bool {
	var there, here unix.Stat_t
	raw, err := ns.SyscallConn()
	if err != nil {
		return false
	}
	ctlErr := raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &there) })
	if ctlErr != nil || err != nil || unix.Stat("/proc/thread-self/ns/net", &here) != nil {
		return false
	}
	return there.Dev == here.Dev && there.Ino == here.Ino
}
