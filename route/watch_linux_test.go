package route

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

// follow follows the routes that the options match.
func follow(t *testing.T, c *nlkit.Client, opts ...ListOption) *watchtest.Follower[Route, key] {
	t.Helper()
	s, err := Source(opts...)
	must(t, err)
	f := watchtest.Follow(t, c, s)
	f.List = func(ctx context.Context, c *nlkit.Client) iter.Seq2[Route, error] { return All(ctx, c, opts...) }
	return f
}

// twoLinks returns a client for a namespace with two links that are up.
func twoLinks(t *testing.T, opts ...nlkit.Option) (c, watching *nlkit.Client, ns *nstest.NS, links [2]int) {
	ns = nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	watching, err = nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	must(t, err)
	t.Cleanup(func() { watching.Close() })
	for i := range links {
		var l link.Link
		must(t, link.Add(t.Context(), c, fmt.Sprintf("v%d", i), &link.Veth{Peer: link.NewPeer(fmt.Sprintf("p%d", i))}, link.Up(), link.Into(&l)))
		must(t, link.Set(t.Context(), c, link.Name(fmt.Sprintf("p%d", i)), link.Up()))
		links[i] = l.Index
		must(t, addr.Add(t.Context(), c, addr.Address{Link: l.Index, Prefix: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.1/24", i))}))
		must(t, addr.Add(t.Context(), c, addr.Address{Link: l.Index, Prefix: netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::1/64", i)), Flags: addr.FlagNoDAD}))
	}
	return c, watching, ns, links
}

// Several routes with one destination: in front, behind, in place of the first.
func TestWatchSameDestination(t *testing.T) {
	c, watching, _, _ := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching)
	via := func(i, host int) Route {
		return Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.AddrFrom4([4]byte{10, byte(i), 0, byte(host)})}
	}
	prepend := func(r Route) error {
		return write(ctx, c, "route.prepend", uapi.NLM_F_CREATE, r, nil)
	}
	for _, step := range []func() error{
		func() error { return Add(ctx, c, via(0, 2)) },
		func() error { return Append(ctx, c, via(0, 3)) },
		func() error { return prepend(via(0, 4)) },
		func() error { return Replace(ctx, c, via(1, 5)) }, // of 4
		func() error { return prepend(via(1, 6)) },
		func() error { return Replace(ctx, c, via(1, 7)) }, // of 6
		func() error { return Delete(ctx, c, via(0, 2)) },
		func() error { return Delete(ctx, c, via(1, 7)) },
		func() error { return Replace(ctx, c, via(0, 8)) }, // of 5
	} {
		must(t, step())
		f.Settle(t)
	}
	if s := f.Watch.Stats(); s.Heals != 0 || s.Overruns != 0 {
		t.Errorf("events tell all of that: %+v", s)
	}
}

// The next hops of an IPv6 route come and go one by one.
func TestWatchHops(t *testing.T) {
	c, watching, _, links := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching)
	dst := netip.MustParsePrefix("2001:db8:ffff::/48")
	via := func(i, host int) Route {
		return Route{Dst: dst, Link: links[i], Gateway: netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", i, host))}
	}
	for _, step := range []func() error{
		func() error { return Add(ctx, c, via(0, 2)) },
		func() error { return Append(ctx, c, via(0, 3)) },
		func() error { return Append(ctx, c, via(1, 4)) },
		func() error { return Delete(ctx, c, via(0, 2)) },
		func() error { return Delete(ctx, c, via(1, 4)) },
		func() error { return Append(ctx, c, via(1, 5)) },
		func() error { return Replace(ctx, c, via(1, 6)) },
		func() error { return Replace(ctx, c, Route{Dst: dst, Type: TypeUnreachable}) },
		func() error { return Delete(ctx, c, Route{Dst: dst}) },
	} {
		must(t, step())
		f.Settle(t)
	}
}

// The attributes of an IPv6 route are those of its first hop, whichever came last; when
// it goes, those of the next.
func TestWatchFirstHop(t *testing.T) {
	c, watching, _, links := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching, MatchProtocol(rtnl.ProtocolStatic))
	dst := netip.MustParsePrefix("2001:db8:ffff::/48")
	via := func(i, host int, mtu uint32) Route {
		r := Route{Dst: dst, Link: links[i], Gateway: netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", i, host)), Protocol: rtnl.ProtocolStatic}
		if mtu != 0 {
			r.Extra = &Extra{Metrics: Metrics{MTU: mtu}}
		}
		return r
	}
	prepend := func(r Route) error {
		return write(ctx, c, "route.prepend", uapi.NLM_F_CREATE, r, nil)
	}
	two := Route{Dst: dst, Multipath: []Nexthop{{Link: links[1], Gateway: via(1, 4, 0).Gateway}, {Link: links[0], Gateway: via(0, 5, 0).Gateway}}, Protocol: rtnl.ProtocolStatic}
	for i, step := range []struct {
		do    func() error
		first netip.Addr
		mtu   uint32
		hops  int
	}{
		{func() error { return Add(ctx, c, via(0, 2, 1300)) }, via(0, 2, 0).Gateway, 1300, 1},
		{func() error { return Append(ctx, c, via(1, 3, 1400)) }, via(0, 2, 0).Gateway, 1300, 2},
		{func() error { return prepend(two) }, via(0, 2, 0).Gateway, 1300, 4},
		{func() error { return prepend(via(0, 6, 1280)) }, via(0, 2, 0).Gateway, 1300, 5},
		{func() error { return Delete(ctx, c, via(0, 5, 0)) }, via(0, 2, 0).Gateway, 1300, 4},
		{func() error { return Delete(ctx, c, via(0, 2, 0)) }, via(1, 3, 0).Gateway, 1400, 3},
		{func() error { return Delete(ctx, c, via(1, 3, 0)) }, via(1, 4, 0).Gateway, 0, 2},
		{func() error { return Delete(ctx, c, via(1, 4, 0)) }, via(0, 6, 0).Gateway, 1280, 1},
	} {
		must(t, step.do())
		f.Settle(t)
		list := f.Watch.List()
		if len(list) != 1 {
			t.Fatalf("step %d: %+v", i, list)
		}
		r := &list[0]
		mtu := uint32(0)
		if r.Extra != nil {
			mtu = r.Extra.Metrics.MTU
		}
		if hops := r.hops(); len(hops) != step.hops || hops[0].Gateway != step.first || mtu != step.mtu {
			t.Errorf("step %d: %+v", i, r)
		}
	}
	if s := f.Watch.Stats(); s.Heals < 3 || s.Overruns != 0 {
		t.Errorf("%+v", s)
	}
}

// What the kernel does without a word is told all the same.
func TestWatchSilent(t *testing.T) {
	for _, sysctl := range []string{"", "net/ipv6/route/skip_notify_on_dev_down=1", "net/ipv4/nexthop_compat_mode=0"} {
		t.Run(sysctl, func(t *testing.T) {
			c, watching, ns, links := twoLinks(t)
			ctx := t.Context()
			if sysctl != "" {
				name, value, _ := strings.Cut(sysctl, "=")
				ns.Do(t, func() {
					err := os.WriteFile("/proc/sys/"+name, []byte(value), 0o644)
					if errors.Is(err, fs.ErrNotExist) { // hidden from user namespaces, or an older kernel
						nstest.Skip(t, "sysctl:"+name, "%v", err)
					}
					must(t, err)
				})
			}
			f := follow(t, watching)
			prefer := netip.MustParseAddr("10.1.0.9")
			must(t, addr.Add(ctx, c, addr.Address{Link: links[1], Prefix: netip.PrefixFrom(prefer, 24)}))
			must(t, nexthop.Add(ctx, c, nexthop.Nexthop{ID: 7, Link: links[0], Gateway: netip.MustParseAddr("10.0.0.7")}))
			for _, r := range []Route{
				{Dst: netip.MustParsePrefix("192.0.2.0/25"), Gateway: netip.MustParseAddr("10.0.0.2")},
				{Dst: netip.MustParsePrefix("192.0.2.128/25"), Gateway: netip.MustParseAddr("10.0.0.3"), PrefSrc: prefer},
				{Dst: netip.MustParsePrefix("203.0.113.0/25"), NexthopID: 7},
				{Dst: netip.MustParsePrefix("203.0.113.128/25"), Multipath: []Nexthop{
					{Link: links[0], Gateway: netip.MustParseAddr("10.0.0.4")}, {Link: links[1], Gateway: netip.MustParseAddr("10.1.0.4")},
				}},
				{Dst: netip.MustParsePrefix("2001:db8:f::/48"), Multipath: []Nexthop{
					{Link: links[0], Gateway: netip.MustParseAddr("2001:db8:0::4")}, {Link: links[1], Gateway: netip.MustParseAddr("2001:db8:1::4")},
				}},
				{Dst: netip.MustParsePrefix("2001:db8:e::/48"), Gateway: netip.MustParseAddr("2001:db8:0::5")},
			} {
				must(t, Add(ctx, c, r))
			}
			f.Settle(t)
			for _, step := range []func() error{
				func() error {
					return addr.Delete(ctx, c, addr.Address{Link: links[1], Prefix: netip.PrefixFrom(prefer, 24)})
				},
				func() error { return link.Set(ctx, c, link.Name("p0"), link.Down()) }, // v0 loses its carrier
				func() error { return link.Set(ctx, c, link.Name("p0"), link.Up()) },
				func() error {
					return nexthop.Replace(ctx, c, nexthop.Nexthop{ID: 7, Link: links[1], Gateway: netip.MustParseAddr("10.1.0.7")})
				},
			} {
				must(t, step())
				f.Settle(t)
			}
			must(t, link.Set(ctx, c, link.Index(links[0]), link.Down()))
			f.Settle(t)
			must(t, link.Set(ctx, c, link.Index(links[0]), link.Up()))
			f.Settle(t)
			must(t, link.Delete(ctx, c, link.Index(links[1])))
			f.Settle(t)
		})
	}
}

// Random changes, with a buffer that overruns: the end is what there is.
func TestWatchRandom(t *testing.T) {
	c, watching, _, links := twoLinks(t, nlkit.WithReadBuffer(4096))
	ctx := t.Context()
	rnd := rand.New(rand.NewPCG(3, 4))
	f := follow(t, watching)
	step := func() error {
		i, v6 := rnd.IntN(2), rnd.IntN(2) == 0
		gateway := func(i int) netip.Addr {
			if v6 {
				return netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", i, 2+rnd.IntN(4)))
			}
			return netip.AddrFrom4([4]byte{10, byte(i), 0, byte(2 + rnd.IntN(4))})
		}
		r := Route{Dst: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(rnd.IntN(4)) << 6}), 26), Priority: uint32(1 + rnd.IntN(2))}
		if v6 {
			r.Dst = netip.MustParsePrefix(fmt.Sprintf("2001:db8:f%d::/48", rnd.IntN(4)))
		}
		switch rnd.IntN(5) {
		case 0:
			r.Type = []Type{TypeBlackhole, TypeProhibit}[rnd.IntN(2)]
			if v6 { // else lists may not have it: see TestWatchHidden
				r.Priority = 3
			}
		case 1:
			r.Multipath = []Nexthop{{Link: links[i], Gateway: gateway(i)}, {Link: links[1-i], Gateway: gateway(1 - i), Weight: 2}}
		case 2:
			r.Extra = &Extra{Metrics: Metrics{MTU: 1280 + uint32(rnd.IntN(2))}}
			fallthrough
		default:
			r.Link, r.Gateway = links[i], gateway(i)
		}
		switch rnd.IntN(12) {
		case 0, 1:
			return Add(ctx, c, r)
		case 2, 3:
			return Append(ctx, c, r)
		case 4:
			return write(ctx, c, "route.prepend", uapi.NLM_F_CREATE, r, nil)
		case 5, 6:
			return Replace(ctx, c, r)
		case 7:
			return Change(ctx, c, r)
		case 8:
			return Delete(ctx, c, r)
		case 9:
			return Delete(ctx, c, Route{Dst: r.Dst})
		case 10:
			return link.Set(ctx, c, link.Index(links[i]), link.WithMTU(1400+rnd.IntN(2)))
		}
		return link.Set(ctx, c, link.Name(fmt.Sprintf("p%d", i)), [2]link.SetOption{link.Up(), link.Down()}[rnd.IntN(2)])
	}
	done := 0
	for range 30 {
		goOn := f.Rest()
		for i := range 100 {
			if err := step(); err == nil {
				done++
			} else if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Errno == 0 {
				t.Fatal(err)
			}
			if i == 70 {
				goOn()
			}
		}
		f.Settle(t)
	}
	s := f.Watch.Stats()
	t.Logf("%d of 3000 done, %+v", done, s)
	if s.Overruns == 0 || done < 500 {
		t.Errorf("%d done, %+v", done, s)
	}
}

// The kernel's lists lack what stands between the hops of an IPv6 route, for which it
// goes on behind the last one. A watch knows it all the same, if it was told of it. (fib6_dump_node)
func TestWatchHidden(t *testing.T) {
	c, watching, _, links := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching, MatchProtocol(rtnl.ProtocolStatic))
	dst := netip.MustParsePrefix("2001:db8:f::/48")
	hop := func(host int) Route {
		return Route{Dst: dst, Link: links[0], Gateway: netip.MustParseAddr(fmt.Sprintf("2001:db8:0::%d", host)), Priority: 5, Protocol: rtnl.ProtocolStatic}
	}
	hidden := Route{Dst: dst, Type: TypeProhibit, Priority: 5, Protocol: rtnl.ProtocolStatic}
	must(t, Add(ctx, c, hop(2)))
	must(t, Append(ctx, c, hidden))
	must(t, Append(ctx, c, hop(3)))
	f.Until(t, "a route with two hops", func(ch nlkit.Change[Route]) bool { return len(ch.New.Multipath) == 2 })
	if n := len(f.Watch.List()); n != 2 {
		t.Errorf("the watch knows %v", f.Watch.List())
	}
	if listed, err := List(ctx, c, MatchDst(dst)); err != nil || len(listed) != 1 {
		t.Errorf("listed are %v, %v: this kernel does not hide it", listed, err)
	}
	must(t, Delete(ctx, c, hop(3)))
	f.Settle(t)
	if n := f.Watch.Len(); n != 2 {
		t.Errorf("the watch knows %v", f.Watch.List())
	}
}

