package attr

import (
	"encoding/binary"
	"net"
	"net/netip"
)

const (
	headerLen    = 4      // struct nlattr
	typeMask     = 0x3fff // NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER
	nested       = 0x8000 // NLA_F_NESTED
	netByteOrder = 0x4000 // NLA_F_NET_BYTEORDER
	maxLen       = 0xffff // nla_len is 16 bits wide
)

// Scanner walks the attributes of one nest in place: it allocates nothing and
// copies nothing. Its typed readers never panic; the first payload that is too
// short, or holds a number that does not fit, ends the walk and is reported by Err.
type Scanner struct {
	rest    []byte
	payload []byte
	typ     uint16
	err     error
}

// Scan returns a Scanner over b, which begins with an attribute header. Fewer
// than four bytes at the end are padding and are ignored.
func Scan(b []byte) Scanner { return Scanner{rest: b} }

// Next moves to the next attribute. It returns false at the end and after an
// error.
func (s *Scanner) Next() bool {
	if len(s.rest) < headerLen || s.err != nil {
		return false
	}
	n := int(binary.NativeEndian.Uint16(s.rest))
	s.typ = binary.NativeEndian.Uint16(s.rest[2:])
	if n < headerLen || n > len(s.rest) {
		s.err = malformed("attribute %d has length %d of %d", s.typ&typeMask, n, len(s.rest))
		return false
	}
	s.payload = s.rest[headerLen:n:n]
	s.rest = s.rest[min(align(n), len(s.rest)):]
	return true
}

// Err returns the error that ended the walk, nil at a regular end.
func (s *Scanner) Err() error { return s.err }

// Fail ends the walk with err, if it is not nil and the first.
func (s *Scanner) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Type returns the attribute's type without the flag bits NLA_F_NESTED and
// NLA_F_NET_BYTEORDER.
func (s *Scanner) Type() uint16 { return s.typ & typeMask }

// Raw returns a copy of the attribute as it is on the wire, for what must be kept
// without being known.
func (s *Scanner) Raw() Raw { return Raw{Type: s.typ, Data: append([]byte{}, s.payload...)} }

// Bytes returns the payload. It is part of the scanned bytes, not a copy.
func (s *Scanner) Bytes() []byte { return s.payload }

// Nested returns a Scanner over the payload.
func (s *Scanner) Nested() Scanner { return Scan(s.payload) }

func (s *Scanner) short(want int) bool {
	if len(s.payload) >= want {
		return false
	}
	s.Fail(malformed("attribute %d has %d bytes, want %d", s.Type(), len(s.payload), want))
	return true
}

// Uint8 returns the payload as an integer of 8 bits.
func (s *Scanner) Uint8() uint8 {
	if len(s.payload) == 1 {
		return s.payload[0]
	}
	return uint8(s.wider(wire{width: 1}))
}

// Uint16 returns the payload as an integer of 16 bits in host byte order.
func (s *Scanner) Uint16() uint16 {
	if len(s.payload) == 2 {
		return binary.NativeEndian.Uint16(s.payload)
	}
	return uint16(s.wider(wire{width: 2}))
}

// Uint32 returns the payload as an integer of 32 bits in host byte order.
func (s *Scanner) Uint32() uint32 {
	if len(s.payload) == 4 {
		return binary.NativeEndian.Uint32(s.payload)
	}
	return uint32(s.wider(wire{width: 4}))
}

// Uint64 returns the payload as an integer of 64 bits in host byte order.
func (s *Scanner) Uint64() uint64 {
	if len(s.payload) == 8 {
		return binary.NativeEndian.Uint64(s.payload)
	}
	return uint64(s.wider(wire{width: 8}))
}

// Uint returns the payload as an unsigned integer in host byte order of 8, 16, 32 or
// 64 bits, as it comes.
func (s *Scanner) Uint() uint64 { return s.number(wire{}) }

// Sint is Uint for a signed integer.
func (s *Scanner) Sint() int64 { return int64(s.number(wire{signed: true})) }

// Int is Uint for an int: an index or a length, of which the kernel's are C ints. A
// value that an int cannot hold is an error.
func (s *Scanner) Int() int {
	n, err := loadInto[int](s.payload, wire{})
	if err != nil {
		s.Fail(malformed("attribute %d is no number that fits in an int", s.Type()))
	}
	return n
}

func (s *Scanner) number(w wire) uint64 {
	u, _, err := load(s.payload, w)
	if err != nil {
		s.Fail(malformed("attribute %d has %d bytes, want an integer", s.Type(), len(s.payload)))
	}
	return u
}

// BE16 returns the payload as an integer of 16 bits in network byte order.
func (s *Scanner) BE16() uint16 {
	if len(s.payload) == 2 {
		return binary.BigEndian.Uint16(s.payload)
	}
	return uint16(s.wider(wire{width: 2, big: true}))
}

// BE32 returns the payload as an integer of 32 bits in network byte order.
func (s *Scanner) BE32() uint32 {
	if len(s.payload) == 4 {
		return binary.BigEndian.Uint32(s.payload)
	}
	return uint32(s.wider(wire{width: 4, big: true}))
}

// BE64 returns the payload as an integer of 64 bits in network byte order.
func (s *Scanner) BE64() uint64 {
	if len(s.payload) == 8 {
		return binary.BigEndian.Uint64(s.payload)
	}
	return uint64(s.wider(wire{width: 8, big: true}))
}

// wider reads an integer that has become wider than it was, whose value must fit. Of
// what is no integer it takes the beginning.
func (s *Scanner) wider(w wire) uint64 {
	if s.short(w.width) {
		return 0
	}
	p := s.payload
	if n := len(p); n != 2 && n != 4 && n != 8 {
		p = p[:w.width]
	}
	u, _, err := load(p, w)
	if err != nil || !fits(u, w) {
		s.Fail(malformed("attribute %d: %d does not fit in %v", s.Type(), u, w))
		return 0
	}
	return u
}

// Text returns the payload up to its first NUL as text, without a copy: it is
// valid as long as the scanned bytes are. Use String to keep it.
func (s *Scanner) Text() []byte { return text(s.payload) }

// String returns a copy of the payload up to its first NUL.
func (s *Scanner) String() string { return string(text(s.payload)) }

// Addr returns a payload of 4 or 16 bytes as an IP address.
func (s *Scanner) Addr() netip.Addr {
	a, ok := netip.AddrFromSlice(s.payload)
	if !ok {
		s.Fail(malformed("attribute %d has %d bytes, want an IP address", s.Type(), len(s.payload)))
	}
	return a
}

// MAC returns a copy of the payload as a link-layer address; nil if it is empty.
func (s *Scanner) MAC() net.HardwareAddr {
	return append(net.HardwareAddr(nil), s.payload...)
}

func align(n int) int { return (n + 3) &^ 3 }

func text(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}
