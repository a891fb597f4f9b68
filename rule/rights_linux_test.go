package rule

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestPermission(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	must(t, Add(ctx, c, at(100))) // and there is a socket
	nstest.WithoutRights(t, func() {
		for verb, err := range map[string]error{
			"Add": Add(ctx, c, at(101)), "Replace": Replace(ctx, c, at(102)), "Delete": Delete(ctx, c, at(100)), "Flush": Flush(ctx, c),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if l, err := List(ctx, c, MatchPriority(100)); err != nil || len(l) != 1 {
			t.Errorf("List: %v, %v", l, err)
		}
	})
}

// User ids mean something else in another user namespace.
func TestUIDRangeFromOtherUserNamespace(t *testing.T) {
	cmd := exec.Command(nstest.Tool(t, "cat")) // a process with namespaces of its own
	in, err := cmd.StdinPipe()
	must(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		nstest.Skip(t, "userns", "%v", err)
	}
	defer func() {
		in.Close()
		must(t, cmd.Wait())
	}()
	c, err := nlkit.New(nlkit.WithNetNSPID(cmd.Process.Pid))
	must(t, err)
	defer c.Close()
	r := at(100)
	must(t, Add(t.Context(), c, r))
	r.UIDRange = &UIDRange{}
	if err := Add(t.Context(), c, r); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
