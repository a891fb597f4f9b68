package link

import (
	"context"
	"iter"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Watch follows the links, or those that the options match: first all that there are,
// then each that is made, changes or is deleted. See [nlkit.Watch]. A link that no
// longer matches is told as removed, and a link is the same as long as it has the
// same index. Counters, ages and timers are those of the moment when something else
// changed: a change of them alone is not told.
//
// It takes no privilege. The error is [io/fs.ErrInvalid] for options that cannot be:
// virtual functions and other network namespaces are not watched.
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Link], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects. The key is the index.
func Source(opts ...ListOption) (nlkit.Source[Link, int], error) {
	req, q, err := listRequest("link.Watch", opts)
	switch {
	case err != nil:
	case q.vfs:
		err = req.Fail(attr.Refuse("virtual functions have no events: they cannot be watched"))
	case q.nsid != nil:
		err = req.Fail(attr.Refuse("links of another network namespace: watch them with a client that works there"))
	}
	if err != nil {
		return nlkit.Source[Link, int]{}, err
	}
	return nlkit.Source[Link, int]{
		Op: req.Op, Protocol: req.Protocol, Groups: []uint32{uapi.RTNLGRP_LINK},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Link, error] {
			return nlkit.All(ctx, c, req, q.decode)
		},
		Event: q.decodeEvent,
		Match: func(l *Link) bool { return q.matches(l) },
		Key:   func(l *Link) int { return l.Index },
		Equal: equal,
	}, nil
}

// decodeEvent is [decodeEvent] for what a watch reads.
func (q *query) decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	ok, err := decodeEvent(m, e)
	return ok, err
}

// equal reports whether two links are the same, but for what changes all the time.
func equal(a, b *Link) bool {
	x, y := *a, *b
	for _, l := range []*Link{&x, &y} {
		l.Stats, l.Reason, l.Moved = nil, 0, nil
	}
	return reflect.DeepEqual(&x, &y)
}
