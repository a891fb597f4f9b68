package link

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
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
				Window: new(uint32(64)), Validation: new(MACsecCheck),
			},
			over: true,
			ip: "type macsec sci 0011223344550007 cipher gcm-aes-256 icvlen 12 encodingsa 3 encrypt on protect off send_sci on " +
				"end_station off scb off replay on window 64 validate check",
		},
		{
			name: "macsecoffload", kind: &MACsec{Offload: new(MACsecOffloadOff)}, over: true, since: "6.3",
			ip: "type macsec offload off",
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
			need: needTun, tool: "tuntap add dev x0 mode tap user 0 group 0 pi vnet_hdr multi_queue",
		},
	}
}

// needTun skips the test if there is no tun, or not for an ordinary user.
func needTun(t testing.TB, _ *nlkit.Client) {
	t.Helper()
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		nstest.Skip(t, "kind:tun", "%v", err)
	}
	must(t, f.Close())
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

// What is refused of these kinds before anything is sent.
func TestRefusedUppers(t *testing.T) {
	d := refuser{t}
	add := func(kind Kind) error { return Add(t.Context(), d, "x0", kind) }
	sci := MACsecSCI{Port: 1}
	const data = "IFLA_LINKINFO.IFLA_INFO_DATA"
	for _, tc := range []struct {
		name string
		err  error
		attr string
		want error
	}{
		{"tun", add(&Tun{Type: TunTypeTun}), data, errors.ErrUnsupported},
		{"change of a tun", Set(t.Context(), d, Index(1), WithKind(&Tun{})), data, errors.ErrUnsupported},
		{"SCI and port", add(&MACsec{SCI: sci, Port: 2}), data + ".IFLA_MACSEC_PORT", fs.ErrInvalid},
		{"SCI that is not sent", add(&MACsec{SCI: sci, SendSCI: new(false)}), data + ".IFLA_MACSEC_INC_SCI", fs.ErrInvalid},
		{"short check value", add(&MACsec{ICVLen: 7}), data + ".IFLA_MACSEC_ICV_LEN", fs.ErrInvalid},
		{"long check value", add(&MACsec{ICVLen: 17}), data + ".IFLA_MACSEC_ICV_LEN", fs.ErrInvalid},
		{"end station with SCI", add(&MACsec{SendSCI: new(true), EndStation: new(true)}), data + ".IFLA_MACSEC_ES", fs.ErrInvalid},
		{"broadcast with SCI", add(&MACsec{SendSCI: new(true), SCB: new(true)}), data + ".IFLA_MACSEC_SCB", fs.ErrInvalid},
		{"broadcast of an end station", add(&MACsec{EndStation: new(true), SCB: new(true)}), data + ".IFLA_MACSEC_SCB", fs.ErrInvalid},
		{"replay without a window", add(&MACsec{ReplayProtect: new(true)}), data + ".IFLA_MACSEC_WINDOW", fs.ErrInvalid},
		{"fifth association", add(&MACsec{EncodingSA: new(uint8(4))}), data + ".IFLA_MACSEC_ENCODING_SA", fs.ErrInvalid},
		{"single with a peer", add(&Netkit{Pairing: NetkitSingle, Peer: NewPeer("p")}), data + ".IFLA_NETKIT_PAIRING", fs.ErrInvalid},
		{"single with a policy of the peer", add(&Netkit{Pairing: NetkitSingle, PeerPolicy: new(NetkitForward)}), data + ".IFLA_NETKIT_PAIRING", fs.ErrInvalid},
		{"MTU of a peer", add(&Netkit{Peer: NewPeer("p", WithMTU(-1))}), data + ".IFLA_NETKIT_PEER_INFO.IFLA_MTU", fs.ErrInvalid},
		{"namespace of a peer", add(&Netkit{Peer: NewPeer("p", WithNetNS("no-such-namespace"))}), data + ".IFLA_NETKIT_PEER_INFO.IFLA_NET_NS_FD", fs.ErrNotExist},
	} {
		t.Run(tc.name, func(t *testing.T) { refused(t, tc.err, tc.attr, tc.want) })
	}
	if err := add(&Tun{}); !strings.Contains(err.Error(), "/dev/net/tun") {
		t.Errorf("got %v", err)
	}
}

