package together_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"net/netip"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// crowd is objects of a type by number: so many that a list of them takes several
// datagrams.
type crowd struct {
	c      *nlkit.Client
	n      int
	add    func(ctx context.Context, d nlkit.Doer, i int) error
	remove func(ctx context.Context, d nlkit.Doer, i int) error
}

func (w *crowd) send(t *testing.T, fill func(ctx context.Context, b *nlkit.Batch) error) {
	t.Helper()
	b := w.c.NewBatch()
	if err := errors.Join(fill(t.Context(), b), b.Send(t.Context(), fs.ErrExist, fs.ErrNotExist)); err != nil {
		t.Fatal(err)
	}
}

// make makes all of them.
func (w *crowd) make(t *testing.T) {
	t.Helper()
	w.send(t, func(ctx context.Context, b *nlkit.Batch) (err error) {
		for i := range w.n {
			err = errors.Join(err, w.add(ctx, b, i))
		}
		return err
	})
}

// stir removes some, which others are behind in any order, and adds some.
func (w *crowd) stir(t *testing.T, round int) {
	t.Helper()
	w.send(t, func(ctx context.Context, b *nlkit.Batch) (err error) {
		for i := round; i < w.n; i += 10 {
			err = errors.Join(err, w.remove(ctx, b, i))
		}
		for i := range w.n / 20 {
			err = errors.Join(err, w.add(ctx, b, w.n*(round+1)+i))
		}
		return err
	})
}

// watchStirred watches objects which change in the middle of the first lists of them, and
// compares what was told with what there is.
func watchStirred[T any, K comparable, O any](t *testing.T, w *crowd, source func(...O) (nlkit.Source[T, K], error), opts ...O) nlkit.WatchStats {
	t.Helper()
	s, err := source(opts...)
	other, otherErr := source(opts...)
	if err := errors.Join(err, otherErr); err != nil {
		t.Fatal(err)
	}
	w.make(t)
	stirred, early := 3, 10 // rounds, and objects before: the kernel has prepared two datagrams then
	if testing.Short() {
		stirred = 1
	}
	list, lists := s.List, 0
	s.List = func(ctx context.Context, c *nlkit.Client) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			lists++
			n := 0
			for v, err := range list(ctx, c) {
				if n++; n == early && lists <= stirred {
					w.stir(t, lists)
				}
				if !yield(v, err) {
					return
				}
			}
		}
	}
	f := watchtest.Follow(t, w.c, s)
	f.List = other.List
	f.Settle(t)
	return f.Watch.Stats()
}

