// Command tour shows on the real kernel what nlkit does: it makes two network
// namespaces, and in them, through nlkit alone, links, addresses and routes; it
// follows events, reads logged packets, and cancels what waits. Each step checks
// its own result. It runs as root, or as an ordinary user in a user namespace that
// it makes itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
)

// tour is what the steps share: two namespaces, joined by a pair of veth.
type tour struct {
	here, there *os.File
	c, far      *nlkit.Client // clients of the two
	left, right link.Link     // the pair: left is here, right is there
}

var steps = []struct {
	title string
	run   func(*tour, context.Context) error
}{
	{"The links of a fresh network namespace", (*tour).listLinks},
	{"A veth pair into another namespace, a bridge, addresses", (*tour).makeLinks},
	{"Routes, one over two next hops, and which way the kernel goes", (*tour).makeRoutes},
	{"10,000 routes in a batch, and streamed back", (*tour).manyRoutes},
	{"Events of links and routes", (*tour).followEvents},
	{"Errors that say what is wrong", (*tour).showErrors},
	{"Generic netlink families", (*tour).listFamilies},
	{"Packets that the firewall logs", (*tour).logPackets},
	{"A blocked subscription, cancelled", (*tour).cancelBlocked},
	{"Cleaning up", (*tour).cleanUp},
}

func main() {
	// An ordinary user gets the privileges in a user namespace; what follows runs
	// in a second process there.
	exit, done, err := netns.Reexec()
	if done {
		os.Exit(exit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour: it takes root, or a user namespace, which cannot be had:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	begin := time.Now()
	t := new(tour)
	// The namespaces, and all that is in them, are gone when these files are
	// closed: also after an error or an interrupt.
	defer t.close()
	if err := t.open(); err != nil {
		return err
	}
	for i, s := range steps {
		fmt.Printf("\n%d. %s\n", i+1, s.title)
		if err := s.run(t, ctx); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, s.title, err)
		}
	}
	fmt.Printf("\nAll %d steps did what they should, in %v.\n", len(steps), time.Since(begin).Round(time.Millisecond))
	return nil
}

// open makes the two namespaces and a client for each.
func (t *tour) open() (err error) {
	if t.here, err = netns.New(); err != nil {
		return err
	}
	if t.there, err = netns.New(); err != nil {
		return err
	}
	if t.c, err = nlkit.New(nlkit.WithNetNSFD(int(t.here.Fd()))); err != nil {
		return err
	}
	t.far, err = nlkit.New(nlkit.WithNetNSFD(int(t.there.Fd())))
	return err
}

func (t *tour) close() {
	_ = errors.Join(t.c.Close(), t.far.Close())
	for _, ns := range []*os.File{t.here, t.there} {
		if ns != nil {
			_ = ns.Close()
		}
	}
}

// check is an error unless ok: every step says what it found and what it should
// have found.
func check(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// say prints one line of a step.
func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }
