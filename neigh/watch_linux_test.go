package neigh

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

type change = nlkit.Change[Neighbour]

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func follow(t testing.TB, c *nlkit.Client, opts ...ListOption) *watchtest.Follower[Neighbour, key] {
	t.Helper()
	s, err := Source(opts...)
	must(t, err)
	return watchtest.Follow(t, c, s)
}

// told waits for a change of the entry with this IP or link-layer address.
func told(t testing.TB, f *watchtest.Follower[Neighbour, key], what string, typ nlkit.ChangeType, of any, is func(was, now Neighbour) bool) {
	t.Helper()
	f.Until(t, what, func(ch change) bool {
		n := ch.New
		if ch.Type == nlkit.Removed {
			n = ch.Old
		}
		switch of := of.(type) {
		case netip.Addr:
			if n.Addr != of {
				return false
			}
		case net.HardwareAddr:
			if n.LinkAddr.String() != of.String() {
				return false
			}
		}
		return ch.Type == typ && (is == nil || is(ch.Old, ch.New))
	})
}

func TestWatchEqual(t *testing.T) {
	full := Neighbour{
		Link: 2, Addr: addr("192.0.2.1"), LinkAddr: mac(1), State: StatePermanent, Flags: FlagRouter, Type: TypeUnicast,
		VLAN: 1, Master: 2, Port: 3, VNI: 4, SrcVNI: 5, Via: 6, NexthopID: 7, LinkNetNSID: new(8), Activity: ActivityNotify,
		CacheInfo: &CacheInfo{}, Unknown: []attr.Raw{{Type: 99, Data: []byte{1}}},
	}
	ignored := []string{"Protocol", "CacheInfo", "Probes"}
	for _, opts := range [][]ListOption{nil, {FDB()}} {
		s, err := Source(opts...)
		must(t, err)
		n := full
		n.Family = rtnl.FamilyIPv4
		if opts != nil {
			n.Family = rtnl.FamilyBridge
		}
		watchtest.Fields(t, s, n, watchtest.Alter, ignored...)
		other := n
		other.Unknown = []attr.Raw{{Type: 99, Data: []byte{2}}}
		if s.Equal(&n, &other) {
			t.Error("an unknown attribute has another value")
		}
		other = n
		if other.Flags |= FlagOffloaded; !s.Equal(&n, &other) {
			t.Error("it is told that an entry is in hardware")
		}
	}
	// CacheInfo has no field that is told.
	if n := reflect.TypeFor[CacheInfo]().NumField(); n != 4 {
		t.Errorf("CacheInfo has %d fields: is another one told?", n)
	}
}

