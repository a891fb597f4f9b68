package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// shown returns what `ip` says of the rules of a family, by priority.
func shown(t *testing.T, ns *nstest.NS, family rtnl.Family) map[uint32]map[string]any {
	t.Helper()
	var all []map[string]any
	out := ns.Run(t, "ip", "-j", "-d", "-family", family.String(), "rule", "show")
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rules := map[uint32]map[string]any{}
	for _, m := range all {
		p := uint32(m["priority"].(float64))
		if rules[p] != nil {
			t.Fatalf("ip shows two rules of priority %d: %s", p, out)
		}
		rules[p] = m
	}
	return rules
}

// Made here and read by ip, made by ip and read here: ip says the same of both, and
// each deletes what the other made, by the same words.
func TestInterop(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ours := newClient(t)
	theirs := nstest.New(t)
	other := clientIn(t, theirs)
	ctx := t.Context()
	for _, family := range []rtnl.Family{v4, v6} {
		all := live(t)
		maps.DeleteFunc(all, func(_ string, s *sample) bool { return s.ip == nil || s.rule.Family != family })
		batch := func(ns *nstest.NS, verb string) {
			t.Helper()
			var commands strings.Builder
			for _, s := range all {
				fmt.Fprintf(&commands, "rule %s pref %d %s\n", verb, *s.rule.Priority, strings.Join(s.ip, " "))
			}
			ns.RunInput(t, commands.String(), "ip", "-family", family.String(), "-batch", "-")
		}
		left := [2][]Rule{listed(t, c, MatchFamily(family)), listed(t, other, MatchFamily(family))}
		for _, s := range all {
			must(t, Add(ctx, c, s.rule))
		}
		batch(theirs, "add")
		got, want := shown(t, ours, family), shown(t, theirs, family)
		for name, s := range all {
			p := *s.rule.Priority
			expect(t, name+", made by ip", listed(t, other, MatchFamily(family), MatchPriority(p)), s.rule)
			if len(want[p]) < 3 || !reflect.DeepEqual(got[p], want[p]) {
				t.Errorf("%s: ip says\n%v of ours and\n%v of its own", name, got[p], want[p])
			}
			must(t, Delete(ctx, other, s.rule))
		}
		batch(ours, "del")
		expect(t, "deleted by ip", listed(t, c, MatchFamily(family)), left[0]...)
		expect(t, "deleted here", listed(t, other, MatchFamily(family)), left[1]...)
	}
}

func TestInteropFlush(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ours := newClient(t)
	theirs := nstest.New(t)
	must(t, Flush(t.Context(), c, MatchFamily(v4)))
	theirs.Run(t, "ip", "rule", "flush")
	if got, want := ours.Run(t, "ip", "-j", "rule"), theirs.Run(t, "ip", "-j", "rule"); string(got) != string(want) {
		t.Errorf("left %s, ip leaves %s", got, want)
	}
}

// What the actions do to a packet.
func TestInteropActions(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ns := newClient(t)
	ctx := t.Context()
	ns.Run(t, "ip", "route", "add", "192.0.2.0/24", "dev", "lo", "table", "100000")
	lookup := func(mark string) (string, error) {
		out, err := ns.TryRun(t, "ip", "-o", "route", "get", "192.0.2.1", "mark", mark)
		return string(out), err
	}
	for mark, r := range map[string]Rule{
		"1": {Action: ActionProhibit}, "2": {Action: ActionUnreachable}, "3": {Table: 100000},
		"4": {Goto: 2000}, "5": {Table: 100000, SuppressPrefixLen: new(24)},
	} {
		r.Family, r.Mark, r.Priority = v4, uint32(mark[0]-'0'), new(uint32(1000+uint32(mark[0])))
		must(t, Add(ctx, c, r))
	}
	must(t, Add(ctx, c, Rule{Family: v4, Table: 100000, Mark: 4, Priority: new(uint32(2000))}))
	for mark, want := range map[string]string{
		"0": "unreachable", "1": "Permission denied", "2": "unreachable",
		"3": "dev lo table 100000", "4": "dev lo table 100000", "5": "unreachable",
	} {
		out, err := lookup(mark)
		if err != nil {
			if _, ok := errors.AsType[*exec.ExitError](err); !ok {
				t.Fatal(err)
			}
			out += err.Error()
		}
		if !strings.Contains(out, want) {
			t.Errorf("mark %s: got %q, want %q", mark, out, want)
		}
	}
}
