package nflog

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Family says which part of the firewall logged a packet: NFPROTO_… in
// include/uapi/linux/netfilter.h. A rule of an inet table logs as [FamilyIPv4] or
// [FamilyIPv6], as the packet is.
type Family uint8

// Families, with the words of nft.
const (
	FamilyUnspec Family = uapi.NFPROTO_UNSPEC // NFPROTO_UNSPEC, "unspec"
	FamilyInet   Family = uapi.NFPROTO_INET   // NFPROTO_INET, "inet": IPv4 or IPv6
	FamilyIPv4   Family = uapi.NFPROTO_IPV4   // NFPROTO_IPV4, "ip"
	FamilyARP    Family = uapi.NFPROTO_ARP    // NFPROTO_ARP, "arp"
	FamilyNetdev Family = uapi.NFPROTO_NETDEV // NFPROTO_NETDEV, "netdev": what one interface receives or sends
	FamilyBridge Family = uapi.NFPROTO_BRIDGE // NFPROTO_BRIDGE, "bridge"
	FamilyIPv6   Family = uapi.NFPROTO_IPV6   // NFPROTO_IPV6, "ip6"
)

var families = enum.Words[Family]{Type: "Family", Words: []enum.Word[Family]{
	{Value: FamilyUnspec, Name: "unspec"},
	{Value: FamilyInet, Name: "inet"},
	{Value: FamilyIPv4, Name: "ip"},
	{Value: FamilyARP, Name: "arp"},
	{Value: FamilyNetdev, Name: "netdev"},
	{Value: FamilyBridge, Name: "bridge"},
	{Value: FamilyIPv6, Name: "ip6"},
}}

// String returns nft's word, "Family(9)" for a number without one.
func (f Family) String() string { return families.String(f) }

// MarshalText returns the same as String.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes what String returns, or a number.
func (f *Family) UnmarshalText(text []byte) error { return families.Parse(text, f) }

// Hook is the place on a packet's way where it was logged. The kernel numbers
// hooks anew in each family; these values are the same in all of them. A number
// that the family has no name for is 256 above the kernel's.
type Hook uint16

// Hooks, with the words of nft.
const (
	HookPrerouting  Hook = iota // NF_INET_PRE_ROUTING, NF_BR_PRE_ROUTING, "prerouting": received, not yet routed
	HookInput                   // NF_INET_LOCAL_IN, NF_BR_LOCAL_IN, NF_ARP_IN, "input": for this host
	HookForward                 // NF_INET_FORWARD, NF_BR_FORWARD, NF_ARP_FORWARD, "forward": for another one
	HookOutput                  // NF_INET_LOCAL_OUT, NF_BR_LOCAL_OUT, NF_ARP_OUT, "output": made by this host
	HookPostrouting             // NF_INET_POST_ROUTING, NF_BR_POST_ROUTING, "postrouting": about to be sent
	HookIngress                 // NF_NETDEV_INGRESS, "ingress": as the interface received it; NF_INET_INGRESS, Linux 5.10
	HookEgress                  // NF_NETDEV_EGRESS, "egress": as the interface sends it, Linux 5.16
	HookBrouting                // NF_BR_BROUTING, "brouting": bridged or routed is yet to be decided
)

var hooks = enum.Words[Hook]{Type: "Hook", Words: []enum.Word[Hook]{
	{Value: HookPrerouting, Name: "prerouting"},
	{Value: HookInput, Name: "input"},
	{Value: HookForward, Name: "forward"},
	{Value: HookOutput, Name: "output"},
	{Value: HookPostrouting, Name: "postrouting"},
	{Value: HookIngress, Name: "ingress"},
	{Value: HookEgress, Name: "egress"},
	{Value: HookBrouting, Name: "brouting"},
}}

// String returns nft's word, "Hook(300)" for a number without one.
func (h Hook) String() string { return hooks.String(h) }

// MarshalText returns the same as String.
func (h Hook) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText takes what String returns, or a number.
func (h *Hook) UnmarshalText(text []byte) error { return hooks.Parse(text, h) }

// EtherType is the protocol inside an Ethernet frame: ETH_P_… in
// include/uapi/linux/if_ether.h. The kernel uses the numbers on all interfaces.
type EtherType uint16

