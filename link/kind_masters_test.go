package link

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// masterTables are the tables of the kinds whose links have ports.
var masterTables = kindTests{
	"bond": kindTable(bondAttrs, nothing),
	"hsr":  kindTable(hsrAttrs, nothing),
	"team": kindTable(teamAttrs, nothing),
	"vrf":  kindTable(vrfAttrs, nothing),
}

// masterSamples are those of the kinds in masterTables, and of bridges with VLANs.
func masterSamples(b bed) []sample {
	lacp := &Bond{
		Mode: new(Bond8023AD), MIIMon: new(100 * time.Millisecond), XmitHash: new(BondHashVLANSrcMAC),
		LACPActive: new(false), LACPRate: new(LACPFast), ADSelect: new(ADSelectBandwidth),
	}
	lacpWords := "type bond mode 802.3ad miimon 100 xmit_hash_policy vlan+srcmac lacp_active off lacp_rate fast ad_select bandwidth"
	if inFirstUserNamespace() { // elsewhere the kernel does not tell them
		lacp.ADSystemPriority, lacp.ADUserPortKey, lacp.ADSystem = 7, new(uint16(1023)), mac2
		lacpWords += " ad_actor_sys_prio 7 ad_user_port_key 1023 ad_actor_system " + mac2.String()
	}
	return []sample{
		{
			name: "bondactivebackup",
			kind: &Bond{
				Mode: new(BondActiveBackup), PrimaryReselect: new(BondReselectFailure), FailOverMAC: new(BondFailOverFollow),
				AllPortsActive: new(true), MinLinks: new(uint32(2)), XmitHash: new(BondHashEncap34), LearningInterval: 7 * time.Second,
				MIIMon: new(50 * time.Millisecond), UpDelay: new(200 * time.Millisecond), DownDelay: new(100 * time.Millisecond),
				PeerNotifyDelay: new(150 * time.Millisecond), UseCarrier: new(true), ARPAllTargets: new(BondTargetsAll), MissedMax: 5,
				NumPeerNotify: new(uint8(3)), ResendIGMP: new(uint32(4)), ADSelect: new(ADSelectCount),
			},
			ip: "type bond mode active-backup primary_reselect failure fail_over_mac follow all_slaves_active 1 min_links 2 " +
				"xmit_hash_policy encap3+4 lp_interval 7 miimon 50 updelay 200 downdelay 100 peer_notify_delay 150 use_carrier 1 " +
				"arp_all_targets all arp_missed_max 5 num_grat_arp 3 resend_igmp 4 ad_select count",
		},
		{
			name: "bondbalancerr",
			kind: &Bond{
				Mode: new(BondBalanceRR), PacketsPerPort: new(uint32(0)), ARPInterval: new(300 * time.Millisecond),
				ARPTargets:  []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")},
				NSTargets:   []netip.Addr{netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("2001:db8::1")},
				ARPValidate: new(BondValidateFilterBackup), MissedMax: 255, NumPeerNotify: new(uint8(0)), ResendIGMP: new(uint32(0)),
			},
			since: "5.18",
			ip: "type bond mode balance-rr packets_per_slave 0 arp_interval 300 arp_ip_target 192.0.2.1,192.0.2.2 " +
				"ns_ip6_target 2001:db8::2,2001:db8::1 arp_validate filter_backup arp_missed_max 255 num_unsol_na 0 resend_igmp 0",
		},
		{name: "bond8023ad", kind: lacp, ip: lacpWords},
		{name: "bondcoupled", kind: &Bond{Mode: new(Bond8023AD), CoupledControl: new(false)}, since: "6.9"},
		{
			name: "bondbalancetlb",
			kind: &Bond{Mode: new(BondBalanceTLB), TLBDynamic: new(false), MIIMon: new(80 * time.Millisecond), UpDelay: new(time.Duration(0))},
			ip:   "type bond mode balance-tlb tlb_dynamic_lb 0 miimon 80 updelay 0",
		},
		{name: "bondbalancealb", kind: &Bond{Mode: new(BondBalanceALB), TLBDynamic: new(true)}, ip: "type bond mode balance-alb"},
		{
			name: "bondbalancexor", kind: &Bond{Mode: new(BondBalanceXOR), XmitHash: new(BondHashLayer34)},
			ip: "type bond mode balance-xor xmit_hash_policy layer3+4",
		},
		{
			name: "bondbroadcast",
			kind: &Bond{Mode: new(BondBroadcast), ARPInterval: new(time.Second), ARPValidate: new(BondValidateAll)},
			ip:   "type bond mode broadcast arp_interval 1000 arp_validate all",
		},
		{
			name: "bridgevlan",
			kind: &Bridge{
				VLANFiltering: new(true), VLANProtocol: VLAN8021AD, VLANDefaultPVID: new(uint16(7)), VLANStats: new(true),
				VLANStatsPerPort: new(true), MulticastVLANSnooping: new(true), MST: new(true),
			},
			since: "5.18", need: needBridgeVLAN,
			ip: "type bridge vlan_filtering 1 vlan_protocol 802.1ad vlan_default_pvid 7 vlan_stats_enabled 1 vlan_stats_per_port 1 " +
				"mcast_vlan_snooping 1",
			byIP: &Bridge{ // iproute2 6.1 has no word for MST
				VLANFiltering: new(true), VLANProtocol: VLAN8021AD, VLANDefaultPVID: new(uint16(7)), VLANStats: new(true),
				VLANStatsPerPort: new(true), MulticastVLANSnooping: new(true), MST: new(false),
			},
		},
		{
			name: "bridgenovlan", kind: &Bridge{VLANFiltering: new(true), VLANDefaultPVID: new(uint16(0)), VLANStats: new(false)},
			need: needBridgeVLAN, ip: "type bridge vlan_filtering 1 vlan_default_pvid 0 vlan_stats_enabled 0",
		},
		{
			name: "bridgefdb", kind: &Bridge{FDBMaxLearned: new(uint32(100))}, since: "6.7",
			again: withoutBridgeVLAN,
		},
		{name: "team", kind: &Team{}, ip: "type team"},
		{name: "vrf", kind: &VRF{Table: 1001}, ip: "type vrf table 1001"},
		{
			name: "hsr", kind: &HSR{PortA: b.parent, PortB: b.second},
			ip: "type hsr slave1 parent slave2 second",
		},
		{
			name: "hsrprp", kind: &HSR{PortA: b.second, PortB: b.parent, Protocol: HSRProtocolPRP},
			ip: "type hsr slave1 second slave2 parent proto 1",
		},
	}
}

