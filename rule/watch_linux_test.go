package rule

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/watchtest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/rtnl"
)

// follow follows the rules that the options match.
func follow(t *testing.T, c *nlkit.Client, opts ...ListOption) *watchtest.Follower[Rule, key] {
	t.Helper()
	s, err := Source(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return watchtest.Follow(t, c, s)
}

func dialIn(t *testing.T, ns *nstest.NS, opts ...nlkit.Option) *nlkit.Client {
	t.Helper()
	c, err := nlkit.New(append(opts, nlkit.WithNetNSFD(ns.FD()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Rules change in nothing but their state, which the kernel does not tell.
func TestWatchSilent(t *testing.T) {
	c := dialIn(t, nstest.New(t))
	ctx := t.Context()
	f, table := follow(t, c), follow(t, c, MatchTable(100))
	flags := func(priority uint32) (found Flags) {
		for _, r := range f.Watch.List() {
			if r.Family == rtnl.FamilyIPv4 && r.Priority != nil && *r.Priority == priority {
				found = r.Flags
			}
		}
		return found
	}
	for _, step := range []struct {
		do       func() error
		priority uint32
		want     Flags
	}{
		{func() error {
			return Add(ctx, c, Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(10)), IIF: "v0", Table: 100})
		}, 10, FlagIIFDetached},
		{func() error { return link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("p0")}) }, 10, 0},
		{func() error { return link.Set(ctx, c, link.Name("v0"), link.WithName("v1")) }, 10, FlagIIFDetached},
		{func() error { return link.Set(ctx, c, link.Name("v1"), link.WithName("v0")) }, 10, 0},
		{func() error { return link.Delete(ctx, c, link.Name("v0")) }, 10, FlagIIFDetached},
		{func() error {
			return Add(ctx, c, Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(20)), Action: ActionGoto, Goto: 30})
		}, 20, FlagUnresolved},
		{func() error { return Add(ctx, c, Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(30)), Table: 7}) }, 20, 0},
		{func() error { return Delete(ctx, c, Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(30))}) }, 20, FlagUnresolved},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		f.Settle(t)
		table.Settle(t)
		if got := flags(step.priority) & (FlagIIFDetached | FlagUnresolved); got != step.want {
			t.Errorf("rule %d has %v, want %v", step.priority, got, step.want)
		}
	}
	if table.Watch.Len() != 1 {
		t.Errorf("there are %v", table.Watch.List())
	}
}

// The first that is heard of a link may be that it has another name now.
func TestWatchFirstRename(t *testing.T) {
	c := dialIn(t, nstest.New(t))
	ctx := t.Context()
	for _, err := range []error{
		link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("p0")}),
		Add(ctx, c, Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(10)), OIF: "v0", Table: 100}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f := follow(t, c)
	f.Settle(t)
	if err := link.Set(ctx, c, link.Name("v0"), link.WithName("v1")); err != nil {
		t.Fatal(err)
	}
	f.Settle(t)
}

// Random changes, with a buffer that overruns: the end is what there is.
func TestWatchRandom(t *testing.T) {
	ns := nstest.New(t)
	c := dialIn(t, ns)
	ctx := t.Context()
	f := follow(t, dialIn(t, ns, nlkit.WithReadBuffer(4096)))
	rnd := rand.New(rand.NewPCG(5, 6))
	step := func() error {
		r := Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(1 + rnd.IntN(6))), Table: rtnl.Table(100 + rnd.IntN(2))}
		if rnd.IntN(2) == 0 {
			r.From = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(rnd.IntN(2)), 0}), 24)
		}
		if rnd.IntN(3) == 0 {
			r.IIF = fmt.Sprintf("v%d", rnd.IntN(3))
		}
		if rnd.IntN(4) == 0 {
			r.Mark = uint32(1 + rnd.IntN(2))
		}
		switch rnd.IntN(8) {
		case 0:
			r.Table, r.Action, r.Goto = 0, ActionGoto, *r.Priority+uint32(1+rnd.IntN(2))
			return Add(ctx, c, r)
		case 1, 2, 3:
			return Add(ctx, c, r)
		case 4:
			return Delete(ctx, c, Rule{Family: r.Family, Priority: r.Priority})
		case 5:
			return Delete(ctx, c, r)
		case 6:
			return link.Delete(ctx, c, link.Name(fmt.Sprintf("v%d", rnd.IntN(3))))
		}
		return link.Add(ctx, c, fmt.Sprintf("v%d", rnd.IntN(3)), &link.Veth{})
	}
	for range 6 {
		goOn := f.Rest()
		for i := range 80 {
			if err := step(); err != nil {
				if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Errno == 0 {
					t.Fatal(err)
				}
			}
			if i == 60 {
				goOn()
			}
		}
		f.Settle(t)
	}
	if s := f.Watch.Stats(); s.Overruns == 0 || s.Repaired == 0 {
		t.Errorf("nothing was lost: %+v", s)
	}
}

func TestWatchRefused(t *testing.T) {
	c := dialIn(t, nstest.New(t))
	if w, err := Watch(t.Context(), c, MatchFrom(netip.Prefix{})); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v, %v", w, err)
	}
}

func TestWatchEqual(t *testing.T) {
	s, err := Source()
	if err != nil {
		t.Fatal(err)
	}
	watchtest.Fields(t, s, Rule{}, func(t *testing.T, name string, f reflect.Value) {
		if name == "UIDRange" {
			f.Set(reflect.ValueOf(&UIDRange{}))
			return
		}
		watchtest.Alter(t, name, f)
	})
}

// Changes of rules of another family take no room in the buffer.
func TestWatchOthers(t *testing.T) {
	c := dialIn(t, nstest.New(t))
	ctx := t.Context()
	for i, tt := range []struct {
		opts []ListOption
		lost bool
	}{
		{nil, true},
		{[]ListOption{MatchFamily(rtnl.FamilyIPv4)}, false},
	} {
		s, err := Source(tt.opts...)
		if err != nil {
			t.Fatal(err)
		}
		own := Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(20 + i)), Table: 100}
		told, lost := watchtest.Unread(t, c, s, 1, func() {
			b := c.NewBatch()
			for range 200 {
				other := Rule{Family: rtnl.FamilyIPv6, Priority: new(uint32(10)), Table: 100}
				if err := errors.Join(Add(ctx, b, other), Delete(ctx, b, other)); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(b.Send(ctx), Add(ctx, c, own)); err != nil {
				t.Fatal(err)
			}
		})
		if lost != tt.lost {
			t.Errorf("%d options: events were lost: %v", len(tt.opts), lost)
		}
		if ch := told[0]; ch.Type != nlkit.Added || !tt.lost && *ch.New.Priority != *own.Priority {
			t.Errorf("%+v", ch)
		}
	}
}
