package link

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Bond makes one link of several, its ports, which are the links that have it as
// their master ([WithMaster]) and were down when they got it. `ip link add NAME type
// bond mode MODE`
//
// Not every mode has every setting. One that the mode does not have is refused; it
// is nil when a bond is read, though the kernel reports it.
//
// [Set] can change Mode and FailOverMAC while the bond has no ports (else the error
// is ENOTEMPTY), and Mode, TLBDynamic, LACPActive, LACPRate, ADSelect,
// CoupledControl and ADUserPortKey while it is down (else EBUSY). A setting that the
// bond's mode does not have is EACCES, which is [io/fs.ErrPermission], unless Mode is
// given with it: then it is [io/fs.ErrInvalid], before the kernel is asked.
//
// Source: IFLA_BOND_*, include/uapi/linux/if_link.h.
type Bond struct {
	// Mode tells which ports carry packets; the kernel's default is
	// [BondBalanceRR] (IFLA_BOND_MODE).
	Mode *BondMode
	// ActivePort is the index of the port that carries packets, 0 to let the kernel
	// choose anew. It is of the modes active-backup, balance-tlb and balance-alb, for
	// [Set] alone, and read where there is one (IFLA_BOND_ACTIVE_SLAVE).
	ActivePort *int
	// Primary is the index of the port that is active whenever it can be, 0 for none,
	// as is an index that no link has; it may become a port later. It is of the modes
	// active-backup, balance-tlb and balance-alb, and read if it is a port
	// (IFLA_BOND_PRIMARY).
	Primary *int
	// PrimaryReselect tells when the primary port becomes active again; the kernel's
	// default is [BondReselectAlways] (IFLA_BOND_PRIMARY_RESELECT).
	PrimaryReselect *BondPrimaryReselect
	// FailOverMAC tells which hardware address the bond and its ports have in mode
	// active-backup; the kernel's default is [BondFailOverNone]
	// (IFLA_BOND_FAIL_OVER_MAC).
	FailOverMAC *BondFailOverMAC
	// AllPortsActive takes packets also from ports that are not active; the kernel's
	// default is false (IFLA_BOND_ALL_SLAVES_ACTIVE).
	AllPortsActive *bool
	// MinLinks is how many ports must have a carrier for the bond to have one; the
	// kernel's default is 0, which is as good as 1 (IFLA_BOND_MIN_LINKS).
	MinLinks *uint32
	// XmitHash tells what a packet's port is computed from, in the modes balance-xor,
	// 802.3ad and balance-tlb; the kernel's default is [BondHashLayer2]
	// (IFLA_BOND_XMIT_HASH_POLICY).
	XmitHash *BondXmitHash
	// PacketsPerPort is how many packets go to a port before the next one's turn, 0
	// for a random port each, at most 65535; the kernel's default is 1. It is of mode
	// balance-rr (IFLA_BOND_PACKETS_PER_SLAVE).
	PacketsPerPort *uint32
	// TLBDynamic moves flows between ports by their load; the kernel's default is
	// true. It is of the modes balance-tlb and balance-alb
	// (IFLA_BOND_TLB_DYNAMIC_LB).
	TLBDynamic *bool
	// LearningInterval is the pause between packets that teach the switches, in
	// whole seconds; the kernel's default is 1 s (IFLA_BOND_LP_INTERVAL).
	LearningInterval time.Duration

	// MIIMon is the pause between checks of the carrier, in milliseconds, 0 for no
	// checks; the kernel's default is 0, and 100 ms in the modes 802.3ad, balance-tlb
	// and balance-alb. It turns ARPInterval off (IFLA_BOND_MIIMON).
	MIIMon *time.Duration
	// UpDelay is how long a port with a carrier is not yet used, cut to a multiple of
	// MIIMon, without which it is refused ([io/fs.ErrPermission]); the kernel's default
	// is 0 (IFLA_BOND_UPDELAY).
	UpDelay *time.Duration
	// DownDelay is how long a port without a carrier is still used, as UpDelay
	// (IFLA_BOND_DOWNDELAY).
	DownDelay *time.Duration
	// PeerNotifyDelay is the pause between the packets that tell of a new active port,
	// at most 300 s, as UpDelay (IFLA_BOND_PEER_NOTIF_DELAY).
	PeerNotifyDelay *time.Duration
	// UseCarrier takes the driver's word for the carrier instead of asking the
	// hardware; the kernel's default is true, and since Linux 6.18 false is refused
	// (IFLA_BOND_USE_CARRIER).
	UseCarrier *bool
	// ARPInterval is the pause between probes of ARPTargets and NSTargets, in
	// milliseconds, 0 for no probes; the kernel's default is 0. It turns MIIMon off and
	// is not of the modes 802.3ad, balance-tlb and balance-alb
	// (IFLA_BOND_ARP_INTERVAL).
	ARPInterval *time.Duration
	// ARPTargets are the IPv4 addresses that are probed, at most 16. nil leaves them
	// as they are, an empty list clears them (IFLA_BOND_ARP_IP_TARGET).
	ARPTargets []netip.Addr
	// NSTargets are the IPv6 addresses that are probed, as ARPTargets
	// (IFLA_BOND_NS_IP6_TARGET). Linux 5.18.
	NSTargets []netip.Addr
	// ARPValidate tells which ports must see the answers themselves; the kernel's
	// default is [BondValidateNone]. It is not of the modes 802.3ad, balance-tlb and
	// balance-alb, and goes without MIIMon (IFLA_BOND_ARP_VALIDATE).
	ARPValidate *BondARPValidate
	// ARPAllTargets tells how many of the targets must answer; the kernel's default is
	// [BondTargetsAny] (IFLA_BOND_ARP_ALL_TARGETS).
	ARPAllTargets *BondARPAllTargets
	// MissedMax is how many probes may go unanswered; the kernel's default is 2. It is
	// not of the modes 802.3ad, balance-tlb and balance-alb (IFLA_BOND_MISSED_MAX).
	// Linux 5.17.
	MissedMax uint8
	// NumPeerNotify is how many packets tell of a new active port; the kernel's
	// default is 1 (IFLA_BOND_NUM_PEER_NOTIF).
	NumPeerNotify *uint8
	// ResendIGMP is how many times multicast memberships are announced by a new active
	// port, at most 255; the kernel's default is 1 (IFLA_BOND_RESEND_IGMP).
	ResendIGMP *uint32

	// LACPActive sends LACP packets unasked; the kernel's default is true. It is of
	// mode 802.3ad, as is all that follows (IFLA_BOND_AD_LACP_ACTIVE). Linux 5.15.
	LACPActive *bool
	// LACPRate is how often the partner shall send; the kernel's default is
	// [LACPSlow] (IFLA_BOND_AD_LACP_RATE).
	LACPRate *BondLACPRate
	// LACPStrict takes no port for usable that has no partner; the kernel's default is
	// false (IFLA_BOND_LACP_STRICT). Linux 7.2.
	LACPStrict *bool
	// CoupledControl collects and distributes at once, not one after the other; the
	// kernel's default is true (IFLA_BOND_COUPLED_CONTROL). Linux 6.9.
	CoupledControl *bool
	// BroadcastNeighbour sends ARP and neighbour discovery by all active ports; the
	// kernel's default is false (IFLA_BOND_BROADCAST_NEIGH). Linux 6.17.
	BroadcastNeighbour *bool
	// ADSelect tells which aggregator is the active one; the kernel's default is
	// [ADSelectStable], and it is taken in any mode (IFLA_BOND_AD_SELECT).
	ADSelect *BondADSelect
	// ADSystemPriority is the bond's priority as an LACP system; the kernel's default
	// is 65535. It is read with CAP_NET_ADMIN in the first user namespace only, as are
	// the next two (IFLA_BOND_AD_ACTOR_SYS_PRIO).
	ADSystemPriority uint16
	// ADUserPortKey is the upper part of the ports' keys, at most 1023; the kernel's
	// default is 0 (IFLA_BOND_AD_USER_PORT_KEY).
	ADUserPortKey *uint16
	// ADSystem is the address of the bond as an LACP system; the kernel's default, and
	// all zeros, is that of the bond (IFLA_BOND_AD_ACTOR_SYSTEM).
	ADSystem net.HardwareAddr
	// ADInfo is the active aggregator, nil if there is none; read (IFLA_BOND_AD_INFO).
	ADInfo *BondADInfo
}

