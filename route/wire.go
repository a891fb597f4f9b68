package route

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	headerLen    = 12 // struct rtmsg
	dstLenOffset = 1  // of rtm_dst_len
	labelBits    = 20 // rtm_dst_len of an MPLS route

	// What the kernel says of a route and does not take.
	readOnlyFlags = FlagDead | FlagOffload | FlagLinkDown | FlagUnresolved | FlagTrap | FlagCloned | FlagPrefix |
		FlagLookupTable | FlagFIBMatch | FlagRTOffload | FlagRTTrap | FlagOffloadFailed
)

// attrs are the attributes of a route's own fields; those of Extra are in
// extraAttrs, mplsAttrs and multicastAttrs. Dst takes its length from the header, which is decoded first. What
// is hot, [encode] and [decode], does the same by hand.
var attrs = attr.Table[Route]{
	attr.Custom(uapi.RTA_DST, "RTA_DST",
		func(b []byte, r *Route) ([]byte, error) {
			if r.Dst.Bits() <= 0 {
				return b, nil
			}
			return attr.AppendAddr(b, uapi.RTA_DST, r.Dst.Addr()), nil
		},
		func(p []byte, r *Route) error {
			if !r.Dst.IsValid() {
				return nil // a label
			}
			a, err := address(p, r.Family)
			r.Dst = netip.PrefixFrom(a, r.Dst.Bits())
			return err
		}).Sample(func(rnd *rand.Rand, r *Route) {
		a := randomAddr(rnd, r.Family)
		r.Dst = netip.PrefixFrom(a, rnd.IntN(a.BitLen()+1)).Masked()
	}),
	attr.U32(uapi.RTA_OIF, "RTA_OIF", func(r *Route) *int { return &r.Link }).Max(math.MaxInt32),
	attr.Custom(uapi.RTA_GATEWAY, "RTA_GATEWAY",
		func(b []byte, r *Route) ([]byte, error) {
			if !r.Gateway.IsValid() || rtnl.FamilyOf(r.Gateway) != r.Family {
				return b, nil
			}
			return attr.AppendAddr(b, uapi.RTA_GATEWAY, r.Gateway), nil
		},
		func(p []byte, r *Route) (err error) {
			r.Gateway, err = address(p, r.Family)
			return err
		}).Sample(func(rnd *rand.Rand, r *Route) {
		if rnd.IntN(2) == 0 {
			r.Gateway = randomAddr(rnd, r.Family)
		}
	}),
	attr.U32(uapi.RTA_PRIORITY, "RTA_PRIORITY", func(r *Route) *uint32 { return &r.Priority }),
	attr.Custom(uapi.RTA_PREFSRC, "RTA_PREFSRC",
		func(b []byte, r *Route) ([]byte, error) {
			if !r.PrefSrc.IsValid() {
				return b, nil
			}
			return attr.AppendAddr(b, uapi.RTA_PREFSRC, r.PrefSrc), nil
		},
		func(p []byte, r *Route) (err error) {
			r.PrefSrc, err = address(p, r.Family)
			return err
		}).Sample(func(rnd *rand.Rand, r *Route) { r.PrefSrc = randomAddr(rnd, r.Family) }),
	attr.Custom(uapi.RTA_MULTIPATH, "RTA_MULTIPATH",
		func(b []byte, r *Route) ([]byte, error) { return appendMultipath(b, r.Family, r.Multipath) },
		func(p []byte, r *Route) (err error) {
			r.Multipath, err = decodeMultipath(p, r.Family)
			return err
		}).Sample(sampleMultipath),
	attr.Custom(uapi.RTA_TABLE, "RTA_TABLE",
		func(b []byte, r *Route) ([]byte, error) {
			if r.Table <= math.MaxUint8 { // it is in the header
				return b, nil
			}
			return attr.AppendUint32(b, uapi.RTA_TABLE, uint32(r.Table)), nil
		},
		func(p []byte, r *Route) error {
			if len(p) < 4 {
				return short(len(p), 4)
			}
			r.Table = rtnl.Table(binary.NativeEndian.Uint32(p))
			return nil
		}).Sample(func(rnd *rand.Rand, r *Route) { r.Table = rtnl.Table(256 + rnd.Uint32N(1<<30)) }),
	attr.Custom(uapi.RTA_VIA, "RTA_VIA",
		func(b []byte, r *Route) ([]byte, error) {
			if !r.Gateway.IsValid() || rtnl.FamilyOf(r.Gateway) == r.Family {
				return b, nil
			}
			return appendVia(b, rtnl.FamilyOf(r.Gateway), r.Gateway.AsSlice()), nil
		},
		func(p []byte, r *Route) (err error) {
			r.Gateway, _, err = via(p)
			return err
		}).Sample(func(rnd *rand.Rand, r *Route) {
		if !r.Gateway.IsValid() && r.Family == rtnl.FamilyIPv4 {
			r.Gateway = randomAddr(rnd, rtnl.FamilyIPv6)
		}
	}),
	attr.U8(uapi.RTA_PREF, "RTA_PREF", func(r *Route) *Preference { return &r.Preference }),
	attr.U32(uapi.RTA_NH_ID, "RTA_NH_ID", func(r *Route) *uint32 { return &r.NexthopID }),
}

