package addr

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// ErrDuplicate says that another host has the address: duplicate address detection
// found it.
var ErrDuplicate = errors.New("duplicate address")

// WaitReady waits until the addresses of a link can be used, and returns them: until
// duplicate address detection has ended for each. With addresses it waits for these
// alone, also until they are there; without, for those that the link has: one that the
// kernel removes because another host has it, as it does if its lifetime has an end, is
// none of these. An IPv6 address is not ready before its link is up and has a carrier.
//
// It takes no privilege. Errors: [ErrDuplicate] for an address that another host has;
// the context's; [fs.ErrInvalid] for an address or index that cannot be.
func WaitReady(ctx context.Context, c *nlkit.Client, link int, addresses ...netip.Addr) ([]Address, error) {
	const op = "addr.WaitReady"
	refused := nlkit.Request{Op: op}
	if link <= 0 || link > math.MaxInt32 {
		return nil, refused.Fail(attr.Invalid("ifa_index", "%d is no index of a link", link))
	}
	for _, a := range addresses {
		if err := checkIP(a); err != nil { // no list has it: the wait would not end
			return nil, refused.Fail(err)
		}
	}
	object := fmt.Sprintf("dev %d", link)
	d := newDecoder([]ListOption{MatchLink(link)})
	duplicate := func(a Address) error {
		failed := nlkit.Request{Op: op, Describe: func([]byte) string { return a.String() }}
		return failed.Fail(ErrDuplicate)
	}
	// An address whose lifetime has an end does not stay as one that failed: the
	// kernel removes it, and says why in this event alone. (addrconf_dad_stop)
	removed := map[netip.Addr]Address{}
	return nlkit.Wait(ctx, c, nlkit.Listen{
		Op: op, Object: object, Protocol: uapi.NETLINK_ROUTE,
		Groups: []uint32{uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR},
		Wants: []nlkit.Want{{
			Types: []uint16{uapi.RTM_NEWADDR, uapi.RTM_DELADDR},
			Where: []nlkit.Field{{Offset: indexOffset, Size: 4, Value: uint32(link)}},
		}},
	}, func(m nlkit.Message) bool {
		var e Event
		if ok, err := d.event(m, &e); ok && err == nil && e.Type == nlkit.Deleted && e.Object.Flags.Has(FlagDADFailed) {
			removed[e.Object.Prefix.Addr()] = e.Object
		}
		return true
	}, func(ctx context.Context) ([]Address, bool, error) {
		list, err := d.list(ctx, c, op)
		if err != nil {
			return nil, false, err
		}
		if len(addresses) > 0 {
			list = slices.DeleteFunc(list, func(a Address) bool { return !slices.Contains(addresses, a.Prefix.Addr()) })
		}
		for i := range list {
			switch a := &list[i]; {
			case a.Flags.Has(FlagDADFailed):
				return nil, false, duplicate(*a)
			case a.Flags.Has(FlagTentative) && !a.Flags.Has(FlagOptimistic):
				return nil, false, nil
			}
		}
		for _, a := range addresses {
			if slices.ContainsFunc(list, func(have Address) bool { return have.Prefix.Addr() == a }) {
				continue
			}
			if failed, ok := removed[a]; ok {
				return nil, false, duplicate(failed)
			}
			return nil, false, nil
		}
		return list, true, nil
	})
}
