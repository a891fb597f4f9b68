package link

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"reflect"
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
	here4, there4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.2")
	here6, there6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8:1::2")
)

// fou is an encapsulation with all there is to it.
func fou() *TunnelEncap {
	return &TunnelEncap{Type: TunnelEncapFOU, Flags: TunnelEncapChecksum | TunnelEncapChecksum6 | TunnelEncapRemoteChecksum, SrcPort: 7777, DstPort: 5555}
}

const inherit6 = IP6TnlIgnoreEncapLimit | IP6TnlInheritTrafficClass | IP6TnlInheritFlowLabel | IP6TnlInheritFWMark

// The same in the words of ip.
const (
	ends4       = "remote 198.51.100.2 local 192.0.2.1 "
	ends6       = "remote 2001:db8:1::2 local 2001:db8::1 "
	fouByIP     = "encap fou encap-sport 7777 encap-dport 5555 encap-csum encap-udp6-csum encap-remcsum"
	inheritByIP = "remote 2001:db8:1::2 hoplimit inherit encaplimit none tclass inherit flowlabel inherit fwmark inherit "
)

// tunnelSamples are those of the kinds in tunnelTables.
func tunnelSamples(b bed) []sample {
	return slices.Concat(greSamples(b), []sample{
		{
			name: "ipip",
			kind: &IPIP{
				Remote: there4, Local: here4, Parent: b.parent, Protocol: new(TunnelIPv4), TTL: 16, TOS: 8,
				PMTUDisc: new(true), FWMark: new(uint32(7)),
			},
			ip: "type ipip mode ipip " + ends4 + "dev parent ttl 16 tos 8 pmtudisc fwmark 7",
		},
		{
			name: "ipipfou",
			kind: &IPIP{Remote: there4, Protocol: new(TunnelMPLS), PMTUDisc: new(false), Encap: fou()},
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
				Remote: there4, Local: here4, Parent: b.parent, Protocol: new(TunnelIPv6), TTL: new(uint8(16)), TOS: 8,
				PMTUDisc: new(true), FWMark: new(uint32(7)),
			},
			ip: "type sit mode ip6ip " + ends4 + "dev parent ttl 16 tos 8 pmtudisc fwmark 7",
		},
		{
			name: "sit6rd",
			kind: &SIT{
				Local: here4, Protocol: new(TunnelIPv6), TTL: new(uint8(64)),
				Prefix6RD: netip.MustParsePrefix("2001:db8::/32"), RelayPrefix6RD: netip.MustParsePrefix("10.0.0.0/8"),
			},
			need: need6RD,
			ip:   "type sit mode ip6ip local 192.0.2.1 ttl 64 6rd-prefix 2001:db8::/32 6rd-relay_prefix 10.0.0.0/8",
		},
		{
			name: "sitisatap",
			kind: &SIT{Local: here4, Protocol: new(TunnelAny), TTL: new(uint8(0)), PMTUDisc: new(false), ISATAP: true},
			ip:   "type sit mode any local 192.0.2.1 ttl inherit nopmtudisc isatap",
		},
		{
			name: "sitgue",
			kind: &SIT{Remote: there4, Protocol: new(TunnelMPLS), TTL: new(uint8(64)), Encap: &TunnelEncap{Type: TunnelEncapGUE, DstPort: 5555}},
			need: needFOU,
			ip:   "type sit mode mplsip remote 198.51.100.2 ttl 64 encap gue encap-dport 5555",
		},
		{
			name: "ip6tnl",
			kind: &IP6Tnl{
				Remote: there6, Local: here6, Parent: b.parent, Protocol: TunnelIPv6, TTL: 16, EncapLimit: 7,
				TrafficClass: 0x28, FlowLabel: 0xabcde, Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
			},
			ip: "type ip6tnl mode ip6ip6 " + ends6 + "dev parent hoplimit 16 encaplimit 7 tclass 28 flowlabel abcde dscp inherit " +
				"allow-localremote fwmark 7",
		},
		{
			name: "ip6tnlfou",
			kind: &IP6Tnl{Remote: there6, Protocol: TunnelIPv4, Flags: inherit6 | IP6TnlMobileIP6, Encap: fou()},
			need: needFOU,
			ip:   "type ip6tnl mode ipip6 " + inheritByIP + fouByIP,
			byIP: &IP6Tnl{Remote: there6, Protocol: TunnelIPv4, Flags: inherit6, Encap: fou()}, // iproute2 has no word for Mobile IPv6
		},
		{
			name: "ip6tnlexternal",
			kind: &IP6Tnl{External: true},
			ip:   "type ip6tnl external mode any",
		},
		{
			name: "vti",
			kind: &VTI{Remote: there4, Local: here4, Parent: b.parent, IKey: 1, OKey: 0xfffffffe, FWMark: new(uint32(7))},
			ip:   "type vti " + ends4 + "dev parent ikey 1 okey 4294967294 fwmark 7",
		},
		{
			name: "vti6",
			kind: &VTI6{Remote: there6, Local: here6, Parent: b.parent, IKey: 1, OKey: 0xfffffffe, FWMark: 7},
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
		keysByIP   = "seq csum ikey 1 okey 4294967295"
		fou4ByIP   = "remote 198.51.100.2 oseq ocsum okey 0 " + fouByIP
		fou6ByIP   = inheritByIP + "oseq ocsum okey 0 " + fouByIP
		erspanByIP = "iseq ikey 1 okey 1023 "
	)
	gre := GRE{
		Remote: there4, Local: here4, Parent: b.parent, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
		IKey: new(uint32(1)), OKey: new(uint32(0xffffffff)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true,
	}
	greFOU := GRE{Remote: there4, OKey: new(uint32(0)), OSeq: true, OChecksum: true, Encap: fou()}
	gre6 := IP6GRE{
		Remote: there6, Local: here6, Parent: b.parent, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde,
		Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
		IKey: new(uint32(1)), OKey: new(uint32(0xffffffff)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true,
	}
	gre6FOU := IP6GRE{Remote: there6, Flags: inherit6, OKey: new(uint32(0)), OSeq: true, OChecksum: true, Encap: fou()}
	return []sample{
		{name: "gre", kind: &gre, ip: "type gre " + gre4ByIP + keysByIP},
		{name: "grefou", kind: &greFOU, need: needFOU, ip: "type gre " + fou4ByIP},
		{name: "greexternal", kind: &GRE{External: true}, ip: "type gre external"},
		{name: "gretap", kind: (*GRETap)(&gre), ip: "type gretap " + gre4ByIP + keysByIP},
		{name: "gretapfou", kind: (*GRETap)(&greFOU), need: needFOU, ip: "type gretap " + fou4ByIP},
		{name: "gretapexternal", kind: &GRETap{External: true}, ip: "type gretap external"},
		{name: "ip6gre", kind: &gre6, ip: "type ip6gre " + gre6ByIP + keysByIP},
		{name: "ip6grefou", kind: &gre6FOU, need: needFOU, ip: "type ip6gre " + fou6ByIP},
		{name: "ip6greexternal", kind: &IP6GRE{External: true}, ip: "type ip6gre external"},
		{name: "ip6gretap", kind: (*IP6GRETap)(&gre6), ip: "type ip6gretap " + gre6ByIP + keysByIP},
		{name: "ip6gretapfou", kind: (*IP6GRETap)(&gre6FOU), need: needFOU, ip: "type ip6gretap " + fou6ByIP},
		{name: "ip6gretapexternal", kind: &IP6GRETap{External: true}, ip: "type ip6gretap external"},
		{
			name: "erspan",
			kind: &ERSPAN{
				Remote: there4, Local: here4, Parent: b.parent, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
				IKey: new(uint32(1)), OKey: new(uint32(1023)), ISeq: true, Version: new(uint8(1)), Index: new(uint32(0xfffff)),
			},
			ip: "type erspan " + gre4ByIP + erspanByIP + "erspan_ver 1 erspan 1048575",
		},
		{
			name: "erspanleast",
			kind: &ERSPAN{Remote: there4},
			ip:   "type erspan remote 198.51.100.2 oseq key 0",
		},
		{
			name: "erspan2",
			kind: &ERSPAN{
				Remote: there4, OKey: new(uint32(5)), OSeq: true, Version: new(uint8(2)), Direction: new(ERSPANEgress), HWID: new(uint16(63)),
				Encap: fou(),
			},
			need: needFOU,
			ip:   "type erspan remote 198.51.100.2 oseq okey 5 erspan_ver 2 erspan_dir egress erspan_hwid 63 " + fouByIP,
		},
		{
			name:  "erspan0",
			kind:  &ERSPAN{Remote: there4, Version: new(uint8(0))},
			since: "5.8",
			ip:    "type erspan remote 198.51.100.2 erspan_ver 0",
		},
		{name: "erspanexternal", kind: &ERSPAN{External: true}, ip: "type erspan external"},
		{
			name: "ip6erspan",
			kind: &IP6ERSPAN{
				Remote: there6, Local: here6, Parent: b.parent, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde,
				Flags: IP6TnlCopyDSCP | IP6TnlAllowLocalRemote, FWMark: 7,
				IKey: new(uint32(1)), OKey: new(uint32(1023)), ISeq: true, Version: 1, Index: 0xfffff,
			},
			ip: "type ip6erspan " + gre6ByIP + erspanByIP + "erspan_ver 1 erspan 1048575",
		},
		{
			name: "ip6erspan2",
			kind: &IP6ERSPAN{
				Remote: there6, Flags: inherit6, OKey: new(uint32(5)), OSeq: true, Version: 2, Direction: ERSPANEgress, HWID: 63,
				Encap: fou(),
			},
			need: needFOU,
			ip:   "type ip6erspan " + inheritByIP + "oseq okey 5 erspan_ver 2 erspan_dir egress erspan_hwid 63 " + fouByIP,
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
		{&IPIP{Remote: there4}, &IPIP{Remote: there4, Encap: fou()}},
		{&IP6Tnl{Remote: there6}, &IP6Tnl{Remote: there6, Encap: fou()}},
	} {
		add(t, c, "probe", kinds[0])
		if err := Set(t.Context(), c, Name("probe"), WithKind(kinds[1])); err != nil {
			nstest.Skip(t, "encap:fou", "%v", err)
		}
		must(t, Delete(t.Context(), c, Name("probe")))
	}
}

// need6RD skips the test where the kernel is built without 6rd.
func need6RD(t testing.TB, c *nlkit.Client) {
	t.Helper()
	if !has6RD(t, c) {
		nstest.Skip(t, "sit:6rd", "a sit link has no prefix")
	}
}

func has6RD(t testing.TB, c *nlkit.Client) bool {
	t.Helper()
	probe := add(t, c, "probe", &SIT{Remote: there4})
	must(t, Delete(t.Context(), c, Name("probe")))
	sit, _ := KindAs[*SIT](probe)
	return sit.Prefix6RD.IsValid()
}

func TestTunnelWords(t *testing.T) {
	words(t, map[string]TunnelEncapType{"none": 0, "fou": TunnelEncapFOU, "gue": TunnelEncapGUE, "mpls": TunnelEncapMPLS, "TunnelEncapType(9)": 9})
	words(t, map[string]TunnelEncapFlags{"0": 0, "csum|csum6|remcsum": TunnelEncapChecksum | TunnelEncapChecksum6 | TunnelEncapRemoteChecksum, "csum|0x8": 9})
	words(t, map[string]TunnelProtocol{"any": 0, "ip": TunnelIPv4, "ipv6": TunnelIPv6, "mpls": TunnelMPLS, "TunnelProtocol(9)": 9})
	words(t, map[string]ERSPANDirection{"ingress": 0, "egress": ERSPANEgress, "ERSPANDirection(9)": 9})
	words(t, map[string]IP6TnlFlags{
		"0": 0, "ign_encap_limit|use_orig_tclass|use_orig_flowlabel|mip6_dev|rcv_dscp_copy|use_orig_fwmark|allow_local_remote|0x80": 0xff,
	})
}

// The flags are 0x10, 0x20 and 0x40. Others have taken them for 10, 20 and 40.
func TestIP6TnlFlagsAreHexadecimal(t *testing.T) {
	for want, f := range map[uint32]IP6TnlFlags{
		1: IP6TnlIgnoreEncapLimit, 2: IP6TnlInheritTrafficClass, 4: IP6TnlInheritFlowLabel, 8: IP6TnlMobileIP6,
		0x10: IP6TnlCopyDSCP, 0x20: IP6TnlInheritFWMark, 0x40: IP6TnlAllowLocalRemote,
	} {
		for _, tc := range []struct {
			kind Kind
			typ  uint16
		}{
			{&IP6Tnl{Flags: f}, uapi.IFLA_IPTUN_FLAGS}, {&IP6GRE{Flags: f}, uapi.IFLA_GRE_FLAGS},
		} {
			b, err := tc.kind.appendData(nil)
			must(t, err)
			if string(b) != string(attr.AppendUint32(nil, tc.typ, want)) {
				t.Errorf("%v of %s: sends % x, want %#x", f, tc.kind.Kind(), b, want)
			}
		}
	}
}

// What the kernel notes among the flags is not read.
func TestIP6TnlFlagsOfTheKernel(t *testing.T) {
	var v IP6Tnl
	must(t, ip6tnlAttrs.Decode(attr.AppendUint32(nil, uapi.IFLA_IPTUN_FLAGS, 0x70011), &v))
	if v.Flags != IP6TnlIgnoreEncapLimit|IP6TnlCopyDSCP {
		t.Errorf("got %v", v.Flags)
	}
}

// A key, also one of 0, has its flag; without the flag the kernel's 0 is none.
func TestGREKeyHasItsFlag(t *testing.T) {
	be16 := func(typ, flags uint16) []byte { return attr.AppendBE16(nil, typ, flags) }
	be32 := func(typ uint16, key uint32) []byte { return attr.AppendBE32(nil, typ, key) }
	for _, tc := range []struct {
		name string
		kind Kind
		want []byte
	}{
		{"in", &GRE{IKey: new(uint32(7))}, slices.Concat(be16(uapi.IFLA_GRE_IFLAGS, 0x2000), be32(uapi.IFLA_GRE_IKEY, 7))},
		{"out", &GRE{OKey: new(uint32(7))}, slices.Concat(be16(uapi.IFLA_GRE_OFLAGS, 0x2000), be32(uapi.IFLA_GRE_OKEY, 7))},
		{"zero", &GRETap{IKey: new(uint32(0))}, be16(uapi.IFLA_GRE_IFLAGS, 0x2000)},
		{"with others", &IP6GRE{OKey: new(uint32(7)), OSeq: true, OChecksum: true}, slices.Concat(be16(uapi.IFLA_GRE_OFLAGS, 0xb000), be32(uapi.IFLA_GRE_OKEY, 7))},
		{"others alone", &IP6GRE{ISeq: true, IChecksum: true}, be16(uapi.IFLA_GRE_IFLAGS, 0x9000)},
		{"ERSPAN in", &ERSPAN{IKey: new(uint32(7))}, slices.Concat(be16(uapi.IFLA_GRE_IFLAGS, 0x2000), be16(uapi.IFLA_GRE_OFLAGS, 0x1000), be32(uapi.IFLA_GRE_IKEY, 7))},
		{"ERSPAN out", &IP6ERSPAN{OKey: new(uint32(7)), ISeq: true}, slices.Concat(be16(uapi.IFLA_GRE_IFLAGS, 0x1000), be16(uapi.IFLA_GRE_OFLAGS, 0x2000), be32(uapi.IFLA_GRE_OKEY, 7))},
		{"ERSPAN of type I", &ERSPAN{Version: new(uint8(0))}, attr.AppendUint8(nil, uapi.IFLA_GRE_ERSPAN_VER, 0)},
		{"external ERSPAN", &IP6ERSPAN{External: true}, attr.AppendBytes(nil, uapi.IFLA_GRE_COLLECT_METADATA, nil)},
	} {
		if b, err := tc.kind.appendData(nil); err != nil || string(b) != string(tc.want) {
			t.Errorf("%s: sends % x, %v, want % x", tc.name, b, err, tc.want)
		}
	}
	var v GRE
	must(t, greAttrs.Decode(slices.Concat(be16(uapi.IFLA_GRE_IFLAGS, 0x2000), be16(uapi.IFLA_GRE_OFLAGS, 0x1000),
		be32(uapi.IFLA_GRE_IKEY, 0), be32(uapi.IFLA_GRE_OKEY, 0)), &v))
	if v.IKey == nil || *v.IKey != 0 || v.OKey != nil || v.ISeq || !v.OSeq {
		t.Errorf("got %+v", v)
	}
}

// What is wrong is refused before it is sent, and named.
func TestTunnelRefused(t *testing.T) {
	prefix := netip.MustParsePrefix
	for _, tc := range []struct {
		name string
		kind Kind
		attr string
	}{
		{"IPv6 over IPv4", &GRE{Remote: there6}, "IFLA_GRE_REMOTE"},
		{"IPv6 over IPv4, local", &GRETap{Local: there6}, "IFLA_GRE_LOCAL"},
		{"IPv4 over IPv6", &IP6GRE{Remote: there4}, "IFLA_GRE_REMOTE"},
		{"IPv4 in IPv6", &IP6GRETap{Remote: netip.AddrFrom16(there4.As16())}, "IFLA_GRE_REMOTE"},
		{"IPv6 of ERSPAN", &ERSPAN{Local: here6}, "IFLA_GRE_LOCAL"},
		{"IPv4 of ERSPAN", &IP6ERSPAN{Local: here4}, "IFLA_GRE_LOCAL"},
		{"IPv6 of ipip", &IPIP{Remote: there6}, "IFLA_IPTUN_REMOTE"},
		{"IPv6 of sit", &SIT{Local: there6}, "IFLA_IPTUN_LOCAL"},
		{"IPv4 of ip6tnl", &IP6Tnl{Remote: there4}, "IFLA_IPTUN_REMOTE"},
		{"zone", &IP6Tnl{Remote: netip.MustParseAddr("fe80::1%eth0")}, "IFLA_IPTUN_REMOTE"},
		{"IPv6 of vti", &VTI{Remote: there6}, "IFLA_VTI_REMOTE"},
		{"IPv4 of vti6", &VTI6{Local: there4}, "IFLA_VTI_LOCAL"},
		{"negative parent", &GRE{Parent: -1}, "IFLA_GRE_LINK"},
		{"negative parent of xfrm", &XFRM{IfID: 1, Parent: -1}, "IFLA_XFRM_LINK"},
		{"flow label", &IP6GRE{FlowLabel: 0x100000}, "IFLA_GRE_FLOWINFO"},
		{"flow label of ip6tnl", &IP6Tnl{FlowLabel: 0x100000}, "IFLA_IPTUN_FLOWINFO"},
		{"session", &ERSPAN{IKey: new(uint32(0x400))}, "IFLA_GRE_IKEY"},
		{"session over IPv6", &IP6ERSPAN{OKey: new(uint32(0x400))}, "IFLA_GRE_OKEY"},
		{"version", &ERSPAN{Version: new(uint8(3))}, "IFLA_GRE_ERSPAN_VER"},
		{"version over IPv6", &IP6ERSPAN{Version: 3}, "IFLA_GRE_ERSPAN_VER"},
		{"index", &ERSPAN{Index: new(uint32(0x100000))}, "IFLA_GRE_ERSPAN_INDEX"},
		{"direction", &IP6ERSPAN{Direction: 2}, "IFLA_GRE_ERSPAN_DIR"},
		{"engine", &ERSPAN{HWID: new(uint16(0x40))}, "IFLA_GRE_ERSPAN_HWID"},
		{"IgnoreDF", &GRE{IgnoreDF: new(true)}, "IFLA_GRE_IGNORE_DF"},
		{"IgnoreDF and PMTUDisc", &ERSPAN{IgnoreDF: new(true), PMTUDisc: new(true)}, "IFLA_GRE_IGNORE_DF"},
		{"External and Encap", &GRE{External: true, Encap: fou()}, "IFLA_GRE_COLLECT_METADATA"},
		{"TTL without PMTUDisc", &IPIP{TTL: 1, PMTUDisc: new(false)}, "IFLA_IPTUN_PMTUDISC"},
		{"TTL of sit without PMTUDisc", &SIT{TTL: new(uint8(1)), PMTUDisc: new(false)}, "IFLA_IPTUN_PMTUDISC"},
		{"6rd prefix of IPv4", &SIT{Prefix6RD: prefix("10.0.0.0/8")}, "IFLA_IPTUN_6RD_PREFIX"},
		{"6rd prefix with a host", &SIT{Prefix6RD: prefix("2001:db8::1/32")}, "IFLA_IPTUN_6RD_PREFIX"},
		{"6rd prefix without a length", &SIT{Prefix6RD: netip.PrefixFrom(here6, -1)}, "IFLA_IPTUN_6RD_PREFIX"},
		{"6rd prefix too long", &SIT{Prefix6RD: prefix("2001:db8::/33")}, "IFLA_IPTUN_6RD_PREFIX"},
		{"relay prefix alone", &SIT{RelayPrefix6RD: prefix("10.0.0.0/8")}, "IFLA_IPTUN_6RD_RELAY_PREFIX"},
		{"relay prefix of IPv6", &SIT{Prefix6RD: prefix("2002::/16"), RelayPrefix6RD: prefix("2002::/16")}, "IFLA_IPTUN_6RD_RELAY_PREFIX"},
		{"relay prefix with a host", &SIT{Prefix6RD: prefix("2002::/16"), RelayPrefix6RD: prefix("10.0.0.1/8")}, "IFLA_IPTUN_6RD_RELAY_PREFIX"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, err := range []error{
				Add(t.Context(), refuser{t}, "x0", tc.kind),
				Set(t.Context(), refuser{t}, Index(7), WithKind(tc.kind)),
			} {
				e, ok := errors.AsType[*nlkit.Error](err)
				if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA."+tc.attr {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	// A hardware address is an end of the tunnel, and as long.
	for kind, n := range map[Kind]int{&GRE{}: 4, &IPIP{}: 4, &SIT{}: 4, &VTI{}: 4, &IP6GRE{}: 16, &IP6Tnl{}: 16, &VTI6{}: 16, &GRETap{}: 6, &ERSPAN{}: 6} {
		for _, length := range []int{4, 6, 16} {
			err := Add(t.Context(), nowhere{}, "x0", kind, WithAddress(make(net.HardwareAddr, length)))
			if (err == nil) != (length == n) {
				t.Errorf("%s with an address of %d bytes: %v", kind.Kind(), length, err)
			}
		}
	}
}

// nowhere is a Doer that takes everything.
type nowhere struct{}

func (nowhere) Do(context.Context, nlkit.Request) error { return nil }

// Every attribute of a table is one that the kernel checks, and that it can name.
func TestTunnelAttributesNamed(t *testing.T) {
	for name := range tunnelTables {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t)
			for typ := range uint16(64) {
				row, _ := kinds[name].schema.Attr(typ, nil)
				if row == "" || strings.HasSuffix(row, "_COLLECT_METADATA") { // a flag has no length to be wrong
					continue
				}
				if strings.Contains(row, "_6RD_") && !has6RD(t, c) {
					continue
				}
				err := Add(t.Context(), c, "x0", &Unknown{Name: name, Data: attr.AppendBytes(nil, typ, nil)})
				e, _ := errors.AsType[*nlkit.Error](err)
				switch {
				case e == nil:
					t.Fatalf("an empty %s is taken: %v", row, err)
				case e.Message == "Unknown device type":
					nstest.Skip(t, "kind:"+name, "%v", err)
				case e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA."+row:
					t.Errorf("%s is called %s: %v", row, e.Attr, err)
				}
			}
		})
	}
}

// A tunnel that is changed forgets what it is not told, but for some fields. Set with
// what Get returned changes one field alone.
func TestSetTunnel(t *testing.T) {
	encap := &TunnelEncap{SrcPort: 7, DstPort: 8} // of no type: it takes no module
	gre := GRE{
		Remote: there4, Local: here4, Parent: 50, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
		IKey: new(uint32(1)), OKey: new(uint32(2)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true, Encap: encap,
	}
	gre6 := IP6GRE{
		Remote: there6, Local: here6, Parent: 50, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde, Flags: inherit6, FWMark: 7,
		IKey: new(uint32(1)), OKey: new(uint32(2)), ISeq: true, OSeq: true, IChecksum: true, OChecksum: true, Encap: encap,
	}
	for _, tc := range []struct {
		full   Kind
		change Kind
		stays  string
		touch  func(Kind)
	}{
		{&gre, &GRE{Remote: here4, PMTUDisc: new(false)}, "IgnoreDF FWMark Encap", func(k Kind) { k.(*GRE).TTL = 99 }},
		{(*GRETap)(&gre), &GRETap{Local: there4, PMTUDisc: new(false)}, "IgnoreDF FWMark Encap", func(k Kind) { k.(*GRETap).OKey = nil }},
		{&gre6, &IP6GRE{Remote: here6, External: true}, "Encap External", func(k Kind) { k.(*IP6GRE).FlowLabel = 0 }},
		{(*IP6GRETap)(&gre6), &IP6GRETap{Local: there6, External: true}, "Encap External", func(k Kind) { k.(*IP6GRETap).IKey = nil }},
		{
			&ERSPAN{
				Remote: there4, Local: here4, Parent: 50, TTL: 16, TOS: 8, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)),
				IKey: new(uint32(1)), OKey: new(uint32(2)), ISeq: true, OSeq: true, Encap: encap,
				Version: new(uint8(2)), Direction: new(ERSPANEgress), HWID: new(uint16(9)),
			},
			&ERSPAN{Remote: here4, PMTUDisc: new(false)},
			"IgnoreDF FWMark Encap Version Index Direction HWID",
			func(k Kind) { k.(*ERSPAN).TTL = 0 },
		},
		{
			&IP6ERSPAN{
				Remote: there6, Local: here6, Parent: 50, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde, Flags: inherit6, FWMark: 7,
				IKey: new(uint32(1)), OKey: new(uint32(2)), ISeq: true, OSeq: true, Encap: encap, Version: 2, Direction: ERSPANEgress, HWID: 9,
			},
			&IP6ERSPAN{Remote: here6},
			"Encap",
			func(k Kind) { k.(*IP6ERSPAN).HWID = 8 },
		},
		{
			&IPIP{Remote: there4, Local: here4, Parent: 50, TTL: 16, TOS: 8, Protocol: new(TunnelMPLS), FWMark: new(uint32(7)), Encap: encap},
			&IPIP{Remote: here4, Protocol: new(TunnelAny), PMTUDisc: new(false)},
			"Protocol FWMark Encap",
			func(k Kind) { k.(*IPIP).TOS = 4 },
		},
		{
			&SIT{Remote: there4, Local: here4, Parent: 50, TTL: new(uint8(16)), TOS: 8, Protocol: new(TunnelMPLS), FWMark: new(uint32(7)), ISATAP: true, Encap: encap},
			&SIT{Remote: here4, Protocol: new(TunnelAny), PMTUDisc: new(false)},
			"Protocol FWMark ISATAP Prefix6RD RelayPrefix6RD Encap",
			func(k Kind) { k.(*SIT).TOS = 4 },
		},
		{
			&IP6Tnl{
				Remote: there6, Local: here6, Parent: 50, Protocol: TunnelIPv4, TTL: 16, EncapLimit: 7, TrafficClass: 0x28, FlowLabel: 0xabcde,
				Flags: inherit6, FWMark: 7, Encap: encap,
			},
			&IP6Tnl{Remote: here6},
			"Encap",
			func(k Kind) { k.(*IP6Tnl).Flags = 0 },
		},
		{
			&VTI{Remote: there4, Local: here4, Parent: 50, IKey: 1, OKey: 2, FWMark: new(uint32(7))}, &VTI{Remote: here4},
			"FWMark",
			func(k Kind) { k.(*VTI).OKey = 3 },
		},
		{
			&VTI6{Remote: there6, Local: here6, Parent: 50, IKey: 1, OKey: 2, FWMark: 7}, &VTI6{Remote: here6, OKey: 5},
			"",
			func(k Kind) { k.(*VTI6).FWMark = 0 },
		},
		{
			&XFRM{IfID: 1, Parent: 50}, &XFRM{IfID: 2, Parent: 50},
			"",
			func(k Kind) { k.(*XFRM).IfID = 3 },
		},
	} {
		t.Run(tc.full.Kind(), func(t *testing.T) {
			c, _ := newClient(t)
			ctx := t.Context()
			add(t, c, "parent", &Veth{}, WithIndex(50))
			get := func() Kind {
				l, err := Get(ctx, c, Name("x0"))
				must(t, err)
				return l.Kind
			}

			full := add(t, c, "x0", tc.full).Kind
			tc.touch(full)
			must(t, Set(ctx, c, Name("x0"), WithKind(full)))
			if got := get(); !reflect.DeepEqual(got, full) {
				t.Errorf("one field changed:\n%s\nnot\n%s", show(reflect.ValueOf(got)), show(reflect.ValueOf(full)))
			}

			must(t, Set(ctx, c, Name("x0"), WithKind(tc.change)))
			got := get()
			must(t, Delete(ctx, c, Name("x0")))
			want := add(t, c, "x0", tc.change).Kind // as new, but for what stays
			for f := range strings.FieldsSeq(tc.stays) {
				reflect.ValueOf(want).Elem().FieldByName(f).Set(reflect.ValueOf(full).Elem().FieldByName(f))
			}
			sameFields(t, want, got)
		})
	}
}

// sameFields fails unless all of got is as in want.
func sameFields(t *testing.T, want, got any) {
	t.Helper()
	w, g := reflect.ValueOf(want).Elem(), reflect.ValueOf(got).Elem()
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			t.Errorf("%s is %s, want %s", w.Type().Field(i).Name, show(g.Field(i)), show(w.Field(i)))
		}
	}
}

// What stays can be taken away.
func TestSetTunnelToNone(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "x0", &GRE{Remote: there4, PMTUDisc: new(false), IgnoreDF: new(true), FWMark: new(uint32(7)), Encap: &TunnelEncap{DstPort: 5}})
	// With IgnoreDF the kernel takes no change that leaves PMTUDisc out.
	if err := Set(ctx, c, Name("x0"), WithKind(&GRE{Remote: there4})); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	must(t, Set(ctx, c, Name("x0"), WithKind(&GRE{
		Remote: there4, PMTUDisc: new(false), IgnoreDF: new(false), FWMark: new(uint32(0)), Encap: &TunnelEncap{},
	})))
	l, err := Get(ctx, c, Name("x0"))
	must(t, err)
	sameFields(t, &GRE{
		Remote: there4, PMTUDisc: new(false), IgnoreDF: new(false), FWMark: new(uint32(0)), Encap: &TunnelEncap{},
	}, l.Kind)
}

