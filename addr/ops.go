package addr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/netip"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Add gives a link an address, which it must not have yet. It takes what [List]
// returned; fields that are only read are ignored, and lifetimes go on from what
// remained. `ip address add`
//
// Errors: [fs.ErrExist] if the link has the address, [fs.ErrNotExist] if there is
// no such link, [fs.ErrInvalid] for an address that is refused, by the kernel or
// before it is sent, [fs.ErrPermission] without CAP_NET_ADMIN.
func Add(ctx context.Context, d nlkit.Doer, a Address, opts ...WriteOption) error {
	return write(ctx, d, "addr.Add", uapi.NLM_F_CREATE|uapi.NLM_F_EXCL, a, opts)
}

// Replace gives a link an address, or changes the lifetimes, the priority and the
// protocol (of an IPv4 address since Linux 6.4) of one that it has; of an IPv6 address
// also the flags, and the peer if one is set. Lifetimes that are not set become [Forever]. A link has an IPv6 address once: its
// prefix stays as long as it was. `ip address replace`
//
// Errors: [fs.ErrNotExist] if there is no such link, [fs.ErrInvalid] for an
// address that is refused, by the kernel or before it is sent, [fs.ErrPermission]
// without CAP_NET_ADMIN.
func Replace(ctx context.Context, d nlkit.Doer, a Address, opts ...WriteOption) error {
	return write(ctx, d, "addr.Replace", uapi.NLM_F_CREATE|uapi.NLM_F_REPLACE, a, opts)
}

func write(ctx context.Context, d nlkit.Doer, op string, flags uint16, a Address, opts []WriteOption) error {
	var cfg writeConfig
	for _, o := range opts {
		if o != nil {
			o.applyWrite(&cfg)
		}
	}
	req, err := request(op, uapi.RTM_NEWADDR, flags, a)
	if err != nil {
		return err
	}
	if into := cfg.into; into != nil {
		peer := a.Peer
		if peer == a.Prefix.Addr() {
			peer = netip.Addr{} // as it is read
		}
		if a.Prefix.Addr().Is4() { // the kernel echoes no IPv6 address
			req.Flags |= uapi.NLM_F_ECHO
			req.Reply = func(m nlkit.Message) error {
				var v Address
				ok, err := new(decoder).message(m, &v)
				if ok {
					*into = v
				}
				return err
			}
		}
		req.Lookup = func(ctx context.Context, c *nlkit.Client) error {
			v, err := find(ctx, c, op, a.Link, a.Prefix, func(v *Address) bool {
				// A link has an IPv6 address once, with the length and the peer that
				// it had before.
				return a.Prefix.Addr().Is6() || v.Prefix == a.Prefix && v.Peer == peer
			})
			if err == nil {
				*into = v
			}
			return err
		}
	}
	return nlkit.Do(ctx, d, req)
}

// Delete takes an address from a link. Link and Prefix say which, and Peer and
// Label if they are set; other fields are ignored. With an IPv4 address its
// secondary ones go too, unless the sysctl promote_secondaries is on.
// `ip address del`
//
// Errors: [fs.ErrNotExist] if the link does not have the address, or there is no
// such link, [fs.ErrInvalid] for an address that is refused before it is sent,
// [fs.ErrPermission] without CAP_NET_ADMIN.
func Delete(ctx context.Context, d nlkit.Doer, a Address) error {
	return del(ctx, d, "addr.Delete", a)
}

func del(ctx context.Context, d nlkit.Doer, op string, a Address) error {
	req, err := request(op, uapi.RTM_DELADDR, 0, Address{
		Link: a.Link, Prefix: a.Prefix, Peer: a.Peer, Label: a.Label, Flags: a.Flags &^ FlagDeprecated,
	})
	if err != nil {
		return err
	}
	return nlkit.Do(ctx, d, req)
}

// request builds a message that writes, or refuses to.
func request(op string, typ, flags uint16, a Address) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ, Flags: flags,
		Header: headerLen, Schema: attrs, Describe: describe,
	}
	err := check(&a)
	if err == nil {
		req.Data, err = encode(a)
	}
	if err != nil {
		req.Describe = func([]byte) string { return a.String() }
		return req, req.Fail(err)
	}
	return req, nil
}

