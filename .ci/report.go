//go:build ignore

// Report reads what go test -json writes, shows what matters of it, and judges
// the skips: a skip that no line of the allowed list covers is a failure.
//
//	go test -json ./... | report -allow .ci/allowed-skips -counts FILE
//
// Skips are recognised by the line "nlkit-skip NEED: TEST: REASON". A test that
// skips without one has the need "unnamed".
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

type skip struct{ need, test, reason string }

type allowed struct{ need, test *regexp.Regexp }

var skipLine = regexp.MustCompile(`nlkit-skip (\S+): (\S+): (.*)`)

func main() {
	allow := flag.String("allow", "", "the list of allowed skips; without it every skip is allowed")
	counts := flag.String("counts", "", "write the line of counts to this file")
	flag.Parse()
	ok, err := run(os.Stdin, *allow, *counts)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(in io.Reader, allowFile, countsFile string) (bool, error) {
	var list []allowed
	if allowFile != "" {
		var err error
		if list, err = readAllowed(allowFile); err != nil {
			return false, err
		}
	}

	var passed, skipped int
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
				switch e.Action {
				case "output":
					output[k] = append(output[k], e.Output)
					if m := skipLine.FindStringSubmatch(e.Output); m != nil {
						skips = append(skips, skip{m[1], m[2], strings.TrimSpace(m[3])})
						named[key{e.Package, m[2]}] = true
					}
				case "build-output":
					fmt.Print(e.Output)
				case "pass", "skip", "fail":
					switch {
					case e.Test == "":
						if e.Action != "skip" {
							fmt.Printf("  %-4s %6.1fs  %s\n", e.Action, e.Elapsed, e.Package)
						}
						if e.Action == "fail" {
							failedPackages = append(failedPackages, k)
						}
					case e.Action == "pass":
						passed++
					case e.Action == "skip":
						skipped++
						if !named[k] {
							skips = append(skips, skip{"unnamed", e.Test, "skipped without a named need: " + e.Package})
						}
					default:
						failed = append(failed, k)
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
				return strings.TrimSpace(s) == "" || strings.HasPrefix(s, "FAIL") || strings.HasPrefix(s, "PASS") || strings.HasPrefix(s, "exit status")
			})
			if left.pkg == k.pkg && len(lines) > 0 {
				fmt.Printf("\n--- AND %s %s\n%s", left.pkg, left.test, tail(lines))
			}
		}
	}

	needs := map[string]int{}
	var refused []skip
	for _, s := range skips {
		needs[s.need]++
		if allowFile != "" && !slices.ContainsFunc(list, func(a allowed) bool {
			return a.need.MatchString(s.need) && a.test.MatchString(s.test)
		}) {
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
	if countsFile != "" {
		if err := os.WriteFile(countsFile, []byte(line+"\n"), 0o644); err != nil {
			return false, err
		}
	}
	if passed+skipped+len(failed) == 0 {
		return false, fmt.Errorf("no test ran")
	}
	return len(failed) == 0 && len(refused) == 0, nil
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
// any text in both.
func readAllowed(name string) ([]allowed, error) {
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
