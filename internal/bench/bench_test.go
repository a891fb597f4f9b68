package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/nstest"
)

// TestMain is the variants too, which the program starts itself for.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := child(os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	nstest.Main(m)
}

// TestWorks runs every variant of every work once with little to do: each does all of
// it, or run says so, and what it says is plausible.
func TestWorks(t *testing.T) {
	nstest.New(t) // or skip
	nstest.Tool(t, "cc")
	nstest.Tool(t, "ip")
	b, err := newBench()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}()
	for i := range works {
		w := &works[i]
		for i := range w.variants {
			v := &w.variants[i]
			t.Run(w.name+"/"+v.name, func(t *testing.T) {
				r, err := b.run(w, v, w.least)
				if err != nil {
					t.Fatal(err)
				}
				if r.Wall <= 0 || r.CPU < 0 || v.by != byIP && r.Peak < 100<<10 || w.figure.of(r) < 0 {
					t.Errorf("it says %+v", r)
				}
				if v.by == byNLKit && r.Note != "" {
					t.Error(r.Note)
				}
			})
		}
	}
}

// Names are what works, variants and goals refer to each other by.
func TestNames(t *testing.T) {
	names := make(map[string]bool)
	for _, w := range works {
		if names[w.name] {
			t.Errorf("two works %q", w.name)
		}
		names[w.name] = true
		var variants []string
		for _, v := range w.variants {
			if slices.Contains(variants, v.name) {
				t.Errorf("%s: two variants %q", w.name, v.name)
			}
			variants = append(variants, v.name)
			if !slices.Contains(columns, v.by) || (v.c != "") == (v.run != nil) || (v.c != "") != (v.by == byC) {
				t.Errorf("%s: %s is by %q, as %q", w.name, v.name, v.by, v.c)
			}
		}
		if !slices.ContainsFunc(w.variants, func(v variant) bool { return v.by == byNLKit }) {
			t.Errorf("%s has no variant of nlkit", w.name)
		}
		for _, g := range w.goals {
			for _, name := range []string{g.variant, g.than} {
				if name != "" && !slices.Contains(variants, name) {
					t.Errorf("%s: a goal is about %q, which is no variant", w.name, name)
				}
			}
			if i := slices.IndexFunc(w.variants, func(v variant) bool { return v.slow && (v.name == g.variant || v.name == g.than) }); i >= 0 {
				t.Errorf("%s: a goal is about %q, which a quick run leaves out", w.name, w.variants[i].name)
			}
		}
		if w.least.n == 0 || w.quick.n < w.least.n || w.full.n < w.quick.n {
			t.Errorf("%s: scales %v, %v, %v", w.name, w.full, w.quick, w.least)
		}
	}
}

