package link

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// names is a schema of attributes that are decoded by hand.
type names map[uint16]nameAndNest

type nameAndNest struct {
	name string
	sub  attr.Schema
}

// Attr implements [attr.Schema].
func (n names) Attr(typ uint16, _ []byte) (string, attr.Schema) {
	return n[typ].name, n[typ].sub
}

var (
	familySchema = names{
		uapi.AF_INET: {"AF_INET", names{uapi.IFLA_INET_CONF: {name: "IFLA_INET_CONF"}}},
		uapi.AF_INET6: {"AF_INET6", names{
			uapi.IFLA_INET6_FLAGS:         {name: "IFLA_INET6_FLAGS"},
			uapi.IFLA_INET6_CONF:          {name: "IFLA_INET6_CONF"},
			uapi.IFLA_INET6_STATS:         {name: "IFLA_INET6_STATS"},
			uapi.IFLA_INET6_CACHEINFO:     {name: "IFLA_INET6_CACHEINFO"},
			uapi.IFLA_INET6_ICMP6STATS:    {name: "IFLA_INET6_ICMP6STATS"},
			uapi.IFLA_INET6_TOKEN:         {name: "IFLA_INET6_TOKEN"},
			uapi.IFLA_INET6_ADDR_GEN_MODE: {name: "IFLA_INET6_ADDR_GEN_MODE"},
			uapi.IFLA_INET6_RA_MTU:        {name: "IFLA_INET6_RA_MTU"},
		}},
		uapi.AF_MCTP: {"AF_MCTP", mctpAttrs},
	}
	propSchema = names{uapi.IFLA_ALT_IFNAME: {name: "IFLA_ALT_IFNAME"}}
)

var mctpAttrs = attr.Table[MCTP]{
	attr.U32(uapi.IFLA_MCTP_NET, "IFLA_MCTP_NET", func(m *MCTP) *uint32 { return &m.Net }),
	attr.U8(uapi.IFLA_MCTP_PHYS_BINDING, "IFLA_MCTP_PHYS_BINDING", func(m *MCTP) *uint8 { return &m.Binding }),
}

// readFamilies reads IFLA_AF_SPEC: a nest for each address family. Those that have
// no field are kept together in an attribute of the same form.
func (l *Link) readFamilies(p []byte, want reading) error {
	// Most links have both families: one piece of memory for the two.
	var both *struct {
		inet  Inet
		inet6 Inet6
	}
	var others []byte
	s := attr.Scan(p)
	for s.Next() {
		family := s.Type()
		if both == nil && (family == uapi.AF_INET || family == uapi.AF_INET6) {
			both = new(struct {
				inet  Inet
				inet6 Inet6
			})
		}
		switch family {
		case uapi.AF_INET:
			l.Inet = &both.inet
			s.Fail(within("AF_INET", l.Inet.read(s.Bytes(), want.settings)))
		case uapi.AF_INET6:
			l.Inet6 = &both.inet6
			s.Fail(within("AF_INET6", l.Inet6.read(s.Bytes(), want)))
		case uapi.AF_MCTP:
			l.MCTP = new(MCTP)
			s.Fail(within("AF_MCTP", mctpAttrs.Decode(s.Bytes(), l.MCTP)))
		default:
			raw := s.Raw()
			others = attr.AppendBytes(others, raw.Type, raw.Data)
		}
	}
	l.keep(uapi.IFLA_AF_SPEC|uapi.NLA_F_NESTED, others)
	return s.Err()
}

// settings4 and settings6 are arrays of settings, in the length that this package
// knows, so that no place needs a check.
type (
	settings4 [4 * uapi.IPV4_DEVCONF_ARP_EVICT_NOCARRIER]byte
	settings6 [4 * (uapi.DEVCONF_FORCE_FORWARDING + 1)]byte
)

// padded4 and padded6 return the settings of any kernel: a newer one has more, and an
// older one less, which are then 0.
func padded4(p []byte) *settings4 {
	if len(p) < len(settings4{}) {
		p = append(make([]byte, 0, len(settings4{})), p...)[:len(settings4{})]
	}
	return (*settings4)(p)
}

func padded6(p []byte) *settings6 {
	if len(p) < len(settings6{}) {
		p = append(make([]byte, 0, len(settings6{})), p...)[:len(settings6{})]
	}
	return (*settings6)(p)
}

