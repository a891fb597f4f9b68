package nlkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nlconn"
)

// Client talks to the kernel. It keeps a pool of netlink sockets, opened when they
// are needed and each owned by one call at a time; it is safe for concurrent use.
// The zero Client is not usable: see [New].
type Client struct {
	cfg    config
	pool   *nlconn.Pool
	closed atomic.Bool

	caps   atomic.Pointer[Capabilities] // nil until asked for
	values sync.Map                     // see Value
}

// New returns a client for the network namespace of the calling thread, or the
// one that an option names. It opens no socket yet and takes no privilege by
// itself: reading most objects takes none, writing takes CAP_NET_ADMIN.
//
// It returns an *[Error] that is [io/fs.ErrNotExist] for a namespace that is not
// there, [io/fs.ErrInvalid] for options that contradict each other, and
// [errors.ErrUnsupported] on other systems than Linux.
func New(opts ...Option) (*Client, error) {
	cfg := config{maxIdle: 4, retries: 10, logger: slog.New(slog.DiscardHandler)}
	for _, o := range opts {
		if o != nil {
			o.apply(&cfg)
		}
	}
	req := Request{Op: "nlkit.New"}
	if runtime.GOOS != "linux" {
		return nil, req.Fail(errors.ErrUnsupported)
	}
	if cfg.logger == nil {
		cfg.logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case len(cfg.ns) > 1:
		return nil, req.Fail(attr.Refuse("%s and %s: a client has one network namespace", cfg.ns[0], cfg.ns[1]))
	case cfg.readBuffer < 0 || cfg.writeBuffer < 0 || cfg.maxIdle < 0 || cfg.retries < 0:
		return nil, req.Fail(attr.Refuse("negative option"))
	case cfg.readBuffer > bufferMax || cfg.writeBuffer > bufferMax:
		return nil, req.Fail(attr.Refuse("a buffer of more than %d bytes", bufferMax))
	}
	var ns *os.File
	var err error
	if len(cfg.ns) == 1 {
		req.Describe = func([]byte) string { return cfg.ns[0].String() }
		if ns, err = cfg.ns[0].Open(); err != nil {
			return nil, req.Fail(err)
		}
	} else if ns, err = netns.Current(); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		// Sockets are opened when they are needed, on whatever thread: pin the namespace
		// now. Only where /proc does not show it is there nothing to pin it with.
		return nil, req.Fail(err)
	}
	pool := nlconn.Config{
		NetNS: ns, Lenient: cfg.lenient, CapAck: cfg.capAck,
		ReadBuffer: cfg.readBuffer, WriteBuffer: cfg.writeBuffer, MaxIdle: cfg.maxIdle,
	}
	if cfg.pool != nil {
		cfg.pool(&pool)
	}
	return &Client{cfg: cfg, pool: nlconn.NewPool(pool)}, nil
}

// Close closes all sockets. Calls that are under way, and subscriptions, end with
// [net.ErrClosed]. Closing twice is allowed.
func (c *Client) Close() error {
	if c == nil || c.pool == nil || c.closed.Swap(true) {
		return nil
	}
	return c.pool.Close()
}

// Value returns what a package keeps with the client under key, and has make make it
// the first time: a package that learns something from the kernel, as genl learns
// the numbers of families, keeps it here and not in a variable of its own. A key is
// a value of a type that the package does not export. What make returns must be safe
// for concurrent use, and cheap: of what calls at the same time made, one is kept.
func (c *Client) Value(key any, make func() any) any {
	if c == nil {
		return make()
	}
	v, ok := c.values.Load(key)
	if !ok {
		v, _ = c.values.LoadOrStore(key, make())
	}
	return v
}

