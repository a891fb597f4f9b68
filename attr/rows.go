package attr

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// Integer is any Go type that a row of an integer can fill: what the attribute's
// width holds is checked both ways.
type Integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~int8 | ~int16 | ~int32 | ~int64 | ~int
}

// wire is the form of an integer on the wire.
type wire struct {
	width  int
	signed bool
	big    bool
}

// U8 is an unsigned integer of 8 bits.
func U8[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 1}, field)
}

// U16 is an unsigned integer of 16 bits in host byte order.
func U16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 2}, field)
}

// U32 is an unsigned integer of 32 bits in host byte order.
func U32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 4}, field)
}

// U64 is an unsigned integer of 64 bits in host byte order.
func U64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 8}, field)
}

// S8 is a signed integer of 8 bits.
func S8[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 1, signed: true}, field)
}

// S16 is a signed integer of 16 bits in host byte order.
func S16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 2, signed: true}, field)
}

// S32 is a signed integer of 32 bits in host byte order.
func S32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 4, signed: true}, field)
}

// S64 is a signed integer of 64 bits in host byte order.
func S64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 8, signed: true}, field)
}

// BE16 is an unsigned integer of 16 bits in network byte order.
func BE16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 2, big: true}, field)
}

// BE32 is an unsigned integer of 32 bits in network byte order.
func BE32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 4, big: true}, field)
}

// BE64 is an unsigned integer of 64 bits in network byte order.
func BE64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return number(typ, name, wire{width: 8, big: true}, field)
}

// OptU8 is [U8] for a field whose zero is a value: nil is not sent.
func OptU8[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(U8[V, V](typ, name, self), field)
}

// OptU16 is [U16] for a field whose zero is a value: nil is not sent.
func OptU16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(U16[V, V](typ, name, self), field)
}

// OptU32 is [U32] for a field whose zero is a value: nil is not sent.
func OptU32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(U32[V, V](typ, name, self), field)
}

// OptU64 is [U64] for a field whose zero is a value: nil is not sent.
func OptU64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(U64[V, V](typ, name, self), field)
}

// OptS8 is [S8] for a field whose zero is a value: nil is not sent.
func OptS8[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(S8[V, V](typ, name, self), field)
}

// OptS16 is [S16] for a field whose zero is a value: nil is not sent.
func OptS16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(S16[V, V](typ, name, self), field)
}

// OptS32 is [S32] for a field whose zero is a value: nil is not sent.
func OptS32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(S32[V, V](typ, name, self), field)
}

// OptS64 is [S64] for a field whose zero is a value: nil is not sent.
func OptS64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(S64[V, V](typ, name, self), field)
}

// OptBE16 is [BE16] for a field whose zero is a value: nil is not sent.
func OptBE16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(BE16[V, V](typ, name, self), field)
}

// OptBE32 is [BE32] for a field whose zero is a value: nil is not sent.
func OptBE32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(BE32[V, V](typ, name, self), field)
}

// OptBE64 is [BE64] for a field whose zero is a value: nil is not sent.
func OptBE64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(BE64[V, V](typ, name, self), field)
}

// Bool is an attribute of 8 bits that is 0 or 1; false is not sent.
func Bool[T any](typ uint16, name string, field func(*T) *bool) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			switch on := *field(v); {
			case on:
				return AppendUint8(b, typ, 1), nil
			case always:
				return AppendUint8(b, typ, 0), nil
			}
			return b, nil
		},
		get: func(_ uint16, p []byte, v *T) error {
			n, _, err := load(p, wire{})
			*field(v) = n != 0
			return err
		},
		fill: func(r *rand.Rand, v *T) { *field(v) = r.IntN(2) == 1 },
	}
}

// OptBool is [Bool] where false is a value: nil is not sent.
func OptBool[T any](typ uint16, name string, field func(*T) **bool) Row[T] {
	return optional(Bool(typ, name, self[bool]), field)
}

// Flag is an attribute without payload, whose presence means true.
func Flag[T any](typ uint16, name string, field func(*T) *bool) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			if *field(v) {
				b = AppendBytes(b, typ, nil)
			}
			return b, nil
		},
		get:  func(_ uint16, _ []byte, v *T) error { *field(v) = true; return nil },
		fill: func(r *rand.Rand, v *T) { *field(v) = r.IntN(2) == 1 },
	}
}

// String is text with a terminating NUL. The field must not contain a NUL.
func String[T any, V ~string](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			s := string(*field(v))
			if s == "" && !always {
				return b, nil
			}
			if err := checkText(s); err != nil {
				return b, err
			}
			return AppendString(b, typ, s), nil
		},
		get: func(_ uint16, p []byte, v *T) error { *field(v) = V(text(p)); return nil },
		fill: func(r *rand.Rand, v *T) {
			s := make([]byte, 1+r.IntN(12))
			for i := range s {
				s[i] = byte('a' + r.IntN(26))
			}
			*field(v) = V(s)
		},
	}
}

