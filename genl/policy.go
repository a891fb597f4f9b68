package genl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Policy is what the kernel demands of the attributes of a family's commands before
// the commands see them. Linux 5.8; before Linux 5.10 it is one for all commands.
//
// CTRL_ATTR_POLICY and CTRL_ATTR_OP_POLICY in include/uapi/linux/genetlink.h.
type Policy struct {
	// Operations are the commands that have a policy, by their numbers. Others take
	// any attributes, or none.
	Operations []PolicyOperation
	// Sets are all sets of attributes, those of nests included.
	Sets []*PolicySet
}

// PolicyOperation is the policy of one command.
type PolicyOperation struct {
	// Command is the command's number.
	Command uint8
	// Do is what Do and Query take, nil if it is not checked (CTRL_ATTR_POLICY_DO).
	Do *PolicySet
	// Dump is what List and All take, nil if it is not checked
	// (CTRL_ATTR_POLICY_DUMP).
	Dump *PolicySet
}

// PolicySet is the policy of the attributes of one nest, or of a message. It may nest
// itself.
type PolicySet struct {
	// Number is what the kernel calls the set.
	Number int
	// Attrs are the attributes that are checked, by their types. One that is not here
	// is not known to the kernel, or refused, or taken in any form: the kernel does
	// not tell which.
	Attrs []AttrRule
}

// AttrRule is what the kernel demands of one attribute.
//
// NL_POLICY_TYPE_ATTR_* in include/uapi/linux/netlink.h.
type AttrRule struct {
	// Type is the attribute's type.
	Type uint16
	// Kind is the form of its payload (NL_POLICY_TYPE_ATTR_TYPE).
	Kind AttrKind
	// Range is what an unsigned integer may be, nil for another kind and for one with
	// a Mask (NL_POLICY_TYPE_ATTR_MIN_VALUE_U, NL_POLICY_TYPE_ATTR_MAX_VALUE_U).
	Range *Range[uint64]
	// SignedRange is what a signed integer may be, nil for another kind
	// (NL_POLICY_TYPE_ATTR_MIN_VALUE_S, NL_POLICY_TYPE_ATTR_MAX_VALUE_S).
	SignedRange *Range[int64]
	// Mask are the bits that an integer or a BitField32 may have, nil if that is not
	// limited (NL_POLICY_TYPE_ATTR_MASK, NL_POLICY_TYPE_ATTR_BITFIELD32_MASK).
	Mask *uint64
	// MinLen is the least length of bytes (NL_POLICY_TYPE_ATTR_MIN_LENGTH).
	MinLen int
	// MaxLen is the largest length of text, without its NUL, or of bytes; nil if that
	// is not limited (NL_POLICY_TYPE_ATTR_MAX_LENGTH).
	MaxLen *int
	// Nested is the policy of the attributes inside, for NESTED of its own and for
	// NESTED_ARRAY of its members'; nil if they are not checked
	// (NL_POLICY_TYPE_ATTR_POLICY_IDX).
	Nested *PolicySet
	// MaxType is the highest type of attribute that the kernel knows inside, with
	// Nested (NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE).
	MaxType int
}

// Range is what an integer may be, both limits included.
type Range[N int64 | uint64] struct {
	// Min is the least value.
	Min N
	// Max is the largest value.
	Max N
}

// AttrKind is the form of an attribute's payload.
//
// NL_ATTR_TYPE_* in include/uapi/linux/netlink.h.
type AttrKind uint32

