package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/nlkit/nlkit/internal/netns"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := child(os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	quick := flag.Bool("quick", false, "fewer units and passes: less than a minute for each work")
	passes := flag.Int("passes", 0, "how often each variant runs (7, with -quick 3)")
	check := flag.Bool("check", false, "fail if a goal is not reached")
	flag.Parse()

	if exit, done, err := netns.Reexec(); done {
		os.Exit(exit)
	} else if err != nil {
		log.Fatal(err)
	}
	if *passes <= 0 {
		*passes = map[bool]int{false: 7, true: 3}[*quick]
	}
	reached, err := measure(os.Stdout, flag.Args(), *passes, *quick)
	if err != nil {
		log.Fatal(err)
	}
	if *check && !reached {
		os.Exit(1)
	}
}

// measure runs the works of the given names, or all.
func measure(out io.Writer, names []string, passes int, quick bool) (reached bool, err error) {
	b, err := newBench()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if len(names) == 0 {
		for _, w := range works {
			names = append(names, w.name)
		}
	}
	reached = true
	for _, name := range names {
		w, ok := findWork(name)
		if !ok {
			return false, fmt.Errorf("no work %q", name)
		}
		n := w.n
		if quick {
			n = w.quick
		}
		rows, err := b.passes(w, n, passes)
		if err != nil {
			return false, err
		}
		reached = write(out, w, n, passes, rows) && reached
	}
	return reached, nil
}

// passes runs all variants in turn, as often as said.
func (b *bench) passes(w *work, n, passes int) ([]row, error) {
	reports := make([][]report, len(w.variants))
	for range passes {
		for i := range w.variants {
			r, err := b.run(w, &w.variants[i], n)
			if err != nil {
				return nil, err
			}
			reports[i] = append(reports[i], r)
		}
	}
	var rows []row
	for i := range w.variants {
		rows = append(rows, newRow(w.variants[i].name, reports[i]))
	}
	return rows, nil
}
