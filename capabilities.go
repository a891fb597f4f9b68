package nlkit

import (
	"context"
	"errors"
	"syscall"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Capabilities are what the kernel can do that older ones cannot, as far as it can
// be asked without changing anything. The packages need no probe: what the kernel
// lacks is [errors.ErrUnsupported] where it is used, and filters work everywhere.
// Programs that choose between two ways have a use for it.
type Capabilities struct {
	// ExtendedAck: errors have the kernel's words and name the attribute
	// (NETLINK_EXT_ACK). Linux 4.12.
	ExtendedAck bool
	// StrictCheck: dumps are filtered in the kernel (NETLINK_GET_STRICT_CHK). Linux
	// 4.20. It is false as well if [WithStrict] switched it off.
	StrictCheck bool
	// LinkStats: statistics without the rest of a link (RTM_GETSTATS). Linux 4.7.
	LinkStats bool
	// AltNames: links can have further, longer names (IFLA_ALT_IFNAME). Linux 5.5.
	AltNames bool
	// Nexthops: there are next hop objects (RTM_GETNEXTHOP). Linux 5.3.
	Nexthops bool
	// NexthopBuckets: groups of next hops can be resilient (RTM_GETNEXTHOPBUCKET).
	// Linux 5.13.
	NexthopBuckets bool
}

// Capabilities asks the kernel what it can do. The answer is kept: later calls cost
// nothing. It takes no privilege. The error is that of ctx, of the socket, or the
// kernel's if it was busy or out of memory.
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	req := Request{Op: "nlkit.Capabilities", Protocol: uapi.NETLINK_ROUTE}
	if c == nil || c.pool == nil {
		return Capabilities{}, req.Fail(errNilClient)
	}
	if caps := c.caps.Load(); caps != nil {
		return *caps, nil
	}
	var caps Capabilities
	conn, err := c.pool.Get(uapi.NETLINK_ROUTE)
	if err != nil {
		return Capabilities{}, req.Fail(err)
	}
	caps.ExtendedAck, caps.StrictCheck = conn.ExtendedAck, conn.Strict
	c.pool.Put(conn)

	// A request that lacks what it must have is refused as such by a kernel that
	// knows its type, and as unknown by others.
	noSuchName := attr.AppendString(make([]byte, 16), uapi.IFLA_ALT_IFNAME, "no link has a name with / inside")
	for _, probe := range []struct {
		has  *bool
		typ  uint16
		data []byte
		lack syscall.Errno // the answer of a kernel that lacks it
	}{
		{&caps.LinkStats, uapi.RTM_GETSTATS, make([]byte, 12), syscall.EOPNOTSUPP},
		{&caps.AltNames, uapi.RTM_GETLINK, noSuchName, syscall.EINVAL},
		{&caps.Nexthops, uapi.RTM_GETNEXTHOP, make([]byte, 8), syscall.EOPNOTSUPP},
		{&caps.NexthopBuckets, uapi.RTM_GETNEXTHOPBUCKET, make([]byte, 8), syscall.EOPNOTSUPP},
	} {
		req.Type, req.Data = probe.typ, probe.data
		err := c.Do(ctx, req)
		if e, ok := errors.AsType[*Error](err); ok && (e.Errno == 0 || !e.Sent || e.Temporary()) {
			return Capabilities{}, err
		}
		*probe.has = !errors.Is(err, probe.lack)
	}
	c.caps.Store(&caps)
	return caps, nil
}