// OptString is [String] where the empty string is a value: nil is not sent.
func OptString[T any, V ~string](typ uint16, name string, field func(*T) **V) Row[T] {
	return optional(String[V, V](typ, name, self).Required(), field)
}

// Bytes is a payload kept as it is; an empty one is not sent.
func Bytes[T any, V ~[]byte](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			p := *field(v)
			if len(p) == 0 && !always {
				return b, nil
			}
			if err := checkLen(len(p)); err != nil {
				return b, err
			}
			return AppendBytes(b, typ, p), nil
		},
		get:  func(_ uint16, p []byte, v *T) error { *field(v) = append(V(nil), p...); return nil },
		fill: func(r *rand.Rand, v *T) { *field(v) = V(randomBytes(r, 1+r.IntN(20))) },
	}
}

// MAC is a link-layer address of any length.
func MAC[T any](typ uint16, name string, field func(*T) *net.HardwareAddr) Row[T] {
	return Bytes(typ, name, field)
}

// Addr is an IP address of either family; the zero Addr is not sent.
func Addr[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return address(typ, name, 0, field)
}

// Addr4 is an IPv4 address; one of the other family is refused.
func Addr4[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return address(typ, name, 4, field)
}

// Addr6 is an IPv6 address; one of the other family is refused.
func Addr6[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return address(typ, name, 16, field)
}

// Seconds is a duration as a 32-bit count of seconds. A duration that is no
// whole number of them is rounded up, so that a positive one never becomes zero.
func Seconds[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return duration(typ, name, time.Second, 4, field)
}

// Millis is a duration as a 32-bit count of milliseconds, rounded up.
func Millis[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return duration(typ, name, time.Millisecond, 4, field)
}

// Ticks32 is a duration as a 32-bit count of USER_HZ ticks, which are 10 ms on
// every Linux, rounded up.
func Ticks32[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return duration(typ, name, 10*time.Millisecond, 4, field)
}

// Ticks64 is a duration as a 64-bit count of USER_HZ ticks (10 ms), rounded up.
func Ticks64[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return duration(typ, name, 10*time.Millisecond, 8, field)
}

// OptSeconds is [Seconds] where zero is a value: nil is not sent.
func OptSeconds[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return optional(Seconds(typ, name, self[time.Duration]), field)
}

// OptMillis is [Millis] where zero is a value: nil is not sent.
func OptMillis[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return optional(Millis(typ, name, self[time.Duration]), field)
}

// OptTicks32 is [Ticks32] where zero is a value: nil is not sent.
func OptTicks32[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return optional(Ticks32(typ, name, self[time.Duration]), field)
}

// OptTicks64 is [Ticks64] where zero is a value: nil is not sent.
func OptTicks64[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return optional(Ticks64(typ, name, self[time.Duration]), field)
}

// Custom is an attribute with a form of its own. put appends the whole attribute
// (see the Append functions) or, if the field is not set, nothing; nil for an
// attribute that is never sent. get stores a payload, which it must not keep.
func Custom[T any](typ uint16, name string, put func(b []byte, v *T) ([]byte, error), get func(p []byte, v *T) error) Row[T] {
	r := Row[T]{typ: typ, name: name}
	if put != nil {
		r.put = func(b []byte, v *T, _ bool) ([]byte, error) { return put(b, v) }
	}
	if get != nil {
		r.get = func(_ uint16, p []byte, v *T) error { return get(p, v) }
	}
	return r
}

// self makes a row of a type out of one of a field.
func self[V any](v *V) *V { return v }

// optional turns a row of a value into one of a pointer: present is sent, also
// when it is zero.
func optional[T, V any](r Row[V], field func(*T) **V) Row[T] {
	return Row[T]{
		typ: r.typ, name: r.name, sub: r.sub,
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			if p := *field(v); p != nil {
				return r.put(b, p, true)
			}
			return b, nil
		},
		get: func(typ uint16, p []byte, v *T) error {
			n := new(V)
			if err := r.get(typ, p, n); err != nil {
				return err
			}
			*field(v) = n
			return nil
		},
		fill: func(rnd *rand.Rand, v *T) {
			n := new(V)
			if rnd.IntN(4) > 0 { // the zero value must survive as well
				r.fill(rnd, n)
			}
			*field(v) = n
		},
		over: func(v *T, limit uint64) error {
			if p := *field(v); p != nil && r.over != nil {
				return r.over(p, limit)
			}
			return nil
		},
	}
}

