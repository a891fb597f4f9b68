package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
)

// sendFrames sends Ethernet frames from a link.
func sendFrames(t *testing.T, ns *nstest.NS, index int, frames ...[]byte) {
	t.Helper()
	ns.Do(t, func() {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		defer func() { _ = unix.Close(fd) }()
		for _, f := range frames {
			must(t, unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: index, Halen: 6}))
		}
	})
}

// bpdu is a frame of the spanning tree: 802.2 behind the MAC addresses and the length.
func bpdu(payload ...byte) []byte {
	frame := []byte{1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, byte(3 + len(payload)), 0x42, 0x42, 3}
	return append(frame, append(payload, make([]byte, 64)...)...)[:max(60, len(frame)+len(payload))]
}

// igmp is a packet of IGMP to 224.1.2.3, whose checksum is wrong by so much.
func igmp(typ, code byte, wrong uint16) []byte {
	sum := func(p []byte) uint16 {
		var n uint32
		for i := 0; i < len(p); i += 2 {
			n += uint32(binary.BigEndian.Uint16(p[i:]))
		}
		return ^uint16(n + n>>16)
	}
	ip := []byte{0x46, 0xc0, 0, 32, 0, 0, 0, 0, 1, 2, 0, 0, 10, 0, 0, 9, 224, 1, 2, 3, 0x94, 4, 0, 0}
	binary.BigEndian.PutUint16(ip[10:], sum(ip))
	msg := []byte{typ, code, 0, 0, 224, 1, 2, 3}
	binary.BigEndian.PutUint16(msg[2:], sum(msg)+wrong)
	frame := append([]byte{1, 0, 0x5e, 1, 2, 3, 2, 0, 0, 0, 0, 1, 8, 0}, ip...)
	return append(append(frame, msg...), make([]byte, 14)...)
}

// bridgeWithPort makes br0 with the port v0, which has a carrier, and returns the
// other end of it.
func bridgeWithPort(t *testing.T, c *nlkit.Client, kind *Bridge) (far Link) {
	t.Helper()
	ctx := t.Context()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	br := add(t, c, "br0", kind, Up())
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, WithMaster(br.Index), Up())
	must(t, Set(ctx, c, Name("p0"), Up()))
	for e, err := range sub.All() {
		must(t, err)
		if e.Object.Name == "v0" && e.Object.OperState == OperUp {
			break
		}
	}
	far, err = Get(ctx, c, Name("p0"))
	must(t, err)
	return far
}

// portStats gets the counters of v0 when there are as many of what was sent as
// expected: the kernel delivers soon, but not at once.
func portStats(t *testing.T, c *nlkit.Client, there func(*BridgeStats) bool) (stats *BridgeStats) {
	t.Helper()
	nstest.Eventually(t, func() string {
		s, err := GetStats(t.Context(), c, Name("v0"), WithStatsGroups(StatsPort))
		must(t, err)
		if stats = s.BridgePort; stats == nil || stats.Multicast == nil || stats.STP == nil {
			t.Fatalf("got %+v", s)
		}
		if !there(stats) {
			return fmt.Sprintf("got %+v and %+v", stats.Multicast, stats.STP)
		}
		return ""
	})
	return stats
}

// ipNumbers returns the numbers that ip prints of a suite of v0, each with its path.
func ipNumbers(t *testing.T, ns *nstest.NS, suite string) (numbers []string) {
	t.Helper()
	leaves(ipStats(t, ns, "v0", "group", "xstats_slave", "subgroup", "bridge", "suite", suite), "", &numbers)
	return numbers
}

func contains(t *testing.T, numbers []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(numbers, func(n string) bool { return n == w || strings.HasSuffix(n, "."+w) }) {
			t.Errorf("ip says %v, not %s", numbers, w)
		}
	}
}

