package link

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Flags are the state of a link and what it can do. They print as
// "up|broadcast|0x80000": iproute2's words in lower case, and unknown bits.
//
// Source: IFF_*, include/uapi/linux/if.h.
type Flags uint32

// The flags of a link.
const (
	FlagUp           Flags = uapi.IFF_UP          // IFF_UP: the administrator wants it up
	FlagBroadcast    Flags = uapi.IFF_BROADCAST   // IFF_BROADCAST: it has a broadcast address
	FlagDebug        Flags = uapi.IFF_DEBUG       // IFF_DEBUG: the driver says more
	FlagLoopback     Flags = uapi.IFF_LOOPBACK    // IFF_LOOPBACK: it is a loopback
	FlagPointToPoint Flags = uapi.IFF_POINTOPOINT // IFF_POINTOPOINT: it has one other end
	FlagNoTrailers   Flags = uapi.IFF_NOTRAILERS  // IFF_NOTRAILERS: unused
	FlagRunning      Flags = uapi.IFF_RUNNING     // IFF_RUNNING: it can carry packets
	FlagNoARP        Flags = uapi.IFF_NOARP       // IFF_NOARP: it needs no ARP
	FlagPromisc      Flags = uapi.IFF_PROMISC     // IFF_PROMISC: the administrator wants all packets
	FlagAllMulti     Flags = uapi.IFF_ALLMULTI    // IFF_ALLMULTI: the administrator wants all multicast packets
	FlagMaster       Flags = uapi.IFF_MASTER      // IFF_MASTER: it is a bond
	FlagSlave        Flags = uapi.IFF_SLAVE       // IFF_SLAVE: it is a port of a bond
	FlagMulticast    Flags = uapi.IFF_MULTICAST   // IFF_MULTICAST: it can do multicast
	FlagPortSel      Flags = uapi.IFF_PORTSEL     // IFF_PORTSEL: it can choose its medium
	FlagAutoMedia    Flags = uapi.IFF_AUTOMEDIA   // IFF_AUTOMEDIA: it chooses its medium
	FlagDynamic      Flags = uapi.IFF_DYNAMIC     // IFF_DYNAMIC: it loses its addresses when it goes down
	FlagLowerUp      Flags = uapi.IFF_LOWER_UP    // IFF_LOWER_UP: the hardware has a signal
	FlagDormant      Flags = uapi.IFF_DORMANT     // IFF_DORMANT: it waits for an event
	FlagEcho         Flags = uapi.IFF_ECHO        // IFF_ECHO: it repeats what it sends (CAN)
)

var flagNames = enum.Flags[Flags]{
	Type: "Flags",
	Words: []enum.Word[Flags]{
		{Value: FlagUp, Name: "up"}, {Value: FlagBroadcast, Name: "broadcast"},
		{Value: FlagDebug, Name: "debug"}, {Value: FlagLoopback, Name: "loopback"},
		{Value: FlagPointToPoint, Name: "pointopoint"}, {Value: FlagNoTrailers, Name: "notrailers"},
		{Value: FlagRunning, Name: "running"}, {Value: FlagNoARP, Name: "noarp"},
		{Value: FlagPromisc, Name: "promisc"}, {Value: FlagAllMulti, Name: "allmulti"},
		{Value: FlagMaster, Name: "master"}, {Value: FlagSlave, Name: "slave"},
		{Value: FlagMulticast, Name: "multicast"}, {Value: FlagPortSel, Name: "portsel"},
		{Value: FlagAutoMedia, Name: "automedia"}, {Value: FlagDynamic, Name: "dynamic"},
		{Value: FlagLowerUp, Name: "lower_up"}, {Value: FlagDormant, Name: "dormant"},
		{Value: FlagEcho, Name: "echo"},
	},
}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns the flags as words: "up|broadcast|multicast|0x80000".
func (f Flags) String() string { return flagNames.String(f) }

// MarshalText is String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *Flags) UnmarshalText(text []byte) error { return flagNames.Parse(text, f) }

