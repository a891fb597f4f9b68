package neigh

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Watch follows the IPv4 and IPv6 neighbours, or with [FDB] the FDB entries, or those
// that the options match: first all that there are, then each that is added, changes or
// is removed. See [nlkit.Watch]. An entry that no longer matches is told as removed.
// It follows what the kernel tells of:
//
//   - of neighbours those whose link-layer address is known or being confirmed, in one
//     of the states permanent, reachable, stale, delay and probe. The kernel does not
//     tell when it begins to ask for an address, nor of what it need not ask for (none,
//     incomplete, noarp): a neighbour is told as added when it has answered, and as
//     removed when it has failed to, or is gone.
//   - of FDB entries those of bridges and tunnels. The addresses that network cards
//     listen to, which have no [Neighbour].CacheInfo, change without an event.
//
// A neighbour is the same as long as link and address are the same; an FDB entry of a
// bridge, bridge, link-layer address and VLAN: it is told as changed when it moves to
// another port. Of a tunnel it is link, link-layer address and SrcVNI, and the
// destination too where there can be several. A neighbour that is stale or reachable
// becomes StateDelay when it is used, and an FDB entry StateStale by its age: that is
// not told, nor are changes of CacheInfo, Probes, Protocol and FlagOffloaded alone.
//
// It takes no privilege. Errors: [io/fs.ErrInvalid] for an option that makes no sense,
// and for what cannot be watched: [Proxies], of which the kernel tells nothing, a
// [MatchMaster] of neighbours, [MatchProtocol], [MatchFlags] with FlagOffloaded, and a
// [MatchState] or [MatchNoState] that tells apart what is not told, or asks for states
// that are not followed; those of [nlkit.NewWatch].
func Watch(ctx context.Context, c *nlkit.Client, opts ...ListOption) (*nlkit.Watch[Neighbour], error) {
	s, err := Source(opts...)
	if err != nil {
		return nil, err
	}
	return nlkit.NewWatch(ctx, c, s)
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of
// objects.
func Source(opts ...ListOption) (nlkit.Source[Neighbour, key], error) {
	d := &decoder{filter: newFilter(opts)}
	f := &d.filter
	f.checkWatch()
	if f.err != nil {
		return nlkit.Source[Neighbour, key]{}, d.request(opWatch).Fail(f.err)
	}
	w := &watch{filter: *f, d: anyDecoder()}
	s := nlkit.Source[Neighbour, key]{
		Op: opWatch, Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_NEIGH}, Wants: f.wants(),
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Neighbour, error] {
			return all(ctx, c, opWatch, w.filter)
		},
		Event: w.event,
		Match: func(n *Neighbour) bool { return followed(n) && w.filter.match(n) },
		Key:   keyOf,
		Equal: equal,
		Fit:   fit,
		Tears: w.tears,
	}
	if f.fdb {
		s.Groups = append(s.Groups, uapi.RTNLGRP_LINK, uapi.RTNLGRP_NEXTHOP)
		s.Wants = append(s.Wants, nlkit.Want{Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK, uapi.RTM_DELNEXTHOP}})
		s.Suspect, s.Forget, s.Settle = w.suspect, w.links.Forget, rtnl.Settle
	}
	return s, nil
}

const opWatch = "neigh.Watch"

const (
	// known are the states in which a neighbour's link-layer address is known.
	known = StatePermanent | StateReachable | StateStale | StateDelay | StateProbe
	// used are those between which a neighbour changes without an event.
	used = StateReachable | StateStale | StateDelay
	// aged are those of FDB entries.
	aged = StateReachable | StateStale
)

// followed reports whether the kernel tells of the entry.
func followed(n *Neighbour) bool {
	if n.Family == rtnl.FamilyBridge {
		return n.CacheInfo != nil
	}
	return n.State&known != 0
}

