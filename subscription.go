package nlkit

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlconn"
)

// subscriptionBuffer is the receive buffer of a subscription where nothing else
// is asked for: about 10,000 events wait in it, 3,600 if they are of links.
const subscriptionBuffer = 4 << 20

// Listen says what a subscription receives.
type Listen struct {
	// Op is the package and verb for errors: "link.Subscribe".
	Op string
	// Object is what the subscription is about, for [Error.Object]: a family's
	// name, a group.
	Object string
	// Protocol is the netlink protocol: NETLINK_ROUTE (0), NETLINK_GENERIC, ….
	Protocol int
	// Groups are the multicast groups to join, by number (RTNLGRP_LINK).
	Groups []uint32
	// Wants are the messages to receive of those that the groups bring, and that the
	// kernel sends to the socket alone; nil is all.
	Wants []Want
	// Datagram is the size of the largest datagram expected, in bytes, at most 16 MiB,
	// beyond what the kernel can send; 0 for 64 KiB.
	Datagram int
}

const (
	datagramMax = 16 << 20
	// bufferMax is the largest kernel buffer that can be asked for: more would be cut to
	// the lower 32 bits.
	bufferMax = math.MaxInt32
)

// describe returns the Describe of a request about the same.
func (l Listen) describe() func([]byte) string {
	if l.Object == "" {
		return nil
	}
	return func([]byte) string { return l.Object }
}

// SubscribeOption changes a subscription.
type SubscribeOption interface{ applySubscribe(*nlconn.ListenConfig) }

type subscribeOption func(*nlconn.ListenConfig)

func (o subscribeOption) applySubscribe(c *nlconn.ListenConfig) { o(c) }

// WithEventBuffer sets the kernel's receive buffer of a subscription in bytes: what
// waits there while the consumer is busy. The default, also for 0, is that of
// [WithReadBuffer], else 4 MiB. With CAP_NET_ADMIN in the first user namespace it may
// exceed the system's limit (SO_RCVBUFFORCE), without the system cuts it silently
// (net.core.rmem_max). An event takes about 420 bytes of it, one of a link 1,150. A
// negative size, or one of 2 GiB or more, is refused with
// [fs.ErrInvalid].
func WithEventBuffer(bytes int) SubscribeOption {
	return subscribeOption(func(c *nlconn.ListenConfig) { c.ReadBuffer = bytes })
}

// WithAllNamespaces makes a subscription receive the events of all network
// namespaces that have an id in this one (NETLINK_LISTEN_ALL_NSID, Linux 4.2);
// [Event.NSID] tells them apart. It takes CAP_NET_ADMIN in them, or CAP_NET_BROADCAST.
func WithAllNamespaces() SubscribeOption {
	return subscribeOption(func(c *nlconn.ListenConfig) { c.AllNSID = true })
}

// WithBroadcastError makes the kernel report to the sender of a change that this
// subscription lost the event (NETLINK_BROADCAST_ERROR).
func WithBroadcastError() SubscribeOption {
	return subscribeOption(func(c *nlconn.ListenConfig) { c.BroadcastError = true })
}

// Event is a change that the kernel announced.
type Event[T any] struct {
	// Type tells whether the object is there or gone.
	Type EventType
	// Object is the object as it is now, or as it was when it was removed: the
	// same as List would give, with what the kernel puts into events.
	Object T
	// Flags are those of the message: a route that replaced another has
	// NLM_F_REPLACE.
	Flags uint16
	// PortID is the address of the socket whose request caused the event, 0 if
	// the kernel acted by itself.
	PortID uint32
	// NSID is the id of the network namespace that the event came from, -1 for
	// the subscription's own.
	NSID int
}

// EventType tells what happened to an object.
type EventType uint8

// What happened to an object. The kernel does not tell created from changed.
const (
	Updated EventType = iota + 1 // created or changed
	Deleted                      // removed
)

