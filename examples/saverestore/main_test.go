package main

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// namespace returns a client in a namespace that has a bit of everything.
func namespace(t *testing.T) *nlkit.Client {
	t.Helper()
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := furnish(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// What was saved of one namespace is put back in another, where the links have other
// indexes, those inside of encapsulations too.
func TestRestoreInAnotherNamespace(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "saved.json")
	if err := saveFile(ctx, namespace(t), file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// By route, by hop, by next hop object.
	for want, n := range map[string]int{"ip": 3, "seg6local": 1} {
		switch got := strings.Count(string(text), `"Type": "`+want+`"`); got {
		case n:
		case 0:
			nstest.Skip(t, "encap:"+want, "the kernel took none")
		default:
			t.Errorf("%s is there %d times, want %d:\n%s", want, got, n, text)
		}
	}

	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := restoreFile(ctx, c, file); err == nil || !strings.Contains(err.Error(), "no link with the name") {
		t.Errorf("without the links: %v", err)
	}
	var left link.Link
	if err := errors.Join(
		link.Set(ctx, c, link.Name("lo"), link.Up()),
		link.Add(ctx, c, "left", &link.Veth{Peer: link.NewPeer("right")}, link.WithIndex(1234), link.Into(&left)),
		link.Set(ctx, c, link.Name("left"), link.WithAddrGenMode(link.AddrGenNone)),
		link.Set(ctx, c, link.Name("right"), link.WithAddrGenMode(link.AddrGenNone)),
		link.Set(ctx, c, link.Name("left"), link.Up()),
		link.Set(ctx, c, link.Name("right"), link.Up()),
	); err != nil {
		t.Fatal(err)
	}
	if err := restoreFile(ctx, c, file); err != nil {
		t.Fatal(err)
	}
	r, err := route.List(ctx, c, route.MatchDst(netip.MustParsePrefix("2001:db8:2::/64")))
	if err != nil || len(r) != 1 || r[0].Extra == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if e, ok := r[0].Extra.Encap.(*rtnl.SEG6LocalEncap); !ok || e.OIF != 1234 {
		t.Errorf("got %v", r[0].Extra.Encap)
	}
}

// What cannot be put back is not saved.
func TestProgramsAreRefused(t *testing.T) {
	bpf := &rtnl.BPFEncap{Out: &rtnl.BPFProgram{Name: "x"}}
	for _, s := range []*state{
		{Nexthops: []nexthop.Nexthop{{ID: 1, Encap: bpf}}},
		{Routes: []route.Route{{}, {Extra: &route.Extra{Encap: bpf}}}},
		{Routes: []route.Route{{Multipath: []route.Nexthop{{}, {Encap: bpf}}}}},
	} {
		if _, err := encode(s); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "has no descriptor") {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestCountersAreOfTheMoment(t *testing.T) {
	e := &rtnl.SEG6LocalEncap{Action: rtnl.SEG6End, Counters: &rtnl.SEG6Counters{Packets: 7}}
	s := &state{Routes: []route.Route{{Extra: &route.Extra{Encap: e}}}}
	if s.settle(); !reflect.DeepEqual(e.Counters, new(rtnl.SEG6Counters)) {
		t.Errorf("got %+v", e.Counters)
	}
}
