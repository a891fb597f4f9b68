package rule

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	v4 = rtnl.FamilyIPv4
	v6 = rtnl.FamilyIPv6
)

// at is a rule with no more than a priority.
func at(priority uint32) Rule { return Rule{Family: v4, Priority: &priority} }

// listed returns the rules that match, which must not fail.
func listed(t testing.TB, c *nlkit.Client, opts ...ListOption) []Rule {
	t.Helper()
	l, err := List(t.Context(), c, opts...)
	must(t, err)
	return l
}

func texts(rules []Rule) (s []string) {
	for _, r := range rules {
		s = append(s, r.String())
	}
	return s
}

func expect(t testing.TB, what string, got []Rule, want ...Rule) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(texts(got), "\n"), strings.Join(texts(want), "\n"))
	}
}

func TestAddListDelete(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	made := samples() // what is sent, also to kernels that don't know it
	for name, s := range live(t) {
		var into Rule
		if err := Add(ctx, c, made[name].rule, Into(&into)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		opts := []ListOption{MatchFamily(s.rule.Family), MatchPriority(*s.rule.Priority)}
		expect(t, name+", read", listed(t, c, opts...), s.rule)
		if !reflect.DeepEqual(into, s.rule) {
			t.Errorf("%s, into: got %v %+v", name, into, into)
		}
		if err := Add(ctx, c, s.rule); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s, again: %v", name, err)
		}
		if err := Delete(ctx, c, s.rule); err != nil {
			t.Errorf("%s, deleted: %v", name, err)
		}
		expect(t, name+", deleted", listed(t, c, opts...))
		if err := Delete(ctx, c, s.rule); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s, deleted again: %v", name, err)
		}
	}
}

// What a kernel does not know it ignores.
func TestUnknownSelectorIsIgnored(t *testing.T) {
	c, _ := newClient(t)
	r := at(100)
	r.Rest = []attr.Raw{{Type: 999, Data: []byte{1, 2, 3, 4}}}
	var into Rule
	must(t, Add(t.Context(), c, r, Into(&into)))
	if into.Rest != nil || *into.Priority != 100 {
		t.Errorf("got %+v", into)
	}
}

// A peer gives {34464 1} for 100000-200000.
func TestPeerBugUIDRangeOver65535(t *testing.T) {
	c, _ := newClient(t)
	want := samples()["uid_range"].rule
	err := Add(t.Context(), c, want)
	if userIDs(t) <= want.UIDRange.End {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("user ids that are not there: %v", err)
		}
		return
	}
	must(t, err)
	expect(t, "read", listed(t, c, MatchPriority(*want.Priority)), want)
}

// With a peer one rule with a DSCP makes the whole list fail.
func TestPeerBugDSCPBreaksList(t *testing.T) {
	c, _ := newClient(t)
	must(t, Add(t.Context(), c, Rule{Family: v4, DSCP: new(uint8(46)), Priority: new(uint32(7))}))
	l := listed(t, c, MatchFamily(v4))
	if len(l) != 4 || *l[1].Priority != 7 {
		t.Fatalf("got %v", texts(l))
	}
	if dscp := l[1].DSCP; (dscp == nil) != running(t).before(kernel{6, 12}) || dscp != nil && *dscp != 46 {
		t.Errorf("got %+v", l[1])
	}
}

