package main

import (
	"log"
	"os"
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

// TestVariants runs every variant of every work with little to do: each does all of
// it, and what it says is plausible.
func TestVariants(t *testing.T) {
	nstest.New(t) // or skip
	nstest.Tool(t, "cc")
	b, err := newBench()
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	for _, w := range works {
		for _, v := range w.variants {
			t.Run(w.name+"/"+v.name, func(t *testing.T) {
				const n = 2000
				r, err := b.run(&w, &v, n)
				if err != nil {
					t.Fatal(err)
				}
				if r.Items+r.Lost < n || r.CPU <= 0 || r.Wall <= 0 || v.c == "" && r.Allocs > 100*n {
					t.Errorf("it says %+v", r)
				}
			})
		}
		for _, g := range w.goals {
			for _, name := range []string{g.variant, g.than} {
				if !slices.ContainsFunc(w.variants, func(v variant) bool { return v.name == name }) {
					t.Errorf("a goal of %s is about %q, which is no variant", w.name, name)
				}
			}
		}
	}
}

func TestMeasureRefuses(t *testing.T) {
	if _, err := measure(&strings.Builder{}, []string{"nothing"}, 1, true); err == nil || !strings.Contains(err.Error(), `no work "nothing"`) {
		t.Errorf("got %v", err)
	}
	if err := child([]string{"nflog", "nothing", "1"}); err == nil || !strings.Contains(err.Error(), `no variant "nothing"`) {
		t.Errorf("got %v", err)
	}
}

func TestTable(t *testing.T) {
	w := &work{name: "sums", about: "small ones", unit: "sum", goals: []goal{{"Go", "C", 3}, {"Go", "C", 2}}}
	reports := func(cpu ...time.Duration) (all []report) {
		for _, c := range cpu {
			all = append(all, report{Items: 90, Lost: 10, CPU: 90 * c, Wall: 90 * time.Microsecond, Allocs: 45})
		}
		return all
	}
	var out strings.Builder
	if write(&out, w, 100, 3, []row{newRow("C", reports(90, 10, 5)), newRow("Go", reports(25, 20, 30))}) {
		t.Error("a goal of 2 is reached by 2.5")
	}
	for _, want := range []string{
		"sums: small ones, 100 sums, median of 3 passes",
		"| C       | 10         | 5..90       | 1.00 | 1000000 | 10.0 % | 0.50       |",
		"| Go      | 25         | 20..30      | 2.50 | 1000000 | 10.0 % | 0.50       |",
		"Go: 2.50 x C, at most 3.00: reached",
		"Go: 2.50 x C, at most 2.00: NOT REACHED",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	w.goals = w.goals[:1]
	if !write(&out, w, 100, 3, []row{newRow("C", reports(10)), newRow("Go", reports(25))}) {
		t.Error("a goal of 3 is not reached by 2.5")
	}
}
