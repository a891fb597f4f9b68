//go:build linux

package main

import (
	"bytes"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// terminal is a screen to draw on.
type terminal struct{ f *os.File }

// openTerminal returns nil if a file is none, or one that can't move its cursor.
func openTerminal(f *os.File) *terminal {
	t := &terminal{f}
	if w, _ := t.size(); w == 0 || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return t
}

// size returns the width and height in characters, 0 if they are not known.
func (t *terminal) size() (width, height int) {
	if t == nil {
		return 0, 0
	}
	w, err := unix.IoctlGetWinsize(int(t.f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(w.Col), int(w.Row)
}

// enter goes to a screen of its own, so that nothing of what was there is lost.
func (t *terminal) enter() error { return t.write("\x1b[?1049h\x1b[?25l\x1b[2J") }

// leave goes back to what was there before.
func (t *terminal) leave() error { return t.write("\x1b[?25h\x1b[?1049l") }

// draw draws all lines, each over what was there, so that nothing flickers.
func (t *terminal) draw(lines []string) error {
	var b bytes.Buffer
	b.WriteString("\x1b[H")
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line)
		b.WriteString("\x1b[K")
	}
	b.WriteString("\x1b[J")
	return t.write(b.String())
}

func (t *terminal) write(s string) error {
	_, err := t.f.WriteString(s)
	return err
}

// resized tells that the size has changed, until stop is called.
func (t *terminal) resized() (changed <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
