package neigh

import (
	"errors"
	"io/fs"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/rtnl"
)

// oneTable returns the only table that matches.
func oneTable(t *testing.T, c *nlkit.Client, opts ...TableOption) Table {
	t.Helper()
	tables, err := Tables(t.Context(), c, opts...)
	if err != nil || len(tables) != 1 {
		t.Fatalf("got %d tables, %v", len(tables), err)
	}
	return tables[0]
}

func TestTables(t *testing.T) {
	c, ns := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	for _, strict := range []bool{true, false} {
		tables, err := Tables(ctx, client(t, ns, nlkit.WithStrict(strict)))
		if err != nil {
			t.Fatal(err)
		}
		whole, links := map[string]bool{}, map[int]int{}
		for _, table := range tables {
			links[table.Link]++
			if (table.Link == 0) != (table.Config != nil && table.Stats != nil && table.Threshold3 != nil) {
				t.Errorf("%v: config %v, stats %v", table, table.Config, table.Stats)
			}
			if table.BaseReachableTime == nil || table.UnicastProbes == nil || len(table.Unknown) > 0 {
				t.Errorf("%v lacks settings: %+v", table, table)
			}
			if table.Link == 0 {
				whole[table.String()] = true
				if got := int(table.Config.KeyLen); got != table.Family.Bits()/8 {
					t.Errorf("%v has keys of %d bytes", table, got)
				}
			}
		}
		if !whole["arp_cache"] || !whole["ndisc_cache"] || links[link] != 2 {
			t.Errorf("strict %v: tables %v, links %v", strict, whole, links)
		}
	}
	lenient := client(t, ns, nlkit.WithStrict(false))
	for name, tt := range map[string]struct {
		opts []TableOption
		want int
	}{
		"link":            {[]TableOption{MatchLink(link)}, 2},
		"family":          {[]TableOption{MatchFamily(rtnl.FamilyIPv4), MatchLink(0)}, 1},
		"link and family": {[]TableOption{MatchFamily(rtnl.FamilyIPv6), MatchLink(link), nil}, 1},
		"no link":         {[]TableOption{MatchLink(4711)}, 0},
	} {
		for kind, c := range map[string]*nlkit.Client{"strict": c, "lenient": lenient} {
			if tables, err := Tables(ctx, c, tt.opts...); err != nil || len(tables) != tt.want {
				t.Errorf("%s, %s: %v, %v", name, kind, tables, err)
			}
		}
	}
	if got := oneTable(t, c, MatchFamily(rtnl.FamilyIPv6), MatchLink(link)); got.Name != "ndisc_cache" || got.Link != link {
		t.Errorf("got %v", got)
	}
	if _, err := Tables(ctx, c, MatchFamily(rtnl.FamilyBridge)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("tables of bridges: %v", err)
	}
}

func TestSetTable(t *testing.T) {
	c, _ := live(t)
	ctx := t.Context()
	link, _ := addVeth(t, c, "v0", "v1")
	before := oneTable(t, c, MatchFamily(rtnl.FamilyIPv4), MatchLink(link))
	if err := SetTable(ctx, c, Table{
		Family: rtnl.FamilyIPv4, Link: link,
		UnicastProbes: new(uint32(7)), MulticastProbes: new(uint32(0)), BaseReachableTime: new(42 * time.Second), LockTime: new(time.Duration(0)),
	}); err != nil {
		t.Fatal(err)
	}
	after := oneTable(t, c, MatchFamily(rtnl.FamilyIPv4), MatchLink(link))
	if *after.UnicastProbes != 7 || *after.MulticastProbes != 0 || *after.BaseReachableTime != 42*time.Second || *after.LockTime != 0 {
		t.Errorf("after: %+v", after)
	}
	if *after.RetransmitTime != *before.RetransmitTime || *after.QueueBytes != *before.QueueBytes {
		t.Errorf("what was not set changed: %+v, was %+v", after, before)
	}
	if err := SetTable(ctx, c, before); err != nil {
		t.Fatalf("what was listed: %v", err)
	}
	again := oneTable(t, c, MatchFamily(rtnl.FamilyIPv4), MatchLink(link))
	again.ReachableTime, again.Refs = before.ReachableTime, before.Refs
	if !reflect.DeepEqual(again, before) {
		t.Errorf("put back %+v, want %+v", again, before)
	}
	if err := SetTable(ctx, c, Table{Name: "ndisc_cache", Link: link, AppProbes: new(uint32(1))}); err != nil {
		t.Fatal(err)
	}
	if got := oneTable(t, c, MatchFamily(rtnl.FamilyIPv6), MatchLink(link)); *got.AppProbes != 1 {
		t.Errorf("by name: %+v", got)
	}
	for _, table := range []Table{
		{Family: rtnl.FamilyIPv4, Link: 4711, AppProbes: new(uint32(1))},
		{Name: "no_cache", AppProbes: new(uint32(1))},
		{Family: rtnl.FamilyIPv4, Threshold1: new(uint32(1))}, // of the whole system
		{Family: rtnl.FamilyIPv4, AppProbes: new(uint32(1))},
	} {
		err := SetTable(ctx, c, table)
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || e.Object != table.String() {
			t.Errorf("%v: %v", table, err)
		}
	}
	for _, table := range []Table{
		{AppProbes: new(uint32(1))},
		{Family: rtnl.FamilyIPv4, Link: -1},
		{Family: rtnl.FamilyIPv4, LockTime: new(-time.Second)},
	} {
		if err := SetTable(ctx, c, table); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("%+v: %v", table, err)
		}
	}
}
