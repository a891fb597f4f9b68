package addr_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestWaitReady(t *testing.T) {
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	must(t, err)
	defer c.Close()
	ctx := t.Context()
	var v, peer link.Link
	must(t, link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("p0")}, link.Up(), link.Into(&v)))
	must(t, link.Set(ctx, c, link.Name("p0"), link.Up()))
	peer, err = link.WaitCarrier(ctx, c, link.Name("p0"))
	must(t, err)

	// Detection takes its time, and ends.
	a := addr.Address{Link: v.Index, Prefix: netip.MustParsePrefix("2001:db8::1/64")}
	must(t, addr.Add(ctx, c, a))
	ready, err := addr.WaitReady(ctx, c, v.Index, a.Prefix.Addr())
	must(t, err)
	if len(ready) != 1 || ready[0].Prefix != a.Prefix || ready[0].Flags.Has(addr.FlagTentative) {
		t.Errorf("got %+v", ready)
	}
	// The other end has the same address: that one never can be used.
	twin := a
	twin.Link = peer.Index
	must(t, addr.Add(ctx, c, twin))
	_, err = addr.WaitReady(ctx, c, peer.Index)
	if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, addr.ErrDuplicate) || !ok || e.Object != twin.String() {
		t.Errorf("got %v", err)
	}
	must(t, addr.Delete(ctx, c, twin))

	// One that is not there yet is waited for.
	later := make(chan error, 1)
	b := addr.Address{Link: v.Index, Prefix: netip.MustParsePrefix("192.0.2.1/24")}
	go func() {
		got, err := addr.WaitReady(ctx, c, v.Index, b.Prefix.Addr())
		if err == nil && len(got) != 1 {
			err = errors.New("another number of addresses")
		}
		later <- err
	}()
	must(t, addr.Add(ctx, c, b))
	must(t, <-later)
	all, err := addr.WaitReady(ctx, c, v.Index)
	must(t, err)
	if len(all) < 3 { // with the link-local one
		t.Errorf("got %+v", all)
	}

	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := addr.WaitReady(short, c, v.Index, netip.MustParseAddr("192.0.2.2")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestWaitReadyRefused: what no link can have is refused, and not waited for.
func TestWaitReadyRefused(t *testing.T) {
	c := livetest.In(t, nstest.New(t))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, test := range []struct {
		link int
		ip   netip.Addr
	}{
		{0, ip("192.0.2.1")},
		{-1, ip("192.0.2.1")},
		{1 << (strconv.IntSize - 2), ip("192.0.2.1")},
		{1, netip.Addr{}},
		{1, ip("::ffff:192.0.2.1")},
		{1, ip("fe80::1%lo")},
	} {
		if strconv.IntSize == 32 && test.link > 1 {
			continue // there is no such int
		}
		if _, err := addr.WaitReady(ctx, c, test.link, test.ip); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%d, %v: got %v", test.link, test.ip, err)
		}
	}
}

// TestWaitReadyDuplicateRemoved: the kernel removes an address that another host has if
// its lifetime has an end. That it is gone is the answer, not a reason to go on waiting.
func TestWaitReadyDuplicateRemoved(t *testing.T) {
	l := newQuietLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a := addr.Address{Link: l.v0, Prefix: prefix("2001:db8::1/64")}
	must(t, addr.Add(ctx, l.c, a))
	_, err := addr.WaitReady(ctx, l.c, l.v0, a.Prefix.Addr())
	must(t, err)
	a.Link, a.ValidLifetime = l.v1, time.Hour
	must(t, addr.Add(ctx, l.c, a))
	_, err = addr.WaitReady(ctx, l.c, l.v1, a.Prefix.Addr())
	if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, addr.ErrDuplicate) || !ok || e.Object != a.String() {
		t.Errorf("got %v", err)
	}
	// Without its name it is an address that the link no longer has.
	ready, err := addr.WaitReady(ctx, l.c, l.v1)
	must(t, err)
	if len(ready) != 0 {
		t.Errorf("got %v", ready)
	}
}
