package link

import (
	"net"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// BondPort is how a link is set up as a port of a [Bond]. `ip link set NAME type
// bond_slave …`
//
// Fields that say "read" are reported by the kernel and never sent.
//
// Source: IFLA_BOND_SLAVE_*, include/uapi/linux/if_link.h.
type BondPort struct {
	// QueueID makes the port take the packets of one of the bond's transmit queues, 0
	// for none of its own, which is the kernel's default. A queue that the bond does
	// not have or another port took is EPERM (IFLA_BOND_SLAVE_QUEUE_ID).
	QueueID *uint16
	// Priority is the port's when a new active one is chosen, the highest first; the
	// kernel's default is 0. It is of the modes active-backup, balance-tlb and
	// balance-alb, and EACCES in another (IFLA_BOND_SLAVE_PRIO). Linux 6.0.
	Priority *int32
	// ActorPriority is the port's in LACP; the kernel's default is 255. It is of mode
	// 802.3ad, and EACCES in another (IFLA_BOND_SLAVE_ACTOR_PORT_PRIO). Linux 6.18.
	ActorPriority *uint16

	// State tells whether the port carries packets; read (IFLA_BOND_SLAVE_STATE).
	State BondPortState
	// MIIStatus is what the bond thinks of the port's carrier; read
	// (IFLA_BOND_SLAVE_MII_STATUS).
	MIIStatus BondPortStatus
	// LinkFailures counts how often the port failed; read
	// (IFLA_BOND_SLAVE_LINK_FAILURE_COUNT).
	LinkFailures uint32
	// PermAddress is the hardware address that the port had before; read
	// (IFLA_BOND_SLAVE_PERM_HWADDR).
	PermAddress net.HardwareAddr

	// Aggregator is the number of the port's aggregator, 0 for none; read in mode
	// 802.3ad, as is all that follows (IFLA_BOND_SLAVE_AD_AGGREGATOR_ID).
	Aggregator uint16
	// ActorState is the LACP state of the port
	// (IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE).
	ActorState LACPState
	// PartnerState is the LACP state of the partner's port
	// (IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE).
	PartnerState LACPState
	// ActorChurn tells whether the port stays out of step
	// (IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE). Linux 7.1.
	ActorChurn LACPChurn
	// PartnerChurn tells whether the partner's port stays out of step
	// (IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE). Linux 7.1.
	PartnerChurn LACPChurn
}

// BondPortState tells whether a port of a bond carries packets.
//
// Source: BOND_STATE_*, include/uapi/linux/if_bonding.h.
type BondPortState uint8

// Whether a port carries packets.
const (
	BondPortActive BondPortState = uapi.BOND_STATE_ACTIVE // BOND_STATE_ACTIVE: it does
	BondPortBackup BondPortState = uapi.BOND_STATE_BACKUP // BOND_STATE_BACKUP: it waits
)

var bondPortStates = enum.Words[BondPortState]{
	Type:  "BondPortState",
	Words: []enum.Word[BondPortState]{{Value: BondPortActive, Name: "active"}, {Value: BondPortBackup, Name: "backup"}},
}

// String returns iproute2's word in lower case, "active" or "backup".
func (s BondPortState) String() string { return bondPortStates.String(s) }

// MarshalText is String.
func (s BondPortState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *BondPortState) UnmarshalText(text []byte) error { return bondPortStates.Parse(text, s) }

// BondPortStatus is what a bond thinks of a port's carrier.
//
// Source: BOND_LINK_*, include/uapi/linux/if_bonding.h.
type BondPortStatus uint8

// What a bond thinks of a port's carrier.
const (
	BondPortUp        BondPortStatus = uapi.BOND_LINK_UP   // BOND_LINK_UP: there is one
	BondPortGoingDown BondPortStatus = uapi.BOND_LINK_FAIL // BOND_LINK_FAIL: it is gone, for less than DownDelay
	BondPortDown      BondPortStatus = uapi.BOND_LINK_DOWN // BOND_LINK_DOWN: there is none
	BondPortGoingBack BondPortStatus = uapi.BOND_LINK_BACK // BOND_LINK_BACK: it is back, for less than UpDelay
)

var bondPortStatuses = enum.Words[BondPortStatus]{
	Type: "BondPortStatus",
	Words: []enum.Word[BondPortStatus]{
		{Value: BondPortUp, Name: "up"}, {Value: BondPortGoingDown, Name: "going_down"},
		{Value: BondPortDown, Name: "down"}, {Value: BondPortGoingBack, Name: "going_back"},
	},
}

// String returns iproute2's word in lower case, such as "going_down".
func (s BondPortStatus) String() string { return bondPortStatuses.String(s) }

// MarshalText is String.
func (s BondPortStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *BondPortStatus) UnmarshalText(text []byte) error { return bondPortStatuses.Parse(text, s) }

// LACPState is the state of a port in LACP. It prints as "active|aggregating|0x100":
// iproute2's words, and unknown bits.
//
// Source: LACP_STATE_*, include/uapi/linux/if_bonding.h.
type LACPState uint16

// The state of a port in LACP.
const (
	LACPActivity        LACPState = uapi.LACP_STATE_LACP_ACTIVITY   // LACP_STATE_LACP_ACTIVITY: it sends unasked
	LACPShortTimeout    LACPState = uapi.LACP_STATE_LACP_TIMEOUT    // LACP_STATE_LACP_TIMEOUT: it wants to hear every second
	LACPAggregation     LACPState = uapi.LACP_STATE_AGGREGATION     // LACP_STATE_AGGREGATION: it can be one of several
	LACPSynchronization LACPState = uapi.LACP_STATE_SYNCHRONIZATION // LACP_STATE_SYNCHRONIZATION: it is in the right aggregator
	LACPCollecting      LACPState = uapi.LACP_STATE_COLLECTING      // LACP_STATE_COLLECTING: it takes packets
	LACPDistributing    LACPState = uapi.LACP_STATE_DISTRIBUTING    // LACP_STATE_DISTRIBUTING: it sends packets
	LACPDefaulted       LACPState = uapi.LACP_STATE_DEFAULTED       // LACP_STATE_DEFAULTED: it never heard of a partner
	LACPExpired         LACPState = uapi.LACP_STATE_EXPIRED         // LACP_STATE_EXPIRED: it no longer hears of the partner
)

var lacpStateNames = enum.Flags[LACPState]{
	Type: "LACPState",
	Words: []enum.Word[LACPState]{
		{Value: LACPActivity, Name: "active"}, {Value: LACPShortTimeout, Name: "short_timeout"},
		{Value: LACPAggregation, Name: "aggregating"}, {Value: LACPSynchronization, Name: "in_sync"},
		{Value: LACPCollecting, Name: "collecting"}, {Value: LACPDistributing, Name: "distributing"},
		{Value: LACPDefaulted, Name: "defaulted"}, {Value: LACPExpired, Name: "expired"},
	},
}

// Has reports whether all bits of t are set.
func (s LACPState) Has(t LACPState) bool { return s&t == t }

// String returns the state as words: "active|aggregating".
func (s LACPState) String() string { return lacpStateNames.String(s) }

// MarshalText is String.
func (s LACPState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *LACPState) UnmarshalText(text []byte) error { return lacpStateNames.Parse(text, s) }

// LACPChurn tells whether a port stays out of step with its partner.
//
// Source: churn_state_t, include/net/bond_3ad.h, Linux 7.1.
type LACPChurn uint8

// Whether a port stays out of step.
const (
	LACPChurnMonitor LACPChurn = uapi.AD_CHURN_MONITOR // AD_CHURN_MONITOR: it is not known yet
	LACPChurnFound   LACPChurn = uapi.AD_CHURN         // AD_CHURN: it does
	LACPChurnNone    LACPChurn = uapi.AD_NO_CHURN      // AD_NO_CHURN: it does not
)

var lacpChurns = enum.Words[LACPChurn]{
	Type: "LACPChurn",
	Words: []enum.Word[LACPChurn]{
		{Value: LACPChurnMonitor, Name: "monitor"}, {Value: LACPChurnFound, Name: "churn"}, {Value: LACPChurnNone, Name: "no_churn"},
	},
}

// String returns iproute2's word in lower case: "monitor", "churn" or "no_churn".
func (c LACPChurn) String() string { return lacpChurns.String(c) }

// MarshalText is String.
func (c LACPChurn) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what String returned.
func (c *LACPChurn) UnmarshalText(text []byte) error { return lacpChurns.Parse(text, c) }

// Port returns "bond".
func (*BondPort) Port() string { return "bond" }

func (p *BondPort) appendPort(b []byte) ([]byte, error) { return bondPortAttrs.Append(b, p) }

var bondPortAttrs = attr.Table[BondPort]{
	attr.U8(uapi.IFLA_BOND_SLAVE_STATE, "IFLA_BOND_SLAVE_STATE", func(p *BondPort) *BondPortState { return &p.State }).ReadOnly(),
	attr.U8(uapi.IFLA_BOND_SLAVE_MII_STATUS, "IFLA_BOND_SLAVE_MII_STATUS", func(p *BondPort) *BondPortStatus { return &p.MIIStatus }).ReadOnly(),
	attr.U32(uapi.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, "IFLA_BOND_SLAVE_LINK_FAILURE_COUNT", func(p *BondPort) *uint32 { return &p.LinkFailures }).ReadOnly(),
	attr.MAC(uapi.IFLA_BOND_SLAVE_PERM_HWADDR, "IFLA_BOND_SLAVE_PERM_HWADDR", func(p *BondPort) *net.HardwareAddr { return &p.PermAddress }).ReadOnly(),
	attr.OptU16(uapi.IFLA_BOND_SLAVE_QUEUE_ID, "IFLA_BOND_SLAVE_QUEUE_ID", func(p *BondPort) **uint16 { return &p.QueueID }),
	attr.U16(uapi.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, "IFLA_BOND_SLAVE_AD_AGGREGATOR_ID", func(p *BondPort) *uint16 { return &p.Aggregator }).ReadOnly(),
	attr.U8(uapi.IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, "IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE", func(p *BondPort) *LACPState { return &p.ActorState }).ReadOnly(),
	attr.U16(uapi.IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE, "IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE", func(p *BondPort) *LACPState { return &p.PartnerState }).ReadOnly(),
	attr.OptS32(uapi.IFLA_BOND_SLAVE_PRIO, "IFLA_BOND_SLAVE_PRIO", func(p *BondPort) **int32 { return &p.Priority }),
	attr.OptU16(uapi.IFLA_BOND_SLAVE_ACTOR_PORT_PRIO, "IFLA_BOND_SLAVE_ACTOR_PORT_PRIO", func(p *BondPort) **uint16 { return &p.ActorPriority }),
	attr.U8(uapi.IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE, "IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE", func(p *BondPort) *LACPChurn { return &p.ActorChurn }).ReadOnly(),
	attr.U8(uapi.IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE, "IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE", func(p *BondPort) *LACPChurn { return &p.PartnerChurn }).ReadOnly(),
}
