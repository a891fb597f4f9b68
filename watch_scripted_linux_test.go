package nlkit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The scripted kernel of a watch tells that a number has gone by a type of its own.
const (
	typGone      = typNumber + 1
	numbersGroup = 5
)

// watchScript is a kernel of numbers, and a watch of them. Whatever it comes by it calls
// at with, in the goroutine that reads the watch.
type watchScript struct {
	*nlfake.Kernel
	c       *nlkit.Client
	numbers map[uint32]bool
	dumps   int
	at      func(point string)
	// answer alters the answer to a dump, unless it is nil.
	answer func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message
}

func newWatchScript(t *testing.T, numbers ...uint32) *watchScript {
	s := &watchScript{numbers: map[uint32]bool{}, at: func(string) {}}
	for _, n := range numbers {
		s.numbers[n] = true
	}
	s.c, s.Kernel = fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		s.dumps++
		s.at(fmt.Sprint("request ", s.dumps))
		var whole [][]netlink.Message
		for _, n := range slices.Sorted(maps.Keys(s.numbers)) {
			whole = append(whole, []netlink.Message{item(reqs[0], n, 0)})
		}
		whole = append(whole, []netlink.Message{nlfake.Done(reqs[0], 0, 0)})
		if s.answer != nil {
			whole = s.answer(reqs[0], whole)
		}
		for _, d := range whole {
			out = append(out, nlfake.Join(d...))
		}
		return out
	})
	s.Joined = func(uint32) { s.at("joined") }
	return s
}

// What a watch cannot do without is asked for at once, and not called.
func TestWatchSourceLacks(t *testing.T) {
	s := newWatchScript(t, 1)
	for name, take := range map[string]func(*nlkit.Source[uint32, uint32]){
		"List":  func(s *nlkit.Source[uint32, uint32]) { s.List = nil },
		"Event": func(s *nlkit.Source[uint32, uint32]) { s.Event = nil },
		"Key":   func(s *nlkit.Source[uint32, uint32]) { s.Key = nil },
		"Equal": func(s *nlkit.Source[uint32, uint32]) { s.Equal = nil },
	} {
		src := s.source()
		take(&src)
		w, err := nlkit.NewWatch(t.Context(), s.c, src)
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("without %s: got %v", name, err)
		}
		if err == nil {
			_ = w.Close()
		}
	}
}

func (s *watchScript) source() nlkit.Source[uint32, uint32] {
	return nlkit.Source[uint32, uint32]{
		Op: "number.Watch", Groups: []uint32{numbersGroup},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[uint32, error] {
			return func(yield func(uint32, error) bool) {
				n := 0
				for v, err := range nlkit.All(ctx, c, numbers, decodeNumber) {
					n++
					if err == nil {
						s.at(fmt.Sprintf("item %d of %d", n, s.dumps))
					}
					if !yield(v, err) {
						return
					}
				}
				s.at(fmt.Sprint("listed ", s.dumps))
			}
		},
		Event: func(m nlkit.Message, e *nlkit.Event[uint32]) (bool, error) {
			s.at("event")
			e.Type = nlkit.Updated
			if m.Type == typGone {
				e.Type, m.Type = nlkit.Deleted, typNumber
			}
			return decodeNumber(m, &e.Object)
		},
		Settle: func(context.Context, *nlkit.Client) error {
			s.at(fmt.Sprint("settle ", s.dumps+1))
			return nil
		},
		Key:   func(v *uint32) uint32 { return *v },
		Equal: func(a, b *uint32) bool { return *a == *b },
	}
}

func (s *watchScript) watch(ctx context.Context, t *testing.T) *nlkit.Watch[uint32] {
	t.Helper()
	w, err := nlkit.NewWatch(ctx, s.c, s.source())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// tell sends messages to whoever watches, in a datagram.
func (s *watchScript) tell(ms ...netlink.Message) {
	if err := s.Multicast(numbersGroup, nlfake.Join(ms...)); err != nil {
		panic(err) // the script is wrong: it is called from anywhere
	}
}

func event(typ uint16, n uint32) netlink.Message {
	return netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(typ)}, Data: number(n)}
}