// OperState tells whether a link can carry packets (RFC 2863).
//
// Source: IF_OPER_*, include/uapi/linux/if.h.
type OperState uint8

// The states of a link.
const (
	OperUnknown        OperState = uapi.IF_OPER_UNKNOWN        // IF_OPER_UNKNOWN: the driver does not say; it may work
	OperNotPresent     OperState = uapi.IF_OPER_NOTPRESENT     // IF_OPER_NOTPRESENT: parts are missing
	OperDown           OperState = uapi.IF_OPER_DOWN           // IF_OPER_DOWN: it is down
	OperLowerLayerDown OperState = uapi.IF_OPER_LOWERLAYERDOWN // IF_OPER_LOWERLAYERDOWN: the link below is down
	OperTesting        OperState = uapi.IF_OPER_TESTING        // IF_OPER_TESTING: it is being tested
	OperDormant        OperState = uapi.IF_OPER_DORMANT        // IF_OPER_DORMANT: it waits for an event, such as 802.1X
	OperUp             OperState = uapi.IF_OPER_UP             // IF_OPER_UP: it carries packets
)

var operStates = enum.Words[OperState]{
	Type: "OperState",
	Words: []enum.Word[OperState]{
		{Value: OperUnknown, Name: "unknown"}, {Value: OperNotPresent, Name: "notpresent"},
		{Value: OperDown, Name: "down"}, {Value: OperLowerLayerDown, Name: "lowerlayerdown"},
		{Value: OperTesting, Name: "testing"}, {Value: OperDormant, Name: "dormant"}, {Value: OperUp, Name: "up"},
	},
}

// String returns iproute2's word in lower case, such as "lowerlayerdown".
func (s OperState) String() string { return operStates.String(s) }

// MarshalText is String.
func (s OperState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *OperState) UnmarshalText(text []byte) error { return operStates.Parse(text, s) }

// Mode tells what OperState a link gets when it has a carrier.
//
// Source: IF_LINK_MODE_*, include/uapi/linux/if.h.
type Mode uint8

// The modes of a link.
const (
	ModeDefault Mode = uapi.IF_LINK_MODE_DEFAULT // IF_LINK_MODE_DEFAULT: up
	ModeDormant Mode = uapi.IF_LINK_MODE_DORMANT // IF_LINK_MODE_DORMANT: dormant, until a program says up
	ModeTesting Mode = uapi.IF_LINK_MODE_TESTING // IF_LINK_MODE_TESTING: testing, until a program says up
)

var modes = enum.Words[Mode]{
	Type: "Mode",
	Words: []enum.Word[Mode]{
		{Value: ModeDefault, Name: "default"}, {Value: ModeDormant, Name: "dormant"}, {Value: ModeTesting, Name: "testing"},
	},
}

// String returns iproute2's word in lower case.
func (m Mode) String() string { return modes.String(m) }

// MarshalText is String.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *Mode) UnmarshalText(text []byte) error { return modes.Parse(text, m) }

// HardwareType is the type of a link's hardware address and framing.
//
// Source: ARPHRD_*, include/uapi/linux/if_arp.h.
type HardwareType uint16

