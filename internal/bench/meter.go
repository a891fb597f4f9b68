package main

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A meter measures what this process takes from its start on.
type meter struct {
	wall   time.Time
	cpu    time.Duration
	allocs uint64
}

func startMeter() meter {
	return meter{allocs: allocs(), cpu: cpu(), wall: time.Now()}
}

// stop completes a report.
func (m meter) stop(r *report) {
	r.Wall, r.CPU = time.Since(m.wall), cpu()-m.cpu
	r.Allocs = allocs() - m.allocs
}

func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no reason why it could fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func allocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
