package nlkit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// tells fails the test if a watch does not tell just this, in this order.
func tells[T any](t *testing.T, w *nlkit.Watch[T], name func(T) string, want ...string) {
	t.Helper()
	for _, want := range want {
		ch, err := w.Next()
		if err != nil {
			t.Fatalf("in place of %q: %v", want, err)
		}
		got := ch.Type.String()
		if old, now := name(ch.Old), name(ch.New); old+now != "" {
			got = fmt.Sprintf("%s %s>%s", ch.Type, old, now)
		}
		if got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
	}
}

func familyName(f genl.Family) string {
	if f.ID == 0 {
		return ""
	}
	return fmt.Sprint(f.Name, f.ID)
}

func TestWatchFamilies(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	w, err := genl.Watch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	tells(t, w, familyName, "added >blue30", "synced")
	k.register(31, registered{name: "red"})
	tells(t, w, familyName, "added >red31")
	k.unregister(30)
	k.register(32, registered{name: "blue"})
	tells(t, w, familyName, "removed blue30>", "added >blue32")
	k.unregister(31)
	k.register(31, registered{name: "green"}) // under a number that another one had
	tells(t, w, familyName, "removed red31>", "added >green31")
	if _, err := genl.Resolve(t.Context(), c, "red"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if n := w.Len(); n != 2 {
		t.Errorf("%d families", n)
	}
	if err := k.Multicast(uapi.GENL_ID_CTRL, nlfake.Join(netlink.Message{Header: netlink.Header{Type: uapi.GENL_ID_CTRL}, Data: []byte{1}})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.Next(); !errors.Is(err, nlkit.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	}
}

// A dump counts families: it leaves one out if another goes meanwhile.
func TestFamiliesTear(t *testing.T) {
	s := genl.Source()
	for command, want := range map[byte]bool{uapi.CTRL_CMD_NEWFAMILY: false, uapi.CTRL_CMD_DELFAMILY: true, uapi.CTRL_CMD_NEWMCAST_GRP: false} {
		m := nlkit.Message{Type: uapi.GENL_ID_CTRL, Data: []byte{command, 2, 0, 0}}
		if got := s.Tears(m, true); got != want {
			t.Errorf("command %d: %t", command, got)
		}
		if m.Type++; s.Tears(m, true) {
			t.Errorf("command %d of another family", command)
		}
	}
}

// bearer is an object of the families of a controller.
type bearer struct{ By, Text string }

func (b bearer) String() string { return b.By + b.Text }

const (
	bearerIs   = 5
	bearerGone = 6
)

// bearers is the source of what a family has: by the controller, the name of it.
func bearers(family string) (nlkit.Source[bearer, string], error) {
	return genl.ObjectSource(family, []string{"news"}, func(m genl.Message, e *nlkit.Event[bearer]) (bool, error) {
		if m.Command == bearerGone {
			e.Type = nlkit.Deleted
		}
		var a answer
		err := ask.Reply.Decode(m.Attrs, &a)
		e.Object = bearer{By: a.By, Text: a.Text}
		return true, err
	}, bearersOf(family))
}

// bearersOf is what bearers completes.
func bearersOf(family string) nlkit.Source[bearer, string] {
	return nlkit.Source[bearer, string]{
		Op: "bearer.Watch",
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[bearer, error] {
			return func(yield func(bearer, error) bool) {
				for a, err := range ask.All(ctx, c, genl.Name(family), &question{}) {
					if !yield(bearer{By: a.By, Text: a.Text}, err) {
						return
					}
				}
			}
		},
		Key:   func(b *bearer) string { return b.By },
		Equal: func(a, b *bearer) bool { return *a == *b },
	}
}

// tell sends an event of a family's object.
func (k *controller) tell(id uint16, command byte, b bearer) {
	k.t.Helper()
	data := attr.AppendString(attr.AppendString([]byte{command, 7, 0, 0}, 2, b.Text), 9, b.By)
	if err := k.Multicast(1000+uint32(id), nlfake.Join(netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(id)}, Data: data})); err != nil {
		k.t.Fatal(err)
	}
}

