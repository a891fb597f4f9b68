package link

import (
	"net/netip"
	"time"
)

// Inet is how IPv4 is set up on a link: what stands in
// /proc/sys/net/ipv4/conf/LINK. [WithInet] changes it.
//
// Source: IFLA_INET_CONF, IPV4_DEVCONF_* in include/uapi/linux/ip.h.
type Inet struct {
	Forwarding          bool  // packets are forwarded
	MulticastForwarding bool  // multicast packets are forwarded
	ProxyARP            bool  // ARP requests for others are answered
	ProxyARPPVLAN       bool  // the same on the link that asked (private VLAN)
	AcceptRedirects     bool  // ICMP redirects are heeded
	SecureRedirects     bool  // only redirects to known gateways are
	SendRedirects       bool  // ICMP redirects are sent
	AcceptSourceRoute   bool  // packets with a source route are accepted
	AcceptLocal         bool  // packets with a local source address are accepted
	RouteLocalnet       bool  // 127.0.0.0/8 is routed as other networks are
	LogMartians         bool  // packets with impossible addresses are logged
	PromoteSecondaries  bool  // a secondary address takes the primary's place
	ARPFilter           bool  // ARP is answered only if the route back is this link
	ARPNotify           bool  // a new address or carrier is announced
	RPFilter            int32 // check of the source address: 0 none, 1 strict, 2 loose
	ARPAnnounce         int32 // restriction of the source address in ARP, 0 to 2
	ARPIgnore           int32 // restriction of the answers to ARP, 0 to 8
	ARPAccept           int32 // unsolicited ARP makes entries: 0 never, 1 always, 2 in the same subnet

	// Settings are all others, nil unless [WithSettings] asked for them.
	Settings *InetSettings
}

// InetSettings are the settings of IPv4 on a link that are not in [Inet] itself.
//
// Source: IFLA_INET_CONF, IPV4_DEVCONF_* in include/uapi/linux/ip.h.
type InetSettings struct {
	BroadcastForwarding  bool          // broadcast packets to a subnet are forwarded
	SharedMedia          bool          // several subnets share the medium; overrides SecureRedirects
	BootpRelay           bool          // packets from 0.0.0.0/8 for others are taken; without effect
	SourceValidMark      bool          // the check of the source address heeds the packet's mark
	NoXFRM               bool          // IPsec policies do not encrypt what leaves here
	NoPolicy             bool          // IPsec policies do not hold
	IgnoreLinkDown       bool          // routes over the link do not count while it has no carrier
	DropUnicastInL2      bool          // IP unicast in link-layer multicast or broadcast is dropped
	DropGratuitousARP    bool          // gratuitous ARP is dropped
	ARPEvictNoCarrier    bool          // the ARP cache is emptied when the carrier goes (Linux 5.16)
	MediumID             int32         // the medium, for ProxyARP between media: 0 its only link, -1 unknown
	ForceIGMPVersion     int32         // version of IGMP to speak, 1 to 3; 0 what the querier speaks
	Tag                  int32         // a number for the administrator's use
	IGMPv2ReportInterval time.Duration // pause between unsolicited reports of IGMPv1 and v2
	IGMPv3ReportInterval time.Duration // pause between unsolicited reports of IGMPv3
}

// InetChange is what [WithInet] changes of [Inet] and [InetSettings]: the fields that
// are not nil. MulticastForwarding is not among them: multicast routing counts there.
//
// Source: IFLA_INET_CONF, IPV4_DEVCONF_* in include/uapi/linux/ip.h.
type InetChange struct {
	Forwarding           *bool          // [Inet.Forwarding]
	BroadcastForwarding  *bool          // [InetSettings.BroadcastForwarding]
	ProxyARP             *bool          // [Inet.ProxyARP]
	ProxyARPPVLAN        *bool          // [Inet.ProxyARPPVLAN]
	AcceptRedirects      *bool          // [Inet.AcceptRedirects]
	SecureRedirects      *bool          // [Inet.SecureRedirects]
	SharedMedia          *bool          // [InetSettings.SharedMedia]
	SendRedirects        *bool          // [Inet.SendRedirects]
	AcceptSourceRoute    *bool          // [Inet.AcceptSourceRoute]
	AcceptLocal          *bool          // [Inet.AcceptLocal]
	RouteLocalnet        *bool          // [Inet.RouteLocalnet]
	BootpRelay           *bool          // [InetSettings.BootpRelay]
	LogMartians          *bool          // [Inet.LogMartians]
	PromoteSecondaries   *bool          // [Inet.PromoteSecondaries]
	SourceValidMark      *bool          // [InetSettings.SourceValidMark]
	NoXFRM               *bool          // [InetSettings.NoXFRM]
	NoPolicy             *bool          // [InetSettings.NoPolicy]
	IgnoreLinkDown       *bool          // [InetSettings.IgnoreLinkDown]
	DropUnicastInL2      *bool          // [InetSettings.DropUnicastInL2]
	DropGratuitousARP    *bool          // [InetSettings.DropGratuitousARP]
	ARPFilter            *bool          // [Inet.ARPFilter]
	ARPNotify            *bool          // [Inet.ARPNotify]
	ARPEvictNoCarrier    *bool          // [InetSettings.ARPEvictNoCarrier]; an older kernel refuses it
	RPFilter             *int32         // [Inet.RPFilter]
	ARPAnnounce          *int32         // [Inet.ARPAnnounce]
	ARPIgnore            *int32         // [Inet.ARPIgnore]
	ARPAccept            *int32         // [Inet.ARPAccept]
	MediumID             *int32         // [InetSettings.MediumID]
	ForceIGMPVersion     *int32         // [InetSettings.ForceIGMPVersion]
	Tag                  *int32         // [InetSettings.Tag]
	IGMPv2ReportInterval *time.Duration // [InetSettings.IGMPv2ReportInterval], in steps of 1 ms
	IGMPv3ReportInterval *time.Duration // [InetSettings.IGMPv3ReportInterval], in steps of 1 ms
}

