package attr

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Integer is any Go type that a row of an integer can fill: what the attribute's
// width holds is checked both ways.
type Integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~int8 | ~int16 | ~int32 | ~int64 | ~int
}

// wire is the form of an integer on the wire.
type wire struct {
	width  int // in bytes, 0 for 4 or 8, as the value needs
	signed bool
	big    bool
}

// U8 is an unsigned integer of 8 bits.
func U8[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 1}, field)}
}

// U16 is an unsigned integer of 16 bits in host byte order.
func U16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 2}, field)}
}

// U32 is an unsigned integer of 32 bits in host byte order.
func U32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 4}, field)}
}

// U64 is an unsigned integer of 64 bits in host byte order.
func U64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 8}, field)}
}

// S8 is a signed integer of 8 bits.
func S8[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 1, signed: true}, field)}
}

// S16 is a signed integer of 16 bits in host byte order.
func S16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 2, signed: true}, field)}
}

// S32 is a signed integer of 32 bits in host byte order.
func S32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 4, signed: true}, field)}
}

// S64 is a signed integer of 64 bits in host byte order.
func S64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 8, signed: true}, field)}
}

// BE16 is an unsigned integer of 16 bits in network byte order.
func BE16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 2, big: true}, field)}
}

// BE32 is an unsigned integer of 32 bits in network byte order.
func BE32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 4, big: true}, field)}
}

// BE64 is an unsigned integer of 64 bits in network byte order.
func BE64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 8, big: true}, field)}
}

// SBE16 is a signed integer of 16 bits in network byte order.
func SBE16[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 2, signed: true, big: true}, field)}
}

// SBE32 is a signed integer of 32 bits in network byte order.
func SBE32[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 4, signed: true, big: true}, field)}
}

// SBE64 is a signed integer of 64 bits in network byte order.
func SBE64[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{width: 8, signed: true, big: true}, field)}
}

// Uint is an unsigned integer in host byte order that is sent with 32 bits if its
// value fits, else with 64 (NLA_UINT, Linux 6.7).
func Uint[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{}, field)}
}

// Sint is a signed integer in host byte order that is sent with 32 bits if its value
// fits, else with 64 (NLA_SINT, Linux 6.7).
func Sint[T any, V Integer](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{number(typ, name, wire{signed: true}, field)}
}

// OptU8 is [U8] for a field whose zero is a value: nil is not sent.
func OptU8[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(U8[V, V](typ, name, Self), field)
}

// OptU16 is [U16] for a field whose zero is a value: nil is not sent.
func OptU16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(U16[V, V](typ, name, Self), field)
}

// OptU32 is [U32] for a field whose zero is a value: nil is not sent.
func OptU32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(U32[V, V](typ, name, Self), field)
}

// OptU64 is [U64] for a field whose zero is a value: nil is not sent.
func OptU64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(U64[V, V](typ, name, Self), field)
}

// OptS8 is [S8] for a field whose zero is a value: nil is not sent.
func OptS8[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(S8[V, V](typ, name, Self), field)
}

// OptS16 is [S16] for a field whose zero is a value: nil is not sent.
func OptS16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(S16[V, V](typ, name, Self), field)
}

// OptS32 is [S32] for a field whose zero is a value: nil is not sent.
func OptS32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(S32[V, V](typ, name, Self), field)
}

// OptS64 is [S64] for a field whose zero is a value: nil is not sent.
func OptS64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(S64[V, V](typ, name, Self), field)
}

// OptBE16 is [BE16] for a field whose zero is a value: nil is not sent.
func OptBE16[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(BE16[V, V](typ, name, Self), field)
}

// OptBE32 is [BE32] for a field whose zero is a value: nil is not sent.
func OptBE32[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(BE32[V, V](typ, name, Self), field)
}

// OptBE64 is [BE64] for a field whose zero is a value: nil is not sent.
func OptBE64[T any, V Integer](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(BE64[V, V](typ, name, Self), field)
}

// Bool is an attribute of 8 bits that is 0 or 1; false is not sent.
func Bool[T any](typ uint16, name string, field func(*T) *bool) Row[T] {
	return Row[T]{boolean(typ, name, field)}
}

//go:noinline
func boolean[P any](typ uint16, name string, field func(P) *bool) row[P] {
	return row[P]{
		typ: typ, name: name, size: 1,
		show: func(b, p, _ []byte) ([]byte, bool) {
			n, _, err := load(p, wire{})
			return strconv.AppendBool(b, n != 0), err == nil
		},
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			switch on := *field(v); {
			case on:
				return AppendUint8(b, typ, 1), nil
			case always:
				return AppendUint8(b, typ, 0), nil
			}
			return b, nil
		},
		get: func(_ uint16, p []byte, v P, _ int) error {
			n, _, err := load(p, wire{})
			*field(v) = n != 0
			return err
		},
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = r.IntN(2) == 1 },
	}
}