// States that the kernel does not tell.
func TestWatchStates(t *testing.T) {
	for _, tt := range []struct {
		family  rtnl.Family
		was, is State
		same    bool
	}{
		{rtnl.FamilyIPv4, StateStale, StateDelay, true},
		{rtnl.FamilyIPv4, StateReachable, StateDelay, true},
		{rtnl.FamilyIPv4, StateDelay, StateReachable, false},
		{rtnl.FamilyIPv4, StateDelay, StateStale, false},
		{rtnl.FamilyIPv4, StateProbe, StateDelay, false},
		{rtnl.FamilyIPv4, StatePermanent, StateDelay, false},
		{rtnl.FamilyIPv4, StateReachable, StateStale, false},
		{rtnl.FamilyIPv6, StateReachable, StateProbe, false},
		{rtnl.FamilyBridge, StateReachable, StateStale, true},
		{rtnl.FamilyBridge, StateStale, StateReachable, true},
		{rtnl.FamilyBridge, StateReachable, StateNoARP, false},
		{rtnl.FamilyBridge, StateNoARP, StatePermanent, false},
		{rtnl.FamilyBridge, StateNoARP, StateNoARP | StateReachable, false},
	} {
		a, b := Neighbour{Family: tt.family, State: tt.was}, Neighbour{Family: tt.family, State: tt.is}
		if got := equal(&a, &b); got != tt.same {
			t.Errorf("%v: %v, then %v: Equal reports %v", tt.family, tt.was, tt.is, got)
		}
		e := Event{Type: nlkit.Updated, Object: b}
		if fit(&e, []*Neighbour{&a}) != 0 || !equal(&a, &e.Object) && tt.same {
			t.Errorf("%v: %v is not %v any more", tt.family, tt.is, tt.was)
		}
		if sticks := e.Object.State == tt.was; tt.is == StateDelay && sticks != tt.same {
			t.Errorf("%v: %v stays %v: %v", tt.family, tt.was, tt.is, sticks)
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	c, err := nlkit.New()
	must(t, err)
	defer c.Close()
	for name, opts := range map[string][]ListOption{
		"proxies":             {Proxies()},
		"master":              {MatchMaster(3)},
		"protocol":            {MatchProtocol(rtnl.ProtocolStatic)},
		"offloaded":           {FDB(), MatchFlags(FlagOffloaded)},
		"failed":              {MatchState(StateFailed)},
		"none":                {MatchState(StateNone)},
		"some noarp":          {MatchState(StatePermanent | StateNoARP)},
		"stale":               {MatchState(StateStale)},
		"not delay":           {MatchNoState(StateDelay)},
		"stale FDB":           {FDB(), MatchState(StateStale)},
		"FDB not reachable":   {FDB(), MatchNoState(StateReachable)},
		"an option by itself": {MatchWithin(netip.Prefix{})},
	} {
		w, err := Watch(t.Context(), c, opts...)
		var e *nlkit.Error
		if w != nil || !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &e) || e.Op != "neigh.Watch" || e.Sent {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opts := range map[string][]ListOption{
		"known":     {MatchState(StateReachable | StateStale | StateDelay)},
		"permanent": {MatchState(StatePermanent)},
		"not noarp": {MatchNoState(StatePermanent | StateNoARP)},
		"none FDB":  {FDB(), MatchState(StateNone)},
		"static":    {FDB(), MatchState(StateNoARP)},
		"aged":      {FDB(), MatchNoState(StateStale | StateReachable)},
		"of bridge": {FDB(), MatchMaster(3)},
	} {
		if _, err := Source(opts...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWatch(t *testing.T) {
	c, _ := live(t)
	v0, v1 := addVeth(t, c, "v0", "v1")
	ctx := t.Context()
	w, err := Watch(ctx, c, MatchLink(v0), MatchFamily(rtnl.FamilyIPv4))
	must(t, err)
	next := func(want nlkit.ChangeType) change {
		t.Helper()
		ch, err := w.Next()
		must(t, err)
		if ch.Type != want {
			t.Fatalf("%+v, want %v", ch, want)
		}
		return ch
	}
	next(nlkit.Synced)
	n := Neighbour{Link: v0, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	must(t, Add(ctx, c, Neighbour{Link: v1, Addr: n.Addr, LinkAddr: mac(3)}))
	must(t, Add(ctx, c, n))
	if ch := next(nlkit.Added); ch.New.Addr != n.Addr || ch.New.LinkAddr.String() != mac(1).String() {
		t.Errorf("%+v", ch)
	}
	n.LinkAddr = mac(2)
	must(t, Replace(ctx, c, n))
	if ch := next(nlkit.Changed); ch.Old.LinkAddr.String() != mac(1).String() || ch.New.LinkAddr.String() != mac(2).String() {
		t.Errorf("%+v", ch)
	}
	must(t, Replace(ctx, c, Neighbour{Link: v0, Addr: n.Addr, State: StateFailed}))
	if ch := next(nlkit.Removed); ch.Old.LinkAddr.String() != mac(2).String() {
		t.Errorf("%+v", ch)
	}
	must(t, Replace(ctx, c, n))
	next(nlkit.Added)
	must(t, link.Set(ctx, c, link.Index(v0), link.Down()))
	must(t, link.Delete(ctx, c, link.Index(v0)))
	next(nlkit.Removed)
	must(t, w.Close())
	if _, err := w.Next(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestWatchCancel(t *testing.T) {
	c, _ := live(t)
	for _, opts := range [][]ListOption{nil, {FDB()}} {
		ctx, cancel := context.WithCancel(t.Context())
		w, err := Watch(ctx, c, opts...)
		must(t, err)
		if _, err := w.Next(); err != nil {
			t.Error(err)
		}
		cancel()
		var last error
		for _, err := range w.All() {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("%v", last)
		}
		must(t, w.Close())
	}
}

// A neighbour that is used is in StateDelay, which only a list shows; and the kernel
// makes neighbours for group addresses without an event.
func TestWatchSilentStates(t *testing.T) {
	c, _ := live(t)
	v0, v1 := addVeth(t, c, "v0", "v1")
	f := follow(t, c, MatchLink(v0))
	n := Neighbour{Link: v0, Addr: addr("192.0.2.1"), LinkAddr: mac(1), State: StateStale}
	must(t, Add(t.Context(), c, n))
	told(t, f, "a stale neighbour", nlkit.Added, n.Addr, nil)
	must(t, Set(t.Context(), c, Neighbour{Link: v0, Addr: n.Addr, Flags: FlagUse}))
	if got, err := Get(t.Context(), c, n); err != nil || got.State != StateDelay {
		t.Fatalf("%+v, %v", got, err)
	}
	f.Settle(t)
	fresh := follow(t, c, MatchLink(v0))
	told(t, fresh, "a neighbour in use", nlkit.Added, n.Addr, func(_, now Neighbour) bool { return now.State == StateDelay })
	must(t, Replace(t.Context(), c, Neighbour{Link: v0, Addr: addr("192.0.2.2"), State: StateIncomplete}))
	must(t, Replace(t.Context(), c, Neighbour{Link: v0, Addr: addr("192.0.2.3"), LinkAddr: mac(1), State: StateNoARP}))
	must(t, Replace(t.Context(), c, Neighbour{Link: v0, Addr: n.Addr, LinkAddr: mac(1), State: StatePermanent}))
	for _, f := range []*watchtest.Follower[Neighbour, key]{f, fresh} {
		told(t, f, "another state", nlkit.Changed, n.Addr, func(_, now Neighbour) bool { return now.State == StatePermanent })
		f.Settle(t)
	}
	must(t, link.Set(t.Context(), c, link.Index(v1), link.Down()))
	must(t, link.Set(t.Context(), c, link.Index(v0), link.Down()))
	f.Settle(t)
}

func TestWatchFDB(t *testing.T) {
	c, _ := live(t)
	br := addBridge(t, c, "br0")
	p0, _ := addVeth(t, c, "p0", "q0")
	p1, _ := addVeth(t, c, "p1", "q1")
	for _, port := range []int{p0, p1} {
		setMaster(t, c, port, br)
	}
	all, one := follow(t, c, FDB()), follow(t, c, FDB(), MatchLink(p1))
	ctx := t.Context()
	must(t, Add(ctx, c, bridgeEntry(p0, mac(9), StatePermanent)))
	told(t, all, "an entry", nlkit.Added, mac(9), nil)
	must(t, Replace(ctx, c, bridgeEntry(p1, mac(9), StatePermanent)))
	told(t, all, "an entry that moved", nlkit.Changed, mac(9), func(was, now Neighbour) bool { return was.Link == p0 && now.Link == p1 })
	told(t, one, "an entry that came", nlkit.Added, mac(9), nil)
	must(t, Replace(ctx, c, bridgeEntry(p0, mac(9), StatePermanent)))
	told(t, one, "an entry that left", nlkit.Removed, mac(9), nil)
	all.Settle(t)
	one.Settle(t)

	// Of two ports with the same address the bridge has it for one, and gives it to the
	// other when that one gets another address, or leaves.
	for _, leave := range []func(port int){
		func(port int) { must(t, link.Set(ctx, c, link.Index(port), link.WithAddress(mac(8)))) },
		func(port int) { must(t, link.Set(ctx, c, link.Index(port), link.WithNoMaster())) },
	} {
		for _, port := range []int{p0, p1} {
			setMaster(t, c, port, br)
			must(t, link.Set(ctx, c, link.Index(port), link.WithAddress(mac(7))))
		}
		all.Settle(t)
		one.Settle(t)
		leave(p0)
		all.Settle(t)
		one.Settle(t)
		setMaster(t, c, p0, br)
		all.Settle(t)
		leave(p1)
		all.Settle(t)
		one.Settle(t)
	}
	must(t, link.Delete(ctx, c, link.Index(br)))
	all.Settle(t)
}

func TestWatchTunnel(t *testing.T) {
	c, _ := live(t)
	vx := addVXLAN(t, c, "vx0", 7, 4789)
	all, permanent := follow(t, c, FDB()), follow(t, c, FDB(), MatchState(StatePermanent))
	ctx := t.Context()
	to := func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, last}) }
	n := Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(1), Addr: to(1)}
	must(t, Add(ctx, c, n))
	told(t, all, "an entry", nlkit.Added, n.LinkAddr, nil)
	n.Addr = to(2)
	must(t, Replace(ctx, c, n))
	told(t, all, "another destination", nlkit.Changed, n.LinkAddr, func(was, now Neighbour) bool { return was.Addr == to(1) && now.Addr == to(2) })
	zero := Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: make(net.HardwareAddr, 6)}
	for i := range byte(3) {
		zero.Addr = to(3 + i)
		must(t, Append(ctx, c, zero))
		told(t, all, "one destination more", nlkit.Added, zero.Addr, nil)
	}
	zero.Addr = to(4)
	must(t, Delete(ctx, c, zero))
	told(t, all, "one destination less", nlkit.Removed, zero.Addr, nil)
	all.Settle(t)

	hop := nexthop.Nexthop{ID: 1, Gateway: to(1), FDB: true}
	must(t, nexthop.Add(ctx, c, hop))
	must(t, nexthop.Add(ctx, c, nexthop.Nexthop{ID: 10, Group: []nexthop.Member{{ID: 1, Weight: 1}}, FDB: true}))
	must(t, Add(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: mac(5), NexthopID: 10, Flags: FlagSelf}))
	told(t, all, "an entry with next hops", nlkit.Added, mac(5), nil)
	must(t, nexthop.Delete(ctx, c, 10)) // which takes the entry along, silently
	told(t, all, "an entry that went with its next hops", nlkit.Removed, mac(5), nil)
	if st := all.Watch.Stats(); st.Heals == 0 {
		t.Errorf("%+v", st)
	}
	all.Settle(t)
	permanent.Settle(t)
	must(t, link.Delete(ctx, c, link.Index(vx)))
	all.Settle(t)
}

// possible fails unless a step was possible, or could not be because of what there is.
func possible(t testing.TB, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) &&
		!errors.Is(err, fs.ErrPermission) { // a port that is down takes only what is permanent
		t.Fatal(err)
	}
}

func TestWatchProgram(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	br := addBridge(t, c, "br0")
	p0, _ := addVeth(t, c, "p0", "q0")
	p1, _ := addVeth(t, c, "p1", "q1")
	ports := []int{p0, p1}
	vx := addVXLAN(t, c, "vx0", 7, 4789)
	v0, v1 := addVeth(t, c, "v0", "v1")
	source := func(opts ...ListOption) nlkit.Source[Neighbour, key] {
		s, err := Source(opts...)
		must(t, err)
		return s
	}
	all := []*watchtest.Follower[Neighbour, key]{
		watchtest.Follow(t, c, source(), nlkit.WithEventBuffer(4096)),
		watchtest.Follow(t, c, source(FDB()), nlkit.WithEventBuffer(4096)),
	}
	some := []*watchtest.Follower[Neighbour, key]{
		follow(t, c, MatchLink(v0), MatchState(StatePermanent)), follow(t, c, MatchWithin(netip.MustParsePrefix("10.0.0.0/30"))),
		follow(t, c, FDB(), MatchMaster(br)), follow(t, c, FDB(), MatchLink(ports[0])), follow(t, c, FDB(), MatchVLAN(0), MatchState(StateNoARP)),
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(links ...int) int { return links[r.IntN(len(links))] }
	states := []State{StatePermanent, StateReachable, StateStale, StateFailed, StateNoARP, StateIncomplete}
	step := func() {
		ip := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + r.IntN(12))})
		a := mac(byte(1 + r.IntN(8)))
		switch r.IntN(16) {
		case 0:
			possible(t, link.Set(ctx, c, link.Index(pick(v0, v1, vx, ports[0])), link.Down()))
		case 1, 2:
			possible(t, link.Set(ctx, c, link.Index(pick(v0, v1, vx, ports[0])), link.Up()))
		case 3:
			possible(t, link.Set(ctx, c, link.Index(pick(ports...)), link.WithNoMaster()))
		case 4, 5:
			possible(t, link.Set(ctx, c, link.Index(pick(ports...)), link.WithMaster(br)))
		case 6:
			possible(t, link.Set(ctx, c, link.Index(pick(ports[0], ports[1], br)), link.WithAddress(mac(byte(r.IntN(3)), 9))))
		case 7, 8:
			possible(t, Delete(ctx, c, Neighbour{Link: pick(v0, v1), Addr: ip}))
		case 9:
			possible(t, Delete(ctx, c, bridgeEntry(pick(ports...), a, 0)))
		case 10:
			possible(t, Replace(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: a, Addr: ip}))
		case 11:
			possible(t, Append(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: make(net.HardwareAddr, 6), Addr: ip}))
		case 12:
			possible(t, Delete(ctx, c, Neighbour{Family: rtnl.FamilyBridge, Link: vx, LinkAddr: make(net.HardwareAddr, 6), Addr: ip}))
		case 13:
			possible(t, Replace(ctx, c, bridgeEntry(pick(ports...), a, []State{StateNoARP, StatePermanent, StateReachable}[r.IntN(3)])))
		default:
			n := Neighbour{Link: pick(v0, v1), Addr: ip, State: states[r.IntN(len(states))]}
			if n.State&(StateFailed|StateIncomplete) == 0 {
				n.LinkAddr = a
			}
			possible(t, Replace(ctx, c, n))
		}
	}
	for range 10 {
		rest := []func(){all[0].Rest(), all[1].Rest()}
		for range 60 {
			step()
		}
		for _, goOn := range rest {
			goOn()
		}
		for range 10 {
			step()
		}
		for _, f := range all {
			f.Settle(t)
		}
	}
	for _, f := range some {
		f.Settle(t)
	}
	for _, f := range all {
		if st := f.Watch.Stats(); st.Overruns == 0 {
			t.Errorf("nothing was lost: %+v", st)
		}
	}
}

