package rule

import (
	"bytes"
	"context"
	"iter"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Add adds a rule that is not there yet, behind those of the same priority. It
// takes what [List] returned; fields that are only read are ignored. `ip rule add`
//
// For that the kernel does not look at Goto and Flags, nor at From, To, TOS, DSCP,
// FlowLabel and Realms where r does not set them: beside "100: from 10.0.0.0/8
// lookup 5" it refuses "100: from all lookup 5", but not the other way round.
// [Replace] adds it.
//
// Errors: [io/fs.ErrExist] if there is such a rule, [io/fs.ErrInvalid] for a rule that is
// refused, by the kernel or before it is sent, [io/fs.ErrPermission] without
// CAP_NET_ADMIN, and for a UIDRange from another user namespace,
// [errors.ErrUnsupported] if the kernel has no rules of the family.
func Add(ctx context.Context, d nlkit.Doer, r Rule, opts ...WriteOption) error {
	return write(ctx, d, "rule.Add", uapi.NLM_F_CREATE|uapi.NLM_F_EXCL, r, opts)
}

func write(ctx context.Context, d nlkit.Doer, op string, flags uint16, r Rule, opts []WriteOption) error {
	req, err := newRequest(op, uapi.RTM_NEWRULE, flags, r)
	if err != nil {
		return err
	}
	if into := writeOptions(opts).into; into != nil {
		echo(&req, into)
	}
	return nlkit.Do(ctx, d, req)
}

func writeOptions(opts []WriteOption) (cfg writeConfig) {
	for _, o := range opts {
		if o != nil {
			o.applyWrite(&cfg)
		}
	}
	return cfg
}

// echo makes the kernel send the rule that it made with its answer.
func echo(req *nlkit.Request, into *Rule) {
	req.Flags |= uapi.NLM_F_ECHO
	req.Reply = func(m nlkit.Message) error {
		if m.Type != uapi.RTM_NEWRULE {
			return nil
		}
		var v Rule
		err := decode(m.Data, &v)
		if err == nil {
			*into = v
		}
		return err
	}
}

// Delete deletes a rule: the first, by priority, that has all that is set in r,
// whatever else it has. Given what [List] returned, all of it is sent, and what the
// rule does not have is not asked for: of the rules with the same priority one
// that says more may come first and is then deleted instead. The kernel does not
// compare Goto and Flags, nor what Mark, TunID and other fields are when they are
// zero. A priority that no other rule has makes it sure. `ip rule del`
//
// Errors: [io/fs.ErrNotExist] if there is none, [io/fs.ErrInvalid] for a rule that is
// refused, by the kernel or before it is sent, one without anything set among them,
// [io/fs.ErrPermission] without CAP_NET_ADMIN, and for a rule with [FlagPermanent],
// [errors.ErrUnsupported] if the kernel has no rules of the family.
func Delete(ctx context.Context, d nlkit.Doer, r Rule) error {
	req, err := newRequest("rule.Delete", uapi.RTM_DELRULE, 0, r)
	if err != nil {
		return err
	}
	return nlkit.Do(ctx, d, req)
}

// newRequest builds a message that writes, or refuses to.
func newRequest(op string, typ, flags uint16, r Rule) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ, Flags: flags,
		Header: headerLen, Schema: attrs, Describe: describe,
	}
	del := typ == uapi.RTM_DELRULE
	err := prepare(&r, del)
	if err == nil {
		req.Data, err = encode(&r)
	}
	if err == nil && del && len(req.Data) == headerLen && len(bytes.Trim(req.Data[1:8], "\x00")) == 0 {
		// The kernel would delete its first rule: that for table local.
		err = attr.Refuse("nothing says which rule")
	}
	if err != nil {
		req.Describe = func([]byte) string { return r.String() }
		return req, req.Fail(err)
	}
	return req, nil
}

// prepare refuses what cannot be a rule, or would be sent as another, and fills in
// what `ip` fills in.
func prepare(r *Rule, del bool) error {
	if err := settleFamily(r); err != nil {
		return err
	}
	if err := checkSelectors(r); err != nil {
		return err
	}
	switch {
	case r.Goto != 0 && r.Action != ActionUnspec && r.Action != ActionGoto:
		return attr.Invalid("FRA_GOTO", "a target with the action %v", r.Action)
	case r.Goto == 0 && r.Action == ActionGoto && !del:
		return attr.Invalid("FRA_GOTO", "no target to go to")
	}
	r.Flags &^= readOnlyFlags
	if r.Goto != 0 {
		r.Action = ActionGoto // the kernel takes no target without it
	}
	if r.FlowLabel != nil && r.FlowLabelMask == nil {
		r.FlowLabelMask = new(uint32(allFlowLabel)) // nor a label without a mask
	}
	if del {
		return nil
	}
	if r.Action == ActionUnspec {
		r.Action = ActionLookup
	}
	if r.Table == rtnl.TableUnspec && r.Action == ActionLookup && !r.L3MDev {
		r.Table = rtnl.TableMain // IPv4 would take any table that is empty
	}
	return nil
}

