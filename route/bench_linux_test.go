package route

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// BenchmarkWatchOthers measures what it costs to watch one table while routes of a
// hundred others change: the processor time of whoever reads the watch, for each change.
func BenchmarkWatchOthers(b *testing.B) {
	for _, filtered := range []bool{true, false} {
		b.Run(fmt.Sprintf("filter=%v", filtered), func(b *testing.B) {
			c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(b).FD()))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			s, err := Source(MatchTable(100))
			if err != nil {
				b.Fatal(err)
			}
			if !filtered {
				s.Wants = nil
			}
			w, err := nlkit.NewWatch(b.Context(), c, s)
			if err != nil {
				b.Fatal(err)
			}
			synced, took := make(chan struct{}), make(chan int64, 1)
			go func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				var began int64
				for ch, err := range w.All() {
					switch {
					case err != nil:
						b.Error(err)
					case ch.Type == nlkit.Synced:
						began = threadTime(b)
						close(synced)
					default:
						took <- threadTime(b) - began
						return
					}
				}
			}()
			<-synced
			const routes = 1000
			changes := 0
			for b.Loop() {
				add, remove := c.NewBatch(), c.NewBatch()
				for i := range routes {
					r := Route{Dst: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 32), Table: rtnl.Table(300 + i%100), Link: 1}
					must(b, Add(b.Context(), add, r))
					must(b, Delete(b.Context(), remove, r))
				}
				must(b, add.Send(b.Context()))
				must(b, remove.Send(b.Context()))
				changes += 2 * routes
			}
			must(b, Add(b.Context(), c, Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Table: 100, Link: 1}))
			b.ReportMetric(float64(<-took)/float64(changes), "reader-ns/change")
			b.ReportMetric(float64(w.Stats().Overruns), "overruns")
			must(b, w.Close())
		})
	}
}

// threadTime returns the processor time that the calling thread has used, in nanoseconds.
func threadTime(b *testing.B) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		b.Error(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
