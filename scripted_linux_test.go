package nlkit_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The kernel of these tests knows one type of message, whose data is a number.
const typNumber = 100

// fake returns a client of a scripted kernel.
func fake(t *testing.T, h nlfake.Handler, opts ...nlkit.Option) (*nlkit.Client, *nlfake.Kernel) {
	t.Helper()
	k := &nlfake.Kernel{Handle: h}
	c, err := nlkit.New(append(opts, nlkit.WithKernel(k.Dial))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, k
}

func number(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// item is one message of a dump.
func item(req netlink.Message, n uint32, flags uint16) netlink.Message {
	return nlfake.Reply(req, typNumber, uapi.NLM_F_MULTI|flags, number(n))
}

func decodeNumber(m nlkit.Message, v *uint32) (bool, error) {
	if m.Type != typNumber {
		return false, nil
	}
	if len(m.Data) < 4 {
		return false, attr.ErrMalformed
	}
	*v = binary.NativeEndian.Uint32(m.Data)
	return true, nil
}

var numbers = nlkit.Request{Op: "number.List", Type: typNumber}

// dumpOf answers every dump with the same datagrams.
func dumpOf(build func(req netlink.Message) [][]netlink.Message) nlfake.Handler {
	return func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		for _, d := range build(reqs[0]) {
			out = append(out, nlfake.Join(d...))
		}
		return out
	}
}

func equal(a []uint32, b ...uint32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestListReadsDatagramsToTheEnd(t *testing.T) {
	c, k := fake(t, dumpOf(func(r netlink.Message) [][]netlink.Message {
		return [][]netlink.Message{{item(r, 1, 0), item(r, 2, 0)}, {item(r, 3, 0)}, {nlfake.Done(r, 0, 0)}}
	}))
	for range 3 {
		got, err := nlkit.List(t.Context(), c, numbers, decodeNumber)
		if err != nil || !equal(got, 1, 2, 3) {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	if k.Dials() != 1 {
		t.Errorf("%d sockets for calls one after the other", k.Dials())
	}
}

// The flag may stand on any message of a dump, the closing one included.
func TestInterruptedDumpIsTriedAgain(t *testing.T) {
	for _, where := range []string{"item", "done"} {
		t.Run(where, func(t *testing.T) {
			passes := 0
			kernel := dumpOf(func(r netlink.Message) [][]netlink.Message {
				passes++
				var onItem, onDone uint16
				if passes <= 2 && where == "item" {
					onItem = uapi.NLM_F_DUMP_INTR
				} else if passes <= 2 {
					onDone = uapi.NLM_F_DUMP_INTR
				}
				return [][]netlink.Message{{item(r, uint32(passes), onItem)}, {nlfake.Done(r, onDone, 0)}}
			})
			retries := 0
			c, _ := fake(t, kernel, nlkit.WithTrace(func(_ context.Context, tr nlkit.Trace) { retries = tr.Retries }))
			got, err := nlkit.List(t.Context(), c, numbers, decodeNumber)
			if err != nil || !equal(got, 3) || retries != 2 {
				t.Errorf("got %v, %v after %d retries", got, err, retries)
			}

			passes = 0
			var streamed []uint32
			for n, e := range nlkit.All(t.Context(), c, numbers, decodeNumber) {
				if err = e; e == nil {
					streamed = append(streamed, n)
				}
			}
			if !equal(streamed, 1) || !errors.Is(err, nlkit.ErrDumpInterrupted) {
				t.Errorf("streamed %v, %v", streamed, err)
			}

			c, _ = fake(t, kernel, nlkit.WithDumpRetries(1))
			passes = 0
			if got, err = nlkit.List(t.Context(), c, numbers, decodeNumber); got != nil || !errors.Is(err, nlkit.ErrDumpInterrupted) {
				t.Errorf("with one retry: %v, %v", got, err)
			}
			if e, ok := errors.AsType[*nlkit.Error](err); !ok || !e.Temporary() || e.Op != "number.List" {
				t.Errorf("the error is %#v", err)
			}
		})
	}
}

// The kernel's netdev family does not mark the messages of its dumps as parts of one.
func TestDumpWithoutMulti(t *testing.T) {
	part := func(r netlink.Message, n uint32) netlink.Message { return nlfake.Reply(r, typNumber, 0, number(n)) }
	c, _ := fake(t, dumpOf(func(r netlink.Message) [][]netlink.Message {
		return [][]netlink.Message{{part(r, 1), part(r, 2)}, {part(r, 3)}, {nlfake.Done(r, 0, 0)}}
	}))
	for range 2 { // the second one finds nothing of the first
		got, err := nlkit.List(t.Context(), c, numbers, decodeNumber)
		if want := []uint32{1, 2, 3}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
}

func TestDumpErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(r netlink.Message) [][]netlink.Message
		want  error
	}{
		{"refused", func(r netlink.Message) [][]netlink.Message {
			return [][]netlink.Message{{nlfake.Ack(r, syscall.EOPNOTSUPP, nil)}}
		}, errors.ErrUnsupported},
		{"error at the end", func(r netlink.Message) [][]netlink.Message {
			return [][]netlink.Message{{item(r, 1, 0)}, {nlfake.Done(r, 0, syscall.ENODEV)}}
		}, fs.ErrNotExist},
		{"error in the middle", func(r netlink.Message) [][]netlink.Message {
			return [][]netlink.Message{{item(r, 1, 0)}, {nlfake.Ack(r, syscall.EPERM, nil)}}
		}, fs.ErrPermission},
		{"a message that does not decode", func(r netlink.Message) [][]netlink.Message {
			return [][]netlink.Message{{item(r, 1, 0), nlfake.Reply(r, typNumber, uapi.NLM_F_MULTI, []byte{1})}, {nlfake.Done(r, 0, 0)}}
		}, attr.ErrMalformed},
		{"messages lost", func(r netlink.Message) [][]netlink.Message {
			return [][]netlink.Message{{item(r, 1, 0), nlfake.Reply(r, uapi.NLMSG_OVERRUN, uapi.NLM_F_MULTI, nil)}}
		}, nlkit.ErrOverrun},
	} {
		t.Run(tc.name, func(t *testing.T) {
			broken := true
			c, _ := fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
				if broken {
					return dumpOf(tc.build)(s, reqs)
				}
				return [][]byte{nlfake.Join(item(reqs[0], 7, 0), nlfake.Done(reqs[0], 0, 0))}
			})
			if got, err := nlkit.List(t.Context(), c, numbers, decodeNumber); got != nil || !errors.Is(err, tc.want) {
				t.Errorf("List: %v, %v", got, err)
			}
			last, count := error(nil), 0
			for _, err := range nlkit.All(t.Context(), c, numbers, decodeNumber) {
				if last != nil {
					t.Error("something came after the error")
				}
				last = err
				count++
			}
			if !errors.Is(last, tc.want) {
				t.Errorf("All: %v after %d", last, count)
			}
			broken = false
			if got, err := nlkit.List(t.Context(), c, numbers, decodeNumber); err != nil || !equal(got, 7) {
				t.Errorf("the next call: %v, %v", got, err)
			}
		})
	}
}

func TestMalformedDatagrams(t *testing.T) {
	whole := nlfake.Join(netlink.Message{Header: netlink.Header{Type: typNumber, Flags: uapi.NLM_F_MULTI}, Data: number(1)})
	for name, spoil := range map[string]func([]byte) []byte{
		"length beyond the datagram": func(b []byte) []byte { binary.NativeEndian.PutUint32(b, 4096); return b },
		"length below a header":      func(b []byte) []byte { binary.NativeEndian.PutUint32(b, 3); return b },
		"length of zero":             func(b []byte) []byte { binary.NativeEndian.PutUint32(b, 0); return b },
		"length of 4 GiB":            func(b []byte) []byte { binary.NativeEndian.PutUint32(b, 1<<32-1); return b },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
				b := bytes.Clone(whole)
				binary.NativeEndian.PutUint32(b[8:], reqs[0].Header.Sequence)
				return [][]byte{spoil(b)}
			})
			if _, err := nlkit.List(t.Context(), c, numbers, decodeNumber); !errors.Is(err, nlkit.ErrMalformed) {
				t.Errorf("got %v", err)
			}
			if _, all := c.Sockets(); all != 0 {
				t.Errorf("the socket was kept")
			}
		})
	}
}

