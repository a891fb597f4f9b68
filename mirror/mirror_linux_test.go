package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
)

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// follower reads a mirror and keeps the picture that it gives.
type follower struct {
	m     *mirror.Mirror
	mu    sync.Mutex
	p     *picture
	told  int           // how many changes
	news  chan struct{} // one waits if something was told
	pause func()        // before each read
	done  chan struct{}
	err   error // how it ended, when done
}

func follow(m *mirror.Mirror, pause func()) *follower {
	f := &follower{m: m, p: newPicture(), news: make(chan struct{}, 1), done: make(chan struct{}), pause: pause}
	go func() {
		defer close(f.done)
		f.err = f.read()
	}()
	return f
}

func (f *follower) read() error {
	for ch, err := range f.m.All() {
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.told++
		err = f.p.apply(ch)
		f.mu.Unlock()
		if err != nil {
			return errors.Join(err, errors.New(ch.String()))
		}
		select {
		case f.news <- struct{}{}:
		default:
		}
		if f.pause != nil {
			f.pause()
		}
	}
	return nil
}

// until waits until a condition holds of the picture. why says what is missing.
func (f *follower) until(ctx context.Context, t testing.TB, why func(*picture) string) {
	t.Helper()
	for {
		f.mu.Lock()
		missing := why(f.p)
		f.mu.Unlock()
		if missing == "" {
			return
		}
		select {
		case <-f.news:
		case <-f.done:
			t.Fatalf("%v, %+v\n%s", f.err, f.m.Stats(), missing)
		case <-time.After(100 * time.Millisecond): // what the condition looks at may change later
		case <-ctx.Done():
			t.Fatalf("%v, %+v\n%s", ctx.Err(), f.m.Stats(), missing)
		}
	}
}

// untilTrue waits until the picture is what the kernel lists, of the links that are
// kept.
func (f *follower) untilTrue(ctx context.Context, t testing.TB, c *nlkit.Client, keep func(link.Link) bool) {
	t.Helper()
	f.until(ctx, t, func(p *picture) string {
		if !p.synced {
			return "not synced"
		}
		return difference(p, fresh(ctx, t, c, keep))
	})
}

// end closes the mirror and waits for the reader.
func (f *follower) end(t testing.TB) {
	t.Helper()
	if err := f.m.Close(); err != nil {
		t.Error(err)
	}
	if <-f.done; f.err != nil {
		t.Error(f.err)
	}
}