func TestNetkitPair(t *testing.T) {
	withNamedNetNS(t, func(c, other *nlkit.Client, name string) {
		ctx := t.Context()
		l := add(t, c, "nk0", &Netkit{
			Mode: new(NetkitL2), PeerPolicy: new(NetkitBlackhole), Peer: NewPeer("nk1", WithNetNS(name), WithMTU(1400), WithAddress(mac1)),
		}, WithMTU(1300), WithAddress(mac2))
		p, err := Get(ctx, other, Name("nk1"))
		must(t, err)
		ends := map[string]*Netkit{}
		for name, l := range map[string]Link{"nk0": l, "nk1": p} {
			k, ok := KindAs[*Netkit](l)
			if !ok {
				t.Fatalf("%s is a %T", name, l.Kind)
			}
			ends[name] = k
		}
		if l.MTU != 1300 || l.Address.String() != mac2.String() || p.MTU != 1400 || p.Address.String() != mac1.String() || l.Parent != p.Index || l.ParentNSID == nil {
			t.Errorf("got %+v and %+v", l, p)
		}
		if a, b := ends["nk0"], ends["nk1"]; !a.Primary || b.Primary || *a.Policy != NetkitForward || *a.PeerPolicy != NetkitBlackhole || *b.Policy != NetkitBlackhole {
			t.Errorf("got %+v and %+v", a, b)
		}
		must(t, Set(ctx, c, Name("nk0"), WithKind(&Netkit{Policy: new(NetkitBlackhole), PeerPolicy: new(NetkitForward)})))
		l, err = Get(ctx, c, Name("nk0"))
		must(t, err)
		if k, _ := KindAs[*Netkit](l); *k.Policy != NetkitBlackhole || *k.PeerPolicy != NetkitForward {
			t.Errorf("got %+v", k)
		}
		const data = "IFLA_LINKINFO.IFLA_INFO_DATA."
		for attr, err := range map[string]error{
			data + "IFLA_NETKIT_MODE":   Set(ctx, c, Name("nk0"), WithKind(&Netkit{Mode: new(NetkitL3)})),
			data + "IFLA_NETKIT_POLICY": Set(ctx, c, Name("nk0"), WithKind(&Netkit{Policy: new(NetkitPolicy(9))})),
			data + "IFLA_NETKIT_PEER_INFO.IFLA_TSO_MAX_SIZE": Add(ctx, c, "nk2", &Netkit{
				Peer: NewPeer("nk3", WithRawAttr(uapi.IFLA_TSO_MAX_SIZE, make([]byte, 4))),
			}),
			"": Set(ctx, other, Name("nk1"), WithKind(&Netkit{Policy: new(NetkitForward)})), // not the primary end
		} {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || e.Attr != attr || e.Message == "" && attr == "" {
				t.Errorf("got %v, want something about %q", err, attr)
			}
		}
	})
}

func TestIPvlanMode(t *testing.T) {
	c, _ := newClient(t)
	b := makeBed(t, c)
	ctx := t.Context()
	add(t, c, "a", &IPvlan{Mode: new(IPvlanL2)}, WithParent(b.parent))
	add(t, c, "b", &IPvlan{Mode: new(IPvlanL2)}, WithParent(b.parent))
	must(t, Set(ctx, c, Name("a"), WithKind(&IPvlan{Mode: new(IPvlanL3), Flags: new(IPvlanVEPA)})))
	l, err := Get(ctx, c, Name("b")) // both are of the parent
	must(t, err)
	if k, _ := KindAs[*IPvlan](l); *k.Mode != IPvlanL3 || *k.Flags != IPvlanVEPA {
		t.Errorf("got %v %v", *k.Mode, *k.Flags)
	}
	must(t, Set(ctx, c, Name("b"), WithKind(&IPvlan{Flags: new(IPvlanBridge)})))
	l, err = Get(ctx, c, Name("a"))
	must(t, err)
	if k, _ := KindAs[*IPvlan](l); *k.Mode != IPvlanL3 || *k.Flags != IPvlanBridge {
		t.Errorf("got %v %v", *k.Mode, *k.Flags)
	}
	if err := Set(ctx, c, Name("a"), WithKind(&IPvlan{Flags: new(IPvlanPrivate | IPvlanVEPA)})); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("both flags: got %v", err)
	}
}

func TestChangeMACsec(t *testing.T) {
	c, _ := newClient(t)
	b := makeBed(t, c)
	ctx := t.Context()
	l := add(t, c, "ms0", &MACsec{Port: 11}, WithParent(b.parent))
	k, _ := KindAs[*MACsec](l)
	if want := (MACsecSCI{[6]byte(l.Address), 11}); k.SCI != want || k.Port != 0 || k.Cipher != MACsecAES128 || k.ICVLen != 16 || k.Window != nil {
		t.Errorf("got %+v", k)
	}
	change := &MACsec{
		EncodingSA: new(uint8(2)), Encrypt: new(true), Protect: new(false), SendSCI: new(false), EndStation: new(true), SCB: new(false),
		ReplayProtect: new(true), Window: new(uint32(9)), Validation: new(MACsecDisabled),
	}
	must(t, Set(ctx, c, Name("ms0"), WithKind(change)))
	l, err := Get(ctx, c, Name("ms0"))
	must(t, err)
	sameKind(t, "changed", change, l.Kind)
	for _, k := range []*MACsec{{Cipher: MACsecAES256}, {ICVLen: 8}, {SCI: MACsecSCI{Port: 5}}, {Port: 5}} {
		if err := Set(ctx, c, Name("ms0"), WithKind(k)); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%+v: got %v", k, err)
		}
	}
	if err := Add(ctx, c, "ms1", &MACsec{Port: 11}, WithParent(b.parent)); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("the same SCI again: got %v", err)
	}
	if err := Add(ctx, c, "ms1", &MACsec{Offload: new(MACsecOffloadMAC)}, WithParent(b.parent)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("hardware that cannot: got %v", err)
	}
}
