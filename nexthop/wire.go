package nexthop

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	headerLen = 8    // struct nhmsg
	memberLen = 8    // struct nexthop_grp
	maxGroup  = 8191 // members that fit into an attribute
)

// attrs are the attributes behind struct nhmsg. Weights are decoded with their
// high byte, which is not always one: see decode.
var attrs = attr.Table[Nexthop]{
	attr.U32(uapi.NHA_ID, "NHA_ID", func(n *Nexthop) *uint32 { return &n.ID }),
	attr.Custom(uapi.NHA_GROUP, "NHA_GROUP", putGroup, getGroup).Sample(func(r *rand.Rand, n *Nexthop) {
		n.Group = make([]Member, 1+r.IntN(4))
		for i := range n.Group {
			n.Group[i] = Member{ID: uint32(i)<<24 | 1 + r.Uint32N(1<<24-1), Weight: 1 + r.IntN(MaxWeight)}
		}
	}),
	attr.U16(uapi.NHA_GROUP_TYPE, "NHA_GROUP_TYPE", func(n *Nexthop) *GroupType { return &n.GroupType }),
	attr.Flag(uapi.NHA_BLACKHOLE, "NHA_BLACKHOLE", func(n *Nexthop) *bool { return &n.Blackhole }),
	attr.U32(uapi.NHA_OIF, "NHA_OIF", func(n *Nexthop) *int { return &n.Link }).Max(math.MaxInt32),
	attr.Addr(uapi.NHA_GATEWAY, "NHA_GATEWAY", func(n *Nexthop) *netip.Addr { return &n.Gateway }),
	rtnl.EncapTypeRow(uapi.NHA_ENCAP_TYPE, "NHA_ENCAP_TYPE", func(n *Nexthop) *rtnl.Encap { return &n.Encap }),
	rtnl.EncapRow(uapi.NHA_ENCAP, "NHA_ENCAP", uapi.NHA_ENCAP_TYPE, func(n *Nexthop) *rtnl.Encap { return &n.Encap }),
	attr.Custom[Nexthop](uapi.NHA_GROUPS, "NHA_GROUPS", nil, nil), // of requests: see filter.request
	attr.Custom[Nexthop](uapi.NHA_MASTER, "NHA_MASTER", nil, nil),
	attr.Flag(uapi.NHA_FDB, "NHA_FDB", func(n *Nexthop) *bool { return &n.FDB }),
	attr.Nested(uapi.NHA_RES_GROUP, "NHA_RES_GROUP", resilientAttrs, func(n *Nexthop) **Resilient { return &n.Resilient }),
	attr.Custom[Nexthop](uapi.NHA_OP_FLAGS, "NHA_OP_FLAGS", nil, nil), // see decode
	attr.Inline(uapi.NHA_GROUP_STATS, "NHA_GROUP_STATS", groupStats, func(n *Nexthop) *[]MemberStats { return &n.Stats }).ReadOnly(),
	bool32(uapi.NHA_HW_STATS_ENABLE, "NHA_HW_STATS_ENABLE", func(n *Nexthop) *bool { return &n.HWStats }),
	bool32(uapi.NHA_HW_STATS_USED, "NHA_HW_STATS_USED", func(n *Nexthop) *bool { return &n.HWStatsUsed }).ReadOnly(),
	attr.Rest(func(n *Nexthop) *[]attr.Raw { return &n.Rest }),
}

var resilientAttrs = attr.Table[Resilient]{
	attr.U16(uapi.NHA_RES_GROUP_BUCKETS, "NHA_RES_GROUP_BUCKETS", func(r *Resilient) *int { return &r.Buckets }),
	attr.OptTicks32(uapi.NHA_RES_GROUP_IDLE_TIMER, "NHA_RES_GROUP_IDLE_TIMER", func(r *Resilient) **time.Duration { return &r.IdleTimer }),
	attr.OptTicks32(uapi.NHA_RES_GROUP_UNBALANCED_TIMER, "NHA_RES_GROUP_UNBALANCED_TIMER", func(r *Resilient) **time.Duration { return &r.UnbalancedTimer }),
	attr.Ticks64(uapi.NHA_RES_GROUP_UNBALANCED_TIME, "NHA_RES_GROUP_UNBALANCED_TIME", func(r *Resilient) *time.Duration { return &r.UnbalancedTime }).ReadOnly(),
}

