package route_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// many is how many routes the tests of long tables have.
func many() int {
	if testing.Short() {
		return 5000
	}
	return 100_000
}

// fill adds n routes by lo to table 1000.
func fill(t testing.TB, c *nlkit.Client, n int) {
	t.Helper()
	b := c.NewBatch()
	for i := range n {
		if err := route.Add(t.Context(), b, onLoopback(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func onLoopback(i int) route.Route {
	return route.Route{Dst: numbered(i), Link: 1, Table: 1000}
}

// received counts the bytes that came in.
func received(total *atomic.Uint64) nlkit.Option {
	return nlkit.WithTrace(func(_ context.Context, t nlkit.Trace) { total.Add(t.Received) })
}

func TestLongDumpCutShort(t *testing.T) {
	ns := nstest.New(t)
	var bytes atomic.Uint64
	c := livetest.In(t, ns, received(&bytes))
	n := many()
	fill(t, c, n)

	bytes.Store(0)
	got := 0
	for _, err := range route.All(t.Context(), c, route.MatchTable(1000)) {
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	whole := bytes.Swap(0)
	if got != n || whole < uint64(n)*40 {
		t.Fatalf("%d of %d routes in %d bytes", got, n, whole)
	}

	// works answers whether the client goes on working.
	works := func(after string) {
		t.Helper()
		r := onLoopback(n + 1)
		if err := route.Add(t.Context(), c, r); err != nil {
			t.Errorf("after %s: %v", after, err)
		}
		list, err := route.List(t.Context(), c, route.MatchTable(1000))
		if err != nil || len(list) != n+1 {
			t.Errorf("after %s: %d routes, %v", after, len(list), err)
		}
		if err := route.Delete(t.Context(), c, r); err != nil {
			t.Errorf("after %s: %v", after, err)
		}
		bytes.Store(0)
	}

	for range route.All(t.Context(), c, route.MatchTable(1000)) {
		break
	}
	if b := bytes.Load(); b == 0 || b > 64<<10 {
		t.Errorf("%d of %d bytes were read for the first route", b, whole)
	}
	works("a break")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got = 0
	var last error
	for _, err := range route.All(ctx, c, route.MatchTable(1000)) {
		if last = err; err != nil {
			continue
		}
		if got++; got == n/2 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: the last error is %v", last)
	}
	// What was received already is still yielded: at most one datagram.
	if got < n/2 || got > n/2+2000 {
		t.Errorf("%d routes came though it was cancelled after %d", got, n/2)
	}
	if b := bytes.Load(); b > whole/2+64<<10 {
		t.Errorf("%d of %d bytes were read", b, whole)
	}
	works("a cancel")

	ended, stop := context.WithCancelCause(t.Context())
	stop(errStop)
	if list, err := route.List(ended, c); !errors.Is(err, errStop) || !errors.Is(err, context.Canceled) || list != nil {
		t.Errorf("List with an ended context: %v, %v", list, err)
	}
}

var errStop = errors.New("enough")

// IPv4 only: of IPv6 routes the kernel says nothing if they change, see List.
func TestDumpWhileRoutesChange(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	n := min(many(), 10_000)
	fill(t, c, n)

	stop := make(chan struct{})
	var changes sync.WaitGroup
	changes.Go(func() {
		b := c.NewBatch()
		for i := 0; ; i = (i + 1) % n {
			select {
			case <-stop:
				return
			default:
			}
			// Between the persistent ones.
			r := onLoopback(i)
			r.Dst = netip.PrefixFrom(r.Dst.Addr().Next(), 32)
			for range 50 {
				if err := errors.Join(route.Add(t.Context(), b, r), route.Delete(t.Context(), b, r)); err != nil {
					t.Error(err)
					return
				}
			}
			if err := b.Send(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer changes.Wait()
	defer close(stop)
	check := func(verb string, routes []route.Route, err error) {
		t.Helper()
		if errors.Is(err, nlkit.ErrDumpInterrupted) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		times := map[netip.Prefix]int{}
		for _, r := range routes {
			times[r.Dst]++
		}
		for i := range n {
			if k := times[numbered(i)]; k != 1 {
				t.Fatalf("%s: %v came %d times", verb, numbered(i), k)
			}
		}
	}
	for range 10 {
		list, err := route.List(t.Context(), c, route.MatchTable(1000))
		check("List", list, err)
		var stream []route.Route
		for r, err2 := range route.All(t.Context(), c, route.MatchTable(1000)) {
			if err = err2; err == nil {
				stream = append(stream, r)
			}
		}
		check("All", stream, err)
	}
}

func TestBatch(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx := t.Context()
	const n = 1000
	bad := map[int]error{17: syscall.ENODEV, 500: fs.ErrExist, 999: syscall.ENETUNREACH}
	b := c.NewBatch()
	for i := range n {
		r := onLoopback(i)
		switch bad[i] {
		case syscall.ENODEV:
			r.Link = 999
		case fs.ErrExist:
			r.Dst = numbered(0)
		case syscall.ENETUNREACH:
			r.Link, r.Gateway = 0, ip("203.0.113.1")
		}
		if err := route.Add(ctx, b, r); err != nil {
			t.Fatal(err)
		}
	}
	check := func(err error, want map[int]error) {
		t.Helper()
		e, ok := errors.AsType[*nlkit.BatchError](err)
		if !ok || e.Total != n || len(e.Failed) != len(want) {
			t.Fatalf("got %v", err)
		}
		for i, item := range e.Failed {
			w := want[item.Index]
			if w == nil || !errors.Is(item.Err, w) || !item.Err.Sent || item.Err.Op != "route.Add" || item.Err.Object == "" {
				t.Errorf("item %d: %v, want %v", item.Index, item.Err, w)
			}
			if i > 0 && e.Failed[i-1].Index >= item.Index {
				t.Error("not in order")
			}
		}
	}
	check(b.Send(ctx), bad)
	list, err := route.List(ctx, c, route.MatchTable(1000))
	if err != nil || len(list) != n-len(bad) {
		t.Fatalf("%d routes, %v", len(list), err)
	}
	there := map[netip.Prefix]bool{}
	for _, r := range list {
		there[r.Dst] = true
	}
	for i := range n {
		if there[numbered(i)] == (bad[i] != nil) {
			t.Errorf("route %d: there is %v", i, there[numbered(i)])
		}
	}

	// All of them fail: each is named.
	all := map[int]error{}
	for i := range n {
		r := onLoopback(i)
		if bad[i] != nil {
			r.Dst = numbered(0)
		}
		all[i] = fs.ErrExist
		if err := route.Add(ctx, b, r); err != nil {
			t.Fatal(err)
		}
	}
	check(b.Send(ctx), all)

	// Into is filled when the batch is sent.
	var into [3]route.Route
	for i := range into {
		if err := route.Add(ctx, b, onLoopback(2000+i), route.Into(&into[i])); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(ctx); err != nil {
		t.Fatal(err)
	}
	for i, r := range into {
		if r.Dst != numbered(2000+i) || r.Protocol != rtnl.ProtocolBoot || r.Scope != rtnl.ScopeLink {
			t.Errorf("Into %d: %+v", i, r)
		}
	}
}
