package nexthop

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Nexthop is a next hop object: a way that packets can go, or a group of such
// ways. It is one of these:
//
//   - a link, with a gateway or without: Link, Gateway
//   - a hole in which packets vanish: Blackhole
//   - a tunnel's end, for the forwarding database of a VXLAN link: FDB, Gateway
//   - a group of others to share the traffic among: Group
//
// Zero fields are not set: what they then mean stands at each.
type Nexthop struct {
	// ID names the next hop. Zero lets the kernel choose one when it is added;
	// [Into] tells which. (NHA_ID)
	ID uint32
	// Family is the family of the packets. Zero is that of the Gateway, or IPv4
	// where there is none, as `ip` has it. A group has none. IPv4 routes can use
	// an IPv6 next hop, not the other way round. (nh_family)
	Family rtnl.Family
	// Link is the index of the link to send by. It is required but for
	// blackholes, groups and the FDB. The link must be up. (NHA_OIF)
	Link int
	// Gateway is the router to send to, of the same family. None means that
	// destinations are reached on the link itself. (NHA_GATEWAY)
	Gateway netip.Addr
	// Blackhole drops packets. (NHA_BLACKHOLE)
	Blackhole bool
	// Encap is what packets that go this way are put into, such as an
	// *rtnl.MPLSEncap. (NHA_ENCAP_TYPE, NHA_ENCAP)
	Encap rtnl.Encap
	// FDB marks a next hop for a VXLAN link's forwarding database, whose Gateway
	// is the tunnel's end, or a group of such. Routes can't use it. Linux 5.8.
	// (NHA_FDB)
	FDB bool
	// Protocol says who made the next hop. Zero is rtnl.ProtocolUnspec, as `ip`
	// has it. (nh_protocol)
	Protocol rtnl.Protocol
	// Scope is how far away what the next hop leads to is: rtnl.ScopeLink behind
	// a gateway, rtnl.ScopeHost for a link alone with IPv4. Read only. (nh_scope)
	Scope rtnl.Scope
	// Flags are states of the next hop, and [FlagOnlink], which can be set; the
	// others are not sent. (nh_flags)
	Flags Flags

	// Group are the members among which the traffic is shared. No next hop may
	// be in it twice, none may itself be a group, and a blackhole may only be
	// alone. (NHA_GROUP)
	Group []Member
	// GroupType says how a group shares the traffic. Zero is [GroupMultipath].
	// It can't be changed afterwards. (NHA_GROUP_TYPE)
	GroupType GroupType
	// Resilient are the settings of a group of type [GroupResilient], which needs
	// them when it is added. (NHA_RES_GROUP)
	Resilient *Resilient
	// HWStats makes hardware that forwards for a group count what it forwards.
	// Reading tells it only with [WithStats] or [WithHWStats], and [Replace]
	// without it switches it off. Linux 6.9. `ip nexthop … hw_stats on`
	// (NHA_HW_STATS_ENABLE)
	HWStats bool
	// HWStatsUsed says that some hardware does count. It comes with
	// [WithHWStats]. Read only. (NHA_HW_STATS_USED)
	HWStatsUsed bool
	// Stats are the counters of a group's members. They come with [WithStats] or
	// [WithHWStats]. Read only. (NHA_GROUP_STATS)
	Stats []MemberStats

	// Rest are attributes that this package has no field for; they are sent again as
	// they came.
	Rest []attr.Raw
}

// Member is a next hop in a group: struct nexthop_grp in
// include/uapi/linux/nexthop.h.
type Member struct {
	// ID names the next hop, which must be there.
	ID uint32
	// Weight is the member's share of the traffic among the weights of all, from
	// 1 to 65535. Zero is 1. Kernels before Linux 6.12 have weights up to
	// 255; late updates of Linux 6.1 take more, but don't say so when they are
	// read, and then 257 is read as 1. (weight and weight_high, one less)
	Weight int
}

// MaxWeight is the largest weight of a [Member].
const MaxWeight = 65535

// Resilient are the settings of a resilient group: NHA_RES_GROUP_… in
// include/uapi/linux/nexthop.h. Linux 5.13.
//
// Such a group maps flows to buckets and buckets to members. When members change,
// a bucket stays where it is until it is idle, so that flows are not torn apart.
// Timers are sent in steps of 10 ms, rounded up; the kernel's own may be coarser.
type Resilient struct {
	// Buckets is how many buckets the group has, from 1 to 65535; more allow for
	// a more exact share. It is required when a group is added and can't be
	// changed: with [Replace], zero leaves it. (NHA_RES_GROUP_BUCKETS)
	Buckets int
	// IdleTimer is how long a bucket must be without traffic before it may move
	// to another member. nil is 120 s, or with [Replace] what it was; reading
	// always gives it. (NHA_RES_GROUP_IDLE_TIMER)
	IdleTimer *time.Duration
	// UnbalancedTimer is how long members may have other shares than they
	// should before buckets move with their traffic; zero is for ever. nil is
	// zero, or with [Replace] what it was; reading always gives it.
	// (NHA_RES_GROUP_UNBALANCED_TIMER)
	UnbalancedTimer *time.Duration
	// UnbalancedTime is how long the members have had other shares than they
	// should, zero if they have the right ones. Read only.
	// (NHA_RES_GROUP_UNBALANCED_TIME)
	UnbalancedTime time.Duration
}