// groupStats is a nest with an attribute of one type for each member.
var groupStats = attr.Table[[]MemberStats]{
	attr.Custom(uapi.NHA_GROUP_STATS_ENTRY, "NHA_GROUP_STATS_ENTRY", nil, func(p []byte, list *[]MemberStats) error {
		var s MemberStats
		err := statsAttrs.Decode(p, &s)
		*list = append(*list, s)
		return err
	}).Within(func([]byte) attr.Schema { return statsAttrs }).Sample(func(r *rand.Rand, list *[]MemberStats) {
		*list = make([]MemberStats, 1+r.IntN(3))
		for i := range *list {
			statsAttrs.FillAll(r, &(*list)[i])
		}
	}),
}

var statsAttrs = attr.Table[MemberStats]{
	attr.U32(uapi.NHA_GROUP_STATS_ENTRY_ID, "NHA_GROUP_STATS_ENTRY_ID", func(s *MemberStats) *uint32 { return &s.ID }),
	attr.U64(uapi.NHA_GROUP_STATS_ENTRY_PACKETS, "NHA_GROUP_STATS_ENTRY_PACKETS", func(s *MemberStats) *uint64 { return &s.Packets }),
	attr.U64(uapi.NHA_GROUP_STATS_ENTRY_PACKETS_HW, "NHA_GROUP_STATS_ENTRY_PACKETS_HW", func(s *MemberStats) *uint64 { return &s.HWPackets }),
}

// bucketAttrs are the attributes behind struct nhmsg in messages about buckets.
var bucketAttrs = attr.Table[Bucket]{
	attr.U32(uapi.NHA_ID, "NHA_ID", func(b *Bucket) *uint32 { return &b.GroupID }),
	attr.Custom[Bucket](uapi.NHA_OIF, "NHA_OIF", nil, nil), // of requests: see filter.bucketRequest
	attr.Custom[Bucket](uapi.NHA_MASTER, "NHA_MASTER", nil, nil),
	attr.Inline(uapi.NHA_RES_BUCKET, "NHA_RES_BUCKET", bucketNest, func(b *Bucket) *Bucket { return b }),
}

var bucketNest = attr.Table[Bucket]{
	attr.U16(uapi.NHA_RES_BUCKET_INDEX, "NHA_RES_BUCKET_INDEX", func(b *Bucket) *int { return &b.Index }).Required(),
	attr.Ticks64(uapi.NHA_RES_BUCKET_IDLE_TIME, "NHA_RES_BUCKET_IDLE_TIME", func(b *Bucket) *time.Duration { return &b.IdleTime }).ReadOnly(),
	attr.U32(uapi.NHA_RES_BUCKET_NH_ID, "NHA_RES_BUCKET_NH_ID", func(b *Bucket) *uint32 { return &b.NexthopID }).ReadOnly(),
}

// bool32 is an attribute of 32 bits that is 0 or 1; false is not sent.
func bool32(typ uint16, name string, field func(*Nexthop) *bool) attr.Row[Nexthop] {
	return attr.Custom(typ, name,
		func(b []byte, n *Nexthop) ([]byte, error) {
			if *field(n) {
				b = attr.AppendUint32(b, typ, 1)
			}
			return b, nil
		},
		func(p []byte, n *Nexthop) error {
			if len(p) < 4 {
				return malformed("%d bytes, want 4", len(p))
			}
			*field(n) = binary.NativeEndian.Uint32(p) != 0
			return nil
		}).Sample(func(r *rand.Rand, n *Nexthop) { *field(n) = r.IntN(2) == 1 })
}

func putGroup(b []byte, n *Nexthop) ([]byte, error) {
	if len(n.Group) == 0 {
		return b, nil
	}
	if len(n.Group) > maxGroup {
		return b, attr.Refuse("%d members, the most is %d", len(n.Group), maxGroup)
	}
	p := make([]byte, 0, memberLen*len(n.Group))
	seen := make(map[uint32]bool, len(n.Group))
	for i, m := range n.Group {
		switch {
		case m.ID == 0:
			return b, attr.Refuse("member %d has no id", i)
		case seen[m.ID]:
			return b, attr.Refuse("member %d is in the group twice", m.ID)
		case m.Weight < 0 || m.Weight > MaxWeight:
			return b, attr.Refuse("member %d has weight %d, not 1 to %d", m.ID, m.Weight, MaxWeight)
		}
		seen[m.ID] = true
		w := uint16(max(m.Weight, 1) - 1)
		p = binary.NativeEndian.AppendUint32(p, m.ID)
		p = append(p, byte(w), byte(w>>8), 0, 0)
	}
	return attr.AppendBytes(b, uapi.NHA_GROUP, p), nil
}

