package nlconn

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nlkit/nlkit/internal/uapi"
)

// shared is what a socket has that one goroutine reads by Receive while others send
// requests by Control. Whoever reads the socket holds the turn; what it finds and
// the other one waits for, it hands over.
type shared struct {
	turn   chan struct{}
	ahead  []datagram // what Control read, for Receive; belongs to the turn
	held   int        // what ahead would take of the kernel's buffer, which is its limit
	lost   error      // the overrun that Control was told, for Receive; belongs to the turn
	sender sync.Mutex // held by Control: one request at a time
	waiter atomic.Pointer[waiter]
}

// waiter is a Control that waits for its answer.
type waiter struct {
	answers chan Message
	lost    chan struct{} // says that Receive was told of an overrun: the answer may be lost
}

// Receive stores the next message of a socket that has joined groups or is sent
// to by the kernel into m. It waits for one, or else returns false if none is there.
// [ErrOverrun] and [ErrTruncated] tell that messages were lost; the socket goes on.
func (c *Conn) Receive(m *Message, wait bool) (ok bool, err error) {
	for {
		if c.closed.Load() {
			return false, net.ErrClosed
		}
		ok, err := c.cur.into(m)
		switch {
		case err != nil:
			return false, err
		case ok && m.Type == uapi.NLMSG_OVERRUN:
			return false, ErrOverrun
		case ok && c.wants != nil && !wanted(c.wants, m):
			continue
		case ok && (m.Type >= uapi.NLMSG_MIN_TYPE || c.Proto == uapi.NETLINK_CONNECTOR):
			return true, nil // all that the connector sends is of type NLMSG_DONE
		case ok:
			continue
		}
		if c.cur, ok, err = c.read(wait); !ok || err != nil {
			return false, err
		}
	}
}

// ReceiveUntil is Receive that waits no longer than until a time.
func (c *Conn) ReceiveUntil(m *Message, t time.Time) (ok bool, err error) {
	if err := c.nl.SetReadDeadline(t); err != nil {
		return false, c.ioError(err)
	}
	ok, err = c.Receive(m, true)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		ok, err = false, nil
	}
	if reset := c.nl.SetReadDeadline(time.Time{}); err == nil && reset != nil {
		err = c.ioError(reset)
	}
	return ok, err
}

// read returns the next datagram for Receive.
func (c *Conn) read(wait bool) (d datagram, ok bool, err error) {
	for again := true; again; {
		d, ok, again, err = c.readOnce(wait)
	}
	return d, ok, err
}

// readOnce is read that a Control may interrupt, to have the turn: then it is to be
// called again.
func (c *Conn) readOnce(wait bool) (d datagram, ok, again bool, err error) {
	s := c.shared
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if err := s.lost; err != nil {
		s.lost = nil
		return datagram{}, false, false, err
	}
	if len(s.ahead) > 0 {
		d := s.ahead[0]
		s.ahead = s.ahead[1:]
		s.held -= d.cost()
		return d, true, false, nil
	}
	if wait {
		d, err = c.fill(c.raw.Read)
		ok = err == nil
	} else {
		d, ok, err = c.poll()
	}
	again = s.hand(d, err)
	return d, ok, again, err
}

