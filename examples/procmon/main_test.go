//go:build linux

package main

import (
	"encoding/binary"
	"os/exec"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestLayouts(t *testing.T) {
	if err := controlLayout.Check(); err != nil {
		t.Error(err)
	}
	if err := head.Check(); err != nil {
		t.Error(err)
	}
	for what, layout := range rest {
		if err := layout.Check(); err != nil {
			t.Errorf("event %#x: %v", uint32(what), err)
		}
	}
}

// message is what the kernel sends of an event.
func message(what What, rest ...uint32) []byte {
	b := make([]byte, headerSize)
	b = binary.NativeEndian.AppendUint32(b, uint32(what))
	b = binary.NativeEndian.AppendUint32(b, 1)
	b = binary.NativeEndian.AppendUint64(b, 1e9)
	for _, v := range rest {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return b
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		data []byte
		want string // "" for an event that is not kept
	}{
		{message(Fork, 11, 10, 21, 20, 0, 0), "process 10 starts 20"},
		{message(Exec, 10, 10, 0, 0, 0, 0), "process 10 executes a program"},
		{message(Exit, 11, 10, 7<<8, 17, 1, 1), "thread 11 of process 10 ends with 7"},
		{message(Exit, 10, 10, 9, 17, 1, 1), "thread 10 of process 10 is ended by signal 9"},
		{message(CoreDump, 10, 10, 1, 1, 0, 0), "process 10 dumps core"},
		{message(4, 10, 10, 1, 1, 0, 0), ""},
	} {
		var ev Event
		keep, err := decode(nlkit.Message{Data: tt.data}, &ev)
		if err != nil || keep != (tt.want != "") || keep && ev.String() != tt.want {
			t.Errorf("%q: kept %t, %v, want %q", ev, keep, err, tt.want)
		}
	}
	var ev Event
	if _, err := decode(nlkit.Message{Data: make([]byte, head.Size-1)}, &ev); err == nil {
		t.Error("half a message was taken")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(message(Fork, 11, 10, 21, 20))
	f.Add(message(Comm, 11, 10, 1<<30, 0, 0, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ev Event
		if keep, err := decode(nlkit.Message{Data: data}, &ev); keep && err == nil {
			_ = ev.String()
		}
	})
}

// TestEvents starts a program, and wants its beginning and end from the kernel.
func TestEvents(t *testing.T) {
	c, err := nlkit.New()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sub, err := Subscribe(t.Context(), c)
	if silent(err) {
		nstest.Skip(t, "connector", "processes are not told here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "exit 7")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 7 {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var seen []What
	for ev, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case ev.What == Fork && ev.Child == pid, ev.What == Exec && ev.Process == pid:
			seen = append(seen, ev.What)
		case ev.What == Exit && ev.Process == pid:
			if len(seen) != 2 || seen[0] != Fork || seen[1] != Exec || ev.Status != 7<<8 || ev.Time <= 0 {
				t.Errorf("before %+v came %v", ev, seen)
			}
			return
		}
	}
}