func number[T any, V Integer](typ uint16, name string, w wire, field func(*T) *V) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			n := *field(v)
			if n == 0 && !always {
				return b, nil
			}
			if !fits(n, w) {
				return b, invalid(decimal(n) + " does not fit in " + w.String())
			}
			return store(b, typ, uint64(n), w), nil
		},
		get: func(_ uint16, p []byte, v *T) error {
			u, neg, err := load(p, w)
			if err != nil {
				return err
			}
			n := V(u)
			if uint64(n) != u || (n < 0) != neg {
				return malformed("%d does not fit", u)
			}
			*field(v) = n
			return nil
		},
		fill: func(r *rand.Rand, v *T) {
			for {
				if n := V(r.Uint64() >> r.IntN(64)); fits(n, w) && n != 0 {
					*field(v) = n
					return
				}
			}
		},
		over: func(v *T, limit uint64) error {
			if n := *field(v); n < 0 || uint64(n) > limit {
				return invalid(decimal(n) + " is out of range, the largest is " + decimal(limit))
			}
			return nil
		},
	}
}

func address[T any](typ uint16, name string, width int, field func(*T) *netip.Addr) Row[T] {
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, _ bool) ([]byte, error) {
			a := field(v).Unmap()
			switch {
			case !a.IsValid():
				return b, nil
			case width == 4 && !a.Is4():
				return b, invalid(a.String() + " is not an IPv4 address")
			case width == 16 && !a.Is6():
				return b, invalid(a.String() + " is not an IPv6 address")
			}
			return AppendAddr(b, typ, a), nil
		},
		get: func(_ uint16, p []byte, v *T) error {
			a, ok := netip.AddrFromSlice(p)
			if !ok || width != 0 && len(p) != width {
				return malformed("%d bytes are no IP address", len(p))
			}
			*field(v) = a
			return nil
		},
		fill: func(r *rand.Rand, v *T) {
			n := width
			if n == 0 {
				n = 4 + 12*r.IntN(2)
			}
			*field(v), _ = netip.AddrFromSlice(randomBytes(r, n))
		},
	}
}

func duration[T any](typ uint16, name string, unit time.Duration, width int, field func(*T) *time.Duration) Row[T] {
	w := wire{width: width}
	return Row[T]{
		typ: typ, name: name,
		put: func(b []byte, v *T, always bool) ([]byte, error) {
			d := *field(v)
			if d == 0 && !always {
				return b, nil
			}
			n := d / unit
			if d%unit > 0 {
				n++
			}
			if d < 0 || !fits(n, w) {
				return b, invalid(d.String() + " is out of range")
			}
			return store(b, typ, uint64(n), w), nil
		},
		get: func(_ uint16, p []byte, v *T) error {
			u, _, err := load(p, w)
			if err != nil {
				return err
			}
			// What a Duration cannot hold is, to any user of it, for ever.
			if u > uint64((1<<63-1)/unit) {
				*field(v) = 1<<63 - 1
			} else {
				*field(v) = time.Duration(u) * unit
			}
			return nil
		},
		fill: func(r *rand.Rand, v *T) { *field(v) = time.Duration(1+r.Uint32()>>r.IntN(31)) * unit },
	}
}

// load reads an integer of any width: newer kernels may widen an attribute.
func load(p []byte, w wire) (u uint64, neg bool, err error) {
	var order binary.ByteOrder = binary.NativeEndian
	if w.big {
		order = binary.BigEndian
	}
	switch len(p) {
	case 1:
		u = uint64(p[0])
	case 2:
		u = uint64(order.Uint16(p))
	case 4:
		u = uint64(order.Uint32(p))
	case 8:
		u = order.Uint64(p)
	default:
		return 0, false, malformed("%d bytes are no integer", len(p))
	}
	if w.signed {
		shift := 64 - 8*len(p)
		i := int64(u<<shift) >> shift
		return uint64(i), i < 0, nil
	}
	return u, false, nil
}

func store(b []byte, typ uint16, u uint64, w wire) []byte {
	switch {
	case w.width == 1:
		return AppendUint8(b, typ, uint8(u))
	case w.width == 2 && w.big:
		return AppendBE16(b, typ, uint16(u))
	case w.width == 2:
		return AppendUint16(b, typ, uint16(u))
	case w.width == 4 && w.big:
		return AppendBE32(b, typ, uint32(u))
	case w.width == 4:
		return AppendUint32(b, typ, uint32(u))
	case w.big:
		return AppendBE64(b, typ, u)
	}
	return AppendUint64(b, typ, u)
}

// fits reports whether n can be written in the form w.
func fits[V Integer](n V, w wire) bool {
	bits := 8 * w.width
	if w.signed {
		if n < 0 {
			return bits == 64 || int64(n) >= -1<<(bits-1)
		}
		return uint64(n) <= 1<<(bits-1)-1
	}
	return n >= 0 && (bits == 64 || uint64(n) < 1<<bits)
}

func checkText(s string) error {
	for i := range len(s) {
		if s[i] == 0 {
			return invalid("the text contains a NUL")
		}
	}
	return checkLen(len(s) + 1)
}

func checkLen(n int) error {
	if n > maxLen-headerLen {
		return invalid(decimal(n) + " bytes, an attribute holds " + decimal(maxLen-headerLen))
	}
	return nil
}
