package neigh

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit/rtnl"
)

// Add takes what List gave, also after it was JSON, and Append takes what an FDB entry
// has more than one destination of. What differs afterwards: CacheInfo and Probes are
// new, and an FDB entry that was stale is reachable.
func TestSaveFlushRestore(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	count := 0
	for sort, samples := range map[string]map[string]liveSample{"neighbours": l.neighbours(), "FDB": l.fdb()} {
		for name, s := range samples {
			if s.add.State == StateFailed || name == "listened to" {
				continue // gone when it is looked for again; left alone by Flush
			}
			if err := Add(ctx, l.c, s.add); err != nil {
				t.Fatalf("%s, %s: %v", sort, name, err)
			}
			count++
		}
	}
	for i := range byte(3) {
		n := Neighbour{Family: rtnl.FamilyBridge, Link: l.vx0, LinkAddr: make(net.HardwareAddr, 6), Addr: addr(fmt.Sprintf("198.51.100.%d", i+1))}
		if err := Append(ctx, l.c, n); err != nil {
			t.Fatal(err)
		}
		count++
	}

	sorts := map[string][]ListOption{"neighbours": nil, "proxies": {Proxies()}, "FDB": {FDB()}}
	saved := map[string][]Neighbour{}
	for sort, opts := range sorts {
		saved[sort] = listed(t, l.ns, opts...)
		count -= len(saved[sort])
	}
	if count != 0 {
		t.Errorf("%d entries more were made than are listed: %v", count, saved)
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string][]Neighbour
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, saved) {
		t.Errorf("from JSON %+v\nwant %+v\nJSON %s", read, saved, text)
	}

	for sort, opts := range sorts {
		if err := Flush(ctx, l.c, opts...); err != nil {
			t.Fatal(err)
		}
		if left := listed(t, l.ns, opts...); len(left) > 0 {
			t.Fatalf("%s that are left: %v", sort, left)
		}
	}
	b := l.c.NewBatch()
	seen := map[string]bool{}
	for _, n := range flat(read) {
		add := Add
		if key := fmt.Sprint(n.Link, n.LinkAddr, n.VLAN, n.SrcVNI); n.Family == rtnl.FamilyBridge {
			if seen[key] {
				add = Append
			}
			seen[key] = true
		}
		if err := add(ctx, b, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(ctx); err != nil {
		t.Fatal(err)
	}
	for sort, opts := range sorts {
		got := listed(t, l.ns, opts...)
		if !reflect.DeepEqual(got, saved[sort]) {
			t.Errorf("%s: restored\n%+v\nwant\n%+v", sort, got, saved[sort])
		}
	}
}

func flat(m map[string][]Neighbour) (all []Neighbour) {
	for list := range maps.Values(m) {
		all = append(all, list...)
	}
	return all
}

// Every sample is read as it was added, by Into, Get and List.
func TestSamples(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	check := func(samples map[string]liveSample, opts ...ListOption) {
		for name, s := range samples {
			var into Neighbour
			var write []WriteOption
			if name != "listened to" { // which cannot be got
				write = append(write, Into(&into))
			}
			if err := Add(ctx, l.c, s.add, write...); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got, want := plain(into), s.want(); write != nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%s: into %+v\nwant %+v", name, got, want)
			}
			if name == "failed" {
				continue
			}
			opts := append([]ListOption{MatchLink(s.add.Link)}, opts...)
			if s.add.Flags.Has(FlagProxy) {
				opts = append(opts, Proxies(), MatchFlags(FlagProxy))
			} else {
				opts = append(opts, MatchLinkAddr(s.add.LinkAddr))
			}
			found := false
			for _, n := range listed(t, l.ns, opts...) {
				found = found || reflect.DeepEqual(n, s.want())
			}
			if !found {
				t.Errorf("%s: not among %+v", name, listed(t, l.ns, opts...))
			}
		}
	}
	check(l.neighbours())
	check(l.fdb(), FDB())
}
