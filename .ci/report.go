//go:build ignore

// Report reads what go test -json writes, shows what matters of it, and judges
// the skips: a skip that no line of the allowed list covers is a failure, and so is
// a package whose tests did not come to their end.
//
//	go test -json ./... | report -allow .ci/allowed-skips -counts FILE -results FILE
//
// Skips are recognised by the line "nlkit-skip NEED: TEST: REASON". A test that
// skips without one has the need "unnamed".
//
// With -nowhere, it reads the results of several runs in place of a run's output,
// and names the tests that ran in none of them. A list says which may:
//
//	report -allow internal/kernels/nowhere -nowhere FILE...
//
// With -skipped, it reads the results of a run and writes a line for each package that
// has skipped tests: its path and what runs them, and them alone, as -test.run.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type key struct{ pkg, test string }

type skip struct{ pkg, need, test, reason string }

type allowed struct{ need, test *regexp.Regexp }

var skipLine = regexp.MustCompile(`nlkit-skip (\S+): (\S+): (.*)`)

var (
	allow   = flag.String("allow", "", "the list of allowed skips; without it every skip is allowed")
	counts  = flag.String("counts", "", "write the line of counts to this file")
	results = flag.String("results", "", "write what ran and what was skipped to this file, for -nowhere")
	verbose = flag.Bool("v", false, "print the output of all tests as it comes")
	lacked  = flag.String("skipped", "", "read this file of -results, and write what would run the tests that were skipped")
	nowhere = flag.Bool("nowhere", false, "read the files of -results that are named, and tell what ran in none of them")
)

func main() {
	flag.Parse()
	judge := func() (bool, error) { return run(os.Stdin) }
	switch {
	case *nowhere:
		judge = func() (bool, error) { return ranNowhere(flag.Args()) }
	case *lacked != "":
		judge = func() (bool, error) { return true, patterns(*lacked) }
	}
	ok, err := judge()
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(in io.Reader) (bool, error) {
	list, err := readAllowed(*allow)
	if err != nil {
		return false, err
	}
	if err := os.Remove(*results); *results != "" && err != nil && !os.IsNotExist(err) {
		return false, err // what an earlier run has left
	}

	var passed, skipped int
	var ran []key
	running := map[string]bool{} // packages
	var failed, failedPackages []key
	output := map[key][]string{}
	named := map[key]bool{}
	var skips []skip

	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Print(string(line))
			} else {
				k := key{e.Package, e.Test}
				if e.Package != "" {
					running[e.Package] = true
				}
				switch e.Action {
				case "output":
					if *verbose {
						fmt.Print(e.Output)
					}
					output[k] = append(output[k], e.Output)
					if m := skipLine.FindStringSubmatch(e.Output); m != nil {
						skips = append(skips, skip{e.Package, m[1], m[2], strings.TrimSpace(m[3])})
						named[key{e.Package, m[2]}] = true
					}
				case "build-output":
					fmt.Print(e.Output)
				case "pass", "skip", "fail":
					switch {
					case e.Test == "":
						delete(running, e.Package)
						if err := writeResults(*results, e.Package, ran, skips); err != nil {
							return false, err
						}
						if e.Action != "skip" {
							fmt.Printf("  %-4s %6.1fs  %s\n", e.Action, e.Elapsed, e.Package)
						}
						if e.Action == "fail" {
							failedPackages = append(failedPackages, k)
						}
					case e.Action == "pass":
						passed++
						ran = append(ran, k)
					case e.Action == "skip":
						skipped++
						if !named[k] {
							skips = append(skips, skip{e.Package, "unnamed", e.Test, "skipped without a named need: " + e.Package})
						}
					default:
						failed = append(failed, k)
						ran = append(ran, k)
					}
					if e.Action != "fail" {
						delete(output, k)
					}
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}

	for _, pkg := range slices.Sorted(maps.Keys(running)) {
		fmt.Printf("  fail          %s: did not come to its end\n", pkg)
		failedPackages = append(failedPackages, key{pkg, ""})
	}
	// A package that failed without a failed test: it did not build, it died, or
	// something was wrong at its end (a leak, a race).
	for _, k := range failedPackages {
		if !slices.ContainsFunc(failed, func(f key) bool { return f.pkg == k.pkg }) {
			failed = append(failed, k)
		}
	}
	for _, k := range failed {
		fmt.Printf("\n--- FAILED %s %s\n%s", k.pkg, k.test, tail(output[k]))
		delete(output, k)
	}
	// What is left of these packages belongs to tests that never ended and to the
	// package itself: panics, leaks.
	for _, k := range failedPackages {
		for left, lines := range output {
			lines = slices.DeleteFunc(lines, func(s string) bool {
				return strings.TrimSpace(s) == "" || strings.HasPrefix(s, "FAIL") || strings.HasPrefix(s, "PASS") || strings.HasPrefix(s, "exit status") ||
					strings.HasPrefix(s, "nlkit-skipped")
			})
			// A test that waits for its turn has nothing to say.
			waits := len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], "=== PAUSE")
			if left.pkg == k.pkg && len(lines) > 0 && !waits {
				fmt.Printf("\n--- AND %s %s\n%s", left.pkg, left.test, tail(lines))
			}
		}
	}

	needs := map[string]int{}
	var refused []skip
	for _, s := range skips {
		needs[s.need]++
		if *allow != "" && !covers(list, s) {
			refused = append(refused, s)
		}
	}
	for _, need := range slices.Sorted(maps.Keys(needs)) {
		fmt.Printf("  skipped for want of %s: %d\n", need, needs[need])
	}
	for _, s := range refused {
		fmt.Printf("  NOT ALLOWED skip: %s %s: %s\n", s.need, s.test, s.reason)
	}

	line := fmt.Sprintf("%d passed, %d failed, %d skipped", passed, len(failed), skipped)
	fmt.Println("  " + line)
	if *counts != "" {
		if err := os.WriteFile(*counts, []byte(line+"\n"), 0o644); err != nil {
			return false, err
		}
	}
	if passed+skipped+len(failed) == 0 {
		return false, fmt.Errorf("no test ran")
	}
	return len(failed) == 0 && len(refused) == 0, nil
}

