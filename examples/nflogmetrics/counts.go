package main

import (
	"cmp"
	"slices"
	"sync"

	"github.com/nlkit/nlkit/nflog"
)

// maxSeries is how many series there are at most. Rules have few prefixes, but what
// comes over a wire may have any protocol.
const maxSeries = 1000

// other is the prefix of what is beyond maxSeries.
const other = "(other)"

// A series is what packets are counted by.
type series struct {
	prefix   string
	hook     nflog.Hook
	protocol string
}

// A tally is how many packets there were, and how many bytes from the network header
// on, also of what was not copied.
type tally struct {
	packets, bytes uint64
}

// counts counts packets by series.
type counts struct {
	mu  sync.Mutex
	all map[series]*tally
}

func newCounts() *counts { return &counts{all: map[series]*tally{}} }

func (c *counts) add(p *nflog.Packet) {
	h := p.Headers()
	key, length := series{p.Prefix, p.Hook, h.EtherType.String()}, len(p.Payload)
	if h.Src.IsValid() {
		key.protocol, length = h.Protocol(), h.Length
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.all[key]
	if !ok && len(c.all) >= maxSeries {
		key = series{prefix: other, hook: p.Hook, protocol: other}
		t, ok = c.all[key]
	}
	if !ok {
		t = new(tally)
		c.all[key] = t
	}
	t.packets++
	t.bytes += uint64(length)
}

// A row is one series and its counts.
type row struct {
	series
	tally
}

// rows returns a copy of the counts, in order.
func (c *counts) rows() []row {
	c.mu.Lock()
	rows := make([]row, 0, len(c.all))
	for key, t := range c.all {
		rows = append(rows, row{key, *t})
	}
	c.mu.Unlock()
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.hook, b.hook), cmp.Compare(a.protocol, b.protocol))
	})
	return rows
}
