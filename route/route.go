package route

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// Route is an entry of a routing table. Zero fields are not set: what they then
// mean stands at each. It is small, since tables are long; what few routes have is
// in Extra.
type Route struct {
	// Dst is the destination, without host bits. The zero Prefix, with a Family,
	// is the default route, as are 0.0.0.0/0 and ::/0, which are what List gives.
	// MPLS routes have none, but a Label in Extra. (RTA_DST, rtm_dst_len)
	Dst netip.Prefix
	// Gateway is the router to send to. An IPv4 route may have an IPv6 gateway
	// (Linux 5.2), an MPLS route one of either family. (RTA_GATEWAY, or RTA_VIA
	// for another family)
	Gateway netip.Addr
	// PrefSrc is the source address that the host prefers for this destination.
	// (RTA_PREFSRC)
	PrefSrc netip.Addr
	// Link is the index of the link to send by. Zero lets the kernel find the
	// one that reaches the gateway. (RTA_OIF)
	Link int
	// Multipath are next hops to share the traffic among, instead of Gateway and
	// Link. (RTA_MULTIPATH)
	Multipath []Nexthop
	// Extra is what few routes have, nil if this one has none of it.
	Extra *Extra

	// Table is the routing table. Zero is rtnl.TableMain, or rtnl.TableLocal for
	// the types local, broadcast, anycast and nat, as `ip` has it. (rtm_table,
	// RTA_TABLE)
	Table rtnl.Table
	// Priority is the metric: of routes to the same destination the lowest wins.
	// Zero is 0 for IPv4 and 1024 for IPv6. With Delete, zero is any.
	// (RTA_PRIORITY)
	Priority uint32
	// NexthopID is a next hop object to use instead of Gateway, Link and
	// Multipath, Linux 5.3. Reading gives what the object holds in those as well,
	// unless net.ipv4.nexthop_compat_mode is 0, and TypeBlackhole for one that is
	// a blackhole; they are not sent beside an id. (RTA_NH_ID)
	NexthopID uint32
	// Flags are states of the route, and [FlagOnlink] and [FlagPervasive], which
	// can be set; those that the kernel sets by itself are not sent. (rtm_flags)
	Flags Flags
	// Protocol says who made the route. Zero is rtnl.ProtocolBoot, as `ip` has
	// it; with Delete, any. (rtm_protocol)
	Protocol rtnl.Protocol
	// Type says what happens to packets. Zero is [TypeUnicast]; with Delete, any.
	// (rtm_type)
	Type Type
	// Scope is how far away the destination of an IPv4 route is. Zero is what
	// `ip` chooses: host for local routes, link for broadcast, multicast and
	// anycast ones and for unicast without a gateway or next hop, else global;
	// with Delete, any. So one by a link alone becomes global, as List may give it,
	// only as a Multipath of one. IPv6 routes have none. (rtm_scope)
	Scope rtnl.Scope
	// TOS is the type of service that a packet must have, IPv4 only. Zero is any.
	// (rtm_tos)
	TOS uint8
	// Preference is that of the router among others, IPv6 only (RFC 4191).
	// (RTA_PREF)
	Preference Preference
	// Family is the address family. It is needed only where Dst is the zero
	// Prefix: of default routes and of MPLS routes. Multicast routes, of
	// rtnl.FamilyIPMR and rtnl.FamilyIP6MR, are only read. (rtm_family)
	Family rtnl.Family
}

// Extra is what few routes have. Zero fields are not set.
type Extra struct {
	// Src is the source that a packet must have, IPv6 and multicast routes only; in
	// the answer to a look-up the source that was asked for. (RTA_SRC, rtm_src_len)
	Src netip.Prefix
	// Encap is what packets of the route are put into, such as an
	// *rtnl.MPLSEncap; the next hops of Multipath each have their own.
	// (RTA_ENCAP_TYPE, RTA_ENCAP)
	Encap rtnl.Encap
	// Metrics are parameters for connections that use the route. (RTA_METRICS)
	Metrics Metrics
	// Expires is how long the route lives, in whole seconds, rounded up, IPv6
	// only. Reading gives what remains. (RTA_EXPIRES; rta_expires in
	// RTA_CACHEINFO)
	Expires time.Duration
	// Realms are those of traffic control, IPv4 only. (RTA_FLOW)
	Realms Realms
	// TTLPropagate says whether the TTL of MPLS packets is copied to IP packets
	// and back; nil is the system's setting. The kernel ignores it on IP routes.
	// (RTA_TTL_PROPAGATE)
	TTLPropagate *bool
	// Label is what an MPLS route is for: packets that come with this label, from
	// 16 on. Zero lets the kernel choose one when the route is added; [Into] tells
	// which. MPLS only. (RTA_DST)
	Label uint32
	// Labels are what packets go out with in the place of Label, the outermost
	// first. None takes Label off. MPLS only. (RTA_NEWDST)
	Labels rtnl.Labels
	// GatewayMAC is the link-layer address to send to where there is no Gateway.
	// MPLS only. (RTA_VIA)
	GatewayMAC net.HardwareAddr
	// IIF is the index of the link that a looked-up packet, or one for a multicast
	// route, comes in by. Read only. (RTA_IIF)
	IIF int
	// Multicast tells of a multicast route's use. Read only. (RTA_MFC_STATS,
	// RTA_EXPIRES)
	Multicast *MulticastStats
	// CacheInfo is the route's use and state, where the kernel reports any. Read
	// only. (RTA_CACHEINFO)
	CacheInfo *CacheInfo
	// Rest are attributes that this package does not know; they are sent again
	// as they came.
	Rest []attr.Raw
}

