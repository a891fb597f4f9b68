package addr

import (
	"context"
	"io/fs"

	"github.com/nlkit/nlkit"
)

// Flush removes the addresses that [List] returns for the same options: without any
// all IPv4 and IPv6 addresses of all links, 127.0.0.1 and ::1 among them.
// `ip address flush`
//
// The kernel has no request for that: each address is removed by itself, in a batch.
// With an IPv4 address its secondary ones go too, also those that don't match the
// options, unless the sysctl promote_secondaries is on; and with an IPv6 address the
// temporary ones made from it. An address that is gone by the time its turn comes is
// no error.
//
// Errors: those of [List]; [fs.ErrInvalid] for [WithTargetNSID], since nothing can be
// removed from another namespace; a [*nlkit.BatchError] that names each address that
// the kernel refused to remove, which is [fs.ErrPermission] without CAP_NET_ADMIN.
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "addr.Flush"
	d := newDecoder(opts)
	if d.filter.hasNSID {
		d.filter.refuse("WithTargetNSID: nothing can be removed from another namespace")
	}
	all, err := d.list(ctx, c, op)
	if err != nil {
		return err
	}
	b := c.NewBatch()
	for _, a := range all {
		if err := del(ctx, b, op, a); err != nil {
			return err
		}
	}
	return b.Send(ctx, fs.ErrNotExist)
}
