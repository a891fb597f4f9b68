package rtnl

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

const ifinfomsgLen = 16 // struct ifinfomsg

// Settle waits for the kernel to finish what it is doing to links, addresses and
// routes. It tells that a link went down before it takes the link's routes away: who
// heard of the one and waits for this does not find the other. It takes no privilege.
//
// Errors: the context's, [net.ErrClosed].
func Settle(ctx context.Context, c *nlkit.Client) error {
	// The kernel answers a request for a link under the lock that all changes take.
	data := make([]byte, ifinfomsgLen)
	binary.NativeEndian.PutUint32(data[4:], 1)
	err := c.Query(ctx, nlkit.Request{
		Op: "rtnl.Settle", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETLINK, Data: data, Header: ifinfomsgLen,
	}, func(nlkit.Message) error { return nil })
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no loopback: the lock was taken all the same
	}
	return err
}
