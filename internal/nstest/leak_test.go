package nstest

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLeakedGoroutines(t *testing.T) {
	before := takeSnapshot()
	end := make(chan struct{})
	go func() { <-end }()
	leaks := before.leakedGoroutines()
	if len(leaks) != 1 || !strings.Contains(leaks[0], "TestLeakedGoroutines") {
		t.Errorf("got %q, want the goroutine of this test", leaks)
	}
	close(end)
	if leaks := before.leaks(10 * time.Second); len(leaks) != 0 {
		t.Errorf("after its end: %q", leaks)
	}
}

// TestLeakedSignals tells the goroutine that os/signal keeps from the one that
// goes with a context.
func TestLeakedSignals(t *testing.T) {
	before := takeSnapshot()
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
	if leaks := before.leaks(10 * time.Second); len(leaks) != 0 {
		t.Errorf("after Notify and Stop: %q", leaks)
	}

	_, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	if leaks := before.leakedGoroutines(); len(leaks) != 1 {
		t.Errorf("got %q, want the goroutine of the context", leaks)
	}
	stop()
	if leaks := before.leaks(10 * time.Second); len(leaks) != 0 {
		t.Errorf("after stop: %q", leaks)
	}
}

const stacksText = `goroutine 1 [chan receive]:
testing.(*T).Run(0xc0000b6000, {0x1, 0x8}, 0x2)
	/go/src/testing/testing.go:1 +0x1
main.main()
	_testmain.go:1 +0x1

goroutine 34 [running, locked to thread]:
example.com/p.f()
	/p/p.go:1 +0x1
created by example.com/p.g in goroutine 1
	/p/p.go:2 +0x1
`

func TestParseStacks(t *testing.T) {
	stacks := parseStacks(stacksText)
	if len(stacks) != 2 {
		t.Fatalf("got %d stacks, want 2: %q", len(stacks), stacks)
	}
	if s := stacks["1"]; !strings.HasPrefix(s, "[chan receive]:\ntesting.") || !ambient(s) {
		t.Errorf("goroutine 1 is %q", s)
	}
	if s := stacks["34"]; !strings.HasSuffix(s, "p.go:2 +0x1") || ambient(s) {
		t.Errorf("goroutine 34 is %q", s)
	}
}

func FuzzParseStacks(f *testing.F) {
	f.Add(stacksText)
	f.Add("goroutine \n\n\ngoroutine 1")
	f.Fuzz(func(t *testing.T, text string) {
		for id, stack := range parseStacks(text) {
			if !strings.Contains(text, id) || !strings.Contains(text, stack) {
				t.Errorf("goroutine %q %q is not in the text", id, stack)
			}
			ambient(stack)
		}
	})
}

func BenchmarkParseStacks(b *testing.B) {
	buf := make([]byte, 64<<10)
	text := string(buf[:runtime.Stack(buf, true)])
	for b.Loop() {
		parseStacks(text)
	}
}
