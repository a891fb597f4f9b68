package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, bridgeQuerierAttrs)
	attrtest.Covers(t, bridgeQuerierAttrs)
	attrtest.RoundTrip(t, bondADInfoAttrs)
	attrtest.Covers(t, bondADInfoAttrs)
	attrtest.RoundTrip(t, xdpAttrs)
	attrtest.Covers(t, xdpAttrs)
	attrtest.RoundTrip(t, xdpChangeAttrs)
	attrtest.RoundTrip(t, protoDownAttrs)
	attrtest.RoundTrip(t, devlinkAttrs)
	attrtest.Covers(t, devlinkAttrs)
	attrtest.RoundTrip(t, pinAttrs)
	attrtest.RoundTrip(t, mctpAttrs)
	attrtest.Covers(t, mctpAttrs)
	attrtest.RoundTrip(t, inetChangeAttrs)
	attrtest.Covers(t, inetChangeAttrs)
	attrtest.RoundTrip(t, familyChangeAttrs)
	attrtest.RoundTrip(t, vfInfoAttrs)
	attrtest.RoundTrip(t, vfStatsAttrs)
	attrtest.Covers(t, vfStatsAttrs)
	for _, err := range []error{linkAttrs.Check(), changeAttrs.Check(), infoAttrs.Check()} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownKindRoundTrip(t *testing.T) {
	data := attr.AppendUint32(nil, 3, 7)
	info := linkInfo{kind: &Unknown{Name: "flux", Data: data}, port: &UnknownPort{Name: "floe", Data: data}}
	b, err := infoAttrs.Append(nil, &info)
	must(t, err)
	var l Link
	must(t, l.readInfo(b))
	if !reflect.DeepEqual(l.Kind, info.kind) || !reflect.DeepEqual(l.Port, info.port) {
		t.Errorf("got %+v and %+v", l.Kind, l.Port)
	}
	if _, ok := KindAs[*VXLAN](l); ok {
		t.Error("an unknown kind is a VXLAN")
	}
	if _, ok := PortAs[*BridgePort](l); ok {
		t.Error("an unknown port is one of a bridge")
	}
	if u, ok := KindAs[*Unknown](l); !ok || u.Name != "flux" {
		t.Errorf("got %v, %v", u, ok)
	}
}

// Data may stand before the name of the kind.
func TestKindBehindItsData(t *testing.T) {
	b := attr.AppendBytes(nil, uapi.IFLA_INFO_DATA, attr.AppendUint32(nil, uapi.IFLA_VXLAN_ID, 42))
	b = attr.AppendString(b, uapi.IFLA_INFO_KIND, "vxlan")
	var l Link
	must(t, l.readInfo(b))
	if vx, ok := KindAs[*VXLAN](l); !ok || vx.VNI != 42 {
		t.Errorf("got %+v", l.Kind)
	}
}

