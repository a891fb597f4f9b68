package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// ERSPAN is a tunnel that carries mirrored Ethernet frames in GRE over IPv4. `ip link
// add NAME type erspan seq key ID remote ADDR local ADDR`
//
// Versions 1 and 2 have keys and sequence numbers. The kernel insists on both in one
// direction at least, so that without External keys of 0 and OSeq are sent where none
// is set.
//
// No two links of the kind have the same ends, Parent and IKey: [Add] and [Set]
// return [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Version, Index, Direction, HWID, Encap, IgnoreDF, FWMark and External
// stay as they are. Start from what [Get] returned to change one of them. Set cannot
// make a link External, although older kernels then say that it is. The link erspan0
// can't be changed.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type ERSPAN struct {
	// Remote is the other end; not set, the link only receives (IFLA_GRE_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_GRE_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_GRE_LINK).
	Parent int
	// TTL is the hop limit of the packets; 0, the default, takes it from the packet
	// inside (IFLA_GRE_TTL).
	TTL uint8
	// TOS is the type of service of the packets, 1 to take it from the packet
	// inside; the default is 0 (IFLA_GRE_TOS).
	TOS uint8
	// PMTUDisc sets the bit that forbids to fragment the packets; the kernel's
	// default is true (IFLA_GRE_PMTUDISC).
	PMTUDisc *bool
	// IgnoreDF lets packets be fragmented whose inside forbids it. It takes a PMTUDisc
	// of false, and so does every [Set] of a link that has it. The kernel's default is
	// false (IFLA_GRE_IGNORE_DF).
	IgnoreDF *bool
	// FWMark is the mark by which the packets are routed; the kernel's default is 0,
	// none (IFLA_GRE_FWMARK).
	FWMark *uint32

	// IKey is the session that received packets must be of, at most 0x3ff
	// (IFLA_GRE_IKEY, and GRE_KEY in IFLA_GRE_IFLAGS).
	IKey *uint32
	// OKey is the session of packets that are sent, at most 0x3ff (IFLA_GRE_OKEY,
	// and GRE_KEY in IFLA_GRE_OFLAGS).
	OKey *uint32
	// ISeq drops received packets that are not in sequence; the default is false
	// (GRE_SEQ in IFLA_GRE_IFLAGS).
	ISeq bool
	// OSeq numbers the packets that are sent (GRE_SEQ in IFLA_GRE_OFLAGS).
	OSeq bool

	// Version is that of the header: 1 is type II, 2 is type III, and 0, which has no
	// key and no sequence number, is type I. The kernel's default is 1
	// (IFLA_GRE_ERSPAN_VER). Version 0: Linux 5.8.
	Version *uint8
	// Index is the port that the frames come from, at most 0xfffff; version 1 only.
	// The kernel's default is 0 (IFLA_GRE_ERSPAN_INDEX).
	Index *uint32
	// Direction tells whether the frames came or went there; version 2 only. The
	// kernel's default is [ERSPANIngress] (IFLA_GRE_ERSPAN_DIR).
	Direction *ERSPANDirection
	// HWID is the engine that mirrors, at most 0x3f; version 2 only. The kernel's
	// default is 0 (IFLA_GRE_ERSPAN_HWID).
	HWID *uint16

	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_GRE_ENCAP_TYPE, IFLA_GRE_ENCAP_FLAGS, IFLA_GRE_ENCAP_SPORT,
	// IFLA_GRE_ENCAP_DPORT).
	Encap *TunnelEncap
	// External makes routes and filters say where each packet goes, with which
	// settings. There is one such link; it has no Encap. The default is false
	// (IFLA_GRE_COLLECT_METADATA).
	External bool
}

// ERSPANDirection tells on which way mirrored frames were.
//
// Source: DIR_MASK, include/net/erspan.h.
type ERSPANDirection uint8

// On which way frames were.
const (
	ERSPANIngress ERSPANDirection = 0 // they came
	ERSPANEgress  ERSPANDirection = 1 // they went
)

var erspanDirections = enum.Words[ERSPANDirection]{
	Type:  "ERSPANDirection",
	Words: []enum.Word[ERSPANDirection]{{Value: ERSPANIngress, Name: "ingress"}, {Value: ERSPANEgress, Name: "egress"}},
}

// String returns iproute2's word: "ingress" or "egress".
func (d ERSPANDirection) String() string { return erspanDirections.String(d) }

// MarshalText is String.
func (d ERSPANDirection) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what String returned.
func (d *ERSPANDirection) UnmarshalText(text []byte) error { return erspanDirections.Parse(text, d) }

// What fits in an ERSPAN header: masks of include/net/erspan.h.
const (
	erspanMaxVersion   = 2
	erspanMaxKey       = 0x3ff   // ID_MASK
	erspanMaxIndex     = 0xfffff // INDEX_MASK
	erspanMaxDirection = 1       // DIR_MASK
	erspanMaxHWID      = 0x3f    // HWID_MASK
)

// Kind returns "erspan".
func (*ERSPAN) Kind() string { return "erspan" }

func (v *ERSPAN) appendData(b []byte) ([]byte, error) { return erspanAttrs.Append(b, v) }

var erspanAttrs = append(
	gre4Rows(func(v *ERSPAN) greFields {
		return greFields{
			parent: &v.Parent, local: &v.Local, remote: &v.Remote, ttl: &v.TTL, encap: &v.Encap, external: &v.External,
			in:  greDirection{key: &v.IKey, seq: &v.ISeq, maxKey: erspanMaxKey},
			out: greDirection{key: &v.OKey, seq: &v.OSeq, maxKey: erspanMaxKey},
			tos: &v.TOS, pmtuDisc: &v.PMTUDisc, ignoreDF: &v.IgnoreDF, fwMark: &v.FWMark,
			session: v.Version == nil || *v.Version != 0,
		}
	}),
	attr.OptU32(uapi.IFLA_GRE_ERSPAN_INDEX, "IFLA_GRE_ERSPAN_INDEX", func(v *ERSPAN) **uint32 { return &v.Index }).Max(erspanMaxIndex),
	attr.OptU8(uapi.IFLA_GRE_ERSPAN_VER, "IFLA_GRE_ERSPAN_VER", func(v *ERSPAN) **uint8 { return &v.Version }).Max(erspanMaxVersion),
	attr.OptU8(uapi.IFLA_GRE_ERSPAN_DIR, "IFLA_GRE_ERSPAN_DIR", func(v *ERSPAN) **ERSPANDirection { return &v.Direction }).Max(erspanMaxDirection),
	attr.OptU16(uapi.IFLA_GRE_ERSPAN_HWID, "IFLA_GRE_ERSPAN_HWID", func(v *ERSPAN) **uint16 { return &v.HWID }).Max(erspanMaxHWID),
)
