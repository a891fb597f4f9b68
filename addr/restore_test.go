package addr_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/rtnl"
)

// many are addresses with every attribute that can be set, some of them beside each
// other in one network.
func (l *lab) many() []addr.Address {
	return []addr.Address{
		{Link: l.v0, Prefix: prefix("192.0.2.1/24"), Broadcast: ip("192.0.2.255"), Label: "v0:a", Protocol: 42},
		{Link: l.v0, Prefix: prefix("192.0.2.2/24")},
		{Link: l.v0, Prefix: prefix("192.0.2.3/24"), Label: "v0:b", ValidLifetime: 5000 * time.Second, PreferredLifetime: 1000 * time.Second},
		{Link: l.v0, Prefix: prefix("198.51.100.1/28"), Scope: rtnl.ScopeLink, Priority: 77, Flags: addr.FlagNoPrefixRoute},
		{Link: l.v0, Prefix: prefix("233.252.0.7/24"), Flags: addr.FlagAutoJoin},
		{Link: l.v0, Prefix: prefix("2001:db8::1/64"), Flags: addr.FlagNoDAD | addr.FlagHome, Protocol: 42},
		{Link: l.v0, Prefix: prefix("2001:db8::2/64"), Flags: addr.FlagNoDAD | addr.FlagDeprecated, ValidLifetime: 5000 * time.Second},
		{Link: l.v0, Prefix: prefix("2001:db8::3/64"), Flags: addr.FlagNoDAD | addr.FlagManageTemp, ValidLifetime: 5000 * time.Second, PreferredLifetime: 1000 * time.Second},
		{Link: l.v0, Prefix: prefix("2001:db8:1::1/128"), Peer: ip("2001:db8:1::9"), Flags: addr.FlagNoDAD},
		{Link: l.v0, Prefix: prefix("2001:db8:2::1/64"), Priority: 7, Flags: addr.FlagNoDAD | addr.FlagNoPrefixRoute},
		{Link: l.v0, Prefix: prefix("fe80::7/64"), Flags: addr.FlagNoDAD},
		{Link: l.v1, Prefix: prefix("203.0.113.1/32"), Peer: ip("203.0.113.8"), Label: "v1:peer"},
		{Link: l.v1, Prefix: prefix("203.0.113.1/32"), Peer: ip("203.0.113.9"), Flags: addr.FlagDeprecated},
		{Link: l.v1, Prefix: prefix("ff05::7/64"), Flags: addr.FlagNoDAD | addr.FlagAutoJoin},
	}
}

// Add takes what List gave, also after it was JSON. What differs afterwards: Created
// and Updated are new, lifetimes go on from what remained, and an IPv6 address without
// FlagNoDAD is tentative at first.
func TestSaveFlushRestore(t *testing.T) {
	l := newQuietLab(t)
	ctx := t.Context()
	b := l.c.NewBatch()
	for _, a := range l.many() {
		if err := addr.Add(ctx, b, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(ctx); err != nil {
		t.Fatal(err)
	}
	list := func(opts ...addr.ListOption) []addr.Address {
		t.Helper()
		list, err := addr.List(ctx, l.c, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	saved := list()
	if want := len(l.many()) + 2; len(saved) != want { // with those of lo
		t.Fatalf("%d addresses, want %d", len(saved), want)
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	var read []addr.Address
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(read, saved) {
		t.Errorf("from JSON\n%v\nwant\n%v\nJSON\n%s", read, saved, text)
	}
	if err := addr.Flush(ctx, l.c); err != nil {
		t.Fatal(err)
	}
	if left := list(); len(left) > 0 {
		t.Fatalf("left are %v", left)
	}
	// IPv6 addresses come newest first.
	slices.SortStableFunc(read, func(a, b addr.Address) int { return int(a.Family()) - int(b.Family()) })
	slices.Reverse(read[slices.IndexFunc(read, func(a addr.Address) bool { return a.Prefix.Addr().Is6() }):])
	for _, a := range read {
		if err := addr.Add(ctx, b, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(ctx); err != nil {
		t.Fatal(err)
	}
	for len(list(addr.MatchFlags(addr.FlagTentative))) > 0 { // ::1, for a moment
		continue
	}
	restored := list()
	if len(restored) != len(saved) {
		t.Fatalf("restored %v, want %v", restored, saved)
	}
	for i := range saved {
		if got, want := stable(restored[i]), stable(saved[i]); got != want {
			t.Errorf("restored %+v, flags %v\nwant     %+v, flags %v", got, got.Flags, want, want.Flags)
		}
	}
}
