// Package attr describes netlink attributes by typed tables.
//
// A netlink message is a fixed header followed by attributes: type, length,
// payload. A [Table] ties each attribute type to one field of a Go struct, one
// [Row] an attribute. The row knows the attribute's C name, its width, byte
// order and unit, so that one line gives the encoder, the decoder, the name in
// error messages and the material for tests:
//
//	type config struct {
//		VNI      uint32
//		Learning *bool
//		Ageing   time.Duration
//	}
//
//	var configAttrs = attr.Table[config]{
//		attr.U32(unix.IFLA_VXLAN_ID, "IFLA_VXLAN_ID", func(c *config) *uint32 { return &c.VNI }),
//		attr.OptBool(unix.IFLA_VXLAN_LEARNING, "IFLA_VXLAN_LEARNING", func(c *config) **bool { return &c.Learning }),
//		attr.Seconds(unix.IFLA_VXLAN_AGEING, "IFLA_VXLAN_AGEING", func(c *config) *time.Duration { return &c.Ageing }),
//	}
//
//	data, err := configAttrs.Append(nil, &config{VNI: 42})
//	err = configAttrs.Decode(data, &c)
//
// # Rows
//
// One constructor is one form on the wire:
//
//   - integers: [U8] to [U64], [S8] to [S64], in network byte order [BE16] to [BE64]
//     and [SBE16] to [SBE64], of the width that the value needs [Uint] and [Sint];
//     enumerations and sets of flags are these with a type of their own
//   - yes or no: [Bool], [Flag]; a change of some bits of a set: [BitField32]
//   - text: [String], [Text], [FixedString]; bytes: [Bytes], [FixedBytes]
//   - addresses and durations: [Addr], [Addr4], [Addr6], [MAC], [Seconds], [Millis],
//     [Millis64], [Ticks32], [Ticks64]
//   - nests: [Nested], [Inline], with a table of their own; [Recursive] for a table
//     that nests itself
//   - C structs: [Struct], described by a [Layout]
//   - a content that another attribute chooses: [Choose]
//   - attributes that no row knows: [Rest]; all else: [Custom]
//
// Others make rows of many values, or of a pointer, out of the row of one value, whose
// field is then [Self]:
//
//   - [Opt]: a pointer; OptU32 and its like are short for it
//   - [Repeated]: the attribute comes once for each element
//   - [List], [ListOf]: a nest of numbered members
//   - [Map]: a nest whose types are keys
//   - [Array], [FixedArray]: one payload, element behind element
//
// They combine: a map of lists of structs is Map(…, ListOf(…, Struct(…))). What does
// not work, such as an array of texts, is reported by [Table.Check], which the tests
// in package attrtest call, and by every use.
//
// # Presence
//
// A field that holds its zero value is not sent, unless its row is
// [Row.Required]. Where zero is a value of its own, the field is a pointer and
// its row made by [Opt] or one of the Opt constructors: nil is not sent.
//
// # Newer and older kernels
//
// Attributes without a row are ignored, or kept by a [Rest] row. An integer may
// come in any width as long as its value fits. A payload that is too short is an
// error that names the attribute; nothing panics on what the kernel sends. More than
// 32 nests in each other are an error.
//
// # Names
//
// The names in a table are those in errors, and in [Dump], which shows the bytes of a
// message as text for people.
//
// Where a table is too slow, [Scan] walks attributes in place without
// allocating; the Append functions write single attributes.
package attr
