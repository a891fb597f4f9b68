package nft_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
)

const (
	group = 4242
	port  = 4242
)

// send sends packets from ns to itself: two that no rule here matches, then
// three to port.
func send(t *testing.T, ns *nstest.NS, addr, payload string) {
	t.Helper()
	ip := netip.MustParseAddr(addr)
	ns.SendUDP(t, netip.AddrPort{}, netip.AddrPortFrom(ip, port+1), []byte("not this"), 2)
	ns.SendUDP(t, netip.AddrPort{}, netip.AddrPortFrom(ip, port), []byte(payload), 3)
}

// TestLog checks, with packets, that each rule logs what it should at the place
// where it should.
func TestLog(t *testing.T) {
	const v4, v6 = "127.0.0.1", "::1"
	for _, test := range []struct {
		family nft.Family
		hook   nft.Hook
		device string
		addr   string
		number uint8 // the kernel's, of the hook
	}{
		{nft.Inet, nft.Prerouting, "", v4, unix.NF_INET_PRE_ROUTING},
		{nft.Inet, nft.Input, "", v6, unix.NF_INET_LOCAL_IN},
		{nft.IPv4, nft.Output, "", v4, unix.NF_INET_LOCAL_OUT},
		{nft.IPv6, nft.Postrouting, "", v6, unix.NF_INET_POST_ROUTING},
		{nft.Inet, nft.Ingress, "lo", v4, 5}, // NF_INET_INGRESS, Linux 5.10+
		{nft.Netdev, nft.Ingress, "lo", v4, unix.NF_NETDEV_INGRESS},
		{nft.Netdev, nft.Egress, "lo", v6, unix.NF_NETDEV_EGRESS}, // Linux 5.16+
	} {
		t.Run(test.family.String()+" "+test.hook.String(), func(t *testing.T) {
			t.Parallel()
			ns := nstest.New(t)
			nstest.NFLogRule(t, ns, nft.LogRule{
				Family: test.family, Hook: test.hook, Device: test.device, Priority: -10,
				Group: group, Prefix: "a prefix", QThreshold: 1,
				L4Proto: unix.IPPROTO_UDP, DstPort: port,
			})
			log := newReceiver(t, ns, group)
			send(t, ns, test.addr, "payload")
			for i := range 3 {
				got := log.packet(t)
				if got.prefix != "a prefix" || !strings.HasSuffix(got.payload, "payload") || got.hook != test.number {
					t.Errorf("packet %d is %+q, want a prefix, the payload and hook %d", i, got, test.number)
				}
			}
		})
	}
}

// TestLogSize checks how much of the packets is logged and how many at once.
func TestLogSize(t *testing.T) {
	ns := nstest.New(t)
	nstest.NFLogRule(t, ns, nft.LogRule{
		Group: group, Snaplen: 30, QThreshold: 3, L4Proto: unix.IPPROTO_UDP, DstPort: port,
	})
	log := newReceiver(t, ns, group)
	send(t, ns, "127.0.0.1", "payload")
	packets := log.datagram(t)
	if len(packets) != 3 {
		t.Fatalf("%d packets at once, want 3: %+q", len(packets), packets)
	}
	for i, got := range packets {
		// 20 bytes of IPv4, 8 of UDP.
		if len(got.payload) != 30 || got.payload[28:] != "pa" || got.prefix != "" {
			t.Errorf("packet %d is %+q, want 30 bytes and no prefix", i, got)
		}
	}
}

