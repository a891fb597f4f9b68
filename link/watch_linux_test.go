package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
)

// picture is what a consumer makes of the changes.
type picture map[int]Link

// apply takes in a change, which must fit to what was told before.
func (p picture) apply(t *testing.T, ch nlkit.Change[Link]) {
	t.Helper()
	if ch.Type == nlkit.Changed || ch.Type == nlkit.Removed {
		if old, known := p[ch.Old.Index]; !known || !reflect.DeepEqual(old, ch.Old) {
			t.Errorf("%v: Old is %+v, told was %+v (%v)", ch.Type, ch.Old, old, known)
		}
		delete(p, ch.Old.Index)
	}
	if ch.Type == nlkit.Changed || ch.Type == nlkit.Added {
		if _, known := p[ch.New.Index]; known {
			t.Errorf("%s is told twice", ch.New.Name)
		}
		p[ch.New.Index] = ch.New
	}
}

// until reads changes until one is the last.
func (p picture) until(t *testing.T, w *nlkit.Watch[Link], last func(nlkit.Change[Link]) bool) (told []string) {
	t.Helper()
	for ch, err := range w.All() {
		if err != nil {
			t.Fatalf("%v, after %q", err, told)
		}
		p.apply(t, ch)
		told = append(told, fmt.Sprintf("%v %s>%s", ch.Type, ch.Old.Name, ch.New.Name))
		if last(ch) {
			break
		}
	}
	return told
}

func synced(ch nlkit.Change[Link]) bool { return ch.Type == nlkit.Synced }

func added(name string) func(nlkit.Change[Link]) bool {
	return func(ch nlkit.Change[Link]) bool { return ch.Type == nlkit.Added && ch.New.Name == name }
}

func removed(name string) func(nlkit.Change[Link]) bool {
	return func(ch nlkit.Change[Link]) bool { return ch.Type == nlkit.Removed && ch.Old.Name == name }
}

// problems compares what was told with a list.
func (p picture) problems(t *testing.T, c *nlkit.Client, opts ...ListOption) (bad []string) {
	t.Helper()
	links, err := List(t.Context(), c, opts...)
	must(t, err)
	for _, l := range links {
		if got, ok := p[l.Index]; !ok || !equal(&got, &l) {
			bad = append(bad, fmt.Sprintf("told  %+v (%v)\nlists %+v", got, ok, l))
		}
	}
	if len(p) != len(links) {
		bad = append(bad, fmt.Sprintf("told %d links, there are %d", len(p), len(links)))
	}
	return bad
}

// same fails if what was told is not what there is.
func (p picture) same(t *testing.T, c *nlkit.Client, opts ...ListOption) {
	t.Helper()
	for _, bad := range p.problems(t, c, opts...) {
		t.Error(bad)
	}
}

func TestWatch(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}))
	w, err := Watch(ctx, c)
	must(t, err)
	defer w.Close()
	p := picture{}
	p.until(t, w, synced)
	p.same(t, c)
	if w.Len() != len(p) || len(w.List()) != len(p) {
		t.Errorf("%d links are known, %d were told", w.Len(), len(p))
	}

	must(t, Set(ctx, c, Name("v0"), WithName("v1"), WithMTU(1400)))
	must(t, AddAltName(ctx, c, Name("v1"), "a-longer-name-than-others"))
	must(t, Set(ctx, c, Name("v1"), Up()))
	var br Link
	must(t, Add(ctx, c, "br0", &Bridge{}, Up(), Into(&br)))
	must(t, Set(ctx, c, Name("p0"), WithMaster(br.Index), Up()))
	must(t, Add(ctx, c, "mark", &Veth{Peer: NewPeer("mark2")}))
	p.until(t, w, added("mark"))
	if got := p[br.Index]; got.Name != "br0" {
		t.Errorf("got %+v", got)
	}

	must(t, Delete(ctx, c, Name("v1")))
	must(t, Delete(ctx, c, Name("br0")))
	must(t, Delete(ctx, c, Name("mark")))
	p.until(t, w, removed("mark"))
	if s := w.Stats(); s.Overruns != 0 || s.Events == 0 {
		t.Errorf("stats %+v", s)
	}
}