func getGroup(p []byte, n *Nexthop) error {
	if len(p)%memberLen != 0 {
		return malformed("%d bytes are no group", len(p))
	}
	n.Group = make([]Member, 0, len(p)/memberLen)
	for ; len(p) > 0; p = p[memberLen:] {
		n.Group = append(n.Group, Member{
			ID:     binary.NativeEndian.Uint32(p),
			Weight: int(p[5])<<8 | int(p[4]) + 1,
		})
	}
	return nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", attr.ErrMalformed, fmt.Sprintf(format, args...))
}

// header appends struct nhmsg.
func header(b []byte, family rtnl.Family, protocol rtnl.Protocol, flags Flags) []byte {
	b = append(b, byte(family), 0, byte(protocol), 0)
	return binary.NativeEndian.AppendUint32(b, uint32(flags))
}

// encode returns the message that adds n, which [check] has passed.
func encode(n *Nexthop) ([]byte, error) {
	b := make([]byte, 0, 64+memberLen*len(n.Group))
	return attrs.Append(header(b, n.Family, n.Protocol, n.Flags&FlagOnlink), n)
}

// check refuses what cannot be a next hop, and fills in what `ip` fills in.
func check(n *Nexthop, replace bool) error {
	group := len(n.Group) > 0
	onlink := n.Flags.Has(FlagOnlink)
	switch {
	case replace && n.ID == 0:
		return attr.Invalid("NHA_ID", "no id of what is to be replaced")
	case n.Family != rtnl.FamilyUnspec && n.Family != rtnl.FamilyIPv4 && n.Family != rtnl.FamilyIPv6:
		return attr.Invalid("nh_family", "%v is not a family of next hops", n.Family)
	case n.Link < 0:
		return attr.Invalid("NHA_OIF", "%d is no index of a link", n.Link)

	case group && n.Family != rtnl.FamilyUnspec:
		return attr.Invalid("nh_family", "%v with a group, which has no family", n.Family)
	case group && (n.Gateway.IsValid() || n.Link != 0 || n.Blackhole || n.Encap != nil || onlink):
		return attr.Invalid("NHA_GROUP", "a group with a gateway, a link, an encapsulation, a blackhole or onlink of its own")
	case !group && n.GroupType != GroupMultipath:
		return attr.Invalid("NHA_GROUP_TYPE", "%v without a group", n.GroupType)
	case !group && n.Resilient != nil:
		return attr.Invalid("NHA_RES_GROUP", "settings of a resilient group without a group")
	case !group && n.HWStats:
		return attr.Invalid("NHA_HW_STATS_ENABLE", "hardware statistics without a group")
	case n.Resilient != nil && n.GroupType != GroupResilient:
		return attr.Invalid("NHA_RES_GROUP", "settings of a resilient group for one of type %v", n.GroupType)
	case !replace && n.GroupType == GroupResilient && (n.Resilient == nil || n.Resilient.Buckets == 0):
		return attr.Invalid("NHA_RES_GROUP.NHA_RES_GROUP_BUCKETS", "a resilient group needs buckets")
	case group:
		return nil

	case n.Blackhole && (n.Gateway.IsValid() || n.Link != 0 || n.Encap != nil || n.FDB):
		return attr.Invalid("NHA_BLACKHOLE", "a blackhole with a gateway, a link, an encapsulation or fdb")
	case n.FDB && (n.Link != 0 || n.Encap != nil || onlink):
		return attr.Invalid("NHA_FDB", "fdb with a link, an encapsulation or onlink")
	case !n.Blackhole && !n.FDB && n.Link == 0:
		return attr.Invalid("NHA_OIF", "no link, and neither a blackhole, nor fdb, nor a group")
	case onlink && !n.Gateway.IsValid():
		return attr.Invalid("nh_flags", "onlink without a gateway")
	case n.Gateway.Is4In6():
		return attr.Invalid("NHA_GATEWAY", "%v is an IPv4 address in IPv6 form: unmap it", n.Gateway)
	case n.Gateway.Zone() != "":
		return attr.Invalid("NHA_GATEWAY", "%v has a zone: the link goes into Link", n.Gateway)
	case n.Gateway.IsValid() && n.Gateway.IsUnspecified():
		return attr.Invalid("NHA_GATEWAY", "%v is no gateway", n.Gateway)
	}
	if err := rtnl.CheckEncap("NHA_ENCAP", n.Encap); err != nil {
		return err
	}
	family := rtnl.FamilyOf(n.Gateway)
	switch {
	case n.Family == rtnl.FamilyUnspec && family == rtnl.FamilyUnspec:
		n.Family = rtnl.FamilyIPv4
	case n.Family == rtnl.FamilyUnspec:
		n.Family = family
	case family != rtnl.FamilyUnspec && family != n.Family:
		return attr.Invalid("NHA_GATEWAY", "%v is not of the family %v", n.Gateway, n.Family)
	}
	return nil
}

