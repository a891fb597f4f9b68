package neigh

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"iter"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Add makes an entry, which must not be there yet. It takes what [List] returned;
// fields that are only read are ignored, and the kernel starts a new age. Of an FDB
// entry with several destinations that is the first, the others take [Append]. A
// neighbour counts as there in every state, also when it failed to answer: then
// [Replace] is meant. A proxy may be there already. `ip neigh add`,
// `ip neigh add proxy`, `bridge fdb add`
//
// Errors: [fs.ErrExist] if there is such an entry, [fs.ErrNotExist] if there is no
// such link, [fs.ErrInvalid] for an entry that is refused, by the kernel or before
// it is sent, [errors.ErrUnsupported] for an FDB entry where the link has no FDB,
// [fs.ErrPermission] without CAP_NET_ADMIN.
func Add(ctx context.Context, d nlkit.Doer, n Neighbour, opts ...WriteOption) error {
	return write(ctx, d, "neigh.Add", uapi.NLM_F_CREATE|uapi.NLM_F_EXCL, n, opts)
}

// Append adds one more destination to an FDB entry of a tunnel, or makes the entry.
// Only entries for a group address and for the address 00:00:00:00:00:00, which is
// all that is not known, can have several; others stay as they are. It is no error
// if the destination is there already. `bridge fdb append`
//
// Errors: [fs.ErrNotExist] if there is no such link, [fs.ErrInvalid] for an entry
// that is refused, by the kernel or before it is sent: neighbours and proxies have
// one link-layer address only; [errors.ErrUnsupported] where the link has no FDB or
// the entry has next hops, [fs.ErrPermission] without CAP_NET_ADMIN.
func Append(ctx context.Context, d nlkit.Doer, n Neighbour, opts ...WriteOption) error {
	return write(ctx, d, "neigh.Append", uapi.NLM_F_CREATE|uapi.NLM_F_APPEND, n, opts)
}

// Replace makes an entry or changes one that is there, its State included.
// `ip neigh replace`, `bridge fdb replace`
//
// Errors: [fs.ErrNotExist] if there is no such link, [fs.ErrInvalid] for an entry
// that is refused, by the kernel or before it is sent, [errors.ErrUnsupported] for
// an FDB entry where the link has no FDB, or of a tunnel for a group address or all
// that is not known, [fs.ErrPermission] without CAP_NET_ADMIN.
func Replace(ctx context.Context, d nlkit.Doer, n Neighbour, opts ...WriteOption) error {
	return write(ctx, d, "neigh.Replace", uapi.NLM_F_CREATE|uapi.NLM_F_REPLACE, n, opts)
}

// Set changes an entry that is there: its State, and its LinkAddr, Flags, Protocol
// or destination where they are set. A neighbour takes at least one of LinkAddr,
// State, FlagUse and FlagManaged. `ip neigh change`
//
// Errors: [fs.ErrNotExist] if there is no such entry or link, [fs.ErrInvalid] for
// an entry that is refused, by the kernel or before it is sent: proxies cannot be
// changed; [errors.ErrUnsupported] as with [Replace], [fs.ErrPermission] without
// CAP_NET_ADMIN.
func Set(ctx context.Context, d nlkit.Doer, n Neighbour, opts ...WriteOption) error {
	return write(ctx, d, "neigh.Set", uapi.NLM_F_REPLACE, n, opts)
}

func write(ctx context.Context, d nlkit.Doer, op string, flags uint16, n Neighbour, opts []WriteOption) error {
	var cfg writeConfig
	for _, o := range opts {
		if o != nil {
			o.applyWrite(&cfg)
		}
	}
	key := n
	req, err := request(op, uapi.RTM_NEWNEIGH, flags, &n, func() error { return n.prepare(flags) })
	if err != nil {
		return err
	}
	if into := cfg.into; into != nil {
		key.LinkAddr = bytes.Clone(key.LinkAddr) // a batch looks later, when the caller's may be another
		req.Lookup = func(ctx context.Context, c *nlkit.Client) error {
			v, err := get(ctx, c, op, key)
			if err == nil && key.Family == rtnl.FamilyBridge && key.tunnel() && v.destination() != key.destination() {
				v, err = getDestination(ctx, c, op, key)
			}
			if err == nil {
				*into = v
			}
			return err
		}
	}
	return nlkit.Do(ctx, d, req)
}