// wholeMessage is a message that sets every field of a Link.
func wholeMessage(t testing.TB) []byte {
	u8, u16, u32 := attr.AppendUint8, attr.AppendUint16, attr.AppendUint32
	nest := func(b []byte, typ uint16, content []byte) []byte {
		return attr.AppendBytes(b, typ|uapi.NLA_F_NESTED, content)
	}
	b := header{typ: TypeEther, index: 7, flags: FlagUp | 1<<30}.appendTo(nil)
	b = attr.AppendString(b, uapi.IFLA_IFNAME, "eth0")
	b = attr.AppendString(b, uapi.IFLA_IFALIAS, "up link")
	b = attr.AppendString(b, uapi.IFLA_QDISC, "htb")
	for i, typ := range []uint16{
		uapi.IFLA_TXQLEN, uapi.IFLA_MTU, uapi.IFLA_MIN_MTU, uapi.IFLA_MAX_MTU, uapi.IFLA_GROUP, uapi.IFLA_PROMISCUITY,
		uapi.IFLA_ALLMULTI, uapi.IFLA_NUM_TX_QUEUES, uapi.IFLA_NUM_RX_QUEUES, uapi.IFLA_GSO_MAX_SEGS,
		uapi.IFLA_GSO_MAX_SIZE, uapi.IFLA_GRO_MAX_SIZE, uapi.IFLA_GSO_IPV4_MAX_SIZE, uapi.IFLA_GRO_IPV4_MAX_SIZE,
		uapi.IFLA_TSO_MAX_SIZE, uapi.IFLA_TSO_MAX_SEGS, uapi.IFLA_MAX_PACING_OFFLOAD_HORIZON, uapi.IFLA_MASTER,
		uapi.IFLA_LINK, uapi.IFLA_LINK_NETNSID, uapi.IFLA_CARRIER_CHANGES, uapi.IFLA_CARRIER_UP_COUNT,
		uapi.IFLA_CARRIER_DOWN_COUNT, uapi.IFLA_NUM_VF, uapi.IFLA_NEW_NETNSID, uapi.IFLA_NEW_IFINDEX, uapi.IFLA_EVENT,
	} {
		b = u32(b, typ, uint32(1000+i))
	}
	for i, typ := range []uint16{uapi.IFLA_OPERSTATE, uapi.IFLA_LINKMODE, uapi.IFLA_CARRIER, uapi.IFLA_PROTO_DOWN, uapi.IFLA_NETNS_IMMUTABLE} {
		b = u8(b, typ, uint8(1+i))
	}
	b = u16(u16(b, uapi.IFLA_HEADROOM, 64), uapi.IFLA_TAILROOM, 32)
	b = nest(b, uapi.IFLA_PROTO_DOWN_REASON, u32(nil, uapi.IFLA_PROTO_DOWN_REASON_VALUE, 5))
	for i, typ := range []uint16{uapi.IFLA_ADDRESS, uapi.IFLA_BROADCAST, uapi.IFLA_PERM_ADDRESS, uapi.IFLA_PHYS_PORT_ID, uapi.IFLA_PHYS_SWITCH_ID} {
		b = attr.AppendBytes(b, typ, []byte{2, 0, 0, 0, 0, byte(i)})
	}
	b = attr.AppendString(b, uapi.IFLA_PHYS_PORT_NAME, "p0")
	b = attr.AppendString(b, uapi.IFLA_PARENT_DEV_NAME, "0000:03:00.0")
	b = attr.AppendString(b, uapi.IFLA_PARENT_DEV_BUS_NAME, "pci")
	stats := make([]byte, 25*8+8) // one field more than this package knows
	for i := range stats {
		stats[i] = byte(i + 1)
	}
	b = attr.AppendBytes(b, uapi.IFLA_STATS64, stats)
	b = attr.AppendBytes(b, uapi.IFLA_STATS, stats[:96])
	b = attr.AppendBytes(b, uapi.IFLA_MAP, stats[:32])
	xdp := u8(nil, uapi.IFLA_XDP_ATTACHED, uapi.XDP_ATTACHED_MULTI)
	for i, typ := range []uint16{uapi.IFLA_XDP_PROG_ID, uapi.IFLA_XDP_DRV_PROG_ID, uapi.IFLA_XDP_SKB_PROG_ID, uapi.IFLA_XDP_HW_PROG_ID} {
		xdp = u32(xdp, typ, uint32(10+i))
	}
	b = nest(b, uapi.IFLA_XDP, xdp)
	info, err := infoAttrs.Append(nil, &linkInfo{kind: &VXLAN{VNI: 42}, port: &BridgePort{Cost: 2}})
	must(t, err)
	b = nest(b, uapi.IFLA_LINKINFO, info)
	b = nest(b, uapi.IFLA_PROP_LIST, attr.AppendString(attr.AppendString(nil, uapi.IFLA_ALT_IFNAME, "a"), uapi.IFLA_ALT_IFNAME, "b"))
	conf := bytes.Repeat([]byte{1, 0, 0, 0}, 64)
	inet6 := u32(nil, uapi.IFLA_INET6_FLAGS, 0x80000010)
	inet6 = attr.AppendBytes(inet6, uapi.IFLA_INET6_CONF, conf)
	inet6 = attr.AppendBytes(inet6, uapi.IFLA_INET6_CACHEINFO, conf[:16])
	inet6 = attr.AppendBytes(inet6, uapi.IFLA_INET6_STATS, stats[:48])
	inet6 = attr.AppendBytes(inet6, uapi.IFLA_INET6_ICMP6STATS, stats[:64])
	inet6 = attr.AppendAddr(inet6, uapi.IFLA_INET6_TOKEN, netip.MustParseAddr("::7"))
	inet6 = u8(inet6, uapi.IFLA_INET6_ADDR_GEN_MODE, 3)
	inet6 = u32(inet6, uapi.IFLA_INET6_RA_MTU, 1400)
	families := nest(nil, uapi.AF_INET, attr.AppendBytes(nil, uapi.IFLA_INET_CONF, conf))
	families = nest(families, uapi.AF_MCTP, u8(u32(nil, uapi.IFLA_MCTP_NET, 1), uapi.IFLA_MCTP_PHYS_BINDING, 2))
	families = nest(families, uapi.AF_BRIDGE, u32(nil, 1, 1))
	b = nest(b, uapi.IFLA_AF_SPEC, nest(families, uapi.AF_INET6, inet6))
	devlink := attr.AppendString(nil, uapi.DEVLINK_ATTR_BUS_NAME, "pci")
	devlink = attr.AppendString(devlink, uapi.DEVLINK_ATTR_DEV_NAME, "0000:03:00.0")
	b = nest(b, uapi.IFLA_DEVLINK_PORT, u32(devlink, uapi.DEVLINK_ATTR_PORT_INDEX, 3))
	b = nest(b, uapi.IFLA_DPLL_PIN, u32(nil, uapi.DPLL_A_PIN_ID, 0))
	b = nest(b, uapi.IFLA_VFINFO_LIST, kernelVFs(2, fullVF))
	return attr.AppendBytes(b, 1000, []byte{9})
}

