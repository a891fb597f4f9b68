package nlconn

import (
	"context"
	"errors"
	"math"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit/internal/uapi"
)

// getLoopback is a request that is answered by one message.
func getLoopback() Request {
	return Request{Type: uapi.RTM_GETLINK, Data: append([]byte{4: 1}, make([]byte, 11)...)}
}

// Sequence numbers go round, and 0 is none.
func TestSequenceGoesRound(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	for _, from := range []uint32{0, math.MaxUint32 - 2, math.MaxUint32 - 1, math.MaxUint32} {
		c.seq = from
		for range 3 {
			got := 0
			_, err := c.Query(t.Context(), getLoopback(), func(m Message) error {
				if got++; m.Seq != c.seq || m.Seq == 0 {
					t.Errorf("after %d: the answer to %d has number %d", from, c.seq, m.Seq)
				}
				return nil
			})
			if err != nil || got != 1 {
				t.Fatalf("after %d: %d answers, %v", from, got, err)
			}
		}
		c.seq = from
		refused := 0
		c.Batch(t.Context(), []Request{noSuchLink(), getLoopback(), noSuchLink(), noSuchLink()}, func(int, Message) error { return nil }, nil,
			func(i int, sent bool, err error) {
				if _, ok := errors.AsType[*KernelError](err); ok != (i != 1) || !sent {
					t.Errorf("after %d: item %d: %t, %v", from, i, sent, err)
				}
				refused++
			})
		if refused != 4 {
			t.Errorf("after %d: %d items are done", from, refused)
		}
	}
}

// What cannot be sent is no datagram, and the socket goes on with the next.
func TestTooLongToSend(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	long := Request{Type: uapi.RTM_DELLINK, Data: make([]byte, 16<<20)}
	if _, err := c.Do(t.Context(), long, nil); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Query(context.Background(), getLoopback(), func(Message) error { return nil }); err != nil {
		t.Error(err)
	}
	if cap(c.out) > keptOut {
		t.Errorf("a buffer of %d bytes is kept", cap(c.out))
	}
}

// An exchange allocates what its caller's closures take, and nothing to send.
func TestSendAllocates(t *testing.T) {
	p := inNamespace(t)
	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	r := getLoopback()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.send(r, 0); err != nil {
			t.Error(err)
		}
		if _, err := c.fill(c.raw.Read); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	write := queueLength(1000)
	if n := testing.AllocsPerRun(100, func() { do(t, c, write) }); n != 0 {
		t.Errorf("%v allocations of an acknowledged write", n)
	}
}
