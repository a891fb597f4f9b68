package nlkit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// BenchmarkCancel measures the time from the cancel of a context to the return of
// the subscription that waits under it, and shows its distribution.
func BenchmarkCancel(b *testing.B) {
	c, _ := live(b)
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		sub, err := c.Listen(ctx, nlkit.Listen{Op: "bench.Subscribe", Groups: []uint32{uapi.RTNLGRP_LINK}})
		if err != nil {
			b.Fatal(err)
		}
		ended := make(chan time.Time, 1)
		waiting := make(chan struct{})
		go func() {
			close(waiting)
			err := sub.ReadInto(new(nlkit.Message))
			ended <- time.Now()
			if !errors.Is(err, context.Canceled) {
				b.Error(err)
			}
		}()
		<-waiting
		begin := time.Now()
		cancel()
		took = append(took, (<-ended).Sub(begin))
		_ = sub.Close()
	}
	slices.Sort(took)
	for name, q := range map[string]float64{"p50-µs": 0.5, "p99-µs": 0.99, "max-µs": 1} {
		b.ReportMetric(float64(took[int(q*float64(len(took)-1))])/1e3, name)
	}
}

// BenchmarkDo measures one acknowledged write.
func BenchmarkDo(b *testing.B) {
	c, _ := live(b)
	b.ReportAllocs()
	req := setLoopback(1000)
	for b.Loop() {
		if err := c.Do(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
