package neigh

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a change of a neighbour or an FDB entry, with all that List gives.
type Event = nlkit.Event[Neighbour]

// Subscribe receives the changes of all neighbours and FDB entries, which the kernel
// announces together: [Neighbour].Family tells which. A neighbour that was deleted has
// failed before: it has neither LinkAddr nor FlagExtLearned any more. The kernel says
// nothing of proxies, nor of the addresses that a network card listens to. Subscribe
// has joined when it returns: a list taken afterwards has no gap to the events.
// `ip monitor neigh`, `bridge monitor fdb`
//
// Errors: those of [nlkit.Subscribe].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return nlkit.Subscribe(ctx, c, listen("neigh.Subscribe", uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH), anyDecoder().event, opts...)
}

// SubscribeMisses receives what the kernel wants to know: addresses that it asks
// programs to resolve. They are of neighbours if the sysctl app_solicit (in a
// [Table] AppProbes) is not zero, with Addr; and of vxlan links with the options
// l2miss, with LinkAddr, and l3miss, with Addr. A program answers with [Replace].
// (RTM_GETNEIGH)
//
// Errors: those of [nlkit.Subscribe].
func SubscribeMisses(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Neighbour], error) {
	return nlkit.Subscribe(ctx, c, listen("neigh.SubscribeMisses", uapi.RTM_GETNEIGH), anyDecoder().miss, opts...)
}

func listen(op string, types ...uint16) nlkit.Listen {
	return nlkit.Listen{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_NEIGH},
		Wants: []nlkit.Want{{Types: types}},
	}
}

// event decodes a message of a subscription.
func (d *decoder) event(m nlkit.Message, e *Event) (bool, error) {
	*e = Event{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWNEIGH:
		e.Type = nlkit.Updated
	case uapi.RTM_DELNEIGH:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return d.decode(m.Data, &e.Object)
}

// miss decodes what the kernel asks for.
func (d *decoder) miss(m nlkit.Message, n *Neighbour) (bool, error) {
	*n = Neighbour{}
	if m.Type != uapi.RTM_GETNEIGH {
		return false, nil
	}
	return d.decode(m.Data, n)
}
