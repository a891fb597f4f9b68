package kernels

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A probe is a link to create: of a kind, or of a variant that not every kernel
// with the kind has.
type probe struct {
	kind, variant string
	link, data    attrs // of the link, and of IFLA_INFO_DATA
}

func (p probe) String() string { return strings.TrimSpace(p.kind + " " + p.variant) }

// The value of an attribute is a uint8, uint16, uint32, netip.Addr or one of the
// types below.
type attrs []struct {
	typ   uint16
	value any
}

type (
	be16 uint16
	be32 uint32
	end  int // the index of one of the ends of a veth pair, to be a lower link
)

// What x/sys lacks of linux/if_tunnel.h, if_link.h, gtp.h and amt.h.
const (
	greIFlags, greOFlags, greIKey, greOKey, greLocal, greRemote, greERSPAN = 2, 3, 4, 5, 6, 7, 22

	greKeyAndSeq = 0x2000 | 0x1000 // GRE_KEY | GRE_SEQ

	iptunLocal, iptunRemote                  = 2, 3
	vtiIKey, vtiLocal, vtiRemote             = 2, 4, 5
	amtMode, amtLink, amtLocal, amtDiscovery = 1, 4, 5, 7

	hsrPRP, gtpSGSN = 1, 1
)

var (
	a4, b4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	a6, b6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")

	over = attrs{{unix.IFLA_LINK, end(0)}}
)

var probes = []probe{
	{kind: "amt", data: attrs{{amtMode, uint32(0)}, {amtLink, end(0)}, {amtLocal, a4}, {amtDiscovery, b4}}},
	{kind: "bareudp", data: attrs{{unix.IFLA_BAREUDP_PORT, be16(6635)}, {unix.IFLA_BAREUDP_ETHERTYPE, be16(unix.ETH_P_MPLS_UC)}}},
	{kind: "batadv"},
	{kind: "bond"},
	{kind: "bridge"},
	{kind: "bridge", variant: "vlan_filtering", data: attrs{{unix.IFLA_BR_VLAN_FILTERING, uint8(1)}}},
	{kind: "caif"},
	{kind: "dummy"},
	{kind: "erspan", data: attrs{
		{greLocal, a4}, {greRemote, b4}, {greERSPAN, uint8(1)},
		{greIFlags, be16(greKeyAndSeq)}, {greOFlags, be16(greKeyAndSeq)}, {greIKey, be32(1)}, {greOKey, be32(1)},
	}},
	{kind: "geneve", data: attrs{{unix.IFLA_GENEVE_ID, uint32(9)}, {unix.IFLA_GENEVE_REMOTE, b4}}},
	{kind: "gre", data: attrs{{greLocal, a4}, {greRemote, b4}}},
	{kind: "gretap", data: attrs{{greLocal, a4}, {greRemote, b4}}},
	{kind: "gtp", data: attrs{{unix.IFLA_GTP_ROLE, uint32(gtpSGSN)}, {unix.IFLA_GTP_CREATE_SOCKETS, uint8(1)}}},
	{kind: "hsr", data: attrs{{unix.IFLA_HSR_SLAVE1, end(0)}, {unix.IFLA_HSR_SLAVE2, end(1)}}},
	{kind: "hsr", variant: "prp", data: attrs{
		{unix.IFLA_HSR_SLAVE1, end(0)}, {unix.IFLA_HSR_SLAVE2, end(1)}, {unix.IFLA_HSR_PROTOCOL, uint8(hsrPRP)},
	}},
	{kind: "ifb"},
	{kind: "ip6erspan", data: attrs{
		{greLocal, a6}, {greRemote, b6}, {greERSPAN, uint8(1)},
		{greIFlags, be16(greKeyAndSeq)}, {greOFlags, be16(greKeyAndSeq)}, {greIKey, be32(1)}, {greOKey, be32(1)},
	}},
	{kind: "ip6gre", data: attrs{{greLocal, a6}, {greRemote, b6}}},
	{kind: "ip6gretap", data: attrs{{greLocal, a6}, {greRemote, b6}}},
	{kind: "ip6tnl", data: attrs{{iptunLocal, a6}, {iptunRemote, b6}}},
	{kind: "ipip", data: attrs{{iptunLocal, a4}, {iptunRemote, b4}}},
	{kind: "ipvlan", link: over},
	{kind: "ipvtap", link: over},
	{kind: "macsec", link: over},
	{kind: "macvlan", link: over},
	{kind: "macvtap", link: over},
	{kind: "netdevsim"},
	{kind: "netkit"},
	{kind: "nlmon"},
	{kind: "ovpn"},
	{kind: "pfcp"},
	{kind: "rmnet", link: over, data: attrs{{unix.IFLA_RMNET_MUX_ID, uint16(1)}}},
	{kind: "sit", data: attrs{{iptunLocal, a4}, {iptunRemote, b4}}},
	{kind: "team"},
	{kind: "vcan"},
	{kind: "veth"},
	{kind: "virt_wifi", link: over},
	{kind: "vlan", link: over, data: attrs{{unix.IFLA_VLAN_ID, uint16(5)}}},
	{kind: "vlan", variant: "802.1ad", link: over, data: attrs{{unix.IFLA_VLAN_ID, uint16(5)}, {unix.IFLA_VLAN_PROTOCOL, be16(unix.ETH_P_8021AD)}}},
	{kind: "vrf", data: attrs{{unix.IFLA_VRF_TABLE, uint32(10)}}},
	{kind: "vsockmon"},
	{kind: "vti", data: attrs{{vtiLocal, a4}, {vtiRemote, b4}, {vtiIKey, be32(5)}}},
	{kind: "vti6", data: attrs{{vtiLocal, a6}, {vtiRemote, b6}, {vtiIKey, be32(5)}}},
	{kind: "vxcan"},
	{kind: "vxlan", data: attrs{{unix.IFLA_VXLAN_ID, uint32(7)}, {unix.IFLA_VXLAN_PORT, be16(4789)}}},
	{kind: "vxlan", variant: "external", data: attrs{{unix.IFLA_VXLAN_COLLECT_METADATA, uint8(1)}, {unix.IFLA_VXLAN_PORT, be16(4789)}}},
	{kind: "vxlan", variant: "vnifilter", data: attrs{
		{unix.IFLA_VXLAN_COLLECT_METADATA, uint8(1)}, {unix.IFLA_VXLAN_VNIFILTER, uint8(1)}, {unix.IFLA_VXLAN_PORT, be16(4789)},
	}},
	{kind: "wireguard"},
	{kind: "xfrm", data: attrs{{unix.IFLA_XFRM_LINK, end(0)}, {unix.IFLA_XFRM_IF_ID, uint32(7)}}},
}