// With a peer strict checking makes lists of rules fail. All options must give the
// same with and without.
func TestPeerBugStrictCheckingBreaksList(t *testing.T) {
	strict, ns := newClient(t)
	lenient := clientIn(t, ns, nlkit.WithStrict(false))
	ctx := t.Context()
	for _, s := range live(t) {
		must(t, Add(ctx, strict, s.rule))
	}
	p := netip.MustParsePrefix
	for name, tc := range map[string]struct {
		opts []ListOption
		want int
	}{
		"all":        {nil, len(live(t)) + 5},
		"nil option": {[]ListOption{nil}, len(live(t)) + 5},
		"IPv6":       {[]ListOption{MatchFamily(v6), MatchTable(rtnl.TableLocal)}, 1},
		"table":      {[]ListOption{MatchTable(100000)}, 1},
		"no table":   {[]ListOption{MatchTable(0), MatchAction(ActionBlackhole)}, 1},
		"priority":   {[]ListOption{MatchPriority(0)}, 2},
		"protocol":   {[]ListOption{MatchProtocol(rtnl.ProtocolKernel)}, 5},
		"action":     {[]ListOption{MatchAction(ActionGoto)}, 2},
		"mark":       {[]ListOption{MatchMark(7)}, 2},
		"iif":        {[]ListOption{MatchIIF("lo")}, 2},
		"oif":        {[]ListOption{MatchOIF("absent1")}, 2},
		"no iif":     {[]ListOption{MatchIIF(""), MatchOIF(""), MatchPriority(0)}, 2},
		"from":       {[]ListOption{MatchFrom(p("10.0.0.0/8"))}, 2},
		"from exact": {[]ListOption{MatchFrom(p("10.1.2.3/8"))}, 1},
		"from all":   {[]ListOption{MatchFrom(p("::/0")), MatchPriority(0)}, 1},
		"to":         {[]ListOption{MatchTo(p("2001:db8:1::/48"))}, 1},
		"to all":     {[]ListOption{MatchTo(p("0.0.0.0/0")), MatchPriority(0)}, 1},
		"nothing":    {[]ListOption{MatchFamily(v6), MatchFrom(p("10.0.0.0/8"))}, 0},
	} {
		a, b := listed(t, strict, tc.opts...), listed(t, lenient, tc.opts...)
		if len(a) != tc.want {
			t.Errorf("%s: %d rules, want %d: %v", name, len(a), tc.want, texts(a))
		}
		expect(t, name+", lenient", b, a...)
		var streamed []Rule
		for r, err := range All(ctx, strict, tc.opts...) {
			must(t, err)
			streamed = append(streamed, r)
		}
		expect(t, name+", streamed", streamed, a...)
	}
}

// A peer gives no action for such rules, and no target.
func TestPeerBugActionIsLost(t *testing.T) {
	c, _ := newClient(t)
	for i, r := range []Rule{
		{Action: ActionBlackhole}, {Action: ActionUnreachable}, {Action: ActionProhibit}, {Action: ActionNop}, {Action: ActionGoto, Goto: 32766},
	} {
		r.Family, r.Priority = v4, new(uint32(100+uint32(i)))
		must(t, Add(t.Context(), c, r))
		expect(t, r.Action.String(), listed(t, c, MatchPriority(*r.Priority)), r)
	}
}

// A peer sends the id in a form that the kernel refuses (ERANGE), another in 32 bits.
func TestPeerBugTunIDWidth(t *testing.T) {
	c, _ := newClient(t)
	want := samples()["tun_id"].rule
	must(t, Add(t.Context(), c, want))
	expect(t, "read", listed(t, c, MatchPriority(*want.Priority)), want)
}

func TestAllStops(t *testing.T) {
	c, _ := newClient(t)
	for range 3 {
		for r, err := range All(t.Context(), c, MatchFamily(v4)) {
			if err != nil || r.Table != rtnl.TableLocal {
				t.Errorf("got %v, %v", r, err)
			}
			break
		}
	}
}

func TestRefusedOptions(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	for name, opt := range map[string]ListOption{"from": MatchFrom(netip.Prefix{}), "to": MatchTo(netip.Prefix{})} {
		if _, err := List(ctx, c, opt); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("List %s: %v", name, err)
		}
		if err := Flush(ctx, c, opt); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Flush %s: %v", name, err)
		}
		n := 0
		for _, err := range All(ctx, c, opt) {
			if n++; !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("All %s: %v", name, err)
			}
		}
		if n != 1 {
			t.Errorf("All %s yields %d times", name, n)
		}
	}
}

