package attr

import (
	"math/rand/v2"
	"strconv"
)

// Nested is a nest whose attributes are described by a table of their own; nil
// is not sent, a pointer to a zero struct is sent as an empty nest.
func Nested[T, S any](typ uint16, name string, table Table[S], field func(*T) **S) Row[T] {
	r := nestedIn(typ, name, rowsOf(table), field)
	r.sub = always(table)
	return Row[T]{r}
}

//go:noinline
func nestedIn[P, S any](typ uint16, name string, table []row[*S], field func(P) **S) row[P] {
	return row[P]{
		typ: typ, name: name, unset: true,
		put: func(b []byte, v P, _ bool, depth int) ([]byte, error) {
			s := *field(v)
			if s == nil {
				return b, nil
			}
			return appendNest(b, typ, table, s, depth)
		},
		get: func(_ uint16, p []byte, v P, depth int) error {
			s := new(S)
			if err := decodeRows(table, p, s, depth+1); err != nil {
				return err
			}
			*field(v) = s
			return nil
		},
		fill: func(r *rand.Rand, v P, turns int) {
			if table, turns, ok := inside(table, turns); ok {
				s := new(S)
				fillRows(table, r, s, turns, false)
				*field(v) = s
			}
		},
	}
}

// Inline is a nest whose attributes are fields of the same struct, or of one
// inside it; a nest without attributes is not sent.
func Inline[T, S any](typ uint16, name string, table Table[S], field func(*T) *S) Row[T] {
	r := inline(typ, name, rowsOf(table), field)
	r.sub = always(table)
	return Row[T]{r}
}

//go:noinline
func inline[P, Q any](typ uint16, name string, table []row[Q], field func(P) Q) row[P] {
	return row[P]{
		typ: typ, name: name,
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			start := len(b)
			b, err := appendNest(b, typ, table, field(v), depth)
			if err == nil && len(b) == start+headerLen && !always {
				b = b[:start]
			}
			return b, err
		},
		get: func(_ uint16, p []byte, v P, depth int) error { return decodeRows(table, p, field(v), depth+1) },
		fill: func(r *rand.Rand, v P, turns int) {
			if table, turns, ok := inside(table, turns); ok {
				fillRows(table, r, field(v), turns, false)
			}
		},
	}
}

// List is a nest of nests, numbered from 1, each described by the table; an
// empty list is not sent. [ListOf] is a list of anything.
func List[T, S any](typ uint16, name string, table Table[S], field func(*T) *[]S) Row[T] {
	return ListOf(typ, name, Inline(0, "", table, Self[S]), field)
}

// Recursive returns a table that nests itself. build is called once, with what
// stands for the table in its own rows:
//
//	var ruleAttrs = attr.Recursive(func(self attr.Table[rule]) attr.Table[rule] {
//		return attr.Table[rule]{
//			attr.U32(1, "RULE_ID", func(r *rule) *uint32 { return &r.ID }),
//			attr.List(2, "RULE_ANY_OF", self, func(r *rule) *[]rule { return &r.AnyOf }),
//		}
//	})
//
// More than 32 nests in each other are an error, both ways.
func Recursive[T any](build func(self Table[T]) Table[T]) Table[T] {
	self := new([]row[*T])
	table := build(Table[T]{{row[*T]{self: self}}})
	*self = rowsOf(table)
	return table
}

// inside returns the table to fill at random within another; ok is false if it is
// one that nests itself and has done so often enough.
func inside[P any](t []row[P], turns int) (_ []row[P], _ int, ok bool) {
	if len(t) == 1 && t[0].self != nil {
		turns++
	}
	return itself(t), turns, turns <= maxTurns
}

// Raw is one attribute as it is on the wire.
type Raw struct {
	// Type is the attribute's type, with the flag bits NLA_F_NESTED and
	// NLA_F_NET_BYTEORDER as they were received.
	Type uint16
	// Data is the payload.
	Data []byte
}

// Rest keeps the attributes for which the table has no row, and sends them again
// as they came: what a newer kernel says survives.
func Rest[T any](field func(*T) *[]Raw) Row[T] {
	return Row[T]{restOf(field)}
}

func restOf[P any](field func(P) *[]Raw) row[P] {
	return row[P]{
		rest: true,
		put: func(b []byte, v P, _ bool, _ int) ([]byte, error) {
			for _, a := range *field(v) {
				if err := checkLen(len(a.Data)); err != nil {
					return b, within(strconv.Itoa(int(a.Type&typeMask)), err)
				}
				b = AppendBytes(b, a.Type, a.Data)
			}
			return b, nil
		},
		get: func(typ uint16, p []byte, v P, _ int) error {
			f := field(v)
			*f = append(*f, Raw{Type: typ, Data: append([]byte{}, p...)})
			return nil
		},
		fill: func(r *rand.Rand, v P, _ int) {
			*field(v) = []Raw{{Type: typeMask - uint16(r.IntN(8)), Data: randomBytes(r, r.IntN(8))}}
		},
	}
}

func appendNest[P any](b []byte, typ uint16, table []row[P], v P, depth int) ([]byte, error) {
	b, start := BeginNested(b, typ)
	b, err := appendRows(table, b, v, depth+1)
	if err != nil {
		return b, err
	}
	return EndNested(b, start)
}

func always(s Schema) func([]byte) Schema { return func([]byte) Schema { return s } }
