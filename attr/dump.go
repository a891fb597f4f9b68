package attr

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// Dump returns the attributes in b as text for people, one a line, nests indented by
// tabs, with the names of s and values as its tables type them. What s does not know
// is shown in hex under its number, what is malformed as such; nothing is an error. s
// may be nil.
//
//	IFLA_IFNAME "vx0"
//	IFLA_LINKINFO
//		IFLA_INFO_KIND "vxlan"
//		IFLA_INFO_DATA
//			IFLA_VXLAN_ID 42
//			77 [01 00 00 00]
func Dump(s Schema, b []byte) string { return string(appendDump(nil, s, b, 0)) }

// A shower is a Schema that also knows how values look.
type shower interface {
	showValue(b []byte, typ uint16, p, siblings []byte) (_ []byte, ok bool)
}

func appendDump(out []byte, s Schema, b []byte, depth int) []byte {
	line := func(text string) { out = append(append(out, strings.Repeat("\t", depth)...), text...) }
	scan := Scan(b)
	for scan.Next() {
		name, sub := Name(s, scan.Type(), b)
		line(name)
		_, located := sub.(Locator) // no plain sequence of attributes
		shower, _ := s.(shower)
		switch {
		case len(scan.payload) > 0 && sub != nil && !located && depth < maxDepth,
			sub == nil && scan.typ&nested != 0 && depth < maxDepth && wellFormed(scan.payload):
			out = append(out, '\n')
			out = appendDump(out, sub, scan.payload, depth+1)
			continue
		case shower != nil:
			out = append(out, ' ')
			var ok bool
			n := len(out)
			if out, ok = shower.showValue(out, scan.Type(), scan.payload, b); !ok {
				out = appendHex(out[:n], scan.payload)
			}
		default:
			out = appendHex(append(out, ' '), scan.payload)
		}
		out = append(trimSpace(out), '\n')
	}
	if err := scan.Err(); err != nil {
		line(err.Error())
		out = append(out, '\n')
	} else if len(scan.rest) > 0 {
		line("and " + strconv.Itoa(len(scan.rest)) + " bytes")
		out = append(out, '\n')
	}
	return out
}

// wellFormed reports whether b is a sequence of attributes, and not empty.
func wellFormed(b []byte) bool {
	s := Scan(b)
	n := 0
	for s.Next() {
		n++
	}
	return n > 0 && s.Err() == nil && len(s.rest) == 0
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

func (t Table[T]) showValue(b []byte, typ uint16, p, siblings []byte) ([]byte, bool) {
	return showIn(rowsOf(t), b, typ, p, siblings)
}

func showIn[P any](t []row[P], b []byte, typ uint16, p, siblings []byte) ([]byte, bool) {
	r := rowOf(t, typ)
	if r == nil || r.show == nil {
		return b, false
	}
	return r.show(b, p, siblings)
}

func (m memberSchema[P]) showValue(b []byte, _ uint16, p, siblings []byte) ([]byte, bool) {
	if m.row.show == nil {
		return b, false
	}
	return m.row.show(b, p, siblings)
}

// appendValue writes a payload as the row types it, in hex if it cannot.
func appendValue[P any](r *row[P], b, p, siblings []byte) []byte {
	if r.show != nil {
		if b2, ok := r.show(b, p, siblings); ok {
			return b2
		}
	}
	return appendHex(b, p)
}

// shownBytes is how much of a payload is shown.
const shownBytes = 64

// appendHex writes bytes as [01 02], and nothing for none.
func appendHex(b, p []byte) []byte {
	if len(p) == 0 {
		return b
	}
	b = append(b, '[')
	for i, c := range p[:min(len(p), shownBytes)] {
		if i > 0 {
			b = append(b, ' ')
		}
		b = hex.AppendEncode(b, []byte{c})
	}
	if len(p) > shownBytes {
		b = append(b, " and "+strconv.Itoa(len(p)-shownBytes)+" bytes"...)
	}
	return append(b, ']')
}

func showText(b, p, _ []byte) ([]byte, bool) { return strconv.AppendQuote(b, string(text(p))), true }

// showElements writes the elements of an array: [1 2 3].
func showElements[P any](one row[P]) func(b, p, _ []byte) ([]byte, bool) {
	return func(b, p, _ []byte) ([]byte, bool) {
		if one.size == 0 || len(p)%one.size != 0 {
			return b, false
		}
		b = append(b, '[')
		for off := 0; off < len(p); off += one.size {
			if off > 0 {
				b = append(b, ' ')
			}
			b = appendValue(&one, b, p[off:off+one.size], nil)
		}
		return append(b, ']'), true
	}
}
