package attr

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// AppendBytes appends one attribute with the given payload, which may be empty
// (a flag). It panics if the payload is longer than 65531 bytes, which no
// attribute can hold; the rows of a [Table] check that and return an error.
func AppendBytes(b []byte, typ uint16, payload []byte) []byte {
	b = appendHeader(b, typ, len(payload))
	b = append(b, payload...)
	return pad(b, len(payload))
}

// AppendUint8 appends one attribute with an 8-bit payload.
func AppendUint8(b []byte, typ uint16, v uint8) []byte {
	return append(appendHeader(b, typ, 1), v, 0, 0, 0)
}

// AppendUint16 appends one attribute with a 16-bit payload in host byte order.
func AppendUint16(b []byte, typ uint16, v uint16) []byte {
	return append(binary.NativeEndian.AppendUint16(appendHeader(b, typ, 2), v), 0, 0)
}

// AppendUint32 appends one attribute with a 32-bit payload in host byte order.
func AppendUint32(b []byte, typ uint16, v uint32) []byte {
	return binary.NativeEndian.AppendUint32(appendHeader(b, typ, 4), v)
}

// AppendUint64 appends one attribute with a 64-bit payload in host byte order.
func AppendUint64(b []byte, typ uint16, v uint64) []byte {
	return binary.NativeEndian.AppendUint64(appendHeader(b, typ, 8), v)
}

// AppendBE16 appends one attribute with a 16-bit payload in network byte order.
func AppendBE16(b []byte, typ uint16, v uint16) []byte {
	return append(binary.BigEndian.AppendUint16(appendHeader(b, typ, 2), v), 0, 0)
}

// AppendBE32 appends one attribute with a 32-bit payload in network byte order.
func AppendBE32(b []byte, typ uint16, v uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHeader(b, typ, 4), v)
}

// AppendBE64 appends one attribute with a 64-bit payload in network byte order.
func AppendBE64(b []byte, typ uint16, v uint64) []byte {
	return binary.BigEndian.AppendUint64(appendHeader(b, typ, 8), v)
}

// AppendString appends one attribute with s and a terminating NUL.
func AppendString(b []byte, typ uint16, s string) []byte {
	b = appendHeader(b, typ, len(s)+1)
	b = append(b, s...)
	b = append(b, 0)
	return pad(b, len(s)+1)
}

// AppendAddr appends one attribute with the 4 or 16 bytes of a.
func AppendAddr(b []byte, typ uint16, a netip.Addr) []byte {
	if a.Is4() {
		p := a.As4()
		return AppendBytes(b, typ, p[:])
	}
	p := a.As16()
	return AppendBytes(b, typ, p[:])
}

// BeginNested appends the header of a nest with the flag NLA_F_NESTED and
// returns where it stands, for [EndNested] to fill in its length.
func BeginNested(b []byte, typ uint16) ([]byte, int) {
	return appendHeader(b, typ|nested, 0), len(b)
}

// EndNested ends the nest that begins at start: everything appended since is its
// content, and what follows is aligned. It returns an error if that is longer than an
// attribute can be.
func EndNested(b []byte, start int) ([]byte, error) {
	n := len(b) - start
	if n > maxLen {
		return b[:start], invalid(fmt.Sprintf("%d bytes, an attribute holds %d", n-headerLen, maxLen-headerLen))
	}
	binary.NativeEndian.PutUint16(b[start:], uint16(n))
	return pad(b, n), nil // bytes that were appended as they are may end anywhere
}

// setFlags sets flag bits in the types of a sequence of attributes.
func setFlags(b []byte, flags uint16) {
	for len(b) >= headerLen {
		binary.NativeEndian.PutUint16(b[2:], binary.NativeEndian.Uint16(b[2:])|flags)
		n := int(binary.NativeEndian.Uint16(b))
		if n < headerLen {
			return // what a Custom row has appended is no attribute
		}
		b = b[min(align(n), len(b)):]
	}
}

func appendHeader(b []byte, typ uint16, payload int) []byte {
	if payload > maxLen-headerLen {
		panic("attr: payload of " + fmt.Sprint(payload) + " bytes")
	}
	b = binary.NativeEndian.AppendUint16(b, uint16(headerLen+payload))
	return binary.NativeEndian.AppendUint16(b, typ)
}

func pad(b []byte, payload int) []byte { return appendZeros(b, align(payload)-payload) }

func appendZeros(b []byte, n int) []byte {
	b = slices.Grow(b, n)[:len(b)+n]
	clear(b[len(b)-n:])
	return b
}
