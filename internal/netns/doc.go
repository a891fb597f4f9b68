// Package netns makes network namespaces and runs code in them.
//
// A namespace belongs to an OS thread, and a goroutine moves between threads.
// Every function here therefore works on a thread of its own that ends
// afterwards, so that no other goroutine can end up in the wrong namespace.
// A namespace lives as long as the file that stands for it is open, or a
// socket or a thread is in it; nothing is written to /run/netns.
//
// [Reexec] lets a program of an ordinary user do all that: it starts the
// program again inside a user namespace, where it has the capabilities it
// needs.
//
// Everywhere but on Linux the functions return [errors.ErrUnsupported].
package netns

import "fmt"

// Panic is what [Do] panics with when its function panicked: the stack of the
// goroutine that did, which is not the caller's, would be lost otherwise.
type Panic struct {
	Value any
	Stack []byte
}

// Error returns the value and the stack of the original panic.
func (p *Panic) Error() string {
	return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value of the original panic if it was an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
