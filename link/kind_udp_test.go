package link

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// udpTables are the tables of tunnels over UDP.
var udpTables = kindTests{
	"amt":       kindTable(amtAttrs, attr.AppendUint32(nil, uapi.IFLA_AMT_MODE, 0)),
	"bareudp":   kindTable(bareUDPAttrs, nothing),
	"geneve":    kindTable(geneveAttrs, nothing),
	"gtp":       kindTable(gtpAttrs, nothing),
	"ovpn":      kindTable(ovpnAttrs, nothing),
	"pfcp":      kindTable(pfcpAttrs, nothing),
	"wireguard": kindTable(wireGuardAttrs, nothing),
}

var (
	remote4 = netip.MustParseAddr("10.0.0.2")
	local4  = netip.MustParseAddr("10.0.0.1")
	remote6 = netip.MustParseAddr("2001:db8::2")
	local6  = netip.MustParseAddr("2001:db8::1")
)

// udpSamples are those of the kinds in udpTables.
func udpSamples(b bed) []sample {
	return []sample{
		{
			name: "geneve",
			kind: &Geneve{VNI: 0xabcdef, Remote: remote4, Port: 6082, TTL: new(uint8(16)), TOS: new(uint8(8)), DF: new(GeneveDFSet), UDPChecksum: true},
			ip:   "type geneve id 11259375 remote 10.0.0.2 dstport 6082 ttl 16 tos 8 df set udpcsum",
		},
		{
			name: "geneve6",
			kind: &Geneve{
				VNI: 7, Remote: remote6, TTLInherit: true, DF: new(GeneveDFInherit), Label: new(uint32(0xfffff)), InnerProtocolInherit: true,
				UDPZeroChecksum6Tx: true, UDPZeroChecksum6Rx: true,
			},
			since: "5.18",
			ip: "type geneve id 7 remote 2001:db8::2 ttl inherit df inherit flowlabel 0xfffff innerprotoinherit " +
				"udp6zerocsumtx udp6zerocsumrx",
		},
		{name: "geneveexternal", kind: &Geneve{External: true, Port: 6083}, ip: "type geneve external dstport 6083"},
		{
			name:  "genevelocal",
			kind:  &Geneve{VNI: 8, Remote: remote4, Local: local4, PortRange: PortRange{10000, 20000}, GROHint: true},
			since: "7.2",
		},
		{
			name:  "genevelocal6",
			kind:  &Geneve{VNI: 9, Remote: remote6, Local: local6},
			since: "7.2",
		},
		{
			name:  "gtp",
			kind:  &GTP{HashSize: 2048, Role: GTPServingNode, RestartCount: 7},
			made:  &GTP{HashSize: 2048, Role: GTPServingNode, RestartCount: 7, CreateSockets: true},
			since: "5.18",
			ip:    "type gtp role sgsn hsize 2048 restart_count 7",
			again: func(k Kind) { k.(*GTP).CreateSockets = true },
		},
		{
			name: "bareudp",
			kind: &BareUDP{Port: 6635, EtherType: EtherTypeMPLS, SourcePortMin: 40000, MultiProtocol: true},
			ip:   "type bareudp dstport 6635 ethertype mpls_uc srcportmin 40000 multiproto",
		},
		{
			name: "amt",
			kind: &AMT{
				Mode: AMTGateway, RelayPort: 1000, GatewayPort: 1001, Parent: b.parent, Local: local4, Discovery: remote4, MaxTunnels: 5,
			},
			ip: "type amt mode gateway relay_port 1000 gateway_port 1001 dev parent local 10.0.0.1 discovery 10.0.0.2 max_tunnels 5",
		},
		{
			name: "amtrelay",
			kind: &AMT{Mode: AMTRelay, RelayPort: 1000, Parent: b.parent, Local: local4, MaxTunnels: 5},
			ip:   "type amt mode relay relay_port 1000 dev parent local 10.0.0.1 max_tunnels 5",
		},
		{name: "ovpn", kind: &OVPN{Mode: OVPNMultiPeer}},
		{name: "pfcp", kind: &PFCP{}, ip: "type pfcp"},
		{name: "wireguard", kind: &WireGuard{}, ip: "type wireguard"},
	}
}

func TestUDPWords(t *testing.T) {
	words(t, map[string]GeneveDF{"unset": 0, "set": GeneveDFSet, "inherit": GeneveDFInherit, "GeneveDF(9)": 9})
	words(t, map[string]GTPRole{"ggsn": 0, "sgsn": GTPServingNode, "GTPRole(9)": 9})
	words(t, map[string]EtherType{"ip": EtherTypeIPv4, "ipv6": EtherTypeIPv6, "mpls_uc": EtherTypeMPLS, "mpls_mc": EtherTypeMPLSMulticast, "EtherType(9)": 9})
	words(t, map[string]AMTMode{"gateway": 0, "relay": AMTRelay, "AMTMode(9)": 9})
	words(t, map[string]OVPNMode{"p2p": 0, "mp": OVPNMultiPeer, "OVPNMode(9)": 9})
}

