package nflog_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nflog"
)

const (
	group = 5
	port  = 4242
)

var (
	local4 = netip.MustParseAddr("127.0.0.1")
	local6 = netip.MustParseAddr("::1")
)

// live returns a client for a fresh namespace in which the rules log UDP packets to
// port. Rules without a group have ours.
func live(t testing.TB, rules ...nft.LogRule) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	for _, r := range rules {
		if r.Group == 0 {
			r.Group = group
		}
		if r.Family != nft.ARP {
			r.L4Proto, r.DstPort = unix.IPPROTO_UDP, port
		}
		nstest.NFLogRule(t, ns, r)
	}
	return livetest.In(t, ns), ns
}

func subscribe(t testing.TB, c *nlkit.Client, opts ...nflog.Option) *nflog.Subscription {
	t.Helper()
	// What does not come is to fail the test, not to hang it.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	sub, err := nflog.Subscribe(ctx, c, group, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

// read returns the next n packets.
func read(t testing.TB, sub *nflog.Subscription, n int) []nflog.Packet {
	t.Helper()
	var all []nflog.Packet
	for p, err := range sub.All() {
		if err != nil {
			t.Fatalf("after %d packets: %v", len(all), err)
		}
		if all = append(all, p); len(all) == n {
			return all
		}
	}
	t.Fatalf("the subscription ended after %d packets", len(all))
	return nil
}

// sender sends datagrams in a namespace from a socket that is not connected: a
// connected one fails on the kernel's answers that no one listens.
type sender struct {
	*net.UDPConn
	to netip.AddrPort
}

func newSender(t testing.TB, ns *nstest.NS, to netip.Addr, mark int) *sender {
	t.Helper()
	s := &sender{to: netip.AddrPortFrom(to, port)}
	ns.Do(t, func() {
		var lc net.ListenConfig
		lc.Control = func(_, _ string, c syscall.RawConn) (err error) {
			ctlErr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, mark) })
			return errors.Join(ctlErr, err)
		}
		network := map[bool]string{true: "udp4", false: "udp6"}[to.Is4()]
		conn, err := lc.ListenPacket(context.Background(), network, net.JoinHostPort(to.String(), "0"))
		if err != nil {
			t.Fatal(err)
		}
		s.UDPConn = conn.(*net.UDPConn)
	})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s *sender) send(t testing.TB, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if _, err := s.WriteToUDPAddrPort([]byte(p), s.to); err != nil {
			t.Error(err)
			return
		}
	}
}

// repeat calls fn every few milliseconds until stop is called.
func repeat(fn func(i int)) (stop func()) {
	tick := time.NewTicker(2 * time.Millisecond)
	i := 0
	end := repeatAtOnce(func() {
		fn(i)
		i++
		<-tick.C
	})
	return func() {
		end()
		tick.Stop()
	}
}

// repeatAtOnce calls fn again and again until stop is called.
func repeatAtOnce(fn func()) (stop func()) {
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !done.Load() {
			fn()
		}
	})
	return func() {
		done.Store(true)
		wg.Wait()
	}
}

// datagram takes a logged UDP packet apart.
func datagram(t testing.TB, b []byte) (src, dst netip.AddrPort, payload string) {
	t.Helper()
	var from, to netip.Addr
	switch {
	case len(b) >= 28 && b[0] == 0x45 && b[9] == unix.IPPROTO_UDP:
		from, to = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		b = b[20:]
	case len(b) >= 48 && b[0]>>4 == 6 && b[6] == unix.IPPROTO_UDP:
		from, to = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		b = b[40:]
	default:
		t.Fatalf("no UDP packet: % x", b)
	}
	return netip.AddrPortFrom(from, binary.BigEndian.Uint16(b)), netip.AddrPortFrom(to, binary.BigEndian.Uint16(b[2:])), string(b[8:])
}

// kernel reports whether this one is of the given version or later.
func kernel(t testing.TB, major, minor int) bool {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var has, hasMinor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &has, &hasMinor); err != nil {
		t.Fatal(err)
	}
	return has > major || has == major && hasMinor >= minor
}

