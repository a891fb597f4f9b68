package addr_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

func TestFlush(t *testing.T) {
	for _, promote := range []string{"0", "1"} {
		t.Run("promote_secondaries "+promote, func(t *testing.T) {
			l := newLab(t)
			ctx := t.Context()
			l.sysctl(t, "net/ipv4/conf/all/promote_secondaries", promote)
			fill := func() {
				t.Helper()
				for _, a := range []addr.Address{
					{Link: l.v0, Prefix: prefix("192.0.2.1/24")}, // has the next two as secondaries
					{Link: l.v0, Prefix: prefix("192.0.2.2/24"), Label: "v0:a"},
					{Link: l.v0, Prefix: prefix("192.0.2.3/24")},
					{Link: l.v0, Prefix: prefix("198.51.100.1/24"), Scope: rtnl.ScopeLink},
					{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD},
					{Link: l.v1, Prefix: prefix("203.0.113.1/32"), Peer: ip("203.0.113.8")},
					{Link: l.v1, Prefix: prefix("203.0.113.1/32"), Peer: ip("203.0.113.9")},
				} {
					if err := addr.Add(ctx, l.c, a); err != nil && !errors.Is(err, fs.ErrExist) {
						t.Fatal(err)
					}
				}
			}
			// Removing the first takes the secondaries along, but where they are
			// promoted.
			secondaries := []string{"192.0.2.2/24 v0", "192.0.2.3/24 v0"}
			if promote == "0" {
				secondaries = nil
			}
			others := []string{
				"127.0.0.1/8 lo", "198.51.100.1/24 v0", "2001:db8::1/64 v0",
				"203.0.113.1 peer 203.0.113.8/32 v1", "203.0.113.1 peer 203.0.113.9/32 v1", "::1/128 lo",
			}
			for _, tt := range []struct {
				name string
				opts []addr.ListOption
				want []string // what is left
			}{
				{"label", []addr.ListOption{addr.MatchLabel("v0:a")}, append([]string{"192.0.2.1/24 v0", "192.0.2.3/24 v0"}, others...)},
				{"prefix", []addr.ListOption{addr.MatchPrefix(prefix("192.0.2.1/24"))}, append(secondaries, others...)},
				{"within", []addr.ListOption{addr.MatchWithin(prefix("192.0.2.0/24"))}, others},
				{"link and family", []addr.ListOption{addr.MatchLink(l.v0), addr.MatchFamily(rtnl.FamilyIPv4)}, slices.Concat([]string{"127.0.0.1/8 lo"}, others[2:])},
				{"no link", []addr.ListOption{addr.MatchLink(999)}, slices.Concat([]string{"192.0.2.1/24 v0", "192.0.2.2/24 v0", "192.0.2.3/24 v0"}, others)},
				{"nothing is left to remove", []addr.ListOption{addr.MatchScope(rtnl.ScopeSite)}, slices.Concat([]string{"192.0.2.1/24 v0", "192.0.2.2/24 v0", "192.0.2.3/24 v0"}, others)},
				{"all", nil, nil},
			} {
				fill()
				if err := addr.Flush(ctx, l.c, tt.opts...); err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				left := l.shown(t)
				slices.Sort(tt.want)
				if !slices.Equal(left, tt.want) {
					t.Errorf("%s: left are\n%s\nwant\n%s", tt.name, strings.Join(left, "\n"), strings.Join(tt.want, "\n"))
				}
			}
			if err := addr.Flush(ctx, l.c); err != nil {
				t.Errorf("nothing to flush: %v", err)
			}
		})
	}
}

const mine, other = addr.Protocol(42), addr.Protocol(43)

// ofProtocols gives a link an address of each family that is mine, and one that is not.
func (l *lab) ofProtocols(t *testing.T) (own, others []addr.Address) {
	own = []addr.Address{
		{Link: l.v0, Prefix: prefix("192.0.2.1/24"), Protocol: mine},
		{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Protocol: mine, Flags: addr.FlagNoDAD},
	}
	others = []addr.Address{
		{Link: l.v0, Prefix: prefix("198.51.100.1/24"), Protocol: other},
		{Link: l.v0, Prefix: prefix("2001:db8:1::1/64"), Flags: addr.FlagNoDAD},
	}
	for _, a := range slices.Concat(own, others) {
		must(t, addr.Add(t.Context(), l.c, a))
	}
	return own, others
}

// TestMatchProtocol: a program finds and flushes what it has made.
func TestMatchProtocol(t *testing.T) {
	nstest.NeedKernel(t, "5.18")
	l := newQuietLab(t)
	ctx := t.Context()
	l.ofProtocols(t)
	var found []string
	for a, err := range addr.All(ctx, l.c, addr.MatchProtocol(mine)) {
		must(t, err)
		found = append(found, a.Prefix.String())
	}
	if want := []string{"192.0.2.1/24", "2001:db8::1/64"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	must(t, addr.Flush(ctx, l.c, addr.MatchProtocol(mine)))
	if left, want := l.shown(t), []string{"127.0.0.1/8 lo", "198.51.100.1/24 v0", "2001:db8:1::1/64 v0", "::1/128 lo"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

// A watch is told of an address that becomes another program's.
func TestWatchProtocol(t *testing.T) {
	nstest.NeedKernel(t, "6.4") // Replace changes the protocol of an IPv4 address
	l := newQuietLab(t)
	ctx := t.Context()
	own, others := l.ofProtocols(t)
	watched := follow(t, l.c, addr.MatchProtocol(mine))
	for _, a := range others {
		a.Protocol = mine
		must(t, addr.Replace(ctx, l.c, a))
		told(t, watched, "an address that became this program's", nlkit.Added, a.Prefix.String(), nil)
	}
	for _, a := range own {
		a.Protocol = other
		must(t, addr.Replace(ctx, l.c, a))
		told(t, watched, "an address that is no longer this program's", nlkit.Removed, a.Prefix.String(), nil)
	}
	watched.Settle(t)
}

// shown returns the addresses of the namespace but the link-local ones, which come
// by themselves, with the names of their links, sorted.
func (l *lab) shown(t testing.TB) (all []string) {
	t.Helper()
	list, err := addr.List(t.Context(), l.c)
	if err != nil {
		t.Fatal(err)
	}
	name := map[int]string{1: "lo", l.v0: "v0", l.v1: "v1"}
	for _, a := range list {
		if !a.Prefix.Addr().IsLinkLocalUnicast() {
			text, _, _ := strings.Cut(a.String(), " dev ")
			all = append(all, text+" "+name[a.Link])
		}
	}
	slices.Sort(all)
	return all
}

func TestFlushErrors(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	err := addr.Flush(ctx, l.c, addr.WithTargetNSID(0))
	if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || !strings.HasPrefix(err.Error(), "addr.Flush: WithTargetNSID") {
		t.Errorf("of another namespace: %v", err)
	}
	if err := addr.Flush(ctx, nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a nil client: %v", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if err := addr.Flush(ctx, l.c); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
