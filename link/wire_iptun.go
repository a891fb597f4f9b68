package link

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// iptunEncap are the rows of an encapsulation.
func iptunEncap[T any](field func(*T) **TunnelEncap) attr.Table[T] {
	return attr.Table[T]{
		encapRow(uapi.IFLA_IPTUN_ENCAP_TYPE, "IFLA_IPTUN_ENCAP_TYPE", binary.NativeEndian, field, encapType),
		encapRow(uapi.IFLA_IPTUN_ENCAP_FLAGS, "IFLA_IPTUN_ENCAP_FLAGS", binary.NativeEndian, field, encapFlags),
		encapRow(uapi.IFLA_IPTUN_ENCAP_SPORT, "IFLA_IPTUN_ENCAP_SPORT", binary.BigEndian, field, encapSrcPort),
		encapRow(uapi.IFLA_IPTUN_ENCAP_DPORT, "IFLA_IPTUN_ENCAP_DPORT", binary.BigEndian, field, encapDstPort),
	}
}

// iptunPMTUDisc is a row of a setting that the kernel turns on, whatever it is told,
// where a TTL is sent: off is refused then. ttl returns what is sent, 0 for nothing.
func iptunPMTUDisc[T any](field func(*T) **bool, ttl func(*T) uint8) attr.Row[T] {
	return attr.Custom(uapi.IFLA_IPTUN_PMTUDISC, "IFLA_IPTUN_PMTUDISC",
		func(b []byte, v *T) ([]byte, error) {
			on := *field(v)
			switch {
			case on == nil:
				return b, nil
			case *on:
				return attr.AppendUint8(b, uapi.IFLA_IPTUN_PMTUDISC, 1), nil
			case ttl(v) != 0:
				return b, attr.Refuse("a TTL of %d takes a PMTUDisc of true", ttl(v))
			}
			return attr.AppendUint8(b, uapi.IFLA_IPTUN_PMTUDISC, 0), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 1 {
				return short(p, 1)
			}
			*field(v) = new(p[0] != 0)
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = new(ttl(v) != 0 || r.IntN(2) == 1) })
}

// prefixAddr is a row of the address of a prefix, of the family of none, whose length
// is in another attribute. check refuses a prefix that is set.
func prefixAddr[T any](typ uint16, name string, none netip.Addr, field func(*T) *netip.Prefix, check func(*T) error) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			p := *field(v)
			if p == (netip.Prefix{}) {
				return b, nil
			}
			if err := check(v); err != nil {
				return b, err
			}
			if p != p.Masked() || !p.IsValid() {
				return b, attr.Refuse("%v has more bits than its length says", p)
			}
			return attr.AppendAddr(b, typ, p.Addr()), nil
		},
		func(b []byte, v *T) error {
			a, _ := netip.AddrFromSlice(b)
			if a.BitLen() != none.BitLen() {
				return short(b, none.BitLen()/8)
			}
			*field(v) = netip.PrefixFrom(a, max(field(v).Bits(), 0))
			return nil
		})
}

// prefixLen is a row of the length of a prefix, whose address is in an attribute
// before it, or else is none.
func prefixLen[T any](typ uint16, name string, none netip.Addr, field func(*T) *netip.Prefix) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if p := *field(v); p.IsValid() {
				b = attr.AppendUint16(b, typ, uint16(p.Bits()))
			}
			return b, nil
		},
		func(b []byte, v *T) error {
			if len(b) < 2 {
				return short(b, 2)
			}
			a := field(v).Addr()
			if !a.IsValid() {
				a = none
			}
			bits := int(binary.NativeEndian.Uint16(b))
			if bits > none.BitLen() {
				return fmt.Errorf("%w: a prefix of %d bits", attr.ErrMalformed, bits)
			}
			*field(v) = netip.PrefixFrom(a, bits)
			return nil
		})
}