// What a port counts of the spanning tree is what was sent to it, and what ip says.
func TestSTPStats(t *testing.T) {
	c, ns := newClient(t)
	far := bridgeWithPort(t, c, &Bridge{STP: new(STPKernel), HelloTime: 10 * time.Second})
	// A bridge with the worst priority, which is answered once and then held, and
	// changes of the topology.
	config := make([]byte, 35)
	config[5], config[17], config[27], config[29], config[31], config[33] = 0xff, 0xff, 0, 20, 2, 15
	tcn := []byte{0, 0, 0, 0x80}
	sendFrames(t, ns, far.Index, bpdu(config...), bpdu(config...), bpdu(tcn...), bpdu(config...), bpdu(tcn...), bpdu(config...), bpdu(config...))
	s := portStats(t, c, func(s *BridgeStats) bool { return s.STP.RxBPDU == 5 && s.STP.RxTCN == 2 }).STP
	if s.TxBPDU == 0 || s.TxTCN != 0 || s.ForwardTransitions != 0 {
		t.Errorf("got %+v", s)
	}
	contains(t, ipNumbers(t, ns, "stp"), "rx_bpdu 5", "rx_tcn 2", "tx_tcn 0", fmt.Sprint("transition_blk ", s.BlockTransitions))
}

// What a port counts of multicast is what was sent to it, and what ip says.
func TestMulticastStats(t *testing.T) {
	c, ns := newClient(t)
	far := bridgeWithPort(t, c, &Bridge{MulticastStats: new(true)})
	times := func(n int, frame []byte) [][]byte { return slices.Repeat([][]byte{frame}, n) }
	sendFrames(t, ns, far.Index, slices.Concat(
		times(1, igmp(0x11, 0, 0)),  // query of IGMPv1
		times(2, igmp(0x11, 99, 0)), // query of IGMPv2
		times(3, igmp(0x12, 0, 0)),  // report of IGMPv1
		times(4, igmp(0x16, 0, 0)),  // report of IGMPv2
		times(5, igmp(0x17, 0, 0)),  // leave
		times(6, igmp(0x16, 0, 1)),  // a wrong checksum
	)...)
	s := portStats(t, c, func(s *BridgeStats) bool { return s.Multicast.IGMPParseErrors == 6 }).Multicast
	want := BridgeMulticastCounters{IGMPv1Queries: 1, IGMPv2Queries: 2, IGMPv1Reports: 3, IGMPv2Reports: 4, IGMPLeaves: 5}
	got := s.Rx
	got.MLDv1Reports, got.MLDv2Reports = 0, 0 // the other end has IPv6
	if got != want || s.MLDParseErrors != 0 {
		t.Errorf("got %+v", s)
	}
	contains(t, ipNumbers(t, ns, "mcast"), "igmp_queries.rx_v1 1", "igmp_queries.rx_v2 2", "igmp_reports.rx_v1 3", "igmp_reports.rx_v2 4",
		"igmp_leaves.rx 5", "igmp_parse_errors 6")
}

// vlanBridge makes a bridge that filters VLANs, where the kernel has such, with all
// VLANs up to n.
func vlanBridge(t *testing.T, c *nlkit.Client, ns *nstest.NS, n int) Link {
	t.Helper()
	var br Link
	err := Add(t.Context(), c, "br0", &Bridge{VLANFiltering: new(true), VLANStats: new(true)}, Into(&br))
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "kind:bridge-vlan", "%v", err)
	}
	must(t, err)
	ns.Run(t, "bridge", "vlan", "add", "vid", fmt.Sprint("2-", n), "dev", "br0", "self")
	return br
}

