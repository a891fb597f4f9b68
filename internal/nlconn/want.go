package nlconn

import (
	"encoding/binary"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Want is a kind of messages that a socket for events receives: those of some types in
// which each of some fields has its value.
type Want struct {
	Types []uint16
	Where []Field
}

// Field is a number in the payload of a message, in the host's byte order. A message that
// lacks it, or has one of another size, fits.
type Field struct {
	Offset int    // of the number, or of the first attribute
	Attr   uint16 // the type of the attribute that it is, 0 if it is none
	Size   int    // 1, 2 or 4 bytes
	Value  uint32
}

// wanted reports whether a message is one of wants. Those by which the kernel controls a
// socket always are.
func wanted(wants []Want, m *Message) bool {
	if m.Type < uapi.NLMSG_MIN_TYPE {
		return true
	}
	for i := range wants {
		if wants[i].has(m) {
			return true
		}
	}
	return false
}

func (w *Want) has(m *Message) bool {
	for _, typ := range w.Types {
		if typ == m.Type {
			for i := range w.Where {
				if !w.Where[i].fits(m.Data) {
					return false
				}
			}
			return true
		}
	}
	return false
}

func (f *Field) fits(b []byte) bool {
	if f.Offset > len(b) {
		return true
	}
	b = b[f.Offset:]
	if f.Attr == 0 {
		return len(b) < f.Size || f.number(b) == f.Value
	}
	for s := attr.Scan(b); s.Next(); {
		if s.Type() == f.Attr {
			return len(s.Bytes()) != f.Size || f.number(s.Bytes()) == f.Value
		}
	}
	return true
}

func (f *Field) number(b []byte) uint32 {
	switch f.Size {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.NativeEndian.Uint16(b))
	}
	return binary.NativeEndian.Uint32(b)
}