// needBridgeVLAN skips the test if bridges have no VLANs.
func needBridgeVLAN(t testing.TB, c *nlkit.Client) {
	t.Helper()
	err := Add(t.Context(), c, "probe", &Bridge{VLANFiltering: new(true)})
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "kind:bridge-vlan", "%v", err)
	}
	must(t, err)
	must(t, Delete(t.Context(), c, Name("probe")))
}

// inFirstUserNamespace reports whether root here is root of the machine.
func inFirstUserNamespace() bool {
	b, _ := os.ReadFile("/proc/self/uid_map")
	return slices.Equal(strings.Fields(string(b)), []string{"0", "0", "4294967295"})
}

// The words of bonds that have been wrong elsewhere.
func TestBondValidateAllIsAll(t *testing.T) {
	if got := BondValidateAll.String(); got != "all" {
		t.Errorf("got %q", got)
	}
	if BondValidateAll != BondValidateActive|BondValidateBackup {
		t.Errorf("all is %d", BondValidateAll)
	}
}

func TestBondFailOverMACWords(t *testing.T) {
	for i, want := range []string{"none", "active", "follow", "BondFailOverMAC(3)"} {
		if got := BondFailOverMAC(i).String(); got != want {
			t.Errorf("%d: got %q, want %q", i, got, want)
		}
	}
}

func TestBondBalanceTLBWord(t *testing.T) {
	if got := BondBalanceTLB.String(); got != "balance-tlb" {
		t.Errorf("got %q", got)
	}
}