// String returns "updated" or "deleted".
func (t EventType) String() string {
	switch t {
	case Updated:
		return "updated"
	case Deleted:
		return "deleted"
	}
	return "EventType(" + strconv.Itoa(int(t)) + ")"
}

// Subscription receives messages from the kernel until it is closed or its
// context ends. It starts no goroutine: whoever reads it waits for the socket.
// Reading belongs to one goroutine at a time; Close and the counters to any.
type Subscription[T any] struct {
	c      *Client
	ctx    context.Context //nolint:containedctx // the subscription lives as long as it
	req    Request         // what its errors are about
	conn   *nlconn.Conn
	decode Decode[T]
	unhook func() bool

	closed             atomic.Bool
	received, overruns atomic.Uint64
}

// Subscribe opens a subscription that has joined its groups when it returns: a
// list taken afterwards has no gap to the events. decode turns messages into
// values. ctx ends the subscription, not only this call.
func Subscribe[T any](ctx context.Context, c *Client, l Listen, decode Decode[T], opts ...SubscribeOption) (*Subscription[T], error) {
	req := Request{Op: l.Op, Describe: l.describe()}
	if c == nil || c.pool == nil {
		return nil, req.Fail(errNilClient)
	}
	if ctx.Err() != nil {
		return nil, req.Fail(nlconn.ContextError(ctx))
	}
	wants, err := listenFor(l.Wants)
	if err != nil {
		return nil, req.Fail(err)
	}
	cfg := nlconn.ListenConfig{Groups: l.Groups, Wants: wants, Datagram: l.Datagram}
	for _, o := range opts {
		if o != nil {
			o.applySubscribe(&cfg)
		}
	}
	if cfg.ReadBuffer == 0 {
		cfg.ReadBuffer = cmp.Or(c.cfg.readBuffer, subscriptionBuffer)
	}
	if cfg.ReadBuffer < 0 || cfg.ReadBuffer > bufferMax || cfg.Datagram < 0 || cfg.Datagram > datagramMax {
		return nil, req.Fail(attr.Refuse("a buffer of %d bytes for datagrams of up to %d", cfg.ReadBuffer, cfg.Datagram))
	}
	conn, err := c.pool.Listen(l.Protocol, cfg)
	if err != nil {
		return nil, req.Fail(err)
	}
	return &Subscription[T]{c: c, ctx: ctx, req: req, conn: conn, decode: decode, unhook: c.pool.ForgetOn(ctx, conn)}, nil
}

// Listen opens a subscription to raw messages; see [Subscribe]. A message is valid
// until the subscription is read again, whether or not that finds another.
func (c *Client) Listen(ctx context.Context, l Listen, opts ...SubscribeOption) (*Subscription[Message], error) {
	return Subscribe(ctx, c, l, func(m Message, v *Message) (bool, error) {
		*v = m
		return true, nil
	}, opts...)
}