// Rules for multicast routing have families of their own, which the kernel lists and
// announces with the others.
func TestMulticastRules(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, r := range listed(t, c) {
		if r.Family != v4 && r.Family != v6 {
			t.Errorf("got family %v", r.Family)
		}
	}
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	for _, family := range []rtnl.Family{rtnl.FamilyIPMR, rtnl.FamilyIP6MR} {
		t.Run(family.String(), func(t *testing.T) {
			before, err := List(ctx, c, MatchFamily(family))
			if errors.Is(err, errors.ErrUnsupported) {
				nstest.Skip(t, "rule:"+family.String(), "%v", err)
			}
			if err != nil || len(before) != 1 || before[0].Family != family {
				t.Fatalf("got %v, %v", texts(before), err)
			}
			r := Rule{
				Family: family, Priority: new(uint32(100)), IIF: "lo", Mark: 7, MarkMask: new(uint32(0xff)), Table: 1000,
				Action: ActionLookup, Protocol: rtnl.ProtocolStatic,
			}
			var into Rule
			must(t, Add(ctx, c, r, Into(&into)))
			expect(t, "added", listed(t, c, MatchFamily(family), MatchPriority(100)), r)
			expect(t, "into", []Rule{into}, r)
			var e Event
			must(t, sub.ReadInto(&e))
			expect(t, "event", []Rule{e.Object}, r)
			next := r
			next.Table = 1001
			must(t, Replace(ctx, c, next))
			expect(t, "replaced", listed(t, c, MatchFamily(family), MatchPriority(100)), next)
			must(t, Flush(ctx, c, MatchFamily(family), MatchIIF("lo")))
			expect(t, "flushed", listed(t, c, MatchFamily(family)), before...)
			for range 3 { // of the other rules
				must(t, sub.ReadInto(&e))
			}
		})
	}
}

func TestPriority(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	var first, second, zero Rule
	must(t, Add(ctx, c, Rule{Family: v4, Table: 5}, Into(&first)))
	must(t, Add(ctx, c, Rule{Family: v4, Table: 6}, Into(&second)))
	must(t, Add(ctx, c, Rule{Family: v4, Table: 7, Priority: new(uint32(0))}, Into(&zero)))
	if *first.Priority != 32765 || *second.Priority != 32764 || *zero.Priority != 0 {
		t.Errorf("got %v, %v, %v", first, second, zero)
	}
	l := listed(t, c, MatchFamily(v4))
	if len(l) != 6 || l[1].Table != 7 || l[2].Table != 6 || l[3].Table != 5 {
		t.Errorf("got %v", texts(l))
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	p := netip.MustParsePrefix
	for name, tc := range map[string]struct {
		r    Rule
		attr string
	}{
		"no family":        {Rule{Table: 5}, "family"},
		"two families":     {Rule{From: p("10.0.0.0/8"), To: p("2001:db8::/32")}, "FRA_DST"},
		"other family":     {Rule{Family: v6, From: p("10.0.0.0/8")}, "FRA_SRC"},
		"no prefix":        {Rule{Family: v4, To: netip.PrefixFrom(netip.MustParseAddr("10.0.0.1"), 33)}, "FRA_DST"},
		"long iif":         {Rule{Family: v4, IIF: "a234567890123456"}, "FRA_IIFNAME"},
		"long oif":         {Rule{Family: v4, OIF: "a234567890123456"}, "FRA_OIFNAME"},
		"NUL":              {Rule{Family: v4, OIF: "a\x00b"}, "FRA_OIFNAME"},
		"ports":            {Rule{Family: v4, SPort: PortRange{Start: 9, End: 8}}, "FRA_SPORT_RANGE"},
		"first port only":  {Rule{Family: v4, DPort: PortRange{Start: 9}}, "FRA_DPORT_RANGE"},
		"port zero":        {Rule{Family: v4, DPort: PortRange{End: 9}}, "FRA_DPORT_RANGE"},
		"users":            {Rule{Family: v4, UIDRange: &UIDRange{Start: 1}}, "FRA_UID_RANGE"},
		"DSCP":             {Rule{Family: v4, DSCP: new(uint8(64))}, "FRA_DSCP"},
		"DSCP mask":        {Rule{Family: v4, DSCP: new(uint8(0)), DSCPMask: new(uint8(64))}, "FRA_DSCP_MASK"},
		"flow label":       {Rule{Family: v6, FlowLabel: new(uint32(1 << 20))}, "FRA_FLOWLABEL"},
		"IPv6 realms":      {Rule{Family: v6, Table: 5, Realms: Realms{To: 5}}, "FRA_FLOW"},
		"suppressor":       {Rule{Family: v4, SuppressPrefixLen: new(-1)}, "FRA_SUPPRESS_PREFIXLEN"},
		"group":            {Rule{Family: v4, SuppressIfGroup: new(^uint32(0))}, "FRA_SUPPRESS_IFGROUP"},
		"goto and another": {Rule{Family: v4, Goto: 5, Action: ActionLookup}, "FRA_GOTO"},
		"goto nowhere":     {Rule{Family: v4, Action: ActionGoto}, "FRA_GOTO"},
	} {
		b := c.NewBatch()
		verbs := map[string]error{"Add": Add(ctx, c, tc.r), "Replace": Replace(ctx, c, tc.r), "Add to a batch": Add(ctx, b, tc.r)}
		if name != "goto nowhere" { // Delete takes it for any goto
			verbs["Delete"] = Delete(ctx, c, tc.r)
		}
		for verb, err := range verbs {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || e.Sent || e.Attr != tc.attr || !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s, %s: %v", name, verb, err)
			}
		}
		if b.Len() != 0 {
			t.Errorf("%s: queued", name)
		}
	}
	before := listed(t, c)
	for name, r := range map[string]Rule{"nothing": {Family: v4}, "only flags": {Family: v4, Flags: FlagInvert}, "everywhere": {From: p("0.0.0.0/0")}} {
		if err := Delete(ctx, c, r); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("Delete of %s: %v", name, err)
		}
	}
	expect(t, "after", listed(t, c), before...)
	if err := Add(ctx, nil, at(5)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("nil client: %v", err)
	}
}

