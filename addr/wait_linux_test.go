package addr_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
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
	if _, err := addr.WaitReady(ctx, c, 0); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if _, err := addr.WaitReady(ctx, c, 1, netip.Addr{}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