// A route that matches no longer is removed.
func TestWatchFilter(t *testing.T) {
	c, watching, _, _ := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching, MatchTable(rtnl.TableMain), MatchProtocol(rtnl.ProtocolStatic))
	r := Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.MustParseAddr("10.0.0.2"), Protocol: rtnl.ProtocolStatic}
	must(t, Add(ctx, c, r))
	f.Settle(t)
	if f.Watch.Len() != 1 {
		t.Errorf("there are %v", f.Watch.List())
	}
	r.Protocol = rtnl.ProtocolBoot
	must(t, Replace(ctx, c, r))
	f.Settle(t)
	if f.Watch.Len() != 0 {
		t.Errorf("there are %v", f.Watch.List())
	}
	for _, opts := range [][]ListOption{{MatchFamily(99)}, {MatchDst(netip.Prefix{})}} {
		if w, err := Watch(ctx, watching, opts...); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v, %v", w, err)
		}
	}
}

// Of routes with one destination a filter knows some: which of them was replaced is
// found out.
func TestWatchSomeOfADestination(t *testing.T) {
	c, watching, _, _ := twoLinks(t)
	ctx := t.Context()
	f := follow(t, watching, MatchProtocol(rtnl.ProtocolStatic))
	via := func(host int, p rtnl.Protocol) Route {
		return Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.AddrFrom4([4]byte{10, 0, 0, byte(host)}), Protocol: p}
	}
	for _, step := range []func() error{
		func() error { return Add(ctx, c, via(2, rtnl.ProtocolBoot)) }, // the first, unknown to the watch
		func() error { return Append(ctx, c, via(3, rtnl.ProtocolStatic)) },
		func() error { return Append(ctx, c, via(4, rtnl.ProtocolStatic)) },
		func() error { return Replace(ctx, c, via(5, rtnl.ProtocolStatic)) }, // of 2
		func() error { return Replace(ctx, c, via(6, rtnl.ProtocolBoot)) },   // of 5
		func() error { return Delete(ctx, c, via(3, rtnl.ProtocolStatic)) },
	} {
		must(t, step())
		f.Settle(t)
	}
	if f.Watch.Len() != 1 {
		t.Errorf("there are %v", f.Watch.List())
	}
}

