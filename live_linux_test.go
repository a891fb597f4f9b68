package nlkit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

var live = livetest.New

// setLoopback is a request that raises an event of the link group: it sets lo's
// transmit queue length.
func setLoopback(qlen uint32) nlkit.Request {
	data := make([]byte, 16, 24)
	binary.NativeEndian.PutUint32(data[4:], 1)
	data = binary.NativeEndian.AppendUint16(data, 8)
	data = binary.NativeEndian.AppendUint16(data, uapi.IFLA_TXQLEN)
	data = binary.NativeEndian.AppendUint32(data, qlen)
	return nlkit.Request{Op: "link.Set", Type: uapi.RTM_SETLINK, Data: data, Header: 16}
}

// What a write takes is the memory of its message.
func TestDoAllocatesNothing(t *testing.T) {
	c, _ := live(t)
	req := setLoopback(1000)
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Do(t.Context(), req); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestThousandSubscriptionsCancelledAtOnce(t *testing.T) {
	c, _ := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const n = 1000
	errs := make(chan error, n)
	var ready sync.WaitGroup
	for range n {
		sub, err := c.Listen(ctx, nlkit.Listen{Op: "test.Subscribe", Groups: []uint32{uapi.RTNLGRP_LINK}})
		if err != nil {
			t.Fatal(err)
		}
		ready.Add(1)
		go func() {
			defer sub.Close()
			ready.Done()
			var last error
			for _, err := range sub.All() {
				last = err
			}
			errs <- last
		}()
	}
	ready.Wait()
	cancel()
	for range n {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Fatalf("a subscription ended with %v", err)
		}
	}
	if _, all := c.Sockets(); all != 0 {
		t.Errorf("%d sockets are left", all)
	}
}