// Protocols, with the words of iproute2.
const (
	EtherTypeIPv4 EtherType = uapi.ETH_P_IP      // ETH_P_IP, "ip"
	EtherTypeARP  EtherType = uapi.ETH_P_ARP     // ETH_P_ARP, "arp"
	EtherTypeVLAN EtherType = uapi.ETH_P_8021Q   // ETH_P_8021Q, "802.1Q"
	EtherTypeIPv6 EtherType = uapi.ETH_P_IPV6    // ETH_P_IPV6, "ipv6"
	EtherTypeMPLS EtherType = uapi.ETH_P_MPLS_UC // ETH_P_MPLS_UC, "mpls_uc"
	EtherTypePPP  EtherType = uapi.ETH_P_PPP_SES // ETH_P_PPP_SES, "ppp_ses": PPP over Ethernet, a session
	EtherTypeQinQ EtherType = uapi.ETH_P_8021AD  // ETH_P_8021AD, "802.1ad"
	EtherTypeLLDP EtherType = uapi.ETH_P_LLDP    // ETH_P_LLDP, "lldp"
)

var etherTypes = enum.Words[EtherType]{Type: "EtherType", Words: []enum.Word[EtherType]{
	{Value: EtherTypeIPv4, Name: "ip"},
	{Value: EtherTypeARP, Name: "arp"},
	{Value: EtherTypeVLAN, Name: "802.1Q"},
	{Value: EtherTypeIPv6, Name: "ipv6"},
	{Value: EtherTypeMPLS, Name: "mpls_uc"},
	{Value: EtherTypePPP, Name: "ppp_ses"},
	{Value: EtherTypeQinQ, Name: "802.1ad"},
	{Value: EtherTypeLLDP, Name: "lldp"},
}}

// String returns iproute2's word, "EtherType(9)" for a number without one.
func (e EtherType) String() string { return etherTypes.String(e) }

// MarshalText returns the same as String.
func (e EtherType) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText takes what String returns, or a number.
func (e *EtherType) UnmarshalText(text []byte) error { return etherTypes.Parse(text, e) }

// ConntrackInfo says what a packet is to the connection that it belongs to: enum
// ip_conntrack_info in include/uapi/linux/netfilter/nf_conntrack_common.h.
type ConntrackInfo uint8

// What a packet is to its connection.
const (
	ConntrackEstablished      ConntrackInfo = uapi.IP_CT_ESTABLISHED       // IP_CT_ESTABLISHED, "established": both directions were seen
	ConntrackRelated          ConntrackInfo = uapi.IP_CT_RELATED           // IP_CT_RELATED, "related": belongs to another connection, as an ICMP error does
	ConntrackNew              ConntrackInfo = uapi.IP_CT_NEW               // IP_CT_NEW, "new": one direction was seen
	ConntrackEstablishedReply ConntrackInfo = uapi.IP_CT_ESTABLISHED_REPLY // IP_CT_ESTABLISHED_REPLY, "established-reply": in the other direction
	ConntrackRelatedReply     ConntrackInfo = uapi.IP_CT_RELATED_REPLY     // IP_CT_RELATED_REPLY, "related-reply": in the other direction
	ConntrackUntracked        ConntrackInfo = uapi.IP_CT_UNTRACKED         // IP_CT_UNTRACKED, "untracked": a rule says so
)

var conntrackInfos = enum.Words[ConntrackInfo]{Type: "ConntrackInfo", Words: []enum.Word[ConntrackInfo]{
	{Value: ConntrackEstablished, Name: "established"},
	{Value: ConntrackRelated, Name: "related"},
	{Value: ConntrackNew, Name: "new"},
	{Value: ConntrackEstablishedReply, Name: "established-reply"},
	{Value: ConntrackRelatedReply, Name: "related-reply"},
	{Value: ConntrackUntracked, Name: "untracked"},
}}

// String returns the state, "ConntrackInfo(9)" for a number without a word.
func (i ConntrackInfo) String() string { return conntrackInfos.String(i) }

// MarshalText returns the same as String.
func (i ConntrackInfo) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText takes what String returns, or a number.
func (i *ConntrackInfo) UnmarshalText(text []byte) error { return conntrackInfos.Parse(text, i) }
