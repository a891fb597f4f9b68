package neigh

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

var live, client = livetest.New, livetest.In

func ifinfo(index int, up bool) []byte {
	b := make([]byte, 16)
	binary.NativeEndian.PutUint32(b[4:], uint32(index))
	if up {
		binary.NativeEndian.PutUint32(b[8:], 1) // IFF_UP
		binary.NativeEndian.PutUint32(b[12:], 1)
	}
	return b
}

// addLink makes a link that is up and returns its index. A kind that the kernel
// lacks skips the test.
func addLink(t testing.TB, c *nlkit.Client, name, kind string, data []byte) int {
	t.Helper()
	b := attr.AppendString(ifinfo(0, false), uapi.IFLA_IFNAME, name)
	b, nest := attr.BeginNested(b, uapi.IFLA_LINKINFO)
	b = attr.AppendString(b, uapi.IFLA_INFO_KIND, kind)
	if data != nil {
		b = attr.AppendBytes(b, uapi.IFLA_INFO_DATA|uapi.NLA_F_NESTED, data)
	}
	b, err := attr.EndNested(b, nest)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Do(t.Context(), nlkit.Request{
		Op: "test.AddLink", Type: uapi.RTM_NEWLINK, Flags: uapi.NLM_F_CREATE | uapi.NLM_F_EXCL, Data: b,
	})
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "kind:"+kind, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	index := linkIndex(t, c, name)
	if kind != "veth" { // which goes up when it has its peer
		setLink(t, c, index, nil)
	}
	return index
}

