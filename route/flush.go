package route

import (
	"context"
	"io/fs"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/rtnl"
)

// Flush removes the routes that match the options. Those of table local, which make
// the host's own addresses work, stay unless [MatchTable] names it. Without
// options no other route is left, not those that the kernel made with its addresses
// either. A route that is gone by the time its turn comes is no error.
// `ip route flush`
//
// Multicast routes are only read: a family that has them is refused.
//
// Errors: those of [List], and a *[nlkit.BatchError] that names each route that the
// kernel refused to remove, which is [fs.ErrPermission] without CAP_NET_ADMIN.
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "route.Flush"
	routes, err := list(ctx, c, op, opts)
	if err != nil {
		return err
	}
	keepLocal := !newFilter(opts).hasTable
	b := c.NewBatch()
	for i := range routes {
		if keepLocal && routes[i].Table == rtnl.TableLocal {
			continue
		}
		if err := del(ctx, b, op, routes[i]); err != nil {
			return err
		}
	}
	return b.Send(ctx, fs.ErrNotExist)
}
