package mirror_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
)

// A program changes everything at random while a mirror with a tiny buffer and a slow
// consumer follows, and others take snapshots: no picture ever has a reference to what
// is not there, and once it is quiet the mirror has what the kernel lists.
//
// NLKIT_SOAK=SEEDS,STEPS makes it as many programs as long as that, from a random seed
// on, or from a third number. (make soak)
func TestChurn(t *testing.T) {
	first, seeds, steps := uint64(0), uint64(3), 1500
	if testing.Short() {
		steps = 500
	}
	if soak := os.Getenv("NLKIT_SOAK"); soak != "" {
		first = rand.Uint64N(1 << 32)
		if n, _ := fmt.Sscanf(soak, "%d,%d,%d", &seeds, &steps, &first); n < 2 {
			t.Fatalf("NLKIT_SOAK=%s is not SEEDS,STEPS", soak)
		}
	}
	var stats nlkit.WatchStats
	for seed := first; seed < first+seeds; seed++ {
		s := churn(t, seed, steps, nil)
		stats.Overruns += s.Overruns
		stats.Heals += s.Heals
		stats.Repaired += s.Repaired
		stats.Vanished += s.Vanished
		if t.Failed() {
			break
		}
	}
	t.Logf("%+v", stats)
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
	c := dial(t, ns)
	ctx := timeout(t)
	p := &program{ctx: ctx, c: c, r: rand.New(rand.NewPCG(seed, 1))}
	if err := p.run(steps / 3); err != nil {
		t.Fatal(err)
	}

	var wg sync.WaitGroup
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
	var quiet atomic.Bool
	var snapshots atomic.Int64
	for range 2 {
		wg.Go(func() {
			for !quiet.Load() {
				if err := pictureOf(m.Snapshot()).check(); err != nil {
					t.Errorf("seed %d: a snapshot: %v", seed, err)
					return
				}
				snapshots.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	defer wg.Wait()
	defer quiet.Store(true)

	select {
	case err := <-running:
		if err != nil {
			t.Fatal(err)
		}
	case <-f.done:
		t.Fatalf("seed %d: %v, %+v", seed, f.err, m.Stats())
	}
	f.untilTrue(ctx, t, c, keep)
	// One more time, with a reader that keeps up: a link goes, and its routes without a word.
	if err := p.lastLink(); err != nil {
		t.Fatal(err)
	}
	f.untilTrue(ctx, t, c, keep)
	if err := link.Delete(ctx, c, link.Name("vlast")); err != nil {
		t.Fatal(err)
	}
	f.untilTrue(ctx, t, c, keep)
	f.until(ctx, t, func(p *picture) string { return difference(pictureOf(m.Snapshot()), p) })
	f.end(t)
	t.Logf("seed %d: %d operations and %d refused, %d changes told, %d snapshots, %+v", seed, p.done, p.refused, len(f.told), snapshots.Load(), m.Stats())
	return m.Stats()
}
