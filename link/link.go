package link

import (
	"net"

	"github.com/nlkit/nlkit/attr"
)

// Link is a network interface as the kernel describes it: physical, or made by
// software, such as a bridge or one end of a veth pair. Fields that the kernel
// did not report are zero.
//
// A Link is read, never written: what can be changed are the options of [Add] and
// [Set].
//
// Source: struct ifinfomsg, include/uapi/linux/rtnetlink.h, and IFLA_*,
// include/uapi/linux/if_link.h.
type Link struct {
	// Index is the number of the link in its network namespace, from 1. It stays
	// the same as long as the link is there, whatever its name.
	Index int
	// Name is the name, at most 15 bytes (IFLA_IFNAME).
	Name string
	// AltNames are further names, which may be longer (IFLA_PROP_LIST). Linux 5.5.
	AltNames []string
	// Alias is a free description (IFLA_IFALIAS). The kernel cannot look it up.
	Alias string
	// Type is the kind of hardware address and framing (ARPHRD_*).
	Type HardwareType
	// Flags are IFF_*.
	Flags Flags

	// MTU is the largest packet, in bytes (IFLA_MTU).
	MTU int
	// MinMTU is the least value of MTU, 0 for no limit (IFLA_MIN_MTU).
	MinMTU uint32
	// MaxMTU is the greatest value of MTU, 0 for no limit (IFLA_MAX_MTU).
	MaxMTU uint32
	// TxQueueLen is the length of the transmit queue, in packets (IFLA_TXQLEN).
	TxQueueLen uint32
	// NumTxQueues is the number of transmit queues (IFLA_NUM_TX_QUEUES).
	NumTxQueues uint32
	// NumRxQueues is the number of receive queues (IFLA_NUM_RX_QUEUES).
	NumRxQueues uint32
	// Group is the number of the group of links, 0 for the default one
	// (IFLA_GROUP).
	Group uint32

	// Address is the hardware address (IFLA_ADDRESS). Tunnels have an IP address
	// here.
	Address net.HardwareAddr
	// Broadcast is the hardware's broadcast address (IFLA_BROADCAST). Tunnels have
	// the IP address of the other end here.
	Broadcast net.HardwareAddr
	// PermAddress is the address that the hardware came with, nil if it has none
	// (IFLA_PERM_ADDRESS). Linux 5.6.
	PermAddress net.HardwareAddr

	// OperState tells whether the link can carry packets (IFLA_OPERSTATE).
	OperState OperState
	// Mode tells when OperState becomes up (IFLA_LINKMODE).
	Mode Mode
	// Carrier says that the hardware has a signal, or what takes its place
	// (IFLA_CARRIER).
	Carrier bool
	// ProtoDown says that the link is held down by a protocol (IFLA_PROTO_DOWN).
	ProtoDown bool
	// NetNSImmutable says that the link cannot move to another network namespace
	// (IFLA_NETNS_IMMUTABLE). Linux 6.15.
	NetNSImmutable bool
	// CarrierChanges counts how often Carrier changed (IFLA_CARRIER_CHANGES).
	CarrierChanges uint32
	// CarrierUps counts how often Carrier became true (IFLA_CARRIER_UP_COUNT).
	CarrierUps uint32
	// CarrierDowns counts how often Carrier became false
	// (IFLA_CARRIER_DOWN_COUNT).
	CarrierDowns uint32
	// ProtoDownReason is a bit for each reason of ProtoDown; the administrator
	// gives them meaning (IFLA_PROTO_DOWN_REASON). Linux 5.9.
	ProtoDownReason uint32
	// Promiscuity counts the users who want the link to receive all packets
	// (IFLA_PROMISCUITY).
	Promiscuity uint32
	// AllMulti counts the users who want the link to receive all multicast packets
	// (IFLA_ALLMULTI). Linux 6.0.
	AllMulti uint32

	// Master is the index of the bridge, bond, VRF, … that the link is a port of,
	// 0 for none (IFLA_MASTER).
	Master int
	// Parent is the index of the link below, such as a VLAN's, or of the other end
	// of a veth pair, 0 for none (IFLA_LINK). See ParentNSID.
	Parent int
	// ParentNSID is the id of the network namespace in which Parent is an index;
	// nil if that is the link's own, -1 if the namespace has no id here
	// (IFLA_LINK_NETNSID).
	ParentNSID *int
	// Qdisc is the name of the root queueing discipline (IFLA_QDISC).
	Qdisc string

	// GSOMaxSize is the largest packet that the stack hands to the link for
	// segmentation, in bytes (IFLA_GSO_MAX_SIZE).
	GSOMaxSize uint32
	// GSOMaxSegs is the largest number of segments of such a packet
	// (IFLA_GSO_MAX_SEGS).
	GSOMaxSegs uint32
	// GROMaxSize is the largest packet that received ones are merged to, in bytes
	// (IFLA_GRO_MAX_SIZE). Linux 5.19.
	GROMaxSize uint32
	// TSOMaxSize is the driver's limit of GSOMaxSize (IFLA_TSO_MAX_SIZE). Linux
	// 6.0.
	TSOMaxSize uint32
	// TSOMaxSegs is the driver's limit of GSOMaxSegs (IFLA_TSO_MAX_SEGS). Linux
	// 6.0.
	TSOMaxSegs uint32
	// GSOIPv4MaxSize is GSOMaxSize for IPv4 (IFLA_GSO_IPV4_MAX_SIZE). Linux 6.3.
	GSOIPv4MaxSize uint32
	// GROIPv4MaxSize is GROMaxSize for IPv4 (IFLA_GRO_IPV4_MAX_SIZE). Linux 6.3.
	GROIPv4MaxSize uint32
	// Headroom is what the link needs before a packet, in bytes (IFLA_HEADROOM).
	// Linux 6.18.
	Headroom uint16
	// Tailroom is what the link needs behind a packet, in bytes (IFLA_TAILROOM).
	// Linux 6.18.
	Tailroom uint16
	// NumVFs is the number of virtual functions (IFLA_NUM_VF); it comes with
	// [WithVFs] alone.
	NumVFs uint32
	// Reason is why the kernel sent this event, [ReasonNone] if it does not say, and
	// where it was asked (IFLA_EVENT).
	Reason EventReason
	// MaxPacingOffloadHorizon is how far ahead the hardware can time packets, in
	// nanoseconds (IFLA_MAX_PACING_OFFLOAD_HORIZON). Linux 6.13.
	MaxPacingOffloadHorizon uint64

	// Kind is what the link is and how it is set up, nil for hardware and the
	// loopback. A kind that this package does not know is an [*Unknown]
	// (IFLA_INFO_KIND, IFLA_INFO_DATA). See [KindAs].
	Kind Kind
	// Port is how the link is set up as a port of its Master, nil if it is none: a
	// struct such as [*BridgePort]. A kind of port that this package does not know is an
	// [*UnknownPort] (IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA). See [PortAs].
	Port Port

	// Stats are the counters; nil unless [WithStats] asked for them. Events have
	// them always.
	Stats *Stats
	// Inet is the configuration for IPv4, nil if the link has none.
	Inet *Inet
	// Inet6 is the configuration for IPv6, nil if the link has none.
	Inet6 *Inet6
	// MCTP is the configuration for MCTP, nil if the link has none. Linux 5.15.
	MCTP *MCTP
	// Device is what is known of the hardware, nil for a link of software.
	Device *Device
	// VFs are the virtual functions; nil unless [WithVFs] asked for them
	// (IFLA_VFINFO_LIST).
	VFs []VF
	// XDP are the attached XDP programs, nil if there are none.
	XDP *XDP
	// Moved is where the link went, in an event that says that it is gone; nil if
	// it did not move.
	Moved *Moved

	// Unknown are the attributes that no other field holds.
	Unknown []attr.Raw
}