// TestPackets compares all that the kernel says of a packet with what was sent.
func TestPackets(t *testing.T) {
	const in, out = 1, 2
	for _, test := range []struct {
		rule   nft.LogRule
		addr   netip.Addr
		family nflog.Family
		hook   nflog.Hook
		seen   int // coming in or going out
		stamp  bool
	}{
		{nft.LogRule{Hook: nft.Prerouting}, local4, nflog.FamilyIPv4, nflog.HookPrerouting, in, true},
		{nft.LogRule{Hook: nft.Prerouting}, local6, nflog.FamilyIPv6, nflog.HookPrerouting, in, true},
		{nft.LogRule{Hook: nft.Input}, local6, nflog.FamilyIPv6, nflog.HookInput, in, true},
		{nft.LogRule{Hook: nft.Output}, local4, nflog.FamilyIPv4, nflog.HookOutput, out, false},
		{nft.LogRule{Hook: nft.Postrouting}, local6, nflog.FamilyIPv6, nflog.HookPostrouting, out, false},
		{nft.LogRule{Family: nft.IPv4, Hook: nft.Input}, local4, nflog.FamilyIPv4, nflog.HookInput, in, true},
		{nft.LogRule{Family: nft.IPv6, Hook: nft.Output}, local6, nflog.FamilyIPv6, nflog.HookOutput, out, false},
		{nft.LogRule{Hook: nft.Ingress, Device: "lo"}, local4, nflog.FamilyIPv4, nflog.HookIngress, in, false},
		{nft.LogRule{Family: nft.Netdev, Hook: nft.Ingress, Device: "lo"}, local4, nflog.FamilyNetdev, nflog.HookIngress, in, true},
		{nft.LogRule{Family: nft.Netdev, Hook: nft.Egress, Device: "lo"}, local6, nflog.FamilyNetdev, nflog.HookEgress, out, true},
	} {
		test.rule.Family = cmp.Or(test.rule.Family, nft.Inet)
		name := fmt.Sprintf("%s %s %s", test.rule.Family, test.rule.Hook, test.addr)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.rule.Prefix = name
			c, ns := live(t, test.rule)
			sub := subscribe(t, c, nflog.WithGlobalSeq(true))
			s := newSender(t, ns, test.addr, 0xdecade)
			begin := time.Now().Truncate(time.Microsecond)
			payloads := []string{"one", "two and more", strings.Repeat("x", 1400)}
			s.send(t, payloads...)

			etherType, header := nflog.EtherTypeIPv4, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00"
			if test.addr.Is6() {
				etherType, header = nflog.EtherTypeIPv6, header[:12]+"\x86\xdd"
			}
			for i, p := range read(t, sub, len(payloads)) {
				if i == 0 {
					keep(t, p.Family.String()+"_"+p.Hook.String(), &p)
				}
				if p.Family != test.family || p.Group != group || p.Hook != test.hook || p.Protocol != etherType || p.Prefix != name {
					t.Errorf("family %v, group %d, hook %v, protocol %v, prefix %q", p.Family, p.Group, p.Hook, p.Protocol, p.Prefix)
				}
				if p.Mark != 0xdecade {
					t.Errorf("mark %#x", p.Mark)
				}
				switch {
				case p.Timestamp.IsZero() && (!test.stamp || !kernel(t, 6, 12)):
				case !test.stamp || p.Timestamp.Before(begin) || p.Timestamp.After(time.Now()):
					t.Errorf("timestamp %v, sent after %v", p.Timestamp, begin)
				}

				links := [4]int{p.InLink, p.OutLink, p.PhysInLink, p.PhysOutLink}
				uid, hasUID := p.UID()
				gid, hasGID := p.GID()
				if test.seen == in {
					if links != [4]int{1, 0, 0, 0} {
						t.Errorf("links %v", links)
					}
					if hasUID || hasGID {
						t.Errorf("user %d and group %d of a packet that came in", uid, gid)
					}
					if !bytes.Equal(p.HardwareAddr, make([]byte, 6)) || p.HardwareType != unix.ARPHRD_LOOPBACK || string(p.HardwareHeader) != header {
						t.Errorf("hardware address %v, type %d, header % x", p.HardwareAddr, p.HardwareType, p.HardwareHeader)
					}
				} else {
					if links != [4]int{0, 1, 0, 0} {
						t.Errorf("links %v", links)
					}
					if !hasUID || !hasGID || int(uid) != os.Geteuid() || int(gid) != os.Getegid() {
						t.Errorf("user %d (%v), group %d (%v)", uid, hasUID, gid, hasGID)
					}
					if p.HardwareAddr != nil || p.HardwareType != 0 || p.HardwareHeader != nil {
						t.Errorf("hardware address %v, type %d, header % x", p.HardwareAddr, p.HardwareType, p.HardwareHeader)
					}
				}
				body := p.Payload
				if test.family == nflog.FamilyNetdev {
					// Older kernels don't give it in this family.
					if l2 := string(p.Layer2Header); l2 != "" && l2 != header {
						t.Errorf("layer 2 header % x", l2)
					}
					if test.hook == nflog.HookEgress {
						if !bytes.HasPrefix(body, []byte(header)) {
							t.Fatalf("payload % x", body)
						}
						body = body[len(header):]
					}
				} else if p.Layer2Header != nil {
					t.Errorf("layer 2 header % x", p.Layer2Header)
				}
				if p.VLAN != (nflog.VLAN{}) || p.ConntrackData != nil {
					t.Errorf("VLAN %v, connection % x", p.VLAN, p.ConntrackData)
				}

				src, dst, payload := datagram(t, body)
				if src.String() != s.LocalAddr().String() || dst != s.to || payload != payloads[i] {
					t.Errorf("%v to %v: %q, want %v to %v: %q", src, dst, payload, s.LocalAddr(), s.to, payloads[i])
				}
				if f, ok := p.Flow(); !ok || f.Src != src || f.Dst != dst || f.IPProto != unix.IPPROTO_UDP {
					t.Errorf("flow %v (%v)", f, ok)
				}
				if seq, ok := p.Seq(); !ok || int(seq) != i {
					t.Errorf("number %d (%v) of packet %d", seq, ok, i)
				}
				if seq, ok := p.GlobalSeq(); !ok || int(seq) != i+1 {
					t.Errorf("global number %d (%v) of packet %d", seq, ok, i)
				}
			}
			if got := sub.Stats(); got != (nflog.Stats{Received: 3}) {
				t.Errorf("counts are %+v", got)
			}
		})
	}
}

