package link

import (
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// erspanZero is what the kernel insists on: a key both ways, and sequence numbers.
var erspanZero = attr.AppendBE16(attr.AppendBE16(nil, uapi.IFLA_GRE_IFLAGS, uapi.GRE_KEY), uapi.IFLA_GRE_OFLAGS, uapi.GRE_KEY|uapi.GRE_SEQ)

// tunnelTables are the tables of the tunnels of IP.
var tunnelTables = kindTests{
	"erspan":    kindTable(erspanAttrs, erspanZero),
	"gre":       kindTable(greAttrs, nothing),
	"gretap":    kindTable(gretapAttrs, nothing),
	"ip6erspan": kindTable(ip6erspanAttrs, erspanZero),
	"ip6gre":    kindTable(ip6greAttrs, nothing),
	"ip6gretap": kindTable(ip6gretapAttrs, nothing),
	"ip6tnl":    kindTable(ip6tnlAttrs, nothing),
	"ipip":      kindTable(ipipAttrs, nothing),
	"sit":       kindTable(sitAttrs, nothing),
	"vti":       kindTable(vtiAttrs, nothing),
	"vti6":      kindTable(vti6Attrs, nothing),
	"xfrm":      kindTable(xfrmAttrs, nothing),
}

var (
	local4, remote4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.2")
	local6, remote6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8:1::2")
)

// fou is an encapsulation with all there is to it.
func fou() *TunnelEncap {
	return &TunnelEncap{Type: TunnelEncapFOU, Flags: TunnelEncapChecksum | TunnelEncapChecksum6 | TunnelEncapRemoteChecksum, SrcPort: 7777, DstPort: 5555}
}

const (
	ends4   = "remote 198.51.100.2 local 192.0.2.1 "
	ends6   = "remote 2001:db8:1::2 local 2001:db8::1 "
	fouByIP = "encap fou encap-sport 7777 encap-dport 5555 encap-csum encap-udp6-csum encap-remcsum "
)

// tunnelSamples are those of the kinds in tunnelTables.
func tunnelSamples(b bed) []sample {
	inherit6 := IP6TnlIgnoreEncapLimit | IP6TnlInheritTrafficClass | IP6TnlInheritFlowLabel | IP6TnlInheritFWMark
	const inherit6ByIP = "hoplimit inherit encaplimit none tclass inherit flowlabel inherit fwmark inherit "
	return slices.Concat(greSamples(b), []sample{
		{
			name: "ipip",
			kind: &IPIP{
				Remote: remote4, Local: local4, Parent: b.parent, Protocol: new(TunnelIPv4), TTL: 16, TOS: 8,
				PMTUDisc: new(true), FWMark: new(uint32(7)),
			},
			ip: "type ipip mode ipip " + ends4 + "dev parent ttl 16 tos 8 pmtudisc fwmark 7",
		},
		{
			name: "ipipfou",
			kind: &IPIP{Remote: remote4, Protocol: new(TunnelMPLS), PMTUDisc: new(false), Encap: fou()},
			need: needFOU,
			ip:   "type ipip mode mplsip remote 198.51.100.2 nopmtudisc " + fouByIP,
		},
		{
			name: "ipipexternal",
			kind: &IPIP{External: true, Protocol: new(TunnelAny)},
			ip:   "type ipip external mode any",
		},
		{
			name: "sit",
			kind: &SIT{
				Remote: remote4, Local: local4, Parent: b.parent, Protocol: new(TunnelIPv6), TTL: new(uint8(16)), TOS: 8,
				PMTUDisc: new(true), FWMark: new(uint32(7)),
			},
			ip: "type sit mode ip6ip " + ends4 + "dev parent ttl 16 tos 8 pmtudisc fwmark 7",
		},
		{
			name: "sit6rd",
			kind: &SIT{
				Local: local4, TTL: new(uint8(0)), PMTUDisc: new(false), Protocol: new(TunnelAny),
				Prefix6RD: netip.MustParsePrefix("2001:db8::/32"), RelayPrefix6RD: netip.MustParsePrefix("10.0.0.0/8"),
			},
			ip: "type sit mode any local 192.0.2.1 ttl inherit nopmtudisc 6rd-prefix 2001:db8::/32 6rd-relay_prefix 10.0.0.0/8",
		},
		{
			name: "sitisatap",
			kind: &SIT{Local: local4, Protocol: new(TunnelIPv6), TTL: new(uint8(64)), ISATAP: true},
			ip:   "type sit mode ip6ip local 192.0.2.1 ttl 64 isatap",
		},
		{
			name: "sitfou",
			kind: &SIT{Remote: remote4, Protocol: new(TunnelMPLS), TTL: new(uint8(64)), Encap: fou()},
			need: needFOU,
			ip:   "type sit mode mplsip remote 198.51.100.2 ttl 64 " + fouByIP,
		},
		{
			name: "ip6tnl",
			kind: &IP6Tnl{
				Remote: remote6, Local: local6, Parent: b.parent, Protocol: TunnelIPv6, TTL: 16, EncapLimit: 7,
				TrafficClass: 0x28, FlowLabel: 0xabcde, Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
			},
			ip: "type ip6tnl mode ip6ip6 " + ends6 + "dev parent hoplimit 16 encaplimit 7 tclass 28 flowlabel abcde dscp inherit " +
				"allow-localremote fwmark 7",
		},
		{
			name: "ip6tnlinherit",
			kind: &IP6Tnl{Remote: remote6, Protocol: TunnelIPv4, Flags: inherit6},
			ip:   "type ip6tnl mode ipip6 remote 2001:db8:1::2 " + inherit6ByIP,
		},
		{
			name: "ip6tnlfou",
			kind: &IP6Tnl{Remote: remote6, TTL: 64, EncapLimit: 4, Flags: IP6TnlMobileIP6, Encap: fou()},
			need: needFOU,
			ip:   "type ip6tnl mode any remote 2001:db8:1::2 " + fouByIP,
			byIP: &IP6Tnl{Remote: remote6, TTL: 64, EncapLimit: 4, Encap: fou()}, // iproute2 has no word for Mobile IPv6
		},
		{
			name: "ip6tnlexternal",
			kind: &IP6Tnl{External: true},
			ip:   "type ip6tnl external mode any",
		},
		{
			name: "vti",
			kind: &VTI{Remote: remote4, Local: local4, Parent: b.parent, IKey: 1, OKey: 0xfffffffe, FWMark: new(uint32(7))},
			ip:   "type vti " + ends4 + "dev parent ikey 1 okey 4294967294 fwmark 7",
		},
		{
			name: "vti6",
			kind: &VTI6{Remote: remote6, Local: local6, Parent: b.parent, IKey: 1, OKey: 0xfffffffe, FWMark: 7},
			ip:   "type vti6 " + ends6 + "dev parent ikey 1 okey 4294967294 fwmark 7",
		},
		{
			name: "xfrm",
			kind: &XFRM{IfID: 0xfffffffe, Parent: b.parent},
			ip:   "type xfrm dev parent if_id 0xfffffffe",
		},
		{
			name:  "xfrmexternal",
			kind:  &XFRM{External: true},
			since: "6.1",
			ip:    "type xfrm external",
		},
	})
}

// greSamples are those of the GRE family.
func greSamples(b bed) []sample {
	const (
		gre4ByIP   = ends4 + "dev parent ttl 16 tos 8 nopmtudisc ignore-df fwmark 7 "
		gre6ByIP   = ends6 + "dev parent hoplimit 16 encaplimit 7 tclass 28 flowlabel abcde dscp inherit allow-localremote fwmark 7 "
		inheritIP  = "remote 2001:db8:1::2 hoplimit inherit encaplimit none tclass inherit flowlabel inherit fwmark inherit "
		fou6ByIP   = "remote 2001:db8:1::2 hoplimit 64 encaplimit 4 " + fouByIP
		keysByIP   = "seq csum ikey 1 okey 4294967295 "
		outByIP    = "oseq ocsum okey 0 "
		erspanByIP = "iseq ikey 1 okey 1023 "
	)
	gre := GRE{
		Remote: remote4, Local: local4, Parent: b.parent, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
		IKey: new(uint32(1)), OKey: new(uint32(0xffffffff)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true,
	}
	greOut := GRE{Remote: remote4, OKey: new(uint32(0)), OSeq: true, OChecksum: true}
	greFOU := GRE{Remote: remote4, Encap: fou()}
	gre6 := IP6GRE{
		Remote: remote6, Local: local6, Parent: b.parent, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde,
		Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
		IKey: new(uint32(1)), OKey: new(uint32(0xffffffff)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true,
	}
	inherit6 := IP6TnlIgnoreEncapLimit | IP6TnlInheritTrafficClass | IP6TnlInheritFlowLabel | IP6TnlInheritFWMark
	gre6Inherit := IP6GRE{Remote: remote6, Flags: inherit6, OKey: new(uint32(0)), OSeq: true, OChecksum: true}
	gre6FOU := IP6GRE{Remote: remote6, TTL: 64, EncapLimit: 4, Encap: fou()}
	return []sample{
		{name: "gre", kind: &gre, ip: "type gre " + gre4ByIP + keysByIP},
		{name: "greout", kind: &greOut, ip: "type gre remote 198.51.100.2 " + outByIP},
		{name: "grefou", kind: &greFOU, need: needFOU, ip: "type gre remote 198.51.100.2 " + fouByIP},
		{name: "greexternal", kind: &GRE{External: true}, ip: "type gre external"},
		{name: "gretap", kind: (*GRETap)(&gre), ip: "type gretap " + gre4ByIP + keysByIP},
		{name: "gretapfou", kind: (*GRETap)(&greFOU), need: needFOU, ip: "type gretap remote 198.51.100.2 " + fouByIP},
		{name: "gretapexternal", kind: &GRETap{External: true}, ip: "type gretap external"},
		{name: "ip6gre", kind: &gre6, ip: "type ip6gre " + gre6ByIP + keysByIP},
		{name: "ip6greinherit", kind: &gre6Inherit, ip: "type ip6gre " + inheritIP + outByIP},
		{name: "ip6grefou", kind: &gre6FOU, need: needFOU, ip: "type ip6gre " + fou6ByIP},
		{name: "ip6greexternal", kind: &IP6GRE{External: true}, ip: "type ip6gre external"},
		{name: "ip6gretap", kind: (*IP6GRETap)(&gre6), ip: "type ip6gretap " + gre6ByIP + keysByIP},
		{name: "ip6gretapfou", kind: (*IP6GRETap)(&gre6FOU), need: needFOU, ip: "type ip6gretap " + fou6ByIP},
		{name: "ip6gretapexternal", kind: &IP6GRETap{External: true}, ip: "type ip6gretap external"},
		{
			name: "erspan",
			kind: &ERSPAN{
				Remote: remote4, Local: local4, Parent: b.parent, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
				IKey: new(uint32(1)), OKey: new(uint32(1023)), ISeq: true, Version: new(uint8(1)), Index: new(uint32(0xfffff)),
			},
			ip: "type erspan " + gre4ByIP + erspanByIP + "erspan_ver 1 erspan 1048575",
		},
		{
			name: "erspanleast",
			kind: &ERSPAN{Remote: remote4},
			ip:   "type erspan remote 198.51.100.2 oseq key 0",
		},
		{
			name: "erspan2",
			kind: &ERSPAN{Remote: remote4, OKey: new(uint32(5)), OSeq: true, Version: new(uint8(2)), Direction: new(ERSPANEgress), HWID: new(uint16(63))},
			ip:   "type erspan remote 198.51.100.2 oseq okey 5 erspan_ver 2 erspan_dir egress erspan_hwid 63",
		},
		{
			name:  "erspan0",
			kind:  &ERSPAN{Remote: remote4, Version: new(uint8(0))},
			since: "5.8",
			ip:    "type erspan remote 198.51.100.2 erspan_ver 0",
		},
		{
			name: "erspanfou",
			kind: &ERSPAN{Remote: remote4, Encap: fou()},
			need: needFOU,
			ip:   "type erspan remote 198.51.100.2 oseq key 0 " + fouByIP,
		},
		{name: "erspanexternal", kind: &ERSPAN{External: true}, ip: "type erspan external"},
		{
			name: "ip6erspan",
			kind: &IP6ERSPAN{
				Remote: remote6, Local: local6, Parent: b.parent, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde,
				Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
				IKey: new(uint32(1)), OKey: new(uint32(1023)), ISeq: true, Version: 1, Index: 0xfffff,
			},
			ip: "type ip6erspan " + gre6ByIP + erspanByIP + "erspan_ver 1 erspan 1048575",
		},
		{
			name: "ip6erspan2",
			kind: &IP6ERSPAN{
				Remote: remote6, Flags: inherit6, OKey: new(uint32(5)), OSeq: true, Version: 2, Direction: ERSPANEgress, HWID: 63,
			},
			ip: "type ip6erspan " + inheritIP + "oseq okey 5 erspan_ver 2 erspan_dir egress erspan_hwid 63",
		},
		{
			name: "ip6erspanfou",
			kind: &IP6ERSPAN{Remote: remote6, TTL: 64, EncapLimit: 4, Encap: fou()},
			need: needFOU,
			ip:   "type ip6erspan oseq key 0 " + fou6ByIP,
		},
		{name: "ip6erspanexternal", kind: &IP6ERSPAN{External: true}, ip: "type ip6erspan external"},
	}
}

// needFOU loads the modules of foo over UDP, which the kernel does not by itself, and
// skips the test if that is not possible.
func needFOU(t testing.TB, c *nlkit.Client) {
	t.Helper()
	if modprobe, err := os.ReadFile("/proc/sys/kernel/modprobe"); err == nil {
		_ = exec.Command(strings.TrimSpace(string(modprobe)), "-qa", "fou", "fou6").Run() // what counts comes now
	}
	for _, kinds := range [][2]Kind{
		{&IPIP{Remote: remote4}, &IPIP{Remote: remote4, Encap: fou()}},
		{&IP6Tnl{Remote: remote6}, &IP6Tnl{Remote: remote6, Encap: fou()}},
	} {
		add(t, c, "probe", kinds[0])
		if err := Set(t.Context(), c, Name("probe"), WithKind(kinds[1])); err != nil {
			nstest.Skip(t, "encap:fou", "%v", err)
		}
		must(t, Delete(t.Context(), c, Name("probe")))
	}
}
