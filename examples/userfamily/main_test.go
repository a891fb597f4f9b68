package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, queryAttrs)
	attrtest.RoundTrip(t, listenAttrs)
	attrtest.Covers(t, queryAttrs)
	attrtest.Covers(t, listenAttrs)
	attrtest.Covers(t, taskAttrs)
	attrtest.Covers(t, attr.Table[stats](statsLayout.Fields))
	if err := statsLayout.Check(); err != nil {
		t.Error(err)
	}
}

func FuzzTask(f *testing.F) { attrtest.Fuzz(f, taskAttrs) }

// client returns a client, and whether it may ask.
func client(t *testing.T) (c *nlkit.Client, may bool) {
	t.Helper()
	c, err := nlkit.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_, err = get(t.Context(), c, os.Getpid())
	if errors.Is(err, fs.ErrNotExist) {
		nstest.Skip(t, "family:TASKSTATS", "%v", err)
	}
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		t.Fatal(err)
	}
	return c, err == nil
}

func TestOwnProcess(t *testing.T) {
	c, may := client(t)
	me := uint32(os.Getpid())
	got, err := getTask.Query(t.Context(), c, genl.Name(family), &query{PID: me})
	if !may {
		if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "taskstats.Get thread ") {
			t.Errorf("got %v", err)
		}
		return
	}
	comm, readErr := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/comm")
	if readErr != nil {
		t.Fatal(readErr)
	}
	s := got.Stats
	if err != nil || got.PID != me || s.PID != me || s.Command != strings.TrimSpace(string(comm)) || s.Version < 8 ||
		s.Parent != uint32(os.Getppid()) || s.UID != uint32(os.Getuid()) || s.Elapsed == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	all, err := get(t.Context(), c, os.Getpid())
	if err != nil || all.TGID != me || all.Stats.Voluntary+all.Stats.Forced < s.Voluntary+s.Forced {
		t.Errorf("got %+v, %v", all, err)
	}
	if _, err := get(t.Context(), c, 1<<22+1); !errors.Is(err, syscall.ESRCH) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such process: %v", err)
	}
}

func TestExits(t *testing.T) {
	c, may := client(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cpus, err := os.ReadFile("/sys/devices/system/cpu/possible")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := exits(ctx, c, strings.TrimSpace(string(cpus)))
	if !may {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	cmd := exec.Command("sh", "-c", "exit 7")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 7 {
		t.Fatal(err)
	}
	for {
		var got task
		if err := sub.ReadInto(&got); err != nil {
			t.Fatal(err)
		}
		if got.PID == uint32(cmd.Process.Pid) {
			if got.Stats.ExitCode != 7<<8 || got.Stats.Command != "sh" {
				t.Errorf("got %+v", got)
			}
			return
		}
	}
}

func TestRun(t *testing.T) {
	client(t)
	if err := run(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if run(t.Context(), []string{"init"}) == nil {
		t.Error("init is taken for a number")
	}
}
