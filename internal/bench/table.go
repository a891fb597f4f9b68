package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// A writer prints results for people, as tables of Markdown.
type writer struct {
	io.Writer
}

func (w writer) table(heads []string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	rule := make([]string, len(heads))
	for i := range rule {
		rule[i] = "---"
	}
	for _, row := range append([][]string{heads, rule}, rows...) {
		fmt.Fprintf(t, "| %s\t|\n", strings.Join(row, "\t| "))
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}

// result prints all variants of a work, and how its goals stand.
func (w writer) result(r *result) {
	fmt.Fprintf(w, "%s: %s, %s", r.w.name, r.w.about, count(r.at.n, r.w.unit))
	if r.at.size > 0 {
		fmt.Fprintf(w, ", %d there", r.at.size)
	}
	fmt.Fprintf(w, ", %s for each %s, median of %d passes", r.w.figure, r.w.unit, r.passes())
	if r.again != nil {
		fmt.Fprintf(w, ", noise %.0f %%", 100*r.noise())
	}
	fmt.Fprintf(w, ", %.1f s", r.took.Seconds())
	fmt.Fprint(w, "\n\n")
	var rows [][]string
	for i := range r.lines {
		l := &r.lines[i]
		values := sorted(l.values(r.w.figure))
		last := l.last()
		row := []string{
			l.v.name, l.v.by, r.w.figure.text(l.middle(r.w.figure)),
			r.w.figure.text(values[0]) + "…" + r.w.figure.text(values[len(values)-1]),
			fmt.Sprintf("%.2f", ratio(l, &r.lines[0], r.w.figure)),
			perItem(l, allocs), perItem(l, bytes), blank(last.Peak > 0, size(l.middle(peak))), blank(last.Datagrams > 0, fmt.Sprint(last.Datagrams)),
			blank(last.Lost > 0, fmt.Sprintf("%.1f %%", 100*l.lost())),
		}
		if last.Note != "" {
			row[0] += " (" + last.Note + ")"
		}
		rows = append(rows, row)
	}
	w.table([]string{"variant", "by", r.w.figure.String(), "least…most", "x " + r.lines[0].v.by, "allocs/" + r.w.unit, "bytes/" + r.w.unit, "peak", "datagrams", "lost"}, rows)
	for _, g := range r.w.goals {
		fmt.Fprintln(w, r.judge(g))
	}
	if len(r.w.goals) > 0 {
		fmt.Fprintln(w)
	}
}

// perItem returns a figure that is of all items as one of each; C says nothing of it.
func perItem(l *line, f figure) string {
	if l.v.c != "" {
		return ""
	}
	v := l.middle(f) / float64(max(l.last().Items, 1))
	if f == bytes {
		return size(v)
	}
	return fmt.Sprintf("%.2f", v)
}

func blank(known bool, text string) string {
	if known {
		return text
	}
	return ""
}

func count(n int, unit string) string {
	if n != 1 {
		unit += "s"
		unit = strings.Replace(unit, "addresss", "addresses", 1)
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// String tells how a goal stands.
func (v verdict) String() string {
	state := "reached"
	switch {
	case !v.measured:
		return fmt.Sprintf("%s: not measured beside %s", v.variant, v.than)
	case v.missed():
		state = "MISSED"
	case !v.reached():
		state = "within the noise"
	}
	noise := fmt.Sprintf("±%.0f %%", 100*v.noise)
	of := ""
	if v.figure != wall && v.figure != cpuTime && v.figure != single {
		of = v.figure.String() + " "
	}
	switch {
	case v.than == "":
		return fmt.Sprintf("%s: %s%s %s, at most %s: %s", v.variant, of, v.figure.text(v.got), noise, v.figure.text(v.most), state)
	case v.most <= 1:
		return fmt.Sprintf("%s: %s%.2f times less than %s %s, at least %.2f: %s", v.variant, of, 1/v.got, v.than, noise, 1/v.most, state)
	}
	return fmt.Sprintf("%s: %s%.2f x %s %s, at most %.2f: %s", v.variant, of, v.got, v.than, noise, v.most, state)
}

// results prints all works in one table, of each column the first variant, with how
// many times what nlkit takes the peers take.
func (w writer) results(all []*result) {
	var peers []string
	for _, by := range columns {
		for _, r := range all {
			if by != byC && by != byNLKit && r.first(by) != nil {
				peers = append(peers, by)
				break
			}
		}
	}
	var rows [][]string
	for _, r := range all {
		ours, c, f := r.first(byNLKit), r.first(byC), r.w.figure
		row := []string{r.w.name, fmt.Sprint(r.at.n), "", f.text(ours.middle(f)), ""}
		if c != nil {
			row[2], row[4] = f.text(c.middle(f)), fmt.Sprintf("%.2f", ratio(ours, c, f))
		}
		for _, by := range peers {
			cell := ""
			if p := r.first(by); p != nil {
				cell = fmt.Sprintf("%s (%.1f)", f.text(p.middle(f)), ratio(p, ours, f))
			}
			row = append(row, cell)
		}
		goals := make(map[string]int)
		for _, g := range r.w.goals {
			v := r.judge(g)
			switch {
			case !v.measured:
				goals["not measured"]++
			case v.missed():
				goals["MISSED"]++
			default:
				goals["reached"]++
			}
		}
		var state []string
		for _, s := range []string{"reached", "MISSED", "not measured"} {
			if goals[s] > 0 {
				state = append(state, fmt.Sprintf("%d %s", goals[s], s))
			}
		}
		rows = append(rows, append(row, perItem(ours, allocs), perItem(ours, bytes), size(ours.middle(peak)), strings.Join(state, ", ")))
	}
	heads := []string{"work", "of", "C", "nlkit", "x C"}
	for _, p := range peers {
		heads = append(heads, p+" (x nlkit)")
	}
	fmt.Fprint(w, "For each item: nlkit, as many times what C takes; the others, as many times what nlkit takes.\n\n")
	w.table(append(heads, "allocs", "bytes", "peak", "goals"), rows)
}

// duration returns nanoseconds for people, with three digits.
func duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return fmt.Sprintf("%.3g s", ns/float64(time.Second))
	case ns >= 999.5e3:
		return fmt.Sprintf("%.3g ms", ns/float64(time.Millisecond))
	case ns >= 999.5:
		return fmt.Sprintf("%.3g µs", ns/float64(time.Microsecond))
	}
	return fmt.Sprintf("%.3g ns", ns)
}
