package nlkit

import (
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"math"
	"slices"
)

// Source says how the objects of a type are watched. A package has one for each of
// its types; a program that defines a netlink subsystem of its own makes its own. K
// is what identifies an object: a struct of numbers and arrays, without pointers. It
// must have List, Event, Key and Equal.
//
// Whoever reads the watch calls its functions, which may remember something: then it is
// for one watch. Those that are given a pointer must not keep it.
type Source[T any, K comparable] struct {
	// Op is the package and verb for errors: "link.Watch".
	Op string
	// Protocol is the netlink protocol: NETLINK_ROUTE (0), NETLINK_GENERIC, ….
	Protocol int
	// Groups are the multicast groups that tell of the objects, and of what changes
	// them without an event of their own.
	Groups []uint32
	// Join joins groups whose numbers are not known before the watch begins. It is
	// called before the first list; join may be kept, and called by the source's
	// other functions later. nil joins none.
	Join func(ctx context.Context, c *Client, join func(group uint32) error) error
	// Wants are the messages that Event, Suspect and Tears have to see, of those that
	// the groups bring; nil is all. A watcher of several tables receives what one of
	// them wants. Its fields must be of those that an object never changes, else
	// the watch is not told of one that ceases to match; and deletions that Tears looks
	// for are often those of other objects.
	Wants []Want
	// List yields all objects, as [All] does.
	List func(ctx context.Context, c *Client) iter.Seq2[T, error]
	// Event decodes the events of the objects. It returns false for other messages.
	Event Decode[Event[T]]
	// Key identifies an object.
	Key func(*T) K
	// Equal reports whether there is nothing to tell: whatever else differs, such
	// as counters and ages, is what the kernel sends no event for.
	Equal func(a, b *T) bool

	// Match says which objects are watched: the same that List yields. nil is all.
	Match func(*T) bool
	// Known reports whether what an object refers to is known. One that comes
	// before what it refers to is left out, and listed again; one that refers to
	// what has gone without an event of its own goes with it. nil is always.
	Known func(*T) bool
	// Fit is for objects of which several may have the same key. It says which of
	// them, in the kernel's order, an event is about, by its index: that one is
	// replaced or removed. [FitLast] and [FitFirst] say none: if the event is an
	// update, its object is new, and behind or before the others. Fit may change the
	// event. An object of a list is given as an update without flags. nil takes the
	// object with the key.
	Fit func(e *Event[T], same []*T) int
	// Suspect says which objects a message may have changed without an event of
	// their own. It is given every message that the watch receives (see Wants). nil is
	// none.
	Suspect func(m Message) []Suspicion[T]
	// Forget is called when messages were lost: Suspect has not seen all. It may be
	// nil.
	Forget func()
	// Settle waits for the kernel to be done with what it has told of, where it
	// tells of something first and does it then. It is called before a list is
	// taken. It may be nil.
	Settle func(ctx context.Context, c *Client) error
	// Tears reports whether a list that was taken while this message came may
	// lack objects, although the kernel did not say that it was interrupted. all says
	// that it is one of List, not of a Suspicion. nil is never.
	Tears func(m Message, all bool) bool
	// Base says that the objects of other tables of a [Watcher] refer to these:
	// what of these was removed is told last.
	Base bool
}

// What Fit returns for an event that is about none of the objects there are.
const (
	FitLast  = -1 // the object is new, and stands behind the others
	FitFirst = -2 // the object is new, and stands before the others
)

// Suspicion names objects that may no longer be as they were. If there is one, they
// are listed again.
type Suspicion[T any] struct {
	// Who are the objects. nil is some that are not known yet, because Match said no of
	// them when they were: they are listed in any case.
	Who func(*T) bool
	// Like has the key of the objects, the only ones that Who is then asked about. nil
	// is all.
	Like *T
	// List lists those that there still are, and may list others. nil is the Source's.
	List func(ctx context.Context, c *Client) iter.Seq2[T, error]
	// Gone says that nobody needs to ask: they are gone.
	Gone bool
}

// Table holds the objects of a type as the kernel has them, for a [Watcher]. It may
// be looked at in a function that [Watcher.View] calls, and in those of a [Source].
type Table[T any] struct{ keeper[T] }

// keeper is a Table without the type of its keys.
type keeper[T any] interface {
	AnyTable
	// Change returns the change that [Watcher.Next] has announced, to its caller.
	Change() Change[T]
	// Len returns how many objects there are.
	Len() int
	// Each calls f for each object, until it returns false. f must not keep it.
	Each(f func(*T) bool)
	// Has reports whether there is an object with the key of this one.
	Has(like *T) bool
}

