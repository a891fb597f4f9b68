package genl

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// policyPart is one message of a policy: which sets a command has, or one attribute of
// one set.
type policyPart struct {
	Commands map[uint16]commandSets
	Sets     map[int]map[uint16]rule
}

// commandSets are the numbers of a command's sets.
type commandSets struct{ Do, Dump *int }

// rule is an AttrRule with the number of its nested set.
type rule struct {
	AttrRule
	MinUnsigned, MaxUnsigned *uint64
	MinSigned, MaxSigned     *int64
	Bits                     *uint64
	Set                      *int
}

var policyPartAttrs = attr.Table[policyPart]{
	attr.Map(uapi.CTRL_ATTR_POLICY, "CTRL_ATTR_POLICY",
		attr.Map(0, "", attr.Inline(0, "", ruleAttrs, attr.Self[rule]), attr.Self[map[uint16]rule]),
		func(p *policyPart) *map[int]map[uint16]rule { return &p.Sets }),
	attr.Map(uapi.CTRL_ATTR_OP_POLICY, "CTRL_ATTR_OP_POLICY",
		attr.Inline(0, "", commandSetsAttrs, attr.Self[commandSets]),
		func(p *policyPart) *map[uint16]commandSets { return &p.Commands }),
}

var commandSetsAttrs = attr.Table[commandSets]{
	attr.OptU32(uapi.CTRL_ATTR_POLICY_DO, "CTRL_ATTR_POLICY_DO", func(c *commandSets) **int { return &c.Do }),
	attr.OptU32(uapi.CTRL_ATTR_POLICY_DUMP, "CTRL_ATTR_POLICY_DUMP", func(c *commandSets) **int { return &c.Dump }),
}

var ruleAttrs = attr.Table[rule]{
	attr.U32(uapi.NL_POLICY_TYPE_ATTR_TYPE, "NL_POLICY_TYPE_ATTR_TYPE", func(r *rule) *AttrKind { return &r.Kind }),
	attr.OptS64(uapi.NL_POLICY_TYPE_ATTR_MIN_VALUE_S, "NL_POLICY_TYPE_ATTR_MIN_VALUE_S", func(r *rule) **int64 { return &r.MinSigned }),
	attr.OptS64(uapi.NL_POLICY_TYPE_ATTR_MAX_VALUE_S, "NL_POLICY_TYPE_ATTR_MAX_VALUE_S", func(r *rule) **int64 { return &r.MaxSigned }),
	attr.OptU64(uapi.NL_POLICY_TYPE_ATTR_MIN_VALUE_U, "NL_POLICY_TYPE_ATTR_MIN_VALUE_U", func(r *rule) **uint64 { return &r.MinUnsigned }),
	attr.OptU64(uapi.NL_POLICY_TYPE_ATTR_MAX_VALUE_U, "NL_POLICY_TYPE_ATTR_MAX_VALUE_U", func(r *rule) **uint64 { return &r.MaxUnsigned }),
	attr.U32(uapi.NL_POLICY_TYPE_ATTR_MIN_LENGTH, "NL_POLICY_TYPE_ATTR_MIN_LENGTH", func(r *rule) *int { return &r.MinLen }),
	attr.OptU32(uapi.NL_POLICY_TYPE_ATTR_MAX_LENGTH, "NL_POLICY_TYPE_ATTR_MAX_LENGTH", func(r *rule) **int { return &r.MaxLen }),
	attr.OptU32(uapi.NL_POLICY_TYPE_ATTR_POLICY_IDX, "NL_POLICY_TYPE_ATTR_POLICY_IDX", func(r *rule) **int { return &r.Set }),
	attr.U32(uapi.NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE, "NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE", func(r *rule) *int { return &r.MaxType }),
	attr.OptU32(uapi.NL_POLICY_TYPE_ATTR_BITFIELD32_MASK, "NL_POLICY_TYPE_ATTR_BITFIELD32_MASK", func(r *rule) **uint64 { return &r.Bits }),
	attr.OptU64(uapi.NL_POLICY_TYPE_ATTR_MASK, "NL_POLICY_TYPE_ATTR_MASK", func(r *rule) **uint64 { return &r.Mask }),
}