// OptBool is [Bool] where false is a value: nil is not sent.
func OptBool[T any](typ uint16, name string, field func(*T) **bool) Row[T] {
	return Opt(Bool(typ, name, Self[bool]), field)
}

// Flag is an attribute without payload, whose presence means true.
func Flag[T any](typ uint16, name string, field func(*T) *bool) Row[T] {
	return Row[T]{flag(typ, name, field)}
}

//go:noinline
func flag[P any](typ uint16, name string, field func(P) *bool) row[P] {
	return row[P]{
		typ: typ, name: name, unset: true,
		show: func(b, p, _ []byte) ([]byte, bool) { return b, len(p) == 0 },
		put: func(b []byte, v P, _ bool, _ int) ([]byte, error) {
			if *field(v) {
				b = AppendBytes(b, typ, nil)
			}
			return b, nil
		},
		get:  func(_ uint16, _ []byte, v P, _ int) error { *field(v) = true; return nil },
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = r.IntN(2) == 1 },
	}
}

// String is text with a terminating NUL. The field must not contain a NUL.
func String[T any, V ~string](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{textual(typ, name, true, field)}
}

// Text is text without a terminating NUL. The field must not contain a NUL.
func Text[T any, V ~string](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{textual(typ, name, false, field)}
}

// OptString is [String] where the empty string is a value: nil is not sent.
func OptString[T any, V ~string](typ uint16, name string, field func(*T) **V) Row[T] {
	return Opt(String[V, V](typ, name, Self), field)
}

// Bytes is a payload kept as it is; an empty one is not sent.
func Bytes[T any, V ~[]byte](typ uint16, name string, field func(*T) *V) Row[T] {
	return Row[T]{plain(typ, name, field)}
}

//go:noinline
func plain[P any, V ~[]byte](typ uint16, name string, field func(P) *V) row[P] {
	return row[P]{
		typ: typ, name: name,
		show: func(b, p, _ []byte) ([]byte, bool) { return appendHex(b, p), true },
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			p := *field(v)
			if len(p) == 0 && !always {
				return b, nil
			}
			if err := checkLen(len(p)); err != nil {
				return b, err
			}
			return AppendBytes(b, typ, p), nil
		},
		get:  func(_ uint16, p []byte, v P, _ int) error { *field(v) = append(V(nil), p...); return nil },
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = V(randomBytes(r, 1+r.IntN(20))) },
	}
}

// MAC is a link-layer address of any length.
func MAC[T any](typ uint16, name string, field func(*T) *net.HardwareAddr) Row[T] {
	r := Bytes(typ, name, field)
	r.show = func(b, p, _ []byte) ([]byte, bool) { return append(b, net.HardwareAddr(p).String()...), true }
	return r
}

// Addr is an IP address of either family; the zero Addr is not sent, and one with a
// zone is refused.
func Addr[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return Row[T]{address(typ, name, 0, field)}
}

// Addr4 is an IPv4 address; one of the other family is refused.
func Addr4[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return Row[T]{address(typ, name, 4, field)}
}

// Addr6 is an IPv6 address; one of the other family is refused, and so is a zone.
func Addr6[T any](typ uint16, name string, field func(*T) *netip.Addr) Row[T] {
	return Row[T]{address(typ, name, 16, field)}
}

// Seconds is a duration as a 32-bit count of seconds. A duration that is no
// whole number of them is rounded up, so that a positive one never becomes zero.
func Seconds[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return Row[T]{duration(typ, name, time.Second, 4, field)}
}

// Millis is a duration as a 32-bit count of milliseconds, rounded up.
func Millis[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return Row[T]{duration(typ, name, time.Millisecond, 4, field)}
}

// Ticks32 is a duration as a 32-bit count of USER_HZ ticks, which are 10 ms on
// every Linux, rounded up.
func Ticks32[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return Row[T]{duration(typ, name, 10*time.Millisecond, 4, field)}
}

// Ticks64 is a duration as a 64-bit count of USER_HZ ticks (10 ms), rounded up.
func Ticks64[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return Row[T]{duration(typ, name, 10*time.Millisecond, 8, field)}
}

// OptSeconds is [Seconds] where zero is a value: nil is not sent.
func OptSeconds[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return Opt(Seconds(typ, name, Self[time.Duration]), field)
}

// OptMillis is [Millis] where zero is a value: nil is not sent.
func OptMillis[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return Opt(Millis(typ, name, Self[time.Duration]), field)
}