// BondADInfo is the active aggregator of a [Bond] in mode 802.3ad.
//
// Source: IFLA_BOND_AD_INFO_*, include/uapi/linux/if_link.h.
type BondADInfo struct {
	// Aggregator is the number of the aggregator (IFLA_BOND_AD_INFO_AGGREGATOR).
	Aggregator uint16
	// NumPorts is the number of its ports (IFLA_BOND_AD_INFO_NUM_PORTS).
	NumPorts uint16
	// ActorKey is the key of its ports (IFLA_BOND_AD_INFO_ACTOR_KEY).
	ActorKey uint16
	// PartnerKey is the key of the partner's ports (IFLA_BOND_AD_INFO_PARTNER_KEY).
	PartnerKey uint16
	// PartnerAddress is the address of the partner as an LACP system, zeros if there
	// is none (IFLA_BOND_AD_INFO_PARTNER_MAC).
	PartnerAddress net.HardwareAddr
}

// BondMode tells which ports of a bond carry packets.
//
// Source: BOND_MODE_*, include/uapi/linux/if_bonding.h.
type BondMode uint8

// Which ports carry packets.
const (
	BondBalanceRR    BondMode = uapi.BOND_MODE_ROUNDROBIN   // BOND_MODE_ROUNDROBIN: all in turn
	BondActiveBackup BondMode = uapi.BOND_MODE_ACTIVEBACKUP // BOND_MODE_ACTIVEBACKUP: one, another if that fails
	BondBalanceXOR   BondMode = uapi.BOND_MODE_XOR          // BOND_MODE_XOR: all, by a hash of the packet
	BondBroadcast    BondMode = uapi.BOND_MODE_BROADCAST    // BOND_MODE_BROADCAST: all at once
	Bond8023AD       BondMode = uapi.BOND_MODE_8023AD       // BOND_MODE_8023AD: those that LACP found, by a hash of the packet
	BondBalanceTLB   BondMode = uapi.BOND_MODE_TLB          // BOND_MODE_TLB: all, by their load; one receives
	BondBalanceALB   BondMode = uapi.BOND_MODE_ALB          // BOND_MODE_ALB: all, by their load, which ARP spreads for receiving too
)