// With the last IPv4 address of a link its routes go, whatever their source, and a hop
// over it is dead until there is an address again.
func TestWatchLastAddress(t *testing.T) {
	c, watching, _, links := twoLinks(t)
	ctx := t.Context()
	every, static := follow(t, watching), follow(t, watching, MatchProtocol(rtnl.ProtocolStatic))
	last := addr.Address{Link: links[1], Prefix: netip.MustParsePrefix("10.1.0.1/24")}
	must(t, Add(ctx, c, Route{Dst: netip.MustParsePrefix("192.0.2.0/25"), Gateway: netip.MustParseAddr("10.1.0.2"), Protocol: rtnl.ProtocolStatic}))
	must(t, Add(ctx, c, Route{Dst: netip.MustParsePrefix("192.0.2.128/25"), Protocol: rtnl.ProtocolStatic, Multipath: []Nexthop{
		{Link: links[0], Gateway: netip.MustParseAddr("10.0.0.4")}, {Link: links[1], Gateway: netip.MustParseAddr("10.1.0.4")},
	}}))
	every.Settle(t)
	static.Settle(t)
	must(t, addr.Delete(ctx, c, last))
	static.Settle(t)
	every.Settle(t)
	if static.Watch.Len() != 1 {
		t.Errorf("there are %v", static.Watch.List())
	}
	must(t, addr.Add(ctx, c, last))
	static.Settle(t)
	every.Settle(t)
}

