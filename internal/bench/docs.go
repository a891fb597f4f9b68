package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// What docs/performance.md has of a run: ratios alone, since times are a machine's.

// replaceIn writes the text into a file, between the lines that name the part.
func replaceIn(file, part string, text func(io.Writer)) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->\n"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %q and %q", file, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	var b strings.Builder
	b.WriteString(before + begin + "\n")
	text(&b)
	b.WriteString(end + after)
	return os.WriteFile(file, []byte(b.String()), 0o666)
}

// docs prints the works as the document has them.
func (w writer) docs(all []*result) {
	m := machine()
	release, _, _ := strings.Cut(m.Kernel, "-")
	fmt.Fprintf(w, "Medians of one run, on Linux %s (%s) with %s, %s.\n\n", release, m.Machine, count(m.CPUs, "CPU"), m.Go)
	var rows [][]string
	for _, r := range all {
		ours, f := r.first(byNLKit), r.w.figure
		about := fmt.Sprintf("%s (%s): %s", r.w.about, thousandsOf(r.at.objects()), f)
		row := []string{"`" + r.w.name + "`", about, "", ""}
		if c := r.first(byC); c != nil {
			row[2] = fmt.Sprintf("%.2f", ratio(ours, c, f))
		}
		var others []string
		for i := range r.lines {
			l := &r.lines[i]
			if l == ours || l.v.by == byC {
				continue
			}
			who := l.v.by
			if who == byNLKit {
				who = "`" + l.v.name + "`"
			}
			others = append(others, fmt.Sprintf("%s %.2f", who, ratio(l, ours, f)))
		}
		row[3] = strings.Join(others, ", ")
		reached := 0
		for _, g := range r.w.goals {
			if v := r.judge(g); v.measured && !v.missed() {
				reached++
			}
		}
		limits := ""
		if n := len(r.w.goals); n > 0 {
			limits = fmt.Sprintf("%d of %d", reached, n)
		}
		kernel := blank(ours.last().System > 0, fmt.Sprintf("%.0f %%", 100*ours.kernel()))
		rows = append(rows, append(row, kernel, perItem(ours, allocs), blank(ours.last().Peak > 0, size(ours.middle(peak))), limits))
	}
	w.table([]string{"work", "what, and what is compared", "× C", "others, × nlkit", "in the kernel", "allocs", "peak", "limits kept"}, rows)
}
