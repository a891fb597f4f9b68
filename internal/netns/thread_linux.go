package netns

import (
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// onThread runs fn on an OS thread that ends with it, and waits for it.
//
// It ends as fn ended: with its error, with its panic (as a [*Panic]), or, if
// fn left by [runtime.Goexit] as testing.T.FailNow does, by the same in the
// calling goroutine.
func onThread(fn func() error) error {
	var (
		err      error
		returned bool
		panicked *Panic
		done     = make(chan struct{})
	)
	startThread(func() {
		defer close(done)
		defer func() {
			// Nil in a Goexit also.
			if v := recover(); v != nil {
				panicked = &Panic{Value: v, Stack: debug.Stack()}
			}
		}()
		err = fn()
		returned = true
	})
	<-done

	switch {
	case panicked != nil:
		panic(panicked) //nolint:forbidigo // it is fn's
	case !returned:
		runtime.Goexit()
	}
	return err
}

// startThread starts fn in a goroutine on an OS thread of its own. The
// goroutine ends while it is locked to the thread, upon which the runtime ends
// the thread instead of using it again.
func startThread(fn func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			fn()
			return
		}

		// The main thread can't end. Changed, it would stay so, and with it
		// what /proc/self shows of the process. Hold on to it until another
		// goroutine has got another thread.
		locked := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(locked)
			fn()
		}()
		<-locked
		runtime.UnlockOSThread()
	}()
}
