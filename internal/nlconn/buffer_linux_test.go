package nlconn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// queueLength is a request that sets lo's transmit queue length, which is an event of
// the links if it changes.
func queueLength(n uint32) Request {
	return Request{Type: uapi.RTM_SETLINK, Data: attr.AppendUint32(append([]byte{4: 1}, make([]byte, 11)...), uapi.IFLA_TXQLEN, n)}
}

// queueLengthOf returns what an event of the links says of that, 0 if it is none.
func queueLengthOf(m Message) (n uint32) {
	if m.Type != uapi.RTM_NEWLINK || len(m.Data) < 16 {
		return 0
	}
	s := attr.Scan(m.Data[16:])
	for s.Next() {
		if s.Type() == uapi.IFLA_TXQLEN {
			n = s.Uint32()
		}
	}
	return n
}

func subscribe(t testing.TB, p *Pool, groups ...uint32) *Conn {
	t.Helper()
	c, err := p.Listen(uapi.NETLINK_ROUTE, ListenConfig{Groups: groups})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Forget(c) })
	return c
}

// do is a request that the kernel must not refuse.
func do(t testing.TB, c *Conn, r Request) {
	t.Helper()
	if _, err := c.Do(context.Background(), r, nil); err != nil {
		t.Fatal(err)
	}
}

// writerOf returns a socket for requests, whose lo is up.
func writerOf(t testing.TB, p *Pool) *Conn {
	t.Helper()
	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Put(c) })
	do(t, c, loopbackUp())
	return c
}

// receive returns the next message that a socket has.
func receive(t testing.TB, c *Conn) (m Message) {
	t.Helper()
	if ok, err := c.Receive(&m, false); !ok || err != nil {
		t.Fatalf("nothing there: %v", err)
	}
	return m
}

// A socket has a buffer while someone may look at what is in it, and none at rest.
func TestNoBufferAtRest(t *testing.T) {
	p := inNamespace(t)
	w := writerOf(t, p)
	sub := subscribe(t, p, uapi.RTNLGRP_LINK)
	has := func(when string, c *Conn, want bool) {
		t.Helper()
		if (c.buf != nil) != want {
			t.Errorf("%s: it has a buffer: %t", when, !want)
		}
	}
	has("a new subscription", sub, false)
	if ok, err := sub.Receive(new(Message), false); ok || err != nil {
		t.Fatal(ok, err)
	}
	has("a read that found nothing", sub, false)
	if _, err := sub.Control(t.Context(), queueLength(1)); err != nil {
		t.Fatal(err)
	}
	has("a request of its own", sub, false)
	receive(t, sub)
	do(t, w, queueLength(2))
	receive(t, sub)
	has("a message that was read", sub, true)
	if ok, err := sub.ReceiveUntil(new(Message), time.Now().Add(-time.Millisecond)); ok || err != nil {
		t.Fatal(ok, err)
	}
	has("a wait that was over at once", sub, false)
	if ok, err := sub.ReceiveUntil(new(Message), time.Now().Add(time.Millisecond)); ok || err != nil {
		t.Fatal(ok, err)
	}
	has("a wait that has ended", sub, false)

	do(t, w, queueLength(3))
	receive(t, sub)
	ended := make(chan error, 1)
	go func() { _, err := sub.Receive(new(Message), true); ended <- err }()
	nstest.Eventually(t, func() string {
		select {
		case sub.shared.turn <- struct{}{}:
			<-sub.shared.turn
			return "nobody waits"
		default:
			return ""
		}
	})
	p.Forget(sub)
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	has("a wait that Close has ended", sub, false)

	c, err := p.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, queueLength(4))
	has("during an exchange", c, true)
	p.Put(c)
	has("an idle socket", c, false)
	if again, err := p.Get(uapi.NETLINK_ROUTE); again != c || err != nil {
		t.Fatalf("another socket, %v", err)
	}
	if _, err := c.Dump(t.Context(), Request{Type: uapi.RTM_GETLINK, Data: make([]byte, 16)}, func(Message) bool { return false }); err != nil {
		t.Fatal(err)
	}
	p.Put(c)
	has("a dump that was left, whose last message may be looked at", c, true)
}

// A message is as it was until its socket is read again, whatever the others read and
// whatever is sent on its own.
func TestMessagesStayUntilTheNextRead(t *testing.T) {
	p := inNamespace(t)
	w := writerOf(t, p)
	links, others := subscribe(t, p, uapi.RTNLGRP_LINK), subscribe(t, p, uapi.RTNLGRP_IPV4_ROUTE)
	for i := range uint32(100) {
		do(t, w, queueLength(10+i))
		do(t, w, routeTo(uapi.RTM_NEWROUTE, int(i)))
		link := receive(t, links)
		if n := queueLengthOf(link); n != 10+i {
			t.Fatalf("link event %d tells of %d: %x", i, n, link.Data)
		}
		before := bytes.Clone(link.Data)
		same := func(when string) {
			t.Helper()
			if !bytes.Equal(link.Data, before) {
				t.Fatalf("link event %d has changed: %s", i, when)
			}
		}
		if route := receive(t, others); route.Type != uapi.RTM_NEWROUTE {
			t.Fatalf("route event %d has type %d", i, route.Type)
		}
		same("the other subscription was read")
		if ok, err := others.Receive(new(Message), false); ok || err != nil {
			t.Fatal(ok, err)
		}
		if _, err := links.Control(t.Context(), noSuchLink()); !errors.Is(err, syscall.ENODEV) {
			t.Fatal(err)
		}
		same("a request was sent on its socket")
	}
}