// Two hops may differ in nothing but what they put packets into.
func TestWatchTwins(t *testing.T) {
	segment := func(last byte) rtnl.Encap {
		return &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: []netip.Addr{netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: last})}}
	}
	hop := func(last byte) Nexthop {
		return Nexthop{Link: 2, Gateway: netip.MustParseAddr("2001:db8::2"), Encap: segment(last), Weight: 1}
	}
	r := Route{Family: rtnl.FamilyIPv6, Multipath: []Nexthop{hop(1), hop(2)}}
	for i := range 2 {
		gone := hop(byte(1 + i))
		left, ok := r.without([]Nexthop{gone})
		if !ok || left.Multipath != nil || left.Extra == nil || !reflect.DeepEqual(left.Extra.Encap, hop(byte(2-i)).Encap) {
			t.Errorf("without %d: %v, %v", i, left, ok)
		}
	}
	if left, ok := r.without([]Nexthop{hop(3)}); ok {
		t.Errorf("without another: %v", left)
	}
	if left, ok := r.without(r.Multipath); ok {
		t.Errorf("without all: %v", left)
	}
}

func TestWait(t *testing.T) {
	c, _, _, _ := twoLinks(t)
	ctx := t.Context()
	r := Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.MustParseAddr("10.0.0.2")}
	found := make(chan error, 1)
	go func() {
		got, err := Wait(ctx, c, MatchDst(r.Dst))
		if err == nil && got.Gateway != r.Gateway {
			err = fmt.Errorf("got %v", got)
		}
		found <- err
	}()
	must(t, Add(ctx, c, Route{Dst: netip.MustParsePrefix("203.0.113.0/24"), Type: TypeBlackhole}))
	must(t, Add(ctx, c, r))
	must(t, <-found)
	if _, err := Wait(ctx, c, MatchDst(r.Dst)); err != nil { // already
		t.Error(err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := Wait(short, c, MatchTable(77)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := Wait(ctx, c, MatchDst(netip.Prefix{})); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// IPv4 routes over a next hop object are one, however many ways that has by now.
func TestAlikeOverNexthopObject(t *testing.T) {
	one := Route{Family: rtnl.FamilyIPv4, NexthopID: 100, Gateway: netip.MustParseAddr("10.0.0.2"), Link: 1}
	two := Route{Family: rtnl.FamilyIPv4, NexthopID: 100, Multipath: []Nexthop{{Link: 1}, {Link: 2}}}
	if !alike(&one, &two) || !alike(&two, &one) {
		t.Error("they are two")
	}
	two.NexthopID = 101
	if alike(&one, &two) || alike(&two, &one) {
		t.Error("those over different objects are one")
	}
}

// Each field of a route is told when it changes, but for what is named here.
func TestEqualSeesEveryField(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Route](), reflect.TypeFor[Extra]()} {
		for i := range typ.NumField() {
			var a, b Route
			into := reflect.ValueOf(&b).Elem()
			if typ == reflect.TypeFor[Extra]() {
				b.Extra = new(Extra)
				into = reflect.ValueOf(b.Extra).Elem()
			} else if typ.Field(i).Name == "Extra" {
				continue
			}
			setField(t, into.Field(i))
			ignored := slices.Contains([]string{"CacheInfo", "Multicast"}, typ.Field(i).Name)
			if equal(&a, &b) != ignored {
				t.Errorf("%s.%s: equal is %v", typ.Name(), typ.Field(i).Name, equal(&a, &b))
			}
		}
	}
	a, b := Route{Extra: &Extra{Expires: time.Hour}}, Route{Extra: &Extra{Expires: time.Minute}}
	if !equal(&a, &b) {
		t.Error("an expiry that comes nearer is told")
	}
}

// setField gives a field another value than zero.
func setField(t *testing.T, f reflect.Value) {
	switch v := f.Addr().Interface().(type) {
	case *netip.Prefix:
		*v = netip.MustParsePrefix("192.0.2.0/24")
	case *netip.Addr:
		*v = netip.MustParseAddr("192.0.2.1")
	case *rtnl.Encap:
		*v = &rtnl.MPLSEncap{}
	case *Metrics:
		v.MTU = 1
	case *Realms:
		v.To = 1
	default:
		switch {
		case f.Kind() == reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case f.Kind() == reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case f.CanInt():
			f.SetInt(1)
		case f.CanUint():
			f.SetUint(1)
		default:
			t.Fatalf("no value for a %v", f.Type())
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Changes of routes that are not watched take no room in the buffer, whether it is read or
// not; those of routes that are watched do.
func TestWatchOthers(t *testing.T) {
	c, watching, _, links := twoLinks(t)
	ctx := t.Context()
	in := func(dst string, table rtnl.Table) Route {
		return Route{Dst: netip.MustParsePrefix(dst), Table: table, Link: links[0]}
	}
	others := func() {
		for _, write := range []func(context.Context, nlkit.Doer, Route) error{
			func(ctx context.Context, b nlkit.Doer, r Route) error { return Add(ctx, b, r) },
			func(ctx context.Context, b nlkit.Doer, r Route) error { return Delete(ctx, b, r) },
		} {
			b := c.NewBatch()
			for i := range 1000 {
				table := rtnl.Table(300 + i%50)
				must(t, write(ctx, b, in(fmt.Sprintf("198.18.%d.%d/32", i/256, i%256), table)))
				must(t, write(ctx, b, in(fmt.Sprintf("2001:db8:f::%x/128", i), table)))
			}
			must(t, b.Send(ctx))
		}
	}
	for _, tt := range []struct {
		name string
		opts []ListOption
		own  []Route
		lost bool
	}{
		{"all", nil, []Route{in("192.0.2.0/24", 100)}, true},
		{"table", []ListOption{MatchTable(100)}, []Route{in("192.0.2.0/24", 100), in("2001:db8:a::/48", 100)}, false},
		{"large table", []ListOption{MatchTable(1000)}, []Route{in("192.0.2.0/24", 1000), in("2001:db8:a::/48", 1000)}, false},
		{"one of them", []ListOption{MatchTable(300)}, []Route{in("192.0.2.0/24", 300)}, true},
		{"destination", []ListOption{MatchDst(netip.MustParsePrefix("198.18.200.0/32"))}, []Route{in("198.18.200.0/32", 300), in("198.18.200.0/32", 7)}, false},
		{"default", []ListOption{MatchDst(netip.MustParsePrefix("0.0.0.0/0"))}, []Route{in("0.0.0.0/0", 300)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Source(tt.opts...)
			must(t, err)
			told, lost := watchtest.Unread(t, watching, s, len(tt.own), func() {
				others()
				for _, r := range tt.own {
					must(t, Add(ctx, c, r))
				}
			})
			if lost != tt.lost {
				t.Errorf("events were lost: %v", lost)
			}
			for i, ch := range told {
				if ch.Type != nlkit.Added || !tt.lost && ch.New.Dst != tt.own[i].Dst {
					t.Errorf("%+v", ch)
				}
			}
			for _, r := range tt.own {
				must(t, Delete(ctx, c, r))
			}
		})
	}
}
