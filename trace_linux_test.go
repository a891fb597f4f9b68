package nlkit_test

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Every operation is traced, with the error that its caller gets: those that sent nothing,
// and those that could not make anything of the answer.
func TestTraceHasTheError(t *testing.T) {
	var traced []error
	interrupted := dumpOf(func(r netlink.Message) [][]netlink.Message {
		return [][]netlink.Message{{item(r, 1, uapi.NLM_F_DUMP_INTR), item(r, 2, 0)}, {nlfake.Done(r, 0, 0)}}
	})
	full := false
	k := &nlfake.Kernel{Handle: interrupted}
	c, err := nlkit.New(nlkit.WithMaxIdle(0), nlkit.WithDumpRetries(0),
		nlkit.WithKernel(func(proto int) (*netlink.Conn, error) {
			if full {
				return nil, os.NewSyscallError("socket", syscall.EMFILE)
			}
			return k.Dial(proto)
		}),
		nlkit.WithTrace(func(_ context.Context, tr nlkit.Trace) {
			if tr.Op != "number.List" {
				t.Errorf("traced %+v", tr)
			}
			traced = append(traced, tr.Err)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	refuse := func(nlkit.Message, *uint32) (bool, error) { return false, attr.ErrMalformed }
	last := func(dump func(yield func(uint32, error) bool)) (err error) {
		for _, err = range dump {
		}
		return err
	}
	unprepared := numbers
	unprepared.Prepare = func(context.Context, *nlkit.Client, *nlkit.Request) error { return errors.New("no number") }
	for name, tt := range map[string]struct {
		do   func() error
		want error
	}{
		"interrupted":        {func() error { _, err := nlkit.List(t.Context(), c, numbers, decodeNumber); return err }, nlkit.ErrDumpInterrupted},
		"not decoded by All": {func() error { return last(nlkit.All(t.Context(), c, numbers, refuse)) }, attr.ErrMalformed},
		"not decoded":        {func() error { _, err := nlkit.List(t.Context(), c, numbers, refuse); return err }, attr.ErrMalformed},
		"ended":              {func() error { return c.Do(endedBy(t, nil), numbers) }, context.Canceled},
		"not prepared":       {func() error { return c.Do(t.Context(), unprepared) }, nil},
		"no socket": {func() error {
			full = true
			defer func() { full = false }()
			return c.Do(t.Context(), numbers)
		}, syscall.EMFILE},
	} {
		traced = nil
		err := tt.do()
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !slices.Equal(traced, []error{err}) {
			t.Errorf("%s: traced %v for %v, want %v", name, traced, err, tt.want)
		}
	}

	traced = nil
	for n, err := range nlkit.All(t.Context(), c, numbers, decodeNumber) {
		if n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		break
	}
	if !slices.Equal(traced, []error{nil}) {
		t.Errorf("left early: traced %v", traced)
	}
	_ = c.Close()
	traced = nil
	if err := c.Do(t.Context(), numbers); !errors.Is(err, net.ErrClosed) || !slices.Equal(traced, []error{err}) {
		t.Errorf("closed: traced %v for %v", traced, err)
	}
}

// Each pass over a dump prepares the request as it was given, not as the last one left it.
func TestPrepareEachPass(t *testing.T) {
	var sent []string
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		sent = append(sent, string(reqs[0].Data))
		flags := uint16(0)
		if len(sent) == 1 {
			flags = uapi.NLM_F_DUMP_INTR
		}
		return [][]byte{nlfake.Join(item(reqs[0], 1, 0), nlfake.Done(reqs[0], flags, 0))}
	})
	r := numbers
	r.Data = []byte("head")
	r.Prepare = func(_ context.Context, _ *nlkit.Client, r *nlkit.Request) error {
		r.Data = append(slices.Clip(r.Data), "tail"...)
		return nil
	}
	if _, err := nlkit.List(t.Context(), c, r, decodeNumber); err != nil {
		t.Error(err)
	}
	all, dump := nlkit.All(t.Context(), c, r, decodeNumber), c.Dump(t.Context(), r)
	for range 2 {
		for _, err := range all {
			if err != nil {
				t.Error(err)
			}
		}
		for _, err := range dump {
			if err != nil {
				t.Error(err)
			}
		}
	}
	for i, s := range sent {
		if s != "headtail" {
			t.Errorf("pass %d sent %q", i, s)
		}
	}
	if len(sent) != 6 {
		t.Errorf("%d passes", len(sent))
	}
}
