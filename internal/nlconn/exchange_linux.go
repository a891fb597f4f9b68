package nlconn

import (
	"context"
	"errors"
	"fmt"

	"github.com/nlkit/nlkit/internal/uapi"
)

// Result says how an exchange went besides its error.
type Result struct {
	Sent        bool   // the request reached the kernel
	Interrupted bool   // a dump's data changed while it was read
	Warning     string // the kernel's words beside an acknowledgement
}

// Do sends r and waits for its acknowledgement. Messages that come before it (an
// echo, a reply) go to reply, if that is not nil.
func (c *Conn) Do(ctx context.Context, r Request, reply func(Message) error) (Result, error) {
	return c.exchange(ctx, r, uapi.NLM_F_ACK, func(m Message) (bool, error) {
		if reply == nil {
			return true, nil
		}
		return true, reply(m)
	})
}

// Query sends r, which is answered by one message and no acknowledgement, and
// gives the answer to reply.
func (c *Conn) Query(ctx context.Context, r Request, reply func(Message) error) (Result, error) {
	answered := false
	res, err := c.exchange(ctx, r, 0, func(m Message) (bool, error) {
		answered = true
		return m.Flags&uapi.NLM_F_MULTI != 0, reply(m)
	})
	if err == nil && !answered {
		err = ErrNoReply
	}
	return res, err
}

// errStop ends a dump that its reader broke out of.
var errStop = errors.New("stop")

// Dump sends r and gives each message of the reply to yield, until that returns
// false: then the rest is not read, and the socket is of no further use. Its end is
// NLMSG_DONE and nothing else: the dumps of some families lack NLM_F_MULTI. (netdev)
func (c *Conn) Dump(ctx context.Context, r Request, yield func(Message) bool) (Result, error) {
	res, err := c.exchange(ctx, r, uapi.NLM_F_DUMP, func(m Message) (bool, error) {
		if !yield(m) {
			return false, errStop
		}
		return true, nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return res, err
}

// exchange sends r and reads until its answer has ended: by an acknowledgement,
// an error, the end of a dump, or when deliver returns false. An error of deliver
// ends it too, and leaves the socket unfinished unless the answer is over.
func (c *Conn) exchange(ctx context.Context, r Request, flags uint16, deliver func(Message) (more bool, err error)) (Result, error) {
	var res Result
	if ctx.Err() != nil {
		return res, ContextError(ctx)
	}
	seq, err := c.send(r, flags)
	if err != nil {
		return res, err
	}
	res.Sent = true
	if c.Proto == uapi.NETLINK_CONNECTOR {
		// It has done a request when it has taken it, and acknowledges none.
		c.unfinished = false
		return res, nil
	}

	var failed error // what deliver said; the answer is read to its end all the same if that is near
	for {
		if c.cur, err = c.await(ctx); err != nil {
			return res, err
		}
		for {
			m, ok, err := c.cur.next()
			if err != nil {
				return res, err
			}
			if !ok {
				break
			}
			if m.Seq != seq {
				continue // a stray
			}
			if m.Flags&uapi.NLM_F_DUMP_INTR != 0 {
				res.Interrupted = true
			}
			switch m.Type {
			case uapi.NLMSG_NOOP:
				continue
			case uapi.NLMSG_OVERRUN:
				return res, ErrOverrun
			case uapi.NLMSG_ERROR, uapi.NLMSG_DONE:
				parse := parseError
				if m.Type == uapi.NLMSG_DONE {
					parse = parseDone
				}
				refusal, warning, err := parse(m)
				if err != nil {
					return res, err
				}
				c.unfinished = false
				res.Warning = warning
				if refusal != nil && failed == nil {
					return res, refusal
				}
				return res, failed
			}
			if failed != nil {
				continue
			}
			more, err := deliver(m)
			switch {
			case err != nil && (flags == uapi.NLM_F_DUMP || m.Flags&uapi.NLM_F_MULTI != 0):
				return res, err
			case err != nil && more:
				failed = err
			case !more:
				c.unfinished = false
				return res, err
			}
		}
		if err := ctx.Err(); err != nil && flags == uapi.NLM_F_DUMP {
			return res, ContextError(ctx)
		}
	}
}

// errUnknown is the outcome of a batch's item whose answer was lost.
var errUnknown = fmt.Errorf("outcome unknown: %w", ErrOverrun)