// Inet6 is how IPv6 is set up on a link: the kernel's state and what stands in
// /proc/sys/net/ipv6/conf/LINK. By netlink the kernel takes AddrGenMode and Token
// alone: see [WithAddrGenMode] and [WithInet6Token].
//
// Source: IFLA_INET6_* in include/uapi/linux/if_link.h, DEVCONF_* in
// include/uapi/linux/ipv6.h.
type Inet6 struct {
	Flags               Inet6Flags    // state of router discovery
	AddrGenMode         AddrGenMode   // how link-local addresses are made
	Forwarding          bool          // packets are forwarded
	MulticastForwarding bool          // multicast packets are forwarded
	AcceptRedirects     bool          // ICMP redirects are heeded
	Autoconf            bool          // addresses are made from advertised prefixes
	OptimisticDAD       bool          // addresses are used before they were checked
	ProxyNDP            bool          // neighbour solicitations for others are answered
	Disabled            bool          // IPv6 is off
	HopLimit            int32         // hop limit of packets sent
	MTU                 int32         // MTU of IPv6, in bytes
	AcceptRA            int32         // router advertisements: 0 ignored, 1 heeded unless forwarding, 2 always
	AcceptDAD           int32         // duplicate addresses: 0 not looked for, 1 looked for, 2 and IPv6 is turned off
	DADTransmits        int32         // number of probes for duplicates
	RouterSolicitations int32         // number of router solicitations, -1 without end
	UseTempAddr         int32         // temporary addresses: 0 none, 1 made, 2 preferred
	KeepAddrOnDown      int32         // addresses stay when the link goes down: 0 no, 1 yes, -1 as the system's
	RAMTU               uint32        // MTU that a router advertised, 0 for none (Linux 5.15)
	ReachableTime       time.Duration // how long a neighbour counts as reachable
	RetransTimer        time.Duration // pause between neighbour solicitations
	Token               netip.Addr    // interface identifier for addresses, the zero Addr for none

	// Settings are all others, nil unless [WithSettings] asked for them.
	Settings *Inet6Settings
	// Stats are the counters of IPv6, nil unless [WithInet6Stats] asked for them.
	Stats *Inet6Stats
}