// AnyTable is a *[Table] of any type.
type AnyTable interface {
	bind(*Watcher)
	spec() tableSpec
	// apply takes in an event; it reports whether the message was one.
	apply(m Message) (bool, error)
	// suspect asks what else a message may have changed, and reports whether some of
	// it is gone.
	suspect(m Message) (some bool)
	// doubtful reports whether anything has to be listed, and whether that is all.
	doubtful() (any, all bool)
	doubtAll()
	// list lists what is in doubt; torn says that some of it may be missing.
	list(ctx context.Context, c *Client) (torn bool, err error)
	// tears reports whether the list that was taken while a message came, if there was
	// one, may lack objects because of it.
	tears(m Message) bool
	// confirm ends what was in doubt when the list began: what the list has not seen
	// is gone. If the list is not sure, it remains in doubt. It reports whether an
	// object went.
	confirm(sure bool) (some bool)
	// orphan removes what refers to what is not known any more, and reports whether
	// there was any.
	orphan() (some bool)
	// untold returns how many changes were not told yet.
	untold() int
	nextGone() bool
	nextNote() bool
}

// tableSpec is what a Watcher has to know of a Source.
type tableSpec struct {
	op       string
	protocol int
	groups   []uint32
	wants    []Want
	base     bool
	lacks    bool // a function that a source cannot do without
	forget   func()
	settle   func(context.Context, *Client) error
	join     func(context.Context, *Client, func(group uint32) error) error
}

// NewTable returns an empty table, for [NewWatcher].
func NewTable[T any, K comparable](s Source[T, K]) *Table[T] {
	return &Table[T]{&table[T, K]{src: s, seed: maphash.MakeSeed(), heads: make([]uint32, 64), doubts: doubts[T]{all: true}}}
}

const (
	chunkBits = 8
	chunkLen  = 1 << chunkBits

	// replayed, added to the number of a list, says that an event that came while it
	// was taken has changed the object since.
	replayed = 1
	// suspicionsMax is how many lists of some objects are taken instead of one of all.
	suspicionsMax = 16

	// twin, in the hash of an entry, says that there are, or were, others with its key.
	twin = 1 << 31
)

// entry is a place for an object. Places are numbered from 1 and never move; a chain
// of them begins at each head.
type entry[T any] struct {
	hash, next uint32 // before v, whose key is looked at next: that is mostly one cache line
	seen       uint32 // the list that it was last seen in, or that plus replayed; 0 is a free place
	note       uint32 // 1 + index of the note that waits, 0 if none does
	v          T
}

// note is a change that the consumer has not been told yet.
type note struct {
	id  uint32 // 0 for one that came to nothing
	old uint32 // 1 + index of the value that the consumer knows, 0 if it knows none
}

// removal is an object that was removed, and was told of. Where removals are told last,
// it may come back before.
type removal[T any] struct {
	v      T
	before uint32 // 1 + index of what was removed before with the same key, 0 if nothing
	back   bool
}

// doubts are objects that have to be listed.
type doubts[T any] struct {
	some []Suspicion[T]
	all  bool
}

// table is a hash table with chains, of places in chunks: unlike a map it keeps no
// room in reserve, and keeps the order of objects that have the same key.
type table[T any, K comparable] struct {
	src Source[T, K]
	w   *Watcher

	seed   maphash.Seed
	heads  []uint32
	chunks [][]entry[T]
	last   uint32 // the last place ever used
	found  uint32 // the place that was found last
	free   uint32 // the first of those that became free
	n      int

	lists  uint32    // the number of the latest list,
	asked  doubts[T] // what it is about,
	doubts doubts[T] // and what it came too early for

	ev   Event[T] // what is being applied,
	same []*T     // the objects with its key,
	ids  []uint32 // and their places

	// Changes wait here until they are told. An object has at most one, however often
	// it changes meanwhile.
	gone   []removal[T] // what was removed,
	goneAt int          // of which so much was told,
	back   int          // and so much has come back before
	goneOf map[K]uint32 // of a base: 1 + index of what was removed last with a key
	notes  []note       // what was added and changed,
	noteAt int          // of which so much was told
	olds   []T
	change Change[T]
}

func (t *table[T, K]) bind(w *Watcher) { t.w = w }

