// Package watchtest holds what a watch tells against what the kernel lists.
package watchtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// Follower is a consumer that applies what a watch tells, and nothing else.
type Follower[T any, K comparable] struct {
	Watch *nlkit.Watch[T]
	// List lists what there is, for Settle: that of the source, unless a test sets another.
	List func(context.Context, *nlkit.Client) iter.Seq2[T, error]

	s    nlkit.Source[T, K]
	c    *nlkit.Client
	gate chan struct{} // full while the consumer rests
	stop chan struct{}

	mu    sync.Mutex
	known map[K][]T
	log   []nlkit.Change[T]
	wrong []string // what was told and made no sense
	ended error    // why Next ended
	done  chan struct{}
}

// Follow starts to follow a source, and waits until what there was has been told.
func Follow[T any, K comparable](t testing.TB, c *nlkit.Client, s nlkit.Source[T, K], opts ...nlkit.SubscribeOption) *Follower[T, K] {
	t.Helper()
	w, err := nlkit.NewWatch(t.Context(), c, s, opts...)
	if err != nil {
		t.Fatal(err)
	}
	f := &Follower[T, K]{Watch: w, List: s.List, s: s, c: c, known: map[K][]T{}, gate: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	synced := make(chan struct{})
	go f.run(synced)
	t.Cleanup(func() {
		_ = w.Close()
		close(f.stop) // a test that ended early lets nobody go on
		<-f.done
		if f.ended != nil && !errors.Is(f.ended, net.ErrClosed) && !errors.Is(f.ended, context.Canceled) {
			t.Errorf("%s ended: %v", s.Op, f.ended)
		}
	})
	select {
	case <-synced:
	case <-f.done:
		t.Fatalf("%s ended before the state at the beginning was told: %v", s.Op, f.ended)
	}
	return f
}

func (f *Follower[T, K]) run(synced chan struct{}) {
	defer close(f.done)
	for {
		ch, err := f.Watch.Next()
		if err != nil {
			f.ended = err
			return
		}
		if ch.Type == nlkit.Synced {
			close(synced)
		}
		f.mu.Lock()
		f.apply(ch)
		f.mu.Unlock()
		select {
		case f.gate <- struct{}{}:
			<-f.gate
		case <-f.stop:
		}
	}
}

// apply takes in a change. What it says was known must have been.
func (f *Follower[T, K]) apply(ch nlkit.Change[T]) {
	f.log = append(f.log, ch)
	at := func(v *T) (K, int) {
		key := f.s.Key(v)
		return key, slices.IndexFunc(f.known[key], func(x T) bool { return f.s.Equal(&x, v) })
	}
	switch ch.Type {
	case nlkit.Added:
		key := f.s.Key(&ch.New)
		f.known[key] = append(f.known[key], ch.New)
	case nlkit.Changed, nlkit.Removed:
		key, i := at(&ch.Old)
		if i < 0 {
			f.wrong = append(f.wrong, fmt.Sprintf("%v %+v, of which was known %+v", ch.Type, ch.Old, f.known[key]))
			return
		}
		f.known[key] = slices.Delete(f.known[key], i, i+1)
		if len(f.known[key]) == 0 {
			delete(f.known, key)
		}
		if ch.Type == nlkit.Changed {
			key := f.s.Key(&ch.New)
			f.known[key] = append(f.known[key], ch.New)
		}
	case nlkit.Synced:
	}
}

// Rest keeps the consumer from reading until the function that it returns is called.
func (f *Follower[T, K]) Rest() (goOn func()) {
	f.gate <- struct{}{}
	return func() { <-f.gate }
}

// Settle waits until what was told, and what the watch holds, is what the kernel lists.
func (f *Follower[T, K]) Settle(t testing.TB) {
	t.Helper()
	nstest.Eventually(t, func() string {
		select {
		case <-f.done:
			t.Fatalf("%s ended: %v", f.s.Op, f.ended)
		default:
		}
		var listed []T
		for v, err := range f.List(t.Context(), f.c) {
			if errors.Is(err, nlkit.ErrDumpInterrupted) {
				return "a list that was interrupted"
			} else if err != nil {
				t.Fatal(err)
			} else if f.s.Match == nil || f.s.Match(&v) {
				listed = append(listed, v)
			}
		}
		if diff := f.differs(listed); diff != "" {
			return fmt.Sprintf("%s is not what there is: %s\nstats %+v", f.s.Op, diff, f.Watch.Stats())
		}
		return ""
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.wrong {
		t.Error(s)
	}
	f.wrong = nil
}

// differs says in what the state differs from a list, "" if it does not.
func (f *Follower[T, K]) differs(listed []T) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var told []T
	for _, all := range f.known {
		told = append(told, all...)
	}
	if d := f.compare("told", told, listed); d != "" {
		return d
	}
	return f.compare("held", f.Watch.List(), listed)
}

func (f *Follower[T, K]) compare(name string, have, listed []T) string {
	var lines []string
	rest := map[K][]T{}
	for i := range have {
		key := f.s.Key(&have[i])
		rest[key] = append(rest[key], have[i])
	}
	for i := range listed {
		key := f.s.Key(&listed[i])
		j := slices.IndexFunc(rest[key], func(v T) bool { return f.s.Equal(&v, &listed[i]) })
		if j < 0 {
			lines = append(lines, fmt.Sprintf("\nlacks %#v", listed[i]))
			continue
		}
		rest[key] = slices.Delete(rest[key], j, j+1)
	}
	for _, all := range rest {
		for i := range all {
			lines = append(lines, fmt.Sprintf("\nhas   %#v", all[i]))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	const some = 10
	return fmt.Sprintf("%s, in %d objects:", name, len(lines)) + strings.Join(lines[:min(some, len(lines))], "")
}

// Take returns what was told since the last call.
func (f *Follower[T, K]) Take() []nlkit.Change[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.log
	f.log = nil
	return log
}

// Until waits for a change that was told and that want accepts.
func (f *Follower[T, K]) Until(t testing.TB, what string, want func(nlkit.Change[T]) bool) (found nlkit.Change[T]) {
	t.Helper()
	var seen []nlkit.Change[T]
	nstest.Eventually(t, func() string {
		log := f.Take()
		if i := slices.IndexFunc(log, want); i >= 0 {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.log = append(log[i+1:], f.log...)
			found = log[i]
			return ""
		}
		seen = append(seen, log...)
		return fmt.Sprintf("%s was not told, but %+v", what, seen)
	})
	return found
}

// Fields checks that Equal looks at each exported field of an object, but at those that
// are named. alter makes a field other than it is.
func Fields[T any, K comparable](t *testing.T, s nlkit.Source[T, K], v T, alter func(t *testing.T, name string, field reflect.Value), ignored ...string) {
	t.Helper()
	typ := reflect.TypeFor[T]()
	for _, name := range ignored {
		if _, ok := typ.FieldByName(name); !ok {
			t.Errorf("there is no field %s to ignore", name)
		}
	}
	same := v
	if !s.Equal(&v, &same) {
		t.Fatalf("%+v is not equal to itself", v)
	}
	for _, field := range reflect.VisibleFields(typ) {
		if !field.IsExported() || field.Anonymous {
			continue
		}
		other := v
		before := fmt.Sprintf("%#v", v)
		alter(t, field.Name, reflect.ValueOf(&other).Elem().FieldByIndex(field.Index))
		if reflect.DeepEqual(other, v) {
			t.Fatalf("%s was not made another", field.Name)
		}
		if before != fmt.Sprintf("%#v", v) {
			t.Fatalf("%s was changed in the original", field.Name)
		}
		if got, want := s.Equal(&v, &other), slices.Contains(ignored, field.Name); got != want {
			t.Errorf("another %s: Equal reports %v", field.Name, got)
		}
		if got, want := s.Equal(&other, &v), slices.Contains(ignored, field.Name); got != want {
			t.Errorf("another %s before: Equal reports %v", field.Name, got)
		}
	}
}

// Alter makes a field another than it is, by its type. It knows scalars, and slices,
// pointers and structs of them; for the rest a test has a function of its own.
func Alter(t *testing.T, name string, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(!field.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		field.SetInt(field.Int() + 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		field.SetUint(field.Uint() + 1)
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Pointer:
		p := reflect.New(field.Type().Elem())
		if !field.IsNil() {
			p.Elem().Set(field.Elem().Convert(p.Elem().Type()))
		}
		Alter(t, name, p.Elem())
		field.Set(p)
	case reflect.Slice:
		s := reflect.MakeSlice(field.Type(), field.Len()+1, field.Len()+1)
		reflect.Copy(s, field)
		field.Set(s)
	case reflect.Struct:
		switch v := field.Addr().Interface().(type) {
		case *netip.Addr:
			*v = otherAddr(*v)
		case *netip.Prefix:
			*v = netip.PrefixFrom(otherAddr(v.Addr()), max(v.Bits(), 0))
		default:
			Alter(t, name, field.Field(0))
		}
	default:
		t.Fatalf("%s is a %v", name, field.Type())
	}
}

func otherAddr(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv4Unspecified()
	}
	return a.Next()
}
