package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// linkAttrs are the attributes of a link as it is read. Messages are decoded by
// Link.decode, which does the same without a call for each attribute; a test holds
// the two against each other.
var linkAttrs = attr.Table[Link]{
	attr.String(uapi.IFLA_IFNAME, "IFLA_IFNAME", func(l *Link) *string { return &l.Name }),
	attr.U32(uapi.IFLA_TXQLEN, "IFLA_TXQLEN", func(l *Link) *uint32 { return &l.TxQueueLen }),
	attr.U8(uapi.IFLA_OPERSTATE, "IFLA_OPERSTATE", func(l *Link) *OperState { return &l.OperState }),
	attr.U8(uapi.IFLA_LINKMODE, "IFLA_LINKMODE", func(l *Link) *Mode { return &l.Mode }),
	attr.U32(uapi.IFLA_MTU, "IFLA_MTU", func(l *Link) *int { return &l.MTU }),
	attr.U32(uapi.IFLA_MIN_MTU, "IFLA_MIN_MTU", func(l *Link) *uint32 { return &l.MinMTU }),
	attr.U32(uapi.IFLA_MAX_MTU, "IFLA_MAX_MTU", func(l *Link) *uint32 { return &l.MaxMTU }),
	attr.U32(uapi.IFLA_GROUP, "IFLA_GROUP", func(l *Link) *uint32 { return &l.Group }),
	attr.U32(uapi.IFLA_PROMISCUITY, "IFLA_PROMISCUITY", func(l *Link) *uint32 { return &l.Promiscuity }),
	attr.U32(uapi.IFLA_ALLMULTI, "IFLA_ALLMULTI", func(l *Link) *uint32 { return &l.AllMulti }),
	attr.U32(uapi.IFLA_NUM_TX_QUEUES, "IFLA_NUM_TX_QUEUES", func(l *Link) *uint32 { return &l.NumTxQueues }),
	attr.U32(uapi.IFLA_GSO_MAX_SEGS, "IFLA_GSO_MAX_SEGS", func(l *Link) *uint32 { return &l.GSOMaxSegs }),
	attr.U32(uapi.IFLA_GSO_MAX_SIZE, "IFLA_GSO_MAX_SIZE", func(l *Link) *uint32 { return &l.GSOMaxSize }),
	attr.U32(uapi.IFLA_GRO_MAX_SIZE, "IFLA_GRO_MAX_SIZE", func(l *Link) *uint32 { return &l.GROMaxSize }),
	attr.U32(uapi.IFLA_GSO_IPV4_MAX_SIZE, "IFLA_GSO_IPV4_MAX_SIZE", func(l *Link) *uint32 { return &l.GSOIPv4MaxSize }),
	attr.U32(uapi.IFLA_GRO_IPV4_MAX_SIZE, "IFLA_GRO_IPV4_MAX_SIZE", func(l *Link) *uint32 { return &l.GROIPv4MaxSize }),
	attr.U32(uapi.IFLA_TSO_MAX_SIZE, "IFLA_TSO_MAX_SIZE", func(l *Link) *uint32 { return &l.TSOMaxSize }),
	attr.U32(uapi.IFLA_TSO_MAX_SEGS, "IFLA_TSO_MAX_SEGS", func(l *Link) *uint32 { return &l.TSOMaxSegs }),
	attr.U64(uapi.IFLA_MAX_PACING_OFFLOAD_HORIZON, "IFLA_MAX_PACING_OFFLOAD_HORIZON", func(l *Link) *uint64 { return &l.MaxPacingOffloadHorizon }),
	attr.U32(uapi.IFLA_NUM_RX_QUEUES, "IFLA_NUM_RX_QUEUES", func(l *Link) *uint32 { return &l.NumRxQueues }),
	attr.U32(uapi.IFLA_MASTER, "IFLA_MASTER", func(l *Link) *int { return &l.Master }),
	attr.Bool(uapi.IFLA_CARRIER, "IFLA_CARRIER", func(l *Link) *bool { return &l.Carrier }),
	attr.String(uapi.IFLA_QDISC, "IFLA_QDISC", func(l *Link) *string { return &l.Qdisc }),
	attr.U32(uapi.IFLA_CARRIER_CHANGES, "IFLA_CARRIER_CHANGES", func(l *Link) *uint32 { return &l.CarrierChanges }),
	attr.U32(uapi.IFLA_CARRIER_UP_COUNT, "IFLA_CARRIER_UP_COUNT", func(l *Link) *uint32 { return &l.CarrierUps }),
	attr.U32(uapi.IFLA_CARRIER_DOWN_COUNT, "IFLA_CARRIER_DOWN_COUNT", func(l *Link) *uint32 { return &l.CarrierDowns }),
	attr.Bool(uapi.IFLA_PROTO_DOWN, "IFLA_PROTO_DOWN", func(l *Link) *bool { return &l.ProtoDown }),
	attr.U16(uapi.IFLA_HEADROOM, "IFLA_HEADROOM", func(l *Link) *uint16 { return &l.Headroom }),
	attr.U16(uapi.IFLA_TAILROOM, "IFLA_TAILROOM", func(l *Link) *uint16 { return &l.Tailroom }),
	attr.Custom(uapi.IFLA_PROTO_DOWN_REASON, "IFLA_PROTO_DOWN_REASON", nil, func(p []byte, l *Link) error { return l.readProtoDown(p) }).
		Within(func([]byte) attr.Schema { return protoDownAttrs }),
	attr.Custom(uapi.IFLA_MAP, "IFLA_MAP", nil, func(p []byte, l *Link) error { return l.readMap(p) }),
	attr.Bytes(uapi.IFLA_ADDRESS, "IFLA_ADDRESS", func(l *Link) *net.HardwareAddr { return &l.Address }),
	attr.Bytes(uapi.IFLA_BROADCAST, "IFLA_BROADCAST", func(l *Link) *net.HardwareAddr { return &l.Broadcast }),
	attr.Custom(uapi.IFLA_STATS64, "IFLA_STATS64", nil, func(p []byte, l *Link) error { return l.readStats(p) }),
	named[Link](uapi.IFLA_STATS, "IFLA_STATS"), // the same in 32 bits
	named[Link](uapi.IFLA_PAD, "IFLA_PAD"),
	attr.U32(uapi.IFLA_NUM_VF, "IFLA_NUM_VF", func(l *Link) *uint32 { return &l.NumVFs }),
	attr.Custom(uapi.IFLA_VFINFO_LIST, "IFLA_VFINFO_LIST", nil, func(p []byte, l *Link) error { return l.readVFs(p) }).
		Within(func([]byte) attr.Schema { return vfListSchema }),
	attr.Custom(uapi.IFLA_XDP, "IFLA_XDP", nil, func(p []byte, l *Link) error { return l.readXDP(p) }).
		Within(func([]byte) attr.Schema { return xdpAttrs }),
	attr.Custom(uapi.IFLA_LINKINFO, "IFLA_LINKINFO", nil, func(p []byte, l *Link) error { return l.readInfo(p) }).
		Within(func([]byte) attr.Schema { return infoAttrs }),
	attr.U32(uapi.IFLA_LINK, "IFLA_LINK", func(l *Link) *int { return &l.Parent }),
	attr.OptS32(uapi.IFLA_LINK_NETNSID, "IFLA_LINK_NETNSID", func(l *Link) **int { return &l.ParentNSID }),
	attr.Custom(uapi.IFLA_PROP_LIST, "IFLA_PROP_LIST", nil, func(p []byte, l *Link) error { return l.readProps(p) }).
		Within(func([]byte) attr.Schema { return propSchema }),
	attr.String(uapi.IFLA_IFALIAS, "IFLA_IFALIAS", func(l *Link) *string { return &l.Alias }),
	attr.Bytes(uapi.IFLA_PERM_ADDRESS, "IFLA_PERM_ADDRESS", func(l *Link) *net.HardwareAddr { return &l.PermAddress }),
	attr.Bytes(uapi.IFLA_PHYS_PORT_ID, "IFLA_PHYS_PORT_ID", func(l *Link) *[]byte { return &l.device().PortID }),
	attr.String(uapi.IFLA_PHYS_PORT_NAME, "IFLA_PHYS_PORT_NAME", func(l *Link) *string { return &l.device().PortName }),
	attr.Bytes(uapi.IFLA_PHYS_SWITCH_ID, "IFLA_PHYS_SWITCH_ID", func(l *Link) *[]byte { return &l.device().SwitchID }),
	attr.String(uapi.IFLA_PARENT_DEV_NAME, "IFLA_PARENT_DEV_NAME", func(l *Link) *string { return &l.device().ParentName }),
	attr.String(uapi.IFLA_PARENT_DEV_BUS_NAME, "IFLA_PARENT_DEV_BUS_NAME", func(l *Link) *string { return &l.device().ParentBus }),
	attr.Custom(uapi.IFLA_AF_SPEC, "IFLA_AF_SPEC", nil, func(p []byte, l *Link) error { return l.readFamilies(p, everything) }).
		Within(func([]byte) attr.Schema { return familySchema }),
	attr.Bool(uapi.IFLA_NETNS_IMMUTABLE, "IFLA_NETNS_IMMUTABLE", func(l *Link) *bool { return &l.NetNSImmutable }),
	attr.Custom(uapi.IFLA_NEW_NETNSID, "IFLA_NEW_NETNSID", nil, func(p []byte, l *Link) error { return l.readMoved(p, uapi.IFLA_NEW_NETNSID) }),
	attr.Custom(uapi.IFLA_NEW_IFINDEX, "IFLA_NEW_IFINDEX", nil, func(p []byte, l *Link) error { return l.readMoved(p, uapi.IFLA_NEW_IFINDEX) }),
	attr.U32(uapi.IFLA_EVENT, "IFLA_EVENT", func(l *Link) *EventReason { return &l.Reason }),
	// Nests that the kernel adds to every link, mostly empty.
	attr.Custom(uapi.IFLA_DEVLINK_PORT, "IFLA_DEVLINK_PORT", nil, func(p []byte, l *Link) error { return l.readDevlink(p) }).
		Within(func([]byte) attr.Schema { return devlinkAttrs }),
	attr.Custom(uapi.IFLA_DPLL_PIN, "IFLA_DPLL_PIN", nil, func(p []byte, l *Link) error { return l.readPin(p) }).
		Within(func([]byte) attr.Schema { return pinAttrs }),
	// Names for errors alone.
	named[Link](uapi.IFLA_EXT_MASK, "IFLA_EXT_MASK"),
	named[Link](uapi.IFLA_ALT_IFNAME, "IFLA_ALT_IFNAME"),
	named[Link](uapi.IFLA_TARGET_NETNSID, "IFLA_TARGET_NETNSID"),
	attr.Rest(func(l *Link) *[]attr.Raw { return &l.Unknown }),
}

