package link

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Bridge is an Ethernet switch of software, whose ports are the links that have it
// as their master ([WithMaster]). `ip link add NAME type bridge`
//
// Fields that say "read" are reported by the kernel and never sent. [Set] with
// [WithKind] can change all others.
//
// Source: IFLA_BR_*, include/uapi/linux/if_link.h.
type Bridge struct {
	// ForwardDelay is the time in the listening and in the learning state, 2 s to
	// 30 s where STP is on; the kernel's default is 15 s (IFLA_BR_FORWARD_DELAY).
	ForwardDelay *time.Duration
	// HelloTime is the pause between hello packets, 1 s to 10 s; the kernel's
	// default is 2 s (IFLA_BR_HELLO_TIME).
	HelloTime time.Duration
	// MaxAge is how old STP information gets, 6 s to 40 s; the kernel's default is
	// 20 s (IFLA_BR_MAX_AGE).
	MaxAge time.Duration
	// AgeingTime is how long an address stays learned, 0 to learn none; the
	// kernel's default is 300 s (IFLA_BR_AGEING_TIME).
	AgeingTime *time.Duration
	// STP is the spanning tree protocol; the kernel's default is [STPOff]
	// (IFLA_BR_STP_STATE).
	STP *BridgeSTP
	// STPMode tells who does STP; it can change while that is off. The kernel's
	// default is [STPModeAuto] (IFLA_BR_STP_MODE). Linux 7.1.
	STPMode *BridgeSTPMode
	// Priority is the first part of the bridge's id; the kernel's default is 32768
	// (IFLA_BR_PRIORITY).
	Priority *uint16

	// VLANFiltering makes the bridge heed VLANs; the kernel's default is false. It
	// takes a kernel built with CONFIG_BRIDGE_VLAN_FILTERING
	// (IFLA_BR_VLAN_FILTERING).
	VLANFiltering *bool
	// VLANProtocol is the type of tags; the kernel's default is [VLAN8021Q]
	// (IFLA_BR_VLAN_PROTOCOL).
	VLANProtocol VLANProtocol
	// VLANDefaultPVID is the VLAN of untagged packets on new ports, 0 for none; the
	// kernel's default is 1 (IFLA_BR_VLAN_DEFAULT_PVID).
	VLANDefaultPVID *uint16
	// VLANStats counts packets by VLAN; the kernel's default is false
	// (IFLA_BR_VLAN_STATS_ENABLED).
	VLANStats *bool
	// VLANStatsPerPort counts packets by VLAN and port, and can change while the
	// bridge has no port VLANs; the kernel's default is false
	// (IFLA_BR_VLAN_STATS_PER_PORT).
	VLANStatsPerPort *bool

	// GroupForwardMask is a bit for each of the reserved addresses
	// 01:80:c2:00:00:0X whose packets are forwarded; the kernel's default is 0, and
	// bits 0 to 2 cannot be set (IFLA_BR_GROUP_FWD_MASK).
	GroupForwardMask *uint16
	// GroupAddress is the destination of STP packets, 01:80:c2:00:00:0X; the
	// kernel's default ends in 0 (IFLA_BR_GROUP_ADDR).
	GroupAddress net.HardwareAddr
	// FDBMaxLearned is how many addresses the bridge learns, 0 for no limit, which
	// is the kernel's default (IFLA_BR_FDB_MAX_LEARNED). Linux 6.7.
	FDBMaxLearned *uint32
	// FlushFDB forgets what was learned; it is sent, never read
	// (IFLA_BR_FDB_FLUSH).
	FlushFDB bool

	// MulticastRouter tells whether all multicast packets go to the host; the
	// kernel's default is [MulticastRouterAuto] (IFLA_BR_MCAST_ROUTER).
	MulticastRouter *MulticastRouter
	// MulticastSnooping forwards multicast packets only to ports that asked for
	// them; the kernel's default is true (IFLA_BR_MCAST_SNOOPING).
	MulticastSnooping *bool
	// MulticastQueryUseIfAddr makes queries from the bridge's own address instead
	// of 0.0.0.0; the kernel's default is false (IFLA_BR_MCAST_QUERY_USE_IFADDR).
	MulticastQueryUseIfAddr *bool
	// MulticastQuerier sends queries; the kernel's default is false
	// (IFLA_BR_MCAST_QUERIER).
	MulticastQuerier *bool
	// MulticastHashElasticity is what older kernels had; it reads 16 since Linux
	// 5.0, and is ignored (IFLA_BR_MCAST_HASH_ELASTICITY).
	MulticastHashElasticity uint32
	// MulticastHashMax is how many groups are kept; the kernel's default is 4096,
	// 512 before Linux 5.0 (IFLA_BR_MCAST_HASH_MAX).
	MulticastHashMax uint32
	// MulticastLastMemberCount is how many queries are sent before a group is
	// dropped; the kernel's default is 2 (IFLA_BR_MCAST_LAST_MEMBER_CNT).
	MulticastLastMemberCount *uint32
	// MulticastStartupQueryCount is how many queries are sent at first; the
	// kernel's default is 2 (IFLA_BR_MCAST_STARTUP_QUERY_CNT).
	MulticastStartupQueryCount *uint32
	// MulticastLastMemberInterval is the pause between queries about a group that
	// was left; the kernel's default is 1 s (IFLA_BR_MCAST_LAST_MEMBER_INTVL).
	MulticastLastMemberInterval *time.Duration
	// MulticastMembershipInterval is how long a member stays without a report; the
	// kernel's default is 260 s (IFLA_BR_MCAST_MEMBERSHIP_INTVL).
	MulticastMembershipInterval *time.Duration
	// MulticastQuerierInterval is how long another querier is believed to be there;
	// the kernel's default is 255 s (IFLA_BR_MCAST_QUERIER_INTVL).
	MulticastQuerierInterval *time.Duration
	// MulticastQueryInterval is the pause between queries; the kernel's default is
	// 125 s (IFLA_BR_MCAST_QUERY_INTVL).
	MulticastQueryInterval *time.Duration
	// MulticastQueryResponseInterval is how long members have to answer; the
	// kernel's default is 10 s (IFLA_BR_MCAST_QUERY_RESPONSE_INTVL).
	MulticastQueryResponseInterval *time.Duration
	// MulticastStartupQueryInterval is the pause between the first queries; the
	// kernel's default is 31.25 s (IFLA_BR_MCAST_STARTUP_QUERY_INTVL).
	MulticastStartupQueryInterval *time.Duration
	// MulticastStats counts IGMP and MLD packets; the kernel's default is false
	// (IFLA_BR_MCAST_STATS_ENABLED).
	MulticastStats *bool
	// MulticastIGMPVersion is 2 or 3; the kernel's default is 2
	// (IFLA_BR_MCAST_IGMP_VERSION).
	MulticastIGMPVersion uint8
	// MulticastMLDVersion is 1 or 2; the kernel's default is 1
	// (IFLA_BR_MCAST_MLD_VERSION).
	MulticastMLDVersion uint8

	// CallIPTables passes IPv4 packets to iptables; the kernel's default is false
	// (IFLA_BR_NF_CALL_IPTABLES).
	CallIPTables *bool
	// CallIP6Tables passes IPv6 packets to ip6tables; the kernel's default is false
	// (IFLA_BR_NF_CALL_IP6TABLES).
	CallIP6Tables *bool
	// CallARPTables passes ARP packets to arptables; the kernel's default is false
	// (IFLA_BR_NF_CALL_ARPTABLES).
	CallARPTables *bool

	// NoLinkLocalLearn learns no addresses from link-local packets; the kernel's
	// default is false (BR_BOOLOPT_NO_LL_LEARN). Linux 5.0.
	NoLinkLocalLearn *bool
	// MulticastVLANSnooping does multicast snooping by VLAN; the kernel's default
	// is false (BR_BOOLOPT_MCAST_VLAN_SNOOPING). Linux 5.15.
	MulticastVLANSnooping *bool
	// MST turns multiple spanning trees on, and can change while the bridge has no
	// port VLANs; the kernel's default is false (BR_BOOLOPT_MST_ENABLE). Linux
	// 5.18.
	MST *bool
	// MDBOffloadFailNotification announces groups that hardware did not take; the
	// kernel's default is false (BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION). Linux
	// 6.16.
	MDBOffloadFailNotification *bool
	// FDBLocalVLAN0 keeps local addresses in VLAN 0 only; the kernel's default is
	// false (BR_BOOLOPT_FDB_LOCAL_VLAN_0). Linux 6.18.
	FDBLocalVLAN0 *bool

	// RootID is the id of the spanning tree's root; read (IFLA_BR_ROOT_ID).
	RootID BridgeID
	// ID is the bridge's own id; read (IFLA_BR_BRIDGE_ID).
	ID BridgeID
	// RootPort is the number of the port towards the root, 0 for none; read
	// (IFLA_BR_ROOT_PORT).
	RootPort uint16
	// RootPathCost is the cost of the way to the root; read
	// (IFLA_BR_ROOT_PATH_COST).
	RootPathCost uint32
	// TopologyChange says that the root announces a change; read
	// (IFLA_BR_TOPOLOGY_CHANGE).
	TopologyChange bool
	// TopologyChangeDetected says that the bridge saw a change; read
	// (IFLA_BR_TOPOLOGY_CHANGE_DETECTED).
	TopologyChangeDetected bool
	// HelloTimer is the time to the next hello packet; read (IFLA_BR_HELLO_TIMER).
	HelloTimer time.Duration
	// TCNTimer is the time to the next notice of a change; read
	// (IFLA_BR_TCN_TIMER).
	TCNTimer time.Duration
	// TopologyChangeTimer is the time to the end of the announcement; read
	// (IFLA_BR_TOPOLOGY_CHANGE_TIMER).
	TopologyChangeTimer time.Duration
	// GCTimer is the time until old addresses are looked for; read
	// (IFLA_BR_GC_TIMER).
	GCTimer time.Duration
	// FDBLearned is the number of learned addresses; read (IFLA_BR_FDB_N_LEARNED).
	// Linux 6.7.
	FDBLearned uint32
	// QuerierState is who sends multicast queries, nil if snooping is off; read
	// (IFLA_BR_MCAST_QUERIER_STATE). Linux 5.15.
	QuerierState *BridgeQuerier
}

