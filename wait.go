package nlkit

import (
	"context"
	"errors"
)

// Wait returns what check finds, as soon as it finds it: at once, or after an event. l
// says which events there may be, relevant which of them are worth another look; nil is
// all. relevant sees every event, and may take note of what no look would find. check is
// called when the subscription has begun, and then after each relevant event, so that
// nothing falls between looking and waiting; it is called after lost events too, and again
// if it fails with [ErrDumpInterrupted]. It returns false to wait, and an error to give up.
//
// The error is that of check, the context's, or one of [Subscribe].
func Wait[T any](ctx context.Context, c *Client, l Listen, relevant func(Message) bool, check func(context.Context) (T, bool, error)) (T, error) {
	var zero T
	sub, err := c.Listen(ctx, l)
	if err != nil {
		return zero, err
	}
	defer sub.Close()
	for torn := 0; ; {
		v, ok, err := check(ctx)
		switch {
		case errors.Is(err, ErrDumpInterrupted):
			torn++
			err = pause(ctx, torn)
		case ok || err != nil:
			return v, err
		default:
			torn = 0
			err = awaitEvent(sub, relevant)
		}
		if err != nil {
			return zero, Request{Op: l.Op, Describe: l.describe()}.Fail(err)
		}
	}
}

// eventsAtOnce is how many events are taken in before the next look, so that it comes
// even if there is no end of them.
const eventsAtOnce = 1 << 12

// awaitEvent waits for a relevant event, or for the loss of one, and takes in those that
// have come by then: one look serves for all.
func awaitEvent(sub *Subscription[Message], relevant func(Message) bool) error {
	found := false
	for n := 0; !found || n < eventsAtOnce; n++ {
		var m Message
		ok, err := true, error(nil)
		if found {
			ok, err = sub.TryRead(&m)
		} else {
			err = sub.ReadInto(&m)
		}
		switch {
		case errors.Is(err, ErrOverrun):
			found = true
		case err != nil:
			return err
		case !ok:
			return nil
		default:
			found = relevant == nil || relevant(m) || found
		}
	}
	return nil
}
