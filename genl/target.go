package genl

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

// Target is the family that a call is for: a [Name], or a [Family] that was resolved.
type Target interface {
	// target returns the family as far as it is known, and whether it has to be
	// looked up.
	target() (fam Family, byName bool)
}

// Name is a family that is looked up when a call is made, by what the client already
// knows: the first call asks the kernel, those after it do not. A family that goes
// away and comes back under another number, as that of a module does which is loaded
// again, is found again by itself.
//
// # How a number is known to be right
//
// The client listens to what nlctrl announces, on a socket of its own that is opened
// by the first call by name. No goroutine reads it: before each request the call takes
// in what waits there, which costs one system call that does not block, and forgets
// the families that it is about. After the request it looks again. So
//
//   - a number that was taken back before the request is not used;
//   - should the kernel give it to another family while the request is on its way,
//     the call says so, and does not report what that family did as its own success:
//     the error is [ErrReassigned];
//   - a request that finds no family, since the announcement was still to come or was
//     lost, is sent again, once, to the number that the family has then. (In a
//     [nlkit.Batch] it is not, for the order's sake; it fails with [fs.ErrNotExist].)
//
// The kernel gives numbers out in a circle of about a thousand, so that one comes back
// only after as many registrations, and it announces a family a moment after it
// registered it. What remains is a number that comes back within that moment, between
// the two looks. A [Family] is not followed: its number is used as it is.
type Name string

func (n Name) target() (Family, bool)   { return Family{Name: string(n)}, true }
func (f Family) target() (Family, bool) { return f, false }

// ErrReassigned says that a family was unloaded while a call by its [Name] was under
// way, and its number given to another one: which of them has done the request is not
// known.
var ErrReassigned = errors.New("the family's number was given to another family meanwhile")

// aim brings a request to its family.
type aim struct {
	op      string
	fam     Family // as it was when the request was last sent
	byName  bool
	version uint8 // of the command, 0 for the family's
	own     int   // length of the family's own header in the request
	header  int   // of both headers, padded

	data []byte // of the request by name that was last sent, which is not the caller's
	mark uint64 // what had been announced when fam was looked up

	check func(p *Policy, attrs []byte) error
}

// begin pads the header that r ends with. What is wrong with it is said at once where
// the family is known.
func (a *aim) begin(r *nlkit.Request) error {
	if a.own < 0 {
		return attr.Refuse("the header was put in place of what it was to be appended to")
	}
	r.Data = append(r.Data, make([]byte, align(a.own)-a.own)...)
	r.Header = len(r.Data)
	a.header = r.Header
	if a.byName {
		return nil
	}
	return a.fit(r)
}

// sent returns what went wrong with a request that the kernel has done.
func (a *aim) sent(r nlkit.Request, err error) error {
	if _, ok := errors.AsType[*nlkit.Error](err); ok || err == nil {
		return err
	}
	e := &nlkit.Error{Op: r.Op, Sent: true, Err: err}
	if a.data != nil {
		r.Data = a.data
	}
	if r.Describe != nil {
		e.Object = r.Describe(r.Data)
	}
	return e
}

// prepare completes a request that is about to be sent.
func (a *aim) prepare(ctx context.Context, c *nlkit.Client, r *nlkit.Request) error {
	known := familiesOf(c)
	if a.byName {
		fam, mark, err := known.get(ctx, c, a.op, a.fam.Name)
		if err != nil {
			return unsent(err)
		}
		a.fam, a.mark = fam, mark
		if err := a.fit(r); err != nil {
			return err
		}
		a.data = r.Data
	}
	if a.check == nil {
		return nil
	}
	policy, err := known.policy(ctx, c, a.op, a.fam)
	if err != nil {
		return unsent(err)
	}
	return a.check(policy, r.Data[r.Header:])
}

// fit gives a request the number, the version and the header size of its family.
func (a *aim) fit(r *nlkit.Request) error {
	if err := a.fam.fit(r, a.own, a.version); err != nil {
		return err
	}
	a.header = r.Header
	return nil
}

// settle returns the error of a request whose answer may be another family's.
func (a *aim) settle(ctx context.Context, c *nlkit.Client) error {
	if !a.byName {
		return nil
	}
	return familiesOf(c).confirm(ctx, c, a.op, a.fam, a.mark)
}

// again reports whether a request that failed with err is worth sending again: its
// family was gone, and has another number now.
func (a *aim) again(ctx context.Context, c *nlkit.Client, err error) bool {
	if !a.byName || c == nil {
		return false
	}
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || !e.Sent || e.Errno != syscall.ENOENT {
		return false
	}
	known := familiesOf(c)
	known.forget(a.fam)
	fam, _, err := known.get(ctx, c, a.op, a.fam.Name)
	return err == nil && fam.ID != a.fam.ID
}

// unsent returns the error of a question that came before a request as that of the
// request, which was not sent.
func unsent(err error) error {
	if e, ok := errors.AsType[*nlkit.Error](err); ok {
		e := *e
		e.Sent = false
		return &e
	}
	return err
}

// fit makes r, whose own header is of so many bytes, a request to the family.
func (f Family) fit(r *nlkit.Request, own int, version uint8) error {
	switch {
	case f.ID < minID:
		// Below it are messages of netlink itself, which the kernel acknowledges
		// and forgets.
		return attr.Refuse("%d is no family's number: resolve the family first", f.ID)
	case f.HeaderSize < 0 || f.HeaderSize > maxHeader:
		return attr.Refuse("a family's header has no %d bytes", f.HeaderSize)
	case own != 0 && own != f.HeaderSize:
		return attr.Refuse("a header of %d bytes, family %q has one of %d", own, f.Name, f.HeaderSize)
	}
	header := headerLen + align(f.HeaderSize)
	if r.Header != header { // zeros for a header that was left out
		r.Data = slices.Concat(r.Data[:headerLen], make([]byte, header-headerLen), r.Data[r.Header:])
		r.Header = header
	}
	if version == 0 {
		version = uint8(f.Version)
	}
	r.Type, r.Data[1] = f.ID, version
	return nil
}