func TestRefusedByTheKernel(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	for name, tc := range map[string]struct {
		r  Rule
		is error
	}{
		"ECN in TOS":   {Rule{Family: v4, TOS: 3}, fs.ErrInvalid},
		"goto back":    {Rule{Family: v4, Priority: new(uint32(9)), Goto: 8}, fs.ErrInvalid},
		"VRF or table": {Rule{Family: v4, L3MDev: true, Table: 5}, fs.ErrInvalid},
		"port 65535":   {Rule{Family: v4, SPort: Port(65535)}, fs.ErrInvalid},
		"family":       {Rule{Family: rtnl.FamilyBridge, Table: 5}, errors.ErrUnsupported},
	} {
		if tc.r.Priority == nil {
			tc.r.Priority = new(uint32(100))
		}
		verbs := map[string]error{"Add": Add(ctx, c, tc.r), "Replace": Replace(ctx, c, tc.r)}
		if name != "ECN in TOS" { // when it deletes, the kernel does not look for it
			verbs["Delete"] = Delete(ctx, c, tc.r)
		}
		for verb, err := range verbs {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !e.Sent || e.Object == "" || !errors.Is(err, tc.is) {
				t.Errorf("%s, %s: %v", name, verb, err)
			}
		}
	}
	_, err := List(ctx, c, MatchFamily(rtnl.FamilyBridge))
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("List: %v", err)
	}
	if err := Flush(ctx, c, MatchFamily(rtnl.FamilyBridge)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Flush: %v", err)
	}
	if k := running(t); !k.before(kernel{6, 15}) {
		err := Add(ctx, c, Rule{Family: v4, DSCPMask: new(uint8(1))})
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Attr != "FRA_DSCP_MASK" {
			t.Errorf("the kernel's words: %v", err)
		}
	}
}

