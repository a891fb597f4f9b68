//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

// ethtool is the family, looked up by name when it is called.
const ethtool genl.Name = unix.ETHTOOL_GENL_NAME

// header names the device in every message.
type header struct {
	Name string
}

var headerAttrs = attr.Table[header]{
	attr.String(unix.ETHTOOL_A_HEADER_DEV_NAME, "ETHTOOL_A_HEADER_DEV_NAME", func(h *header) *string { return &h.Name }),
}

// Bitset is a set of bits with names. As an answer it has those that are set, as a
// request those to change.
type Bitset struct {
	NoMask bool // what is not among the bits is not set, rather than unchanged
	Bits   []Bit
}

// Bit is one of a Bitset.
type Bit struct {
	Name  string
	Value bool // in a Bitset with NoMask it counts as true
}

// Has reports whether a bit is set.
func (s *Bitset) Has(name string) bool {
	return s != nil && slices.ContainsFunc(s.Bits, func(b Bit) bool { return b.Name == name && (b.Value || s.NoMask) })
}

// Names returns the names of the bits that are set.
func (s *Bitset) Names() (names []string) {
	if s != nil {
		for _, b := range s.Bits {
			if b.Value || s.NoMask {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

var bitsetAttrs = attr.Table[Bitset]{
	attr.Flag(unix.ETHTOOL_A_BITSET_NOMASK, "ETHTOOL_A_BITSET_NOMASK", func(s *Bitset) *bool { return &s.NoMask }),
	// The bits' nest has members of one type rather than numbered ones.
	attr.Inline(unix.ETHTOOL_A_BITSET_BITS, "ETHTOOL_A_BITSET_BITS", attr.Table[Bitset]{
		attr.Repeated(attr.Inline(unix.ETHTOOL_A_BITSET_BITS_BIT, "ETHTOOL_A_BITSET_BITS_BIT", bitAttrs, attr.Self[Bit]),
			func(s *Bitset) *[]Bit { return &s.Bits }),
	}, attr.Self[Bitset]),
}

var bitAttrs = attr.Table[Bit]{
	attr.String(unix.ETHTOOL_A_BITSET_BIT_NAME, "ETHTOOL_A_BITSET_BIT_NAME", func(b *Bit) *string { return &b.Name }),
	attr.Flag(unix.ETHTOOL_A_BITSET_BIT_VALUE, "ETHTOOL_A_BITSET_BIT_VALUE", func(b *Bit) *bool { return &b.Value }),
}

// Features are a device's offloads.
type Features struct {
	Header    header
	Supported *Bitset // by the hardware or its driver
	Wanted    *Bitset // asked for
	Active    *Bitset
	Never     *Bitset // that can never be changed
}

// Changeable reports whether a feature can be turned on and off.
func (f *Features) Changeable(name string) bool { return f.Supported.Has(name) && !f.Never.Has(name) }

var featuresAttrs = attr.Table[Features]{
	attr.Inline(unix.ETHTOOL_A_FEATURES_HEADER, "ETHTOOL_A_FEATURES_HEADER", headerAttrs, func(f *Features) *header { return &f.Header }),
	attr.Nested(unix.ETHTOOL_A_FEATURES_HW, "ETHTOOL_A_FEATURES_HW", bitsetAttrs, func(f *Features) **Bitset { return &f.Supported }),
	attr.Nested(unix.ETHTOOL_A_FEATURES_WANTED, "ETHTOOL_A_FEATURES_WANTED", bitsetAttrs, func(f *Features) **Bitset { return &f.Wanted }),
	attr.Nested(unix.ETHTOOL_A_FEATURES_ACTIVE, "ETHTOOL_A_FEATURES_ACTIVE", bitsetAttrs, func(f *Features) **Bitset { return &f.Active }),
	attr.Nested(unix.ETHTOOL_A_FEATURES_NOCHANGE, "ETHTOOL_A_FEATURES_NOCHANGE", bitsetAttrs, func(f *Features) **Bitset { return &f.Never }),
}

// LinkModes are what a device does on its wire.
type LinkModes struct {
	Header          header
	Autonegotiation bool
	Modes           *Bitset // those supported; one that is set is advertised
	Speed           uint32  // in Mbit/s, 0 and the largest number if it is not known
	Duplex          Duplex
}

// Duplex tells whether a link sends and receives at the same time.
type Duplex uint8

// String returns ethtool's word.
func (d Duplex) String() string {
	switch d {
	case 0:
		return "half"
	case 1:
		return "full"
	}
	return "unknown"
}

// String describes the modes in a line.
func (m LinkModes) String() string {
	speed := "unknown speed"
	if m.Speed != 0 && m.Speed != 1<<32-1 {
		speed = fmt.Sprint(m.Speed, " Mbit/s")
	}
	return fmt.Sprintf("%s, %s duplex, autonegotiation %t, advertises %q", speed, m.Duplex, m.Autonegotiation, m.Modes.Names())
}

var linkModesAttrs = attr.Table[LinkModes]{
	attr.Inline(unix.ETHTOOL_A_LINKMODES_HEADER, "ETHTOOL_A_LINKMODES_HEADER", headerAttrs, func(m *LinkModes) *header { return &m.Header }),
	attr.Bool(unix.ETHTOOL_A_LINKMODES_AUTONEG, "ETHTOOL_A_LINKMODES_AUTONEG", func(m *LinkModes) *bool { return &m.Autonegotiation }),
	attr.Nested(unix.ETHTOOL_A_LINKMODES_OURS, "ETHTOOL_A_LINKMODES_OURS", bitsetAttrs, func(m *LinkModes) **Bitset { return &m.Modes }),
	attr.U32(unix.ETHTOOL_A_LINKMODES_SPEED, "ETHTOOL_A_LINKMODES_SPEED", func(m *LinkModes) *uint32 { return &m.Speed }),
	attr.U8(unix.ETHTOOL_A_LINKMODES_DUPLEX, "ETHTOOL_A_LINKMODES_DUPLEX", func(m *LinkModes) *Duplex { return &m.Duplex }),
}

// Rings are how many packets a device's queues hold.
type Rings struct {
	Header       header
	RX, TX       uint32
	RXMax, TXMax uint32
}

var ringsAttrs = attr.Table[Rings]{
	attr.Inline(unix.ETHTOOL_A_RINGS_HEADER, "ETHTOOL_A_RINGS_HEADER", headerAttrs, func(r *Rings) *header { return &r.Header }),
	attr.U32(unix.ETHTOOL_A_RINGS_RX_MAX, "ETHTOOL_A_RINGS_RX_MAX", func(r *Rings) *uint32 { return &r.RXMax }),
	attr.U32(unix.ETHTOOL_A_RINGS_TX_MAX, "ETHTOOL_A_RINGS_TX_MAX", func(r *Rings) *uint32 { return &r.TXMax }),
	attr.U32(unix.ETHTOOL_A_RINGS_RX, "ETHTOOL_A_RINGS_RX", func(r *Rings) *uint32 { return &r.RX }),
	attr.U32(unix.ETHTOOL_A_RINGS_TX, "ETHTOOL_A_RINGS_TX", func(r *Rings) *uint32 { return &r.TX }),
}

// stringSets are where the kernel keeps names: numbered sets of numbered strings.
type stringSets struct {
	Header *header // nil for sets that belong to no device
	Sets   []stringSet
}

type stringSet struct {
	ID      uint32
	Strings []indexed
}

type indexed struct {
	Index uint32
	Value string
}

var stringSetsAttrs = attr.Table[stringSets]{
	attr.Nested(unix.ETHTOOL_A_STRSET_HEADER, "ETHTOOL_A_STRSET_HEADER", headerAttrs, func(s *stringSets) **header { return &s.Header }),
	attr.Inline(unix.ETHTOOL_A_STRSET_STRINGSETS, "ETHTOOL_A_STRSET_STRINGSETS", attr.Table[stringSets]{
		attr.Repeated(attr.Inline(unix.ETHTOOL_A_STRINGSETS_STRINGSET, "ETHTOOL_A_STRINGSETS_STRINGSET", stringSetAttrs, attr.Self[stringSet]),
			func(s *stringSets) *[]stringSet { return &s.Sets }),
	}, attr.Self[stringSets]),
}

var stringSetAttrs = attr.Table[stringSet]{
	attr.U32(unix.ETHTOOL_A_STRINGSET_ID, "ETHTOOL_A_STRINGSET_ID", func(s *stringSet) *uint32 { return &s.ID }),
	attr.Inline(unix.ETHTOOL_A_STRINGSET_STRINGS, "ETHTOOL_A_STRINGSET_STRINGS", attr.Table[stringSet]{
		attr.Repeated(attr.Inline(unix.ETHTOOL_A_STRINGS_STRING, "ETHTOOL_A_STRINGS_STRING", indexedAttrs, attr.Self[indexed]),
			func(s *stringSet) *[]indexed { return &s.Strings }),
	}, attr.Self[stringSet]),
}

var indexedAttrs = attr.Table[indexed]{
	attr.U32(unix.ETHTOOL_A_STRING_INDEX, "ETHTOOL_A_STRING_INDEX", func(s *indexed) *uint32 { return &s.Index }),
	attr.String(unix.ETHTOOL_A_STRING_VALUE, "ETHTOOL_A_STRING_VALUE", func(s *indexed) *string { return &s.Value }),
}

// The commands of the family.
var (
	getFeatures = genl.Call[Features, Features]{
		Op: "ethtool.GetFeatures", Command: unix.ETHTOOL_MSG_FEATURES_GET, Request: featuresAttrs, Reply: featuresAttrs,
		Describe: func(f *Features) string { return f.Header.Name },
	}
	setFeatures = genl.Call[Features, struct{}]{
		Op: "ethtool.SetFeature", Command: unix.ETHTOOL_MSG_FEATURES_SET, Request: featuresAttrs,
		Describe: func(f *Features) string { return fmt.Sprint(f.Header.Name, " ", f.Wanted.Bits[0].Name) },
	}
	getLinkModes = genl.Call[LinkModes, LinkModes]{
		Op: "ethtool.GetLinkModes", Command: unix.ETHTOOL_MSG_LINKMODES_GET, Request: linkModesAttrs, Reply: linkModesAttrs,
		Describe: func(m *LinkModes) string { return m.Header.Name },
	}
	getRings = genl.Call[Rings, Rings]{
		Op: "ethtool.GetRings", Command: unix.ETHTOOL_MSG_RINGS_GET, Request: ringsAttrs, Reply: ringsAttrs,
		Describe: func(r *Rings) string { return r.Header.Name },
	}
	getStringSets = genl.Call[stringSets, stringSets]{
		Op: "ethtool.GetStringSets", Command: unix.ETHTOOL_MSG_STRSET_GET, Request: stringSetsAttrs, Reply: stringSetsAttrs,
	}
)

// GetFeatures returns a device's offloads. `ethtool -k DEVICE`
func GetFeatures(ctx context.Context, c *nlkit.Client, device string) (Features, error) {
	return getFeatures.Query(ctx, c, ethtool, &Features{Header: header{device}})
}

// SetFeature turns a device's offload on or off. `ethtool -K DEVICE FEATURE on|off`
func SetFeature(ctx context.Context, d nlkit.Doer, device, feature string, on bool) error {
	return setFeatures.Do(ctx, d, ethtool, &Features{Header: header{device}, Wanted: &Bitset{Bits: []Bit{{feature, on}}}})
}

// GetLinkModes returns what a device does on its wire. `ethtool DEVICE`
func GetLinkModes(ctx context.Context, c *nlkit.Client, device string) (LinkModes, error) {
	return getLinkModes.Query(ctx, c, ethtool, &LinkModes{Header: header{device}})
}

// GetRings returns how many packets a device's queues hold. `ethtool -g DEVICE`
func GetRings(ctx context.Context, c *nlkit.Client, device string) (Rings, error) {
	return getRings.Query(ctx, c, ethtool, &Rings{Header: header{device}})
}

// FeatureNames returns the names of all offloads that the kernel knows, which it has
// in a set of strings.
func FeatureNames(ctx context.Context, c *nlkit.Client) (names []string, err error) {
	const features = 4 // ETH_SS_FEATURES in include/uapi/linux/ethtool.h
	sets, err := getStringSets.Query(ctx, c, ethtool, &stringSets{Header: &header{}, Sets: []stringSet{{ID: features}}})
	if err != nil {
		return nil, err
	}
	for _, set := range sets.Sets {
		for _, s := range set.Strings {
			names = append(names, s.Value)
		}
	}
	return names, nil
}
