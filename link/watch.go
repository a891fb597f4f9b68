package link

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the links, or those that the options match: first all that there are,
// then each that is made, changes or is deleted. See [nlkit.Watch]. A link that no
// longer matches is told as removed, and a link is the same as long as it has the
// same index. Counters, timers, the settings of IPv4 and IPv6, and the TSO limits, which
// a bridge takes from its ports, have no events of links: they are those of the moment
// when something else changed, and a change of them alone is not told. The kernel sends
// no event either for alternative names, the alias, the group and the settings of kind
// and port of a link that is down, nor for GSO sizes, the Qdisc, and AllMulti that others
// change: these are told with the next event of the link, such as when it comes up.
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
		Wants: []nlkit.Want{{
			Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK},
			Where: []nlkit.Field{{Offset: 0, Size: 1, Value: uapi.AF_UNSPEC}}, // not what bridges say of their ports
		}},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Link, error] {
			return nlkit.All(ctx, c, req, q.decode)
		},
		Event:   q.decodeEvent,
		Match:   func(l *Link) bool { return q.matches(l) },
		Key:     func(l *Link) int { return l.Index },
		Equal:   equal,
		Suspect: func(m nlkit.Message) []nlkit.Suspicion[Link] { return suspectPeer(m, q) },
		Settle:  rtnl.Settle,
	}, nil
}

// decodeEvent is the [nlkit.Decode] of an event, with what a list reads.
func (q *query) decodeEvent(m nlkit.Message, e *Event) (bool, error) {
	ok, err := decodeHead(m, e)
	if !ok || err != nil {
		return false, err
	}
	err = e.Object.decodeFor(m.Data, q.reading)
	e.Object.Reason, e.Object.Moved = 0, nil // of the event, not of the link
	return true, err
}

// suspectPeer suspects the other end of a pair, which gets its Parent, and the
// ParentNSID of one that moves to another namespace, without an event.
func suspectPeer(m nlkit.Message, q *query) []nlkit.Suspicion[Link] {
	h, attrs, err := splitHeader(m.Data)
	if err != nil || m.Type != uapi.RTM_NEWLINK && m.Type != uapi.RTM_DELLINK {
		return nil
	}
	peer, pair := 0, false
	s := attr.Scan(attrs)
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_LINK:
			peer = int(s.Uint32())
		case uapi.IFLA_LINK_NETNSID:
			return nil // the index is one of another namespace
		case uapi.IFLA_LINKINFO:
			for info := s.Nested(); info.Next(); {
				pair = pair || info.Type() == uapi.IFLA_INFO_KIND && isPair(string(info.Text()))
			}
		}
	}
	if peer == 0 || !pair {
		return nil
	}
	gone := m.Type == uapi.RTM_DELLINK
	return []nlkit.Suspicion[Link]{{
		Who: func(l *Link) bool {
			return l.Index == peer && l.Kind != nil && isPair(l.Kind.Kind()) && (gone || l.Parent != h.index)
		},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Link, error] {
			return func(yield func(Link, error) bool) {
				l, err := get(ctx, c, "link.Watch", Index(peer), readOption(func(now *query) { now.reading = q.reading }))
				if !errors.Is(err, fs.ErrNotExist) {
					yield(l, err)
				}
			}
		},
	}}
}

// isPair reports whether links of a kind have another end.
func isPair(kind string) bool { return kind == "veth" || kind == "netkit" || kind == "vxcan" }

// equal reports whether two links are the same, but for what changes all the time and
// what only events tell.
func equal(a, b *Link) bool {
	if a.Flags != b.Flags || a.MTU != b.MTU || a.Name != b.Name || a.OperState != b.OperState || a.Master != b.Master {
		return false
	}
	x, y := steady(a), steady(b)
	return reflect.DeepEqual(&x, &y)
}

// steady returns a link without what it does not keep.
func steady(l *Link) Link {
	s := *l
	s.Stats, s.Reason, s.Moved, s.NumVFs, s.VFs = nil, 0, nil, 0, nil
	s.Inet, s.Inet6 = nil, nil        // sysctls change them
	s.TSOMaxSize, s.TSOMaxSegs = 0, 0 // and these the ports of a bridge (br_set_gso_limits)
	if k, ok := s.Kind.(unsteadyKind); ok {
		s.Kind = k.steady()
	}
	if p, ok := s.Port.(unsteadyPort); ok {
		s.Port = p.steady()
	}
	return s
}

// unsteadyKind is a kind, and unsteadyPort a port, with timers or counters. steady returns
// a copy without them.
type (
	unsteadyKind interface{ steady() Kind }
	unsteadyPort interface{ steady() Port }
)