// at returns a setting by its place, which counts from 1.
func (c *settings4) at(i int) int32 { return int32(binary.NativeEndian.Uint32(c[4*(i-1):])) }
func (c *settings4) on(i int) bool  { return c.at(i) != 0 }

func (c *settings6) at(i int) int32 { return int32(binary.NativeEndian.Uint32(c[4*i:])) }
func (c *settings6) on(i int) bool  { return c.at(i) != 0 }

// milliseconds is a time that the kernel keeps in 32 bits, without a sign.
func milliseconds(n int32) time.Duration { return time.Duration(uint32(n)) * time.Millisecond }

func (i *Inet) read(p []byte, settings bool) error {
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() != uapi.IFLA_INET_CONF {
			continue
		}
		c := padded4(s.Bytes())
		i.Forwarding = c.on(uapi.IPV4_DEVCONF_FORWARDING)
		i.MulticastForwarding = c.on(uapi.IPV4_DEVCONF_MC_FORWARDING)
		i.ProxyARP = c.on(uapi.IPV4_DEVCONF_PROXY_ARP)
		i.ProxyARPPVLAN = c.on(uapi.IPV4_DEVCONF_PROXY_ARP_PVLAN)
		i.AcceptRedirects = c.on(uapi.IPV4_DEVCONF_ACCEPT_REDIRECTS)
		i.SecureRedirects = c.on(uapi.IPV4_DEVCONF_SECURE_REDIRECTS)
		i.SendRedirects = c.on(uapi.IPV4_DEVCONF_SEND_REDIRECTS)
		i.AcceptSourceRoute = c.on(uapi.IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE)
		i.AcceptLocal = c.on(uapi.IPV4_DEVCONF_ACCEPT_LOCAL)
		i.RouteLocalnet = c.on(uapi.IPV4_DEVCONF_ROUTE_LOCALNET)
		i.LogMartians = c.on(uapi.IPV4_DEVCONF_LOG_MARTIANS)
		i.PromoteSecondaries = c.on(uapi.IPV4_DEVCONF_PROMOTE_SECONDARIES)
		i.ARPFilter = c.on(uapi.IPV4_DEVCONF_ARPFILTER)
		i.ARPNotify = c.on(uapi.IPV4_DEVCONF_ARP_NOTIFY)
		i.RPFilter = c.at(uapi.IPV4_DEVCONF_RP_FILTER)
		i.ARPAnnounce = c.at(uapi.IPV4_DEVCONF_ARP_ANNOUNCE)
		i.ARPIgnore = c.at(uapi.IPV4_DEVCONF_ARP_IGNORE)
		i.ARPAccept = c.at(uapi.IPV4_DEVCONF_ARP_ACCEPT)
		if settings {
			i.Settings = &InetSettings{
				BroadcastForwarding:  c.on(uapi.IPV4_DEVCONF_BC_FORWARDING),
				SharedMedia:          c.on(uapi.IPV4_DEVCONF_SHARED_MEDIA),
				BootpRelay:           c.on(uapi.IPV4_DEVCONF_BOOTP_RELAY),
				SourceValidMark:      c.on(uapi.IPV4_DEVCONF_SRC_VMARK),
				NoXFRM:               c.on(uapi.IPV4_DEVCONF_NOXFRM),
				NoPolicy:             c.on(uapi.IPV4_DEVCONF_NOPOLICY),
				IgnoreLinkDown:       c.on(uapi.IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN),
				DropUnicastInL2:      c.on(uapi.IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST),
				DropGratuitousARP:    c.on(uapi.IPV4_DEVCONF_DROP_GRATUITOUS_ARP),
				ARPEvictNoCarrier:    c.on(uapi.IPV4_DEVCONF_ARP_EVICT_NOCARRIER),
				MediumID:             c.at(uapi.IPV4_DEVCONF_MEDIUM_ID),
				ForceIGMPVersion:     c.at(uapi.IPV4_DEVCONF_FORCE_IGMP_VERSION),
				Tag:                  c.at(uapi.IPV4_DEVCONF_TAG),
				IGMPv2ReportInterval: milliseconds(c.at(uapi.IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL)),
				IGMPv3ReportInterval: milliseconds(c.at(uapi.IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL)),
			}
		}
	}
	return s.Err()
}

// familyChange is what is changed in IFLA_AF_SPEC.
type familyChange struct {
	inet    *InetChange
	addrGen *AddrGenMode
	token   netip.Addr
	mctpNet *uint32
}

