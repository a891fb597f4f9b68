package kernels

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// A feature is something of netlink that not every kernel has.
type feature struct {
	name  string
	since string // the version that brought it, 5.4 for that or any before, "" for none
	has   func(*bed) bool
}

// A bed is where features are looked for: a namespace with a pair of links that are
// up, v0 with an IPv4 address, and a bridge.
type bed struct {
	*testing.T
	client     *nlkit.Client
	v0, bridge int
}

var features = []feature{
	{"extended acknowledgements: the kernel's words", "5.4", func(b *bed) bool {
		return b.refusal(b.add("x", &link.Unknown{Name: "no-such-kind"})).Message != ""
	}},
	{"extended acknowledgements: the attribute at fault", "5.4", func(b *bed) bool {
		return b.refusal(b.set(link.WithRawAttr(unix.IFLA_TXQLEN, []byte{1}))).Attr == "IFLA_TXQLEN"
	}},
	{"extended acknowledgements: the attribute that is missing", "6.1", func(b *bed) bool {
		return b.refusal(b.featuresOfNone()).Missing
	}},
	{"strict checking: dumps filtered by the kernel", "5.4", func(b *bed) bool {
		return b.onlyOf(unix.RTM_GETADDR, unix.SizeofIfAddrmsg, 4, 1)
	}},
	{"`NLM_F_ECHO` for links", "6.2", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error { return link.Add(b.Context(), d, "x", &link.Veth{}) })
	}},
	{"`NLM_F_ECHO` for addresses", "5.4", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error {
			return addr.Add(b.Context(), d, addr.Address{Link: b.v0, Prefix: netip.MustParsePrefix("192.0.2.9/24")})
		})
	}},
	{"`NLM_F_ECHO` for routes", "5.4", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error {
			return route.Add(b.Context(), d, route.Route{Dst: netip.MustParsePrefix("198.51.100.0/24"), Link: b.v0})
		})
	}},
	{"`NLM_F_ECHO` for neighbours", "", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error {
			return neigh.Add(b.Context(), d, neigh.Neighbour{
				Link: b.v0, Addr: netip.MustParseAddr("192.0.2.9"), LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}, State: neigh.StatePermanent,
			})
		})
	}},
	{"`NLM_F_ECHO` for rules", "5.4", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error {
			return rule.Add(b.Context(), d, rule.Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(7)), Table: 7})
		})
	}},
	{"`NLM_F_ECHO` for next hops", "5.4", func(b *bed) bool {
		return b.echoed(func(d nlkit.Doer) error {
			return nexthop.Add(b.Context(), d, nexthop.Nexthop{ID: 7, Blackhole: true})
		})
	}},
	{"an FDB is flushed by one request (`NLM_F_BULK`): of a bridge", "5.19", func(b *bed) bool {
		return b.flushed(b.bridge)
	}},
	{"an FDB is flushed by one request (`NLM_F_BULK`): of a VXLAN link", "6.7", func(b *bed) bool {
		var vx link.Link
		b.must(link.Add(b.Context(), b.client, "vx", &link.VXLAN{VNI: 7, Port: 4789}, link.Into(&vx)))
		return b.flushed(vx.Index)
	}},
	{"alternative names of links", "5.5", func(b *bed) bool {
		return link.AddAltName(b.Context(), b.client, link.Index(b.v0), "a-name-longer-than-sixteen") == nil
	}},
	{"GSO limits of links for IPv4 alone", "6.3", func(b *bed) bool {
		b.must(b.set(link.WithGSOIPv4MaxSize(12345)))
		l, err := link.Get(b.Context(), b.client, link.Index(b.v0))
		b.must(err)
		return l.GSOIPv4MaxSize == 12345
	}},
	{"the protocol of an address", "5.18", func(b *bed) bool {
		p := netip.MustParsePrefix("192.0.2.7/24")
		b.must(addr.Add(b.Context(), b.client, addr.Address{Link: b.v0, Prefix: p, Protocol: 77}))
		a, err := addr.Get(b.Context(), b.client, b.v0, p)
		b.must(err)
		return a.Protocol == 77
	}},
	{"neighbours that the kernel keeps reachable: their interval", "6.0", func(b *bed) bool {
		tables, err := neigh.Tables(b.Context(), b.client, neigh.MatchFamily(rtnl.FamilyIPv4), neigh.MatchLink(b.v0))
		b.must(err)
		return len(tables) == 1 && tables[0].IntervalProbeTime != nil
	}},
	{"next hop objects", "5.4", func(b *bed) bool {
		return b.nexthop(nexthop.Nexthop{ID: 1, Link: b.v0}) == nil
	}},
	{"next hop groups, resilient", "5.13", func(b *bed) bool {
		b.must(b.nexthop(nexthop.Nexthop{ID: 1, Link: b.v0}))
		group := nexthop.Nexthop{
			ID: 2, Group: []nexthop.Member{{ID: 1, Weight: 1}}, GroupType: nexthop.GroupResilient,
			Resilient: &nexthop.Resilient{Buckets: 4, IdleTimer: new(time.Second)},
		}
		return b.nexthop(group) == nil
	}},
	{"next hop groups, weights of 16 bits", "6.12", func(b *bed) bool {
		b.must(b.nexthop(nexthop.Nexthop{ID: 1, Link: b.v0}))
		if b.nexthop(nexthop.Nexthop{ID: 2, Group: []nexthop.Member{{ID: 1, Weight: 1000}}}) != nil {
			return false
		}
		n, err := nexthop.Get(b.Context(), b.client, 2)
		b.must(err)
		return n.Group[0].Weight == 1000
	}},
	{"next hop groups, statistics", "6.9", func(b *bed) bool {
		_, err := nexthop.List(b.Context(), b.client, nexthop.WithStats())
		return err == nil
	}},
	{"rules: DSCP", "6.12", func(b *bed) bool {
		return b.rule(rule.Rule{Family: rtnl.FamilyIPv4, DSCP: new(uint8(9))})
	}},
	{"rules: flow label", "6.14", func(b *bed) bool {
		return b.rule(rule.Rule{Family: rtnl.FamilyIPv6, FlowLabel: new(uint32(9))})
	}},
	{"rules: masks of ports and DSCP", "6.15", func(b *bed) bool {
		return b.rule(rule.Rule{Family: rtnl.FamilyIPv4, IPProto: unix.IPPROTO_UDP, DPort: rule.Port(16), DPortMask: new(uint16(0xfff0))}) &&
			b.rule(rule.Rule{Family: rtnl.FamilyIPv4, DSCP: new(uint8(8)), DSCPMask: new(uint8(0x38))})
	}},
	{"routes: TCP timestamps in microseconds", "6.7", func(b *bed) bool {
		return route.Add(b.Context(), b.client, route.Route{
			Dst: netip.MustParsePrefix("198.51.100.0/24"), Link: b.v0, Extra: &route.Extra{Metrics: route.Metrics{Features: route.FeatureTCPUsecTS}},
		}) == nil
	}},
}