// Stats are the counters of a link since it was made. An older kernel leaves the
// last ones 0.
//
// Source: struct rtnl_link_stats64 (IFLA_STATS64), include/uapi/linux/if_link.h.
type Stats struct {
	RxPackets          uint64 // packets received
	TxPackets          uint64 // packets transmitted
	RxBytes            uint64 // bytes received
	TxBytes            uint64 // bytes transmitted
	RxErrors           uint64 // bad packets received
	TxErrors           uint64 // packets that could not be transmitted
	RxDropped          uint64 // packets received and dropped, for want of memory for example
	TxDropped          uint64 // packets dropped on their way to transmission
	Multicast          uint64 // multicast packets received
	Collisions         uint64 // collisions while transmitting
	RxLengthErrors     uint64 // of RxErrors: a length out of bounds
	RxOverErrors       uint64 // of RxErrors: the receiver's ring overflowed
	RxCRCErrors        uint64 // of RxErrors: a wrong checksum
	RxFrameErrors      uint64 // of RxErrors: wrong alignment
	RxFIFOErrors       uint64 // of RxErrors: the receiver's FIFO overran
	RxMissedErrors     uint64 // packets that the host had no room for
	TxAbortedErrors    uint64 // of TxErrors: aborted
	TxCarrierErrors    uint64 // of TxErrors: no carrier
	TxFIFOErrors       uint64 // of TxErrors: the FIFO ran empty
	TxHeartbeatErrors  uint64 // of TxErrors: no heartbeat
	TxWindowErrors     uint64 // of TxErrors: late collisions
	RxCompressed       uint64 // compressed packets received
	TxCompressed       uint64 // compressed packets transmitted
	RxNoHandler        uint64 // packets received that nobody wanted (Linux 4.6)
	RxOtherhostDropped uint64 // packets received for another host (Linux 5.19)
}

