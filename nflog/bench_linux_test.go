package nflog_test

import (
	"errors"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/nflog"
)

// BenchmarkSubscription receives packets of the real kernel. Each packet that is
// sent is logged 20 times, so that it is not the sender that is measured.
func BenchmarkSubscription(b *testing.B) {
	rules := make([]nft.LogRule, 20)
	for i := range rules {
		rules[i] = nft.LogRule{Prefix: "bench", Snaplen: 128}
	}
	run := func(name string, receive func(b *testing.B, sub *nflog.Subscription)) {
		b.Run(name, func(b *testing.B) {
			c, ns := live(b, rules...)
			sub := subscribe(b, c, nflog.WithReadBuffer(32<<20))
			s := newSender(b, ns, local4, 0)
			payload := string(make([]byte, 228))
			defer repeatAtOnce(func() { s.send(b, payload) })()
			b.ReportAllocs()
			receive(b, sub)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
			b.ReportMetric(float64(sub.Stats().Lost)/float64(sub.Stats().Received), "lost/packet")
		})
	}
	run("ReadInto", func(b *testing.B, sub *nflog.Subscription) {
		var p nflog.Packet
		for b.Loop() {
			if err := sub.ReadInto(&p); err != nil && !errors.Is(err, nlkit.ErrOverrun) {
				b.Fatal(err)
			}
		}
	})
	run("All", func(b *testing.B, sub *nflog.Subscription) {
		for _, err := range sub.All() {
			if err != nil && !errors.Is(err, nlkit.ErrOverrun) {
				b.Fatal(err)
			}
			if !b.Loop() {
				return
			}
		}
	})
}
