package nflog

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	ethernetLen = 14 // struct ethhdr
	arpRequest  = 1  // ARPOP_REQUEST
	arpReply    = 2  // ARPOP_REPLY
)

// protoNames are the words for the protocols that a flow may have.
var protoNames = map[uint8]string{
	uapi.IPPROTO_ICMP: "icmp", uapi.IPPROTO_TCP: "tcp", uapi.IPPROTO_UDP: "udp", uapi.IPPROTO_DCCP: "dccp",
	uapi.IPPROTO_ICMPV6: "icmpv6", uapi.IPPROTO_SCTP: "sctp", uapi.IPPROTO_UDPLITE: "udplite",
}

// linkHeader returns the link-layer header that the payload begins with, of packets
// that leave the host behind the place where it is put on: at egress, and of ARP.
func linkHeader(p *Packet) []byte {
	switch {
	case p.Hook == HookEgress && bytes.HasPrefix(p.Payload, p.Layer2Header):
		return p.Layer2Header
	case p.Family == FamilyARP && p.Hook == HookOutput && len(p.Payload) >= ethernetLen &&
		EtherType(binary.BigEndian.Uint16(p.Payload[12:])) == p.Protocol:
		return p.Payload[:ethernetLen:ethernetLen]
	}
	return nil
}

// networkHeader returns the payload from the network header on.
func networkHeader(p *Packet) []byte { return p.Payload[len(linkHeader(p)):] }

// readLink reads the link-layer header, which the kernel gives in one of two
// attributes or in the payload, or the sender's address alone.
func (h *Headers) readLink(p *Packet) {
	frame := p.Layer2Header
	if frame == nil {
		frame = linkHeader(p)
	}
	const arphrdEther, arphrdLoopback = 1, 772
	if frame == nil && (p.HardwareType == arphrdEther || p.HardwareType == arphrdLoopback) {
		frame = p.HardwareHeader
	}
	if len(frame) < ethernetLen {
		h.SrcMAC = p.HardwareAddr
		return
	}
	h.DstMAC, h.SrcMAC = net.HardwareAddr(frame[:6:6]), net.HardwareAddr(frame[6:12:12])
	if h.VLAN.Protocol != 0 || len(frame) < ethernetLen+4 {
		return
	}
	// A tag that is still in the frame.
	if t := EtherType(binary.BigEndian.Uint16(frame[12:])); t == EtherTypeVLAN || t == EtherTypeQinQ {
		h.VLAN = VLAN{Protocol: t, TCI: binary.BigEndian.Uint16(frame[14:])}
	}
}

func (h *Headers) read4(b []byte) {
	h.Data = b
	const fixed = 20 // struct iphdr without options
	if len(b) < fixed || b[0]>>4 != 4 {
		return
	}
	h.TOS, h.TTL, h.Length, h.IPProto = b[1], b[8], int(binary.BigEndian.Uint16(b[2:])), b[9]
	const moreFragments, offset = 0x2000, 0x1fff
	frag := binary.BigEndian.Uint16(b[6:])
	h.FragmentOffset, h.MoreFragments = int(frag&offset)*8, frag&moreFragments != 0
	h.Fragment = h.FragmentOffset != 0 || h.MoreFragments
	src, dst := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	n := 4 * int(b[0]&0xf)
	if n < fixed || n > len(b) { // a lie, or cut in the options
		h.Flow = h.ports(src, dst, nil)
		h.Data = nil
		return
	}
	h.readTransport(src, dst, unpadded(b, h.Length, n)[n:])
}

// unpadded returns b without what fills up a frame of Ethernet to its least length,
// which is behind the packet. A length below least says nothing: that of a packet that
// the kernel has yet to cut up may not fit in its field, and is 0 there.
func unpadded(b []byte, length, least int) []byte {
	if least <= length && length < len(b) {
		return b[:length:length]
	}
	return b
}

func (h *Headers) read6(b []byte) {
	h.Data = b
	const fixed = 40 // struct ipv6hdr
	if len(b) < fixed || b[0]>>4 != 6 {
		return
	}
	word := binary.BigEndian.Uint32(b)
	h.TOS, h.FlowLabel, h.TTL = uint8(word>>20), word&0xfffff, b[7]
	h.Length = fixed + int(binary.BigEndian.Uint16(b[4:]))
	f, body, frag, ok := extensions(b[6], unpadded(b, h.Length, fixed+1)[fixed:])
	h.IPProto = f
	h.Fragment, h.FragmentOffset, h.MoreFragments = frag.is, frag.offset, frag.more
	src, dst := netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	if !ok {
		h.Flow = h.ports(src, dst, nil)
		h.Data = nil
		return
	}
	h.readTransport(src, dst, body)
}

