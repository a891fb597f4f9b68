package nlkit_test

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestValue(t *testing.T) {
	c, _ := fake(t, nil)
	type keyA struct{}
	type keyB struct{}
	made := 0
	counter := func() any { made++; return new(int) }
	a := c.Value(keyA{}, counter)
	if b := c.Value(keyB{}, counter); a == b || c.Value(keyA{}, counter) != a || c.Value(keyB{}, counter) != b || made != 2 {
		t.Errorf("%d were made", made)
	}
	if other, _ := fake(t, nil); other.Value(keyA{}, counter) == a {
		t.Error("two clients share a value")
	}
	var none *nlkit.Client
	if none.Value(keyA{}, counter) == nil {
		t.Error("no client, no value")
	}

	var wg sync.WaitGroup
	values := make([]any, 8)
	for i := range values {
		wg.Go(func() { values[i] = c.Value("shared", func() any { return new(int) }) })
	}
	wg.Wait()
	for _, v := range values {
		if v != values[0] {
			t.Error("one key has two values")
		}
	}
}

// A request is prepared each time that it is sent, and not sent if that fails.
func TestPrepare(t *testing.T) {
	var sent []byte
	passes := 0
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		for _, r := range reqs {
			sent = append(sent, r.Data[0])
			switch {
			case r.Header.Flags&uapi.NLM_F_DUMP == uapi.NLM_F_DUMP:
				passes++
				flags := uint16(0)
				if passes == 1 {
					flags = uapi.NLM_F_DUMP_INTR
				}
				out = append(out, nlfake.Join(item(r, 7, flags)), nlfake.Join(nlfake.Done(r, 0, 0)))
			case r.Header.Flags&uapi.NLM_F_ACK != 0:
				out = append(out, nlfake.Join(nlfake.Ack(r, 0, nil)))
			default:
				out = append(out, nlfake.Join(nlfake.Reply(r, typNumber, 0, number(7))))
			}
		}
		return out
	})
	n := byte(0)
	counted := nlkit.Request{Op: "number.Count", Type: typNumber, Prepare: func(_ context.Context, by *nlkit.Client, r *nlkit.Request) error {
		if by != c {
			t.Error("prepared for another client")
		}
		n++
		r.Data = []byte{n, 0, 0, 0}
		return nil
	}}
	if err := c.Do(t.Context(), counted); err != nil {
		t.Error(err)
	}
	if err := c.Query(t.Context(), counted, func(nlkit.Message) error { return nil }); err != nil {
		t.Error(err)
	}
	if list, err := nlkit.List(t.Context(), c, counted, decodeNumber); err != nil || !equal(list, 7) {
		t.Errorf("got %v, %v", list, err)
	}
	for _, err := range c.Dump(t.Context(), counted) {
		if err != nil {
			t.Error(err)
		}
	}
	b := c.NewBatch()
	for range 2 {
		if err := b.Do(t.Context(), counted); err != nil {
			t.Error(err)
		}
	}
	if n != 5 {
		t.Errorf("queueing a request prepares it")
	}
	if err := b.Send(t.Context()); err != nil {
		t.Error(err)
	}
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if err := sub.Do(t.Context(), counted); err != nil {
		t.Error(err)
	}
	if want := []byte{1, 2, 3, 4, 5, 6, 7, 8}; string(sent) != string(want) { // 3 and 4 are the passes of List
		t.Errorf("sent %v", sent)
	}

	refused := nlkit.Request{Op: "number.Refuse", Prepare: func(context.Context, *nlkit.Client, *nlkit.Request) error {
		return attr.Invalid("NUMBER", "no number")
	}}
	released := 0
	refused.Release = func() { released++ }
	errs := []error{
		c.Do(t.Context(), refused),
		sub.Do(t.Context(), refused),
		c.Query(t.Context(), refused, func(nlkit.Message) error { return nil }),
	}
	for _, err := range c.Dump(t.Context(), refused) {
		errs = append(errs, err)
	}
	if err := b.Do(t.Context(), refused); err != nil {
		t.Error(err)
	}
	errs = append(errs, b.Send(t.Context()))
	for i, err := range errs {
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "NUMBER" || e.Op != "number.Refuse" {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if len(errs) != 5 || len(sent) != 8 || released != 3 {
		t.Errorf("%d errors, sent %v, %d released", len(errs), sent, released)
	}
}

func TestTryRead(t *testing.T) {
	c, k := fake(t, nil)
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe", Groups: []uint32{3}}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	send := func(typ uint16, data []byte) {
		t.Helper()
		if err := k.Multicast(3, nlfake.Join(netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(typ)}, Data: data})); err != nil {
			t.Fatal(err)
		}
	}
	try := func(wantOK bool, want uint32, wantErr error) {
		t.Helper()
		var v uint32
		if ok, err := sub.TryRead(&v); ok != wantOK || v != want || !errors.Is(err, wantErr) {
			t.Errorf("got %d, %t, %v", v, ok, err)
		}
	}
	try(false, 0, nil)
	send(typNumber, number(1))
	send(99, number(9)) // which is not meant
	send(typNumber, number(2))
	try(true, 1, nil)
	try(true, 2, nil)
	try(false, 0, nil)
	send(uapi.NLMSG_OVERRUN, nil)
	send(typNumber, number(3))
	try(false, 0, nlkit.ErrOverrun)
	try(true, 3, nil)
	send(typNumber, nil)
	try(false, 0, attr.ErrMalformed)
	if sub.Received() != 3 || sub.Overruns() != 1 {
		t.Errorf("%d received, %d overruns", sub.Received(), sub.Overruns())
	}
	sub.Close()
	var v uint32
	if ok, err := sub.TryRead(&v); ok || err == nil {
		t.Errorf("closed: %t, %v", ok, err)
	}
}

// What the kernel does not echo is looked up, whatever the request was sent by.
func TestLookupAfterDoOfASubscription(t *testing.T) {
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], syscall.Errno(reqs[0].Data[0]), nil))}
	})
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	looked := errors.New("looked up")
	for errno, want := range map[syscall.Errno]error{0: looked, syscall.EBUSY: syscall.EBUSY} {
		r := nlkit.Request{Op: "number.Count", Type: typNumber, Data: []byte{byte(errno), 0, 0, 0}, Lookup: func(_ context.Context, by *nlkit.Client) error {
			if by != c || errno != 0 {
				t.Errorf("looked up after %v", errno)
			}
			return looked
		}}
		if err := nlkit.Do(t.Context(), sub, r); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