// A reply that is longer than the buffer is asked for again with a longer one.
func TestLongReplies(t *testing.T) {
	long := make([]byte, 200<<10)
	copy(long, number(5))
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		if reqs[0].Header.Flags&uapi.NLM_F_DUMP == uapi.NLM_F_DUMP {
			return [][]byte{nlfake.Join(nlfake.Reply(reqs[0], typNumber, uapi.NLM_F_MULTI, long)), nlfake.Join(nlfake.Done(reqs[0], 0, 0))}
		}
		return [][]byte{nlfake.Join(nlfake.Reply(reqs[0], typNumber, 0, long))}
	})
	var got uint32
	size := 0
	err := c.Query(t.Context(), numbers, func(m nlkit.Message) error {
		_, err := decodeNumber(m, &got)
		size = len(m.Data)
		return err
	})
	if err != nil || got != 5 || size != len(long) {
		t.Errorf("Query: %d of %d bytes, %v", got, size, err)
	}
	c, _ = fake(t, dumpOf(func(r netlink.Message) [][]netlink.Message {
		return [][]netlink.Message{{nlfake.Reply(r, typNumber, uapi.NLM_F_MULTI, long)}, {nlfake.Done(r, 0, 0)}}
	}), nlkit.WithDumpRetries(0)) // which are about changes
	if list, err := nlkit.List(t.Context(), c, numbers, decodeNumber); err != nil || !equal(list, 5) {
		t.Errorf("List: %v, %v", list, err)
	}
}