// getDestination returns the FDB entry of a tunnel that leads where key does: [Get]
// finds the first of several.
func getDestination(ctx context.Context, c *nlkit.Client, op string, key Neighbour) (Neighbour, error) {
	var found *Neighbour
	f := newFilter([]ListOption{FDB(), MatchLink(key.Link), MatchLinkAddr(key.LinkAddr)})
	for n, err := range all(ctx, c, op, f) {
		switch to := n.destination(); {
		case err != nil:
			return Neighbour{}, err
		case to == key.destination():
			return n, nil
		case to.tells(key.destination()):
			found = &n
		}
	}
	if found == nil {
		return Neighbour{}, &nlkit.Error{Op: op, Object: key.String(), Sent: true, Err: fs.ErrNotExist}
	}
	return *found, nil
}

// prepare makes of n what is sent to add or change it. n has passed check.
func (n *Neighbour) prepare(flags uint16) error {
	n.Flags &^= readOnlyFlags
	if n.Family == rtnl.FamilyBridge {
		n.Flags |= n.place()
		switch {
		case n.Link == 0:
			return attr.Invalid("ndm_ifindex", "no link")
		case n.Protocol != 0:
			return attr.Invalid("NDA_PROTOCOL", "FDB entries have none: the kernel would forget %v", n.Protocol)
		case n.State == StateNone:
			n.State = StatePermanent
		case n.State == StateStale:
			n.State = StateReachable // the kernel says stale and takes reachable
		case n.State == StateNoARP && n.tunnel():
			n.State |= StateReachable // a tunnel does not take noarp alone
		}
		return nil
	}
	proxy, used := n.Flags.Has(FlagProxy), n.Flags&(FlagUse|FlagManaged) != 0
	switch {
	case flags&uapi.NLM_F_APPEND != 0:
		return attr.Refuse("only FDB entries can be appended to, those of the family bridge")
	case proxy && flags&uapi.NLM_F_CREATE == 0:
		return attr.Refuse("a proxy has nothing that can be changed")
	case n.State != StateNone || used:
	case proxy || len(n.LinkAddr) > 0:
		n.State = StatePermanent
	case flags&uapi.NLM_F_CREATE == 0:
		return attr.Refuse("nothing to change: neither LinkAddr nor State is set")
	}
	return nil
}

// Delete removes an entry. Link and Addr say which, and FlagProxy; of an FDB entry
// Link, LinkAddr, VLAN, and SrcVNI, and its destination (Addr, Port, VNI, Via): of
// several only that one is removed, without one all are. Where an FDB entry is can
// be told as in [Neighbour].Flags. Other fields are ignored. `ip neigh del`,
// `bridge fdb del`
//
// Errors: [fs.ErrNotExist] if there is no such entry or link, [fs.ErrInvalid] for
// an entry that is refused, by the kernel or before it is sent,
// [errors.ErrUnsupported] for an FDB entry where the link has no FDB,
// [fs.ErrPermission] without CAP_NET_ADMIN.
func Delete(ctx context.Context, d nlkit.Doer, n Neighbour) error {
	req, err := deletion("neigh.Delete", n)
	if err != nil {
		return err
	}
	return nlkit.Do(ctx, d, req)
}

// deletion builds the message that removes n.
func deletion(op string, n Neighbour) (nlkit.Request, error) {
	return request(op, uapi.RTM_DELNEIGH, 0, &n, func() error {
		if n.Family != rtnl.FamilyBridge {
			n = Neighbour{Link: n.Link, Family: n.Family, Addr: n.Addr, Flags: n.Flags & FlagProxy}
			return nil
		}
		if n.Link == 0 {
			return attr.Invalid("ndm_ifindex", "no link")
		}
		n = Neighbour{
			Link: n.Link, Family: n.Family, LinkAddr: n.LinkAddr, VLAN: n.VLAN, State: n.State, Flags: n.place(),
			Addr: n.Addr, Port: n.Port, VNI: n.VNI, SrcVNI: n.SrcVNI, Via: n.Via, NexthopID: n.NexthopID,
		}
		if n.State == StateNone {
			n.State = StatePermanent // a network card's list of addresses insists on it
		}
		return nil
	})
}

// request builds a message that writes n after prepare has changed it, or refuses
// to.
func request(op string, typ, flags uint16, n *Neighbour, prepare func() error) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ, Flags: flags,
		Header: headerLen, Schema: attrs, Describe: describe,
	}
	err := n.check()
	if err == nil {
		err = prepare()
	}
	if err == nil {
		req.Data, err = encode(n)
	}
	if err != nil {
		req.Describe = func([]byte) string { return n.String() }
		return req, req.Fail(err)
	}
	return req, nil
}