// What the kernel's core says of a tunnel's entry, which has no destination, does not
// take the place of what its device said.
func TestWatchToldTwice(t *testing.T) {
	w := &watch{filter: newFilter([]ListOption{FDB()}), d: anyDecoder()}
	message := func(typ uint16, core bool) nlkit.Message {
		b := header(nil, rtnl.FamilyBridge, 5, StatePermanent, FlagSelf)
		b = attr.AppendBytes(b, uapi.NDA_LLADDR, mac(1))
		if !core {
			b = attr.AppendAddr(b, uapi.NDA_DST, addr("192.0.2.1"))
			b = attr.AppendBytes(b, uapi.NDA_CACHEINFO, make([]byte, 16))
		}
		return nlkit.Message{Type: typ, Data: b}
	}
	for _, typ := range []uint16{uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH} {
		for _, core := range []bool{false, true} {
			var e Event
			if ok, err := w.event(message(typ, core), &e); err != nil || ok == core {
				t.Errorf("type %d, by the core %v: %v, %v", typ, core, ok, err)
			}
		}
	}
}

// Changes of entries that are not watched take no room in the buffer.
func TestWatchOthers(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	v0, v1 := addVeth(t, c, "v0", "v1")
	br0, br1 := addBridge(t, c, "br0"), addBridge(t, c, "br1")
	p0, p1 := addPort(t, c, "p0", br0), addPort(t, c, "p1", br1)
	neighbour := func(i int, pass byte) Neighbour {
		return Neighbour{Link: v1, Addr: netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), LinkAddr: mac(pass, byte(i>>8), byte(i))}
	}
	entry := func(i int, pass byte) Neighbour {
		return bridgeEntry(p1, mac(1, byte(i>>8), byte(i)), []State{StatePermanent, StateNoARP}[pass&1])
	}
	for _, tt := range []struct {
		name   string
		opts   []ListOption
		own    Neighbour
		others func(i int, pass byte) Neighbour
		lost   bool
	}{
		{"all", nil, Neighbour{Link: v0, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}, neighbour, true},
		{"one link", []ListOption{MatchLink(v0)}, Neighbour{Link: v0, Addr: addr("192.0.2.2"), LinkAddr: mac(1)}, neighbour, false},
		{"one family", []ListOption{MatchFamily(rtnl.FamilyIPv6)}, Neighbour{Link: v0, Addr: addr("2001:db8::1"), LinkAddr: mac(1)}, neighbour, false},
		{"not the FDB", nil, Neighbour{Link: v0, Addr: addr("192.0.2.3"), LinkAddr: mac(1)}, entry, false},
		{"the FDB alone", []ListOption{FDB()}, bridgeEntry(p0, mac(2, 2), StatePermanent), neighbour, false},
		{"one bridge", []ListOption{FDB(), MatchMaster(br0)}, bridgeEntry(p0, mac(2, 3), StatePermanent), entry, false},
		{"all bridges", []ListOption{FDB()}, bridgeEntry(p0, mac(2, 4), StatePermanent), entry, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Source(tt.opts...)
			must(t, err)
			told, lost := watchtest.Unread(t, c, s, 1, func() {
				for pass := range byte(4) {
					b := c.NewBatch()
					for i := range 300 {
						must(t, Replace(ctx, b, tt.others(i, pass)))
					}
					must(t, b.Send(ctx))
				}
				must(t, Add(ctx, c, tt.own))
			})
			if lost != tt.lost {
				t.Errorf("events were lost: %v", lost)
			}
			if ch := told[0]; !tt.lost && (ch.Type != nlkit.Added || ch.New.Link != tt.own.Link || ch.New.Addr != tt.own.Addr) {
				t.Errorf("%+v", ch)
			}
		})
	}
}
