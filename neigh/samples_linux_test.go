package neigh

import (
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// lab is a namespace with all that entries are of: v0 is an ordinary link, p0 a port
// of the bridge br0, vx0 a tunnel, vx1 an external one; 10 is a group of next hops.
// In every lab they have the same indexes.
type lab struct {
	c                     *nlkit.Client
	ns                    *nstest.NS
	v0, br0, p0, vx0, vx1 int
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := new(lab)
	l.c, l.ns = live(t)
	l.v0, _ = addVeth(t, l.c, "v0", "v1")
	l.br0 = addBridge(t, l.c, "br0")
	l.p0 = addPort(t, l.c, "p0", l.br0)
	l.vx0, l.vx1 = addVXLAN(t, l.c, "vx0", 42, 4789), addVXLAN(t, l.c, "vx1", 0, 4790)
	addNexthops(t, l.c, 10)
	return l
}

// A live sample is an entry to add.
type liveSample struct {
	add Neighbour
	// ip are the words behind "ip neigh add", or behind "bridge fdb add" for FDB
	// entries, that make the same, "" where iproute2 6.1 has none: for Activity,
	// NoRefresh and FlagExtValidated.
	ip string
	// read changes add into what reading gives.
	read func(*Neighbour)
}

// neighbours returns neighbours and proxies with each attribute, and in each state,
// but those that pass by themselves: incomplete, delay, probe, and what the kernel
// does of FlagUse and FlagManaged.
func (l *lab) neighbours() map[string]liveSample {
	all := map[string]liveSample{
		"permanent": {Neighbour{Addr: addr("192.0.2.1"), LinkAddr: mac(1)}, "192.0.2.1 lladdr 02:00:00:00:00:01", nil},
		"noarp":     {Neighbour{Addr: addr("192.0.2.2"), LinkAddr: mac(2), State: StateNoARP}, "192.0.2.2 lladdr 02:00:00:00:00:02 nud noarp", nil},
		"stale":     {Neighbour{Addr: addr("192.0.2.3"), LinkAddr: mac(3), State: StateStale}, "192.0.2.3 lladdr 02:00:00:00:00:03 nud stale", nil},
		"reachable": {Neighbour{Addr: addr("192.0.2.4"), LinkAddr: mac(4), State: StateReachable}, "192.0.2.4 lladdr 02:00:00:00:00:04 nud reachable", nil},
		"failed":    {Neighbour{Addr: addr("192.0.2.5"), LinkAddr: mac(5), State: StateFailed}, "192.0.2.5 lladdr 02:00:00:00:00:05 nud failed", func(n *Neighbour) { n.LinkAddr = nil }},
		"protocol":  {Neighbour{Addr: addr("192.0.2.6"), LinkAddr: mac(6), Protocol: rtnl.ProtocolBGP}, "192.0.2.6 lladdr 02:00:00:00:00:06 protocol bgp", nil},
		"extern_learn": {
			Neighbour{Addr: addr("192.0.2.7"), LinkAddr: mac(7), State: StateStale, Flags: FlagExtLearned},
			"192.0.2.7 lladdr 02:00:00:00:00:07 nud stale extern_learn", nil,
		},
		"plain 6": {Neighbour{Addr: addr("2001:db8::1"), LinkAddr: mac(0x11)}, "2001:db8::1 lladdr 02:00:00:00:00:11", nil},
		"router 6": {
			Neighbour{Addr: addr("fe80::2"), LinkAddr: mac(0x12), State: StateStale, Flags: FlagRouter},
			"fe80::2 lladdr 02:00:00:00:00:12 nud stale router", nil,
		},
		"proxy":            {Neighbour{Addr: addr("192.0.2.21"), Flags: FlagProxy}, "proxy 192.0.2.21", nil},
		"proxy protocol":   {Neighbour{Addr: addr("192.0.2.22"), Flags: FlagProxy, Protocol: rtnl.ProtocolStatic}, "proxy 192.0.2.22 protocol static", nil},
		"proxy 6 router":   {Neighbour{Addr: addr("2001:db8::21"), Flags: FlagProxy | FlagRouter}, "proxy 2001:db8::21 router", nil},
		"proxy 6 protocol": {Neighbour{Addr: addr("2001:db8::22"), Flags: FlagProxy, Protocol: rtnl.ProtocolZebra}, "proxy 2001:db8::22 protocol zebra", nil},
	}
	for name, s := range all {
		s.add.Link = l.v0
		s.ip += " dev v0"
		all[name] = s
	}
	return all
}

// fdb returns FDB entries with each attribute but the VLAN, for which there is
// TestInteropVLAN.
func (l *lab) fdb() map[string]liveSample {
	bridge := func(n *Neighbour) { n.Master = l.br0 }
	self := func(n *Neighbour) { n.Flags |= FlagSelf }
	tunnelNoARP := func(n *Neighbour) {
		self(n)
		n.State |= StateReachable
	}
	ipTunnel := addr("192.0.2.1")
	all := map[string]liveSample{
		"static":    {Neighbour{Link: l.p0, LinkAddr: mac(1), State: StateNoARP}, "02:00:00:00:00:01 dev p0 master static", bridge},
		"permanent": {Neighbour{Link: l.p0, LinkAddr: mac(2)}, "02:00:00:00:00:02 dev p0 master", bridge},
		"dynamic":   {Neighbour{Link: l.p0, LinkAddr: mac(3), State: StateReachable}, "02:00:00:00:00:03 dev p0 master dynamic", bridge},
		"sticky": {
			Neighbour{Link: l.p0, LinkAddr: mac(4), State: StateNoARP, Flags: FlagSticky},
			"02:00:00:00:00:04 dev p0 master static sticky", bridge,
		},
		"extern_learn": {
			Neighbour{Link: l.p0, LinkAddr: mac(5), State: StateReachable, Flags: FlagExtLearned | FlagMaster},
			"02:00:00:00:00:05 dev p0 master dynamic extern_learn", func(n *Neighbour) { n.Master, n.Flags = l.br0, FlagExtLearned },
		},
		"of the bridge": {
			Neighbour{Link: l.br0, LinkAddr: mac(6), Flags: FlagSelf},
			"02:00:00:00:00:06 dev br0 self", func(n *Neighbour) { n.Master, n.Flags = l.br0, 0 },
		},
		"activity": {
			Neighbour{Link: l.p0, LinkAddr: mac(7), State: StateNoARP, Activity: ActivityNotify, NoRefresh: true}, "",
			func(n *Neighbour) { n.Master, n.NoRefresh = l.br0, false },
		},
		"inactive": {
			Neighbour{Link: l.p0, LinkAddr: mac(8), State: StateNoARP, Activity: ActivityNotify | ActivityInactive}, "", bridge,
		},
		"tunnel":         {Neighbour{Link: l.vx0, LinkAddr: mac(11), Addr: ipTunnel}, "02:00:00:00:00:0b dev vx0 dst 192.0.2.1", self},
		"tunnel static":  {Neighbour{Link: l.vx0, LinkAddr: mac(12), Addr: ipTunnel, State: StateNoARP}, "02:00:00:00:00:0c dev vx0 dst 192.0.2.1 static", tunnelNoARP},
		"tunnel dynamic": {Neighbour{Link: l.vx0, LinkAddr: mac(13), Addr: ipTunnel, State: StateReachable}, "02:00:00:00:00:0d dev vx0 dst 192.0.2.1 dynamic", self},
		"tunnel details": {
			Neighbour{Link: l.vx0, LinkAddr: mac(14), Addr: addr("192.0.2.2"), Port: 5000, VNI: 43, Via: l.v0},
			"02:00:00:00:00:0e dev vx0 dst 192.0.2.2 port 5000 vni 43 via v0", self,
		},
		"tunnel router": {
			Neighbour{Link: l.vx0, LinkAddr: mac(15), Addr: ipTunnel, Flags: FlagRouter},
			"02:00:00:00:00:0f dev vx0 dst 192.0.2.1 router", self,
		},
		"tunnel extern_learn": {
			Neighbour{Link: l.vx0, LinkAddr: mac(16), Addr: ipTunnel, Flags: FlagExtLearned},
			"02:00:00:00:00:10 dev vx0 dst 192.0.2.1 extern_learn", self,
		},
		"next hops": {Neighbour{Link: l.vx0, LinkAddr: mac(17), NexthopID: 10}, "02:00:00:00:00:11 dev vx0 nhid 10", self},
		"external": {
			Neighbour{Link: l.vx1, LinkAddr: mac(18), Addr: ipTunnel, SrcVNI: 7, VNI: 8},
			"02:00:00:00:00:12 dev vx1 dst 192.0.2.1 src_vni 7 vni 8", self,
		},
		"listened to": {
			Neighbour{Link: l.v0, LinkAddr: mac(19), Flags: FlagSelf},
			"02:00:00:00:00:13 dev v0 self", self,
		},
	}
	for name, s := range all {
		s.add.Family = rtnl.FamilyBridge
		all[name] = s
	}
	return all
}

// want returns what reading gives of the sample, but for what [plain] takes away.
func (s liveSample) want() Neighbour {
	n := s.add
	if n.Family == 0 {
		n.Family = rtnl.FamilyOf(n.Addr)
	}
	if n.State == StateNone && !n.Flags.Has(FlagProxy) {
		n.State = StatePermanent
	}
	if s.read != nil {
		s.read(&n)
	}
	return n
}
