package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Netkit is one end of a pair of links whose packets BPF programs handle: the
// primary end, which is the one made by [Add], and the peer. Linux 6.7. `ip link add
// NAME type netkit peer name PEER`
//
// The kernel does not report the peer as such: it is the link with the index
// [Link.Parent], in the namespace [Link.ParentNSID]. [Set] can change Policy and
// PeerPolicy, of the primary end alone; for the rest the error is
// [io/fs.ErrPermission] (EACCES).
//
// Source: IFLA_NETKIT_*, include/uapi/linux/if_link.h.
type Netkit struct {
	// Peer is the other end; nil leaves its name and all else to the kernel. It is
	// sent, never read (IFLA_NETKIT_PEER_INFO).
	Peer *Peer `json:"-"`
	// Mode tells which packets the pair carries; the kernel's default is
	// [NetkitL3], where neither end can have a hardware address
	// (IFLA_NETKIT_MODE).
	Mode *NetkitMode
	// Policy is what becomes of packets that no program decides about; the kernel's
	// default is [NetkitForward] (IFLA_NETKIT_POLICY).
	Policy *NetkitPolicy
	// PeerPolicy is Policy of the peer (IFLA_NETKIT_PEER_POLICY).
	PeerPolicy *NetkitPolicy
	// Scrub tells whether packets lose their mark and priority; the kernel's default
	// is [NetkitScrubDefault] (IFLA_NETKIT_SCRUB). Linux 6.13.
	Scrub *NetkitScrub
	// PeerScrub is Scrub of the peer (IFLA_NETKIT_PEER_SCRUB). Linux 6.13.
	PeerScrub *NetkitScrub
	// Headroom is the room that both ends keep before a packet, in bytes; the
	// kernel's default is 0 (IFLA_NETKIT_HEADROOM). Linux 6.14.
	Headroom uint16
	// Tailroom is the room that both ends keep behind a packet, in bytes; the
	// kernel's default is 0 (IFLA_NETKIT_TAILROOM). Linux 6.14.
	Tailroom uint16
	// Pairing tells whether there is a peer; the kernel's default is [NetkitPair]
	// (IFLA_NETKIT_PAIRING). Linux 7.1.
	Pairing NetkitPairing
	// Primary says that this is the primary end; read (IFLA_NETKIT_PRIMARY).
	Primary bool
}

// NetkitMode tells which packets a pair of netkit links carries.
//
// Source: enum netkit_mode, include/uapi/linux/if_link.h, Linux 6.7.
type NetkitMode uint32

// Which packets a pair carries.
const (
	NetkitL2 NetkitMode = uapi.NETKIT_L2 // NETKIT_L2: Ethernet
	NetkitL3 NetkitMode = uapi.NETKIT_L3 // NETKIT_L3: IP, without neighbours
)

var netkitModes = enum.Words[NetkitMode]{
	Type:  "NetkitMode",
	Words: []enum.Word[NetkitMode]{{Value: NetkitL2, Name: "l2"}, {Value: NetkitL3, Name: "l3"}},
}

// String returns iproute2's word, "l2" or "l3".
func (m NetkitMode) String() string { return netkitModes.String(m) }

// MarshalText is String.
func (m NetkitMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *NetkitMode) UnmarshalText(text []byte) error { return netkitModes.Parse(text, m) }

// NetkitPolicy is what becomes of packets that no BPF program decides about.
//
// Source: enum netkit_action, include/uapi/linux/if_link.h, Linux 6.7.
type NetkitPolicy uint32

// What becomes of packets.
const (
	NetkitForward   NetkitPolicy = uapi.NETKIT_PASS // NETKIT_PASS: they go to the other end
	NetkitBlackhole NetkitPolicy = uapi.NETKIT_DROP // NETKIT_DROP: they are dropped
)

var netkitPolicies = enum.Words[NetkitPolicy]{
	Type:  "NetkitPolicy",
	Words: []enum.Word[NetkitPolicy]{{Value: NetkitForward, Name: "forward"}, {Value: NetkitBlackhole, Name: "blackhole"}},
}

// String returns iproute2's word, "forward" or "blackhole".
func (p NetkitPolicy) String() string { return netkitPolicies.String(p) }

// MarshalText is String.
func (p NetkitPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *NetkitPolicy) UnmarshalText(text []byte) error { return netkitPolicies.Parse(text, p) }

// NetkitScrub tells whether packets lose their mark and priority.
//
// Source: enum netkit_scrub, include/uapi/linux/if_link.h, Linux 6.13.
type NetkitScrub uint32

