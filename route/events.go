package route

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a change of a route, with all that List gives. Its Flags have
// NLM_F_REPLACE (0x100) for a route that took the place of another.
type Event = nlkit.Event[Route]

// Subscribe receives the changes of all IPv4 and IPv6 routes. It has joined when
// it returns: a list taken afterwards has no gap to the events. The kernel
// removes IPv4 routes of a link that goes down without an event.
// `ip monitor route`
//
// Errors: those of [nlkit.Subscribe].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op:       "route.Subscribe",
		Protocol: uapi.NETLINK_ROUTE,
		Groups:   []uint32{uapi.RTNLGRP_IPV4_ROUTE, uapi.RTNLGRP_IPV6_ROUTE},
	}, decodeEvent, opts...)
}

// decodeEvent decodes a message of a subscription.
func decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	*e = Event{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWROUTE:
		e.Type = nlkit.Updated
	case uapi.RTM_DELROUTE:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return decode(m.Data, &e.Object)
}
