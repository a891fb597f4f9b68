package link

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// portTests are the tests of the tables, by the names of the ports.
var portTests = map[string]func(*testing.T){
	"bond":   kindTable(bondPortAttrs, nothing),
	"bridge": kindTable(bridgePortAttrs, nothing, "RootID", "DesignatedBridge"),
	"team":   kindTable(teamPortAttrs, nothing),
	"vrf":    kindTable(vrfPortAttrs, nothing),
}

func TestPortTables(t *testing.T) {
	sampled := map[string]bool{}
	for _, s := range portSamples() {
		sampled[s.port.Port()] = true
	}
	for name, codec := range ports {
		t.Run(name, func(t *testing.T) {
			p, err := codec.decode(nil)
			if err != nil || p.Port() != name {
				t.Errorf("decodes to %v, %v", p, err)
			}
			if !sampled[name] {
				t.Error("no sample")
			}
			if portTests[name] == nil {
				t.Fatal("no test of the table")
			}
			portTests[name](t)
		})
	}
	files, err := filepath.Glob("port_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(strings.TrimPrefix(f, "port_"), ".go"); !strings.HasSuffix(f, "_test.go") && ports[name].decode == nil {
			t.Errorf("%s: no line in ports", f)
		}
	}
}

// FuzzPort decodes the data of any port: see fuzzCodecs.
func FuzzPort(f *testing.F) {
	var seeds []Port
	for _, s := range portSamples() {
		seeds = append(seeds, s.port)
	}
	fuzzCodecs(f, ports, seeds, Port.Port, Port.appendPort)
}

// portSample is a port with as much of it set as goes together. It is set up on the
// real kernel by this package and by iproute2, and recorded in
// testdata/port_<name>.txt.
type portSample struct {
	name   string
	master Kind   // what it is a port of
	port   Port   // what is set, or what is read if nothing can be
	since  string // the first kernel that has all of it, "" for any that has the master

	need func(testing.TB, Link) // skips the test where a port like this lacks some of it

	ip    string     // words behind "ip link set x0 type KIND_slave"; "" if iproute2 has none
	again func(Port) // takes away what was read and can't be sent
}

const (
	masterIndex = 60 // m0
	portIndex   = 70 // x0
	otherIndex  = 71 // y0, another port of m0
)

// make makes a master with two ports, and waits until x0 has a carrier there.
func (s portSample) make(t testing.TB, c *nlkit.Client) Link {
	t.Helper()
	if s.since != "" {
		nstest.NeedKernel(t, s.since)
	}
	ctx := t.Context()
	add(t, c, "m0", s.master, WithIndex(masterIndex), WithAddress(mac1), Up())
	for _, p := range []struct {
		name  string
		index int
	}{{"y0", otherIndex}, {sampleLink, portIndex}} {
		add(t, c, p.name, &Veth{Peer: NewPeer("peer" + p.name)}, WithIndex(p.index), WithAddress(mac2))
		must(t, Set(ctx, c, Name("peer"+p.name), Up()))
		must(t, Set(ctx, c, Index(p.index), WithMaster(masterIndex)))
	}
	l := setUp(t, c, portIndex)
	if s.need != nil {
		s.need(t, l)
	}
	return l
}

// setUp brings a link up and waits until it is.
func setUp(t testing.TB, c *nlkit.Client, index int) Link {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	must(t, Set(ctx, c, Index(index), Up()))
	l, err := Get(ctx, c, Index(index))
	must(t, err)
	if l.OperState == OperUp {
		return l
	}
	for e, err := range sub.All() {
		must(t, err)
		if e.Object.Index == index && e.Object.OperState == OperUp {
			return e.Object
		}
	}
	t.Fatal("no more events")
	return l
}

