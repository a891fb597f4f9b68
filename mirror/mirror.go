package mirror

import (
	"context"
	"errors"
	"iter"
	"net"
	"sync/atomic"

	"github.com/nlkit/nlkit"
)

// Mirror is the state of several kinds of the kernel's objects, and what changes in
// it. It starts no goroutine: whoever reads it does its work. Reading belongs to one
// goroutine at a time, everything else to any.
//
// It begins with everything that there is, as [nlkit.Added], then tells
// [nlkit.Synced], then what changes.
type Mirror struct {
	w      *nlkit.Watcher
	change map[nlkit.AnyTable]func() Change
	copies []func(*Snapshot)
	closed atomic.Bool
}

// Watch starts to watch links, addresses, neighbours and routes, or what the options
// say. ctx ends the watch, not only this call. It takes no privilege.
//
// The error is [io/fs.ErrInvalid] for options that cannot be. What goes wrong later,
// the first read tells.
func Watch(ctx context.Context, c *nlkit.Client, opts ...Option) (*Mirror, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	m := &Mirror{change: map[nlkit.AnyTable]func() Change{}}
	b := builder{m: m}
	if err := b.build(&cfg); err != nil {
		return nil, err
	}
	if m.w, err = nlkit.NewWatcher(ctx, c, b.tables, cfg.subscribe...); err != nil {
		return nil, err
	}
	return m, nil
}

// All yields the changes until the watch ends:
//
//   - by Close, or the client's: the loop ends without an error, with
//     [net.ErrClosed] if it was the client's
//   - by its context: the last pair has the context's error
//   - by a list that the kernel refuses, a message that cannot be decoded, or a failure
//     of the socket: the last pair has that error
//
// It may be left and entered again.
func (m *Mirror) All() iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for {
			ch, err := m.Next()
			if err != nil {
				if !m.closed.Load() || !errors.Is(err, net.ErrClosed) {
					yield(Change{}, err)
				}
				return
			}
			if !yield(ch, nil) {
				return
			}
		}
	}
}

// Next waits for the next change. Its errors are those of All, and [net.ErrClosed]
// after Close.
func (m *Mirror) Next() (Change, error) {
	t, err := m.w.Next()
	switch {
	case err != nil:
		return Change{}, err
	case t == nil:
		return Change{Type: nlkit.Synced}, nil
	}
	return m.change[t](), nil
}

// Stats returns what the watch has been through.
func (m *Mirror) Stats() nlkit.WatchStats { return m.w.Stats() }

// Close ends the watch. It may be called at any time and more than once, and ends a
// read that waits.
func (m *Mirror) Close() error {
	if m == nil {
		return nil
	}
	m.closed.Store(true)
	return m.w.Close()
}
