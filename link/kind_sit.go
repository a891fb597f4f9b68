package link

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// SIT is a tunnel that carries IPv6, IPv4 or MPLS in IPv4: a configured one, 6to4,
// 6rd or ISATAP. `ip link add NAME type sit remote ADDR local ADDR`
//
// No two links of the kind have the same ends and Parent: [Add] and [Set] return
// [io/fs.ErrExist] then.
//
// [Set] replaces the settings: a field that is not set goes back to the kernel's
// default, but Protocol and ISATAP stay as they are whatever they are set to, and
// Prefix6RD, RelayPrefix6RD, Encap and FWMark where they are not set. Start from what
// [Get] returned to change one of them. Set cannot give a link its first Remote or
// take it away. The link sit0 can't be changed.
//
// The potential routers of ISATAP have no attributes: `ip tunnel prl` sets them by
// other means.
//
// Source: IFLA_IPTUN_*, include/uapi/linux/if_tunnel.h.
type SIT struct {
	// Remote is the other end; not set, the packet inside or its route tells it
	// (IFLA_IPTUN_REMOTE).
	Remote netip.Addr
	// Local is the source address; not set, the route tells it (IFLA_IPTUN_LOCAL).
	Local netip.Addr
	// Parent is the index of the link that packets leave by; 0 leaves it to the
	// routes (IFLA_IPTUN_LINK).
	Parent int
	// Protocol is what the tunnel carries: [TunnelIPv6], the kernel's default,
	// [TunnelIPv4], [TunnelMPLS] or [TunnelAny], which iproute2 sets if not told
	// otherwise (IFLA_IPTUN_PROTO).
	Protocol *TunnelProtocol
	// TTL is the hop limit of the packets, which takes PMTUDisc if it is not the
	// kernel's default, 64; 0 takes it from the packet inside (IFLA_IPTUN_TTL).
	TTL *uint8
	// TOS is the type of service of the packets, 1 to take it from the packet
	// inside; the default is 0 (IFLA_IPTUN_TOS).
	TOS uint8
	// PMTUDisc sets the bit that forbids to fragment the packets; the kernel's
	// default is true (IFLA_IPTUN_PMTUDISC).
	PMTUDisc *bool
	// FWMark is the mark by which the packets are routed; the kernel's default is 0,
	// none (IFLA_IPTUN_FWMARK).
	FWMark *uint32
	// ISATAP receives from potential routers and from hosts whose address has the
	// form of ISATAP; the default is false (SIT_ISATAP in IFLA_IPTUN_FLAGS).
	ISATAP bool
	// Prefix6RD is the IPv6 prefix behind which an IPv4 address tells the other end;
	// the kernel's default is that of the link sit0, 2002::/16 unless it was changed.
	// It takes a kernel built with CONFIG_IPV6_SIT_6RD (IFLA_IPTUN_6RD_PREFIX,
	// IFLA_IPTUN_6RD_PREFIXLEN).
	Prefix6RD netip.Prefix
	// RelayPrefix6RD is the prefix of those IPv4 addresses, which is left out of the
	// IPv6 addresses; not set, it is 0.0.0.0/0 where Prefix6RD is set
	// (IFLA_IPTUN_6RD_RELAY_PREFIX, IFLA_IPTUN_6RD_RELAY_PREFIXLEN).
	RelayPrefix6RD netip.Prefix
	// Encap puts the packets into UDP; nil for none, and for no change in [Set]
	// (IFLA_IPTUN_ENCAP_TYPE, IFLA_IPTUN_ENCAP_FLAGS, IFLA_IPTUN_ENCAP_SPORT,
	// IFLA_IPTUN_ENCAP_DPORT).
	Encap *TunnelEncap
}

const sitTTL = 64 // what the kernel takes where no TTL is sent

// Kind returns "sit".
func (*SIT) Kind() string { return "sit" }

func (*SIT) addressLen() int { return 4 }

func (v *SIT) appendData(b []byte) ([]byte, error) { return sitAttrs.Append(b, v) }

