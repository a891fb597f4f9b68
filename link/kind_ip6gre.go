package link

import (
	"math"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
)

// IP6GRE is a tunnel that carries IP and other protocols in GRE over IPv6. `ip link
// add NAME type ip6gre remote ADDR local ADDR`
//
// No two links of the kind have the same ends, Parent and IKey: [Add] and [Set]
// return [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Encap stays as it is where it is not set, and External always. Start
// from what [Get] returned to change one of them. The link ip6gre0 can't be changed.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type IP6GRE struct {
	// Remote is the other end: a host or a multicast group; not set, routes and
	// neighbours tell it for each packet (IFLA_GRE_REMOTE).
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

	// IKey is the key that received packets must have; nil receives those without
	// one (IFLA_GRE_IKEY, and GRE_KEY in IFLA_GRE_IFLAGS).
	IKey *uint32
	// OKey is the key of packets that are sent; nil for none (IFLA_GRE_OKEY, and
	// GRE_KEY in IFLA_GRE_OFLAGS).
	OKey *uint32
	// ISeq drops received packets that are not in sequence; the default is false
	// (GRE_SEQ in IFLA_GRE_IFLAGS).
	ISeq bool
	// OSeq numbers the packets that are sent; the default is false (GRE_SEQ in
	// IFLA_GRE_OFLAGS).
	OSeq bool
	// IChecksum drops received packets without a checksum; the default is false
	// (GRE_CSUM in IFLA_GRE_IFLAGS).
	IChecksum bool
	// OChecksum sends packets with a checksum; the default is false (GRE_CSUM in
	// IFLA_GRE_OFLAGS).
	OChecksum bool

	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_GRE_ENCAP_TYPE, IFLA_GRE_ENCAP_FLAGS, IFLA_GRE_ENCAP_SPORT,
	// IFLA_GRE_ENCAP_DPORT).
	Encap *TunnelEncap
	// External makes routes and filters say where each packet goes, with which
	// settings. There is one such link among those of [IP6GRE] and [IP6GRETap]. The
	// default is false (IFLA_GRE_COLLECT_METADATA).
	External bool
}

// Kind returns "ip6gre".
func (*IP6GRE) Kind() string { return "ip6gre" }

func (*IP6GRE) addressLen() int { return 16 }

func (v *IP6GRE) appendData(b []byte) ([]byte, error) { return ip6greAttrs.Append(b, v) }

var ip6greAttrs = ip6greTable(func(v *IP6GRE) *IP6GRE { return v })

// ip6greTable is the table that [IP6GRE] and [IP6GRETap] have.
func ip6greTable[T any](as func(*T) *IP6GRE) attr.Table[T] {
	return gre6Rows(func(t *T) greFields {
		v := as(t)
		return greFields{
			parent: &v.Parent, local: &v.Local, remote: &v.Remote, ttl: &v.TTL, encap: &v.Encap, external: &v.External,
			in:         greDirection{&v.IKey, &v.ISeq, &v.IChecksum, math.MaxUint32},
			out:        greDirection{&v.OKey, &v.OSeq, &v.OChecksum, math.MaxUint32},
			encapLimit: &v.EncapLimit, trafficClass: &v.TrafficClass, flowLabel: &v.FlowLabel, flags: &v.Flags, fwMark6: &v.FWMark,
		}
	})
}
