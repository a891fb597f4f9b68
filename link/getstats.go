package link

import (
	"context"
	"errors"
	"iter"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// StatsOption says which counters [GetStats], [ListStats] and [AllStats] return.
type StatsOption interface{ applyStats(*statsRequest) }

type statsOption func(*statsRequest)

func (o statsOption) applyStats(r *statsRequest) { o(r) }

// WithStatsGroups returns these groups of counters; the default is all. `ip stats
// show group GROUP`
func WithStatsGroups(groups StatsGroup) StatsOption {
	return statsOption(func(r *statsRequest) {
		if groups == 0 || groups&^statsAll != 0 {
			r.refuse(attr.Invalid("filter_mask", "%v are no groups of counters", groups))
		}
		r.groups = groups
	})
}

// WithOffloadSuites returns these suites of [StatsOffload]; the default is all. To
// read some makes the driver ask the hardware. Linux 5.18. `ip stats show group
// offload subgroup SUITE`
func WithOffloadSuites(suites OffloadSuite) StatsOption {
	return statsOption(func(r *statsRequest) {
		if suites == 0 || suites&^(OffloadCPUHit|OffloadInfo|OffloadL3) != 0 {
			r.refuse(attr.Invalid("IFLA_STATS_GET_FILTERS.IFLA_STATS_LINK_OFFLOAD_XSTATS", "%v are no suites of counters", suites))
		}
		r.suites = suites
	})
}

// GetStats returns the counters of one link. `ip stats show dev NAME`
//
// It takes no privilege. The error is [io/fs.ErrNotExist] (ENODEV) if there is no such
// link, and [io/fs.ErrInvalid] for a selector or options that cannot be.
func GetStats(ctx context.Context, c *nlkit.Client, s Selector, opts ...StatsOption) (Statistics, error) {
	const op = "link.GetStats"
	r, req, err := newStatsRequest(op, opts)
	req = describing(req, s.String())
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return Statistics{}, req.Fail(err)
	}
	if s, err = resolve(ctx, c, op, s); err != nil {
		return Statistics{}, req.Fail(err)
	}
	if req.Data, err = r.appendTo(s.index); err != nil {
		return Statistics{}, req.Fail(err)
	}
	var stats Statistics
	tooLong := false
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		if tooLong = len(m.Data) > longest; tooLong {
			return nil
		}
		stats = Statistics{}
		ok, err := decodeStatistics(m, &stats)
		if err == nil && !ok {
			err = nlkit.ErrNoReply
		}
		return err
	})
	if tooLong && err == nil {
		return r.findInList(ctx, c, req, s.index)
	}
	if err != nil {
		return Statistics{}, err
	}
	return stats, nil
}

// findInList gets the counters of a link by a list of all, of which the kernel sends
// none in more than 32 KiB. One of a bridge with 1,500 VLANs is longer than an
// attribute can say.
func (r *statsRequest) findInList(ctx context.Context, c *nlkit.Client, req nlkit.Request, index int) (Statistics, error) {
	var err error
	if req.Data, err = r.appendTo(0); err != nil {
		return Statistics{}, req.Fail(err)
	}
	pieces, err := nlkit.List(ctx, c, req, func(m nlkit.Message, s *Statistics) (bool, error) {
		keep, err := decodeStatistics(m, s)
		return keep && s.Index == index, err
	})
	if err != nil {
		return Statistics{}, err
	}
	if len(pieces) == 0 {
		return Statistics{}, req.Fail(syscall.ENODEV)
	}
	return joined(pieces)[0], nil
}

// ListStats returns the counters of all links. `ip stats show`
//
// It takes no privilege. The error is [nlkit.ErrDumpInterrupted] if links changed each
// time that they were listed, and [io/fs.ErrInvalid] for options that cannot be.
func ListStats(ctx context.Context, c *nlkit.Client, opts ...StatsOption) ([]Statistics, error) {
	req, err := listStatsRequest("link.ListStats", opts)
	if err != nil {
		return nil, err
	}
	pieces, err := nlkit.List(ctx, c, req, decodeStatistics)
	return joined(pieces), err
}

// AllStats yields the counters of all links, as they come from the kernel. At most one
// error comes, and comes last: [nlkit.ErrDumpInterrupted] if links changed meanwhile,
// [io/fs.ErrInvalid] for options that cannot be.
//
// It takes no privilege.
func AllStats(ctx context.Context, c *nlkit.Client, opts ...StatsOption) iter.Seq2[Statistics, error] {
	req, err := listStatsRequest("link.AllStats", opts)
	if err != nil {
		return func(yield func(Statistics, error) bool) { yield(Statistics{}, err) }
	}
	return whole(nlkit.All(ctx, c, req, decodeStatistics))
}

