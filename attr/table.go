package attr

import (
	"errors"
	"math/rand/v2"
	"unsafe"
)

// Table describes the attributes of one nest as fields of T, one row an
// attribute. Rows are best kept in the order of their types: the kernel mostly
// sends them so, and then each look-up finds its row at once.
type Table[T any] []Row[T]

// Row ties one attribute to one field of T. Rows are made by this package's
// constructors ([U32], [String], [Nested], …) and refined by their methods.
type Row[T any] struct{ row[*T] }

// row is what a Row is made of. P is the pointer to the struct: of a function the
// compiler makes one for all pointers, but one for each struct, and hundreds of tables
// would be nearly all that a package consists of. So what rows and tables do is done by
// functions of row, and Row and Table have no more than what a caller sees. Those that
// would bring their closures into each caller are not inlined.
type row[P any] struct {
	typ  uint16
	name string
	size int // of the payload, if it is always the same

	put  func(b []byte, v P, always bool, depth int) ([]byte, error) // appends the attribute if the field is set, or always
	get  func(typ uint16, p []byte, v P, depth int) error            // stores the payload
	fill func(r *rand.Rand, v P, turns int)                          // sets the field at random, for tests
	sub  func(siblings []byte) Schema                                // names inside the payload
	show func(b, p, siblings []byte) (_ []byte, ok bool)             // appends the payload as text
	over func(v P, limit uint64) error                               // refuses an integer above the limit

	always   bool // sent even if zero
	unset    bool // zero cannot be sent, whatever always says
	many     bool // may be several attributes
	late     bool // stored when all others have been
	rest     bool // takes the attributes that have no row
	readOnly bool
	flags    uint16 // set in the type that is sent
	max      uint64
	problem  string // why the row cannot work

	self *[]row[P] // the only row of a table that stands for another: see Recursive
}

// maxDepth is how many nests may stand in each other, more than any protocol has.
// It keeps what is received, and values that contain themselves, from exhausting
// the stack.
const maxDepth = 32

// Type returns the attribute's type.
func (r Row[T]) Type() uint16 { return r.typ }

// Name returns the attribute's C name.
func (r Row[T]) Name() string { return r.name }

// Required returns the row with its field sent even when it is zero: for
// attributes that the kernel insists on. A zero address, a nil pointer and a flag
// that is false cannot be sent all the same.
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

// Max returns the row of an integer with values above n, and negative ones, refused
// before anything is sent. n must not be 0.
func (r Row[T]) Max(n uint64) Row[T] {
	limit(&r.row, n)
	return r
}

//go:noinline
func limit[P any](r *row[P], n uint64) {
	fill, over := r.fill, r.over
	if over == nil {
		r.problem = "Max is for integers"
		return
	}
	r.max = n
	r.fill = func(rnd *rand.Rand, v P, turns int) {
		for fill(rnd, v, turns); over(v, n) != nil; {
			fill(rnd, v, turns)
		}
	}
}

// NetByteOrder returns the row with NLA_F_NET_BYTEORDER set in the type that is
// sent, which a few protocols insist on (ipset). It changes nothing else: the row
// must be one of network byte order.
func (r Row[T]) NetByteOrder() Row[T] {
	r.flags |= netByteOrder
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
	r.fill = anyTurn(fill)
	return r
}

//go:noinline
func anyTurn[P any](fill func(r *rand.Rand, v P)) func(r *rand.Rand, v P, turns int) {
	return func(r *rand.Rand, v P, _ int) { fill(r, v) }
}

// send appends the attribute of one row.
func send[P any](r *row[P], b []byte, v P, always bool, depth int) ([]byte, error) {
	if r.problem != "" {
		return b, invalid(r.problem)
	}
	if r.max != 0 {
		if err := r.over(v, r.max); err != nil {
			return b, err
		}
	}
	start := len(b)
	b, err := r.put(b, v, always, depth)
	if r.flags != 0 && err == nil {
		setFlags(b[start:], r.flags)
	}
	return b, err
}

// rowsOf returns what the table is made of, which is the same in memory.
func rowsOf[T any](t Table[T]) []row[*T] { return *(*[]row[*T])(unsafe.Pointer(&t)) }

// Append appends the attributes of every set field of v to b, in the order of
// the rows. It returns an *[Error] for a value that its attribute cannot hold;
// then the bytes are of no use.
func (t Table[T]) Append(b []byte, v *T) ([]byte, error) { return appendRows(rowsOf(t), b, v, 0) }

