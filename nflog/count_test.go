package nflog

import "testing"

// TestGlobalNumbersWrap: the numbers that all groups share have 32 bits, which a busy
// host uses up in hours.
func TestGlobalNumbersWrap(t *testing.T) {
	const step = 1 << 29
	for _, first := range []uint32{0, 1 << 31, 1<<32 - 1} {
		s := Subscription{groups: make([]counter, 1)}
		take := func(n uint32, want uint64) {
			t.Helper()
			s.count(&Packet{globalSeq: optional{n, true}})
			if got := s.globalSpan.Load() - s.globals.Load(); got != want {
				t.Fatalf("from %d: %d are missing after %d, want %d", first, got, n, want)
			}
		}
		take(first, 0)
		take(first-1, 0) // of another group, which was held back longer
		n := first
		for i := range uint64(20) { // more than twice around
			n += step
			take(n, (i+1)*(step-1))
		}
		take(n-1, 20*(step-1)-1)
	}
}
