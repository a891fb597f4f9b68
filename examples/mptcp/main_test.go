//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, limitsAttrs)
	attrtest.Covers(t, endpointAttrs, "Addr") // two rows of its own kind
	attrtest.Covers(t, limitsAttrs)
	for _, e := range []Endpoint{
		{},
		{ID: 1, Addr: netip.MustParseAddr("192.0.2.1"), Port: 4000, Flags: Signal | 1<<20, Link: 7},
		{ID: 2, Addr: netip.MustParseAddr("2001:db8::1"), Flags: Subflow},
	} {
		b, err := endpointAttrs.Append(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		var got Endpoint
		if err := endpointAttrs.Decode(b, &got); err != nil || got != e {
			t.Errorf("%v came back as %v, %v", e, got, err)
		}
	}
}

func FuzzEndpoint(f *testing.F) { attrtest.Fuzz(f, entryAttrs) }

// TestAgainstIP makes endpoints here and reads them there, and the other way round.
func TestAgainstIP(t *testing.T) {
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	if _, err := genl.Resolve(ctx, c, string(mptcp)); errors.Is(err, fs.ErrNotExist) {
		nstest.Skip(t, "family:mptcp_pm", "no Multipath TCP")
	}
	list := func() (list []string) {
		for e, err := range endpoints.All(ctx, c, mptcp, nil) {
			if err != nil {
				t.Fatal(err)
			}
			e.Endpoint.Link = 0 // ip writes its name
			list = append(list, e.Endpoint.String())
		}
		return list
	}
	listIP := func() (list []string) {
		for line := range strings.Lines(string(ns.Run(t, "ip", "mptcp", "endpoint", "show"))) {
			list = append(list, strings.TrimSpace(strings.ReplaceAll(line, "dev lo", "")))
		}
		return list
	}

	for _, e := range []Endpoint{
		{ID: 5, Addr: netip.MustParseAddr("127.0.0.1"), Port: 4000, Flags: Signal},
		{ID: 6, Addr: netip.MustParseAddr("2001:db8::1"), Flags: Subflow | Backup, Link: 1},
	} {
		if err := AddEndpoint(ctx, c, e); err != nil {
			t.Fatal(err)
		}
	}
	ns.Run(t, "ip", "mptcp", "endpoint", "add", "192.0.2.3", "dev", "lo", "id", "7", "subflow")
	if err := SetFlags(ctx, c, 7, Subflow|Backup); err != nil {
		t.Fatal(err)
	}
	want := []string{"127.0.0.1 port 4000 id 5 signal", "2001:db8::1 id 6 subflow backup", "192.0.2.3 id 7 subflow backup"}
	if got, ip := list(), listIP(); !slices.Equal(got, want) || !slices.Equal(ip, want) {
		t.Errorf("got %q, ip has %q, want %q", got, ip, want)
	}

	if err := SetLimits(ctx, c, Limits{Subflows: 3}); err != nil {
		t.Fatal(err)
	}
	got, err := getLimits.Query(ctx, c, mptcp, nil)
	if out := string(ns.Run(t, "ip", "mptcp", "limits", "show")); err != nil || got != (Limits{Subflows: 3}) || strings.TrimSpace(out) != "add_addr_accepted 0 subflows 3" {
		t.Errorf("the limits are %+v, %v; ip says %q", got, err, out)
	}

	if err := AddEndpoint(ctx, c, Endpoint{ID: 5, Addr: netip.MustParseAddr("192.0.2.9")}); err == nil || nlkit.SafeToRetry(err) {
		t.Errorf("an id that is taken was not refused by the kernel: %v", err)
	}
	err = SetLimits(ctx, c, Limits{Subflows: 1 << 20})
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Errno != syscall.EINVAL || e.Message == "" {
		t.Errorf("a limit out of range: %v", err)
	}
	for _, id := range []uint8{5, 6, 7} {
		if err := DeleteEndpoint(ctx, c, id); err != nil {
			t.Error(fmt.Errorf("id %d: %w", id, err))
		}
	}
	if ip := listIP(); len(ip) > 0 {
		t.Errorf("left over: %q", ip)
	}
}
