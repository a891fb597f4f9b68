package nlkit

import (
	"context"
	"errors"
	"iter"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlconn"
)

// ChangeType tells what became of an object that is watched.
type ChangeType uint8

// What a watch tells.
const (
	Added   ChangeType = iota + 1 // it is there, and was not
	Changed                       // it is different
	Removed                       // it is gone
	Synced                        // no object: what was there at the beginning has been told
)

// String returns "added", "changed", "removed" or "synced".
func (t ChangeType) String() string {
	switch t {
	case Added:
		return "added"
	case Changed:
		return "changed"
	case Removed:
		return "removed"
	case Synced:
		return "synced"
	}
	return "ChangeType(" + strconv.Itoa(int(t)) + ")"
}

// Change is a difference between what a watch has told and what the kernel has.
type Change[T any] struct {
	// Type tells which of Old and New there are.
	Type ChangeType
	// Old is the object as the watch has last told it, of what changed or was removed.
	Old T
	// New is the object as it is, of what was added or changed.
	New T
}

// Watch is the state of the kernel's objects of a type, and what changes in it. It
// starts no goroutine: whoever reads it does its work. Reading belongs to one
// goroutine at a time, everything else to any.
//
// It begins with everything that there is, as [Added], then tells [Synced], then what
// changes. Whoever applies the changes in their order always comes to the kernel's
// state: when events are lost because they came faster than they were read, or when
// the kernel changes something without an event, the watch lists again and tells the
// difference. What changes several times meanwhile is told once. So a slow reader
// costs neither truth nor memory: a watch holds each object once, and for what it has
// not told yet the value that it has told last.
type Watch[T any] struct {
	w *Watcher
	t *Table[T]
}

// NewWatch starts to watch the objects of a source. ctx ends the watch, not only
// this call. Errors: [fs.ErrInvalid] for a source that lacks a function which it must
// have; those of [Subscribe].
func NewWatch[T any, K comparable](ctx context.Context, c *Client, s Source[T, K], opts ...SubscribeOption) (*Watch[T], error) {
	t := NewTable(s)
	w, err := NewWatcher(ctx, c, []AnyTable{t}, opts...)
	if err != nil {
		return nil, err
	}
	return &Watch[T]{w: w, t: t}, nil
}

// All yields the changes until the watch ends:
//
//   - by Close, or the client's: the loop ends without an error, with
//     [net.ErrClosed] if it was the client's
//   - by its context: the last pair has the context's error
//   - by a list that the kernel refuses, a message that cannot be decoded, or a failure
//     of the socket: the last pair has that error
//
// It may be left and entered again.
func (w *Watch[T]) All() iter.Seq2[Change[T], error] {
	return func(yield func(Change[T], error) bool) {
		for {
			ch, err := w.Next()
			if err != nil {
				if !w.w.sub.closed.Load() || !errors.Is(err, net.ErrClosed) {
					yield(Change[T]{}, err)
				}
				return
			}
			if !yield(ch, nil) {
				return
			}
		}
	}
}

// Next waits for the next change. Its errors are those of All, and [net.ErrClosed]
// after Close.
func (w *Watch[T]) Next() (Change[T], error) {
	t, err := w.w.Next()
	switch {
	case err != nil:
		return Change[T]{}, err
	case t == nil:
		return Change[T]{Type: Synced}, nil
	}
	return w.t.Change(), nil
}

// List returns the objects as they are known at this moment, which is never older
// than what was told and may be newer.
func (w *Watch[T]) List() []T {
	w.w.mu.RLock()
	defer w.w.mu.RUnlock()
	items := make([]T, 0, w.t.Len())
	w.t.Each(func(v *T) bool {
		items = append(items, *v)
		return true
	})
	return items
}

// Len returns how many objects there are.
func (w *Watch[T]) Len() int {
	w.w.mu.RLock()
	defer w.w.mu.RUnlock()
	return w.t.Len()
}

// Stats returns what the watch has been through.
func (w *Watch[T]) Stats() WatchStats { return w.w.Stats() }

