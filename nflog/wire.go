package nflog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	headerLen = 4 // struct nfgenmsg

	packetType = uapi.NFNL_SUBSYS_ULOG<<8 | uapi.NFULNL_MSG_PACKET
	configType = uapi.NFNL_SUBSYS_ULOG<<8 | uapi.NFULNL_MSG_CONFIG

	packetHdrLen = 4  // struct nfulnl_msg_packet_hdr
	hwLen        = 12 // struct nfulnl_msg_packet_hw
	timestampLen = 16 // struct nfulnl_msg_packet_timestamp
	modeLen      = 6  // struct nfulnl_msg_config_mode
	attrHeader   = 4  // struct nlattr

	typeMask = ^uint16(uapi.NLA_F_NESTED | uapi.NLA_F_NET_BYTEORDER) // NLA_TYPE_MASK
)

// header appends struct nfgenmsg.
func header(b []byte, family Family, group uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, byte(family), 0 /* NFNETLINK_V0 */), group)
}

// The hooks of each family by the kernel's number.
var (
	inetHooks = []Hook{
		uapi.NF_INET_PRE_ROUTING: HookPrerouting, uapi.NF_INET_LOCAL_IN: HookInput, uapi.NF_INET_FORWARD: HookForward,
		uapi.NF_INET_LOCAL_OUT: HookOutput, uapi.NF_INET_POST_ROUTING: HookPostrouting, uapi.NF_INET_INGRESS: HookIngress,
	}
	bridgeHooks = []Hook{
		uapi.NF_BR_PRE_ROUTING: HookPrerouting, uapi.NF_BR_LOCAL_IN: HookInput, uapi.NF_BR_FORWARD: HookForward,
		uapi.NF_BR_LOCAL_OUT: HookOutput, uapi.NF_BR_POST_ROUTING: HookPostrouting, uapi.NF_BR_BROUTING: HookBrouting,
	}
	arpHooks    = []Hook{uapi.NF_ARP_IN: HookInput, uapi.NF_ARP_OUT: HookOutput, uapi.NF_ARP_FORWARD: HookForward}
	netdevHooks = []Hook{uapi.NF_NETDEV_INGRESS: HookIngress, uapi.NF_NETDEV_EGRESS: HookEgress}
)

const unnamedHook Hook = 0x100

func hooksOf(f Family) []Hook {
	switch f {
	case FamilyARP:
		return arpHooks
	case FamilyNetdev:
		return netdevHooks
	case FamilyBridge:
		return bridgeHooks
	}
	return inetHooks
}

func hookFrom(f Family, n uint8) Hook {
	if h := hooksOf(f); int(n) < len(h) {
		return h[n]
	}
	return unnamedHook + Hook(n)
}

func hookNumber(f Family, h Hook) (uint8, error) {
	if n := slices.Index(hooksOf(f), h); n >= 0 {
		return uint8(n), nil
	}
	if h < unnamedHook || h > unnamedHook+math.MaxUint8 {
		return 0, attr.Refuse("family %s has no hook %s", f, h)
	}
	return uint8(h - unnamedHook), nil
}

