package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IP6ERSPAN is a tunnel that carries mirrored Ethernet frames in GRE over IPv6. `ip
// link add NAME type ip6erspan seq key ID remote ADDR local ADDR`
//
// The kernel insists on a key and on sequence numbers in one direction at least, so
// that without External keys of 0 and OSeq are sent where none is set.
//
// No two links of the kind have the same ends, Parent and IKey: [Add] and [Set]
// return [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Encap stays as it is where it is not set, and External always. Start
// from what [Get] returned to change one of them.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type IP6ERSPAN struct {
	// Remote is the other end (IFLA_GRE_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_GRE_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_GRE_LINK).
	Parent int
	// TTL is the hop limit of the packets; 0, the default, takes it from the packet
	// inside. iproute2 sets 64 if not told otherwise (IFLA_GRE_TTL).
	TTL uint8
	// EncapLimit is how many more tunnels a packet may enter, unless Flags have
	// [IP6TnlIgnoreEncapLimit]; the default is 0. iproute2 sets 4 if not told
	// otherwise (IFLA_GRE_ENCAP_LIMIT).
	EncapLimit uint8
	// TrafficClass is that of the packets; the default is 0 (IFLA_GRE_FLOWINFO).
	TrafficClass uint8
	// FlowLabel is that of the packets, at most 0xfffff; the default is 0
	// (IFLA_GRE_FLOWINFO).
	FlowLabel uint32
	// Flags are IP6_TNL_F_*; the default is none (IFLA_GRE_FLAGS).
	Flags IP6TnlFlags
	// FWMark is the mark by which the packets are routed; the default is 0, none
	// (IFLA_GRE_FWMARK).
	FWMark uint32

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

	// Version is that of the header: 1, the default, is type II, 2 is type III
	// (IFLA_GRE_ERSPAN_VER).
	Version uint8
	// Index is the port that the frames come from, at most 0xfffff; version 1 only.
	// The default is 0 (IFLA_GRE_ERSPAN_INDEX).
	Index uint32
	// Direction tells whether the frames came or went there; version 2 only. The
	// default is [ERSPANIngress] (IFLA_GRE_ERSPAN_DIR).
	Direction ERSPANDirection
	// HWID is the engine that mirrors, at most 0x3f; version 2 only. The default is
	// 0 (IFLA_GRE_ERSPAN_HWID).
	HWID uint16

	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_GRE_ENCAP_TYPE, IFLA_GRE_ENCAP_FLAGS, IFLA_GRE_ENCAP_SPORT,
	// IFLA_GRE_ENCAP_DPORT).
	Encap *TunnelEncap
	// External makes routes and filters say where each packet goes, with which
	// settings. There is one such link. The default is false
	// (IFLA_GRE_COLLECT_METADATA).
	External bool
}

// Kind returns "ip6erspan".
func (*IP6ERSPAN) Kind() string { return "ip6erspan" }

func (v *IP6ERSPAN) appendData(b []byte) ([]byte, error) { return ip6erspanAttrs.Append(b, v) }

var ip6erspanAttrs = append(
	gre6Rows(func(v *IP6ERSPAN) greFields {
		return greFields{
			parent: &v.Parent, local: &v.Local, remote: &v.Remote, ttl: &v.TTL, encap: &v.Encap, external: &v.External,
			in:         greDirection{key: &v.IKey, seq: &v.ISeq, maxKey: erspanMaxKey},
			out:        greDirection{key: &v.OKey, seq: &v.OSeq, maxKey: erspanMaxKey},
			encapLimit: &v.EncapLimit, trafficClass: &v.TrafficClass, flowLabel: &v.FlowLabel, flags: &v.Flags, fwMark6: &v.FWMark,
			session: true,
		}
	}),
	attr.U32(uapi.IFLA_GRE_ERSPAN_INDEX, "IFLA_GRE_ERSPAN_INDEX", func(v *IP6ERSPAN) *uint32 { return &v.Index }).Max(erspanMaxIndex),
	attr.U8(uapi.IFLA_GRE_ERSPAN_VER, "IFLA_GRE_ERSPAN_VER", func(v *IP6ERSPAN) *uint8 { return &v.Version }).Max(erspanMaxVersion),
	attr.U8(uapi.IFLA_GRE_ERSPAN_DIR, "IFLA_GRE_ERSPAN_DIR", func(v *IP6ERSPAN) *ERSPANDirection { return &v.Direction }).Max(erspanMaxDirection),
	attr.U16(uapi.IFLA_GRE_ERSPAN_HWID, "IFLA_GRE_ERSPAN_HWID", func(v *IP6ERSPAN) *uint16 { return &v.HWID }).Max(erspanMaxHWID),
)
