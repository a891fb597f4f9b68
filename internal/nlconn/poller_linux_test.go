package nlconn

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/uapi"
)

// unanswered is a request that the kernel ignores.
var unanswered = Request{Type: uapi.NLMSG_NOOP}

// inPoller returns how many netlink sockets Go's poller watches.
func inPoller(t *testing.T) (n int) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	sockets := map[string]bool{}
	for _, f := range files {
		to, _ := os.Readlink("/proc/self/fd/" + f.Name())
		if strings.HasPrefix(to, "socket:") {
			sockets[f.Name()] = true
		}
	}
	for _, f := range files {
		to, _ := os.Readlink("/proc/self/fd/" + f.Name())
		if to != "anon_inode:[eventpoll]" {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(info)) {
			// tfd:        5 events: 80002019 data: …
			if f := strings.Fields(line); len(f) > 1 && f[0] == "tfd:" && sockets[f[1]] {
				n++
			}
		}
	}
	return n
}

// A socket for requests is in the poller only while an answer is waited for, and all
// the same each wait ends with its context.
func TestPoller(t *testing.T) {
	p := inNamespace(t)
	before := inPoller(t)
	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	for round := range 3 {
		if _, err := c.Query(t.Context(), getLoopback(), func(Message) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if n := inPoller(t); n != before {
			t.Errorf("round %d: %d sockets in the poller, %d before", round, n, before)
		}
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan int, 1)
		go func() {
			for c.waiting.Load() == nil {
				runtime.Gosched()
			}
			watched <- inPoller(t)
			cancel()
		}()
		if _, err := c.Query(ctx, unanswered, func(Message) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("round %d: %v", round, err)
		}
		if n := <-watched; n != before+1 {
			t.Errorf("round %d: %d sockets in the poller during the wait, %d before", round, n, before)
		}
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(5*time.Millisecond))
	defer cancel()
	if _, err := c.Query(ctx, unanswered, func(Message) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// Close wakes who waits, before and while it does.
func TestCloseWakes(t *testing.T) {
	p := inNamespace(t)
	for i := range 100 {
		c, err := p.Get(uapi.NETLINK_ROUTE)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := c.Query(context.Background(), unanswered, func(Message) error { return nil })
			ended <- err
		}()
		if i%2 == 0 {
			for c.waiting.Load() == nil {
				runtime.Gosched()
			}
		}
		p.Forget(c)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Fatalf("number %d: %v", i, err)
		}
	}
}

func TestReadBuffer(t *testing.T) {
	p := inNamespace(t)
	for _, kept := range []bool{false, true} {
		c, err := p.dial(uapi.NETLINK_ROUTE, p.cfg, 0, kept)
		if err != nil {
			t.Fatal(err)
		}
		err = c.setReadBuffer(64 << 10)
		if size, sizeErr := c.ReadBuffer(); err != nil || sizeErr != nil || size != 128<<10 {
			t.Errorf("polled %t: %d bytes, %v, %v", kept, size, err, sizeErr)
		}
		if c.PortID() == 0 {
			t.Error("no address")
		}
		p.Forget(c)
		if _, err := c.ReadBuffer(); !errors.Is(err, net.ErrClosed) && !errors.Is(err, unix.EBADF) {
			t.Errorf("polled %t: closed, %v", kept, err)
		}
	}
}