func TestDecodeEverything(t *testing.T) {
	var l Link
	must(t, l.decodeFor(wholeMessage(t), everything))
	allSet(t, "Link", reflect.ValueOf(l))
	for _, tc := range []struct{ got, want any }{
		{l.Name, "eth0"}, {l.Index, 7}, {l.Flags.String(), "up|0x40000000"}, {l.AltNames, []string{"a", "b"}},
		{l.MTU, 1001}, {l.Master, 1017}, {*l.ParentNSID, 1019}, {l.Moved, &Moved{1024, 1025}},
		{l.Address, net.HardwareAddr{2, 0, 0, 0, 0, 0}}, {l.PermAddress, net.HardwareAddr{2, 0, 0, 0, 0, 2}},
		{l.Kind, Kind(&VXLAN{VNI: 42})}, {l.ProtoDownReason, uint32(5)}, {l.Inet6.Token, netip.MustParseAddr("::7")},
		{l.Unknown, []attr.Raw{
			{Type: uapi.IFLA_AF_SPEC | uapi.NLA_F_NESTED, Data: attr.AppendBytes(nil, uapi.AF_BRIDGE|uapi.NLA_F_NESTED, attr.AppendUint32(nil, 1, 1))},
			{Type: 1000, Data: []byte{9}},
		}},
		{l.MCTP, &MCTP{Net: 1, Binding: 2}}, {l.Reason, EventReason(1026)},
		{l.Device.Devlink, &DevlinkPort{Bus: "pci", Device: "0000:03:00.0", Port: 3}}, {*l.Device.DPLLPin, uint32(0)},
		{l.Inet6.Stats.IP[1], binary.NativeEndian.Uint64([]byte{9, 10, 11, 12, 13, 14, 15, 16})},
		{l.Inet6.Settings.UpdatedAt, 10 * time.Millisecond}, {l.Inet6.ReachableTime, time.Millisecond},
	} {
		if !reflect.DeepEqual(tc.got, tc.want) {
			t.Errorf("got %+v, want %+v", tc.got, tc.want)
		}
	}
	var bare Link
	must(t, bare.decode(wholeMessage(t), false))
	if bare.Stats != nil || bare.Inet6.Stats != nil || bare.Inet6.Settings != nil || bare.Inet.Settings != nil {
		t.Error("something that was not asked for")
	}
	// Addresses share memory, but none may grow into the next.
	_ = append(l.Address, 0xff)
	if l.Broadcast[0] != 2 {
		t.Error("appending to one address changed another")
	}
}

