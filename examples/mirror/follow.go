package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/mirror"
)

func isNever(mirror.Change) bool { return false }

func isSynced(ch mirror.Change) bool { return ch.Type == nlkit.Synced }

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "this host"
	}
	return name
}

// each hands over the changes, until one that is the last.
func each(m *mirror.Mirror, write func(time.Time, mirror.Change) error, isLast func(mirror.Change) bool) error {
	for ch, err := range m.All() {
		if err == nil {
			err = write(time.Now(), ch)
		}
		if err != nil || isLast(ch) {
			return err
		}
	}
	return nil
}

// showOnce prints what there is.
func showOnce(m *mirror.Mirror, v *view, screen *terminal) error {
	if err := each(m, func(now time.Time, ch mirror.Change) error { v.apply(now, ch); return nil }, isSynced); err != nil {
		return err
	}
	width, _ := screen.size()
	for _, line := range v.frame(m.Snapshot(), m.Stats(), time.Now(), width, 0) {
		fmt.Println(line)
	}
	return nil
}

// frameTime is the least time between two frames, so that a busy network does not
// keep the terminal busy.
const frameTime = 100 * time.Millisecond

// show draws what there is again and again, until ctx ends.
func show(ctx context.Context, m *mirror.Mirror, v *view, screen *terminal) error {
	var mu sync.Mutex // of v
	news := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- each(m, func(now time.Time, ch mirror.Change) error {
			mu.Lock()
			v.apply(now, ch)
			mu.Unlock()
			select {
			case news <- struct{}{}:
			default:
			}
			return nil
		}, isNever)
	}()
	draw := func() error {
		s, stats, now := m.Snapshot(), m.Stats(), time.Now()
		width, height := screen.size()
		mu.Lock()
		defer mu.Unlock()
		v.forget(now)
		return screen.draw(v.frame(s, stats, now, width, height))
	}

	if err := screen.enter(); err != nil {
		return err
	}
	defer screen.leave() //nolint:errcheck // nothing is left to be done about it
	resized, stop := screen.resized()
	defer stop()
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for {
		if err := draw(); err != nil {
			_ = m.Close()
			<-ended
			return err
		}
		select {
		case err := <-ended:
			return err
		case <-news:
		case <-resized:
		case <-clock.C:
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(frameTime):
		}
	}
}