func (t *table[T, K]) spec() tableSpec {
	return tableSpec{
		op: t.src.Op, protocol: t.src.Protocol, groups: t.src.Groups, wants: t.src.Wants, base: t.src.Base,
		forget: t.src.Forget, settle: t.src.Settle, join: t.src.Join,
		lacks: t.src.List == nil || t.src.Event == nil || t.src.Key == nil || t.src.Equal == nil,
	}
}

// Len implements keeper.
func (t *table[T, K]) Len() int { return t.n }

// Each implements keeper.
func (t *table[T, K]) Each(f func(*T) bool) {
	t.each(func(_ uint32, e *entry[T]) bool { return f(&e.v) })
}

func (t *table[T, K]) each(f func(id uint32, e *entry[T]) bool) {
	id := uint32(0)
	for _, chunk := range t.chunks {
		for i := range chunk {
			if id++; chunk[i].seen != 0 && !f(id, &chunk[i]) {
				return
			}
		}
	}
}

// Has implements keeper. Unlike find it changes nothing.
func (t *table[T, K]) Has(like *T) bool {
	key := t.src.Key(like)
	hash := t.hash(key)
	for id := *t.head(hash); id != 0; {
		e := t.entry(id)
		if e.hash&^twin == hash && t.src.Key(&e.v) == key {
			return true
		}
		id = e.next
	}
	return false
}

// apply implements AnyTable.
func (t *table[T, K]) apply(m Message) (bool, error) {
	t.ev = Event[T]{}
	ok, err := t.src.Event(m, &t.ev)
	if !ok || err != nil {
		return false, err
	}
	hash := t.find(&t.ev.Object)
	fit := t.fitSeen()
	again := t.replayed()
	switch {
	case t.ev.Type == Deleted || t.src.Match != nil && !t.src.Match(&t.ev.Object):
		if fit >= 0 {
			t.replay(t.entry(t.ids[fit]), again || len(t.ids) > 1)
			t.remove(t.ids[fit])
		}
	case t.src.Known != nil && !t.src.Known(&t.ev.Object):
		t.doubtAll()
	case fit >= 0:
		e := t.entry(t.ids[fit])
		if again || e.seen < t.lists || !t.src.Equal(&e.v, &t.ev.Object) {
			t.replay(e, len(t.ids) > 1)
		}
		t.update(t.ids[fit])
	default:
		e := t.insert(hash, fit == FitFirst)
		if len(t.ids) > 0 {
			t.replay(e, again)
		}
	}
	return true, nil
}

// replaying reports whether the events are those that came while a list was taken, of
// which it may know already.
func (t *table[T, K]) replaying() bool { return t.asked.all || len(t.asked.some) > 0 }

// replay is told of an object that an event changes. Where the place of an object decides
// which one an event is about, an event that a list has known of already may hit another
// one than it did in the kernel: doubtful says that it may have. So may one that comes
// while some of the others are in doubt. Then all is listed once more.
func (t *table[T, K]) replay(e *entry[T], doubtful bool) {
	if t.src.Fit == nil {
		return
	}
	if len(t.doubts.some) > 0 && len(t.ids) > 1 || doubtful && t.replaying() {
		t.doubtAll()
	}
	if t.replaying() {
		e.seen = t.lists + replayed
	}
}

// replayed reports whether replay was told of an object with the key of the event.
func (t *table[T, K]) replayed() bool {
	return t.src.Fit != nil && t.replaying() &&
		slices.ContainsFunc(t.ids, func(id uint32) bool { return t.entry(id).seen == t.lists+replayed })
}

// see takes in what is listed.
func (t *table[T, K]) see(all iter.Seq2[T, error]) (torn bool, err error) {
	for v, err := range all {
		switch {
		case err == nil:
		case errors.Is(err, ErrDumpInterrupted), errors.Is(err, ErrOverrun), errors.Is(err, ErrTruncated):
			return true, nil
		default:
			return false, err
		}
		t.ev = Event[T]{Type: Updated, Object: v}
		if t.src.Match != nil && !t.src.Match(&t.ev.Object) || t.src.Known != nil && !t.src.Known(&t.ev.Object) {
			continue
		}
		hash := t.find(&t.ev.Object)
		fit := t.fit()
		switch {
		case fit >= 0:
			id := t.ids[fit]
			if e := t.entry(id); t.asked.all && len(t.ids) > 1 && e.seen != t.lists { // the order is that of the list
				t.unlink(id, e)
				t.link(id, e, false)
			}
			t.update(id)
		case len(t.ids) > 0 && !t.asked.all: // a list of some does not tell their order among all
			t.doubtAll()
		default:
			t.insert(hash, false)
		}
	}
	return false, nil
}

