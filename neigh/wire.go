package neigh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	headerLen    = 12 // struct ndmsg
	indexOffset  = 4  // of ndm_ifindex
	cacheinfoLen = 16 // struct nda_cacheinfo
	etherLen     = 6  // ETH_ALEN
	maxLinkAddr  = 32 // MAX_ADDR_LEN
	maxVLAN      = 4094
	maxVNI       = 1<<24 - 1

	tick = 10 * time.Millisecond // USER_HZ

	oldFlags = Flags(1<<extShift - 1) // those in ndm_flags

	// What the kernel says of an entry and does not take.
	readOnlyFlags = FlagOffloaded | FlagLocked
)

// attrs are the attributes behind struct ndmsg.
var attrs = attr.Table[Neighbour]{
	attr.Addr(uapi.NDA_DST, "NDA_DST", func(n *Neighbour) *netip.Addr { return &n.Addr }),
	attr.MAC(uapi.NDA_LLADDR, "NDA_LLADDR", func(n *Neighbour) *net.HardwareAddr { return &n.LinkAddr }),
	attr.Custom(uapi.NDA_CACHEINFO, "NDA_CACHEINFO", nil, func(p []byte, n *Neighbour) error {
		info := new(CacheInfo)
		n.CacheInfo = info
		return info.decode(p)
	}).Sample(func(r *rand.Rand, n *Neighbour) {
		n.CacheInfo = &CacheInfo{Used: time.Duration(r.Uint32()) * tick}
	}).ReadOnly(),
	attr.U32(uapi.NDA_PROBES, "NDA_PROBES", func(n *Neighbour) *uint32 { return &n.Probes }).ReadOnly(),
	attr.U16(uapi.NDA_VLAN, "NDA_VLAN", func(n *Neighbour) *uint16 { return &n.VLAN }).Max(maxVLAN),
	attr.BE16(uapi.NDA_PORT, "NDA_PORT", func(n *Neighbour) *uint16 { return &n.Port }),
	attr.U32(uapi.NDA_VNI, "NDA_VNI", func(n *Neighbour) *uint32 { return &n.VNI }).Max(maxVNI),
	attr.U32(uapi.NDA_IFINDEX, "NDA_IFINDEX", func(n *Neighbour) *int { return &n.Via }).Max(math.MaxInt32),
	attr.U32(uapi.NDA_MASTER, "NDA_MASTER", func(n *Neighbour) *int { return &n.Master }).ReadOnly(),
	attr.OptS32(uapi.NDA_LINK_NETNSID, "NDA_LINK_NETNSID", func(n *Neighbour) **int { return &n.LinkNetNSID }).ReadOnly(),
	attr.U32(uapi.NDA_SRC_VNI, "NDA_SRC_VNI", func(n *Neighbour) *uint32 { return &n.SrcVNI }).Max(maxVNI),
	attr.U8(uapi.NDA_PROTOCOL, "NDA_PROTOCOL", func(n *Neighbour) *rtnl.Protocol { return &n.Protocol }),
	attr.U32(uapi.NDA_NH_ID, "NDA_NH_ID", func(n *Neighbour) *uint32 { return &n.NexthopID }),
	attr.Inline(uapi.NDA_FDB_EXT_ATTRS, "NDA_FDB_EXT_ATTRS", fdbAttrs, func(n *Neighbour) *Neighbour { return n }),
	attr.Custom(uapi.NDA_FLAGS_EXT, "NDA_FLAGS_EXT",
		func(b []byte, n *Neighbour) ([]byte, error) {
			switch ext := n.Flags >> extShift; {
			case ext > math.MaxUint32:
				return b, attr.Refuse("%v does not fit in 40 bits", n.Flags)
			case ext != 0:
				b = attr.AppendUint32(b, uapi.NDA_FLAGS_EXT, uint32(ext))
			}
			return b, nil
		},
		func(p []byte, n *Neighbour) error {
			if len(p) < 4 {
				return fmt.Errorf("%w: %d bytes, want 4", attr.ErrMalformed, len(p))
			}
			n.Flags = n.Flags&oldFlags | Flags(binary.NativeEndian.Uint32(p))<<extShift
			return nil
		}).Sample(func(r *rand.Rand, n *Neighbour) { n.Flags = Flags(r.Uint32()) << extShift }),
	attr.Custom[Neighbour](uapi.NDA_NDM_STATE_MASK, "NDA_NDM_STATE_MASK", nil, nil), // of a bulk delete
	attr.Custom[Neighbour](uapi.NDA_NDM_FLAGS_MASK, "NDA_NDM_FLAGS_MASK", nil, nil),
	attr.Rest(func(n *Neighbour) *[]attr.Raw { return &n.Unknown }),
}

