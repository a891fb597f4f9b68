package nlkit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
)

// thing is an object of a kernel that only this test knows. It refers to another by
// its number.
type thing struct{ id, ref int }

// Messages of that kernel: what they are about, and their object.
const (
	newBase uint16 = iota + 100
	delBase
	newUser
	delUser
)

func thingMessage(typ uint16, id, ref byte) Message {
	return Message{Type: typ, Data: []byte{id, ref}}
}

// thingKernel is what there is. Bases are what users refer to.
type thingKernel struct{ bases, users []thing }

func (k *thingKernel) source(things *[]thing, create, remove uint16) Source[thing, int] {
	return Source[thing, int]{
		Op: "test.Watch",
		List: func(context.Context, *Client) iter.Seq2[thing, error] {
			return func(yield func(thing, error) bool) {
				for _, v := range *things {
					if !yield(v, nil) {
						return
					}
				}
			}
		},
		Event: func(m Message, e *Event[thing]) (bool, error) {
			switch m.Type {
			case create:
				e.Type = Updated
			case remove:
				e.Type = Deleted
			default:
				return false, nil
			}
			e.Object = thing{int(m.Data[0]), int(m.Data[1])}
			return true, nil
		},
		Key:   func(v *thing) int { return v.id },
		Equal: func(a, b *thing) bool { return *a == *b },
	}
}

// thingWatch is a watcher of bases and users that has told what there is.
type thingWatch struct {
	*Watcher
	bases, users *Table[thing]
}