// What no kernel takes is refused before it is sent, with the attribute's name.
func TestUDPRefused(t *testing.T) {
	c, _ := newClient(t)
	zoned := netip.MustParseAddr("fe80::1%eth0")
	for _, tc := range []struct {
		kind Kind
		attr string
	}{
		{&Geneve{VNI: 1 << 24}, "IFLA_GENEVE_ID"},
		{&Geneve{Remote: zoned}, "IFLA_GENEVE_REMOTE6"},
		{&Geneve{Local: zoned}, "IFLA_GENEVE_LOCAL6"},
		{&Geneve{Label: new(uint32(1 << 20))}, "IFLA_GENEVE_LABEL"},
		{&Geneve{PortRange: PortRange{2, 1}}, "IFLA_GENEVE_PORT_RANGE"},
		{&GTP{FD0: new(-1)}, "IFLA_GTP_FD0"},
		{&GTP{FD1: new(-1)}, "IFLA_GTP_FD1"},
		{&AMT{Parent: -1}, "IFLA_AMT_LINK"},
		{&AMT{Local: local6}, "IFLA_AMT_LOCAL_IP"},
		{&AMT{Discovery: local6}, "IFLA_AMT_DISCOVERY_IP"},
	} {
		err := Add(t.Context(), c, "x0", tc.kind)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA."+tc.attr {
			t.Errorf("%+v: got %v", tc.kind, err)
		}
	}
	for _, kind := range []Kind{&GTP{}, &BareUDP{}, &OVPN{}, &PFCP{}, &WireGuard{}} {
		err := Add(t.Context(), c, "x0", kind, WithAddress(mac1))
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_ADDRESS" {
			t.Errorf("%s with an address: got %v", kind.Kind(), err)
		}
	}
}

// Some of a geneve link can be changed, zero among it; the kernel names the rest.
func TestGeneveChange(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "x0", &Geneve{VNI: 42, Remote: remote4, TTL: new(uint8(9)), TOS: new(uint8(8)), DF: new(GeneveDFSet)})
	other := netip.MustParseAddr("10.0.0.3")
	for _, change := range []Geneve{
		{Remote: other},
		{TTLInherit: true},
		{TTL: new(uint8(0))},
		{TOS: new(uint8(0)), DF: new(GeneveDFUnset)},
		{VNI: 42, TTL: new(uint8(64)), TOS: new(uint8(1)), DF: new(GeneveDFInherit), Label: new(uint32(0))},
	} {
		must(t, Set(ctx, c, Name("x0"), WithKind(&change)))
		l, err := Get(ctx, c, Name("x0"))
		must(t, err)
		sameKind(t, "changed", &change, l.Kind)
		if got, _ := KindAs[*Geneve](l); got.TTLInherit != change.TTLInherit && change.TTL != nil {
			t.Errorf("%+v: TTLInherit is %v", change, got.TTLInherit)
		}
	}
	const data = "IFLA_LINKINFO.IFLA_INFO_DATA."
	for _, tc := range []struct {
		change Geneve
		attr   string
		is     error
	}{
		{Geneve{VNI: 43}, "IFLA_GENEVE_ID", errors.ErrUnsupported},
		{Geneve{Port: 6082}, "IFLA_GENEVE_PORT", errors.ErrUnsupported},
		{Geneve{Remote: remote6}, "IFLA_GENEVE_REMOTE6", errors.ErrUnsupported},
		{Geneve{External: true}, "IFLA_GENEVE_COLLECT_METADATA", errors.ErrUnsupported},
		{Geneve{UDPChecksum: true}, "IFLA_GENEVE_UDP_CSUM", errors.ErrUnsupported},
		{Geneve{DF: new(GeneveDF(9))}, "IFLA_GENEVE_DF", fs.ErrInvalid},
		{Geneve{Remote: netip.MustParseAddr("224.0.0.9")}, "IFLA_GENEVE_REMOTE", fs.ErrInvalid},
		{Geneve{Label: new(uint32(1))}, "IFLA_GENEVE_LABEL", fs.ErrInvalid},
	} {
		err := Set(ctx, c, Name("x0"), WithKind(&tc.change))
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, tc.is) || e.Attr != data+tc.attr || e.Message == "" {
			t.Errorf("%+v: got %v", tc.change, err)
		}
	}
	err := Add(ctx, c, "x1", &Geneve{})
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Message != "Not enough attributes provided to perform the operation" {
		t.Errorf("an empty geneve: got %v", err)
	}
	if err := Add(ctx, c, "x1", &Geneve{VNI: 42, Remote: netip.MustParseAddr("10.0.0.9")}); err != nil {
		t.Error(err)
	}
	if err := Add(ctx, c, "x2", &Geneve{VNI: 42, Remote: netip.MustParseAddr("10.0.0.9")}); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("the same tunnel twice: got %v", err)
	}
}

