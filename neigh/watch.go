package neigh

import (
	"bytes"
	"context"
	"iter"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the neighbours, or by [FDB] the FDB entries, or those of them that
// the options match: first all that there are, then each that comes, changes or goes.
// See [nlkit.Watch]. The kernel does not tell that a neighbour goes from stale to
// delay, so these two count as the same; ages and probes are not told either. What
// the kernel makes without a word is left out: neighbours in [StateNoARP], such as
// multicast groups, and the addresses that network cards listen to, which are FDB
// entries with [FlagSelf] and no destination.
//
// Errors: [fs.ErrInvalid] for an option that makes no sense, for [Proxies], which
// have no events, and for [MatchMaster] of neighbours, which only a list can tell;
// those of [nlkit.Subscribe].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Neighbour], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
//
// Errors: [fs.ErrInvalid], as of Watch.
func Source(opts ...ListOption) (nlkit.Source[Neighbour, key], error) {
	f := newFilter(opts)
	switch {
	case f.proxies:
		f.refuse("proxies have no events: they cannot be watched")
	case f.trusts():
		f.refuse("MatchMaster of neighbours: their events do not tell the master")
	}
	d := &decoder{filter: f, list: true}
	req := d.request("neigh.Watch")
	if f.err != nil {
		return nlkit.Source[Neighbour, key]{}, req.Fail(f.err)
	}
	return nlkit.Source[Neighbour, key]{
		Op: req.Op, Protocol: req.Protocol, Groups: []uint32{uapi.RTNLGRP_NEIGH, uapi.RTNLGRP_LINK},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Neighbour, error] {
			return all(ctx, c, "neigh.Watch", opts)
		},
		Event:   anyDecoder().event, // what matches no longer is an event, too
		Match:   func(n *Neighbour) bool { return told(n) && f.match(n) },
		Key:     keyOf,
		Equal:   equal,
		Suspect: (&silent{opts: opts}).suspect,
		Settle:  rtnl.Settle,
	}, nil
}

// told reports whether the kernel tells of such an entry.
func told(n *Neighbour) bool {
	if n.Family == rtnl.FamilyBridge {
		return !n.Flags.Has(FlagSelf) || n.Addr.IsValid() || n.NexthopID != 0
	}
	return n.State != StateNoARP
}

// key is what tells neighbours and FDB entries apart. An address that a bridge knows
// belongs to the bridge, whichever port it is behind.
type key struct {
	link, master, via int
	family            rtnl.Family
	addr              [16]byte
	linkAddr          [32]byte
	vlan, port        uint16
	vni, srcVNI       uint32
	nexthop           uint32
}

func keyOf(n *Neighbour) key {
	k := key{link: n.Link, family: n.Family}
	if n.Addr.IsValid() {
		k.addr = n.Addr.As16()
	}
	if n.Family != rtnl.FamilyBridge {
		return k
	}
	copy(k.linkAddr[:], n.LinkAddr)
	k.vlan = n.VLAN
	if n.Master != 0 && !n.Flags.Has(FlagSelf) {
		k.link, k.master = 0, n.Master
		return k
	}
	k.via, k.port, k.vni, k.srcVNI, k.nexthop = n.Via, n.Port, n.VNI, n.SrcVNI, n.NexthopID
	return k
}

// equal reports whether two entries are the same, but for what changes all the time.
func equal(a, b *Neighbour) bool {
	return state(a) == state(b) && a.Link == b.Link && a.Family == b.Family && a.Addr == b.Addr &&
		bytes.Equal(a.LinkAddr, b.LinkAddr) && a.Flags == b.Flags && a.Type == b.Type && a.Protocol == b.Protocol &&
		a.VLAN == b.VLAN && a.Master == b.Master && a.Port == b.Port && a.VNI == b.VNI && a.SrcVNI == b.SrcVNI &&
		a.Via == b.Via && a.NexthopID == b.NexthopID && a.Activity == b.Activity && a.NoRefresh == b.NoRefresh &&
		reflect.DeepEqual(a.LinkNetNSID, b.LinkNetNSID) && (len(a.Unknown) == 0 && len(b.Unknown) == 0 || reflect.DeepEqual(a.Unknown, b.Unknown))
}

// state returns the state as far as events tell it.
func state(n *Neighbour) State {
	if n.State == StateDelay {
		return StateStale
	}
	return n.State
}

// silent finds what changes without an event.
type silent struct {
	opts  []ListOption
	links linkstate.Links
	entry decoder
}

func (s *silent) suspect(m nlkit.Message) []nlkit.Suspicion[Neighbour] {
	if e, ok := s.links.Heard(m.Type, m.Data); ok && e.Gone {
		return []nlkit.Suspicion[Neighbour]{{
			Who:  func(n *Neighbour) bool { return n.Link == e.Index || n.Master == e.Index },
			Gone: true,
		}}
	}
	if m.Type != uapi.RTM_NEWNEIGH || len(m.Data) == 0 || m.Data[0] != uapi.AF_BRIDGE {
		return nil
	}
	// A tunnel's entry that is replaced by one to another end is not told of.
	s.entry.filter.any = true
	var now Neighbour
	if ok, err := s.entry.decode(m.Data, &now); !ok || err != nil || !now.Flags.Has(FlagSelf) || !now.Addr.IsValid() {
		return nil
	}
	return []nlkit.Suspicion[Neighbour]{{
		Who: func(n *Neighbour) bool {
			return n.Link == now.Link && n.Flags.Has(FlagSelf) && n.Addr != now.Addr && bytes.Equal(n.LinkAddr, now.LinkAddr)
		},
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Neighbour, error] {
			return all(ctx, c, "neigh.Watch", append(s.opts[:len(s.opts):len(s.opts)], MatchLink(now.Link)))
		},
	}}
}