// OptTicks32 is [Ticks32] where zero is a value: nil is not sent.
func OptTicks32[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return Opt(Ticks32(typ, name, Self[time.Duration]), field)
}

// OptTicks64 is [Ticks64] where zero is a value: nil is not sent.
func OptTicks64[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return Opt(Ticks64(typ, name, Self[time.Duration]), field)
}

// Custom is an attribute with a form of its own. put appends the whole attribute
// (see the Append functions) or, if the field is not set, nothing; nil for an
// attribute that is never sent. get stores a payload, which it must not keep.
func Custom[T any](typ uint16, name string, put func(b []byte, v *T) ([]byte, error), get func(p []byte, v *T) error) Row[T] {
	return Row[T]{custom(typ, name, put, get)}
}

//go:noinline
func custom[P any](typ uint16, name string, put func(b []byte, v P) ([]byte, error), get func(p []byte, v P) error) row[P] {
	r := row[P]{typ: typ, name: name}
	if put != nil {
		r.put = func(b []byte, v P, _ bool, _ int) ([]byte, error) { return put(b, v) }
	}
	if get != nil {
		r.get = func(_ uint16, p []byte, v P, _ int) error { return get(p, v) }
	}
	return r
}

// Self is the field of a row whose struct is the value itself, such as what [Opt]
// and [Array] take: U32(1, "NAME", Self[uint32]).
func Self[V any](v *V) *V { return v }

// Opt turns a row of a value into one of a pointer to it, for a field whose zero is
// a value: nil is not sent. The Opt constructors are short for it:
//
//	attr.OptU32(1, "NAME", func(c *config) **uint32 { return &c.Limit })
//	attr.Opt(attr.U32(1, "NAME", attr.Self[uint32]), func(c *config) **uint32 { return &c.Limit })
func Opt[T, V any](row Row[V], field func(*T) **V) Row[T] {
	return Row[T]{opt(row.row, field)}
}

//go:noinline
func opt[P, V any](one row[*V], field func(P) **V) row[P] {
	r := row[P]{typ: one.typ, name: one.name, sub: one.sub, show: one.show, problem: one.problem, flags: one.flags, readOnly: one.readOnly}
	// A Custom row may have one direction, or no sample: then this one lacks it as well.
	if one.put != nil {
		r.put = func(b []byte, v P, _ bool, depth int) ([]byte, error) {
			if p := *field(v); p != nil {
				return send(&one, b, p, true, depth)
			}
			return b, nil
		}
	}
	if one.get != nil {
		r.get = func(typ uint16, p []byte, v P, depth int) error {
			n := new(V)
			if err := one.get(typ, p, n, depth); err != nil {
				return err
			}
			*field(v) = n
			return nil
		}
	}
	if one.fill != nil {
		r.fill = func(rnd *rand.Rand, v P, turns int) {
			n := new(V)
			if rnd.IntN(4) > 0 { // the zero value must survive as well
				one.fill(rnd, n, turns)
			}
			*field(v) = n
		}
	}
	if one.unset {
		r.problem = "its zero cannot be sent, with Opt or without"
	}
	if one.over != nil {
		r.over = func(v P, limit uint64) error {
			if p := *field(v); p != nil {
				return one.over(p, limit)
			}
			return nil
		}
	}
	return r
}

func number[P any, V Integer](typ uint16, name string, w wire, field func(P) *V) row[P] {
	return row[P]{
		typ: typ, name: name, size: w.width,
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			n := *field(v)
			if n == 0 && !always {
				return b, nil
			}
			if !fits(n, w) {
				return b, invalid(decimal(n) + " does not fit in " + w.String())
			}
			return store(b, typ, uint64(n), w), nil
		},
		get: func(_ uint16, p []byte, v P, _ int) error {
			n, err := loadInto[V](p, w)
			if err != nil {
				return err
			}
			*field(v) = n
			return nil
		},
		show: func(b, p, _ []byte) ([]byte, bool) {
			n, err := loadInto[V](p, w)
			if err != nil {
				return b, false
			}
			return fmt.Append(b, n), true
		},
		fill: func(r *rand.Rand, v P, _ int) {
			for {
				if n := V(r.Uint64() >> r.IntN(64)); fits(n, w) && n != 0 {
					*field(v) = n
					return
				}
			}
		},
		over: func(v P, limit uint64) error {
			if n := *field(v); n < 0 || uint64(n) > limit {
				return invalid(decimal(n) + " is out of range, the largest is " + decimal(limit))
			}
			return nil
		},
	}
}

