package link

import (
	"errors"
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// basicTables are the tables of the kinds that nearly every kernel has.
var basicTables = kindTests{
	"bridge":  kindTable(bridgeAttrs, nothing, "RootID", "ID"),
	"dummy":   kindTable(dummyAttrs, nothing),
	"ifb":     kindTable(ifbAttrs, nothing),
	"macvlan": kindTable(macvlanAttrs, nothing, "SourceOp"),
	"macvtap": kindTable(macvtapAttrs, nothing, "SourceOp"),
	"veth":    kindTable(vethAttrs, nothing),
	"vlan":    kindTable(vlanAttrs, attr.AppendUint16(nil, uapi.IFLA_VLAN_ID, 0)),
	"vxlan":   kindTable(vxlanAttrs, nothing),
}

// basicSamples are those of the kinds in basicTables.
func basicSamples(b bed) []sample {
	return []sample{
		{name: "dummy", kind: &Dummy{}, ip: "type dummy"},
		{name: "ifb", kind: &IFB{}, ip: "type ifb"},
		{name: "veth", kind: &Veth{}, ip: "type veth"},
		{
			name: "bridge",
			kind: &Bridge{
				ForwardDelay: new(4 * time.Second), HelloTime: time.Second, MaxAge: 7 * time.Second, AgeingTime: new(time.Duration(0)),
				Priority: new(uint16(4096)), GroupForwardMask: new(uint16(8)), GroupAddress: net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 4},
				STP: new(STPKernel), MulticastRouter: new(MulticastRouterAlways), MulticastSnooping: new(true),
				MulticastQueryUseIfAddr: new(true), MulticastQuerier: new(true), MulticastHashMax: 1024,
				MulticastLastMemberCount: new(uint32(3)), MulticastStartupQueryCount: new(uint32(4)),
				MulticastLastMemberInterval: new(2 * time.Second), MulticastMembershipInterval: new(200 * time.Second),
				MulticastQuerierInterval: new(201 * time.Second), MulticastQueryInterval: new(100 * time.Second),
				MulticastQueryResponseInterval: new(9 * time.Second), MulticastStartupQueryInterval: new(30 * time.Second),
				MulticastStats: new(true), MulticastIGMPVersion: 3, MulticastMLDVersion: 2,
				CallIPTables: new(true), CallIP6Tables: new(true), CallARPTables: new(true), NoLinkLocalLearn: new(true),
			},
			ip: "type bridge forward_delay 400 hello_time 100 max_age 700 ageing_time 0 priority 4096 group_fwd_mask 8 " +
				"group_address 01:80:c2:00:00:04 stp_state 1 mcast_router 2 mcast_snooping 1 mcast_query_use_ifaddr 1 mcast_querier 1 " +
				"mcast_hash_max 1024 mcast_last_member_count 3 mcast_startup_query_count 4 mcast_last_member_interval 200 " +
				"mcast_membership_interval 20000 mcast_querier_interval 20100 mcast_query_interval 10000 " +
				"mcast_query_response_interval 900 mcast_startup_query_interval 3000 mcast_stats_enabled 1 mcast_igmp_version 3 " +
				"mcast_mld_version 2 nf_call_iptables 1 nf_call_ip6tables 1 nf_call_arptables 1 no_linklocal_learn 1",
			again: withoutBridgeVLAN,
		},
		{
			name: "vxlan",
			kind: &VXLAN{
				VNI: 0xabcdef, Remote: netip.MustParseAddr("239.1.1.1"), Local: netip.MustParseAddr("10.0.0.1"), Parent: b.parent,
				Port: 4789, PortRange: PortRange{10000, 20000}, TTL: new(uint8(16)), TOS: new(uint8(8)), DF: new(VXLANDFSet),
				Learning: new(false), Ageing: new(10 * time.Minute), Limit: 100,
				Proxy: true, RSC: true, L2Miss: true, L3Miss: true, GBP: true, UDPChecksum: new(false),
				UDPZeroChecksum6Tx: true, UDPZeroChecksum6Rx: true,
			},
			ip: "type vxlan id 11259375 group 239.1.1.1 local 10.0.0.1 dev parent dstport 4789 srcport 10000 20000 ttl 16 tos 8 df set " +
				"nolearning ageing 600 maxaddress 100 proxy rsc l2miss l3miss gbp noudpcsum udp6zerocsumtx udp6zerocsumrx",
		},
		{
			name: "vxlan6",
			kind: &VXLAN{
				VNI: 7, Remote: group6, Local: netip.MustParseAddr("2001:db8::1"), Parent: b.parent, Port: 4789, TTLInherit: true,
				DF: new(VXLANDFInherit), Label: new(uint32(0xfffff)), RemoteChecksumTx: true, RemoteChecksumRx: true, RemoteChecksumNoPartial: true,
			},
			ip: "type vxlan id 7 group ff05::100 local 2001:db8::1 dev parent dstport 4789 ttl inherit df inherit flowlabel 0xfffff " +
				"remcsumtx remcsumrx",
			byIP: &VXLAN{ // iproute2 has no word for RemoteChecksumNoPartial
				VNI: 7, Remote: group6, Local: netip.MustParseAddr("2001:db8::1"), Parent: b.parent, Port: 4789, TTLInherit: true,
				DF: new(VXLANDFInherit), Label: new(uint32(0xfffff)), RemoteChecksumTx: true, RemoteChecksumRx: true,
			},
		},
		{
			name: "vxlanexternal",
			kind: &VXLAN{External: true, VNIFilter: true, Port: 4789, Learning: new(false)},
			ip:   "type vxlan external vnifilter dstport 4789 nolearning",
		},
		{
			name: "vxlangpe",
			kind: &VXLAN{External: true, GPE: true, Port: 4790, Learning: new(false)},
			ip:   "type vxlan external gpe dstport 4790 nolearning",
		},
		{
			name: "macvlan",
			kind: &Macvlan{
				Mode: MacvlanSource, Flags: new(MacvlanNoDst), Sources: []net.HardwareAddr{mac1, mac2}, BroadcastQueueLen: new(uint32(77)),
			},
			over: true,
			ip:   "type macvlan mode source bcqueuelen 77 nodst",
			then: "type macvlan macaddr set " + mac1.String() + " " + mac2.String(), // iproute2 sets them afterwards
		},
		{
			name: "macvtap",
			kind: &Macvtap{Mode: MacvlanBridge, BroadcastQueueLen: new(uint32(0))},
			over: true,
			ip:   "type macvtap mode bridge bcqueuelen 0",
		},
		{
			name: "vlan",
			kind: &VLAN{
				ID: 4094, Protocol: VLAN8021AD, ReorderHeader: new(false), LooseBinding: new(true),
				EgressQoS: []VLANQoS{{1, 2}, {3, 4}}, IngressQoS: []VLANQoS{{5, 6}},
			},
			over: true,
			ip:   "type vlan proto 802.1ad id 4094 reorder_hdr off loose_binding on egress-qos-map 1:2 3:4 ingress-qos-map 5:6",
		},
		{
			name: "vlanannounced",
			kind: &VLAN{ID: 0, Protocol: VLAN8021Q, ReorderHeader: new(true), GVRP: new(true), MVRP: new(true), LooseBinding: new(false)},
			over: true,
			ip:   "type vlan id 0 gvrp on mvrp on",
		},
	}
}