// packetAttrs are the attributes of a packet. scan reads the same without the
// table.
var packetAttrs = attr.Table[Packet]{
	attr.Custom(uapi.NFULA_PACKET_HDR, "NFULA_PACKET_HDR", putPacketHdr, getPacketHdr).Sample(func(r *rand.Rand, p *Packet) {
		h := hooksOf(p.Family)
		p.Protocol, p.Hook = EtherType(1+r.IntN(0xffff)), h[r.IntN(len(h))]
	}),
	attr.String(uapi.NFULA_PREFIX, "NFULA_PREFIX", func(p *Packet) *string { return &p.Prefix }),
	attr.BE32(uapi.NFULA_IFINDEX_INDEV, "NFULA_IFINDEX_INDEV", func(p *Packet) *int { return &p.InLink }),
	attr.BE32(uapi.NFULA_IFINDEX_PHYSINDEV, "NFULA_IFINDEX_PHYSINDEV", func(p *Packet) *int { return &p.PhysInLink }),
	attr.BE32(uapi.NFULA_IFINDEX_OUTDEV, "NFULA_IFINDEX_OUTDEV", func(p *Packet) *int { return &p.OutLink }),
	attr.BE32(uapi.NFULA_IFINDEX_PHYSOUTDEV, "NFULA_IFINDEX_PHYSOUTDEV", func(p *Packet) *int { return &p.PhysOutLink }),
	attr.BE32(uapi.NFULA_MARK, "NFULA_MARK", func(p *Packet) *uint32 { return &p.Mark }),
	attr.Custom(uapi.NFULA_HWADDR, "NFULA_HWADDR", putHWAddr, func(b []byte, p *Packet) error {
		addr, err := hwAddr(b)
		p.HardwareAddr = slices.Clone(addr)
		return err
	}).Sample(func(r *rand.Rand, p *Packet) {
		p.HardwareAddr = binary.BigEndian.AppendUint64(nil, r.Uint64())[:1+r.IntN(hwLen-4)]
	}),
	attr.BE16(uapi.NFULA_HWTYPE, "NFULA_HWTYPE", func(p *Packet) *uint16 { return &p.HardwareType }),
	attr.Custom(uapi.NFULA_HWLEN, "NFULA_HWLEN", putHWLen, nil), // the header itself has it
	attr.Bytes(uapi.NFULA_HWHEADER, "NFULA_HWHEADER", func(p *Packet) *[]byte { return &p.HardwareHeader }),
	attr.Custom(uapi.NFULA_TIMESTAMP, "NFULA_TIMESTAMP", putTimestamp, getTimestamp).Sample(func(r *rand.Rand, p *Packet) {
		p.Timestamp = time.Unix(r.Int64N(1<<34), r.Int64N(1e6)*1000)
	}),
	number(uapi.NFULA_UID, "NFULA_UID", func(p *Packet) *optional { return &p.uid }),
	number(uapi.NFULA_GID, "NFULA_GID", func(p *Packet) *optional { return &p.gid }),
	number(uapi.NFULA_SEQ, "NFULA_SEQ", func(p *Packet) *optional { return &p.seq }),
	number(uapi.NFULA_SEQ_GLOBAL, "NFULA_SEQ_GLOBAL", func(p *Packet) *optional { return &p.globalSeq }),
	attr.Bytes(uapi.NFULA_CT, "NFULA_CT", func(p *Packet) *[]byte { return &p.ConntrackData }).
		Within(func([]byte) attr.Schema { return conntrackAttrs }),
	attr.Custom(uapi.NFULA_CT_INFO, "NFULA_CT_INFO", putConntrackInfo, getConntrackInfo).Sample(func(r *rand.Rand, p *Packet) {
		p.ConntrackInfo = ConntrackInfo(1 + r.IntN(math.MaxUint8))
	}),
	attr.Inline(uapi.NFULA_VLAN, "NFULA_VLAN", vlanAttrs, func(p *Packet) *VLAN { return &p.VLAN }),
	attr.Bytes(uapi.NFULA_L2HDR, "NFULA_L2HDR", func(p *Packet) *[]byte { return &p.Layer2Header }),
	attr.Bytes(uapi.NFULA_PAYLOAD, "NFULA_PAYLOAD", func(p *Packet) *[]byte { return &p.Payload }),
}

var vlanAttrs = attr.Table[VLAN]{
	attr.BE16(uapi.NFULA_VLAN_TCI, "NFULA_VLAN_TCI", func(v *VLAN) *uint16 { return &v.TCI }),
	attr.BE16(uapi.NFULA_VLAN_PROTO, "NFULA_VLAN_PROTO", func(v *VLAN) *EtherType { return &v.Protocol }),
}