func linkIndex(t testing.TB, c *nlkit.Client, name string) (index int) {
	t.Helper()
	err := c.Query(t.Context(), nlkit.Request{
		Op: "test.Link", Type: uapi.RTM_GETLINK, Data: attr.AppendString(ifinfo(0, false), uapi.IFLA_IFNAME, name),
	}, func(m nlkit.Message) error {
		index = int(binary.NativeEndian.Uint32(m.Data[4:]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// setLink changes a link by the given attributes.
func setLink(t testing.TB, c *nlkit.Client, index int, attrs []byte) {
	t.Helper()
	data := append(ifinfo(index, true), attrs...)
	if err := c.Do(t.Context(), nlkit.Request{Op: "test.SetLink", Type: uapi.RTM_NEWLINK, Data: data}); err != nil {
		t.Fatal(err)
	}
}

func setMaster(t testing.TB, c *nlkit.Client, index, master int) {
	t.Helper()
	setLink(t, c, index, attr.AppendUint32(nil, uapi.IFLA_MASTER, uint32(master)))
}

// addVeth makes a pair of links and returns their indexes.
func addVeth(t testing.TB, c *nlkit.Client, a, b string) (int, int) {
	t.Helper()
	info := attr.AppendString(ifinfo(0, false), uapi.IFLA_IFNAME, b)
	link := addLink(t, c, a, "veth", attr.AppendBytes(nil, 1, info)) // VETH_INFO_PEER
	peer := linkIndex(t, c, b)
	setLink(t, c, link, nil)
	setLink(t, c, peer, nil)
	return link, peer
}

// addPort makes a port of a bridge, which forwards, and returns its index. It is of a
// kind that has no carrier to wait for: a bridge takes nothing from a port before that
// is up.
func addPort(t testing.TB, c *nlkit.Client, name string, bridge int) int {
	t.Helper()
	port := addLink(t, c, name, "ifb", nil)
	setMaster(t, c, port, bridge)
	return port
}

// addAddr gives a link an IPv4 address.
func addAddr(t testing.TB, c *nlkit.Client, link int, p netip.Prefix) {
	t.Helper()
	b := []byte{uapi.AF_INET, byte(p.Bits()), 0, 0}
	b = binary.NativeEndian.AppendUint32(b, uint32(link))
	b = attr.AppendAddr(b, uapi.IFA_LOCAL, p.Addr())
	if err := c.Do(t.Context(), nlkit.Request{Op: "test.AddAddr", Type: uapi.RTM_NEWADDR, Flags: uapi.NLM_F_CREATE, Data: b}); err != nil {
		t.Fatal(err)
	}
}

// addBridge makes a bridge whose ports are in no VLAN: otherwise an entry without
// one is two entries, on kernels that have VLANs in bridges.
func addBridge(t testing.TB, c *nlkit.Client, name string) int {
	t.Helper()
	return addLink(t, c, name, "bridge", attr.AppendUint16(nil, uapi.IFLA_BR_VLAN_DEFAULT_PVID, 0))
}

// addVXLAN makes a tunnel, an external one for a VNI of 0.
func addVXLAN(t testing.TB, c *nlkit.Client, name string, vni uint32, port uint16) int {
	t.Helper()
	data := attr.AppendBE16(nil, uapi.IFLA_VXLAN_PORT, port)
	data = attr.AppendUint8(data, uapi.IFLA_VXLAN_L2MISS, 1)
	data = attr.AppendUint8(data, uapi.IFLA_VXLAN_LEARNING, 0)
	if vni != 0 {
		data = attr.AppendUint32(data, uapi.IFLA_VXLAN_ID, vni)
	} else {
		data = attr.AppendUint8(data, uapi.IFLA_VXLAN_COLLECT_METADATA, 1)
	}
	return addLink(t, c, name, "vxlan", data)
}

// addNexthops makes a group of one next hop for FDB entries, with this id.
func addNexthops(t testing.TB, c *nlkit.Client, id uint32) {
	t.Helper()
	const nhaID, nhaGroup, nhaGateway, nhaFDB = 1, 2, 6, 11
	hop := attr.AppendUint32(nil, nhaID, 1)
	hop = attr.AppendAddr(hop, nhaGateway, addr("192.0.2.1"))
	hop = attr.AppendBytes(hop, nhaFDB, nil)
	group := attr.AppendUint32(nil, nhaID, id)
	group = attr.AppendBytes(group, nhaFDB, nil)
	member := append(binary.NativeEndian.AppendUint32(nil, 1), 0, 0, 0, 0) // struct nexthop_grp
	group = attr.AppendBytes(group, nhaGroup, member)
	for _, m := range []struct {
		family byte
		attrs  []byte
	}{{uapi.AF_INET, hop}, {uapi.AF_UNSPEC, group}} {
		data := append([]byte{m.family, 0, 0, 0, 0, 0, 0, 0}, m.attrs...) // struct nhmsg
		if err := c.Do(t.Context(), nlkit.Request{Op: "test.Nexthop", Type: uapi.RTM_NEWNEXTHOP, Flags: uapi.NLM_F_CREATE, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func mac(last ...byte) net.HardwareAddr {
	a := net.HardwareAddr{2, 0, 0, 0, 0, 0}
	copy(a[6-len(last):], last)
	return a
}

// plain returns n without what changes by itself and what says where it is, so
// that it can be compared with what was added.
func plain(n Neighbour) Neighbour {
	n.CacheInfo, n.Probes, n.Type = nil, 0, 0
	return n
}

func plainAll(list []Neighbour) []Neighbour {
	for i := range list {
		list[i] = plain(list[i])
	}
	return list
}

// listed returns what List gives of the entries that a test made, which must be the
// same with and without strict checks, and from All. Others come and go.
func listed(t testing.TB, ns *nstest.NS, opts ...ListOption) []Neighbour {
	t.Helper()
	var want []Neighbour
	for _, strict := range []bool{true, false} {
		c := client(t, ns, nlkit.WithStrict(strict))
		got, err := List(t.Context(), c, opts...)
		if err != nil {
			t.Fatalf("strict %v: %v", strict, err)
		}
		got = slices.DeleteFunc(plainAll(got), foreign)
		var streamed []Neighbour
		for n, err := range All(t.Context(), c, opts...) {
			if err != nil {
				t.Fatalf("strict %v: %v", strict, err)
			}
			if !foreign(n) {
				streamed = append(streamed, plain(n))
			}
		}
		sortEntries(got)
		sortEntries(streamed)
		if strict {
			want = got
		}
		if !equalEntries(got, want) || !equalEntries(streamed, want) {
			t.Fatalf("strict %v: listed %v, streamed %v, want %v", strict, got, streamed, want)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return want
}

// foreign reports whether the kernel made an entry by itself, and no test.
func foreign(n Neighbour) bool {
	if len(n.LinkAddr) == 0 {
		return !n.Flags.Has(FlagProxy)
	}
	return !bytes.HasPrefix(n.LinkAddr, mac()[:4]) && !bytes.Equal(n.LinkAddr, make([]byte, 6))
}

func sortEntries(list []Neighbour) {
	slices.SortFunc(list, func(a, b Neighbour) int {
		return slices.Compare([]byte(a.String()), []byte(b.String()))
	})
}

func equalEntries(a, b []Neighbour) bool {
	return slices.EqualFunc(a, b, func(a, b Neighbour) bool {
		return a.String() == b.String() && a.State == b.State && a.Flags == b.Flags
	})
}

// withTimeout returns a context that ends before the test binary does.
func withTimeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func bridgeEntry(link int, a net.HardwareAddr, state State) Neighbour {
	return Neighbour{Family: rtnl.FamilyBridge, Link: link, LinkAddr: a, State: state}
}

func itoa(i int) string { return strconv.Itoa(i) }