// writeResults adds the tests of a package that has come to its end to a file, if it has
// a name: a line for each that ran, with its package and name, and for each that was
// skipped, with its need and reason too. Who reads it meanwhile sees whole packages.
func writeResults(name, pkg string, ran []key, skips []skip) error {
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, k := range ran {
		if k.pkg == pkg {
			b = fmt.Appendf(b, "%s\t%s\n", k.pkg, k.test)
		}
	}
	for _, s := range skips {
		if s.pkg == pkg {
			b = fmt.Appendf(b, "%s\t%s\t%s\t%s\n", s.pkg, s.test, s.need, s.reason)
		}
	}
	if err := os.WriteFile(name+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// readResults reads what writeResults has written.
func readResults(name string) (ran []key, skips []skip, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(data)) {
		switch f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) {
		case 2:
			ran = append(ran, key{f[0], f[1]})
		case 4:
			skips = append(skips, skip{f[0], f[2], f[1], f[3]})
		default:
			return nil, nil, fmt.Errorf("%s: not a result: %q", name, line)
		}
	}
	return ran, skips, nil
}

// patterns writes what runs the skipped tests of each package.
func patterns(name string) error {
	_, skips, err := readResults(name)
	if err != nil {
		return err
	}
	runs := map[string][]string{}
	for _, s := range skips {
		parts := strings.Split(s.test, "/")
		for i, part := range parts {
			parts[i] = "^" + regexp.QuoteMeta(part) + "$"
		}
		if run := strings.Join(parts, "/"); !slices.Contains(runs[s.pkg], run) {
			runs[s.pkg] = append(runs[s.pkg], run)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(runs)) {
		fmt.Printf("%s %s\n", pkg, strings.Join(runs[pkg], "|"))
	}
	return nil
}

// ranNowhere tells which tests were skipped wherever they could have run.
func ranNowhere(files []string) (bool, error) {
	list, err := readAllowed(*allow)
	if err != nil {
		return false, err
	}
	if len(files) == 0 {
		return false, fmt.Errorf("no results to read")
	}
	ran, skips := map[key]bool{}, map[key][]skip{}
	for _, name := range files {
		some, others, err := readResults(name)
		if err != nil {
			return false, err
		}
		for _, k := range some {
			ran[k] = true
		}
		for _, s := range others {
			k := key{s.pkg, s.test}
			skips[k] = append(skips[k], s)
		}
	}
	var known int
	var refused []string
	for k, all := range skips {
		switch {
		case ran[k]:
		case slices.ContainsFunc(all, func(s skip) bool { return covers(list, s) }):
			known++
		default:
			refused = append(refused, fmt.Sprintf("  RAN NOWHERE: %s %s %s: %s", all[0].need, k.pkg, k.test, all[0].reason))
		}
	}
	slices.Sort(refused)
	for _, line := range refused {
		fmt.Println(line)
	}
	fmt.Printf("  of %d runs, %d tests ran in none; for %d of them that is known\n", len(files), known+len(refused), known)
	return len(refused) == 0, nil
}

// covers reports whether a line of the list allows the skip.
func covers(list []allowed, s skip) bool {
	return slices.ContainsFunc(list, func(a allowed) bool {
		return a.need.MatchString(s.need) && a.test.MatchString(s.test)
	})
}

// tail keeps the last lines of an output, where the reason is.
func tail(lines []string) string {
	const most = 200
	text := strings.SplitAfter(strings.Join(lines, ""), "\n")
	if len(text) > most {
		text = append([]string{fmt.Sprintf("(%d lines left out)\n", len(text)-most)}, text[len(text)-most:]...)
	}
	return strings.Join(text, "")
}

// readAllowed reads lines of the form "NEED TEST  # REASON", where * stands for
// any text in both. There is nothing in the list without a name.
func readAllowed(name string) ([]allowed, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	glob := func(s string) *regexp.Regexp {
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(s), `\*`, ".*") + "$")
	}
	var list []allowed
	for i, line := range strings.Split(string(data), "\n") {
		rule, reason, _ := strings.Cut(line, "#")
		fields := strings.Fields(rule)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want NEED TEST  # REASON", name, i+1)
		}
		list = append(list, allowed{glob(fields[0]), glob(fields[1])})
	}
	return list, nil
}