// Close ends the watch. It may be called at any time and more than once, and ends a
// read that waits.
func (w *Watch[T]) Close() error {
	if w == nil {
		return nil
	}
	return w.w.Close()
}

// WatchStats counts what a watch has been through since it began.
type WatchStats struct {
	// Events is the number of events that were taken in.
	Events uint64
	// Unchanged is the number of objects, of events and lists, that told nothing new.
	Unchanged uint64
	// Overruns is how often the kernel reported that it had dropped events.
	Overruns uint64
	// Interrupted is how often a list had to be taken again because objects changed
	// meanwhile.
	Interrupted uint64
	// Heals is how often objects were listed again because events had been lost, or
	// because the kernel changes objects of theirs without one.
	Heals uint64
	// Repaired is the number of changes that those lists brought to light.
	Repaired uint64
	// Vanished is the number of objects that are gone together with what they
	// depended on, without an event of their own.
	Vanished uint64
}

type watchCounters struct {
	events, unchanged, overruns, interrupted, heals, repaired, vanished atomic.Uint64
}

const (
	// healSoon is how long a suspicion waits at most for the events that are under way.
	healSoon = 5 * time.Millisecond
	// healQuiet is how long no event must come for the next try to be worthwhile.
	healQuiet = 20 * time.Millisecond
	// healPause is the longest time between two tries while events keep coming.
	healPause = 16 * time.Second
	// healDoublings is how often that time doubles, of lists in a row that were torn.
	healDoublings = 16
	// tornLists is how many lists in a row may be torn before what they brought
	// together counts as the state at the beginning.
	tornLists = 8
	// catchUpMax is how many events are read behind a list before they are told.
	catchUpMax = 1 << 16
)

// Watcher watches several kinds of objects on one socket, so that their changes come
// in the order in which the kernel makes them. Reading belongs to one goroutine at
// a time. See [Watch], which is a Watcher of one [Table].
type Watcher struct {
	c      *Client
	ctx    context.Context //nolint:containedctx // the watch lives as long as it
	cancel context.CancelFunc
	sub    *Subscription[Message]
	tables []AnyTable
	specs  []tableSpec

	m     Message      // what was read last
	mu    sync.RWMutex // held while the tables change
	stats watchCounters

	owed  bool          // something has to be listed,
	due   time.Time     // at this time,
	quiet time.Duration // or after so long without an event
	torn  int           // lists in a row that were
	ended time.Time     // when the last list did,
	took  time.Duration // and after how long
	begun bool          // the state at the beginning is complete,
	told  bool          // and this was told

	failed error // what ended the watch
}

