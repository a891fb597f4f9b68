package netns_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nstest"
)

// finish waits for a helper, whose output goes to out, and checks its status.
// It skips the test if the helper could not get its privileges on this system.
func finish(t *testing.T, cmd *exec.Cmd, out fmt.Stringer, want int) {
	t.Helper()
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	got := cmd.ProcessState.ExitCode()
	if got == exitError && want != exitError {
		nstest.Skip(t, "userns", "%s", out)
	}
	if got != want {
		t.Errorf("exit status %d, want %d; output:\n%s", got, want, out)
	}
}

func TestReexec(t *testing.T) {
	for name, start := range unprivileged(t) {
		t.Run(name, func(t *testing.T) {
			inherited := filepath.Join(t.TempDir(), "inherited")
			if err := os.WriteFile(inherited, []byte("three"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(inherited)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()

			var out bytes.Buffer
			cmd := newHelper(t, "report", "-some", "arguments of its")
			cmd.Stdin, cmd.Stdout = strings.NewReader("zero"), &out
			cmd.ExtraFiles = []*os.File{f}
			if err := start(cmd); err != nil {
				t.Fatal(err)
			}
			finish(t, cmd, &out, exitReport)
			const want = `args: ["-some" "arguments of its"]
marker: "done"
stdin: zero, descriptor 3: three
uid 0, gid 0
lo is up: true
namespace: <nil>
`
			if got := out.String(); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// TestReexecNeedless checks that a program that has all it needs runs once.
func TestReexecNeedless(t *testing.T) {
	newNS(t) // or skip
	out := helperOutput(t, newHelper(t, "report"), exitReport)
	if !strings.Contains(out, "marker: \"\"\n") || !strings.Contains(out, "namespace: <nil>\n") {
		t.Errorf("got:\n%s", out)
	}
}

func TestReexecOff(t *testing.T) {
	for name, start := range unprivileged(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := newHelper(t, "report")
			cmd.Env = append(cmd.Env, markerEnv+"=off")
			cmd.Stdout = &out
			if err := start(cmd); err != nil {
				t.Fatal(err)
			}
			finish(t, cmd, &out, exitReport)
			if !strings.Contains(out.String(), "namespace: unshare: operation not permitted\n") {
				t.Errorf("got:\n%s", &out)
			}
		})
	}
}

// TestReexecRefused checks that a program goes on where there are no user
// namespaces to be had, or none that are of any use.
func TestReexecRefused(t *testing.T) {
	for mode, want := range map[string]string{
		"no user namespaces":    "netns: start in a user namespace: fork/exec /proc/self/exe: no space left on device\n",
		"one network namespace": "netns: no privileges in a user namespace: unshare: no space left on device\n",
	} {
		t.Run(mode, func(t *testing.T) {
			for name, start := range unprivileged(t) {
				t.Run(name, func(t *testing.T) {
					// The limits are those of a user namespace that is
					// there for this test alone.
					var out bytes.Buffer
					cmd := newHelper(t, mode)
					cmd.Stdout = &out
					if err := start(cmd); err != nil {
						t.Fatal(err)
					}
					finish(t, cmd, &out, exitError)
					if got := out.String(); got != "uid 0: "+want {
						if strings.HasPrefix(got, fmt.Sprintf("uid %d: netns:", nobody)) {
							nstest.Skip(t, "userns", "%s", got)
						}
						t.Errorf("got %q, want %q", got, want)
					}
				})
			}
		})
	}
}

func TestReexecSignals(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			cmd, out := startReady(t, "signal")
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			rest := readRest(t, out)
			finish(t, cmd, bytes.NewBufferString(rest), exitReport)
			if rest != sig.String()+"\n" {
				t.Errorf("the program got %q, want %q", rest, sig)
			}
		})
	}
}

func TestReexecKilled(t *testing.T) {
	var out bytes.Buffer
	cmd := newHelper(t, "killed")
	cmd.Stdout = &out
	if err := startWithoutAdmin(cmd); err != nil {
		t.Fatal(err)
	}
	finish(t, cmd, &out, 128+int(unix.SIGKILL))
}

// TestReexecParentDies checks that the program does not outlive the one that
// it stands for.
func TestReexecParentDies(t *testing.T) {
	cmd, out := startReady(t, "sleep")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The end of output is the end of all who could write it.
	readRest(t, out)
	cmd.Wait()
}

func TestMainThread(t *testing.T) {
	newNS(t) // or skip
	helperOutput(t, newHelper(t, "main thread"), exitReport)
}

// newHelper returns a helper whose standard error is shown if the test fails.
func newHelper(t *testing.T, mode string, args ...string) *exec.Cmd {
	t.Helper()
	var stderr bytes.Buffer
	cmd := helperCommand(mode, args...)
	cmd.Stderr = &stderr
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("standard error of helper %q:\n%s", mode, &stderr)
		}
	})
	return cmd
}

func helperOutput(t *testing.T, cmd *exec.Cmd, want int) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != want {
		t.Fatalf("%v, want status %d; output:\n%s", err, want, &out)
	}
	return out.String()
}

// startReady starts a helper, unprivileged, and waits until it says so. The
// file is the rest of its output.
func startReady(t *testing.T, mode string) (*exec.Cmd, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}

	cmd := newHelper(t, mode)
	cmd.Stdout = w
	err = startWithoutAdmin(cmd)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	const ready = "ready\n"
	buf := make([]byte, len(ready))
	if n, err := io.ReadFull(r, buf); string(buf) != ready {
		said := string(buf[:n]) + readRest(t, r)
		finish(t, cmd, bytes.NewBufferString(said), exitReport)
		t.Fatalf("the helper said %q (%v)", said, err)
	}
	return cmd, r
}

func readRest(t *testing.T, r io.Reader) string {
	t.Helper()
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("after %q: %v", rest, err)
	}
	return string(rest)
}
