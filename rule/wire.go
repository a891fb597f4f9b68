package rule

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	headerLen = 12 // struct fib_rule_hdr
	nameLen   = 15 // IFNAMSIZ without the NUL

	// Masks that the kernel reports where none was set.
	allMark      = math.MaxUint32
	allDSCP      = 0x3f
	allFlowLabel = 0xfffff
	allPort      = math.MaxUint16

	// suppressNone is what the kernel stores where there is no suppressor.
	suppressNone = math.MaxUint32
)

// attrs are the attributes behind struct fib_rule_hdr, in the order in which the
// kernel sends them. From and To get their lengths from the header, which is
// decoded last.
var attrs = attr.Table[Rule]{
	attr.U32(uapi.FRA_TABLE, "FRA_TABLE", func(r *Rule) *rtnl.Table { return &r.Table }),
	attr.OptS32(uapi.FRA_SUPPRESS_PREFIXLEN, "FRA_SUPPRESS_PREFIXLEN", func(r *Rule) **int { return &r.SuppressPrefixLen }).Max(math.MaxInt32),
	attr.U8(uapi.FRA_PROTOCOL, "FRA_PROTOCOL", func(r *Rule) *rtnl.Protocol { return &r.Protocol }),
	attr.String(uapi.FRA_IIFNAME, "FRA_IIFNAME", func(r *Rule) *string { return &r.IIF }),
	attr.String(uapi.FRA_OIFNAME, "FRA_OIFNAME", func(r *Rule) *string { return &r.OIF }),
	attr.OptU32(uapi.FRA_PRIORITY, "FRA_PRIORITY", func(r *Rule) **uint32 { return &r.Priority }),
	attr.U32(uapi.FRA_FWMARK, "FRA_FWMARK", func(r *Rule) *uint32 { return &r.Mark }),
	attr.OptU32(uapi.FRA_FWMASK, "FRA_FWMASK", func(r *Rule) **uint32 { return &r.MarkMask }),
	attr.U32(uapi.FRA_GOTO, "FRA_GOTO", func(r *Rule) *uint32 { return &r.Goto }),
	attr.Custom[Rule](uapi.FRA_PAD, "FRA_PAD", nil, nil),
	attr.BE64(uapi.FRA_TUN_ID, "FRA_TUN_ID", func(r *Rule) *uint64 { return &r.TunID }),
	attr.Bool(uapi.FRA_L3MDEV, "FRA_L3MDEV", func(r *Rule) *bool { return &r.L3MDev }),
	attr.Custom(uapi.FRA_UID_RANGE, "FRA_UID_RANGE", putUIDRange, getUIDRange).Sample(func(rnd *rand.Rand, r *Rule) {
		r.UIDRange = &UIDRange{Start: rnd.Uint32N(3), End: 3 + rnd.Uint32()>>1}
	}),
	ports(uapi.FRA_SPORT_RANGE, "FRA_SPORT_RANGE", func(r *Rule) *PortRange { return &r.SPort }),
	attr.OptU16(uapi.FRA_SPORT_MASK, "FRA_SPORT_MASK", func(r *Rule) **uint16 { return &r.SPortMask }),
	ports(uapi.FRA_DPORT_RANGE, "FRA_DPORT_RANGE", func(r *Rule) *PortRange { return &r.DPort }),
	attr.OptU16(uapi.FRA_DPORT_MASK, "FRA_DPORT_MASK", func(r *Rule) **uint16 { return &r.DPortMask }),
	attr.U8(uapi.FRA_IP_PROTO, "FRA_IP_PROTO", func(r *Rule) *uint8 { return &r.IPProto }),
	attr.OptU32(uapi.FRA_SUPPRESS_IFGROUP, "FRA_SUPPRESS_IFGROUP", func(r *Rule) **uint32 { return &r.SuppressIfGroup }).Max(suppressNone - 1),
	prefix(uapi.FRA_DST, "FRA_DST", func(r *Rule) *netip.Prefix { return &r.To }),
	prefix(uapi.FRA_SRC, "FRA_SRC", func(r *Rule) *netip.Prefix { return &r.From }),
	attr.OptU8(uapi.FRA_DSCP, "FRA_DSCP", func(r *Rule) **uint8 { return &r.DSCP }).Max(allDSCP),
	attr.OptU8(uapi.FRA_DSCP_MASK, "FRA_DSCP_MASK", func(r *Rule) **uint8 { return &r.DSCPMask }).Max(allDSCP),
	attr.OptBE32(uapi.FRA_FLOWLABEL, "FRA_FLOWLABEL", func(r *Rule) **uint32 { return &r.FlowLabel }).Max(allFlowLabel),
	attr.OptBE32(uapi.FRA_FLOWLABEL_MASK, "FRA_FLOWLABEL_MASK", func(r *Rule) **uint32 { return &r.FlowLabelMask }).Max(allFlowLabel),
	attr.Custom(uapi.FRA_FLOW, "FRA_FLOW", putRealms, getRealms).Sample(func(rnd *rand.Rand, r *Rule) {
		r.Realms = Realms{From: uint16(rnd.Uint32()), To: 1 + uint16(rnd.IntN(100))}
	}),
	attr.Rest(func(r *Rule) *[]attr.Raw { return &r.Rest }),
}