// pair makes two links with addresses, a neighbour and routes.
func pair(ctx context.Context, t testing.TB, c *nlkit.Client) (v, w link.Link) {
	t.Helper()
	err := link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("w0")}, link.Into(&v))
	get := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	get(func() error { w, err = link.Get(ctx, c, link.Name("w0")); return err })
	for _, name := range []string{"v0", "w0"} {
		get(func() error { return link.Set(ctx, c, link.Name(name), link.WithAddrGenMode(link.AddrGenNone)) })
		get(func() error { return link.Set(ctx, c, link.Name(name), link.Up()) })
	}
	get(func() error {
		return addr.Add(ctx, c, addr.Address{Link: v.Index, Prefix: netip.MustParsePrefix("10.0.0.1/24")})
	})
	get(func() error {
		return addr.Add(ctx, c, addr.Address{Link: w.Index, Prefix: netip.MustParsePrefix("10.1.0.1/24")})
	})
	get(func() error {
		return neigh.Add(ctx, c, neigh.Neighbour{Link: v.Index, Addr: netip.MustParseAddr("10.0.0.2"), LinkAddr: mac(1)})
	})
	get(func() error {
		return route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("198.51.100.0/24"), Gateway: netip.MustParseAddr("10.0.0.2")})
	})
	get(func() error {
		return route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("203.0.113.0/24"), Multipath: []route.Nexthop{
			{Gateway: netip.MustParseAddr("10.0.0.2")}, {Gateway: netip.MustParseAddr("10.1.0.2")},
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, w
}

func TestWatch(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx := timeout(t)
	v, w := pair(ctx, t, c)
	m, err := mirror.Watch(ctx, c, mirror.WithKinds(everything))
	if err != nil {
		t.Fatal(err)
	}
	f := follow(m, nil)
	f.untilTrue(ctx, t, c, nil)

	s := m.Snapshot()
	if got, ok := s.Link(v.Index); !ok || got.Name != "v0" {
		t.Errorf("link %d: %+v, %v", v.Index, got, ok)
	}
	if _, ok := s.Link(w.Index + 1000); ok {
		t.Error("there is a link that there is not")
	}
	if got, ok := s.LinkByName("w0"); !ok || got.Index != w.Index {
		t.Errorf("link w0: %+v, %v", got, ok)
	}
	if _, ok := s.LinkByName("nothing"); ok {
		t.Error("there is a link called nothing")
	}
	if got := s.AddressesOf(w.Index); len(got) != 1 || got[0].Prefix.String() != "10.1.0.1/24" {
		t.Errorf("addresses of w0: %v", got)
	}
	if got := s.AddressesOf(w.Index + 1000); len(got) != 0 {
		t.Errorf("addresses of no link: %v", got)
	}
	if got := s.NeighboursOf(v.Index); !slices.ContainsFunc(got, func(n neigh.Neighbour) bool { return n.Addr.String() == "10.0.0.2" }) {
		t.Errorf("neighbours on v0: %v", got)
	}
	uses := func(link int, dst string) bool {
		return slices.ContainsFunc(s.RoutesOf(link), func(r route.Route) bool { return r.Dst.String() == dst })
	}
	if !uses(v.Index, "198.51.100.0/24") || uses(w.Index, "198.51.100.0/24") || !uses(v.Index, "203.0.113.0/24") || !uses(w.Index, "203.0.113.0/24") {
		t.Errorf("routes of v0: %v\nof w0: %v", s.RoutesOf(v.Index), s.RoutesOf(w.Index))
	}
	if len(s.Rules) == 0 || m.Stats().Overruns != 0 {
		t.Errorf("rules %v, %+v", s.Rules, m.Stats())
	}

	// With the link goes all that refers to it, before it.
	f.mu.Lock()
	f.told = 0
	f.mu.Unlock()
	if err := link.Delete(ctx, c, link.Index(v.Index)); err != nil {
		t.Fatal(err)
	}
	f.untilTrue(ctx, t, c, nil)
	f.mu.Lock()
	if f.told < 8 {
		t.Errorf("told only %d changes", f.told)
	}
	f.mu.Unlock()
	s = m.Snapshot()
	if _, ok := s.Link(v.Index); ok || len(s.AddressesOf(v.Index))+len(s.NeighboursOf(v.Index))+len(s.RoutesOf(v.Index)) > 0 {
		t.Errorf("the link is gone, but not what refers to it: %+v", s)
	}
	f.end(t)
}

func TestNexthop(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx := timeout(t)
	v, _ := pair(ctx, t, c)
	m, err := mirror.Watch(ctx, c, mirror.WithNexthops())
	if err != nil {
		t.Fatal(err)
	}
	f := follow(m, nil)
	const id = 7
	there := func(want bool) func(*picture) string {
		return func(p *picture) string {
			if p.synced && (p.hops[id] == 1) == want && (p.usesHop[id] == 2) == want {
				return ""
			}
			return "not told yet"
		}
	}
	add := func() {
		t.Helper()
		err := errors.Join(
			nexthop.Add(ctx, c, nexthop.Nexthop{ID: id, Link: v.Index, Gateway: netip.MustParseAddr("10.0.0.9")}),
			route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("192.0.2.0/25"), NexthopID: id}),
			route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("192.0.2.128/25"), NexthopID: id}),
		)
		if err != nil {
			t.Fatal(err)
		}
		f.until(ctx, t, there(true))
		s := m.Snapshot()
		if n, ok := s.Nexthop(id); !ok || n.Link != v.Index {
			t.Errorf("next hop: %+v, %v", n, ok)
		}
	}
	add()
	if err := nexthop.Delete(ctx, c, id); err != nil {
		t.Fatal(err)
	}
	f.until(ctx, t, there(false))
	add()
	if err := link.Set(ctx, c, link.Index(v.Index), link.Down()); err != nil { // the kernel says nothing of the rest
		t.Fatal(err)
	}
	f.until(ctx, t, there(false))
	s := m.Snapshot()
	if n, ok := s.Nexthop(id); ok {
		t.Errorf("still there: %v", n)
	}
	f.end(t)
}

// A mirror of some links is one of what refers to them.
func TestFilter(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx := timeout(t)
	v, w := pair(ctx, t, c)
	m, err := mirror.Watch(ctx, c, mirror.WithLinks(link.MatchName("x*")), mirror.WithRoutes(route.MatchTable(254)))
	if err != nil {
		t.Fatal(err)
	}
	f := follow(m, nil)
	uses := func(links ...int) {
		t.Helper()
		f.until(ctx, t, func(p *picture) string {
			for _, l := range []int{v.Index, w.Index} {
				if there := slices.Contains(links, l); !p.synced || (p.links[l] == 1) != there || (p.usesLink[l] > 1) != there {
					return fmt.Sprintf("of link %d: %v %d %d", l, p.synced, p.links[l], p.usesLink[l])
				}
			}
			s := m.Snapshot()
			if slices.ContainsFunc(s.Routes, func(r route.Route) bool { return len(r.Multipath) > 1 }) != (len(links) == 2) {
				return fmt.Sprintf("with %d links: %v", len(links), s.Routes)
			}
			return ""
		})
		s := m.Snapshot()
		if err := pictureOf(s).check(); err != nil {
			t.Error(err)
		}
	}
	enter := func(l link.Link) {
		t.Helper()
		if err := link.AddAltName(ctx, c, link.Index(l.Index), "x"+l.Name); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(l link.Link) {
		t.Helper()
		if err := link.DeleteAltName(ctx, c, link.Index(l.Index), "x"+l.Name); err != nil {
			t.Fatal(err)
		}
	}
	uses()
	enter(v)
	uses(v.Index)
	enter(w)
	uses(v.Index, w.Index)
	leave(v)
	uses(w.Index)
	leave(w)
	uses()
	enter(w)
	enter(v)
	uses(v.Index, w.Index)
	f.end(t)
}

func TestRefused(t *testing.T) {
	c := livetest.In(t, nstest.New(t))
	ctx := timeout(t)
	for name, o := range map[string]mirror.Option{
		"nothing": mirror.WithKinds(0),
		"unknown": mirror.WithKinds(1 << 7),
		"link":    mirror.WithLinks(link.WithVFs()),
		"address": mirror.WithAddresses(addr.MatchPrefix(netip.Prefix{})),
		"neigh":   mirror.WithNeighbours(neigh.MatchWithin(netip.Prefix{})),
		"fdb":     mirror.WithFDB(neigh.Proxies()),
		"route":   mirror.WithRoutes(route.MatchDst(netip.Prefix{})),
	} {
		if m, err := mirror.Watch(ctx, c, o); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
			_ = m.Close()
		}
	}
	var none *mirror.Mirror
	if err := none.Close(); err != nil {
		t.Error(err)
	}
	if m, err := mirror.Watch(ctx, c, nil, mirror.WithKinds(mirror.Links)); err != nil {
		t.Error(err)
	} else {
		_ = m.Close()
	}
}

