package genl

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/nlkit/nlkit/attr"
)

// maxPolicyDepth is how many nests the kernel follows a policy into.
const maxPolicyDepth = 10

// Check returns an error if the kernel would refuse the attributes of a command for
// their form: it is an [*attr.Error] with the path of the attribute, by the names of
// schema, which may be nil, and the limit, and matches [fs.ErrInvalid]. dump tells
// whether the command is sent as a dump. See [Call.Check] for a check of every request.
//
// What passes can be refused all the same, by the command itself: a policy does not
// say which attributes must be there, and an attribute that it does not list passes.
// A payload that is longer than the policy says is refused, and so is an attribute that
// the kernel does not know in a nest, though for some commands that are older than the
// check the kernel only warns of the one and passes over the other.
func (p *Policy) Check(command uint8, dump bool, attrs []byte, schema attr.Schema) error {
	o, ok := p.Operation(command)
	set := o.Do
	if dump {
		set = o.Dump
	}
	if !ok || set == nil {
		return nil
	}
	c := checker{}
	return c.set(set, attrs, schema, 0)
}

// checker compares attributes with a policy.
type checker struct{ path []string }

// refuse returns the error of the attribute at the path.
func (c *checker) refuse(format string, args ...any) error {
	return attr.Invalid(strings.Join(c.path, "."), format, args...)
}

// set checks a sequence of attributes.
func (c *checker) set(set *PolicySet, attrs []byte, names attr.Schema, depth int) error {
	if depth >= maxPolicyDepth {
		return c.refuse("nested deeper than %d, the kernel looks no further", maxPolicyDepth)
	}
	s := attr.Scan(attrs)
	for s.Next() {
		name, sub := attr.Name(names, s.Type(), attrs)
		c.path = append(c.path, name)
		if a, ok := set.Attr(s.Type()); ok {
			if err := c.attr(&a, s.Bytes(), sub, depth); err != nil {
				return err
			}
		}
		c.path = c.path[:len(c.path)-1]
	}
	if s.Err() != nil {
		return c.refuse("%v", s.Err())
	}
	return nil
}

// attr checks one attribute.
func (c *checker) attr(a *AttrRule, p []byte, names attr.Schema, depth int) error {
	switch a.Kind {
	case KindFlag:
		if len(p) > 0 {
			return c.refuse("%s, the kernel takes a flag, which has none", bytesOf(len(p)))
		}
	case KindU8, KindU16, KindU32, KindU64, KindUint:
		return c.unsigned(a, p)
	case KindS8, KindS16, KindS32, KindS64, KindSint:
		return c.signed(a, p)
	case KindBinary:
		return c.length(a, len(p))
	case KindNULString:
		if !slices.Contains(p, 0) {
			return c.refuse("text without a terminating NUL")
		}
		return c.length(a, len(bytes.TrimSuffix(p, []byte{0})))
	case KindString:
		if len(p) == 0 {
			return c.refuse("no bytes, the kernel takes a text")
		}
		return c.length(a, len(bytes.TrimSuffix(p, []byte{0})))
	case KindBitField32:
		return c.bits(a, p)
	case KindNested, KindNestedArray:
		return c.nest(a, p, names, depth)
	}
	return nil
}

// length checks the length of bytes or of a text without its NUL.
func (c *checker) length(a *AttrRule, n int) error {
	switch {
	case n < a.MinLen:
		return c.refuse("%s, the kernel takes %d at least", bytesOf(n), a.MinLen)
	case a.MaxLen != nil && n > *a.MaxLen:
		return c.refuse("%s, the kernel takes %d at most", bytesOf(n), *a.MaxLen)
	}
	return nil
}

