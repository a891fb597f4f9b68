package link

import (
	"encoding/binary"
	"net"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	headerLen   = 16 // struct ifinfomsg
	indexOffset = 4  // of ifi_index
)

// header is struct ifinfomsg.
type header struct {
	family uint8
	typ    HardwareType
	index  int
	flags  Flags
	change Flags
}

func (h header) appendTo(b []byte) []byte {
	b = append(b, h.family, 0)
	b = binary.NativeEndian.AppendUint16(b, uint16(h.typ))
	b = binary.NativeEndian.AppendUint32(b, uint32(h.index))
	b = binary.NativeEndian.AppendUint32(b, uint32(h.flags))
	return binary.NativeEndian.AppendUint32(b, uint32(h.change))
}

// splitHeader takes a message apart.
func splitHeader(b []byte) (h header, attrs []byte, err error) {
	if len(b) < headerLen {
		return h, nil, &attr.Error{Path: "ifinfomsg", Err: short(b, headerLen)}
	}
	return header{
		family: b[0],
		typ:    HardwareType(binary.NativeEndian.Uint16(b[2:])),
		index:  int(int32(binary.NativeEndian.Uint32(b[4:]))),
		flags:  Flags(binary.NativeEndian.Uint32(b[8:])),
		change: Flags(binary.NativeEndian.Uint32(b[12:])),
	}, b[headerLen:], nil
}

// header is what stands before the attributes of a change.
func (c *change) header() header {
	return header{index: c.index, flags: c.flags, change: c.mask}
}

// changeAttrs are the attributes that options fill in.
var changeAttrs = attr.Table[change]{
	attr.String(uapi.IFLA_IFNAME, "IFLA_IFNAME", func(c *change) *string { return &c.name }),
	attr.Bytes(uapi.IFLA_ADDRESS, "IFLA_ADDRESS", func(c *change) *net.HardwareAddr { return &c.address }),
	attr.Bytes(uapi.IFLA_BROADCAST, "IFLA_BROADCAST", func(c *change) *net.HardwareAddr { return &c.broadcast }),
	attr.OptU32(uapi.IFLA_MTU, "IFLA_MTU", func(c *change) **int { return &c.mtu }),
	attr.U32(uapi.IFLA_LINK, "IFLA_LINK", func(c *change) *int { return &c.parent }),
	attr.OptU32(uapi.IFLA_MASTER, "IFLA_MASTER", func(c *change) **int { return &c.master }),
	attr.OptU32(uapi.IFLA_TXQLEN, "IFLA_TXQLEN", func(c *change) **uint32 { return &c.txQueueLen }),
	attr.OptU8(uapi.IFLA_OPERSTATE, "IFLA_OPERSTATE", func(c *change) **OperState { return &c.operState }),
	attr.OptU8(uapi.IFLA_LINKMODE, "IFLA_LINKMODE", func(c *change) **Mode { return &c.mode }),
	attr.Inline(uapi.IFLA_LINKINFO, "IFLA_LINKINFO", infoAttrs, func(c *change) *linkInfo { return &c.info }),
	attr.OptU32(uapi.IFLA_NET_NS_PID, "IFLA_NET_NS_PID", func(c *change) **int { return &c.netnsPID }),
	attr.Custom(uapi.IFLA_IFALIAS, "IFLA_IFALIAS", // without a NUL: only nothing at all removes an alias
		func(b []byte, c *change) ([]byte, error) {
			if c.alias != nil {
				b = attr.AppendBytes(b, uapi.IFLA_IFALIAS, []byte(*c.alias))
			}
			return b, nil
		},
		func(p []byte, c *change) error { c.alias = new(string(p)); return nil }),
	attr.Custom(uapi.IFLA_VFINFO_LIST, "IFLA_VFINFO_LIST", putVFs, nil).
		Within(func([]byte) attr.Schema { return vfListSchema }),
	attr.Inline(uapi.IFLA_AF_SPEC, "IFLA_AF_SPEC", familyChangeAttrs, func(c *change) *familyChange { return &c.families }),
	attr.OptU32(uapi.IFLA_GROUP, "IFLA_GROUP", func(c *change) **uint32 { return &c.group }),
	attr.OptU32(uapi.IFLA_NET_NS_FD, "IFLA_NET_NS_FD", func(c *change) **int { return &c.netnsFD }),
	attr.U32(uapi.IFLA_NUM_TX_QUEUES, "IFLA_NUM_TX_QUEUES", func(c *change) *uint32 { return &c.numTxQueues }),
	attr.U32(uapi.IFLA_NUM_RX_QUEUES, "IFLA_NUM_RX_QUEUES", func(c *change) *uint32 { return &c.numRxQueues }),
	attr.OptBool(uapi.IFLA_CARRIER, "IFLA_CARRIER", func(c *change) **bool { return &c.carrier }),
	attr.OptS32(uapi.IFLA_LINK_NETNSID, "IFLA_LINK_NETNSID", func(c *change) **int { return &c.parentNSID }),
	attr.OptBool(uapi.IFLA_PROTO_DOWN, "IFLA_PROTO_DOWN", func(c *change) **bool { return &c.protoDown }),
	attr.OptU32(uapi.IFLA_GSO_MAX_SEGS, "IFLA_GSO_MAX_SEGS", func(c *change) **uint32 { return &c.gsoMaxSegs }),
	attr.OptU32(uapi.IFLA_GSO_MAX_SIZE, "IFLA_GSO_MAX_SIZE", func(c *change) **uint32 { return &c.gsoMaxSize }),
	attr.Nested(uapi.IFLA_XDP, "IFLA_XDP", xdpChangeAttrs, func(c *change) **xdpChange { return &c.xdp }),
	attr.OptS32(uapi.IFLA_TARGET_NETNSID, "IFLA_TARGET_NETNSID", func(c *change) **int { return &c.netnsID }),
	attr.U32(uapi.IFLA_NEW_IFINDEX, "IFLA_NEW_IFINDEX", func(c *change) *int { return &c.newIndex }),
	attr.Nested(uapi.IFLA_PROTO_DOWN_REASON, "IFLA_PROTO_DOWN_REASON", protoDownAttrs, func(c *change) **protoDownReason { return &c.protoDownReason }),
	attr.String(uapi.IFLA_PARENT_DEV_NAME, "IFLA_PARENT_DEV_NAME", func(c *change) *string { return &c.parentDevice }),
	attr.OptU32(uapi.IFLA_GRO_MAX_SIZE, "IFLA_GRO_MAX_SIZE", func(c *change) **uint32 { return &c.groMaxSize }),
	attr.OptU32(uapi.IFLA_GSO_IPV4_MAX_SIZE, "IFLA_GSO_IPV4_MAX_SIZE", func(c *change) **uint32 { return &c.gsoIPv4MaxSize }),
	attr.OptU32(uapi.IFLA_GRO_IPV4_MAX_SIZE, "IFLA_GRO_IPV4_MAX_SIZE", func(c *change) **uint32 { return &c.groIPv4MaxSize }),
	attr.Rest(func(c *change) *[]attr.Raw { return &c.raw }),
}