// Whatever ends it, at any time, it ends.
func TestEnd(t *testing.T) {
	ns := nstest.New(t)
	base := livetest.In(t, ns)
	pair(timeout(t), t, base)
	for after := range 30 {
		for name, end := range map[string]func(*mirror.Mirror, *nlkit.Client, context.CancelCauseFunc){
			"close":  func(m *mirror.Mirror, _ *nlkit.Client, _ context.CancelCauseFunc) { _ = m.Close() },
			"client": func(_ *mirror.Mirror, c *nlkit.Client, _ context.CancelCauseFunc) { _ = c.Close() },
			"cancel": func(_ *mirror.Mirror, _ *nlkit.Client, cancel context.CancelCauseFunc) { cancel(errEnough) },
		} {
			ctx, cancel := context.WithCancelCause(timeout(t))
			c := livetest.In(t, ns)
			m, err := mirror.Watch(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			for ch, n := (mirror.Change{}), 0; n < after && err == nil && ch.Type != nlkit.Synced; n++ {
				ch, err = m.Next()
			}
			if err != nil {
				t.Fatal(err)
			}
			if after%2 == 0 {
				go end(m, c, cancel) // while it reads, or waits
			} else {
				end(m, c, cancel)
			}
			var last error
			for _, last = range m.All() {
			}
			switch {
			case name == "close" && last != nil,
				name == "client" && !errors.Is(last, net.ErrClosed),
				name == "cancel" && (!errors.Is(last, context.Canceled) || !errors.Is(last, errEnough)):
				t.Errorf("%s after %d: %v", name, after, last)
			}
			if _, err := m.Next(); err == nil {
				t.Errorf("%s after %d: it goes on", name, after)
			}
			_ = m.Close()
			cancel(nil)
			_ = c.Close()
		}
	}
}

var errEnough = errors.New("enough")

// Of several kinds in one view each says what it wants: what none does takes no room in the
// buffer.
func TestOthers(t *testing.T) {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx := timeout(t)
	v, _ := pair(ctx, t, c)
	for i, tt := range []struct {
		opts []mirror.Option
		lost bool
	}{
		{nil, true},
		{[]mirror.Option{mirror.WithRoutes(route.MatchTable(100))}, false},
		{[]mirror.Option{mirror.WithRoutes(route.MatchTable(100)), mirror.WithKinds(mirror.Routes)}, false},
	} {
		m, err := mirror.Watch(ctx, c, append(tt.opts, mirror.WithEventBuffer(32<<10))...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		until := func(enough func(mirror.Change) bool) {
			for {
				ch, err := m.Next()
				if err != nil {
					t.Fatal(err)
				}
				if enough(ch) {
					return
				}
			}
		}
		until(func(ch mirror.Change) bool { return ch.Type == nlkit.Synced })
		before := m.Stats().Overruns
		b := c.NewBatch()
		r := route.Route{Link: v.Index, Table: 200}
		for j := range 500 {
			r.Dst = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(j >> 8), byte(j)}), 32)
			if err := errors.Join(route.Add(ctx, b, r), route.Delete(ctx, b, r)); err != nil {
				t.Fatal(err)
			}
		}
		r = route.Route{Link: v.Index, Table: 100, Dst: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32)}
		if err := errors.Join(b.Send(ctx), route.Add(ctx, c, r)); err != nil {
			t.Fatal(err)
		}
		until(func(ch mirror.Change) bool { return ch.Route != nil && ch.Route.New.Dst == r.Dst })
		if lost := m.Stats().Overruns > before; lost != tt.lost {
			t.Errorf("%d options: events were lost: %v", len(tt.opts), lost)
		}
	}
}
