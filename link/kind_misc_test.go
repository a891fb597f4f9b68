package link

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// miscTables are the tables of kinds that few have in common with others.
var miscTables = kindTests{
	"batadv":    kindTable(batadvAttrs, nothing),
	"caif":      kindTable(caifAttrs, nothing),
	"dsa":       kindTable(dsaAttrs, nothing),
	"ipoib":     kindTable(ipoibAttrs, nothing),
	"netdevsim": kindTable(netdevsimAttrs, nothing),
	"nlmon":     kindTable(nlmonAttrs, nothing),
	"rmnet":     kindTable(rmnetAttrs, attr.AppendUint16(nil, uapi.IFLA_RMNET_MUX_ID, 0)),
	"virt_wifi": kindTable(virtWifiAttrs, nothing),
	"vsockmon":  kindTable(vsockmonAttrs, nothing),
	"wwan":      kindTable(wwanAttrs, attr.AppendUint32(nil, uapi.IFLA_WWAN_LINK_ID, 0)),
}

// miscSamples are those of the kinds in miscTables.
func miscSamples(bed) []sample {
	return []sample{
		{name: "batadv", kind: &Batadv{}, made: &Batadv{Algorithm: BatmanIV}, since: "5.11", ip: "type batadv ra BATMAN_IV"},
		{
			name: "caif",
			kind: &CAIF{Connection: new(uint32(77)), Loopback: new(true)},
			ip:   "type caif",
			byIP: &CAIF{Loopback: new(true)}, // iproute2 has no words for it
		},
		{name: "dsa", kind: &DSA{Conduit: 50}, hardware: true},
		{
			name:     "ipoib",
			kind:     &IPoIB{PKey: 0x8001, Mode: new(IPoIBConnected), UserMulticast: new(true)},
			hardware: true,
		},
		{name: "netdevsim", kind: &Netdevsim{}, hardware: true},
		{name: "nlmon", kind: &NLMon{}, ip: "type nlmon"},
		{
			name: "rmnet",
			kind: &RmNet{
				MuxID: 254, IngressDeaggregation: new(false), IngressCommands: new(true), IngressChecksumV4: new(false), EgressChecksumV4: new(false),
				IngressChecksumV5: new(true), EgressChecksumV5: new(true),
			},
			over: true,
			ip:   "type rmnet mux_id 254",
			byIP: &RmNet{ // iproute2 has no words for the rest
				MuxID: 254, IngressDeaggregation: new(true), IngressCommands: new(false), IngressChecksumV4: new(false), EgressChecksumV4: new(false),
				IngressChecksumV5: new(false), EgressChecksumV5: new(false),
			},
		},
		{name: "virt_wifi", kind: &VirtWifi{}, over: true, ip: "type virt_wifi"},
		{name: "vsockmon", kind: &VSockMon{}, ip: "type vsockmon"},
		{name: "wwan", kind: &WWAN{LinkID: 3}, opts: []AddOption{WithParentDevice("wwan0")}, hardware: true},
	}
}

func TestMiscWords(t *testing.T) {
	words(t, map[string]IPoIBMode{"datagram": 0, "connected": IPoIBConnected, "IPoIBMode(9)": 9})
}

// What no kernel takes is refused before it is sent, with the attribute's name.
func TestMiscRefused(t *testing.T) {
	c, _ := newClient(t)
	for _, tc := range []struct {
		kind Kind
		attr string
	}{
		{&Batadv{Algorithm: "BATMAN\x00"}, "IFLA_BATADV_ALGO_NAME"},
		{&DSA{Conduit: -1}, "IFLA_DSA_CONDUIT"},
		{&RmNet{MuxID: 255}, "IFLA_RMNET_MUX_ID"},
	} {
		err := Add(t.Context(), c, "x0", tc.kind)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA."+tc.attr {
			t.Errorf("%+v: got %v", tc.kind, err)
		}
	}
	for _, kind := range []Kind{&CAIF{}, &IPoIB{}, &NLMon{}, &RmNet{}, &VSockMon{}, &WWAN{}} {
		err := Add(t.Context(), c, "x0", kind, WithAddress(mac1))
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_ADDRESS" {
			t.Errorf("%s with an address: got %v", kind.Kind(), err)
		}
	}
}

