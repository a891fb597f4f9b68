package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
)

// openPTY returns the two ends of a terminal of 90 by 20 characters.
func openPTY(t *testing.T) (far *os.File, near *terminal) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		nstest.Skip(t, "pty", "%v", err)
	}
	t.Cleanup(func() { _ = far.Close() })
	fd := int(far.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 20, Col: 90})
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		nstest.Skip(t, "pty", "%v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	t.Setenv("TERM", "xterm")
	if near = openTerminal(f); near == nil {
		t.Fatal("this is no terminal")
	}
	return far, near
}

// The screen shows what changes, and is given back when the program is told to end.
func TestShow(t *testing.T) {
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	far, screen := openPTY(t)
	limit, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	ctx, cancel := context.WithCancel(limit) // as a signal would
	defer cancel()
	m, err := mirror.Watch(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ended := make(chan error, 1)
	go func() {
		ended <- show(ctx, m, newView(true, "host", false), screen)
		screen.f.WriteString("\x04") //nolint:errcheck // what the reader ends with
	}()

	var out strings.Builder
	b := make([]byte, 4096)
	read := func(want string) {
		t.Helper()
		for !strings.Contains(out.String(), want) {
			n, err := far.Read(b)
			out.Write(b[:n])
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	}
	read(" links · ")
	if err := link.Add(ctx, c, "v0", &link.Veth{Peer: link.NewPeer("w0")}); err != nil {
		t.Fatal(err)
	}
	read("w0")
	if !strings.HasPrefix(out.String(), "\x1b[?1049h\x1b[?25l") {
		t.Errorf("begins with %q", out.String()[:30])
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	read("\x04")
	if !strings.HasSuffix(out.String(), "\x1b[?25h\x1b[?1049l\x04") {
		t.Errorf("ends with %q", out.String()[out.Len()-30:])
	}
}

func TestNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if openTerminal(w) != nil {
		t.Error("a pipe is no terminal")
	}
	_, screen := openPTY(t)
	t.Setenv("TERM", "dumb")
	if openTerminal(screen.f) != nil {
		t.Error("a dumb terminal can't move its cursor")
	}
}
