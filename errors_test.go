package nlkit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

func TestErrorMatchesSentinels(t *testing.T) {
	sentinels := map[string]error{
		"not exist": fs.ErrNotExist, "exist": fs.ErrExist, "permission": fs.ErrPermission,
		"invalid": fs.ErrInvalid, "unsupported": errors.ErrUnsupported,
	}
	for _, tc := range []struct {
		errno syscall.Errno
		op    string
		want  string
	}{
		{syscall.ENOENT, "link.Add", "not exist"},
		{syscall.ENODEV, "link.Get", "not exist"},
		{syscall.ENODEV, "route.Add", "not exist"},
		{syscall.ENXIO, "link.Set", "not exist"},
		{syscall.ESRCH, "route.Delete", "not exist"},
		{syscall.ESRCH, "neigh.Get", "not exist"},
		{syscall.ESRCH, "route.Flush", "not exist"},
		{syscall.ESRCH, "route.Add", ""},
		{syscall.EADDRNOTAVAIL, "addr.Delete", "not exist"},
		{syscall.EADDRNOTAVAIL, "addr.Get", "not exist"},
		{syscall.EADDRNOTAVAIL, "addr.Add", ""},
		{syscall.EEXIST, "route.Add", "exist"},
		{syscall.EPERM, "link.Add", "permission"},
		{syscall.EACCES, "link.Add", "permission"},
		{syscall.EINVAL, "link.Add", "invalid"},
		{syscall.ERANGE, "link.Add", "invalid"},
		{syscall.EOPNOTSUPP, "link.Add", "unsupported"},
		{syscall.ENOSYS, "link.Add", "unsupported"},
		{syscall.EPROTONOSUPPORT, "link.Add", "unsupported"},
		{syscall.EAFNOSUPPORT, "link.Add", "unsupported"},
		{524, "link.Add", "unsupported"},
		{syscall.EBUSY, "link.Add", ""},
		{syscall.ENETUNREACH, "route.Lookup", ""},
	} {
		var err error = &nlkit.Error{Op: tc.op, Errno: tc.errno, Sent: true}
		for name, s := range sentinels {
			if got := errors.Is(err, s); got != (name == tc.want) {
				t.Errorf("%s, errno %d: is %q: %v", tc.op, tc.errno, name, got)
			}
		}
		if !errors.Is(err, tc.errno) {
			t.Errorf("%s does not match its errno %d", tc.op, tc.errno)
		}
		if nlkit.SafeToRetry(err) {
			t.Errorf("%s, errno %d was sent and is said to be safe to retry", tc.op, tc.errno)
		}
	}
}

func TestErrorIsANetError(t *testing.T) {
	for _, tc := range []struct {
		err                *nlkit.Error
		timeout, temporary bool
	}{
		{&nlkit.Error{Err: context.DeadlineExceeded}, true, false},
		{&nlkit.Error{Err: context.Canceled}, false, false},
		{&nlkit.Error{Errno: syscall.EBUSY}, false, true},
		{&nlkit.Error{Err: nlkit.ErrDumpInterrupted}, false, true},
		{&nlkit.Error{Err: nlkit.ErrTruncated}, false, true},
		{&nlkit.Error{Errno: syscall.EINVAL}, false, false},
	} {
		if tc.err.Timeout() != tc.timeout || tc.err.Temporary() != tc.temporary {
			t.Errorf("%v: timeout %v, temporary %v", tc.err, tc.err.Timeout(), tc.err.Temporary())
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]*nlkit.Error{
		`link.Add "vx0": invalid argument: Invalid VNI (IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID)`: {
			Op: "link.Add", Object: `"vx0"`, Errno: syscall.EINVAL, Message: "Invalid VNI",
			Attr: "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID",
		},
		`link.List: context canceled`:                           {Op: "link.List", Err: context.Canceled},
		`rule.Add: invalid argument (missing FRA_DST)`:          {Op: "rule.Add", Errno: syscall.EINVAL, Attr: "FRA_DST", Missing: true},
		`batch.Do 10.0.0.0/8: use of closed network connection`: {Op: "batch.Do", Object: "10.0.0.0/8", Err: net.ErrClosed},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// What a caller's function says of an error of an attribute is kept.
func TestErrorsOfCallersKeepWhatTheySay(t *testing.T) {
	mine := errors.New("peer 3")
	err := nlkit.Request{Op: "test.Get"}.Fail(fmt.Errorf("%w: %w", mine, attr.Invalid("A", "bad")))
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || e.Attr != "A" || !errors.Is(err, mine) || !errors.Is(err, fs.ErrInvalid) {
		t.Fatalf("got %#v", err)
	}
	if want := "test.Get: peer 3: A: bad (A)"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTypesOfWhatHappened(t *testing.T) {
	for want, v := range map[string]interface{ String() string }{
		"updated": nlkit.Updated, "deleted": nlkit.Deleted, "EventType(9)": nlkit.EventType(9), "EventType(0)": nlkit.EventType(0),
		"added": nlkit.Added, "changed": nlkit.Changed, "removed": nlkit.Removed, "synced": nlkit.Synced, "ChangeType(9)": nlkit.ChangeType(9),
	} {
		if got := v.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