// settleFamily sets the family, if a prefix tells it.
func settleFamily(r *Rule) error {
	for _, p := range []struct {
		name   string
		prefix netip.Prefix
	}{{"FRA_SRC", r.From}, {"FRA_DST", r.To}} {
		switch f := rtnl.FamilyOf(p.prefix.Addr()); {
		case p.prefix == (netip.Prefix{}):
			continue
		case !p.prefix.IsValid():
			return attr.Invalid(p.name, "no valid prefix")
		case r.Family == rtnl.FamilyUnspec:
			r.Family = f
		case f != r.Family:
			return attr.Invalid(p.name, "%v is not of family %v", p.prefix, r.Family)
		}
	}
	if r.Family == rtnl.FamilyUnspec {
		return attr.Invalid("family", "neither From nor To, and no family")
	}
	return nil
}

func checkSelectors(r *Rule) error {
	for _, link := range []struct{ attr, name string }{{"FRA_IIFNAME", r.IIF}, {"FRA_OIFNAME", r.OIF}} {
		if len(link.name) > nameLen {
			return attr.Invalid(link.attr, "%q is longer than %d bytes", link.name, nameLen)
		}
	}
	for _, p := range []struct {
		attr  string
		ports PortRange
	}{{"FRA_SPORT_RANGE", r.SPort}, {"FRA_DPORT_RANGE", r.DPort}} {
		if p.ports.End < p.ports.Start || p.ports.Start == 0 && p.ports.End != 0 {
			return attr.Invalid(p.attr, "%d-%d is no range of ports", p.ports.Start, p.ports.End)
		}
	}
	if r.Realms != (Realms{}) && r.Family != rtnl.FamilyIPv4 { // the kernel would ignore them
		return attr.Invalid("FRA_FLOW", "realms with family %v", r.Family)
	}
	if u := r.UIDRange; u != nil && u.End < u.Start {
		return attr.Invalid("FRA_UID_RANGE", "%d-%d is no range", u.Start, u.End)
	}
	return nil
}

// List returns the rules that match the options, all IPv4 and IPv6 ones without
// any: those of each family in the kernel's order, which is that by priority. Rules
// for multicast routing are left out, see [MatchFamily]. `ip rule show`
//
// Errors: [nlkit.ErrDumpInterrupted] if rules change all the time, [io/fs.ErrInvalid]
// for an option that makes no sense, [errors.ErrUnsupported] if the kernel has no
// rules of the family that was asked for.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Rule, error) {
	return list(ctx, c, "rule.List", newFilter(opts))
}

func list(ctx context.Context, c *nlkit.Client, op string, f *filter) ([]Rule, error) {
	req := f.dump(op)
	if f.err != nil {
		return nil, req.Fail(f.err)
	}
	return nlkit.List(ctx, c, req, f.decode)
}

// All yields what [List] returns, one at a time as it comes. At most one error
// comes, and comes last: [nlkit.ErrDumpInterrupted] if rules changed meanwhile, so
// that some may be missing or come twice, or one of those of List.
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Rule, error] {
	f := newFilter(opts)
	return func(yield func(Rule, error) bool) {
		req := f.dump("rule.All")
		if f.err != nil {
			yield(Rule{}, req.Fail(f.err))
			return
		}
		nlkit.All(ctx, c, req, f.decode)(yield)
	}
}

func newFilter(opts []ListOption) *filter {
	f := new(filter)
	for _, o := range opts {
		if o != nil {
			o.applyList(f)
		}
	}
	return f
}

func (f *filter) dump(op string) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETRULE,
		Data: f.request(), Header: headerLen, Schema: attrs,
	}
}

// decode decodes the answer to a dump.
func (f *filter) decode(m nlkit.Message, r *Rule) (bool, error) {
	if m.Type != uapi.RTM_NEWRULE {
		return false, nil
	}
	err := decode(m.Data, r)
	return err == nil && f.match(r), err
}
