package neigh

import (
	"context"
	"errors"
	"io/fs"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Flush removes the entries that [List] returns for the same options, permanent
// ones too, and those that come to match meanwhile. `ip neigh flush` keeps
// permanent and noarp entries: here that is MatchNoState(StatePermanent|StateNoARP).
//
// With [FDB] it leaves the addresses that a network card or another link listens
// to, those without a [Neighbour].CacheInfo: they are not what a switch has
// learned, and the link would go deaf. The FDB of a bridge (Linux 5.19) or of a
// vxlan link (6.7) is emptied by one request, where the options are no finer than
// link, master, VLAN and whether entries are permanent or noarp. All else is
// removed one by one, in a batch; what is gone by then is no error. With an entry of
// a port that is in no VLAN the kernel then removes those for the same address in
// the port's VLANs, so MatchVLAN(0) is refused.
//
// Errors: those of [List], [fs.ErrPermission] without CAP_NET_ADMIN, and a
// [*nlkit.BatchError] for what could not be removed.
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "neigh.Flush"
	f := newFilter(opts)
	if f.fdb && f.hasVLAN && f.vlan == 0 {
		f.refuse("MatchVLAN(0): the kernel removes no entry without a VLAN alone")
	}
	entries, err := list(ctx, c, op, f)
	if err != nil {
		return err
	}
	if f.fdb {
		if entries, err = flushWhole(ctx, c, op, &f, entries); err != nil {
			return err
		}
	}
	b := c.NewBatch()
	for i := range entries {
		req, err := deletion(op, entries[i])
		if err != nil {
			return err
		}
		if err := nlkit.Do(ctx, b, req); err != nil {
			return err
		}
	}
	return b.Send(ctx, fs.ErrNotExist)
}

// flushWhole empties the FDBs that entries are in, as far as the kernel can and the
// filter lets it, and returns the entries that remain to be removed one by one.
// That there are entries tells that a link is a bridge, or is not: the request
// that empties the one means something else to the other.
func flushWhole(ctx context.Context, c *nlkit.Client, op string, f *filter, entries []Neighbour) ([]Neighbour, error) {
	flushed := map[fdb]bool{}
	rest := entries[:0]
	for _, n := range entries {
		if n.CacheInfo == nil {
			continue
		}
		of := fdb{link: n.Master}
		if n.Master == 0 {
			of = fdb{link: n.Link, tunnel: true}
		}
		if _, tried := flushed[of]; !tried {
			data, ok := of.flush(f)
			if ok {
				err := c.Do(ctx, nlkit.Request{
					Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_DELNEIGH, Flags: uapi.NLM_F_BULK,
					Data: data, Header: headerLen, Schema: attrs, Describe: describe,
				})
				if err != nil && (errors.Is(err, fs.ErrPermission) || ctx.Err() != nil) {
					return nil, err
				}
				ok = err == nil
			}
			flushed[of] = ok
		}
		if !flushed[of] {
			rest = append(rest, n)
		}
	}
	return rest, nil
}

// fdb is the FDB of a bridge, or the one of a tunnel.
type fdb struct {
	link   int
	tunnel bool
}

// flush returns the message that removes all entries from an FDB which match the
// filter; ok is false if no message says exactly that.
func (t fdb) flush(f *filter) (data []byte, ok bool) {
	if f.linkAddr != nil || f.within.IsValid() || f.hasProto || f.flags != 0 {
		return nil, false
	}
	state, mask := StateNone, StateNone
	const static = StatePermanent | StateNoARP
	switch {
	case f.hasStates && f.noStates != 0:
		return nil, false
	case f.hasStates && f.states == StatePermanent:
		state, mask = StatePermanent, StatePermanent
	case f.hasStates && f.states == StateNoARP && t.tunnel:
		state, mask = StateNoARP, StateNoARP
	case f.hasStates && f.states == StateNoARP:
		state, mask = StateNoARP, static // what is permanent is noarp too inside of a bridge
	case f.hasStates:
		return nil, false
	case f.noStates == StatePermanent, f.noStates == static:
		mask = f.noStates
	case f.noStates != 0:
		return nil, false
	}
	b := header(nil, rtnl.FamilyBridge, t.link, state, FlagSelf)
	switch {
	case t.tunnel && (f.hasVLAN || f.hasMaster):
		return nil, false
	case t.tunnel:
		// It restricts nothing, and only a tunnel takes it.
		b = attr.AppendUint32(b, uapi.NDA_SRC_VNI, 0)
	case f.hasLink:
		b = attr.AppendUint32(b, uapi.NDA_IFINDEX, uint32(f.link))
	}
	if f.hasVLAN {
		b = attr.AppendUint16(b, uapi.NDA_VLAN, f.vlan)
	}
	if mask != 0 {
		b = attr.AppendUint16(b, uapi.NDA_NDM_STATE_MASK, uint16(mask))
	}
	return b, true
}