// MemberStats counts what a member of a group was chosen for:
// NHA_GROUP_STATS_ENTRY_… in include/uapi/linux/nexthop.h. Linux 6.9.
type MemberStats struct {
	// ID names the member. (NHA_GROUP_STATS_ENTRY_ID)
	ID uint32
	// Packets is the number of packets, those of hardware included.
	// (NHA_GROUP_STATS_ENTRY_PACKETS)
	Packets uint64
	// HWPackets is the number of packets that hardware forwarded. It comes with
	// [WithHWStats]. (NHA_GROUP_STATS_ENTRY_PACKETS_HW)
	HWPackets uint64
}

// IsGroup reports whether n is a group.
func (n Nexthop) IsGroup() bool { return len(n.Group) > 0 }

// String returns the next hop as in errors and logs, in the words of `ip nexthop`
// with links as their indexes: "id 1 via 10.1.0.1 dev 2", "id 10 group 1,3/2".
func (n Nexthop) String() string {
	var words []string
	if n.ID != 0 {
		words = append(words, "id", strconv.FormatUint(uint64(n.ID), 10))
	}
	if n.IsGroup() {
		var b strings.Builder
		for i, m := range n.Group {
			if i > 0 {
				b.WriteByte('/')
			}
			b.WriteString(strconv.FormatUint(uint64(m.ID), 10))
			if m.Weight > 1 {
				b.WriteString("," + strconv.Itoa(m.Weight))
			}
		}
		words = append(words, "group", b.String())
	}
	if n.GroupType != GroupMultipath {
		words = append(words, "type", n.GroupType.String())
	}
	if n.Encap != nil {
		words = append(words, "encap", n.Encap.String())
	}
	if n.Gateway.IsValid() {
		words = append(words, "via", n.Gateway.String())
	}
	if n.Link != 0 {
		words = append(words, "dev", strconv.Itoa(n.Link))
	}
	if n.Blackhole {
		words = append(words, "blackhole")
	}
	if n.FDB {
		words = append(words, "fdb")
	}
	if words == nil {
		return "id 0"
	}
	return strings.Join(words, " ")
}

// GroupType says how a group shares the traffic among its members:
// NEXTHOP_GRP_TYPE_… in include/uapi/linux/nexthop.h.
type GroupType uint16

// Types of groups, with the words of iproute2.
const (
	GroupMultipath GroupType = uapi.NEXTHOP_GRP_TYPE_MPATH // NEXTHOP_GRP_TYPE_MPATH, "mpath": by a hash of the flow
	GroupResilient GroupType = uapi.NEXTHOP_GRP_TYPE_RES   // NEXTHOP_GRP_TYPE_RES, "resilient": by buckets that keep flows where they are. Linux 5.13
)

var groupTypes = enum.Words[GroupType]{Type: "GroupType", Words: []enum.Word[GroupType]{
	{Value: GroupMultipath, Name: "mpath"},
	{Value: GroupResilient, Name: "resilient"},
}}

// String returns iproute2's word, "GroupType(9)" for a number without one.
func (t GroupType) String() string { return groupTypes.String(t) }

// MarshalText returns the same as String.
func (t GroupType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *GroupType) UnmarshalText(text []byte) error { return groupTypes.Parse(text, t) }

// Flags are states and properties of a next hop: RTNH_F_… in
// include/uapi/linux/rtnetlink.h.
type Flags uint32

// Flags of a next hop. "Read only" are those that the kernel sets.
const (
	FlagDead       Flags = uapi.RTNH_F_DEAD       // RTNH_F_DEAD, "dead": the link is down. Read only
	FlagPervasive  Flags = uapi.RTNH_F_PERVASIVE  // RTNH_F_PERVASIVE, "pervasive": the gateway is looked up again. Read only
	FlagOnlink     Flags = uapi.RTNH_F_ONLINK     // RTNH_F_ONLINK, "onlink": the gateway is on the link, whatever routes say
	FlagOffload    Flags = uapi.RTNH_F_OFFLOAD    // RTNH_F_OFFLOAD, "offload": the next hop is in hardware. Read only
	FlagLinkDown   Flags = uapi.RTNH_F_LINKDOWN   // RTNH_F_LINKDOWN, "linkdown": the link has no carrier. Read only
	FlagUnresolved Flags = uapi.RTNH_F_UNRESOLVED // RTNH_F_UNRESOLVED, "unresolved": of multicast routing. Read only
	FlagTrap       Flags = uapi.RTNH_F_TRAP       // RTNH_F_TRAP, "trap": hardware gives packets to the host. Read only
)

var flags = enum.Flags[Flags]{Type: "Flags", Words: []enum.Word[Flags]{
	{Value: FlagDead, Name: "dead"},
	{Value: FlagPervasive, Name: "pervasive"},
	{Value: FlagOnlink, Name: "onlink"},
	{Value: FlagOffload, Name: "offload"},
	{Value: FlagLinkDown, Name: "linkdown"},
	{Value: FlagUnresolved, Name: "unresolved"},
	{Value: FlagTrap, Name: "trap"},
}}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns iproute2's words, unknown bits as a number: "onlink|linkdown".
func (f Flags) String() string { return flags.String(f) }

// MarshalText returns the same as String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Flags) UnmarshalText(text []byte) error { return flags.Parse(text, f) }
