package nlconn

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/uapi"
)

// A window of a batch is what is sent at once. Every item of it may be refused,
// and each refusal waits in the receive buffer until the whole window is
// processed: it must hold them all, else the outcome of items is lost.
const (
	windowItems = 256
	windowBytes = 128 << 10
	// batchBuffer is asked for as the receive buffer of a socket that sends
	// batches; where the system's limit grants less, windows are smaller.
	batchBuffer = 1 << 20
	// datagramCost is what the kernel wants of the send buffer besides a datagram.
	datagramCost = 32
)

// replyCost is what one refusal (or echo) takes of the receive buffer: the socket
// buffer that holds it is charged with its bookkeeping and its power of two.
func replyCost(r Request) int {
	n := 1024 + 2*len(r.Data)
	if r.Flags&uapi.NLM_F_ECHO != 0 {
		n += 8 << 10
	}
	return n
}

// window returns how many of reqs go into the next datagram, at least one.
func (c *Conn) window(reqs []Request) int {
	if c.Proto == uapi.NETLINK_CONNECTOR {
		return 1 // it looks at the first message of a datagram only
	}
	return window(reqs, min(windowBytes, c.sndbuf-datagramCost), c.rcvbuf)
}

func window(reqs []Request, most, rcvbuf int) int {
	bytes, cost := 0, 0
	for i, r := range reqs {
		bytes += uapi.NLMSG_HDRLEN + align(len(r.Data))
		cost += replyCost(r)
		if i > 0 && (i == windowItems || bytes > most || cost > rcvbuf) {
			return i
		}
	}
	return len(reqs)
}

// Batch sends reqs, many in a datagram. It calls reply for each message that comes
// before an item's end, warn for the kernel's words beside an acknowledgement, which it
// sends for the last item of a datagram, and done once for each item, with nil, a *KernelError, or
// the reason why the outcome is unknown; sent tells whether the item reached the
// kernel. An error of reply is the error of its item.
func (c *Conn) Batch(ctx context.Context, reqs []Request, reply func(i int, m Message) error, warn func(i int, warning string), done func(i int, sent bool, err error)) {
	if c.rcvbuf == 0 {
		if size, _ := c.ReadBuffer(); size < batchBuffer {
			_ = c.setReadBuffer(batchBuffer)
		}
		_, _ = c.granted()
	}
	if c.sndbuf == 0 {
		_ = c.raw.Control(func(fd uintptr) { c.sndbuf, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF) })
	}
	defer c.forgetOut()
	results := make([]error, 0, min(len(reqs), windowItems))
	for start := 0; start < len(reqs); {
		n := c.window(reqs[start:])
		results = results[:0]
		for range n {
			results = append(results, errUnknown)
		}
		sent, err := c.batchWindow(ctx, reqs[start:start+n], results,
			func(i int, m Message) error { return reply(start+i, m) }, func(i int, warning string) { warn(start+i, warning) })
		for i, r := range results {
			if r == errUnknown && err != nil {
				r = err
			}
			done(start+i, sent, r)
		}
		start += n
		if err != nil && !errors.Is(err, ErrOverrun) && !errors.Is(err, unix.EMSGSIZE) { // which is about one item
			for ; start < len(reqs); start++ {
				done(start, false, err)
			}
		}
	}
}

// batchWindow sends reqs as one datagram and stores each item's outcome in
// results. After an error, items that still hold errUnknown are so.
func (c *Conn) batchWindow(ctx context.Context, reqs []Request, results []error, reply func(i int, m Message) error, warn func(i int, warning string)) (sent bool, err error) {
	if ctx.Err() != nil {
		return false, ContextError(ctx)
	}
	c.out = c.out[:0]
	c.room(len(reqs))
	var first, last uint32
	for i, r := range reqs {
		flags := uint16(0)
		if i == len(reqs)-1 {
			flags = uapi.NLM_F_ACK
		}
		last = c.appendMessage(r, flags)
		if i == 0 {
			first = last
		}
	}
	if err := c.flush(); err != nil {
		return false, err
	}
	if c.Proto == uapi.NETLINK_CONNECTOR {
		c.unfinished = false // it acknowledges nothing: see exchange
		clear(results)
		return true, nil
	}
	overrun := false
	for {
		if overrun {
			// What the kernel had to say it has said; the last answer may be
			// among what was lost, so it must not be waited for.
			d, ok, err := c.poll()
			c.cur = d
			switch {
			case errors.Is(err, ErrOverrun):
				continue
			case err != nil:
				return true, err
			case !ok:
				return true, errUnknown
			}
		} else if c.cur, err = c.await(ctx); errors.Is(err, ErrOverrun) {
			overrun = true
			continue
		} else if err != nil {
			return true, err
		}
		for {
			m, ok, err := c.cur.next()
			if err != nil {
				return true, err
			}
			if !ok {
				break
			}
			i := int(m.Seq - first)
			if i < 0 || i >= len(results) {
				continue
			}
			if m.Type != uapi.NLMSG_ERROR {
				if err := reply(i, m); err != nil {
					results[i] = err
				}
				continue
			}
			refusal, warning, err := parseError(m)
			if warning != "" {
				warn(i, warning)
			}
			switch {
			case err != nil:
				return true, err
			case refusal != nil:
				results[i] = refusal
			case results[i] == errUnknown:
				results[i] = nil
			}
			if m.Seq != last {
				continue
			}
			// Items are processed in order: those that were not refused before
			// the last one was answered are done, unless answers were lost.
			c.unfinished = false
			for j, r := range results {
				if r == errUnknown && !overrun {
					results[j] = nil
				}
			}
			if overrun {
				return true, errUnknown
			}
			return true, nil
		}
	}
}