// All yields what is received until the subscription ends:
//
//   - by Close, or the client's: the loop ends without an error, with
//     [net.ErrClosed] if it was the client's
//   - by its context: the last pair has the context's error
//   - by a message that cannot be decoded, or a failure of the socket: the last
//     pair has that error
//
// [ErrOverrun] is the only error after which the loop goes on: the kernel dropped
// messages. It says so at once, before the older messages that still wait in the
// buffer; what it drops, it drops behind those, until they have been read.
func (s *Subscription[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero, v T // one v for all: what is yielded is its copy
		for {
			v = zero
			err := s.ReadInto(&v)
			if err != nil {
				if s.closed.Load() && errors.Is(err, net.ErrClosed) {
					return
				}
				if !yield(zero, err) || !errors.Is(err, ErrOverrun) {
					return
				}
				continue
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// ReadInto waits for the next message and stores it into v, reusing what v holds
// where the type allows that. Its errors are those of All, and [net.ErrClosed]
// after Close.
func (s *Subscription[T]) ReadInto(v *T) error {
	_, err := s.read(v, true, time.Time{})
	return err
}

// TryRead is [Subscription.ReadInto] that does not wait: ok is false, without an
// error, if no message is there.
func (s *Subscription[T]) TryRead(v *T) (ok bool, err error) { return s.read(v, false, time.Time{}) }

// readUntil is ReadInto that waits no longer than until t.
func (s *Subscription[T]) readUntil(v *T, t time.Time) (ok bool, err error) {
	return s.read(v, true, t)
}

func (s *Subscription[T]) read(v *T, wait bool, until time.Time) (ok bool, err error) {
	var m nlconn.Message
	for {
		if until.IsZero() {
			ok, err = s.conn.Receive(&m, wait)
		} else {
			ok, err = s.conn.ReceiveUntil(&m, until)
		}
		if err != nil {
			return false, s.fail(err)
		} else if !ok {
			return false, nil
		}
		keep, err := s.decode(publicMessage(m), v)
		if err != nil {
			return false, s.fail(err)
		}
		if keep {
			s.received.Add(1)
			return true, nil
		}
	}
}

func (s *Subscription[T]) fail(err error) error {
	switch {
	case errors.Is(err, ErrOverrun), errors.Is(err, ErrTruncated):
		s.overruns.Add(1)
		err = ErrOverrun
	case s.closed.Load():
		err = net.ErrClosed
	default:
		err = s.cause(err)
	}
	return s.req.fail(nlconn.Result{Sent: true}, err)
}

// cause returns what ended the subscription's context, if that closed the socket.
func (s *Subscription[T]) cause(err error) error {
	if errors.Is(err, net.ErrClosed) && !s.closed.Load() && s.ctx.Err() != nil {
		return nlconn.ContextError(s.ctx)
	}
	return err
}

// Close ends the subscription. It never waits for the kernel or a message, may be
// called at any time and more than once, and ends a read that waits. When it returns,
// the socket is closed.
func (s *Subscription[T]) Close() error {
	if s == nil {
		return nil
	}
	s.closed.Store(true)
	s.unhook()
	s.c.pool.Forget(s.conn)
	return nil
}

// Overruns returns how often the kernel reported that it had dropped messages. It
// does not say how many.
func (s *Subscription[T]) Overruns() uint64 { return s.overruns.Load() }

// Received returns how many values were read.
func (s *Subscription[T]) Received() uint64 { return s.received.Load() }

// Join adds a multicast group.
func (s *Subscription[T]) Join(group uint32) error {
	return s.req.Fail(s.cause(s.conn.Join(group)))
}

// Leave drops a multicast group. Messages that were received before still come.
func (s *Subscription[T]) Leave(group uint32) error {
	return s.req.Fail(s.cause(s.conn.Leave(group)))
}

// Groups returns the multicast groups that the subscription has joined. It takes
// Linux 4.2.
func (s *Subscription[T]) Groups() ([]uint32, error) {
	g, err := s.conn.Groups()
	return g, s.req.Fail(s.cause(err))
}

// PortID returns the netlink address of the subscription's socket.
func (s *Subscription[T]) PortID() uint32 { return s.conn.PortID() }

// Do sends a request on the subscription's own socket, for protocols that bind
// settings to it, and waits for its acknowledgement. It may be called while another
// goroutine reads; messages that arrive meanwhile are kept for the reader, what the
// kernel echoes included: [Request.Reply] is not called, and [Request.Lookup] is.
// [ErrOverrun] says that the acknowledgement was lost, so that the outcome is not
// known.
func (s *Subscription[T]) Do(ctx context.Context, r Request) error {
	defer r.release()
	if err := r.prepare(ctx, s.c); err != nil {
		return r.Fail(err)
	}
	res, err := s.conn.Control(ctx, r.wire())
	if res.Warning != "" {
		s.c.warn(ctx, &r, res.Warning)
	}
	if err == nil && r.Lookup != nil {
		return r.Lookup(ctx, s.c)
	}
	return r.fail(res, s.cause(err))
}