func watchThings(t *testing.T, k *thingKernel, change func(w *thingWatch, bases, users *Source[thing, int])) *thingWatch {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	w := &thingWatch{}
	bases, users := k.source(&k.bases, newBase, delBase), k.source(&k.users, newUser, delUser)
	bases.Base = true
	users.Known = func(v *thing) bool { return w.bases.Has(&thing{id: v.ref}) }
	change(w, &bases, &users)
	w.bases, w.users = NewTable(bases), NewTable(users)
	if w.Watcher, err = NewWatcher(t.Context(), c, []AnyTable{w.bases, w.users}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for {
		table, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if table == nil {
			return w
		}
	}
}

// told returns what is waiting to be told.
func (w *thingWatch) toldNow() (told []string) {
	for {
		switch t := w.next(); t {
		case nil:
			return told
		case w.bases:
			told = append(told, describeThing("base", w.bases.Change()))
		default:
			told = append(told, describeThing("user", w.users.Change()))
		}
	}
}

func describeThing(what string, ch Change[thing]) string {
	v := ch.New
	if ch.Type == Removed {
		v = ch.Old
	}
	return fmt.Sprint(ch.Type, " ", what, " ", v.id)
}

func (w *thingWatch) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := w.toldNow(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// vanish is the suspicion that the users of a base go with it.
func vanish(m Message) []Suspicion[thing] {
	if m.Type != delBase {
		return nil
	}
	ref := int(m.Data[0])
	return []Suspicion[thing]{{Gone: true, Who: func(v *thing) bool { return v.ref == ref }}}
}

// What is certainly gone goes at once, also while everything is in doubt.
func TestWatchGoneInDoubt(t *testing.T) {
	k := &thingKernel{bases: []thing{{1, 0}, {2, 0}}, users: []thing{{11, 1}, {12, 2}}}
	w := watchThings(t, k, func(_ *thingWatch, _, users *Source[thing, int]) { users.Suspect = vanish })
	// A user of a base that nobody has heard of puts all users in doubt.
	for _, m := range []Message{thingMessage(newUser, 13, 3), thingMessage(delBase, 1, 0)} {
		if err := w.take(m, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.expect(t, "removed user 11", "removed base 1")
	k.bases, k.users = []thing{{2, 0}, {3, 0}}, []thing{{12, 2}, {13, 3}}
	if err := w.take(thingMessage(newBase, 3, 0), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.heal(); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "added base 3", "added user 13")
}

// What a list has outlived goes with what it refers to.
func TestWatchOrphans(t *testing.T) {
	k := &thingKernel{bases: []thing{{1, 0}, {2, 0}}, users: []thing{{11, 1}, {12, 2}}}
	w := watchThings(t, k, func(_ *thingWatch, _, _ *Source[thing, int]) {})
	w.bases.doubtAll()
	k.bases = []thing{{2, 0}}
	if err := w.heal(); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "removed user 11", "removed base 1")
	if s := w.Stats(); s.Vanished != 1 || s.Repaired != 2 {
		t.Errorf("%+v", s)
	}
}

// What goes without an event of its own takes along what refers to it.
func TestWatchGoneWithGone(t *testing.T) {
	k := &thingKernel{bases: []thing{{1, 0}, {2, 0}}, users: []thing{{11, 1}, {12, 2}}}
	const down = 99
	w := watchThings(t, k, func(_ *thingWatch, bases, _ *Source[thing, int]) {
		bases.Suspect = func(m Message) []Suspicion[thing] {
			if m.Type != down {
				return nil
			}
			return []Suspicion[thing]{{Gone: true, Who: func(v *thing) bool { return v.id == int(m.Data[0]) }}}
		}
	})
	if err := w.take(thingMessage(down, 1, 0), nil); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "removed user 11", "removed base 1")
}

// A suspicion may be about objects that are not known.
func TestWatchUnknownSuspects(t *testing.T) {
	k := &thingKernel{bases: []thing{{1, 0}}, users: []thing{{11, 1}, {12, 2}}}
	w := watchThings(t, k, func(_ *thingWatch, _, users *Source[thing, int]) {
		users.Match = users.Known // users of other bases are not watched
		list := users.List
		users.Suspect = func(m Message) []Suspicion[thing] {
			switch {
			case m.Type != newBase:
				return nil
			case m.Data[0] == 2:
				return []Suspicion[thing]{{List: list}}
			}
			return []Suspicion[thing]{{}} // the source's list
		}
	})
	for _, base := range []byte{2, 3} {
		k.bases = append(k.bases, thing{int(base), 0})
		k.users = append(k.users, thing{13, 3})
		if err := w.take(thingMessage(newBase, base, 0), nil); err != nil {
			t.Fatal(err)
		}
		if err := w.heal(); err != nil {
			t.Fatal(err)
		}
		w.expect(t, fmt.Sprint("added base ", base), fmt.Sprint("added user ", 10+base))
	}
}

// Bases that come again before it was told that they had gone have changed, or not even
// that; it takes no search through all of them.
func TestWatchBasesComeBack(t *testing.T) {
	const n = 200
	k := &thingKernel{bases: manyThings(n, 1)}
	keys := 0
	w := watchThings(t, k, func(_ *thingWatch, bases, _ *Source[thing, int]) {
		key := bases.Key
		bases.Key = func(v *thing) int {
			keys++
			return key(v)
		}
	})
	take := func(typ uint16, id, ref int) {
		t.Helper()
		if err := w.take(thingMessage(typ, byte(id), byte(ref)), nil); err != nil {
			t.Fatal(err)
		}
	}
	keys = 0
	for id := 1; id <= n; id++ {
		take(delBase, id, 1)
	}
	for id := n; id > 3; id-- {
		take(newBase, id, 1)
	}
	if keys > 20*n {
		t.Errorf("%d keys were looked at", keys)
	}
	take(newBase, 3, 2)
	take(newBase, 2, 2)
	take(delBase, 2, 2)
	w.expect(t, "changed base 3", "removed base 1", "removed base 2")
	take(newBase, 2, 2)
	w.expect(t, "added base 2")
	if w.untold() != 0 {
		t.Errorf("%d changes wait", w.untold())
	}
}

// What waits to be told does not come before the news that the watch has ended.
func TestWatchEndsAtOnce(t *testing.T) {
	w := watchThings(t, &thingKernel{}, func(_ *thingWatch, _, _ *Source[thing, int]) {})
	if err := w.take(thingMessage(newBase, 1, 0), nil); err != nil {
		t.Fatal(err)
	}
	w.cancel()
	if table, err := w.Next(); table != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", table, err)
	}
}
