package nlkit_test

import (
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Every kernel that the tests run on has all of them.
func TestCapabilities(t *testing.T) {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		caps, err := c.Capabilities(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(caps)
		for i := range v.NumField() {
			if !v.Field(i).Bool() {
				t.Errorf("the kernel lacks %s", v.Type().Field(i).Name)
			}
		}
	}
}

func TestCapabilitiesOfOldKernels(t *testing.T) {
	asked := 0
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		asked++
		errno := syscall.EOPNOTSUPP
		if reqs[0].Header.Type == uapi.RTM_GETLINK {
			errno = syscall.EINVAL
		}
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], errno, nil))}
	}, nlkit.WithStrict(false))
	for range 2 {
		caps, err := c.Capabilities(t.Context())
		if err != nil || caps != (nlkit.Capabilities{ExtendedAck: true}) {
			t.Errorf("got %+v, %v", caps, err)
		}
	}
	if asked != 4 {
		t.Errorf("%d requests, want 4: the answer is kept", asked)
	}
}

// A failure to ask is no answer, and is not kept.
func TestCapabilitiesFail(t *testing.T) {
	c, _ := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], syscall.EINVAL, nil))}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Capabilities(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if caps, err := c.Capabilities(t.Context()); err != nil || !caps.Nexthops || caps.AltNames {
		t.Errorf("got %+v, %v", caps, err)
	}
	_ = c.Close()
	if caps, err := c.Capabilities(t.Context()); err != nil || !caps.Nexthops {
		t.Errorf("after Close: %+v, %v", caps, err)
	}
	var none *nlkit.Client
	if _, err := none.Capabilities(t.Context()); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Nor is the lack of a socket, or of memory.
func TestCapabilitiesFailFor(t *testing.T) {
	var dials, refuse int
	k := &nlfake.Kernel{Handle: func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
		errno := syscall.EOPNOTSUPP
		if refuse++; refuse == 1 {
			errno = syscall.ENOMEM
		}
		return [][]byte{nlfake.Join(nlfake.Ack(reqs[0], errno, nil))}
	}}
	c, err := nlkit.New(nlkit.WithMaxIdle(0), nlkit.WithKernel(func(proto int) (*netlink.Conn, error) {
		if dials++; dials == 2 {
			return nil, os.NewSyscallError("socket", syscall.EMFILE)
		}
		return k.Dial(proto)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, want := range []error{syscall.EMFILE, syscall.ENOMEM, nil} {
		caps, err := c.Capabilities(t.Context())
		if !errors.Is(err, want) || caps.LinkStats || caps.Nexthops {
			t.Errorf("got %+v, %v, want %v", caps, err, want)
		}
	}
}

// Who asks waits no longer than its own context, whoever else asks.
func TestCapabilitiesTogether(t *testing.T) {
	asked := make(chan struct{}, 2)
	c, _ := fake(t, func(*nlfake.Socket, []netlink.Message) [][]byte {
		asked <- struct{}{}
		return nil
	})
	first, stop := context.WithCancel(t.Context())
	done := make(chan error, 2)
	ask := func(ctx context.Context) {
		_, err := c.Capabilities(ctx)
		done <- err
	}
	go ask(first)
	<-asked
	second, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	go ask(second)
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		stop()
	case <-time.After(5 * time.Second):
		t.Error("the second waits for the first")
		stop()
		<-done
	}
	<-done
}