// whole joins the pieces of what comes in several messages, one after the other.
func whole(pieces iter.Seq2[Statistics, error]) iter.Seq2[Statistics, error] {
	return func(yield func(Statistics, error) bool) {
		var s Statistics // of which more may come
		for piece, err := range pieces {
			switch {
			case err != nil:
				if s.Index == 0 || !errors.Is(err, nlkit.ErrDumpInterrupted) || yield(s, nil) {
					yield(Statistics{}, err)
				}
				return
			case piece.Index == s.Index:
				s.join(piece)
				continue
			case s.Index != 0 && !yield(s, nil):
				return
			}
			s = piece
		}
		if s.Index != 0 {
			yield(s, nil)
		}
	}
}

// joined joins the pieces of what came in several messages, one after the other.
func joined(pieces []Statistics) []Statistics {
	n := 0
	for _, piece := range pieces {
		if n > 0 && pieces[n-1].Index == piece.Index {
			pieces[n-1].join(piece)
			continue
		}
		pieces[n] = piece
		n++
	}
	clear(pieces[n:])
	return pieces[:n]
}

// join adds what a further message says of the same link: groups that the last one
// had no room for, and more VLANs.
func (s *Statistics) join(more Statistics) {
	override(&s.Link, more.Link)
	override(&s.Bond, more.Bond)
	override(&s.BondPort, more.BondPort)
	override(&s.Offload, more.Offload)
	override(&s.MPLS, more.MPLS)
	joinBridge(&s.Bridge, more.Bridge)
	joinBridge(&s.BridgePort, more.BridgePort)
	s.Unknown = append(s.Unknown, more.Unknown...)
}

func joinBridge(s **BridgeStats, more *BridgeStats) {
	if *s == nil || more == nil {
		override(s, more)
		return
	}
	(*s).VLANs = append((*s).VLANs, more.VLANs...)
	override(&(*s).Multicast, more.Multicast)
	override(&(*s).STP, more.STP)
}

// override sets a field to what is there.
func override[T any](field **T, v *T) {
	if v != nil {
		*field = v
	}
}

// SetL3Stats says whether the hardware is to count what the link routes:
// [OffloadStats.L3]. It can be said of every link, and has an effect on those whose
// driver knows it: [OffloadStats.L3Used]. Linux 5.18. `ip stats set dev NAME l3_stats
// on`
//
// It takes CAP_NET_ADMIN. In a batch the link must be selected by [Index]; otherwise
// its index is looked up first. The error is [io/fs.ErrNotExist] if there is no such
// link, [io/fs.ErrPermission] without the privilege, and [errors.ErrUnsupported] if the
// kernel or the driver cannot do it.
func SetL3Stats(ctx context.Context, d nlkit.Doer, s Selector, on bool) error {
	const op = "link.SetL3Stats"
	req := statsMessage(op, uapi.RTM_SETSTATS)
	refused := func(err error) error { return describing(req, s.String()).Fail(err) }
	if err := s.check(); err != nil {
		return refused(err)
	}
	index, err := resolve(ctx, d, op, s)
	if err != nil {
		return refused(err)
	}
	if req.Data, err = (&statsRequest{l3: &on}).appendTo(index.index); err != nil {
		return refused(err)
	}
	return nlkit.Do(ctx, d, describing(req, s.String()))
}

// StatsEvent is a change of what hardware counts of a link: its Statistics have
// [OffloadStats.L3Requested] and [OffloadStats.L3Used].
type StatsEvent = nlkit.Event[Statistics]

// SubscribeStats receives an event each time that hardware begins or ceases to count
// for a link, until the subscription is closed or ctx ends. Linux 5.18. `ip monitor
// stats`
//
// It takes no privilege. The error is [io/fs.ErrInvalid] if the kernel has no such
// events. What the subscription yields as errors is said at
// [nlkit.Subscription.All].
func SubscribeStats(ctx context.Context, c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Subscription[StatsEvent], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op: "link.SubscribeStats", Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_STATS},
	}, decodeStatsEvent, opts...)
}

func decodeStatsEvent(m nlkit.Message, e *StatsEvent) (bool, error) {
	*e = StatsEvent{Type: nlkit.Updated, Flags: m.Flags, PortID: m.PortID, NSID: m.NSID}
	return decodeStatistics(m, &e.Object)
}

func newStatsRequest(op string, opts []StatsOption) (*statsRequest, nlkit.Request, error) {
	r := &statsRequest{groups: statsAll}
	for _, o := range opts {
		if o != nil {
			o.applyStats(r)
		}
	}
	if r.suites != 0 && r.groups&StatsOffload == 0 {
		r.refuse(attr.Invalid("IFLA_STATS_GET_FILTERS.IFLA_STATS_LINK_OFFLOAD_XSTATS", "suites of a group that is not asked for"))
	}
	return r, statsMessage(op, uapi.RTM_GETSTATS), r.err
}

func listStatsRequest(op string, opts []StatsOption) (nlkit.Request, error) {
	r, req, err := newStatsRequest(op, opts)
	if err == nil {
		req.Data, err = r.appendTo(0)
	}
	return req, req.Fail(err)
}