func (t *table[T, K]) hash(key K) uint32 { return uint32(maphash.Comparable(t.seed, key)) &^ twin }

// find has the objects with the key of v in same, and their places in ids.
func (t *table[T, K]) find(v *T) (hash uint32) {
	key := t.src.Key(v)
	hash = t.hash(key)
	t.same, t.ids = t.same[:0], t.ids[:0]
	// A list mostly gives objects in the order of their places. To try the next place
	// spares a look at the heads, which is one at memory that is in no cache.
	if id := t.found + 1; id <= t.last {
		if e := t.entry(id); e.hash == hash && e.seen != 0 && t.src.Key(&e.v) == key {
			t.same, t.ids, t.found = append(t.same, &e.v), append(t.ids, id), id
			return hash
		}
	}
	for id := *t.head(hash); id != 0; {
		e := t.entry(id)
		if e.hash&^twin == hash && t.src.Key(&e.v) == key {
			t.same, t.ids, t.found = append(t.same, &e.v), append(t.ids, id), id
		}
		id = e.next
	}
	return hash
}

// fit finds the place of the event that is being applied.
func (t *table[T, K]) fit() int {
	switch {
	case t.src.Fit != nil:
		return t.src.Fit(&t.ev, t.same)
	case len(t.ids) > 0:
		return 0
	}
	return FitLast
}

// fitSeen is fit that prefers what the list at hand has brought, if that is one of
// everything: the others may be gone.
func (t *table[T, K]) fitSeen() int {
	if t.src.Fit == nil || !t.asked.all {
		return t.fit()
	}
	rest := 0
	for i, id := range t.ids {
		if t.entry(id).seen >= t.lists {
			copy(t.ids[rest+1:i+1], t.ids[rest:i])
			t.ids[rest] = id
			rest++
		}
	}
	same := t.same
	defer func() { t.same = same }()
	for i, id := range t.ids {
		same[i] = &t.entry(id).v
	}
	t.same = same[:rest]
	fit := t.fit()
	if fit >= 0 || rest == len(same) {
		return fit
	}
	t.same = same[rest:]
	if old := t.fit(); old >= 0 {
		return rest + old
	} else if rest == 0 {
		return old
	}
	return fit
}

func (t *table[T, K]) entry(id uint32) *entry[T] {
	id--
	return &t.chunks[id>>chunkBits][id&(chunkLen-1)]
}

func (t *table[T, K]) head(hash uint32) *uint32 { return &t.heads[hash&uint32(len(t.heads)-1)] }

// insert adds the object of the event.
func (t *table[T, K]) insert(hash uint32, first bool) *entry[T] {
	if t.n >= len(t.heads) {
		t.grow()
	}
	id := t.free
	if id != 0 {
		t.free = t.entry(id).next
	} else {
		if t.last++; int(t.last) > len(t.chunks)<<chunkBits {
			t.chunks = append(t.chunks, make([]entry[T], chunkLen))
		}
		id = t.last
	}
	for _, other := range t.ids {
		t.entry(other).hash |= twin
		hash |= twin
	}
	e := t.entry(id)
	*e = entry[T]{v: t.ev.Object, hash: hash, seen: t.lists}
	t.link(id, e, first)
	t.n++
	old := uint32(0)
	if t.src.Base {
		old = t.regain(&e.v)
	}
	t.noteOf(id, e, old)
	return e
}

// noteOf has a change of an entry told.
func (t *table[T, K]) noteOf(id uint32, e *entry[T], old uint32) {
	t.notes = append(t.notes, note{id: id, old: old})
	e.note = uint32(len(t.notes))
}

// keep puts a value that the consumer knows aside, until it is told of the new one.
func (t *table[T, K]) keep(v *T) uint32 {
	t.olds = append(t.olds, *v)
	return uint32(len(t.olds))
}

// lose has a removal told.
func (t *table[T, K]) lose(v *T) {
	r := removal[T]{v: *v}
	if t.src.Base {
		if t.goneOf == nil {
			t.goneOf = map[K]uint32{}
		}
		key := t.src.Key(v)
		r.before = t.goneOf[key]
		t.goneOf[key] = uint32(len(t.gone) + 1)
	}
	t.gone = append(t.gone, r)
}

