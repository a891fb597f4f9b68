package main

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

// The names of attributes in the events of some families. A table is a schema: what
// a program decodes, it can print.
var tables = map[string]attr.Schema{
	"nlctrl":  familyAttrs,
	"ethtool": featuresAttrs,
}

// family is what nlctrl tells of one (CTRL_ATTR_* in include/uapi/linux/genetlink.h).
type family struct {
	ID, Headers, MaxAttr, Version uint32
	Name                          string
	Groups                        []group
}

type group struct {
	ID   uint32
	Name string
}

var familyAttrs = attr.Table[family]{
	attr.U16(1, "CTRL_ATTR_FAMILY_ID", func(f *family) *uint32 { return &f.ID }),
	attr.String(2, "CTRL_ATTR_FAMILY_NAME", func(f *family) *string { return &f.Name }),
	attr.U32(3, "CTRL_ATTR_VERSION", func(f *family) *uint32 { return &f.Version }),
	attr.U32(4, "CTRL_ATTR_HDRSIZE", func(f *family) *uint32 { return &f.Headers }),
	attr.U32(5, "CTRL_ATTR_MAXATTR", func(f *family) *uint32 { return &f.MaxAttr }),
	attr.List(7, "CTRL_ATTR_MCAST_GROUPS", groupAttrs, func(f *family) *[]group { return &f.Groups }),
}

var groupAttrs = attr.Table[group]{
	attr.String(1, "CTRL_ATTR_MCAST_GRP_NAME", func(g *group) *string { return &g.Name }),
	attr.U32(2, "CTRL_ATTR_MCAST_GRP_ID", func(g *group) *uint32 { return &g.ID }),
}

// features is a change of a device's offloads (ETHTOOL_A_FEATURES_* in
// include/uapi/linux/ethtool_netlink.h). examples/ethtool has more of that family.
type features struct {
	Device    device
	Supported *bitset // by the device or its driver
	Wanted    *bitset // asked for
	Active    *bitset
	Never     *bitset // that can never be changed
}

type device struct {
	Index uint32
	Name  string
}

// bitset has names in a request, and words of bits in an event.
type bitset struct {
	NoMask bool
	Size   uint32 // in bits
	Bits   []bit
	Value  []uint32
	Mask   []uint32
}

type bit struct {
	Name string
	On   bool
}

var featuresAttrs = attr.Table[features]{
	attr.Inline(1, "ETHTOOL_A_FEATURES_HEADER", deviceAttrs, func(f *features) *device { return &f.Device }),
	attr.Nested(2, "ETHTOOL_A_FEATURES_HW", bitsetAttrs, func(f *features) **bitset { return &f.Supported }),
	attr.Nested(3, "ETHTOOL_A_FEATURES_WANTED", bitsetAttrs, func(f *features) **bitset { return &f.Wanted }),
	attr.Nested(4, "ETHTOOL_A_FEATURES_ACTIVE", bitsetAttrs, func(f *features) **bitset { return &f.Active }),
	attr.Nested(5, "ETHTOOL_A_FEATURES_NOCHANGE", bitsetAttrs, func(f *features) **bitset { return &f.Never }),
}

var deviceAttrs = attr.Table[device]{
	attr.U32(1, "ETHTOOL_A_HEADER_DEV_INDEX", func(d *device) *uint32 { return &d.Index }),
	attr.String(2, "ETHTOOL_A_HEADER_DEV_NAME", func(d *device) *string { return &d.Name }),
}

var bitsetAttrs = attr.Table[bitset]{
	attr.Flag(1, "ETHTOOL_A_BITSET_NOMASK", func(b *bitset) *bool { return &b.NoMask }),
	attr.U32(2, "ETHTOOL_A_BITSET_SIZE", func(b *bitset) *uint32 { return &b.Size }),
	attr.List(3, "ETHTOOL_A_BITSET_BITS", bitAttrs, func(b *bitset) *[]bit { return &b.Bits }),
	attr.Array(attr.U32(4, "ETHTOOL_A_BITSET_VALUE", attr.Self[uint32]), func(b *bitset) *[]uint32 { return &b.Value }),
	attr.Array(attr.U32(5, "ETHTOOL_A_BITSET_MASK", attr.Self[uint32]), func(b *bitset) *[]uint32 { return &b.Mask }),
}

var bitAttrs = attr.Table[bit]{
	attr.String(2, "ETHTOOL_A_BITSET_BIT_NAME", func(b *bit) *string { return &b.Name }),
	attr.Flag(3, "ETHTOOL_A_BITSET_BIT_VALUE", func(b *bit) *bool { return &b.On }),
}

// setFeatures is ETHTOOL_MSG_FEATURES_SET.
var setFeatures = genl.Call[features, struct{}]{
	Op: "ethtool.SetFeatures", Command: 12, Request: featuresAttrs,
	Describe: func(f *features) string { return f.Device.Name },
}
