package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// A row is what all passes of one variant took, for each unit.
type row struct {
	variant        string
	cpu, low, high time.Duration // median, least and most
	wall           time.Duration
	allocs         float64
	lost           float64 // of all, not for each unit
}

func newRow(name string, reports []report) row {
	all := func(f func(r report, items float64) float64) []float64 {
		var values []float64
		for _, r := range reports {
			values = append(values, f(r, float64(max(r.Items, 1))))
		}
		slices.Sort(values)
		return values
	}
	cpu := all(func(r report, items float64) float64 { return float64(r.CPU) / items })
	return row{
		variant: name,
		cpu:     time.Duration(median(cpu)), low: time.Duration(cpu[0]), high: time.Duration(cpu[len(cpu)-1]),
		wall:   time.Duration(median(all(func(r report, items float64) float64 { return float64(r.Wall) / items }))),
		allocs: median(all(func(r report, items float64) float64 { return float64(r.Allocs) / items })),
		lost:   median(all(func(r report, items float64) float64 { return float64(r.Lost) / (items + float64(r.Lost)) })),
	}
}

// median returns the middle of sorted numbers.
func median[T cmp.Ordered](sorted []T) T { return sorted[len(sorted)/2] }

// write prints the rows of a work as a table of Markdown, and how its goals stand. It
// reports whether they are reached.
func write(out io.Writer, w *work, n, passes int, rows []row) (reached bool) {
	fmt.Fprintf(out, "%s: %s, %d %ss, median of %d passes\n\n", w.name, w.about, n, w.unit, passes)
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintf(t, "| variant\t| CPU ns/%s\t| least..most\t| x %s\t| %ss/s\t| lost\t| allocs/%s\t|\n", w.unit, rows[0].variant, w.unit, w.unit)
	fmt.Fprintln(t, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range rows {
		fmt.Fprintf(t, "| %s\t| %d\t| %d..%d\t| %.2f\t| %.0f\t| %.1f %%\t| %.2f\t|\n", r.variant, r.cpu, r.low, r.high,
			ratio(r.cpu, rows[0].cpu), 1/max(r.wall, 1).Seconds(), 100*r.lost, r.allocs)
	}
	_ = t.Flush()
	fmt.Fprintln(out)
	reached = true
	for _, g := range w.goals {
		a, b := find(rows, g.variant), find(rows, g.than)
		got := ratio(a.cpu, b.cpu)
		word := "reached"
		if got > g.most {
			word, reached = "NOT REACHED", false
		}
		fmt.Fprintf(out, "%s: %.2f x %s, at most %.2f: %s\n", g.variant, got, g.than, g.most, word)
	}
	return reached
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

func find(rows []row, name string) row {
	i := slices.IndexFunc(rows, func(r row) bool { return r.variant == name })
	if i < 0 {
		panic("no variant " + name) // a goal that nobody runs for
	}
	return rows[i]
}
