package link

import (
	"math"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
)

// GRE is a tunnel that carries IP and other protocols in GRE over IPv4. `ip link add
// NAME type gre remote ADDR local ADDR`
//
// No two links of the kind have the same ends, Parent and IKey: [Add] and [Set]
// return [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Encap, IgnoreDF, FWMark and External stay as they are. Start from what
// [Get] returned to change one of them. Set cannot give a link its first Remote or
// take it away, nor make it External, although older kernels then say that it is. The
// link gre0 can't be changed.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type GRE struct {
	// Remote is the other end: a host or a multicast group; not set, routes and
	// neighbours tell it for each packet (IFLA_GRE_REMOTE).
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
	// settings. There is one such link of a kind; it has no Encap. The default is
	// false (IFLA_GRE_COLLECT_METADATA).
	External bool
}

// Kind returns "gre".
func (*GRE) Kind() string { return "gre" }

func (*GRE) addressLen() int { return 4 }

func (v *GRE) appendData(b []byte) ([]byte, error) { return greAttrs.Append(b, v) }

var greAttrs = greTable(func(v *GRE) *GRE { return v })

// greTable is the table that [GRE] and [GRETap] have.
func greTable[T any](as func(*T) *GRE) attr.Table[T] {
	return gre4Rows(func(t *T) greFields {
		v := as(t)
		return greFields{
			parent: &v.Parent, local: &v.Local, remote: &v.Remote, ttl: &v.TTL, encap: &v.Encap, external: &v.External,
			in:  greDirection{&v.IKey, &v.ISeq, &v.IChecksum, math.MaxUint32},
			out: greDirection{&v.OKey, &v.OSeq, &v.OChecksum, math.MaxUint32},
			tos: &v.TOS, pmtuDisc: &v.PMTUDisc, ignoreDF: &v.IgnoreDF, fwMark: &v.FWMark,
		}
	})
}
