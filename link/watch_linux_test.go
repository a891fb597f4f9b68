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
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/watchtest"
)

// follow follows the links that the options match.
func follow(t *testing.T, c *nlkit.Client, opts ...ListOption) *watchtest.Follower[Link, int] {
	t.Helper()
	s, err := Source(opts...)
	must(t, err)
	return watchtest.Follow(t, c, s)
}

func added(name string) func(nlkit.Change[Link]) bool {
	return func(ch nlkit.Change[Link]) bool { return ch.Type == nlkit.Added && ch.New.Name == name }
}

func removed(name string) func(nlkit.Change[Link]) bool {
	return func(ch nlkit.Change[Link]) bool { return ch.Type == nlkit.Removed && ch.Old.Name == name }
}

func TestWatch(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}))
	f := follow(t, c)
	f.Settle(t)

	var br Link
	for _, step := range []func() error{
		func() error { return Set(ctx, c, Name("v0"), WithName("v1"), WithMTU(1400)) },
		func() error { return Add(ctx, c, "br0", &Bridge{}, Up(), Into(&br)) },
		func() error { return Add(ctx, c, "v2", &Veth{Peer: NewPeer("p2")}) },
		func() error { return Add(ctx, c, "v3", &Veth{}, WithIndex(1000)) },
	} {
		must(t, step())
		f.Settle(t)
	}
	must(t, Set(ctx, c, Name("v1"), Up(), WithAlias("an alias")))
	must(t, AddAltName(ctx, c, Name("v1"), "a-longer-name-than-others"))
	must(t, Set(ctx, c, Name("p0"), WithMaster(br.Index), Up()))
	f.Settle(t)
	must(t, Set(ctx, c, Name("br0"), WithKind(&Bridge{AgeingTime: new(100 * time.Second)})))
	must(t, Set(ctx, c, Name("p0"), WithNoMaster()))
	f.Settle(t)
	other := nstest.New(t)
	must(t, Set(ctx, c, Name("p2"), WithNetNSFD(other.FD())))
	f.Settle(t)
	must(t, Delete(ctx, c, Name("v3")))
	must(t, Add(ctx, c, "v4", &Veth{}, WithIndex(1000)))
	f.Settle(t)
	for _, name := range []string{"v1", "br0", "v2", "v4"} {
		must(t, Delete(ctx, c, Name(name)))
	}
	f.Settle(t)
	if s := f.Watch.Stats(); s.Overruns != 0 || s.Events == 0 {
		t.Errorf("stats %+v", s)
	}
}

