package rtnl

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Protocol says who made a route, a rule or a next hop: RTPROT_… in
// include/uapi/linux/rtnetlink.h. The kernel does not interpret those above
// ProtocolBoot; a program that manages routes does well to have a number of its own.
type Protocol uint8

// Protocols, with the words of iproute2.
const (
	ProtocolUnspec     Protocol = uapi.RTPROT_UNSPEC     // RTPROT_UNSPEC, "unspec": not set
	ProtocolRedirect   Protocol = uapi.RTPROT_REDIRECT   // RTPROT_REDIRECT, "redirect": made by ICMP redirects
	ProtocolKernel     Protocol = uapi.RTPROT_KERNEL     // RTPROT_KERNEL, "kernel": made by the kernel itself
	ProtocolBoot       Protocol = uapi.RTPROT_BOOT       // RTPROT_BOOT, "boot": what `ip` sets if nothing else is said
	ProtocolStatic     Protocol = uapi.RTPROT_STATIC     // RTPROT_STATIC, "static": made by the administrator
	ProtocolGated      Protocol = uapi.RTPROT_GATED      // RTPROT_GATED, "gated"
	ProtocolRA         Protocol = uapi.RTPROT_RA         // RTPROT_RA, "ra": made from router advertisements
	ProtocolMRT        Protocol = uapi.RTPROT_MRT        // RTPROT_MRT, "mrt": Merit MRT
	ProtocolZebra      Protocol = uapi.RTPROT_ZEBRA      // RTPROT_ZEBRA, "zebra"
	ProtocolBIRD       Protocol = uapi.RTPROT_BIRD       // RTPROT_BIRD, "bird"
	ProtocolDNRouted   Protocol = uapi.RTPROT_DNROUTED   // RTPROT_DNROUTED, "dnrouted": DECnet
	ProtocolXORP       Protocol = uapi.RTPROT_XORP       // RTPROT_XORP, "xorp"
	ProtocolNTK        Protocol = uapi.RTPROT_NTK        // RTPROT_NTK, "ntk": Netsukuku
	ProtocolDHCP       Protocol = uapi.RTPROT_DHCP       // RTPROT_DHCP, "dhcp"
	ProtocolMRouted    Protocol = uapi.RTPROT_MROUTED    // RTPROT_MROUTED: multicast daemon; iproute2 has no word for it
	ProtocolKeepalived Protocol = uapi.RTPROT_KEEPALIVED // RTPROT_KEEPALIVED, "keepalived"
	ProtocolBabel      Protocol = uapi.RTPROT_BABEL      // RTPROT_BABEL, "babel"
	ProtocolOVN        Protocol = uapi.RTPROT_OVN        // RTPROT_OVN, "ovn"
	ProtocolOpenR      Protocol = uapi.RTPROT_OPENR      // RTPROT_OPENR, "openr": Open/R
	ProtocolBGP        Protocol = uapi.RTPROT_BGP        // RTPROT_BGP, "bgp"
	ProtocolISIS       Protocol = uapi.RTPROT_ISIS       // RTPROT_ISIS, "isis"
	ProtocolOSPF       Protocol = uapi.RTPROT_OSPF       // RTPROT_OSPF, "ospf"
	ProtocolRIP        Protocol = uapi.RTPROT_RIP        // RTPROT_RIP, "rip"
	ProtocolEIGRP      Protocol = uapi.RTPROT_EIGRP      // RTPROT_EIGRP, "eigrp"
)

var protocols = enum.Words[Protocol]{Type: "Protocol", Words: []enum.Word[Protocol]{
	{Value: ProtocolUnspec, Name: "unspec"},
	{Value: ProtocolRedirect, Name: "redirect"},
	{Value: ProtocolKernel, Name: "kernel"},
	{Value: ProtocolBoot, Name: "boot"},
	{Value: ProtocolStatic, Name: "static"},
	{Value: ProtocolGated, Name: "gated"},
	{Value: ProtocolRA, Name: "ra"},
	{Value: ProtocolMRT, Name: "mrt"},
	{Value: ProtocolZebra, Name: "zebra"},
	{Value: ProtocolBIRD, Name: "bird"},
	{Value: ProtocolDNRouted, Name: "dnrouted"},
	{Value: ProtocolXORP, Name: "xorp"},
	{Value: ProtocolNTK, Name: "ntk"},
	{Value: ProtocolDHCP, Name: "dhcp"},
	{Value: ProtocolKeepalived, Name: "keepalived"},
	{Value: ProtocolBabel, Name: "babel"},
	{Value: ProtocolOVN, Name: "ovn"},
	{Value: ProtocolOpenR, Name: "openr"},
	{Value: ProtocolBGP, Name: "bgp"},
	{Value: ProtocolISIS, Name: "isis"},
	{Value: ProtocolOSPF, Name: "ospf"},
	{Value: ProtocolRIP, Name: "rip"},
	{Value: ProtocolEIGRP, Name: "eigrp"},
}}

// ParseProtocol returns the protocol for a word that iproute2 has built in, or a
// number.
func ParseProtocol(s string) (Protocol, error) {
	var p Protocol
	err := protocols.Parse([]byte(s), &p)
	return p, err
}

// String returns iproute2's built-in word, else the number.
func (p Protocol) String() string { return protocols.Plain(p) }

// MarshalText returns the same as String.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes what [ParseProtocol] takes.
func (p *Protocol) UnmarshalText(text []byte) error { return protocols.Parse(text, p) }
