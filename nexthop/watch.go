package nexthop

import (
	"context"
	"iter"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the next hops, or those that the options match: first all that there
// are, then each that comes, changes or goes. See [nlkit.Watch]. What the kernel
// removes without an event, because a link went down, is told too. Counters, buckets,
// [FlagOffload] and [FlagTrap] are not watched.
//
// Errors: [fs.ErrInvalid] for an option that makes no sense, for counters, and for
// [MatchMaster], which only a list can tell; those of [nlkit.Subscribe].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Nexthop], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects. The key is the id.
//
// Errors: [fs.ErrInvalid], as of Watch.
func Source(opts ...ListOption) (nlkit.Source[Nexthop, uint32], error) {
	f, req, err := listRequest("nexthop.Watch", opts)
	switch {
	case err != nil:
	case f.opFlags != 0:
		err = req.Fail(attr.Refuse("counters have no events: they cannot be watched"))
	case f.master != 0:
		err = req.Fail(attr.Refuse("MatchMaster: events do not tell the master"))
	}
	if err != nil {
		return nlkit.Source[Nexthop, uint32]{}, err
	}
	var s silent
	return nlkit.Source[Nexthop, uint32]{
		Op: req.Op, Protocol: req.Protocol, Groups: []uint32{uapi.RTNLGRP_NEXTHOP, uapi.RTNLGRP_LINK},
		Wants: []nlkit.Want{
			{Types: []uint16{uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP}},
			{Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK}, Where: []nlkit.Field{{Offset: 0, Size: 1, Value: uapi.AF_UNSPEC}}},
		},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Nexthop, error] {
			return nlkit.All(ctx, c, req, f.message)
		},
		Event:   decodeEvent,
		Match:   f.match,
		Key:     func(n *Nexthop) uint32 { return n.ID },
		Equal:   equal,
		Suspect: s.suspect,
		Forget:  s.links.Forget,
		Settle:  rtnl.Settle,
	}, nil
}

// equal reports whether two next hops are the same, but for counters and what drivers do
// with them.
func equal(a, b *Nexthop) bool {
	x, y := *a, *b
	for _, n := range []*Nexthop{&x, &y} {
		n.HWStats, n.HWStatsUsed, n.Stats = false, false, nil
		n.Flags &^= FlagOffload | FlagTrap
		if n.Resilient != nil {
			r := *n.Resilient
			r.UnbalancedTime = 0
			n.Resilient = &r
		}
	}
	return reflect.DeepEqual(&x, &y)
}

// silent finds what changes without an event.
type silent struct{ links linkstate.Links }

func (s *silent) suspect(m nlkit.Message) []nlkit.Suspicion[Nexthop] {
	if m.Type == uapi.RTM_DELNEXTHOP || m.Type == uapi.RTM_NEWNEXTHOP && m.Flags&uapi.NLM_F_REPLACE != 0 {
		return []nlkit.Suspicion[Nexthop]{{Who: isGroup}}
	}
	old, now, ok := s.links.Take(m.Type, m.Data)
	if !ok || now.Carries(old) {
		return nil
	}
	return []nlkit.Suspicion[Nexthop]{{Who: func(n *Nexthop) bool { return n.Link == now.Index }, Gone: now.Gone}, {Who: isGroup}}
}

func isGroup(n *Nexthop) bool { return len(n.Group) > 0 }