// What a bridge counts by VLAN is longer than an attribute can say if there are 1,490
// VLANs, and than a message in a list if there are 745: it is complete all the same.
func TestVLANStats(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	const n = 2000
	br := vlanBridge(t, c, ns, n)
	one, err := GetStats(ctx, c, Name("br0"))
	must(t, err)
	all, err := ListStats(ctx, c)
	must(t, err)
	var streamed []Statistics
	for s, err := range AllStats(ctx, c) {
		must(t, err)
		streamed = append(streamed, s)
	}
	find := func(list []Statistics) Statistics {
		t.Helper()
		i := slices.IndexFunc(list, func(s Statistics) bool { return s.Index == br.Index })
		if i < 0 || slices.ContainsFunc(list[i+1:], func(s Statistics) bool { return s.Index == br.Index }) {
			t.Fatalf("not once in the list: %d", i)
		}
		return list[i]
	}
	for name, s := range map[string]Statistics{"one": one, "list": find(all), "stream": find(streamed)} {
		if s.Link == nil || s.Bridge == nil || s.Bridge.Multicast == nil || len(s.Bridge.VLANs) != n {
			t.Fatalf("%s: got %+v", name, s)
		}
		for i, v := range s.Bridge.VLANs {
			flags := BridgeVLANMaster | BridgeVLANBrEntry
			if i == 0 {
				flags |= BridgeVLANPVID | BridgeVLANUntagged
			}
			if int(v.ID) != i+1 || !v.Flags.Has(flags) || v.Flags.Has(BridgeVLANPVID) != (i == 0) {
				t.Fatalf("%s: VLAN %d is %+v (%v)", name, i+1, v, v.Flags)
			}
		}
	}
}

// A bond counts what it hears of LACP.
func TestBondStats(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	mode := attr.AppendUint8(nil, 1, 4) // IFLA_BOND_MODE: 802.3ad
	bond := add(t, c, "bond0", &Unknown{Name: "bond", Data: mode}, Up())
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, WithMaster(bond.Index))
	s, err := GetStats(ctx, c, Name("bond0"))
	must(t, err)
	port, err := GetStats(ctx, c, Name("v0"))
	must(t, err)
	if s.Bond == nil || s.BondPort != nil || port.BondPort == nil || port.Bond != nil {
		t.Errorf("got %+v and %+v", s, port)
	}
	far, err := Get(ctx, c, Name("p0"))
	must(t, err)
	must(t, Set(ctx, c, Name("p0"), Up()))
	// Frames of the slow protocols: a LACPDU, a marker of an unknown type twice, and
	// a frame of an unknown type three times.
	slow := func(payload ...byte) []byte {
		frame := append([]byte{1, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x09}, payload...)
		return append(frame, make([]byte, 124-len(frame))...)
	}
	sendFrames(t, ns, far.Index, slow(1, 1), slow(2, 9), slow(2, 9), slow(3), slow(3), slow(3))
	for deadline := time.Now().Add(20 * time.Second); ; {
		port, err := GetStats(ctx, c, Name("v0"))
		must(t, err)
		p := *port.BondPort
		p.TxLACPDU = 0 // by its timer
		if p == (BondStats{RxLACPDU: 1, RxUnknownMarker: 2, RxUnknownLACPDU: 3}) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %+v", p)
		}
	}
	var numbers []string
	leaves(ipStats(t, ns, "v0", "group", "xstats_slave", "subgroup", "bond"), "", &numbers)
	contains(t, numbers, "lacpdu_rx 1", "marker_unknown_rx 2", "lacpdu_unknown_rx 3")
}

// A socket of the family makes the kernel load MPLS, which then counts for all links.
func TestMPLSStats(t *testing.T) {
	c, ns := newClient(t)
	fd, err := unix.Socket(unix.AF_MPLS, unix.SOCK_DGRAM, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	add(t, c, "v0", &Veth{})
	s, err := GetStats(t.Context(), c, Name("v0"))
	must(t, err)
	if s.MPLS == nil {
		nstest.Skip(t, "mpls", "the kernel counts nothing of MPLS")
	}
	if *s.MPLS != (MPLSStats{}) {
		t.Errorf("got %+v", s.MPLS)
	}
	var numbers []string
	leaves(ipStats(t, ns, "v0", "group", "afstats"), "", &numbers)
	contains(t, numbers, "rx.packets 0", "rx.noroute 0", "tx.dropped 0")
}
