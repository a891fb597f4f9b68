package rule

import (
	"encoding/json"
	"errors"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
)

// shown returns what `ip` says of the only rule with the priority.
func shown(t *testing.T, ns *nstest.NS, r Rule) map[string]any {
	t.Helper()
	var all, found []map[string]any
	out := ns.Run(t, "ip", "-j", "-d", "-family", r.Family.String(), "rule", "show")
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range all {
		if m["priority"] == float64(*r.Priority) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("ip shows %d rules of priority %d: %s", len(found), *r.Priority, out)
	}
	return found[0]
}

// Made here and read by ip, made by ip and read here: ip says the same of both.
func TestInterop(t *testing.T) {
	nstest.Tool(t, "ip")
	c, ours := newClient(t)
	theirs := nstest.New(t)
	other := clientIn(t, theirs)
	ctx := t.Context()
	for name, s := range live(t) {
		if s.ip == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r := s.rule
			must(t, Add(ctx, c, r))
			args := []string{"-family", r.Family.String(), "rule", "add", "pref", decimal(*r.Priority)}
			theirs.Run(t, "ip", append(args, s.ip...)...)

			expect(t, "made by ip", listed(t, other, MatchFamily(r.Family), MatchPriority(*r.Priority)), r)
			got, want := shown(t, ours, r), shown(t, theirs, r)
			if len(want) < 3 || !reflect.DeepEqual(got, want) {
				t.Errorf("ip says\n%v of ours and\n%v of its own", got, want)
			}
			// Deleted by the other side.
			must(t, Delete(ctx, other, r))
			args[3] = "del"
			ours.Run(t, "ip", append(args, s.ip...)...)
			expect(t, "deleted here", listed(t, other, MatchFamily(r.Family), MatchPriority(*r.Priority)))
			expect(t, "deleted by ip", listed(t, c, MatchFamily(r.Family), MatchPriority(*r.Priority)))
		})
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