// hand gives the acknowledgements in d to the Control that waits, if one does, and tells
// it if the answer may be lost. The turn is still held: who has it next finds that the
// answer is there. It reports whether that Control wants the turn.
func (s *shared) hand(d datagram, err error) (wanted bool) {
	w := s.waiter.Load()
	switch {
	case w == nil:
		return false
	case errors.Is(err, ErrOverrun), errors.Is(err, ErrTruncated):
		select {
		case w.lost <- struct{}{}:
		default:
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return true
	}
	for {
		m, ok, err := d.next()
		if err != nil || !ok {
			return false
		}
		if m.Type == uapi.NLMSG_ERROR {
			m.Data = append([]byte(nil), m.Data...)
			select {
			case w.answers <- m:
			default: // there are more answers than requests: strays
			}
		}
	}
}

// Control sends r on a socket that others may be reading by Receive, and waits for
// its acknowledgement. Nothing that arrives meanwhile is lost to Receive.
func (c *Conn) Control(ctx context.Context, r Request) (Result, error) {
	s := c.shared
	s.sender.Lock()
	defer s.sender.Unlock()
	if ctx.Err() != nil {
		return Result{}, ContextError(ctx)
	}
	w := &waiter{make(chan Message, 4), make(chan struct{}, 1)}
	s.waiter.Store(w)
	defer s.waiter.Store(nil)
	seq, err := c.send(r, uapi.NLM_F_ACK)
	if err != nil {
		return Result{}, err
	}
	res := Result{Sent: true}
	if c.Proto == uapi.NETLINK_CONNECTOR {
		return res, nil // it acknowledges nothing: see exchange
	}
	for {
		m, err := c.answer(ctx, w, seq)
		if err != nil {
			return res, err
		}
		if m.Seq != seq {
			continue // of a request that was given up
		}
		refusal, warning, err := parseError(m)
		if err != nil {
			return res, err
		}
		res.Warning = warning
		if refusal != nil {
			return res, refusal
		}
		return res, nil
	}
}

// answer waits for an acknowledgement: one that whoever reads hands over, or that with
// the sequence number seq.
func (c *Conn) answer(ctx context.Context, w *waiter, seq uint32) (Message, error) {
	lost := false
	select {
	case m := <-w.answers:
		return m, nil
	case c.shared.turn <- struct{}{}:
	case <-w.lost:
		lost = true
		c.claim()
	case <-ctx.Done():
		c.claim()
	}
	defer func() { <-c.shared.turn }()
	select {
	case <-w.lost:
		lost = true
	default:
	}
	return c.lookAhead(ctx, w.answers, seq, lost)
}

// claim takes the turn, also from one who waits for messages and would keep it until some
// come.
func (c *Conn) claim() {
	_ = c.nl.SetReadDeadline(past)
	c.shared.turn <- struct{}{}
	_ = c.nl.SetReadDeadline(time.Time{})
}

// lookAhead reads the acknowledgement with the sequence number seq, and keeps what
// else comes for Receive. It has the turn. lost says that Receive was told of an overrun
// since the request.
func (c *Conn) lookAhead(ctx context.Context, answers <-chan Message, seq uint32, lost bool) (Message, error) {
	c.buf = nil // whoever received what is in it may still look at it
	defer c.release()
	granted, err := c.granted()
	if err != nil {
		return Message{}, err
	}
	for before := granted; ; {
		select {
		case m := <-answers: // it came while the turn was waited for
			return m, nil
		default:
		}
		var d datagram
		var err error
		if c.shared.lost == nil && !lost {
			d, err = c.await(ctx)
		} else {
			// The answer may be among what was lost: it must not be waited for, nor
			// looked for behind all that was in the buffer when it came.
			var ok bool
			if d, ok, err = c.poll(); err == nil && (!ok || before < 0) {
				c.keep(d, granted)
				return Message{}, errUnknown
			}
			before -= d.cost()
		}
		switch {
		case errors.Is(err, ErrOverrun), errors.Is(err, ErrTruncated):
			c.shared.lost = err
			continue
		case err != nil:
			return Message{}, err
		}
		answer, alone := find(d, seq)
		if !alone {
			c.keep(d, granted)
		}
		if answer != nil {
			return *answer, nil
		}
	}
}

// keep leaves d for Receive, or that it was lost: where nobody reads, there is no end
// of what many Controls find.
func (c *Conn) keep(d datagram, granted int) {
	s := c.shared
	switch cost := d.cost(); {
	case len(d.b) == 0:
	case s.held+cost > granted:
		s.lost = ErrOverrun
		c.Overruns++
	default:
		d.b = bytes.Clone(d.b)
		s.ahead = append(s.ahead, d)
		s.held += cost
	}
}

// find returns a copy of the acknowledgement with the sequence number seq, if it is
// in d, and whether nothing else is.
func find(d datagram, seq uint32) (answer *Message, alone bool) {
	for n := 0; ; n++ {
		m, ok, err := d.next()
		if err != nil || !ok {
			return answer, answer != nil && n == 1 && err == nil
		}
		if m.Type == uapi.NLMSG_ERROR && m.Seq == seq {
			m.Data = append([]byte(nil), m.Data...)
			answer = &m
		}
	}
}