// prefix is an address whose length stands in the header. Read without it, the
// prefix is that of a single address.
func prefix(typ uint16, name string, field func(*Rule) *netip.Prefix) attr.Row[Rule] {
	return attr.Custom(typ, name,
		func(b []byte, r *Rule) ([]byte, error) {
			if p := *field(r); p.Bits() > 0 {
				b = attr.AppendAddr(b, typ, p.Addr())
			}
			return b, nil
		},
		func(p []byte, r *Rule) error {
			a, ok := netip.AddrFromSlice(p)
			if !ok {
				return fmt.Errorf("%w: %d bytes are no IP address", attr.ErrMalformed, len(p))
			}
			*field(r) = netip.PrefixFrom(a, a.BitLen())
			return nil
		}).Sample(func(rnd *rand.Rand, r *Rule) {
		a := netip.AddrFrom4([4]byte{192, 0, 2, byte(rnd.IntN(256))})
		if rnd.IntN(2) == 0 {
			a = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(rnd.IntN(256))})
		}
		*field(r) = netip.PrefixFrom(a, a.BitLen())
	})
}

// ports is a struct fib_rule_port_range.
func ports(typ uint16, name string, field func(*Rule) *PortRange) attr.Row[Rule] {
	return attr.Custom(typ, name,
		func(b []byte, r *Rule) ([]byte, error) {
			p := *field(r)
			if p == (PortRange{}) {
				return b, nil
			}
			var data [4]byte
			binary.NativeEndian.PutUint16(data[0:], p.Start)
			binary.NativeEndian.PutUint16(data[2:], p.End)
			return attr.AppendBytes(b, typ, data[:]), nil
		},
		func(p []byte, r *Rule) error {
			if len(p) < 4 {
				return tooShort(p, 4)
			}
			*field(r) = PortRange{Start: binary.NativeEndian.Uint16(p), End: binary.NativeEndian.Uint16(p[2:])}
			return nil
		}).Sample(func(rnd *rand.Rand, r *Rule) {
		start := 1 + rnd.IntN(60000)
		*field(r) = PortRange{Start: uint16(start), End: uint16(start + rnd.IntN(5000))}
	})
}

func putUIDRange(b []byte, r *Rule) ([]byte, error) {
	if r.UIDRange == nil {
		return b, nil
	}
	var data [8]byte
	binary.NativeEndian.PutUint32(data[0:], r.UIDRange.Start)
	binary.NativeEndian.PutUint32(data[4:], r.UIDRange.End)
	return attr.AppendBytes(b, uapi.FRA_UID_RANGE, data[:]), nil
}

func getUIDRange(p []byte, r *Rule) error {
	if len(p) < 8 {
		return tooShort(p, 8)
	}
	r.UIDRange = &UIDRange{Start: binary.NativeEndian.Uint32(p), End: binary.NativeEndian.Uint32(p[4:])}
	return nil
}

func putRealms(b []byte, r *Rule) ([]byte, error) {
	if r.Realms == (Realms{}) {
		return b, nil
	}
	return attr.AppendUint32(b, uapi.FRA_FLOW, uint32(r.Realms.From)<<16|uint32(r.Realms.To)), nil
}

func getRealms(p []byte, r *Rule) error {
	if len(p) < 4 {
		return tooShort(p, 4)
	}
	v := binary.NativeEndian.Uint32(p)
	r.Realms = Realms{From: uint16(v >> 16), To: uint16(v)}
	return nil
}

func tooShort(p []byte, want int) error {
	return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(p), want)
}

// header appends struct fib_rule_hdr.
func header(b []byte, r *Rule) []byte {
	table := byte(uapi.RT_TABLE_COMPAT) // the number itself is in FRA_TABLE
	if r.Table <= math.MaxUint8 {
		table = byte(r.Table)
	}
	b = append(b,
		byte(r.Family), byte(max(r.To.Bits(), 0)), byte(max(r.From.Bits(), 0)), r.TOS,
		table, 0, 0, byte(r.Action),
	)
	return binary.NativeEndian.AppendUint32(b, uint32(r.Flags))
}

// encode returns the message for r, which [prepare] has passed.
func encode(r *Rule) ([]byte, error) {
	return attrs.Append(header(make([]byte, 0, 128), r), r)
}

// decode stores the rule in a message from the kernel into r, which is zero.
func decode(b []byte, r *Rule) error {
	if err := decodeSent(b, r); err != nil {
		return err
	}
	if r.Priority == nil {
		r.Priority = new(uint32) // the kernel leaves out a zero
	}
	return nil
}