func TestErrorText(t *testing.T) {
	c, _ := newClient(t)
	err := Delete(t.Context(), c, Rule{From: netip.MustParsePrefix("10.0.0.0/8"), Table: 100, Priority: new(uint32(9))})
	if want := "rule.Delete 9: from 10.0.0.0/8 lookup 100: no such file or directory"; err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A wider rule is refused beside a narrower one, though it is another.
func TestAddTakesWiderForTheSame(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	narrow, wide := at(100), at(100)
	narrow.From = netip.MustParsePrefix("10.0.0.0/8")
	must(t, Add(ctx, c, narrow))
	if err := Add(ctx, c, wide); !errors.Is(err, fs.ErrExist) {
		t.Errorf("wide beside narrow: %v", err)
	}
	must(t, Replace(ctx, c, wide))
	if l := listed(t, c, MatchPriority(100)); len(l) != 2 || l[0].From != narrow.From || l[1].From.IsValid() {
		t.Errorf("got %v", texts(l))
	}
	must(t, Delete(ctx, c, narrow))
	if err := Add(ctx, c, narrow); err != nil {
		t.Errorf("narrow beside wide: %v", err)
	}
}

func TestDeleteTakesTheFirst(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	for prio := range uint32(3) {
		r := at(100 + prio)
		r.Table, r.Mark = 5, prio
		must(t, Add(ctx, c, r))
	}
	must(t, Delete(ctx, c, Rule{Family: v4, Table: 5}))
	if l := listed(t, c, MatchTable(5)); len(l) != 2 || l[0].Mark != 1 {
		t.Errorf("got %v", texts(l))
	}
	must(t, Delete(ctx, c, Rule{Family: v4, Table: 5, Mark: 2}))
	if l := listed(t, c, MatchTable(5)); len(l) != 1 || l[0].Mark != 1 {
		t.Errorf("got %v", texts(l))
	}
	if err := Delete(ctx, c, Rule{Family: v6, Table: 5}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the other family: %v", err)
	}
}

// finds must say of every rule what the kernel does.
func TestFindsAsTheKernelDoes(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	otherThanFirst := 0
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		family := []rtnl.Family{v4, v6}[rnd.IntN(2)]
		for range 6 {
			r := randomRule(rnd, family)
			if err := write(ctx, c, "rule.Add", uapi.NLM_F_CREATE, r, nil); err != nil && !errors.Is(err, fs.ErrInvalid) {
				t.Fatalf("%v: %v", r, err)
			}
		}
		rules := listed(t, c, MatchFamily(family), MatchPriority(100))
		for len(rules) > 0 {
			i := rnd.IntN(len(rules))
			first := slices.IndexFunc(rules, func(x Rule) bool { return rules[i].finds(&x) })
			if first < 0 {
				t.Fatalf("seed %d: %v does not find itself", seed, rules[i])
			}
			if first != i {
				otherThanFirst++
			}
			if err := Delete(ctx, c, rules[i]); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			want := slices.Delete(slices.Clone(rules), first, first+1)
			got := listed(t, c, MatchFamily(family), MatchPriority(100))
			if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, deleting %v of\n%s\nleft\n%s\nwant\n%s", seed, rules[i],
					strings.Join(texts(rules), "\n"), strings.Join(texts(got), "\n"), strings.Join(texts(want), "\n"))
			}
			rules = got
		}
	}
	if otherThanFirst < 20 {
		t.Errorf("only %d deletions hit another rule", otherThanFirst)
	}
}