// number is a row of a number whose absence is not zero.
func number(typ uint16, name string, field func(*Packet) *optional) attr.Row[Packet] {
	return attr.Custom(typ, name,
		func(b []byte, p *Packet) ([]byte, error) {
			if o := field(p); o.ok {
				b = attr.AppendBE32(b, typ, o.v)
			}
			return b, nil
		},
		func(b []byte, p *Packet) error {
			if err := want(b, 4); err != nil {
				return err
			}
			*field(p) = optional{binary.BigEndian.Uint32(b), true}
			return nil
		}).Sample(func(r *rand.Rand, p *Packet) {
		*field(p) = optional{r.Uint32() >> r.IntN(32), true}
	})
}

// want is an error unless b has n bytes at least.
func want(b []byte, n int) error {
	if len(b) >= n {
		return nil
	}
	return fmt.Errorf("%w: %d bytes, want %d", attr.ErrMalformed, len(b), n)
}

func putPacketHdr(b []byte, p *Packet) ([]byte, error) {
	if p.Protocol == 0 && p.Hook == 0 {
		return b, nil
	}
	n, err := hookNumber(p.Family, p.Hook)
	if err != nil {
		return b, err
	}
	var v [packetHdrLen]byte
	binary.BigEndian.PutUint16(v[:], uint16(p.Protocol))
	v[2] = n
	return attr.AppendBytes(b, uapi.NFULA_PACKET_HDR, v[:]), nil
}

func getPacketHdr(b []byte, p *Packet) error {
	if err := want(b, 3); err != nil {
		return err
	}
	p.Protocol, p.Hook = EtherType(binary.BigEndian.Uint16(b)), hookFrom(p.Family, b[2])
	return nil
}

func putHWAddr(b []byte, p *Packet) ([]byte, error) {
	if len(p.HardwareAddr) == 0 {
		return b, nil
	}
	var v [hwLen]byte
	if len(p.HardwareAddr) > copy(v[4:], p.HardwareAddr) {
		return b, attr.Refuse("%s is too long", p.HardwareAddr)
	}
	binary.BigEndian.PutUint16(v[:], uint16(len(p.HardwareAddr)))
	return attr.AppendBytes(b, uapi.NFULA_HWADDR, v[:]), nil
}

// hwAddr returns the address in struct nfulnl_msg_packet_hw. Its length may be more
// than what there is room for: an address of InfiniBand has 20 bytes.
func hwAddr(b []byte) (net.HardwareAddr, error) {
	if err := want(b, 4); err != nil {
		return nil, err
	}
	n := min(4+int(binary.BigEndian.Uint16(b)), len(b))
	return net.HardwareAddr(b[4:n:n]), nil
}

func putHWLen(b []byte, p *Packet) ([]byte, error) {
	n := len(p.HardwareHeader)
	switch {
	case n == 0:
		return b, nil
	case n > math.MaxUint16:
		return b, attr.Refuse("%d bytes are no hardware header", n)
	}
	return attr.AppendBE16(b, uapi.NFULA_HWLEN, uint16(n)), nil
}

func putTimestamp(b []byte, p *Packet) ([]byte, error) {
	if p.Timestamp.IsZero() {
		return b, nil
	}
	var v [timestampLen]byte
	binary.BigEndian.PutUint64(v[:], uint64(p.Timestamp.Unix()))
	binary.BigEndian.PutUint64(v[8:], uint64(p.Timestamp.Nanosecond()/1000))
	return attr.AppendBytes(b, uapi.NFULA_TIMESTAMP, v[:]), nil
}

func getTimestamp(b []byte, p *Packet) error {
	if err := want(b, timestampLen); err != nil {
		return err
	}
	sec, usec := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	if sec > math.MaxInt64/2 || usec >= 1e6 {
		return fmt.Errorf("%w: %d.%06d is no time", attr.ErrMalformed, sec, usec)
	}
	p.Timestamp = time.Unix(int64(sec), int64(usec)*1000)
	return nil
}

// putConntrackInfo puts what goes with a connection: there zero is a value.
func putConntrackInfo(b []byte, p *Packet) ([]byte, error) {
	if p.ConntrackInfo == 0 && p.ConntrackData == nil {
		return b, nil
	}
	return attr.AppendBE32(b, uapi.NFULA_CT_INFO, uint32(p.ConntrackInfo)), nil
}

