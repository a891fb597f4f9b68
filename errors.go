package nlkit

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlconn"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Errors that have no counterpart in the standard library.
var (
	// ErrOverrun says that the kernel dropped messages because a socket's receive
	// buffer was full. A subscription goes on after it; what was lost is not
	// known, so a program that keeps state lists it again.
	ErrOverrun = nlconn.ErrOverrun

	// ErrDumpInterrupted says that what was listed changed while the kernel
	// listed it (NLM_F_DUMP_INTR), so that the list may lack or repeat objects.
	// List tries again a few times before it gives up with this error.
	ErrDumpInterrupted = errors.New("dump interrupted by a change")

	// ErrNoReply says that the kernel ended an exchange without the answer that
	// the request called for.
	ErrNoReply = nlconn.ErrNoReply

	// ErrMalformed says that what came from the kernel is not a netlink message.
	// An attribute that cannot be decoded is [attr.ErrMalformed].
	ErrMalformed = nlconn.ErrMalformed

	// ErrTruncated says that a datagram was larger than the buffer for it. Its
	// messages are lost; the next one of that size fits.
	ErrTruncated = nlconn.ErrTruncated
)

// Error is an operation that failed. It matches, by [errors.Is], its errno, its
// cause, and:
//
//   - [fs.ErrNotExist]: ENOENT, ENODEV, ENXIO; ESRCH and EADDRNOTAVAIL where the
//     verb is Delete, Get or Flush
//   - [fs.ErrExist]: EEXIST
//   - [fs.ErrPermission]: EPERM, EACCES
//   - [fs.ErrInvalid]: EINVAL, ERANGE, and everything refused before it was sent
//   - [errors.ErrUnsupported]: EOPNOTSUPP, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT
//     and the kernel's internal ENOTSUPP
type Error struct {
	// Op is the package and verb: "link.Add".
	Op string
	// Object is what the operation was about: `"vx0"`, "10.0.0.0/8 via 10.1.0.1".
	// It is empty where the operation names none.
	Object string
	// Errno is the kernel's answer, 0 if there was none.
	Errno syscall.Errno
	// Message is the kernel's own words (NLMSGERR_ATTR_MSG), where it has any.
	Message string
	// Attr is the attribute at fault, by the C names of it and the nests around
	// it: "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID" (NLMSGERR_ATTR_OFFS,
	// NLMSGERR_ATTR_MISS_TYPE).
	Attr string
	// Missing says that Attr was required and absent. Linux 6.1 or later says so.
	Missing bool
	// Sent says that the request reached the kernel. If it did not, the operation
	// can be tried again without a second thought; see [SafeToRetry].
	Sent bool
	// Err is the cause where it is not an errno: a context's error, a value that
	// was refused before it was sent, a malformed answer.
	Err error
}

// Error returns operation, object, cause, the kernel's words and the attribute:
//
//	link.Add "vx0": invalid argument: Invalid DF attribute (IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_DF)
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Object != "" {
		b.WriteString(" " + e.Object)
	}
	sep := ": "
	if e.Errno != 0 {
		b.WriteString(sep + e.Errno.Error())
	}
	if e.Err != nil {
		b.WriteString(sep + e.Err.Error())
	}
	if e.Message != "" {
		b.WriteString(sep + e.Message)
	}
	switch {
	case e.Attr != "" && e.Missing:
		b.WriteString(" (missing " + e.Attr + ")")
	case e.Attr != "":
		b.WriteString(" (" + e.Attr + ")")
	}
	return b.String()
}

// Unwrap returns the errno and the cause, those that there are.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Errno != 0 {
		errs = append(errs, e.Errno)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Is maps the errno to the sentinels that the type's comment lists.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		switch e.Errno {
		case syscall.ENOENT, syscall.ENODEV, syscall.ENXIO:
			return true
		case syscall.ESRCH, syscall.EADDRNOTAVAIL:
			return strings.HasSuffix(e.Op, ".Delete") || strings.HasSuffix(e.Op, ".Get") || strings.HasSuffix(e.Op, ".Flush")
		}
	case fs.ErrExist:
		return e.Errno == syscall.EEXIST
	case fs.ErrPermission:
		return e.Errno == syscall.EPERM || e.Errno == syscall.EACCES
	case fs.ErrInvalid:
		return e.Errno == syscall.EINVAL || e.Errno == syscall.ERANGE
	case errors.ErrUnsupported:
		switch e.Errno {
		case syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EPROTONOSUPPORT, syscall.EAFNOSUPPORT, uapi.ENOTSUPP:
			return true
		}
	}
	return false
}

