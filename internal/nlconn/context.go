package nlconn

import (
	"context"
	"errors"
	"fmt"
)

// ContextError is the error of a context that has ended, with its cause if that
// says more.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