// TestARP logs an ARP request, as it goes out and as it comes in at the other end.
func TestARP(t *testing.T) {
	c, ns := live(t,
		nft.LogRule{Family: nft.ARP, Hook: nft.Output, Prefix: "out"},
		nft.LogRule{Family: nft.ARP, Hook: nft.Input, Prefix: "in"})
	ns.Run(t, "ip", "link", "add", "v0", "index", "1010", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "v1", "index", "1011")
	ns.Run(t, "ip", "link", "set", "v1", "up")
	ns.Run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "v0")
	ns.Run(t, "ip", "link", "set", "v0", "up")
	sub := subscribe(t, c)
	ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.2:9"), nil, 1)

	header := "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06"
	request := "\x00\x01\x08\x00\x06\x04\x00\x01" + "\x02\x00\x00\x00\x00\x01" + "\xc0\x00\x02\x01" + "\x00\x00\x00\x00\x00\x00" + "\xc0\x00\x02\x02"
	seen := map[string]bool{}
	for p, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		want := request
		if p.Prefix == "out" { // the link-layer header is there already
			want = header + request
		}
		if p.Family != nflog.FamilyARP || p.Protocol != nflog.EtherTypeARP || string(p.Payload) != want {
			t.Errorf("%s: %v %v % x", p.Prefix, p.Family, p.Protocol, p.Payload)
		}
		switch p.Prefix {
		case "out":
			if p.Hook != nflog.HookOutput || p.OutLink != 1010 || p.InLink != 0 {
				t.Errorf("%v, in %d, out %d", p.Hook, p.InLink, p.OutLink)
			}
		case "in":
			if p.Hook != nflog.HookInput || p.OutLink != 0 || p.InLink != 1011 || p.HardwareType != unix.ARPHRD_ETHER ||
				p.HardwareAddr.String() != "02:00:00:00:00:01" || string(p.HardwareHeader) != header {
				t.Errorf("%v, in %d, out %d, hardware %d %v % x", p.Hook, p.InLink, p.OutLink, p.HardwareType, p.HardwareAddr, p.HardwareHeader)
			}
		}
		keep(t, "arp_"+p.Hook.String(), &p)
		if seen[p.Prefix] = true; len(seen) == 2 {
			return
		}
	}
}