// BridgeID is the id of a bridge in the spanning tree.
//
// Source: struct ifla_bridge_id, include/uapi/linux/if_link.h.
type BridgeID struct {
	Priority uint16  // the first part: the lower, the more likely it is the root
	Address  [6]byte // the second part: a hardware address
}

// String returns the id as iproute2 does: "8000.2:42:ac:11:0:2".
func (i BridgeID) String() string {
	a := i.Address
	return fmt.Sprintf("%04x.%x:%x:%x:%x:%x:%x", i.Priority, a[0], a[1], a[2], a[3], a[4], a[5])
}

// BridgeQuerier is who sends the multicast queries that a bridge heeds.
//
// Source: BRIDGE_QUERIER_*, include/uapi/linux/if_bridge.h.
type BridgeQuerier struct {
	// Addr is the IPv4 querier, the zero Addr if there is none
	// (BRIDGE_QUERIER_IP_ADDRESS).
	Addr netip.Addr
	// Port is the index of the port where that is, 0 if it is the bridge itself
	// (BRIDGE_QUERIER_IP_PORT).
	Port int
	// OtherTimer is how long another IPv4 querier is believed to be there
	// (BRIDGE_QUERIER_IP_OTHER_TIMER).
	OtherTimer time.Duration
	// Addr6 is the IPv6 querier (BRIDGE_QUERIER_IPV6_ADDRESS).
	Addr6 netip.Addr
	// Port6 is the index of the port where that is (BRIDGE_QUERIER_IPV6_PORT).
	Port6 int
	// OtherTimer6 is how long another IPv6 querier is believed to be there
	// (BRIDGE_QUERIER_IPV6_OTHER_TIMER).
	OtherTimer6 time.Duration
}