// portWords are how iproute2 and bridge say what the port x0 is; what changes by itself
// is left out.
func portWords(t *testing.T, ns *nstest.NS, master Kind) any {
	t.Helper()
	info, _ := ipLink(t, ns, sampleLink)["linkinfo"].(map[string]any)
	data, _ := info["info_slave_data"].(map[string]any)
	for _, volatile := range []string{
		"hold_timer", "message_age_timer", "forward_delay_timer", "mii_status", "state", "link_failure_count", "ad_aggregator_id",
		"ad_actor_oper_port_state", "ad_actor_oper_port_state_str", "ad_partner_oper_port_state", "ad_partner_oper_port_state_str",
	} {
		delete(data, volatile)
	}
	if master.Kind() != "bridge" {
		return data
	}
	var links []map[string]any
	must(t, json.Unmarshal(ns.Run(t, "bridge", "-j", "-d", "link", "show", "dev", sampleLink), &links))
	return []any{data, links}
}

// What is set reads back, whether this package or iproute2 set it; it can be set again
// out of what was read; iproute2 says the same of all of them.
func TestInteropPorts(t *testing.T) {
	for _, s := range portSamples() {
		t.Run(s.name, func(t *testing.T) {
			var described any
			same := func(what string, c *nlkit.Client, ns *nstest.NS) Port {
				t.Helper()
				l, err := Get(t.Context(), c, Index(portIndex))
				must(t, err)
				sameKind(t, what, s.port, l.Port)
				words := portWords(t, ns, s.master)
				if described == nil {
					described = words
				}
				sameInfo(t, what, described, words)
				return l.Port
			}
			c, ns := newClient(t)
			s.make(t, c)
			if _, err := s.port.appendPort(nil); err != nil {
				same("made here", c, ns) // nothing can be set
				return
			}
			must(t, Set(t.Context(), c, Index(portIndex), WithPort(s.port)))
			port := same("set here", c, ns)

			if s.again != nil {
				s.again(port)
			}
			c, ns = newClient(t)
			s.make(t, c)
			must(t, Set(t.Context(), c, Index(portIndex), WithPort(port)))
			same("set again", c, ns)

			if s.ip == "" {
				return
			}
			c, ns = newClient(t)
			s.make(t, c)
			ns.Run(t, "ip", strings.Fields("link set "+sampleLink+" type "+s.words())...)
			same("set by ip", c, ns)
		})
	}
}

func (s portSample) words() string { return s.master.Kind() + "_slave " + s.ip }

// What a kernel sent that has the port.
func TestRecordedPorts(t *testing.T) {
	all := fixtures(t)
	for _, s := range portSamples() {
		t.Run(s.name, func(t *testing.T) {
			b, ok := all["port_"+s.name]
			if !ok {
				if len(all) > 0 {
					t.Error("no fixture")
				}
				return
			}
			var l Link
			must(t, l.decode(b, true))
			if l.Name != sampleLink || l.Master != masterIndex {
				t.Errorf("got %+v", l)
			}
			sameKind(t, "recorded", s.port, l.Port)
			// What can be sent of it survives.
			sent, err := infoAttrs.Append(nil, &linkInfo{port: l.Port})
			if _, nothing := s.port.appendPort(nil); nothing != nil {
				return
			}
			must(t, err)
			var back Link
			must(t, back.readInfo(sent))
			sameKind(t, "sent again", s.port, back.Port)
		})
	}
}

// TestRecordPorts prints the fixtures of the ports that the kernel at hand has.
func TestRecordPorts(t *testing.T) {
	if !*record {
		return
	}
	for _, s := range portSamples() {
		t.Run(s.name, func(t *testing.T) {
			c, _ := newClient(t)
			s.make(t, c)
			if _, err := s.port.appendPort(nil); err == nil {
				must(t, Set(t.Context(), c, Index(portIndex), WithPort(s.port)))
			}
			printFixture(t, c, "port_"+s.name, "link set "+sampleLink+" type "+s.words())
		})
	}
}

