package rule

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Why Replace does not leave it to the kernel.
func TestKernelAddsWhereItIsAskedToReplace(t *testing.T) {
	c, _ := newClient(t)
	r := at(100)
	for range 2 {
		must(t, write(t.Context(), c, "rule.Add", uapi.NLM_F_CREATE|uapi.NLM_F_REPLACE, r, nil))
	}
	if l := listed(t, c, MatchPriority(100)); len(l) != 2 {
		t.Errorf("got %v", texts(l))
	}
}

func TestReplace(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	other := at(100)
	other.IIF, other.Table = "lo", 9 // of the same priority, with another selector
	must(t, Add(ctx, c, other, Into(&other)))
	elsewhere := at(101)
	elsewhere.Table = 9
	must(t, Add(ctx, c, elsewhere, Into(&elsewhere)))

	r := at(100)
	r.From = netip.MustParsePrefix("10.0.0.0/8")
	replace := func(what string) {
		t.Helper()
		var into Rule
		must(t, Replace(ctx, c, r, Into(&into)))
		expect(t, what, listed(t, c, MatchFamily(v4), MatchAction(into.Action), MatchPriority(100), MatchFrom(r.From)), into)
		expect(t, what+", others", listed(t, c, MatchTable(9)), other, elsewhere)
		if n := len(listed(t, c, MatchPriority(100))); n != 2 {
			t.Errorf("%s: %d rules", what, n)
		}
	}
	r.Table = 5
	replace("added")
	replace("added again")
	r.Table = 6
	replace("another table")
	r.Protocol, r.SuppressPrefixLen, r.Realms = rtnl.ProtocolBGP, new(0), Realms{To: 3}
	replace("more than before")
	r.Protocol, r.SuppressPrefixLen, r.Realms = 0, nil, Realms{}
	replace("less than before")
	r.Table, r.Action = 0, ActionBlackhole
	replace("another action")
	r.Action, r.Goto = ActionGoto, 200
	replace("goto nowhere")
	r.Goto = 101
	replace("another target")

	// Several of them, which the kernel allows, become one.
	for table := range rtnl.Table(3) {
		x := at(100)
		x.From, x.Table = r.From, 20+table
		must(t, write(ctx, c, "rule.Add", uapi.NLM_F_CREATE, x, nil))
	}
	r.Goto, r.Action, r.Table = 0, 0, 21
	replace("of several")

	// What is there already stays where it is.
	must(t, Replace(ctx, c, Rule{Priority: new(uint32(100)), From: r.From, To: r.From, Table: 30}))
	before := listed(t, c, MatchFamily(v4))
	must(t, Replace(ctx, c, r))
	expect(t, "nothing to do", listed(t, c, MatchFamily(v4)), before...)
}

// Every sample is replaced by itself and by another rule with the same selectors.
func TestReplaceEverySelector(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	made, all := samples(), live(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		for range 2 {
			must(t, Replace(ctx, c, made[name].rule))
		}
		opts := []ListOption{MatchFamily(s.rule.Family), MatchPriority(*s.rule.Priority)}
		expect(t, name, listed(t, c, opts...), s.rule)
		next := made[name].rule
		next.Protocol = rtnl.ProtocolOSPF
		must(t, Replace(ctx, c, next))
		if l := listed(t, c, opts...); len(l) != 1 || l[0].Protocol != rtnl.ProtocolOSPF {
			t.Errorf("%s, replaced: %v", name, texts(l))
		}
	}
}

func TestReplaceRefused(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	err := Replace(ctx, c, Rule{Family: v4, Table: 5})
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "FRA_PRIORITY" {
		t.Errorf("no priority: %v", err)
	}
	if err := Replace(ctx, nil, at(100)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("nil client: %v", err)
	}

	// The kernel, asked to delete the old rule, would delete the one before it.
	narrow, old := at(100), at(100)
	narrow.IIF, narrow.Table, old.Table = "lo", 5, 5
	must(t, Add(ctx, c, narrow))
	must(t, Add(ctx, c, old))
	before := listed(t, c)
	must(t, Replace(ctx, c, old)) // there is nothing to do
	next := at(100)
	next.Table = 6
	if err := Replace(ctx, c, next); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || !strings.Contains(err.Error(), "iif lo") {
		t.Errorf("in the way: %v", err)
	}
	expect(t, "after", listed(t, c), before...)

	permanent := at(200)
	permanent.Flags, permanent.Table = FlagPermanent, 5
	must(t, Add(ctx, c, permanent))
	next = at(200)
	next.Table = 6
	err = Replace(ctx, c, next)
	if failed, ok := errors.AsType[*nlkit.BatchError](err); !ok || !errors.Is(err, fs.ErrPermission) || failed.Failed[0].Err.Op != "rule.Replace" {
		t.Errorf("permanent: %v", err)
	}
	if l := listed(t, c, MatchPriority(200)); len(l) != 2 {
		t.Errorf("got %v", texts(l))
	}
}

// A kernel that does not know a selector makes a rule without it, and only one.
func TestReplaceUnknownSelector(t *testing.T) {
	c, _ := newClient(t)
	r := at(100)
	r.Rest = []attr.Raw{{Type: 999, Data: []byte{1, 2, 3, 4}}}
	for range 3 {
		must(t, Replace(t.Context(), c, r))
	}
	if l := listed(t, c, MatchPriority(100)); len(l) != 1 || l[0].Rest != nil {
		t.Errorf("got %v", texts(l))
	}
}

// Whatever rules of a priority there are, Replace leaves the others and one of its
// own, or everything as it was. With selectors that the kernel does not know it can't
// promise that.
func TestReplaceAmongRandomRules(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	k, replaced := running(t), 0
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		family := []rtnl.Family{v4, v6}[rnd.IntN(2)]
		var r Rule
		for range 5 {
			r = randomRule(rnd, family)
			k.forget(&r)
			if err := write(ctx, c, "rule.Add", uapi.NLM_F_CREATE, r, nil); err != nil && !errors.Is(err, fs.ErrInvalid) {
				t.Fatal(err)
			}
		}
		r.Protocol = rtnl.ProtocolZebra
		before := listed(t, c, MatchFamily(family), MatchPriority(100))
		var into Rule
		err := Replace(ctx, c, r, Into(&into))
		after := listed(t, c, MatchFamily(family), MatchPriority(100))
		if err != nil {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			expect(t, "refused", after, before...)
		} else {
			replaced++
			want := slices.DeleteFunc(before, func(x Rule) bool { return into.replaces(&x) })
			expect(t, "replaced", after, append(want, into)...)
		}
		must(t, Flush(ctx, c, MatchPriority(100)))
	}
	if replaced < 20 {
		t.Errorf("only %d were replaced", replaced)
	}
}
