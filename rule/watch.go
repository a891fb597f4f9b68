package rule

import (
	"context"
	"iter"
	"net/netip"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the rules, or those that the options match: first all that there are,
// then each that comes or goes. See [nlkit.Watch]. A rule never changes, but for its
// Flags, when a link that it names, or the target of its goto, comes or goes. Rules that
// are the same in everything count as one; [Add] makes none.
//
// Errors: [fs.ErrInvalid] for an option that makes no sense; those of
// [nlkit.Subscribe].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Rule], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
//
// Errors: [fs.ErrInvalid], as of Watch.
func Source(opts ...ListOption) (nlkit.Source[Rule, key], error) {
	f := newFilter(opts)
	req := f.dump("rule.Watch")
	if f.err != nil {
		return nlkit.Source[Rule, key]{}, req.Fail(f.err)
	}
	var s silent
	return nlkit.Source[Rule, key]{
		Op: req.Op, Protocol: req.Protocol,
		Groups: []uint32{uapi.RTNLGRP_IPV4_RULE, uapi.RTNLGRP_IPV6_RULE, uapi.RTNLGRP_LINK}, Wants: f.wants(),
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Rule, error] {
			return nlkit.All(ctx, c, req, f.decode)
		},
		Event:   decodeEvent,
		Match:   f.match,
		Key:     keyOf,
		Equal:   func(a, b *Rule) bool { return reflect.DeepEqual(a, b) },
		Fit:     fit,
		Suspect: s.suspect,
		Forget:  s.links.Forget,
		Settle:  rtnl.Settle,
		Tears:   func(m nlkit.Message, _ bool) bool { return m.Type == uapi.RTM_DELRULE },
	}, nil
}

// key is most of what tells rules apart; [fit] does the rest.
type key struct {
	family             rtnl.Family
	action             Action
	priority, to, mark uint32
	table              rtnl.Table
	src, dst           [16]byte
	srcLen, dstLen     int
}

func keyOf(r *Rule) key {
	k := key{family: r.Family, action: r.Action, to: r.Goto, mark: r.Mark, table: r.Table}
	if r.Priority != nil {
		k.priority = *r.Priority
	}
	k.src, k.srcLen = prefixOf(r.From)
	k.dst, k.dstLen = prefixOf(r.To)
	return k
}

func prefixOf(p netip.Prefix) (a [16]byte, bits int) {
	if p.IsValid() {
		a = p.Addr().As16()
	}
	return a, p.Bits()
}

// fit finds the rule that is the same in all but its state.
func fit(e *Event, same []*Rule) int {
	want := e.Object
	want.Flags &= lasting
	for i, r := range same {
		got := *r
		got.Flags &= lasting
		if reflect.DeepEqual(&got, &want) {
			return i
		}
	}
	return nlkit.FitLast
}

// lasting are the flags that a rule has for all its life.
const lasting = ^(FlagUnresolved | FlagIIFDetached | FlagOIFDetached)

// silent finds what changes without an event.
type silent struct{ links linkstate.Links }

func (s *silent) suspect(m nlkit.Message) []nlkit.Suspicion[Rule] {
	switch m.Type {
	case uapi.RTM_NEWRULE, uapi.RTM_DELRULE:
		return []nlkit.Suspicion[Rule]{{Who: func(r *Rule) bool { return r.Goto != 0 }}}
	}
	old, now, ok := s.links.Take(m.Type, m.Data)
	switch {
	case !ok, !now.Gone && now.Name == old.Name:
		return nil
	case old.Index == 0: // it may have had another name
		return []nlkit.Suspicion[Rule]{{Who: func(r *Rule) bool { return r.IIF != "" || r.OIF != "" }}}
	}
	return []nlkit.Suspicion[Rule]{{Who: func(r *Rule) bool { return names(r, old.Name) || names(r, now.Name) }}}
}

func names(r *Rule, link string) bool { return link != "" && (r.IIF == link || r.OIF == link) }