func TestForeignRepliesAreSkipped(t *testing.T) {
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		foreign := reqs[0]
		foreign.Header.Sequence--
		return [][]byte{
			nlfake.Join(nlfake.Reply(foreign, typNumber, 0, number(666))),
			nlfake.Join(nlfake.Ack(foreign, syscall.EEXIST, nil)),
			nlfake.Join(nlfake.Reply(reqs[0], typNumber, 0, number(1))),
		}
	})
	var got uint32
	err := c.Query(t.Context(), numbers, func(m nlkit.Message) error {
		_, err := decodeNumber(m, &got)
		return err
	})
	if err != nil || got != 1 {
		t.Errorf("got %d, %v", got, err)
	}
}

// A call that is cancelled while it waits leaves no reply for the next one.
func TestLateRepliesNeverReachAnotherCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var late []byte
	c, k := fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
		reply := nlfake.Join(nlfake.Reply(reqs[0], typNumber, 0, number(uint32(reqs[0].Header.Type))))
		if late == nil {
			late = reply
			cancel()
			return nil
		}
		return [][]byte{reply}
	})
	err := c.Query(ctx, numbers, func(nlkit.Message) error { return nil })
	if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, context.Canceled) || !ok || !e.Sent {
		t.Fatalf("got %#v", err)
	}
	if _, all := c.Sockets(); all != 0 {
		t.Error("the socket of the cancelled call was kept")
	}
	_ = k.Last().Push(late) // to a socket that nobody reads any more
	var got uint32
	err = c.Query(t.Context(), nlkit.Request{Op: "number.Get", Type: 200}, func(m nlkit.Message) error {
		got = binary.NativeEndian.Uint32(m.Data)
		return nil
	})
	if err != nil || got != 200 {
		t.Errorf("the next call got %d, %v", got, err)
	}
}