var bondModes = enum.Words[BondMode]{
	Type: "BondMode",
	Words: []enum.Word[BondMode]{
		{Value: BondBalanceRR, Name: "balance-rr"}, {Value: BondActiveBackup, Name: "active-backup"},
		{Value: BondBalanceXOR, Name: "balance-xor"}, {Value: BondBroadcast, Name: "broadcast"}, {Value: Bond8023AD, Name: "802.3ad"},
		{Value: BondBalanceTLB, Name: "balance-tlb"}, {Value: BondBalanceALB, Name: "balance-alb"},
	},
}

// String returns iproute2's word, such as "active-backup".
func (m BondMode) String() string { return bondModes.String(m) }

// MarshalText is String.
func (m BondMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *BondMode) UnmarshalText(text []byte) error { return bondModes.Parse(text, m) }

// BondPrimaryReselect tells when the primary port of a bond becomes active again.
//
// Source: BOND_PRI_RESELECT_*, include/net/bonding.h.
type BondPrimaryReselect uint8

// When the primary port becomes active again.
const (
	BondReselectAlways  BondPrimaryReselect = uapi.BOND_PRI_RESELECT_ALWAYS  // BOND_PRI_RESELECT_ALWAYS: whenever it comes up
	BondReselectBetter  BondPrimaryReselect = uapi.BOND_PRI_RESELECT_BETTER  // BOND_PRI_RESELECT_BETTER: if it is faster than the active one
	BondReselectFailure BondPrimaryReselect = uapi.BOND_PRI_RESELECT_FAILURE // BOND_PRI_RESELECT_FAILURE: if the active one fails
)

var bondPrimaryReselects = enum.Words[BondPrimaryReselect]{
	Type: "BondPrimaryReselect",
	Words: []enum.Word[BondPrimaryReselect]{
		{Value: BondReselectAlways, Name: "always"}, {Value: BondReselectBetter, Name: "better"}, {Value: BondReselectFailure, Name: "failure"},
	},
}

// String returns iproute2's word: "always", "better" or "failure".
func (r BondPrimaryReselect) String() string { return bondPrimaryReselects.String(r) }

// MarshalText is String.
func (r BondPrimaryReselect) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String returned.
func (r *BondPrimaryReselect) UnmarshalText(text []byte) error {
	return bondPrimaryReselects.Parse(text, r)
}

// BondFailOverMAC tells which hardware address a bond and its ports have.
//
// Source: BOND_FOM_*, include/net/bonding.h.
type BondFailOverMAC uint8

// Which hardware address they have.
const (
	BondFailOverNone   BondFailOverMAC = uapi.BOND_FOM_NONE   // BOND_FOM_NONE: all have the bond's
	BondFailOverActive BondFailOverMAC = uapi.BOND_FOM_ACTIVE // BOND_FOM_ACTIVE: each port its own, the bond that of the active one
	BondFailOverFollow BondFailOverMAC = uapi.BOND_FOM_FOLLOW // BOND_FOM_FOLLOW: a port gets the bond's when it becomes active
)

var bondFailOverMACs = enum.Words[BondFailOverMAC]{
	Type: "BondFailOverMAC",
	Words: []enum.Word[BondFailOverMAC]{
		{Value: BondFailOverNone, Name: "none"}, {Value: BondFailOverActive, Name: "active"}, {Value: BondFailOverFollow, Name: "follow"},
	},
}

// String returns iproute2's word: "none", "active" or "follow".
func (f BondFailOverMAC) String() string { return bondFailOverMACs.String(f) }

// MarshalText is String.
func (f BondFailOverMAC) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *BondFailOverMAC) UnmarshalText(text []byte) error { return bondFailOverMACs.Parse(text, f) }

// BondXmitHash tells what the port of a packet is computed from.
//
// Source: BOND_XMIT_POLICY_*, include/uapi/linux/if_bonding.h.
type BondXmitHash uint8

