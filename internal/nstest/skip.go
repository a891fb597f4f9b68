package nstest

import (
	"fmt"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"testing"
)

// requireEnv names the needs that must not go unmet, separated by commas: a
// need, a pattern as in [path.Match] such as kind:* or tool:i*, or all.
const requireEnv = "NLKIT_REQUIRE"

var skips atomic.Int64

// Skip skips a test for the want of something, and is the only way to skip one.
//
// The need is a word that a script can name in NLKIT_REQUIRE, in which case the
// test fails instead: netadmin, nflog, kind:vlan, tool:ip. The reason, with its
// arguments as in Printf, is for people. Both go to standard output in a line
//
//	nlkit-skip <need>: <test>: <reason>
//
// A test that wants kernel:<version> fails, too, if the kernel is that version or
// a newer one: what is said to be in a version must be there.
func Skip(t testing.TB, need, reason string, args ...any) {
	t.Helper()
	reason = fmt.Sprintf(reason, args...)
	must, err := required(os.Getenv(requireEnv), need)
	if err != nil {
		t.Fatalf("%s: %v", requireEnv, err)
	}
	if must {
		t.Fatalf("%s requires %s, but: %s", requireEnv, need, reason)
	}
	if version, ok := strings.CutPrefix(need, "kernel:"); ok {
		if release, ok := isKernel(t, version); ok {
			t.Fatalf("this is Linux %s, which must have what Linux %s has, but: %s", release, version, reason)
		}
	}
	skips.Add(1)
	fmt.Fprintf(os.Stdout, "nlkit-skip %s: %s: %s\n", need, t.Name(), strings.Join(strings.Fields(reason), " "))
	t.Skipf("needs %s: %s", need, reason)
}

// required reports whether one of the patterns in list matches need.
func required(list, need string) (bool, error) {
	for pattern := range strings.SplitSeq(list, ",") {
		pattern = strings.TrimSpace(pattern)
		if pattern == "" {
			continue
		}
		ok, err := path.Match(pattern, need)
		if err != nil {
			return false, fmt.Errorf("%w: %q", err, pattern)
		}
		if ok || pattern == "all" {
			return true, nil
		}
	}
	return false, nil
}