// iproute2 has the same words for bonds.
func TestBondWordsOfIP(t *testing.T) {
	c, ns := newClient(t)
	said := func(kind *Bond, want map[string]any) {
		t.Helper()
		add(t, c, sampleLink, kind)
		info, _ := ipInfo(t, ns, sampleLink).(map[string]any)
		for key, word := range want {
			if got := fmt.Sprint(info[key]); got != fmt.Sprint(word) {
				t.Errorf("%s: ip says %s, not %v", key, got, word)
			}
		}
		must(t, Delete(t.Context(), c, Name(sampleLink)))
	}
	for m := BondBalanceRR; m <= BondBalanceALB; m++ {
		fom, reselect, hash := BondFailOverMAC(m%3), BondPrimaryReselect(m%3), BondXmitHash(m%6)
		sel, targets := BondADSelect(m%3), BondARPAllTargets(m%2)
		said(&Bond{Mode: &m, FailOverMAC: &fom, PrimaryReselect: &reselect, XmitHash: &hash, ADSelect: &sel, ARPAllTargets: &targets}, map[string]any{
			"mode": m, "fail_over_mac": fom, "primary_reselect": reselect, "xmit_hash_policy": hash, "ad_select": sel, "arp_all_targets": targets,
		})
	}
	for v := BondValidateActive; v <= BondValidateFilterBackup; v++ {
		said(&Bond{ARPInterval: new(time.Second), ARPValidate: &v}, map[string]any{"arp_validate": v})
	}
	said(&Bond{Mode: new(Bond8023AD), LACPRate: new(LACPSlow)}, map[string]any{"ad_lacp_rate": LACPSlow})
	said(&Bond{Mode: new(Bond8023AD), LACPRate: new(LACPFast)}, map[string]any{"ad_lacp_rate": LACPFast})
}

