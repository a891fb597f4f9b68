package nlkit

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/nlkit/nlkit/internal/nlconn"
)

// Decode turns a message into a value of a package's type. It stores into v, which
// is zero, and copies what it keeps of the message. It returns false for a
// message that is not meant: of another type, or filtered out.
type Decode[T any] func(m Message, v *T) (keep bool, err error)

// List returns all objects that a dump gives, complete and consistent: when the
// kernel says that they changed while it listed them, it is asked again, as
// [WithDumpRetries] says, and in the end the error is [ErrDumpInterrupted]. With
// an error there is no slice.
func List[T any](ctx context.Context, c *Client, r Request, decode Decode[T]) ([]T, error) {
	spare := 0 // what was too long for the buffer did not change: it fits the next time
	for attempt := 0; ; attempt++ {
		r.attempt = attempt
		items := collector[T]{expected: c.lastCount(&r)}
		again, err := c.dump(ctx, &r, func(m nlconn.Message) (more bool, err error) {
			keep, err := decode(publicMessage(m), items.push())
			if !keep {
				items.pop()
			}
			return true, err
		})
		switch {
		case err == nil:
			all := items.slice()
			c.setCount(&r, len(all))
			return all, nil
		case spare == 0 && errors.Is(err, ErrTruncated):
			spare = 1
		case !again || attempt-spare >= c.cfg.retries:
			return nil, err
		}
		c.cfg.logger.DebugContext(ctx, "dump started again", "op", r.Op, "attempt", attempt+1, "reason", err)
		if err := pause(ctx, attempt); err != nil {
			return nil, r.Fail(err)
		}
	}
}

// All yields the objects that a dump gives, one at a time, as they come: memory
// does not grow with their number. At most one error comes, and comes last; it is
// [ErrDumpInterrupted] after all objects if the kernel says that they changed
// meanwhile. Breaking out of the loop is free, and ranging again asks again.
func All[T any](ctx context.Context, c *Client, r Request, decode Decode[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero, v T // one v for all: what is yielded is its copy
		stopped := false
		_, err := c.dump(ctx, &r, func(m nlconn.Message) (more bool, err error) {
			v = zero
			keep, err := decode(publicMessage(m), &v)
			if err != nil {
				return false, err
			}
			stopped = keep && !yield(v, nil)
			return !stopped, nil
		})
		if err != nil && !stopped {
			yield(zero, err)
		}
	}
}

// pause waits between two attempts, longer each time.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Millisecond << min(attempt, 6))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return nlconn.ContextError(ctx)
	case <-t.C:
		return nil
	}
}