// Inet6Settings are the settings of IPv6 on a link that are not in [Inet6] itself.
//
// Source: DEVCONF_* in include/uapi/linux/ipv6.h, struct ifla_cacheinfo in
// include/uapi/linux/if_link.h.
type Inet6Settings struct {
	ForceForwarding               bool          // packets are forwarded, whatever the setting for all links (Linux 6.17)
	UseOptimistic                 bool          // such addresses are chosen as source too
	EnhancedDAD                   bool          // probes for duplicates carry a nonce, to know one's own
	NDISCNotify                   bool          // a new address or carrier is announced
	NDISCEvictNoCarrier           bool          // the neighbour cache is emptied when the carrier goes (Linux 5.16)
	SuppressFragNDISC             bool          // fragmented neighbour discovery is ignored
	ForceTLLAO                    bool          // answers to unicast solicitations carry the hardware address too
	DropUnsolicitedNA             bool          // unsolicited neighbour advertisements are dropped
	DropUnicastInL2               bool          // IPv6 unicast in link-layer multicast or broadcast is dropped
	IgnoreLinkDown                bool          // routes over the link do not count while it has no carrier
	UseOwnAddrsOnly               bool          // only addresses of the link itself are chosen as source
	NoPolicy                      bool          // IPsec policies do not hold
	AcceptRADefaultRtr            bool          // default routers of router advertisements are learned
	AcceptRAPrefixes              bool          // prefixes of router advertisements are learned
	AcceptRARtrPref               bool          // preferences of routers are learned
	AcceptRAMTU                   bool          // the MTU of router advertisements is taken over
	AcceptRAFromLocal             bool          // router advertisements with a source of one's own are heeded
	Seg6                          bool          // segment routing headers are accepted
	RPL                           bool          // RPL source routing headers are accepted (Linux 5.7)
	IOAM6                         bool          // in-situ OAM is done on arrival (Linux 5.15)
	AcceptRAMinHopLimit           int32         // least hop limit that is taken over from a router advertisement
	AcceptRAMinPrefix             int32         // least length of a prefix in route information
	AcceptRAMaxPrefix             int32         // greatest length of a prefix in route information
	AcceptRAMinLifetime           time.Duration // router advertisements with a shorter lifetime are ignored (Linux 6.6)
	AcceptSourceRoute             int32         // routing headers: 0 and above type 2 alone, negative none
	AcceptUntrackedNA             int32         // advertisements make entries: 0 never, 1 always, 2 in the same subnet (Linux 5.18)
	RouterSolicitationDelay       time.Duration // pause before the first of them
	RouterSolicitationInterval    time.Duration // pause between them
	RouterSolicitationMaxInterval time.Duration // longest pause between them
	RouterProbeInterval           time.Duration // pause between probes of a router
	DefaultRouterMetric           uint32        // metric of routes to advertised default routers (Linux 5.12)
	TempValidLifetime             time.Duration // how long temporary addresses are valid
	TempPreferredLifetime         time.Duration // how long temporary addresses are preferred
	RegenMaxRetry                 int32         // attempts to make a temporary address
	MaxDesyncFactor               time.Duration // greatest random time by which they are made earlier
	MaxAddresses                  int32         // most addresses made by router advertisements, 0 for no limit
	ForceMLDVersion               int32         // version of MLD to speak, 1 or 2; 0 what the querier speaks
	MLDv1ReportInterval           time.Duration // pause between unsolicited reports of MLDv1
	MLDv2ReportInterval           time.Duration // pause between unsolicited reports of MLDv2
	NDISCTrafficClass             int32         // traffic class of neighbour discovery
	Seg6RequireHMAC               int32         // segment routing: 0 a wrong HMAC is refused, 1 a missing one too, -1 none is looked at
	IOAM6ID                       uint32        // id of the link for in-situ OAM, 16 bits wide (Linux 5.15)
	IOAM6IDWide                   uint32        // the same, 32 bits wide (Linux 5.15)
	MaxReassembly                 uint32        // longest packet that is put together of fragments, in bytes
	UpdatedAt                     time.Duration // when settings changed last, since the machine started
}

// Inet6Stats are the counters of IPv6 on a link, what stands in
// /proc/net/dev_snmp6/LINK.
//
// Source: IFLA_INET6_STATS and IFLA_INET6_ICMP6STATS, include/uapi/linux/if_link.h.
type Inet6Stats struct {
	ICMPRxMessages  uint64 // ICMPv6 messages received (ICMP6_MIB_INMSGS)
	ICMPRxErrors    uint64 // bad ones of them (ICMP6_MIB_INERRORS)
	ICMPTxMessages  uint64 // ICMPv6 messages sent (ICMP6_MIB_OUTMSGS)
	ICMPTxErrors    uint64 // ICMPv6 messages that could not be sent (ICMP6_MIB_OUTERRORS)
	ICMPRxCRCErrors uint64 // ICMPv6 messages received with a wrong checksum (ICMP6_MIB_CSUMERRORS)
	ICMPTxLimited   uint64 // ICMPv6 messages not sent for the limit of a peer (ICMP6_MIB_RATELIMITHOST, Linux 6.3)

	// IP are the counters of the layer below, by the numbers that the running
	// kernel gives them: IPSTATS_MIB_* in its include/uapi/linux/snmp.h. They are
	// not named here, since kernels have changed the numbers and do not say so:
	// those of Linux 7.1 are not those of 6.12. At 0 stands how many there are.
	IP []uint64
}

// MCTP is how the Management Component Transport Protocol is set up on a link.
//
// Source: IFLA_MCTP_*, include/uapi/linux/if_link.h.
type MCTP struct {
	// Net is the MCTP network that the link is in (IFLA_MCTP_NET). Linux 5.15.
	Net uint32
	// Binding is the type of the medium by the numbers of DMTF's DSP0239, 0 if it is
	// not known (IFLA_MCTP_PHYS_BINDING). Linux 6.13.
	Binding uint8
}
