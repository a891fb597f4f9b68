package addr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	headerLen    = 8              // struct ifaddrmsg
	indexOffset  = 4              // of ifa_index, and of ifi_index in struct ifinfomsg
	cacheinfoLen = 16             // struct ifa_cacheinfo
	infinity     = math.MaxUint32 // INFINITY_LIFE_TIME
	stamp        = 10 * time.Millisecond

	labelLen = 15 // IFNAMSIZ without the NUL

	// What the kernel says of an address and does not take.
	readOnlyFlags = FlagSecondary | FlagDADFailed | FlagDeprecated | FlagTentative | FlagPermanent | FlagStablePrivacy
)

// attrs are the attributes behind struct ifaddrmsg. Prefix takes its length from
// the header, which is decoded first.
var attrs = attr.Table[Address]{
	attr.Custom(uapi.IFA_ADDRESS, "IFA_ADDRESS",
		func(b []byte, a *Address) ([]byte, error) {
			if a.Peer.IsValid() {
				return attr.AppendAddr(b, uapi.IFA_ADDRESS, a.Peer), nil
			}
			return attr.AppendAddr(b, uapi.IFA_ADDRESS, a.Prefix.Addr()), nil
		},
		func(p []byte, a *Address) (err error) {
			a.Peer, err = address(p, a)
			return err
		}).Sample(func(r *rand.Rand, a *Address) {
		if r.IntN(2) == 0 {
			a.Peer = randomAddr(r, a)
		}
	}),
	attr.Custom(uapi.IFA_LOCAL, "IFA_LOCAL",
		func(b []byte, a *Address) ([]byte, error) {
			return attr.AppendAddr(b, uapi.IFA_LOCAL, a.Prefix.Addr()), nil
		},
		func(p []byte, a *Address) error {
			ip, err := address(p, a)
			a.Prefix = netip.PrefixFrom(ip, a.Prefix.Bits())
			return err
		}).Sample(func(r *rand.Rand, a *Address) {
		ip := randomAddr(r, a)
		a.Prefix = netip.PrefixFrom(ip, r.IntN(ip.BitLen()+1))
	}),
	attr.String(uapi.IFA_LABEL, "IFA_LABEL", func(a *Address) *string { return &a.Label }),
	attr.Addr4(uapi.IFA_BROADCAST, "IFA_BROADCAST", func(a *Address) *netip.Addr { return &a.Broadcast }),
	attr.Addr(uapi.IFA_ANYCAST, "IFA_ANYCAST", func(a *Address) *netip.Addr { return &a.Anycast }),
	attr.Custom(uapi.IFA_CACHEINFO, "IFA_CACHEINFO", putCacheinfo, getCacheinfo).Sample(func(r *rand.Rand, a *Address) {
		a.ValidLifetime = time.Duration(2+r.Uint32N(infinity-2)) * time.Second
		a.PreferredLifetime = time.Duration(1+r.Uint32N(uint32(a.ValidLifetime/time.Second))) * time.Second
		if r.IntN(4) == 0 {
			a.ValidLifetime, a.PreferredLifetime = Forever, Forever
		}
	}),
	attr.U32(uapi.IFA_FLAGS, "IFA_FLAGS", func(a *Address) *Flags { return &a.Flags }),
	attr.U32(uapi.IFA_RT_PRIORITY, "IFA_RT_PRIORITY", func(a *Address) *uint32 { return &a.Priority }),
	attr.Custom[Address](uapi.IFA_TARGET_NETNSID, "IFA_TARGET_NETNSID", nil, nil), // see WithTargetNSID
	attr.U8(uapi.IFA_PROTO, "IFA_PROTO", func(a *Address) *Protocol { return &a.Protocol }),
}

func address(p []byte, a *Address) (netip.Addr, error) {
	ip, ok := netip.AddrFromSlice(p)
	if !ok || ip.BitLen() != a.Prefix.Addr().BitLen() {
		return netip.Addr{}, wrongLength(len(p))
	}
	return ip, nil
}