// overrun is what says that messages were lost.
func overrun() netlink.Message {
	return netlink.Message{Header: netlink.Header{Type: uapi.NLMSG_OVERRUN}}
}

// read reads until enough has been told, and returns it in words.
func read(t *testing.T, w *nlkit.Watch[uint32], n int) (told []string) {
	t.Helper()
	for range n {
		ch, err := w.Next()
		if err != nil {
			t.Fatalf("%v after %v", err, told)
		}
		switch ch.Type {
		case nlkit.Synced:
			told = append(told, "synced")
		case nlkit.Removed:
			told = append(told, fmt.Sprint(ch.Type, " ", ch.Old))
		default:
			told = append(told, fmt.Sprint(ch.Type, " ", ch.New))
		}
	}
	return told
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// However often there is a list, the beginning is told once.
func TestWatchSyncedOnce(t *testing.T) {
	s := newWatchScript(t, 1, 2)
	w := s.watch(t.Context(), t)
	expect(t, read(t, w, 3), "added 1", "added 2", "synced")
	for n := uint32(3); n < 6; n++ {
		s.numbers[n] = true
		s.tell(overrun())
		expect(t, read(t, w, 1), fmt.Sprint("added ", n))
	}
	s.tell(event(typNumber, 9))
	expect(t, read(t, w, 1), "added 9")
	if st := w.Stats(); s.dumps != 4 || st.Overruns != 3 || st.Heals != 3 || st.Repaired != 3 || st.Interrupted != 0 {
		t.Errorf("%d lists, %+v", s.dumps, st)
	}
	if len(w.List()) != 6 || w.Len() != 6 {
		t.Errorf("it has %v", w.List())
	}

	// Nothing is a beginning, too.
	w = newWatchScript(t).watch(t.Context(), t)
	expect(t, read(t, w, 1), "synced")
}

// A list that the kernel refuses ends the watch, at the beginning and later, for good.
func TestWatchRefusedList(t *testing.T) {
	for _, tc := range []struct {
		errno syscall.Errno
		want  error
	}{
		{syscall.EPERM, fs.ErrPermission},
		{syscall.EINVAL, fs.ErrInvalid},
		{syscall.EOPNOTSUPP, errors.ErrUnsupported},
	} {
		for _, later := range []bool{false, true} {
			s := newWatchScript(t, 1)
			w := s.watch(t.Context(), t)
			if later {
				expect(t, read(t, w, 2), "added 1", "synced")
				s.tell(overrun())
			}
			s.answer = func(r netlink.Message, _ [][]netlink.Message) [][]netlink.Message {
				return [][]netlink.Message{{nlfake.Ack(r, tc.errno, nil)}}
			}
			check := func(err error) {
				t.Helper()
				if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Errno != tc.errno || !errors.Is(err, tc.want) {
					t.Errorf("%v, later %v: got %v", tc.errno, later, err)
				}
			}
			_, err := w.Next()
			check(err)
			dumps := s.dumps
			s.answer = nil
			s.tell(event(typNumber, 7))
			_, err = w.Next()
			check(err)
			n := 0
			for _, err := range w.All() {
				check(err)
				n++
			}
			if n != 1 || s.dumps != dumps {
				t.Errorf("%v: %d errors, %d lists after the refusal", tc.errno, n, s.dumps-dumps)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			for ch, err := range w.All() {
				t.Errorf("closed: %v, %v", ch, err)
			}
		}
	}
}

// Lists that are torn again and again are the beginning at last; then one that is whole
// says what is gone.
func TestWatchTornLists(t *testing.T) {
	s := newWatchScript(t, 1, 2)
	s.answer = func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message {
		whole[len(whole)-1] = []netlink.Message{nlfake.Done(r, uapi.NLM_F_DUMP_INTR, 0)}
		return whole
	}
	w := s.watch(t.Context(), t)
	expect(t, read(t, w, 2), "added 1", "added 2")
	if s.dumps != 1 {
		t.Errorf("what a torn list has brought waited for %d more", s.dumps-1)
	}
	delete(s.numbers, 2) // without a word
	expect(t, read(t, w, 1), "synced")
	if st := w.Stats(); s.dumps != 8 || st.Interrupted != 8 || st.Heals != 0 {
		t.Errorf("%d lists, %+v", s.dumps, st)
	}
	s.answer = nil
	expect(t, read(t, w, 1), "removed 2")
	if st := w.Stats(); s.dumps != 9 || st.Interrupted != 8 || st.Heals != 1 || st.Repaired != 1 {
		t.Errorf("%d lists, %+v", s.dumps, st)
	}
}

// Messages are lost at any moment: before a list, while it is taken, and behind it.
func TestWatchOverruns(t *testing.T) {
	for _, point := range []string{"settle 1", "request 1", "item 1 of 1", "listed 1", "settle 2", "request 2", "item 2 of 2", "listed 2"} {
		t.Run(point, func(t *testing.T) {
			s := newWatchScript(t, 1, 2)
			w := s.watch(t.Context(), t)
			lost := false
			s.at = func(now string) {
				if now == point && !lost {
					lost = true
					delete(s.numbers, 1)
					s.numbers[3] = true
					s.tell(event(typNumber, 4), overrun(), event(typGone, 4))
				}
			}
			told := map[string]bool{}
			for !told["synced"] || !lost || !told["added 3"] || told["added 1"] != told["removed 1"] || told["added 4"] != told["removed 4"] || told["added 9"] != told["removed 9"] {
				for _, what := range read(t, w, 1) {
					if told[what] {
						t.Errorf("%s again", what)
					}
					told[what] = true
					if what == "synced" && !lost {
						s.tell(overrun(), event(typNumber, 9), overrun(), event(typGone, 9))
					}
				}
			}
			if told["removed 2"] || told["removed 3"] {
				t.Errorf("told %v", told)
			}
			if got := w.List(); len(got) != 2 {
				t.Errorf("it has %v", got)
			}
			if st := w.Stats(); st.Overruns == 0 || st.Overruns > 3 || s.dumps > 5 {
				t.Errorf("%d lists, %+v", s.dumps, st)
			}
		})
	}
}

// What cannot be decoded ends the watch, wherever it comes.
func TestWatchMalformed(t *testing.T) {
	short := netlink.Message{Header: netlink.Header{Type: typNumber}, Data: []byte{1}}
	whole := nlfake.Join(event(typNumber, 1))
	binary.NativeEndian.PutUint32(whole, 4096)
	for name, tc := range map[string]struct {
		spoil func(s *watchScript)
		want  error
	}{
		"a list": {func(s *watchScript) {
			s.answer = func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message {
				whole[1][0].Data = whole[1][0].Data[:1]
				return whole
			}
			s.tell(overrun())
		}, attr.ErrMalformed},
		"an event": {func(s *watchScript) { s.tell(short) }, attr.ErrMalformed},
		"an event behind a list": {func(s *watchScript) {
			s.at = func(point string) {
				if point == "request 2" {
					s.tell(short)
				}
			}
			s.tell(overrun())
		}, attr.ErrMalformed},
		"a datagram": {func(s *watchScript) { _ = s.Multicast(numbersGroup, whole) }, nlkit.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWatchScript(t, 1, 2)
			w := s.watch(t.Context(), t)
			read(t, w, 3)
			tc.spoil(s)
			for range 2 {
				if ch, err := w.Next(); !errors.Is(err, tc.want) {
					t.Errorf("got %+v, %v", ch, err)
				}
			}
		})
	}
}

// ending is what ends a watch or a wait, and how it is told.
type ending struct {
	name string
	end  func(cancel context.CancelCauseFunc, c *nlkit.Client, closeIt func() error)
	ok   func(err error) bool
}

var errEnough = errors.New("enough")

var endings = []ending{
	{
		"cancel", func(cancel context.CancelCauseFunc, _ *nlkit.Client, _ func() error) { cancel(errEnough) },
		func(err error) bool { return errors.Is(err, context.Canceled) && errors.Is(err, errEnough) },
	},
	{
		"client", func(_ context.CancelCauseFunc, c *nlkit.Client, _ func() error) { _ = c.Close() },
		func(err error) bool { return errors.Is(err, net.ErrClosed) },
	},
	{
		"close", func(_ context.CancelCauseFunc, _ *nlkit.Client, closeIt func() error) { _ = closeIt() },
		func(err error) bool { return errors.Is(err, net.ErrClosed) },
	},
}

// Whatever ends a watch, at any point, it ends with that, for good, and leaves nothing.
func TestWatchEndsAnywhere(t *testing.T) {
	const forever = "waiting "
	points := []string{
		"settle 1", "request 1", "item 1 of 1", "item 2 of 1", forever + "for a list", "listed 1", "event",
		"told added 1", "told added 2", forever + "after a torn list", "told synced", forever + "for an event",
		"settle 2", "request 2", "item 1 of 2", "listed 2", forever + "after a list", "told added 3",
	}
	for _, point := range points {
		for _, e := range endings {
			t.Run(point+"/"+e.name, func(t *testing.T) {
				s := newWatchScript(t, 1, 2)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				w := s.watch(ctx, t)
				reached := false
				s.at = func(now string) {
					switch {
					case now == "request 1" && point == "event", now == "request 2" && point == "told added 3":
						s.tell(event(typNumber, 3))
					}
					if now != point || reached {
						return
					}
					reached = true
					if len(now) > len(forever) && now[:len(forever)] == forever {
						go e.end(cancel, s.c, w.Close)
					} else {
						e.end(cancel, s.c, w.Close)
					}
				}
				s.answer = func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message {
					switch point {
					case forever + "for a list": // which does not go on
						s.at(point)
						return whole[:1]
					case forever + "after a torn list":
						s.at(point)
						whole[len(whole)-1] = []netlink.Message{nlfake.Done(r, uapi.NLM_F_DUMP_INTR, 0)}
					}
					return whole
				}
				var err error
				for err == nil {
					var ch nlkit.Change[uint32]
					if ch, err = w.Next(); err != nil {
						break
					}
					switch ch.Type {
					case nlkit.Synced:
						s.at("told synced")
						if point == forever+"for an event" {
							s.at(point)
						} else {
							s.tell(overrun())
						}
					case nlkit.Added:
						s.at(fmt.Sprint("told added ", ch.New))
					}
					if s.dumps == 2 && point == forever+"after a list" {
						s.at(point)
					}
					if s.dumps == 1 && ch.Type == nlkit.Synced && point == forever+"after a list" {
						s.numbers[3] = true
					}
				}
				if !reached {
					t.Fatalf("it was not reached: %v", err)
				}
				for range 2 {
					if !e.ok(err) {
						t.Errorf("it ended with %v", err)
					}
					_, err = w.Next()
				}
				for _, err := range w.All() {
					if e.name == "close" || !e.ok(err) {
						t.Errorf("All: %v", err)
					}
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				if idle, all := s.c.Sockets(); idle != all {
					t.Errorf("%d of %d sockets are in use", all-idle, all)
				}
			})
		}
	}
}

// A watch may end while it begins.
func TestWatchEndsBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newWatchScript(t, 1)
	s.at = func(point string) {
		if point == "joined" {
			cancel(errEnough)
		}
	}
	// It has begun by then: whoever reads it gets to know.
	w := s.watch(ctx, t)
	if _, err := w.Next(); !endings[0].ok(err) {
		t.Errorf("cancelled while joining: %v", err)
	}
	if w, err := nlkit.NewWatch(ctx, s.c, s.source()); !endings[0].ok(err) {
		t.Errorf("cancelled before: %v, %v", w, err)
	}
	_ = w.Close()
	if _, all := s.c.Sockets(); all != 0 || s.dumps != 0 {
		t.Errorf("%d sockets, %d lists", all, s.dumps)
	}

	s.at = func(point string) {
		if point == "joined" {
			_ = s.c.Close()
		}
	}
	w, err := nlkit.NewWatch(t.Context(), s.c, s.source())
	if err == nil {
		_, err = w.Next()
		_ = w.Close()
	}
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("client closed while joining: %v", err)
	}
}

