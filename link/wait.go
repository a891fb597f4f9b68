package link

import (
	"context"
	"errors"
	"io/fs"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// WaitUp waits until a link is up, and returns it. One that is not there is waited
// for, too: a name can be waited for before the link is made.
//
// It takes no privilege. The error is the context's, and [io/fs.ErrInvalid] for a
// selector that cannot be.
func WaitUp(ctx context.Context, c *nlkit.Client, s Selector) (Link, error) {
	return wait(ctx, c, "link.WaitUp", s, func(l *Link) bool { return l.Flags.Has(FlagUp) })
}

// WaitCarrier waits until a link is up and has a carrier: until it can send. It is
// otherwise as [WaitUp].
func WaitCarrier(ctx context.Context, c *nlkit.Client, s Selector) (Link, error) {
	return wait(ctx, c, "link.WaitCarrier", s, func(l *Link) bool { return l.Flags.Has(FlagUp) && l.Carrier })
}

// WaitGone waits until there is no such link. The kernel does not tell of an
// alternative name that is taken from a link that is down: this is noticed with the next
// event of any link.
//
// It takes no privilege. The error is the context's, and [io/fs.ErrInvalid] for a
// selector that cannot be.
func WaitGone(ctx context.Context, c *nlkit.Client, s Selector) error {
	_, err := wait(ctx, c, "link.WaitGone", s, nil)
	return err
}

// wait waits until enough says so of a link; nil waits until there is none.
func wait(ctx context.Context, c *nlkit.Client, op string, s Selector, enough func(*Link) bool) (Link, error) {
	if err := s.check(); err != nil {
		return Link{}, describing(request(op, 0, 0), s.String()).Fail(err)
	}
	return nlkit.Wait(ctx, c, nlkit.Listen{
		Op: op, Object: s.String(), Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_LINK}, Wants: s.wants(),
	}, nil, func(ctx context.Context) (Link, bool, error) {
		l, err := get(ctx, c, op, s)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return l, enough == nil, nil
		case err != nil:
			return l, false, err
		}
		return l, enough != nil && enough(&l), nil
	})
}

// wants are the messages that may be about the link that s selects.
func (s Selector) wants() []nlkit.Want {
	w := nlkit.Want{Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK}}
	if s.by == byIndex {
		w.Where = []nlkit.Field{{Offset: indexOffset, Size: 4, Value: uint32(s.index)}}
	}
	return []nlkit.Want{w}
}