// checkWatch refuses what cannot be watched.
func (f *filter) checkWatch() {
	one := used
	if f.fdb {
		one = aged
	}
	switch {
	case f.proxies:
		f.refuse("proxies cannot be watched: the kernel does not tell of them")
	case f.trusts():
		f.refuse("MatchMaster: of neighbours only the kernel can tell whose link's master it is, and not in an event")
	case f.hasProto:
		f.refuse("MatchProtocol: a change of the protocol is not told")
	case f.flags.Has(FlagOffloaded):
		f.refuse("MatchFlags(%v): what becomes of it is not told", FlagOffloaded)
	case f.hasStates && !f.fdb && f.states&^known != 0, f.hasStates && !f.fdb && f.states == StateNone:
		f.refuse("MatchState(%v): neighbours are watched in the states %v", f.states, known)
	case f.hasStates && f.states&one != 0 && f.states&one != one:
		f.refuse("MatchState(%v): what becomes of %v is not told, it takes all of them or none", f.states, one)
	case f.noStates&one != 0 && f.noStates&one != one:
		f.refuse("MatchNoState(%v): what becomes of %v is not told, it takes all of them or none", f.noStates, one)
	}
}

// watch is what a watch of entries knows beside them.
type watch struct {
	filter filter
	d      *decoder // of events: those that do not match are events too
	links  linkstate.Links
}

// event decodes the events of what is followed. Linux 6.1 and 6.12 tell twice of an FDB
// entry that a program adds or deletes: the device does, and then the core, which knows
// neither its destination nor its CacheInfo.
func (w *watch) event(m nlkit.Message, e *nlkit.Event[Neighbour]) (bool, error) {
	ok, err := w.d.event(m, e)
	n := &e.Object
	fdb := n.Family == rtnl.FamilyBridge
	return ok && fdb == w.filter.fdb && (!fdb || n.CacheInfo != nil), err
}

// tears reports whether an entry was deleted: the kernel counts how far it has come with
// a list, and leaves another out. It does not say so.
func (w *watch) tears(m nlkit.Message, _ bool) bool {
	return m.Type == uapi.RTM_DELNEIGH && len(m.Data) > 0 && (rtnl.Family(m.Data[0]) == rtnl.FamilyBridge) == w.filter.fdb
}

// suspect names the FDB entries that a message may have changed without an event of
// their own: those that lead to a next hop that is deleted, and the link-layer
// addresses of a bridge and its ports. The latter go to another port that has the same
// address when their port leaves or gets another one.
func (w *watch) suspect(m nlkit.Message) []nlkit.Suspicion[Neighbour] {
	if id := deletedNexthop(m); id != 0 {
		return []nlkit.Suspicion[Neighbour]{{Who: func(n *Neighbour) bool { return n.NexthopID == id }}}
	}
	old, now, ok := w.links.Take(m.Type, m.Data)
	if !ok { // as a port?
		var family uint8
		if now, family, ok = linkstate.Decode(m.Type, m.Data); !ok || family != uapi.AF_BRIDGE || !now.Gone {
			return nil
		}
	} else if !now.Gone && old.Index != 0 && old.Addr == now.Addr && old.Master == now.Master {
		return nil
	}
	bridges := []int{old.Master, now.Master, now.Index}
	slices.Sort(bridges)
	var all []nlkit.Suspicion[Neighbour]
	for _, bridge := range slices.Compact(bridges) {
		if s, ok := w.localAddrs(now.Index, bridge); ok {
			all = append(all, s)
		}
	}
	return all
}

// localAddrs suspects the addresses that a bridge has because of one of its links.
func (w *watch) localAddrs(link, bridge int) (s nlkit.Suspicion[Neighbour], ok bool) {
	f := w.filter
	if bridge == 0 || f.hasMaster && f.master != bridge {
		return s, false
	}
	f.master, f.hasMaster = bridge, true
	s.List = func(ctx context.Context, c *nlkit.Client) iter.Seq2[Neighbour, error] { return all(ctx, c, opWatch, f) }
	if !f.hasLink || f.link == link { // else one may come to the link that is watched
		s.Who = func(n *Neighbour) bool {
			return n.Link == link && n.Master == bridge && n.State.Has(StatePermanent)
		}
	}
	return s, true
}