// BridgeSTP is the state of the spanning tree protocol.
//
// Source: enum in net/bridge/br_private.h.
type BridgeSTP uint32

// The states of the spanning tree protocol.
const (
	STPOff    BridgeSTP = 0 // BR_NO_STP: off
	STPKernel BridgeSTP = 1 // BR_KERNEL_STP: done by the kernel; to send it turns STP on
	STPUser   BridgeSTP = 2 // BR_USER_STP: done by a program
)

var bridgeSTPs = enum.Words[BridgeSTP]{
	Type:  "BridgeSTP",
	Words: []enum.Word[BridgeSTP]{{Value: STPOff, Name: "off"}, {Value: STPKernel, Name: "kernel"}, {Value: STPUser, Name: "user"}},
}

// String returns "off", "kernel" or "user".
func (s BridgeSTP) String() string { return bridgeSTPs.String(s) }

// MarshalText is String.
func (s BridgeSTP) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *BridgeSTP) UnmarshalText(text []byte) error { return bridgeSTPs.Parse(text, s) }

// BridgeSTPMode tells who does the spanning tree protocol.
//
// Source: BR_STP_MODE_*, include/uapi/linux/if_link.h, Linux 7.1.
type BridgeSTPMode uint32

// Who does the spanning tree protocol.
const (
	STPModeAuto   BridgeSTPMode = 0 // BR_STP_MODE_AUTO: /sbin/bridge-stp says, in the first network namespace
	STPModeUser   BridgeSTPMode = 1 // BR_STP_MODE_USER: a program
	STPModeKernel BridgeSTPMode = 2 // BR_STP_MODE_KERNEL: the kernel
)

