package nlkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/nlkit/nlkit/internal/uapi"
)

// The kernel of these tests keeps its objects in an order, like IPv4 routes: several may
// have the same key, the first of a key is the one that is replaced, and what depends on
// something goes or changes with it without an event.
type ware struct {
	key, id, dep, state byte
	count               int // that changes all the time
}

func (v ware) alike(o ware) bool { return v.key == o.key && v.id == o.id && v.dep == o.dep }

func (v ware) same(o ware) bool { return v.alike(o) && v.state == o.state }

// Messages of this kernel.
const (
	newWare uint16 = iota + 200
	delWare
	depChanged // what depends on it may have changed
	depGone    // what depended on it is gone
)

type wareKernel struct {
	prog    *program
	single  bool // a key is of one object
	wares   []ware
	queue   []Message
	lost    bool // the reader is to be told that messages were lost,
	dropped bool // and until it has read the others, more are
	count   int
}

const wareQueue = 12

func (k *wareKernel) tell(typ, flags uint16, v ware) {
	if len(k.queue) == wareQueue && !k.dropped {
		k.lost, k.dropped = true, true
	}
	if k.dropped {
		return
	}
	data := binary.NativeEndian.AppendUint64([]byte{v.key, v.id, v.dep, v.state}, uint64(v.count))
	k.queue = append(k.queue, Message{Type: typ, Flags: flags, Data: data})
}

// read is what a socket does.
func (k *wareKernel) read() (m Message, ok bool, err error) {
	if k.lost {
		k.lost = false
		return m, false, ErrOverrun
	}
	if len(k.queue) == 0 {
		k.dropped = false
		return m, false, nil
	}
	m, k.queue = k.queue[0], k.queue[1:]
	k.dropped = k.dropped && len(k.queue) > 0
	return m, true, nil
}

// step changes something.
func (k *wareKernel) step() {
	p := k.prog
	k.count++
	v := ware{key: p.below(5), id: p.below(4), dep: p.below(3), state: p.below(4), count: k.count}
	if k.single {
		v.id, v.dep = 0, v.key%3
	}
	at := slices.IndexFunc(k.wares, v.alike)
	first := slices.IndexFunc(k.wares, func(o ware) bool { return o.key == v.key })
	switch op := p.below(16); {
	case op < 5: // in front, or behind
		flags := uint16(0)
		switch {
		case at >= 0:
			k.wares[at] = v
		case op < 3:
			k.wares = slices.Insert(k.wares, max(0, first), v)
		default:
			k.wares = append(k.wares, v)
			flags = uapi.NLM_F_APPEND
		}
		k.tell(newWare, flags, v)
	case op < 9: // instead of the first
		if first >= 0 && (at < 0 || at == first) {
			k.wares[first] = v
			k.tell(newWare, uapi.NLM_F_REPLACE, v)
		}
	case op < 13:
		if at >= 0 {
			gone := k.wares[at]
			k.wares = slices.Delete(k.wares, at, at+1)
			k.tell(delWare, 0, gone)
		}
	case op < 15: // some go without a word, others change
		for i := range k.wares {
			if w := &k.wares[i]; w.dep == v.dep {
				w.state, w.count = v.state, v.count
			}
		}
		if op == 13 {
			k.wares = slices.DeleteFunc(k.wares, func(w ware) bool { return w.dep == v.dep && w.key%2 == 0 })
		}
		k.tell(depChanged, uint16(op), v)
	default:
		k.wares = slices.DeleteFunc(k.wares, func(w ware) bool { return w.dep == v.dep })
		k.tell(depGone, 0, v)
	}
}

func (k *wareKernel) list(of func(*ware) bool) func(context.Context, *Client) iter.Seq2[ware, error] {
	return func(context.Context, *Client) iter.Seq2[ware, error] {
		return func(yield func(ware, error) bool) {
			k.busy()
			all := slices.Clone(k.wares)
			torn := k.prog.below(4) == 0
			for i := range all {
				if torn && k.prog.below(4) == 0 {
					k.step()
					continue // it is missing
				}
				all[i].count += 1000
				if of(&all[i]) && !yield(all[i], nil) {
					return
				}
			}
			if torn {
				yield(ware{}, ErrDumpInterrupted)
				return
			}
			k.busy()
		}
	}
}

// busy makes a few steps.
func (k *wareKernel) busy() {
	for range k.prog.below(5) {
		k.step()
	}
}