// What a change cannot do.
func TestSetTunnelRefused(t *testing.T) {
	for _, tc := range []struct {
		name    string
		is      Kind
		change  Kind
		want    error // nil for a change that is made
		message string
	}{
		{"first Remote of gre", &GRE{Local: here4}, &GRE{Remote: there4}, fs.ErrInvalid, ""},
		{"no Remote of gre", &GRE{Remote: there4}, &GRE{Local: here4}, fs.ErrInvalid, ""},
		{"first Remote of gretap", &GRETap{Local: here4}, &GRETap{Remote: there4}, nil, ""},
		{"no Remote of gretap", &GRETap{Remote: there4}, &GRETap{Local: here4}, nil, ""},
		{"no Remote of erspan", &ERSPAN{Remote: there4}, &ERSPAN{Local: here4}, nil, ""},
		{"first Remote of ip6gre", &IP6GRE{Local: here6}, &IP6GRE{Remote: there6}, nil, ""},
		{"no Remote of ip6gre", &IP6GRE{Remote: there6}, &IP6GRE{Local: here6}, nil, ""},
		{"first Remote of ipip", &IPIP{Local: here4}, &IPIP{Remote: there4}, fs.ErrInvalid, ""},
		{"no Remote of ipip", &IPIP{Remote: there4}, &IPIP{Local: here4}, fs.ErrInvalid, ""},
		{"first Remote of sit", &SIT{Local: here4}, &SIT{Remote: there4}, fs.ErrInvalid, ""},
		{"no Remote of sit", &SIT{Remote: there4}, &SIT{Local: here4}, fs.ErrInvalid, ""},
		{"no Remote of ip6tnl", &IP6Tnl{Remote: there6}, &IP6Tnl{Local: here6}, nil, ""},
		{"first Remote of vti", &VTI{Local: here4}, &VTI{Remote: there4}, fs.ErrInvalid, ""},
		{"no Remote of vti", &VTI{Remote: there4}, &VTI{Local: here4}, fs.ErrInvalid, ""},
		{"no Remote of vti6", &VTI6{Remote: there6}, &VTI6{Local: here6}, nil, ""},
		{"External stays", &GRE{External: true}, &GRE{}, nil, ""},
		{"External again", &GRE{External: true}, &GRE{External: true}, nil, ""},
		{"External ipip", &IPIP{Remote: there4}, &IPIP{Remote: there4, External: true}, fs.ErrInvalid, ""},
		{"External ipip again", &IPIP{External: true}, &IPIP{External: true}, fs.ErrInvalid, ""},
		{"External ip6tnl", &IP6Tnl{Remote: there6}, &IP6Tnl{Remote: there6, External: true}, fs.ErrInvalid, ""},
		{"External ip6tnl again", &IP6Tnl{External: true}, &IP6Tnl{External: true}, fs.ErrInvalid, ""},
		{"External xfrm", &XFRM{IfID: 1}, &XFRM{IfID: 1, External: true}, fs.ErrInvalid, "collect_md can't be changed"},
		{"no id of xfrm", &XFRM{IfID: 1, Parent: 1}, &XFRM{Parent: 1}, fs.ErrInvalid, "if_id must be non zero"},
		{"other parent of xfrm", &XFRM{IfID: 1}, &XFRM{IfID: 1, Parent: 1}, fs.ErrInvalid, ""},
		{"nothing", &XFRM{IfID: 1}, &XFRM{}, nil, ""},
		{"ends of another link", &GRE{Remote: there4}, &GRE{Remote: here4}, fs.ErrExist, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := newClient(t)
			ctx := t.Context()
			add(t, c, "x0", tc.is)
			if errors.Is(tc.want, fs.ErrExist) {
				add(t, c, "x1", tc.change)
			}
			err := Set(ctx, c, Name("x0"), WithKind(tc.change))
			e, _ := errors.AsType[*nlkit.Error](err)
			if tc.want == nil && err != nil || tc.want != nil && (!errors.Is(err, tc.want) || !strings.Contains(e.Message, tc.message)) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// A link of GRE over IPv4 does not become external. The kernels that take it all the
// same say that it is so.
func TestSetTunnelExternal(t *testing.T) {
	for _, tc := range []struct{ is, change Kind }{
		{&GRE{Remote: there4}, &GRE{Remote: there4, External: true}},
		{&GRETap{Remote: there4}, &GRETap{Remote: there4, External: true}},
		{&ERSPAN{Remote: there4}, &ERSPAN{Remote: there4, External: true}},
	} {
		t.Run(tc.is.Kind(), func(t *testing.T) {
			c, _ := newClient(t)
			add(t, c, "x0", tc.is)
			err := Set(t.Context(), c, Name("x0"), WithKind(tc.change))
			if errors.Is(err, errors.ErrUnsupported) {
				return
			}
			must(t, err)
			l, err := Get(t.Context(), c, Name("x0"))
			must(t, err)
			sameKind(t, "taken", tc.change, l.Kind)
		})
	}
}

// The module of a tunnel makes a link of its own in each namespace, which can be read
// like others, and neither changed nor deleted.
func TestFallbackTunnels(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	for _, tc := range []struct {
		name string
		kind Kind
		own  Kind
	}{
		{"gre0", &GRE{Remote: there4}, &GRE{PMTUDisc: new(false)}},
		{"gretap0", &GRETap{Remote: there4}, &GRETap{}},
		{"erspan0", &ERSPAN{Remote: there4}, &ERSPAN{}},
		{"tunl0", &IPIP{Remote: there4}, &IPIP{Protocol: new(TunnelAny)}},
		{"sit0", &SIT{Remote: there4}, &SIT{TTL: new(uint8(64)), Protocol: new(TunnelIPv6)}},
		{"ip6gre0", &IP6GRE{Remote: there6}, &IP6GRE{}},
		{"ip6tnl0", &IP6Tnl{Remote: there6}, &IP6Tnl{Protocol: TunnelIPv6}},
		{"ip_vti0", &VTI{Remote: there4}, &VTI{}},
		{"ip6_vti0", &VTI6{Remote: there6}, &VTI6{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			add(t, c, "x-"+tc.name, tc.kind)
			l, err := Get(ctx, c, Name(tc.name))
			if errors.Is(err, fs.ErrNotExist) { // net.core.fb_tunnels_only_for_init_net says so
				nstest.Skip(t, "fallback-tunnels", "%v", err)
			}
			must(t, err)
			sameKind(t, "by itself", tc.own, l.Kind)
			if err := Set(ctx, c, Index(l.Index), WithKind(tc.kind)); !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrExist) {
				t.Errorf("got %v", err)
			}
			// The kernel says that it has deleted the link.
			must(t, Delete(ctx, c, Index(l.Index)))
			_, err = Get(ctx, c, Index(l.Index))
			must(t, err)
		})
	}
}

// The hop limit of sit that the kernel takes by itself leaves PMTUDisc alone, so that
// what was read of such a link makes another.
func TestSITWithoutPMTUDisc(t *testing.T) {
	c, _ := newClient(t)
	l := add(t, c, "x0", &SIT{Local: here4, PMTUDisc: new(false)})
	sit, _ := KindAs[*SIT](l)
	if *sit.PMTUDisc || *sit.TTL != 64 {
		t.Fatalf("got %+v", sit)
	}
	must(t, Delete(t.Context(), c, Name("x0")))
	sameFields(t, sit, add(t, c, "x0", sit).Kind)
}

// No two tunnels of a kind have the same ends, key and parent.
func TestTunnelTwice(t *testing.T) {
	for _, tc := range []struct{ first, other, same Kind }{
		{&GRE{Remote: there4, IKey: new(uint32(1))}, &GRE{Remote: there4, IKey: new(uint32(2))}, &GRE{Remote: there4, IKey: new(uint32(1)), TTL: 9}},
		{&GRETap{Remote: there4}, &GRETap{Remote: there4, Parent: 1}, &GRETap{Remote: there4, TOS: 4}},
		{&GRETap{External: true}, &GRE{External: true}, &GRETap{External: true}},
		{&ERSPAN{Remote: there4}, &ERSPAN{Remote: there4, IKey: new(uint32(1))}, &ERSPAN{Remote: there4, OKey: new(uint32(1)), IKey: new(uint32(0))}},
		{&IP6GRE{Remote: there6}, &IP6GRE{Remote: there6, IKey: new(uint32(1))}, &IP6GRE{Remote: there6, TTL: 9}},
		{&IP6GRETap{External: true}, &IP6GRETap{Remote: there6}, &IP6GRE{External: true}},
		{&IP6ERSPAN{Remote: there6}, &IP6ERSPAN{Remote: there6, Parent: 1}, &IP6ERSPAN{Remote: there6, Version: 2}},
		{&IPIP{Remote: there4}, &IPIP{Remote: there4, Parent: 1}, &IPIP{Remote: there4, TTL: 9}},
		{&SIT{Remote: there4}, &SIT{Remote: there4, Parent: 1}, &SIT{Remote: there4, ISATAP: true}},
		{&IP6Tnl{Remote: there6}, &IP6Tnl{Remote: there6, Parent: 1}, &IP6Tnl{Remote: there6, TTL: 9}},
		{&VTI{Remote: there4}, &VTI{Remote: there4, Parent: 1}, &VTI{Remote: there4, IKey: 1}},
		{&VTI6{Remote: there6}, &VTI6{Remote: there6, Local: here6}, &VTI6{Remote: there6, IKey: 1, Parent: 1}},
		{&XFRM{IfID: 1}, &XFRM{IfID: 2}, &XFRM{IfID: 1, Parent: 1}},
	} {
		t.Run(tc.first.Kind(), func(t *testing.T) {
			c, _ := newClient(t)
			add(t, c, "x0", tc.first)
			add(t, c, "x1", tc.other)
			if err := Add(t.Context(), c, "x2", tc.same); !errors.Is(err, fs.ErrExist) {
				t.Errorf("got %v", err)
			}
		})
	}
}
