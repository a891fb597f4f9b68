package link

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// upperTables are the tables of the kinds that stand on another link, and of pairs
// and links of programs.
var upperTables = kindTests{
	"ipvlan": kindTable(ipvlanAttrs, nothing),
	"ipvtap": kindTable(ipvtapAttrs, nothing),
	"macsec": kindTable(macsecAttrs, nothing),
	"netkit": kindTable(netkitAttrs, nothing),
	"tun":    kindTable(tunAttrs, nothing),
}

// upperSamples are those of the kinds in upperTables.
func upperSamples(bed) []sample {
	return []sample{
		{
			name: "ipvlan", kind: &IPvlan{Mode: new(IPvlanL2), Flags: new(IPvlanPrivate)}, over: true,
			ip: "type ipvlan mode l2 private",
		},
		{
			name: "ipvlanl3s", kind: &IPvlan{Mode: new(IPvlanL3S), Flags: new(IPvlanBridge)}, over: true,
			ip: "type ipvlan mode l3s bridge",
		},
		{
			name: "ipvtap", kind: &IPvtap{Mode: new(IPvlanL3), Flags: new(IPvlanVEPA)}, over: true,
			ip: "type ipvtap mode l3 vepa",
		},
		{
			name: "macsec",
			kind: &MACsec{
				SCI: MACsecSCI{[6]byte(mac1), 7}, Cipher: MACsecAES256, ICVLen: 12, EncodingSA: new(uint8(3)), Encrypt: new(true),
				Protect: new(false), SendSCI: new(true), EndStation: new(false), SCB: new(false), ReplayProtect: new(true),
				Window: new(uint32(64)), Validation: new(MACsecCheck), Offload: new(MACsecOffloadOff),
			},
			over: true,
			ip: "type macsec sci 0011223344550007 cipher gcm-aes-256 icvlen 12 encodingsa 3 encrypt on protect off send_sci on " +
				"end_station off scb off replay on window 64 validate check offload off",
		},
		{
			name: "macsecxpn",
			kind: &MACsec{
				Cipher: MACsecAESXPN128, SendSCI: new(false), EndStation: new(true), ReplayProtect: new(true), Window: new(uint32(0)),
				Validation: new(MACsecDisabled),
			},
			over: true,
			// The kernel refuses an SCI that is not sent.
			again: func(k Kind) { k.(*MACsec).SCI = MACsecSCI{} },
			ip:    "type macsec cipher gcm-aes-xpn-128 send_sci off end_station on replay on window 0 validate disabled",
		},
		{
			name: "macsecscb", kind: &MACsec{Cipher: MACsecAES128, SendSCI: new(false), SCB: new(true)}, over: true,
			again: func(k Kind) { k.(*MACsec).SCI = MACsecSCI{} },
			ip:    "type macsec cipher gcm-aes-128 send_sci off scb on",
		},
		{name: "netkit", kind: &Netkit{Mode: new(NetkitL2), Policy: new(NetkitBlackhole), PeerPolicy: new(NetkitBlackhole)}},
		{
			name: "netkitscrub", kind: &Netkit{Mode: new(NetkitL3), Policy: new(NetkitForward), Scrub: new(NetkitScrubNone), PeerScrub: new(NetkitScrubNone)},
			need: needNetkitScrub,
		},
		{
			name: "tun",
			kind: &Tun{
				Type: TunTypeTap, Owner: new(uint32(0)), Group: new(uint32(0)), PacketInfo: true, VnetHeader: true, Persist: true, MultiQueue: true,
			},
			tool: "tuntap add dev x0 mode tap user 0 group 0 pi vnet_hdr multi_queue",
		},
	}
}

// needNetkitScrub skips the test if netkit links have no scrubbing, which stable
// kernels before 6.13 have as well.
func needNetkitScrub(t testing.TB, c *nlkit.Client) {
	t.Helper()
	l := add(t, c, "probe", &Netkit{})
	if k, _ := KindAs[*Netkit](l); k == nil || k.Scrub == nil {
		nstest.Skip(t, "kernel:6.13", "netkit links have no scrubbing")
	}
	must(t, Delete(t.Context(), c, Name("probe")))
}