// names are the attributes of a route message, for errors.
type names struct{}

func (names) Attr(typ uint16, siblings []byte) (name string, sub attr.Schema) {
	for _, s := range []attr.Schema{attrs, extraAttrs, mplsAttrs, multicastAttrs} {
		if name, sub = s.Attr(typ, siblings); name != "" {
			break
		}
	}
	return name, sub
}

// schema is names with what stands in RTA_MULTIPATH.
type schema struct{ names }

// Locate implements [attr.Locator].
func (schema) Locate(b []byte, off int) string {
	for pos := 0; pos+4 <= len(b); {
		n := int(binary.NativeEndian.Uint16(b[pos:]))
		if n < 4 || pos+n > len(b) || off < pos {
			return ""
		}
		if next := pos + align(n); off >= next {
			pos = next
			continue
		}
		typ := binary.NativeEndian.Uint16(b[pos+2:]) &^ (uapi.NLA_F_NESTED | uapi.NLA_F_NET_BYTEORDER)
		if typ == uapi.RTA_MULTIPATH && off >= pos+4 {
			return "RTA_MULTIPATH" + locateHop(b[pos+4:pos+n], off-pos-4)
		}
		return attr.Path(names{}, b, off)
	}
	return ""
}

func align(n int) int { return (n + 3) &^ 3 }

func short(n, want int) error {
	return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, n, want)
}

// address reads an address of a family.
func address(p []byte, family rtnl.Family) (netip.Addr, error) {
	if 8*len(p) == family.Bits() {
		switch len(p) {
		case 4:
			return netip.AddrFrom4([4]byte(p)), nil
		case 16:
			return netip.AddrFrom16([16]byte(p)), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%w: %d bytes are no address of family %v", attr.ErrMalformed, len(p), family)
}

// via reads struct rtvia: an IP address, or a link-layer address, which is part of
// p.
func via(p []byte) (ip netip.Addr, mac net.HardwareAddr, err error) {
	if len(p) < 2 {
		return ip, nil, short(len(p), 2)
	}
	switch family := binary.NativeEndian.Uint16(p); family {
	case uapi.AF_INET, uapi.AF_INET6:
		ip, err = address(p[2:], rtnl.Family(family))
	case uapi.AF_PACKET:
		mac = p[2:]
	default:
		err = fmt.Errorf("%w: family %d", attr.ErrMalformed, family)
	}
	return ip, mac, err
}

func appendVia(b []byte, family rtnl.Family, a []byte) []byte {
	p := binary.NativeEndian.AppendUint16(make([]byte, 0, 18), uint16(family))
	return attr.AppendBytes(b, uapi.RTA_VIA, append(p, a...))
}

func randomAddr(r *rand.Rand, family rtnl.Family) netip.Addr {
	if family == rtnl.FamilyIPv6 {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(r.Uint32()), 15: byte(r.Uint32())})
	}
	return netip.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
}

