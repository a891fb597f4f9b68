package nlconn

import (
	"context"
	"errors"
	"reflect"
)

// ContextError is the error of a context that has ended, with its cause if that
// says more.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return &ended{err, cause}
}

// ended is the error of a context and its cause. It is the cause, but not what that
// wraps: mostly that is the error of another operation, whose errno is no answer to this
// one.
type ended struct{ err, cause error }

func (e *ended) Error() string { return e.err.Error() + ": " + e.cause.Error() }

func (e *ended) Unwrap() error { return e.err }

func (e *ended) Is(target error) bool {
	return reflect.TypeOf(target).Comparable() && target == e.cause
}