// withoutBridgeVLAN takes away what a kernel built without VLANs in bridges reports
// and refuses.
func withoutBridgeVLAN(k Kind) {
	if b := k.(*Bridge); b.VLANDefaultPVID == nil {
		b.VLANFiltering, b.MulticastVLANSnooping, b.MST, b.FDBLocalVLAN0 = nil, nil, nil, nil
	}
}

func TestVethPeer(t *testing.T) {
	c, _ := newClient(t)
	other := nstest.New(t)
	c2 := clientIn(t, other)
	ctx := t.Context()
	must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0", WithNetNSFD(other.FD()), WithMTU(1400), WithAddress(mac1), WithTxQueueLen(7),
		WithNumTxQueues(3), WithNumRxQueues(2), WithIndex(99), WithGroup(5), WithARP(false), WithGSOMaxSize(60000))},
		WithIndex(42), WithMTU(1300), WithAddress(mac2)))
	v, err := Get(ctx, c, Index(42))
	must(t, err)
	p, err := Get(ctx, c2, Name("p0"))
	must(t, err)
	if v.Name != "v0" || v.MTU != 1300 || v.Address.String() != mac2.String() || v.Parent != 99 || v.ParentNSID == nil {
		t.Errorf("got %+v", v)
	}
	rxQueues := uint32(2)
	if v.NumRxQueues == 0 { // a kernel for one processor does not say
		rxQueues = 0
	}
	if p.Index != 99 || p.MTU != 1400 || p.Address.String() != mac1.String() || p.TxQueueLen != 7 || p.NumTxQueues != 3 ||
		p.NumRxQueues != rxQueues || p.Group != 5 || !p.Flags.Has(FlagNoARP) || p.GSOMaxSize != 60000 || p.Parent != 42 {
		t.Errorf("got %+v", p)
	}
	if _, ok := KindAs[*Veth](p); !ok {
		t.Errorf("the peer is a %T", p.Kind)
	}
	// The kernel's word about the peer has the peer in its path.
	err = Add(ctx, c, "v1", &Veth{Peer: NewPeer("p1", WithRawAttr(uapi.IFLA_TSO_MAX_SIZE, make([]byte, 4)))})
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA.VETH_INFO_PEER.IFLA_TSO_MAX_SIZE" {
		t.Errorf("got %v (attribute %q)", err, e.Attr)
	}
}