// What drivers alone can make no request makes; IP over InfiniBand and wwan need a
// parent.
func TestHardwareKinds(t *testing.T) {
	c, _ := newClient(t)
	for _, kind := range []Kind{&DSA{Conduit: 1}, &Netdevsim{}} {
		if err := Add(t.Context(), c, "x0", kind); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: got %v", kind.Kind(), err)
		}
	}
	b := makeBed(t, c)
	err := Add(t.Context(), c, "x0", &IPoIB{PKey: 0x8001}, WithParent(b.parent))
	if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrNotExist) { // without the module, and with it
		t.Errorf("ipoib over Ethernet: got %v", err)
	}
	err = Add(t.Context(), c, "x0", &WWAN{LinkID: 3}, WithParentDevice("wwan0"))
	if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrNotExist) { // without the module, and with it
		t.Errorf("wwan without a modem: got %v", err)
	}
}

// mesh is what the family "batadv" says of a link.
type mesh struct {
	link      int
	algorithm string
}

var getMesh = genl.Call[mesh, mesh]{
	Op:      "batadv.GetMesh",
	Command: 1, // BATADV_CMD_GET_MESH
	Request: attr.Table[mesh]{attr.U32(3, "BATADV_ATTR_MESH_IFINDEX", func(m *mesh) *int { return &m.link })},
	Reply:   attr.Table[mesh]{attr.String(2, "BATADV_ATTR_ALGO_NAME", func(m *mesh) *string { return &m.algorithm })},
}

// The algorithm is not read back, so generic netlink tells whether it was set.
func TestBatadvAlgorithm(t *testing.T) {
	nstest.NeedKernel(t, "5.11")
	c, _ := newClient(t)
	ctx := t.Context()
	if l := add(t, c, "x0", &Batadv{}); l.Type != TypeEther {
		t.Errorf("got %+v", l)
	}
	if err := Add(ctx, c, "x1", &Batadv{Algorithm: "BATMAN_XXX"}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("an unknown algorithm: got %v", err)
	}
	if err := Set(ctx, c, Name("x0"), WithKind(&Batadv{Algorithm: BatmanIV})); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a change: got %v", err)
	}
	family, err := genl.Resolve(ctx, c, "batadv")
	must(t, err)
	for i, algorithm := range []string{BatmanIV, BatmanV} {
		name := string('a' + rune(i))
		var l Link
		err := Add(ctx, c, name, &Batadv{Algorithm: algorithm}, Into(&l))
		if algorithm == BatmanV && errors.Is(err, fs.ErrInvalid) {
			continue // a kernel may be built without it
		}
		must(t, err)
		m, err := getMesh.Query(ctx, c, family, &mesh{link: l.Index})
		must(t, err)
		if m.algorithm != algorithm {
			t.Errorf("got %q, want %q", m.algorithm, algorithm)
		}
	}
}

func TestCAIFChange(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	l := add(t, c, "x0", &CAIF{})
	if k, _ := KindAs[*CAIF](l); !*k.Loopback || int(*k.Connection) != l.Index {
		t.Errorf("got %+v", k)
	}
	change := &CAIF{Connection: new(uint32(0)), Loopback: new(false)}
	must(t, Set(ctx, c, Name("x0"), WithKind(change)))
	l, err := Get(ctx, c, Name("x0"))
	must(t, err)
	sameKind(t, "changed", change, l.Kind)
}

func TestRmNetChange(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	b := makeBed(t, c)
	add(t, c, "x0", &RmNet{MuxID: 7}, WithParent(b.parent))
	change := &RmNet{MuxID: 8, IngressCommands: new(true)}
	must(t, Set(ctx, c, Name("x0"), WithKind(change)))
	l, err := Get(ctx, c, Name("x0"))
	must(t, err)
	sameKind(t, "changed", &RmNet{MuxID: 8, IngressCommands: new(true), IngressDeaggregation: new(true)}, l.Kind)
	if err := Add(ctx, c, "x1", &RmNet{MuxID: 8}, WithParent(b.parent)); !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a number twice: got %v", err)
	}
}
