package attr

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Bits is a change of some bits of a set (struct nla_bitfield32), or the answer to
// which of them are on. The zero Bits changes nothing.
type Bits[V ~uint32] struct {
	// Value has the selected bits that are on.
	Value V
	// Selector has the bits that are meant.
	Selector V
}

// Set returns the change with the given bits turned on.
func (b Bits[V]) Set(bits V) Bits[V] { return Bits[V]{b.Value | bits, b.Selector | bits} }

// Clear returns the change with the given bits turned off.
func (b Bits[V]) Clear(bits V) Bits[V] { return Bits[V]{b.Value &^ bits, b.Selector | bits} }

// Apply returns what becomes of a set by the change.
func (b Bits[V]) Apply(set V) V { return set&^b.Selector | b.Value&b.Selector }

// String returns the bits that are on and, behind a stroke, those that are meant.
func (b Bits[V]) String() string { return fmt.Sprintf("%v/%v", b.Value, b.Selector) }

// BitField32 is a change of bits (NLA_BITFIELD32); one that selects none is not sent.
// A bit that is on and not selected is refused, as the kernel would.
//
// A set of bits that is sent as a whole is an integer: [U32] with a type of flags.
func BitField32[T any, V ~uint32](typ uint16, name string, field func(*T) *Bits[V]) Row[T] {
	return Row[T]{bitField32(typ, name, field)}
}

func bitField32[P any, V ~uint32](typ uint16, name string, field func(P) *Bits[V]) row[P] {
	return row[P]{
		typ: typ, name: name, size: 8,
		put: func(b []byte, v P, always bool, _ int) ([]byte, error) {
			f := *field(v)
			switch {
			case f.Value&^f.Selector != 0:
				return b, invalid(fmt.Sprintf("%v is on, but not selected", f.Value&^f.Selector))
			case f.Selector == 0 && !always:
				return b, nil
			}
			b = appendHeader(b, typ, 8)
			b = binary.NativeEndian.AppendUint32(b, uint32(f.Value))
			return binary.NativeEndian.AppendUint32(b, uint32(f.Selector)), nil
		},
		get: func(_ uint16, p []byte, v P, _ int) error {
			f, ok := loadBits[V](p)
			if !ok {
				return malformed("%d bytes, want 8", len(p))
			}
			*field(v) = f
			return nil
		},
		show: func(b, p, _ []byte) ([]byte, bool) {
			f, ok := loadBits[V](p)
			return append(b, f.String()...), ok
		},
		fill: func(r *rand.Rand, v P, _ int) {
			on, off := V(r.Uint32()), V(r.Uint32())
			*field(v) = Bits[V]{}.Set(on | 1).Clear(off &^ 1)
		},
	}
}

func loadBits[V ~uint32](p []byte) (b Bits[V], ok bool) {
	if len(p) != 8 {
		return b, false
	}
	return Bits[V]{V(binary.NativeEndian.Uint32(p)), V(binary.NativeEndian.Uint32(p[4:]))}, true
}