// randomRule sets few fields, to few values.
func randomRule(rnd *rand.Rand, family rtnl.Family) Rule {
	r := at(100)
	r.Family = family
	sometimes := func(set func()) {
		if rnd.IntN(7) == 0 {
			set()
		}
	}
	network := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/9")}
	if family == v6 {
		network = []netip.Prefix{netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2001:db8::/33")}
		sometimes(func() { r.FlowLabel = new(uint32(rnd.IntN(2))) })
		if r.FlowLabel != nil && rnd.IntN(2) == 0 {
			r.FlowLabelMask = new(uint32(0xff))
		}
	}
	sometimes(func() { r.From = network[rnd.IntN(2)] })
	sometimes(func() { r.To = network[rnd.IntN(2)] })
	sometimes(func() { r.IIF = "lo" })
	sometimes(func() { r.OIF = "absent" })
	sometimes(func() { r.Mark = 1 + uint32(rnd.IntN(2)) })
	sometimes(func() { r.MarkMask = new([]uint32{0, 0xff, 0xffffffff}[rnd.IntN(3)]) })
	sometimes(func() { r.TOS = 0x10 })
	if r.TOS == 0 {
		sometimes(func() { r.DSCP = new(uint8([]int{0, 8}[rnd.IntN(2)])) })
		if r.DSCP != nil && rnd.IntN(2) == 0 {
			r.DSCPMask = new(uint8(0x38))
		}
	}
	sometimes(func() { r.TunID = 1 << 40 })
	sometimes(func() { r.UIDRange = new(UIDRange) })
	sometimes(func() { r.IPProto = 6 })
	sometimes(func() { r.SPort = []PortRange{Port(80), {Start: 80, End: 81}}[rnd.IntN(2)] })
	sometimes(func() { r.DPort = Port(0x1000) })
	if r.DPort.Start != 0 && rnd.IntN(2) == 0 {
		r.DPortMask = new(uint16(0xf000))
	}
	sometimes(func() { r.Realms = Realms{To: 1} })
	sometimes(func() { r.Protocol = rtnl.ProtocolBGP })
	sometimes(func() { r.SuppressPrefixLen = new(rnd.IntN(2)) })
	sometimes(func() { r.SuppressIfGroup = new(uint32(rnd.IntN(2))) })
	sometimes(func() { r.Flags = FlagInvert })
	switch rnd.IntN(8) {
	case 0:
		r.Action = ActionBlackhole
	case 1:
		r.Goto = 32766
	case 2:
		r.L3MDev = true
	case 3:
		r.Table = 5
	}
	return r
}

func TestSaveFlushRestore(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	b := c.NewBatch()
	for _, s := range live(t) {
		must(t, Add(ctx, b, s.rule))
	}
	must(t, b.Send(ctx))
	saved := listed(t, c)
	if len(saved) != len(live(t))+5 {
		t.Fatalf("got %d rules", len(saved))
	}
	must(t, Flush(ctx, c))
	must(t, Flush(ctx, c, MatchPriority(0)))
	expect(t, "flushed", listed(t, c))
	// Through JSON, as a file would have it.
	text, err := json.Marshal(saved)
	must(t, err)
	var read []Rule
	must(t, json.Unmarshal(text, &read))
	for _, r := range read {
		must(t, Add(ctx, b, r))
	}
	must(t, b.Send(ctx))
	expect(t, "restored", listed(t, c), saved...)
}

func TestFlush(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	all := live(t)
	for _, s := range all {
		must(t, Add(ctx, c, s.rule))
	}
	bgp, iif, label := all["protocol"].rule, all["iif"].rule, all["from_6"].rule
	before := listed(t, c)
	must(t, Flush(ctx, c, MatchProtocol(rtnl.ProtocolBGP)))
	must(t, Flush(ctx, c, MatchIIF("lo"), MatchTable(100)))
	must(t, Flush(ctx, c, MatchFrom(label.From), MatchPriority(*label.Priority)))
	must(t, Flush(ctx, c, MatchTable(rtnl.TableMain), MatchTable(4711))) // the last of two holds
	expect(t, "chosen", listed(t, c), slices.DeleteFunc(before, func(r Rule) bool {
		return slices.Contains([]uint32{*bgp.Priority, *iif.Priority, *label.Priority}, *r.Priority)
	})...)

	must(t, Flush(ctx, c, MatchFamily(v4)))
	if l := listed(t, c, MatchFamily(v4)); len(l) != 1 || l[0].Table != rtnl.TableLocal {
		t.Errorf("IPv4: got %v", texts(l))
	}
	if l := listed(t, c, MatchFamily(v6)); len(l) < 6 {
		t.Errorf("IPv6: got %v", texts(l))
	}
	must(t, Flush(ctx, c))
	if l := listed(t, c); len(l) != 2 || *l[0].Priority != 0 || *l[1].Priority != 0 {
		t.Errorf("all: got %v", texts(l))
	}
}

// Flush deletes nothing where the kernel would delete what is to stay.
func TestFlushDeletesNoOther(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	stays, goes, clear := at(100), at(100), at(50)
	stays.Protocol = rtnl.ProtocolBGP
	must(t, Add(ctx, c, clear))
	must(t, Add(ctx, c, stays))
	must(t, Add(ctx, c, goes))
	before := listed(t, c)
	err := Flush(ctx, c, MatchFamily(v4), MatchProtocol(rtnl.ProtocolUnspec))
	if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || !strings.Contains(err.Error(), "proto bgp") {
		t.Errorf("got %v", err)
	}
	expect(t, "after", listed(t, c), before...)
	must(t, Flush(ctx, c, MatchPriority(100))) // both
	if l := listed(t, c, MatchPriority(100)); len(l) != 0 {
		t.Errorf("got %v", texts(l))
	}
}

func TestPermanent(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	r := at(100)
	r.Flags = FlagPermanent
	must(t, Add(ctx, c, r))
	must(t, Add(ctx, c, at(101)))
	if l := listed(t, c, MatchPriority(100)); len(l) != 1 || l[0].Flags != FlagPermanent {
		t.Errorf("got %v", texts(l))
	}
	if err := Delete(ctx, c, r); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Delete: %v", err)
	}
	err := Flush(ctx, c, MatchFamily(v4))
	failed, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || len(failed.Failed) != 1 || !errors.Is(err, fs.ErrPermission) || failed.Failed[0].Err.Op != "rule.Flush" {
		t.Errorf("Flush: %v", err)
	}
	if l := listed(t, c, MatchFamily(v4)); len(l) != 2 {
		t.Errorf("got %v", texts(l))
	}
}