func TestOverrunIsReportedAndTheSubscriptionGoesOn(t *testing.T) {
	c, _ := live(t)
	sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "test.Subscribe", Groups: []uint32{uapi.RTNLGRP_LINK}}, nlkit.WithEventBuffer(4<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	const changes = 300
	for i := range changes {
		if err := c.Do(t.Context(), setLoopback(uint32(1000+i))); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel reports the loss first, then what was in the buffer before it;
	// once that is read, it delivers again. Changes go on until one comes through.
	ctx, cancel := context.WithCancel(t.Context())
	var changer sync.WaitGroup
	defer changer.Wait()
	defer cancel()
	changer.Go(func() {
		for i := uint32(0); ctx.Err() == nil; i++ {
			if err := c.Do(ctx, setLoopback(5000+i)); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	overruns := 0
	for m, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			overruns++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if qlen := queueLength(m); overruns > 0 && qlen >= 5000 {
			break
		}
	}
	if overruns == 0 || sub.Overruns() != uint64(overruns) {
		t.Errorf("%d overruns, %d counted", overruns, sub.Overruns())
	}
}

// queueLength returns what a link message says of the transmit queue, 0 if it is
// something else.
func queueLength(m nlkit.Message) uint32 {
	if m.Type != uapi.RTM_NEWLINK || len(m.Data) < 16 {
		return 0
	}
	for s := attr.Scan(m.Data[16:]); s.Next(); {
		if s.Type() == uapi.IFLA_TXQLEN {
			return s.Uint32()
		}
	}
	return 0
}

func TestEventsOfAllNamespaces(t *testing.T) {
	here, _ := live(t)
	there, other := live(t)
	// Give the other namespace an id here: RTM_NEWNSID with NETNSA_NSID, NETNSA_FD.
	data := make([]byte, 4)
	for _, a := range []struct {
		typ uint16
		v   uint32
	}{{uapi.NETNSA_NSID, 42}, {uapi.NETNSA_FD, uint32(other.FD())}} {
		data = binary.NativeEndian.AppendUint16(data, 8)
		data = binary.NativeEndian.AppendUint16(data, a.typ)
		data = binary.NativeEndian.AppendUint32(data, a.v)
	}
	if err := here.Do(t.Context(), nlkit.Request{Op: "nsid.Add", Type: uapi.RTM_NEWNSID, Data: data, Header: 4}); err != nil {
		t.Fatal(err)
	}
	sub, err := here.Listen(t.Context(), nlkit.Listen{Op: "test.Subscribe", Groups: []uint32{uapi.RTNLGRP_LINK}}, nlkit.WithAllNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, tc := range []struct {
		c    *nlkit.Client
		nsid int
	}{{there, 42}, {here, -1}} {
		if err := tc.c.Do(t.Context(), setLoopback(99)); err != nil {
			t.Fatal(err)
		}
		var m nlkit.Message
		for m.Type != uapi.RTM_NEWLINK {
			if err := sub.ReadInto(&m); err != nil {
				t.Fatal(err)
			}
		}
		if m.NSID != tc.nsid {
			t.Errorf("an event of namespace %d, want %d", m.NSID, tc.nsid)
		}
	}
}

// A client stays in the namespace it was made in, whichever thread its calls run
// on.
func TestClientKeepsItsNamespace(t *testing.T) {
	nstest.Enter(t) // this thread is in a new namespace
	c, err := nlkit.New()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Do(t.Context(), setLoopback(4321)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			right := false
			for m, err := range c.Dump(t.Context(), nlkit.Request{Op: "link.List", Type: uapi.RTM_GETLINK, Data: make([]byte, 16)}) {
				if err != nil {
					t.Error(err)
					return
				}
				right = right || queueLength(m) == 4321
			}
			if !right {
				t.Error("not the links of the client's namespace")
			}
		})
	}
	wg.Wait()
}

// A client that cannot hold on to its namespace would work in another one.
func TestNewWithoutFiles(t *testing.T) {
	nstest.Enter(t)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	none := was
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	c, failed := nlkit.New()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if e, ok := errors.AsType[*nlkit.Error](failed); !ok || !errors.Is(failed, syscall.EMFILE) || e.Op != "nlkit.New" {
		t.Errorf("got %v", failed)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestNamespaceOptions(t *testing.T) {
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pipe := filepath.Join(t.TempDir(), "pipe") // which nobody writes to
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		opts []nlkit.Option
		want error
		text string
	}{
		"unknown name": {[]nlkit.Option{nlkit.WithNetNS("no-such-namespace")}, fs.ErrNotExist, `nlkit.New netns "no-such-namespace": no such file or directory`},
		"unknown path": {[]nlkit.Option{nlkit.WithNetNSPath("/no/such/namespace")}, fs.ErrNotExist, `netns "/no/such/namespace"`},
		"unknown pid":  {[]nlkit.Option{nlkit.WithNetNSPID(1 << 30)}, fs.ErrNotExist, "process 1073741824"},
		"negative pid": {[]nlkit.Option{nlkit.WithNetNSPID(-1)}, fs.ErrInvalid, "no process"},
		"pid 0":        {[]nlkit.Option{nlkit.WithNetNSPID(0)}, fs.ErrInvalid, "netns of process 0: no process"},
		"empty name":   {[]nlkit.Option{nlkit.WithNetNS("")}, fs.ErrInvalid, "not a name"},
		"path as name": {[]nlkit.Option{nlkit.WithNetNS("../../proc/self/ns/net")}, fs.ErrInvalid, "not a name"},
		"closed fd":    {[]nlkit.Option{nlkit.WithNetNSFD(-1)}, nil, "bad file descriptor"},
		"other file":   {[]nlkit.Option{nlkit.WithNetNSFD(int(file.Fd()))}, fs.ErrInvalid, "not a network namespace"},
		"other kind":   {[]nlkit.Option{nlkit.WithNetNSPath("/proc/self/ns/uts")}, fs.ErrInvalid, "not a network namespace"},
		"pipe":         {[]nlkit.Option{nlkit.WithNetNSPath(pipe)}, fs.ErrInvalid, "not a network namespace"},
		"two":          {[]nlkit.Option{nlkit.WithNetNS("a"), nlkit.WithNetNSPID(1)}, fs.ErrInvalid, "one network namespace"},
		"negative":     {[]nlkit.Option{nlkit.WithMaxIdle(-1)}, fs.ErrInvalid, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := nlkit.New(tc.opts...)
			if c != nil || err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v, %v", c, err)
			}
		})
	}
	c, err := nlkit.New(nlkit.WithNetNSPath("/proc/self/ns/net"))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestListenRefusesSizes(t *testing.T) {
	c, _ := live(t)
	for _, tc := range []struct {
		datagram int
		opts     []nlkit.SubscribeOption
		ok       bool
	}{
		{0, nil, true},
		{16 << 20, []nlkit.SubscribeOption{nlkit.WithEventBuffer(64 << 10)}, true},
		{16<<20 + 1, nil, false},
		{math.MaxInt, nil, false},
		{-1, nil, false},
		{0, []nlkit.SubscribeOption{nlkit.WithEventBuffer(-1)}, false},
		{0, []nlkit.SubscribeOption{nlkit.WithEventBuffer(math.MaxInt)}, math.MaxInt == math.MaxInt32},
	} {
		sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "test.Listen", Protocol: uapi.NETLINK_ROUTE, Datagram: tc.datagram}, tc.opts...)
		if e, ok := errors.AsType[*nlkit.Error](err); tc.ok != (err == nil) || !tc.ok && (!ok || !errors.Is(err, fs.ErrInvalid) || e.Sent) {
			t.Errorf("%+v: %v", tc, err)
		}
		if err == nil {
			_ = sub.Close()
		}
	}
}