// Device is what is known of the hardware behind a link.
type Device struct {
	// ParentName is the name of the device on its bus, such as "0000:03:00.0"
	// (IFLA_PARENT_DEV_NAME). Linux 5.14.
	ParentName string
	// ParentBus is the bus, such as "pci" (IFLA_PARENT_DEV_BUS_NAME). Linux 5.14.
	ParentBus string
	// PortName is the name of the port, such as "p0" (IFLA_PHYS_PORT_NAME).
	PortName string
	// PortID tells ports apart: links with the same are on the same port
	// (IFLA_PHYS_PORT_ID).
	PortID []byte
	// SwitchID tells switches apart: links with the same are on the same switch
	// (IFLA_PHYS_SWITCH_ID).
	SwitchID []byte
	// Devlink is the port that devlink knows the link as, nil if it does not
	// (IFLA_DEVLINK_PORT). Linux 6.2.
	Devlink *DevlinkPort
	// DPLLPin is the id of the pin that gives the link its clock, nil if there is none
	// (IFLA_DPLL_PIN). Linux 6.7.
	DPLLPin *uint32
	// Map are the resources of an old card, nil if there are none (IFLA_MAP).
	Map *Map
}

// DevlinkPort is a port of a device as devlink names it: `devlink port show
// BUS/DEVICE/PORT`.
//
// Source: DEVLINK_ATTR_*, include/uapi/linux/devlink.h.
type DevlinkPort struct {
	// Bus is the bus of the device, such as "pci" (DEVLINK_ATTR_BUS_NAME).
	Bus string
	// Device is its name on the bus, such as "0000:03:00.0"
	// (DEVLINK_ATTR_DEV_NAME).
	Device string
	// Port is the number of the port (DEVLINK_ATTR_PORT_INDEX).
	Port uint32
}

// Map are the resources of a card of times when they were set by hand.
//
// Source: struct rtnl_link_ifmap, include/uapi/linux/if_link.h.
type Map struct {
	MemStart uint64 // begin of shared memory
	MemEnd   uint64 // end of shared memory
	BaseAddr uint64 // base of the input and output ports
	IRQ      uint16 // interrupt
	DMA      uint8  // channel of direct memory access
	Port     uint8  // medium, as the driver counts them
}

// XDP are the XDP programs of a link.
//
// Source: IFLA_XDP_* in include/uapi/linux/if_link.h.
type XDP struct {
	// Mode tells where programs are attached (IFLA_XDP_ATTACHED).
	Mode XDPMode
	// ProgramID is the id of the program, 0 if there is more than one
	// (IFLA_XDP_PROG_ID).
	ProgramID uint32
	// DriverProgramID is the id of the program in the driver, 0 for none
	// (IFLA_XDP_DRV_PROG_ID).
	DriverProgramID uint32
	// GenericProgramID is the id of the program in the network stack, 0 for none
	// (IFLA_XDP_SKB_PROG_ID).
	GenericProgramID uint32
	// HardwareProgramID is the id of the program in the hardware, 0 for none
	// (IFLA_XDP_HW_PROG_ID).
	HardwareProgramID uint32
}

// Moved is where a link went that left its network namespace.
type Moved struct {
	// NSID is the id of its new namespace, -1 if that has no id here
	// (IFLA_NEW_NETNSID).
	NSID int
	// Index is its new index, 0 if that is as it was (IFLA_NEW_IFINDEX).
	Index int
}