// TestKinds tries to create a link of every kind, each in a namespace of its own,
// and tells which the kernel has, in lines that the scripts beside this file read:
//
//	nlkit-kernel <release>
//	nlkit-kind <kind> [<variant>]: ok
//	nlkit-kind <kind> [<variant>]: <error number> (<error>)
//
// In a kernel that has lists, which the script run names in NLKIT_KERNEL, it fails
// if they are not true.
func TestKinds(t *testing.T) {
	t.Logf("nlkit-kernel %s", kernelRelease(t))
	has := map[string]bool{}
	for _, p := range probes {
		err := p.try(t)
		if p.variant == "" {
			has[p.kind] = err == nil
		}
		if err == nil {
			t.Logf("nlkit-kind %s: ok", p)
			continue
		}
		errno, _ := errors.AsType[unix.Errno](err)
		t.Logf("nlkit-kind %s: %s (%v)", p, unix.ErrnoName(errno), err)
	}
	kernel := os.Getenv("NLKIT_KERNEL")
	if kernel == "" {
		return
	}
	lists := readLists(t, kernel)
	for kind, has := range has {
		if need := "kind:" + kind; has != lists.requires(need) {
			t.Errorf("%s: that the kernel has %s is %t, and %t in the list of what is required", kernel, need, has, !has)
		}
	}
}

// try creates the link in a new namespace, which ends with the test.
func (p probe) try(t *testing.T) error {
	c, err := nlkit.New(nlkit.WithNetNSFD(nstest.New(t).FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	ends := [2]uint32{101, 102}
	if p.isAbove() {
		peer := attr.AppendString(ifinfomsg(ends[1]), unix.IFLA_IFNAME, "below1")
		pair := newLink(t, ends[0], "below0", "veth", nil, attr.AppendBytes(nil, uapi.VETH_INFO_PEER, peer))
		if err := nlkit.Do(t.Context(), c, pair); err != nil {
			t.Fatal(err)
		}
	}
	return nlkit.Do(t.Context(), c, newLink(t, 0, "probe", p.kind, p.link.encode(t, ends), p.data.encode(t, ends)))
}

// isAbove reports whether the link has a lower one.
func (p probe) isAbove() bool {
	for _, list := range []attrs{p.link, p.data} {
		for _, a := range list {
			if _, ok := a.value.(end); ok {
				return true
			}
		}
	}
	return false
}

// newLink is the request for a link; index 0 leaves the index to the kernel.
func newLink(t *testing.T, index uint32, name, kind string, link, data []byte) nlkit.Request {
	t.Helper()
	b := attr.AppendString(ifinfomsg(index), unix.IFLA_IFNAME, name)
	b = append(b, link...)
	b, info := attr.BeginNested(b, unix.IFLA_LINKINFO)
	b = attr.AppendString(b, unix.IFLA_INFO_KIND, kind)
	if len(data) > 0 {
		b = attr.AppendBytes(b, unix.IFLA_INFO_DATA|unix.NLA_F_NESTED, data)
	}
	b, err := attr.EndNested(b, info)
	if err != nil {
		t.Fatal(err)
	}
	return nlkit.Request{
		Op: "kernels.New", Type: unix.RTM_NEWLINK, Flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL,
		Data: b, Header: unix.SizeofIfInfomsg,
	}
}

// ifinfomsg is the fixed header of a link's message.
func ifinfomsg(index uint32) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(b[4:], index)
	return b
}

func (list attrs) encode(t *testing.T, ends [2]uint32) []byte {
	t.Helper()
	var b []byte
	for _, a := range list {
		switch v := a.value.(type) {
		case uint8:
			b = attr.AppendUint8(b, a.typ, v)
		case uint16:
			b = attr.AppendUint16(b, a.typ, v)
		case uint32:
			b = attr.AppendUint32(b, a.typ, v)
		case be16:
			b = attr.AppendBE16(b, a.typ, uint16(v))
		case be32:
			b = attr.AppendBE32(b, a.typ, uint32(v))
		case netip.Addr:
			b = attr.AppendAddr(b, a.typ, v)
		case end:
			b = attr.AppendUint32(b, a.typ, ends[v])
		default:
			t.Fatalf("attribute %d is a %T", a.typ, v)
		}
	}
	return b
}
