package rule

import (
	"context"
	"io/fs"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Flush deletes the rules that match the options. Those of priority 0, by default
// the rule for table local, stay unless [MatchPriority] names it, as with `ip`.
// Without options no other rule is left, that for table main neither: then nothing
// is routed any more but to the host itself. `ip rule flush`
//
// The kernel deletes the first rule that has what it is sent, see [Delete]. Where
// that would be a rule that does not match the options, Flush deletes nothing and
// says so. A rule that is gone by the time its turn comes is no error.
//
// Errors: those of [List]; [fs.ErrInvalid] if a rule cannot be told from another
// that is to stay; a *[nlkit.BatchError] that names each rule that the kernel
// refused to delete, which is [fs.ErrPermission] without CAP_NET_ADMIN and for rules
// with [FlagPermanent].
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "rule.Flush"
	f := newFilter(opts)
	if f.err != nil {
		return f.dump(op).Fail(f.err)
	}
	// The rules that stay are needed as well: they may be in the way.
	rules, err := list(ctx, c, op, &filter{family: f.dumpFamily()})
	if err != nil {
		return err
	}
	b := c.NewBatch()
	err = queueDeletions(ctx, b, op, rules, func(r *Rule) bool {
		return f.match(r) && (*r.Priority != 0 || f.priority != nil)
	})
	if err != nil {
		return err
	}
	return b.Send(ctx, fs.ErrNotExist)
}

// queueDeletions puts a request into b for each of the rules that goes accepts. rules
// are all of a family, in the kernel's order. Where the kernel would delete one that is
// to stay instead, it says so.
func queueDeletions(ctx context.Context, b *nlkit.Batch, op string, rules []Rule, goes func(*Rule) bool) error {
	var stay []*Rule
	for i := range rules {
		r := &rules[i]
		if !goes(r) {
			stay = append(stay, r)
			continue
		}
		req, err := newRequest(op, uapi.RTM_DELRULE, 0, *r)
		if err != nil {
			return err
		}
		// What came before this rule and is to go is gone by its turn.
		if n := slices.IndexFunc(stay, r.finds); n >= 0 {
			return req.Fail(attr.Refuse("the kernel would delete another rule instead: %v", stay[n]))
		}
		if err := nlkit.Do(ctx, b, req); err != nil {
			return err
		}
	}
	return nil
}

// finds reports whether the kernel, asked to delete r, would take x for it:
// rule_find in net/core/fib_rules.c, and the compare functions of the families.
func (r *Rule) finds(x *Rule) bool {
	return r.Family == x.Family && *r.Priority == *x.Priority &&
		wanted(r.Action, x.Action) && wanted(r.Table, x.Table) && wanted(r.Protocol, x.Protocol) &&
		(r.From.Bits() <= 0 || r.From == x.From) && (r.To.Bits() <= 0 || r.To == x.To) &&
		wanted(r.IIF, x.IIF) && wanted(r.OIF, x.OIF) &&
		wanted(r.Mark, x.Mark) && wanted(r.markMask(), x.markMask()) &&
		wanted(r.TOS, x.TOS) && wantedAt(r.DSCP, x.DSCP) && wantedAt(r.DSCPMask, x.DSCPMask) &&
		wantedAt(r.FlowLabel, x.FlowLabel) && wantedAt(r.FlowLabelMask, x.FlowLabelMask) &&
		wanted(r.TunID, x.TunID) && wantedAt(r.UIDRange, x.UIDRange) && wanted(r.IPProto, x.IPProto) &&
		wanted(r.SPort, x.SPort) && wanted(r.SPort.mask(r.SPortMask), x.SPort.mask(x.SPortMask)) &&
		wanted(r.DPort, x.DPort) && wanted(r.DPort.mask(r.DPortMask), x.DPort.mask(x.DPortMask)) &&
		wanted(r.L3MDev, x.L3MDev) && wanted(r.Realms, x.Realms) &&
		wantedAt(r.SuppressPrefixLen, x.SuppressPrefixLen) && wantedAt(r.SuppressIfGroup, x.SuppressIfGroup)
}

// wanted reports whether a field that is not set, or is the same, allows x.
func wanted[V comparable](v, x V) bool {
	var zero V
	return v == zero || v == x
}

// wantedAt is wanted for an optional field.
func wantedAt[V comparable](v, x *V) bool {
	return v == nil || x != nil && *v == *x
}

// markMask is the mask that the kernel stores.
func (r *Rule) markMask() uint32 {
	switch {
	case r.MarkMask != nil:
		return *r.MarkMask
	case r.Mark != 0:
		return allMark
	}
	return 0
}

// mask is the mask that the kernel stores for a port, where it knows of masks.
func (p PortRange) mask(m *uint16) uint16 {
	switch {
	case m != nil:
		return *m
	case p.Start != 0 && p.Start == p.End:
		return allPort
	}
	return 0
}