// The types that most links have.
const (
	TypeEther             HardwareType = uapi.ARPHRD_ETHER              // ARPHRD_ETHER: Ethernet
	TypeInfiniBand        HardwareType = uapi.ARPHRD_INFINIBAND         // ARPHRD_INFINIBAND: InfiniBand
	TypeCAN               HardwareType = uapi.ARPHRD_CAN                // ARPHRD_CAN: controller area network
	TypePPP               HardwareType = uapi.ARPHRD_PPP                // ARPHRD_PPP: point to point
	TypeTunnel            HardwareType = uapi.ARPHRD_TUNNEL             // ARPHRD_TUNNEL: IPv4 in IPv4
	TypeTunnel6           HardwareType = uapi.ARPHRD_TUNNEL6            // ARPHRD_TUNNEL6: IP in IPv6
	TypeLoopback          HardwareType = uapi.ARPHRD_LOOPBACK           // ARPHRD_LOOPBACK: the loopback
	TypeSIT               HardwareType = uapi.ARPHRD_SIT                // ARPHRD_SIT: IPv6 in IPv4
	TypeIPGRE             HardwareType = uapi.ARPHRD_IPGRE              // ARPHRD_IPGRE: GRE over IPv4
	TypeIP6GRE            HardwareType = uapi.ARPHRD_IP6GRE             // ARPHRD_IP6GRE: GRE over IPv6
	TypeRawIP             HardwareType = uapi.ARPHRD_RAWIP              // ARPHRD_RAWIP: packets without a header of the link
	TypeNetlink           HardwareType = uapi.ARPHRD_NETLINK            // ARPHRD_NETLINK: netlink messages (nlmon)
	TypeIEEE1394          HardwareType = uapi.ARPHRD_IEEE1394           // ARPHRD_IEEE1394: FireWire
	TypePIMReg            HardwareType = uapi.ARPHRD_PIMREG             // ARPHRD_PIMREG: packets for a multicast router (PIM register)
	TypeIEEE80211         HardwareType = uapi.ARPHRD_IEEE80211          // ARPHRD_IEEE80211: wireless LAN, without Ethernet's framing
	TypeIEEE80211Prism    HardwareType = uapi.ARPHRD_IEEE80211_PRISM    // ARPHRD_IEEE80211_PRISM: wireless LAN with a Prism header, to monitor it
	TypeIEEE80211Radiotap HardwareType = uapi.ARPHRD_IEEE80211_RADIOTAP // ARPHRD_IEEE80211_RADIOTAP: wireless LAN with a radiotap header, to monitor it
	TypeIEEE802154        HardwareType = uapi.ARPHRD_IEEE802154         // ARPHRD_IEEE802154: low-rate wireless network
	TypeIEEE802154Monitor HardwareType = uapi.ARPHRD_IEEE802154_MONITOR // ARPHRD_IEEE802154_MONITOR: low-rate wireless network, to monitor it
	TypePhonet            HardwareType = uapi.ARPHRD_PHONET             // ARPHRD_PHONET: Phonet, to a modem
	TypePhonetPipe        HardwareType = uapi.ARPHRD_PHONET_PIPE        // ARPHRD_PHONET_PIPE: a Phonet pipe
	TypeCAIF              HardwareType = uapi.ARPHRD_CAIF               // ARPHRD_CAIF: CAIF, to a modem
	Type6LoWPAN           HardwareType = uapi.ARPHRD_6LOWPAN            // ARPHRD_6LOWPAN: IPv6 over a low-rate wireless network
	TypeNone              HardwareType = uapi.ARPHRD_NONE               // ARPHRD_NONE: no address
)

var hardwareTypes = enum.Words[HardwareType]{
	Type: "HardwareType",
	Words: []enum.Word[HardwareType]{
		{Value: TypeEther, Name: "ether"}, {Value: TypeInfiniBand, Name: "infiniband"}, {Value: TypeCAN, Name: "can"},
		{Value: TypePPP, Name: "ppp"}, {Value: TypeTunnel, Name: "ipip"}, {Value: TypeTunnel6, Name: "tunnel6"},
		{Value: TypeLoopback, Name: "loopback"}, {Value: TypeSIT, Name: "sit"}, {Value: TypeIPGRE, Name: "gre"},
		{Value: TypeIP6GRE, Name: "gre6"}, {Value: TypeRawIP, Name: "rawip"}, {Value: TypeNetlink, Name: "netlink"},
		{Value: TypeNone, Name: "none"},
		{Value: TypeIEEE1394, Name: "ieee1394"}, {Value: TypePIMReg, Name: "pimreg"},
		{Value: TypeIEEE80211, Name: "ieee802.11"}, {Value: TypeIEEE80211Prism, Name: "ieee802.11/prism"},
		{Value: TypeIEEE80211Radiotap, Name: "ieee802.11/radiotap"}, {Value: TypeIEEE802154, Name: "ieee802.15.4"},
		{Value: TypeIEEE802154Monitor, Name: "ieee802.15.4/monitor"}, {Value: TypePhonet, Name: "phonet"},
		{Value: TypePhonetPipe, Name: "phonet_pipe"}, {Value: TypeCAIF, Name: "caif"},
		{Value: Type6LoWPAN, Name: "6lowpan"},
	},
}

