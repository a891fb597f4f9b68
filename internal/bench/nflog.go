package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	peer "github.com/florianl/go-nflog/v2"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/nflog"
)

// A sender sends datagrams of 256 bytes with their number in front, as fast as it can,
// and each is logged once. When all are sent, it goes on slowly: a receiver is through
// when it sees one of those, whose number says how many packets were logged before it.
const (
	nflogGroup  = 5
	nflogPort   = 4242
	nflogLength = 228 // of a datagram's data: a packet of 256 bytes
	nflogRange  = 128
	nflogBuffer = 32 << 20
	nflogHeader = 28 // of IPv4 and UDP
)

var nflogWorks = []work{{
	name: "nflog", about: "receive packets of NFLOG, 256 bytes long, of which 128 are copied, with a receive buffer of 32 MiB", unit: "packet",
	figure: cpuTime,
	full:   scale{n: 200_000}, quick: scale{n: 10_000}, least: scale{n: 2000}, open: true, passes: 5,
	scene: scene{name: "nflog", build: nflogStage, fresh: true},
	variants: []variant{
		{name: "C, batched", by: byC, c: "nflog.c", args: []string{"131072", "400"}},
		{name: "ReadInto, batched", by: byNLKit, run: nflogReadInto(batched...)},
		slow(variant{name: "ReadInto and Headers, batched", by: byNLKit, run: nflogHeaders}),
		slow(variant{name: "All, batched", by: byNLKit, run: nflogAll}),
		slow(variant{name: "ReadInto, as it comes", by: byNLKit, run: nflogReadInto()}),
		slow(variant{name: "C, kernel's buffer", by: byC, c: "nflog.c", args: []string{"4096", "400"}}),
		slow(variant{name: "ReadInto, kernel's buffer", by: byNLKit, run: nflogReadInto(nflog.WithBufferSize(4096), nflog.WithQueueThreshold(400))}),
		{name: "go-nflog, kernel's buffer", by: byNFLog, run: nflogPeer},
	},
	goals: []goal{
		{"ReadInto, batched", cpuTime, "C, batched", 3},
		faster("ReadInto, batched", "go-nflog, kernel's buffer", cpuTime, 6),
	},
}}

func nflogStage(int) (*stage, error) {
	ns, err := netns.New()
	if err != nil {
		return nil, err
	}
	rule := nft.LogRule{Hook: nft.Output, Group: nflogGroup, Prefix: "bench", L4Proto: syscall.IPPROTO_UDP, DstPort: nflogPort}
	if err := errors.Join(netns.LoopbackUp(ns), nft.AddLogRule(int(ns.Fd()), rule)); err != nil {
		return nil, errors.Join(err, ns.Close())
	}
	return &stage{ns: ns, drive: func(ctx context.Context, n int, _ string) error {
		return netns.Do(ns, func() error { return nflogSend(ctx, n) })
	}}, nil
}

