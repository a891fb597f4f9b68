package attr

import (
	"errors"
	"math/rand/v2"
)

// Table describes the attributes of one nest as fields of T, one row an
// attribute. Rows are best kept in the order of their types: the kernel mostly
// sends them so, and then each look-up finds its row at once.
type Table[T any] []Row[T]

// Row ties one attribute to one field of T. Rows are made by this package's
// constructors ([U32], [String], [Nested], …) and refined by their methods.
type Row[T any] struct {
	typ  uint16
	name string

	put  func(b []byte, v *T, always bool) ([]byte, error) // appends the attribute if the field is set, or always
	get  func(typ uint16, p []byte, v *T) error            // stores the payload
	fill func(r *rand.Rand, v *T)                          // sets the field at random, for tests
	sub  func(siblings []byte) Schema                      // names inside the payload
	over func(v *T, limit uint64) error                    // refuses an integer above the limit

	always   bool // sent even if zero
	rest     bool // takes the attributes that have no row
	readOnly bool
	max      uint64
}

// Type returns the attribute's type.
func (r Row[T]) Type() uint16 { return r.typ }

// Name returns the attribute's C name.
func (r Row[T]) Name() string { return r.name }

// Required returns the row with its field sent even when it is zero: for
// attributes that the kernel insists on. It concerns integers, durations and
// booleans.
func (r Row[T]) Required() Row[T] {
	r.always = true
	return r
}

// ReadOnly returns the row with its field read but never sent: for what the
// kernel reports and does not take.
func (r Row[T]) ReadOnly() Row[T] {
	r.readOnly = true
	return r
}

// Max returns the row of an integer with values above n refused before anything
// is sent. n must not be 0.
func (r Row[T]) Max(n uint64) Row[T] {
	r.max = n
	fill, over := r.fill, r.over
	r.fill = func(rnd *rand.Rand, v *T) {
		for fill(rnd, v); over(v, n) != nil; {
			fill(rnd, v)
		}
	}
	return r
}

// Within returns the row with names for the attributes inside its payload, for
// error messages; choose is given all attributes of the nest that the row
// stands in.
func (r Row[T]) Within(choose func(siblings []byte) Schema) Row[T] {
	r.sub = choose
	return r
}

// Sample returns the row with a function that sets its field at random to
// something that survives a round trip. [Custom] rows need it to be tested.
func (r Row[T]) Sample(fill func(r *rand.Rand, v *T)) Row[T] {
	r.fill = fill
	return r
}

// Append appends the attributes of every set field of v to b, in the order of
// the rows. It returns an *[Error] for a value that its attribute cannot hold;
// then the bytes are of no use.
func (t Table[T]) Append(b []byte, v *T) ([]byte, error) {
	for i := range t {
		r := &t[i]
		if r.readOnly || r.put == nil {
			continue
		}
		var err error
		if r.max != 0 && r.over != nil {
			err = r.over(v, r.max)
		}
		if err == nil {
			b, err = r.put(b, v, r.always)
		}
		if err != nil {
			return b, within(r.name, err)
		}
	}
	return b, nil
}

// Decode stores the attributes in b into v. Fields without an attribute keep
// their values. The bytes are copied where a field needs them, so that v does
// not hold on to b. It returns an *[Error] that matches [ErrMalformed].
func (t Table[T]) Decode(b []byte, v *T) error {
	s := Scan(b)
	hint := 0
	for s.Next() {
		i := t.find(s.Type(), hint)
		if i < 0 {
			continue
		}
		hint = i + 1
		r := &t[i]
		if r.get == nil {
			continue
		}
		if err := r.get(s.typ, s.payload, v); err != nil {
			return within(r.name, err)
		}
	}
	if err := s.Err(); err != nil {
		return &Error{Err: err}
	}
	return nil
}

// find returns the index of the row for typ, else that of the Rest row, else -1.
// It looks at hint first and then around: with rows in the order of the message
// every look-up is the first comparison.
func (t Table[T]) find(typ uint16, hint int) int {
	rest := -1
	for n := range t {
		i := hint + n
		if i >= len(t) {
			i -= len(t)
		}
		if t[i].rest {
			rest = i
		} else if t[i].typ == typ {
			return i
		}
	}
	return rest
}

// Attr implements [Schema].
func (t Table[T]) Attr(typ uint16, siblings []byte) (name string, sub Schema) {
	for i := range t {
		if t[i].typ == typ && !t[i].rest {
			if t[i].sub != nil {
				sub = t[i].sub(siblings)
			}
			return t[i].name, sub
		}
	}
	return "", nil
}

// Fill sets every field that a row can send to a random value, for round-trip
// tests.
func (t Table[T]) Fill(r *rand.Rand, v *T) {
	for i := range t {
		if t[i].fill != nil && !t[i].readOnly {
			t[i].fill(r, v)
		}
	}
}

// FillAll is Fill with the fields that are only read as well.
func (t Table[T]) FillAll(r *rand.Rand, v *T) {
	for i := range t {
		if t[i].fill != nil {
			t[i].fill(r, v)
		}
	}
}

// Check returns an error if the table is inconsistent: two rows of one type, a
// row without a name, more than one Rest row. Tests call it.
func (t Table[T]) Check() error {
	seen := map[uint16]string{}
	rests := 0
	for _, r := range t {
		switch {
		case r.rest:
			rests++
		case r.name == "":
			return errors.New("a row has no name")
		case seen[r.typ] != "":
			return errors.New(seen[r.typ] + " and " + r.name + " have the same type")
		default:
			seen[r.typ] = r.name
		}
	}
	if rests > 1 {
		return errors.New("more than one Rest row")
	}
	return nil
}
