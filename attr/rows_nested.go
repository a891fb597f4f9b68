package attr

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Nested is a nest whose attributes are described by a table of their own; nil
// is not sent, a pointer to a zero struct is sent as an empty nest.
func Nested[T, S any](typ uint16, name string, table Table[S], field func(*T) **S) Row[T] {
	return Row[T]{
		typ: typ, name: name, sub: always(table),
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			s := *field(v)
			if s == nil {
				return b, nil
			}
			return appendNest(b, typ, table, s)
		},
		get: func(_ uint16, p []byte, v *T) error {
			s := new(S)
			if err := table.Decode(p, s); err != nil {
				return err
			}
			*field(v) = s
			return nil
		},
		fill: func(r *rand.Rand, v *T) {
			s := new(S)
			table.Fill(r, s)
			*field(v) = s
		},
	}
}

// Inline is a nest whose attributes are fields of the same struct, or of one
// inside it; a nest without attributes is not sent.
func Inline[T, S any](typ uint16, name string, table Table[S], field func(*T) *S) Row[T] {
	return Row[T]{
		typ: typ, name: name, sub: always(table),
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			start := len(b)
			b, err := appendNest(b, typ, table, field(v))
			if err == nil && len(b) == start+headerLen && !always {
				b = b[:start]
			}
			return b, err
		},
		get:  func(_ uint16, p []byte, v *T) error { return table.Decode(p, field(v)) },
		fill: func(r *rand.Rand, v *T) { table.Fill(r, field(v)) },
	}
}

// List is a nest of nests, numbered from 1, each described by the table; an
// empty list is not sent.
func List[T, S any](typ uint16, name string, table Table[S], field func(*T) *[]S) Row[T] {
	return Row[T]{
		typ: typ, name: name, sub: func([]byte) Schema { return listSchema{table} },
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			items := *field(v)
			if len(items) == 0 {
				return b, nil
			}
			b, start := BeginNested(b, typ)
			for i := range items {
				var err error
				if b, err = appendNest(b, uint16(i+1), table, &items[i]); err != nil {
					return b, within(strconv.Itoa(i+1), err)
				}
			}
			return EndNested(b, start)
		},
		get: func(_ uint16, p []byte, v *T) error {
			list := (*field(v))[:0]
			s := Scan(p)
			for s.Next() {
				var item S
				if err := table.Decode(s.Bytes(), &item); err != nil {
					return within(strconv.Itoa(int(s.Type())), err)
				}
				list = append(list, item)
			}
			*field(v) = list
			return s.Err()
		},
		fill: func(r *rand.Rand, v *T) {
			list := make([]S, 1+r.IntN(3))
			for i := range list {
				table.Fill(r, &list[i])
			}
			*field(v) = list
		},
	}
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
	return Row[T]{
		rest: true,
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			for _, a := range *field(v) {
				if err := checkLen(len(a.Data)); err != nil {
					return b, within(strconv.Itoa(int(a.Type&typeMask)), err)
				}
				b = AppendBytes(b, a.Type, a.Data)
			}
			return b, nil
		},
		get: func(typ uint16, p []byte, v *T) error {
			f := field(v)
			*f = append(*f, Raw{Type: typ, Data: append([]byte{}, p...)})
			return nil
		},
		fill: func(r *rand.Rand, v *T) {
			*field(v) = []Raw{{Type: typeMask - uint16(r.IntN(8)), Data: randomBytes(r, r.IntN(8))}}
		},
	}
}

func appendNest[S any](b []byte, typ uint16, table Table[S], v *S) ([]byte, error) {
	b, start := BeginNested(b, typ)
	b, err := table.Append(b, v)
	if err != nil {
		return b, err
	}
	return EndNested(b, start)
}

func always(s Schema) func([]byte) Schema { return func([]byte) Schema { return s } }

// listSchema names the members of a List by their number.
type listSchema struct{ item Schema }

func (l listSchema) Attr(typ uint16, _ []byte) (string, Schema) {
	return strconv.Itoa(int(typ)), l.item
}

func (w wire) String() string { return fmt.Sprintf("%d bits", 8*w.width) }

func decimal[V Integer](n V) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