// reading says what is wanted of a message of that which costs.
type reading struct{ stats, inet6Stats, settings bool }

// everything is all that a message has.
var everything = reading{stats: true, inet6Stats: true, settings: true}

// decode stores a message into l, which is zero, with or without the counters of
// the link.
func (l *Link) decode(data []byte, stats bool) error { return l.decodeFor(data, reading{stats: stats}) }

// decodeFor stores a message into l, which is zero.
func (l *Link) decodeFor(data []byte, want reading) error {
	h, attrs, err := splitHeader(data)
	if err != nil {
		return err
	}
	l.Index, l.Type, l.Flags = h.index, h.typ, h.flags
	if len(attrs) > longest {
		if attrs, err = l.takeLongVFs(attrs); err != nil {
			return within("IFLA_VFINFO_LIST", err)
		}
	}

	var address, broadcast, perm []byte
	s := attr.Scan(attrs)
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_IFNAME:
			l.Name = s.String()
		case uapi.IFLA_TXQLEN:
			l.TxQueueLen = s.Uint32()
		case uapi.IFLA_OPERSTATE:
			l.OperState = OperState(s.Uint8())
		case uapi.IFLA_LINKMODE:
			l.Mode = Mode(s.Uint8())
		case uapi.IFLA_MTU:
			l.MTU = s.Int()
		case uapi.IFLA_MIN_MTU:
			l.MinMTU = s.Uint32()
		case uapi.IFLA_MAX_MTU:
			l.MaxMTU = s.Uint32()
		case uapi.IFLA_GROUP:
			l.Group = s.Uint32()
		case uapi.IFLA_PROMISCUITY:
			l.Promiscuity = s.Uint32()
		case uapi.IFLA_ALLMULTI:
			l.AllMulti = s.Uint32()
		case uapi.IFLA_NUM_TX_QUEUES:
			l.NumTxQueues = s.Uint32()
		case uapi.IFLA_NUM_RX_QUEUES:
			l.NumRxQueues = s.Uint32()
		case uapi.IFLA_GSO_MAX_SEGS:
			l.GSOMaxSegs = s.Uint32()
		case uapi.IFLA_GSO_MAX_SIZE:
			l.GSOMaxSize = s.Uint32()
		case uapi.IFLA_GRO_MAX_SIZE:
			l.GROMaxSize = s.Uint32()
		case uapi.IFLA_GSO_IPV4_MAX_SIZE:
			l.GSOIPv4MaxSize = s.Uint32()
		case uapi.IFLA_GRO_IPV4_MAX_SIZE:
			l.GROIPv4MaxSize = s.Uint32()
		case uapi.IFLA_TSO_MAX_SIZE:
			l.TSOMaxSize = s.Uint32()
		case uapi.IFLA_TSO_MAX_SEGS:
			l.TSOMaxSegs = s.Uint32()
		case uapi.IFLA_MAX_PACING_OFFLOAD_HORIZON:
			l.MaxPacingOffloadHorizon = shortest(&s)
		case uapi.IFLA_MASTER:
			l.Master = s.Int()
		case uapi.IFLA_LINK:
			l.Parent = s.Int()
		case uapi.IFLA_LINK_NETNSID:
			l.ParentNSID = new(signed(&s))
		case uapi.IFLA_CARRIER:
			l.Carrier = boolean(&s)
		case uapi.IFLA_PROTO_DOWN:
			l.ProtoDown = boolean(&s)
		case uapi.IFLA_NETNS_IMMUTABLE:
			l.NetNSImmutable = boolean(&s)
		case uapi.IFLA_QDISC:
			l.Qdisc = qdiscName(s.Text())
		case uapi.IFLA_CARRIER_CHANGES:
			l.CarrierChanges = s.Uint32()
		case uapi.IFLA_CARRIER_UP_COUNT:
			l.CarrierUps = s.Uint32()
		case uapi.IFLA_CARRIER_DOWN_COUNT:
			l.CarrierDowns = s.Uint32()
		case uapi.IFLA_HEADROOM:
			l.Headroom = s.Uint16()
		case uapi.IFLA_TAILROOM:
			l.Tailroom = s.Uint16()
		case uapi.IFLA_NUM_VF:
			l.NumVFs = s.Uint32()
		case uapi.IFLA_ADDRESS:
			address = s.Bytes()
		case uapi.IFLA_BROADCAST:
			broadcast = s.Bytes()
		case uapi.IFLA_PERM_ADDRESS:
			perm = s.Bytes()
		case uapi.IFLA_IFALIAS:
			l.Alias = s.String()
		case uapi.IFLA_STATS64:
			if want.stats {
				s.Fail(within("IFLA_STATS64", l.readStats(s.Bytes())))
			}
		case uapi.IFLA_XDP:
			s.Fail(within("IFLA_XDP", l.readXDP(s.Bytes())))
		case uapi.IFLA_LINKINFO:
			s.Fail(within("IFLA_LINKINFO", l.readInfo(s.Bytes())))
		case uapi.IFLA_PROP_LIST:
			s.Fail(within("IFLA_PROP_LIST", l.readProps(s.Bytes())))
		case uapi.IFLA_AF_SPEC:
			s.Fail(within("IFLA_AF_SPEC", l.readFamilies(s.Bytes(), want)))
		case uapi.IFLA_PROTO_DOWN_REASON:
			s.Fail(within("IFLA_PROTO_DOWN_REASON", l.readProtoDown(s.Bytes())))
		case uapi.IFLA_PHYS_PORT_ID:
			l.device().PortID = append([]byte(nil), s.Bytes()...)
		case uapi.IFLA_PHYS_PORT_NAME:
			l.device().PortName = s.String()
		case uapi.IFLA_PHYS_SWITCH_ID:
			l.device().SwitchID = append([]byte(nil), s.Bytes()...)
		case uapi.IFLA_PARENT_DEV_NAME:
			l.device().ParentName = s.String()
		case uapi.IFLA_PARENT_DEV_BUS_NAME:
			l.device().ParentBus = s.String()
		case uapi.IFLA_NEW_NETNSID:
			s.Fail(within("IFLA_NEW_NETNSID", l.readMoved(s.Bytes(), uapi.IFLA_NEW_NETNSID)))
		case uapi.IFLA_NEW_IFINDEX:
			s.Fail(within("IFLA_NEW_IFINDEX", l.readMoved(s.Bytes(), uapi.IFLA_NEW_IFINDEX)))
		case uapi.IFLA_VFINFO_LIST:
			s.Fail(within("IFLA_VFINFO_LIST", l.readVFs(s.Bytes())))
		case uapi.IFLA_MAP:
			s.Fail(within("IFLA_MAP", l.readMap(s.Bytes())))
		case uapi.IFLA_EVENT:
			l.Reason = EventReason(s.Uint32())
		case uapi.IFLA_DEVLINK_PORT:
			s.Fail(within("IFLA_DEVLINK_PORT", l.readDevlink(s.Bytes())))
		case uapi.IFLA_DPLL_PIN:
			s.Fail(within("IFLA_DPLL_PIN", l.readPin(s.Bytes())))
		case uapi.IFLA_STATS, uapi.IFLA_PAD, uapi.IFLA_EXT_MASK, uapi.IFLA_ALT_IFNAME, uapi.IFLA_TARGET_NETNSID:
		default:
			l.Unknown = append(l.Unknown, s.Raw())
		}
	}
	l.copyAddresses(address, broadcast, perm)
	l.trimVFs()
	if err := s.Err(); err != nil {
		if _, ok := errors.AsType[*attr.Error](err); ok {
			return err
		}
		name, _ := attr.Name(linkAttrs, s.Type(), nil)
		return &attr.Error{Path: name, Err: err}
	}
	return nil
}