// Forms of attributes.
const (
	KindFlag        AttrKind = uapi.NL_ATTR_TYPE_FLAG         // no payload
	KindU8          AttrKind = uapi.NL_ATTR_TYPE_U8           // unsigned, 8 bits
	KindU16         AttrKind = uapi.NL_ATTR_TYPE_U16          // unsigned, 16 bits
	KindU32         AttrKind = uapi.NL_ATTR_TYPE_U32          // unsigned, 32 bits
	KindU64         AttrKind = uapi.NL_ATTR_TYPE_U64          // unsigned, 64 bits
	KindS8          AttrKind = uapi.NL_ATTR_TYPE_S8           // signed, 8 bits
	KindS16         AttrKind = uapi.NL_ATTR_TYPE_S16          // signed, 16 bits
	KindS32         AttrKind = uapi.NL_ATTR_TYPE_S32          // signed, 32 bits
	KindS64         AttrKind = uapi.NL_ATTR_TYPE_S64          // signed, 64 bits
	KindBinary      AttrKind = uapi.NL_ATTR_TYPE_BINARY       // bytes
	KindString      AttrKind = uapi.NL_ATTR_TYPE_STRING       // text, with or without a NUL
	KindNULString   AttrKind = uapi.NL_ATTR_TYPE_NUL_STRING   // text with a NUL
	KindNested      AttrKind = uapi.NL_ATTR_TYPE_NESTED       // attributes
	KindNestedArray AttrKind = uapi.NL_ATTR_TYPE_NESTED_ARRAY // nests of attributes
	KindBitField32  AttrKind = uapi.NL_ATTR_TYPE_BITFIELD32   // a change of bits
	KindSint        AttrKind = uapi.NL_ATTR_TYPE_SINT         // signed, 32 or 64 bits; Linux 6.7
	KindUint        AttrKind = uapi.NL_ATTR_TYPE_UINT         // unsigned, 32 or 64 bits; Linux 6.7
)

var attrKinds = enum.Words[AttrKind]{Type: "AttrKind", Words: []enum.Word[AttrKind]{
	{Value: KindFlag, Name: "FLAG"},
	{Value: KindU8, Name: "U8"},
	{Value: KindU16, Name: "U16"},
	{Value: KindU32, Name: "U32"},
	{Value: KindU64, Name: "U64"},
	{Value: KindS8, Name: "S8"},
	{Value: KindS16, Name: "S16"},
	{Value: KindS32, Name: "S32"},
	{Value: KindS64, Name: "S64"},
	{Value: KindBinary, Name: "BINARY"},
	{Value: KindString, Name: "STRING"},
	{Value: KindNULString, Name: "NUL_STRING"},
	{Value: KindNested, Name: "NESTED"},
	{Value: KindNestedArray, Name: "NESTED_ARRAY"},
	{Value: KindBitField32, Name: "BITFIELD32"},
	{Value: KindSint, Name: "SINT"},
	{Value: KindUint, Name: "UINT"},
}}

// String returns the kernel's word: "NUL_STRING".
func (k AttrKind) String() string { return attrKinds.String(k) }