// What is refused of these kinds and of ports before anything is sent.
func TestRefusedMasters(t *testing.T) {
	d := refuser{t}
	add := func(kind Kind) error { return Add(t.Context(), d, "x0", kind) }
	set := func(opts ...SetOption) error { return Set(t.Context(), d, Index(1), opts...) }
	addrs := func(list ...string) (as []netip.Addr) {
		for _, s := range list {
			as = append(as, netip.MustParseAddr(s))
		}
		return as
	}
	ms := new(100 * time.Millisecond)
	off := new(time.Duration(0))
	const data, port = "IFLA_LINKINFO.IFLA_INFO_DATA.", "IFLA_LINKINFO.IFLA_INFO_SLAVE_DATA"
	for _, tc := range []struct {
		name string
		err  error
		attr string
	}{
		{"carrier and ARP", add(&Bond{MIIMon: ms, ARPInterval: ms}), data + "IFLA_BOND_ARP_INTERVAL"},
		{"carrier and answers to ARP", add(&Bond{MIIMon: ms, ARPValidate: new(BondValidateAll)}), data + "IFLA_BOND_ARP_VALIDATE"},
		{"delay up without checks", add(&Bond{MIIMon: off, UpDelay: ms}), data + "IFLA_BOND_UPDELAY"},
		{"delay down without checks", add(&Bond{MIIMon: off, DownDelay: ms}), data + "IFLA_BOND_DOWNDELAY"},
		{"delay of notices without checks", add(&Bond{MIIMon: off, PeerNotifyDelay: ms}), data + "IFLA_BOND_PEER_NOTIF_DELAY"},
		{"LACP without LACP", add(&Bond{Mode: new(BondActiveBackup), LACPRate: new(LACPFast)}), data + "IFLA_BOND_AD_LACP_RATE"},
		{"LACP system without LACP", set(WithKind(&Bond{Mode: new(BondBalanceRR), ADSystem: mac1})), data + "IFLA_BOND_AD_ACTOR_SYSTEM"},
		{"LACP priority without LACP", add(&Bond{Mode: new(BondBalanceTLB), ADSystemPriority: 1}), data + "IFLA_BOND_AD_ACTOR_SYS_PRIO"},
		{"ARP with LACP", add(&Bond{Mode: new(Bond8023AD), ARPInterval: ms}), data + "IFLA_BOND_ARP_INTERVAL"},
		{"missed probes with LACP", add(&Bond{Mode: new(Bond8023AD), MissedMax: 1}), data + "IFLA_BOND_MISSED_MAX"},
		{"primary of many", add(&Bond{Mode: new(BondBalanceXOR), Primary: new(1)}), data + "IFLA_BOND_PRIMARY"},
		{"packets in turn without turns", add(&Bond{Mode: new(BondBroadcast), PacketsPerPort: new(uint32(1))}), data + "IFLA_BOND_PACKETS_PER_SLAVE"},
		{"packets in turn", add(&Bond{PacketsPerPort: new(uint32(65536))}), data + "IFLA_BOND_PACKETS_PER_SLAVE"},
		{"port key", add(&Bond{ADUserPortKey: new(uint16(1024))}), data + "IFLA_BOND_AD_USER_PORT_KEY"},
		{"memberships", add(&Bond{ResendIGMP: new(uint32(256))}), data + "IFLA_BOND_RESEND_IGMP"},
		{"negative delay", add(&Bond{UpDelay: new(-time.Second)}), data + "IFLA_BOND_UPDELAY"},
		{"negative primary", add(&Bond{Primary: new(-1)}), data + "IFLA_BOND_PRIMARY"},
		{"address of an LACP system", add(&Bond{ADSystem: mac1[:4]}), data + "IFLA_BOND_AD_ACTOR_SYSTEM"},
		{"too many targets", add(&Bond{ARPTargets: make([]netip.Addr, 17)}), data + "IFLA_BOND_ARP_IP_TARGET"},
		{"no target", add(&Bond{ARPTargets: make([]netip.Addr, 1)}), data + "IFLA_BOND_ARP_IP_TARGET"},
		{"IPv6 target for ARP", add(&Bond{ARPTargets: addrs("2001:db8::1")}), data + "IFLA_BOND_ARP_IP_TARGET"},
		{"target twice", add(&Bond{ARPTargets: addrs("192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1")}), data + "IFLA_BOND_ARP_IP_TARGET"},
		{"IPv4 target for neighbour discovery", add(&Bond{NSTargets: addrs("192.0.2.1")}), data + "IFLA_BOND_NS_IP6_TARGET"},
		{"target with a zone", add(&Bond{NSTargets: addrs("fe80::1%eth0")}), data + "IFLA_BOND_NS_IP6_TARGET"},
		{"ring of one port", add(&HSR{PortA: 5, PortB: 5}), data + "IFLA_HSR_SLAVE2"},
		{"interlink in the ring", add(&HSR{PortA: 5, PortB: 6, Interlink: 6}), data + "IFLA_HSR_INTERLINK"},
		{"negative port", add(&HSR{PortA: -5}), data + "IFLA_HSR_SLAVE1"},
		{"cost of a port", set(WithPort(&BridgePort{Cost: 65536})), port + ".IFLA_BRPORT_COST"},
		{"priority of a port", set(WithPort(&BridgePort{Priority: new(uint16(64))})), port + ".IFLA_BRPORT_PRIORITY"},
		{"bypass of an open port", set(WithPort(&BridgePort{MAB: new(true), Locked: new(false)})), port + ".IFLA_BRPORT_MAB"},
		{"bypass without learning", set(WithPort(&BridgePort{MAB: new(true), Learning: new(false)})), port + ".IFLA_BRPORT_MAB"},
		{"negative backup", set(WithPort(&BridgePort{BackupPort: new(-1)})), port + ".IFLA_BRPORT_BACKUP_PORT"},
		{"settings of a VRF's port", set(WithPort(&VRFPort{Table: 5})), port},
		{"settings of a team's port", set(WithPort(&TeamPort{})), port},
		{"nil port", set(WithPort((*BridgePort)(nil))), "IFLA_LINKINFO.IFLA_INFO_SLAVE_KIND"},
		{"no port", set(WithPort(nil)), "IFLA_LINKINFO.IFLA_INFO_SLAVE_KIND"},
		{"no kind", set(WithKind(nil)), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"port without a name", set(WithPort(&UnknownPort{})), "IFLA_LINKINFO.IFLA_INFO_SLAVE_KIND"},
		{"master and port", set(WithMaster(3), WithPort(&BridgePort{Cost: 1})), port},
		{"no master and port", set(WithNoMaster(), WithPort(&BridgePort{Cost: 1})), port},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, tc.err, tc.attr, fs.ErrInvalid) })
	}
}

// bondWithPorts makes a bond "m0" with two ports that have a carrier, at portIndex and
// otherIndex.
func bondWithPorts(t *testing.T, c *nlkit.Client, kind *Bond) {
	t.Helper()
	portSample{master: kind}.make(t, c)
	setUp(t, c, otherIndex)
}

