package nlkit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// batchOf returns a batch of requests.
func batchOf(t *testing.T, c *nlkit.Client, reqs ...nlkit.Request) *nlkit.Batch {
	t.Helper()
	b := c.NewBatch()
	for _, r := range reqs {
		if err := b.Do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// An item that does not fit the socket's send buffer is refused by itself: those beside
// it are done.
func TestBatchWithItemTooLong(t *testing.T) {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	long := setLoopback(7)
	long.Data = append(long.Data, make([]byte, 1<<20)...)
	err = batchOf(t, c, setLoopback(5), long, setLoopback(6), setLoopback(7)).Send(t.Context())
	failed, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || len(failed.Failed) != 1 || failed.Failed[0].Index != 1 || !errors.Is(err, syscall.EMSGSIZE) || failed.Failed[0].Err.Sent {
		t.Errorf("got %v", err)
	}
}

// A batch is sent in parts that fit the send buffer.
func TestBatchWithSmallSendBuffer(t *testing.T) {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()), nlkit.WithWriteBuffer(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	reqs := make([]nlkit.Request, 1000)
	for i := range reqs {
		reqs[i] = setLoopback(uint32(i + 1))
	}
	if err := batchOf(t, c, reqs...).Send(t.Context()); err != nil {
		t.Error(err)
	}
}

// The connector takes one message of a datagram and acknowledges none.
func TestBatchToConnector(t *testing.T) {
	var datagrams []int
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		datagrams = append(datagrams, len(reqs))
		return nil
	})
	r := nlkit.Request{Op: "number.Add", Protocol: uapi.NETLINK_CONNECTOR, Type: uapi.NLMSG_DONE, Data: number(1)}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := batchOf(t, c, r, r, r).Send(ctx); err != nil || len(datagrams) != 3 {
		t.Errorf("got %v, datagrams of %v messages", err, datagrams)
	}
	if idle, all := c.Sockets(); idle != 1 || all != 1 {
		t.Errorf("%d of %d sockets are idle", idle, all)
	}
}

// Where no socket could be opened, each item says all that a request of its own does.
func TestBatchWithoutSocket(t *testing.T) {
	c, err := nlkit.New(nlkit.WithKernel(func(int) (*netlink.Conn, error) {
		return nil, os.NewSyscallError("socket", syscall.EMFILE)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := nlkit.Request{Op: "number.Add", Describe: func(b []byte) string { return string(b) }, Data: []byte("one")}
	want := c.Do(t.Context(), r)
	err = batchOf(t, c, r).Send(t.Context())
	failed, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || len(failed.Failed) != 1 || failed.Failed[0].Err.Error() != want.Error() || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

// What failed unsent is not all of a batch, nor of several errors.
func TestSafeToRetrySeveral(t *testing.T) {
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[len(reqs)-1], 0, nil))}
	})
	good := nlkit.Request{Op: "number.Add"}
	bad := nlkit.Request{Op: "number.Add", Prepare: func(context.Context, *nlkit.Client, *nlkit.Request) error { return errors.New("no number") }}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	sent := &nlkit.Error{Op: "number.Add", Errno: syscall.EBUSY, Sent: true}
	unsent := &nlkit.Error{Op: "number.Add", Err: context.Canceled}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"one of two was done":     {batchOf(t, c, bad, good).Send(t.Context()), false},
		"none was sent":           {batchOf(t, c, bad, good).Send(ended), true},
		"joined":                  {errors.Join(unsent, sent), false},
		"joined, both unsent":     {errors.Join(unsent, unsent), true},
		"with a word about it":    {fmt.Errorf("%w: %w", os.ErrInvalid, unsent), true},
		"a batch, with a word":    {fmt.Errorf("setup: %w", batchOf(t, c, bad, good).Send(t.Context())), false},
		"of no operation":         {context.Canceled, false},
		"none":                    {nil, false},
		"cancelled by a sent one": {c.Do(endedBy(t, sent), good), true},
	} {
		if got := nlkit.SafeToRetry(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v (%v)", name, got, tt.want, tt.err)
		}
	}
}

// endedBy returns a context that was ended by cause.
func endedBy(t *testing.T, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	return ctx
}