// Realms are the realms of a route for traffic control (CONFIG_IP_ROUTE_CLASSID).
type Realms struct {
	// From is the source realm.
	From uint16
	// To is the destination realm.
	To uint16
}

// CacheInfo is what the kernel tells of a route's use: struct rta_cacheinfo in
// include/uapi/linux/rtnetlink.h. Most of it is of cached and looked-up routes.
type CacheInfo struct {
	// ClientRefs counts the users of the entry. (rta_clntref)
	ClientRefs uint32
	// LastUse is how long ago the entry was last used. (rta_lastuse)
	LastUse time.Duration
	// Expired is how long ago the route expired, if it did and is still there.
	// (rta_expires, negative)
	Expired time.Duration
	// Error is what sending by the route fails with, 0 for none. (rta_error)
	Error syscall.Errno
	// Used counts how often the entry was used. (rta_used)
	Used uint32
	// ID is an IP identification counter. (rta_id)
	ID uint32
	// Timestamp is the last TCP timestamp of the peer. (rta_ts)
	Timestamp uint32
	// TimestampAge is the age of Timestamp in seconds. (rta_tsage)
	TimestampAge uint32
}

// MulticastStats is what the kernel tells of a multicast route's use: struct
// rta_mfc_stats in include/uapi/linux/rtnetlink.h.
type MulticastStats struct {
	// Packets is the number of packets that were forwarded. (mfcs_packets)
	Packets uint64
	// Bytes is their length in bytes. (mfcs_bytes)
	Bytes uint64
	// WrongLink is the number of packets that came in by another link.
	// (mfcs_wrong_if)
	WrongLink uint64
	// LastUse is how long ago the route was last used. (RTA_EXPIRES)
	LastUse time.Duration
}

// IsDefault reports whether r is a default route: one for all destinations.
func (r Route) IsDefault() bool { return r.Dst.Bits() <= 0 && r.Family != rtnl.FamilyMPLS }

// String returns the route as in errors and logs, in the words of `ip route` with
// links as their indexes: "10.0.0.0/8 via 10.1.0.1 dev 2 table 100".
func (r Route) String() string {
	var b strings.Builder
	if r.Type != TypeUnspec && r.Type != TypeUnicast {
		b.WriteString(r.Type.String() + " ")
	}
	e := r.Extra
	if e == nil {
		e = new(Extra)
	}
	switch {
	case r.Family == rtnl.FamilyMPLS:
		b.WriteString(rtnl.Labels{r.label()}.String())
	case r.IsDefault():
		b.WriteString("default")
	default:
		b.WriteString(r.Dst.String())
	}
	if e.Src.IsValid() {
		b.WriteString(" from " + e.Src.String())
	}
	if r.TOS != 0 {
		b.WriteString(" tos 0x" + strconv.FormatUint(uint64(r.TOS), 16))
	}
	if r.NexthopID != 0 {
		b.WriteString(" nhid " + strconv.FormatUint(uint64(r.NexthopID), 10))
	}
	writeHop(&b, r.family(), &Nexthop{
		Gateway: r.Gateway, Link: r.Link, Encap: e.Encap, Labels: e.Labels, GatewayMAC: e.GatewayMAC,
	})
	if r.Table != rtnl.TableUnspec && r.Table != rtnl.TableMain {
		b.WriteString(" table " + r.Table.String())
	}
	if r.Priority != 0 {
		b.WriteString(" metric " + strconv.FormatUint(uint64(r.Priority), 10))
	}
	for _, h := range r.Multipath {
		b.WriteString(" nexthop")
		writeHop(&b, r.family(), &h)
		if h.Weight > 1 {
			b.WriteString(" weight " + strconv.Itoa(h.Weight))
		}
	}
	return b.String()
}

func writeHop(b *strings.Builder, family rtnl.Family, h *Nexthop) {
	if len(h.Labels) > 0 {
		b.WriteString(" as " + h.Labels.String())
	}
	if h.Encap != nil {
		b.WriteString(" encap " + h.Encap.String())
	}
	switch {
	case h.Gateway.IsValid():
		b.WriteString(" via ")
		if f := rtnl.FamilyOf(h.Gateway); f != family {
			b.WriteString(f.String() + " ")
		}
		b.WriteString(h.Gateway.String())
	case len(h.GatewayMAC) > 0:
		b.WriteString(" via link " + h.GatewayMAC.String())
	}
	if h.Link != 0 {
		b.WriteString(" dev " + strconv.Itoa(h.Link))
	}
}

// label is that of an MPLS route, 0 for none.
func (r *Route) label() uint32 {
	if r.Extra == nil {
		return 0
	}
	return r.Extra.Label
}

// family is that of the destination, if there is one.
func (r *Route) family() rtnl.Family {
	if r.Dst.IsValid() {
		return rtnl.FamilyOf(r.Dst.Addr())
	}
	return r.Family
}