// The sockets of a GTP link are the caller's, or the kernel's.
func TestGTPSockets(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	listen := func(addr string) (conn *net.UDPConn, err error) {
		ns.Do(t, func() { conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr))) })
		return conn, err
	}
	fd := func(conn *net.UDPConn) *int {
		raw, err := conn.SyscallConn()
		must(t, err)
		n := new(int)
		must(t, raw.Control(func(fd uintptr) { *n = int(fd) }))
		return n
	}
	taken := func(addr string) bool {
		t.Helper()
		conn, err := listen(addr)
		if err == nil {
			conn.Close()
		} else if !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
		return err != nil
	}
	v0, err := listen("0.0.0.0:3386")
	must(t, err)
	defer v0.Close()
	v1, err := listen("0.0.0.0:2152")
	must(t, err)
	defer v1.Close()
	l := add(t, c, "x0", &GTP{FD0: fd(v0), FD1: fd(v1)})
	if k, _ := KindAs[*GTP](l); *k != (GTP{HashSize: 1024}) {
		t.Errorf("got %+v", k)
	}
	if err := Add(ctx, c, "x1", &GTP{FD0: fd(v0)}); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("a socket of another link: got %v", err)
	}
	file, err := os.Open(os.DevNull)
	must(t, err)
	defer file.Close()
	if err := Add(ctx, c, "x1", &GTP{FD1: new(int(file.Fd()))}); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("a file for a socket: got %v", err)
	}
	if err := Add(ctx, c, "x1", &GTP{}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no sockets: got %v", err)
	}
	if err := Set(ctx, c, Name("x0"), WithKind(&GTP{Role: GTPServingNode})); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a change: got %v", err)
	}
	must(t, Delete(ctx, c, Name("x0")))
	v0.Close()
	v1.Close()

	nstest.NeedKernel(t, "5.18")
	must(t, Add(ctx, c, "x0", &GTP{CreateSockets: true}))
	if !taken("127.0.0.2:3386") || !taken("127.0.0.2:2152") {
		t.Error("the kernel made no sockets")
	}
	must(t, Delete(ctx, c, Name("x0")))

	nstest.NeedKernel(t, "6.10")
	must(t, Add(ctx, c, "x0", &GTP{CreateSockets: true, Local: netip.MustParseAddr("127.0.0.3")}))
	if !taken("127.0.0.3:2152") || taken("127.0.0.2:2152") {
		t.Error("the kernel's sockets are elsewhere")
	}
	must(t, Delete(ctx, c, Name("x0")))
	must(t, Add(ctx, c, "x0", &GTP{CreateSockets: true, Local: netip.IPv6Loopback()}))
	if taken("127.0.0.3:2152") {
		t.Error("the kernel's sockets are of IPv4")
	}
}

// The relay that a gateway found is read, and not sent.
func TestAMTRemote(t *testing.T) {
	all := fixtures(t)
	if len(all) == 0 {
		return // recorded in another byte order
	}
	var l Link
	must(t, l.decode(all["kind_amt"], false))
	k, ok := KindAs[*AMT](l)
	if !ok || k.Remote != netip.MustParseAddr("10.0.0.3") {
		t.Errorf("got %+v", l.Kind)
	}
	with, err := k.appendData(nil)
	must(t, err)
	k.Remote = netip.Addr{}
	without, err := k.appendData(nil)
	must(t, err)
	if !bytes.Equal(with, without) {
		t.Errorf("sent % x", with)
	}
}

// What a kernel says of tunnels that it has, and does not have in every one.
func TestUDPMissing(t *testing.T) {
	for name, tc := range map[string]struct {
		kind Kind
		want string
	}{
		"bareudp": {&BareUDP{EtherType: EtherTypeIPv4}, "port not specified"},
		"amt":     {&AMT{}, "Link attribute is required"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t)
			err := Add(t.Context(), c, "x0", tc.kind)
			e, ok := errors.AsType[*nlkit.Error](err)
			if ok && e.Message == "Unknown device type" {
				nstest.Skip(t, "kind:"+name, "%v", err)
			}
			if !ok || !errors.Is(err, fs.ErrInvalid) || e.Message != tc.want {
				t.Errorf("got %v", err)
			}
		})
	}
}
