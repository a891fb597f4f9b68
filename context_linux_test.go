package nlkit_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlfake"
)

// What ended a context is mostly the error of something else, such as another call of a
// group: an operation that ends by it must not be taken for that one.
func TestCauseIsOfAnotherOperation(t *testing.T) {
	c, _ := fake(t, func(*nlfake.Socket, []netlink.Message) [][]byte { return nil })
	add := nlkit.Request{Op: "number.Add"}
	for _, cause := range []error{
		&nlkit.Error{Op: "other.Add", Errno: syscall.EEXIST, Sent: true},
		&nlkit.Error{Op: "other.Subscribe", Err: nlkit.ErrOverrun, Sent: true},
		&nlkit.Error{Op: "other.List", Err: nlkit.ErrDumpInterrupted, Sent: true},
		&fs.PathError{Op: "open", Path: "/etc/other", Err: syscall.ENOENT},
		syscall.EPERM,
	} {
		t.Run(cause.Error(), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			sub, err := nlkit.Subscribe(ctx, c, nlkit.Listen{Op: "number.Subscribe"}, decodeNumber)
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			cancel(cause)

			check := func(op string, err error) {
				t.Helper()
				e, ok := errors.AsType[*nlkit.Error](err)
				switch {
				case !ok || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), cause.Error()):
					t.Fatalf("%s: %v", op, err)
				case e.Op != op || e.Errno != 0 || e.Temporary():
					t.Errorf("%s: %+v", op, e)
				}
				for _, wrong := range []error{
					fs.ErrExist, fs.ErrNotExist, nlkit.ErrOverrun, nlkit.ErrDumpInterrupted, syscall.EEXIST, syscall.ENOENT,
				} {
					if errors.Is(err, wrong) {
						t.Errorf("%s: %v is %v", op, err, wrong)
					}
				}
			}
			err = c.Do(ctx, add)
			check("number.Add", err)
			if !nlkit.SafeToRetry(err) {
				t.Errorf("not sent, but not safe to retry: %v", err)
			}
			_, err = nlkit.List(ctx, c, numbers, decodeNumber)
			check("number.List", err)
			reads := 0
			for _, err := range sub.All() {
				check("number.Subscribe", err)
				if reads++; reads == 3 {
					t.Fatal("a subscription whose context has ended does not end")
				}
			}

			b := c.NewBatch()
			if err := b.Do(t.Context(), add); err != nil {
				t.Fatal(err)
			}
			err = b.Send(ctx, fs.ErrNotExist, fs.ErrExist)
			failed, ok := errors.AsType[*nlkit.BatchError](err)
			if !ok || len(failed.Failed) != 1 {
				t.Fatalf("an item that was not sent counts as done: %v", err)
			}
			check("number.Add", failed.Failed[0].Err)
		})
	}
}

// numberError is an error of a program's own.
type numberError struct{ err error }

func (e numberError) Error() string { return "a number: " + e.err.Error() }
func (e numberError) Unwrap() error { return e.err }

// What a program's functions return is found in the error of their operation, whatever it
// wraps; an errno that it wraps is not the kernel's answer.
func TestErrorsOfFunctionsAreKept(t *testing.T) {
	c, _ := fake(t, dumpOf(func(r netlink.Message) [][]netlink.Message {
		return [][]netlink.Message{{item(r, 1, 0)}, {nlfake.Done(r, 0, 0)}}
	}))
	for name, inner := range map[string]error{
		"another operation": &nlkit.Error{Op: "other.Get", Errno: syscall.ENODEV, Sent: true},
		"an attribute":      attr.Invalid("NUMBER", "no number"),
		"an errno":          syscall.ENOENT,
		"a system call":     os.NewSyscallError("open", syscall.ENOENT),
	} {
		t.Run(name, func(t *testing.T) {
			own := numberError{inner}
			unprepared := nlkit.Request{Op: "number.Add", Prepare: func(context.Context, *nlkit.Client, *nlkit.Request) error { return own }}
			_, err := nlkit.List(t.Context(), c, numbers, func(nlkit.Message, *uint32) (bool, error) { return false, own })
			for op, err := range map[string]error{"number.Add": c.Do(t.Context(), unprepared), "number.List": err} {
				e, ok := errors.AsType[*nlkit.Error](err)
				found, is := errors.AsType[numberError](err)
				switch {
				case !ok || e.Op != op || e.Errno != 0 || e.Sent != (op == "number.List"):
					t.Errorf("%s: %+v", op, e)
				case !is || found != own || !errors.Is(err, inner) || !strings.Contains(err.Error(), own.Error()):
					t.Errorf("%s: %v", op, err)
				case name == "an attribute" && e.Attr != "NUMBER":
					t.Errorf("%s: attribute %q", op, e.Attr)
				}
			}
		})
	}
}