// appendHeader appends struct rtmsg of a route.
func appendHeader(b []byte, r *Route) []byte {
	srcLen := byte(0)
	if e := r.Extra; e != nil && e.Src.IsValid() {
		srcLen = byte(e.Src.Bits())
	}
	table := byte(uapi.RT_TABLE_UNSPEC) // RTA_TABLE has it
	if r.Table <= math.MaxUint8 {
		table = byte(r.Table)
	}
	b = append(b,
		byte(r.Family), byte(max(r.Dst.Bits(), 0)), srcLen, r.TOS,
		table, byte(r.Protocol), byte(r.Scope), byte(r.Type))
	return binary.NativeEndian.AppendUint32(b, uint32(r.Flags))
}

// encode returns the message of a route that [prepare] has passed. It allocates
// only the message.
func encode(r *Route) (b []byte, err error) {
	width := 4 + r.Family.Bits()/8
	n := headerLen + 5*8 + 24 + 2*width
	if len(r.Multipath) > 0 {
		n += 4 + len(r.Multipath)*(hopLen+24+8)
	}
	if r.Extra != nil {
		n += 128
	}
	b = appendHeader(make([]byte, 0, n), r)
	if r.Family == rtnl.FamilyMPLS {
		b[1] = labelBits // rtm_dst_len, with or without a label
	}
	if r.Dst.Bits() > 0 {
		b = attr.AppendAddr(b, uapi.RTA_DST, r.Dst.Addr())
	}
	if r.Link != 0 {
		b = attr.AppendUint32(b, uapi.RTA_OIF, uint32(r.Link))
	}
	other := false
	if r.Gateway.IsValid() {
		if other = rtnl.FamilyOf(r.Gateway) != r.Family; !other {
			b = attr.AppendAddr(b, uapi.RTA_GATEWAY, r.Gateway)
		}
	}
	if r.Priority != 0 {
		b = attr.AppendUint32(b, uapi.RTA_PRIORITY, r.Priority)
	}
	if r.PrefSrc.IsValid() {
		b = attr.AppendAddr(b, uapi.RTA_PREFSRC, r.PrefSrc)
	}
	if len(r.Multipath) > 0 {
		if b, err = appendMultipath(b, r.Family, r.Multipath); err != nil {
			return b, err
		}
	}
	if r.Table > math.MaxUint8 {
		b = attr.AppendUint32(b, uapi.RTA_TABLE, uint32(r.Table))
	}
	if other {
		b = appendVia(b, rtnl.FamilyOf(r.Gateway), r.Gateway.AsSlice())
	}
	if r.Preference != 0 {
		b = attr.AppendUint8(b, uapi.RTA_PREF, uint8(r.Preference))
	}
	if r.NexthopID != 0 {
		b = attr.AppendUint32(b, uapi.RTA_NH_ID, r.NexthopID)
	}
	if r.Extra != nil {
		if b, err = extraTable(r.Family).Append(b, r.Extra); err == nil {
			b, err = restAttrs.Append(b, r.Extra)
		}
	}
	return b, err
}

// decodeHeader reads struct rtmsg. Dst has its length from here and gets its
// address later.
func decodeHeader(b []byte, r *Route) (ok bool, err error) {
	if len(b) < headerLen {
		return false, &attr.Error{Err: fmt.Errorf("%w: %d bytes are no struct rtmsg", attr.ErrMalformed, len(b))}
	}
	r.Family = rtnl.Family(b[0])
	switch r.Family {
	case rtnl.FamilyIPv4, rtnl.FamilyIPMR:
		r.Dst = netip.PrefixFrom(netip.IPv4Unspecified(), int(b[1]))
	case rtnl.FamilyIPv6, rtnl.FamilyIP6MR:
		r.Dst = netip.PrefixFrom(netip.IPv6Unspecified(), int(b[1]))
	case rtnl.FamilyMPLS:
	default:
		return false, nil
	}
	if !r.Dst.IsValid() && r.Family != rtnl.FamilyMPLS {
		return false, &attr.Error{Path: "rtm_dst_len", Err: fmt.Errorf("%w: prefix length %d", attr.ErrMalformed, b[1])}
	}
	r.TOS = b[3]
	r.Table = rtnl.Table(b[4])
	r.Protocol = rtnl.Protocol(b[5])
	r.Scope = rtnl.Scope(b[6])
	r.Type = Type(b[7])
	r.Flags = Flags(binary.NativeEndian.Uint32(b[8:]))
	return true, nil
}

