package main

import (
	"encoding/json"
	"io"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
)

// record is a change in JSON. Links are told by name and index.
type record struct {
	Time   time.Time `json:"time"`
	Change string    `json:"change"` // added, changed, removed, synced
	Kind   string    `json:"kind,omitempty"`
	Old    any       `json:"old,omitempty"`
	New    any       `json:"new,omitempty"`
}

type linkRecord struct {
	Index   int    `json:"index"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	State   string `json:"state"`
	Flags   string `json:"flags,omitempty"`
	MTU     int    `json:"mtu"`
	Address string `json:"address,omitempty"`
	Master  string `json:"master,omitempty"`
}

type addrRecord struct {
	Link      string       `json:"link"`
	LinkIndex int          `json:"link_index"`
	Prefix    netip.Prefix `json:"prefix"`
	Peer      netip.Addr   `json:"peer,omitzero"`
	Scope     string       `json:"scope"`
	Flags     string       `json:"flags,omitempty"`
}

type neighRecord struct {
	Link      string     `json:"link"`
	LinkIndex int        `json:"link_index"`
	Address   netip.Addr `json:"address"`
	LinkAddr  string     `json:"link_address,omitempty"`
	State     string     `json:"state"`
}

type routeRecord struct {
	Dst      string      `json:"dst"`
	Type     string      `json:"type"`
	Table    string      `json:"table"`
	Protocol string      `json:"protocol"`
	Metric   uint32      `json:"metric,omitempty"`
	Hops     []hopRecord `json:"hops,omitempty"`
}

type hopRecord struct {
	Link      string     `json:"link"`
	LinkIndex int        `json:"link_index"`
	Gateway   netip.Addr `json:"gateway,omitzero"`
	Weight    int        `json:"weight"`
}

// jsonWriter writes an object for each change, one a line.
type jsonWriter struct {
	out   io.Writer
	names names
}

func (w *jsonWriter) write(now time.Time, ch mirror.Change) error {
	if ch.Link != nil {
		l := latest(ch.Link)
		w.names[l.Index] = l.Name
	}
	r := record{Time: now, Change: ch.Type.String(), Kind: noun(ch.Kind())}
	switch {
	case ch.Link != nil:
		r.Old, r.New = records(ch.Link, w.link)
	case ch.Addr != nil:
		r.Old, r.New = records(ch.Addr, w.addr)
	case ch.Neigh != nil:
		r.Old, r.New = records(ch.Neigh, w.neigh)
	case ch.Route != nil:
		r.Old, r.New = records(ch.Route, w.route)
	default:
		r.Kind = ""
	}
	return json.NewEncoder(w.out).Encode(r)
}

// records are the objects that a change has.
func records[T, R any](ch *nlkit.Change[T], of func(*T) R) (before, now any) {
	if ch.Type != nlkit.Added {
		before = of(&ch.Old)
	}
	if ch.Type != nlkit.Removed {
		now = of(&ch.New)
	}
	return before, now
}

func (w *jsonWriter) link(l *link.Link) linkRecord {
	r := linkRecord{
		Index: l.Index, Name: l.Name, Kind: kindOf(l), State: state(l), MTU: l.MTU, Address: l.Address.String(),
	}
	if l.Flags != 0 {
		r.Flags = l.Flags.String()
	}
	if l.Master != 0 {
		r.Master = w.names.of(l.Master)
	}
	return r
}

func (w *jsonWriter) addr(a *addr.Address) addrRecord {
	r := addrRecord{Link: w.names.of(a.Link), LinkIndex: a.Link, Prefix: a.Prefix, Peer: a.Peer, Scope: a.Scope.String()}
	if a.Flags != 0 {
		r.Flags = a.Flags.String()
	}
	return r
}

func (w *jsonWriter) neigh(n *neigh.Neighbour) neighRecord {
	return neighRecord{Link: w.names.of(n.Link), LinkIndex: n.Link, Address: n.Addr, LinkAddr: n.LinkAddr.String(), State: n.State.String()}
}

func (w *jsonWriter) route(v *route.Route) routeRecord {
	r := routeRecord{Dst: v.Dst.String(), Type: v.Type.String(), Table: v.Table.String(), Protocol: v.Protocol.String(), Metric: v.Priority}
	for _, h := range hops(v) {
		if h.Link != 0 {
			r.Hops = append(r.Hops, hopRecord{Link: w.names.of(h.Link), LinkIndex: h.Link, Gateway: h.Gateway, Weight: max(h.Weight, 1)})
		}
	}
	return r
}
