package rule

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a change of a rule, with all that List gives. Rules are made and
// deleted, never changed.
type Event = nlkit.Event[Rule]

// Subscribe receives an event for each IPv4 and IPv6 rule that is made or deleted, and
// for those of multicast routing, which the kernel announces together: [Rule].Family
// tells which. It has joined when it returns: a list taken afterwards has no gap to
// the events. That a link named by a rule, or the target of a goto, comes or goes
// changes the rule's flags without an event. `ip monitor rule`
//
// Errors: those of [nlkit.Subscribe].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op:       "rule.Subscribe",
		Protocol: uapi.NETLINK_ROUTE,
		Groups:   []uint32{uapi.RTNLGRP_IPV4_RULE, uapi.RTNLGRP_IPV6_RULE},
	}, decodeEvent, opts...)
}

// decodeEvent decodes a message of a subscription.
func decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	*e = Event{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWRULE:
		e.Type = nlkit.Updated
	case uapi.RTM_DELRULE:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return true, decode(m.Data, &e.Object)
}