// fdbAttrs are those inside NDA_FDB_EXT_ATTRS.
var fdbAttrs = attr.Table[Neighbour]{
	attr.U8(uapi.NFEA_ACTIVITY_NOTIFY, "NFEA_ACTIVITY_NOTIFY", func(n *Neighbour) *Activity { return &n.Activity }),
	attr.Flag(uapi.NFEA_DONT_REFRESH, "NFEA_DONT_REFRESH", func(n *Neighbour) *bool { return &n.NoRefresh }),
}

func (c *CacheInfo) decode(p []byte) error {
	if len(p) < cacheinfoLen {
		return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(p), cacheinfoLen)
	}
	c.Confirmed = time.Duration(binary.NativeEndian.Uint32(p)) * tick
	c.Used = time.Duration(binary.NativeEndian.Uint32(p[4:])) * tick
	c.Updated = time.Duration(binary.NativeEndian.Uint32(p[8:])) * tick
	c.Refs = binary.NativeEndian.Uint32(p[12:])
	return nil
}

// header appends struct ndmsg. ndm_type is never sent: the kernel's strict checks
// refuse it, and it means nothing where there are none.
func header(b []byte, family rtnl.Family, link int, state State, flags Flags) []byte {
	b = append(b, byte(family), 0, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, uint32(link))
	b = binary.NativeEndian.AppendUint16(b, uint16(state))
	return append(b, byte(flags), 0)
}

// encode returns the message for n, which [Neighbour.check] has passed.
func encode(n *Neighbour) ([]byte, error) {
	b := header(make([]byte, 0, 96), n.Family, n.Link, n.State, n.Flags)
	return attrs.Append(b, n)
}

// check refuses what cannot be an entry, and sets its family.
func (n *Neighbour) check() error {
	if n.Family == rtnl.FamilyUnspec {
		n.Family = rtnl.FamilyOf(n.Addr)
	}
	switch {
	case n.Link < 0 || n.Link > math.MaxInt32:
		return attr.Invalid("ndm_ifindex", "%d is no index of a link", n.Link)
	case n.Addr.Is4In6():
		return attr.Invalid("NDA_DST", "%v is an IPv4 address in IPv6 form: unmap it", n.Addr)
	case n.Addr.Zone() != "":
		return attr.Invalid("NDA_DST", "an address with a zone: the link goes into Link")
	case n.Via < 0 || n.Via > math.MaxInt32:
		return attr.Invalid("NDA_IFINDEX", "%d is no index of a link", n.Via)
	case n.Family == rtnl.FamilyBridge:
		return n.checkFDB()
	}
	switch n.Family {
	case rtnl.FamilyIPv4, rtnl.FamilyIPv6:
	case rtnl.FamilyUnspec:
		return attr.Invalid("NDA_DST", "no address, and not of the family bridge")
	default:
		return attr.Invalid("ndm_family", "neighbours are of inet, inet6 or bridge, not of %v", n.Family)
	}
	switch {
	case rtnl.FamilyOf(n.Addr) != n.Family:
		return attr.Invalid("NDA_DST", "%v is no address of the family %v", n.Addr, n.Family)
	case n.Link == 0 && !n.Flags.Has(FlagProxy):
		return attr.Invalid("ndm_ifindex", "no link")
	case len(n.LinkAddr) > maxLinkAddr:
		return attr.Invalid("NDA_LLADDR", "%d bytes, a link-layer address has at most %d", len(n.LinkAddr), maxLinkAddr)
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"NDA_VLAN", n.VLAN != 0},
		{"NDA_PORT", n.Port != 0},
		{"NDA_VNI", n.VNI != 0},
		{"NDA_IFINDEX", n.Via != 0},
		{"NDA_SRC_VNI", n.SrcVNI != 0},
		{"NDA_NH_ID", n.NexthopID != 0},
		{"NDA_FDB_EXT_ATTRS.NFEA_ACTIVITY_NOTIFY", n.Activity != 0},
		{"NDA_FDB_EXT_ATTRS.NFEA_DONT_REFRESH", n.NoRefresh},
	} {
		if f.set {
			return attr.Invalid(f.name, "only FDB entries have it, those of the family bridge")
		}
	}
	return nil
}

