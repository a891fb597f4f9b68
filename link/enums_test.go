package link

import (
	"encoding"
	"fmt"
	"testing"
)

func words[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, values map[string]T) {
	t.Helper()
	for want, v := range values {
		if got := fmt.Sprint(v); got != want {
			t.Errorf("%T: got %q, want %q", v, got, want)
		}
		text, err := any(v).(encoding.TextMarshaler).MarshalText()
		var back T
		if err == nil {
			err = P(&back).UnmarshalText(text)
		}
		if err != nil || any(back) != any(v) {
			t.Errorf("%T: %q becomes %v, %v", v, text, back, err)
		}
	}
	var v T
	if P(&v).UnmarshalText([]byte("no such word")) == nil {
		t.Errorf("%T: what is no word becomes %v", v, v)
	}
}

func TestWords(t *testing.T) {
	words(t, map[string]Flags{"0": 0, "up|broadcast|0x80000": FlagUp | FlagBroadcast | 0x80000, "up|loopback|lower_up": FlagUp | FlagLoopback | FlagLowerUp})
	words(t, map[string]OperState{"unknown": 0, "up": OperUp, "lowerlayerdown": OperLowerLayerDown, "OperState(9)": 9})
	words(t, map[string]Mode{"default": 0, "dormant": ModeDormant, "Mode(9)": 9})
	words(t, map[string]HardwareType{
		"ether": TypeEther, "loopback": TypeLoopback, "ieee1394": 24, "pimreg": 779, "ieee802.11": 801, "ieee802.11/prism": 802,
		"ieee802.11/radiotap": 803, "ieee802.15.4": 804, "ieee802.15.4/monitor": 805, "phonet": 820, "phonet_pipe": 821, "caif": 822,
		"6lowpan": 825, "HardwareType(9)": 9,
	})
	words(t, map[string]AddrGenMode{"eui64": 0, "stable_secret": AddrGenStablePrivacy, "AddrGenMode(9)": 9})
	words(t, map[string]Inet6Flags{"0": 0, "rs_sent|ready": Inet6SolicitationSent | Inet6Ready, "0x1": 1})
	words(t, map[string]XDPMode{"none": 0, "xdpgeneric": XDPGeneric, "XDPMode(9)": 9})
	words(t, map[string]VLANProtocol{"802.1Q": VLAN8021Q, "802.1ad": VLAN8021AD, "VLANProtocol(9)": 9})
	words(t, map[string]BridgeSTP{"off": 0, "kernel": STPKernel, "BridgeSTP(9)": 9})
	words(t, map[string]BridgeSTPMode{"auto": 0, "user": STPModeUser, "BridgeSTPMode(9)": 9})
	words(t, map[string]MulticastRouter{"never": 0, "always": MulticastRouterAlways, "MulticastRouter(9)": 9})
	words(t, map[string]VXLANDF{"unset": 0, "inherit": VXLANDFInherit, "VXLANDF(9)": 9})
	words(t, map[string]VXLANLabelPolicy{"fixed": 0, "inherit": VXLANLabelInherit, "VXLANLabelPolicy(9)": 9})
	words(t, map[string]MacvlanMode{"vepa": MacvlanVEPA, "source": MacvlanSource, "MacvlanMode(9)": 9})
	words(t, map[string]MacvlanFlags{"nopromisc|nodst": MacvlanNoPromisc | MacvlanNoDst, "0x8": 8})
	words(t, map[string]MacvlanSourceOp{"set": 0, "flush": MacvlanFlushSources, "MacvlanSourceOp(9)": 9})
	words(t, map[string]BondMode{
		"balance-rr": 0, "active-backup": BondActiveBackup, "balance-xor": BondBalanceXOR, "broadcast": BondBroadcast, "802.3ad": Bond8023AD,
		"balance-tlb": BondBalanceTLB, "balance-alb": BondBalanceALB, "BondMode(9)": 9,
	})
	words(t, map[string]BondPrimaryReselect{"always": 0, "better": BondReselectBetter, "failure": BondReselectFailure, "BondPrimaryReselect(9)": 9})
	words(t, map[string]BondFailOverMAC{"none": 0, "active": BondFailOverActive, "follow": BondFailOverFollow, "BondFailOverMAC(9)": 9})
	words(t, map[string]BondXmitHash{
		"layer2": 0, "layer3+4": BondHashLayer34, "layer2+3": BondHashLayer23, "encap2+3": BondHashEncap23, "encap3+4": BondHashEncap34,
		"vlan+srcmac": BondHashVLANSrcMAC, "BondXmitHash(9)": 9,
	})
	words(t, map[string]BondARPValidate{
		"none": 0, "active": BondValidateActive, "backup": BondValidateBackup, "all": BondValidateAll, "filter": BondValidateFilter,
		"filter_active": BondValidateFilterActive, "filter_backup": BondValidateFilterBackup, "BondARPValidate(9)": 9,
	})
	words(t, map[string]BondARPAllTargets{"any": 0, "all": BondTargetsAll, "BondARPAllTargets(9)": 9})
	words(t, map[string]BondLACPRate{"slow": 0, "fast": LACPFast, "BondLACPRate(9)": 9})
	words(t, map[string]BondADSelect{
		"stable": 0, "bandwidth": ADSelectBandwidth, "count": ADSelectCount, "actor_port_prio": ADSelectPriority, "BondADSelect(9)": 9,
	})
	words(t, map[string]BondPortState{"active": 0, "backup": BondPortBackup, "BondPortState(9)": 9})
	words(t, map[string]BondPortStatus{
		"up": 0, "going_down": BondPortGoingDown, "down": BondPortDown, "going_back": BondPortGoingBack, "BondPortStatus(9)": 9,
	})
	words(t, map[string]LACPState{"0": 0, "active|aggregating|0x100": LACPActivity | LACPAggregation | 0x100, "in_sync|expired": LACPSynchronization | LACPExpired})
	words(t, map[string]LACPChurn{"monitor": 0, "churn": LACPChurnFound, "no_churn": LACPChurnNone, "LACPChurn(9)": 9})
	words(t, map[string]BridgePortState{
		"disabled": 0, "listening": BridgePortListening, "learning": BridgePortLearning, "forwarding": BridgePortForwarding,
		"blocking": BridgePortBlocking, "BridgePortState(9)": 9,
	})
	words(t, map[string]HSRProtocol{"hsr": 0, "prp": HSRProtocolPRP, "HSRProtocol(9)": 9})
	words(t, map[string]IPvlanMode{"l2": 0, "l3": IPvlanL3, "l3s": IPvlanL3S, "IPvlanMode(9)": 9})
	words(t, map[string]IPvlanFlags{"bridge": 0, "private": IPvlanPrivate, "vepa": IPvlanVEPA, "IPvlanFlags(9)": 9})
	words(t, map[string]MACsecCipher{
		"GCM-AES-128": MACsecAES128, "GCM-AES-256": MACsecAES256, "GCM-AES-XPN-128": MACsecAESXPN128, "GCM-AES-XPN-256": MACsecAESXPN256,
		"MACsecCipher(9)": 9,
	})
	words(t, map[string]MACsecValidation{"disabled": 0, "check": MACsecCheck, "strict": MACsecStrict, "MACsecValidation(9)": 9})
	words(t, map[string]MACsecOffload{"off": 0, "phy": MACsecOffloadPHY, "mac": MACsecOffloadMAC, "MACsecOffload(9)": 9})
	words(t, map[string]NetkitMode{"l2": 0, "l3": NetkitL3, "NetkitMode(9)": 9})
	words(t, map[string]NetkitPolicy{"forward": 0, "blackhole": NetkitBlackhole, "NetkitPolicy(9)": 9})
	words(t, map[string]NetkitScrub{"none": 0, "default": NetkitScrubDefault, "NetkitScrub(9)": 9})
	words(t, map[string]NetkitPairing{"pair": 0, "single": NetkitSingle, "NetkitPairing(9)": 9})
	words(t, map[string]TunType{"tun": TunTypeTun, "tap": TunTypeTap, "TunType(9)": 9})
	if got := (MACsecSCI{[6]byte{2, 0x42, 0xac, 0x11, 0, 2}, 1}).String(); got != "0242ac1100020001" {
		t.Errorf("got %q", got)
	}
	words(t, map[string]VFState{"auto": 0, "disable": VFDisable, "VFState(9)": 9})
	words(t, map[string]GUID{"00:11:22:33:44:55:66:77": 0x0011223344556677, "00:00:00:00:00:00:00:00": 0, "ff:ff:ff:ff:ff:ff:ff:ff": 1<<64 - 1})
	words(t, map[string]EventReason{"none": 0, "notify peers": ReasonNotifyPeers, "EventReason(9)": 9})
	words(t, map[string]BridgeVLANFlags{"0": 0, "pvid|untagged": BridgeVLANPVID | BridgeVLANUntagged, "0x8": 8})
	words(t, map[string]StatsGroup{"0": 0, "link|xstats": StatsLink | StatsKind, "0x20": 32})
	words(t, map[string]OffloadSuite{"0": 0, "cpu_hit|l3_stats": OffloadCPUHit | OffloadL3, "0x8": 8})
	id := BridgeID{Priority: 0x8000, Address: [6]byte{2, 0x42, 0xac, 0x11, 0, 2}}
	if got := id.String(); got != "8000.2:42:ac:11:0:2" {
		t.Errorf("got %q", got)
	}
	for s, want := range map[Selector]string{Index(3): "index 3", Name("a"): `"a"`, AltName("b"): `"b"`, {}: "no link"} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