// decode stores the route in b into r, which is zero. It returns false for routes
// of other families than IP and MPLS. It allocates only for multipath and Extra.
func decode(b []byte, r *Route) (bool, error) {
	if ok, err := decodeHeader(b, r); !ok || err != nil {
		return false, err
	}
	rare, unknown := b[2] != 0, false // rtm_src_len
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		var err error
		switch s.Type() {
		case uapi.RTA_DST:
			if r.Family == rtnl.FamilyMPLS {
				rare = true // a label
				break
			}
			var a netip.Addr
			a, err = address(s.Bytes(), r.Family)
			r.Dst = netip.PrefixFrom(a, int(b[1]))
		case uapi.RTA_OIF:
			r.Link = s.Int()
		case uapi.RTA_GATEWAY:
			r.Gateway, err = address(s.Bytes(), r.Family)
		case uapi.RTA_PRIORITY:
			r.Priority = s.Uint32()
		case uapi.RTA_PREFSRC:
			r.PrefSrc, err = address(s.Bytes(), r.Family)
		case uapi.RTA_MULTIPATH:
			r.Multipath, err = decodeMultipath(s.Bytes(), r.Family)
		case uapi.RTA_TABLE:
			r.Table = rtnl.Table(s.Uint32())
		case uapi.RTA_VIA:
			r.Gateway, _, err = via(s.Bytes())
			rare = rare || !r.Gateway.IsValid()
		case uapi.RTA_PREF:
			r.Preference = Preference(s.Uint8())
		case uapi.RTA_NH_ID:
			r.NexthopID = s.Uint32()
		case uapi.RTA_CACHEINFO:
			// Every IPv6 route has one. Other families have none: there it is unknown.
			rare = rare || !isZero(s.Bytes()) || r.Family != rtnl.FamilyIPv4 && r.Family != rtnl.FamilyIPv6
		case uapi.RTA_SRC, uapi.RTA_IIF, uapi.RTA_METRICS, uapi.RTA_FLOW, uapi.RTA_EXPIRES, uapi.RTA_TTL_PROPAGATE,
			uapi.RTA_ENCAP_TYPE, uapi.RTA_ENCAP, uapi.RTA_MFC_STATS:
			rare = true
		case uapi.RTA_MARK, uapi.RTA_UID, uapi.RTA_PAD:
			// Of look-ups, which the caller knows.
		default:
			rare, unknown = true, true
		}
		if err != nil {
			s.Fail(err)
		}
	}
	if err := s.Err(); err != nil {
		name, _ := attr.Name(names{}, s.Type(), nil)
		return false, &attr.Error{Path: name, Err: err}
	}
	if rare {
		// Other families have fewer attributes: what is known above may be unknown there.
		unknown = unknown || r.Family != rtnl.FamilyIPv4 && r.Family != rtnl.FamilyIPv6
		e, err := decodeExtra(b, r.Family, unknown)
		if err != nil {
			return false, err
		}
		r.Extra = e
	}
	return true, nil
}

func isZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// describe says what a message is about.
func describe(data []byte) string {
	var r Route
	if ok, err := decode(data, &r); !ok || err != nil {
		return ""
	}
	return r.String()
}

