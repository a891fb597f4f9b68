package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
)

// A meter measures what this process takes from its start on.
type meter struct {
	wall        time.Time
	cpu, system time.Duration
	memory      runtime.MemStats
}

func startMeter() meter {
	var m meter
	runtime.ReadMemStats(&m.memory)
	m.cpu, m.system = cpu()
	m.wall = time.Now()
	return m
}

// stop completes a report.
func (m meter) stop(r *report) {
	r.Wall = time.Since(m.wall)
	all, system := cpu()
	r.CPU, r.System = all-m.cpu, system-m.system
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	r.Allocs, r.Bytes = now.Mallocs-m.memory.Mallocs, now.TotalAlloc-m.memory.TotalAlloc
	r.Peak = status("VmHWM")
}

// cpu returns the CPU that this process took, and what of it the kernel did.
func cpu() (all, system time.Duration) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no reason why it could fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), time.Duration(u.Stime.Nano())
}

// status returns a number of bytes of /proc/self/status, 0 if it is not there: a
// process's own, while what wait tells of a child includes its parent's.
func status(name string) uint64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			var kib uint64
			_, _ = fmt.Sscan(rest, &kib)
			return kib << 10
		}
	}
	return 0
}

// rounds makes a variant of what does all of the work and returns how many items it
// was.
func rounds(open func(j job) (do func() (int, error), err error)) func(j job) (report, error) {
	return func(j job) (r report, err error) {
		do, err := open(j)
		if err != nil {
			return r, err
		}
		for range j.practice {
			if _, err := do(); err != nil {
				return r, err
			}
		}
		runtime.GC()
		m := startMeter()
		for range j.rounds {
			n, err := do()
			if err != nil {
				return r, err
			}
			r.Items += uint64(n)
		}
		m.stop(&r)
		return r, nil
	}
}

// calls makes a variant of what does one of the items.
func calls(open func(j job) (call func(i int) error, err error)) func(j job) (report, error) {
	return func(j job) (r report, err error) {
		call, err := open(j)
		if err != nil {
			return r, err
		}
		for i := range j.practice {
			if err := call(i); err != nil {
				return r, err
			}
		}
		runtime.GC()
		m := startMeter()
		for i := range j.n {
			if err := call(i); err != nil {
				return r, err
			}
		}
		m.stop(&r)
		r.Items = uint64(j.n)
		return r, nil
	}
}

// singles makes a variant of what does one item and tells how long it took. What is
// not to be measured may be done as well.
func singles(open func(j job) (call func() (time.Duration, error), err error)) func(j job) (report, error) {
	return func(j job) (report, error) {
		var took []time.Duration
		r, err := calls(func(j job) (func(int) error, error) {
			call, err := open(j)
			return func(int) error {
				d, err := call()
				took = append(took, d)
				return err
			}, err
		})(j)
		if err == nil {
			took = took[j.practice:]
			slices.Sort(took)
			r.Single = median(took)
		}
		return r, err
	}
}

// held makes a variant of what makes one item that stays: it measures the memory that
// they take.
func held(open func(j job) (keep func() (any, error), err error)) func(j job) (report, error) {
	return func(j job) (r report, err error) {
		keep, err := open(j)
		if err != nil {
			return r, err
		}
		items := make([]any, j.n)
		if items[0], err = keep(); err != nil { // what all of them share
			return r, err
		}
		before, m := settled(), startMeter()
		for i := 1; i < j.n; i++ {
			if items[i], err = keep(); err != nil {
				return r, err
			}
		}
		m.stop(&r)
		r.Items = uint64(j.n)
		if after := settled(); after > before {
			r.Memory = (after - before) / uint64(j.n-1) * uint64(j.n)
		}
		runtime.KeepAlive(items)
		return r, nil
	}
}

// kept makes a variant of what makes all items at once: it measures the time, and the
// memory that is held then.
func kept(all func(c *nlkit.Client) (keep any, n int, err error)) func(j job) (report, error) {
	return func(job) (r report, err error) {
		c, err := nlkit.New()
		if err != nil {
			return r, err
		}
		before, m := settled(), startMeter()
		keep, n, err := all(c)
		if err != nil {
			return r, err
		}
		m.stop(&r)
		r.Items = uint64(n)
		if after := settled(); after > before {
			r.Memory = after - before
		}
		runtime.KeepAlive(keep)
		return r, nil
	}
}

// settled returns the memory that is in use: what lives on the heap, and the stacks.
func settled() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and cleanups let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