// Request is one message to the kernel, and what is needed to speak of it. The
// packages for links, routes and so on make them; a program that defines a
// netlink subsystem of its own makes its own.
type Request struct {
	// Op is the package and verb for errors and traces: "link.Add".
	Op string
	// Protocol is the netlink protocol: NETLINK_ROUTE (0), NETLINK_GENERIC, ….
	Protocol int
	// Type is the message type, such as RTM_NEWLINK.
	Type uint16
	// Flags are NLM_F_CREATE, NLM_F_EXCL and such. NLM_F_REQUEST, NLM_F_ACK and
	// NLM_F_DUMP are added by the method that sends the request.
	Flags uint16
	// Data is the message behind its netlink header: the protocol's own header,
	// padded to a multiple of four bytes, then attributes. It must not be
	// changed until the request is done.
	Data []byte

	// Header is the length of the protocol's own header in Data.
	Header int
	// Schema names the attributes behind that header, for errors; nil if unknown.
	Schema attr.Schema
	// Describe returns what the request is about, for [Error.Object], from its
	// Data. It is called only when there is an error. nil says nothing.
	Describe func(data []byte) string

	// Prepare is called right before the request is sent, each time that it is, with
	// the client that sends it; for an item of a batch that is when the batch is
	// sent. It completes the request by what only the running kernel knows, such as
	// the number of a generic netlink family, or refuses it by an error. nil for a
	// request that is complete.
	Prepare func(ctx context.Context, c *Client, r *Request) error
	// Reply is given the messages that come before the acknowledgement of a Do:
	// what NLM_F_ECHO asks for. Its Message is valid until it returns.
	Reply func(Message) error
	// Lookup is called after a Do that was acknowledged without any message for
	// Reply: it fetches by a request of its own what the kernel did not echo. Its
	// error is that of the Do. A Reply that is not content with a message, such as one
	// that tells only what to look for, returns [ErrNoReply]: Lookup is called then.
	Lookup func(ctx context.Context, c *Client) error
	// Release is called once when a Do is done with: answered, failed, or dropped
	// with its batch. It closes what the message refers to.
	Release func()

	attempt int // which pass of a List this is, for traces
}

// Message is a message from the kernel.
type Message struct {
	// Type is the message type, such as RTM_NEWLINK.
	Type uint16
	// Flags are the flags of the netlink header (NLM_F_…).
	Flags uint16
	// PortID is the address of the socket whose request caused an event, 0 if
	// the kernel acted by itself.
	PortID uint32
	// NSID is the id of the network namespace that an event came from, -1 for the
	// subscription's own; see [WithAllNamespaces].
	NSID int
	// Data is the message behind its netlink header. It is part of a buffer that all
	// sockets use again: it is valid until the function that it was given to returns.
	Data []byte
}

func publicMessage(m nlconn.Message) Message {
	return Message{Type: m.Type, Flags: m.Flags, PortID: m.PID, NSID: m.NSID, Data: m.Data}
}

func (r *Request) wire() nlconn.Request {
	return nlconn.Request{Type: r.Type, Flags: r.Flags, Data: r.Data}
}

func (r *Request) prepare(ctx context.Context, c *Client) error {
	if r.Prepare == nil {
		return nil
	}
	heap := *r // only what is given away by its address is allocated
	defer func() { *r = heap }()
	return r.Prepare(ctx, c, &heap)
}

func (r *Request) release() {
	if r.Release != nil {
		r.Release()
	}
}

// take gives a message to Reply, and notes in echoed that there is nothing to look up.
func (r *Request) take(m nlconn.Message, echoed *bool) error {
	err := r.Reply(publicMessage(m))
	if r.Lookup != nil && errors.Is(err, ErrNoReply) {
		return nil
	}
	*echoed = true
	return err
}

// Doer does requests that change something: a *[Client] at once, a *[Batch] when
// it is sent.
type Doer interface {
	// Do does, or queues, a request that the kernel acknowledges. An error tells
	// that it was refused, by the kernel or before it was sent.
	Do(ctx context.Context, r Request) error
}

// Do gives r to d. Unlike d.Do it can be called with a nil d, which is an error.
func Do(ctx context.Context, d Doer, r Request) error {
	if d == nil {
		r.release()
		return r.Fail(errNilClient)
	}
	return d.Do(ctx, r)
}

// Do sends a request and waits for its acknowledgement. Once the request was
// sent, its answer is read even if ctx ends, because it is there.
func (c *Client) Do(ctx context.Context, r Request) error {
	defer r.release()
	echoed := false
	err := c.with(ctx, &r, func(conn *nlconn.Conn) (nlconn.Result, error) {
		if r.Reply == nil {
			return conn.Do(ctx, r.wire(), nil)
		}
		return conn.Do(ctx, r.wire(), func(m nlconn.Message) error { return r.take(m, &echoed) })
	})
	if err == nil && r.Lookup != nil && !echoed {
		return r.Lookup(ctx, c)
	}
	return err
}

