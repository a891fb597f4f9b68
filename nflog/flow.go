package nflog

import (
	"net/netip"
	"strconv"
)

// Flow is where a packet comes from and goes to, by its own headers.
type Flow struct {
	// Src is the sender's address and port; the port is 0 where there is none.
	Src netip.AddrPort
	// Dst is the receiver's address and port; the port is 0 where there is none.
	Dst netip.AddrPort
	// IPProto is the number of the protocol inside IP, past the extension headers
	// of IPv6: 6 for TCP, 17 for UDP (IPPROTO_… in include/uapi/linux/in.h).
	IPProto uint8
}

// Flow reads the network and transport headers in the payload: addresses, protocol
// and ports of IPv4 and IPv6. It returns false for other packets, and for one that
// was cut before the end of its addresses. Ports are those of TCP, UDP, UDP-Lite,
// SCTP and DCCP; a fragment other than the first has none, nor has a packet that
// was cut before them. [Packet.Headers] tells more.
func (p *Packet) Flow() (f Flow, ok bool) {
	h := Headers{}
	switch p.Protocol {
	case EtherTypeIPv4:
		h.read4(networkHeader(p))
	case EtherTypeIPv6:
		h.read6(networkHeader(p))
	}
	return h.Flow, h.Src.Addr().IsValid()
}

// Protocol returns the word for the protocol inside IP: "tcp", "udp", "icmp",
// "icmpv6", "sctp", "dccp" or "udplite"; "protocol 47" for one without a word.
func (f Flow) Protocol() string {
	if name, ok := protoNames[f.IPProto]; ok {
		return name
	}
	return "protocol " + strconv.Itoa(int(f.IPProto))
}

// String returns the flow as in logs: "udp 192.0.2.1:4000 > 192.0.2.2:53",
// "icmp 192.0.2.1 > 192.0.2.2".
func (f Flow) String() string { return f.Protocol() + " " + f.ends() }

func (f Flow) ends() string {
	if f.Src.Port() == 0 && f.Dst.Port() == 0 {
		return f.Src.Addr().String() + " > " + f.Dst.Addr().String()
	}
	return f.Src.String() + " > " + f.Dst.String()
}