func appendRows[P any](t []row[P], b []byte, v P, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, invalid("nested deeper than " + decimal(maxDepth))
	}
	t = itself(t)
	for i := range t {
		r := &t[i]
		if r.readOnly || r.put == nil && r.problem == "" {
			continue
		}
		var err error
		if b, err = send(r, b, v, r.always, depth); err != nil {
			return b, within(r.name, err)
		}
	}
	return b, nil
}

// Decode stores the attributes in b into v. Fields without an attribute keep
// their values. The bytes are copied where a field needs them, so that v does
// not hold on to b. It returns an *[Error] that matches [ErrMalformed].
func (t Table[T]) Decode(b []byte, v *T) error { return decodeRows(rowsOf(t), b, v, 0) }

func decodeRows[P any](t []row[P], b []byte, v P, depth int) error {
	if depth > maxDepth {
		return &Error{Err: malformed("nested deeper than %d", maxDepth)}
	}
	t = itself(t)
	late, err := walk(t, b, v, depth, false)
	if late && err == nil {
		_, err = walk(t, b, v, depth, true)
	}
	return err
}

// walk stores the attributes in b whose rows are late, or those whose rows are not,
// and then tells whether it came by the others.
func walk[P any](t []row[P], b []byte, v P, depth int, late bool) (others bool, err error) {
	s := Scan(b)
	hint := 0
	for s.Next() {
		i := find(t, s.Type(), hint)
		if i < 0 {
			continue
		}
		hint = i + 1
		r := &t[i]
		switch {
		case r.problem != "":
			return false, within(r.name, invalid(r.problem))
		case r.get == nil:
			continue
		case r.late != late:
			others = true
			continue
		}
		if err := r.get(s.typ, s.payload, v, depth); err != nil {
			return false, within(r.name, err)
		}
	}
	if err := s.Err(); err != nil {
		return false, &Error{Err: err}
	}
	return others, nil
}

// itself returns the table that t stands for.
func itself[P any](t []row[P]) []row[P] {
	if len(t) == 1 && t[0].self != nil {
		return *t[0].self
	}
	return t
}

// find returns the index of the row for typ, else that of the Rest row, else -1.
// It looks at hint first and then around: with rows in the order of the message
// every look-up is the first comparison.
func find[P any](t []row[P], typ uint16, hint int) int {
	if hint < len(t) && t[hint].typ == typ && !t[hint].rest {
		return hint
	}
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

// rowOf returns the row for typ, nil if there is none.
func rowOf[P any](t []row[P], typ uint16) *row[P] {
	t = itself(t)
	for i := range t {
		if t[i].typ == typ && !t[i].rest {
			return &t[i]
		}
	}
	return nil
}

// Attr implements [Schema].
func (t Table[T]) Attr(typ uint16, siblings []byte) (name string, sub Schema) {
	return nameIn(rowsOf(t), typ, siblings)
}

func nameIn[P any](t []row[P], typ uint16, siblings []byte) (name string, sub Schema) {
	r := rowOf(t, typ)
	if r == nil {
		return "", nil
	}
	if r.sub != nil {
		sub = r.sub(siblings)
	}
	return r.name, sub
}

// Fill sets every field that a row can send to a random value, for round-trip
// tests.
func (t Table[T]) Fill(r *rand.Rand, v *T) { fillRows(rowsOf(t), r, v, 0, false) }

// FillAll is Fill with the fields that are only read as well.
func (t Table[T]) FillAll(r *rand.Rand, v *T) { fillRows(rowsOf(t), r, v, 0, true) }

// maxTurns is how often a table that nests itself is filled inside itself.
const maxTurns = 2

func fillRows[P any](t []row[P], r *rand.Rand, v P, turns int, all bool) {
	for _, late := range []bool{false, true} {
		for i := range t {
			if row := &t[i]; row.fill != nil && row.late == late && (all || !row.readOnly) {
				row.fill(r, v, turns)
			}
		}
	}
}

// Check returns an error if the table is inconsistent: two rows of one type, a
// type with flag bits, which no attribute that is received has, a row without a
// name, more than one Rest row, a row of something that its constructor does not
// take. Tests call it.
func (t Table[T]) Check() error { return check(rowsOf(t)) }

func check[P any](t []row[P]) error {
	seen := map[uint16]string{}
	rests := 0
	for _, r := range itself(t) {
		switch {
		case r.rest:
			rests++
		case r.name == "":
			return errors.New("a row has no name")
		case r.problem != "":
			return errors.New(r.name + ": " + r.problem)
		case r.typ > typeMask:
			return errors.New(r.name + ": NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of a type, rows set them")
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
