package mirror_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
)

// A program changes everything at random while a mirror with a tiny buffer and a slow
// consumer follows, and others take snapshots: no picture ever has a reference to what
// is not there, and once it is quiet the mirror has what the kernel lists.
//
// NLKIT_SOAK=SEEDS,STEPS makes it as many programs as long as that (make soak), from a
// random seed on, or from a third number: NLKIT_SOAK=1,STEPS,SEED is one of them again.
func TestChurn(t *testing.T) {
	first, seeds, steps := uint64(0), uint64(3), 1500
	if testing.Short() {
		seeds = 1
	}
	if soak := os.Getenv("NLKIT_SOAK"); soak != "" {
		first = rand.Uint64N(1 << 32)
		if n, _ := fmt.Sscanf(soak, "%d,%d,%d", &seeds, &steps, &first); n < 2 {
			t.Fatalf("NLKIT_SOAK=%s is not SEEDS,STEPS", soak)
		}
	}
	var stats nlkit.WatchStats
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			s := churn(t, seed, steps, nil)
			stats.Events += s.Events
			stats.Unchanged += s.Unchanged
			stats.Overruns += s.Overruns
			stats.Interrupted += s.Interrupted
			stats.Heals += s.Heals
			stats.Repaired += s.Repaired
			stats.Vanished += s.Vanished
			t.Logf("%d of %d seeds, in all %+v", seed-first+1, seeds, stats)
		})
		if t.Failed() {
			t.Fatalf("again: NLKIT_SOAK=1,%d,%d", steps, seed)
		}
	}
	if stats.Overruns == 0 || stats.Heals == 0 || stats.Repaired == 0 || stats.Vanished == 0 {
		t.Errorf("nothing was lost: %+v", stats)
	}
}

// The same with some links alone, which come and go as they are renamed.
func TestChurnFilter(t *testing.T) {
	steps := 1000
	if testing.Short() {
		steps = 300
	}
	keep := func(l link.Link) bool { return l.Name == "lo" || l.Name[0] == 'v' }
	churn(t, 7, steps, keep, mirror.WithLinks(link.MatchName("[lv]*")))
}

func churn(t *testing.T, seed uint64, steps int, keep func(link.Link) bool, opts ...mirror.Option) nlkit.WatchStats {
	ns := nstest.New(t)
	c := livetest.In(t, ns)
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{ctx: ctx, c: c, r: rand.New(rand.NewPCG(seed, 1))}
	if err := p.run(min(steps/3, 500)); err != nil {
		t.Fatal(err)
	}

	var quiet atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer quiet.Store(true)
	defer cancel()
	running := make(chan error, 1)
	wg.Go(func() { running <- p.run(steps) }) // from before the first list on
	m, err := mirror.Watch(ctx, c, append(opts, mirror.WithKinds(everything), mirror.WithEventBuffer(4096))...)
	if err != nil {
		t.Fatal(err)
	}
	pauses := rand.New(rand.NewPCG(seed, 2))
	f := follow(m, func() {
		if pauses.IntN(50) == 0 {
			time.Sleep(time.Duration(pauses.IntN(5000)) * time.Microsecond)
		}
	})
	var snapshots atomic.Int64
	for range 2 {
		wg.Go(func() {
			for !quiet.Load() {
				if err := pictureOf(m.Snapshot()).check(); err != nil {
					t.Errorf("a snapshot: %v", err)
					return
				}
				snapshots.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}

	select {
	case err := <-running:
		if err != nil {
			t.Fatal(err)
		}
	case <-f.done:
		t.Fatalf("%v, %+v", f.err, m.Stats())
	}
	f.untilTrue(timeout(t), t, c, keep)
	// One more time, with a reader that keeps up: a link goes, and its routes without a word.
	if err := p.lastLink(); err != nil {
		t.Fatal(err)
	}
	f.untilTrue(timeout(t), t, c, keep)
	if err := link.Delete(ctx, c, link.Name("vlast")); err != nil {
		t.Fatal(err)
	}
	f.untilTrue(timeout(t), t, c, keep)
	f.until(timeout(t), t, func(p *picture) string { return difference(pictureOf(m.Snapshot()), p) })
	f.end(t)
	t.Logf("seed %d: %d operations and %d refused, %d changes told, %d snapshots, %+v", seed, p.done, p.refused, f.told, snapshots.Load(), m.Stats())
	return m.Stats()
}
