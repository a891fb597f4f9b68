package nflog

import (
	"bytes"
	"net"
	"time"
)

// Packet is a logged packet, and what the kernel knows of it. A field is zero where
// the kernel says nothing; where zero is a value, a method tells the difference.
//
// The slices of one packet share memory that belongs to it: that of a packet from
// [Subscription.All] stays as it is, that of a packet given to
// [Subscription.ReadInto] is used again. [Packet.Clone] makes a copy.
type Packet struct {
	// Family is the part of the firewall that logged the packet. (struct
	// nfgenmsg, nfgen_family)
	Family Family
	// Group is the NFLOG group. (struct nfgenmsg, res_id)
	Group uint16
	// Hook is the place where it was logged. (NFULA_PACKET_HDR)
	Hook Hook
	// Protocol is what the packet is: EtherTypeIPv4, EtherTypeIPv6, ….
	// (NFULA_PACKET_HDR)
	Protocol EtherType
	// Prefix is the text that the rule gives to the packets it logs: `log prefix
	// "…"`. (NFULA_PREFIX)
	Prefix string
	// Mark is the packet's mark, 0 if it has none. `meta mark` (NFULA_MARK)
	Mark uint32
	// Timestamp is when the packet was received, to the microsecond. The kernel
	// gives it at the hooks prerouting, input and forward, and at those of the
	// families netdev and arp; older ones (6.1) do so only while some program
	// wants the time of what it receives (SO_TIMESTAMP). (NFULA_TIMESTAMP)
	Timestamp time.Time

	// InLink is the index of the link that the packet came in on; of the bridge,
	// if the link is a port of one. (NFULA_IFINDEX_INDEV)
	InLink int
	// OutLink is the index of the link that the packet goes out on; of the bridge,
	// if the link is a port of one. (NFULA_IFINDEX_OUTDEV)
	OutLink int
	// PhysInLink is the index of the bridge port that the packet came in on.
	// (NFULA_IFINDEX_PHYSINDEV)
	PhysInLink int
	// PhysOutLink is the index of the bridge port that the packet goes out on.
	// (NFULA_IFINDEX_PHYSOUTDEV)
	PhysOutLink int

	// HardwareAddr is the sender's link-layer address, of packets that came in.
	// (NFULA_HWADDR)
	HardwareAddr net.HardwareAddr
	// HardwareType is the type of the link that the packet came in on: ARPHRD_… in
	// include/uapi/linux/if_arp.h, 1 for Ethernet, 772 for loopback.
	// (NFULA_HWTYPE)
	HardwareType uint16
	// HardwareHeader is the link-layer header of packets that came in.
	// (NFULA_HWHEADER, NFULA_HWLEN)
	HardwareHeader []byte
	// VLAN is the tag that the interface or the kernel took out of the frame, of
	// the families bridge (Linux 5.6) and netdev (later). (NFULA_VLAN)
	VLAN VLAN
	// Layer2Header is the whole of the link-layer header, of the families bridge
	// (Linux 5.6) and netdev (later). (NFULA_L2HDR)
	Layer2Header []byte

	// ConntrackData is the connection that the packet belongs to as it is on the
	// wire, which [Packet.Conntrack] decodes; nil unless [WithConntrack] asks for
	// it. Linux 4.4. (NFULA_CT)
	ConntrackData []byte
	// ConntrackInfo says what the packet is to its connection. It says nothing
	// where ConntrackData is nil. (NFULA_CT_INFO)
	ConntrackInfo ConntrackInfo

	// Payload is the packet from its network header on, cut at the copy range of
	// the subscription or the `snaplen` of the rule. Where the link-layer header is
	// there already, which is at egress and the output of ARP, it begins with that.
	// (NFULA_PAYLOAD)
	Payload []byte

	uid, gid, seq, globalSeq optional

	buf []byte // what the slices above are part of
}

// optional is a number whose absence is not zero.
type optional struct {
	v  uint32
	ok bool
}

// VLAN is the tag of a frame (NFULA_VLAN).
type VLAN struct {
	// Protocol is the kind of tag: EtherTypeVLAN or EtherTypeQinQ; 0 if there is
	// none. (NFULA_VLAN_PROTO)
	Protocol EtherType
	// TCI is the tag control information: id and priority. (NFULA_VLAN_TCI)
	TCI uint16
}

// ID returns the VLAN's number, from 0 to 4095.
func (v VLAN) ID() int { return int(v.TCI & 0xfff) }

// Priority returns the frame's priority code point, from 0 to 7.
func (v VLAN) Priority() int { return int(v.TCI >> 13) }

// DropEligible returns the frame's drop eligible indicator.
func (v VLAN) DropEligible() bool { return v.TCI&0x1000 != 0 }

// UID returns the user that the socket belongs to which sent the packet. The
// kernel knows it of packets that this host sends. (NFULA_UID)
func (p *Packet) UID() (uid uint32, ok bool) { return p.uid.v, p.uid.ok }

// GID returns the group that the socket belongs to which sent the packet.
// (NFULA_GID)
func (p *Packet) GID() (gid uint32, ok bool) { return p.gid.v, p.gid.ok }

// Seq returns the packet's number in its group, which begins at 0 with the
// subscription. [Stats] has counted the gaps. (NFULA_SEQ)
func (p *Packet) Seq() (seq uint32, ok bool) { return p.seq.v, p.seq.ok }

// GlobalSeq returns the packet's number among all groups of the network namespace
// that have such numbers, if [WithGlobalSeq] asked for it. (NFULA_SEQ_GLOBAL)
func (p *Packet) GlobalSeq() (seq uint32, ok bool) { return p.globalSeq.v, p.globalSeq.ok }

// Conntrack returns the connection that the packet belongs to; nil if the kernel
// said nothing of one. It is decoded anew at each call. The error is
// attr.ErrMalformed.
func (p *Packet) Conntrack() (*Conntrack, error) {
	if p.ConntrackData == nil {
		return nil, nil
	}
	c := new(Conntrack)
	if err := conntrackAttrs.Decode(p.ConntrackData, c); err != nil {
		return nil, err
	}
	return c, nil
}

// Clone returns a copy of the packet that shares no memory with it.
func (p *Packet) Clone() Packet {
	c := *p
	c.buf = nil
	for _, b := range []*[]byte{(*[]byte)(&c.HardwareAddr), &c.HardwareHeader, &c.Layer2Header, &c.ConntrackData, &c.Payload} {
		*b = bytes.Clone(*b)
	}
	return c
}

// MarshalBinary returns the packet in the form in which the kernel sends it: struct
// nfgenmsg and attributes, in this host's byte order. Captures and tests have a use
// for it. It returns an error that is fs.ErrInvalid for a value that its attribute
// cannot hold.
func (p *Packet) MarshalBinary() ([]byte, error) { return encode(p) }

// UnmarshalBinary stores a packet from the form in which the kernel sends it. It
// returns an error that is attr.ErrMalformed, and may have changed the packet then.
// The packet does not keep data.
func (p *Packet) UnmarshalBinary(data []byte) error { return decode(data, p, nil) }