// MarshalText returns what String returns.
func (k AttrKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what String returns.
func (k *AttrKind) UnmarshalText(text []byte) error { return attrKinds.Parse(text, k) }

// GetPolicy returns what the kernel demands of the attributes of a family's commands.
// A family whose commands all take anything has an empty one.
// `genl ctrl policy name NAME`
//
// Errors: [fs.ErrNotExist] if there is no such family, or none that the client's
// network namespace may see; [errors.ErrUnsupported] before Linux 5.8;
// [nlkit.ErrDumpInterrupted] if families come and go all the time.
func GetPolicy(ctx context.Context, c *nlkit.Client, fam Target) (*Policy, error) {
	const op = "genl.GetPolicy"
	r := nlkit.Request{Op: op}
	if fam == nil {
		return nil, r.Fail(attr.Refuse("no family"))
	}
	f, byName := fam.target()
	if byName {
		var err error
		if f, _, err = familiesOf(c).get(ctx, c, op, f.Name); err != nil {
			return nil, err
		}
	}
	return policyOf(ctx, c, op, f)
}

// Operation returns the policy of a command, and whether it has one.
func (p *Policy) Operation(command uint8) (PolicyOperation, bool) {
	i := slices.IndexFunc(p.Operations, func(o PolicyOperation) bool { return o.Command == command })
	if i < 0 {
		return PolicyOperation{}, false
	}
	return p.Operations[i], true
}

// Attr returns what the set demands of an attribute, and whether it is among those
// that are checked.
func (s *PolicySet) Attr(typ uint16) (AttrRule, bool) {
	i, ok := slices.BinarySearchFunc(s.Attrs, typ, func(a AttrRule, typ uint16) int { return int(a.Type) - int(typ) })
	if !ok {
		return AttrRule{}, false
	}
	return s.Attrs[i], true
}

// String returns the commands and the sets, one a line. The sets are by number, as
// nests refer to them:
//
//	command 1: do 0, dump 0
//	set 0:
//		1 NESTED of set 1
//		2 U32 0..7
//	set 1:
//		1 NUL_STRING of 15 bytes at most
func (p *Policy) String() string {
	var b strings.Builder
	for _, o := range p.Operations {
		fmt.Fprintf(&b, "command %d:", o.Command)
		sep := " "
		for _, way := range []struct {
			name string
			set  *PolicySet
		}{{"do", o.Do}, {"dump", o.Dump}} {
			if way.set != nil {
				fmt.Fprintf(&b, "%s%s %d", sep, way.name, way.set.Number)
				sep = ", "
			}
		}
		b.WriteByte('\n')
	}
	for _, s := range p.Sets {
		fmt.Fprintf(&b, "set %d:\n", s.Number)
		for _, a := range s.Attrs {
			fmt.Fprintf(&b, "\t%d %v\n", a.Type, a)
		}
	}
	return b.String()
}

// Text returns the set as text for people, one attribute a line, by the names of s,
// which may be nil. What is nested is indented by tabs; a set that nests itself is
// shown once in itself.
//
//	ETHTOOL_A_STRSET_HEADER NESTED
//		ETHTOOL_A_HEADER_DEV_INDEX U32 0..4294967295
//		ETHTOOL_A_HEADER_DEV_NAME NUL_STRING of 15 bytes at most
func (s *PolicySet) Text(names attr.Schema) string {
	var b strings.Builder
	s.write(&b, names, nil)
	return b.String()
}

func (s *PolicySet) write(b *strings.Builder, names attr.Schema, around []*PolicySet) {
	around = append(around, s)
	for _, a := range s.Attrs {
		name, sub := attr.Name(names, a.Type, nil)
		inside := a.Nested != nil && !slices.Contains(around, a.Nested)
		text := a.String()
		if inside {
			text = a.Kind.String()
		}
		b.WriteString(strings.Repeat("\t", len(around)-1) + name + " " + text + "\n")
		if inside {
			if a.Kind == KindNestedArray && sub != nil {
				_, sub = sub.Attr(1, nil)
			}
			a.Nested.write(b, sub, around)
		}
	}
}

// String returns kind and limits: "U32 0..7", "NUL_STRING of 15 bytes at most".
func (a AttrRule) String() string {
	s := a.Kind.String()
	switch {
	case a.Mask != nil:
		s += " of the bits 0x" + strconv.FormatUint(*a.Mask, 16)
	case a.Range != nil:
		s += " " + a.Range.String()
	case a.SignedRange != nil:
		s += " " + a.SignedRange.String()
	case a.Nested != nil:
		s += " of set " + strconv.Itoa(a.Nested.Number)
	case a.MaxLen != nil && *a.MaxLen == a.MinLen:
		s += " of " + strconv.Itoa(a.MinLen) + " bytes"
	case a.MaxLen != nil && a.MinLen > 0:
		s += " of " + strconv.Itoa(a.MinLen) + " to " + strconv.Itoa(*a.MaxLen) + " bytes"
	case a.MaxLen != nil:
		s += " of " + strconv.Itoa(*a.MaxLen) + " bytes at most"
	case a.MinLen > 0:
		s += " of " + strconv.Itoa(a.MinLen) + " bytes at least"
	}
	return s
}

// String returns both limits: "0..255".
func (r Range[N]) String() string { return fmt.Sprintf("%d..%d", r.Min, r.Max) }