// longest is what an attribute can hold: a nest in a longer message may be longer
// than it says.
const longest = 1<<16 - 1

// copyAddresses copies three slices of the message into one piece of memory.
func (l *Link) copyAddresses(address, broadcast, perm []byte) {
	n := len(address) + len(broadcast) + len(perm)
	if n == 0 {
		return
	}
	room := make([]byte, 0, n)
	take := func(p []byte) net.HardwareAddr {
		if len(p) == 0 {
			return nil
		}
		start := len(room)
		room = append(room, p...)
		return net.HardwareAddr(room[start:len(room):len(room)])
	}
	l.Address, l.Broadcast, l.PermAddress = take(address), take(broadcast), take(perm)
}

// signed reads a number that may be negative.
func signed(s *attr.Scanner) int {
	if len(s.Bytes()) < 8 {
		return int(int32(s.Uint32()))
	}
	n := int64(s.Uint64())
	if int64(int(n)) != n {
		s.Fail(fmt.Errorf("%w: %d does not fit", attr.ErrMalformed, n))
		return 0
	}
	return int(n)
}

// shortest reads a number that is sent in 32 bits if it fits (nla_put_uint).
func shortest(s *attr.Scanner) uint64 {
	if len(s.Bytes()) < 8 {
		return uint64(s.Uint32())
	}
	return s.Uint64()
}

