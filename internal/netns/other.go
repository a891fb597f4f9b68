//go:build !linux

package netns

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

var errUnsupported = fmt.Errorf("netns: no network namespaces on %s: %w", runtime.GOOS, errors.ErrUnsupported)

// New makes a network namespace.
func New() (*os.File, error) { return nil, errUnsupported }

// Current returns the network namespace of the calling thread.
func Current() (*os.File, error) { return nil, errUnsupported }

// Do runs fn in a network namespace.
func Do(*os.File, func() error) error { return errUnsupported }

// LoopbackUp sets the loopback interface of a namespace up.
func LoopbackUp(*os.File) error { return errUnsupported }

// Reexec runs the program again with the privileges that namespaces need.
func Reexec() (exit int, done bool, err error) { return 0, false, errUnsupported }

// Open fails.
func (Ref) Open() (*os.File, error) { return nil, errUnsupported }
