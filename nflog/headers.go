package nflog

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/internal/enum"
)

// Headers is what the headers of a packet say, from layer 2 to 4: [Packet.Headers].
// Fields are zero where the packet has no such header, or was cut before it. Slices
// are parts of the packet's memory.
type Headers struct {
	// SrcMAC is the sender's link-layer address, where the packet came with a
	// header of Ethernet, or the kernel told it.
	SrcMAC net.HardwareAddr
	// DstMAC is the receiver's link-layer address, where the packet came with a
	// header of Ethernet.
	DstMAC net.HardwareAddr
	// VLAN is the outer tag of the frame, also one that the hardware took out.
	VLAN VLAN
	// EtherType is the protocol of layer 3.
	EtherType EtherType

	// Flow has the addresses, the protocol inside IP, and the ports.
	Flow
	// TOS is the type of service of IPv4, the traffic class of IPv6: DSCP and ECN.
	TOS uint8
	// TTL is the time to live of IPv4, the hop limit of IPv6.
	TTL uint8
	// Length is the length of the packet in bytes, from the network header on, by
	// that header: also of what was not copied.
	Length int
	// FlowLabel is the flow label of IPv6.
	FlowLabel uint32
	// Fragment is set if the packet is a fragment; then FragmentOffset tells where
	// it belongs, in bytes, and MoreFragments whether others follow.
	Fragment bool
	// FragmentOffset is where the fragment belongs in the whole, in bytes.
	FragmentOffset int
	// MoreFragments is set if the fragment is not the last.
	MoreFragments bool

	// TCP is the header of TCP.
	TCP TCPHeader
	// ICMP is the header of ICMP and ICMPv6.
	ICMP ICMPHeader
	// ARP is the packet of ARP.
	ARP ARPHeader

	// Data is what was copied behind the last header that was read: of TCP and UDP
	// what they carry.
	Data []byte
}

// TCPHeader is the header of TCP (struct tcphdr in include/uapi/linux/tcp.h).
type TCPHeader struct {
	Seq    uint32   // the sequence number of the first byte
	Ack    uint32   // the sequence number that is expected next
	Flags  TCPFlags // what kind of segment it is
	Window uint16   // how much the sender takes, before scaling
}

// ICMPHeader is the header of ICMP (struct icmphdr in include/uapi/linux/icmp.h) and
// ICMPv6.
type ICMPHeader struct {
	Type uint8  // what kind of message it is
	Code uint8  // what more of the kind
	ID   uint16 // of echo requests and replies: whose
	Seq  uint16 // of echo requests and replies: which
}

// ARPHeader is a packet of ARP for IPv4 over Ethernet (struct arphdr in
// include/uapi/linux/if_arp.h).
type ARPHeader struct {
	Op        uint16           // 1 for a request, 2 for a reply; 0 if the packet is not ARP
	SenderMAC net.HardwareAddr // the sender's link-layer address
	Sender    netip.Addr       // the sender's address
	TargetMAC net.HardwareAddr // the link-layer address asked for, in a reply the receiver's
	Target    netip.Addr       // the address asked for, in a reply the receiver's
}

// TCPFlags are the flags of a TCP segment.
type TCPFlags uint16

// Flags of a TCP segment.
const (
	TCPFIN TCPFlags = 0x001 // "fin": the sender has nothing more to send
	TCPSYN TCPFlags = 0x002 // "syn": opens the connection
	TCPRST TCPFlags = 0x004 // "rst": ends the connection at once
	TCPPSH TCPFlags = 0x008 // "psh": the receiver should not wait for more
	TCPACK TCPFlags = 0x010 // "ack": Ack holds
	TCPURG TCPFlags = 0x020 // "urg": the urgent pointer holds
	TCPECE TCPFlags = 0x040 // "ece": congestion was met
	TCPCWR TCPFlags = 0x080 // "cwr": congestion was reacted to
	TCPAE  TCPFlags = 0x100 // "ae": accurate ECN
)

var tcpFlags = enum.Flags[TCPFlags]{Type: "TCPFlags", Words: []enum.Word[TCPFlags]{
	{Value: TCPFIN, Name: "fin"},
	{Value: TCPSYN, Name: "syn"},
	{Value: TCPRST, Name: "rst"},
	{Value: TCPPSH, Name: "psh"},
	{Value: TCPACK, Name: "ack"},
	{Value: TCPURG, Name: "urg"},
	{Value: TCPECE, Name: "ece"},
	{Value: TCPCWR, Name: "cwr"},
	{Value: TCPAE, Name: "ae"},
}}

// Has reports whether all flags of g are set.
func (f TCPFlags) Has(g TCPFlags) bool { return f&g == g }

// String returns the words with "|" between them: "syn|ack".
func (f TCPFlags) String() string { return tcpFlags.String(f) }

// MarshalText returns the same as String.
func (f TCPFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes what String returns.
func (f *TCPFlags) UnmarshalText(text []byte) error { return tcpFlags.Parse(text, f) }

// Headers reads the headers that the packet came with, as far as they were copied. It
// allocates nothing.
func (p *Packet) Headers() Headers {
	h := Headers{EtherType: p.Protocol, VLAN: p.VLAN}
	h.readLink(p)
	b := networkHeader(p)
	switch p.Protocol {
	case EtherTypeIPv4:
		h.read4(b)
	case EtherTypeIPv6:
		h.read6(b)
	case EtherTypeARP:
		h.readARP(b)
	default:
		h.Data = b
	}
	return h
}

// String returns the headers as in logs: "tcp 192.0.2.1:4000 > 192.0.2.2:22 syn, ttl
// 64, length 60", "arp who-has 192.0.2.2 tell 192.0.2.1".
func (h Headers) String() string {
	var b strings.Builder
	if h.VLAN.Protocol != 0 {
		b.WriteString("vlan " + strconv.Itoa(h.VLAN.ID()) + " ")
	}
	switch {
	case h.ARP.Op == arpRequest:
		b.WriteString("arp who-has " + h.ARP.Target.String() + " tell " + h.ARP.Sender.String())
		return b.String()
	case h.ARP.Op == arpReply:
		b.WriteString("arp " + h.ARP.Sender.String() + " is-at " + h.ARP.SenderMAC.String())
		return b.String()
	case h.ARP.Op != 0:
		b.WriteString("arp operation " + strconv.Itoa(int(h.ARP.Op)))
		return b.String()
	case !h.Src.Addr().IsValid():
		b.WriteString(h.EtherType.String())
		return b.String()
	}
	b.WriteString(h.Flow.String())
	if h.TCP != (TCPHeader{}) {
		b.WriteString(" " + h.TCP.Flags.String())
	}
	if h.ICMP != (ICMPHeader{}) {
		b.WriteString(" type " + strconv.Itoa(int(h.ICMP.Type)) + " code " + strconv.Itoa(int(h.ICMP.Code)))
	}
	if h.Fragment {
		b.WriteString(", fragment at " + strconv.Itoa(h.FragmentOffset))
	}
	b.WriteString(", ttl " + strconv.Itoa(int(h.TTL)) + ", length " + strconv.Itoa(h.Length))
	return b.String()
}
