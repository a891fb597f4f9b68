package nstest

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// snapshot is what there is before the tests run.
type snapshot struct {
	goroutines map[string]string // by number: the stack
	files      map[int]string    // by descriptor: what it stands for
}

func takeSnapshot() snapshot {
	return snapshot{goroutines: goroutines(), files: openFiles()}
}

// leaks describes what is there in addition to the snapshot. What is about to
// end gets some time to do so.
func (s snapshot) leaks(patience time.Duration) []string {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		leaks := append(s.leakedGoroutines(), s.leakedFiles()...)
		if len(leaks) == 0 || time.Now().After(end) {
			return leaks
		}
	}
}

func (s snapshot) leakedGoroutines() []string {
	var leaks []string
	now := goroutines()
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if _, ok := s.goroutines[id]; !ok && !ambient(now[id]) {
			leaks = append(leaks, "goroutine "+id+" "+now[id])
		}
	}
	return leaks
}

func (s snapshot) leakedFiles() []string {
	var leaks []string
	now := openFiles()
	for _, fd := range slices.Sorted(maps.Keys(now)) {
		if s.files[fd] != now[fd] {
			leaks = append(leaks, fmt.Sprintf("file descriptor %d: %s", fd, describe(fd, now[fd])))
		}
	}
	return leaks
}

// goroutines returns the stacks of all goroutines.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	return parseStacks(string(buf[:n]))
}

// parseStacks takes the output of [runtime.Stack] apart, by the number of the
// goroutine.
func parseStacks(text string) map[string]string {
	stacks := make(map[string]string)
	for _, stack := range strings.Split(strings.TrimSpace(text), "\n\n") {
		header, ok := strings.CutPrefix(stack, "goroutine ")
		if !ok {
			continue
		}
		id, rest, _ := strings.Cut(header, " ")
		stacks[id] = rest
	}
	return stacks
}

// ambient reports whether a goroutine was started by the runtime, by the testing
// package, or by the first call of signal.Notify, which is there to stay.
func ambient(stack string) bool {
	_, creator, ok := strings.Cut(stack, "\ncreated by ")
	if !ok {
		return true // no one but the runtime starts goroutines out of nothing
	}
	for _, prefix := range []string{"runtime.", "runtime/", "testing.", "os/signal.Notify."} {
		if strings.HasPrefix(creator, prefix) {
			return true
		}
	}
	return false
}