// A bond without ports that is down can change everything.
func TestChangeBond(t *testing.T) {
	c, _ := newClient(t)
	add(t, c, "m0", &Bond{Mode: new(BondActiveBackup), MIIMon: new(100 * time.Millisecond), UpDelay: new(time.Second)})
	read := func() *Bond {
		t.Helper()
		l, err := Get(t.Context(), c, Name("m0"))
		must(t, err)
		b, _ := KindAs[*Bond](l)
		return b
	}
	change := func(kind *Bond) *Bond {
		t.Helper()
		must(t, Set(t.Context(), c, Name("m0"), WithKind(kind)))
		b := read()
		sameKind(t, "changed", kind, b)
		return b
	}
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

	// A setting of another mode is not read; one that was set before stays set.
	b := change(&Bond{Mode: new(Bond8023AD), LACPActive: new(false), LACPRate: new(LACPFast), ADSelect: new(ADSelectCount)})
	if *b.MIIMon != 100*time.Millisecond || *b.UpDelay != time.Second || b.PacketsPerPort != nil || b.ARPInterval != nil || b.ARPValidate != nil ||
		b.MissedMax != 0 || b.TLBDynamic != nil || b.ADSystem != nil || b.ADInfo != nil {
		t.Errorf("got %+v", b)
	}
	b = change(&Bond{
		Mode: new(BondBalanceRR), ARPInterval: new(time.Second), ARPTargets: []netip.Addr{one, two}, ARPValidate: new(BondValidateActive),
		PacketsPerPort: new(uint32(9)),
	})
	if *b.MIIMon != 0 || b.UpDelay != nil || b.LACPRate != nil || b.LACPActive != nil || *b.ADSelect != ADSelectCount {
		t.Errorf("got %+v", b)
	}
	change(&Bond{ARPTargets: []netip.Addr{two}})
	if b = change(&Bond{ARPAllTargets: new(BondTargetsAll)}); !slices.Equal(b.ARPTargets, []netip.Addr{two}) {
		t.Errorf("targets that were not mentioned are %v", b.ARPTargets)
	}
	must(t, Set(t.Context(), c, Name("m0"), WithKind(&Bond{ARPTargets: []netip.Addr{}})))
	if b = read(); b.ARPTargets != nil || *b.ARPInterval != time.Second {
		t.Errorf("got %+v", b)
	}
	// Checks of the carrier end those by ARP.
	b = change(&Bond{MIIMon: new(20 * time.Millisecond), DownDelay: new(40 * time.Millisecond)})
	if *b.ARPInterval != 0 || *b.ARPValidate != BondValidateNone {
		t.Errorf("got %+v", b)
	}
}

// What the kernel refuses has the name of the attribute.
func TestBondErrors(t *testing.T) {
	c, _ := newClient(t)
	bondWithPorts(t, c, &Bond{Mode: new(BondActiveBackup), MIIMon: new(100 * time.Millisecond)})
	add(t, c, "m1", &Bond{}, Up())
	nstest.NeedKernel(t, "6.0") // older ones don't say which
	ctx := t.Context()
	for _, tc := range []struct {
		name string
		err  error
		want error
		attr string
	}{
		{"mode with ports", Set(ctx, c, Name("m0"), WithKind(&Bond{Mode: new(BondBalanceRR)})), syscall.ENOTEMPTY, "IFLA_BOND_MODE"},
		{"addresses with ports", Set(ctx, c, Name("m0"), WithKind(&Bond{FailOverMAC: new(BondFailOverActive)})), syscall.ENOTEMPTY, "IFLA_BOND_FAIL_OVER_MAC"},
		{"mode when up", Set(ctx, c, Name("m1"), WithKind(&Bond{Mode: new(BondActiveBackup)})), syscall.EBUSY, "IFLA_BOND_MODE"},
		{"setting of another mode", Set(ctx, c, Name("m0"), WithKind(&Bond{LACPRate: new(LACPFast)})), syscall.EACCES, "IFLA_BOND_AD_LACP_RATE"},
		{"unknown value", Add(ctx, c, "m2", &Bond{XmitHash: new(BondXmitHash(99))}), fs.ErrInvalid, "IFLA_BOND_XMIT_HASH_POLICY"},
		{"unknown mode", Add(ctx, c, "m2", &Bond{Mode: new(BondMode(99)), LACPRate: new(LACPFast)}), fs.ErrInvalid, "IFLA_BOND_MODE"},
		{"active port that is none", Set(ctx, c, Name("m0"), WithKind(&Bond{ActivePort: new(masterIndex)})), fs.ErrInvalid, "IFLA_BOND_ACTIVE_SLAVE"},
		{"delay without checks", Add(ctx, c, "m2", &Bond{UpDelay: new(time.Second)}), syscall.EPERM, ""},
		{
			"long pause between notices", Add(ctx, c, "m2", &Bond{MIIMon: new(time.Second), PeerNotifyDelay: new(301 * time.Second)}),
			fs.ErrInvalid, "IFLA_BOND_PEER_NOTIF_DELAY",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, ok := errors.AsType[*nlkit.Error](tc.err)
			if !ok || !errors.Is(tc.err, tc.want) {
				t.Fatalf("got %v, want %v", tc.err, tc.want)
			}
			if want := "IFLA_LINKINFO.IFLA_INFO_DATA." + tc.attr; tc.attr != "" && (e.Attr != want || e.Message == "") {
				t.Errorf("got %v (attribute %q)", e, e.Attr)
			}
		})
	}
}

