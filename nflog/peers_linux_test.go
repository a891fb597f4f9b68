package nflog_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/nflog"
)

// A peer refuses to number packets and to tell their connections at once.
func TestPeerBugFlagsDontCombine(t *testing.T) {
	for _, global := range []bool{false, true} {
		for _, conntrack := range []bool{false, true} {
			t.Run(fmt.Sprintf("global %v, conntrack %v", global, conntrack), func(t *testing.T) {
				c, ns := live(t, nft.LogRule{Hook: nft.Output})
				track(t, ns, 0)
				sub, err := nflog.Subscribe(t.Context(), c, group, nflog.WithGlobalSeq(global), nflog.WithConntrack(conntrack))
				if e, ok := errors.AsType[*nlkit.Error](err); conntrack && ok && e.Sent && errors.Is(err, errors.ErrUnsupported) {
					return // the kernel itself has no connections to tell
				}
				if err != nil {
					t.Fatal(err)
				}
				defer sub.Close()
				newSender(t, ns, local4, 0).send(t, "x")
				p := read(t, sub, 1)[0]
				_, hasSeq := p.Seq()
				_, hasGlobal := p.GlobalSeq()
				if ct, err := p.Conntrack(); !hasSeq || hasGlobal != global || (ct != nil) != conntrack || err != nil {
					t.Errorf("number %v, global number %v, connection %v, %v", hasSeq, hasGlobal, ct, err)
				}
			})
		}
	}
}

// A peer's Close waits forever for a reader whose context cannot end.
func TestPeerBugCloseHangs(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub, err := nflog.Subscribe(context.Background(), c, group, nflog.WithQueueThreshold(1))
	if err != nil {
		t.Fatal(err)
	}
	newSender(t, ns, local4, 0).send(t, "x")
	reads, ended := make(chan nflog.Packet), make(chan struct{})
	go func() {
		defer close(ended)
		for p, err := range sub.All() {
			if err != nil {
				t.Error(err)
			}
			reads <- p
		}
	}()
	<-reads // and it waits for the next
	closed := make(chan error)
	go func() { closed <- sub.Close() }()
	for range 2 {
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-ended:
			ended = nil
		case <-time.After(30 * time.Second):
			t.Fatal("it hangs")
		}
	}
}

// A peer takes the header of a packet of the families arp and netdev for an attribute.
func TestPeerBugFamilies(t *testing.T) {
	for _, sent := range []nflog.Packet{
		{Family: nflog.FamilyARP, Hook: nflog.HookInput, Protocol: nflog.EtherTypeARP},
		{Family: nflog.FamilyNetdev, Hook: nflog.HookIngress, Protocol: nflog.EtherTypeIPv4},
		{Family: nflog.FamilyBridge, Hook: nflog.HookForward, Protocol: nflog.EtherTypeIPv4},
		{Family: 99, Hook: nflog.HookInput, Protocol: nflog.EtherTypeIPv4},
	} {
		sent.Group, sent.Prefix, sent.Mark = 0x0102, "prefix", 9
		b, err := sent.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var p nflog.Packet
		if err := p.UnmarshalBinary(b); err != nil || p.Family != sent.Family || p.Group != sent.Group || p.Hook != sent.Hook || p.Prefix != sent.Prefix || p.Mark != 9 {
			t.Errorf("got %+v, %v, want %+v", p, err, sent)
		}
	}
}

// A peer never sends the size of the kernel's buffer: no more than 18 packets of 200
// bytes come at a time, whatever the threshold.
func TestPeerBugBufferSizeIsNotSent(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	subscribe(t, c, nflog.WithQueueThreshold(1000), nflog.WithFlushTimeout(time.Hour))
	s := newSender(t, ns, local4, 0)
	const n = 300
	for range n {
		s.send(t, string(make([]byte, 100)))
	}
	if got := proc(t, ns); len(got) != 1 || got[0][2] != strconv.Itoa(n) {
		t.Errorf("the kernel holds back %v, want %d packets", got, n)
	}
}

// A peer panics on a message without a whole header.
func TestPeerBugShortMessagePanics(t *testing.T) {
	b, err := (&nflog.Packet{Family: nflog.FamilyIPv4, Group: 5, Prefix: "prefix"}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var p nflog.Packet
	for n := range len(b) {
		err := p.UnmarshalBinary(b[:n])
		if malformed := errors.Is(err, attr.ErrMalformed); n < 4 && !malformed || err != nil && !malformed {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// A peer's errors of configuration have no errno to look for.
func TestPeerBugErrorsDontMatch(t *testing.T) {
	c, _ := live(t)
	subscribe(t, c)
	_, err := nflog.Subscribe(t.Context(), c, group)
	if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, nflog.ErrInUse) || errors.Is(err, fs.ErrPermission) || !ok || e.Errno == 0 {
		t.Errorf("got %#v", err)
	}
}

// A peer that changes a setting takes packets for the answer, and they are gone.
func TestPeerBugSettingEatsPackets(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithQueueThreshold(1))
	s := newSender(t, ns, local4, 0)
	const n = 100
	for i := range n {
		s.send(t, strconv.Itoa(i))
		if i%10 == 0 {
			if err := sub.Set(t.Context(), nflog.WithCopyRange(100+i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, p := range read(t, sub, n) {
		if _, _, payload := datagram(t, p.Payload); payload != strconv.Itoa(i) {
			t.Fatalf("packet %d is %q", i, payload)
		}
	}
	if got := sub.Stats(); got != (nflog.Stats{Received: n}) {
		t.Errorf("counts are %+v", got)
	}
}

// A peer's stream ends, or goes on without a word, when packets are lost.
func TestPeerBugOverrunIsSilent(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithReadBuffer(4096), nflog.WithQueueThreshold(10))
	s := newSender(t, ns, local4, 0)
	for range 2000 {
		s.send(t, "burst")
	}
	defer repeat(func(int) { s.send(t, "after") })()
	told := false
	for p, err := range sub.All() {
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			told = true
			continue
		case err != nil:
			t.Fatal(err)
		}
		if _, _, payload := datagram(t, p.Payload); payload != "after" {
			continue
		}
		if got := sub.Stats(); !told || got.Overruns == 0 || got.Lost == 0 {
			t.Errorf("told %v, counts are %+v", told, got)
		}
		return
	}
}