var sitAttrs = append(attr.Table[SIT]{
	attr.U32(uapi.IFLA_IPTUN_LINK, "IFLA_IPTUN_LINK", func(v *SIT) *int { return &v.Parent }).Max(maxIndex),
	endpoint4(uapi.IFLA_IPTUN_LOCAL, "IFLA_IPTUN_LOCAL", func(v *SIT) *netip.Addr { return &v.Local }),
	endpoint4(uapi.IFLA_IPTUN_REMOTE, "IFLA_IPTUN_REMOTE", func(v *SIT) *netip.Addr { return &v.Remote }),
	attr.Custom(uapi.IFLA_IPTUN_TTL, "IFLA_IPTUN_TTL",
		func(b []byte, v *SIT) ([]byte, error) {
			if v.sendsTTL() {
				b = attr.AppendUint8(b, uapi.IFLA_IPTUN_TTL, *v.TTL)
			}
			return b, nil
		},
		func(p []byte, v *SIT) error {
			if len(p) < 1 {
				return short(p, 1)
			}
			v.TTL = new(p[0])
			return nil
		}).Sample(func(r *rand.Rand, v *SIT) { v.TTL = new(uint8(r.IntN(sitTTL))) }),
	attr.U8(uapi.IFLA_IPTUN_TOS, "IFLA_IPTUN_TOS", func(v *SIT) *uint8 { return &v.TOS }),
	attr.Custom(uapi.IFLA_IPTUN_FLAGS, "IFLA_IPTUN_FLAGS",
		func(b []byte, v *SIT) ([]byte, error) {
			if v.ISATAP {
				b = attr.AppendUint16(b, uapi.IFLA_IPTUN_FLAGS, uapi.SIT_ISATAP)
			}
			return b, nil
		},
		func(p []byte, v *SIT) error {
			if len(p) < 2 {
				return short(p, 2)
			}
			v.ISATAP = binary.NativeEndian.Uint16(p)&uapi.SIT_ISATAP != 0
			return nil
		}).Sample(func(r *rand.Rand, v *SIT) { v.ISATAP = r.IntN(2) == 1 }),
	attr.OptU8(uapi.IFLA_IPTUN_PROTO, "IFLA_IPTUN_PROTO", func(v *SIT) **TunnelProtocol { return &v.Protocol }),
	iptunPMTUDisc(func(v *SIT) **bool { return &v.PMTUDisc }, func(v *SIT) uint8 {
		if v.sendsTTL() {
			return *v.TTL
		}
		return 0
	}),
	prefix6RD(uapi.IFLA_IPTUN_6RD_PREFIX, "IFLA_IPTUN_6RD_PREFIX"),
	relayPrefix6RD(uapi.IFLA_IPTUN_6RD_RELAY_PREFIX, "IFLA_IPTUN_6RD_RELAY_PREFIX"),
	prefixLen(uapi.IFLA_IPTUN_6RD_PREFIXLEN, "IFLA_IPTUN_6RD_PREFIXLEN", netip.IPv6Unspecified(), func(v *SIT) *netip.Prefix { return &v.Prefix6RD }),
	prefixLen(uapi.IFLA_IPTUN_6RD_RELAY_PREFIXLEN, "IFLA_IPTUN_6RD_RELAY_PREFIXLEN", netip.IPv4Unspecified(), func(v *SIT) *netip.Prefix { return &v.RelayPrefix6RD }),
	attr.OptU32(uapi.IFLA_IPTUN_FWMARK, "IFLA_IPTUN_FWMARK", func(v *SIT) **uint32 { return &v.FWMark }),
}, iptunEncap(func(v *SIT) **TunnelEncap { return &v.Encap })...)

// sendsTTL reports whether the TTL is sent. That of the kernel is not if PMTUDisc is
// off, which to send one would turn on.
func (v *SIT) sendsTTL() bool {
	return v.TTL != nil && (*v.TTL != sitTTL || v.PMTUDisc == nil || *v.PMTUDisc)
}

// prefix6RD is the row of the address of Prefix6RD. The kernel refuses without a word
// what this does.
func prefix6RD(typ uint16, name string) attr.Row[SIT] {
	return prefixAddr(typ, name, netip.IPv6Unspecified(), func(v *SIT) *netip.Prefix { return &v.Prefix6RD },
		func(v *SIT) error {
			prefix, suffix := v.Prefix6RD, 32-max(v.RelayPrefix6RD.Bits(), 0)
			if !prefix.Addr().Is6() || prefix.Addr().Is4In6() {
				return attr.Refuse("%v is not an IPv6 prefix", prefix)
			}
			if prefix.Bits()+suffix > 64 {
				return attr.Refuse("%v and %d bits of an IPv4 address are more than 64 bits", prefix, suffix)
			}
			return nil
		}).Sample(func(r *rand.Rand, v *SIT) {
		p := [16]byte{0x20, 1, byte(r.Uint32()), byte(r.Uint32())}
		v.Prefix6RD = netip.PrefixFrom(netip.AddrFrom16(p), 1+r.IntN(32)).Masked()
	})
}

// relayPrefix6RD is the row of the address of RelayPrefix6RD.
func relayPrefix6RD(typ uint16, name string) attr.Row[SIT] {
	return prefixAddr(typ, name, netip.IPv4Unspecified(), func(v *SIT) *netip.Prefix { return &v.RelayPrefix6RD },
		func(v *SIT) error {
			if !v.RelayPrefix6RD.Addr().Is4() {
				return attr.Refuse("%v is not an IPv4 prefix", v.RelayPrefix6RD)
			}
			if !v.Prefix6RD.IsValid() {
				return attr.Refuse("RelayPrefix6RD takes a Prefix6RD")
			}
			return nil
		}).Sample(func(r *rand.Rand, v *SIT) {
		p := [4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		v.RelayPrefix6RD = netip.PrefixFrom(netip.AddrFrom4(p), r.IntN(33)).Masked()
	})
}