// TestAddUp checks that rules do not get in each other's way.
func TestAddUp(t *testing.T) {
	ns := nstest.New(t)
	var logs []*receiver
	for i := range 3 {
		nstest.NFLogRule(t, ns, nft.LogRule{Group: group + uint16(i), Prefix: string(rune('a' + i)), QThreshold: 1, L4Proto: unix.IPPROTO_UDP})
		logs = append(logs, newReceiver(t, ns, group+uint16(i)))
	}
	for _, other := range []nft.LogRule{
		{Priority: 10},          // another chain
		{Family: nft.IPv4},      // another table
		{Hook: nft.Postrouting}, // another hook
	} {
		other.Group = group + 3
		nstest.NFLogRule(t, ns, other)
	}
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9"), nil, 1)
	for i, log := range logs {
		if got, want := log.packet(t).prefix, string(rune('a'+i)); got != want {
			t.Errorf("group %d got prefix %q, want %q", group+i, got, want)
		}
	}
}

// TestOtherFamilies checks the rules that packets are hard to come by for.
func TestOtherFamilies(t *testing.T) {
	for _, rule := range []nft.LogRule{
		{Family: nft.ARP, Hook: nft.Input},
		{Family: nft.ARP, Hook: nft.Output},
		{Family: nft.Bridge, Hook: nft.Prerouting},
		{Family: nft.Bridge, Hook: nft.Forward, L4Proto: unix.IPPROTO_UDP, DstPort: port},
	} {
		t.Run(rule.Family.String()+" "+rule.Hook.String(), func(t *testing.T) {
			rule.Group = group
			rule.Prefix = strings.Repeat("p", 127)
			nstest.NFLogRule(t, nstest.New(t), rule)
		})
	}
}

func TestCallingThread(t *testing.T) {
	ns := nstest.Enter(t)
	nstest.NFLogRule(t, ns, nft.LogRule{}) // or skip
	if err := nft.AddLogRule(0, nft.LogRule{Group: group, QThreshold: 1}); err != nil {
		t.Fatal(err)
	}
	log := newReceiver(t, ns, group)
	send(t, ns, "127.0.0.1", "payload")
	log.packet(t)
}

func TestRefused(t *testing.T) {
	for want, rule := range map[string]nft.LogRule{
		"no hook ingress in family ip":                  {Family: nft.IPv4, Hook: nft.Ingress, Device: "lo"},
		"no hook prerouting in family netdev":           {Family: nft.Netdev, Device: "lo"},
		"no hook forward in family arp":                 {Family: nft.ARP, Hook: nft.Forward},
		"no hook ingress in family bridge":              {Family: nft.Bridge, Hook: nft.Ingress, Device: "lo"},
		"no hook input in family Family(99)":            {Family: 99, Hook: nft.Input},
		`hook ingress and device "" do not go together`: {Family: nft.Netdev, Hook: nft.Ingress},
		`hook input and device "lo" do not go together`: {Hook: nft.Input, Device: "lo"},
		`device name "0123456789abcdef" is too long`:    {Hook: nft.Ingress, Device: "0123456789abcdef"},
		"prefix of 128 bytes is too long":               {Prefix: strings.Repeat("p", 128)},
		"no L4Proto in family arp":                      {Family: nft.ARP, Hook: nft.Input, L4Proto: unix.IPPROTO_UDP},
		"DstPort 53 without L4Proto":                    {DstPort: 53},
	} {
		if err := nft.AddLogRule(-1, rule); err == nil || err.Error() != "nft: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestKernelRefuses checks that a mistake is told from what a kernel lacks.
func TestKernelRefuses(t *testing.T) {
	ns := nstest.New(t)
	rule := nft.LogRule{Family: nft.Netdev, Hook: nft.Ingress, Device: "lo"}
	nstest.NFLogRule(t, ns, rule) // or skip

	rule.Device = "nosuch0"
	err := nft.AddLogRule(ns.FD(), rule)
	if err == nil {
		return // newer kernels wait for the device to come
	}
	if !errors.Is(err, unix.ENOENT) || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("for want of a device: %v, want ENOENT and not ErrUnsupported", err)
	}
	if !strings.HasPrefix(err.Error(), "nft: log rule in netdev ingress_0_nosuch0: ") {
		t.Errorf("got %v", err)
	}
}