// Timeout reports whether a context's deadline ended the operation. With
// Temporary it makes an Error a [net.Error].
func (e *Error) Timeout() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

// Temporary reports whether trying again may help: an interrupted dump, an answer
// that was too long for the buffer, or a kernel that was busy or out of memory.
func (e *Error) Temporary() bool {
	switch e.Errno {
	case syscall.EAGAIN, syscall.EBUSY, syscall.ENOBUFS, syscall.ENOMEM, syscall.EINTR:
		return true
	}
	return errors.Is(e.Err, ErrDumpInterrupted) || errors.Is(e.Err, ErrTruncated)
}

var _ net.Error = (*Error)(nil)

// SafeToRetry reports whether err is of an operation that never reached the
// kernel, so that doing it again cannot do it twice. Of several, and of a batch, none
// must have.
func SafeToRetry(err error) bool {
	unsent, sent := reached(err)
	return unsent && !sent
}

// reached reports whether err is of operations that did not reach the kernel, and of some
// that did.
func reached(err error) (unsent, sent bool) {
	var parts []error
	switch e := err.(type) { //nolint:errorlint // it goes through what is wrapped
	case *Error:
		return !e.Sent, e.Sent
	case *BatchError:
		sent = len(e.Failed) < e.Total
		parts = e.Unwrap()
	case interface{ Unwrap() []error }:
		parts = e.Unwrap()
	case interface{ Unwrap() error }:
		return reached(e.Unwrap())
	}
	for _, part := range parts {
		u, s := reached(part)
		unsent, sent = unsent || u, sent || s
	}
	return unsent, sent
}

// errNilClient is the cause of every call with a nil *Client or Doer.
var errNilClient = attr.Refuse("nil client")

// Fail returns err as the *[Error] of this request: with its operation and
// object, and, if err is or wraps an [*attr.Error], with its attribute. Functions that
// build requests return what they refuse through it. An *Error is returned as it is, but
// one that err wraps is only a cause: err stays whole. A nil err stays nil.
func (r Request) Fail(err error) error { return r.fail(nlconn.Result{}, err) }

func (r Request) fail(res nlconn.Result, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: r.Op, Sent: res.Sent, Err: err}
	switch cause := err.(type) { //nolint:errorlint // what wraps these says more
	case *Error:
		return cause // a step inside the operation has said it already
	case *nlconn.KernelError:
		e.Errno, e.Message, e.Err = cause.Errno, cause.Message, nil
		e.Attr, e.Missing = r.locate(cause)
	case *attr.Error:
		e.Attr, e.Err = cause.Path, cause.Err
	case syscall.Errno:
		e.Errno, e.Err = cause, nil
	case *os.SyscallError, *fs.PathError:
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			e.Errno, e.Err = errno, nil
			e.Message = "in system call " + strings.TrimSuffix(err.Error(), ": "+errno.Error())
		}
	default:
		if bad, ok := errors.AsType[*attr.Error](err); ok {
			e.Attr = bad.Path
		}
	}
	if r.Describe != nil {
		e.Object = r.Describe(r.Data)
	}
	return e
}

// locate names the attribute that the kernel points at.
func (r Request) locate(k *nlconn.KernelError) (path string, missing bool) {
	if r.Schema == nil || r.Header > len(r.Data) {
		return "", false
	}
	attrs := r.Data[r.Header:]
	head := uapi.NLMSG_HDRLEN + r.Header // offsets count from the message's header
	if k.HasMiss {
		nest := ""
		schema := r.Schema
		if k.MissNest >= head {
			if nest = attr.Path(r.Schema, attrs, k.MissNest-head); nest != "" {
				nest += "."
			}
			schema = attr.SchemaAt(r.Schema, attrs, k.MissNest-head)
		}
		name, _ := attr.Name(schema, k.Missing, nil)
		return nest + name, true
	}
	if k.Offset < head {
		return "", false
	}
	return attr.Path(r.Schema, attrs, k.Offset-head), false
}
