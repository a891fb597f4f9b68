package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

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
	var o options
	flag.BoolVar(&o.quick, "quick", false, "less to do in fewer passes, without the slowest variants: less than two minutes for all")
	flag.IntVar(&o.passes, "passes", 0, "how often each variant runs (7, with -quick 5; fewer where one takes long)")
	flag.IntVar(&o.size, "n", 0, "how many objects there are, in place of what each work says")
	flag.StringVar(&o.dir, "o", "", "a directory for bench.json and bench.svg, or growth.json and growth.svg")
	flag.StringVar(&o.docs, "docs", "", "a document to put the table of ratios into, and its plot beside it")
	growing := flag.Bool("growth", false, "measure how works grow with what there is, or those of these names")
	flag.StringVar(&o.profiles, "profile", "", "a directory for a CPU profile of each variant's last pass, for `go tool pprof`")
	check := flag.Bool("check", false, "fail if a goal is missed by more than the noise")
	list := flag.Bool("list", false, "list the works and do nothing")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "bench [flags] [WORK...]: measure the works of these names or patterns, or all")
		flag.PrintDefaults()
	}
	flag.Parse()

	if *list {
		for _, w := range works {
			fmt.Printf("%-20s %s\n", w.name, w.about)
		}
		for _, g := range growths {
			fmt.Printf("-growth %-12s %s\n", g.name, g.panels[0].title)
		}
		return
	}
	if err := missing(); err != nil {
		log.Fatal(err)
	}
	if exit, done, err := netns.Reexec(); done {
		os.Exit(exit)
	} else if err != nil {
		log.Fatalf("bench needs network namespaces, as root or where an ordinary user may make them: %v", err)
	}
	if *growing {
		if err := measureGrowth(os.Stdout, flag.Args(), o); err != nil {
			log.Fatal(err)
		}
		return
	}
	missed, err := measure(os.Stdout, flag.Args(), o)
	if err != nil {
		log.Fatal(err)
	}
	if *check && missed > 0 {
		log.Fatalf("missed: %s", count(missed, "goal"))
	}
}

// missing says what the machine lacks.
func missing() error {
	var errs []error
	for _, tool := range []struct{ name, what string }{
		{"cc", "a C compiler, for the programs to compare with (Debian: gcc libc6-dev)"},
		{"ip", "iproute2, to compare with (Debian: iproute2)"},
		{"go", "Go, for benchmarks in the tests of the library"},
	} {
		if _, err := exec.LookPath(tool.name); err != nil {
			errs = append(errs, fmt.Errorf("missing: %s: %s", tool.name, tool.what))
		}
	}
	return errors.Join(errs...)
}

// options are those of the command line.
type options struct {
	quick  bool
	passes int
	size   int
	dir    string
	docs   string

	profiles string
}

// passesOf returns how often each variant of a work runs.
func (o options) passesOf(w *work) int {
	n := o.passes
	if n == 0 {
		n = 7
		if o.quick {
			n = 5
		}
		if w.passes > 0 {
			n = min(n, w.passes)
		}
	}
	return n
}

// scaleOf returns how much of a work is done.
func (o options) scaleOf(w *work) scale {
	s := w.full
	if o.quick {
		s = w.quick
	}
	switch {
	case o.size == 0:
	case s.size > 0:
		s.size = o.size
	default:
		s.n = o.size
	}
	return s
}

// measure does works and prints what they give. It returns how many goals are missed
// by more than the noise, or could not be measured.
func measure(out io.Writer, patterns []string, o options) (missed int, err error) {
	found, err := find(patterns)
	if err != nil {
		return 0, err
	}
	w := writer{out}
	var all []*result
	begin := time.Now()
	err = withBench(o, func(b *bench) error {
		for _, work := range found {
			start := time.Now()
			r, err := b.measure(work, o)
			if err != nil {
				return err
			}
			r.took = time.Since(start)
			all = append(all, r)
			w.result(r)
			missed += r.missed()
		}
		return nil
	})
	if err != nil {
		return missed, err
	}
	w.results(all)
	fmt.Fprintf(out, "%.0f s\n", time.Since(begin).Seconds())
	return missed, o.write("bench",
		func(w io.Writer) error { return writeJSON(w, all) },
		func(w io.Writer) error { return writeSVG(w, all) },
		"figures", "performance.svg", func(w io.Writer) { writer{w}.docs(all) },
	)
}

// measureGrowth measures growths and prints what they give.
func measureGrowth(out io.Writer, names []string, o options) error {
	plots, err := grow(out, names, o)
	if err != nil {
		return err
	}
	return o.write("growth",
		func(w io.Writer) error { return writeGrowthJSON(w, plots) },
		func(w io.Writer) error { return writeGrowthSVG(w, plots) },
		"growth", "growth.svg", func(w io.Writer) {
			for _, p := range plots {
				writer{w}.plot(p)
			}
		},
	)
}

// withBench gives f a bench.
func withBench(o options, f func(b *bench) error) (err error) {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if b.profiles = o.profiles; o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o777); err != nil {
			return err
		}
	}
	return f(b)
}

// write writes what was measured to where the options say: data and a plot into a
// directory, a part of the document and the plot beside that.
func (o options) write(name string, data, plot func(io.Writer) error, part, image string, text func(io.Writer)) error {
	var errs []error
	if o.dir != "" {
		errs = append(errs,
			os.MkdirAll(o.dir, 0o777),
			write(filepath.Join(o.dir, name+".json"), data),
			write(filepath.Join(o.dir, name+".svg"), plot),
		)
	}
	if o.docs != "" {
		errs = append(errs,
			replaceIn(o.docs, part, text),
			write(filepath.Join(filepath.Dir(o.docs), image), plot),
		)
	}
	return errors.Join(errs...)
}

func write(file string, content func(io.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Close())
}

// tries is how often the passes of a work are made where a goal is missed: few of them
// may say so by chance.
const tries = 3

// measure runs all variants of a work in turn, as often as said; every other time
// from the last to the first, so that nobody always has the same before him.
func (b *bench) measure(w *work, o options) (*result, error) {
	r := &result{w: w, at: o.scaleOf(w)}
	for i := range w.variants {
		if v := &w.variants[i]; !o.quick || !v.slow {
			r.lines = append(r.lines, line{v: v})
		}
	}
	lines := make([]*line, len(r.lines))
	for i := range lines {
		lines[i] = &r.lines[i]
	}
	if first := lines[0]; first.v.c != "" {
		r.again = &line{v: first.v}
		lines = append(lines, r.again)
	}
	for try := 0; try == 0 || try < tries && r.missed() > 0; try++ {
		for range o.passesOf(w) {
			for _, l := range lines {
				report, err := b.run(w, l.v, r.at)
				if err != nil {
					return nil, err
				}
				l.reports = append(l.reports, report)
			}
			slices.Reverse(lines)
		}
	}
	return r, nil
}