func portSamples() []portSample {
	return []portSample{
		{
			name: "bridge", master: &Bridge{},
			port: &BridgePort{
				Priority: new(uint16(0)), Cost: 65535, Guard: new(true), RootBlock: new(true), Hairpin: new(true),
				Learning: new(false), Flood: new(false), MulticastFlood: new(false), BroadcastFlood: new(false), Isolated: new(true),
				Locked: new(true), GroupForwardMask: new(uint16(0xc)), ProxyARP: new(true), ProxyARPWiFi: new(true), NeighSuppress: new(true),
				VLANTunnel: new(true), MulticastRouter: new(MulticastRouterAlways), FastLeave: new(true), MulticastToUnicast: new(true),
				BackupPort: new(otherIndex),
			},
			since: "5.18",
			ip: "priority 0 cost 65535 guard on root_block on hairpin on learning off flood off mcast_flood off bcast_flood off isolated on " +
				"locked on group_fwd_mask 12 proxy_arp on proxy_arp_wifi on neigh_suppress on vlan_tunnel on mcast_router 2 fastleave on " +
				"mcast_to_unicast on backup_port y0",
			again: withoutState,
		},
		{
			name: "bridgestate", master: &Bridge{},
			port: &BridgePort{State: new(BridgePortLearning), MulticastMaxHosts: 7, Priority: new(uint16(63)), Cost: 1},
			// iproute2 has no word for MulticastMaxHosts.
		},
		{
			name: "bridgelimits", master: &Bridge{},
			port: &BridgePort{
				Locked: new(true), MAB: new(true), NeighVLANSuppress: new(true), MulticastMaxGroups: new(uint32(9)), BackupNexthop: new(uint32(8)),
			},
			since: "6.6", again: withoutState,
		},
		{
			name: "bondactivebackup", master: &Bond{Mode: new(BondActiveBackup), MIIMon: new(time.Second)},
			port: &BondPort{QueueID: new(uint16(3)), Priority: new(int32(-5))}, since: "6.0",
			ip: "queue_id 3 prio -5",
		},
		{
			name: "bond8023ad", master: &Bond{Mode: new(Bond8023AD)},
			port:  &BondPort{QueueID: new(uint16(2))},
			ip:    "queue_id 2",
			again: func(p Port) { p.(*BondPort).Priority = nil }, // of other modes
		},
		{
			name: "bondactor", master: &Bond{Mode: new(Bond8023AD)},
			port:  &BondPort{QueueID: new(uint16(0)), ActorPriority: new(uint16(7))},
			need:  needActorPriority,
			again: func(p Port) { p.(*BondPort).Priority = nil },
			// iproute2 6.1 has no word for it.
		},
		{name: "vrf", master: &VRF{Table: 1001}, port: &VRFPort{Table: 1001}},
		{name: "team", master: &Team{}, port: &TeamPort{}},
	}
}

// withoutState takes away the state, which the kernel did not let be set.
func withoutState(p Port) { p.(*BridgePort).State = nil }

// needActorPriority skips the test if ports of a bond have no priority in LACP, which
// stable kernels before 6.18 have as well.
func needActorPriority(t testing.TB, l Link) {
	t.Helper()
	if p, _ := PortAs[*BondPort](l); p == nil || p.ActorPriority == nil {
		nstest.Skip(t, "kernel:6.18", "ports of a bond have no priority in LACP")
	}
}

// Settings for another kind of master than the link has are refused; the kernel takes
// them for what has the same number there.
func TestPortOfAnotherMaster(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	br := add(t, c, "br0", &Bridge{})
	add(t, c, "v0", &Veth{}, WithIndex(portIndex))
	read := func() *BridgePort {
		t.Helper()
		l, err := Get(ctx, c, Index(portIndex))
		must(t, err)
		p, ok := PortAs[*BridgePort](l)
		if !ok {
			t.Fatalf("got a %T", l.Port)
		}
		return p
	}
	settings := &BridgePort{Cost: 9}
	if err := Set(ctx, c, Name("v0"), WithPort(settings)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("no master: got %v", err)
	}
	if err := Set(ctx, c, Name("nope"), WithPort(settings)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such link: got %v", err)
	}
	// The kernel does not set up the port of a master that it is about to get, which is
	// why that is refused.
	master := br.Index
	req := request("link.Set", uapi.RTM_NEWLINK, 0)
	var err error
	req.Data, err = changeAttrs.Append(Index(portIndex).appendTo(nil, header{}), &change{master: &master, info: linkInfo{port: settings}})
	must(t, err)
	if err := nlkit.Do(ctx, c, req); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("master and port in one request: got %v", err)
	}

	// One after the other, also in a batch.
	b := c.NewBatch()
	must(t, Set(ctx, b, Index(portIndex), WithMaster(br.Index)))
	must(t, Set(ctx, b, Index(portIndex), WithPort(settings), WithMTU(1400)))
	must(t, b.Send(ctx))
	if p := read(); p.Cost != 9 || *p.Guard {
		t.Errorf("got %+v", p)
	}
	foreign := &BondPort{QueueID: new(uint16(0x101))}
	refused(t, Set(ctx, c, Name("v0"), WithPort(foreign)), slaveKind, fs.ErrInvalid)
	refused(t, Set(ctx, c, Name("v0"), WithPort(&UnknownPort{Name: "bond"})), slaveKind, fs.ErrInvalid)
	if p := read(); *p.Guard {
		t.Error("settings of a port of a bond changed one of a bridge")
	}
	b = c.NewBatch()
	must(t, Set(ctx, b, Index(portIndex), WithPort(foreign)))
	must(t, b.Send(ctx))
	if p := read(); !*p.Guard { // IFLA_BRPORT_GUARD is IFLA_BOND_SLAVE_QUEUE_ID
		t.Error("the kernel looks at the kind: there is no need to ask for it")
	}
	must(t, Set(ctx, c, Name("v0"), WithPort(&UnknownPort{Name: "bridge", Data: attr.AppendUint32(nil, uapi.IFLA_BRPORT_COST, 8)})))
	if p := read(); p.Cost != 8 {
		t.Errorf("got %+v", p)
	}
}