// allSet fails for every exported field that is zero.
func allSet(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, name := v.Field(i), path+"."+v.Type().Field(i).Name
		if f.IsZero() {
			t.Errorf("%s is not set", name)
			continue
		}
		if f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct {
			allSet(t, name, f.Elem())
		}
	}
}

// decodeByTable does by the table what Link.decode does by hand.
func decodeByTable(b []byte, l *Link) error {
	h, attrs, err := splitHeader(b)
	if err != nil {
		return err
	}
	l.Index, l.Type, l.Flags = h.index, h.typ, h.flags
	err = linkAttrs.Decode(attrs, l)
	l.trimVFs()
	return err
}

func TestDecodersAgree(t *testing.T) {
	for name, b := range fixtures(t) {
		agree(t, name, b)
	}
	agree(t, "everything", wholeMessage(t))
}

func agree(t *testing.T, name string, b []byte) {
	t.Helper()
	var byHand, byTable Link
	if err := byHand.decodeFor(b, everything); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := decodeByTable(b, &byTable); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	// The one difference: flag bits of unknown types, which Scan hides.
	for _, l := range []*Link{&byHand, &byTable} {
		for i := range l.Unknown {
			l.Unknown[i].Type &= 0x3fff
		}
	}
	if !reflect.DeepEqual(byHand, byTable) {
		t.Errorf("%s:\nby hand  %+v\nby table %+v", name, byHand, byTable)
	}
}

func TestDecodeDoesNotKeepTheBuffer(t *testing.T) {
	b := wholeMessage(t)
	var before, after Link
	must(t, before.decodeFor(b, everything))
	must(t, after.decodeFor(append([]byte(nil), b...), everything))
	clear(b)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("a Link changed with the buffer it was read from:\n%+v\n%+v", before, after)
	}
}

func TestMalformedNamesItsAttribute(t *testing.T) {
	head := header{index: 1}.appendTo(nil)
	nest := attr.AppendBytes
	for want, attrs := range map[string][]byte{
		"IFLA_MTU":     nest(nil, uapi.IFLA_MTU, []byte{1, 2, 3}),
		"IFLA_STATS64": nest(nil, uapi.IFLA_STATS64, make([]byte, 80)),
		"IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_ID": nest(nil, uapi.IFLA_LINKINFO, nest(
			attr.AppendString(nil, uapi.IFLA_INFO_KIND, "vxlan"), uapi.IFLA_INFO_DATA, nest(nil, uapi.IFLA_VXLAN_ID, []byte{1, 2, 3}))),
		"IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN": nest(nil, uapi.IFLA_AF_SPEC, nest(nil, uapi.AF_INET6, nest(nil, uapi.IFLA_INET6_TOKEN, []byte{1}))),
	} {
		var l Link
		err := l.decode(append(head[:headerLen:headerLen], attrs...), true)
		bad, ok := errors.AsType[*attr.Error](err)
		if !ok || bad.Path != want || !errors.Is(err, attr.ErrMalformed) {
			t.Errorf("got %v, want a malformed %s", err, want)
		}
	}
	var l Link
	if err := l.decode(head[:15], true); !errors.Is(err, attr.ErrMalformed) {
		t.Errorf("a header cut short: %v", err)
	}
}

func TestPortOfBridgeIsNoEvent(t *testing.T) {
	var e Event
	bridge := header{family: uapi.AF_BRIDGE, index: 3}.appendTo(nil)
	wireless := attr.AppendBytes(header{index: 3}.appendTo(nil), uapi.IFLA_WIRELESS, make([]byte, 8))
	for name, b := range map[string][]byte{"bridge port": bridge, "wireless": wireless} {
		if keep, err := decodeEvent(nlkit.Message{Type: uapi.RTM_DELLINK, Data: b}, &e); keep || err != nil {
			t.Errorf("%s: got %v, %v", name, keep, err)
		}
	}
	if keep, _ := decodeEvent(nlkit.Message{Type: uapi.RTM_NEWADDR, Data: bridge}, &e); keep {
		t.Error("an address is taken for a link")
	}
	if keep, err := decodeEvent(nlkit.Message{Type: uapi.RTM_DELLINK, NSID: -1, Data: wholeMessage(t)}, &e); !keep || err != nil ||
		e.Type != nlkit.Deleted || e.Object.Index != 7 || e.Object.Stats == nil || e.NSID != -1 {
		t.Errorf("got %v, %v, %+v", keep, err, e)
	}
}

