package nlkit

import (
	"slices"
	"testing"
)

func TestCollector(t *testing.T) {
	for _, expected := range []int{0, 1, 8, 100, 3000} {
		for _, n := range []int{0, 1, 2, 7, 99, 100, 130, 374, 376, 2999, 3101, 9000} {
			c := collector[int]{expected: expected}
			var want []int
			for i := range n {
				v := c.push()
				if *v != 0 {
					t.Fatalf("%d of %d, %d expected: a new value is %d", i, n, expected, *v)
				}
				if *v = i + 1; i%5 == 3 {
					c.pop()
					continue
				}
				want = append(want, i+1)
			}
			got := c.slice()
			if !slices.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%d, %d expected: got %v", n, expected, got)
			}
			if expected > 0 && cap(got) > 2*len(got)+32 {
				t.Errorf("%d, %d expected: a slice of %d has room for %d", n, expected, len(got), cap(got))
			}
		}
	}
}

// A list that is as long as the last takes little more than itself.
func TestCollectorMemory(t *testing.T) {
	type value [144]byte
	const n = 10_000
	for expected, most := range map[int]float64{0: 2.3, n: 1.5, n - n/40: 1.5, 10 * n: 2.3} {
		used := allocated(func() {
			c := collector[value]{expected: expected}
			for range n {
				c.push()
			}
			if len(c.slice()) != n {
				t.Error("not all are there")
			}
		})
		if times := used / (n * 144); times > most {
			t.Errorf("%d expected: it took %.2f times itself", expected, times)
		}
	}
}

func TestCounts(t *testing.T) {
	var none *Client
	if none.lastCount(&Request{}) != 0 {
		t.Error("no client expects something")
	}
	c := new(Client)
	links, routes := &Request{Op: "link.List", Data: []byte{1}}, &Request{Op: "route.List", Data: []byte{1}}
	c.setCount(links, 5)
	if c.lastCount(links) != 5 || c.lastCount(routes) != 0 || c.lastCount(&Request{Op: "link.List", Data: []byte{2}}) != 0 {
		t.Error("a count is for one request")
	}
	c.setCount(&Request{Op: "link.List", Data: []byte{2, 3}}, 7)
	if c.lastCount(links) != 0 {
		t.Error("a count is kept though another request came")
	}
}