// What the kernel refuses of a port of a bridge.
func TestBridgePortErrors(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	br := add(t, c, "br0", &Bridge{STP: new(STPKernel)})
	add(t, c, "v0", &Veth{}, WithIndex(portIndex), WithMaster(br.Index))
	set := func(p *BridgePort) error { return Set(ctx, c, Index(portIndex), WithPort(p)) }
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"state with STP", set(&BridgePort{State: new(BridgePortForwarding)}), syscall.EBUSY},
		{"unknown state", set(&BridgePort{State: new(BridgePortState(9))}), fs.ErrInvalid},
		{"pause packets", set(&BridgePort{GroupForwardMask: new(uint16(2))}), fs.ErrInvalid},
		{"no such backup", set(&BridgePort{BackupPort: new(4711)}), fs.ErrNotExist},
		{"itself as a backup", set(&BridgePort{BackupPort: new(portIndex)}), fs.ErrInvalid},
		{"unknown router", set(&BridgePort{MulticastRouter: new(MulticastRouter(9))}), fs.ErrInvalid},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, tc.err, tc.want)
		}
	}
	must(t, Set(ctx, c, Name("br0"), WithKind(&Bridge{STP: new(STPOff)})))
	if err := set(&BridgePort{State: new(BridgePortForwarding)}); !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("state of a port that is down: got %v", err)
	}
	l, err := Get(ctx, c, Index(portIndex))
	must(t, err)
	if p, _ := PortAs[*BridgePort](l); *p.State != BridgePortDisabled || p.Number != 1 || p.ID != 0x8001 || p.DesignatedBridge.Priority != 0x8000 || p.RootID != p.DesignatedBridge {
		t.Errorf("got %+v", p)
	}
	// What was learned is forgotten, and nothing else changes.
	must(t, set(&BridgePort{FlushFDB: true}))
}

// What the kernel refuses of a port of a bond has the name of the attribute.
func TestBondPortErrors(t *testing.T) {
	c, _ := newClient(t)
	bondWithPorts(t, c, &Bond{Mode: new(BondBalanceRR)})
	nstest.NeedKernel(t, "6.0") // older ones don't say which
	for _, tc := range []struct {
		name string
		port *BondPort
		want error
		attr string
	}{
		{"no such queue", &BondPort{QueueID: new(uint16(4711))}, syscall.EPERM, ""},
		{"priority in another mode", &BondPort{Priority: new(int32(1))}, syscall.EACCES, "IFLA_BOND_SLAVE_PRIO"},
	} {
		err := Set(t.Context(), c, Index(portIndex), WithPort(tc.port))
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if want := "IFLA_LINKINFO.IFLA_INFO_SLAVE_DATA." + tc.attr; tc.attr != "" && (e.Attr != want || e.Message == "") {
			t.Errorf("%s: got %v (attribute %q)", tc.name, e, e.Attr)
		}
	}
}