// TestBridge logs a tagged frame on its way through a bridge.
func TestBridge(t *testing.T) {
	// With a tag, the kernel finds no UDP port where it looks for one.
	c, ns := live(t)
	for _, r := range []nft.LogRule{
		{Family: nft.Bridge, Hook: nft.Prerouting, Prefix: "in"},
		{Family: nft.Bridge, Hook: nft.Forward, Prefix: "through"},
	} {
		r.Group = group
		nstest.NFLogRule(t, ns, r)
	}
	ns.Run(t, "ip", "link", "add", "br0", "index", "1010", "type", "bridge")
	ns.Run(t, "ip", "link", "add", "p0", "index", "1011", "type", "veth", "peer", "name", "h0", "index", "1012")
	ns.Run(t, "ip", "link", "add", "p1", "index", "1013", "type", "veth", "peer", "name", "h1", "index", "1014")
	for _, name := range []string{"p0", "p1"} {
		ns.Run(t, "ip", "link", "set", name, "master", "br0")
	}
	for _, name := range []string{"br0", "p0", "p1", "h0", "h1"} {
		ns.Run(t, "ip", "link", "set", name, "up")
	}
	sub := subscribe(t, c)

	ether := "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
	body := "\x45\x00\x00\x14\x00\x00\x00\x00\x40\x3b\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02" + strings.Repeat("\x00", 26)
	frame := ether + "\x81\x00\xa0\x2a" + "\x08\x00" + body
	fd := packetSocket(t, ns)
	// The bridge forwards to a port some time after the port is up.
	defer repeat(func(int) {
		if err := unix.Sendto(fd, []byte(frame), 0, &unix.SockaddrLinklayer{Ifindex: 1012}); err != nil {
			t.Error(err)
		}
	})()

	seen := map[string]bool{}
	for p, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		if p.HardwareAddr.String() != "02:00:00:00:00:01" {
			continue // the kernel's own: multicast listener reports
		}
		if p.Family != nflog.FamilyBridge || !strings.HasPrefix(string(p.Payload), body[:20]) {
			t.Errorf("%v % x", p.Family, p.Payload)
		}
		// Kernels from 5.6 on give both.
		want := nflog.VLAN{Protocol: nflog.EtherTypeVLAN, TCI: 0xa02a}
		if p.VLAN != want || p.VLAN.ID() != 42 || p.VLAN.Priority() != 5 || p.VLAN.DropEligible() {
			t.Errorf("VLAN %+v", p.VLAN)
		}
		if string(p.Layer2Header[:min(12, len(p.Layer2Header))]) != ether {
			t.Errorf("layer 2 header % x", p.Layer2Header)
		}
		links := [4]int{p.InLink, p.PhysInLink, p.OutLink, p.PhysOutLink}
		hook, bridged, plain := nflog.HookPrerouting, [4]int{1010, 1011, 0, 0}, [4]int{1011, 0, 0, 0}
		if p.Prefix == "through" {
			hook, bridged, plain = nflog.HookForward, [4]int{1010, 1011, 1010, 1013}, [4]int{1011, 0, 1013, 0}
		}
		// A kernel without bridge netfilter does not know of bridges here.
		if p.Hook != hook || links != bridged && links != plain {
			t.Errorf("%v, links %v", p.Hook, links)
		}
		keep(t, "bridge_"+p.Hook.String()+"_vlan", &p)
		if seen[p.Prefix] = true; len(seen) == 2 {
			return
		}
	}
}

