package attr

import (
	"errors"
	"fmt"
	"io/fs"
)

// Error is a value that cannot be sent, or bytes that cannot be decoded, with
// the attribute at fault.
type Error struct {
	// Path names the attribute by its C name and those of the nests around it,
	// outermost first: "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID".
	Path string
	// Err is the cause. It matches [fs.ErrInvalid] for a value refused before it
	// was sent, and [ErrMalformed] for bytes that cannot be decoded.
	Err error
}

// Error returns the path and the cause.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrMalformed is the cause of every decoding error: an attribute whose length
// contradicts the bytes around it or the type that its row gives it.
var ErrMalformed = errors.New("malformed attribute")

// invalid is a reason why a value was refused; it matches fs.ErrInvalid without
// repeating that error's text.
type invalid string

func (e invalid) Error() string        { return string(e) }
func (e invalid) Is(target error) bool { return target == fs.ErrInvalid }

// Invalid returns an *[Error] that says why the value of the attribute at path
// is refused. It matches [fs.ErrInvalid].
func Invalid(path, format string, args ...any) error {
	return &Error{Path: path, Err: invalid(fmt.Sprintf(format, args...))}
}

// Refuse returns an error without an attribute that matches [fs.ErrInvalid].
func Refuse(format string, args ...any) error {
	return invalid(fmt.Sprintf(format, args...))
}

// malformed is a decoding error of one payload.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// within puts name before the path of err, or begins a path.
func within(name string, err error) error {
	if name == "" {
		return err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Path != "" {
			name += "." + e.Path
		}
		if error(e) == err { // else it is in an error of a Custom row, which has more to say
			err = e.Err
		}
	}
	return &Error{Path: name, Err: err}
}
