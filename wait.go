package nlkit

import (
	"context"
	"errors"
)

// Wait returns what check finds, as soon as it finds it: at once, or after an event. l
// says which events there may be, relevant which of them are worth another look; nil is
// all. check is called when the subscription has begun, and then after each relevant
// event, so that nothing falls between looking and waiting; it is called after lost
// events too. It returns false to wait, and an error to give up.
//
// The error is that of check, the context's, or one of [Subscribe].
func Wait[T any](ctx context.Context, c *Client, l Listen, relevant func(Message) bool, check func(context.Context) (T, bool, error)) (T, error) {
	var zero T
	sub, err := c.Listen(ctx, l)
	if err != nil {
		return zero, err
	}
	defer sub.Close()
	for {
		if v, ok, err := check(ctx); ok || err != nil {
			return v, err
		}
		if err := awaitEvent(sub, relevant); err != nil {
			return zero, err
		}
	}
}

// awaitEvent waits for a relevant event, or for the loss of one, and takes in all that
// have come by then: one look serves for all.
func awaitEvent(sub *Subscription[Message], relevant func(Message) bool) error {
	for found := false; ; {
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
			found = found || relevant == nil || relevant(m)
		}
	}
}
