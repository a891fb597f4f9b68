package together_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// worker is one goroutine of the test below. Its routes are in a table of its own
// and its link has a name of its own, so that a reply meant for another shows.
type worker struct {
	c     *nlkit.Client
	rnd   *rand.Rand
	table rtnl.Table
	link  link.Link
	want  map[netip.Prefix]bool // what the table holds
	calls *[4]atomic.Int64      // done, cancelled before sending, cancelled after, subscriptions
}

// TestParallelCallsWithRandomCancels has 64 goroutines use one client for lists,
// adds, deletes, look-ups and subscriptions, each call under a context that ends at
// a random moment. No reply may reach the wrong call, a call that was cancelled
// before it was sent must have changed nothing, and one that reports success must
// have done what it says.
func TestParallelCallsWithRandomCancels(t *testing.T) {
	runFor := 5 * time.Second
	switch {
	case testing.Short():
		runFor = 2 * time.Second
	case nstest.Race: // which sees most
		runFor = 20 * time.Second
	}
	c, _ := live(t)
	if err := link.Set(t.Context(), c, link.Index(1), link.Up()); err != nil {
		t.Fatal(err)
	}
	var calls [4]atomic.Int64
	workers := make([]*worker, 64)
	for i := range workers {
		w := &worker{c: c, rnd: rand.New(rand.NewPCG(uint64(i), 0)), table: rtnl.Table(1000 + i), want: map[netip.Prefix]bool{}, calls: &calls}
		if err := link.Add(t.Context(), c, fmt.Sprintf("stress%d", i), &link.Bridge{}, link.Into(&w.link)); err != nil {
			t.Fatal(err)
		}
		workers[i] = w
	}
	var wg sync.WaitGroup
	stop := time.Now().Add(runFor)
	for i, w := range workers {
		wg.Go(func() {
			for time.Now().Before(stop) {
				if err := w.step(t.Context()); err != nil {
					t.Errorf("worker %d: %v", i, err)
					return
				}
			}
			// Whatever was cancelled, in the end its table is what it should be.
			if err := w.checkTable(t.Context()); err != nil {
				t.Errorf("worker %d at the end: %v", i, err)
			}
		})
	}
	wg.Wait()
	for i := range calls {
		if calls[i].Load() == 0 {
			t.Errorf("counter %d is zero: the test did not test that", i)
		}
	}
	t.Logf("%d calls done, %d cancelled before they were sent, %d after, %d subscriptions",
		calls[0].Load(), calls[1].Load(), calls[2].Load(), calls[3].Load())
}

// step makes one random call under a context that ends within 300 µs, mostly
// before the call does.
func (w *worker) step(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	if w.rnd.IntN(3) > 0 {
		timer := time.AfterFunc(time.Duration(w.rnd.IntN(300))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	dst := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(w.rnd.IntN(64))}), 32)
	r := route.Route{Dst: dst, Link: 1, Table: w.table}
	switch w.rnd.IntN(12) {
	case 0, 1, 2:
		return w.wrote(parent, dst, true, fs.ErrExist, route.Add(ctx, w.c, r))
	case 3, 4, 5:
		return w.wrote(parent, dst, false, fs.ErrNotExist, route.Delete(ctx, w.c, r))
	case 6, 7:
		l, err := link.Get(ctx, w.c, link.Index(w.link.Index))
		if err == nil && l.Name != w.link.Name {
			return fmt.Errorf("asked for %s, got %s", w.link.Name, l.Name)
		}
		return w.read(err)
	case 8:
		f, err := genl.Resolve(ctx, w.c, "nlctrl")
		if err == nil && f.ID != 16 {
			return fmt.Errorf("nlctrl has id %d", f.ID)
		}
		return w.read(err)
	case 9:
		sub, err := route.Subscribe(ctx, w.c)
		if err != nil {
			return w.read(err)
		}
		defer sub.Close()
		w.calls[3].Add(1)
		var ev route.Event
		// Nothing may come before the context ends; that is as good.
		stop := time.AfterFunc(time.Millisecond, cancel)
		defer stop.Stop()
		if err := sub.ReadInto(&ev); !errors.Is(err, nlkit.ErrOverrun) {
			return w.read(err)
		}
		return nil
	case 10:
		for r, err := range route.All(ctx, w.c, route.MatchTable(w.table)) {
			if err != nil {
				return w.read(err)
			}
			if r.Table != w.table || !w.want[r.Dst] {
				return fmt.Errorf("a route that is not ours: %s", r)
			}
			if w.rnd.IntN(8) == 0 {
				break
			}
		}
		return nil
	}
	return w.read(w.checkTable(ctx))
}

// wrote keeps account of a write.
func (w *worker) wrote(parent context.Context, dst netip.Prefix, adds bool, already, err error) error {
	e, _ := errors.AsType[*nlkit.Error](err)
	switch {
	case err == nil:
		if w.want[dst] == adds {
			return fmt.Errorf("%s: done although it was so already", dst)
		}
		w.want[dst] = adds
		w.calls[0].Add(1)
	case errors.Is(err, already):
		if w.want[dst] != adds {
			return fmt.Errorf("%s: %w, which is not so", dst, err)
		}
		w.calls[0].Add(1)
	case errors.Is(err, context.Canceled) && e != nil && !e.Sent:
		w.calls[1].Add(1)
		return w.checkTable(parent)
	default:
		return err // a write that was sent has its result
	}
	return nil
}

// read keeps account of a call that changes nothing.
func (w *worker) read(err error) error {
	e, _ := errors.AsType[*nlkit.Error](err)
	switch {
	case err == nil:
		w.calls[0].Add(1)
	case errors.Is(err, context.Canceled) && e != nil && e.Sent:
		w.calls[2].Add(1)
	case errors.Is(err, context.Canceled):
		w.calls[1].Add(1)
	default:
		return err
	}
	return nil
}

// checkTable compares the worker's table with what it should hold.
func (w *worker) checkTable(ctx context.Context) error {
	routes, err := route.List(ctx, w.c, route.MatchTable(w.table))
	if err != nil {
		return err
	}
	n := 0
	for _, is := range w.want {
		if is {
			n++
		}
	}
	for _, r := range routes {
		if r.Table != w.table || !w.want[r.Dst] {
			return fmt.Errorf("a route that is not ours: %s", r)
		}
	}
	if len(routes) != n {
		return fmt.Errorf("%d routes, want %d", len(routes), n)
	}
	return nil
}