// nflogSend sends n datagrams as fast as it can, then more, slowly, until ctx ends.
func nflogSend(ctx context.Context, n int) error {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	to := netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:%d", nflogPort))
	data := make([]byte, nflogLength)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := uint64(0); ctx.Err() == nil; i++ {
		binary.BigEndian.PutUint64(data, i)
		if _, err := conn.WriteToUDPAddrPort(data, to); err != nil {
			return err
		}
		if i >= uint64(n) {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// nflogIndex returns the number of the datagram that a packet is.
func nflogIndex(payload []byte) uint64 {
	return binary.BigEndian.Uint64(payload[nflogHeader:])
}

// nflogEnd completes a report at a packet with the sequence number seq, if it is one
// of those that come at the end.
func nflogEnd(r *report, m meter, index, seq uint64, n int) (done bool) {
	if index < uint64(n) {
		return false
	}
	m.stop(r)
	if logged := r.Items + r.Lost; logged != index+1 || seq != index {
		r.Wrong = fmt.Sprintf("%d received and %d lost are not the %d packets that were logged, the last as number %d", r.Items, r.Lost, index+1, seq)
	}
	return true
}

// batched are the best settings for speed.
var batched = []nflog.Option{nflog.WithBufferSize(131072), nflog.WithQueueThreshold(400)}

// An nflogReader is nlkit, in one of its ways to read.
type nflogReader struct {
	sub     *nflog.Subscription
	n       int
	m       meter
	started bool
	report  report
}

func newNFLogReader(n int, opts []nflog.Option) (*nflogReader, error) {
	c, err := nlkit.New()
	if err != nil {
		return nil, err
	}
	sub, err := nflog.Subscribe(context.Background(), c, nflogGroup,
		append([]nflog.Option{nflog.WithCopyRange(nflogRange), nflog.WithReadBuffer(nflogBuffer)}, opts...)...)
	if err != nil {
		return nil, err
	}
	fmt.Println(ready)
	return &nflogReader{sub: sub, n: n}, nil
}

// see looks at what a read gave, and reports whether it was the last.
func (r *nflogReader) see(p *nflog.Packet, err error) (done bool, _ error) {
	if errors.Is(err, nlkit.ErrOverrun) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !r.started {
		r.started, r.m = true, startMeter()
	}
	index := nflogIndex(p.Payload)
	if index < uint64(r.n) {
		return false, nil
	}
	s := r.sub.Stats()
	r.report = report{Items: s.Received, Lost: s.Lost, Overruns: s.Overruns}
	seq, _ := p.Seq()
	return nflogEnd(&r.report, r.m, index, uint64(seq), r.n), nil
}

func nflogReadInto(opts ...nflog.Option) func(j job) (report, error) {
	return func(j job) (report, error) {
		r, err := newNFLogReader(j.n, opts)
		if err != nil {
			return report{}, err
		}
		defer r.sub.Close()
		var p nflog.Packet
		for done := false; !done; {
			if done, err = r.see(&p, r.sub.ReadInto(&p)); err != nil {
				return report{}, err
			}
		}
		return r.report, nil
	}
}

func nflogHeaders(j job) (report, error) {
	r, err := newNFLogReader(j.n, batched)
	if err != nil {
		return report{}, err
	}
	defer r.sub.Close()
	var p nflog.Packet
	for done := false; !done; {
		err := r.sub.ReadInto(&p)
		if h := p.Headers(); err == nil && h.Dst.Port() != nflogPort {
			return report{}, fmt.Errorf("the headers are %v", h)
		}
		if done, err = r.see(&p, err); err != nil {
			return report{}, err
		}
	}
	return r.report, nil
}

func nflogAll(j job) (report, error) {
	r, err := newNFLogReader(j.n, batched)
	if err != nil {
		return report{}, err
	}
	defer r.sub.Close()
	for p, err := range r.sub.All() {
		if done, err := r.see(&p, err); err != nil || done {
			return r.report, err
		}
	}
	return report{}, errors.New("the subscription ended")
}

// nflogPeer is go-nflog with the settings that it has: it cannot set the size of the
// kernel's buffer.
func nflogPeer(j job) (r report, err error) {
	nf, err := peer.Open(&peer.Config{
		Group: nflogGroup, Copymode: peer.CopyPacket, Bufsize: nflogRange, QThresh: 400, Timeout: 2, Flags: peer.FlagSeq,
	})
	if err != nil {
		return r, err
	}
	if err := nf.Con.SetReadBuffer(nflogBuffer); err != nil {
		return r, err
	}
	var m meter
	var next uint64
	var done atomic.Bool
	ended := make(chan report, 1)
	hook := func(a peer.Attribute) int {
		if done.Load() {
			return 1
		}
		if r.Items++; r.Items == 1 {
			m = startMeter()
		}
		seq := uint64(*a.Seq)
		r.Lost += seq - next
		next = seq + 1
		if nflogEnd(&r, m, nflogIndex(*a.Payload), seq, j.n) {
			done.Store(true)
			ended <- r
			return 1
		}
		return 0
	}
	failed := func(error) int {
		if done.Load() {
			return 1
		}
		r.Overruns++
		return 0
	}
	if err := nf.RegisterWithErrorFunc(context.Background(), hook, failed); err != nil {
		return r, err
	}
	fmt.Println(ready)
	return <-ended, nil
}