// regain makes one change of a removal that was not told yet and the addition of an
// object with the same key, where removals are told last.
func (t *table[T, K]) regain(v *T) (old uint32) {
	key := t.src.Key(v)
	i := t.goneOf[key]
	if int(i) <= t.goneAt {
		return 0
	}
	r := &t.gone[i-1]
	old = t.keep(&r.v)
	t.goneOf[key] = r.before
	*r = removal[T]{back: true}
	t.back++
	return old
}

// link puts a place into its chain.
func (t *table[T, K]) link(id uint32, e *entry[T], first bool) {
	at := t.head(e.hash)
	for !first && *at != 0 {
		at = &t.entry(*at).next
	}
	e.next, *at = *at, id
}

// unlink takes a place out of its chain.
func (t *table[T, K]) unlink(id uint32, e *entry[T]) {
	at := t.head(e.hash)
	for *at != id {
		at = &t.entry(*at).next
	}
	*at = e.next
}

// grow makes the chains short again. Objects with the same key keep their order: they
// go from the end of an old chain to the front of a new one.
func (t *table[T, K]) grow() {
	old := t.heads
	t.heads = make([]uint32, 2*len(old))
	var chain []uint32
	for _, id := range old {
		chain = chain[:0]
		for ; id != 0; id = t.entry(id).next {
			chain = append(chain, id)
		}
		for _, id := range slices.Backward(chain) {
			t.link(id, t.entry(id), true)
		}
	}
}

// update gives a place the object of the event, unless there is nothing to tell: then
// the value remains that which was told.
func (t *table[T, K]) update(id uint32) {
	e := t.entry(id)
	e.seen = max(e.seen, t.lists)
	if t.src.Equal(&e.v, &t.ev.Object) {
		t.w.stats.unchanged.Add(1)
		return
	}
	if e.note == 0 {
		t.noteOf(id, e, t.keep(&e.v))
	}
	e.v = t.ev.Object
}

// remove takes an object out.
func (t *table[T, K]) remove(id uint32) {
	e := t.entry(id)
	if e.note == 0 {
		t.lose(&e.v)
	} else {
		n := &t.notes[e.note-1]
		if n.old != 0 {
			t.lose(&t.olds[n.old-1])
		}
		*n = note{}
	}
	t.release(id, e)
}

// release makes a place free.
func (t *table[T, K]) release(id uint32, e *entry[T]) {
	t.unlink(id, e)
	*e = entry[T]{next: t.free}
	t.free = id
	t.n--
}

// suspect implements AnyTable.
func (t *table[T, K]) suspect(m Message) (some bool) {
	if t.src.Suspect == nil {
		return false
	}
	n := t.n
	for _, s := range t.src.Suspect(m) {
		if t.doubts.all && !s.Gone {
			continue
		} else if s.Who == nil {
			t.doubt(s)
			continue
		}
		each := t.each
		if s.Like != nil {
			each = t.eachLike(s.Like)
		}
		each(func(id uint32, e *entry[T]) bool {
			switch {
			case !s.Who(&e.v):
				return true
			case s.Gone:
				if t.src.Fit != nil { // a list may have seen it come again
					t.find(&e.v)
					t.replay(e, len(t.ids) > 1 || t.replayed())
				}
				t.remove(id)
				t.w.stats.vanished.Add(1)
				return true
			}
			t.doubt(s)
			return false
		})
	}
	return t.n < n
}

// eachLike is each of the objects with the key of v.
func (t *table[T, K]) eachLike(v *T) func(func(id uint32, e *entry[T]) bool) {
	t.find(v)
	ids := slices.Clone(t.ids)
	return func(yield func(id uint32, e *entry[T]) bool) {
		for _, id := range ids {
			if !yield(id, t.entry(id)) {
				return
			}
		}
	}
}

// doubtful implements AnyTable.
func (t *table[T, K]) doubtful() (some, all bool) {
	return t.doubts.all || len(t.doubts.some) > 0, t.doubts.all
}

func (t *table[T, K]) doubt(some ...Suspicion[T]) {
	for _, s := range some {
		switch {
		case t.doubts.all:
		case s.List == nil || len(t.doubts.some) == suspicionsMax:
			t.doubtAll()
		default:
			t.doubts.some = append(t.doubts.some, s)
		}
	}
}