func wrongLength(n int) error {
	return fmt.Errorf("%w: %d bytes are no address of the family", attr.ErrMalformed, n)
}

func randomAddr(r *rand.Rand, a *Address) netip.Addr {
	if a.Prefix.Addr().Is6() {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(1 + r.IntN(255))})
	}
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + r.IntN(255))})
}

func putCacheinfo(b []byte, a *Address) ([]byte, error) {
	if a.ValidLifetime == 0 && a.PreferredLifetime == 0 {
		return b, nil
	}
	var p [cacheinfoLen]byte
	preferred, err := seconds(a.PreferredLifetime)
	if err != nil {
		return b, err
	}
	valid, err := seconds(a.ValidLifetime)
	if err != nil {
		return b, err
	}
	binary.NativeEndian.PutUint32(p[0:], preferred)
	binary.NativeEndian.PutUint32(p[4:], valid)
	return attr.AppendBytes(b, uapi.IFA_CACHEINFO, p[:]), nil
}

func getCacheinfo(p []byte, a *Address) error {
	if len(p) < cacheinfoLen {
		return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(p), cacheinfoLen)
	}
	// What is over and not ended yet must not become zero, which is none.
	if a.PreferredLifetime = lifetime(binary.NativeEndian.Uint32(p)); !a.Flags.Has(FlagDeprecated) {
		a.PreferredLifetime = max(a.PreferredLifetime, time.Nanosecond)
	}
	a.ValidLifetime = max(lifetime(binary.NativeEndian.Uint32(p[4:])), time.Nanosecond)
	a.Created = time.Duration(binary.NativeEndian.Uint32(p[8:])) * stamp
	a.Updated = time.Duration(binary.NativeEndian.Uint32(p[12:])) * stamp
	return nil
}

func lifetime(s uint32) time.Duration {
	if s == infinity {
		return Forever
	}
	return time.Duration(s) * time.Second
}

// seconds rounds up, so that a lifetime never becomes zero, which is none.
func seconds(d time.Duration) (uint32, error) {
	if d == Forever {
		return infinity, nil
	}
	s := d / time.Second
	if d%time.Second > 0 {
		s++
	}
	if d < 0 || s >= infinity {
		return 0, attr.Refuse("a lifetime of %v is out of range", d)
	}
	return uint32(s), nil
}

// header appends struct ifaddrmsg.
func header(b []byte, family rtnl.Family, bits int, flags Flags, scope rtnl.Scope, link int) []byte {
	b = append(b, byte(family), byte(bits), byte(flags), byte(scope))
	return binary.NativeEndian.AppendUint32(b, uint32(link))
}

// encode returns the message that adds or removes a, which [check] has passed.
func encode(a Address) ([]byte, error) {
	a.Flags &^= readOnlyFlags
	b := make([]byte, 0, 128)
	b = header(b, a.Family(), a.Prefix.Bits(), a.Flags, a.Scope, a.Link)
	return attrs.Append(b, &a)
}

