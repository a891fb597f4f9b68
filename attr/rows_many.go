package attr

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Repeated is an attribute that comes once for each element of the field. The row
// describes one of them:
//
//	attr.Repeated(attr.U32(7, "PORT", attr.Self[uint32]), func(c *config) *[]uint32 { return &c.Ports })
//
// What is decoded is added to the field.
func Repeated[T, V any](row Row[V], field func(*T) *[]V) Row[T] {
	return Row[T]{repeated(row.row, field)}
}

func repeated[P, V any](one row[*V], field func(P) *[]V) row[P] {
	return row[P]{
		typ: one.typ, name: one.name, sub: one.sub, show: one.show, problem: cannotBeMember(&one), unset: true, many: true, readOnly: one.readOnly,
		put: func(b []byte, v P, _ bool, depth int) ([]byte, error) {
			items := *field(v)
			for i := range items {
				var err error
				if b, err = sendAs(&one, b, one.typ, &items[i], depth); err != nil {
					return b, err
				}
			}
			return b, nil
		},
		get: func(typ uint16, p []byte, v P, depth int) error {
			list := field(v)
			var zero V
			*list = append(*list, zero)
			return one.get(typ, p, &(*list)[len(*list)-1], depth)
		},
		fill: func(r *rand.Rand, v P, turns int) { fillSome(r, one, field(v), turns) },
		over: overEach(one, field),
	}
}

// ListOf is a nest of members, numbered from 1, each with the payload of the given
// row, whose own type and name mean nothing. An empty list is not sent. What is
// decoded comes in the order in which it stands, whatever its numbers.
//
//	attr.ListOf(9, "SERVERS", attr.Addr(0, "", attr.Self[netip.Addr]), func(c *config) *[]netip.Addr { return &c.Servers })
//
// A nest whose members all bear one type is an [Inline] nest with a [Repeated] row.
func ListOf[T, V any](typ uint16, name string, member Row[V], field func(*T) *[]V) Row[T] {
	return Row[T]{listOf(typ, name, member.row, field)}
}

func listOf[P, V any](typ uint16, name string, member row[*V], field func(P) *[]V) row[P] {
	return row[P]{
		typ: typ, name: name, sub: always(memberSchema[*V]{member}), problem: cannotBeMember(&member), readOnly: member.readOnly,
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			items := *field(v)
			if len(items) == 0 && !always {
				return b, nil
			}
			b, start := BeginNested(b, typ)
			for i := range items {
				var err error
				if b, err = sendAs(&member, b, uint16(i+1), &items[i], depth+1); err != nil {
					return b, within(strconv.Itoa(i+1), err)
				}
			}
			return EndNested(b, start)
		},
		get: func(_ uint16, p []byte, v P, depth int) error {
			n := 0
			for s := Scan(p); s.Next(); {
				n++
			}
			list := roomFor(*field(v), n)
			s := Scan(p)
			for s.Next() {
				var zero V
				list = append(list, zero)
				if err := member.get(s.typ, s.payload, &list[len(list)-1], depth+1); err != nil {
					return within(strconv.Itoa(int(s.Type())), err)
				}
			}
			*field(v) = list
			return s.Err()
		},
		fill: func(r *rand.Rand, v P, turns int) { fillSome(r, member, field(v), turns) },
		over: overEach(member, field),
	}
}

// Map is a nest of members whose types are the keys of a map, each with the payload
// of the given row, whose own type and name mean nothing. An empty map is not sent.
// Keys are below 16384 and sent in their order. What is decoded is added to the map,
// and so are the members of maps in it.
//
//	attr.Map(8, "LIMITS", attr.U32(0, "", attr.Self[uint32]), func(c *config) *map[uint8]uint32 { return &c.Limits })
func Map[T any, K Integer, V any](typ uint16, name string, member Row[V], field func(*T) *map[K]V) Row[T] {
	return Row[T]{mapOf(typ, name, member.row, field)}
}

func mapOf[P any, K Integer, V any](typ uint16, name string, member row[*V], field func(P) *map[K]V) row[P] {
	return row[P]{
		typ: typ, name: name, sub: always(memberSchema[*V]{member}), problem: cannotBeMember(&member), readOnly: member.readOnly,
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			m := *field(v)
			if len(m) == 0 && !always {
				return b, nil
			}
			b, start := BeginNested(b, typ)
			for _, k := range slices.Sorted(maps.Keys(m)) {
				if k < 0 || uint64(k) > typeMask {
					return b, within(decimal(k), invalid("a key is at most "+decimal(typeMask)))
				}
				item := m[k]
				var err error
				if b, err = sendAs(&member, b, uint16(k), &item, depth+1); err != nil {
					return b, within(decimal(k), err)
				}
			}
			return EndNested(b, start)
		},
		get: func(_ uint16, p []byte, v P, depth int) error {
			m := field(v)
			if *m == nil {
				*m = map[K]V{}
			}
			s := Scan(p)
			for s.Next() {
				k := K(s.Type())
				if k < 0 || uint64(k) != uint64(s.Type()) {
					return within(decimal(s.Type()), malformed("the key does not fit"))
				}
				item := (*m)[k]
				if err := member.get(s.typ, s.payload, &item, depth+1); err != nil {
					return within(decimal(k), err)
				}
				(*m)[k] = item
			}
			return s.Err()
		},
		fill: func(r *rand.Rand, v P, turns int) {
			m := map[K]V{}
			for range 1 + r.IntN(3) {
				var item V
				member.fill(r, &item, turns)
				m[K(r.IntN(128))] = item
			}
			*field(v) = m
		},
	}
}

