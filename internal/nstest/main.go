package nstest

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/netns"
)

// leakPatience is how long what a test has ended may take to be gone.
const leakPatience = 2 * time.Second

// errReexec is why the tests have no privileges, if they could have had them.
var errReexec error

// Main is the body of a TestMain: it runs the tests and exits.
//
// The tests of an ordinary user run in a user namespace (see [netns.Reexec]);
// NLKIT_REEXEC=off keeps them out of it. When they are through, goroutines and
// file descriptors that were not there before are a failure.
func Main(m *testing.M) {
	if !flag.Parsed() {
		flag.Parse()
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// A fuzz worker is in its coordinator's namespace already, and is killed
	// rather than ended. A list of tests is read by a program.
	if isSet("test.fuzzworker") || isSet("test.list") {
		return m.Run()
	}

	exit, done, err := netns.Reexec()
	if done {
		return exit
	}
	errReexec = err

	before := takeSnapshot()
	code := m.Run()
	if n := skips.Load(); n > 0 {
		fmt.Fprintf(os.Stdout, "nlkit-skipped: %d\n", n)
	}
	leaks := before.leaks(leakPatience)
	for _, leak := range leaks {
		fmt.Fprintf(os.Stderr, "nlkit-leak: %s\n", leak)
	}
	if code == 0 && len(leaks) > 0 {
		code = 1
	}
	return code
}

// isSet reports whether a flag of the test binary has a value other than none.
func isSet(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != "" && f.Value.String() != "false"
}