// packetSocket returns a socket that sends frames.
func packetSocket(t *testing.T, ns *nstest.NS) (fd int) {
	t.Helper()
	ns.Do(t, func() {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// proc returns the kernel's settings of the groups in the namespace: group, port,
// packets held back, copy mode, copy range, timeout, users.
func proc(t *testing.T, ns *nstest.NS) [][]string {
	t.Helper()
	var lines [][]string
	ns.Do(t, func() {
		b, err := os.ReadFile("/proc/thread-self/net/netfilter/nfnetlink_log")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			lines = append(lines, strings.Fields(line))
		}
	})
	return lines
}

func TestSettingsReachTheKernel(t *testing.T) {
	for _, test := range []struct {
		name                 string
		opts                 []nflog.Option
		mode, limit, timeout string
	}{
		{"default", nil, "2", "65531", "2"},
		{"range", []nflog.Option{nflog.WithCopyRange(128), nflog.WithFlushTimeout(0)}, "2", "128", "0"},
		{"meta", []nflog.Option{nflog.WithCopyMeta(), nflog.WithFlushTimeout(time.Second)}, "1", "0", "100"},
		{"none", []nflog.Option{nflog.WithCopyNone(), nflog.WithFlushTimeout(time.Nanosecond)}, "0", "0", "1"},
		{"the last of several", []nflog.Option{nflog.WithCopyNone(), nil, nflog.WithCopyRange(65531), nflog.WithFlushTimeout(11 * time.Millisecond)}, "2", "65531", "2"},
		{"longest timeout", []nflog.Option{nflog.WithFlushTimeout(4294967 * 10 * time.Millisecond)}, "2", "65531", "4294967"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, ns := live(t)
			sub := subscribe(t, c, test.opts...)
			got := proc(t, ns)
			if len(got) != 1 || got[0][0] != strconv.Itoa(group) || got[0][2] != "0" || got[0][3] != test.mode || got[0][4] != test.limit || got[0][5] != test.timeout {
				t.Errorf("the kernel has %v", got)
			}
			if err := sub.Close(); err != nil {
				t.Error(err)
			}
			if got := proc(t, ns); len(got) != 0 {
				t.Errorf("after Close the kernel has %v", got)
			}
		})
	}
}

func TestCopyRange(t *testing.T) {
	for name, test := range map[string]struct {
		opt  nflog.Option
		want int
	}{
		"range":        {nflog.WithCopyRange(31), 31},
		"one byte":     {nflog.WithCopyRange(1), 1},
		"more than is": {nflog.WithCopyRange(1000), 35},
		"meta":         {nflog.WithCopyMeta(), 0},
		"none":         {nflog.WithCopyNone(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, ns := live(t, nft.LogRule{Prefix: "p"})
			whole := subscribe(t, c)
			s := newSender(t, ns, local4, 1)
			s.send(t, "payload")
			all := read(t, whole, 1)[0]
			_ = whole.Close()

			sub := subscribe(t, c, test.opt)
			s.send(t, "payload")
			p := read(t, sub, 1)[0]
			if len(p.Payload) != test.want || (p.Payload == nil) != (test.want == 0) {
				t.Errorf("payload % x, want %d bytes", p.Payload, test.want)
			}
			if test.want > 2 && !bytes.Equal(p.Payload[:2], all.Payload[:2]) || p.Mark != 1 || p.Prefix != "p" || !bytes.Equal(p.HardwareHeader, all.HardwareHeader) {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestThreshold checks that packets are held back until there are enough of them.
func TestThreshold(t *testing.T) {
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithQueueThreshold(3), nflog.WithFlushTimeout(time.Hour))
	s := newSender(t, ns, local4, 0)
	s.send(t, "a", "b")
	if got := proc(t, ns); len(got) != 1 || got[0][2] != "2" {
		t.Errorf("the kernel holds back %v, want 2 packets", got)
	}
	s.send(t, "c")
	if got := proc(t, ns); len(got) != 1 || got[0][2] != "0" {
		t.Errorf("the kernel holds back %v, want none", got)
	}
	read(t, sub, 3)
}

// TestFlushTimeout checks that packets are not held back longer than asked for.
func TestFlushTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{0, 10 * time.Millisecond, 50 * time.Millisecond} {
		t.Run(timeout.String(), func(t *testing.T) {
			c, ns := live(t, nft.LogRule{})
			sub := subscribe(t, c, nflog.WithQueueThreshold(1000), nflog.WithFlushTimeout(timeout))
			newSender(t, ns, local4, 0).send(t, "a", "b")
			read(t, sub, 2) // would wait for 998 more
		})
	}
}

// TestLargeDatagrams fills the kernel's buffers to the brim: nothing is truncated.
func TestLargeDatagrams(t *testing.T) {
	for _, size := range []int{0, 500, 1400, 9000, 65000, 65507} {
		for _, buffer := range []int{131072, 65536, 4096} {
			t.Run(fmt.Sprintf("%d in %d", size, buffer), func(t *testing.T) {
				c, ns := live(t, nft.LogRule{Hook: nft.Output})
				sub := subscribe(t, c, nflog.WithBufferSize(buffer), nflog.WithQueueThreshold(10000), nflog.WithReadBuffer(32<<20))
				s := newSender(t, ns, local4, 0)
				payload := strings.Repeat("x", size)
				n := min(5000, 20+(1<<20)/(size+200))
				for range n {
					s.send(t, payload)
				}
				for _, p := range read(t, sub, n) {
					if want := min(28+size, 65531); len(p.Payload) != want {
						t.Fatalf("%d bytes of payload, want %d", len(p.Payload), want)
					}
				}
				if got := sub.Stats(); got != (nflog.Stats{Received: uint64(n)}) {
					t.Errorf("counts are %+v", got)
				}
			})
		}
	}
}

func TestSeveralGroups(t *testing.T) {
	var rules []nft.LogRule
	for i := range uint16(4) {
		rules = append(rules, nft.LogRule{Group: group + i, Prefix: strconv.Itoa(int(group + i))})
	}
	rules = append(rules, nft.LogRule{Group: group + 2, Prefix: "7"}) // twice
	c, ns := live(t, rules...)
	sub := subscribe(t, c, nflog.WithGroups(group+1, group+2, group+2), nflog.WithGroups(group, 65535), nflog.WithGlobalSeq(true))
	if got := len(proc(t, ns)); got != 4 {
		t.Errorf("%d groups are bound, want 4", got)
	}
	const n = 10
	newSender(t, ns, local4, 0).send(t, make([]string, n)...)
	count := map[uint16]uint64{}
	global := map[uint32]bool{}
	for _, p := range read(t, sub, 4*n) {
		if p.Prefix != strconv.Itoa(int(p.Group)) {
			t.Errorf("prefix %q in group %d", p.Prefix, p.Group)
		}
		if seq, ok := p.Seq(); !ok || uint64(seq) != count[p.Group] {
			t.Errorf("number %d (%v) of group %d, want %d", seq, ok, p.Group, count[p.Group])
		}
		seq, _ := p.GlobalSeq()
		global[seq] = true
		count[p.Group]++
	}
	for g, want := range map[uint16]uint64{group: n, group + 1: n, group + 2: 2 * n, group + 3: 0, 65535: 0} {
		if got := sub.GroupStats(g); got != (nflog.GroupStats{Received: want}) {
			t.Errorf("group %d: counts are %+v, want %d received", g, got, want)
		}
	}
	if got := sub.Stats(); got != (nflog.Stats{Received: 4 * n}) || len(global) != 4*n {
		t.Errorf("counts are %+v, %d global numbers", got, len(global))
	}
}

// TestOverrun loses packets and checks that the counts are exact and that what
// comes afterwards is received.
func TestOverrun(t *testing.T) {
	// What is sent passes this hook at once; on the way to others it may get lost.
	c, ns := live(t, nft.LogRule{Hook: nft.Output})
	sub := subscribe(t, c, nflog.WithReadBuffer(4096), nflog.WithQueueThreshold(10))
	s := newSender(t, ns, local4, 0)
	const burst = 20000
	for range burst {
		s.send(t, "burst")
	}
	// What is behind the last packet received is not known to be lost. Packets
	// that are sent while we read bring it to light.
	defer repeat(func(i int) { s.send(t, strconv.Itoa(i)) })()

	var received, overruns uint64
	for p, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			overruns++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		received++
		_, _, payload := datagram(t, p.Payload)
		if payload == "burst" {
			continue
		}
		marker, err := strconv.Atoi(payload)
		if err != nil {
			t.Fatal(err)
		}
		sent := uint64(burst + marker + 1)
		got := sub.Stats()
		if got.Received != received || got.Received+got.Lost != sent || got.Overruns != overruns || got.Malformed != 0 {
			t.Errorf("counts are %+v, want %d in all, %d received", got, sent, received)
		}
		if got.Lost == 0 || overruns == 0 {
			t.Errorf("nothing was lost (%+v): the test is none", got)
		}
		if received < 10 {
			t.Errorf("only %d packets were received", received)
		}
		return
	}
}

func TestGroupInUse(t *testing.T) {
	c, ns := live(t)
	other, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	sub := subscribe(t, c)
	for _, client := range []*nlkit.Client{c, other} {
		_, err := nflog.Subscribe(t.Context(), client, group)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !errors.Is(err, nflog.ErrInUse) || !errors.Is(err, unix.EBUSY) || errors.Is(err, fs.ErrPermission) || !ok || !e.Sent || !e.Temporary() {
			t.Errorf("got %#v", err)
		}
		if want := "nflog.Subscribe group 5: device or resource busy: the group has another receiver: close that, or use another group"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	// One of several: the others are free again afterwards.
	if _, err := nflog.Subscribe(t.Context(), other, group+1, nflog.WithGroups(group)); !errors.Is(err, nflog.ErrInUse) {
		t.Errorf("got %v", err)
	}
	if got := proc(t, ns); len(got) != 1 {
		t.Errorf("the kernel has %v", got)
	}
	_ = sub.Close()
	again, err := nflog.Subscribe(t.Context(), other, group)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestWithoutRights(t *testing.T) {
	_, ns := live(t)
	ns.Do(t, func() {
		if !nstest.DropRights(t) {
			return
		}
		c, err := nlkit.New()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = nflog.Subscribe(t.Context(), c, group)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !errors.Is(err, fs.ErrPermission) || errors.Is(err, nflog.ErrInUse) || !ok || !e.Sent {
			t.Errorf("got %#v", err)
		}
		if want := "nflog.Subscribe group 5: operation not permitted: it takes CAP_NET_ADMIN"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestRefused(t *testing.T) {
	c, ns := live(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wide := -2
	if four := uint64(1) << 32; strconv.IntSize == 64 {
		wide = int(four) // whose lower bits are 0
	}
	for _, test := range []struct {
		opt        nflog.Option
		text, attr string
	}{
		{nflog.WithCopyRange(0), "copy range 0 is out of range, which is 1 to 65531 (NFULA_CFG_MODE)", "NFULA_CFG_MODE"},
		{nflog.WithCopyRange(-1), "copy range -1", "NFULA_CFG_MODE"},
		{nflog.WithCopyRange(65532), "copy range 65532", "NFULA_CFG_MODE"},
		{nflog.WithBufferSize(131073), "buffer size 131073 is out of range, which is 4096 to 131072", "NFULA_CFG_NLBUFSIZ"},
		{nflog.WithBufferSize(4095), "buffer size 4095", "NFULA_CFG_NLBUFSIZ"},
		{nflog.WithQueueThreshold(0), "queue threshold 0 is out of range", "NFULA_CFG_QTHRESH"},
		{nflog.WithFlushTimeout(-1), "flush timeout -1ns is out of range", "NFULA_CFG_TIMEOUT"},
		{nflog.WithFlushTimeout(12 * time.Hour), "flush timeout 12h0m0s is out of range, which is 0 to 11h55m49.67s", "NFULA_CFG_TIMEOUT"},
		{nflog.WithReadBuffer(-1), "read buffer of -1 bytes", ""},
		{nflog.WithReadBuffer(wide), "read buffer of " + strconv.Itoa(wide) + " bytes", ""},
	} {
		_, err := nflog.Subscribe(t.Context(), c, group, test.opt)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || e.Sent || e.Attr != test.attr || !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), "nflog.Subscribe: "+test.text) {
			t.Errorf("got %v, want %s", err, test.text)
		}
	}
	if _, err := nflog.Subscribe(t.Context(), nil, group); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("without a client: %v", err)
	}
	if _, err := nflog.Subscribe(ended, c, group); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if got := proc(t, ns); len(got) != 0 {
		t.Errorf("the kernel has %v", got)
	}
	_ = c.Close()
	if _, err := nflog.Subscribe(t.Context(), c, group); !errors.Is(err, net.ErrClosed) {
		t.Errorf("with a closed client: %v", err)
	}
}

// TestEnd ends subscriptions in every way, while they wait and when nobody does.
func TestEnd(t *testing.T) {
	cause := errors.New("enough")
	contexts := map[string]func() (context.Context, context.CancelFunc){
		"background": func() (context.Context, context.CancelFunc) { return context.Background(), func() {} },
		"cancel":     func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
		"timeout": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Hour)
		},
	}
	for ctxName, newCtx := range contexts {
		for _, how := range []string{"close", "two closes", "client", "cancel", "deadline", "close and cancel"} {
			for _, waiting := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/waiting %v", ctxName, how, waiting), func(t *testing.T) {
					t.Parallel()
					c, ns := live(t, nft.LogRule{})
					ctx, cancel := newCtx()
					defer cancel()
					var want error
					end := func(sub *nflog.Subscription) { _ = sub.Close() }
					switch how {
					case "two closes":
						end = func(sub *nflog.Subscription) {
							var wg sync.WaitGroup
							wg.Go(func() { _ = sub.Close() })
							wg.Go(func() { _ = sub.Close() })
							wg.Wait()
						}
					case "client":
						end, want = func(*nflog.Subscription) { _ = c.Close() }, net.ErrClosed
					case "cancel":
						c, stop := context.WithCancelCause(ctx)
						ctx, want = c, cause
						end = func(*nflog.Subscription) { stop(cause) }
					case "deadline":
						c, stop := context.WithTimeout(ctx, 50*time.Millisecond)
						defer stop()
						ctx, want = c, context.DeadlineExceeded
						end = func(*nflog.Subscription) { <-c.Done() }
					case "close and cancel":
						c, stop := context.WithCancel(ctx)
						ctx = c
						end = func(sub *nflog.Subscription) { _ = sub.Close(); stop() }
					}
					sub, err := nflog.Subscribe(ctx, c, group, nflog.WithQueueThreshold(1))
					if how == "deadline" && errors.Is(err, context.DeadlineExceeded) {
						return // the machine is slow today
					}
					if err != nil {
						t.Fatal(err)
					}
					defer sub.Close()
					newSender(t, ns, local4, 0).send(t, "x")

					first := make(chan struct{})
					ended := make(chan error, 1)
					follow := func() {
						started := sync.OnceFunc(func() { close(first) })
						defer started()
						var last error
						for _, err := range sub.All() {
							started()
							last = err
						}
						ended <- last
					}
					if waiting {
						go follow()
						<-first
					}
					end(sub)
					if !waiting {
						go follow()
					}
					if err := <-ended; !errors.Is(err, want) {
						t.Errorf("ended with %v, want %v", err, want)
					}
					var p nflog.Packet
					if err := sub.ReadInto(&p); err == nil || want == nil && !errors.Is(err, net.ErrClosed) {
						t.Errorf("reading on: %v", err)
					}
					// The reader may be told before the socket is closed.
					for begin := time.Now(); len(proc(t, ns)) != 0; runtime.Gosched() {
						if time.Since(begin) > 20*time.Second {
							t.Fatalf("the kernel has %v", proc(t, ns))
						}
					}
				})
			}
		}
	}
}

// TestCycles opens and closes subscriptions of two groups at once while packets come
// to both, with contexts that end and that do not: each gets its own group's packets,
// and the group is free again afterwards.
func TestCycles(t *testing.T) {
	groups := []uint16{group, group + 1}
	var rules []nft.LogRule
	for _, g := range groups {
		rules = append(rules, nft.LogRule{Hook: nft.Output, Group: g, Prefix: strconv.Itoa(int(g))})
	}
	c, ns := live(t, rules...)
	s := newSender(t, ns, local4, 0)
	defer repeatAtOnce(func() { s.send(t, "load") })()

	cycles := 500 // of each group
	if testing.Short() {
		cycles = 30
	}
	var all sync.WaitGroup
	for _, g := range groups {
		all.Go(func() {
			for i := range cycles {
				if !cycle(t, c, g, i) {
					t.Errorf("cycle %d of group %d failed", i, g)
					return
				}
			}
		})
	}
	all.Wait()
	if got := proc(t, ns); len(got) != 0 {
		t.Errorf("the kernel has %v", got)
	}
}

// cycle opens and closes one subscription, in the i-th of several ways.
func cycle(t *testing.T, c *nlkit.Client, g uint16, i int) bool {
	ctx, cancel := context.Background(), func() {}
	if i%3 != 0 {
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	sub, err := nflog.Subscribe(ctx, c, g, nflog.WithQueueThreshold(1+i%7))
	if err != nil {
		t.Error(err)
		return false
	}
	var reading sync.WaitGroup
	if i%2 == 0 { // one that reads, and is ended meanwhile
		some := make(chan struct{})
		reading.Go(func() {
			n := 0
			for p, err := range sub.All() {
				switch {
				case err == nil && (p.Group != g || p.Prefix != strconv.Itoa(int(g))):
					t.Errorf("a packet of group %d, %q at the reader of %d", p.Group, p.Prefix, g)
				case err != nil && !errors.Is(err, nlkit.ErrOverrun) && !errors.Is(err, context.Canceled):
					t.Error(err)
				}
				if n++; n == 3 {
					close(some)
				}
			}
		})
		<-some
	}
	if i%3 == 1 {
		cancel()
	} else if err := sub.Close(); err != nil {
		t.Error(err)
	}
	reading.Wait()
	if got := sub.Stats(); got.Malformed != 0 {
		t.Errorf("counts are %+v", got)
	}
	if i%3 == 1 { // what ended by its context is closed all the same
		if err := sub.Close(); err != nil {
			t.Error(err)
		}
	}
	return !t.Failed()
}

// TestCloseFreesGroup ends a subscription by its context and by Close at once, while
// it is read and when it is not: when Close returns, the group is free, whichever of
// the two closed the socket.
func TestCloseFreesGroup(t *testing.T) {
	c, _ := live(t)
	n := 2000
	if testing.Short() {
		n = 100
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		sub, err := nflog.Subscribe(ctx, c, group)
		if err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		if i%2 == 0 {
			reading.Go(func() {
				for range sub.All() {
				}
			})
		}
		if i%4 < 3 {
			cancel()
		}
		runtime.Gosched()
		if err := sub.Close(); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
}

// TestReadIntoUsesMemoryAgain checks what ReadInto promises of memory, and All.
func TestReadIntoUsesMemoryAgain(t *testing.T) {
	const n = 600
	c, ns := live(t, nft.LogRule{Hook: nft.Output, Prefix: "one"}, nft.LogRule{Hook: nft.Output, Prefix: "two"})
	sub := subscribe(t, c, nflog.WithReadBuffer(32<<20))
	s := newSender(t, ns, local4, 7)
	for i := range n {
		s.send(t, fmt.Sprintf("%06d", i))
	}
	var p nflog.Packet
	for range 4 {
		if err := sub.ReadInto(&p); err != nil {
			t.Fatal(err)
		}
	}
	kept := p.Clone()
	if allocs := testing.AllocsPerRun(800, func() {
		if err := sub.ReadInto(&p); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("ReadInto allocates %v times a packet", allocs)
	}
	if _, _, payload := datagram(t, kept.Payload); payload != "000001" || kept.Prefix != "two" || nflog.Raw(&kept) != nil {
		t.Errorf("the clone has become %+v", kept)
	}
	if _, _, payload := datagram(t, p.Payload); payload <= "000001" {
		t.Errorf("the packet is still %q", payload)
	}
	// 4 + 801 are gone; the rest as packets of their own.
	for i, p := range read(t, sub, 2*n-4-801) {
		if _, _, payload := datagram(t, p.Payload); payload != fmt.Sprintf("%06d", (805+i)/2) {
			t.Fatalf("packet %d has become %q", i, payload)
		}
	}
}