// What changes while a watch takes its first lists is told like anything else, whether
// the kernel says that a list was interrupted or not.
func TestWatchInterruptedAtFirst(t *testing.T) {
	addr4 := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	addr6 := func(i int) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)})
	}
	mac := func(i int) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)} }
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, c *nlkit.Client, link int) nlkit.WatchStats
	}{
		{"links", func(t *testing.T, c *nlkit.Client, _ int) nlkit.WatchStats {
			name := func(i int) string { return fmt.Sprintf("v%d", i) }
			return watchStirred(t, &crowd{
				c: c, n: 120,
				add: func(ctx context.Context, d nlkit.Doer, i int) error { return link.Add(ctx, d, name(i), &link.Bridge{}) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error {
					return link.Delete(ctx, d, link.Name(name(i)))
				},
			}, link.Source)
		}},
		{"addresses", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			of := func(i int) addr.Address { return addr.Address{Link: on, Prefix: netip.PrefixFrom(addr4(i), 32)} }
			return watchStirred(t, &crowd{
				c: c, n: 1500,
				add:    func(ctx context.Context, d nlkit.Doer, i int) error { return addr.Add(ctx, d, of(i)) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return addr.Delete(ctx, d, of(i)) },
			}, addr.Source)
		}},
		{"IPv6 addresses", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			of := func(i int) addr.Address {
				return addr.Address{Link: on, Prefix: netip.PrefixFrom(addr6(i), 128), Flags: addr.FlagNoDAD}
			}
			return watchStirred(t, &crowd{
				c: c, n: 1500,
				add:    func(ctx context.Context, d nlkit.Doer, i int) error { return addr.Add(ctx, d, of(i)) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return addr.Delete(ctx, d, of(i)) },
			}, addr.Source)
		}},
		{"neighbours", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			of := func(i int) neigh.Neighbour {
				return neigh.Neighbour{Link: on, Addr: addr4(i), LinkAddr: mac(i), State: neigh.StatePermanent}
			}
			return watchStirred(t, &crowd{
				c: c, n: 1500,
				add:    func(ctx context.Context, d nlkit.Doer, i int) error { return neigh.Add(ctx, d, of(i)) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return neigh.Delete(ctx, d, of(i)) },
			}, neigh.Source)
		}},
		{"FDB", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			of := func(i int) neigh.Neighbour {
				return neigh.Neighbour{Link: on, Family: rtnl.FamilyBridge, LinkAddr: mac(i), State: neigh.StatePermanent, Flags: neigh.FlagSelf}
			}
			return watchStirred(t, &crowd{
				c: c, n: 1500,
				add:    func(ctx context.Context, d nlkit.Doer, i int) error { return neigh.Add(ctx, d, of(i)) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return neigh.Delete(ctx, d, of(i)) },
			}, neigh.Source, neigh.FDB())
		}},
		{"next hops", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			return watchStirred(t, &crowd{
				c: c, n: 2500,
				add: func(ctx context.Context, d nlkit.Doer, i int) error {
					return nexthop.Add(ctx, d, nexthop.Nexthop{ID: uint32(i + 1), Link: on, Family: rtnl.FamilyIPv4})
				},
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return nexthop.Delete(ctx, d, uint32(i+1)) },
			}, nexthop.Source)
		}},
		{"rules", func(t *testing.T, c *nlkit.Client, _ int) nlkit.WatchStats {
			of := func(i int) rule.Rule {
				return rule.Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(i + 1)), From: netip.PrefixFrom(addr4(i), 32), Table: rtnl.TableMain}
			}
			return watchStirred(t, &crowd{
				c: c, n: 800,
				add:    func(ctx context.Context, d nlkit.Doer, i int) error { return rule.Add(ctx, d, of(i)) },
				remove: func(ctx context.Context, d nlkit.Doer, i int) error { return rule.Delete(ctx, d, of(i)) },
			}, rule.Source)
		}},
		{"routes", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			return watchRoutes(t, c, func(i int) route.Route { return route.Route{Dst: netip.PrefixFrom(addr4(i), 32), Link: on} })
		}},
		{"routes to one destination", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			return watchRoutes(t, c, func(i int) route.Route {
				return route.Route{Dst: netip.PrefixFrom(addr4(256), 24), Link: on, Priority: uint32(i + 1)}
			})
		}},
		{"IPv6 routes", func(t *testing.T, c *nlkit.Client, on int) nlkit.WatchStats {
			return watchRoutes(t, c, func(i int) route.Route { return route.Route{Dst: netip.PrefixFrom(addr6(i), 128), Link: on} })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := live(t)
			var br link.Link
			if err := link.Add(t.Context(), c, "br0", &link.Bridge{}, link.Up(), link.Into(&br)); err != nil {
				t.Fatal(err)
			}
			s := tc.run(t, c, br.Index)
			t.Logf("%+v", s)
			// Of these the kernel goes on behind the last one, whatever has gone.
			if s.Interrupted == 0 && tc.name != "routes" {
				t.Error("no list was interrupted")
			}
		})
	}
}

func watchRoutes(t *testing.T, c *nlkit.Client, of func(i int) route.Route) nlkit.WatchStats {
	t.Helper()
	return watchStirred(t, &crowd{
		c: c, n: 2000,
		add:    func(ctx context.Context, d nlkit.Doer, i int) error { return route.Add(ctx, d, of(i)) },
		remove: func(ctx context.Context, d nlkit.Doer, i int) error { return route.Delete(ctx, d, of(i)) },
	}, route.Source)
}