func TestWatchObjectsOfAFamily(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	k.register(31, registered{name: "red"})
	s, err := bearers("blue")
	if err != nil {
		t.Fatal(err)
	}
	w, err := nlkit.NewWatch(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	name := bearer.String
	tells(t, w, name, "added >blue", "synced")
	k.tell(31, bearerIs, bearer{"other", ""}) // nobody hears it
	k.tell(30, bearerIs, bearer{"sky", ""})
	k.tell(30, bearerIs, bearer{"sky", "1"})
	tells(t, w, name, "added >sky")
	k.tell(30, bearerIs, bearer{"sky", "1"}) // which is nothing new
	k.tell(30, bearerGone, bearer{"blue", ""})
	tells(t, w, name, "changed sky>sky1", "removed blue>")

	// They go with their family.
	k.unregister(31)
	k.unregister(30)
	tells(t, w, name, "removed sky1>")
	if st := w.Stats(); st.Vanished != 1 || st.Unchanged == 0 {
		t.Errorf("stats %+v", st)
	}

	// What another one does under the old number is none of it.
	k.register(30, registered{name: "green"})
	k.tell(30, bearerIs, bearer{"leaf", ""})
	k.register(40, registered{name: "blue"})
	tells(t, w, name, "added >blue")
	k.tell(40, bearerIs, bearer{"sea", ""})
	tells(t, w, name, "added >sea")
	if items := w.List(); len(items) != 2 {
		t.Errorf("there are %v", items)
	}

	// The number changes without a word that it went.
	k.mu.Lock()
	delete(k.families, 40)
	k.mu.Unlock()
	k.register(41, registered{name: "blue"})
	tells(t, w, name, "removed sea>", "removed blue>", "added >blue")
	k.tell(41, bearerIs, bearer{"ice", ""})
	tells(t, w, name, "added >ice")
}

// Objects that are in doubt when their family goes have gone with it, whether or not that
// is known by the time that they are to be listed.
func TestWatchSuspectedObjectsOfAFamilyThatGoes(t *testing.T) {
	for name, announced := range map[string]bool{"announced": true, "to be announced": false} {
		t.Run(name, func(t *testing.T) {
			c, k := controlled(t)
			k.register(30, registered{name: "blue"})
			own := bearersOf("blue")
			own.Suspect = func(m nlkit.Message) []nlkit.Suspicion[bearer] {
				if m.Type != 30 {
					return nil
				}
				return []nlkit.Suspicion[bearer]{{Who: func(b *bearer) bool { return b.By == "blue" }, List: own.List}}
			}
			s, err := genl.ObjectSource("blue", []string{"news"}, func(genl.Message, *nlkit.Event[bearer]) (bool, error) { return false, nil }, own)
			if err != nil {
				t.Fatal(err)
			}
			w, err := nlkit.NewWatch(t.Context(), c, s)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			tells(t, w, bearer.String, "added >blue", "synced")
			k.tell(30, bearerIs, bearer{"blue", ""})
			if !announced {
				k.mu.Lock()
				k.silent = true
				k.unknown = func() { // what whoever lists them is told
					k.mu.Lock()
					defer k.mu.Unlock()
					k.silent = false
					k.announce(uapi.CTRL_CMD_DELFAMILY, 30, registered{name: "blue"})
				}
				k.mu.Unlock()
			}
			k.unregister(30)
			tells(t, w, bearer.String, "removed blue>")
			next := make(chan error, 1)
			go func() {
				ch, err := w.Next()
				if err == nil && (ch.Type != nlkit.Added || ch.New.By != "blue") {
					err = fmt.Errorf("told %+v", ch)
				}
				next <- err
			}()
			nstest.Eventually(t, func() string {
				if w.Stats().Heals > 0 || len(next) > 0 {
					return ""
				}
				return "the objects in doubt were not listed"
			})
			k.register(40, registered{name: "blue"})
			if err := <-next; err != nil {
				t.Error(err)
			}
		})
	}
}

// A family that goes while its objects are listed leaves none; it is not an error.
func TestWatchObjectsOfAFamilyThatGoes(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	s, err := bearers("blue")
	if err != nil {
		t.Fatal(err)
	}
	w, err := nlkit.NewWatch(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	k.mu.Lock()
	k.during = func() { k.unregister(30) }
	k.mu.Unlock()
	for {
		ch, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if ch.Type == nlkit.Synced {
			break
		}
	}
	if n := w.Len(); n != 0 {
		t.Errorf("%d objects of no family: %v", n, w.List())
	}
}

func TestObjectSourceRefused(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	decode := func(genl.Message, *nlkit.Event[bearer]) (bool, error) { return false, nil }
	good, err := bearers("blue")
	if err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]func() error{
		"no decode": func() error { _, err := genl.ObjectSource("blue", []string{"news"}, nil, good); return err },
		"no group":  func() error { _, err := genl.ObjectSource("blue", nil, decode, good); return err },
		"no name":   func() error { _, err := genl.ObjectSource("", []string{"news"}, decode, good); return err },
		"no list": func() error {
			_, err := genl.ObjectSource("blue", []string{"news"}, decode, nlkit.Source[bearer, string]{Op: "x.Watch", Key: good.Key, Equal: good.Equal})
			return err
		},
	} {
		if err := refused(); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, try := range map[string]struct {
		family, group string
		want          string
	}{
		"no family":     {"red", "news", `bearer.Watch "red": no such file or directory`},
		"unknown group": {"blue", "olds", `bearer.Watch "blue": no group "olds" in family "blue", which has news`},
	} {
		s, err := genl.ObjectSource(try.family, []string{try.group}, decode, good)
		if err != nil {
			t.Fatal(err)
		}
		if w, err := nlkit.NewWatch(t.Context(), c, s); w != nil || !errors.Is(err, fs.ErrNotExist) || err.Error() != try.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
