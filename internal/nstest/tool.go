package nstest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/netns"
)

// toolTimeout is the time that a program may take, in an emulated machine even.
const toolTimeout = time.Minute

// Tool returns the path of a program to hold the SDK against, and skips the
// test for want of tool:name if there is none.
func Tool(t testing.TB, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err == nil {
		return file
	}
	// Not in an ordinary user's PATH, but an ordinary user may run them.
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return file
		}
	}
	Skip(t, "tool:"+name, "%v", err)
	return ""
}

// Run runs a program (see [Tool]) in the namespace and returns what it wrote to
// standard output. The test ends with what it wrote to standard error if the
// program fails.
func (ns *NS) Run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	return ns.RunInput(t, "", name, args...)
}

// RunInput is Run for a program that reads input on its standard input: many commands
// of "ip -batch -" take a fraction of the time that as many programs take.
func (ns *NS) RunInput(t testing.TB, input, name string, args ...string) []byte {
	t.Helper()
	out, err := ns.run(t, input, name, args)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TryRun is Run for a program that may fail: its standard error is in the
// error, from which an *[exec.ExitError] can be had.
func (ns *NS) TryRun(t testing.TB, name string, args ...string) ([]byte, error) {
	t.Helper()
	return ns.run(t, "", name, args)
}

func (ns *NS) run(t testing.TB, input, name string, args []string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()

	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, Tool(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	cmd.WaitDelay = toolTimeout / 6 // for what a killed program leaves behind
	// A process is in the namespace of the thread that starts it.
	err := netns.Do(ns.File, cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return stdout.Bytes(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