func (t *table[T, K]) doubtAll() { t.doubts = doubts[T]{all: true} }

// list implements AnyTable.
func (t *table[T, K]) list(ctx context.Context, c *Client) (torn bool, err error) {
	if t.lists > math.MaxUint32-4 { // start again
		t.each(func(_ uint32, e *entry[T]) bool {
			e.seen = replayed
			return true
		})
		t.lists = 0
	}
	t.lists += 1 + replayed
	t.asked, t.doubts = t.doubts, doubts[T]{}
	if t.asked.all {
		return t.see(t.src.List(ctx, c))
	}
	for _, d := range t.asked.some {
		again, err := t.see(d.List(ctx, c))
		if err != nil {
			return false, err
		}
		torn = torn || again
	}
	return torn, nil
}

// tears implements AnyTable.
func (t *table[T, K]) tears(m Message) bool {
	return t.src.Tears != nil && t.replaying() && t.src.Tears(m, t.asked.all)
}

// confirm implements AnyTable.
func (t *table[T, K]) confirm(sure bool) (some bool) {
	asked := t.asked
	t.asked = doubts[T]{}
	switch {
	case !sure && asked.all:
		t.doubtAll()
		return false
	case !sure:
		t.doubt(asked.some...)
		return false
	case !asked.all && len(asked.some) == 0:
		return false
	}
	n := t.n
	t.each(func(id uint32, e *entry[T]) bool {
		if e.seen < t.lists && (asked.all || slices.ContainsFunc(asked.some, func(d Suspicion[T]) bool { return d.Who != nil && d.Who(&e.v) })) {
			t.succeed(id, e)
		}
		return true
	})
	return t.n < n
}

// orphan implements AnyTable.
func (t *table[T, K]) orphan() (some bool) {
	if t.src.Known == nil {
		return false
	}
	n := t.n
	t.each(func(id uint32, e *entry[T]) bool {
		if !t.src.Known(&e.v) {
			t.remove(id)
			t.w.stats.vanished.Add(1)
		}
		return true
	})
	return t.n < n
}

// succeed removes an object that a list has not seen. If the list brought one with the
// same key, that is what became of it.
func (t *table[T, K]) succeed(id uint32, e *entry[T]) {
	t.find(&e.v)
	for _, other := range t.ids {
		o := t.entry(other)
		if e.note == 0 && o.note != 0 && t.notes[o.note-1].old == 0 {
			t.notes[o.note-1].old = t.keep(&e.v)
			t.release(id, e)
			return
		}
	}
	t.remove(id)
}

// untold implements AnyTable.
func (t *table[T, K]) untold() int { return t.lost() + len(t.notes) - t.noteAt }

// lost returns how many removals were not told yet.
func (t *table[T, K]) lost() int { return len(t.gone) - t.goneAt - t.back }

// nextGone has the next object that was removed in change.
func (t *table[T, K]) nextGone() bool {
	for t.goneAt < len(t.gone) {
		r := &t.gone[t.goneAt]
		some := !r.back
		if some {
			t.change = Change[T]{Type: Removed, Old: r.v}
		} else {
			t.back--
		}
		if t.goneAt++; t.goneAt == len(t.gone) {
			t.gone, t.goneAt, t.goneOf = emptied(t.gone), 0, nil
		}
		if some {
			return true
		}
	}
	return false
}

// nextNote has the next object that was added or changed in change.
func (t *table[T, K]) nextNote() bool {
	for t.noteAt < len(t.notes) {
		n := t.notes[t.noteAt]
		some := n.id != 0
		if some {
			e := t.entry(n.id)
			e.note = 0
			if n.old == 0 {
				t.change = Change[T]{Type: Added, New: e.v}
			} else if old := &t.olds[n.old-1]; t.src.Equal(old, &e.v) { // it has changed back
				e.v, some = *old, false
			} else {
				t.change = Change[T]{Type: Changed, Old: *old, New: e.v}
			}
		}
		if t.noteAt++; t.noteAt == len(t.notes) {
			t.notes, t.noteAt, t.olds = emptied(t.notes), 0, emptied(t.olds)
		}
		if some {
			return true
		}
	}
	return false
}

// emptied returns the room of a queue for further use, unless it is large.
func emptied[E any](q []E) []E {
	if cap(q) > 1024 {
		return nil
	}
	clear(q)
	return q[:0]
}

// Change implements keeper.
func (t *table[T, K]) Change() Change[T] { return t.change }
