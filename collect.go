package nlkit

import (
	"bytes"
	"slices"
	"sync"
)

// A collector is the slice that a List makes. How long it will be is not known, but
// the same request mostly gives about as many objects as the last time: once a part of
// them has come, there is room for all.
type collector[T any] struct {
	expected int // 0 if unknown
	pile     pile[T]
	all      []T // in place of pile, from then on
}

// soon is what part of the expected number makes it likely: one in so many.
const soon = 8

// push adds a zero value and returns where it is, until the next push.
func (c *collector[T]) push() *T {
	if c.all == nil {
		if c.expected == 0 || c.pile.n < c.expected/soon {
			return c.pile.push()
		}
		c.all = c.pile.appendTo(make([]T, 0, c.expected+c.expected/32+8))
		c.pile = pile[T]{}
	}
	if len(c.all) == cap(c.all) {
		c.all = slices.Grow(c.all, len(c.all)/2)
	}
	c.all = c.all[:len(c.all)+1]
	return &c.all[len(c.all)-1]
}

// pop takes the last value away.
func (c *collector[T]) pop() {
	if c.all == nil {
		c.pile.pop()
		return
	}
	last := len(c.all) - 1
	clear(c.all[last:])
	c.all = c.all[:last]
}

// slice returns all values, with little room for more.
func (c *collector[T]) slice() []T {
	switch {
	case c.all == nil:
		return c.pile.slice()
	case len(c.all) == 0:
		return nil
	case cap(c.all)-len(c.all) > len(c.all)/4+8:
		return slices.Clone(c.all)
	}
	return c.all
}

// A count is how many objects the last List of an operation gave, and what was asked.
type count struct {
	mu   sync.Mutex
	data []byte
	n    int
}

type countKey string // the operation

func (c *Client) count(r *Request) *count {
	return c.Value(countKey(r.Op), func() any { return new(count) }).(*count)
}

// lastCount returns how many objects the last List with this request gave, 0 if
// another was made since, or none.
func (c *Client) lastCount(r *Request) int {
	if c == nil {
		return 0
	}
	k := c.count(r)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !bytes.Equal(k.data, r.Data) {
		return 0
	}
	return k.n
}

func (c *Client) setCount(r *Request, n int) {
	k := c.count(r)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.data, k.n = append(k.data[:0], r.Data...), n
}