func TestPathsInRequests(t *testing.T) {
	c := change{name: "v0", info: linkInfo{kind: &Veth{Peer: NewPeer("p0", WithMTU(1400))}}}
	b, err := changeAttrs.Append(nil, &c)
	must(t, err)
	find := func(typ uint16, payload []byte) int {
		return bytes.Index(b, attr.AppendBytes(nil, typ, payload))
	}
	mtu := attr.AppendUint32(nil, uapi.IFLA_MTU, 1400)
	for off, want := range map[int]string{
		0: "IFLA_IFNAME",
		find(uapi.IFLA_INFO_KIND, []byte("veth\x00")): "IFLA_LINKINFO.IFLA_INFO_KIND",
		bytes.Index(b, mtu):                           "IFLA_LINKINFO.IFLA_INFO_DATA.VETH_INFO_PEER.IFLA_MTU",
	} {
		if got := attr.Path(requestSchema{}, b, off); got != want {
			t.Errorf("offset %d: got %q, want %q", off, got, want)
		}
	}
	for _, r := range changeAttrs {
		if name, _ := (requestSchema{}).Attr(r.Type(), nil); r.Name() != "" && name != r.Name() {
			t.Errorf("%s is called %q", r.Name(), name)
		}
	}
}

// Refused before anything is sent: no kernel is asked.
func TestRefused(t *testing.T) {
	d := refuser{t}
	ctx := t.Context()
	mac8 := net.HardwareAddr{1, 2, 3, 4, 5, 6, 7, 8}
	add := func(kind Kind, opts ...AddOption) error { return Add(ctx, d, "x0", kind, opts...) }
	set := func(opts ...SetOption) error { return Set(ctx, d, Index(1), opts...) }
	named := func(n string) error { return Add(ctx, d, n, &Dummy{}) }
	const data = "IFLA_LINKINFO.IFLA_INFO_DATA."
	for _, tc := range []struct {
		name string
		err  error
		attr string
	}{
		{"VNI too large", add(&VXLAN{VNI: 1 << 24}), data + "IFLA_VXLAN_ID"},
		{"flow label too large", add(&VXLAN{Label: new(uint32(1 << 20))}), data + "IFLA_VXLAN_LABEL"},
		{"empty port range", add(&VXLAN{PortRange: PortRange{2, 1}}), data + "IFLA_VXLAN_PORT_RANGE"},
		{"remote with a zone", add(&VXLAN{Remote: netip.MustParseAddr("fe80::1%eth0")}), data + "IFLA_VXLAN_GROUP6"},
		{"negative parent of a VXLAN", add(&VXLAN{Parent: -1}), data + "IFLA_VXLAN_LINK"},
		{"priority in a tag", add(&VLAN{ID: 5, EgressQoS: []VLANQoS{{1 << 20, 7}, {1, 8}}}), data + "IFLA_VLAN_EGRESS_QOS"},
		{"priority in a received tag", add(&VLAN{ID: 5, IngressQoS: []VLANQoS{{7, 1 << 20}, {8, 1}}}), data + "IFLA_VLAN_INGRESS_QOS"},
		{"VLAN id too large", add(&VLAN{ID: 4095}), data + "IFLA_VLAN_ID"},
		{"PVID too large", add(&Bridge{VLANDefaultPVID: new(uint16(4095))}), data + "IFLA_BR_VLAN_DEFAULT_PVID"},
		{"group address", add(&Bridge{GroupAddress: mac8}), data + "IFLA_BR_GROUP_ADDR"},
		{"two sources added at once", add(&Macvlan{SourceOp: MacvlanAddSource}), data + "IFLA_MACVLAN_MACADDR_MODE"},
		{"source address", add(&Macvtap{Sources: []net.HardwareAddr{mac8}}), data + "IFLA_MACVLAN_MACADDR_DATA"},
		{"name of a peer", add(&Veth{Peer: NewPeer("a b")}), data + "VETH_INFO_PEER.IFLA_IFNAME"},
		{"address of a peer", add(&Veth{Peer: NewPeer("p", WithAddress(mac8))}), data + "VETH_INFO_PEER.IFLA_ADDRESS"},
		{"address of a peer that has none", add(&VXCAN{Peer: NewPeer("p", WithAddress(mac8[:6]))}), data + "VXCAN_INFO_PEER.IFLA_ADDRESS"},
		{"MTU of a peer", add(&Veth{Peer: NewPeer("p", WithMTU(-1))}), data + "VETH_INFO_PEER.IFLA_MTU"},
		{"namespaces of a peer", add(&Veth{Peer: NewPeer("p", WithNetNSFD(3), WithNetNS("a"))}), data + "VETH_INFO_PEER.IFLA_NET_NS_FD"},
		{"namespace of a peer", add(&Veth{Peer: NewPeer("p", WithNetNS("no-such-namespace"))}), data + "VETH_INFO_PEER.IFLA_NET_NS_FD"},
		{"empty name", named(""), "IFLA_IFNAME"},
		{"long name", named("abcdefghijklmnop"), "IFLA_IFNAME"},
		{"dot", named("."), "IFLA_IFNAME"},
		{"dots", named(".."), "IFLA_IFNAME"},
		{"slash", named("a/b"), "IFLA_IFNAME"},
		{"colon", named("a:b"), "IFLA_IFNAME"},
		{"space", named("a b"), "IFLA_IFNAME"},
		{"tab", named("a\tb"), "IFLA_IFNAME"},
		{"NUL", named("a\x00b"), "IFLA_IFNAME"},
		{"no kind", add(nil), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"nil kind", add((*VXLAN)(nil)), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"kind without a name", add(&Unknown{}), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"kind with a NUL", add(&Unknown{Name: "a\x00"}), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"negative MTU", add(&Dummy{}, WithMTU(-1)), "IFLA_MTU"},
		{"address too long", add(&Dummy{}, WithAddress(mac8)), "IFLA_ADDRESS"},
		{"address too short", add(&Dummy{}, WithAddress(mac8[:4])), "IFLA_ADDRESS"},
		{"empty address", set(WithAddress(nil)), "IFLA_ADDRESS"},
		{"endless address", set(WithAddress(make(net.HardwareAddr, 33))), "IFLA_ADDRESS"},
		{"broadcast address", add(&Dummy{}, WithBroadcast(mac8)), "IFLA_BROADCAST"},
		{"up and down", add(&Dummy{}, Up(), Down()), "ifi_flags"},
		{"promiscuous and not", set(WithPromisc(true), WithPromisc(false)), "ifi_flags"},
		{"master and none", set(WithMaster(3), WithNoMaster()), "IFLA_MASTER"},
		{"two masters", set(WithMaster(3), WithMaster(4)), "IFLA_MASTER"},
		{"master 0", set(WithMaster(0)), "IFLA_MASTER"},
		{"parent 0", add(&Dummy{}, WithParent(0)), "IFLA_LINK"},
		{"index 0", add(&Dummy{}, WithIndex(0)), "ifi_index"},
		{"two namespaces", set(WithNetNSFD(3), WithNetNSPID(1)), "IFLA_NET_NS_FD"},
		{"the same namespace twice", set(WithNetNSPID(1), WithNetNSPID(1)), "IFLA_NET_NS_PID"},
		{"negative file descriptor", set(WithNetNSFD(-1)), "IFLA_NET_NS_FD"},
		{"process 0", set(WithNetNSPID(0)), "IFLA_NET_NS_PID"},
		{"namespace without a name", set(WithNetNS("")), "IFLA_NET_NS_FD"},
		{"namespace with a path", set(WithNetNS("../x")), "IFLA_NET_NS_FD"},
		{"new index without a move", set(WithNewIndex(3)), "IFLA_NEW_IFINDEX"},
		{"parent's namespace without a parent", add(&Dummy{}, WithParentNSID(1)), "IFLA_LINK_NETNSID"},
		{"negative namespace id", add(&Dummy{}, WithParent(1), WithParentNSID(-1)), "IFLA_LINK_NETNSID"},
		{"negative id of a namespace", set(WithNetNSID(-1)), "IFLA_TARGET_NETNSID"},
		{"a namespace by process and by id", set(WithNetNSID(1), WithNetNSPID(1)), "IFLA_NET_NS_PID"},
		{"a namespace by id twice", set(WithNetNSID(1), WithNetNSID(1)), "IFLA_TARGET_NETNSID"},
		{"into a namespace by id", add(&Dummy{}, Into(new(Link)), WithNetNSID(1)), "IFLA_TARGET_NETNSID"},
		{"parent device without a name", add(&Dummy{}, WithParentDevice("")), "IFLA_PARENT_DEV_NAME"},
		{"parent device with a NUL", add(&Dummy{}, WithParentDevice("a\x00")), "IFLA_PARENT_DEV_NAME"},
		{"no reasons", set(WithProtoDownReason(0, 0)), "IFLA_PROTO_DOWN_REASON"},
		{"reasons beside the mask", set(WithProtoDownReason(3, 1)), "IFLA_PROTO_DOWN_REASON"},
		{"IPv4 token", set(WithInet6Token(netip.MustParseAddr("10.0.0.1"))), "IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN"},
		{"no token", set(WithInet6Token(netip.Addr{})), "IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN"},
		{"token with a zone", set(WithInet6Token(netip.MustParseAddr("::1%eth0"))), "IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN"},
		{"token of 128 bits", set(WithInet6Token(netip.MustParseAddr("fe80::1"))), "IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN"},
		{"mapped token", set(WithInet6Token(netip.MustParseAddr("::ffff:10.0.0.1"))), "IFLA_AF_SPEC.AF_INET6.IFLA_INET6_TOKEN"},
		{"negative interval", set(WithInet(InetChange{IGMPv3ReportInterval: new(time.Duration(-1))})), "IFLA_AF_SPEC.AF_INET.IFLA_INET_CONF.IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL"},
		{"negative function", set(WithVF(-1, VFChange{Trust: new(true)})), "IFLA_VFINFO_LIST.IFLA_VF_INFO"},
		{"largest function", set(WithVF(maxIndex, VFChange{Trust: new(true)})), "IFLA_VFINFO_LIST.IFLA_VF_INFO"},
		{"address of a function", set(WithVF(1, VFChange{MAC: make(net.HardwareAddr, 33)})), "IFLA_VFINFO_LIST.IFLA_VF_INFO.IFLA_VF_MAC"},
		{"short address of a function", set(WithVF(1, VFChange{MAC: make(net.HardwareAddr, 5)})), "IFLA_VFINFO_LIST.IFLA_VF_INFO.IFLA_VF_MAC"},
		{"VLAN of a function", set(WithVF(1, VFChange{VLAN: &VFVLAN{ID: 4096}})), "IFLA_VFINFO_LIST.IFLA_VF_INFO.IFLA_VF_VLAN"},
		{"priority of a function", set(WithVF(1, VFChange{VLAN: &VFVLAN{QoS: 8}})), "IFLA_VFINFO_LIST.IFLA_VF_INFO.IFLA_VF_VLAN"},
		{"rates of a function", set(WithVF(1, VFChange{Rate: &VFRate{Min: 2, Max: 1}})), "IFLA_VFINFO_LIST.IFLA_VF_INFO.IFLA_VF_RATE"},
		{"too many functions", set(slices.Repeat([]SetOption{WithVF(1, VFChange{Trust: new(true)})}, 5000)...), "IFLA_VFINFO_LIST"},
		{"no XDP program", set(WithXDP(-1, XDPDriver)), "IFLA_XDP.IFLA_XDP_FD"},
		{"XDP program in several places", set(WithXDP(3, XDPMulti)), "IFLA_XDP.IFLA_XDP_FLAGS"},
		{"two XDP programs", set(WithXDP(3, XDPDriver), WithNoXDP(XDPGeneric)), "IFLA_XDP"},
		{"XDP in place of nothing", set(WithXDP(3, XDPDriver, XDPInPlaceOf(-1))), "IFLA_XDP.IFLA_XDP_EXPECTED_FD"},
		{"detach if there is nothing", set(WithNoXDP(XDPDriver, XDPIfNone())), "IFLA_XDP.IFLA_XDP_FLAGS"},
		{"into from elsewhere", add(&Dummy{}, Into(new(Link)), WithNetNSPID(1)), "IFLA_NET_NS_PID"},
		{"no queues", add(&Dummy{}, WithNumTxQueues(0)), "IFLA_NUM_TX_QUEUES"},
		{"too many queues", add(&Dummy{}, WithNumRxQueues(4097)), "IFLA_NUM_RX_QUEUES"},
		{"long alias", set(WithAlias(strings.Repeat("x", 256))), "IFLA_IFALIAS"},
		{"alias with a NUL", set(WithAlias("a\x00b")), "IFLA_IFALIAS"},
		{"new name", set(WithName("a b")), "IFLA_IFNAME"},
		{"nil kind to change", set(WithKind((*Bridge)(nil))), "IFLA_LINKINFO.IFLA_INFO_KIND"},
		{"raw attribute too long", set(WithRawAttr(1000, make([]byte, 1<<16))), "1000"},
		{"selector of nothing", Delete(ctx, d, Selector{}), ""},
		{"index 0 to delete", Delete(ctx, d, Index(0)), "ifi_index"},
		{"negative index", Set(ctx, d, Index(-1), Up()), "ifi_index"},
		{"long name to select", Set(ctx, d, Name("abcdefghijklmnop"), Up()), "IFLA_IFNAME"},
		{"long alternative name", Delete(ctx, d, AltName(strings.Repeat("x", 128))), "IFLA_ALT_IFNAME"},
		{"alternative name with space", AddAltName(ctx, d, Index(1), "a b"), "IFLA_PROP_LIST.IFLA_ALT_IFNAME"},
		{"no alternative names", DeleteAltName(ctx, d, Index(1)), "IFLA_PROP_LIST"},
		{"rename by name in a batch", Set(ctx, d, Name("a"), WithName("b")), "ifi_index"},
		{"group and kind by name in a batch", Set(ctx, d, Name("a"), WithGroup(1), WithKind(&Bridge{})), "ifi_index"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := fs.ErrInvalid
			if tc.name == "namespace of a peer" {
				want = fs.ErrNotExist
			}
			refused(t, tc.err, tc.attr, want)
		})
	}
}