// protoDownReason is a change of the bits of mask to those of value.
type protoDownReason struct{ mask, value uint32 }

var protoDownAttrs = attr.Table[protoDownReason]{
	attr.U32(uapi.IFLA_PROTO_DOWN_REASON_MASK, "IFLA_PROTO_DOWN_REASON_MASK", func(r *protoDownReason) *uint32 { return &r.mask }),
	attr.U32(uapi.IFLA_PROTO_DOWN_REASON_VALUE, "IFLA_PROTO_DOWN_REASON_VALUE", func(r *protoDownReason) *uint32 { return &r.value }).Required(),
}

// xdpChange is what is asked for in IFLA_XDP: to attach fd, or to detach, with -1.
type xdpChange struct {
	fd       int
	expected *int
	flags    uint32
}

var xdpChangeAttrs = attr.Table[xdpChange]{
	attr.S32(uapi.IFLA_XDP_FD, "IFLA_XDP_FD", func(x *xdpChange) *int { return &x.fd }).Required(),
	attr.U32(uapi.IFLA_XDP_FLAGS, "IFLA_XDP_FLAGS", func(x *xdpChange) *uint32 { return &x.flags }),
	attr.OptS32(uapi.IFLA_XDP_EXPECTED_FD, "IFLA_XDP_EXPECTED_FD", func(x *xdpChange) **int { return &x.expected }),
}