var bridgeSTPModes = enum.Words[BridgeSTPMode]{
	Type: "BridgeSTPMode",
	Words: []enum.Word[BridgeSTPMode]{
		{Value: STPModeAuto, Name: "auto"}, {Value: STPModeUser, Name: "user"}, {Value: STPModeKernel, Name: "kernel"},
	},
}

// String returns "auto", "user" or "kernel".
func (m BridgeSTPMode) String() string { return bridgeSTPModes.String(m) }

// MarshalText is String.
func (m BridgeSTPMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *BridgeSTPMode) UnmarshalText(text []byte) error { return bridgeSTPModes.Parse(text, m) }

// MulticastRouter tells whether there is a multicast router, to which all
// multicast packets go.
//
// Source: MDB_RTR_TYPE_*, include/uapi/linux/if_bridge.h.
type MulticastRouter uint8

// Whether there is a multicast router.
const (
	MulticastRouterNever     MulticastRouter = 0 // MDB_RTR_TYPE_DISABLED: there is none
	MulticastRouterAuto      MulticastRouter = 1 // MDB_RTR_TYPE_TEMP_QUERY: there is one while it sends queries
	MulticastRouterAlways    MulticastRouter = 2 // MDB_RTR_TYPE_PERM: there is one
	MulticastRouterTemporary MulticastRouter = 3 // MDB_RTR_TYPE_TEMP: there is one for a time (ports only)
)

var multicastRouters = enum.Words[MulticastRouter]{
	Type: "MulticastRouter",
	Words: []enum.Word[MulticastRouter]{
		{Value: MulticastRouterNever, Name: "never"}, {Value: MulticastRouterAuto, Name: "auto"},
		{Value: MulticastRouterAlways, Name: "always"}, {Value: MulticastRouterTemporary, Name: "temporary"},
	},
}

// String returns "never", "auto", "always" or "temporary".
func (r MulticastRouter) String() string { return multicastRouters.String(r) }

// MarshalText is String.
func (r MulticastRouter) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String returned.
func (r *MulticastRouter) UnmarshalText(text []byte) error { return multicastRouters.Parse(text, r) }

// Kind returns "bridge".
func (*Bridge) Kind() string { return "bridge" }

func (v *Bridge) appendData(b []byte) ([]byte, error) { return bridgeAttrs.Append(b, v) }