var familyChangeAttrs = attr.Table[familyChange]{
	attr.Nested(uapi.AF_INET, "AF_INET", attr.Table[InetChange]{
		attr.Inline(uapi.IFLA_INET_CONF, "IFLA_INET_CONF", inetChangeAttrs, func(c *InetChange) *InetChange { return c }),
	}, func(c *familyChange) **InetChange { return &c.inet }),
	attr.Inline(uapi.AF_INET6, "AF_INET6", attr.Table[familyChange]{
		attr.Addr6(uapi.IFLA_INET6_TOKEN, "IFLA_INET6_TOKEN", func(c *familyChange) *netip.Addr { return &c.token }),
		attr.OptU8(uapi.IFLA_INET6_ADDR_GEN_MODE, "IFLA_INET6_ADDR_GEN_MODE", func(c *familyChange) **AddrGenMode { return &c.addrGen }),
	}, func(c *familyChange) *familyChange { return c }),
	attr.Inline(uapi.AF_MCTP, "AF_MCTP", attr.Table[familyChange]{
		attr.OptU32(uapi.IFLA_MCTP_NET, "IFLA_MCTP_NET", func(c *familyChange) **uint32 { return &c.mctpNet }),
	}, func(c *familyChange) *familyChange { return c }),
}

// inetChangeAttrs are the attributes in IFLA_INET_CONF as it is written: not an
// array, but an attribute for each setting, whose type is its place in the array.
var inetChangeAttrs = attr.Table[InetChange]{
	optBool32(uapi.IPV4_DEVCONF_FORWARDING, "IPV4_DEVCONF_FORWARDING", func(c *InetChange) **bool { return &c.Forwarding }),
	optBool32(uapi.IPV4_DEVCONF_PROXY_ARP, "IPV4_DEVCONF_PROXY_ARP", func(c *InetChange) **bool { return &c.ProxyARP }),
	optBool32(uapi.IPV4_DEVCONF_ACCEPT_REDIRECTS, "IPV4_DEVCONF_ACCEPT_REDIRECTS", func(c *InetChange) **bool { return &c.AcceptRedirects }),
	optBool32(uapi.IPV4_DEVCONF_SECURE_REDIRECTS, "IPV4_DEVCONF_SECURE_REDIRECTS", func(c *InetChange) **bool { return &c.SecureRedirects }),
	optBool32(uapi.IPV4_DEVCONF_SEND_REDIRECTS, "IPV4_DEVCONF_SEND_REDIRECTS", func(c *InetChange) **bool { return &c.SendRedirects }),
	optBool32(uapi.IPV4_DEVCONF_SHARED_MEDIA, "IPV4_DEVCONF_SHARED_MEDIA", func(c *InetChange) **bool { return &c.SharedMedia }),
	attr.OptS32(uapi.IPV4_DEVCONF_RP_FILTER, "IPV4_DEVCONF_RP_FILTER", func(c *InetChange) **int32 { return &c.RPFilter }),
	optBool32(uapi.IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, "IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE", func(c *InetChange) **bool { return &c.AcceptSourceRoute }),
	optBool32(uapi.IPV4_DEVCONF_BOOTP_RELAY, "IPV4_DEVCONF_BOOTP_RELAY", func(c *InetChange) **bool { return &c.BootpRelay }),
	optBool32(uapi.IPV4_DEVCONF_LOG_MARTIANS, "IPV4_DEVCONF_LOG_MARTIANS", func(c *InetChange) **bool { return &c.LogMartians }),
	attr.OptS32(uapi.IPV4_DEVCONF_TAG, "IPV4_DEVCONF_TAG", func(c *InetChange) **int32 { return &c.Tag }),
	optBool32(uapi.IPV4_DEVCONF_ARPFILTER, "IPV4_DEVCONF_ARPFILTER", func(c *InetChange) **bool { return &c.ARPFilter }),
	attr.OptS32(uapi.IPV4_DEVCONF_MEDIUM_ID, "IPV4_DEVCONF_MEDIUM_ID", func(c *InetChange) **int32 { return &c.MediumID }),
	optBool32(uapi.IPV4_DEVCONF_NOXFRM, "IPV4_DEVCONF_NOXFRM", func(c *InetChange) **bool { return &c.NoXFRM }),
	optBool32(uapi.IPV4_DEVCONF_NOPOLICY, "IPV4_DEVCONF_NOPOLICY", func(c *InetChange) **bool { return &c.NoPolicy }),
	attr.OptS32(uapi.IPV4_DEVCONF_FORCE_IGMP_VERSION, "IPV4_DEVCONF_FORCE_IGMP_VERSION", func(c *InetChange) **int32 { return &c.ForceIGMPVersion }),
	attr.OptS32(uapi.IPV4_DEVCONF_ARP_ANNOUNCE, "IPV4_DEVCONF_ARP_ANNOUNCE", func(c *InetChange) **int32 { return &c.ARPAnnounce }),
	attr.OptS32(uapi.IPV4_DEVCONF_ARP_IGNORE, "IPV4_DEVCONF_ARP_IGNORE", func(c *InetChange) **int32 { return &c.ARPIgnore }),
	optBool32(uapi.IPV4_DEVCONF_PROMOTE_SECONDARIES, "IPV4_DEVCONF_PROMOTE_SECONDARIES", func(c *InetChange) **bool { return &c.PromoteSecondaries }),
	attr.OptS32(uapi.IPV4_DEVCONF_ARP_ACCEPT, "IPV4_DEVCONF_ARP_ACCEPT", func(c *InetChange) **int32 { return &c.ARPAccept }),
	optBool32(uapi.IPV4_DEVCONF_ARP_NOTIFY, "IPV4_DEVCONF_ARP_NOTIFY", func(c *InetChange) **bool { return &c.ARPNotify }),
	optBool32(uapi.IPV4_DEVCONF_ACCEPT_LOCAL, "IPV4_DEVCONF_ACCEPT_LOCAL", func(c *InetChange) **bool { return &c.AcceptLocal }),
	optBool32(uapi.IPV4_DEVCONF_SRC_VMARK, "IPV4_DEVCONF_SRC_VMARK", func(c *InetChange) **bool { return &c.SourceValidMark }),
	optBool32(uapi.IPV4_DEVCONF_PROXY_ARP_PVLAN, "IPV4_DEVCONF_PROXY_ARP_PVLAN", func(c *InetChange) **bool { return &c.ProxyARPPVLAN }),
	optBool32(uapi.IPV4_DEVCONF_ROUTE_LOCALNET, "IPV4_DEVCONF_ROUTE_LOCALNET", func(c *InetChange) **bool { return &c.RouteLocalnet }),
	attr.OptMillis(uapi.IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL, "IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL", func(c *InetChange) **time.Duration { return &c.IGMPv2ReportInterval }),
	attr.OptMillis(uapi.IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL, "IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL", func(c *InetChange) **time.Duration { return &c.IGMPv3ReportInterval }),
	optBool32(uapi.IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN, "IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN", func(c *InetChange) **bool { return &c.IgnoreLinkDown }),
	optBool32(uapi.IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST, "IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST", func(c *InetChange) **bool { return &c.DropUnicastInL2 }),
	optBool32(uapi.IPV4_DEVCONF_DROP_GRATUITOUS_ARP, "IPV4_DEVCONF_DROP_GRATUITOUS_ARP", func(c *InetChange) **bool { return &c.DropGratuitousARP }),
	optBool32(uapi.IPV4_DEVCONF_BC_FORWARDING, "IPV4_DEVCONF_BC_FORWARDING", func(c *InetChange) **bool { return &c.BroadcastForwarding }),
	optBool32(uapi.IPV4_DEVCONF_ARP_EVICT_NOCARRIER, "IPV4_DEVCONF_ARP_EVICT_NOCARRIER", func(c *InetChange) **bool { return &c.ARPEvictNoCarrier }),
}

