package addr_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// join gives v0 addresses that make it join a multicast group of each family, and
// makes the namespace a router, which answers to an anycast address in each network.
func (l *lab) join(t *testing.T) {
	t.Helper()
	for _, a := range []addr.Address{
		{Prefix: prefix("233.252.0.7/24"), Flags: addr.FlagAutoJoin},
		{Prefix: prefix("ff05::7/64"), Flags: addr.FlagAutoJoin},
		{Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD},
	} {
		a.Link = l.v0
		if err := addr.Add(t.Context(), l.c, a); err != nil {
			t.Fatal(err)
		}
	}
	// A router takes the anycast addresses of those that it has by now.
	l.sysctl(t, "net/ipv6/conf/all/forwarding", "1")
}

func TestMulticast(t *testing.T) {
	l := newLab(t)
	l.join(t)
	lenient := livetest.In(t, l.ns, nlkit.WithStrict(false))
	for family, want := range map[rtnl.Family]netip.Addr{rtnl.FamilyIPv4: ip("233.252.0.7"), rtnl.FamilyIPv6: ip("ff05::7")} {
		t.Run(family.String(), func(t *testing.T) {
			get := func(c *nlkit.Client, opts ...addr.MembershipOption) []addr.Membership {
				t.Helper()
				all, err := addr.Multicast(t.Context(), c, family, opts...)
				if family == rtnl.FamilyIPv4 && errors.Is(err, errors.ErrUnsupported) {
					nstest.Skip(t, "kernel:6.15", "%v", err)
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range all {
					if !m.Addr.IsMulticast() || rtnl.FamilyOf(m.Addr) != family || m.Created == 0 || m.Updated == 0 {
						t.Errorf("got %+v", m)
					}
				}
				return all
			}
			all := get(l.c)
			i := slices.IndexFunc(all, func(m addr.Membership) bool { return m.Addr == want })
			if i < 0 || all[i].Link != l.v0 {
				t.Fatalf("%v is not among %v", want, all)
			}
			for name, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": lenient} {
				of0, of1 := get(c, addr.MatchLink(l.v0), nil), get(c, addr.MatchLink(l.v1))
				if !slices.Contains(of0, all[i]) || slices.ContainsFunc(of1, func(m addr.Membership) bool { return m.Link != l.v1 }) || len(of1) == 0 {
					t.Errorf("%s: of v0 %v, of v1 %v", name, of0, of1)
				}
				if none := get(c, addr.MatchLink(999)); len(none) > 0 {
					t.Errorf("%s: of no link %v", name, none)
				}
			}
		})
	}
	if _, err := addr.Multicast(t.Context(), l.c, rtnl.FamilyMPLS); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("of MPLS: %v", err)
	}
}

func TestAnycast(t *testing.T) {
	l := newLab(t)
	l.join(t)
	for _, strict := range []bool{true, false} {
		c := livetest.In(t, l.ns, nlkit.WithStrict(strict))
		all, err := addr.Anycast(t.Context(), c, addr.MatchLink(l.v0))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(all, func(m addr.Membership) bool {
			return m.Link == l.v0 && m.Addr == ip("2001:db8::") && m.Created > 0 && m.Updated > 0
		}) {
			t.Errorf("strict %v: got %+v", strict, all)
		}
	}
}

func TestSubscribeMemberships(t *testing.T) {
	nstest.NeedKernel(t, "6.15")
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := addr.SubscribeMemberships(ctx, l.c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	l.join(t)

	// What an event says is what a list says, but for the scope: see [addr.Membership].
	listed := map[netip.Addr]addr.Membership{}
	for _, list := range []func() ([]addr.Membership, error){
		func() ([]addr.Membership, error) { return addr.Multicast(ctx, l.c, rtnl.FamilyIPv4) },
		func() ([]addr.Membership, error) { return addr.Multicast(ctx, l.c, rtnl.FamilyIPv6) },
		func() ([]addr.Membership, error) { return addr.Anycast(ctx, l.c) },
	} {
		all, err := list()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.Addr == ip("ff05::7") && m.Scope != rtnl.ScopeSite {
				t.Errorf("scope %v", m.Scope)
			}
			m.Scope = rtnl.ScopeGlobal
			listed[m.Addr] = m
		}
	}
	if err := addr.Flush(ctx, l.c, addr.MatchLink(l.v0)); err != nil {
		t.Fatal(err)
	}
	waiting := map[netip.Addr]nlkit.EventType{ip("233.252.0.7"): nlkit.Updated, ip("ff05::7"): nlkit.Updated, ip("2001:db8::"): nlkit.Updated}
	for e, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		typ, ours := waiting[e.Object.Addr]
		switch {
		case !ours:
			continue
		case e.Type != typ || e.Object.Link != l.v0 || e.NSID != -1 || typ == nlkit.Updated && e.Object != listed[e.Object.Addr]:
			t.Errorf("event %+v, listed %+v", e, listed[e.Object.Addr])
		}
		// The kernel may count an anycast address twice, and then does not drop it.
		if waiting[e.Object.Addr] = nlkit.Deleted; typ == nlkit.Deleted || !e.Object.Addr.IsMulticast() {
			delete(waiting, e.Object.Addr)
		}
		if len(waiting) == 0 {
			break
		}
	}
}