// A deadline ends whatever waits.
func TestWatchDeadline(t *testing.T) {
	for name, answer := range map[string]func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message{
		"for a list":   func(netlink.Message, [][]netlink.Message) [][]netlink.Message { return nil },
		"in a list":    func(_ netlink.Message, whole [][]netlink.Message) [][]netlink.Message { return whole[:1] },
		"for an event": nil,
		"to list again": func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message {
			return append(whole[:1], []netlink.Message{nlfake.Done(r, uapi.NLM_F_DUMP_INTR, 0)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWatchScript(t, 1, 2)
			s.answer = answer
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			var last error
			if w, err := nlkit.NewWatch(ctx, s.c, s.source()); err != nil {
				last = err
			} else {
				defer w.Close()
				for _, last = range w.All() {
				}
			}
			if e, ok := errors.AsType[*nlkit.Error](last); !ok || !errors.Is(last, context.DeadlineExceeded) || !e.Timeout() {
				t.Errorf("got %v", last)
			}
		})
	}
}

// A wait ends as a watch does.
func TestWaitEndsAnywhere(t *testing.T) {
	for _, point := range []string{"joined", "request 1", "item 1 of 1", "looked 1", "waiting for a list", "waiting for an event", "relevant", "looked 2", "torn"} {
		for _, e := range endings[:2] {
			t.Run(point+"/"+e.name, func(t *testing.T) {
				s := newWatchScript(t, 1, 2)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				reached := false
				s.at = func(now string) {
					if now == point && !reached {
						reached = true
						if now == "waiting for a list" || now == "waiting for an event" || now == "torn" {
							go e.end(cancel, s.c, nil)
						} else {
							e.end(cancel, s.c, nil)
						}
					}
				}
				s.answer = func(r netlink.Message, whole [][]netlink.Message) [][]netlink.Message {
					switch point {
					case "waiting for a list":
						s.at(point)
						return whole[:1]
					case "torn":
						whole[len(whole)-1] = []netlink.Message{nlfake.Done(r, uapi.NLM_F_DUMP_INTR, 0)}
					}
					return whole
				}
				list := s.source().List
				looks := 0
				_, err := nlkit.Wait(ctx, s.c, nlkit.Listen{Op: "number.Wait", Groups: []uint32{numbersGroup}}, func(nlkit.Message) bool {
					s.at("relevant")
					return true
				}, func(ctx context.Context) (int, bool, error) {
					for _, err := range list(ctx, s.c) {
						if err != nil {
							s.at("torn")
							return 0, false, err
						}
					}
					looks++
					s.at(fmt.Sprint("looked ", looks))
					if looks == 1 && (point == "relevant" || point == "looked 2") {
						s.tell(event(typNumber, 9))
					}
					s.at("waiting for an event")
					return 0, false, nil
				})
				if !reached || !e.ok(err) {
					t.Errorf("reached %v, got %v", reached, err)
				}
				if idle, all := s.c.Sockets(); idle != all {
					t.Errorf("%d of %d sockets are in use", all-idle, all)
				}
			})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s := newWatchScript(t)
	_, err := nlkit.Wait(ctx, s.c, nlkit.Listen{Op: "number.Wait"}, nil, func(context.Context) (int, bool, error) { return 0, false, nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