// NewWatcher starts to watch the objects of tables, which must be new and of one
// protocol. What the objects of a table refer to stands before it. ctx ends the
// watch, not only this call. Errors: those of [NewWatch], and [fs.ErrInvalid] if there is
// no table or they are of different protocols.
func NewWatcher(ctx context.Context, c *Client, tables []AnyTable, opts ...SubscribeOption) (*Watcher, error) {
	w := &Watcher{c: c, tables: tables, owed: true}
	var l Listen
	all := false
	for i, t := range tables {
		t.bind(w)
		s := t.spec()
		w.specs = append(w.specs, s)
		if s.lacks {
			return nil, Request{Op: s.op}.Fail(attr.Refuse("a source without List, Event, Key or Equal"))
		}
		if i == 0 {
			l.Op, l.Protocol = s.op, s.protocol
		} else if s.protocol != l.Protocol {
			return nil, Request{Op: l.Op}.Fail(attr.Refuse("tables of different protocols"))
		}
		for _, g := range s.groups {
			if !slices.Contains(l.Groups, g) {
				l.Groups = append(l.Groups, g)
			}
		}
		l.Wants = append(l.Wants, s.wants...)
		all = all || s.wants == nil
	}
	if all {
		l.Wants = nil
	}
	if len(tables) == 0 {
		return nil, Request{Op: "nlkit.NewWatcher"}.Fail(attr.Refuse("no tables"))
	}
	var cfg nlconn.ListenConfig
	for _, o := range opts {
		if o != nil {
			o.applySubscribe(&cfg)
		}
	}
	if cfg.AllNSID {
		return nil, Request{Op: l.Op}.Fail(attr.Refuse("WithAllNamespaces: a watch lists one network namespace"))
	}
	var err error
	w.ctx, w.cancel = context.WithCancel(ctx)
	if w.sub, err = c.Listen(w.ctx, l, opts...); err != nil {
		w.cancel()
		return nil, err
	}
	for _, s := range w.specs {
		if s.join == nil {
			continue
		}
		if err := s.join(w.ctx, c, w.sub.Join); err != nil {
			_ = w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Next waits for the next change, and returns the table whose Change method tells it;
// nil once, for [Synced]. Its errors are those of [Watch.Next].
func (w *Watcher) Next() (AnyTable, error) {
	for {
		if w.ctx.Err() != nil { // what waits to be told doesn't matter any more
			return nil, w.sub.fail(net.ErrClosed)
		}
		if w.failed != nil { // what was being listed is half known
			return nil, w.failed
		}
		if t := w.next(); t != nil {
			return t, nil
		}
		if w.begun && !w.told {
			w.told = true
			return nil, nil //nolint:nilnil // no table
		}
		w.failed = w.step()
	}
}

// next returns a table with a change to tell. Removed objects come before the others,
// and what refers to something before that; but what others refer to is removed last,
// after the changes of those.
func (w *Watcher) next() AnyTable {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.tables) == 1
	for i, t := range slices.Backward(w.tables) {
		if (last || !w.specs[i].base) && t.nextGone() {
			return t
		}
	}
	for _, t := range w.tables {
		if t.nextNote() {
			return t
		}
	}
	for _, t := range slices.Backward(w.tables) {
		if t.nextGone() {
			return t
		}
	}
	return nil
}

// step reads a message, or lists what has to be listed.
func (w *Watcher) step() error {
	if w.owed && !time.Now().Before(w.due) {
		return w.heal()
	}
	ok, err := w.sub.TryRead(&w.m)
	if !ok && err == nil {
		if !w.owed {
			err = w.sub.ReadInto(&w.m)
		} else if ok, err = w.sub.readUntil(&w.m, w.waitUntil()); !ok && err == nil {
			return w.heal()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.take(w.m, err)
}

// waitUntil returns when to list if no event comes.
func (w *Watcher) waitUntil() time.Time {
	if t := time.Now().Add(w.quiet); t.Before(w.due) {
		return t
	}
	return w.due
}

// take takes in what was read.
func (w *Watcher) take(m Message, err error) error {
	switch {
	case errors.Is(err, ErrOverrun):
		w.stats.overruns.Add(1)
		for _, t := range w.tables {
			t.doubtAll()
		}
		w.forget()
		w.owe(0)
		return nil
	case err != nil:
		return err
	}
	gone := false
	for i, t := range w.tables {
		some := t.suspect(m)
		if gone {
			some = t.orphan() || some
		}
		gone = gone || some && w.specs[i].base
	}
	for _, t := range w.tables {
		ok, err := t.apply(m)
		if err != nil {
			return w.sub.fail(err)
		}
		if ok {
			w.stats.events.Add(1)
		}
	}
	if some, _ := w.doubtful(); some {
		w.owe(healSoon)
	}
	return nil
}

// forget is for when messages were lost, or dropped unread.
func (w *Watcher) forget() {
	for _, s := range w.specs {
		if s.forget != nil {
			s.forget()
		}
	}
}

// doubtful reports whether anything is in doubt, and whether everything is.
func (w *Watcher) doubtful() (some, all bool) {
	all = true
	for _, t := range w.tables {
		s, a := t.doubtful()
		some, all = some || s, all && a
	}
	return some, all
}

// owe plans a list: within a time, or as soon as no event is waiting; later if the
// last one was only now, so that what keeps coming cannot keep the watch busy with
// nothing else.
func (w *Watcher) owe(within time.Duration) {
	if w.owed {
		return
	}
	w.owed, w.quiet = true, 0
	now := time.Now()
	w.due = now.Add(within)
	if pause := max(healQuiet, w.took) << min(w.torn, healDoublings); w.torn > 0 || now.Sub(w.ended) < pause {
		w.quiet = healQuiet
		w.due = now.Add(min(pause, healPause))
	}
}

// heal lists what is in doubt, and takes in what came meanwhile.
func (w *Watcher) heal() error {
	if _, all := w.doubtful(); all {
		if err := w.discard(); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.untold()
	start := time.Now()
	torn, err := w.list()
	repaired := w.untold() - before
	if err == nil {
		err = w.catchUp(torn)
	}
	if err != nil {
		if w.sub.closed.Load() {
			err = w.sub.fail(net.ErrClosed)
		}
		return err
	}
	before = w.untold()
	gone := false
	for i, t := range w.tables {
		some := t.confirm(!torn[i])
		if gone {
			some = t.orphan() || some
		}
		gone = gone || some && w.specs[i].base
	}
	w.ended = time.Now()
	w.took = w.ended.Sub(start)
	if w.begun {
		w.stats.heals.Add(1)
		w.stats.repaired.Add(uint64(max(0, repaired+w.untold()-before)))
	}
	if slices.Contains(torn, true) {
		w.stats.interrupted.Add(1)
		w.torn++
	} else {
		w.torn = 0
	}
	w.begun = w.begun || w.torn == 0 || w.torn >= tornLists
	w.owed = false
	if some, _ := w.doubtful(); some {
		w.owe(healSoon)
	}
	return nil
}

// list lists what is in doubt. torn says of which tables objects may be missing.
func (w *Watcher) list() (torn []bool, err error) {
	for _, s := range w.specs {
		if s.settle != nil {
			if err := s.settle(w.ctx, w.c); err != nil {
				return nil, err
			}
			break
		}
	}
	torn = make([]bool, len(w.tables))
	for i, t := range w.tables {
		if some, _ := t.doubtful(); some {
			if torn[i], err = t.list(w.ctx, w.c); err != nil {
				return nil, err
			}
		}
	}
	return torn, nil
}

// discard drops the events that wait, which a list of everything covers. The kernel
// drops events without a further word until it has found them read.
func (w *Watcher) discard() error {
	for some := false; ; some = true {
		switch ok, err := w.sub.TryRead(&w.m); {
		case errors.Is(err, ErrOverrun):
			w.stats.overruns.Add(1)
		case err != nil:
			return err
		case !ok:
			if some {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.forget()
			}
			return nil
		}
	}
}

// catchUp takes in the events that came while a list was taken, and adds to torn the
// tables that may lack objects because of one. While there is no end of them, all may.
func (w *Watcher) catchUp(torn []bool) error {
	all := func() {
		for i := range torn {
			torn[i] = true
		}
	}
	for range catchUpMax {
		ok, err := w.sub.TryRead(&w.m)
		if !ok && err == nil {
			return nil
		}
		overrun := errors.Is(err, ErrOverrun)
		if err := w.take(w.m, err); err != nil {
			return err
		}
		if overrun {
			all()
			return nil
		}
		for i, t := range w.tables {
			torn[i] = torn[i] || t.tears(w.m)
		}
	}
	all()
	return nil
}

func (w *Watcher) untold() (n int) {
	for _, t := range w.tables {
		n += t.untold()
	}
	return n
}

// Stats returns what the watch has been through. Any goroutine may call it.
func (w *Watcher) Stats() WatchStats {
	s := &w.stats
	return WatchStats{
		Events: s.events.Load(), Unchanged: s.unchanged.Load(), Overruns: s.overruns.Load(),
		Interrupted: s.interrupted.Load(), Heals: s.heals.Load(), Repaired: s.repaired.Load(),
		Vanished: s.vanished.Load(),
	}
}

// View calls f while the tables stand still: what it sees in them belongs together.
// f must not call the watcher.
func (w *Watcher) View(f func()) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	f()
}

// Close ends the watch. Any goroutine may call it, at any time and more than once; it
// ends a read that waits.
func (w *Watcher) Close() error {
	if w == nil {
		return nil
	}
	err := w.sub.Close() // first: the context is not what ended it
	w.cancel()
	return err
}
