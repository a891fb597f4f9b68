package route

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
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
	return subscribe(ctx, c, "route.Subscribe", []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6}, opts)
}

// SubscribeFamilies is [Subscribe] for the routes of these families: rtnl.FamilyIPv4,
// rtnl.FamilyIPv6, rtnl.FamilyMPLS, rtnl.FamilyIPMR and rtnl.FamilyIP6MR.
// `ip -family … monitor route`, `ip monitor mroute`
//
// Errors: those of [nlkit.Subscribe], [fs.ErrInvalid] for another family, or none.
func SubscribeFamilies(ctx context.Context, c *nlkit.Client, families []rtnl.Family, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	return subscribe(ctx, c, "route.SubscribeFamilies", families, opts)
}

// groups are the multicast groups of the families.
var groups = map[rtnl.Family]uint32{
	rtnl.FamilyIPv4:  uapi.RTNLGRP_IPV4_ROUTE,
	rtnl.FamilyIPv6:  uapi.RTNLGRP_IPV6_ROUTE,
	rtnl.FamilyMPLS:  uapi.RTNLGRP_MPLS_ROUTE,
	rtnl.FamilyIPMR:  uapi.RTNLGRP_IPV4_MROUTE,
	rtnl.FamilyIP6MR: uapi.RTNLGRP_IPV6_MROUTE,
}

func subscribe(ctx context.Context, c *nlkit.Client, op string, families []rtnl.Family, opts []nlkit.SubscribeOption) (*nlkit.Subscription[Event], error) {
	listen := nlkit.Listen{Op: op, Protocol: uapi.NETLINK_ROUTE}
	for _, f := range families {
		group, ok := groups[f]
		if !ok {
			return nil, nlkit.Request{Op: op}.Fail(attr.Refuse("no routes of family %v", f))
		}
		listen.Groups = append(listen.Groups, group)
	}
	if len(listen.Groups) == 0 {
		return nil, nlkit.Request{Op: op}.Fail(attr.Refuse("no families"))
	}
	return nlkit.Subscribe(ctx, c, listen, decodeEvent, opts...)
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