// refused fails unless err says that nothing was sent, for want, because of attr.
func refused(t *testing.T, err error, attr string, want error) {
	t.Helper()
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if e.Attr != attr || e.Sent || e.Object == "" || !errors.Is(e, want) || !nlkit.SafeToRetry(e) {
		t.Errorf("got %v (attribute %q, object %q)", e, e.Attr, e.Object)
	}
}

// catcher is a Doer that keeps the message in place of sending it.
func catcher(data *[]byte) nlkit.Doer {
	return catch(func(r nlkit.Request) { *data = bytes.Clone(r.Data) })
}

type catch func(nlkit.Request)

func (c catch) Do(_ context.Context, r nlkit.Request) error {
	c(r)
	return nil
}

// refuser is a Doer that nothing must reach.
type refuser struct{ t *testing.T }

func (r refuser) Do(_ context.Context, req nlkit.Request) error {
	r.t.Errorf("%s was sent: % x", req.Op, req.Data)
	return nil
}

var record = flag.Bool("record", false, "write testdata from the kernel at hand")

// fixtures are the messages in testdata: RTM_NEWLINK as kernels sent it. They come
// from machines with the low byte first, and mean nothing to others.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	if !nstest.LittleEndian() {
		return nil
	}
	return nstest.Recorded(t)
}

// dumpHex writes a message as hex, an attribute a line with its name.
func dumpHex(b []byte) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-60x # struct ifinfomsg\n", b[:headerLen])
	dumpAttrs(&out, linkAttrs, b[headerLen:], "")
	return out.String()
}

func dumpAttrs(out *strings.Builder, schema attr.Schema, b []byte, indent string) {
	pos := 0
	s := attr.Scan(b)
	for s.Next() {
		name, sub := attr.Name(schema, s.Type(), b)
		size := (4 + len(s.Bytes()) + 3) &^ 3
		whole := b[pos:min(pos+size, len(b))]
		pos += size
		if sub != nil && len(s.Bytes()) > 0 {
			fmt.Fprintf(out, "%s%x # %s\n", indent, whole[:4], name)
			dumpAttrs(out, sub, whole[4:], indent+"  ")
			continue
		}
		fmt.Fprintf(out, "%s%x # %s\n", indent, whole, name)
	}
}