// Once a write was sent its answer is read, whatever became of the context.
func TestWriteReportsItsResultAfterCancel(t *testing.T) {
	for _, errno := range []syscall.Errno{0, syscall.EEXIST} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
			cancel()
			return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], errno, nil))}
		})
		err := c.Do(ctx, nlkit.Request{Op: "number.Add"})
		if errno == 0 && err != nil || errno != 0 && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%d: got %v", errno, err)
		}
		// Before it was sent the context decides.
		if err := c.Do(ctx, nlkit.Request{Op: "number.Add"}); !errors.Is(err, context.Canceled) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCancelOfADump(t *testing.T) {
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		return [][]byte{nlfake.Join(item(reqs[0], 1, 0))} // and never an end
	})
	var err error
	n := 0
	for _, err = range nlkit.All(ctx, c, numbers, decodeNumber) {
		n++
		cancel(cause)
	}
	if n != 2 || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("got %v after %d", err, n)
	}
	if _, all := c.Sockets(); all != 0 {
		t.Error("the socket of the cancelled dump was kept")
	}
}

func TestClosedClient(t *testing.T) {
	c, _ := fake(t, func(*nlfake.Socket, []netlink.Message) [][]byte { return nil })
	sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "number.Subscribe"})
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 2)
	go func() { waiting <- c.Query(t.Context(), numbers, func(nlkit.Message) error { return nil }) }()
	go func() { waiting <- sub.ReadInto(new(nlkit.Message)) }()
	for all := 0; all < 2; _, all = c.Sockets() {
		runtime.Gosched()
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a waiting call got %v", err)
		}
	}
	b := c.NewBatch()
	_ = b.Do(t.Context(), nlkit.Request{Op: "number.Add"})
	for name, err := range map[string]error{
		"Do":     c.Do(t.Context(), numbers),
		"Query":  c.Query(t.Context(), numbers, func(nlkit.Message) error { return nil }),
		"Listen": func() error { _, err := c.Listen(t.Context(), nlkit.Listen{}); return err }(),
		"List":   func() error { _, err := nlkit.List(t.Context(), c, numbers, decodeNumber); return err }(),
		"Batch":  b.Send(t.Context()),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := sub.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestNilClient(t *testing.T) {
	var c *nlkit.Client
	var b *nlkit.Batch
	_, listErr := nlkit.List(t.Context(), c, numbers, decodeNumber)
	_, subErr := c.Listen(t.Context(), nlkit.Listen{Op: "number.Subscribe"})
	for name, err := range map[string]error{
		"Do":         c.Do(t.Context(), numbers),
		"nil Doer":   nlkit.Do(t.Context(), nil, numbers),
		"nil Batch":  b.Do(t.Context(), numbers),
		"Send":       b.Send(t.Context()),
		"Query":      c.Query(t.Context(), numbers, func(nlkit.Message) error { return nil }),
		"List":       listErr,
		"Listen":     subErr,
		"zero value": (&nlkit.Client{}).Do(t.Context(), numbers),
	} {
		if !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "nil client") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// A table with a nest, for the errors below.
type thing struct {
	ID    uint32
	Inner struct{ Deep uint32 }
}

var thingAttrs = attr.Table[thing]{
	attr.U32(1, "THING_ID", func(v *thing) *uint32 { return &v.ID }),
	attr.Inline(2, "THING_INNER", attr.Table[struct{ Deep uint32 }]{
		attr.U32(1, "INNER_DEEP", func(v *struct{ Deep uint32 }) *uint32 { return &v.Deep }),
		attr.U32(2, "INNER_OTHER", func(v *struct{ Deep uint32 }) *uint32 { return &v.Deep }).ReadOnly(),
	}, func(v *thing) *struct{ Deep uint32 } { return &v.Inner }),
	attr.U32(3, "THING_OTHER", func(v *thing) *uint32 { return &v.ID }).ReadOnly(),
}

func addThing(t *testing.T) nlkit.Request {
	t.Helper()
	v := thing{ID: 1}
	v.Inner.Deep = 2
	data, err := thingAttrs.Append(make([]byte, 8), &v)
	if err != nil {
		t.Fatal(err)
	}
	return nlkit.Request{
		Op: "thing.Add", Type: typNumber, Data: data, Header: 8, Schema: thingAttrs,
		Describe: func([]byte) string { return `"it"` },
	}
}

func TestExtendedAcknowledgement(t *testing.T) {
	msg := attr.AppendString(nil, uapi.NLMSGERR_ATTR_MSG, "too deep")
	for _, tc := range []struct {
		name, text, attr string
		tlvs             []byte
		missing          bool
	}{
		{"words and offset", `thing.Add "it": invalid argument: too deep (THING_INNER.INNER_DEEP)`, "THING_INNER.INNER_DEEP",
			attr.AppendUint32(bytes.Clone(msg), uapi.NLMSGERR_ATTR_OFFS, 16+8+8+4), false},
		{"missing in the message", `thing.Add "it": invalid argument (missing THING_OTHER)`, "THING_OTHER",
			attr.AppendUint32(nil, uapi.NLMSGERR_ATTR_MISS_TYPE, 3), true},
		{"missing in a nest", `thing.Add "it": invalid argument (missing THING_INNER.INNER_OTHER)`, "THING_INNER.INNER_OTHER",
			attr.AppendUint32(attr.AppendUint32(nil, uapi.NLMSGERR_ATTR_MISS_TYPE, 2), uapi.NLMSGERR_ATTR_MISS_NEST, 16+8+8), true},
		{"missing in a nest that is not there", `thing.Add "it": invalid argument (missing 3)`, "3",
			attr.AppendUint32(attr.AppendUint32(nil, uapi.NLMSGERR_ATTR_MISS_TYPE, 3), uapi.NLMSGERR_ATTR_MISS_NEST, 1<<20), true},
		{"offset in the header", `thing.Add "it": invalid argument`, "", attr.AppendUint32(nil, uapi.NLMSGERR_ATTR_OFFS, 20), false},
		{"offset beyond the message", `thing.Add "it": invalid argument`, "", attr.AppendUint32(nil, uapi.NLMSGERR_ATTR_OFFS, 1<<20), false},
		{"broken", `thing.Add "it": invalid argument`, "", []byte{255, 255, 1, 0}, false},
		{"none", `thing.Add "it": invalid argument`, "", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
				return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], syscall.EINVAL, tc.tlvs))}
			})
			err := c.Do(t.Context(), addThing(t))
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || e.Error() != tc.text || e.Attr != tc.attr || e.Missing != tc.missing || !e.Sent || e.Errno != syscall.EINVAL {
				t.Errorf("got  %v (%+v)\nwant %s", err, e, tc.text)
			}
			if !errors.Is(err, syscall.EINVAL) || !errors.Is(err, fs.ErrInvalid) {
				t.Error("the errno is not found")
			}
		})
	}
}