// What a request of its own finds is what its reader reads then.
func TestControlKeepsWhatComes(t *testing.T) {
	p := inNamespace(t)
	w := writerOf(t, p)
	a, b := subscribe(t, p, uapi.RTNLGRP_LINK), subscribe(t, p, uapi.RTNLGRP_LINK)
	for i := range uint32(100) {
		from := 10 + 3*i
		for n := range uint32(3) {
			do(t, w, queueLength(from+n))
		}
		if _, err := a.Control(t.Context(), noSuchLink()); !errors.Is(err, syscall.ENODEV) {
			t.Fatal(err)
		}
		for _, c := range []*Conn{b, a} {
			for n := range uint32(3) {
				if got := queueLengthOf(receive(t, c)); got != from+n {
					t.Fatalf("event %d tells of %d", from+n, got)
				}
			}
			if ok, err := c.Receive(new(Message), false); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
	}
}

// What Control reads where nobody receives ends with the size of the kernel's buffer;
// then it is lost, which Receive says first.
func TestControlWithoutReader(t *testing.T) {
	p := inNamespace(t)
	w := writerOf(t, p)
	c, err := p.Listen(uapi.NETLINK_ROUTE, ListenConfig{Groups: []uint32{uapi.RTNLGRP_LINK}, ReadBuffer: 32 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Forget(c)
	const changes = 300
	for n := range uint32(changes) {
		do(t, w, queueLength(n+1))
		if _, err := c.Control(t.Context(), noSuchLink()); !errors.Is(err, syscall.ENODEV) {
			t.Fatal(err)
		}
	}
	size, err := c.ReadBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if held := c.shared.held; held > size || held < size/2 {
		t.Errorf("%d bytes are kept, the buffer has %d", held, size)
	}
	var m Message
	if ok, err := c.Receive(&m, false); ok || !errors.Is(err, ErrOverrun) {
		t.Fatalf("%v, %v, not an overrun", ok, err)
	}
	for at := uint32(0); ; at++ {
		ok, err := c.Receive(&m, false)
		if err != nil {
			t.Fatal(err)
		} else if !ok {
			if at < 2 || at >= changes {
				t.Errorf("%d of %d events", at, changes)
			}
			break
		} else if n := queueLengthOf(m); n != at+1 {
			t.Fatalf("%d after %d", n, at)
		}
	}
	if c.shared.held != 0 {
		t.Errorf("%d bytes are kept at the end", c.shared.held)
	}
}

// Where the answer was lost, and messages come as fast as they are read, the look for it
// ends behind what the buffer can have held.
func TestControlEndsWhileMessagesCome(t *testing.T) {
	c, err := inNamespace(t).Listen(uapi.NETLINK_ROUTE, ListenConfig{ReadBuffer: 32 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	size, err := c.ReadBuffer()
	if err != nil {
		t.Fatal(err)
	}
	polls := 0
	c.pollFn = func(uintptr) {
		if polls++; polls > size {
			c.n, c.err = 0, syscall.EIO // in place of going on for ever
			return
		}
		b := c.take()
		c.n, c.err = 32, nil
		clear(b[:c.n])
		binary.NativeEndian.PutUint32(b, uint32(c.n))
		binary.NativeEndian.PutUint16(b[4:], uapi.RTM_NEWLINK)
	}
	c.shared.turn <- struct{}{}
	c.shared.lost = ErrOverrun
	_, err = c.lookAhead(t.Context(), nil, 1, false)
	<-c.shared.turn
	if !errors.Is(err, errUnknown) || c.shared.held > size || polls < size/400 {
		t.Errorf("%v after %d messages, %d bytes of %d are kept", err, polls, c.shared.held, size)
	}
}

// Many subscriptions are read, sent on and closed at once: each sees every event once,
// in its order, and what it looks at stays.
func TestManyReaders(t *testing.T) {
	readers, last := 16, uint32(200)
	if testing.Short() {
		readers, last = 4, 40
	}
	p := inNamespace(t)
	w := writerOf(t, p)
	var reading, sending sync.WaitGroup
	for i := range readers {
		c, err := p.Listen(uapi.NETLINK_ROUTE, ListenConfig{Groups: []uint32{uapi.RTNLGRP_LINK}, ReadBuffer: 1 << 20, Datagram: 32 << (10 + i%4)})
		if err != nil {
			t.Fatal(err)
		}
		closeAt := last
		if i%4 == 3 {
			closeAt = rand.N(last)
		}
		sending.Go(func() {
			for {
				_, err := c.Control(context.Background(), noSuchLink())
				if errors.Is(err, net.ErrClosed) {
					return
				} else if !errors.Is(err, syscall.ENODEV) && !errors.Is(err, ErrOverrun) {
					t.Errorf("reader %d: a request: %v", i, err)
					return
				}
				runtime.Gosched()
			}
		})
		reading.Go(func() {
			defer p.Forget(c)
			for at, lost := uint32(0), false; at < closeAt; {
				var m Message
				ok, err := true, error(nil)
				switch rand.IntN(3) {
				case 0:
					ok, err = c.Receive(&m, false)
				case 1:
					ok, err = c.ReceiveUntil(&m, time.Now().Add(time.Millisecond))
				default:
					ok, err = c.Receive(&m, true)
				}
				if errors.Is(err, ErrOverrun) {
					lost = true
					continue
				} else if err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				} else if !ok {
					continue
				}
				n, before := queueLengthOf(m), bytes.Clone(m.Data)
				if n <= at || n != at+1 && !lost {
					t.Errorf("reader %d: %d after %d", i, n, at)
					return
				}
				at = n
				runtime.Gosched()
				if !bytes.Equal(m.Data, before) {
					t.Errorf("reader %d: the event of %d has changed", i, n)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { reading.Wait(); close(done) }()
	for n := uint32(1); ; n++ {
		select {
		case <-done:
			sending.Wait()
			return
		default:
			do(t, w, queueLength(n))
		}
	}
}
