package addr

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a change of an address, with all that List gives.
type Event = nlkit.Event[Address]

// Subscribe receives the changes of all IPv4 and IPv6 addresses: made, changed
// (duplicate address detection ended, lifetimes) or removed. It has joined when it
// returns: a list taken afterwards has no gap to the events. `ip monitor address`
//
// Errors: those of [nlkit.Subscribe].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	d := decoder{}
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op:       "addr.Subscribe",
		Protocol: uapi.NETLINK_ROUTE,
		Groups:   []uint32{uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR},
	}, d.event, opts...)
}

// event decodes a message of a subscription.
func (d *decoder) event(m nlkit.Message, e *Event) (bool, error) {
	*e = Event{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWADDR:
		e.Type = nlkit.Updated
	case uapi.RTM_DELADDR:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return d.decode(m.Data, &e.Object)
}