// A link that no longer matches is removed, and one that begins to match is added.
func TestWatchFilter(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}))
	w, err := Watch(ctx, c, MatchUp(), MatchKind("veth"))
	must(t, err)
	defer w.Close()
	p := picture{}
	if told := p.until(t, w, synced); len(told) != 1 {
		t.Errorf("told %q of nothing", told)
	}
	must(t, Set(ctx, c, Name("v0"), Up()))
	p.until(t, w, added("v0"))
	must(t, Set(ctx, c, Name("v0"), Down()))
	p.until(t, w, removed("v0"))
	p.same(t, c, MatchUp(), MatchKind("veth"))

	for _, opts := range [][]ListOption{{WithVFs()}, {WithTargetNSID(1)}, {MatchName("[")}} {
		if w, err := Watch(ctx, c, opts...); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v, %v", w, err)
		}
	}
}

// Bursts that overrun a small buffer are healed.
func TestWatchOverrun(t *testing.T) {
	c, ns := newClient(t)
	small, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()), nlkit.WithReadBuffer(2048))
	must(t, err)
	defer small.Close()
	ctx := t.Context()
	w, err := Watch(ctx, small)
	must(t, err)
	defer w.Close()
	p := picture{}
	p.until(t, w, synced)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		name := fmt.Sprintf("v%d", rnd.IntN(8))
		if err := Add(ctx, c, name, &Veth{}, Up()); err != nil {
			must(t, Delete(ctx, c, Name(name)))
		}
		if i%10 == 9 {
			mark := fmt.Sprintf("mark%d", i)
			must(t, Add(ctx, c, mark, &Veth{}))
			p.until(t, w, added(mark))
		}
	}
	must(t, Add(ctx, c, "end", &Veth{}))
	p.until(t, w, added("end"))
	for len(p.problems(t, c)) > 0 { // the peer's events may be on their way
		ch, err := w.Next()
		must(t, err)
		p.apply(t, ch)
	}
	if s := w.Stats(); s.Overruns == 0 || s.Heals == 0 {
		t.Errorf("nothing was lost: %+v", s)
	}
}

// A watch ends with its context and by Close at any point, and tells which.
func TestWatchEnds(t *testing.T) {
	c, _ := newClient(t)
	for i := range 5 {
		must(t, Add(t.Context(), c, fmt.Sprintf("v%d", i), &Veth{}))
	}
	cause := errors.New("enough")
	for steps := range 14 {
		ctx, cancel := context.WithCancelCause(t.Context())
		w, err := Watch(ctx, c)
		must(t, err)
		for range min(steps, 12) { // the last waits
			_, err := w.Next()
			must(t, err)
		}
		if steps%2 == 0 {
			cancel(cause)
			if _, err := w.Next(); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
				t.Errorf("%d: got %v", steps, err)
			}
		} else {
			must(t, w.Close())
			for ch, err := range w.All() {
				t.Errorf("%d: got %v, %v", steps, ch, err)
			}
			if _, err := w.Next(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%d: got %v", steps, err)
			}
		}
		must(t, w.Close())
		cancel(nil)
	}
}

// Each field of a link is told when it changes, or is named here.
func TestEqualSeesEveryField(t *testing.T) {
	ignored := []string{"Stats", "Reason", "Moved", "NumVFs", "VFs", "Inet", "Inet6"}
	typ := reflect.TypeFor[Link]()
	for i := range typ.NumField() {
		var a, b Link
		f := reflect.ValueOf(&b).Elem().Field(i)
		switch f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Interface:
			if f.Type() == reflect.TypeFor[Kind]() {
				b.Kind = &Bridge{}
			} else {
				b.Port = &BridgePort{}
			}
		default:
			if f.CanInt() {
				f.SetInt(1)
			} else {
				f.SetUint(1)
			}
		}
		if name := typ.Field(i).Name; equal(&a, &b) != slices.Contains(ignored, name) {
			t.Errorf("%s: equal is %v", name, equal(&a, &b))
		}
	}
	a, b := Link{Kind: &Bridge{HelloTimer: 1}}, Link{Kind: &Bridge{HelloTimer: 2}}
	if !equal(&a, &b) {
		t.Error("a timer is told")
	}
	b.Kind.(*Bridge).MaxAge = 1
	if equal(&a, &b) {
		t.Error("a setting is not told")
	}
}