// Which port is active, and which would best be.
func TestBondActivePort(t *testing.T) {
	c, _ := newClient(t)
	bondWithPorts(t, c, &Bond{Mode: new(BondActiveBackup), MIIMon: new(10 * time.Millisecond)})
	ctx := t.Context()
	active := func(what string, want, primary int) {
		t.Helper()
		l, err := Get(ctx, c, Name("m0"))
		must(t, err)
		b, _ := KindAs[*Bond](l)
		if b.ActivePort == nil || *b.ActivePort != want || (b.Primary == nil) != (primary == 0) || primary != 0 && *b.Primary != primary {
			t.Errorf("%s: got %+v", what, b)
		}
		for index, state := range map[int]BondPortState{want: BondPortActive, portIndex + otherIndex - want: BondPortBackup} {
			l, err := Get(ctx, c, Index(index))
			must(t, err)
			if p, ok := PortAs[*BondPort](l); !ok || p.State != state || p.MIIStatus != BondPortUp || p.PermAddress.String() != mac2.String() || l.Master != masterIndex {
				t.Errorf("%s: port %d is %+v", what, index, l.Port)
			}
		}
	}
	must(t, Set(ctx, c, Name("m0"), WithKind(&Bond{ActivePort: new(otherIndex)})))
	active("set", otherIndex, 0)
	must(t, Set(ctx, c, Name("m0"), WithKind(&Bond{Primary: new(portIndex)})))
	active("primary", portIndex, portIndex)
	must(t, Set(ctx, c, Name("m0"), WithKind(&Bond{Primary: new(0), ActivePort: new(0)})))
	l, err := Get(ctx, c, Name("m0"))
	must(t, err)
	if b, _ := KindAs[*Bond](l); b.Primary != nil || b.ActivePort == nil { // the kernel chose one
		t.Errorf("none: got %+v", b)
	}
}

// In mode 802.3ad there is an aggregator.
func TestBondAggregator(t *testing.T) {
	c, _ := newClient(t)
	bondWithPorts(t, c, &Bond{Mode: new(Bond8023AD), LACPRate: new(LACPFast)})
	l := setUp(t, c, masterIndex)
	b, _ := KindAs[*Bond](l)
	if b == nil || b.ADInfo == nil || b.ADInfo.Aggregator == 0 || b.ADInfo.NumPorts == 0 || len(b.ADInfo.PartnerAddress) != 6 {
		t.Fatalf("got %+v", b)
	}
	var found bool
	for _, index := range []int{portIndex, otherIndex} {
		l, err := Get(t.Context(), c, Index(index))
		must(t, err)
		p, _ := PortAs[*BondPort](l)
		found = found || p.Aggregator == b.ADInfo.Aggregator && p.ActorState.Has(LACPActivity|LACPShortTimeout)
	}
	if !found {
		t.Error("no port is in the aggregator")
	}
}