// decodeSent decodes a message in which what is absent is not set.
func decodeSent(b []byte, r *Rule) error {
	if len(b) < headerLen {
		return &attr.Error{Err: fmt.Errorf("%w: %d bytes are no struct fib_rule_hdr", attr.ErrMalformed, len(b))}
	}
	if err := attrs.Decode(b[headerLen:], r); err != nil {
		return err
	}
	r.Family = rtnl.Family(b[0])
	if err := setBits(&r.To, r.Family, b[1], "FRA_DST"); err != nil {
		return err
	}
	if err := setBits(&r.From, r.Family, b[2], "FRA_SRC"); err != nil {
		return err
	}
	r.TOS = b[3]
	if r.Table == rtnl.TableUnspec {
		r.Table = rtnl.Table(b[4]) // FRA_TABLE came with Linux 2.6.19
	}
	r.Action = Action(b[7])
	r.Flags = Flags(binary.NativeEndian.Uint32(b[8:]))
	r.dropDefaults()
	return nil
}

// setBits gives a prefix its length. Without one it is no prefix.
func setBits(p *netip.Prefix, family rtnl.Family, bits byte, name string) error {
	if bits == 0 {
		*p = netip.Prefix{}
		return nil
	}
	a := p.Addr()
	if want := family.Bits(); want != 0 && a.IsValid() && a.BitLen() != want {
		return &attr.Error{Path: name, Err: fmt.Errorf("%w: %v is no address of the family", attr.ErrMalformed, a)}
	}
	if *p = netip.PrefixFrom(a, int(bits)); !p.IsValid() {
		return &attr.Error{Path: name, Err: fmt.Errorf("%w: prefix length %d", attr.ErrMalformed, bits)}
	}
	return nil
}

// dropDefaults drops what is the same as not set: kernels differ in whether they
// report it.
func (r *Rule) dropDefaults() {
	if r.Mark != 0 {
		drop(&r.MarkMask, allMark)
	}
	if r.DSCP != nil {
		drop(&r.DSCPMask, allDSCP)
	}
	if r.FlowLabel != nil {
		drop(&r.FlowLabelMask, allFlowLabel)
	}
	drop(&r.SPortMask, allPort)
	drop(&r.DPortMask, allPort)
	drop(&r.SuppressIfGroup, suppressNone)
	if p := r.SuppressPrefixLen; p != nil && *p < 0 {
		r.SuppressPrefixLen = nil // -1; no prefix is shorter than nothing
	}
}

func drop[V comparable](p **V, v V) {
	if *p != nil && **p == v {
		*p = nil
	}
}

// match reports whether the filter chooses r.
func (f *filter) match(r *Rule) bool {
	return f.ofFamily(r.Family) &&
		(f.table == nil || r.Table == *f.table) &&
		(f.priority == nil || *r.Priority == *f.priority) &&
		(f.protocol == nil || r.Protocol == *f.protocol) &&
		(f.action == nil || r.Action == *f.action) &&
		(f.mark == nil || r.Mark == *f.mark) &&
		(f.iif == nil || r.IIF == *f.iif) &&
		(f.oif == nil || r.OIF == *f.oif) &&
		(f.from == nil || sameNetwork(r.From, *f.from, r.Family)) &&
		(f.to == nil || sameNetwork(r.To, *f.to, r.Family))
}

// ofFamily reports whether rules of the family are asked for: without
// [MatchFamily] those for multicast routing are not.
func (f *filter) ofFamily(family rtnl.Family) bool {
	if f.family == rtnl.FamilyUnspec {
		return family == rtnl.FamilyIPv4 || family == rtnl.FamilyIPv6
	}
	return family == f.family
}

// wants are the messages about rules of the family that is asked for, and about links.
// Deletions of other rules tear a list.
func (f *filter) wants() []nlkit.Want {
	rules := nlkit.Want{Types: []uint16{uapi.RTM_NEWRULE, uapi.RTM_DELRULE}}
	if family := f.dumpFamily(); family != rtnl.FamilyUnspec {
		rules.Where = []nlkit.Field{{Offset: 0, Size: 1, Value: uint32(family)}}
	}
	return []nlkit.Want{rules, {
		Types: []uint16{uapi.RTM_NEWLINK, uapi.RTM_DELLINK},
		Where: []nlkit.Field{{Offset: 0, Size: 1, Value: uapi.AF_UNSPEC}},
	}}
}

// sameNetwork reports whether the prefix p of a rule is want, where no prefix is
// the same as one of length zero.
func sameNetwork(p, want netip.Prefix, family rtnl.Family) bool {
	if want.Bits() > 0 {
		return p == want
	}
	return p.Bits() <= 0 && rtnl.FamilyOf(want.Addr()) == family
}

// request returns the message of a dump: the kernel filters by family, and with
// strict checking refuses to be sent anything else.
func (f *filter) request() []byte {
	return header(make([]byte, 0, headerLen), &Rule{Family: f.dumpFamily()})
}

// dumpFamily is the family that the options choose, if they choose one.
func (f *filter) dumpFamily() rtnl.Family {
	switch {
	case f.family != rtnl.FamilyUnspec:
		return f.family
	case f.from != nil:
		return rtnl.FamilyOf(f.from.Addr())
	case f.to != nil:
		return rtnl.FamilyOf(f.to.Addr())
	}
	return rtnl.FamilyUnspec
}

// describe says what a message that was sent is about.
func describe(data []byte) string {
	var r Rule
	if err := decodeSent(data, &r); err != nil {
		return ""
	}
	return r.String()
}