// TestFeatures tells which features the kernel has, in lines that the scripts beside
// this file read:
//
//	nlkit-feature <name> | <since> | <true or false>
//
// It fails if a kernel lacks one that it should have by its version.
func TestFeatures(t *testing.T) {
	release := kernelRelease(t)
	for _, f := range features {
		c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
		if err != nil {
			t.Fatal(err)
		}
		has := f.has(makeBed(t, c))
		c.Close()
		t.Logf("nlkit-feature %s | %s | %t", f.name, cmp.Or(f.since, "–"), has)
		if !has && f.since != "" && !older(release, f.since) {
			t.Errorf("Linux %s lacks what Linux %s brought: %s", release, f.since, f.name)
		}
	}
}

// older reports whether a kernel's release is of an older version.
func older(release, version string) bool {
	var major, minor, thanMajor, thanMinor int
	fmt.Sscanf(release, "%d.%d", &major, &minor)
	fmt.Sscanf(version, "%d.%d", &thanMajor, &thanMinor)
	return major < thanMajor || major == thanMajor && minor < thanMinor
}

func makeBed(t *testing.T, c *nlkit.Client) *bed {
	t.Helper()
	b := &bed{T: t, client: c}
	var v0, br link.Link
	b.must(link.Add(t.Context(), c, "v0", &link.Veth{Peer: link.NewPeer("v1")}, link.Up(), link.Into(&v0)))
	b.must(link.Set(t.Context(), c, link.Name("v1"), link.Up()))
	b.must(link.Add(t.Context(), c, "br0", &link.Bridge{}, link.Up(), link.Into(&br)))
	b.v0, b.bridge = v0.Index, br.Index
	b.must(addr.Add(t.Context(), c, addr.Address{Link: b.v0, Prefix: netip.MustParsePrefix("192.0.2.1/24")}))
	return b
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refusal returns what the kernel says of a request that it refuses.
func (b *bed) refusal(err error) *nlkit.Error {
	b.Helper()
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || e.Errno == 0 {
		b.Fatalf("not refused: %v", err)
	}
	return e
}

func (b *bed) add(name string, kind link.Kind) error {
	return link.Add(b.Context(), b.client, name, kind)
}

func (b *bed) set(opt link.SetOption) error {
	return link.Set(b.Context(), b.client, link.Index(b.v0), opt)
}

func (b *bed) nexthop(n nexthop.Nexthop) error { return nexthop.Add(b.Context(), b.client, n) }

// featuresOfNone asks ethtool for the features of no link.
func (b *bed) featuresOfNone() error {
	fam, err := genl.Resolve(b.Context(), b.client, "ethtool")
	b.must(err)
	ask := genl.Call[struct{}, struct{}]{Command: uapi.ETHTOOL_MSG_FEATURES_GET}
	_, err = ask.Query(b.Context(), b.client, fam, nil)
	return err
}

// onlyOf reports whether a dump whose header has a link's index at an offset gives
// that link's objects only.
func (b *bed) onlyOf(typ uint16, header, offset, index int) bool {
	b.Helper()
	data := make([]byte, header)
	binary.NativeEndian.PutUint32(data[offset:], uint32(index))
	only := true
	for m, err := range b.client.Dump(b.Context(), nlkit.Request{Op: "kernels.Dump", Type: typ, Data: data, Header: header}) {
		b.must(err)
		only = only && int(binary.NativeEndian.Uint32(m.Data[offset:])) == index
	}
	return only
}

// echoed reports whether the kernel echoes the request that f makes.
func (b *bed) echoed(f func(nlkit.Doer) error) bool {
	b.Helper()
	e := &echo{client: b.client}
	b.must(f(e))
	return e.got
}

// An echo is a Doer that asks for an echo and takes note of it.
type echo struct {
	client *nlkit.Client
	got    bool
}

func (e *echo) Do(ctx context.Context, r nlkit.Request) error {
	r.Flags |= unix.NLM_F_ECHO
	r.Reply = func(nlkit.Message) error {
		e.got = true
		return nil
	}
	return e.client.Do(ctx, r)
}

// flushed reports whether the kernel empties the FDB of a link by one request.
func (b *bed) flushed(index int) bool {
	data := make([]byte, unix.SizeofNdMsg) // struct ndmsg
	data[0] = unix.AF_BRIDGE
	binary.NativeEndian.PutUint32(data[4:], uint32(index))
	data[10] = uapi.NTF_SELF
	return b.client.Do(b.Context(), nlkit.Request{
		Op: "kernels.Flush", Type: unix.RTM_DELNEIGH, Flags: uapi.NLM_F_BULK, Data: data, Header: len(data),
	}) == nil
}

// rule reports whether the kernel takes a rule as it is: an old one may ignore what
// it does not know.
func (b *bed) rule(r rule.Rule) bool {
	b.Helper()
	r.Priority, r.Table = new(uint32(77)), 7
	if rule.Add(b.Context(), b.client, r) != nil {
		return false
	}
	rules, err := rule.List(b.Context(), b.client, rule.MatchFamily(r.Family), rule.MatchPriority(77))
	b.must(err)
	got := rules[len(rules)-1]
	b.must(rule.Delete(b.Context(), b.client, got))
	return (r.DSCP == nil) == (got.DSCP == nil) && (r.FlowLabel == nil) == (got.FlowLabel == nil) &&
		(r.DPortMask == nil) == (got.DPortMask == nil) && (r.DSCPMask == nil) == (got.DSCPMask == nil)
}

func kernelRelease(t *testing.T) string {
	t.Helper()
	var un unix.Utsname
	if err := unix.Uname(&un); err != nil {
		t.Fatal(err)
	}
	return unix.ByteSliceToString(un.Release[:])
}
