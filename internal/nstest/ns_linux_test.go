package nstest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nft"
)

// platformHelper is the part of TestHelper that is for Linux.
func platformHelper(t *testing.T, mode string) bool {
	switch mode {
	case "file":
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		leaked = append(leaked, f)
	case "socket":
		if _, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_GENERIC); err != nil {
			t.Fatal(err)
		}
	case "old kernel":
		Skip(t, "kernel:2.6", "on purpose")
	case "poller":
		r, w, err := os.Pipe() // opens what the runtime polls with
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		w.Close()
	default:
		return false
	}
	return true
}

func TestLeakedFiles(t *testing.T) {
	for mode, want := range map[string]string{
		"file":   "/dev/null\n",
		"socket": "(netlink, protocol 16)\n",
		"poller": "",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			out, exit := runHelper(t, mode, "")
			if (exit == 1) != (want != "") || !strings.Contains(out, want) {
				t.Errorf("status %d, output:\n%s", exit, out)
			}
			if found := strings.Contains(out, "nlkit-leak: file descriptor "); found != (want != "") {
				t.Errorf("leaks reported: %t, output:\n%s", found, out)
			}
		})
	}
}

// here returns the name of the calling thread's namespace.
func here(t *testing.T) string {
	t.Helper()
	link, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// name returns the name of ns as here does.
func name(t *testing.T, ns *NS) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(ns.FD(), &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("net:[%d]", st.Ino)
}

func loopback(t *testing.T) net.Flags {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	return lo.Flags
}

func TestNew(t *testing.T) {
	New(t) // or skip here rather than in the subtest

	var ns *NS
	t.Run("open", func(t *testing.T) {
		before := here(t)
		ns = New(t)
		if after := here(t); after != before {
			t.Errorf("New moved the test from %s to %s", before, after)
		}
		ns.Do(t, func() {
			if got, want := here(t), name(t, ns); got != want {
				t.Errorf("Do is in %s, want %s", got, want)
			}
			if flags := loopback(t); flags&net.FlagUp == 0 {
				t.Errorf("lo is %s", flags)
			}
		})
	})
	if _, err := ns.File.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the test: %v, want the file closed", err)
	}
}

func TestEnter(t *testing.T) {
	New(t) // or skip
	before := here(t)
	for range 2 {
		t.Run("inside", func(t *testing.T) {
			ns := Enter(t)
			inside := here(t)
			if want := name(t, ns); inside != want || inside == before {
				t.Errorf("Enter went from %s to %s, the handle is of %s", before, inside, want)
			}
			if unix.Gettid() == unix.Getpid() {
				t.Error("on the main thread")
			}
			if flags := loopback(t); flags&net.FlagUp == 0 {
				t.Errorf("lo is %s", flags)
			}
			ns.Do(t, func() {
				if got := here(t); got != inside {
					t.Errorf("Do is in %s, want %s", got, inside)
				}
			})

			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if got := here(t); got != before {
						t.Errorf("another goroutine is in %s, want %s", got, before)
					}
				})
			}
			wg.Wait()
			if got := here(t); got != inside {
				t.Errorf("later in %s, want %s", got, inside)
			}
		})
		if after := here(t); after != before {
			t.Errorf("after the test in %s, want %s", after, before)
		}
	}
	if main, err := os.Readlink("/proc/self/ns/net"); main != before {
		t.Errorf("the main thread is in %s, want %s (%v)", main, before, err)
	}
}

func TestEnterParallel(t *testing.T) {
	New(t) // or skip
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			ns := Enter(t)
			for range 20 {
				time.Sleep(time.Millisecond)
				if got, want := here(t), name(t, ns); got != want {
					t.Fatalf("in %s, want %s", got, want)
				}
			}
		})
	}
}

// TestEndInDo checks that a test can end in the goroutine that Do runs.
func TestEndInDo(t *testing.T) {
	New(t) // or skip
	for mode, want := range map[string]struct {
		exit int
		text string
	}{
		"skip in Do":   {0, "nlkit-skip kind:vlan: TestHelper: in fn\n"},
		"fatal in Do":  {1, "in fn\n"},
		"fatal in Run": {1, "sh -c echo on purpose >&2; exit 3: exit status 3: on purpose\n"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			out, exit := runHelper(t, mode, "netadmin")
			if exit != want.exit || !strings.Contains(out, want.text) {
				t.Errorf("status %d, output:\n%s", exit, out)
			}
			if strings.Contains(out, "went on") || strings.Contains(out, "nlkit-leak") {
				t.Errorf("output:\n%s", out)
			}
		})
	}
}

func TestDenied(t *testing.T) {
	for err, want := range map[error]bool{
		os.NewSyscallError("unshare", unix.EPERM):  true,
		os.NewSyscallError("unshare", unix.ENOSPC): true,
		os.NewSyscallError("unshare", unix.EINVAL): true,
		os.NewSyscallError("unshare", unix.ENOMEM): false,
		os.NewSyscallError("unshare", unix.EMFILE): false,
	} {
		if got := denied(err); got != want {
			t.Errorf("denied(%v) = %t", err, got)
		}
	}
}

func TestRun(t *testing.T) {
	ns := New(t)
	if got, want := string(ns.Run(t, "readlink", "/proc/self/ns/net")), name(t, ns)+"\n"; got != want {
		t.Errorf("the program ran in %q, want %q", got, want)
	}
	if out := string(ns.Run(t, "ip", "-o", "link", "show", "up")); !strings.HasPrefix(out, "1: lo:") {
		t.Errorf("ip says %q", out)
	}

	out, err := ns.TryRun(t, "sh", "-c", "echo said; echo why >&2; exit 3")
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 3 || string(out) != "said\n" || !strings.HasSuffix(err.Error(), ": why") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestSendUDP(t *testing.T) {
	ns := New(t)
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			ip := netip.MustParseAddr(addr)
			var c *net.UDPConn
			ns.Do(t, func() {
				var err error
				if c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))); err != nil {
					t.Fatal(err)
				}
			})
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}

			dst := c.LocalAddr().(*net.UDPAddr).AddrPort()
			src := netip.AddrPortFrom(ip, 4242)
			ns.SendUDP(t, src, dst, []byte("payload"), 2)
			ns.SendUDP(t, netip.AddrPort{}, dst, []byte("payload"), 1)
			buf := make([]byte, 100)
			for i := range 3 {
				n, from, err := c.ReadFromUDPAddrPort(buf)
				if err != nil {
					t.Fatal(err)
				}
				if string(buf[:n]) != "payload" || i < 2 && from != src || from.Addr() != ip {
					t.Errorf("datagram %d: got %q from %s", i, buf[:n], from)
				}
			}
		})
	}
	// No one listens, and no error comes of it.
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9"), nil, 10)
}

func TestNFLogRule(t *testing.T) {
	NFLogRule(t, New(t), nft.LogRule{Group: 1})
}

func BenchmarkDo(b *testing.B) {
	ns := New(b)
	for b.Loop() {
		ns.Do(b, func() {})
	}
}

// What this kernel is new enough for is not skipped for the want of it.
func TestSkipForOldKernel(t *testing.T) {
	out, exit := runHelper(t, "old kernel", "")
	if exit != 1 || !strings.Contains(out, "must have what Linux 2.6 has, but: on purpose") || strings.Contains(out, "nlkit-skip") {
		t.Errorf("status %d, output:\n%s", exit, out)
	}
	out, exit = runHelper(t, "new kernel", "kernel:*")
	if exit != 1 || !strings.Contains(out, requireEnv+" requires kernel:99.0") {
		t.Errorf("status %d, output:\n%s", exit, out)
	}
}
