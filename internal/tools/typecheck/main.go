// Typecheck checks packages and their tests, and all that they import, from their
// sources, for the system and architecture in GOOS and GOARCH: types as the compiler does,
// and what go vet looks for. Unlike those it need not compile the standard library for
// another machine, which takes most of their time.
//
//	typecheck ./...
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/suite/vet"
	"golang.org/x/tools/go/packages"
)

func main() {
	failed, err := check(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "typecheck:", err)
	}
	if failed || err != nil {
		os.Exit(1)
	}
}

func check(patterns []string) (failed bool, err error) {
	found, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax, Tests: true}, patterns...)
	if err != nil {
		return false, err
	}
	if packages.PrintErrors(found) > 0 {
		return true, nil
	}
	graph, err := checker.Analyze(vet.Suite, found, nil)
	if err != nil {
		return false, err
	}
	for act := range graph.All() {
		if act.Err != nil {
			return false, act.Err
		}
		if !act.IsRoot {
			continue
		}
		for _, d := range act.Diagnostics {
			fmt.Fprintf(os.Stderr, "%v: %s\n", act.Package.Fset.Position(d.Pos), d.Message)
			failed = true
		}
	}
	return failed, nil
}