// States are read and not sent: the kernel would store them.
func TestStatesAreNotSent(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	r := at(100)
	r.IIF, r.OIF, r.Table = "v0", "v0", 5
	jump := at(90)
	jump.Goto = 95
	var detached, unresolved Rule
	must(t, Add(ctx, c, r, Into(&detached)))
	must(t, Add(ctx, c, jump, Into(&unresolved)))
	if detached.Flags != FlagIIFDetached|FlagOIFDetached || unresolved.Flags != FlagUnresolved {
		t.Fatalf("got %v and %v", detached.Flags, unresolved.Flags)
	}
	ns.Run(t, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	must(t, Add(ctx, c, at(95)))
	*detached.Priority, *unresolved.Priority = 101, 91
	must(t, Add(ctx, c, detached))
	must(t, Add(ctx, c, unresolved))
	for _, r := range listed(t, c) {
		if r.Flags != 0 {
			t.Errorf("%v has the flags %v", r, r.Flags)
		}
	}
}

func TestBatch(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	b := c.NewBatch()
	into := make([]Rule, 3)
	for i, priority := range []uint32{100, 100, 102} { // the second is there already
		must(t, Add(ctx, b, at(priority), Into(&into[i])))
	}
	must(t, Delete(ctx, b, at(4711)))
	err := b.Send(ctx)
	failed, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || failed.Total != 4 || len(failed.Failed) != 2 || failed.Failed[0].Index != 1 || failed.Failed[1].Index != 3 {
		t.Fatalf("got %v", err)
	}
	if !errors.Is(failed.Failed[0].Err, fs.ErrExist) || !errors.Is(failed.Failed[1].Err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if into[0].Priority == nil || *into[0].Priority != 100 || into[1].Priority != nil || into[2].Priority == nil || *into[2].Priority != 102 {
		t.Errorf("got %+v", into)
	}
}

func TestManyRules(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	b := c.NewBatch()
	const n = 3000
	for i := range n {
		r := at(1000 + uint32(i))
		r.Mark, r.Table = uint32(i+1), 100
		must(t, Add(ctx, b, r))
	}
	must(t, b.Send(ctx))
	l := listed(t, c, MatchTable(100))
	if len(l) != n || l[0].Mark != 1 || l[n-1].Mark != n {
		t.Fatalf("got %d rules", len(l))
	}
	must(t, Flush(ctx, c, MatchTable(100)))
	if l := listed(t, c, MatchTable(100)); len(l) != 0 {
		t.Errorf("%d rules are left", len(l))
	}
}