func TestWaits(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	up, carrier, gone := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		l, err := WaitUp(ctx, c, Name("v0"))
		if err == nil && (l.Name != "v0" || !l.Flags.Has(FlagUp)) {
			err = fmt.Errorf("got %+v", l)
		}
		up <- err
	}()
	go func() {
		l, err := WaitCarrier(ctx, c, Name("v0"))
		if err == nil && !l.Carrier {
			err = fmt.Errorf("got %+v", l)
		}
		carrier <- err
	}()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}, Up()))
	must(t, <-up)
	select {
	case err := <-carrier:
		t.Errorf("a carrier without a peer that is up: %v", err)
	default:
	}
	must(t, Set(ctx, c, Name("p0"), Up()))
	must(t, <-carrier)
	l, err := WaitUp(ctx, c, Name("v0")) // already
	must(t, err)
	go func() { gone <- WaitGone(ctx, c, Index(l.Index)) }()
	must(t, Delete(ctx, c, Name("v0")))
	must(t, <-gone)
	must(t, WaitGone(ctx, c, Name("v0"))) // already

	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := WaitUp(short, c, Name("v0")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := WaitUp(ctx, c, Name("")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// There is no gap between looking and waiting: whatever the moment of the change, each
// wait ends.
func TestWaitHasNoGap(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{}))
	for i := range 200 {
		var started, wg sync.WaitGroup
		started.Add(1)
		wg.Go(func() {
			started.Done()
			if _, err := WaitUp(ctx, c, Name("v0")); err != nil {
				t.Error(err)
			}
		})
		started.Wait()
		for range i {
			_ = c.String() // another moment each time
		}
		must(t, Set(ctx, c, Name("v0"), Up()))
		wg.Wait()
		must(t, Set(ctx, c, Name("v0"), Down()))
	}
}

// A directory has what there is, under every name, and nothing under old ones, while
// others look things up.
func TestDirectory(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}, WithAddress(net.HardwareAddr{2, 0, 0, 0, 0, 1})))
	must(t, AddAltName(ctx, c, Name("v0"), "other"))
	d, err := OpenDirectory(ctx, c)
	must(t, err)
	defer d.Close()
	l, ok := d.Name("v0")
	if !ok || l.Name != "v0" {
		t.Fatalf("got %+v, %v", l, ok)
	}
	if got, ok := d.Name("other"); !ok || got.Index != l.Index {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got, ok := d.Index(l.Index); !ok || got.Name != "v0" {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got := d.Address(l.Address); len(got) != 1 || got[0].Index != l.Index {
		t.Errorf("got %+v", got)
	}

	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				if got, ok := d.Name("v0"); ok && got.Name != "v0" {
					t.Errorf("v0 is %s", got.Name)
					return
				}
				for _, got := range d.Links() {
					if got.Index == 0 {
						t.Error("a link without an index")
					}
				}
			}
		})
	}
	// v0 and p0 change their names again and again.
	for range 20 {
		must(t, Set(ctx, c, Name("v0"), WithName("x")))
		must(t, Set(ctx, c, Name("p0"), WithName("v0")))
		must(t, Set(ctx, c, Name("x"), WithName("p0")))
	}
	must(t, Add(ctx, c, "end", &Veth{}))
	for _, ok := d.Name("end"); !ok; _, ok = d.Name("end") {
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	wg.Wait()
	if got, ok := d.Name("p0"); !ok || got.Index == l.Index { // an even number of swaps
		t.Errorf("p0 is %+v, %v", got, ok)
	}
	if _, ok := d.Name("x"); ok {
		t.Error("x is there")
	}
	p := picture{}
	for _, got := range d.Links() {
		p[got.Index] = got
	}
	if len(p) < 5 {
		t.Errorf("%d links", len(p))
	}

	must(t, d.Close())
	must(t, d.Close())
	if <-d.Done(); !errors.Is(d.Err(), net.ErrClosed) {
		t.Errorf("got %v", d.Err())
	}
	ctx, cancel := context.WithCancel(ctx)
	d, err = OpenDirectory(ctx, c)
	must(t, err)
	if d.Err() != nil {
		t.Error(d.Err())
	}
	cancel()
	if <-d.Done(); !errors.Is(d.Err(), context.Canceled) {
		t.Errorf("got %v", d.Err())
	}
	must(t, d.Close())
	if _, err := OpenDirectory(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDirectory(b *testing.B) {
	c, _ := newClient(b)
	d, err := OpenDirectory(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok := d.Name("lo"); !ok {
				b.Error("no loopback")
			}
		}
	})
}
