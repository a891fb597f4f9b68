package nlkit

import (
	"context"
	"iter"
	"testing"
	"time"
)

// suspectsOf is a watch of things of which each may change when the base with its number
// is told of, and counts the lists: of some of them, and of all.
func suspectsOf(t *testing.T, k *thingKernel) (w *thingWatch, some, all *int) {
	t.Helper()
	some, all = new(int), new(int)
	w = watchThings(t, k, func(_ *thingWatch, _, users *Source[thing, int]) {
		list := users.List
		users.Known = nil
		users.List = func(ctx context.Context, c *Client) iter.Seq2[thing, error] {
			*all++
			return list(ctx, c)
		}
		users.Suspect = func(m Message) []Suspicion[thing] {
			if m.Type != newBase {
				return nil
			}
			id := int(m.Data[0])
			return []Suspicion[thing]{{
				Who: func(v *thing) bool { return v.id == id },
				List: func(context.Context, *Client) iter.Seq2[thing, error] {
					*some++
					return func(yield func(thing, error) bool) {
						for _, v := range k.users {
							if v.id == id && !yield(v, nil) {
								return
							}
						}
					}
				},
			}}
		}
	})
	*some, *all = 0, 0 // but for the beginning
	return w, some, all
}

// manyThings are things 1 to n, all with the same reference.
func manyThings(n, ref int) []thing {
	things := make([]thing, n)
	for i := range things {
		things[i] = thing{i + 1, ref}
	}
	return things
}

// What several messages make suspicious is listed at once, each for itself, and all if
// that is too much. What is not suspicious remains as it is.
func TestWatchSuspicionsTogether(t *testing.T) {
	const things = 20
	for _, tc := range []struct{ suspects, some, all, changed int }{
		{1, 1, 0, 1},
		{2, 2, 0, 2},
		{suspicionsMax, suspicionsMax, 0, suspicionsMax},
		{suspicionsMax + 1, 0, 1, things},
	} {
		k := &thingKernel{users: manyThings(things, 1)}
		w, some, all := suspectsOf(t, k)
		k.users = manyThings(things, 2) // without a word
		for i := range tc.suspects {
			if err := w.take(thingMessage(newBase, byte(i+1), 0), nil); err != nil {
				t.Fatal(err)
			}
		}
		w.toldNow() // the bases
		if !w.owed {
			t.Fatal("nothing is to be listed")
		}
		if err := w.heal(); err != nil {
			t.Fatal(err)
		}
		s := w.Stats()
		if *some != tc.some || *all != tc.all || s.Heals != 1 || s.Repaired != uint64(tc.changed) || len(w.toldNow()) != tc.changed {
			t.Errorf("%d suspicions: %d lists of some, %d of all, %+v", tc.suspects, *some, *all, s)
		}
		if w.owed {
			t.Error("it is to be listed again")
		}
	}
}

// A suspicion of what is in doubt with all asks for nothing more, and one of what is not
// there for nothing at all.
func TestWatchSuspicionsForNothing(t *testing.T) {
	k := &thingKernel{users: manyThings(2, 1)}
	w, some, all := suspectsOf(t, k)
	if err := w.take(thingMessage(newBase, 9, 0), nil); err != nil {
		t.Fatal(err)
	}
	if w.owed {
		t.Error("what is not there is to be listed")
	}
	w.users.doubtAll()
	w.owe(0)
	if err := w.take(thingMessage(newBase, 1, 0), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.heal(); err != nil {
		t.Fatal(err)
	}
	if *some != 0 || *all != 1 {
		t.Errorf("%d lists of some, %d of all", *some, *all)
	}
}

// Whose key is known, the others are not asked: what a message costs is not a matter of
// how many objects there are.
func TestWatchSuspicionLike(t *testing.T) {
	k := &thingKernel{users: manyThings(200, 1)}
	asked := 0
	w := watchThings(t, k, func(_ *thingWatch, _, users *Source[thing, int]) {
		users.Known = nil
		users.Suspect = func(m Message) []Suspicion[thing] {
			if m.Type != newBase {
				return nil
			}
			id := int(m.Data[0])
			return []Suspicion[thing]{{Like: &thing{id: id}, Gone: true, Who: func(v *thing) bool {
				asked++
				return v.id == id
			}}}
		}
	})
	w.toldNow()
	for _, id := range []byte{7, 7, 201} {
		if err := w.take(thingMessage(newBase, id, 0), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.users.Len(); asked != 1 || n != 199 || w.users.Has(&thing{id: 7}) || w.owed {
		t.Errorf("%d things were asked, %d are left", asked, n)
	}
}

// Lists keep a distance, which doubles as long as they are torn, up to a limit; a pause
// of the events makes it shorter.
func TestWatchListsKeepADistance(t *testing.T) {
	for _, tc := range []struct {
		torn  int
		took  time.Duration
		pause time.Duration
	}{
		{0, 0, healQuiet},
		{0, time.Second, time.Second},
		{1, 0, 2 * healQuiet},
		{3, time.Second, 8 * time.Second},
		{5, time.Second, healPause},
		{1000, time.Hour, healPause},
	} {
		before := time.Now()
		w := &Watcher{torn: tc.torn, took: tc.took, ended: before}
		w.owe(0)
		after := time.Now()
		if w.due.Before(before.Add(tc.pause)) || w.due.After(after.Add(tc.pause)) || w.quiet != healQuiet || !w.owed {
			t.Errorf("%+v: due in %v, or %v without an event", tc, w.due.Sub(before), w.quiet)
		}
		due := w.due
		if w.owe(0); w.due != due {
			t.Error("it is put off")
		}
	}
	// The first one in a while does not wait.
	w := &Watcher{took: time.Second, ended: time.Now().Add(-2 * time.Second)}
	if w.owe(0); w.due.After(time.Now()) || w.quiet != 0 {
		t.Errorf("due at %v, or %v without an event", w.due, w.quiet)
	}
}