// Whether packets lose their mark and priority.
const (
	NetkitScrubNone    NetkitScrub = uapi.NETKIT_SCRUB_NONE    // NETKIT_SCRUB_NONE: they keep them; a BPF program may clear them
	NetkitScrubDefault NetkitScrub = uapi.NETKIT_SCRUB_DEFAULT // NETKIT_SCRUB_DEFAULT: they lose them before the programs run
)

var netkitScrubs = enum.Words[NetkitScrub]{
	Type:  "NetkitScrub",
	Words: []enum.Word[NetkitScrub]{{Value: NetkitScrubNone, Name: "none"}, {Value: NetkitScrubDefault, Name: "default"}},
}

// String returns iproute2's word, "none" or "default".
func (s NetkitScrub) String() string { return netkitScrubs.String(s) }

// MarshalText is String.
func (s NetkitScrub) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *NetkitScrub) UnmarshalText(text []byte) error { return netkitScrubs.Parse(text, s) }

// NetkitPairing tells whether a netkit link has a peer.
//
// Source: enum netkit_pairing, include/uapi/linux/if_link.h, Linux 7.1.
type NetkitPairing uint32

// Whether there is a peer.
const (
	NetkitPair   NetkitPairing = uapi.NETKIT_DEVICE_PAIR   // NETKIT_DEVICE_PAIR: there is
	NetkitSingle NetkitPairing = uapi.NETKIT_DEVICE_SINGLE // NETKIT_DEVICE_SINGLE: there is none
)

var netkitPairings = enum.Words[NetkitPairing]{
	Type:  "NetkitPairing",
	Words: []enum.Word[NetkitPairing]{{Value: NetkitPair, Name: "pair"}, {Value: NetkitSingle, Name: "single"}},
}

// String returns "pair" or "single".
func (p NetkitPairing) String() string { return netkitPairings.String(p) }

// MarshalText is String.
func (p NetkitPairing) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *NetkitPairing) UnmarshalText(text []byte) error { return netkitPairings.Parse(text, p) }

// Kind returns "netkit".
func (*Netkit) Kind() string { return "netkit" }

func (v *Netkit) appendData(b []byte) ([]byte, error) {
	if v.Pairing == NetkitSingle && (v.Peer != nil || v.PeerPolicy != nil || v.PeerScrub != nil) {
		return b, attr.Invalid("IFLA_NETKIT_PAIRING", "a single link has no peer to set up")
	}
	return netkitAttrs.Append(b, v)
}

// open returns a copy of v in which the peer's namespace is open.
func (v *Netkit) open() (Kind, func(), error) {
	peer, release, err := v.Peer.open()
	opened := *v
	opened.Peer = peer
	return &opened, release, within("IFLA_NETKIT_PEER_INFO", err)
}

var netkitAttrs = attr.Table[Netkit]{
	peerRow(uapi.IFLA_NETKIT_PEER_INFO, "IFLA_NETKIT_PEER_INFO", func(v *Netkit) **Peer { return &v.Peer }),
	attr.Bool(uapi.IFLA_NETKIT_PRIMARY, "IFLA_NETKIT_PRIMARY", func(v *Netkit) *bool { return &v.Primary }).ReadOnly(),
	attr.OptU32(uapi.IFLA_NETKIT_POLICY, "IFLA_NETKIT_POLICY", func(v *Netkit) **NetkitPolicy { return &v.Policy }),
	attr.OptU32(uapi.IFLA_NETKIT_PEER_POLICY, "IFLA_NETKIT_PEER_POLICY", func(v *Netkit) **NetkitPolicy { return &v.PeerPolicy }),
	attr.OptU32(uapi.IFLA_NETKIT_MODE, "IFLA_NETKIT_MODE", func(v *Netkit) **NetkitMode { return &v.Mode }),
	attr.OptU32(uapi.IFLA_NETKIT_SCRUB, "IFLA_NETKIT_SCRUB", func(v *Netkit) **NetkitScrub { return &v.Scrub }),
	attr.OptU32(uapi.IFLA_NETKIT_PEER_SCRUB, "IFLA_NETKIT_PEER_SCRUB", func(v *Netkit) **NetkitScrub { return &v.PeerScrub }),
	attr.U16(uapi.IFLA_NETKIT_HEADROOM, "IFLA_NETKIT_HEADROOM", func(v *Netkit) *uint16 { return &v.Headroom }),
	attr.U16(uapi.IFLA_NETKIT_TAILROOM, "IFLA_NETKIT_TAILROOM", func(v *Netkit) *uint16 { return &v.Tailroom }),
	attr.U32(uapi.IFLA_NETKIT_PAIRING, "IFLA_NETKIT_PAIRING", func(v *Netkit) *NetkitPairing { return &v.Pairing }),
}
