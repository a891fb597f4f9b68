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
// # Presence
//
// A field that holds its zero value is not sent, unless its row is
// [Row.Required]. Where zero is a value of its own, the field is a pointer and
// its row one of the Opt constructors: nil is not sent.
//
// # Newer and older kernels
//
// Attributes without a row are ignored, or kept by a [Rest] row. An integer may
// come in any width as long as its value fits. A payload that is too short is an
// error that names the attribute; nothing panics on what the kernel sends.
//
// Where a table is too slow, [Scan] walks attributes in place without
// allocating; the Append functions write single attributes.
package attr