var bridgeAttrs = attr.Table[Bridge]{
	attr.OptTicks32(uapi.IFLA_BR_FORWARD_DELAY, "IFLA_BR_FORWARD_DELAY", func(v *Bridge) **time.Duration { return &v.ForwardDelay }),
	attr.Ticks32(uapi.IFLA_BR_HELLO_TIME, "IFLA_BR_HELLO_TIME", func(v *Bridge) *time.Duration { return &v.HelloTime }),
	attr.Ticks32(uapi.IFLA_BR_MAX_AGE, "IFLA_BR_MAX_AGE", func(v *Bridge) *time.Duration { return &v.MaxAge }),
	attr.OptTicks32(uapi.IFLA_BR_AGEING_TIME, "IFLA_BR_AGEING_TIME", func(v *Bridge) **time.Duration { return &v.AgeingTime }),
	attr.OptU32(uapi.IFLA_BR_STP_STATE, "IFLA_BR_STP_STATE", func(v *Bridge) **BridgeSTP { return &v.STP }),
	attr.OptU16(uapi.IFLA_BR_PRIORITY, "IFLA_BR_PRIORITY", func(v *Bridge) **uint16 { return &v.Priority }),
	attr.OptBool(uapi.IFLA_BR_VLAN_FILTERING, "IFLA_BR_VLAN_FILTERING", func(v *Bridge) **bool { return &v.VLANFiltering }),
	attr.BE16(uapi.IFLA_BR_VLAN_PROTOCOL, "IFLA_BR_VLAN_PROTOCOL", func(v *Bridge) *VLANProtocol { return &v.VLANProtocol }),
	attr.OptU16(uapi.IFLA_BR_GROUP_FWD_MASK, "IFLA_BR_GROUP_FWD_MASK", func(v *Bridge) **uint16 { return &v.GroupForwardMask }),
	bridgeID(uapi.IFLA_BR_ROOT_ID, "IFLA_BR_ROOT_ID", func(v *Bridge) *BridgeID { return &v.RootID }),
	bridgeID(uapi.IFLA_BR_BRIDGE_ID, "IFLA_BR_BRIDGE_ID", func(v *Bridge) *BridgeID { return &v.ID }),
	attr.U16(uapi.IFLA_BR_ROOT_PORT, "IFLA_BR_ROOT_PORT", func(v *Bridge) *uint16 { return &v.RootPort }).ReadOnly(),
	attr.U32(uapi.IFLA_BR_ROOT_PATH_COST, "IFLA_BR_ROOT_PATH_COST", func(v *Bridge) *uint32 { return &v.RootPathCost }).ReadOnly(),
	attr.Bool(uapi.IFLA_BR_TOPOLOGY_CHANGE, "IFLA_BR_TOPOLOGY_CHANGE", func(v *Bridge) *bool { return &v.TopologyChange }).ReadOnly(),
	attr.Bool(uapi.IFLA_BR_TOPOLOGY_CHANGE_DETECTED, "IFLA_BR_TOPOLOGY_CHANGE_DETECTED", func(v *Bridge) *bool { return &v.TopologyChangeDetected }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BR_HELLO_TIMER, "IFLA_BR_HELLO_TIMER", func(v *Bridge) *time.Duration { return &v.HelloTimer }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BR_TCN_TIMER, "IFLA_BR_TCN_TIMER", func(v *Bridge) *time.Duration { return &v.TCNTimer }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BR_TOPOLOGY_CHANGE_TIMER, "IFLA_BR_TOPOLOGY_CHANGE_TIMER", func(v *Bridge) *time.Duration { return &v.TopologyChangeTimer }).ReadOnly(),
	attr.Ticks64(uapi.IFLA_BR_GC_TIMER, "IFLA_BR_GC_TIMER", func(v *Bridge) *time.Duration { return &v.GCTimer }).ReadOnly(),
	macOf(uapi.IFLA_BR_GROUP_ADDR, "IFLA_BR_GROUP_ADDR", func(v *Bridge) *net.HardwareAddr { return &v.GroupAddress }),
	attr.Flag(uapi.IFLA_BR_FDB_FLUSH, "IFLA_BR_FDB_FLUSH", func(v *Bridge) *bool { return &v.FlushFDB }),
	attr.OptU8(uapi.IFLA_BR_MCAST_ROUTER, "IFLA_BR_MCAST_ROUTER", func(v *Bridge) **MulticastRouter { return &v.MulticastRouter }),
	attr.OptBool(uapi.IFLA_BR_MCAST_SNOOPING, "IFLA_BR_MCAST_SNOOPING", func(v *Bridge) **bool { return &v.MulticastSnooping }),
	attr.OptBool(uapi.IFLA_BR_MCAST_QUERY_USE_IFADDR, "IFLA_BR_MCAST_QUERY_USE_IFADDR", func(v *Bridge) **bool { return &v.MulticastQueryUseIfAddr }),
	attr.OptBool(uapi.IFLA_BR_MCAST_QUERIER, "IFLA_BR_MCAST_QUERIER", func(v *Bridge) **bool { return &v.MulticastQuerier }),
	attr.U32(uapi.IFLA_BR_MCAST_HASH_ELASTICITY, "IFLA_BR_MCAST_HASH_ELASTICITY", func(v *Bridge) *uint32 { return &v.MulticastHashElasticity }),
	attr.U32(uapi.IFLA_BR_MCAST_HASH_MAX, "IFLA_BR_MCAST_HASH_MAX", func(v *Bridge) *uint32 { return &v.MulticastHashMax }),
	attr.OptU32(uapi.IFLA_BR_MCAST_LAST_MEMBER_CNT, "IFLA_BR_MCAST_LAST_MEMBER_CNT", func(v *Bridge) **uint32 { return &v.MulticastLastMemberCount }),
	attr.OptU32(uapi.IFLA_BR_MCAST_STARTUP_QUERY_CNT, "IFLA_BR_MCAST_STARTUP_QUERY_CNT", func(v *Bridge) **uint32 { return &v.MulticastStartupQueryCount }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_LAST_MEMBER_INTVL, "IFLA_BR_MCAST_LAST_MEMBER_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastLastMemberInterval }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_MEMBERSHIP_INTVL, "IFLA_BR_MCAST_MEMBERSHIP_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastMembershipInterval }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_QUERIER_INTVL, "IFLA_BR_MCAST_QUERIER_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastQuerierInterval }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_QUERY_INTVL, "IFLA_BR_MCAST_QUERY_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastQueryInterval }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, "IFLA_BR_MCAST_QUERY_RESPONSE_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastQueryResponseInterval }),
	attr.OptTicks64(uapi.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, "IFLA_BR_MCAST_STARTUP_QUERY_INTVL", func(v *Bridge) **time.Duration { return &v.MulticastStartupQueryInterval }),
	attr.OptBool(uapi.IFLA_BR_NF_CALL_IPTABLES, "IFLA_BR_NF_CALL_IPTABLES", func(v *Bridge) **bool { return &v.CallIPTables }),
	attr.OptBool(uapi.IFLA_BR_NF_CALL_IP6TABLES, "IFLA_BR_NF_CALL_IP6TABLES", func(v *Bridge) **bool { return &v.CallIP6Tables }),
	attr.OptBool(uapi.IFLA_BR_NF_CALL_ARPTABLES, "IFLA_BR_NF_CALL_ARPTABLES", func(v *Bridge) **bool { return &v.CallARPTables }),
	attr.OptU16(uapi.IFLA_BR_VLAN_DEFAULT_PVID, "IFLA_BR_VLAN_DEFAULT_PVID", func(v *Bridge) **uint16 { return &v.VLANDefaultPVID }).Max(4094),
	attr.OptBool(uapi.IFLA_BR_VLAN_STATS_ENABLED, "IFLA_BR_VLAN_STATS_ENABLED", func(v *Bridge) **bool { return &v.VLANStats }),
	attr.OptBool(uapi.IFLA_BR_MCAST_STATS_ENABLED, "IFLA_BR_MCAST_STATS_ENABLED", func(v *Bridge) **bool { return &v.MulticastStats }),
	attr.U8(uapi.IFLA_BR_MCAST_IGMP_VERSION, "IFLA_BR_MCAST_IGMP_VERSION", func(v *Bridge) *uint8 { return &v.MulticastIGMPVersion }),
	attr.U8(uapi.IFLA_BR_MCAST_MLD_VERSION, "IFLA_BR_MCAST_MLD_VERSION", func(v *Bridge) *uint8 { return &v.MulticastMLDVersion }),
	attr.OptBool(uapi.IFLA_BR_VLAN_STATS_PER_PORT, "IFLA_BR_VLAN_STATS_PER_PORT", func(v *Bridge) **bool { return &v.VLANStatsPerPort }),
	maskedBits(uapi.IFLA_BR_MULTI_BOOLOPT, "IFLA_BR_MULTI_BOOLOPT", []maskedBit[Bridge]{
		{1 << uapi.BR_BOOLOPT_NO_LL_LEARN, func(v *Bridge) **bool { return &v.NoLinkLocalLearn }},
		{1 << uapi.BR_BOOLOPT_MCAST_VLAN_SNOOPING, func(v *Bridge) **bool { return &v.MulticastVLANSnooping }},
		{1 << uapi.BR_BOOLOPT_MST_ENABLE, func(v *Bridge) **bool { return &v.MST }},
		{1 << uapi.BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION, func(v *Bridge) **bool { return &v.MDBOffloadFailNotification }},
		{1 << uapi.BR_BOOLOPT_FDB_LOCAL_VLAN_0, func(v *Bridge) **bool { return &v.FDBLocalVLAN0 }},
	}),
	attr.Nested(uapi.IFLA_BR_MCAST_QUERIER_STATE, "IFLA_BR_MCAST_QUERIER_STATE", bridgeQuerierAttrs, func(v *Bridge) **BridgeQuerier { return &v.QuerierState }).ReadOnly(),
	attr.U32(uapi.IFLA_BR_FDB_N_LEARNED, "IFLA_BR_FDB_N_LEARNED", func(v *Bridge) *uint32 { return &v.FDBLearned }).ReadOnly(),
	attr.OptU32(uapi.IFLA_BR_FDB_MAX_LEARNED, "IFLA_BR_FDB_MAX_LEARNED", func(v *Bridge) **uint32 { return &v.FDBMaxLearned }),
	attr.OptU32(uapi.IFLA_BR_STP_MODE, "IFLA_BR_STP_MODE", func(v *Bridge) **BridgeSTPMode { return &v.STPMode }),
}