func getConntrackInfo(b []byte, p *Packet) error {
	if err := want(b, 4); err != nil {
		return err
	}
	n := 0
	for _, digit := range b { // an integer of any width
		if n = n<<8 | int(digit); n > math.MaxUint8 {
			return fmt.Errorf("%w: % x is out of range", attr.ErrMalformed, b)
		}
	}
	p.ConntrackInfo = ConntrackInfo(n)
	return nil
}

// encode returns the message that decode reads.
func encode(p *Packet) ([]byte, error) {
	return packetAttrs.Append(header(nil, p.Family, p.Group), p)
}

// decode stores the message data into p, whose buffer it uses again. names, which
// may be nil, saves allocations.
func decode(data []byte, p *Packet, names *intern) error {
	if err := want(data, headerLen); err != nil {
		return err
	}
	buf := append(p.buf[:0], data...)
	p.begin(buf)
	if scan(buf[headerLen:], p, names) {
		return nil
	}
	// Integers of another width, and what is malformed, are the table's business.
	p.begin(buf)
	return packetAttrs.Decode(buf[headerLen:], p)
}

// begin makes p a packet of which no more is known than struct nfgenmsg.
func (p *Packet) begin(buf []byte) {
	*p = Packet{} // and not one with values, which would be made elsewhere and copied
	p.Family, p.Group, p.buf = Family(buf[0]), binary.BigEndian.Uint16(buf[2:]), buf
}

// scan stores the attributes b into p, as the table does, but without copying or
// allocating: the slices of p are parts of b. It returns false for what no kernel
// sends so far.
func scan(b []byte, p *Packet, names *intern) bool {
	odd := false
	for len(b) >= attrHeader {
		n := int(binary.NativeEndian.Uint16(b))
		typ := binary.NativeEndian.Uint16(b[2:]) & typeMask
		if n < attrHeader || n > len(b) {
			return false
		}
		v := b[attrHeader:n:n]
		b = b[min((n+3)&^3, len(b)):]
		switch typ {
		case uapi.NFULA_PACKET_HDR:
			odd = odd || getPacketHdr(v, p) != nil
		case uapi.NFULA_MARK:
			p.Mark = be32(v, &odd)
		case uapi.NFULA_TIMESTAMP:
			odd = odd || getTimestamp(v, p) != nil
		case uapi.NFULA_IFINDEX_INDEV:
			p.InLink = index(v, &odd)
		case uapi.NFULA_IFINDEX_OUTDEV:
			p.OutLink = index(v, &odd)
		case uapi.NFULA_IFINDEX_PHYSINDEV:
			p.PhysInLink = index(v, &odd)
		case uapi.NFULA_IFINDEX_PHYSOUTDEV:
			p.PhysOutLink = index(v, &odd)
		case uapi.NFULA_HWADDR:
			addr, err := hwAddr(v)
			p.HardwareAddr, odd = addr, odd || err != nil
		case uapi.NFULA_PAYLOAD:
			p.Payload = v
		case uapi.NFULA_PREFIX:
			p.Prefix = names.get(text(v))
		case uapi.NFULA_UID:
			p.uid = optional{be32(v, &odd), true}
		case uapi.NFULA_SEQ:
			p.seq = optional{be32(v, &odd), true}
		case uapi.NFULA_SEQ_GLOBAL:
			p.globalSeq = optional{be32(v, &odd), true}
		case uapi.NFULA_GID:
			p.gid = optional{be32(v, &odd), true}
		case uapi.NFULA_HWTYPE:
			p.HardwareType = be16(v, &odd)
		case uapi.NFULA_HWHEADER:
			p.HardwareHeader = v
		case uapi.NFULA_CT:
			p.ConntrackData = v
		case uapi.NFULA_CT_INFO:
			n := be32(v, &odd)
			p.ConntrackInfo, odd = ConntrackInfo(n), odd || n > math.MaxUint8
		case uapi.NFULA_VLAN:
			vlan := attr.Scan(v)
			for vlan.Next() {
				switch vlan.Type() {
				case uapi.NFULA_VLAN_PROTO:
					p.VLAN.Protocol = EtherType(be16(vlan.Bytes(), &odd))
				case uapi.NFULA_VLAN_TCI:
					p.VLAN.TCI = be16(vlan.Bytes(), &odd)
				}
			}
			odd = odd || vlan.Err() != nil
		case uapi.NFULA_L2HDR:
			p.Layer2Header = v
		}
	}
	return !odd
}

