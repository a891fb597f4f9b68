package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A line is what the passes of one variant gave.
type line struct {
	v       *variant
	reports []report // one of each pass
}

// values returns a figure of each pass.
func (l *line) values(f figure) []float64 {
	values := make([]float64, len(l.reports))
	for i, r := range l.reports {
		values[i] = f.of(r)
	}
	return values
}

// middle returns the median of a figure.
func (l *line) middle(f figure) float64 { return median(sorted(l.values(f))) }

// lost returns the median of the share that was lost.
func (l *line) lost() float64 {
	shares := make([]float64, len(l.reports))
	for i, r := range l.reports {
		shares[i] = float64(r.Lost) / float64(max(r.Items+r.Lost, 1))
	}
	return median(sorted(shares))
}

// kernel returns which part of the CPU was the kernel's, of all passes.
func (l *line) kernel() float64 {
	var all, system time.Duration
	for _, r := range l.reports {
		all += r.CPU
		system += r.System
	}
	return float64(system) / nonzero(float64(all))
}

// last returns the report of the last pass.
func (l *line) last() report { return l.reports[len(l.reports)-1] }

func sorted(values []float64) []float64 { return slices.Sorted(slices.Values(values)) }

// median returns the middle of sorted numbers.
func median[T cmp.Ordered](sorted []T) T { return sorted[len(sorted)/2] }

// spread returns how far apart the quarters of numbers are, as a part of their median:
// what they differ by from one pass to the next.
func spread(values []float64) float64 {
	s := sorted(values)
	n := len(s)
	m := median(s)
	if m == 0 {
		return 0
	}
	return math.Abs((s[(3*n)/4] - s[n/4]) / m)
}

// A result is what a work gave.
type result struct {
	w     *work
	at    scale
	lines []line
	// again is the C program a second time in each pass, at its end; nil without one.
	again *line
	took  time.Duration // with the stage
}

func (r *result) passes() int { return len(r.lines[0].reports) }

func (r *result) line(name string) *line {
	for i := range r.lines {
		if r.lines[i].v.name == name {
			return &r.lines[i]
		}
	}
	return nil
}

// first returns the first line of a column, nil if there is none.
func (r *result) first(by string) *line {
	for i := range r.lines {
		if r.lines[i].v.by == by {
			return &r.lines[i]
		}
	}
	return nil
}

// noise is what the machine makes of a program that is the same: how far the C program
// is from itself. It is 0 without one.
func (r *result) noise() float64 {
	if r.again == nil {
		return 0
	}
	return math.Abs(ratio(&r.lines[0], r.again, r.w.figure) - 1)
}

// ratio returns that of two medians.
func ratio(a, b *line, f figure) float64 { return a.middle(f) / nonzero(b.middle(f)) }

func nonzero(v float64) float64 { return max(v, 1e-9) }

// A verdict is how a goal stands.
type verdict struct {
	goal
	got      float64 // the figure, or its ratio to that of another variant
	noise    float64 // as a part of got
	measured bool    // the variants ran
}

func (v verdict) reached() bool { return v.measured && v.got <= v.most }

// missed tells that the goal is missed by more than the noise of the same run.
func (v verdict) missed() bool { return v.measured && v.got > v.most*(1+v.noise) }

// judge returns how a goal stands.
func (r *result) judge(g goal) verdict {
	v := verdict{goal: g}
	a := r.line(g.variant)
	if a == nil {
		return v
	}
	if g.than == "" {
		v.got, v.noise, v.measured = a.middle(g.figure), spread(a.values(g.figure)), true
		return v
	}
	b := r.line(g.than)
	if b == nil {
		return v
	}
	passes := make([]float64, r.passes())
	for i := range passes {
		passes[i] = g.figure.of(a.reports[i]) / nonzero(g.figure.of(b.reports[i]))
	}
	v.got, v.noise, v.measured = ratio(a, b, g.figure), max(spread(passes), r.noise()), true
	return v
}

// missed returns how many goals are missed by more than the noise, or could not be
// measured.
func (r *result) missed() (n int) {
	for _, g := range r.w.goals {
		if v := r.judge(g); v.missed() || !v.measured {
			n++
		}
	}
	return n
}
