package nflog

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/nlkit/nlkit/internal/uapi"
)

// protoNames are the words for the protocols that a flow may have.
var protoNames = map[uint8]string{
	uapi.IPPROTO_ICMP: "icmp", uapi.IPPROTO_TCP: "tcp", uapi.IPPROTO_UDP: "udp", uapi.IPPROTO_DCCP: "dccp",
	uapi.IPPROTO_ICMPV6: "icmpv6", uapi.IPPROTO_SCTP: "sctp", uapi.IPPROTO_UDPLITE: "udplite",
}

// networkHeader returns the payload from the network header on.
func networkHeader(p *Packet) []byte {
	if p.Hook == HookEgress && bytes.HasPrefix(p.Payload, p.Layer2Header) {
		return p.Payload[len(p.Layer2Header):]
	}
	return p.Payload
}

func flow4(b []byte) (Flow, bool) {
	const fixed = 20 // struct iphdr without options
	if len(b) < fixed || b[0]>>4 != 4 {
		return Flow{}, false
	}
	f := Flow{IPProto: b[9]}
	src, dst := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	var body []byte
	n := 4 * int(b[0]&0xf)
	first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0
	if first && n >= fixed && n <= len(b) {
		body = b[n:]
	}
	return f.ports(src, dst, body), true
}

func flow6(b []byte) (Flow, bool) {
	const fixed = 40 // struct ipv6hdr
	if len(b) < fixed || b[0]>>4 != 6 {
		return Flow{}, false
	}
	f := Flow{IPProto: b[6]}
	src, dst := netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	body := b[fixed:]
	for {
		var n int // of the extension header
		switch f.IPProto {
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
			return f.ports(src, dst, body), true
		}
		if n > len(body) {
			return f.ports(src, dst, nil), true
		}
		first := f.IPProto != uapi.IPPROTO_FRAGMENT || binary.BigEndian.Uint16(body[2:])&^7 == 0
		f.IPProto = body[0]
		if body = body[n:]; !first {
			return f.ports(src, dst, nil), true
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
