package addr_test

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/rtnl"
)

// follower follows addresses.
type follower interface {
	Settle(t testing.TB)
	Take() []nlkit.Change[addr.Address]
	Until(t testing.TB, what string, want func(nlkit.Change[addr.Address]) bool) nlkit.Change[addr.Address]
	Rest() (goOn func())
}

func follow(t testing.TB, c *nlkit.Client, opts ...addr.ListOption) follower {
	t.Helper()
	s, err := addr.Source(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return watchtest.Follow(t, c, s)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told waits for a change of an address.
func told(t testing.TB, f follower, what string, typ nlkit.ChangeType, p string, is func(was, now addr.Address) bool) nlkit.Change[addr.Address] {
	t.Helper()
	return f.Until(t, what, func(ch nlkit.Change[addr.Address]) bool {
		a := ch.New
		if ch.Type == nlkit.Removed {
			a = ch.Old
		}
		return ch.Type == typ && a.Prefix == prefix(p) && (is == nil || is(ch.Old, ch.New))
	})
}

func TestWatchEqual(t *testing.T) {
	s, err := addr.Source()
	must(t, err)
	v4 := addr.Address{
		Link: 2, Prefix: prefix("192.0.2.1/24"), Peer: ip("192.0.2.9"), Label: "x",
		ValidLifetime: addr.Forever - 1, PreferredLifetime: addr.Forever - 1, Created: 7, Updated: 7,
	}
	// One stamp is another time at which a lifetime was set; where none ends it
	// doesn't matter.
	watchtest.Fields(t, s, v4, watchtest.Alter, "Created")
	v4.ValidLifetime, v4.PreferredLifetime = addr.Forever, addr.Forever
	v4.Updated = 8
	other := v4
	other.Updated = 9
	if !s.Equal(&v4, &other) {
		t.Error("a stamp is told of an address that lives forever")
	}

	was := addr.Address{Link: 2, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagTentative | addr.FlagPermanent}
	for flags, same := range map[addr.Flags]bool{
		addr.FlagTentative | addr.FlagNoDAD:                          true,
		addr.FlagTentative | addr.FlagPermanent | addr.FlagDADFailed: false,
		addr.FlagNoDAD | addr.FlagPermanent:                          false,
	} {
		now := was
		now.Flags = flags
		if s.Equal(&was, &now) != same || s.Equal(&now, &was) != same {
			t.Errorf("from %v to %v: Equal reports %v", was.Flags, flags, !same)
		}
	}
}

func TestWatchLifetimes(t *testing.T) {
	s, err := addr.Source()
	must(t, err)
	base := addr.Address{Prefix: prefix("192.0.2.1/24"), ValidLifetime: 100 * time.Second, PreferredLifetime: 50 * time.Second, Updated: time.Second}
	for name, tt := range map[string]struct {
		now  addr.Address
		same bool
	}{
		"time passes":         {addr.Address{ValidLifetime: 90 * time.Second, PreferredLifetime: 40 * time.Second, Updated: time.Second}, true},
		"preferred is over":   {addr.Address{ValidLifetime: 50 * time.Second, Updated: time.Second}, true},
		"set anew":            {addr.Address{ValidLifetime: 90 * time.Second, PreferredLifetime: 40 * time.Second, Updated: 2 * time.Second}, false},
		"the same again":      {addr.Address{ValidLifetime: 100 * time.Second, PreferredLifetime: 50 * time.Second, Updated: 2 * time.Second}, false},
		"longer at once":      {addr.Address{ValidLifetime: 101 * time.Second, PreferredLifetime: 50 * time.Second, Updated: time.Second}, false},
		"preferred forever":   {addr.Address{ValidLifetime: 100 * time.Second, PreferredLifetime: addr.Forever, Updated: time.Second}, false},
		"forever":             {addr.Address{ValidLifetime: addr.Forever, PreferredLifetime: addr.Forever, Updated: time.Second}, false},
		"preferred was reset": {addr.Address{ValidLifetime: 100 * time.Second, PreferredLifetime: 60 * time.Second, Updated: time.Second}, false},
	} {
		tt.now.Prefix = base.Prefix
		if got := s.Equal(&base, &tt.now); got != tt.same {
			t.Errorf("%s: Equal reports %v", name, got)
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	c, err := nlkit.New()
	must(t, err)
	defer c.Close()
	for name, opt := range map[string]addr.ListOption{
		"other namespace": addr.WithTargetNSID(3),
		"no prefix":       addr.MatchPrefix(netip.Prefix{}),
	} {
		w, err := addr.Watch(t.Context(), c, opt)
		var e *nlkit.Error
		if w != nil || !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &e) || e.Op != "addr.Watch" || e.Sent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWatch(t *testing.T) {
	l := newQuietLab(t)
	w, err := addr.Watch(t.Context(), l.c, addr.MatchLink(l.v0))
	must(t, err)
	next := func(want nlkit.ChangeType) nlkit.Change[addr.Address] {
		t.Helper()
		ch, err := w.Next()
		must(t, err)
		if ch.Type != want {
			t.Fatalf("%+v, want %v", ch, want)
		}
		return ch
	}
	next(nlkit.Synced)
	a := addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24")}
	must(t, addr.Add(t.Context(), l.c, addr.Address{Link: l.v1, Prefix: prefix("198.51.100.1/24")}))
	must(t, addr.Add(t.Context(), l.c, a))
	if ch := next(nlkit.Added); ch.New.Prefix != a.Prefix || ch.New.Label != "v0" {
		t.Errorf("%+v", ch)
	}
	a.Priority = 7
	must(t, addr.Replace(t.Context(), l.c, a))
	if ch := next(nlkit.Changed); ch.Old.Priority != 0 || ch.New.Priority != 7 {
		t.Errorf("%+v", ch)
	}
	must(t, addr.Delete(t.Context(), l.c, a))
	if ch := next(nlkit.Removed); ch.Old.Priority != 7 {
		t.Errorf("%+v", ch)
	}
	must(t, w.Close())
	if _, err := w.Next(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestWatchCancel(t *testing.T) {
	l := newQuietLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, err := addr.Watch(ctx, l.c)
	must(t, err)
	defer w.Close()
	for ch, err := range w.All() {
		if ch.Type == nlkit.Synced {
			cancel()
		} else if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("it ended without an error")
}

// The kernel changes labels with the link's name, and does not tell.
func TestWatchRename(t *testing.T) {
	l := newQuietLab(t)
	must(t, addr.Add(t.Context(), l.c, addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24")}))
	must(t, addr.Add(t.Context(), l.c, addr.Address{Link: l.v0, Prefix: prefix("192.0.2.2/32"), Label: "v0:a"}))
	all, named, left := follow(t, l.c), follow(t, l.c, addr.MatchLabel("w0:a")), follow(t, l.c, addr.MatchLabel("v0:a"))
	must(t, link.Set(t.Context(), l.c, link.Index(l.v0), link.Down()))
	must(t, link.Set(t.Context(), l.c, link.Index(l.v0), link.WithName("w0")))
	label := func(was, is string) func(addr.Address, addr.Address) bool {
		return func(old, now addr.Address) bool { return old.Label == was && now.Label == is }
	}
	told(t, all, "the renamed label", nlkit.Changed, "192.0.2.2/32", label("v0:a", "w0:a"))
	told(t, named, "an address that came to match", nlkit.Added, "192.0.2.2/32", label("", "w0:a"))
	told(t, left, "an address that no longer matches", nlkit.Removed, "192.0.2.2/32", label("v0:a", ""))
	for _, f := range []follower{all, named, left} {
		f.Settle(t)
	}
}

// IPv6 addresses that outlive their link's being down become tentative again, silently.
func TestWatchKeptAddresses(t *testing.T) {
	l := newQuietLab(t)
	l.sysctl(t, "net/ipv6/conf/all/keep_addr_on_down", "1")
	must(t, addr.Add(t.Context(), l.c, addr.Address{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagOptimistic}))
	all, tentative, ready := follow(t, l.c), follow(t, l.c, addr.MatchFlags(addr.FlagTentative)), follow(t, l.c, addr.MatchNoFlags(addr.FlagTentative))
	told(t, ready, "an address that is ready", nlkit.Added, "2001:db8::1/64", nil)
	all.Take()
	for range 2 {
		must(t, link.Set(t.Context(), l.c, link.Index(l.v0), link.Down()))
		told(t, all, "a tentative address", nlkit.Changed, "2001:db8::1/64", func(_, now addr.Address) bool { return now.Flags.Has(addr.FlagTentative) })
		told(t, tentative, "one that came to match", nlkit.Added, "2001:db8::1/64", nil)
		told(t, ready, "one that no longer matches", nlkit.Removed, "2001:db8::1/64", nil)
		must(t, link.Set(t.Context(), l.c, link.Index(l.v0), link.Up()))
		told(t, ready, "an address that is ready again", nlkit.Added, "2001:db8::1/64", nil)
		for _, f := range []follower{all, tentative, ready} {
			f.Settle(t)
		}
	}
}

func TestWatchFilters(t *testing.T) {
	l := newQuietLab(t)
	v4, v6 := follow(t, l.c, addr.MatchFamily(rtnl.FamilyIPv4)), follow(t, l.c, addr.MatchFamily(rtnl.FamilyIPv6))
	within := follow(t, l.c, addr.MatchWithin(prefix("2001:db8::/32")))
	cheap := follow(t, l.c, addr.MatchLink(l.v1), addr.MatchFlags(addr.FlagNoPrefixRoute))
	four := addr.Address{Link: l.v0, Prefix: prefix("192.0.2.1/24")}
	six := addr.Address{Link: l.v1, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD | addr.FlagNoPrefixRoute}
	must(t, addr.Add(t.Context(), l.c, four))
	must(t, addr.Add(t.Context(), l.c, six))
	told(t, v4, "the IPv4 address", nlkit.Added, "192.0.2.1/24", nil)
	told(t, v6, "the IPv6 address", nlkit.Added, "2001:db8::1/64", nil)
	told(t, within, "the IPv6 address", nlkit.Added, "2001:db8::1/64", nil)
	told(t, cheap, "an address with the flag", nlkit.Added, "2001:db8::1/64", nil)
	six.Flags = addr.FlagNoDAD
	must(t, addr.Replace(t.Context(), l.c, six))
	told(t, cheap, "an address that lost the flag", nlkit.Removed, "2001:db8::1/64", nil)
	for _, f := range []follower{v4, v6, within, cheap} {
		f.Settle(t)
	}
}

// program changes addresses and their links at random.
type program struct {
	*lab
	r *rand.Rand
}

func (p *program) step(t testing.TB) {
	t.Helper()
	r := p.r
	a := addr.Address{Link: p.v0 - r.IntN(2)}
	if r.IntN(2) == 0 {
		a.Prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(2)), byte(1 + r.IntN(6))}), 24+8*r.IntN(2))
		if r.IntN(4) == 0 {
			a.Peer = netip.AddrFrom4([4]byte{10, 0, 9, byte(r.IntN(3))})
		}
	} else {
		a.Prefix = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(1 + r.IntN(8))}), 64)
		if r.IntN(2) == 0 {
			a.Flags = addr.FlagNoDAD
		}
	}
	if r.IntN(4) == 0 {
		a.ValidLifetime = time.Duration(100+r.IntN(1000)) * time.Second
		a.PreferredLifetime = time.Duration(r.IntN(90)) * time.Second
	}
	a.Priority = uint32(r.IntN(2))
	ctx := t.Context()
	switch r.IntN(12) {
	case 0:
		p.must(t, link.Set(ctx, p.c, link.Index(a.Link), link.Down()))
	case 1, 2:
		p.must(t, link.Set(ctx, p.c, link.Index(a.Link), link.Up()))
	case 3:
		name := link.WithName("n" + string(rune('a'+r.IntN(4))))
		err := link.Set(ctx, p.c, link.Index(a.Link), name)
		if errors.Is(err, syscall.EBUSY) { // before Linux 6.2 it has to be down
			err = cmp.Or(link.Set(ctx, p.c, link.Index(a.Link), link.Down()), link.Set(ctx, p.c, link.Index(a.Link), name))
		}
		p.must(t, err)
	case 4, 5, 6:
		p.must(t, addr.Delete(ctx, p.c, addr.Address{Link: a.Link, Prefix: a.Prefix, Peer: a.Peer}))
	case 7:
		if r.IntN(8) == 0 {
			p.must(t, link.Delete(ctx, p.c, link.Index(p.v0)))
			p.lab.again(t)
		}
	default:
		p.must(t, addr.Replace(ctx, p.c, a))
	}
}

// must fails unless a step was possible, or could not be because of what there is.
func (p *program) must(t testing.TB, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrInvalid) {
		t.Fatal(err)
	}
}

func TestWatchProgram(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for _, keep := range []string{"0", "1"} {
		l := newQuietLab(t)
		l.sysctl(t, "net/ipv6/conf/all/keep_addr_on_down", keep)
		s, err := addr.Source()
		must(t, err)
		all := watchtest.Follow(t, l.c, s, nlkit.WithEventBuffer(4096))
		others := []follower{follow(t, l.c, addr.MatchFlags(addr.FlagTentative)), follow(t, l.c, addr.MatchWithin(prefix("10.0.0.0/24")))}
		seed := rand.Uint64()
		t.Logf("keep %s, seed %d", keep, seed)
		p := &program{l, rand.New(rand.NewPCG(seed, 0))}
		for range rounds {
			goOn := all.Rest()
			for range 50 {
				p.step(t)
			}
			goOn()
			for range 10 {
				p.step(t)
			}
			all.Settle(t)
		}
		for _, f := range others {
			f.Settle(t)
		}
		if st := all.Watch.Stats(); st.Overruns == 0 {
			t.Errorf("nothing was lost: %+v", st)
		}
	}
}

// Changes of other links and of their addresses take no room in the buffer.
func TestWatchOthers(t *testing.T) {
	l := newQuietLab(t)
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		opts []addr.ListOption
		own  string
		lost bool
	}{
		{"all", nil, "192.0.2.1/24", true},
		{"one link", []addr.ListOption{addr.MatchLink(l.v0)}, "192.0.2.2/24", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := addr.Source(tt.opts...)
			must(t, err)
			told, lost := watchtest.Unread(t, l.c, s, 1, func() {
				for i := range 40 {
					b := l.c.NewBatch()
					for _, p := range []string{"198.51.100.1/24", "2001:db8::1/64"} {
						a := addr.Address{Link: l.v1, Prefix: prefix(p), Flags: addr.FlagNoDAD}
						must(t, addr.Add(ctx, b, a))
						must(t, addr.Delete(ctx, b, a))
					}
					must(t, link.Set(ctx, b, link.Index(l.v1), link.WithMTU(1400+i)))
					must(t, b.Send(ctx))
				}
				must(t, addr.Add(ctx, l.c, addr.Address{Link: l.v0, Prefix: prefix(tt.own)}))
			})
			if lost != tt.lost {
				t.Errorf("events were lost: %v", lost)
			}
			if ch := told[0]; ch.Type != nlkit.Added || !tt.lost && ch.New.Prefix != prefix(tt.own) {
				t.Errorf("%+v", ch)
			}
		})
	}
}
