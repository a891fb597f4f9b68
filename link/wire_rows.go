package link

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
)

// A maskedBit is one of the booleans that share an attribute.
type maskedBit[T any] struct {
	bit   uint32
	field func(*T) **bool
}

// maskedBits is a row of two words: the values of some bits, and which bits these
// are. Fields that are nil are not among them.
func maskedBits[T any](typ uint16, name string, fields []maskedBit[T]) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			var bits, mask uint32
			for _, f := range fields {
				if on := *f.field(v); on != nil {
					mask |= f.bit
					if *on {
						bits |= f.bit
					}
				}
			}
			if mask == 0 {
				return b, nil
			}
			p := binary.NativeEndian.AppendUint32(nil, bits)
			return attr.AppendBytes(b, typ, binary.NativeEndian.AppendUint32(p, mask)), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 8 {
				return short(p, 8)
			}
			bits, mask := binary.NativeEndian.Uint32(p), binary.NativeEndian.Uint32(p[4:])
			for _, f := range fields {
				*f.field(v) = nil
				if mask&f.bit != 0 {
					*f.field(v) = new(bits&f.bit != 0)
				}
			}
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		for _, f := range fields {
			*f.field(v) = new(r.IntN(2) == 1)
		}
	})
}

// short is the error of a payload that holds less than a struct.
func short(p []byte, want int) error {
	return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(p), want)
}

// familyAddr is a row of an IP address that has one attribute for each family: it
// is sent if the address is of this one, and both rows fill the same field.
func familyAddr[T any](typ uint16, name string, v6 bool, field func(*T) *netip.Addr) attr.Row[T] {
	width := 4
	if v6 {
		width = 16
	}
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			a := *field(v)
			if !a.IsValid() || a.Unmap().Is6() != v6 {
				return b, nil
			}
			if a.Zone() != "" {
				return b, attr.Refuse("%v has a zone", a)
			}
			return attr.AppendAddr(b, typ, a.Unmap()), nil
		},
		func(p []byte, v *T) error {
			if len(p) != width {
				return short(p, width)
			}
			*field(v), _ = netip.AddrFromSlice(p)
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		if p := make([]byte, width); r.IntN(2) == 1 {
			for i := range p {
				p[i] = byte(1 + r.IntN(255)) // never a mapped address
			}
			*field(v), _ = netip.AddrFromSlice(p)
		}
	})
}

// portRange is a row of two ports in network byte order.
func portRange[T any](typ uint16, name string, field func(*T) *PortRange) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			r := *field(v)
			if r == (PortRange{}) {
				return b, nil
			}
			if r.Low > r.High {
				return b, attr.Refuse("the range from %d to %d is empty", r.Low, r.High)
			}
			p := binary.BigEndian.AppendUint16(nil, r.Low)
			return attr.AppendBytes(b, typ, binary.BigEndian.AppendUint16(p, r.High)), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			*field(v) = PortRange{binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])}
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		low := 1 + r.IntN(1000)
		*field(v) = PortRange{uint16(low), uint16(low + r.IntN(1000))}
	})
}

// flagOrUint8 is a row of a boolean that is written as a flag, whose presence
// means true, and read as a number.
func flagOrUint8[T any](typ uint16, name string, field func(*T) *bool) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if *field(v) {
				b = attr.AppendBytes(b, typ, nil)
			}
			return b, nil
		},
		func(p []byte, v *T) error {
			*field(v) = len(p) == 0 || p[0] != 0
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = r.IntN(2) == 1 })
}

// named is a row of an attribute that is only named: for errors.
func named[T any](typ uint16, name string) attr.Row[T] {
	return attr.Custom[T](typ, name, nil, nil)
}

// macOf is a row of an Ethernet address.
func macOf[T any](typ uint16, name string, field func(*T) *net.HardwareAddr) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			a := *field(v)
			if len(a) == 0 {
				return b, nil
			}
			if len(a) != 6 {
				return b, attr.Refuse("%v is no Ethernet address", a)
			}
			return attr.AppendBytes(b, typ, a), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 6 {
				return short(p, 6)
			}
			*field(v) = append(net.HardwareAddr(nil), p[:6]...)
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = randomMAC(r) })
}

func randomMAC(r *rand.Rand) net.HardwareAddr {
	a := make(net.HardwareAddr, 6)
	for i := range a {
		a[i] = byte(r.Uint32())
	}
	return a
}

// optBool32 is a row of a boolean in 32 bits where false is a value: nil is not
// sent.
func optBool32[T any](typ uint16, name string, field func(*T) **bool) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			on := *field(v)
			if on == nil {
				return b, nil
			}
			var n uint32
			if *on {
				n = 1
			}
			return attr.AppendUint32(b, typ, n), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			*field(v) = new(binary.NativeEndian.Uint32(p) != 0)
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = new(r.IntN(2) == 1) })
}