// readTransport reads the header of layer 4, which only the first fragment has.
func (h *Headers) readTransport(src, dst netip.Addr, body []byte) {
	h.Data = body
	if h.FragmentOffset != 0 {
		h.Flow = h.ports(src, dst, nil)
		return
	}
	h.Flow = h.ports(src, dst, body)
	switch h.IPProto {
	case uapi.IPPROTO_TCP:
		const fixed = 20 // struct tcphdr without options
		if len(body) < fixed {
			return
		}
		h.TCP = TCPHeader{
			Seq: binary.BigEndian.Uint32(body[4:]), Ack: binary.BigEndian.Uint32(body[8:]),
			Flags:  TCPFlags(binary.BigEndian.Uint16(body[12:]) & 0x1ff),
			Window: binary.BigEndian.Uint16(body[14:]),
		}
		if n := 4 * int(body[12]>>4); n >= fixed && n <= len(body) {
			h.Data = body[n:]
		} else {
			h.Data = nil
		}
	case uapi.IPPROTO_UDP, uapi.IPPROTO_UDPLITE:
		const fixed = 8 // struct udphdr
		if len(body) >= fixed {
			h.Data = body[fixed:]
		}
	case uapi.IPPROTO_ICMP, uapi.IPPROTO_ICMPV6:
		const fixed = 8 // struct icmphdr
		if len(body) < fixed {
			return
		}
		h.ICMP = ICMPHeader{Type: body[0], Code: body[1]}
		const echoReply, echo, echo6, echoReply6 = 0, 8, 128, 129
		switch t := h.ICMP.Type; {
		case h.IPProto == uapi.IPPROTO_ICMP && (t == echo || t == echoReply), h.IPProto == uapi.IPPROTO_ICMPV6 && (t == echo6 || t == echoReply6):
			h.ICMP.ID, h.ICMP.Seq = binary.BigEndian.Uint16(body[4:]), binary.BigEndian.Uint16(body[6:])
		}
		h.Data = body[fixed:]
	}
}

func (h *Headers) readARP(b []byte) {
	h.Data = b
	const size = 28 // struct arphdr with addresses of Ethernet and IPv4
	if len(b) < size || binary.BigEndian.Uint16(b) != 1 || EtherType(binary.BigEndian.Uint16(b[2:])) != EtherTypeIPv4 || b[4] != 6 || b[5] != 4 {
		return
	}
	h.ARP = ARPHeader{
		Op:        binary.BigEndian.Uint16(b[6:]),
		SenderMAC: net.HardwareAddr(b[8:14:14]), Sender: netip.AddrFrom4([4]byte(b[14:])),
		TargetMAC: net.HardwareAddr(b[18:24:24]), Target: netip.AddrFrom4([4]byte(b[24:])),
	}
	h.Data = b[size:]
}

// fragment is what a fragment header of IPv6 says.
type fragment struct {
	is, more bool
	offset   int
}

// extensions skips the extension headers of IPv6, of which the first is next, and
// returns the protocol behind them and what follows. ok is false if they were cut;
// behind the header of a later fragment nothing can be known of others.
func extensions(next uint8, body []byte) (proto uint8, rest []byte, frag fragment, ok bool) {
	for {
		var n int // of the extension header
		switch next {
		case uapi.IPPROTO_HOPOPTS, uapi.IPPROTO_ROUTING, uapi.IPPROTO_DSTOPTS:
			n = 8
			if len(body) >= n {
				n = 8 + 8*int(body[1])
			}
		case uapi.IPPROTO_AH:
			n = 8
			if len(body) >= n {
				n = 8 + 4*int(body[1])
			}
		case uapi.IPPROTO_FRAGMENT:
			n = 8
		default:
			return next, body, frag, true
		}
		if n > len(body) {
			return next, nil, frag, false
		}
		if next == uapi.IPPROTO_FRAGMENT {
			word := binary.BigEndian.Uint16(body[2:])
			frag = fragment{is: true, more: word&1 != 0, offset: int(word &^ 7)}
		}
		next, body = body[0], body[n:]
		if frag.offset != 0 {
			return next, body, frag, true
		}
	}
}

// ports completes a flow with the ports at the beginning of body.
func (f Flow) ports(src, dst netip.Addr, body []byte) Flow {
	var from, to uint16
	switch f.IPProto {
	case uapi.IPPROTO_TCP, uapi.IPPROTO_UDP, uapi.IPPROTO_UDPLITE, uapi.IPPROTO_SCTP, uapi.IPPROTO_DCCP:
		if len(body) >= 4 {
			from, to = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		}
	}
	f.Src, f.Dst = netip.AddrPortFrom(src, from), netip.AddrPortFrom(dst, to)
	return f
}
