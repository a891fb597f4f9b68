package rule

import (
	"bytes"
	"context"
	"io/fs"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Replace makes sure that r is there, and that no other rule has its Priority, which
// is required, and its selectors: what a packet must match, [FlagInvert] and
// [FlagFindSource] among it. What such rules do, and who made them, is replaced: Action,
// Table, Goto, suppressors, Realms, Protocol. If r alone is there already, nothing
// changes.
//
// The kernel cannot replace a rule: asked to, it adds one more. So Replace lists the
// rules, adds r behind those of its priority, and then deletes the old ones; it takes
// a client and not a batch. There is no moment without a rule: until the old one is
// deleted, that is the first of them. But it is not atomic: another program that
// changes the same rules at the same time can leave both rules, or none.
//
// Errors: [io/fs.ErrInvalid] for a rule that is refused, by the kernel or before it is
// sent, one without a Priority among them, and where an old rule cannot be told from
// another of its priority that is to stay, see [Delete]: then nothing was changed, but
// on a kernel that ignores a selector of r; [io/fs.ErrPermission] without
// CAP_NET_ADMIN, and for a UIDRange from another user namespace;
// [errors.ErrUnsupported] if the kernel has no rules of the family; a
// *[nlkit.BatchError] if r was added and an old rule is still there, which is
// [io/fs.ErrPermission] for one with [FlagPermanent].
func Replace(ctx context.Context, c *nlkit.Client, r Rule, opts ...WriteOption) error {
	const op = "rule.Replace"
	req, err := newRequest(op, uapi.RTM_NEWRULE, uapi.NLM_F_CREATE, r)
	if err != nil {
		return err
	}
	if r.Priority == nil {
		return req.Fail(attr.Invalid("FRA_PRIORITY", "no priority to say which rule to replace"))
	}
	var want Rule // r as it would be listed
	if err := decode(req.Data, &want); err != nil {
		return req.Fail(err)
	}
	f := &filter{family: want.Family}
	dump := f.dump(op)
	dump.Describe = func([]byte) string { return r.String() }
	rules, err := nlkit.List(ctx, c, dump, f.decode)
	if err != nil {
		return err
	}
	made := new(Rule)
	if into := writeOptions(opts).into; into != nil {
		made = into
	}
	replaced := func(x Rule) bool { return want.replaces(&x) }
	if i := slices.IndexFunc(rules, replaced); i >= 0 && want.sameAs(&rules[i]) && !slices.ContainsFunc(rules[i+1:], replaced) {
		*made = rules[i]
		return nil
	}
	old := c.NewBatch()
	if err := queueDeletions(ctx, old, op, rules, want.replaces); err != nil {
		return err
	}
	echo(&req, made)
	if err := c.Do(ctx, req); err != nil {
		return err
	}
	if !want.sameAs(made) {
		// The kernel does not know a selector and made a rule without it, as it may
		// have done before.
		old.Reset()
		if err := queueDeletions(ctx, old, op, rules, made.replaces); err != nil {
			return err
		}
	}
	return old.Send(ctx, fs.ErrNotExist)
}

// replaces reports whether r comes in the place of x. Both are as they are listed.
func (r *Rule) replaces(x *Rule) bool {
	a, b := r.selectors(), x.selectors()
	return a.sameAs(&b)
}

// selectors returns r without what it does to a packet, and who made it.
func (r *Rule) selectors() Rule {
	s := *r
	s.Flags &= FlagInvert | FlagFindSource
	s.Action, s.Table, s.Goto, s.Protocol, s.Realms = 0, 0, 0, 0, Realms{}
	s.SuppressPrefixLen, s.SuppressIfGroup = nil, nil
	return s
}

// sameAs reports whether x is r, but for states. Both are as they are listed.
func (r *Rule) sameAs(x *Rule) bool {
	return r.finds(x) && x.finds(r) && // which leaves out:
		r.Goto == x.Goto && r.Flags&^readOnlyFlags == x.Flags&^readOnlyFlags &&
		slices.EqualFunc(r.Rest, x.Rest, func(a, b attr.Raw) bool {
			return a.Type == b.Type && bytes.Equal(a.Data, b.Data)
		})
}