// integer checks the length of an integer.
func (c *checker) integer(a *AttrRule, p []byte) error {
	width := 0
	switch a.Kind {
	case KindU8, KindS8:
		width = 1
	case KindU16, KindS16:
		width = 2
	case KindU32, KindS32:
		width = 4
	case KindU64, KindS64:
		width = 8
	default:
		if len(p) != 4 && len(p) != 8 {
			return c.refuse("%s, the kernel takes 4 or 8", bytesOf(len(p)))
		}
		return nil
	}
	if len(p) != width {
		return c.refuse("%s, the kernel takes %d", bytesOf(len(p)), width)
	}
	return nil
}

func (c *checker) unsigned(a *AttrRule, p []byte) error {
	if err := c.integer(a, p); err != nil {
		return err
	}
	switch n := loadUnsigned(p); {
	case a.Mask != nil && n&^*a.Mask != 0:
		return c.refuse("0x%x has the bits 0x%x, the kernel takes those of 0x%x", n, n&^*a.Mask, *a.Mask)
	case a.Range != nil && (n < a.Range.Min || n > a.Range.Max):
		return c.refuse("%d is out of range, the kernel takes %v", n, a.Range)
	}
	return nil
}

func (c *checker) signed(a *AttrRule, p []byte) error {
	if err := c.integer(a, p); err != nil {
		return err
	}
	shift := 64 - 8*len(p)
	n := int64(loadUnsigned(p)<<shift) >> shift
	if a.SignedRange != nil && (n < a.SignedRange.Min || n > a.SignedRange.Max) {
		return c.refuse("%d is out of range, the kernel takes %v", n, a.SignedRange)
	}
	return nil
}

func (c *checker) bits(a *AttrRule, p []byte) error {
	if len(p) != 8 {
		return c.refuse("%s, the kernel takes 8", bytesOf(len(p)))
	}
	value, selector := loadUnsigned(p[:4]), loadUnsigned(p[4:])
	switch {
	case a.Mask != nil && (value|selector)&^*a.Mask != 0:
		return c.refuse("the bits 0x%x, the kernel takes those of 0x%x", (value|selector)&^*a.Mask, *a.Mask)
	case value&^selector != 0:
		return c.refuse("the bits 0x%x are on, but not selected", value&^selector)
	}
	return nil
}

func (c *checker) nest(a *AttrRule, p []byte, names attr.Schema, depth int) error {
	switch {
	case len(p) == 0 || a.Nested == nil && len(p) >= 4:
		return nil
	case len(p) < 4:
		return c.refuse("%s, the kernel takes attributes", bytesOf(len(p)))
	case a.Kind == KindNested:
		return c.inside(a, p, names, depth+1)
	}
	s := attr.Scan(p)
	for s.Next() {
		name, sub := attr.Name(names, s.Type(), p)
		c.path = append(c.path, name)
		switch n := len(s.Bytes()); {
		case n > 0 && n < 4:
			return c.refuse("%s, the kernel takes attributes", bytesOf(n))
		case n > 0:
			if err := c.inside(a, s.Bytes(), sub, depth+1); err != nil {
				return err
			}
		}
		c.path = c.path[:len(c.path)-1]
	}
	return nil
}

// inside checks the attributes of a nest, with the limit of their types.
func (c *checker) inside(a *AttrRule, p []byte, names attr.Schema, depth int) error {
	if a.MaxType > 0 {
		for s := attr.Scan(p); s.Next(); {
			if int(s.Type()) > a.MaxType {
				name, _ := attr.Name(names, s.Type(), p)
				c.path = append(c.path, name)
				return c.refuse("the kernel does not know attribute %d here, its last is %d", s.Type(), a.MaxType)
			}
		}
	}
	return c.set(a.Nested, p, names, depth)
}

// loadUnsigned reads 1, 2, 4 or 8 bytes.
func loadUnsigned(p []byte) uint64 {
	switch len(p) {
	case 1:
		return uint64(p[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(p))
	case 4:
		return uint64(binary.NativeEndian.Uint32(p))
	}
	return binary.NativeEndian.Uint64(p)
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