// checkFDB refuses what cannot be an FDB entry.
func (n *Neighbour) checkFDB() error {
	switch {
	case len(n.LinkAddr) != etherLen:
		return attr.Invalid("NDA_LLADDR", "%d bytes, an FDB entry takes the %d of Ethernet", len(n.LinkAddr), etherLen)
	case n.Flags.Has(FlagProxy):
		return attr.Invalid("ndm_flags", "an FDB entry is no proxy")
	case n.Flags&(FlagSelf|FlagMaster) == FlagMaster && n.tunnel():
		return attr.Invalid("NDA_DST", "the FDB of a bridge says nothing of tunnels: set FlagSelf")
	case n.NexthopID != 0 && (n.Addr.IsValid() || n.Port != 0 || n.VNI != 0 || n.Via != 0):
		return attr.Invalid("NDA_NH_ID", "next hops come in the place of Addr, Port, VNI and Via")
	}
	return nil
}

// tunnel reports whether an FDB entry says where a tunnel leads.
func (n *Neighbour) tunnel() bool {
	return n.Addr.IsValid() || n.Port != 0 || n.VNI != 0 || n.SrcVNI != 0 || n.Via != 0 || n.NexthopID != 0
}

// destination is where an FDB entry says that a tunnel leads.
type destination struct {
	addr        netip.Addr
	port        uint16
	vni, srcVNI uint32
	via         int
	nexthop     uint32
}

func (n *Neighbour) destination() destination {
	return destination{n.Addr, n.Port, n.VNI, n.SrcVNI, n.Via, n.NexthopID}
}

// tells reports whether d may be what is read of an entry that was made with to: what
// is the tunnel's own is not told.
func (d destination) tells(to destination) bool {
	return (d.addr == to.addr || !d.addr.IsValid()) && (d.port == to.port || d.port == 0) && (d.vni == to.vni || d.vni == 0) &&
		(d.srcVNI == to.srcVNI || d.srcVNI == 0) && (d.via == to.via || d.via == 0) && (d.nexthop == to.nexthop || d.nexthop == 0)
}

// place says which FDB an entry is in: the link's own or that of its bridge. What
// the kernel lists of a bridge has neither flag.
func (n *Neighbour) place() Flags {
	switch said := n.Flags & (FlagSelf | FlagMaster); {
	case said != 0:
		return said
	case n.tunnel(), n.Master != 0 && n.Master == n.Link:
		return FlagSelf
	}
	return FlagMaster
}

// decoder decodes the entries of one list or subscription. In a list the small
// things that entries point to are made many at a time.
type decoder struct {
	filter filter
	list   bool

	addrs []byte
	infos []CacheInfo
	chunk int
}

// anyDecoder returns a decoder that takes entries of all sorts.
func anyDecoder() *decoder { return &decoder{filter: filter{any: true}} }

var errNotFiltered = fmt.Errorf("the kernel does not choose neighbours by the link's master: %w", errors.ErrUnsupported)

// message decodes the answer to a dump or a get.
func (d *decoder) message(m nlkit.Message, n *Neighbour) (bool, error) {
	if m.Type != uapi.RTM_NEWNEIGH {
		return false, nil
	}
	if d.filter.trusts() && m.Flags&uapi.NLM_F_DUMP_FILTERED == 0 {
		return false, errNotFiltered
	}
	return d.decode(m.Data, n)
}

