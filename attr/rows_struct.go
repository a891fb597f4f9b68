package attr

import (
	"math/rand/v2"
	"strconv"
)

// Layout is a C struct: bytes at fixed places instead of attributes. The numbers of
// its rows are offsets in bytes, and each row must be of a fixed size:
//
//	var cacheLayout = attr.Layout[cache]{Size: 8, Fields: []attr.Row[cache]{
//		attr.U16(0, "hits", func(c *cache) *uint16 { return &c.Hits }),
//		attr.U32(4, "misses", func(c *cache) *uint32 { return &c.Misses }),
//	}}
//
// It describes the payload of a [Struct] row, an element of an [Array], and the fixed
// header that messages of most protocols begin with. An address that is not set is
// sent as zeros, and zeros are read as 0.0.0.0 or ::.
type Layout[S any] struct {
	// Size is the length that is sent. What no field covers is zero.
	Size int
	// Fields are the struct's fields, in any order.
	Fields []Row[S]
}

// Append appends the struct to b. It returns an *[Error] for a value that its field
// cannot hold; then the bytes are of no use.
func (l Layout[S]) Append(b []byte, v *S) ([]byte, error) { return appendLayout(l.rows(), b, v, 0) }

// layout is what a Layout is made of; see row.
type layout[P any] struct {
	size   int
	fields []row[P]
}

func (l Layout[S]) rows() layout[*S] { return layout[*S]{l.Size, rowsOf(Table[S](l.Fields))} }

func appendLayout[P any](l layout[P], b []byte, v P, depth int) ([]byte, error) {
	start := len(b)
	b = appendZeros(b, l.size)
	for i := range l.fields {
		r := &l.fields[i]
		if r.readOnly {
			continue
		}
		if problem := misplaced(l, r); problem != "" {
			return b, within(r.name, invalid(problem))
		}
		end := len(b)
		b2, err := send(r, b, v, true, depth)
		if err != nil {
			return b, within(r.name, err)
		}
		if len(b2) >= end+headerLen+r.size { // else it is an address that is not set: zeros
			copy(b2[start+int(r.typ):], b2[end+headerLen:end+headerLen+r.size])
		}
		b = b2[:end]
	}
	return b, nil
}

// Decode stores the struct that b begins with into v. Fields behind the end of b keep
// their values, and what is behind the struct is ignored: older kernels send less,
// newer ones more. It returns an *[Error] that matches [ErrMalformed] for a value
// that its field cannot hold.
func (l Layout[S]) Decode(b []byte, v *S) error { return decodeLayout(l.rows(), b, v, 0) }

func decodeLayout[P any](l layout[P], b []byte, v P, depth int) error {
	for i := range l.fields {
		r := &l.fields[i]
		end := int(r.typ) + r.size
		if r.get == nil || r.size == 0 || end > len(b) {
			continue
		}
		if err := r.get(0, b[r.typ:end], v, depth); err != nil {
			return within(r.name, err)
		}
	}
	return nil
}

// Check returns an error if a field has no name or no fixed size, lies outside of the
// struct, or over another. Tests call it.
func (l Layout[S]) Check() error { return checkLayout(l.rows()) }

func checkLayout[P any](l layout[P]) error {
	covered := map[int]string{}
	for i := range l.fields {
		r := &l.fields[i]
		if r.name == "" {
			return Refuse("the field at offset %d has no name", r.typ)
		}
		if problem := misplaced(l, r); problem != "" {
			return within(r.name, invalid(problem))
		}
		for off := int(r.typ); off < int(r.typ)+r.size; off++ {
			if covered[off] != "" {
				return Refuse("%s and %s lie over each other", covered[off], r.name)
			}
			covered[off] = r.name
		}
	}
	return nil
}

// misplaced says why a row cannot be a field of the struct.
func misplaced[P any](l layout[P], r *row[P]) string {
	switch {
	case r.readOnly && r.problem == "" && r.size != 0:
		return ""
	case cannotBeElement(r) != "":
		return cannotBeElement(r)
	case int(r.typ)+r.size > l.size:
		return "the field lies outside of the struct"
	}
	return ""
}

// Struct is an attribute whose payload is a C struct; one that is all zeros is not
// sent. A payload that is shorter or longer than the struct is decoded as far as both
// go. For one where zeros are a value use [Opt].
func Struct[T, S any](typ uint16, name string, layout Layout[S], field func(*T) *S) Row[T] {
	return Row[T]{structured(typ, name, layout.rows(), field)}
}

func structured[P, Q any](typ uint16, name string, l layout[Q], field func(P) Q) row[P] {
	r := row[P]{
		typ: typ, name: name, size: l.size,
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			if err := checkLen(l.size); err != nil {
				return b, err
			}
			start := len(b)
			b, err := appendLayout(l, appendHeader(b, typ, l.size), field(v), depth)
			return dropZeros(pad(b, l.size), start, always), err
		},
		get: func(_ uint16, p []byte, v P, depth int) error { return decodeLayout(l, p, field(v), depth) },
		fill: func(r *rand.Rand, v P, turns int) {
			for i := range l.fields {
				if f := &l.fields[i]; f.fill != nil && !f.readOnly {
					f.fill(r, field(v), turns)
				}
			}
		},
		show: func(b, p, _ []byte) ([]byte, bool) { return showLayout(l, b, p) },
	}
	if err := checkLayout(l); err != nil {
		r.problem = err.Error()
	}
	return r
}

// showLayout writes the fields that p has: {hits=1 misses=2}.
func showLayout[P any](l layout[P], b, p []byte) ([]byte, bool) {
	b = append(b, '{')
	sep := ""
	for i := range l.fields {
		r := &l.fields[i]
		end := int(r.typ) + r.size
		if r.size == 0 || end > len(p) {
			continue
		}
		b = append(b, sep...)
		b = append(append(b, r.name...), '=')
		b = appendValue(r, b, p[r.typ:end], nil)
		sep = " "
	}
	if len(p) > l.size {
		b = append(b, sep...)
		b = append(b, "and "+strconv.Itoa(len(p)-l.size)+" bytes"...)
	}
	return append(b, '}'), true
}