// check refuses what cannot be an address, and fills in what `ip` fills in.
func check(a *Address) error {
	ip := a.Prefix.Addr()
	is4 := ip.Is4()
	valid := a.ValidLifetime
	switch {
	case a.Link <= 0 || a.Link > math.MaxInt32:
		return attr.Invalid("ifa_index", "%d is no index of a link", a.Link)
	case !a.Prefix.IsValid():
		return attr.Invalid("IFA_LOCAL", "no valid prefix")
	case checkIP(ip) != nil:
		return checkIP(ip)
	case a.Peer.Zone() != "":
		return attr.Invalid("IFA_ADDRESS", "a peer with a zone: the link goes into Link")
	case a.Peer.IsValid() && a.Peer.Is4() != is4:
		return attr.Invalid("IFA_ADDRESS", "the peer %v is not of the family of %v", a.Peer, ip)
	case a.Broadcast.IsValid() && !(is4 && a.Broadcast.Is4()):
		return attr.Invalid("IFA_BROADCAST", "%v with %v: broadcast is IPv4 only", a.Broadcast, ip)
	case a.Anycast.IsValid() && a.Anycast.Is4() != is4:
		return attr.Invalid("IFA_ANYCAST", "%v is not of the family of %v", a.Anycast, ip)
	case a.Label != "" && !is4:
		return attr.Invalid("IFA_LABEL", "%q with %v: labels are IPv4 only", a.Label, ip)
	case len(a.Label) > labelLen:
		return attr.Invalid("IFA_LABEL", "%q is longer than %d bytes", a.Label, labelLen)
	case valid < 0 || a.PreferredLifetime < 0:
		return attr.Invalid("IFA_CACHEINFO", "negative lifetime")
	case valid != 0 && a.PreferredLifetime > valid:
		return attr.Invalid("IFA_CACHEINFO", "the preferred lifetime %v exceeds the valid lifetime %v", a.PreferredLifetime, valid)
	}
	if valid == 0 && (a.PreferredLifetime != 0 || a.Flags.Has(FlagDeprecated)) {
		a.ValidLifetime = Forever
	}
	switch {
	case a.Flags.Has(FlagDeprecated):
		a.PreferredLifetime = 0
	case a.PreferredLifetime == 0:
		a.PreferredLifetime = a.ValidLifetime
	}
	if is4 && a.Scope == rtnl.ScopeGlobal && ip.IsLoopback() {
		a.Scope = rtnl.ScopeHost
	}
	return nil
}

// checkIP refuses what cannot be the address of a link.
func checkIP(ip netip.Addr) error {
	switch {
	case !ip.IsValid():
		return attr.Invalid("IFA_LOCAL", "an invalid address")
	case ip.Is4In6():
		return attr.Invalid("IFA_LOCAL", "%v is an IPv4 address in IPv6 form: unmap it", ip)
	case ip.Zone() != "":
		return attr.Invalid("IFA_LOCAL", "%v has a zone: the link is told by its index", ip)
	}
	return nil
}

// decoder decodes addresses of one list or subscription. A label is mostly that
// of the address before, so that it need not be allocated again.
type decoder struct {
	filter filter
	label  string
}

var errOtherNamespace = fmt.Errorf("the kernel does not list addresses of other namespaces: %w", errors.ErrUnsupported)

// message decodes the answer to a dump.
func (d *decoder) message(m nlkit.Message, a *Address) (bool, error) {
	if m.Type != uapi.RTM_NEWADDR {
		return false, nil
	}
	return d.decode(m.Data, a)
}

// decode stores the address in b into a, which is zero. It returns false for what
// is no IP address, or not chosen by the filter.
func (d *decoder) decode(b []byte, a *Address) (bool, error) {
	f := &d.filter
	if ok, err := decodeHeader(b, a); !ok || err != nil {
		return false, err
	}
	bits := a.Prefix.Bits()
	width := a.Prefix.Addr().BitLen()
	target := false
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		var ip *netip.Addr
		switch s.Type() {
		case uapi.IFA_ADDRESS:
			ip = &a.Peer
		case uapi.IFA_LOCAL:
			local := s.Addr()
			if s.Err() == nil && local.BitLen() != width {
				_, err := address(s.Bytes(), a)
				s.Fail(err)
			}
			a.Prefix = netip.PrefixFrom(local, bits)
		case uapi.IFA_LABEL:
			if text := s.Text(); string(text) != d.label {
				d.label = string(text)
			}
			a.Label = d.label
		case uapi.IFA_BROADCAST:
			a.Broadcast = s.Addr()
			if s.Err() == nil && !a.Broadcast.Is4() {
				s.Fail(fmt.Errorf("%w: %d bytes are no IPv4 address", attr.ErrMalformed, len(s.Bytes())))
			}
		case uapi.IFA_ANYCAST:
			a.Anycast = s.Addr()
		case uapi.IFA_CACHEINFO:
			s.Fail(getCacheinfo(s.Bytes(), a))
		case uapi.IFA_FLAGS:
			a.Flags = Flags(s.Uint32())
		case uapi.IFA_RT_PRIORITY:
			a.Priority = s.Uint32()
		case uapi.IFA_TARGET_NETNSID:
			target = true
		case uapi.IFA_PROTO:
			a.Protocol = Protocol(s.Uint8())
		}
		if ip == nil {
			continue
		}
		if *ip = s.Addr(); s.Err() == nil && ip.BitLen() != width {
			_, err := address(s.Bytes(), a)
			s.Fail(err)
		}
	}
	if err := s.Err(); err != nil {
		name, _ := attr.Name(attrs, s.Type(), nil)
		return false, &attr.Error{Path: name, Err: err}
	}
	finish(a)
	if f.hasNSID && !target {
		return false, errOtherNamespace
	}
	return f.match(a), nil
}