// boolean reads a number that is 0 or not.
func boolean(s *attr.Scanner) bool {
	for _, c := range s.Bytes() {
		if c != 0 {
			return true
		}
	}
	return false
}

// qdiscName returns the name without a copy for those that most links have.
func qdiscName(name []byte) string {
	switch string(name) {
	case "noop":
		return "noop"
	case "noqueue":
		return "noqueue"
	case "mq":
		return "mq"
	case "fq":
		return "fq"
	case "fq_codel":
		return "fq_codel"
	case "pfifo_fast":
		return "pfifo_fast"
	}
	return string(name)
}

func (l *Link) device() *Device {
	if l.Device == nil {
		l.Device = new(Device)
	}
	return l.Device
}

// keep keeps a nest that no field holds, unless it is empty.
func (l *Link) keep(typ uint16, p []byte) {
	if len(p) > 0 {
		l.Unknown = append(l.Unknown, attr.Raw{Type: typ, Data: append([]byte{}, p...)})
	}
}

// readInfo reads IFLA_LINKINFO.
func (l *Link) readInfo(p []byte) error {
	var kind, data, xstats, port, portData []byte
	s := attr.Scan(p)
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_INFO_KIND:
			kind = s.Text()
		case uapi.IFLA_INFO_DATA:
			data = s.Bytes()
		case uapi.IFLA_INFO_XSTATS:
			xstats = s.Bytes()
		case uapi.IFLA_INFO_SLAVE_KIND:
			port = s.Text()
		case uapi.IFLA_INFO_SLAVE_DATA:
			portData = s.Bytes()
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	if len(kind) > 0 {
		if codec, ok := kinds[string(kind)]; ok {
			k, err := codec.decode(data)
			if err != nil {
				return within("IFLA_INFO_DATA", err)
			}
			if xstats != nil {
				if err := readXStats(k, xstats); err != nil {
					return within("IFLA_INFO_XSTATS", err)
				}
			}
			l.Kind = k
		} else {
			l.Kind = &Unknown{Name: string(kind), Data: append([]byte(nil), data...)}
		}
	}
	if len(port) > 0 {
		if codec, ok := ports[string(port)]; ok {
			k, err := codec.decode(portData)
			if err != nil {
				return within("IFLA_INFO_SLAVE_DATA", err)
			}
			l.Port = k
		} else {
			l.Port = &UnknownPort{Name: string(port), Data: append([]byte(nil), portData...)}
		}
	}
	return nil
}

