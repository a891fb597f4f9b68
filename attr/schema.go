package attr

import (
	"encoding/binary"
	"strconv"
)

// Schema knows the names of the attributes of one nest. Every [Table] is one.
type Schema interface {
	// Attr returns the C name of attribute typ, "" if it is unknown, and the
	// schema of its payload if that is a nest, else nil. siblings are all the
	// attributes of the nest that typ stands in: some nests have a content that
	// another attribute chooses (a link's kind and its data).
	Attr(typ uint16, siblings []byte) (name string, sub Schema)
}

// A Locator is a [Schema] of something that is not a plain sequence of
// attributes, such as an array of structs with attributes behind each.
type Locator interface {
	// Locate returns the path of the attribute that covers offset off in b, ""
	// if there is none.
	Locate(b []byte, off int) string
}

// Path returns the path of the attribute at offset off of b, by the names of s:
// "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID". An unknown attribute appears as
// its number. It returns "" if no attribute stands there.
func Path(s Schema, b []byte, off int) string {
	if l, ok := s.(Locator); ok {
		return l.Locate(b, off)
	}
	for pos := 0; pos+headerLen <= len(b); {
		n := int(binary.NativeEndian.Uint16(b[pos:]))
		typ := binary.NativeEndian.Uint16(b[pos+2:]) & typeMask
		if n < headerLen || pos+n > len(b) || off < pos {
			return ""
		}
		if next := pos + align(n); off >= next {
			pos = next
			continue
		}
		name, sub := Name(s, typ, b)
		if off < pos+headerLen || sub == nil {
			return name
		}
		if inner := Path(sub, b[pos+headerLen:pos+n], off-pos-headerLen); inner != "" {
			return name + "." + inner
		}
		return name
	}
	return ""
}

// Name returns what s calls attribute typ, its number if s does not know it.
func Name(s Schema, typ uint16, siblings []byte) (name string, sub Schema) {
	if s != nil {
		name, sub = s.Attr(typ, siblings)
	}
	if name == "" {
		name = strconv.Itoa(int(typ))
	}
	return name, sub
}

// SchemaAt returns the schema of the nest at offset off of b, nil if there is
// none: where a kernel says that something is missing.
func SchemaAt(s Schema, b []byte, off int) Schema {
	for pos := 0; pos+headerLen <= len(b); {
		n := int(binary.NativeEndian.Uint16(b[pos:]))
		typ := binary.NativeEndian.Uint16(b[pos+2:]) & typeMask
		if n < headerLen || pos+n > len(b) || off < pos {
			return nil
		}
		if next := pos + align(n); off >= next {
			pos = next
			continue
		}
		_, sub := Name(s, typ, b)
		if off < pos+headerLen || sub == nil {
			return sub
		}
		return SchemaAt(sub, b[pos+headerLen:pos+n], off-pos-headerLen)
	}
	return nil
}
