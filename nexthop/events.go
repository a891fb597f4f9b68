package nexthop

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a change of a next hop, with all that List gives. Its Flags have
// NLM_F_REPLACE (0x100) for what was replaced.
type Event = nlkit.Event[Nexthop]

// BucketEvent is the move of a bucket to another member of its group.
type BucketEvent = nlkit.Event[Bucket]

// Subscribe receives the changes of all next hops. It has joined when it returns:
// a list taken afterwards has no gap to the events. A group that loses a member
// comes as updated. The kernel says nothing when it removes next hops because
// their link went down, lost its carrier or was deleted. `ip monitor nexthop`
//
// Errors: those of [nlkit.Subscribe].
func Subscribe(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return nlkit.Subscribe(ctx, c, listen("nexthop.Subscribe", uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP), decodeEvent, opts...)
}

// SubscribeBuckets receives the moves that the kernel makes of resilient groups'
// buckets as their timers run out, Linux 5.13. Of buckets that it moves at once,
// because a group changed while they were idle or lost their member, it says
// nothing.
//
// Errors: those of [nlkit.Subscribe].
func SubscribeBuckets(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[BucketEvent], error) {
	return nlkit.Subscribe(ctx, c, listen("nexthop.SubscribeBuckets", uapi.RTM_NEWNEXTHOPBUCKET, uapi.RTM_DELNEXTHOPBUCKET), decodeBucketEvent, opts...)
}

func listen(op string, types ...uint16) nlkit.Listen {
	return nlkit.Listen{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_NEXTHOP},
		Wants: []nlkit.Want{{Types: types}},
	}
}

// decodeEvent decodes a message of a subscription.
func decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	*e = Event{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWNEXTHOP:
		e.Type = nlkit.Updated
	case uapi.RTM_DELNEXTHOP:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return true, decode(m.Data, &e.Object)
}

func decodeBucketEvent(m nlkit.Message, e *BucketEvent) (bool, error) {
	*e = BucketEvent{Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	switch m.Type {
	case uapi.RTM_NEWNEXTHOPBUCKET:
		e.Type = nlkit.Updated
	case uapi.RTM_DELNEXTHOPBUCKET:
		e.Type = nlkit.Deleted
	default:
		return false, nil
	}
	return true, decodeBucket(m.Data, &e.Object)
}