func (i *Inet6) read(p []byte, want reading) error {
	s := attr.Scan(p)
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_INET6_FLAGS:
			i.Flags = Inet6Flags(s.Uint32())
		case uapi.IFLA_INET6_ADDR_GEN_MODE:
			i.AddrGenMode = AddrGenMode(s.Uint8())
		case uapi.IFLA_INET6_RA_MTU:
			i.RAMTU = s.Uint32()
		case uapi.IFLA_INET6_TOKEN:
			token, ok := netip.AddrFromSlice(s.Bytes())
			if !ok {
				s.Fail(within("IFLA_INET6_TOKEN", short(s.Bytes(), 16)))
			}
			if i.Token = token; token.IsUnspecified() { // none is set
				i.Token = netip.Addr{}
			}
		case uapi.IFLA_INET6_CACHEINFO: // max_reasm_len, tstamp, reachable_time, retrans_time
			var c [16]byte
			copy(c[:], s.Bytes())
			i.ReachableTime = milliseconds(int32(binary.NativeEndian.Uint32(c[8:])))
			i.RetransTimer = milliseconds(int32(binary.NativeEndian.Uint32(c[12:])))
			if want.settings {
				i.settings().MaxReassembly = binary.NativeEndian.Uint32(c[0:])
				i.settings().UpdatedAt = time.Duration(binary.NativeEndian.Uint32(c[4:])) * 10 * time.Millisecond
			}
		case uapi.IFLA_INET6_CONF:
			i.readConf(s.Bytes(), want.settings)
		case uapi.IFLA_INET6_STATS:
			if want.inet6Stats {
				i.stats().IP = words64(s.Bytes())
			}
		case uapi.IFLA_INET6_ICMP6STATS:
			if want.inet6Stats {
				i.stats().readICMP(s.Bytes())
			}
		}
	}
	return s.Err()
}