// readXStats reads the statistics that some kinds have beside their data.
func readXStats(k Kind, p []byte) error {
	if x, ok := k.(interface{ readXStats(p []byte) error }); ok {
		return x.readXStats(p)
	}
	return nil
}

// readProps reads IFLA_PROP_LIST.
func (l *Link) readProps(p []byte) error {
	l.AltNames = nil
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() == uapi.IFLA_ALT_IFNAME {
			l.AltNames = append(l.AltNames, s.String())
		}
	}
	return s.Err()
}

// readProtoDown reads IFLA_PROTO_DOWN_REASON.
func (l *Link) readProtoDown(p []byte) error {
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() == uapi.IFLA_PROTO_DOWN_REASON_VALUE {
			l.ProtoDownReason = s.Uint32()
		}
	}
	return s.Err()
}

// readMoved reads where a link went.
func (l *Link) readMoved(p []byte, typ uint16) error {
	if len(p) < 4 {
		return short(p, 4)
	}
	if l.Moved == nil {
		l.Moved = new(Moved)
	}
	n := int(int32(binary.NativeEndian.Uint32(p)))
	if typ == uapi.IFLA_NEW_NETNSID {
		l.Moved.NSID = n
	} else {
		l.Moved.Index = n
	}
	return nil
}

// readMap reads struct rtnl_link_ifmap, which is all zero nowadays.
func (l *Link) readMap(p []byte) error {
	const size = 28
	if len(p) < size {
		return short(p, size)
	}
	if [size]byte(p) == [size]byte{} {
		return nil
	}
	l.device().Map = &Map{
		MemStart: binary.NativeEndian.Uint64(p), MemEnd: binary.NativeEndian.Uint64(p[8:]),
		BaseAddr: binary.NativeEndian.Uint64(p[16:]), IRQ: binary.NativeEndian.Uint16(p[24:]), DMA: p[26], Port: p[27],
	}
	return nil
}

