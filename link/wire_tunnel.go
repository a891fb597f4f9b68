package link

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// endpoint4 is a row of an end of a tunnel over IPv4. The kernel reports an end that
// is not set as 0.0.0.0, which is read as no address and never sent.
func endpoint4[T any](typ uint16, name string, field func(*T) *netip.Addr) attr.Row[T] {
	return endpoint(typ, name, false, field)
}

// endpoint6 is a row of an end of a tunnel over IPv6, as endpoint4 is.
func endpoint6[T any](typ uint16, name string, field func(*T) *netip.Addr) attr.Row[T] {
	return endpoint(typ, name, true, field)
}

func endpoint[T any](typ uint16, name string, v6 bool, field func(*T) *netip.Addr) attr.Row[T] {
	family, width := "IPv4", 4
	if v6 {
		family, width = "IPv6", 16
	}
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			a := field(v).Unmap()
			switch {
			case !a.IsValid():
				return b, nil
			case a.Is6() != v6:
				return b, attr.Refuse("%v is not an %s address", a, family)
			case a.Zone() != "":
				return b, attr.Refuse("%v has a zone", a)
			case a.IsUnspecified():
				return b, nil
			}
			return attr.AppendAddr(b, typ, a), nil
		},
		func(p []byte, v *T) error {
			if len(p) != width {
				return short(p, width)
			}
			a, _ := netip.AddrFromSlice(p)
			if *field(v) = a; a.IsUnspecified() {
				*field(v) = netip.Addr{}
			}
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		p := make([]byte, width)
		for i := range p {
			p[i] = byte(1 + r.IntN(255)) // never a mapped address
		}
		*field(v), _ = netip.AddrFromSlice(p)
	})
}

// encapRow is a row of one part of an encapsulation, of which the kernel takes all
// parts or none: each is sent if there is one.
func encapRow[T any, V ~uint16](typ uint16, name string, order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}, field func(*T) **TunnelEncap, part func(*TunnelEncap) *V) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if e := *field(v); e != nil {
				b = attr.AppendBytes(b, typ, order.AppendUint16(nil, uint16(*part(e))))
			}
			return b, nil
		},
		func(p []byte, v *T) error {
			if len(p) < 2 {
				return short(p, 2)
			}
			*part(made(field(v))) = V(order.Uint16(p))
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *part(made(field(v))) = V(r.Uint32N(4)) })
}

// made returns what p points to, after making it if there is nothing.
func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

func encapType(e *TunnelEncap) *TunnelEncapType   { return &e.Type }
func encapFlags(e *TunnelEncap) *TunnelEncapFlags { return &e.Flags }
func encapSrcPort(e *TunnelEncap) *uint16         { return &e.SrcPort }
func encapDstPort(e *TunnelEncap) *uint16         { return &e.DstPort }

// flowInfo is a row of the first word of an IPv6 header: the traffic class and the
// flow label.
func flowInfo[T any](typ uint16, name string, class func(*T) *uint8, label func(*T) *uint32) attr.Row[T] {
	const maxLabel = 0xfffff
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if *label(v) > maxLabel {
				return b, attr.Refuse("%#x is too large for a flow label", *label(v))
			}
			if *class(v) == 0 && *label(v) == 0 {
				return b, nil
			}
			return attr.AppendBE32(b, typ, uint32(*class(v))<<20|*label(v)), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			word := binary.BigEndian.Uint32(p)
			*class(v), *label(v) = uint8(word>>20), word&maxLabel
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *class(v), *label(v) = uint8(r.Uint32()), r.Uint32N(maxLabel+1) })
}

// ip6TnlFlags is a row of flags among which the kernel notes what it found out about
// the addresses. That is not read, and the kernel would not take it.
func ip6TnlFlags[T any](typ uint16, name string, field func(*T) *IP6TnlFlags) attr.Row[T] {
	const noted = uapi.IP6_TNL_F_CAP_XMIT | uapi.IP6_TNL_F_CAP_RCV | uapi.IP6_TNL_F_CAP_PER_PACKET
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if f := *field(v); f != 0 {
				b = attr.AppendUint32(b, typ, uint32(f))
			}
			return b, nil
		},
		func(p []byte, v *T) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			*field(v) = IP6TnlFlags(binary.NativeEndian.Uint32(p)) &^ noted
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = IP6TnlFlags(r.Uint32()) &^ noted })
}
