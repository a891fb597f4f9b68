package route

import (
	"net/netip"

	"github.com/nlkit/nlkit/rtnl"
)

// EncapSample is an encapsulation with as much of it set as goes together. A route
// with it is made on the real kernel by this package and by iproute2, and recorded
// in testdata/encap_<name>.txt: what the kernel says of it, or, where none at hand
// has it, what iproute2 sends.
type EncapSample struct {
	Name  string
	V4    bool // an IPv4 route has it, else an IPv6 one
	Encap rtnl.Encap
	Read  rtnl.Encap // what the kernel reports of it, nil for Encap

	Need    string // a link kind or a right that it takes, besides encap:<type>
	Since   string // the first kernel that has all of it, "" for any with the type
	Options bool   // it has options of a tunnel

	IP      string // words of iproute2 behind "encap"; "" if it can't say them
	IPSince string // the first iproute2 that knows them, "" for 6.1
}

// Places in the namespace of a sample.
const (
	EncapLink   = 50  // the link that routes lead to, "v0" to iproute2
	EncapTable  = 100 // a table
	EncapVRF    = 200 // the table of a VRF, if the sample needs kind:vrf
	EncapBPFIn  = "nlkit:in"
	EncapBPFOut = "nlkit:out"
)

// EncapSamples returns the samples; fd is that of a loaded program.
func EncapSamples(fd func(kind string) int) []EncapSample {
	ip := netip.MustParseAddr
	segs := []netip.Addr{ip("fc00::1"), ip("fc00::2"), ip("fc00::3")}
	options := func(o rtnl.TunnelOptions) *rtnl.IPEncap {
		return &rtnl.IPEncap{ID: 7, Dst: ip("192.0.2.9"), Options: o}
	}
	local := func(name, ip string, e rtnl.SEG6LocalEncap) EncapSample {
		return EncapSample{Name: "seg6local_" + name, Encap: &e, IP: "seg6local action " + ip}
	}
	since := func(version string, s EncapSample) EncapSample { s.Since = version; return s }
	need := func(what string, s EncapSample) EncapSample { s.Need = what; return s }
	read := func(e rtnl.Encap, s EncapSample) EncapSample { s.Read = e; return s }
	ipSince := func(version string, s EncapSample) EncapSample { s.IPSince = version; return s }
	program := func(name string) *rtnl.BPFProgram { return &rtnl.BPFProgram{Name: name} }

	return []EncapSample{
		{Name: "mpls", V4: true, Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{100, 200, 1048575}, TTL: new(uint8(7))}, IP: "mpls 100/200/1048575 ttl 7"},
		{Name: "mpls_6", Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{16}}, IP: "mpls 16"},
		{Name: "mpls_propagate", Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{16}, TTL: new(uint8(0))}, IP: "mpls 16 ttl 0"},

		{
			Name: "ip", V4: true, IP: "ip id 18446744073709551615 src 192.0.2.1 dst 192.0.2.9 ttl 5 tos 4 key csum seq",
			Encap: &rtnl.IPEncap{
				ID: 1<<64 - 1, Src: ip("192.0.2.1"), Dst: ip("192.0.2.9"), TTL: 5, TOS: 4,
				Flags: rtnl.TunnelKey | rtnl.TunnelCsum | rtnl.TunnelSeq,
			},
		},
		{Name: "ip_zero", Encap: &rtnl.IPEncap{}},
		{Name: "ip_flags", Encap: &rtnl.IPEncap{ID: 1, Flags: rtnl.TunnelKey | rtnl.TunnelDontFragment | rtnl.TunnelOAM | rtnl.TunnelCritOpt}},
		{
			Name: "ip_geneve", Options: true, IP: "ip id 7 dst 192.0.2.9 geneve_opts 1:2:0a0b0c0d,259:128:0102030405060708",
			Encap: options(rtnl.TunnelOptions{Geneve: []rtnl.GeneveOption{
				{Class: 1, Type: 2, Data: []byte{10, 11, 12, 13}}, {Class: 0x103, Type: 0x80, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
			}}),
		},
		{Name: "ip_vxlan", Options: true, IP: "ip id 7 dst 192.0.2.9 vxlan_opts 456", Encap: options(rtnl.TunnelOptions{VXLAN: &rtnl.VXLANOption{GBP: 456}})},
		{
			Name: "ip_erspan", Options: true, IP: "ip id 7 dst 192.0.2.9 erspan_opts 1:123:0:0",
			Encap: options(rtnl.TunnelOptions{ERSPAN: &rtnl.ERSPANOption{Version: 1, Index: 123}}),
		},
		{
			Name: "ip_erspan_2", Options: true, IP: "ip id 7 dst 192.0.2.9 erspan_opts 2:0:1:33",
			Encap: options(rtnl.TunnelOptions{ERSPAN: &rtnl.ERSPANOption{Version: 2, Direction: 1, HardwareID: 33}}),
		},
		{
			Name: "ip6", IP: "ip6 id 7 src 2001:db8::1 dst 2001:db8::9 hoplimit 5 tc 4 key",
			Encap: &rtnl.IP6Encap{
				ID: 7, Src: ip("2001:db8::1"), Dst: ip("2001:db8::9"), HopLimit: 5, TrafficClass: 4, Flags: rtnl.TunnelKey,
			},
		},
		{
			Name: "ip6_geneve", Options: true, IP: "ip6 id 7 dst 2001:db8::9 geneve_opts 1:2:0a0b0c0d",
			Encap: &rtnl.IP6Encap{
				ID: 7, Dst: ip("2001:db8::9"),
				Options: rtnl.TunnelOptions{Geneve: []rtnl.GeneveOption{{Class: 1, Type: 2, Data: []byte{10, 11, 12, 13}}}},
			},
		},
		{Name: "ip6_4", V4: true, IP: "ip6 id 7 dst 2001:db8::9", Encap: &rtnl.IP6Encap{ID: 7, Dst: ip("2001:db8::9")}},

		{Name: "seg6", IP: "seg6 mode encap segs fc00::1,fc00::2,fc00::3", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: segs}},
		{Name: "seg6_4", V4: true, IP: "seg6 mode encap segs fc00::1", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: segs[:1]}},
		{Name: "seg6_inline", IP: "seg6 mode inline segs fc00::1,fc00::2,fc00::3", Encap: &rtnl.SEG6Encap{Segments: segs}},
		{Name: "seg6_l2", IP: "seg6 mode l2encap segs fc00::1", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6L2, Segments: segs[:1]}},
		{Name: "seg6_hmac", IP: "seg6 mode encap segs fc00::1,fc00::2 hmac 305419896", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: segs[:2], HMACKeyID: 0x12345678}},
		since("6.0", EncapSample{Name: "seg6_reduced", IP: "seg6 mode encap.red segs fc00::1,fc00::2", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Reduced, Segments: segs[:2]}}),
		since("6.0", EncapSample{Name: "seg6_reduced_l2", IP: "seg6 mode l2encap.red segs fc00::1", Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6ReducedL2, Segments: segs[:1]}}),

		since("7.1", EncapSample{Name: "seg6_source", IP: "seg6 mode encap tunsrc fc00::9 segs fc00::1", IPSince: "7.1", Encap: &rtnl.SEG6Encap{
			Mode: rtnl.SEG6Outer, Segments: segs[:1], TunnelSrc: ip("fc00::9"),
		}}),

		local("end", "End", rtnl.SEG6LocalEncap{Action: rtnl.SEG6End}),
		local("end_x", "End.X nh6 2001:db8:1::2", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndX, NH6: ip("2001:db8:1::2")}),
		local("end_t", "End.T table 100", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndT, Table: EncapTable}),
		local("end_dx2", "End.DX2 oif v0", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDX2, OIF: EncapLink}),
		local("end_dx6", "End.DX6 nh6 ::", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDX6, NH6: netip.IPv6Unspecified()}),
		local("end_dx4", "End.DX4 nh4 0.0.0.0", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDX4, NH4: netip.IPv4Unspecified()}),
		local("end_dt6", "End.DT6 table 100", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDT6, Table: EncapTable}),
		local("end_b6", "End.B6 srh segs fc00::1,fc00::2", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndB6, Segments: segs[:2]}),
		local("end_b6_encaps", "End.B6.Encaps srh segs fc00::1,fc00::2 hmac 5", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndB6Encaps, Segments: segs[:2], HMACKeyID: 5}),
		since("5.13", local("count", "End.T table 100 count", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndT, Table: EncapTable, Counters: &rtnl.SEG6Counters{}})),
		need("kind:vrf", since("5.11", local("end_dt4", "End.DT4 vrftable 200", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDT4, VRFTable: EncapVRF}))),
		need("kind:vrf", since("5.11", local("end_dt6_vrf", "End.DT6 vrftable 200", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDT6, VRFTable: EncapVRF}))),
		need("kind:vrf", since("5.14", local("end_dt46", "End.DT46 vrftable 200", rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDT46, VRFTable: EncapVRF}))),
		ipSince("6.2", since("6.3", local("psp", "End flavors psp", rtnl.SEG6LocalEncap{Action: rtnl.SEG6End, Flavors: rtnl.SEG6PSP}))),
		ipSince("6.6", since("6.1", local("csid", "End flavors next-csid lblen 48 nflen 32", rtnl.SEG6LocalEncap{
			Action: rtnl.SEG6End, Flavors: rtnl.SEG6NextCSID, LocatorBlockBits: 48, FunctionBits: 32,
		}))),
		ipSince("6.6", since("6.6", read(
			&rtnl.SEG6LocalEncap{
				Action: rtnl.SEG6EndX, NH6: ip("2001:db8:1::2"), Flavors: rtnl.SEG6NextCSID, LocatorBlockBits: 32, FunctionBits: 16,
			},
			local("csid_x", "End.X nh6 2001:db8:1::2 flavors next-csid", rtnl.SEG6LocalEncap{
				Action: rtnl.SEG6EndX, NH6: ip("2001:db8:1::2"), Flavors: rtnl.SEG6NextCSID,
			})))),
		need("bpf", read(
			&rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndBPF, BPF: program(EncapBPFIn)},
			EncapSample{Name: "seg6local_bpf", Encap: &rtnl.SEG6LocalEncap{
				Action: rtnl.SEG6EndBPF, BPF: &rtnl.BPFProgram{FD: fd("seg6local"), Name: EncapBPFIn},
			}})),

		need("bpf", read(
			&rtnl.BPFEncap{In: program(EncapBPFIn), Out: program(EncapBPFOut), Xmit: program("nlkit:xmit")},
			EncapSample{Name: "bpf", V4: true, Encap: &rtnl.BPFEncap{
				In: &rtnl.BPFProgram{FD: fd("in"), Name: EncapBPFIn}, Out: &rtnl.BPFProgram{FD: fd("out"), Name: EncapBPFOut},
				Xmit: &rtnl.BPFProgram{FD: fd("xmit"), Name: "nlkit:xmit"}, Headroom: 14,
			}})),
		need("bpf", read(
			&rtnl.BPFEncap{Out: program(EncapBPFOut)},
			EncapSample{Name: "bpf_6", Encap: &rtnl.BPFEncap{Out: &rtnl.BPFProgram{FD: fd("out"), Name: EncapBPFOut}}})),

		{
			Name: "ila", IP: "ila 2001:db8:0:1 csum-mode neutral-map-auto ident-type luid hook-type input",
			Encap: &rtnl.ILAEncap{
				Locator: 0x20010db8_00000001, CsumMode: new(rtnl.ILANeutralMapAuto), IdentType: new(rtnl.ILALUID), HookType: rtnl.ILAInput,
			},
		},
		read(
			&rtnl.ILAEncap{Locator: 0xffff000000000000, CsumMode: new(rtnl.ILANoAction), IdentType: new(rtnl.ILALUID)},
			EncapSample{Name: "ila_defaults", IP: "ila ffff:0:0:0 ident-type luid", Encap: &rtnl.ILAEncap{Locator: 0xffff000000000000, IdentType: new(rtnl.ILALUID)}}),

		// iproute2 names the last segment first.
		since("5.7", EncapSample{Name: "rpl", IP: "rpl segs fc00::3,fc00::2,fc00::1", Encap: &rtnl.RPLEncap{Segments: segs}}),

		since("5.18", read(
			&rtnl.IOAM6Encap{FreqK: 1, FreqN: 1, Mode: rtnl.IOAM6Inline, TraceType: 0x800000, Namespace: 1, TraceSize: 12},
			EncapSample{
				Name: "ioam6", IP: "ioam6 trace prealloc type 0x800000 ns 1 size 12",
				Encap: &rtnl.IOAM6Encap{TraceType: 0x800000, Namespace: 1, TraceSize: 12},
			})),
		since("5.18", EncapSample{
			Name: "ioam6_outer", IP: "ioam6 freq 2/5 mode encap tundst fc00::1 trace prealloc type 0xf00002 ns 65535 size 244",
			Encap: &rtnl.IOAM6Encap{
				FreqK: 2, FreqN: 5, Mode: rtnl.IOAM6Outer, TunnelDst: segs[0], TraceType: 0xf00002, Namespace: 65535, TraceSize: 244,
			},
		}),
		ipSince("6.12", since("6.12", EncapSample{
			Name: "ioam6_auto", IP: "ioam6 freq 1/2 mode auto tunsrc fc00::2 tundst fc00::1 trace prealloc type 0x400000 ns 0 size 4",
			Encap: &rtnl.IOAM6Encap{
				FreqK: 1, FreqN: 2, Mode: rtnl.IOAM6Auto, TunnelSrc: segs[1], TunnelDst: segs[0], TraceType: 0x400000, TraceSize: 4,
			},
		})),

		ipSince("6.2", EncapSample{Name: "xfrm", V4: true, IP: "xfrm if_id 4294967295 link_dev v0", Encap: &rtnl.XFRMEncap{IfID: 1<<32 - 1, Link: EncapLink}}),
		ipSince("6.2", EncapSample{Name: "xfrm_6", IP: "xfrm if_id 5", Encap: &rtnl.XFRMEncap{IfID: 5}}),
	}
}

// Want is what the kernel reports of the sample.
func (s EncapSample) Want() rtnl.Encap {
	if s.Read != nil {
		return s.Read
	}
	return s.Encap
}
