package nlconn

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// readWhile has a goroutine wait for messages on a socket of a scripted kernel, with
// what it has received and its errors in the channel, until the socket is closed.
func readWhile(t *testing.T, c *Conn) <-chan any {
	t.Helper()
	read := make(chan any, 16)
	go func() {
		defer close(read)
		for {
			var m Message
			_, err := c.Receive(&m, true)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
				read <- err
			default:
				read <- m.Type
			}
		}
	}()
	nstest.Eventually(t, func() string {
		if len(c.shared.turn) == 0 {
			return "nobody reads"
		}
		return ""
	})
	return read
}

// A request whose answer does not come ends with its context, and one whose answer is
// lost says so, though another goroutine waits for messages on the socket: that one
// misses none and goes on.
func TestControlEndsWhileOneReads(t *testing.T) {
	event := func(n uint16) []byte {
		return nlfake.Join(netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(100 + n)}})
	}
	silent := true
	k := &nlfake.Kernel{Handle: func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		if silent {
			return nil
		}
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], syscall.EBUSY, nil))}
	}}
	p := NewPool(Config{Dial: k.Dial})
	defer p.Close()
	c, err := p.Listen(uapi.NETLINK_ROUTE, ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var lose atomic.Bool
	readFn := c.readFn
	c.readFn = func(fd uintptr) bool {
		if lose.CompareAndSwap(true, false) {
			c.n, c.err = 0, syscall.ENOBUFS
			return true
		}
		return readFn(fd)
	}
	read := readWhile(t, c)
	control := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := c.Control(ctx, Request{Type: 100})
			done <- err
		}()
		return done
	}
	expect := func(want error, done chan error) {
		t.Helper()
		select {
		case err := <-done:
			if !errors.Is(err, want) {
				t.Fatalf("%v, want %v", err, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("it does not end, want %v", want)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	expect(context.DeadlineExceeded, control(ctx))

	done := control(t.Context())
	nstest.Eventually(t, func() string {
		if c.shared.waiter.Load() == nil {
			return "no request waits"
		}
		return ""
	})
	lose.Store(true)
	if err := k.Last().Push(event(1)); err != nil {
		t.Fatal(err)
	}
	expect(errUnknown, done)

	silent = false
	expect(syscall.EBUSY, control(t.Context()))
	if err := k.Last().Push(event(2)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []any{ErrOverrun, uint16(101), uint16(102)} {
		if got := <-read; got != want {
			t.Errorf("read %v, want %v", got, want)
		}
	}
	_ = c.Close()
	if rest, some := <-read; some {
		t.Errorf("read %v at the end", rest)
	}
}
