package nflog_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nflog"
)

const ulogdGroup = group + 1

// ulogd starts ulogd2 in the namespace, bound to ulogdGroup, and returns what it says
// of each packet, one object for each.
func ulogd(t *testing.T, ns *nstest.NS) *json.Decoder {
	t.Helper()
	program := nstest.Tool(t, "ulogd")
	plugins, err := filepath.Glob("/usr/lib/*/ulogd/ulogd_output_JSON.so")
	if err != nil || len(plugins) == 0 {
		nstest.Skip(t, "tool:ulogd", "it has no JSON")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "json")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })

	var conf strings.Builder
	fmt.Fprintf(&conf, "[global]\nlogfile=%q\nloglevel=5\n", filepath.Join(dir, "log"))
	for _, name := range []string{"inppkt_NFLOG", "raw2packet_BASE", "filter_IFINDEX", "filter_IP2STR", "filter_HWHDR", "output_JSON"} {
		fmt.Fprintf(&conf, "plugin=%q\n", filepath.Join(filepath.Dir(plugins[0]), "ulogd_"+name+".so"))
	}
	fmt.Fprintf(&conf, "stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,mac2str1:HWHDR,json1:JSON\n")
	fmt.Fprintf(&conf, "[log1]\ngroup=%d\nseq_local=1\nseq_global=1\nnetlink_qthreshold=1\n", ulogdGroup)
	fmt.Fprintf(&conf, "[json1]\nmode=\"unix\"\nfile=%q\n", socket)
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--configfile", file)
	if err := netns.Do(ns.File, cmd.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("ulogd says:\n%s", log)
		}
	})
	deadline := time.Now().Add(time.Minute)
	if err := l.SetDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	// It connects before it binds.
	for range time.Tick(time.Millisecond) {
		if len(proc(t, ns)) > 0 {
			return json.NewDecoder(conn)
		}
		if time.Now().After(deadline) {
			t.Fatal("ulogd does not bind its group")
		}
	}
	return nil
}

// asUlogd returns what ulogd is expected to say of a packet, by its names: in all
// families what the kernel tells, in those of IP and bridges what the headers say.
func asUlogd(t *testing.T, p *nflog.Packet) map[string]any {
	t.Helper()
	hook, err := nflog.HookNumber(p.Family, p.Hook)
	if err != nil {
		t.Fatal(err)
	}
	seq, _ := p.Seq()
	global, _ := p.GlobalSeq()
	m := map[string]any{
		"dvc": "Netfilter", "raw.label": 0, "raw.pktcount": 1,
		"oob.prefix": p.Prefix, "oob.family": p.Family, "oob.protocol": uint16(p.Protocol), "oob.hook": hook,
		"raw.pktlen": len(p.Payload),
		"oob.mark":   p.Mark,
		// The rule for ulogd comes next.
		"oob.seq.local": seq, "oob.seq.global": global + 1,
	}
	set := func(name string, is bool, v any) {
		if is {
			m[name] = v
		}
	}
	set("oob.ifindex_in", p.InLink != 0, p.InLink)
	set("oob.ifindex_out", p.OutLink != 0, p.OutLink)
	uid, ok := p.UID()
	set("oob.uid", ok, uid)
	gid, ok := p.GID()
	set("oob.gid", ok, gid)
	set("raw.type", p.HardwareType != 0, p.HardwareType)
	set("raw.mac_len", p.HardwareHeader != nil, len(p.HardwareHeader))
	set("raw.mac.addrlen", p.HardwareAddr != nil, len(p.HardwareAddr))
	set("mac.saddr.str", p.HardwareAddr != nil, p.HardwareAddr.String())
	set("mac.str", p.HardwareHeader != nil, net.HardwareAddr(p.HardwareHeader).String())
	set("mac.daddr.str", p.HardwareHeader != nil && p.HardwareType == unix.ARPHRD_ETHER, p.Headers().DstMAC.String())
	if p.Family == nflog.FamilyNetdev || p.Family == nflog.FamilyARP {
		return m
	}

	h := p.Headers()
	if h.ARP.Op != 0 {
		m["arp.hwtype"], m["arp.protocoltype"], m["arp.operation"] = 1, uint16(nflog.EtherTypeIPv4), h.ARP.Op
		return m
	}
	m["ip.protocol"], m["src_ip"], m["dest_ip"] = h.IPProto, h.Src.Addr(), h.Dst.Addr()
	if ip4 := h.Src.Addr().Is4(); ip4 {
		m["ip.tos"], m["ip.ttl"], m["ip.totlen"] = h.TOS, h.TTL, h.Length
	} else {
		m["ip6.hoplimit"], m["ip6.payloadlen"], m["ip6.flowlabel"], m["ip6.nexthdr"], m["ip6.priority"] = h.TTL, h.Length-40, h.FlowLabel, h.IPProto, h.TOS>>4
	}
	set("src_port", h.Src.Port() != 0, h.Src.Port())
	set("dest_port", h.Dst.Port() != 0, h.Dst.Port())
	switch h.IPProto {
	case unix.IPPROTO_UDP:
		m["udp.len"] = 8 + len(h.Data)
	case unix.IPPROTO_TCP:
		m["tcp.seq"], m["tcp.ackseq"], m["tcp.window"] = h.TCP.Seq, h.TCP.Ack, h.TCP.Window
		for name, f := range map[string]nflog.TCPFlags{"fin": nflog.TCPFIN, "syn": nflog.TCPSYN, "rst": nflog.TCPRST, "psh": nflog.TCPPSH, "ack": nflog.TCPACK, "urg": nflog.TCPURG} {
			m["tcp."+name] = h.TCP.Flags.Has(f)
		}
	case unix.IPPROTO_ICMP:
		m["icmp.type"], m["icmp.code"], m["icmp.echoid"], m["icmp.echoseq"] = h.ICMP.Type, h.ICMP.Code, h.ICMP.ID, h.ICMP.Seq
	case unix.IPPROTO_ICMPV6:
		m["icmpv6.type"], m["icmpv6.code"], m["icmpv6.echoid"], m["icmpv6.echoseq"] = h.ICMP.Type, h.ICMP.Code, h.ICMP.ID, h.ICMP.Seq
	}
	return m
}