// infoAttrs are the attributes in IFLA_LINKINFO. Decoding is by readInfo, since
// what the data mean depends on the name beside them.
var infoAttrs = attr.Table[linkInfo]{
	attr.Custom(uapi.IFLA_INFO_KIND, "IFLA_INFO_KIND",
		func(b []byte, i *linkInfo) ([]byte, error) {
			if i.kind == nil {
				return b, nil
			}
			return appendKindName(b, uapi.IFLA_INFO_KIND, i.kind.Kind())
		}, nil),
	attr.Custom(uapi.IFLA_INFO_DATA, "IFLA_INFO_DATA",
		func(b []byte, i *linkInfo) ([]byte, error) {
			if i.kind == nil {
				return b, nil
			}
			return appendInfoData(b, uapi.IFLA_INFO_DATA, i.kind.appendData)
		}, nil).Within(chosenBy(uapi.IFLA_INFO_KIND)),
	named[linkInfo](uapi.IFLA_INFO_XSTATS, "IFLA_INFO_XSTATS"),
	attr.Custom(uapi.IFLA_INFO_SLAVE_KIND, "IFLA_INFO_SLAVE_KIND",
		func(b []byte, i *linkInfo) ([]byte, error) {
			if i.port == nil {
				return b, nil
			}
			return appendKindName(b, uapi.IFLA_INFO_SLAVE_KIND, i.port.Port())
		}, nil),
	attr.Custom(uapi.IFLA_INFO_SLAVE_DATA, "IFLA_INFO_SLAVE_DATA",
		func(b []byte, i *linkInfo) ([]byte, error) {
			if i.port == nil {
				return b, nil
			}
			return appendInfoData(b, uapi.IFLA_INFO_SLAVE_DATA, i.port.appendPort)
		}, nil).Within(chosenBy(uapi.IFLA_INFO_SLAVE_KIND)),
}

func appendKindName(b []byte, typ uint16, name string) ([]byte, error) {
	if !isKindName(name) {
		return b, attr.Refuse("%q is not the name of a kind", name)
	}
	return attr.AppendString(b, typ, name), nil
}

func isKindName(s string) bool {
	return s != "" && len(s) <= maxKind && strings.IndexByte(s, 0) < 0
}

const maxKind = 55 // MODULE_NAME_LEN less the terminating NUL: what every kernel takes

// appendInfoData appends the nest of a kind or port, unless it is empty.
func appendInfoData(b []byte, typ uint16, data func([]byte) ([]byte, error)) ([]byte, error) {
	b, start := attr.BeginNested(b, typ)
	empty := len(b)
	b, err := data(b)
	if err != nil {
		return b, err
	}
	if len(b) == empty {
		return b[:start], nil
	}
	return attr.EndNested(b, start)
}

// chosenBy returns what finds the names in the data of a kind, or port, by its own
// name, which stands in the attribute beside the data.
func chosenBy(nameIn uint16) func(siblings []byte) attr.Schema {
	// Called through an interface, since the tables of the kinds may in turn hold
	// the attributes of a peer, and Go sees no cycle in that.
	var c interface {
		chosen(siblings []byte) attr.Schema
	} = infoData{nameIn}
	return func(siblings []byte) attr.Schema { return c.chosen(siblings) }
}

type infoData struct{ nameIn uint16 }

func (s infoData) chosen(siblings []byte) attr.Schema {
	scan := attr.Scan(siblings)
	for scan.Next() {
		if scan.Type() != s.nameIn {
			continue
		}
		if s.nameIn == uapi.IFLA_INFO_KIND {
			return kinds[string(scan.Text())].schema
		}
		return ports[string(scan.Text())].schema
	}
	return nil
}

// requestSchema names the attributes of every message about a link.
type requestSchema struct{}

// Attr implements [attr.Schema].
func (requestSchema) Attr(typ uint16, siblings []byte) (string, attr.Schema) {
	if name, sub := changeAttrs.Attr(typ, siblings); name != "" {
		return name, sub
	}
	return linkAttrs.Attr(typ, siblings)
}

// describe says what a request is about: the name of a link to be made, else what
// selects one.
func describe(b []byte) string {
	h, attrs, err := splitHeader(b)
	if err != nil {
		return ""
	}
	if h.index != 0 {
		return "index " + strconv.Itoa(h.index)
	}
	return describeName(attrs)
}

// describeAdd is describe for a link to be made, whose index may be given too.
func describeAdd(b []byte) string {
	_, attrs, err := splitHeader(b)
	if err != nil {
		return ""
	}
	return describeName(attrs)
}

func describeName(attrs []byte) string {
	s := attr.Scan(attrs)
	for s.Next() {
		if t := s.Type(); t == uapi.IFLA_IFNAME || t == uapi.IFLA_ALT_IFNAME {
			return strconv.Quote(s.String())
		}
	}
	return ""
}