// Since Linux 6.18 the kernel no longer asks the hardware itself.
func TestBondUseCarrier(t *testing.T) {
	c, _ := newClient(t)
	add(t, c, "m0", &Bond{})
	err := Set(t.Context(), c, Name("m0"), WithKind(&Bond{UseCarrier: new(false)}))
	if errors.Is(err, fs.ErrInvalid) {
		nstest.NeedKernel(t, "6.18")
		return
	}
	must(t, err)
	l, err := Get(t.Context(), c, Name("m0"))
	must(t, err)
	if b, _ := KindAs[*Bond](l); *b.UseCarrier {
		t.Errorf("got %+v", b)
	}
}

func TestHSR(t *testing.T) {
	c, _ := newClient(t)
	b := makeBed(t, c)
	ctx := t.Context()
	l := add(t, c, "hsr0", &HSR{PortA: b.parent, PortB: b.second, Version: 1, Supervision: 0x2a})
	if h, _ := KindAs[*HSR](l); h.SupervisionAddress.String() != "01:15:4e:00:01:2a" || h.Sequence == 0 || h.Protocol != HSRProtocolHSR {
		t.Errorf("got %+v", h)
	}
	must(t, Delete(ctx, c, Name("hsr0")))
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", Add(ctx, c, "hsr0", &HSR{}), "No slave devices specified"},
		{"one port", Add(ctx, c, "hsr0", &HSR{PortA: b.parent}), "Slave2 device not specified"},
		{"version 2", Add(ctx, c, "hsr0", &HSR{PortA: b.parent, PortB: b.second, Version: 2}), "Only HSR version 0/1 supported"},
		{"PRP with a version", Add(ctx, c, "hsr0", &HSR{PortA: b.parent, PortB: b.second, Protocol: HSRProtocolPRP, Version: 1}), "PRP version unsupported"},
	} {
		if e, ok := errors.AsType[*nlkit.Error](tc.err); !ok || !errors.Is(tc.err, fs.ErrInvalid) || !strings.Contains(e.Message, tc.want) {
			t.Errorf("%s: got %v", tc.name, tc.err)
		}
	}

	nstest.NeedKernel(t, "6.10")
	third := add(t, c, "third", &Veth{}, Up())
	add(t, c, "hsr0", &HSR{PortA: b.parent, PortB: b.second, Interlink: third.Index, Version: 1})
	third, err := Get(ctx, c, Index(third.Index))
	must(t, err)
	if third.Promiscuity != 1 { // the kernel tells of it in no other way
		t.Errorf("got %+v", third)
	}
	err = Set(ctx, c, Name("hsr0"), WithKind(&HSR{PortA: b.second}))
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a change: got %v", err)
	}
}

func TestVRF(t *testing.T) {
	c, _ := newClient(t)
	add(t, c, "vrf0", &VRF{Table: rtnl.TableMain})
	err := Add(t.Context(), c, "vrf1", &VRF{})
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Message != "VRF table id is missing" {
		t.Errorf("no table: got %v", err)
	}
	if err := Set(t.Context(), c, Name("vrf0"), WithKind(&VRF{Table: 8})); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a change: got %v", err)
	}
}

// The VLANs of a bridge itself, which stands in for its ports.
func TestVLANBridgeBinding(t *testing.T) {
	c, ns := newClient(t)
	br := add(t, c, "br0", &Bridge{})
	l := add(t, c, sampleLink, &VLAN{ID: 5, BridgeBinding: new(true)}, WithParent(br.Index))
	if v, _ := KindAs[*VLAN](l); !*v.BridgeBinding || *v.GVRP || *v.MVRP || *v.LooseBinding || !*v.ReorderHeader {
		t.Errorf("got %+v", v)
	}
	described := ipInfo(t, ns, sampleLink)
	must(t, Delete(t.Context(), c, Name(sampleLink)))
	ns.Run(t, "ip", "link", "add", "link", "br0", sampleLink, "type", "vlan", "id", "5", "bridge_binding", "on")
	sameInfo(t, "made by ip", described, ipInfo(t, ns, sampleLink))
	must(t, Set(t.Context(), c, Name(sampleLink), WithKind(&VLAN{ID: 5, BridgeBinding: new(false)})))
	l, err := Get(t.Context(), c, Name(sampleLink))
	must(t, err)
	if v, _ := KindAs[*VLAN](l); *v.BridgeBinding {
		t.Errorf("got %+v", v)
	}
}