func (k *wareKernel) source() Source[ware, byte] {
	s := Source[ware, byte]{
		Op:   "test.Watch",
		List: k.list(func(*ware) bool { return true }),
		Event: func(m Message, e *Event[ware]) (bool, error) {
			switch m.Type {
			case newWare:
				e.Type = Updated
			case delWare:
				e.Type = Deleted
			default:
				return false, nil
			}
			e.Flags, e.Object = m.Flags, wareOf(m)
			return true, nil
		},
		Key:   func(v *ware) byte { return v.key },
		Equal: func(a, b *ware) bool { return a.same(*b) },
		Suspect: func(m Message) []Suspicion[ware] {
			if m.Type != depChanged && m.Type != depGone {
				return nil
			}
			dep := wareOf(m).dep
			s := Suspicion[ware]{Who: func(v *ware) bool { return v.dep == dep }, Gone: m.Type == depGone}
			if m.Flags == 14 {
				s.List = k.list(s.Who)
			}
			if k.single && !s.Gone { // one that did not match may do so now
				return []Suspicion[ware]{s, {List: s.List}}
			}
			return []Suspicion[ware]{s}
		},
	}
	if k.single {
		s.Match = func(v *ware) bool { return v.state != 3 }
		s.Base = true
		return s
	}
	s.Fit = func(e *Event[ware], same []*ware) int {
		if e.Type == Updated && e.Flags == uapi.NLM_F_REPLACE && len(same) > 0 {
			return 0
		}
		if i := slices.IndexFunc(same, func(v *ware) bool { return v.alike(e.Object) }); i >= 0 {
			return i
		} else if e.Flags == uapi.NLM_F_APPEND {
			return FitLast
		}
		return FitFirst
	}
	return s
}

func wareOf(m Message) ware {
	d := m.Data
	return ware{key: d[0], id: d[1], dep: d[2], state: d[3], count: int(binary.NativeEndian.Uint64(d[4:]))}
}

// program is what a test does, byte by byte, and nothing more when that is over.
type program struct {
	b []byte
}

func (p *program) below(n byte) byte {
	if len(p.b) == 0 {
		return 0
	}
	v := p.b[0] % n
	p.b = p.b[1:]
	return v
}

// wareRun is a table of wares and whoever reads it, without a socket.
type wareRun struct {
	k    *wareKernel
	w    *Watcher
	t    *table[ware, byte]
	told []ware // what the reader has, in no order
	lost bool   // messages were lost, in this run
}

func newWareRun(b []byte, single bool) *wareRun {
	k := &wareKernel{prog: &program{b}, single: single}
	r := &wareRun{k: k, w: &Watcher{}}
	all := NewTable(k.source())
	r.t = all.keeper.(*table[ware, byte])
	r.w.tables = []AnyTable{all}
	r.w.specs = []tableSpec{all.spec()}
	all.bind(r.w)
	return r
}

