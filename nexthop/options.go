package nexthop

import (
	"math"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// ListOption chooses which next hops [List], [All] and [Flush] are about, or how
// much is told of them. A next hop must match all of them; of several of one kind
// the last holds. The kernel filters by link, master, family and groups; what it returns is
// checked again.
type ListOption interface{ applyList(*filter) }

// BucketOption chooses which buckets [Buckets] and [AllBuckets] return. A bucket
// must match all of them.
type BucketOption interface{ applyBuckets(*filter) }

// GetOption says how much [Get] tells.
type GetOption interface{ applyGet(*filter) }

// LinkOption is an option for next hops and for buckets.
type LinkOption interface {
	ListOption
	BucketOption
}

// StatsOption is an option for lists of next hops and for one.
type StatsOption interface {
	ListOption
	GetOption
}

type (
	listOption   func(*filter)
	bucketOption func(*filter)
	linkOption   func(*filter)
	statsOption  func(*filter)
)

func (o listOption) applyList(f *filter)      { o(f) }
func (o bucketOption) applyBuckets(f *filter) { o(f) }
func (o linkOption) applyList(f *filter)      { o(f) }
func (o linkOption) applyBuckets(f *filter)   { o(f) }
func (o statsOption) applyList(f *filter)     { o(f) }
func (o statsOption) applyGet(f *filter)      { o(f) }

// filter is what the options of reading fill in.
type filter struct {
	link, master int
	family       rtnl.Family
	groups, fdb  bool
	protocol     rtnl.Protocol
	hasProtocol  bool
	opFlags      uint32

	group, nexthop uint32 // of buckets

	err error // the first option that makes no sense
}

func (f *filter) index(option string, index int) int {
	if f.err == nil && (index <= 0 || index > math.MaxInt32) {
		f.err = attr.Refuse("%s(%d): no index of a link", option, index)
	}
	return index
}

// MatchLink chooses the next hops that send by the link with this index, or the
// buckets whose member does. Groups and blackholes do not. No link of that index
// has none, which is not an error. `ip nexthop show dev …`
func MatchLink(index int) LinkOption {
	return linkOption(func(f *filter) { f.link = f.index("MatchLink", index) })
}

// MatchMaster chooses the next hops whose link belongs to the bridge, bond or VRF
// with this index, or the buckets whose member's does. Only the kernel can tell.
// `ip nexthop show master …`, `ip nexthop show vrf …`
func MatchMaster(index int) LinkOption {
	return linkOption(func(f *filter) { f.master = f.index("MatchMaster", index) })
}

// MatchFamily chooses the next hops of one family: rtnl.FamilyIPv4 or
// rtnl.FamilyIPv6. Groups have none. `ip -6 nexthop show`
func MatchFamily(family rtnl.Family) ListOption {
	return listOption(func(f *filter) { f.family = family })
}

// MatchGroups chooses the groups. `ip nexthop show groups`
func MatchGroups() ListOption {
	return listOption(func(f *filter) { f.groups = true })
}

// MatchFDB chooses the next hops and groups for the forwarding databases of VXLAN
// links. `ip nexthop show fdb`
func MatchFDB() ListOption {
	return listOption(func(f *filter) { f.fdb = true })
}

// MatchProtocol chooses the next hops that one program made.
// `ip nexthop show proto …`
func MatchProtocol(p rtnl.Protocol) ListOption {
	return listOption(func(f *filter) { f.protocol, f.hasProtocol = p, true })
}

// MatchNexthop chooses the buckets whose traffic goes to the next hop with this
// id. `ip nexthop bucket show nhid …`
func MatchNexthop(id uint32) BucketOption {
	return bucketOption(func(f *filter) {
		if f.nexthop = id; f.err == nil && id == 0 {
			f.err = attr.Refuse("MatchNexthop(0): no id of a next hop")
		}
	})
}

// WithStats tells of groups the counters of their members and whether hardware
// counts: Stats and HWStats. Linux 6.9; older kernels refuse it, which is
// fs.ErrInvalid. `ip -s nexthop show`
func WithStats() StatsOption {
	return statsOption(func(f *filter) { f.opFlags |= uapi.NHA_OP_FLAG_DUMP_STATS })
}

// WithHWStats is [WithStats] with what hardware counted, which is asked for it:
// HWStatsUsed and HWPackets. `ip -s -s nexthop show`
func WithHWStats() StatsOption {
	return statsOption(func(f *filter) {
		f.opFlags |= uapi.NHA_OP_FLAG_DUMP_STATS | uapi.NHA_OP_FLAG_DUMP_HW_STATS
	})
}

// WriteOption changes how [Add] and [Replace] work.
type WriteOption interface{ applyWrite(*writeConfig) }

type writeOption func(*writeConfig)

func (o writeOption) applyWrite(c *writeConfig) { o(c) }

type writeConfig struct{ into *Nexthop }

// Into stores the next hop as the kernel made it, with the id that it chose and
// its scope, into n: with a batch when the batch is sent. [Add] has it from the
// kernel's answer, [Replace] by one more look-up.
func Into(n *Nexthop) WriteOption {
	return writeOption(func(c *writeConfig) { c.into = n })
}
