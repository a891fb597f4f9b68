package link

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a link that was made, changed or deleted. It has Stats. A link that
// moved to another network namespace is deleted in its old one: see
// [Link.Moved].
type Event = nlkit.Event[Link]

// Subscribe receives an event for each link that is made, changes or is deleted,
// until the subscription is closed or ctx ends. It has begun when Subscribe
// returns: a list taken then misses nothing. `ip monitor link`
//
// It takes no privilege. What the subscription yields as errors is said at
// [nlkit.Subscription.All].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op: "link.Subscribe", Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_LINK},
	}, decodeEvent, opts...)
}

func decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	ok, err := decodeHead(m, e)
	if !ok || err != nil {
		return false, err
	}
	return true, e.Object.decode(m.Data, true)
}

// decodeHead decodes an event but for its object.
func decodeHead(m nlkit.Message, e *Event) (bool, error) {
	switch m.Type {
	case uapi.RTM_NEWLINK:
		*e = Event{Type: nlkit.Updated}
	case uapi.RTM_DELLINK:
		*e = Event{Type: nlkit.Deleted}
	default:
		return false, nil
	}
	if !describesLink(m.Data) {
		return false, nil
	}
	e.Flags, e.PortID, e.NSID = m.Flags, m.PortID, m.NSID
	return true, nil
}

// describesLink reports whether a message is of a link as a whole. The same group
// and types carry what bridges say of their ports, where a deletion means that the
// link left the bridge, and the events of wireless drivers.
func describesLink(b []byte) bool {
	h, attrs, err := splitHeader(b)
	if err != nil {
		return true // for the decoder to complain about
	}
	if h.family != uapi.AF_UNSPEC {
		return false
	}
	s := attr.Scan(attrs)
	for s.Next() {
		if s.Type() == uapi.IFLA_WIRELESS {
			return false
		}
	}
	return true
}