// decodeHeader reads struct ifaddrmsg. The prefix has its length from here and
// gets its address later.
func decodeHeader(b []byte, a *Address) (bool, error) {
	if len(b) < headerLen {
		return false, &attr.Error{Err: fmt.Errorf("%w: %d bytes are no struct ifaddrmsg", attr.ErrMalformed, len(b))}
	}
	var none netip.Addr
	switch rtnl.Family(b[0]) {
	case rtnl.FamilyIPv4:
		none = netip.IPv4Unspecified()
	case rtnl.FamilyIPv6:
		none = netip.IPv6Unspecified()
	default:
		return false, nil
	}
	a.Prefix = netip.PrefixFrom(none, int(b[1]))
	if !a.Prefix.IsValid() {
		return false, &attr.Error{Path: "ifa_prefixlen", Err: fmt.Errorf("%w: prefix length %d", attr.ErrMalformed, b[1])}
	}
	a.Flags = Flags(b[2])
	a.Scope = rtnl.Scope(b[3])
	a.Link = int(binary.NativeEndian.Uint32(b[4:]))
	return true, nil
}

// finish sorts out which address is whose: IFA_ADDRESS is the peer only if there
// is an IFA_LOCAL that differs from it.
func finish(a *Address) {
	switch local := a.Prefix.Addr(); {
	case a.Peer.IsValid() && local.IsUnspecified():
		a.Prefix = netip.PrefixFrom(a.Peer, a.Prefix.Bits())
		a.Peer = netip.Addr{}
	case a.Peer == local:
		a.Peer = netip.Addr{}
	}
}

func (f *filter) match(a *Address) bool {
	return (!f.hasLink || a.Link == f.link) &&
		(f.family == rtnl.FamilyUnspec || a.Family() == f.family) &&
		(!f.hasScope || a.Scope == f.scope) &&
		(!f.prefix.IsValid() || a.Prefix == f.prefix) &&
		(!f.within.IsValid() || a.Prefix.Bits() >= f.within.Bits() && f.within.Contains(a.Prefix.Addr())) &&
		(f.label == "" || a.Label == f.label) &&
		(!f.hasProto || a.Protocol == f.protocol) &&
		a.Flags.Has(f.flags) && a.Flags&f.noFlags == 0
}

// ofFamily returns the family that the options choose, or that their prefixes have.
func (f *filter) ofFamily() rtnl.Family {
	family := f.family
	for _, p := range []netip.Prefix{f.prefix, f.within} {
		if family == rtnl.FamilyUnspec {
			family = rtnl.FamilyOf(p.Addr())
		}
	}
	return family
}

// request returns the message of a dump: what the kernel can filter by.
func (f *filter) request() []byte {
	link := 0
	if f.link > 0 && f.link <= math.MaxInt32 {
		link = f.link
	}
	b := header(make([]byte, 0, headerLen+8), f.ofFamily(), 0, 0, 0, link)
	if f.hasNSID {
		b = attr.AppendUint32(b, uapi.IFA_TARGET_NETNSID, uint32(f.nsid))
	}
	return b
}

// describe says what a message is about.
func describe(data []byte) string {
	var a Address
	if ok, err := new(decoder).decode(data, &a); !ok || err != nil {
		return ""
	}
	return a.String()
}