func TestWarningsAreLogged(t *testing.T) {
	var log bytes.Buffer
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], 0, attr.AppendString(nil, uapi.NLMSGERR_ATTR_MSG, "deprecated")))}
	}, nlkit.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for how, add := range map[string]func() error{
		"Do":    func() error { return c.Do(t.Context(), addThing(t)) },
		"Batch": func() error { return batchOf(t, c, addThing(t)).Send(t.Context()) },
	} {
		log.Reset()
		if err := add(); err != nil {
			t.Fatal(err)
		}
		if s := log.String(); !strings.Contains(s, "deprecated") || !strings.Contains(s, "op=thing.Add") || !strings.Contains(s, "it") {
			t.Errorf("%s logged %q", how, s)
		}
	}
}

func TestEchoAndLookup(t *testing.T) {
	echo := true
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		for _, r := range reqs {
			if echo {
				out = append(out, nlfake.Join(nlfake.Reply(r, typNumber, 0, number(9))))
			}
			if r.Header.Flags&netlink.Acknowledge != 0 {
				out = append(out, nlfake.Join(nlfake.Ack(r, 0, nil)))
			}
		}
		return out
	})
	for _, echo = range []bool{true, false} {
		for _, batch := range []bool{false, true} {
			got, looked := uint32(0), false
			req := nlkit.Request{
				Op: "number.Add", Flags: uapi.NLM_F_ECHO,
				Reply:  func(m nlkit.Message) error { _, err := decodeNumber(m, &got); return err },
				Lookup: func(context.Context, *nlkit.Client) error { looked = true; return nil },
			}
			var err error
			if batch {
				b := c.NewBatch()
				err = errors.Join(b.Do(t.Context(), req), b.Send(t.Context()))
			} else {
				err = c.Do(t.Context(), req)
			}
			if err != nil || looked == echo || echo && got != 9 {
				t.Errorf("echo %v, batch %v: got %d, looked up: %v, %v", echo, batch, got, looked, err)
			}
			// What is not content with the message has it looked up.
			looked = false
			req.Reply = func(nlkit.Message) error { return nlkit.ErrNoReply }
			if batch {
				b := c.NewBatch()
				err = errors.Join(b.Do(t.Context(), req), b.Send(t.Context()))
			} else {
				err = c.Do(t.Context(), req)
			}
			if err != nil || !looked {
				t.Errorf("echo %v, batch %v, no reply: looked up: %v, %v", echo, batch, looked, err)
			}
		}
	}
}

