package nlkit

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

func TestPile(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 255, 256, pileLen - 1, pileLen, pileLen + 1, 2 * pileLen, 5000} {
		var p pile[int]
		var want []int
		for round := range 2 { // the second time in the room of the first
			want = nil
			for i := range n {
				if v := p.push(); *v != 0 {
					t.Fatalf("%d of %d: a new value is %d", i, n, *v)
				} else {
					*v = i + 1
				}
				if i%5 == 3 {
					p.pop()
					continue
				}
				want = append(want, i+1)
			}
			for i, v := range want {
				if got := *p.at(i); got != v {
					t.Fatalf("number %d of %d is %d, not %d", i, n, got, v)
				}
			}
			if round == 0 {
				p.clear()
			}
		}
		if got := p.slice(); !slices.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("of %d: %v", n, got)
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// What a pile and its slice take is twice the values, and little more for few of them.
func TestPileMemory(t *testing.T) {
	type value [144]byte
	for n, most := range map[int]float64{8: 2, 100: 4, 256: 3, 1000: 3, 100_000: 2.1} {
		used := allocated(func() {
			var p pile[value]
			for range n {
				p.push()
			}
			if len(p.slice()) != n {
				t.Error("not all are there")
			}
		})
		if size := float64(n) * float64(unsafe.Sizeof(value{})); used > most*size+4096 {
			t.Errorf("%d values took %.2f times themselves", n, used/size)
		}
	}
}