var bridgeQuerierAttrs = attr.Table[BridgeQuerier]{
	attr.Addr4(uapi.BRIDGE_QUERIER_IP_ADDRESS, "BRIDGE_QUERIER_IP_ADDRESS", func(v *BridgeQuerier) *netip.Addr { return &v.Addr }),
	attr.U32(uapi.BRIDGE_QUERIER_IP_PORT, "BRIDGE_QUERIER_IP_PORT", func(v *BridgeQuerier) *int { return &v.Port }).Max(maxIndex),
	attr.Ticks64(uapi.BRIDGE_QUERIER_IP_OTHER_TIMER, "BRIDGE_QUERIER_IP_OTHER_TIMER", func(v *BridgeQuerier) *time.Duration { return &v.OtherTimer }),
	attr.Addr6(uapi.BRIDGE_QUERIER_IPV6_ADDRESS, "BRIDGE_QUERIER_IPV6_ADDRESS", func(v *BridgeQuerier) *netip.Addr { return &v.Addr6 }),
	attr.U32(uapi.BRIDGE_QUERIER_IPV6_PORT, "BRIDGE_QUERIER_IPV6_PORT", func(v *BridgeQuerier) *int { return &v.Port6 }).Max(maxIndex),
	attr.Ticks64(uapi.BRIDGE_QUERIER_IPV6_OTHER_TIMER, "BRIDGE_QUERIER_IPV6_OTHER_TIMER", func(v *BridgeQuerier) *time.Duration { return &v.OtherTimer6 }),
}

// bridgeID is a row of struct ifla_bridge_id, which is only read.
func bridgeID[T any](typ uint16, name string, field func(*T) *BridgeID) attr.Row[T] {
	return attr.Custom(typ, name, nil, func(p []byte, v *T) error {
		if len(p) < 8 {
			return short(p, 8)
		}
		*field(v) = BridgeID{binary.BigEndian.Uint16(p), [6]byte(p[2:])}
		return nil
	})
}

// steady implements [unsteadyKind].
func (b *Bridge) steady() Kind {
	s := *b
	s.FDBLearned = 0
	s.HelloTimer, s.TCNTimer, s.TopologyChangeTimer, s.GCTimer = 0, 0, 0, 0
	if s.QuerierState != nil {
		q := *s.QuerierState
		q.OtherTimer, q.OtherTimer6 = 0, 0
		s.QuerierState = &q
	}
	return &s
}