// textual is text, with or without a terminating NUL.
func textual[P any, V ~string](typ uint16, name string, nul bool, field func(P) *V) row[P] {
	return row[P]{
		typ: typ, name: name, show: showText,
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			s := string(*field(v))
			if s == "" && !always {
				return b, nil
			}
			if err := checkText(s); err != nil {
				return b, err
			}
			if nul {
				return AppendString(b, typ, s), nil
			}
			b = append(appendHeader(b, typ, len(s)), s...)
			return pad(b, len(s)), nil
		},
		get:  func(_ uint16, p []byte, v P, _ int) error { *field(v) = V(text(p)); return nil },
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = V(randomText(r, 12)) },
	}
}

func address[P any](typ uint16, name string, width int, field func(P) *netip.Addr) row[P] {
	return row[P]{
		typ: typ, name: name, size: width, unset: true,
		show: func(b, p, _ []byte) ([]byte, bool) {
			a, ok := netip.AddrFromSlice(p)
			return a.AppendTo(b), ok
		},
		put: func(b []byte, v P, _ bool, _ int) ([]byte, error) {
			a := field(v).Unmap()
			switch {
			case !a.IsValid():
				return b, nil
			case width == 4 && !a.Is4():
				return b, invalid(a.String() + " is not an IPv4 address")
			case width == 16 && !a.Is6():
				return b, invalid(a.String() + " is not an IPv6 address")
			case a.Zone() != "":
				return b, invalid(a.String() + " has a zone, which is not sent with it")
			}
			return AppendAddr(b, typ, a), nil
		},
		get: func(_ uint16, p []byte, v P, _ int) error {
			a, ok := netip.AddrFromSlice(p)
			if !ok || width != 0 && len(p) != width {
				return malformed("%d bytes are no IP address", len(p))
			}
			*field(v) = a
			return nil
		},
		fill: func(r *rand.Rand, v P, _ int) {
			n := width
			if n == 0 {
				n = 4 + 12*r.IntN(2)
			}
			*field(v), _ = netip.AddrFromSlice(randomBytes(r, n))
		},
	}
}

func duration[P any](typ uint16, name string, unit time.Duration, width int, field func(P) *time.Duration) row[P] {
	w := wire{width: width}
	return row[P]{
		typ: typ, name: name, size: width,
		show: func(b, p, _ []byte) ([]byte, bool) {
			d, err := loadDuration(p, unit, w)
			return append(b, d.String()...), err == nil
		},
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
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
		get: func(_ uint16, p []byte, v P, _ int) error {
			d, err := loadDuration(p, unit, w)
			if err != nil {
				return err
			}
			*field(v) = d
			return nil
		},
		fill: func(r *rand.Rand, v P, _ int) { *field(v) = time.Duration(1+r.Uint32()>>r.IntN(31)) * unit },
	}
}

// load reads an integer of any width: newer kernels may widen an attribute.
func load(p []byte, w wire) (u uint64, neg bool, err error) {
	switch len(p) {
	case 1:
		u = uint64(p[0])
	case 2:
		u = uint64(binary.NativeEndian.Uint16(p))
		if w.big {
			u = uint64(binary.BigEndian.Uint16(p))
		}
	case 4:
		u = uint64(binary.NativeEndian.Uint32(p))
		if w.big {
			u = uint64(binary.BigEndian.Uint32(p))
		}
	case 8:
		u = binary.NativeEndian.Uint64(p)
		if w.big {
			u = binary.BigEndian.Uint64(p)
		}
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

// loadInto is load for a type that may be too small for what comes.
func loadInto[V Integer](p []byte, w wire) (V, error) {
	u, neg, err := load(p, w)
	if err != nil {
		return 0, err
	}
	n := V(u)
	if uint64(n) != u || (n < 0) != neg {
		return 0, malformed("%d does not fit", u)
	}
	return n, nil
}

// loadDuration reads a count of units.
func loadDuration(p []byte, unit time.Duration, w wire) (time.Duration, error) {
	u, _, err := load(p, w)
	if err != nil {
		return 0, err
	}
	if u > uint64((1<<63-1)/unit) {
		return 1<<63 - 1, nil // what a Duration cannot hold is, to any user of it, for ever
	}
	return time.Duration(u) * unit, nil
}

func store(b []byte, typ uint16, u uint64, w wire) []byte {
	switch {
	case w.width == 0:
		w.width = 4
		if w.signed && !fits(int64(u), w) || !w.signed && !fits(u, w) {
			w.width = 8
		}
		return store(b, typ, u, w)
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
	if bits == 0 {
		bits = 64
	}
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

func (w wire) String() string {
	if w.width == 0 {
		return "64 bits"
	}
	return fmt.Sprintf("%d bits", 8*w.width)
}

func decimal[V Integer](n V) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// randomText returns one to most letters.
func randomText(r *rand.Rand, most int) string {
	b := make([]byte, 1+r.IntN(max(1, most)))
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}