// String returns iproute2's word, such as "ether".
func (t HardwareType) String() string { return hardwareTypes.String(t) }

// MarshalText is String.
func (t HardwareType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what String returned.
func (t *HardwareType) UnmarshalText(text []byte) error { return hardwareTypes.Parse(text, t) }

// AddrGenMode tells how a link makes its link-local IPv6 addresses.
//
// Source: IN6_ADDR_GEN_MODE_*, include/uapi/linux/if_link.h.
type AddrGenMode uint8

// The ways to make link-local addresses.
const (
	AddrGenEUI64         AddrGenMode = uapi.IN6_ADDR_GEN_MODE_EUI64          // IN6_ADDR_GEN_MODE_EUI64: from the hardware address
	AddrGenNone          AddrGenMode = uapi.IN6_ADDR_GEN_MODE_NONE           // IN6_ADDR_GEN_MODE_NONE: not at all
	AddrGenStablePrivacy AddrGenMode = uapi.IN6_ADDR_GEN_MODE_STABLE_PRIVACY // IN6_ADDR_GEN_MODE_STABLE_PRIVACY: from a secret, which must be set (RFC 7217)
	AddrGenRandom        AddrGenMode = uapi.IN6_ADDR_GEN_MODE_RANDOM         // IN6_ADDR_GEN_MODE_RANDOM: from a secret that the kernel makes up
)

var addrGenModes = enum.Words[AddrGenMode]{
	Type: "AddrGenMode",
	Words: []enum.Word[AddrGenMode]{
		{Value: AddrGenEUI64, Name: "eui64"}, {Value: AddrGenNone, Name: "none"},
		{Value: AddrGenStablePrivacy, Name: "stable_secret"}, {Value: AddrGenRandom, Name: "random"},
	},
}

// String returns iproute2's word, such as "eui64".
func (m AddrGenMode) String() string { return addrGenModes.String(m) }

// MarshalText is String.
func (m AddrGenMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *AddrGenMode) UnmarshalText(text []byte) error { return addrGenModes.Parse(text, m) }

// Inet6Flags are the state of IPv6 on a link.
//
// Source: IF_*, include/net/if_inet6.h.
type Inet6Flags uint32

// The flags of IPv6 on a link.
const (
	Inet6SolicitationSent Inet6Flags = uapi.IF_RS_SENT      // IF_RS_SENT: a router was asked for
	Inet6RAReceived       Inet6Flags = uapi.IF_RA_RCVD      // IF_RA_RCVD: a router answered
	Inet6RAManaged        Inet6Flags = uapi.IF_RA_MANAGED   // IF_RA_MANAGED: the router says that addresses come by DHCPv6
	Inet6RAOtherConf      Inet6Flags = uapi.IF_RA_OTHERCONF // IF_RA_OTHERCONF: the router says that other settings come by DHCPv6
	Inet6Ready            Inet6Flags = uapi.IF_READY        // IF_READY: IPv6 works
)

var inet6FlagNames = enum.Flags[Inet6Flags]{
	Type: "Inet6Flags",
	Words: []enum.Word[Inet6Flags]{
		{Value: Inet6SolicitationSent, Name: "rs_sent"}, {Value: Inet6RAReceived, Name: "ra_rcvd"},
		{Value: Inet6RAManaged, Name: "ra_managed"}, {Value: Inet6RAOtherConf, Name: "ra_otherconf"},
		{Value: Inet6Ready, Name: "ready"},
	},
}

// String returns the flags as words: "rs_sent|ready".
func (f Inet6Flags) String() string { return inet6FlagNames.String(f) }

// MarshalText is String.
func (f Inet6Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *Inet6Flags) UnmarshalText(text []byte) error { return inet6FlagNames.Parse(text, f) }

// XDPMode tells where an XDP program runs.
//
// Source: XDP_ATTACHED_*, include/uapi/linux/if_link.h.
type XDPMode uint8

// Where XDP programs run.
const (
	XDPNone     XDPMode = uapi.XDP_ATTACHED_NONE  // XDP_ATTACHED_NONE: there is none
	XDPDriver   XDPMode = uapi.XDP_ATTACHED_DRV   // XDP_ATTACHED_DRV: in the driver
	XDPGeneric  XDPMode = uapi.XDP_ATTACHED_SKB   // XDP_ATTACHED_SKB: in the network stack
	XDPHardware XDPMode = uapi.XDP_ATTACHED_HW    // XDP_ATTACHED_HW: in the hardware
	XDPMulti    XDPMode = uapi.XDP_ATTACHED_MULTI // XDP_ATTACHED_MULTI: in more than one place
)

var xdpModes = enum.Words[XDPMode]{
	Type: "XDPMode",
	Words: []enum.Word[XDPMode]{
		{Value: XDPNone, Name: "none"}, {Value: XDPDriver, Name: "xdp"}, {Value: XDPGeneric, Name: "xdpgeneric"},
		{Value: XDPHardware, Name: "xdpoffload"}, {Value: XDPMulti, Name: "xdpmulti"},
	},
}

// String returns iproute2's word, such as "xdpgeneric".
func (m XDPMode) String() string { return xdpModes.String(m) }

// MarshalText is String.
func (m XDPMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *XDPMode) UnmarshalText(text []byte) error { return xdpModes.Parse(text, m) }

// EventReason is why the kernel sent an event of a link.
//
// Source: IFLA_EVENT_*, include/uapi/linux/if_link.h.
type EventReason uint32

// The reasons of events.
const (
	ReasonNone            EventReason = uapi.IFLA_EVENT_NONE             // IFLA_EVENT_NONE: none in particular
	ReasonReboot          EventReason = uapi.IFLA_EVENT_REBOOT           // IFLA_EVENT_REBOOT: the link started anew
	ReasonFeatures        EventReason = uapi.IFLA_EVENT_FEATURES         // IFLA_EVENT_FEATURES: its offloads changed
	ReasonBondingFailover EventReason = uapi.IFLA_EVENT_BONDING_FAILOVER // IFLA_EVENT_BONDING_FAILOVER: another port of a bond became the active one
	ReasonNotifyPeers     EventReason = uapi.IFLA_EVENT_NOTIFY_PEERS     // IFLA_EVENT_NOTIFY_PEERS: its addresses were announced again
	ReasonIGMPResend      EventReason = uapi.IFLA_EVENT_IGMP_RESEND      // IFLA_EVENT_IGMP_RESEND: its multicast groups were joined again
	ReasonBondingOptions  EventReason = uapi.IFLA_EVENT_BONDING_OPTIONS  // IFLA_EVENT_BONDING_OPTIONS: settings of a bond changed
)

var eventReasons = enum.Words[EventReason]{
	Type: "EventReason",
	Words: []enum.Word[EventReason]{
		{Value: ReasonNone, Name: "none"}, {Value: ReasonReboot, Name: "reboot"},
		{Value: ReasonFeatures, Name: "feature change"}, {Value: ReasonBondingFailover, Name: "bonding failover"},
		{Value: ReasonNotifyPeers, Name: "notify peers"}, {Value: ReasonIGMPResend, Name: "resend igmp"},
		{Value: ReasonBondingOptions, Name: "bonding option"},
	},
}

// String returns iproute2's words in lower case, such as "notify peers".
func (r EventReason) String() string { return eventReasons.String(r) }

// MarshalText is String.
func (r EventReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String returned.
func (r *EventReason) UnmarshalText(text []byte) error { return eventReasons.Parse(text, r) }