var devlinkAttrs = attr.Table[DevlinkPort]{
	attr.String(uapi.DEVLINK_ATTR_BUS_NAME, "DEVLINK_ATTR_BUS_NAME", func(p *DevlinkPort) *string { return &p.Bus }),
	attr.String(uapi.DEVLINK_ATTR_DEV_NAME, "DEVLINK_ATTR_DEV_NAME", func(p *DevlinkPort) *string { return &p.Device }),
	attr.U32(uapi.DEVLINK_ATTR_PORT_INDEX, "DEVLINK_ATTR_PORT_INDEX", func(p *DevlinkPort) *uint32 { return &p.Port }),
}

// readDevlink reads IFLA_DEVLINK_PORT.
func (l *Link) readDevlink(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	l.device().Devlink = new(DevlinkPort)
	return devlinkAttrs.Decode(p, l.Device.Devlink)
}

var pinAttrs = attr.Table[Device]{
	attr.OptU32(uapi.DPLL_A_PIN_ID, "DPLL_A_PIN_ID", func(d *Device) **uint32 { return &d.DPLLPin }),
}

// readPin reads IFLA_DPLL_PIN.
func (l *Link) readPin(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return pinAttrs.Decode(p, l.device())
}

// readStats reads IFLA_STATS64.
func (l *Link) readStats(p []byte) (err error) {
	l.Stats, err = statsOf(p)
	return err
}

