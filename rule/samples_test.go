package rule

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/rtnl"
)

// A sample is a rule as List returns it, complete.
type sample struct {
	rule Rule
	// ip is what `ip rule add` is given for the same, nil where iproute2 6.1 has no
	// word for it: dscp, flowlabel, and masks of ports.
	ip []string
}

type kernel struct{ major, minor int }

// running is the version of the kernel that the tests run on.
func running(t testing.TB) (k kernel) {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "%d.%d", &k.major, &k.minor); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return k
}

func (k kernel) before(o kernel) bool {
	return k.major < o.major || k.major == o.major && k.minor < o.minor
}

// forget removes what the kernel does not know from r.
func (k kernel) forget(r *Rule) {
	if k.before(kernel{6, 12}) {
		r.DSCP = nil
	}
	if k.before(kernel{6, 14}) {
		r.FlowLabel, r.FlowLabelMask = nil, nil
	}
	if k.before(kernel{6, 15}) {
		r.DSCPMask, r.SPortMask, r.DPortMask = nil, nil, nil
	}
}

// userIDs is how many user ids there are in the tests' user namespace, from 0.
func userIDs(t testing.TB) (n uint32) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Fatal(err)
	}
	var inside, outside uint32
	if _, err := fmt.Sscan(string(text), &inside, &outside, &n); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if inside != 0 {
		return 0
	}
	return n
}

