package nstest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

// modeEnv says what TestHelper is to do, in a test binary that another test runs.
const modeEnv = "NLKIT_NSTEST_MODE"

// leaked keeps what TestHelper leaks from being closed by the garbage collector.
var leaked []any

func TestHelper(t *testing.T) {
	mode := os.Getenv(modeEnv)
	if platformHelper(t, mode) {
		return
	}
	switch mode {
	case "goroutine":
		go leakGoroutine()
		go leakGoroutine()
	case "slow goroutine":
		go time.Sleep(200 * time.Millisecond)
	case "fail":
		go leakGoroutine()
		t.Error("on purpose")
	case "skip":
		Skip(t, "kind:vlan", "two\nlines, %d%%", 100)
	case "new kernel":
		Skip(t, "kernel:99.0", "not yet")
	case "tool":
		Tool(t, "no-such-program")
	case "skip in Do":
		New(t).Do(t, func() { Skip(t, "kind:vlan", "in fn") })
		t.Error("went on after Skip")
	case "fatal in Do":
		New(t).Do(t, func() { t.Fatal("in fn") })
		t.Error("went on after Fatal")
	case "fatal in Run":
		New(t).Run(t, "sh", "-c", "echo on purpose >&2; exit 3")
		t.Error("went on after a failed program")
	}
}

func leakGoroutine() { select {} }

// runHelper runs TestHelper, or what the flags say, in a process of its own,
// and returns its output and status.
func runHelper(t *testing.T, mode, require string, flags ...string) (string, int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if len(flags) == 0 {
		flags = []string{"-test.run=^TestHelper$"}
	}
	cmd := exec.Command(exe, flags...)
	cmd.Env = append(os.Environ(), modeEnv+"="+mode, requireEnv+"="+require,
		"GORACE=atexit_sleep_ms=0") // a second each otherwise
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestLeaks(t *testing.T) {
	for mode, want := range map[string]struct {
		exit  int
		lines []string // of which there is one each
	}{
		"nothing":        {0, nil},
		"slow goroutine": {0, nil},
		"goroutine":      {1, []string{"nstest.leakGoroutine()\n"}},
		"fail":           {1, []string{"nstest.leakGoroutine()\n", "on purpose"}},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			out, exit := runHelper(t, mode, "")
			if exit != want.exit {
				t.Errorf("exit status %d, want %d", exit, want.exit)
			}
			for _, line := range want.lines {
				if !strings.Contains(out, line) {
					t.Errorf("no %q", line)
				}
			}
			if found := strings.Contains(out, "nlkit-leak: "); found != strings.Contains(strings.Join(want.lines, ""), "leak") {
				t.Errorf("leaks reported: %t", found)
			}
			if t.Failed() {
				t.Logf("output:\n%s", out)
			}
		})
	}
}

// TestFlags checks that what the go command makes of a test binary works with
// Main.
func TestFlags(t *testing.T) {
	t.Run("list", func(t *testing.T) {
		out, exit := runHelper(t, "goroutine", "", "-test.list=^Test(Helper|Flags)$")
		// Coverage, if on, has something to add.
		if exit != 0 || !strings.HasPrefix(out, "TestHelper\nTestFlags\n") || strings.Contains(out, "nlkit-") {
			t.Errorf("status %d, output:\n%s", exit, out)
		}
	})
	t.Run("bench", func(t *testing.T) {
		out, exit := runHelper(t, "", "", "-test.run=^$", "-test.bench=^BenchmarkParseStacks$", "-test.benchtime=1x")
		if exit != 0 || !strings.Contains(out, "BenchmarkParseStacks") {
			t.Errorf("status %d, output:\n%s", exit, out)
		}
	})
	t.Run("fuzz", func(t *testing.T) {
		out, exit := runHelper(t, "", "", "-test.run=^$", "-test.fuzz=^FuzzParseStacks$",
			"-test.fuzztime=50x", "-test.parallel=2", "-test.fuzzcachedir="+t.TempDir())
		if exit != 0 || !strings.Contains(out, "PASS") || strings.Contains(out, "nlkit-leak") {
			t.Errorf("status %d, output:\n%s", exit, out)
		}
	})
}

func TestSkipped(t *testing.T) {
	const vlan = "nlkit-skip kind:vlan: TestHelper: two lines, 100%\n"
	for _, test := range []struct {
		mode, require string
		skipped       string // the line, or "" if the test fails
	}{
		{"skip", "", vlan},
		{"skip", "kind:vla,vlan,tool:*,kind", vlan},
		{"skip", "kind:vlan", ""},
		{"skip", "netadmin, kind:*", ""},
		{"skip", "all", ""},
		{"new kernel", "", "nlkit-skip kernel:99.0: TestHelper: not yet\n"},
		{"tool", "kind:*", "nlkit-skip tool:no-such-program: TestHelper: "},
		{"tool", "tool:no-*", ""},
	} {
		t.Run(test.mode+" "+test.require, func(t *testing.T) {
			t.Parallel()
			out, exit := runHelper(t, test.mode, test.require)
			switch {
			case test.skipped != "" && (exit != 0 || !strings.HasPrefix(out, test.skipped)):
				t.Errorf("status %d, want a skip; output:\n%s", exit, out)
			case test.skipped != "" && !strings.Contains(out, "\nnlkit-skipped: 1\n"):
				t.Errorf("the skip is not counted; output:\n%s", out)
			case test.skipped == "" && (exit != 1 || !strings.Contains(out, requireEnv+" requires")):
				t.Errorf("status %d, want a failure; output:\n%s", exit, out)
			}
		})
	}
}

func TestRequired(t *testing.T) {
	for _, test := range []struct {
		list, need string
		want       bool
	}{
		{"", "netadmin", false},
		{" ,", "netadmin", false},
		{"all", "tool:ip", true},
		{"netadmin,nflog", "nflog", true},
		{"kind:v*", "kind:vlan", true},
		{"kind:v*", "kind:bond", false},
		{"kind:{vlan,bond}", "kind:vlan", false}, // no braces in path.Match
		{"tool:*", "kind:vlan", false},
		{"*", "netadmin", true},
	} {
		if got, err := required(test.list, test.need); got != test.want || err != nil {
			t.Errorf("required(%q, %q) = %t, %v, want %t", test.list, test.need, got, err, test.want)
		}
	}
	if _, err := required("kind:[", "kind:vlan"); err == nil {
		t.Error("no error for a malformed pattern")
	}
}