func TestVethPeerByNamespaceName(t *testing.T) {
	withNamedNetNS(t, func(c *nlkit.Client, other *nlkit.Client, name string) {
		ctx := t.Context()
		must(t, Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0", WithNetNS(name))}))
		_, err := Get(ctx, other, Name("p0"))
		must(t, err)
		must(t, Set(ctx, c, Name("v0"), WithNetNS(name), WithNewIndex(77)))
		l, err := Get(ctx, other, Index(77))
		must(t, err)
		if l.Name != "v0" {
			t.Errorf("got %+v", l)
		}
		b := c.NewBatch()
		must(t, Add(ctx, b, "v1", &Veth{Peer: NewPeer("p1", WithNetNS(name))}, WithNetNS(name)))
		must(t, Add(ctx, b, "v2", &Veth{}, WithNetNS(name)))
		must(t, b.Send(ctx))
		for _, n := range []string{"v1", "p1", "v2"} {
			_, err := Get(ctx, other, Name(n))
			must(t, err)
		}
	})
}

// What can be changed of a VXLAN link can be changed back, to zero too.
func TestVXLANChange(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "vx0", &VXLAN{VNI: 42, Remote: netip.MustParseAddr("2001:db8::9")})
	change := func(v VXLAN) {
		t.Helper()
		must(t, Set(ctx, c, Name("vx0"), WithKind(&v)))
		l, err := Get(ctx, c, Name("vx0"))
		must(t, err)
		sameKind(t, "changed", &v, l.Kind)
	}
	change(VXLAN{TTL: new(uint8(9)), TOS: new(uint8(8)), DF: new(VXLANDFSet), Label: new(uint32(7))})
	change(VXLAN{TTL: new(uint8(0)), TOS: new(uint8(0)), DF: new(VXLANDFUnset), Label: new(uint32(0))})
	nstest.NeedKernel(t, "6.8")
	change(VXLAN{LabelPolicy: new(VXLANLabelInherit)})
	change(VXLAN{LabelPolicy: new(VXLANLabelFixed)})
	nstest.NeedKernel(t, "6.17")
	for _, on := range []bool{true, false} { // which the kernel does not report
		must(t, Set(ctx, c, Name("vx0"), WithKind(&VXLAN{MulticastRoute: &on})))
	}
}

func TestChangeKind(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "br0", &Bridge{})
	must(t, Set(ctx, c, Name("br0"), WithKind(&Bridge{AgeingTime: new(time.Duration(0)), MulticastSnooping: new(false)})))
	l, err := Get(ctx, c, Name("br0"))
	must(t, err)
	b, _ := KindAs[*Bridge](l)
	if *b.AgeingTime != 0 || *b.MulticastSnooping || *b.MulticastQueryInterval != 125*time.Second {
		t.Errorf("got %+v", b)
	}

	add(t, c, "vx0", &VXLAN{VNI: 42, Remote: netip.MustParseAddr("10.0.0.9")})
	must(t, Set(ctx, c, Name("vx0"), WithKind(&VXLAN{Learning: new(false), Ageing: new(time.Minute)})))
	l, err = Get(ctx, c, Name("vx0"))
	must(t, err)
	if vx, _ := KindAs[*VXLAN](l); vx.VNI != 42 || *vx.Learning || *vx.Ageing != time.Minute {
		t.Errorf("got %+v", vx)
	}
	err = Set(ctx, c, Name("vx0"), WithKind(&VXLAN{VNI: 43}))
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || !errors.Is(err, errors.ErrUnsupported) || e.Message != "Cannot change VNI" || e.Object != `"vx0"` {
		t.Errorf("got %v", err)
	}

	parent := add(t, c, "v0", &Veth{})
	add(t, c, "mv0", &Macvlan{Mode: MacvlanSource, Sources: []net.HardwareAddr{mac1}}, WithParent(parent.Index))
	for _, tc := range []struct {
		change Macvlan
		want   []net.HardwareAddr
	}{
		{Macvlan{SourceOp: MacvlanAddSource, Sources: []net.HardwareAddr{mac2}}, []net.HardwareAddr{mac1, mac2}},
		{Macvlan{SourceOp: MacvlanDeleteSource, Sources: []net.HardwareAddr{mac1}}, []net.HardwareAddr{mac2}},
		{Macvlan{SourceOp: MacvlanFlushSources}, nil},
	} {
		must(t, Set(ctx, c, Name("mv0"), WithKind(&tc.change)))
		l, err := Get(ctx, c, Name("mv0"))
		must(t, err)
		if mv, _ := KindAs[*Macvlan](l); mv.Mode != MacvlanSource || !reflect.DeepEqual(mv.Sources, tc.want) {
			t.Errorf("%v: got %+v", tc.change.SourceOp, mv)
		}
	}
}