// Array is one payload of elements, one behind the other, each as the given row would
// send it, which must be one of a fixed size: integers, booleans, durations, [Addr4]
// and [Addr6], [FixedBytes], [FixedString], [Struct]. An empty array is not sent.
//
//	attr.Array(attr.BE16(3, "PORTS", attr.Self[uint16]), func(c *config) *[]uint16 { return &c.Ports })
func Array[T, V any](row Row[V], field func(*T) *[]V) Row[T] {
	return Row[T]{array(row.row, field)}
}

func array[P, V any](one row[*V], field func(P) *[]V) row[P] {
	return row[P]{
		typ: one.typ, name: one.name, problem: cannotBeElement(&one), flags: one.flags, readOnly: one.readOnly, show: showElements(one),
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			items := *field(v)
			if len(items) == 0 && !always {
				return b, nil
			}
			return sendArray(&one, b, items, depth)
		},
		get: func(_ uint16, p []byte, v P, depth int) error {
			if one.size == 0 || len(p)%one.size != 0 {
				return malformed("%d bytes are no elements of %d", len(p), one.size)
			}
			list := roomFor(*field(v), len(p)/one.size)[:len(p)/one.size]
			clear(list)
			*field(v) = list
			return getArray(&one, p, list, depth)
		},
		fill: func(r *rand.Rand, v P, turns int) { fillSome(r, one, field(v), turns) },
		over: overEach(one, field),
	}
}

// FixedArray is [Array] for an array of Go, of which the field is a slice; zeros are
// not sent. A payload of another length is an error.
//
//	attr.FixedArray(attr.U32(4, "KEYS", attr.Self[uint32]), func(c *config) []uint32 { return c.Keys[:] })
func FixedArray[T, V any](row Row[V], field func(*T) []V) Row[T] {
	return Row[T]{fixedArray(row.row, len(field(new(T))), field)}
}

func fixedArray[P, V any](one row[*V], n int, field func(P) []V) row[P] {
	size := one.size * n
	r := row[P]{
		typ: one.typ, name: one.name, size: size, problem: cannotBeElement(&one), flags: one.flags, readOnly: one.readOnly, show: showElements(one),
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			start := len(b)
			b, err := sendArray(&one, b, field(v), depth)
			return dropZeros(b, start, always), err
		},
		get: func(_ uint16, p []byte, v P, depth int) error {
			if len(p) != size {
				return malformed("%d bytes, want %d", len(p), size)
			}
			return getArray(&one, p, field(v), depth)
		},
		fill: func(r *rand.Rand, v P, turns int) {
			for i := range field(v) {
				one.fill(r, &field(v)[i], turns)
			}
		},
	}
	if n == 0 && r.problem == "" {
		r.problem = notFixed
	}
	if one.over != nil {
		r.over = func(v P, limit uint64) error { return overSlice(one, field(v), limit) }
	}
	return r
}

// notFixed is the problem of a field that is a slice of its own: it has no length yet
// when the row is made.
const notFixed = "the field is no slice of an array"

// FixedBytes is a payload kept in an array of bytes, of which the field is a slice;
// zeros are not sent. A payload of another length is an error.
//
//	attr.FixedBytes(3, "PUBLIC_KEY", func(p *peer) []byte { return p.Key[:] })
func FixedBytes[T any](typ uint16, name string, field func(*T) []byte) Row[T] {
	return Row[T]{fixedBytes(typ, name, len(field(new(T))), field)}
}

func fixedBytes[P any](typ uint16, name string, size int, field func(P) []byte) row[P] {
	if size == 0 {
		return row[P]{typ: typ, name: name, problem: notFixed}
	}
	return row[P]{
		typ: typ, name: name, size: size,
		show: func(b, p, _ []byte) ([]byte, bool) { return appendHex(b, p), true },
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			if err := checkLen(size); err != nil {
				return b, err
			}
			start := len(b)
			return dropZeros(AppendBytes(b, typ, field(v)), start, always), nil
		},
		get: func(_ uint16, p []byte, v P, _ int) error {
			if len(p) != size {
				return malformed("%d bytes, want %d", len(p), size)
			}
			copy(field(v), p)
			return nil
		},
		fill: func(r *rand.Rand, v P, _ int) { copy(field(v), randomBytes(r, size)) },
	}
}

// FixedString is text in a payload of size bytes that is filled up with zeros, of
// which one at least is sent (char name[16]). The field must not contain a NUL.
func FixedString[T any, V ~string](typ uint16, name string, size int, field func(*T) *V) Row[T] {
	return Row[T]{fixedString(typ, name, size, field)}
}