func TestMeasure(t *testing.T) {
	nstest.New(t) // or skip
	nstest.Tool(t, "cc")
	dir := t.TempDir()
	var out strings.Builder
	missed, err := measure(&out, []string{"rules", "cancel-*"}, options{passes: 2, size: 20, dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"rules: list IPv4 rules, 20 rules, time for each rule, median of ", "\nClient.Query: ", "\n| rules ", "\n| cancel-subscription "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if missed > 2 || missed == 0 && strings.Contains(out.String(), "MISSED") {
		t.Errorf("%d of two goals are missed in\n%s", missed, &out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var run jsonRun
	if err := json.Unmarshal(text, &run); err != nil || len(run.Works) != 3 || len(run.Works[2].Variants) != 5 || run.CPUs == 0 || run.Kernel == "" {
		t.Errorf("got %+v, %v", run, err)
	}
	if n := elements(t, filepath.Join(dir, "bench.svg"))["title"]; n != 4+1+1 { // one for each dot: of five variants of rules two are one column's
		t.Errorf("%d dots in the plot", n)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := measure(io.Discard, []string{"nothing"}, options{}); err == nil || !strings.Contains(err.Error(), `no work "nothing"`) {
		t.Errorf("got %v", err)
	}
	if _, err := find([]string{"["}); err == nil {
		t.Error("a pattern that is none")
	}
	if err := child([]string{"nflog", "nothing", "1", "1", "1"}); err == nil || !strings.Contains(err.Error(), `no variant "nothing"`) {
		t.Errorf("got %v", err)
	}
	if err := child([]string{"nflog"}); err == nil {
		t.Error("a child without a job")
	}
	t.Setenv("PATH", t.TempDir())
	if err := missing(); err == nil || !strings.Contains(err.Error(), "missing: cc: ") || !strings.Contains(err.Error(), "missing: ip: ") {
		t.Errorf("got %v", err)
	}
}

// sums is a work that was measured: C took 10 and Go 25.
func sums(goals ...goal) *result {
	w := &work{name: "sums", about: "small ones", unit: "sum", goals: goals}
	reports := func(wall ...time.Duration) (all []report) {
		for _, d := range wall {
			all = append(all, report{Items: 90, Lost: 10, Wall: 90 * d, Allocs: 45, Bytes: 180, Peak: 3 << 20})
		}
		return all
	}
	c := &variant{name: "C", by: byC, c: "sums.c"}
	return &result{
		w: w, at: scale{n: 100},
		lines: []line{
			{c, reports(10, 11, 10, 9, 10)},
			{&variant{name: "Go", by: byNLKit}, reports(25, 20, 30, 25, 25)},
			{&variant{name: "Peer", by: byVishvananda}, reports(100, 100, 100, 100, 100)},
		},
		again: &line{c, reports(9, 10, 11, 10, 10)},
		took:  1500 * time.Millisecond,
	}
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		g               goal
		reached, missed bool
		text            string
	}{
		{goal{"Go", wall, "C", 3}, true, false, "Go: 2.50 x C ±11 %, at most 3.00: reached"},
		{goal{"Go", wall, "C", 2.3}, false, false, "Go: 2.50 x C ±11 %, at most 2.30: within the noise"},
		{goal{"Go", wall, "C", 1.5}, false, true, "Go: 2.50 x C ±11 %, at most 1.50: MISSED"},
		{faster("Go", "Peer", wall, 4), true, false, "Go: 4.00 times less than Peer ±0 %, at least 4.00: reached"},
		{faster("Go", "Peer", wall, 5), false, true, "Go: 4.00 times less than Peer ±0 %, at least 5.00: MISSED"},
		{goal{"Go", allocs, "", 45}, true, false, "Go: allocations 45 ±0 %, at most 45: reached"},
		{goal{"Go", peak, "", 2 << 20}, false, true, "Go: peak memory 3.0 MiB ±0 %, at most 2.0 MiB: MISSED"},
		{goal{"Go", wall, "", 20}, false, true, "Go: 25 ns ±0 %, at most 20 ns: MISSED"},
		{goal{"Go", wall, "Slow", 1}, false, false, "Go: not measured beside Slow"},
	} {
		v := sums().judge(test.g)
		if v.reached() != test.reached || v.missed() != test.missed || v.String() != test.text {
			t.Errorf("%+v: %v, reached %t, missed %t", test.g, v, v.reached(), v.missed())
		}
	}
}

func TestTables(t *testing.T) {
	r := sums(goal{"Go", wall, "C", 3}, goal{"Go", wall, "C", 1.5})
	if n := r.missed(); n != 1 {
		t.Errorf("%d goals are missed", n)
	}
	var out strings.Builder
	w := writer{&out}
	w.result(r)
	w.results([]*result{r})
	for _, want := range []string{
		"sums: small ones, 100 sums, time for each sum, median of 5 passes, noise 0 %, 1.5 s\n",
		"| Go      | nlkit       | 25 ns  | 20 ns…30 ns   | 2.50  | 0.50       | 2 B       | 3.0 MiB |           | 10.0 % |",
		"Go: 2.50 x C ±11 %, at most 3.00: reached\n",
		"| sums | 100 | 10 ns | 25 ns | 2.50 | 100 ns (4.0)          | 0.50   | 2 B   | 3.0 MiB | 1 reached, 1 MISSED |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestNumbers(t *testing.T) {
	for ns, want := range map[float64]string{0.5: "0.5 ns", 12.34: "12.3 ns", 999.7: "1 µs", 123456: "123 µs", 1.5e6: "1.5 ms", 2.34e9: "2.34 s"} {
		if got := duration(ns); got != want {
			t.Errorf("%v is %q, not %q", ns, got, want)
		}
	}
	for n, want := range map[float64]string{12: "12 B", 2048: "2.0 KiB", 20480: "20 KiB", 3 << 19: "1.5 MiB", 30 << 20: "30 MiB"} {
		if got := size(n); got != want {
			t.Errorf("%v is %q, not %q", n, got, want)
		}
	}
	if got := []string{count(1, "address"), count(2, "address"), count(2, "route")}; !slices.Equal(got, []string{"1 address", "2 addresses", "2 routes"}) {
		t.Error(got)
	}
}

func TestGrowth(t *testing.T) {
	nstest.New(t) // or skip
	nstest.Tool(t, "cc")
	dir := t.TempDir()
	doc := filepath.Join(dir, "doc.md")
	const frame = "before\n<!-- growth -->\n%s<!-- end of growth -->\nafter\n"
	if err := os.WriteFile(doc, fmt.Appendf(nil, frame, "old\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := measureGrowth(&out, []string{"links"}, options{quick: true, passes: 1, dir: dir, docs: doc}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(doc); err != nil || string(text) != fmt.Sprintf(frame, "\n"+out.String()) || !strings.Contains(out.String(), "| jsimonetti  | 1.00 | ") {
		t.Errorf("%v, the document is\n%s\nand what was printed is\n%s", err, text, &out)
	}
	var data struct{ Plots []plot }
	if text, err := os.ReadFile(filepath.Join(dir, "growth.json")); err != nil || json.Unmarshal(text, &data) != nil || len(data.Plots) != 1 || len(data.Plots[0].Curves) != 4 {
		t.Errorf("got %+v, %v", data, err)
	}
	if n := elements(t, filepath.Join(dir, "growth.svg"))["polyline"]; n != 4 {
		t.Errorf("%d lines in the plot", n)
	}
	if err := measureGrowth(&out, []string{"nothing"}, options{}); err == nil || !strings.Contains(err.Error(), `no growth "nothing"`) {
		t.Errorf("got %v", err)
	}
	if err := replaceIn(doc, "figures", func(io.Writer) {}); err == nil || !strings.Contains(err.Error(), `has no lines "<!-- figures -->"`) {
		t.Errorf("got %v", err)
	}
}

// Growths name works and variants that there are.
func TestGrowthNames(t *testing.T) {
	for i := range growths {
		g := &growths[i]
		for _, at := range g.at {
			name, _ := g.work(at)
			if !slices.ContainsFunc(works, func(w work) bool { return w.name == name }) {
				t.Fatalf("%s: no work %q", g.name, name)
			}
			w := g.only(name, at)
			for _, p := range g.panels {
				for _, v := range p.variants {
					if !slices.ContainsFunc(w.variants, func(o variant) bool { return o.name == v }) {
						t.Errorf("%s: %s has no variant %q", g.name, name, v)
					}
				}
			}
		}
	}
}

// elements counts the elements of a plot.
func elements(t *testing.T, file string) map[string]int {
	t.Helper()
	plot, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := make(map[string]int)
	for d := xml.NewDecoder(strings.NewReader(string(plot))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return n
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, plot)
		}
		if e, ok := token.(xml.StartElement); ok {
			n[e.Name.Local]++
		}
	}
}

func TestTicks(t *testing.T) {
	if got := wall.ticks(2, 60); !slices.Equal(got, []float64{2, 5, 10, 20, 50}) {
		t.Error(got)
	}
	if got := memory.ticks(100, 600); !slices.Equal(got, []float64{128, 256, 512}) {
		t.Error(got)
	}
	if low, high := wall.around([]curve{{Values: []float64{3, 40}}}); low != 2 || high != 50 {
		t.Error(low, high)
	}
	if got := []string{thousandsOf(7), thousandsOf(1000), thousandsOf(1234567)}; !slices.Equal(got, []string{"7", "1,000", "1,234,567"}) {
		t.Error(got)
	}
}