// A size of 0 is none that is asked for.
func TestEventBufferDefault(t *testing.T) {
	for _, opts := range [][]nlkit.Option{nil, {nlkit.WithReadBuffer(64 << 10)}} {
		c, _ := live(t, opts...)
		var sizes []int
		for _, opt := range []nlkit.SubscribeOption{nil, nlkit.WithEventBuffer(0)} {
			sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "test.Listen", Protocol: uapi.NETLINK_ROUTE}, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			size, err := nlkit.ReadBuffer(sub)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, size)
		}
		if sizes[0] != sizes[1] {
			t.Errorf("%d bytes by default, %d for 0", sizes[0], sizes[1])
		}
	}
}

// A size that the kernel's calls cannot tell is not cut to another one.
func TestNewRefusesSizes(t *testing.T) {
	for _, opt := range []nlkit.Option{
		nlkit.WithReadBuffer(math.MaxInt), nlkit.WithWriteBuffer(math.MaxInt), nlkit.WithReadBuffer(-1), nlkit.WithMaxIdle(-1),
	} {
		c, err := nlkit.New(opt)
		if err == nil {
			_ = c.Close()
		}
		if !errors.Is(err, fs.ErrInvalid) && math.MaxInt > math.MaxInt32 {
			t.Errorf("got %v", err)
		}
	}
}

func TestUnknownProtocolIsUnsupported(t *testing.T) {
	c, _ := live(t)
	err := c.Do(t.Context(), nlkit.Request{Op: "test.Do", Protocol: 31})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestBuffersAreSet(t *testing.T) {
	c, _ := live(t, nlkit.WithReadBuffer(300<<10), nlkit.WithWriteBuffer(300<<10), nlkit.WithCapAck(true), nlkit.WithStrict(false))
	if err := c.Do(t.Context(), setLoopback(5)); err != nil {
		t.Error(err)
	}
}

// TestSubscriptionsHaveOwnPorts opens and closes subscriptions, alone and at once: no
// socket has the address of another one. The kernel would give the process's number
// to the next as soon as the last is closed, and then remove what is bound to it.
func TestSubscriptionsHaveOwnPorts(t *testing.T) {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := map[uint32]bool{uint32(os.Getpid()): true}
	for i := range 200 {
		sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "nlkit.Listen", Protocol: uapi.NETLINK_NETFILTER})
		if err != nil {
			t.Fatal(err)
		}
		if port := sub.PortID(); seen[port] || int32(port) <= 0 {
			t.Errorf("subscription %d has port %d", i, port)
		}
		seen[sub.PortID()] = true
		if i%2 == 0 {
			if err := sub.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSubscriptionSaysWhatEndedIt uses a subscription after its end: each call says
// whether the context or Close ended it.
func TestSubscriptionSaysWhatEndedIt(t *testing.T) {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cause := errors.New("enough")
	for _, closed := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		sub, err := c.Listen(ctx, nlkit.Listen{Op: "nlkit.Listen", Protocol: uapi.NETLINK_ROUTE})
		if err != nil {
			t.Fatal(err)
		}
		want := cause
		if closed {
			_, want = sub.Close(), net.ErrClosed
		}
		cancel(cause)
		var m nlkit.Message
		read := sub.ReadInto(&m) // waits for the socket to be closed
		_, groups := sub.Groups()
		for what, err := range map[string]error{
			"ReadInto": read, "Groups": groups, "Join": sub.Join(1), "Leave": sub.Leave(1),
			"Do": sub.Do(t.Context(), nlkit.Request{Op: "test.Do", Type: uapi.NLMSG_NOOP}),
		} {
			if !errors.Is(err, want) {
				t.Errorf("closed %v: %s: %v, want %v", closed, what, err, want)
			}
		}
		_ = sub.Close()
	}
}