// Query sends a request that is answered by one message instead of an
// acknowledgement, and gives that message to reply. A request that the kernel
// answers with neither message nor error is waited for until ctx ends: where that
// may be, use Do with [Request.Reply]. A reply that is too long for the buffer is asked
// for once more.
func (c *Client) Query(ctx context.Context, r Request, reply func(Message) error) error {
	return c.with(ctx, &r, func(conn *nlconn.Conn) (res nlconn.Result, err error) {
		for range 2 { // a reply that was too long for the buffer fits the second time
			res, err = conn.Query(ctx, r.wire(), func(m nlconn.Message) error { return reply(publicMessage(m)) })
			if !errors.Is(err, ErrTruncated) {
				break
			}
		}
		return res, err
	})
}

// Dump sends a request for all objects of a kind (NLM_F_DUMP) and yields the
// messages of the answer. Each is valid until the next. The last pair may be an
// error: of the kernel, of ctx, or [ErrDumpInterrupted] after all messages of an
// answer that is not consistent. Breaking out of the loop leaves the rest of the
// answer unread and costs nothing. [List] and [All] decode, and List retries.
func (c *Client) Dump(ctx context.Context, r Request) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		stopped := false
		_, err := c.dump(ctx, &r, func(m nlconn.Message) (more bool, err error) {
			stopped = !yield(publicMessage(m), nil)
			return !stopped, nil
		})
		if err != nil && !stopped {
			yield(Message{}, err)
		}
	}
}

// dump is one pass over the answer of a dump; interrupted tells that it failed
// in a way that another pass may heal. An error of yield is that of the dump.
func (c *Client) dump(ctx context.Context, r *Request, yield func(nlconn.Message) (more bool, err error)) (interrupted bool, err error) {
	pass := *r // the next one is prepared anew
	err = c.with(ctx, &pass, func(conn *nlconn.Conn) (nlconn.Result, error) {
		more, failed := true, error(nil)
		res, err := conn.Dump(ctx, pass.wire(), func(m nlconn.Message) bool {
			more, failed = yield(m)
			return more && failed == nil
		})
		switch {
		case failed != nil:
			err = failed
		case err == nil && more && res.Interrupted:
			err = ErrDumpInterrupted
		}
		return res, err
	})
	return errors.Is(err, ErrDumpInterrupted) || errors.Is(err, ErrTruncated), err
}

// with runs one exchange on a socket of the pool, and traces it.
func (c *Client) with(ctx context.Context, r *Request, exchange func(*nlconn.Conn) (nlconn.Result, error)) error {
	if c == nil || c.pool == nil {
		return r.Fail(errNilClient)
	}
	if c.cfg.trace == nil {
		return c.run(ctx, r, exchange, nil)
	}
	t := Trace{Op: r.Op, Retries: r.attempt}
	start := time.Now()
	t.Err = c.run(ctx, r, exchange, &t)
	t.Duration = time.Since(start)
	c.cfg.trace(ctx, t)
	return t.Err
}

func (c *Client) run(ctx context.Context, r *Request, exchange func(*nlconn.Conn) (nlconn.Result, error), t *Trace) error {
	if ctx.Err() != nil {
		return r.Fail(nlconn.ContextError(ctx))
	}
	if err := r.prepare(ctx, c); err != nil {
		return r.Fail(err)
	}
	conn, err := c.pool.Get(r.Protocol)
	if err != nil {
		return r.Fail(err)
	}
	defer c.pool.Put(conn)
	out, in, lost := conn.BytesOut, conn.BytesIn, conn.Overruns
	res, err := exchange(conn)
	if t != nil {
		t.Sent, t.Received, t.Overruns = conn.BytesOut-out, conn.BytesIn-in, conn.Overruns-lost
	}
	if res.Warning != "" {
		c.warn(ctx, r, res.Warning)
	}
	return r.fail(res, err)
}

func (c *Client) warn(ctx context.Context, r *Request, warning string) {
	object := ""
	if r.Describe != nil {
		object = r.Describe(r.Data)
	}
	c.cfg.logger.WarnContext(ctx, warning, "op", r.Op, "object", object)
}

// String describes the client for logs.
func (c *Client) String() string {
	if c == nil || c.pool == nil {
		return "nlkit.Client(nil)"
	}
	idle, all := c.pool.Idle()
	return fmt.Sprintf("nlkit.Client(%d sockets, %d idle)", all, idle)
}
