package route

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Wait waits until there is a route that the options match, and returns it: the first
// of several.
//
// It takes no privilege. Errors: the context's, [fs.ErrInvalid] for an option that
// makes no sense.
func Wait(ctx context.Context, c *nlkit.Client, opts ...ListOption) (Route, error) {
	const op = "route.Wait"
	s, err := source(op, opts)
	if err != nil {
		return Route{}, err
	}
	return nlkit.Wait(ctx, c, nlkit.Listen{Op: op, Protocol: s.Protocol, Groups: s.Groups, Wants: s.Wants}, func(m nlkit.Message) bool {
		var e Event
		if m.Type != uapi.RTM_NEWROUTE {
			return false
		}
		ok, err := s.Event(m, &e)
		return err == nil && ok && s.Match(&e.Object)
	}, func(ctx context.Context) (Route, bool, error) {
		found, err := list(ctx, c, op, opts)
		if err != nil || len(found) == 0 {
			return Route{}, false, err
		}
		return found[0], true, nil
	})
}