// A link that no longer matches is removed, and one that begins to match is added.
func TestWatchFilter(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	var br Link
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0")}))
	must(t, Add(ctx, c, "br0", &Bridge{}, Into(&br)))
	up, ports, named := follow(t, c, MatchUp(), MatchKind("veth")), follow(t, c, MatchMaster(br.Index)), follow(t, c, MatchName("x*"))
	must(t, Set(ctx, c, Name("v0"), Up()))
	up.Until(t, "a link that came up", added("v0"))
	must(t, Set(ctx, c, Name("v0"), Down()))
	up.Until(t, "a link that went down", removed("v0"))
	must(t, Set(ctx, c, Name("v0"), WithMaster(br.Index)))
	ports.Until(t, "a port", added("v0"))
	must(t, Set(ctx, c, Name("v0"), WithNoMaster()))
	ports.Until(t, "a port that left", removed("v0"))
	must(t, Set(ctx, c, Name("v0"), Up())) // else the kernel does not tell
	must(t, AddAltName(ctx, c, Name("v0"), "xtra"))
	named.Until(t, "another name", added("v0"))
	must(t, DeleteAltName(ctx, c, Name("v0"), "xtra"))
	named.Until(t, "a name less", removed("v0"))
	for _, f := range []*watchtest.Follower[Link, int]{up, ports, named} {
		f.Settle(t)
	}

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
	f := follow(t, small)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		goOn := f.Rest()
		for range 12 {
			name := fmt.Sprintf("v%d", rnd.IntN(8))
			if err := Add(ctx, c, name, &Veth{}, Up()); err != nil {
				must(t, Delete(ctx, c, Name(name)))
			}
		}
		goOn()
		f.Settle(t)
	}
	if s := f.Watch.Stats(); s.Overruns == 0 || s.Heals == 0 {
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
	s, err := Source()
	must(t, err)
	watchtest.Fields(t, s, Link{}, func(t *testing.T, name string, f reflect.Value) {
		switch name {
		case "Kind":
			f.Set(reflect.ValueOf(&Bridge{}))
		case "Port":
			f.Set(reflect.ValueOf(&BridgePort{}))
		default:
			if f.Kind() == reflect.Pointer {
				f.Set(reflect.New(f.Type().Elem()))
				return
			}
			watchtest.Alter(t, name, f)
		}
	}, "Stats", "Reason", "Moved", "NumVFs", "VFs", "Inet", "Inet6", "TSOMaxSize", "TSOMaxSegs")
	for _, pair := range [][2]Link{
		{{Kind: &Bridge{HelloTimer: 1, FDBLearned: 1}}, {Kind: &Bridge{HelloTimer: 2}}},
		{{Kind: &HSR{Sequence: 1}}, {Kind: &HSR{Sequence: 2}}},
		{{Kind: &CAN{Stats: &CANStats{}}}, {Kind: &CAN{ErrorCounters: &CANErrorCounters{}}}},
		{{Kind: &Macvlan{BroadcastQueueLenUsed: 1}}, {Kind: &Macvlan{}}},
		{{Kind: &Macvtap{BroadcastQueueLenUsed: 1}}, {Kind: &Macvtap{}}},
		{{Port: &BridgePort{HoldTimer: 1, MulticastHosts: 1}}, {Port: &BridgePort{MulticastGroups: 1}}},
	} {
		if !equal(&pair[0], &pair[1]) {
			t.Errorf("a timer or counter of %T, %T is told", pair[0].Kind, pair[0].Port)
		}
	}
	a, b := Link{Kind: &Bridge{}}, Link{Kind: &Bridge{MaxAge: 1}}
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
	nstest.Eventually(t, func() string {
		links, err := List(ctx, c)
		must(t, err)
		have := d.Links()
		for _, l := range links {
			if !slices.ContainsFunc(have, func(h Link) bool { return equal(&h, &l) }) {
				return fmt.Sprintf("%+v is not there", l)
			}
		}
		if len(have) != len(links) {
			return fmt.Sprintf("%d links in place of %d", len(have), len(links))
		}
		return ""
	})
	stop.Store(true)
	wg.Wait()
	if got, ok := d.Name("p0"); !ok || got.Index == l.Index { // an even number of swaps
		t.Errorf("p0 is %+v, %v", got, ok)
	}
	if _, ok := d.Name("x"); ok {
		t.Error("x is there")
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

// A directory ends with its context, its client or by Close, while it opens and later.
func TestDirectoryEnds(t *testing.T) {
	_, ns := newClient(t)
	cause := errors.New("enough")
	for name, e := range map[string]struct {
		end  func(*nlkit.Client, context.CancelCauseFunc, *Directory)
		want error
	}{
		"cancel": {func(_ *nlkit.Client, cancel context.CancelCauseFunc, _ *Directory) { cancel(cause) }, cause},
		"client": {func(c *nlkit.Client, _ context.CancelCauseFunc, _ *Directory) { c.Close() }, net.ErrClosed},
		"close":  {func(_ *nlkit.Client, _ context.CancelCauseFunc, d *Directory) { d.Close() }, net.ErrClosed},
	} {
		// It asks twice while it opens: whether the kernel is done, and for the links.
		for after := range 4 {
			ctx, cancel := context.WithCancelCause(t.Context())
			asked := 0
			var c *nlkit.Client
			end := func() {
				if asked++; asked == after {
					e.end(c, cancel, nil)
				}
			}
			opening := after > 0 && after < 3
			if opening && name == "close" {
				continue // there is nothing to close
			}
			c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()), nlkit.WithTrace(func(context.Context, nlkit.Trace) { end() }))
			must(t, err)
			if after == 0 && name == "cancel" {
				cancel(cause)
			}
			d, err := OpenDirectory(ctx, c)
			switch {
			case err != nil && (opening || after == 0 && name == "cancel"):
			case err != nil:
				t.Fatal(err)
			default:
				if !opening {
					after = 0
					e.end(c, cancel, d)
				}
				<-d.Done()
				err = d.Err()
				must(t, d.Close())
			}
			if !errors.Is(err, e.want) || name == "cancel" && !errors.Is(err, context.Canceled) {
				t.Errorf("%s after %d: %v", name, after, err)
			}
			cancel(nil)
			must(t, c.Close())
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	must(t, err)
	defer c.Close()
	d, err := OpenDirectory(short, c)
	if err == nil {
		<-d.Done()
		err = d.Err()
		must(t, d.Close())
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// Links are put together when somebody asks, and again after a change only.
func TestDirectoryLinks(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	d, err := OpenDirectory(ctx, c)
	must(t, err)
	defer d.Close()
	before := d.Links()
	if again := d.Links(); &again[0] != &before[0] {
		t.Error("they are put together again")
	}
	must(t, Add(ctx, c, "v0", &Veth{}))
	nstest.Eventually(t, func() string {
		if _, ok := d.Name("v0"); !ok {
			return "no v0"
		}
		return ""
	})
	now := d.Links()
	if len(now) != len(before)+1 && len(now) != len(before)+2 || !slices.IsSortedFunc(now, func(a, b Link) int { return a.Index - b.Index }) {
		t.Errorf("got %d links after %d", len(now), len(before))
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
