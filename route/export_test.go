package route

import (
	"fmt"
	"strings"

	"github.com/nlkit/nlkit/attr"
)

// Decode is decode.
var Decode = decode

// DumpHex returns a message as in testdata: hex, with the names of the attributes.
func DumpHex(b []byte) string {
	var out strings.Builder
	fmt.Fprintf(&out, "% x # struct rtmsg\n", b[:headerLen])
	dumpAttrs(&out, names{}, b[headerLen:], "")
	return out.String()
}

func dumpAttrs(out *strings.Builder, schema attr.Schema, b []byte, indent string) {
	pos := 0
	s := attr.Scan(b)
	for s.Next() {
		name, sub := attr.Name(schema, s.Type(), b)
		whole := b[pos:min(pos+align(4+len(s.Bytes())), len(b))]
		pos += len(whole)
		if sub != nil && len(s.Bytes()) > 0 {
			fmt.Fprintf(out, "%s% x # %s\n", indent, whole[:4], name)
			dumpAttrs(out, sub, whole[4:], indent+"  ")
			continue
		}
		fmt.Fprintf(out, "%s% x # %s\n", indent, whole, name)
	}
}