// samples are rules that use one selector or action each, and some of all. Their
// priorities begin at 1000.
func samples() map[string]*sample {
	prefix := netip.MustParsePrefix
	all := map[string]*sample{}
	add := func(name, ip string, set func(*Rule)) {
		r := Rule{Family: rtnl.FamilyIPv4, Action: ActionLookup, Table: 100}
		if strings.HasSuffix(name, "_6") {
			r.Family = rtnl.FamilyIPv6
		}
		set(&r)
		s := &sample{rule: r}
		if ip != "" {
			s.ip = strings.Fields(ip)
		}
		all[name] = s
	}
	do := func(a Action) func(*Rule) {
		return func(r *Rule) { r.Action, r.Table = a, rtnl.TableUnspec }
	}
	add("from", "from 10.0.0.0/8 table 100", func(r *Rule) { r.From = prefix("10.0.0.0/8") })
	add("from_6", "from 2001:db8::/32 table 100", func(r *Rule) { r.From = prefix("2001:db8::/32") })
	add("from_mapped_6", "from ::ffff:0:0/96 table 100", func(r *Rule) { r.From = prefix("::ffff:0.0.0.0/96") })
	add("host_bits", "from 10.1.2.3/8 table 100", func(r *Rule) { r.From = prefix("10.1.2.3/8") })
	add("to", "to 192.0.2.1 table 100", func(r *Rule) { r.To = prefix("192.0.2.1/32") })
	add("to_6", "from 2001:db8::/32 to 2001:db8:1::/48 table 100", func(r *Rule) {
		r.From, r.To = prefix("2001:db8::/32"), prefix("2001:db8:1::/48")
	})
	add("iif", "iif lo table 100", func(r *Rule) { r.IIF = "lo" })
	add("detached", "iif absent0 oif absent1 table 100", func(r *Rule) {
		r.IIF, r.OIF, r.Flags = "absent0", "absent1", FlagIIFDetached|FlagOIFDetached
	})
	add("mark", "fwmark 7 table 100", func(r *Rule) { r.Mark = 7 })
	add("mark_masked", "fwmark 0x10/0xff table 100", func(r *Rule) { r.Mark, r.MarkMask = 0x10, new(uint32(0xff)) })
	add("mark_unset", "fwmark 0/0xff table 100", func(r *Rule) { r.MarkMask = new(uint32(0xff)) })
	add("mark_ignored", "fwmark 7/0 table 100", func(r *Rule) { r.Mark, r.MarkMask = 7, new(uint32(0)) })
	add("tos", "tos 0x10 table 100", func(r *Rule) { r.TOS = 0x10 })
	add("tos_6", "tos 0x88 table 100", func(r *Rule) { r.TOS = 0x88 })
	add("large_table", "table 100000", func(r *Rule) { r.Table = 100000 })
	add("table_252", "table 252", func(r *Rule) { r.Table = 252 })
	add("goto", "goto 32766", func(r *Rule) { do(ActionGoto)(r); r.Goto = 32766 })
	add("goto_unresolved", "goto 5000", func(r *Rule) { do(ActionGoto)(r); r.Goto, r.Flags = 5000, FlagUnresolved })
	add("nop", "nop", do(ActionNop))
	add("blackhole", "blackhole", do(ActionBlackhole))
	add("unreachable_6", "unreachable", do(ActionUnreachable))
	add("prohibit", "prohibit", do(ActionProhibit))
	add("suppress", "table 100 suppress_prefixlength 0 suppress_ifgroup 5", func(r *Rule) {
		r.SuppressPrefixLen, r.SuppressIfGroup = new(0), new(uint32(5))
	})
	add("root_user", "uidrange 0-0 table 100", func(r *Rule) { r.UIDRange = &UIDRange{} })
	add("uid_range", "uidrange 100000-200000 table 100", func(r *Rule) { r.UIDRange = &UIDRange{Start: 100000, End: 200000} })
	add("ip_proto_6", "ipproto 17 table 100", func(r *Rule) { r.IPProto = 17 })
	add("ports", "ipproto 6 sport 80 dport 1000-2000 table 100", func(r *Rule) {
		r.IPProto, r.SPort, r.DPort = 6, Port(80), PortRange{Start: 1000, End: 2000}
	})
	add("tun_id", "tun_id 72623859790382856 table 100", func(r *Rule) { r.TunID = 0x0102030405060708 })
	add("l3mdev", "l3mdev", func(r *Rule) { r.L3MDev, r.Table = true, rtnl.TableUnspec })
	add("realms", "realms 3/4 table 100", func(r *Rule) { r.Realms = Realms{From: 3, To: 4} })
	add("protocol", "protocol bgp table 100", func(r *Rule) { r.Protocol = rtnl.ProtocolBGP })
	add("invert", "not fwmark 1 table 100", func(r *Rule) { r.Mark, r.Flags = 1, FlagInvert })
	add("much", "not from 10.0.0.0/8 to 192.0.2.0/24 tos 0x10 fwmark 0x1/0xff iif lo oif absent1 uidrange 0-0 "+
		"ipproto 17 sport 53 dport 53-54 tun_id 9 table 1000 suppress_prefixlength 8 suppress_ifgroup 3 realms 1/2 protocol static", func(r *Rule) {
		*r = Rule{
			Family: rtnl.FamilyIPv4, From: prefix("10.0.0.0/8"), To: prefix("192.0.2.0/24"), TOS: 0x10,
			Mark: 1, MarkMask: new(uint32(0xff)), IIF: "lo", OIF: "absent1", UIDRange: &UIDRange{},
			IPProto: 17, SPort: Port(53), DPort: PortRange{Start: 53, End: 54}, TunID: 9, Table: 1000, Action: ActionLookup,
			SuppressPrefixLen: new(8), SuppressIfGroup: new(uint32(3)), Realms: Realms{From: 1, To: 2},
			Protocol: rtnl.ProtocolStatic, Flags: FlagInvert | FlagOIFDetached,
		}
	})

	add("dscp", "", func(r *Rule) { r.DSCP = new(uint8(10)) })
	add("dscp_zero_6", "", func(r *Rule) { r.DSCP = new(uint8(0)) })
	add("dscp_masked", "", func(r *Rule) { r.DSCP, r.DSCPMask = new(uint8(8)), new(uint8(0x38)) })
	add("flow_label_6", "", func(r *Rule) { r.FlowLabel = new(uint32(0x12345)) })
	add("flow_label_zero_6", "", func(r *Rule) { r.FlowLabel = new(uint32(0)) })
	add("flow_label_masked_6", "", func(r *Rule) { r.FlowLabel, r.FlowLabelMask = new(uint32(5)), new(uint32(0xff)) })
	add("port_masks", "", func(r *Rule) {
		r.SPort, r.SPortMask = Port(0x1000), new(uint16(0xf000))
		r.DPort, r.DPortMask = Port(0x2000), new(uint16(0xff00))
	})

	for i, name := range slices.Sorted(maps.Keys(all)) {
		all[name].rule.Priority = new(uint32(1000 + i))
	}
	return all
}

// live are the samples that can be made here, as the running kernel gives them.
func live(t testing.TB) map[string]*sample {
	t.Helper()
	k, users, all := running(t), userIDs(t), samples()
	for name, s := range all {
		if u := s.rule.UIDRange; u != nil && u.End >= users {
			delete(all, name) // see TestPeerBugUIDRangeOver65535
			continue
		}
		k.forget(&s.rule)
	}
	return all
}