var getPolicy = Call[familyRequest, policyPart]{
	Command:  uapi.CTRL_CMD_GETPOLICY,
	Request:  familyRequestAttrs,
	Reply:    policyPartAttrs,
	Describe: (*familyRequest).describe,
}

// policyOf asks for the policy of a family.
func policyOf(ctx context.Context, c *nlkit.Client, op string, fam Family) (*Policy, error) {
	if len(fam.Operations) == 0 { // which the policy is told by
		var err error
		if fam, err = resolveID(ctx, c, op, fam.ID); err != nil {
			return nil, err
		}
	}
	call := getPolicy
	call.Op = op
	call.Describe = func(*familyRequest) string { return quote(fam.Name) }
	parts, err := call.List(ctx, c, controller, &familyRequest{ID: &fam.ID})
	if errors.Is(err, syscall.ENODATA) {
		return new(Policy), nil // none of the commands has one
	}
	if err != nil {
		return nil, err
	}
	return joinPolicy(parts, fam.Operations), nil
}

// joinPolicy makes one policy of its messages. Before Linux 5.10 these tell of one set,
// for all operations. Since then they tell of each operation with a policy, in their
// order; some kernels (Linux 6.18) call those that are only dumps 0.
func joinPolicy(parts []policyPart, operations []Operation) *Policy {
	p := new(Policy)
	sets := map[int]*PolicySet{}
	set := func(number *int) *PolicySet {
		if number == nil {
			return nil
		}
		s := sets[*number]
		if s == nil {
			s = &PolicySet{Number: *number}
			sets[*number] = s
			p.Sets = append(p.Sets, s)
		}
		return s
	}
	for _, part := range parts {
		for _, command := range slices.Sorted(maps.Keys(part.Commands)) {
			c := part.Commands[command]
			p.Operations = append(p.Operations, PolicyOperation{Command: uint8(command), Do: set(c.Do), Dump: set(c.Dump)})
		}
		for _, number := range slices.Sorted(maps.Keys(part.Sets)) {
			s := set(&number)
			for _, typ := range slices.Sorted(maps.Keys(part.Sets[number])) {
				r := part.Sets[number][typ]
				a := r.AttrRule
				a.Type, a.Nested = typ, set(r.Set)
				if r.MinUnsigned != nil && r.MaxUnsigned != nil {
					a.Range = &Range[uint64]{*r.MinUnsigned, *r.MaxUnsigned}
				}
				if r.MinSigned != nil && r.MaxSigned != nil {
					a.SignedRange = &Range[int64]{*r.MinSigned, *r.MaxSigned}
				}
				if r.Bits != nil {
					a.Mask = r.Bits
				}
				s.Attrs = append(s.Attrs, a)
			}
		}
	}
	if len(p.Operations) == 0 && len(p.Sets) > 0 {
		for _, o := range operations {
			p.Operations = append(p.Operations, PolicyOperation{Command: o.Command, Do: set(new(int)), Dump: set(new(int))})
		}
	}
	withPolicy := slices.DeleteFunc(slices.Clone(operations), func(o Operation) bool { return !o.Flags.Has(OpHasPolicy) })
	if slices.EqualFunc(p.Operations, withPolicy, func(p PolicyOperation, o Operation) bool { return p.Command == o.Command || p.Command == 0 }) {
		for i, o := range withPolicy {
			p.Operations[i].Command = o.Command
		}
	}
	byNumber := func(a, b *PolicySet) int { return cmp.Compare(a.Number, b.Number) }
	slices.SortFunc(p.Sets, byNumber)
	for _, s := range p.Sets {
		slices.SortStableFunc(s.Attrs, func(a, b AttrRule) int { return cmp.Compare(a.Type, b.Type) })
	}
	slices.SortStableFunc(p.Operations, func(a, b PolicyOperation) int { return cmp.Compare(a.Command, b.Command) })
	return p
}
