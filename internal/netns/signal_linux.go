package netns

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// forwarded are the signals that ask a program to end. SIGQUIT is among them
// since it is the child's goroutines that one wants to see.
var forwarded = []os.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTERM}

// catchSignals sends the signals to forward to a channel, which stop closes.
func catchSignals() (sigs <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, len(forwarded))
	for _, sig := range forwarded {
		// Asking for a signal would end its being ignored.
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
	return c, func() {
		signal.Stop(c)
		close(c)
	}
}

// forward passes signals on to p until there are no more.
func forward(p *os.Process, sigs <-chan os.Signal) {
	for sig := range sigs {
		// A terminal has sent its signals to the child as well, and a program
		// that gets a second ^C often gives up its orderly end.
		if sig == unix.SIGTERM || !foreground() {
			p.Signal(sig)
		}
	}
}

// foreground reports whether the process is in the foreground of a terminal.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	pgrp, err := unix.IoctlGetUint32(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && int(pgrp) == unix.Getpgrp()
}