func TestReleaseIsCalledOnce(t *testing.T) {
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[len(reqs)-1], syscall.EPERM, nil))}
	})
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range map[string]func(nlkit.Request) error{
		"refused":        func(r nlkit.Request) error { return c.Do(t.Context(), r) },
		"ended context":  func(r nlkit.Request) error { return c.Do(done, r) },
		"nil client":     func(r nlkit.Request) error { return nlkit.Do(t.Context(), nil, r) },
		"ended in batch": func(r nlkit.Request) error { return c.NewBatch().Do(done, r) },
		"batch": func(r nlkit.Request) error {
			b := c.NewBatch()
			return errors.Join(b.Do(t.Context(), r), b.Send(t.Context()))
		},
		"dropped batch": func(r nlkit.Request) error {
			b := c.NewBatch()
			err := b.Do(t.Context(), r)
			b.Reset()
			b.Reset()
			return errors.Join(err, errors.New("dropped"))
		},
	} {
		n := 0
		if err := do(nlkit.Request{Op: "number.Add", Release: func() { n++ }}); err == nil || n != 1 {
			t.Errorf("%s: released %d times, %v", name, n, err)
		}
	}
}

func TestBatchOutcomes(t *testing.T) {
	// The kernel of this test refuses items whose number is odd, except that it
	// says nothing about the window in which 600 is.
	handle := func(silentFrom uint32) nlfake.Handler {
		return func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
			for _, r := range reqs {
				n := binary.NativeEndian.Uint32(r.Data)
				switch {
				case n >= silentFrom:
				case n%2 == 1:
					out = append(out, nlfake.Join(nlfake.Ack(r, syscall.EEXIST, nil)))
				case r.Header.Flags&netlink.Acknowledge != 0:
					out = append(out, nlfake.Join(nlfake.Ack(r, 0, nil)))
				}
			}
			return out
		}
	}
	fill := func(c *nlkit.Client, n int) *nlkit.Batch {
		b := c.NewBatch()
		for i := range n {
			err := b.Do(t.Context(), nlkit.Request{
				Op: "number.Add", Type: typNumber, Data: number(uint32(i)),
				Describe: func(data []byte) string { return string('0' + data[0]%10) },
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return b
	}

	c, _ := fake(t, handle(1<<31))
	for _, size := range []int{1, 2, 1000} {
		err := fill(c, size).Send(t.Context())
		report, ok := errors.AsType[*nlkit.BatchError](err)
		if size == 1 {
			if err != nil {
				t.Errorf("one good item: %v", err)
			}
			continue
		}
		if !ok || report.Total != size || len(report.Failed) != size/2 {
			t.Fatalf("%d items: %v", size, err)
		}
		for i, f := range report.Failed {
			if f.Index != 2*i+1 || !errors.Is(f.Err, fs.ErrExist) || !f.Err.Sent || f.Err.Object != string('0'+byte(f.Index)%10) {
				t.Fatalf("item %d: %+v", f.Index, f.Err)
			}
		}
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "number.Add 1: file exists") {
			t.Errorf("the report reads %v", err)
		}
	}

	// What counts as done: every second item is there already.
	if err := fill(c, 1000).Send(t.Context(), fs.ErrPermission, fs.ErrExist); err != nil {
		t.Errorf("with what may be ignored: %v", err)
	}
	err := fill(c, 10).Send(t.Context(), fs.ErrNotExist, context.Canceled)
	if report, ok := errors.AsType[*nlkit.BatchError](err); !ok || len(report.Failed) != 5 {
		t.Errorf("with others that may be ignored: %v", err)
	}

	// The context ends while the answer of a later window is waited for.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answer := handle(300)
	c, _ = fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
		if binary.NativeEndian.Uint32(reqs[len(reqs)-1].Data) >= 300 {
			cancel()
		}
		return answer(s, reqs)
	})
	report, ok := errors.AsType[*nlkit.BatchError](fill(c, 2000).Send(ctx))
	if !ok || !errors.Is(report, context.Canceled) {
		t.Fatalf("got %v", report)
	}
	refused, unknown, unsent := 0, 0, 0
	for _, f := range report.Failed {
		switch {
		case errors.Is(f.Err, fs.ErrExist):
			refused++
		case f.Err.Sent:
			unknown++
		default:
			unsent++
		}
	}
	if refused != 150 || unknown == 0 || unsent < 1000 || refused+unknown+unsent != len(report.Failed) {
		t.Errorf("%d refused, %d unknown, %d not sent", refused, unknown, unsent)
	}
	if _, all := c.Sockets(); all != 0 {
		t.Error("the socket of the unfinished batch was kept")
	}

	// Too many failures for the receive buffer: none may be called done.
	b := c.NewBatch()
	if err := b.Send(t.Context()); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

