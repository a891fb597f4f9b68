package link

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
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
