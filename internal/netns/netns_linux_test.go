package netns_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nstest"
)

// newNS is netns.New for a test; nstest knows when to skip.
func newNS(t *testing.T) *os.File {
	t.Helper()
	return nstest.New(t).File
}

// inode tells namespaces apart.
func inode(t *testing.T, ns *os.File) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(int(ns.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func current(t *testing.T) uint64 {
	t.Helper()
	ns, err := netns.Current()
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	return inode(t, ns)
}

func TestNew(t *testing.T) {
	newNS(t) // or skip

	before := current(t)
	a, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()

	if after := current(t); after != before {
		t.Errorf("New moved the caller from namespace %d to %d", before, after)
	}
	if i, j := inode(t, a), inode(t, b); i == j || i == before || j == before {
		t.Errorf("namespaces %d and %d, and %d before, are not three", i, j, before)
	}

	var got uint64
	var ifis []net.Interface
	err = netns.Do(a, func() (err error) {
		got = current(t)
		ifis, err = net.Interfaces()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := inode(t, a); got != want {
		t.Errorf("Do ran in namespace %d, want %d", got, want)
	}
	// Other interfaces come by themselves where tunnel modules are loaded.
	i := slices.IndexFunc(ifis, func(i net.Interface) bool { return i.Name == "lo" })
	if i < 0 {
		t.Fatalf("no lo among %v", ifis)
	}
	if ifis[i].Flags&net.FlagUp != 0 {
		t.Errorf("lo of a new namespace is %s", ifis[i].Flags)
	}
}

func TestLoopbackUp(t *testing.T) {
	ns := newNS(t)
	for range 2 { // the second time changes nothing
		if err := netns.LoopbackUp(ns); err != nil {
			t.Fatal(err)
		}
	}
	err := netns.Do(ns, func() error {
		lo, err := net.InterfaceByName("lo")
		if err != nil {
			return err
		}
		if lo.Flags&net.FlagUp == 0 {
			return fmt.Errorf("lo is %s", lo.Flags)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDoError(t *testing.T) {
	ns := newNS(t)
	want := errors.New("fn's own")
	if got := netns.Do(ns, func() error { return want }); !errors.Is(got, want) {
		t.Errorf("got %v, want the error of fn", got)
	}

	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = netns.Do(f, func() error {
		t.Error("fn was called though setns failed")
		return nil
	})
	if !errors.Is(err, unix.EINVAL) {
		t.Errorf("for a file that is no namespace: %v, want EINVAL", err)
	}
	f.Close()
	if err := netns.Do(f, func() error { return nil }); !errors.Is(err, unix.EBADF) {
		t.Errorf("for a closed file: %v, want EBADF", err)
	}
}

func TestDoPanic(t *testing.T) {
	ns := newNS(t)
	defer func() {
		p, ok := recover().(*netns.Panic)
		if !ok {
			t.Fatalf("recovered %T, want *netns.Panic", p)
		}
		if !errors.Is(p, fs.ErrClosed) {
			t.Errorf("the panic wraps %v, want what fn panicked with", p.Value)
		}
		if text := p.Error(); !strings.Contains(text, "deepInFn") || !strings.HasPrefix(text, fs.ErrClosed.Error()) {
			t.Errorf("no trace of fn in:\n%s", text)
		}
	}()
	err := netns.Do(ns, deepInFn)
	t.Errorf("Do returned %v after a panic", err)
}

//go:noinline
func deepInFn() error { panic(fs.ErrClosed) }

func TestDoGoexit(t *testing.T) {
	ns := newNS(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := netns.Do(ns, func() error {
			runtime.Goexit()
			return nil
		})
		t.Errorf("Do returned %v after Goexit", err)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the caller hangs after Goexit")
	}
}

// TestDoThreads checks that no thread is left behind and none is left in the
// wrong namespace, whatever else goes on.
func TestDoThreads(t *testing.T) {
	ns := newNS(t)
	want := inode(t, ns)
	before := current(t)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				err := netns.Do(ns, func() error {
					runtime.Gosched()
					if got := current(t); got != want {
						return fmt.Errorf("in namespace %d, want %d", got, want)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if got := current(t); got != before {
					t.Errorf("outside of Do in namespace %d, want %d", got, before)
				}
			}
		})
	}
	wg.Wait()

	// Threads end a little after Do returned.
	link := fmt.Sprintf("net:[%d]", want)
	deadline := time.Now().Add(10 * time.Second)
	for {
		in := threadsIn(t, link)
		if in == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d threads are still in the namespace", in)
		}
		time.Sleep(time.Millisecond)
	}
}

// threadsIn counts the threads of the process that are in a namespace.
func threadsIn(t *testing.T, link string) int {
	t.Helper()
	const dir = "/proc/self/task"
	tasks, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, task := range tasks {
		if got, err := os.Readlink(dir + "/" + task.Name() + "/ns/net"); err == nil && got == link {
			n++
		}
	}
	return n
}