// What a subscription's own request does not answer is kept for the reader.
func TestSubscriptionKeepsMessagesDuringDo(t *testing.T) {
	c, k := fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
		event := nlfake.Join(netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(1)},
			netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(2)})
		return [][]byte{event, nlfake.Join(nlfake.Ack(reqs[0], 0, nil))}
	})
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if err := sub.Do(t.Context(), nlkit.Request{Op: "number.Bind"}); err != nil {
		t.Fatal(err)
	}
	_ = k.Last().Push(nlfake.Join(netlink.Message{Header: netlink.Header{Type: uapi.NLMSG_OVERRUN}},
		netlink.Message{Header: netlink.Header{Type: 99}, Data: number(0)},
		netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(3)}))
	var got []uint32
	for n, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			got = append(got, 0)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, n); n == 3 {
			break
		}
	}
	if !equal(got, 1, 2, 0, 3) || sub.Overruns() != 1 || sub.Received() != 3 {
		t.Errorf("got %v, %d overruns, %d received", got, sub.Overruns(), sub.Received())
	}
}

// Requests on a subscription's socket and its reader don't disturb each other: each
// request gets its own answer, and the reader every event, in order.
func TestDoWhileReading(t *testing.T) {
	const requests = 500
	next := uint32(0)
	event := func() netlink.Message {
		next++
		return netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(next)}
	}
	c, k := fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
		answer := nlfake.Ack(reqs[0], syscall.Errno(binary.NativeEndian.Uint32(reqs[0].Data)), nil)
		stray := nlfake.Ack(netlink.Message{Header: netlink.Header{Sequence: reqs[0].Header.Sequence - 1}}, 0, nil)
		switch next % 3 {
		case 0: // each in a datagram of its own
			return [][]byte{nlfake.Join(event()), nlfake.Join(stray), nlfake.Join(answer), nlfake.Join(event())}
		case 1: // all in one
			return [][]byte{nlfake.Join(event(), answer, event())}
		}
		return [][]byte{nlfake.Join(answer), nlfake.Join(event())}
	})
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	const last = 1 << 30
	read := make(chan []uint32)
	go func() {
		var got []uint32
		for n, err := range sub.All() {
			if err != nil {
				t.Error(err)
				break
			}
			if n == last {
				break
			}
			got = append(got, n)
		}
		read <- got
	}()
	for i := range uint32(requests) {
		err := sub.Do(t.Context(), nlkit.Request{Op: "number.Bind", Data: number(i % 2 * uint32(syscall.EBUSY))})
		if refused := errors.Is(err, syscall.EBUSY); refused != (i%2 == 1) || err != nil && !refused {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if err := k.Last().Push(nlfake.Join(netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(last)})); err != nil {
		t.Fatal(err)
	}
	got := <-read
	if len(got) != int(next) {
		t.Errorf("%d of %d events were read", len(got), next)
	}
	for i, n := range got {
		if n != uint32(i+1) {
			t.Fatalf("event %d was read as number %d", n, i+1)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sub.Do(cancelled, nlkit.Request{Op: "number.Bind"}); !errors.Is(err, context.Canceled) || !nlkit.SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	_ = sub.Close()
	if err := sub.Do(t.Context(), nlkit.Request{Op: "number.Bind", Data: number(0)}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// A request whose answer does not come ends with its context; the late answer is
// nobody's.
func TestDoWithoutAnswer(t *testing.T) {
	silent := true
	c, k := fake(t, func(s *nlfake.Socket, reqs []netlink.Message) [][]byte {
		if silent {
			return nil
		}
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], 0, nil))}
	})
	sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err = sub.Do(ctx, nlkit.Request{Op: "number.Bind"})
	if !errors.Is(err, context.DeadlineExceeded) || nlkit.SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	_ = k.Last().Push(nlfake.Join(nlfake.Ack(netlink.Message{Header: netlink.Header{Sequence: 1}}, syscall.EPERM, nil)))
	_ = k.Last().Push(nlfake.Join(netlink.Message{Header: netlink.Header{Type: typNumber}, Data: number(7)}))
	silent = false
	if err := sub.Do(t.Context(), nlkit.Request{Op: "number.Bind"}); err != nil {
		t.Errorf("got %v", err)
	}
	var n uint32
	if err := sub.ReadInto(&n); err != nil || n != 7 {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestSubscriptionEnds(t *testing.T) {
	silent := func(*nlfake.Socket, []netlink.Message) [][]byte { return nil }
	t.Run("closed", func(t *testing.T) {
		c, _ := fake(t, silent)
		sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
		if err != nil {
			t.Fatal(err)
		}
		go sub.Close()
		for n, err := range sub.All() {
			t.Errorf("got %d, %v", n, err)
		}
		if err := sub.ReadInto(new(uint32)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading after it: %v", err)
		}
		if err := sub.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	})
	t.Run("malformed", func(t *testing.T) {
		c, k := fake(t, silent)
		sub, err := nlkit.Subscribe(t.Context(), c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		_ = k.Last().Push(nlfake.Join(netlink.Message{Header: netlink.Header{Type: typNumber}, Data: []byte{1}}))
		n := 0
		for _, err = range sub.All() {
			n++
		}
		if n != 1 || !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("got %v after %d", err, n)
		}
	})
	t.Run("cancelled without a reader", func(t *testing.T) {
		c, _ := fake(t, silent)
		ctx, cancel := context.WithCancel(t.Context())
		sub, err := nlkit.Subscribe(ctx, c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		cancel()
		if err := sub.ReadInto(new(uint32)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, err := c.Listen(ctx, nlkit.Listen{Op: "number.Subscribe"}); !errors.Is(err, context.Canceled) {
			t.Errorf("subscribing again: %v", err)
		}
		// What a program still asks of its socket fails for the same reason.
		if err := sub.Do(context.Background(), nlkit.Request{Op: "number.Do"}); !errors.Is(err, context.Canceled) {
			t.Errorf("a request: %v", err)
		}
	})
}
