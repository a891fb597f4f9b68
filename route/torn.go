package route

import (
	"context"
	"iter"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/linkstate"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// torn knows which messages say that the list which was taken meanwhile may lack routes.
// The kernel does not say so.
//
// Of IPv6 it begins again when routes change, and leaves out as many as it had given.
// Of IPv4 it goes on behind the last address; but among the routes to one address, where
// a datagram was full, it goes on behind as many as it had given, of those that there are
// then. (fib6_dump_table, fn_trie_dump_leaf)
type torn struct {
	filter *filter
	last   []byte        // the message before
	room   int           // of the datagram, behind it
	edges  map[edge]bool // of the list at hand
}

// edge is where a datagram was full.
type edge struct {
	table rtnl.Table
	dst   netip.Addr
}

func edgeOf(message []byte) edge {
	var r Route
	if ok, err := decode(message, &r); !ok || err != nil || r.Family != rtnl.FamilyIPv4 {
		return edge{}
	}
	return edge{r.Table, r.Dst.Addr()}
}

// list lists all that is watched.
func (t *torn) list(ctx context.Context, c *nlkit.Client) iter.Seq2[Route, error] {
	t.last, t.room, t.edges = t.last[:0], 0, map[edge]bool{}
	return t.filter.all(ctx, c, opWatch, t.decode)
}

// decode notes the edges of what is decoded.
func (t *torn) decode(m nlkit.Message, r *Route) (bool, error) {
	// The messages of a datagram are in one buffer, one behind the other.
	if room := cap(m.Data); room >= t.room && len(t.last) > 0 {
		t.edges[edgeOf(t.last)] = true
	}
	t.last, t.room = append(t.last[:0], m.Data...), cap(m.Data)
	return t.filter.decode(m, r)
}

// by reports whether a message says so: that a route has gone, or something that takes
// routes with it. Where the kernel passes over routes nobody knows the edges.
func (t *torn) by(m nlkit.Message, all bool) bool {
	switch m.Type {
	case uapi.RTM_DELROUTE:
		if len(m.Data) == 0 {
			return false
		}
		family := rtnl.Family(m.Data[0])
		return family == rtnl.FamilyIPv6 || family == rtnl.FamilyIPv4 && (!all || t.filter.passesOver() || t.edges[edgeOf(m.Data)])
	case uapi.RTM_NEWLINK, uapi.RTM_DELLINK:
		l, _, ok := linkstate.Decode(m.Type, m.Data)
		const working = uapi.IFF_UP | uapi.IFF_LOWER_UP
		return ok && (l.Gone || l.Flags&working != working)
	case uapi.RTM_DELADDR, uapi.RTM_DELNEXTHOP:
		return true
	}
	return false
}

// passesOver reports whether the kernel leaves out routes of a table.
func (f *filter) passesOver() bool { return f.hasLink || f.hasProtocol || f.hasType }