// take reads at most n messages, and reports whether some were lost.
func (r *wareRun) take(n int) (lost bool, err error) {
	for range n {
		m, ok, err := r.k.read()
		if !ok && err == nil {
			return lost, nil
		}
		lost = lost || err != nil
		if err := r.w.take(m, err); err != nil {
			return lost, err
		}
		if err := r.check(); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// heal is [Watcher.heal] without a socket.
func (r *wareRun) heal() error {
	if r.t.doubts.all {
		for {
			if _, ok, err := r.k.read(); !ok && err == nil {
				break
			}
		}
	}
	torn, err := r.t.list(context.Background(), nil)
	if err != nil {
		return err
	}
	lost, err := r.take(1 << 10)
	if err != nil {
		return err
	}
	r.t.confirm(!torn && !lost)
	r.lost = r.lost || lost
	return r.check()
}

// next has a change told to the reader.
func (r *wareRun) next() (ok bool, err error) {
	if r.w.next() == nil {
		return false, nil
	}
	ch := r.t.Change()
	if ch.Type != Added {
		at := slices.IndexFunc(r.told, ch.Old.same)
		if at < 0 {
			return false, fmt.Errorf("%v of %v, which was not told: %v", ch.Type, ch.Old, r.told)
		}
		r.told = slices.Delete(r.told, at, at+1)
	}
	if ch.Type != Removed {
		r.told = append(r.told, ch.New)
	}
	if ch.Type == Changed && ch.Old.same(ch.New) {
		return false, fmt.Errorf("told that %v has become %v", ch.Old, ch.New)
	}
	return true, r.check()
}

// check reports what must not be at any time.
func (r *wareRun) check() error {
	t := r.t
	// Whatever the reader has is in the table, waits to change, or waits to go.
	known := t.lost()
	n, seen := 0, map[uint32]bool{}
	t.each(func(id uint32, e *entry[ware]) bool {
		n++
		if e.note == 0 || t.notes[e.note-1].old != 0 {
			known++
		}
		if e.note != 0 && t.notes[e.note-1].id != id {
			seen[0] = true
		}
		return true
	})
	live := 0
	for _, note := range t.notes[t.noteAt:] {
		if note.id != 0 {
			live++
			seen[note.id] = true
		}
	}
	switch {
	case n != t.n:
		return fmt.Errorf("%d objects, counted as %d", n, t.n)
	case known != len(r.told):
		return fmt.Errorf("%d objects were told, %d are known to have been", len(r.told), known)
	case live != len(seen):
		return fmt.Errorf("%d notes of %d objects", live, len(seen))
	case len(t.doubts.some) > suspicionsMax:
		return fmt.Errorf("%d suspicions", len(t.doubts.some))
	}
	return nil
}

// run makes the program run, and compares when it is over, or between.
func (r *wareRun) run() error {
	if err := r.heal(); err != nil {
		return err
	}
	for len(r.k.prog.b) > 0 {
		var err error
		switch op := r.k.prog.below(8); {
		case op < 3:
			r.k.step()
		case op < 5:
			_, err = r.take(1)
		case op == 5:
			_, err = r.next()
		case op == 6:
			if some, _ := r.w.doubtful(); some {
				err = r.heal()
			}
		case r.k.prog.below(16) == 0:
			err = r.quiet()
		}
		if err != nil {
			return err
		}
	}
	return r.quiet()
}

// quiet brings everything to its end, and compares.
func (r *wareRun) quiet() error {
	saved := r.k.prog.b
	r.k.prog.b = nil // nothing happens meanwhile
	defer func() { r.k.prog.b = saved }()
	for range 100 {
		if _, err := r.take(1 << 10); err != nil {
			return err
		}
		some, _ := r.w.doubtful()
		if !some {
			break
		}
		// Nothing is 0 of everything, a torn list too.
		r.k.prog.b = quietList
		if err := r.heal(); err != nil {
			return err
		}
	}
	for ok := true; ok; {
		var err error
		if ok, err = r.next(); err != nil {
			return err
		}
	}
	return r.compare()
}

// quietList is the program of a list during which nothing happens, and which is whole.
var quietList = slices.Repeat([]byte{0, 1, 0}, 32)

// compare compares table, reader and kernel. Those with the same key are in the order of
// the kernel.
func (r *wareRun) compare() error {
	for key := range byte(5) {
		var want []ware
		for _, v := range r.k.wares {
			if v.key == key && (r.t.src.Match == nil || r.t.src.Match(&v)) {
				want = append(want, v)
			}
		}
		r.t.find(&ware{key: key})
		var got []ware
		for _, v := range r.t.same {
			got = append(got, *v)
		}
		if !slices.EqualFunc(got, want, ware.same) {
			return fmt.Errorf("of key %d the table has %v, the kernel %v", key, got, want)
		}
		told := slices.DeleteFunc(slices.Clone(r.told), func(v ware) bool { return v.key != key })
		for _, v := range want {
			at := slices.IndexFunc(told, v.same)
			if at < 0 {
				return fmt.Errorf("%v was not told", v)
			}
			told = slices.Delete(told, at, at+1)
		}
		if len(told) > 0 {
			return fmt.Errorf("it was not told that %v is gone", told)
		}
	}
	return nil
}

// A random program against a kernel that is as simple as can be: what was told and what
// the table holds is in the end what that has.
func TestWatchTable(t *testing.T) {
	runs := 2000
	if testing.Short() {
		runs = 400
	}
	lost := 0
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := make([]byte, 50+r.IntN(1500))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		run := newWareRun(b, seed%3 == 0)
		if err := run.run(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if run.w.stats.overruns.Load() > 0 {
			lost++
		}
	}
	if lost < runs/10 {
		t.Errorf("only %d of %d runs have lost messages", lost, runs)
	}
}

func FuzzWatchTable(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{100, 400, 1600} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b, n == 100)
	}
	f.Fuzz(func(t *testing.T, b []byte, single bool) {
		if err := newWareRun(b, single).run(); err != nil {
			t.Fatal(err)
		}
	})
}