// parse stores the message b into n, which is zero, as its attributes have it.
func parse(b []byte, n *Nexthop) error {
	if len(b) < headerLen {
		return &attr.Error{Err: malformed("%d bytes are no struct nhmsg", len(b))}
	}
	n.Family = rtnl.Family(b[0])
	n.Scope = rtnl.Scope(b[1])
	n.Protocol = rtnl.Protocol(b[2])
	n.Flags = Flags(binary.NativeEndian.Uint32(b[4:]))
	return attrs.Decode(b[headerLen:], n)
}

// decode stores a message of the kernel into n, which is zero.
func decode(b []byte, n *Nexthop) error {
	if err := parse(b, n); err != nil || len(n.Group) == 0 {
		return err
	}
	// The high byte of a weight was reserved before Linux 6.12, and not always
	// cleared: the kernel says when it can be believed.
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		if s.Type() == uapi.NHA_OP_FLAGS && s.Uint32()&uapi.NHA_OP_FLAG_RESP_GRP_RESVD_0 != 0 {
			return nil
		}
	}
	for i := range n.Group {
		m := &n.Group[i]
		m.Weight = (m.Weight-1)&0xff + 1
	}
	return s.Err()
}

// decodeBucket stores the message b into v, which is zero.
func decodeBucket(b []byte, v *Bucket) error {
	if len(b) < headerLen {
		return &attr.Error{Err: malformed("%d bytes are no struct nhmsg", len(b))}
	}
	v.Protocol = rtnl.Protocol(b[2])
	v.Flags = Flags(binary.NativeEndian.Uint32(b[4:]))
	return bucketAttrs.Decode(b[headerLen:], v)
}

// message decodes the answer to a request for next hops.
func (f *filter) message(m nlkit.Message, n *Nexthop) (bool, error) {
	if m.Type != uapi.RTM_NEWNEXTHOP {
		return false, nil
	}
	err := decode(m.Data, n)
	return f.match(n), err
}

// bucket decodes the answer to a request for buckets.
func (f *filter) bucket(m nlkit.Message, v *Bucket) (bool, error) {
	if m.Type != uapi.RTM_NEWNEXTHOPBUCKET {
		return false, nil
	}
	err := decodeBucket(m.Data, v)
	return (f.group == 0 || v.GroupID == f.group) && (f.nexthop == 0 || v.NexthopID == f.nexthop), err
}

func (f *filter) match(n *Nexthop) bool {
	return (f.link == 0 || n.Link == f.link) &&
		(f.master == 0 || n.Link != 0) &&
		(f.family == rtnl.FamilyUnspec || n.Family == f.family) &&
		(!f.groups || len(n.Group) > 0) &&
		(!f.fdb || n.FDB) &&
		(!f.hasProtocol || n.Protocol == f.protocol)
}

// request returns the message of a dump: what the kernel filters by. It takes
// NHA_FDB, from Linux 5.8, but doesn't heed it, so that is not sent.
func (f *filter) request() []byte {
	b := f.links(header(make([]byte, 0, 64), f.family, 0, 0))
	if f.groups {
		b = attr.AppendBytes(b, uapi.NHA_GROUPS, nil)
	}
	return f.stats(b)
}

func (f *filter) links(b []byte) []byte {
	if f.link != 0 {
		b = attr.AppendUint32(b, uapi.NHA_OIF, uint32(f.link))
	}
	if f.master != 0 {
		b = attr.AppendUint32(b, uapi.NHA_MASTER, uint32(f.master))
	}
	return b
}

// stats appends what Linux 6.9 brought, only if it is asked for.
func (f *filter) stats(b []byte) []byte {
	if f.opFlags != 0 {
		b = attr.AppendUint32(b, uapi.NHA_OP_FLAGS, f.opFlags)
	}
	return b
}

// bucketRequest returns the message of a dump of buckets.
func (f *filter) bucketRequest() []byte {
	b := header(make([]byte, 0, 64), 0, 0, 0)
	if f.group != 0 {
		b = attr.AppendUint32(b, uapi.NHA_ID, f.group)
	}
	b = f.links(b)
	if f.nexthop != 0 {
		nest := attr.AppendUint32(nil, uapi.NHA_RES_BUCKET_NH_ID, f.nexthop)
		b = attr.AppendBytes(b, uapi.NHA_RES_BUCKET|uapi.NLA_F_NESTED, nest)
	}
	return b
}

// describe says what a message is about.
func describe(data []byte) string {
	var n Nexthop
	if parse(data, &n) != nil {
		return ""
	}
	return n.String()
}