// Get returns one entry without listing others. Of key, Link and Addr say which,
// and FlagProxy; of an FDB entry LinkAddr, VLAN, SrcVNI, and either Link or Master:
// the latter looks through all ports of a bridge. Where an FDB entry is can be told
// as in [Neighbour].Flags. Other fields are ignored. Of an FDB entry with several
// destinations the kernel returns the first. `ip neigh get`, `bridge fdb get`
//
// Errors: [fs.ErrNotExist] if there is no such entry or link, [fs.ErrInvalid] for a
// key that names none, [errors.ErrUnsupported] for the FDB of a link that has none
// of its own, as network cards have not, and on kernels older than 5.0.
func Get(ctx context.Context, c *nlkit.Client, key Neighbour) (Neighbour, error) {
	return get(ctx, c, "neigh.Get", key)
}

func get(ctx context.Context, c *nlkit.Client, op string, key Neighbour) (Neighbour, error) {
	req, err := request(op, uapi.RTM_GETNEIGH, 0, &key, key.prepareGet)
	if err != nil {
		return Neighbour{}, err
	}
	var found Neighbour
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		ok, err := anyDecoder().message(m, &found)
		if err == nil && (!ok || key.Link != 0 && found.Link != key.Link) {
			// A bridge looks through all its ports, whichever one is named.
			err = &nlkit.Error{Op: op, Object: key.String(), Sent: true, Err: fs.ErrNotExist}
		}
		return err
	})
	if err != nil {
		return Neighbour{}, err
	}
	return found, nil
}

// prepareGet makes of n the key of a look-up. The kernel refuses all that it does
// not need.
func (n *Neighbour) prepareGet() error {
	if n.Family != rtnl.FamilyBridge {
		*n = Neighbour{Link: n.Link, Family: n.Family, Addr: n.Addr, Flags: n.Flags & FlagProxy}
		return nil
	}
	key := Neighbour{Family: n.Family, LinkAddr: n.LinkAddr, VLAN: n.VLAN}
	key.VNI = n.SrcVNI // a tunnel looks for its source by this attribute
	switch place := n.place(); {
	case n.Link != 0:
		key.Link, key.Flags = n.Link, place
		if place.Has(FlagMaster) {
			key.Flags = FlagMaster
		}
	case n.Master > 0:
		// Only here the attribute is sent: its row is one that is read.
		key.Unknown = []attr.Raw{{Type: uapi.NDA_MASTER, Data: binary.NativeEndian.AppendUint32(nil, uint32(n.Master))}}
	default:
		return attr.Invalid("ndm_ifindex", "neither Link nor Master")
	}
	*n = key
	return nil
}

// List returns the entries that match the options, all IPv4 and IPv6 neighbours
// without any, in the kernel's order. The kernel does not say when entries change
// while it lists them. `ip neigh show nud all`, `bridge fdb show`
//
// Errors: [fs.ErrInvalid] for options that make no sense, [errors.ErrUnsupported]
// for a [MatchMaster] that the kernel does not know.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Neighbour, error) {
	return list(ctx, c, "neigh.List", newFilter(opts))
}

func list(ctx context.Context, c *nlkit.Client, op string, f filter) ([]Neighbour, error) {
	d := &decoder{filter: f, list: true}
	req := d.request(op)
	if f.err != nil {
		return nil, req.Fail(f.err)
	}
	entries, err := nlkit.List(ctx, c, req, d.message)
	if d.noLink(err) {
		return nil, nil
	}
	return entries, err
}

// All yields what [List] returns, one at a time as it comes. At most one error
// comes, and comes last.
//
// Errors: those of [List].
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Neighbour, error] {
	return all(ctx, c, "neigh.All", newFilter(opts))
}

func all(ctx context.Context, c *nlkit.Client, op string, f filter) iter.Seq2[Neighbour, error] {
	return func(yield func(Neighbour, error) bool) {
		d := &decoder{filter: f, list: true}
		req := d.request(op)
		if f.err != nil {
			yield(Neighbour{}, req.Fail(f.err))
			return
		}
		for n, err := range nlkit.All(ctx, c, req, d.message) {
			if d.noLink(err) || !yield(n, err) {
				return
			}
		}
	}
}

func (d *decoder) request(op string) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETNEIGH,
		Data: d.filter.request(), Header: headerLen, Schema: attrs,
	}
}

// noLink reports whether err says that the bridge to list is not there: then it
// has no entries. Kernels that do not filter say nothing.
func (d *decoder) noLink(err error) bool {
	return err != nil && d.filter.hasMaster && errors.Is(err, syscall.ENODEV)
}