// decode stores the entry in b into n, which is zero. It returns false for what
// is of no known family, or not chosen by the filter.
func (d *decoder) decode(b []byte, n *Neighbour) (bool, error) {
	if ok, err := decodeHeader(b, n); !ok || err != nil {
		return false, err
	}
	var info []byte
	rare := false
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		switch s.Type() {
		case uapi.NDA_DST:
			n.Addr = s.Addr()
		case uapi.NDA_LLADDR:
			n.LinkAddr = s.Bytes()
		case uapi.NDA_CACHEINFO:
			if info = s.Bytes(); len(info) < cacheinfoLen {
				s.Fail(new(CacheInfo).decode(info))
			}
		case uapi.NDA_PROBES:
			n.Probes = s.Uint32()
		case uapi.NDA_VLAN:
			n.VLAN = s.Uint16()
		case uapi.NDA_PORT:
			n.Port = s.BE16()
		case uapi.NDA_VNI:
			n.VNI = s.Uint32()
		case uapi.NDA_IFINDEX:
			n.Via = s.Int()
		case uapi.NDA_MASTER:
			n.Master = s.Int()
		case uapi.NDA_SRC_VNI:
			n.SrcVNI = s.Uint32()
		case uapi.NDA_PROTOCOL:
			n.Protocol = rtnl.Protocol(s.Uint8())
		case uapi.NDA_NH_ID:
			n.NexthopID = s.Uint32()
		case uapi.NDA_FLAGS_EXT:
			n.Flags = n.Flags&oldFlags | Flags(s.Uint32())<<extShift
		default:
			rare = true
		}
	}
	if err := s.Err(); err != nil {
		name, _ := attr.Name(attrs, s.Type(), nil)
		return false, &attr.Error{Path: name, Err: err}
	}
	if !d.filter.match(n) {
		return false, nil
	}
	if rare {
		// The table knows the rest, and keeps what it does not know. It copies.
		n.LinkAddr = nil
		return true, attrs.Decode(b[headerLen:], n)
	}
	n.LinkAddr = d.linkAddr(n.LinkAddr)
	if info != nil {
		n.CacheInfo = d.info()
		_ = n.CacheInfo.decode(info) // its length is checked above
	}
	return true, nil
}

// decodeHeader reads struct ndmsg.
func decodeHeader(b []byte, n *Neighbour) (bool, error) {
	if len(b) < headerLen {
		return false, &attr.Error{Err: fmt.Errorf("%w: %d bytes are no struct ndmsg", attr.ErrMalformed, len(b))}
	}
	n.Family = rtnl.Family(b[0])
	n.Link = int(int32(binary.NativeEndian.Uint32(b[4:])))
	n.State = State(binary.NativeEndian.Uint16(b[8:]))
	n.Flags = Flags(b[10])
	n.Type = Type(b[11])
	switch n.Family {
	case rtnl.FamilyIPv4, rtnl.FamilyIPv6, rtnl.FamilyBridge:
		return true, nil
	}
	return false, nil
}

// maxChunk is how many things are made at a time: an entry that outlives the
// others of its list holds on to a kilobyte or two.
const maxChunk = 64

// more returns how many things to make at once: few for a short list.
func (d *decoder) more() int {
	if !d.list {
		return 1
	}
	d.chunk = min(max(4, 2*d.chunk), maxChunk)
	return d.chunk
}

// linkAddr copies an address out of a message.
func (d *decoder) linkAddr(p []byte) net.HardwareAddr {
	if len(p) == 0 {
		return nil
	}
	if len(d.addrs) < len(p) {
		d.addrs = make([]byte, d.more()*len(p))
	}
	a := d.addrs[:len(p):len(p)]
	d.addrs = d.addrs[len(p):]
	copy(a, p)
	return a
}

func (d *decoder) info() *CacheInfo {
	if len(d.infos) == 0 {
		d.infos = make([]CacheInfo, d.more())
	}
	info := &d.infos[0]
	d.infos = d.infos[1:]
	return info
}

// describe says what a message is about.
func describe(data []byte) string {
	var n Neighbour
	if ok, err := anyDecoder().decode(data, &n); !ok || err != nil {
		return ""
	}
	return n.String()
}