// What the port of a packet is computed from.
const (
	BondHashLayer2     BondXmitHash = uapi.BOND_XMIT_POLICY_LAYER2      // BOND_XMIT_POLICY_LAYER2: hardware addresses
	BondHashLayer34    BondXmitHash = uapi.BOND_XMIT_POLICY_LAYER34     // BOND_XMIT_POLICY_LAYER34: IP addresses and ports
	BondHashLayer23    BondXmitHash = uapi.BOND_XMIT_POLICY_LAYER23     // BOND_XMIT_POLICY_LAYER23: hardware and IP addresses
	BondHashEncap23    BondXmitHash = uapi.BOND_XMIT_POLICY_ENCAP23     // BOND_XMIT_POLICY_ENCAP23: as layer 2+3, inside of tunnels
	BondHashEncap34    BondXmitHash = uapi.BOND_XMIT_POLICY_ENCAP34     // BOND_XMIT_POLICY_ENCAP34: as layer 3+4, inside of tunnels
	BondHashVLANSrcMAC BondXmitHash = uapi.BOND_XMIT_POLICY_VLAN_SRCMAC // BOND_XMIT_POLICY_VLAN_SRCMAC: VLAN and source address (Linux 5.12)
)

var bondXmitHashes = enum.Words[BondXmitHash]{
	Type: "BondXmitHash",
	Words: []enum.Word[BondXmitHash]{
		{Value: BondHashLayer2, Name: "layer2"}, {Value: BondHashLayer34, Name: "layer3+4"}, {Value: BondHashLayer23, Name: "layer2+3"},
		{Value: BondHashEncap23, Name: "encap2+3"}, {Value: BondHashEncap34, Name: "encap3+4"}, {Value: BondHashVLANSrcMAC, Name: "vlan+srcmac"},
	},
}

// String returns iproute2's word, such as "layer3+4".
func (h BondXmitHash) String() string { return bondXmitHashes.String(h) }