// statsOf reads struct rtnl_link_stats64, which has grown at its end.
func statsOf(p []byte) (*Stats, error) {
	const first, fields = 23, 25
	if len(p) < 8*first {
		return nil, short(p, 8*first)
	}
	var n [fields]uint64
	for i := range min(fields, len(p)/8) {
		n[i] = binary.NativeEndian.Uint64(p[8*i:])
	}
	return &Stats{
		RxPackets: n[0], TxPackets: n[1], RxBytes: n[2], TxBytes: n[3],
		RxErrors: n[4], TxErrors: n[5], RxDropped: n[6], TxDropped: n[7],
		Multicast: n[8], Collisions: n[9],
		RxLengthErrors: n[10], RxOverErrors: n[11], RxCRCErrors: n[12],
		RxFrameErrors: n[13], RxFIFOErrors: n[14], RxMissedErrors: n[15],
		TxAbortedErrors: n[16], TxCarrierErrors: n[17], TxFIFOErrors: n[18],
		TxHeartbeatErrors: n[19], TxWindowErrors: n[20],
		RxCompressed: n[21], TxCompressed: n[22],
		RxNoHandler: n[23], RxOtherhostDropped: n[24],
	}, nil
}

var xdpAttrs = attr.Table[XDP]{
	attr.U8(uapi.IFLA_XDP_ATTACHED, "IFLA_XDP_ATTACHED", func(x *XDP) *XDPMode { return &x.Mode }),
	attr.U32(uapi.IFLA_XDP_PROG_ID, "IFLA_XDP_PROG_ID", func(x *XDP) *uint32 { return &x.ProgramID }),
	attr.U32(uapi.IFLA_XDP_DRV_PROG_ID, "IFLA_XDP_DRV_PROG_ID", func(x *XDP) *uint32 { return &x.DriverProgramID }),
	attr.U32(uapi.IFLA_XDP_SKB_PROG_ID, "IFLA_XDP_SKB_PROG_ID", func(x *XDP) *uint32 { return &x.GenericProgramID }),
	attr.U32(uapi.IFLA_XDP_HW_PROG_ID, "IFLA_XDP_HW_PROG_ID", func(x *XDP) *uint32 { return &x.HardwareProgramID }),
}

// readXDP reads IFLA_XDP, which every link has: mostly to say that there is none.
func (l *Link) readXDP(p []byte) error {
	l.XDP = nil
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() == uapi.IFLA_XDP_ATTACHED && s.Uint8() != 0 {
			l.XDP = new(XDP)
		}
	}
	if s.Err() != nil || l.XDP == nil {
		return s.Err()
	}
	return xdpAttrs.Decode(p, l.XDP)
}

// within puts the name of a nest before the path of what is wrong inside.
func within(name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*attr.Error](err); ok {
		if e.Path != "" {
			name += "." + e.Path
		}
		err = e.Err
	}
	return &attr.Error{Path: name, Err: err}
}