// request returns the message of a dump: what the kernel can filter by.
func (f *filter) request() []byte {
	r := Route{Family: f.ofFamily()}
	if f.hasTable {
		r.Table = f.table
	}
	if f.hasProtocol {
		r.Protocol = f.protocol
	}
	if f.hasType {
		r.Type = f.typ
	}
	if f.cached {
		r.Flags = FlagCloned
	}
	b := appendHeader(make([]byte, 0, headerLen+16), &r)
	if f.hasLink && f.link > 0 && f.link <= math.MaxInt32 {
		b = attr.AppendUint32(b, uapi.RTA_OIF, uint32(f.link))
	}
	if r.Table > math.MaxUint8 {
		b = attr.AppendUint32(b, uapi.RTA_TABLE, uint32(r.Table))
	}
	return b
}

// ofFamily returns the family that the options choose, or that their prefixes have.
func (f *filter) ofFamily() rtnl.Family {
	family := f.family
	for _, p := range []netip.Prefix{f.dst, f.within, f.covering} {
		if family == rtnl.FamilyUnspec {
			family = rtnl.FamilyOf(p.Addr())
		}
	}
	return family
}

// wants are the messages about the routes that the filter may choose, by what a route has
// as long as it is. Deletions of others tear a list (see [torn]): of IPv6 routes of the
// same table, of IPv4 routes to the same address.
func (f *filter) wants() []nlkit.Want {
	var of []nlkit.Field
	if f.hasTable {
		of = append(of, nlkit.Field{Offset: headerLen, Attr: uapi.RTA_TABLE, Size: 4, Value: uint32(f.table)})
	}
	if a := f.dst.Addr(); a.Is4() {
		b := a.As4()
		of = append(of, nlkit.Field{Offset: headerLen, Attr: uapi.RTA_DST, Size: 4, Value: binary.NativeEndian.Uint32(b[:])})
	}
	deleted := nlkit.Want{Types: []uint16{uapi.RTM_DELROUTE}, Where: slices.Clone(of)}
	if f.dst.IsValid() {
		of = append(of, nlkit.Field{Offset: dstLenOffset, Size: 1, Value: uint32(f.dst.Bits())})
	}
	return []nlkit.Want{{Types: []uint16{uapi.RTM_NEWROUTE}, Where: of}, deleted}
}

func (f *filter) match(r *Route) bool {
	switch r.Family {
	case f.family:
	case rtnl.FamilyIPv4, rtnl.FamilyIPv6:
		if f.family != rtnl.FamilyUnspec {
			return false
		}
	default:
		return false
	}
	return (f.label == nil || r.label() == *f.label) &&
		(!f.hasTable || r.Table == f.table) &&
		(!f.hasProtocol || r.Protocol == f.protocol) &&
		(!f.hasType || r.Type == f.typ) &&
		(!f.hasScope || r.Scope == f.scope) &&
		(!f.hasPriority || r.Priority == f.priority) &&
		(!f.hasTOS || r.TOS == f.tos) &&
		(!f.hasLink || r.uses(f.link)) &&
		(f.nexthop == 0 || r.NexthopID == f.nexthop) &&
		(!f.gateway.IsValid() || r.goesTo(f.gateway)) &&
		(!f.prefSrc.IsValid() || r.PrefSrc == f.prefSrc) &&
		(!f.dst.IsValid() || r.Dst == f.dst) &&
		(!f.within.IsValid() || covers(f.within, r.Dst)) &&
		(!f.covering.IsValid() || covers(r.Dst, f.covering))
}

// covers reports whether all of q lies within p.
func covers(p, q netip.Prefix) bool { return p.Bits() <= q.Bits() && p.Contains(q.Addr()) }

func (r *Route) uses(link int) bool {
	for i := range r.Multipath {
		if r.Multipath[i].Link == link {
			return true
		}
	}
	return r.Link == link && link != 0
}

func (r *Route) goesTo(gateway netip.Addr) bool {
	for i := range r.Multipath {
		if r.Multipath[i].Gateway == gateway {
			return true
		}
	}
	return r.Gateway == gateway
}