// MarshalText is String.
func (h BondXmitHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what String returned.
func (h *BondXmitHash) UnmarshalText(text []byte) error { return bondXmitHashes.Parse(text, h) }

// BondARPValidate tells which ports of a bond must see the answers to probes
// themselves, and which count all packets as answers.
//
// Source: BOND_ARP_VALIDATE_* and BOND_ARP_FILTER*, include/net/bonding.h.
type BondARPValidate uint32

// Which ports must see the answers.
const (
	BondValidateNone         BondARPValidate = uapi.BOND_ARP_VALIDATE_NONE   // BOND_ARP_VALIDATE_NONE: none, any packet will do
	BondValidateActive       BondARPValidate = uapi.BOND_ARP_VALIDATE_ACTIVE // BOND_ARP_VALIDATE_ACTIVE: the active one
	BondValidateBackup       BondARPValidate = uapi.BOND_ARP_VALIDATE_BACKUP // BOND_ARP_VALIDATE_BACKUP: those that are not active
	BondValidateAll          BondARPValidate = uapi.BOND_ARP_VALIDATE_ALL    // BOND_ARP_VALIDATE_ALL: all
	BondValidateFilter       BondARPValidate = uapi.BOND_ARP_FILTER          // BOND_ARP_FILTER: none, but only ARP packets will do
	BondValidateFilterActive BondARPValidate = uapi.BOND_ARP_FILTER_ACTIVE   // BOND_ARP_FILTER_ACTIVE: the active one; for the others only ARP packets will do
	BondValidateFilterBackup BondARPValidate = uapi.BOND_ARP_FILTER_BACKUP   // BOND_ARP_FILTER_BACKUP: those that are not active; for the active one only ARP packets will do
)

var bondARPValidates = enum.Words[BondARPValidate]{
	Type: "BondARPValidate",
	Words: []enum.Word[BondARPValidate]{
		{Value: BondValidateNone, Name: "none"}, {Value: BondValidateActive, Name: "active"}, {Value: BondValidateBackup, Name: "backup"},
		{Value: BondValidateAll, Name: "all"}, {Value: BondValidateFilter, Name: "filter"},
		{Value: BondValidateFilterActive, Name: "filter_active"}, {Value: BondValidateFilterBackup, Name: "filter_backup"},
	},
}

// String returns iproute2's word, such as "all".
func (v BondARPValidate) String() string { return bondARPValidates.String(v) }

// MarshalText is String.
func (v BondARPValidate) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what String returned.
func (v *BondARPValidate) UnmarshalText(text []byte) error { return bondARPValidates.Parse(text, v) }

// BondARPAllTargets tells how many of a bond's targets must answer.
//
// Source: BOND_ARP_TARGETS_*, include/net/bonding.h.
type BondARPAllTargets uint32

// How many targets must answer.
const (
	BondTargetsAny BondARPAllTargets = uapi.BOND_ARP_TARGETS_ANY // BOND_ARP_TARGETS_ANY: one
	BondTargetsAll BondARPAllTargets = uapi.BOND_ARP_TARGETS_ALL // BOND_ARP_TARGETS_ALL: all
)

var bondARPAllTargets = enum.Words[BondARPAllTargets]{
	Type:  "BondARPAllTargets",
	Words: []enum.Word[BondARPAllTargets]{{Value: BondTargetsAny, Name: "any"}, {Value: BondTargetsAll, Name: "all"}},
}

// String returns iproute2's word, "any" or "all".
func (a BondARPAllTargets) String() string { return bondARPAllTargets.String(a) }

// MarshalText is String.
func (a BondARPAllTargets) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what String returned.
func (a *BondARPAllTargets) UnmarshalText(text []byte) error { return bondARPAllTargets.Parse(text, a) }

// BondLACPRate is how often an LACP partner shall send.
//
// Source: AD_LACP_*, include/net/bond_3ad.h.
type BondLACPRate uint8

// How often a partner shall send.
const (
	LACPSlow BondLACPRate = uapi.AD_LACP_SLOW // AD_LACP_SLOW: every 30 seconds
	LACPFast BondLACPRate = uapi.AD_LACP_FAST // AD_LACP_FAST: every second
)

var bondLACPRates = enum.Words[BondLACPRate]{
	Type:  "BondLACPRate",
	Words: []enum.Word[BondLACPRate]{{Value: LACPSlow, Name: "slow"}, {Value: LACPFast, Name: "fast"}},
}

// String returns iproute2's word, "slow" or "fast".
func (r BondLACPRate) String() string { return bondLACPRates.String(r) }

// MarshalText is String.
func (r BondLACPRate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String returned.
func (r *BondLACPRate) UnmarshalText(text []byte) error { return bondLACPRates.Parse(text, r) }

// BondADSelect tells which aggregator of a bond is the active one.
//
// Source: BOND_AD_*, include/net/bond_3ad.h.
type BondADSelect uint8

// Which aggregator is the active one.
const (
	ADSelectStable    BondADSelect = uapi.BOND_AD_STABLE    // BOND_AD_STABLE: the widest, as long as it has a port
	ADSelectBandwidth BondADSelect = uapi.BOND_AD_BANDWIDTH // BOND_AD_BANDWIDTH: the widest at any time
	ADSelectCount     BondADSelect = uapi.BOND_AD_COUNT     // BOND_AD_COUNT: that with the most ports
	ADSelectPriority  BondADSelect = uapi.BOND_AD_PRIO      // BOND_AD_PRIO: that whose ports have the highest priority (Linux 6.18)
)

var bondADSelects = enum.Words[BondADSelect]{
	Type: "BondADSelect",
	Words: []enum.Word[BondADSelect]{
		{Value: ADSelectStable, Name: "stable"}, {Value: ADSelectBandwidth, Name: "bandwidth"},
		{Value: ADSelectCount, Name: "count"}, {Value: ADSelectPriority, Name: "actor_port_prio"},
	},
}

// String returns iproute2's word, such as "stable".
func (s BondADSelect) String() string { return bondADSelects.String(s) }

// MarshalText is String.
func (s BondADSelect) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *BondADSelect) UnmarshalText(text []byte) error { return bondADSelects.Parse(text, s) }

// Kind returns "bond".
func (*Bond) Kind() string { return "bond" }

func (v *Bond) appendData(b []byte) ([]byte, error) {
	if err := v.check(); err != nil {
		return b, err
	}
	return bondAttrs.Append(b, v)
}

// check refuses what contradicts itself. The kernel applies one attribute after the
// other, and leaves done what it did when one fails.
func (v *Bond) check() error {
	on := func(d *time.Duration) bool { return d != nil && *d > 0 }
	off := func(d *time.Duration) bool { return d != nil && *d == 0 }
	switch {
	case on(v.MIIMon) && on(v.ARPInterval):
		return attr.Invalid("IFLA_BOND_ARP_INTERVAL", "ports are watched by their carrier or by ARP, not by both")
	case on(v.MIIMon) && v.ARPValidate != nil && *v.ARPValidate != BondValidateNone:
		return attr.Invalid("IFLA_BOND_ARP_VALIDATE", "ports are watched by their carrier or by ARP, not by both")
	case off(v.MIIMon) && on(v.UpDelay):
		return attr.Invalid("IFLA_BOND_UPDELAY", "it takes checks of the carrier")
	case off(v.MIIMon) && on(v.DownDelay):
		return attr.Invalid("IFLA_BOND_DOWNDELAY", "it takes checks of the carrier")
	case off(v.MIIMon) && on(v.PeerNotifyDelay):
		return attr.Invalid("IFLA_BOND_PEER_NOTIF_DELAY", "it takes checks of the carrier")
	}
	if v.Mode == nil || *v.Mode > BondBalanceALB { // what a newer mode has is not known
		return nil
	}
	for _, s := range v.settingsOfModes() {
		if s.isSet && s.modes&(1<<*v.Mode) == 0 {
			return attr.Invalid(s.name, "mode %v does not have it", *v.Mode)
		}
	}
	return nil
}

// Sets of modes, a bit each.
const (
	inBalanceRR = 1 << BondBalanceRR
	in8023AD    = 1 << Bond8023AD
	inBalanced  = 1<<BondBalanceTLB | 1<<BondBalanceALB
	inOneActive = 1<<BondActiveBackup | inBalanced
	inARP       = 1<<BondBalanceRR | 1<<BondActiveBackup | 1<<BondBalanceXOR | 1<<BondBroadcast
)

// settingOfModes is a setting that not every mode has.
type settingOfModes struct {
	name  string
	modes int
	isSet bool
	clear func()
}

func ofModes[T any](name string, modes int, field **T) settingOfModes {
	return settingOfModes{name, modes, *field != nil, func() { *field = nil }}
}

// settingsOfModes are the settings that not every mode has: unsuppmodes in
// drivers/net/bonding/bond_options.c.
func (v *Bond) settingsOfModes() []settingOfModes {
	return []settingOfModes{
		ofModes("IFLA_BOND_ACTIVE_SLAVE", inOneActive, &v.ActivePort),
		ofModes("IFLA_BOND_ARP_INTERVAL", inARP, &v.ARPInterval),
		ofModes("IFLA_BOND_ARP_VALIDATE", inARP, &v.ARPValidate),
		ofModes("IFLA_BOND_PRIMARY", inOneActive, &v.Primary),
		ofModes("IFLA_BOND_PACKETS_PER_SLAVE", inBalanceRR, &v.PacketsPerPort),
		ofModes("IFLA_BOND_AD_LACP_RATE", in8023AD, &v.LACPRate),
		{"IFLA_BOND_AD_ACTOR_SYS_PRIO", in8023AD, v.ADSystemPriority != 0, func() { v.ADSystemPriority = 0 }},
		ofModes("IFLA_BOND_AD_USER_PORT_KEY", in8023AD, &v.ADUserPortKey),
		{"IFLA_BOND_AD_ACTOR_SYSTEM", in8023AD, v.ADSystem != nil, func() { v.ADSystem = nil }},
		ofModes("IFLA_BOND_TLB_DYNAMIC_LB", inBalanced, &v.TLBDynamic),
		ofModes("IFLA_BOND_AD_LACP_ACTIVE", in8023AD, &v.LACPActive),
		{"IFLA_BOND_MISSED_MAX", inARP, v.MissedMax != 0, func() { v.MissedMax = 0 }},
		ofModes("IFLA_BOND_COUPLED_CONTROL", in8023AD, &v.CoupledControl),
		ofModes("IFLA_BOND_BROADCAST_NEIGH", in8023AD, &v.BroadcastNeighbour),
		ofModes("IFLA_BOND_LACP_STRICT", in8023AD, &v.LACPStrict),
	}
}

// afterRead takes away what the kernel reports and would refuse: settings that the
// mode does not have, and delays without checks of the carrier.
func (v *Bond) afterRead() {
	if v.Mode != nil && *v.Mode <= BondBalanceALB {
		for _, s := range v.settingsOfModes() {
			if s.modes&(1<<*v.Mode) == 0 {
				s.clear()
			}
		}
	}
	if v.MIIMon != nil && *v.MIIMon == 0 {
		v.UpDelay, v.DownDelay, v.PeerNotifyDelay = nil, nil, nil
	}
	if slices.Max(append(v.ADSystem, 0)) == 0 {
		v.ADSystem = nil
	}
}

var bondAttrs = attr.Table[Bond]{
	attr.OptU8(uapi.IFLA_BOND_MODE, "IFLA_BOND_MODE", func(v *Bond) **BondMode { return &v.Mode }),
	attr.OptU32(uapi.IFLA_BOND_ACTIVE_SLAVE, "IFLA_BOND_ACTIVE_SLAVE", func(v *Bond) **int { return &v.ActivePort }).Max(maxIndex),
	attr.OptMillis(uapi.IFLA_BOND_MIIMON, "IFLA_BOND_MIIMON", func(v *Bond) **time.Duration { return &v.MIIMon }),
	attr.OptMillis(uapi.IFLA_BOND_UPDELAY, "IFLA_BOND_UPDELAY", func(v *Bond) **time.Duration { return &v.UpDelay }),
	attr.OptMillis(uapi.IFLA_BOND_DOWNDELAY, "IFLA_BOND_DOWNDELAY", func(v *Bond) **time.Duration { return &v.DownDelay }),
	attr.OptBool(uapi.IFLA_BOND_USE_CARRIER, "IFLA_BOND_USE_CARRIER", func(v *Bond) **bool { return &v.UseCarrier }),
	attr.OptMillis(uapi.IFLA_BOND_ARP_INTERVAL, "IFLA_BOND_ARP_INTERVAL", func(v *Bond) **time.Duration { return &v.ARPInterval }),
	bondTargets(uapi.IFLA_BOND_ARP_IP_TARGET, "IFLA_BOND_ARP_IP_TARGET", false, func(v *Bond) *[]netip.Addr { return &v.ARPTargets }),
	attr.OptU32(uapi.IFLA_BOND_ARP_VALIDATE, "IFLA_BOND_ARP_VALIDATE", func(v *Bond) **BondARPValidate { return &v.ARPValidate }),
	attr.OptU32(uapi.IFLA_BOND_ARP_ALL_TARGETS, "IFLA_BOND_ARP_ALL_TARGETS", func(v *Bond) **BondARPAllTargets { return &v.ARPAllTargets }),
	attr.OptU32(uapi.IFLA_BOND_PRIMARY, "IFLA_BOND_PRIMARY", func(v *Bond) **int { return &v.Primary }).Max(maxIndex),
	attr.OptU8(uapi.IFLA_BOND_PRIMARY_RESELECT, "IFLA_BOND_PRIMARY_RESELECT", func(v *Bond) **BondPrimaryReselect { return &v.PrimaryReselect }),
	attr.OptU8(uapi.IFLA_BOND_FAIL_OVER_MAC, "IFLA_BOND_FAIL_OVER_MAC", func(v *Bond) **BondFailOverMAC { return &v.FailOverMAC }),
	attr.OptU8(uapi.IFLA_BOND_XMIT_HASH_POLICY, "IFLA_BOND_XMIT_HASH_POLICY", func(v *Bond) **BondXmitHash { return &v.XmitHash }),
	attr.OptU32(uapi.IFLA_BOND_RESEND_IGMP, "IFLA_BOND_RESEND_IGMP", func(v *Bond) **uint32 { return &v.ResendIGMP }).Max(255),
	attr.OptU8(uapi.IFLA_BOND_NUM_PEER_NOTIF, "IFLA_BOND_NUM_PEER_NOTIF", func(v *Bond) **uint8 { return &v.NumPeerNotify }),
	attr.OptBool(uapi.IFLA_BOND_ALL_SLAVES_ACTIVE, "IFLA_BOND_ALL_SLAVES_ACTIVE", func(v *Bond) **bool { return &v.AllPortsActive }),
	attr.OptU32(uapi.IFLA_BOND_MIN_LINKS, "IFLA_BOND_MIN_LINKS", func(v *Bond) **uint32 { return &v.MinLinks }),
	attr.Seconds(uapi.IFLA_BOND_LP_INTERVAL, "IFLA_BOND_LP_INTERVAL", func(v *Bond) *time.Duration { return &v.LearningInterval }),
	attr.OptU32(uapi.IFLA_BOND_PACKETS_PER_SLAVE, "IFLA_BOND_PACKETS_PER_SLAVE", func(v *Bond) **uint32 { return &v.PacketsPerPort }).Max(65535),
	attr.OptU8(uapi.IFLA_BOND_AD_LACP_RATE, "IFLA_BOND_AD_LACP_RATE", func(v *Bond) **BondLACPRate { return &v.LACPRate }),
	attr.OptU8(uapi.IFLA_BOND_AD_SELECT, "IFLA_BOND_AD_SELECT", func(v *Bond) **BondADSelect { return &v.ADSelect }),
	attr.Nested(uapi.IFLA_BOND_AD_INFO, "IFLA_BOND_AD_INFO", bondADInfoAttrs, func(v *Bond) **BondADInfo { return &v.ADInfo }).ReadOnly(),
	attr.U16(uapi.IFLA_BOND_AD_ACTOR_SYS_PRIO, "IFLA_BOND_AD_ACTOR_SYS_PRIO", func(v *Bond) *uint16 { return &v.ADSystemPriority }),
	attr.OptU16(uapi.IFLA_BOND_AD_USER_PORT_KEY, "IFLA_BOND_AD_USER_PORT_KEY", func(v *Bond) **uint16 { return &v.ADUserPortKey }).Max(1023),
	macOf(uapi.IFLA_BOND_AD_ACTOR_SYSTEM, "IFLA_BOND_AD_ACTOR_SYSTEM", func(v *Bond) *net.HardwareAddr { return &v.ADSystem }),
	attr.OptBool(uapi.IFLA_BOND_TLB_DYNAMIC_LB, "IFLA_BOND_TLB_DYNAMIC_LB", func(v *Bond) **bool { return &v.TLBDynamic }),
	attr.OptMillis(uapi.IFLA_BOND_PEER_NOTIF_DELAY, "IFLA_BOND_PEER_NOTIF_DELAY", func(v *Bond) **time.Duration { return &v.PeerNotifyDelay }),
	attr.OptBool(uapi.IFLA_BOND_AD_LACP_ACTIVE, "IFLA_BOND_AD_LACP_ACTIVE", func(v *Bond) **bool { return &v.LACPActive }),
	attr.U8(uapi.IFLA_BOND_MISSED_MAX, "IFLA_BOND_MISSED_MAX", func(v *Bond) *uint8 { return &v.MissedMax }),
	bondTargets(uapi.IFLA_BOND_NS_IP6_TARGET, "IFLA_BOND_NS_IP6_TARGET", true, func(v *Bond) *[]netip.Addr { return &v.NSTargets }),
	attr.OptBool(uapi.IFLA_BOND_COUPLED_CONTROL, "IFLA_BOND_COUPLED_CONTROL", func(v *Bond) **bool { return &v.CoupledControl }),
	attr.OptBool(uapi.IFLA_BOND_BROADCAST_NEIGH, "IFLA_BOND_BROADCAST_NEIGH", func(v *Bond) **bool { return &v.BroadcastNeighbour }),
	attr.OptBool(uapi.IFLA_BOND_LACP_STRICT, "IFLA_BOND_LACP_STRICT", func(v *Bond) **bool { return &v.LACPStrict }),
}

var bondADInfoAttrs = attr.Table[BondADInfo]{
	attr.U16(uapi.IFLA_BOND_AD_INFO_AGGREGATOR, "IFLA_BOND_AD_INFO_AGGREGATOR", func(v *BondADInfo) *uint16 { return &v.Aggregator }),
	attr.U16(uapi.IFLA_BOND_AD_INFO_NUM_PORTS, "IFLA_BOND_AD_INFO_NUM_PORTS", func(v *BondADInfo) *uint16 { return &v.NumPorts }),
	attr.U16(uapi.IFLA_BOND_AD_INFO_ACTOR_KEY, "IFLA_BOND_AD_INFO_ACTOR_KEY", func(v *BondADInfo) *uint16 { return &v.ActorKey }),
	attr.U16(uapi.IFLA_BOND_AD_INFO_PARTNER_KEY, "IFLA_BOND_AD_INFO_PARTNER_KEY", func(v *BondADInfo) *uint16 { return &v.PartnerKey }),
	macOf(uapi.IFLA_BOND_AD_INFO_PARTNER_MAC, "IFLA_BOND_AD_INFO_PARTNER_MAC", func(v *BondADInfo) *net.HardwareAddr { return &v.PartnerAddress }),
}

const maxBondTargets = 16 // BOND_MAX_ARP_TARGETS, BOND_MAX_NS_TARGETS

// bondTargets is a row of a nest of addresses, numbered from 0. A list that is sent
// takes the place of the one before, which the kernel clears first: what it would
// refuse then is refused here.
func bondTargets(typ uint16, name string, v6 bool, field func(*Bond) *[]netip.Addr) attr.Row[Bond] {
	width := 4
	if v6 {
		width = 16
	}
	return attr.Custom(typ, name,
		func(b []byte, v *Bond) ([]byte, error) {
			list := *field(v)
			if list == nil {
				return b, nil
			}
			if len(list) > maxBondTargets {
				return b, attr.Refuse("%d addresses, a bond has at most %d", len(list), maxBondTargets)
			}
			b, start := attr.BeginNested(b, typ)
			for i, a := range list {
				switch a = a.Unmap(); {
				case !a.IsValid() || a.Is6() != v6 || a.Zone() != "":
					return b, attr.Refuse("%v cannot be probed here", a)
				case slices.ContainsFunc(list[:i], func(b netip.Addr) bool { return b.Unmap() == a }):
					return b, attr.Refuse("%v is there twice", a)
				}
				b = attr.AppendAddr(b, uint16(i), a)
			}
			return attr.EndNested(b, start)
		},
		func(p []byte, v *Bond) error {
			list := []netip.Addr{}
			s := attr.Scan(p)
			for s.Next() {
				if len(s.Bytes()) != width {
					return short(s.Bytes(), width)
				}
				list = append(list, s.Addr())
			}
			*field(v) = list
			return s.Err()
		}).Sample(func(r *rand.Rand, v *Bond) {
		*field(v) = []netip.Addr{}
		for i := range r.IntN(maxBondTargets) {
			a := [16]byte{0x20, 1, byte(r.Uint32()), byte(i)}
			if v6 {
				*field(v) = append(*field(v), netip.AddrFrom16(a))
			} else {
				*field(v) = append(*field(v), netip.AddrFrom4([4]byte(a[:])))
			}
		}
	})
}
