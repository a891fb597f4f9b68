package nlconn

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// inNamespace returns a pool for a fresh network namespace.
func inNamespace(t testing.TB) *Pool {
	t.Helper()
	ns := nstest.New(t)
	fd, err := syscall.Dup(ns.FD())
	if err != nil {
		t.Fatal(err)
	}
	p := NewPool(Config{NetNS: os.NewFile(uintptr(fd), "netns"), MaxIdle: 2})
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// noSuchLink is a request that every kernel refuses with ENODEV.
func noSuchLink() Request {
	data := make([]byte, 16)
	binary.NativeEndian.PutUint32(data[4:], 1<<30)
	return Request{Type: uapi.RTM_DELLINK, Data: data}
}

func TestWindow(t *testing.T) {
	small, large := Request{Data: make([]byte, 48)}, Request{Data: make([]byte, 60<<10)}
	echo := Request{Data: make([]byte, 48), Flags: uapi.NLM_F_ECHO}
	many := func(n int, r Request) []Request {
		reqs := make([]Request, n)
		for i := range reqs {
			reqs[i] = r
		}
		return reqs
	}
	for _, tc := range []struct {
		name         string
		reqs         []Request
		rcvbuf, want int
	}{
		{"one", many(1, small), 1 << 20, 1},
		{"all fit", many(200, small), 1 << 20, 200},
		{"too many", many(1000, small), 1 << 20, windowItems},
		{"small receive buffer", many(1000, small), 212992, 212992 / (1024 + 96)},
		{"too many bytes", many(10, large), 1 << 20, 2},
		{"one that is too large goes alone", many(3, Request{Data: make([]byte, 1<<20)}), 212992, 1},
		{"echoes weigh more", many(1000, echo), 1 << 20, (1 << 20) / (1024 + 96 + 8192)},
	} {
		if got := window(tc.reqs, windowBytes, tc.rcvbuf); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

// Every item of every window is refused, and no refusal is lost: the window is
// bounded by what the receive buffer holds.
func TestBatchLosesNoRefusal(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(syscall.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Put(c)
	reqs := make([]Request, 5000)
	for i := range reqs {
		reqs[i] = noSuchLink()
	}
	seen := 0
	c.Batch(t.Context(), reqs, nil, nil, func(i int, sent bool, err error) {
		if i != seen || !sent || !errors.Is(err, syscall.ENODEV) {
			t.Fatalf("item %d (the %dth): sent %v, %v", i, seen, sent, err)
		}
		seen++
	})
	if seen != len(reqs) || c.Overruns != 0 {
		t.Errorf("%d outcomes, %d overruns", seen, c.Overruns)
	}
}

// With a receive buffer that cannot hold the refusals, those that are lost are
// called unknown, not done, and the call does not wait for them.
func TestBatchTellsLostAnswers(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(syscall.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Put(c)
	if err := c.setReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	c.rcvbuf = 1 << 30 // what the window believes
	reqs := make([]Request, 600)
	for i := range reqs {
		reqs[i] = noSuchLink()
	}
	refused, unknown := 0, 0
	c.Batch(t.Context(), reqs, nil, nil, func(_ int, sent bool, err error) {
		switch {
		case sent && errors.Is(err, syscall.ENODEV):
			refused++
		case sent && errors.Is(err, ErrOverrun):
			unknown++
		default:
			t.Errorf("sent %v, %v", sent, err)
		}
	})
	if refused == 0 || unknown == 0 || refused+unknown != len(reqs) || c.Overruns == 0 {
		t.Errorf("%d refused, %d unknown, %d overruns", refused, unknown, c.Overruns)
	}
	// Whatever is still queued answers nothing that comes later.
	if _, err := c.Do(t.Context(), noSuchLink(), nil); err != nil && !errors.Is(err, syscall.ENODEV) && !errors.Is(err, ErrOverrun) {
		t.Error(err)
	}
}

func TestPoolKeepsOnlyFinishedSockets(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(syscall.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	dump := Request{Type: uapi.RTM_GETLINK, Data: make([]byte, 16)}
	if _, err := c.Dump(t.Context(), dump, func(Message) bool { return false }); err != nil {
		t.Fatal(err)
	}
	p.Put(c)
	if idle, all := p.Idle(); idle != 0 || all != 0 || !c.Closed() {
		t.Errorf("after a dump was broken off: %d idle of %d", idle, all)
	}

	var cs []*Conn
	for range 5 {
		c, err := p.Get(syscall.NETLINK_ROUTE)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Dump(context.Background(), dump, func(Message) bool { return true }); err != nil {
			t.Fatal(err)
		}
		cs = append(cs, c)
	}
	for _, c := range cs {
		p.Put(c)
	}
	if idle, all := p.Idle(); idle != 2 || all != 2 {
		t.Errorf("five sockets given back: %d idle of %d, want 2 of 2", idle, all)
	}
	if c, err = p.Get(syscall.NETLINK_ROUTE); err != nil || c != cs[1] {
		t.Errorf("not the socket that was used last: %v", err)
	}
	p.Put(c)
}

func TestGroups(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Listen(syscall.NETLINK_ROUTE, ListenConfig{Groups: []uint32{uapi.RTNLGRP_LINK, uapi.RTNLGRP_STATS}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	if err := c.Join(uapi.RTNLGRP_NEXTHOP); err != nil {
		t.Fatal(err)
	}
	if err := c.Leave(uapi.RTNLGRP_LINK); err != nil {
		t.Fatal(err)
	}
	got, err := c.Groups()
	if err != nil || len(got) != 2 || got[0] != uapi.RTNLGRP_NEXTHOP || got[1] != uapi.RTNLGRP_STATS {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add(uint16(0), []byte{0, 0, 0, 0})
	f.Add(uint16(uapi.NLM_F_ACK_TLVS|uapi.NLM_F_CAPPED), append(make([]byte, 20), 8, 0, 2, 0, 20, 0, 0, 0))
	f.Fuzz(func(t *testing.T, flags uint16, data []byte) {
		m := Message{Flags: flags, Data: data}
		if e, _, err := parseError(m); err == nil && e != nil && e.Errno == 0 {
			t.Error("a refusal without a reason")
		}
		if e, _, err := parseDone(m); err == nil && e != nil && e.Errno == 0 {
			t.Error("a refusal without a reason")
		}
	})
}