// deletedNexthop returns the id of the next hop that m says was deleted, else 0.
func deletedNexthop(m nlkit.Message) (id uint32) {
	const headerLen = 8 // struct nhmsg
	if m.Type != uapi.RTM_DELNEXTHOP || len(m.Data) < headerLen {
		return 0
	}
	s := attr.Scan(m.Data[headerLen:])
	for s.Next() {
		if s.Type() == uapi.NHA_ID {
			id = s.Uint32()
		}
	}
	return id
}

// key identifies an entry.
type key struct {
	link, vlan int // the link; of an entry in a bridge's FDB, the bridge
	sort       uint8
	addr       [16]byte // of an FDB entry the destination, and what else belongs to it,
	mac        [etherLen]byte
	srcVNI     uint32
	port       uint16 // if there can be several
	vni, via   uint32
	nexthop    uint32
}

// What a key's sort is.
const (
	sortIPv4 = iota
	sortIPv6
	sortBridge
	sortTunnel
)

func keyOf(n *Neighbour) key {
	switch n.Family {
	case rtnl.FamilyIPv4:
		return key{sort: sortIPv4, link: n.Link, addr: n.Addr.As16()}
	case rtnl.FamilyIPv6:
		return key{sort: sortIPv6, link: n.Link, addr: n.Addr.As16()}
	}
	k := key{sort: sortBridge, link: n.Master, vlan: int(n.VLAN)}
	copy(k.mac[:], n.LinkAddr)
	if n.Master != 0 && !n.Flags.Has(FlagSelf) {
		return k
	}
	k.sort, k.link, k.srcVNI = sortTunnel, n.Link, n.SrcVNI
	if group := k.mac[0]&1 != 0; group || k.mac == [etherLen]byte{} {
		k.port, k.vni, k.via, k.nexthop = n.Port, n.VNI, uint32(n.Via), n.NexthopID
		if n.Addr.IsValid() {
			k.addr = n.Addr.As16()
		}
	}
	return k
}

// fit keeps the state that a neighbour was told to be in, where another one is not
// told: only a list shows it.
func fit(e *nlkit.Event[Neighbour], same []*Neighbour) int {
	if len(same) == 0 {
		return nlkit.FitLast
	}
	if n := &e.Object; n.Family != rtnl.FamilyBridge && n.State == StateDelay && used.Has(same[0].State) {
		n.State = same[0].State
	}
	return 0
}

// equal reports whether b tells nothing that a does not, but for what is not told.
func equal(a, b *Neighbour) bool {
	return a.Link == b.Link && a.Family == b.Family && a.Addr == b.Addr && bytes.Equal(a.LinkAddr, b.LinkAddr) &&
		sameState(a, b) && (a.Flags^b.Flags)&^FlagOffloaded == 0 && a.Type == b.Type &&
		a.VLAN == b.VLAN && a.Master == b.Master && a.Port == b.Port && a.VNI == b.VNI && a.SrcVNI == b.SrcVNI &&
		a.Via == b.Via && a.NexthopID == b.NexthopID && a.Activity == b.Activity && a.NoRefresh == b.NoRefresh &&
		(a.LinkNetNSID == nil) == (b.LinkNetNSID == nil) && (a.LinkNetNSID == nil || *a.LinkNetNSID == *b.LinkNetNSID) &&
		slices.EqualFunc(a.Unknown, b.Unknown, func(x, y attr.Raw) bool { return x.Type == y.Type && bytes.Equal(x.Data, y.Data) })
}

func sameState(a, b *Neighbour) bool {
	if a.Family == rtnl.FamilyBridge {
		return a.State&^aged == b.State&^aged && (a.State&aged == 0) == (b.State&aged == 0)
	}
	return a.State == b.State || b.State == StateDelay && used.Has(a.State)
}
