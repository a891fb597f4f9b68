package nflog_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/nflog"
)

func TestSet(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output}, nft.LogRule{Hook: nft.Output, Group: group + 1})
	sub := subscribe(t, c, nflog.WithGroups(group+1), nflog.WithFlushTimeout(time.Second))
	for _, step := range []struct {
		name                 string
		opts                 []nflog.SetOption
		mode, limit, timeout string
		payload              int // of a datagram of 100 bytes
	}{
		{"nothing", nil, "2", "65531", "100", 128},
		{"the range", []nflog.SetOption{nflog.WithCopyRange(40), nil}, "2", "40", "100", 40},
		{"the timeout alone", []nflog.SetOption{nflog.WithFlushTimeout(0)}, "2", "40", "0", 40},
		{"no packets", []nflog.SetOption{nflog.WithCopyMeta(), nflog.WithQueueThreshold(1), nflog.WithBufferSize(4096)}, "1", "0", "0", 0},
		{"packets again", []nflog.SetOption{nflog.WithCopyRange(65531), nflog.WithBufferSize(131072)}, "2", "65531", "0", 128},
	} {
		if err := sub.Set(t.Context(), step.opts...); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := proc(t, ns)
		if len(got) != 2 {
			t.Fatalf("%s: the kernel has %v", step.name, got)
		}
		for _, g := range got {
			if g[3] != step.mode || g[4] != step.limit || g[5] != step.timeout {
				t.Errorf("%s: the kernel has %v", step.name, got)
			}
		}
		newSender(t, ns, local4, 0).send(t, string(make([]byte, 100)))
		for _, p := range read(t, sub, 2) {
			if len(p.Payload) != step.payload {
				t.Errorf("%s: a payload of %d bytes, want %d", step.name, len(p.Payload), step.payload)
			}
		}
	}

	// What is refused changes nothing.
	before := proc(t, ns)
	for _, bad := range []nflog.SetOption{nflog.WithCopyRange(0), nflog.WithBufferSize(131073), nflog.WithQueueThreshold(0), nflog.WithFlushTimeout(-1)} {
		err := sub.Set(t.Context(), nflog.WithCopyRange(7), bad)
		if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sub.Set(ctx, nflog.WithCopyRange(7)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if after := proc(t, ns); len(after) != 2 || after[0][4] != before[0][4] || after[1][4] != before[1][4] {
		t.Errorf("the kernel has %v, had %v", after, before)
	}
	_ = sub.Close()
	if err := sub.Set(t.Context(), nflog.WithCopyRange(7)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Settings change while packets come without an end and the buffer overruns: each
// change is made, no packet is lost without being counted.
func TestSetUnderLoad(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithReadBuffer(64<<10), nflog.WithQueueThreshold(10))
	s := newSender(t, ns, local4, 0)
	sent := 0
	stop := repeatAtOnce(func() { s.send(t, "load"); sent++ })
	var reading sync.WaitGroup
	reading.Go(func() {
		for _, err := range sub.All() {
			if err != nil && !errors.Is(err, nlkit.ErrOverrun) {
				t.Error(err)
				return
			}
		}
	})
	for i := range 300 {
		if err := sub.Set(t.Context(), nflog.WithCopyRange(40+i), nflog.WithGlobalSeq(i%2 == 0)); err != nil {
			t.Errorf("change %d: %v", i, err)
			break
		}
		if got := proc(t, ns); len(got) != 1 || got[0][4] != strconv.Itoa(40+i) {
			t.Errorf("change %d: the kernel has %v", i, got)
			break
		}
	}
	stop()
	// What was lost behind the last packet shows when another comes, and that comes
	// once the kernel no longer holds it back.
	deadline := time.Now().Add(30 * time.Second)
	n := 0
	for range time.Tick(time.Millisecond) {
		if n%200 == 0 {
			s.send(t, "end")
			sent++
		}
		n++
		got := sub.Stats()
		if got.Received+got.Lost == uint64(sent) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("counts are %+v, %d were sent", got, sent)
		}
	}
	_ = sub.Close()
	reading.Wait()
}

func TestLossReports(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithReadBuffer(4096), nflog.WithQueueThreshold(10), nflog.WithLossReports())
	s := newSender(t, ns, local4, 0)
	for range 20000 {
		s.send(t, "burst")
	}
	defer repeat(func(i int) { s.send(t, strconv.Itoa(i)) })()
	var reported uint64
	for p, err := range sub.All() {
		if l, ok := errors.AsType[*nflog.Loss](err); ok {
			if !errors.Is(err, nlkit.ErrOverrun) || l.Group != group || l.Packets == 0 {
				t.Errorf("got %v", err)
			}
			reported += uint64(l.Packets)
			continue
		}
		if errors.Is(err, nlkit.ErrOverrun) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, payload := datagram(t, p.Payload); payload != "burst" {
			break
		}
		// What was reported so far stands before this packet.
		if seq, _ := p.Seq(); uint64(seq) != sub.Stats().Received-1+reported {
			t.Fatalf("number %d after %d received and %d reported as lost", seq, sub.Stats().Received-1, reported)
		}
	}
	if got := sub.Stats(); got.Lost != reported || reported == 0 {
		t.Errorf("%d were reported, counts are %+v", reported, got)
	}
}
