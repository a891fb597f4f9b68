package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Growth: what an item costs as there are more of them. Where that stays the same, the
// whole grows as the number does. It is CPU mostly, which what else the machine does
// changes least: a list is no more than that.

// A growth is works that differ in how many there are.
type growth struct {
	name string
	x    string // what there are more and more of
	at   []int
	// work returns the name of the work with so many, and the size of it, 0 for its own.
	work func(at int) (name string, size int)
	// items is how many are counted at least in a pass: a work of few is done again.
	items  int
	panels []panel
}

// A panel is one plot of a growth.
type panel struct {
	title    string
	figure   figure
	variants []string
}

func sized(name string) func(at int) (string, int) {
	return func(at int) (string, int) { return name, at }
}

var thousands = []int{1000, 10_000, 100_000, 1_000_000}

var growths = []growth{
	{
		name: "routes", x: "routes", at: thousands, work: sized("routes"), items: 20_000,
		panels: []panel{{"list routes: CPU for each", cpuTime, []string{"C", "route.All", "netlink RouteListFilteredIter", "rtnetlink List"}}},
	},
	{
		name: "watch", x: "routes", at: thousands, work: sized("watch"),
		panels: []panel{
			{"watch routes until all are told: CPU for each", cpuTime, []string{"C", "route.Watch", "route.List"}},
			{"memory held for each route", memory, []string{"route.Watch", "route.List"}},
		},
	},
	{
		name: "events", x: "routes that are watched", at: thousands, work: sized("watch-event"),
		panels: []panel{{"an event of a watch: CPU", cpuTime, []string{"C", "route.Watch", "Subscription.ReadInto"}}},
	},
	{
		name: "links", x: "links", at: []int{10, 100, 1000, 10_000}, work: sized("links"), items: 2000,
		panels: []panel{{"list links: CPU for each", cpuTime, []string{"C", "link.All", "netlink LinkList", "rtnetlink List"}}},
	},
	{
		name: "goroutines", x: "goroutines", at: []int{1, 2, 4, 8, 16, 32, 64},
		work:   func(at int) (string, int) { return fmt.Sprintf("goroutines-%d", at), 0 },
		panels: []panel{{"fetch a link: time for each call of all", wall, []string{"C", "link.Get", "netlink Handle.LinkByIndex", "rtnetlink Get"}}},
	},
}

// A curve is a figure of one variant at each number.
type curve struct {
	Name   string    `json:"name"`
	By     string    `json:"by"`
	Values []float64 `json:"values"`
}

// label is what the curve is called where only others' names tell who they are.
func (c curve) label() string {
	if c.By == byC || c.By == byNLKit {
		return c.Name
	}
	return c.By
}

// A plot is a panel that was measured.
type plot struct {
	Title  string  `json:"title"`
	X      string  `json:"x"`
	At     []int   `json:"at"`
	Figure string  `json:"figure"`
	Curves []curve `json:"curves"`
	figure figure
}

// grow measures growths, all without names.
func grow(out io.Writer, names []string, o options) (plots []plot, err error) {
	for _, name := range names {
		if !slices.ContainsFunc(growths, func(g growth) bool { return g.name == name }) {
			return nil, fmt.Errorf("no growth %q", name)
		}
	}
	err = withBench(o, func(b *bench) error {
		for i := range growths {
			if g := &growths[i]; len(names) == 0 || slices.Contains(names, g.name) {
				more, err := b.grow(g, o)
				if err != nil {
					return err
				}
				for _, p := range more {
					writer{out}.plot(p)
				}
				plots = append(plots, more...)
			}
		}
		return nil
	})
	return plots, err
}

// grow measures one growth.
func (b *bench) grow(g *growth, o options) ([]plot, error) {
	at := g.at
	if o.quick {
		at = at[:2]
	}
	plots := make([]plot, len(g.panels))
	for i, p := range g.panels {
		plots[i] = plot{Title: p.title, X: g.x, At: at, Figure: p.figure.String(), figure: p.figure}
	}
	for _, n := range at {
		name, size := g.work(n)
		r, err := b.measure(g.only(name, n), options{quick: o.quick, passes: cmp.Or(o.passes, 3), size: size})
		if err != nil {
			return nil, err
		}
		for i, p := range g.panels {
			for j, name := range p.variants {
				l := r.line(name)
				if len(plots[i].Curves) == j {
					plots[i].Curves = append(plots[i].Curves, curve{Name: name, By: l.v.by})
				}
				c := &plots[i].Curves[j]
				c.Values = append(c.Values, l.middle(p.figure))
			}
		}
	}
	return plots, nil
}

// only returns a work with the variants that the growth is about, and no goals.
func (g *growth) only(name string, at int) *work {
	w := works[slices.IndexFunc(works, func(w work) bool { return w.name == name })]
	w.goals = nil
	w.variants = slices.DeleteFunc(slices.Clone(w.variants), func(v variant) bool {
		return !slices.ContainsFunc(g.panels, func(p panel) bool { return slices.Contains(p.variants, v.name) })
	})
	for i := range w.variants {
		w.variants[i].slow = false
	}
	w.rounds = max(w.rounds, g.items/at, 1)
	return &w
}

// plot prints a plot as a table: each variant beside itself at the first number.
func (w writer) plot(p plot) {
	fmt.Fprintf(w, "%s, beside that at %s %s\n\n", strings.ToUpper(p.Title[:1])+p.Title[1:], thousandsOf(p.At[0]), p.X)
	heads := []string{p.X}
	for _, n := range p.At {
		heads = append(heads, thousandsOf(n))
	}
	var rows [][]string
	for _, c := range p.Curves {
		row := []string{c.label()}
		for _, v := range c.Values {
			row = append(row, fmt.Sprintf("%.2f", v/nonzero(c.Values[0])))
		}
		rows = append(rows, row)
	}
	w.table(heads, rows)
}

// thousandsOf returns a number with commas.
func thousandsOf(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func writeGrowthJSON(w io.Writer, plots []plot) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(struct {
		jsonMachine
		Time  time.Time `json:"time"`
		Plots []plot    `json:"plots"`
	}{machine(), time.Now().UTC().Truncate(time.Second), plots})
}
