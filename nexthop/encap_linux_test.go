package nexthop_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/rtnl"
)

// A next hop with an encapsulation made here and one made by ip are the same, to both.
// What encapsulations there are, and all that is in them, package route tests.
func TestEncap(t *testing.T) {
	c, ns, v0, _ := live(t)
	segments := []netip.Addr{addr("fc00::1"), addr("fc00::2")}
	for ip, n := range map[string]nexthop.Nexthop{
		"id 30 encap mpls 100/200 via 10.9.0.2 dev v0": {
			Gateway: addr("10.9.0.2"), Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{100, 200}},
		},
		"id 30 encap ip id 7 dst 192.0.2.9 via 10.9.0.2 dev v0": {
			Gateway: addr("10.9.0.2"), Encap: &rtnl.IPEncap{ID: 7, Dst: addr("192.0.2.9")},
		},
		"id 30 encap ip6 id 7 dst 2001:db8::9 via fd00::2 dev v0": {
			Gateway: addr("fd00::2"), Encap: &rtnl.IP6Encap{ID: 7, Dst: addr("2001:db8::9")},
		},
		"id 30 encap seg6 mode encap segs fc00::1,fc00::2 via fd00::2 dev v0": {
			Gateway: addr("fd00::2"), Encap: &rtnl.SEG6Encap{Mode: rtnl.SEG6Outer, Segments: segments},
		},
		"id 30 encap seg6local action End.B6.Encaps srh segs fc00::1,fc00::2 via fd00::2 dev v0": {
			Gateway: addr("fd00::2"), Encap: &rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndB6Encaps, Segments: segments},
		},
	} {
		t.Run(n.Encap.Type().String(), func(t *testing.T) {
			n.ID, n.Link = 30, v0
			var into nexthop.Nexthop
			err := nexthop.Add(t.Context(), c, n, nexthop.Into(&into))
			if e, ok := errors.AsType[*nlkit.Error](err); ok && strings.Contains(e.Message, "lwt encapsulation type not supported") {
				nstest.Skip(t, "encap:"+n.Encap.Type().String(), "%v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			ours, err := nexthop.Get(t.Context(), c, 30)
			if err != nil || !reflect.DeepEqual(ours.Encap, n.Encap) || ours.Rest != nil {
				t.Fatalf("made here: %+v %v, %v", ours, ours.Encap, err)
			}
			same(t, "into", into, ours)
			shown := string(ns.Run(t, "ip", "-j", "-d", "nexthop", "show"))
			if err := nexthop.Replace(t.Context(), c, ours); err != nil {
				t.Errorf("what was read: %v", err)
			}
			if err := nexthop.Flush(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			ns.Run(t, "ip", append([]string{"nexthop", "add"}, strings.Fields(ip)...)...)
			theirs, err := nexthop.Get(t.Context(), c, 30)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "made by ip", theirs, ours)
			same(t, "ip says", string(ns.Run(t, "ip", "-j", "-d", "nexthop", "show")), shown)
			if !strings.HasPrefix(ours.String(), "id 30 encap "+n.Encap.String()+" via ") {
				t.Errorf("got %v", ours)
			}
			if err := nexthop.Flush(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestEncapErrors(t *testing.T) {
	c, _, v0, _ := live(t)
	bad := &rtnl.UnknownEncap{Kind: rtnl.EncapIP, Data: []byte{5, 0, 1, 0, 1, 0, 0, 0}} // LWTUNNEL_IP_ID of a byte
	for _, tt := range []struct {
		n    nexthop.Nexthop
		attr string
		sent bool
	}{
		{nexthop.Nexthop{Link: v0, Encap: bad}, "NHA_ENCAP.LWTUNNEL_IP_ID", true},
		{nexthop.Nexthop{Link: v0, Encap: &rtnl.MPLSEncap{}}, "NHA_ENCAP.MPLS_IPTUNNEL_DST", false},
		{nexthop.Nexthop{Link: v0, Encap: &rtnl.UnknownEncap{}}, "NHA_ENCAP_TYPE", false},
		{nexthop.Nexthop{Link: v0, Encap: &rtnl.BPFEncap{Out: &rtnl.BPFProgram{Name: "x"}}}, "NHA_ENCAP.LWT_BPF_OUT.LWT_BPF_PROG_FD", false},
		{nexthop.Nexthop{Blackhole: true, Encap: bad}, "NHA_BLACKHOLE", false},
		{nexthop.Nexthop{FDB: true, Gateway: addr("192.0.2.1"), Encap: bad}, "NHA_FDB", false},
		{nexthop.Nexthop{Group: []nexthop.Member{{ID: 1, Weight: 1}}, Encap: bad}, "NHA_GROUP", false},
	} {
		err := nexthop.Add(t.Context(), c, tt.n)
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Attr != tt.attr || e.Sent != tt.sent {
			t.Errorf("%v: got %v, want %s", tt.n, err, tt.attr)
		}
	}
}