func fixedString[P any, V ~string](typ uint16, name string, size int, field func(P) *V) row[P] {
	if size < 2 {
		return row[P]{typ: typ, name: name, problem: "no text fits in it"}
	}
	return row[P]{
		typ: typ, name: name, size: size, show: showText,
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			s := string(*field(v))
			if s == "" && !always {
				return b, nil
			}
			err := checkText(s)
			if err == nil {
				err = checkLen(size)
			}
			if err == nil && len(s) >= size {
				err = invalid("text of " + decimal(len(s)) + " bytes, it has at most " + decimal(size-1))
			}
			if err != nil {
				return b, err
			}
			b = append(appendHeader(b, typ, size), s...)
			return pad(appendZeros(b, size-len(s)), size), nil
		},
		get:  func(_ uint16, p []byte, v P, _ int) error { *field(v) = V(text(p)); return nil },
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = V(randomText(r, size-1)) },
	}
}

// cannotBeMember says why the row cannot be that of one of many attributes.
func cannotBeMember[P any](r *row[P]) string {
	switch {
	case r.problem != "":
		return r.problem
	case r.put == nil || r.get == nil || r.fill == nil:
		return "the row of one of many needs both directions and a sample"
	case r.many || r.rest:
		return "the row of one of many cannot itself be many attributes"
	}
	return ""
}

// cannotBeElement says why the row cannot be that of a part of a payload.
func cannotBeElement[P any](r *row[P]) string {
	if problem := cannotBeMember(r); problem != "" {
		return problem
	}
	if r.size == 0 {
		return "the row of a part of a payload needs a fixed size"
	}
	return ""
}

// sendAs appends the attribute of one row under another type, set or not.
func sendAs[P any](r *row[P], b []byte, typ uint16, v P, depth int) ([]byte, error) {
	start := len(b)
	b, err := send(r, b, v, true, depth)
	switch {
	case err != nil:
		return b, err
	case len(b) == start:
		return b, invalid("it is not set")
	}
	binary.NativeEndian.PutUint16(b[start+2:], typ|binary.NativeEndian.Uint16(b[start+2:])&^typeMask)
	return b, nil
}

// sendPayload appends what stands behind the header of the row's attribute.
func sendPayload[P any](r *row[P], b []byte, v P, depth int) ([]byte, error) {
	start := len(b)
	b, err := sendAs(r, b, 0, v, depth)
	if err != nil {
		return b, err
	}
	payload := b[start+headerLen : start+int(binary.NativeEndian.Uint16(b[start:]))]
	return b[:start+copy(b[start:], payload)], nil
}

// sendArray appends an attribute of elements.
func sendArray[V any](r *row[*V], b []byte, items []V, depth int) ([]byte, error) {
	if err := checkLen(r.size * len(items)); err != nil {
		return b, err
	}
	b = appendHeader(b, r.typ, r.size*len(items))
	for i := range items {
		var err error
		if b, err = sendPayload(r, b, &items[i], depth); err != nil {
			return b, within(strconv.Itoa(i+1), err)
		}
	}
	return pad(b, r.size*len(items)), nil
}

// getArray stores a payload whose length is that of the elements.
func getArray[V any](r *row[*V], p []byte, items []V, depth int) error {
	for i := range items {
		if err := r.get(0, p[i*r.size:(i+1)*r.size], &items[i], depth); err != nil {
			return within(strconv.Itoa(i+1), err)
		}
	}
	return nil
}

// roomFor returns list without elements and with room for n.
func roomFor[V any](list []V, n int) []V {
	if n > cap(list) {
		return make([]V, 0, n)
	}
	return list[:0]
}

// dropZeros takes back the attribute at start if its payload is zero.
func dropZeros(b []byte, start int, always bool) []byte {
	if always || start+headerLen > len(b) {
		return b
	}
	for _, c := range b[start+headerLen:] {
		if c != 0 {
			return b
		}
	}
	return b[:start]
}

// fillSome fills a slice with one to three elements.
func fillSome[V any](r *rand.Rand, one row[*V], list *[]V, turns int) {
	items := make([]V, 1+r.IntN(3))
	for i := range items {
		one.fill(r, &items[i], turns)
	}
	*list = items
}

// overEach returns the check of a limit for all elements, nil if the row has none.
func overEach[P, V any](one row[*V], field func(P) *[]V) func(v P, limit uint64) error {
	if one.over == nil {
		return nil
	}
	return func(v P, limit uint64) error { return overSlice(one, *field(v), limit) }
}

func overSlice[V any](one row[*V], items []V, limit uint64) error {
	for i := range items {
		if err := one.over(&items[i], limit); err != nil {
			return within(strconv.Itoa(i+1), err)
		}
	}
	return nil
}

// memberSchema names the members of a list or map by their number.
type memberSchema[P any] struct{ row row[P] }

func (m memberSchema[P]) Attr(typ uint16, siblings []byte) (string, Schema) {
	if m.row.sub == nil {
		return strconv.Itoa(int(typ)), nil
	}
	return strconv.Itoa(int(typ)), m.row.sub(siblings)
}