// beyond are what ulogd says and a packet has no field for; and the addresses of ARP,
// of which version 2.0.8 writes nonsense.
var beyond = map[string]bool{
	"ip.ihl": true, "ip.csum": true, "ip.id": true, "ip.fragoff": true, "udp.csum": true, "icmp.csum": true, "icmpv6.csum": true,
	"arp.saddr.str": true, "arp.daddr.str": true,
	"tcp.offset": true, "tcp.reserved": true, "tcp.res1": true, "tcp.res2": true, "tcp.csum": true, "tcp.urgp": true,
}

// TestInteropUlogd compares what we say of packets of each family with what ulogd2
// says of the same packets: two rules log them, one to each of us.
func TestInteropUlogd(t *testing.T) {
	udp := func(addr netip.Addr) func(*testing.T, *nstest.NS) func() {
		return func(t *testing.T, ns *nstest.NS) (stop func()) {
			newSender(t, ns, addr, 0xdecade).send(t, "a packet", "and another")
			return func() {}
		}
	}
	ping := func(network string) func(*testing.T, *nstest.NS) func() {
		return func(t *testing.T, ns *nstest.NS) (stop func()) {
			echo(t, ns, network)
			return func() {}
		}
	}
	tcp := func(t *testing.T, ns *nstest.NS) (stop func()) {
		ns.Do(t, func() {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
		})
		return func() {}
	}
	arp := func(t *testing.T, ns *nstest.NS) (stop func()) {
		ns.Run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "v0")
		ns.SendUDP(t, netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.2:9"), nil, 1)
		return func() {}
	}
	frame := func(b string) func(*testing.T, *nstest.NS) func() {
		b = "\x02\x00\x00\x00\x00\x02" + "\x02\x00\x00\x00\x00\x01" + b
		// The bridge takes frames from a port some time after the port is up.
		return func(t *testing.T, ns *nstest.NS) (stop func()) {
			fd := packetSocket(t, ns)
			return repeat(func(int) {
				if err := unix.Sendto(fd, []byte(b), 0, &unix.SockaddrLinklayer{Ifindex: 1010}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	const (
		ip = "\x08\x00" + "\x45\xb8\x00\x1e\x00\x00\x00\x00\x40\x11\xf6\x13\xc0\x00\x02\x01\xc0\x00\x02\x02" + "\x10\x91\x10\x92\x00\x0a\x00\x00hi"
		is = "\x08\x06" + "\x00\x01\x08\x00\x06\x04\x00\x02" + "\x02\x00\x00\x00\x00\x01" + "\xc0\x00\x02\x01" + "\x02\x00\x00\x00\x00\x02" + "\xc0\x00\x02\x02"
	)
	seen := map[nft.Family]bool{}
	for _, test := range []struct {
		rule nft.LogRule
		what string
		n    int // packets at least
		send func(*testing.T, *nstest.NS) (stop func())
	}{
		{nft.LogRule{Hook: nft.Prerouting, L4Proto: unix.IPPROTO_UDP}, "UDP", 2, udp(local4)},
		{nft.LogRule{Hook: nft.Output, L4Proto: unix.IPPROTO_UDP}, "UDP over IPv6", 2, udp(local6)},
		{nft.LogRule{Family: nft.IPv6, Hook: nft.Input, L4Proto: unix.IPPROTO_UDP}, "UDP over IPv6", 2, udp(local6)},
		{nft.LogRule{Family: nft.IPv4, Hook: nft.Input, L4Proto: unix.IPPROTO_TCP}, "TCP", 4, tcp},
		{nft.LogRule{Hook: nft.Input, L4Proto: unix.IPPROTO_ICMP}, "echo", 2, ping("ip")},
		{nft.LogRule{Hook: nft.Output, L4Proto: unix.IPPROTO_ICMPV6}, "echo over IPv6", 2, ping("ip6")},
		{nft.LogRule{Family: nft.Netdev, Hook: nft.Ingress, Device: "lo", L4Proto: unix.IPPROTO_UDP}, "UDP", 2, udp(local4)},
		{nft.LogRule{Family: nft.Netdev, Hook: nft.Egress, Device: "lo", L4Proto: unix.IPPROTO_UDP}, "UDP over IPv6", 2, udp(local6)},
		{nft.LogRule{Family: nft.ARP, Hook: nft.Input}, "request", 1, arp},
		// Before the kernel takes the packet to the hooks of IP, where it does that.
		{nft.LogRule{Family: nft.Bridge, Hook: nft.Prerouting, Priority: -10, L4Proto: unix.IPPROTO_UDP, DstPort: port}, "UDP", 1, frame(ip)},
		{nft.LogRule{Family: nft.Bridge, Hook: nft.Prerouting}, "ARP", 1, frame(is)},
	} {
		if test.rule.Family == 0 {
			test.rule.Family = nft.Inet
		}
		if again := seen[test.rule.Family]; again && testing.Short() {
			continue
		}
		seen[test.rule.Family] = true
		t.Run(fmt.Sprintf("%s %s %s", test.rule.Family, test.rule.Hook, test.what), func(t *testing.T) {
			c, ns := live(t)
			for _, g := range []uint16{group, ulogdGroup} {
				test.rule.Group, test.rule.Prefix = g, "to both: "
				nstest.NFLogRule(t, ns, test.rule)
			}
			if test.rule.Family == nft.Bridge || test.rule.Family == nft.ARP {
				ports(t, ns)
			}
			they := ulogd(t, ns)
			sub := subscribe(t, c, nflog.WithGlobalSeq(true))
			defer test.send(t, ns)()
			compare(t, ns, sub, they, test.n)
		})
	}
}

// ports makes a pair of links and puts the second one into a bridge.
func ports(t *testing.T, ns *nstest.NS) {
	t.Helper()
	ns.Do(t, func() { // or the kernel sends what nobody asked for
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
	})
	ns.Run(t, "ip", "link", "add", "v0", "index", "1010", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "v1", "index", "1011", "address", "02:00:00:00:00:02")
	ns.Run(t, "ip", "link", "add", "br0", "index", "1012", "type", "bridge")
	ns.Run(t, "ip", "link", "set", "v1", "master", "br0")
	for _, name := range []string{"br0", "v0", "v1"} {
		ns.Run(t, "ip", "link", "set", name, "up")
	}
}

// compare compares what is said of the first n packets.
func compare(t *testing.T, ns *nstest.NS, sub *nflog.Subscription, they *json.Decoder, n int) {
	t.Helper()
	names := map[string]string{"0": ""}
	ns.Do(t, func() {
		links, err := net.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range links {
			names[fmt.Sprint(l.Index)] = l.Name
		}
	})
	for _, p := range read(t, sub, n) {
		var said map[string]any
		if err := they.Decode(&said); err != nil {
			t.Fatalf("for %v: %v", p.Headers(), err)
		}
		want := asUlogd(t, &p)
		want["oob.in"], want["oob.out"] = names[fmt.Sprint(p.InLink)], names[fmt.Sprint(p.OutLink)]
		sec, _ := said["oob.time.sec"].(float64)
		if usec, _ := said["oob.time.usec"].(float64); !p.Timestamp.IsZero() {
			// Each rule looks at the clock if the packet has no time yet.
			if d := time.Unix(int64(sec), int64(usec)*1000).Sub(p.Timestamp); d < 0 || d > 10*time.Second {
				t.Errorf("time %v, of ulogd %v.%v", p.Timestamp, sec, usec)
			}
		}
		for name, v := range said {
			switch {
			case beyond[name], name == "timestamp", strings.HasPrefix(name, "oob.time."):
				delete(want, name)
				continue
			}
			w, ok := want[name]
			if n, is := v.(float64); is {
				if b, is := w.(bool); is {
					w = map[bool]int{true: 1}[b]
				}
				v, w = int64(n), fmt.Sprint(w)
				if f, is := want[name].(nflog.Family); is {
					w = fmt.Sprint(uint8(f))
				}
			}
			if !ok || fmt.Sprint(v) != fmt.Sprint(w) {
				t.Errorf("%s is %v, of ulogd %v", name, w, v)
			}
			delete(want, name)
		}
		for name, v := range want {
			if fmt.Sprint(v) != "0" && v != false { // it leaves out some that are zero
				t.Errorf("%s is %v, ulogd says nothing", name, v)
			}
		}
	}
	if got := sub.Stats(); got.Lost != 0 || got.Malformed != 0 {
		t.Errorf("counts are %+v", got)
	}
}
