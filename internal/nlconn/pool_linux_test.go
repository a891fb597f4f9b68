package nlconn

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nstest"
)

// A pool that is closed while it opens a socket does not open it in whatever became of
// the number of its namespace's file.
func TestCloseWhileOpening(t *testing.T) {
	ns := nstest.New(t)
	for range 50 {
		fd, err := unix.FcntlInt(uintptr(ns.FD()), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		p := NewPool(Config{NetNS: os.NewFile(uintptr(fd), "netns")})
		var wg sync.WaitGroup
		first := make(chan struct{}, 8)
		for range cap(first) {
			wg.Go(func() {
				if _, err := p.Get(unix.NETLINK_ROUTE); err != nil && !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				first <- struct{}{}
			})
		}
		<-first // now others are at it
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}