// List returns the addresses that match the options, all IPv4 and IPv6 ones
// without any, in the kernel's order: of a link that is the order in which they were
// added for IPv4, primary before secondary ones, and the newest first for IPv6. To
// put back what it returned in the same order add IPv6 addresses from last to first.
// `ip address show`
//
// Errors: [nlkit.ErrDumpInterrupted] if addresses change all the time,
// [fs.ErrInvalid] for an option that makes no sense.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Address, error) {
	return newDecoder(opts).list(ctx, c, "addr.List")
}

func (d *decoder) list(ctx context.Context, c *nlkit.Client, op string) ([]Address, error) {
	req := d.request(op)
	if d.filter.err != nil {
		return nil, req.Fail(d.filter.err)
	}
	list, err := nlkit.List(ctx, c, req, d.message)
	if d.noLink(err) {
		return nil, nil
	}
	return list, err
}

// All yields what [List] returns, one at a time as it comes. At most one error
// comes, and comes last: [nlkit.ErrDumpInterrupted] if addresses changed
// meanwhile, so that some may be missing or come twice.
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Address, error] {
	return all(ctx, c, "addr.All", newDecoder(opts).filter)
}

func all(ctx context.Context, c *nlkit.Client, op string, f filter) iter.Seq2[Address, error] {
	return func(yield func(Address, error) bool) {
		d := &decoder{filter: f}
		req := d.request(op)
		if f.err != nil {
			yield(Address{}, req.Fail(f.err))
			return
		}
		for a, err := range nlkit.All(ctx, c, req, d.message) {
			if d.noLink(err) || !yield(a, err) {
				return
			}
		}
	}
}

// Get returns the address of a link whose [Address].Prefix is prefix.
// `ip address show dev … to …`
//
// Errors: [fs.ErrNotExist] if the link has no such address, or there is no such
// link, [nlkit.ErrDumpInterrupted] if addresses change all the time.
func Get(ctx context.Context, c *nlkit.Client, link int, prefix netip.Prefix) (Address, error) {
	return find(ctx, c, "addr.Get", link, prefix, func(a *Address) bool { return a.Prefix == prefix })
}

// find looks for the only address with this link and the prefix's address that match
// accepts.
func find(ctx context.Context, c *nlkit.Client, op string, link int, prefix netip.Prefix, match func(*Address) bool) (Address, error) {
	a := Address{Link: link, Prefix: prefix}
	ip := prefix.Addr()
	d := newDecoder([]ListOption{MatchLink(link), MatchFamily(rtnl.FamilyOf(ip))})
	req := d.request(op)
	req.Describe = func([]byte) string { return a.String() }
	if err := check(&a); err != nil {
		return Address{}, req.Fail(err)
	}
	list, err := nlkit.List(ctx, c, req, func(m nlkit.Message, v *Address) (bool, error) {
		ok, err := d.message(m, v)
		return ok && v.Prefix.Addr() == ip && match(v), err
	})
	switch {
	case err != nil:
		return Address{}, err
	case len(list) == 0:
		err = fs.ErrNotExist
	case len(list) > 1:
		err = fmt.Errorf("%d addresses, which differ in their peer", len(list))
	default:
		return list[0], nil
	}
	return Address{}, &nlkit.Error{Op: op, Object: a.String(), Sent: true, Err: err}
}

func newDecoder(opts []ListOption) *decoder {
	d := new(decoder)
	for _, o := range opts {
		if o != nil {
			o.applyList(&d.filter)
		}
	}
	return d
}

func (d *decoder) request(op string) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETADDR,
		Data: d.filter.request(), Header: headerLen, Schema: attrs,
	}
}

// noLink reports whether err says that the link to list is not there: then it has
// no addresses. Kernels that do not filter say nothing.
func (d *decoder) noLink(err error) bool {
	return err != nil && d.filter.hasLink && errors.Is(err, syscall.ENODEV)
}