// text returns what is in front of the NUL that ends a text.
func text(b []byte) []byte {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		return b[:end]
	}
	return b
}

func be16(b []byte, odd *bool) uint16 {
	if len(b) != 2 {
		*odd = true
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

func be32(b []byte, odd *bool) uint32 {
	if len(b) != 4 {
		*odd = true
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// index is be32 for the index of a link, which is a positive int of 32 bits.
func index(b []byte, odd *bool) int {
	n := be32(b, odd)
	*odd = *odd || n > math.MaxInt32
	return int(n)
}

// intern keeps the prefixes that were seen, so that a packet with one of them does
// not allocate it again.
type intern struct {
	last string
	seen map[string]string
}

const maxInterned = 256 // rules have a few; what makes up a new one each time must not fill memory

func (n *intern) get(b []byte) string {
	switch {
	case n == nil:
		return string(b)
	case n.last == string(b):
		return n.last
	}
	s, ok := n.seen[string(b)]
	if !ok {
		if n.seen == nil || len(n.seen) >= maxInterned {
			n.seen = map[string]string{}
		}
		s = string(b)
		n.seen[s] = s
	}
	n.last = s
	return s
}

// settings are the attributes of a configuration.
type settings struct {
	command    uint8
	mode       copyMode
	bufferSize uint32
	threshold  uint32
	timeout    *uint32 // in 1/100 s
	flags      uint16
}

// copyMode says what of each packet is wanted.
type copyMode struct {
	limit uint32
	mode  uint8
}

var configAttrs = attr.Table[settings]{
	attr.U8(uapi.NFULA_CFG_CMD, "NFULA_CFG_CMD", func(s *settings) *uint8 { return &s.command }),
	attr.Custom(uapi.NFULA_CFG_MODE, "NFULA_CFG_MODE",
		func(b []byte, s *settings) ([]byte, error) {
			var v [modeLen]byte
			binary.BigEndian.PutUint32(v[:], s.mode.limit)
			v[4] = s.mode.mode
			return attr.AppendBytes(b, uapi.NFULA_CFG_MODE, v[:]), nil
		},
		func(b []byte, s *settings) error {
			if err := want(b, modeLen); err != nil {
				return err
			}
			s.mode = copyMode{binary.BigEndian.Uint32(b), b[4]}
			return nil
		}).Sample(func(r *rand.Rand, s *settings) {
		s.mode = copyMode{r.Uint32(), uint8(r.IntN(3))}
	}),
	attr.BE32(uapi.NFULA_CFG_NLBUFSIZ, "NFULA_CFG_NLBUFSIZ", func(s *settings) *uint32 { return &s.bufferSize }),
	attr.OptBE32(uapi.NFULA_CFG_TIMEOUT, "NFULA_CFG_TIMEOUT", func(s *settings) **uint32 { return &s.timeout }),
	attr.BE32(uapi.NFULA_CFG_QTHRESH, "NFULA_CFG_QTHRESH", func(s *settings) *uint32 { return &s.threshold }),
	attr.BE16(uapi.NFULA_CFG_FLAGS, "NFULA_CFG_FLAGS", func(s *settings) *uint16 { return &s.flags }),
}

// describe says which group a configuration is about.
func describe(data []byte) string {
	if len(data) < headerLen {
		return ""
	}
	return describeGroup(binary.BigEndian.Uint16(data[2:]))
}

func describeGroup(group uint16) string { return "group " + strconv.Itoa(int(group)) }