func (i *Inet6) settings() *Inet6Settings {
	if i.Settings == nil {
		i.Settings = new(Inet6Settings)
	}
	return i.Settings
}

func (i *Inet6) stats() *Inet6Stats {
	if i.Stats == nil {
		i.Stats = new(Inet6Stats)
	}
	return i.Stats
}

// readICMP reads an array that begins with how many numbers it has.
func (st *Inet6Stats) readICMP(p []byte) {
	var n [7]uint64
	for i := range min(len(n), len(p)/8) {
		n[i] = binary.NativeEndian.Uint64(p[8*i:])
	}
	st.ICMPRxMessages, st.ICMPRxErrors, st.ICMPTxMessages = n[1], n[2], n[3]
	st.ICMPTxErrors, st.ICMPRxCRCErrors, st.ICMPTxLimited = n[4], n[5], n[6]
}

func words64(p []byte) []uint64 {
	n := make([]uint64, len(p)/8)
	for i := range n {
		n[i] = binary.NativeEndian.Uint64(p[8*i:])
	}
	return n
}

// readConf reads IFLA_INET6_CONF.
func (i *Inet6) readConf(p []byte, settings bool) {
	c := padded6(p)
	i.Forwarding = c.on(uapi.DEVCONF_FORWARDING)
	i.MulticastForwarding = c.on(uapi.DEVCONF_MC_FORWARDING)
	i.AcceptRedirects = c.on(uapi.DEVCONF_ACCEPT_REDIRECTS)
	i.Autoconf = c.on(uapi.DEVCONF_AUTOCONF)
	i.OptimisticDAD = c.on(uapi.DEVCONF_OPTIMISTIC_DAD)
	i.ProxyNDP = c.on(uapi.DEVCONF_PROXY_NDP)
	i.Disabled = c.on(uapi.DEVCONF_DISABLE_IPV6)
	i.HopLimit = c.at(uapi.DEVCONF_HOPLIMIT)
	i.MTU = c.at(uapi.DEVCONF_MTU6)
	i.AcceptRA = c.at(uapi.DEVCONF_ACCEPT_RA)
	i.AcceptDAD = c.at(uapi.DEVCONF_ACCEPT_DAD)
	i.DADTransmits = c.at(uapi.DEVCONF_DAD_TRANSMITS)
	i.RouterSolicitations = c.at(uapi.DEVCONF_RTR_SOLICITS)
	i.UseTempAddr = c.at(uapi.DEVCONF_USE_TEMPADDR)
	i.KeepAddrOnDown = c.at(uapi.DEVCONF_KEEP_ADDR_ON_DOWN)
	if !settings {
		return
	}
	all := i.settings()
	all.ForceForwarding = c.on(uapi.DEVCONF_FORCE_FORWARDING)
	all.UseOptimistic = c.on(uapi.DEVCONF_USE_OPTIMISTIC)
	all.EnhancedDAD = c.on(uapi.DEVCONF_ENHANCED_DAD)
	all.NDISCNotify = c.on(uapi.DEVCONF_NDISC_NOTIFY)
	all.NDISCEvictNoCarrier = c.on(uapi.DEVCONF_NDISC_EVICT_NOCARRIER)
	all.SuppressFragNDISC = c.on(uapi.DEVCONF_SUPPRESS_FRAG_NDISC)
	all.ForceTLLAO = c.on(uapi.DEVCONF_FORCE_TLLAO)
	all.DropUnsolicitedNA = c.on(uapi.DEVCONF_DROP_UNSOLICITED_NA)
	all.DropUnicastInL2 = c.on(uapi.DEVCONF_DROP_UNICAST_IN_L2_MULTICAST)
	all.IgnoreLinkDown = c.on(uapi.DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN)
	all.UseOwnAddrsOnly = c.on(uapi.DEVCONF_USE_OIF_ADDRS_ONLY)
	all.NoPolicy = c.on(uapi.DEVCONF_DISABLE_POLICY)
	all.AcceptRADefaultRtr = c.on(uapi.DEVCONF_ACCEPT_RA_DEFRTR)
	all.AcceptRAPrefixes = c.on(uapi.DEVCONF_ACCEPT_RA_PINFO)
	all.AcceptRARtrPref = c.on(uapi.DEVCONF_ACCEPT_RA_RTR_PREF)
	all.AcceptRAMTU = c.on(uapi.DEVCONF_ACCEPT_RA_MTU)
	all.AcceptRAFromLocal = c.on(uapi.DEVCONF_ACCEPT_RA_FROM_LOCAL)
	all.Seg6 = c.on(uapi.DEVCONF_SEG6_ENABLED)
	all.RPL = c.on(uapi.DEVCONF_RPL_SEG_ENABLED)
	all.IOAM6 = c.on(uapi.DEVCONF_IOAM6_ENABLED)
	all.AcceptRAMinHopLimit = c.at(uapi.DEVCONF_ACCEPT_RA_MIN_HOP_LIMIT)
	all.AcceptRAMinPrefix = c.at(uapi.DEVCONF_ACCEPT_RA_RT_INFO_MIN_PLEN)
	all.AcceptRAMaxPrefix = c.at(uapi.DEVCONF_ACCEPT_RA_RT_INFO_MAX_PLEN)
	all.AcceptRAMinLifetime = time.Duration(c.at(uapi.DEVCONF_ACCEPT_RA_MIN_LFT)) * time.Second
	all.AcceptSourceRoute = c.at(uapi.DEVCONF_ACCEPT_SOURCE_ROUTE)
	all.AcceptUntrackedNA = c.at(uapi.DEVCONF_ACCEPT_UNTRACKED_NA)
	all.RouterSolicitationDelay = milliseconds(c.at(uapi.DEVCONF_RTR_SOLICIT_DELAY))
	all.RouterSolicitationInterval = milliseconds(c.at(uapi.DEVCONF_RTR_SOLICIT_INTERVAL))
	all.RouterSolicitationMaxInterval = milliseconds(c.at(uapi.DEVCONF_RTR_SOLICIT_MAX_INTERVAL))
	all.RouterProbeInterval = milliseconds(c.at(uapi.DEVCONF_RTR_PROBE_INTERVAL))
	all.DefaultRouterMetric = uint32(c.at(uapi.DEVCONF_RA_DEFRTR_METRIC))
	all.TempValidLifetime = time.Duration(c.at(uapi.DEVCONF_TEMP_VALID_LFT)) * time.Second
	all.TempPreferredLifetime = time.Duration(c.at(uapi.DEVCONF_TEMP_PREFERED_LFT)) * time.Second
	all.RegenMaxRetry = c.at(uapi.DEVCONF_REGEN_MAX_RETRY)
	all.MaxDesyncFactor = time.Duration(c.at(uapi.DEVCONF_MAX_DESYNC_FACTOR)) * time.Second
	all.MaxAddresses = c.at(uapi.DEVCONF_MAX_ADDRESSES)
	all.ForceMLDVersion = c.at(uapi.DEVCONF_FORCE_MLD_VERSION)
	all.MLDv1ReportInterval = milliseconds(c.at(uapi.DEVCONF_MLDV1_UNSOLICITED_REPORT_INTERVAL))
	all.MLDv2ReportInterval = milliseconds(c.at(uapi.DEVCONF_MLDV2_UNSOLICITED_REPORT_INTERVAL))
	all.NDISCTrafficClass = c.at(uapi.DEVCONF_NDISC_TCLASS)
	all.Seg6RequireHMAC = c.at(uapi.DEVCONF_SEG6_REQUIRE_HMAC)
	all.IOAM6ID = uint32(c.at(uapi.DEVCONF_IOAM6_ID))
	all.IOAM6IDWide = uint32(c.at(uapi.DEVCONF_IOAM6_ID_WIDE))
}
