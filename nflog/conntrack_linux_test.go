package nflog_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nflog"
)

// TestConntrackUnsupported asks for connections where the kernel may have none to
// report: then it says so.
func TestConntrackUnsupported(t *testing.T) {
	c, _ := live(t, nft.LogRule{})
	sub, err := nflog.Subscribe(t.Context(), c, group)
	if err != nil {
		t.Fatal(err)
	}
	setErr := sub.Set(t.Context(), nflog.WithConntrack(true))
	_ = sub.Close()
	probe, subErr := nflog.Subscribe(t.Context(), c, group, nflog.WithConntrack(true))
	if subErr == nil {
		_ = probe.Close()
	}
	for op, err := range map[string]error{"nflog.Subscribe": subErr, "nflog.Set": setErr} {
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*nlkit.Error](err)
		if !errors.Is(err, errors.ErrUnsupported) || !ok || e.Attr != "NFULA_CFG_FLAGS" {
			t.Errorf("got %#v", err)
		}
		if want := op + " group 5: operation not supported: the kernel has no conntrack to report: it takes the module nf_conntrack_netlink"; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if (subErr == nil) != (setErr == nil) {
		t.Errorf("Subscribe says %v, Set says %v", subErr, setErr)
	}
}

// tracked returns a subscription to the packets of a protocol as they come in, and
// the namespace, which tracks connections with a mark, counters and times. It skips the test where the kernel has no connections to
// report.
func tracked(t *testing.T, proto uint8) (*nflog.Subscription, *nstest.NS) {
	t.Helper()
	c, ns := live(t)
	nstest.NFLogRule(t, ns, nft.LogRule{Group: group, L4Proto: proto})
	track(t, ns, 77)
	ns.Do(t, func() {
		for _, name := range []string{"acct", "timestamp"} {
			if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_"+name, []byte("1"), 0); err != nil {
				t.Fatal(err)
			}
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	sub, err := nflog.Subscribe(ctx, c, group, nflog.WithConntrack(true))
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "conntrack", "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub, ns
}

// next returns the next packet of which ok is true, and its connection.
func next(t *testing.T, sub *nflog.Subscription, ok func(h nflog.Headers) bool) (nflog.Packet, *nflog.Conntrack) {
	t.Helper()
	for p, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		h := p.Headers()
		ct, err := p.Conntrack()
		switch {
		case err != nil:
			t.Fatal(err)
		case ct == nil:
			t.Fatalf("%v has no connection", h)
		case ok(h):
			return p, ct
		}
	}
	t.Fatal("the subscription ended")
	return nflog.Packet{}, nil
}

// mirrored reports whether the reply goes the way back.
func mirrored(c *nflog.Conntrack) bool {
	o, r := c.Original.Flow(), c.Reply.Flow()
	return o.Src == r.Dst && o.Dst == r.Src && o.IPProto == r.IPProto
}

// TestConntrackTCP follows a connection from the first packet to an answer.
func TestConntrackTCP(t *testing.T) {
	for name, addr := range map[string]netip.Addr{"ip": local4, "ip6": local6} {
		t.Run(name, func(t *testing.T) {
			sub, ns := tracked(t, unix.IPPROTO_TCP)
			before := time.Now().Add(-time.Second)
			ns.Do(t, func() {
				l, err := net.Listen("tcp", net.JoinHostPort(addr.String(), strconv.Itoa(port)))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				out, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				in, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				for _, write := range []struct {
					net.Conn
					data string
				}{{out, "ping"}, {in, "pong"}} {
					if _, err := write.Write([]byte(write.data)); err != nil {
						t.Fatal(err)
					}
				}
				b := make([]byte, 4)
				if _, err := out.Read(b); err != nil {
					t.Fatal(err)
				}

				p, ct := next(t, sub, func(h nflog.Headers) bool { return h.TCP.Flags == nflog.TCPSYN })
				h := p.Headers()
				if p.ConntrackInfo != nflog.ConntrackNew || ct.Status.Has(nflog.ConntrackSeenReply) || ct.TCP == nil || ct.TCP.State != nflog.TCPSynSent {
					t.Errorf("%v, %v, %v", p.ConntrackInfo, ct, ct.Status)
				}
				if ct.Original.Flow() != h.Flow || h.Src.String() != out.LocalAddr().String() || h.Dst.String() != l.Addr().String() || !mirrored(ct) {
					t.Errorf("%v of %v", h, ct)
				}
				first := ct.ID
				_, ct = next(t, sub, func(h nflog.Headers) bool { return h.TCP.Flags == nflog.TCPSYN|nflog.TCPACK })
				if ct.TCP == nil || ct.TCP.State != nflog.TCPSynReceived {
					t.Errorf("%v", ct)
				}
				p, ct = next(t, sub, func(h nflog.Headers) bool { return string(h.Data) == "ping" })
				keep(t, name+"_prerouting_conntrack_tcp", &p)
				if want := nflog.ConntrackSeenReply | nflog.ConntrackAssured | nflog.ConntrackConfirmed; !ct.Status.Has(want) {
					t.Errorf("status %v", ct.Status)
				}
				if p.ConntrackInfo != nflog.ConntrackEstablished || ct.TCP == nil || ct.TCP.State != nflog.TCPEstablished || ct.ID != first || ct.Timeout < time.Minute {
					t.Errorf("%v, %v, %+v, %v", p.ConntrackInfo, ct, ct.TCP, ct.Timeout)
				}
				if ct.Original.SrcPort != h.Src.Port() || ct.Original.DstPort != port || ct.TCP.OriginalWindowScale == 0 || ct.TCP.ReplyWindowScale == 0 {
					t.Errorf("%+v, %+v", ct.Original, ct.TCP)
				}
				if o, r := ct.OriginalCounters, ct.ReplyCounters; o.Packets != 3 || r.Packets < 1 || o.Bytes < 3*20+4 || r.Bytes < 20 {
					t.Errorf("counters %+v, %+v", o, r)
				}
				if ct.Start.Before(before) || ct.Start.After(time.Now().Add(time.Second)) {
					t.Errorf("it began at %v, the test at %v", ct.Start, before)
				}
				if want := fmt.Sprintf("tcp established %v > %v, reply %v > %v, mark 0x4d", h.Src, h.Dst, h.Dst, h.Src); ct.String() != want {
					t.Errorf("got %v, want %s", ct, want)
				}
				p, _ = next(t, sub, func(h nflog.Headers) bool { return string(h.Data) == "pong" })
				if p.ConntrackInfo != nflog.ConntrackEstablishedReply {
					t.Errorf("the answer is %v", p.ConntrackInfo)
				}
			})
		})
	}
}

// TestConntrackICMP sends echo requests, which the kernel answers.
func TestConntrackICMP(t *testing.T) {
	for _, test := range []struct {
		network        string
		proto          uint8
		request, reply uint8
	}{
		{"ip", unix.IPPROTO_ICMP, 8, 0},
		{"ip6", unix.IPPROTO_ICMPV6, 128, 129},
	} {
		t.Run(test.network, func(t *testing.T) {
			sub, ns := tracked(t, test.proto)
			echo(t, ns, test.network)
			p, ct := next(t, sub, func(h nflog.Headers) bool { return h.ICMP.Type == test.request })
			keep(t, test.network+"_prerouting_conntrack_icmp", &p)
			want := nflog.TupleICMP{ID: 0x1234, Type: test.request}
			back := nflog.TupleICMP{ID: 0x1234, Type: test.reply}
			if p.ConntrackInfo != nflog.ConntrackNew || ct.Original.ICMP != want || ct.Reply.ICMP != back || !mirrored(ct) || ct.TCP != nil {
				t.Errorf("%v, %+v, %+v", p.ConntrackInfo, ct.Original, ct.Reply)
			}
			p, ct = next(t, sub, func(h nflog.Headers) bool { return h.ICMP.Type == test.reply })
			if p.ConntrackInfo != nflog.ConntrackEstablishedReply || ct.Original.ICMP != want || !ct.Status.Has(nflog.ConntrackSeenReply) {
				t.Errorf("%v, %+v, %v", p.ConntrackInfo, ct.Original, ct.Status)
			}
		})
	}
}

// echo sends an echo request from a namespace to itself, of "ip" or "ip6".
func echo(t *testing.T, ns *nstest.NS, network string) {
	t.Helper()
	family, proto, to, request := unix.AF_INET, unix.IPPROTO_ICMP, unix.Sockaddr(&unix.SockaddrInet4{Addr: local4.As4()}), byte(8)
	if network == "ip6" {
		family, proto, to, request = unix.AF_INET6, unix.IPPROTO_ICMPV6, &unix.SockaddrInet6{Addr: local6.As16()}, 128
	}
	message := []byte{request, 0, 0, 0, 0x12, 0x34, 0, 7}
	binary.BigEndian.PutUint16(message[2:], ^(uint16(request)<<8 + 0x1234 + 7)) // for ICMPv6 the kernel does it
	ns.Do(t, func() {
		fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, proto)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Sendto(fd, message, 0, to); err != nil {
			t.Fatal(err)
		}
	})
}

// TestConntrackUDP logs a packet of either family.
func TestConntrackUDP(t *testing.T) {
	for name, addr := range map[string]netip.Addr{"ip": local4, "ip6": local6} {
		t.Run(name, func(t *testing.T) {
			sub, ns := tracked(t, unix.IPPROTO_UDP)
			s := newSender(t, ns, addr, 0)
			s.send(t, "x")
			p, ct := next(t, sub, func(nflog.Headers) bool { return true })
			if name == "ip6" { // the other one is there already, without counters
				keep(t, name+"_prerouting_conntrack", &p)
			}
			if p.ConntrackInfo != nflog.ConntrackNew || ct.Original.Src != addr || ct.Original.Flow() != p.Headers().Flow || !mirrored(ct) || ct.Rest != nil {
				t.Errorf("%v, %+v", p.ConntrackInfo, ct)
			}
			// No other connection has its id.
			s.send(t, "y")
			if _, again := next(t, sub, func(nflog.Headers) bool { return true }); again.ID != ct.ID || again.OriginalCounters.Packets != 2 {
				t.Errorf("%+v, then %+v", ct, again)
			}
		})
	}
}

// TestInteropConntrack compares a connection with what the conntrack program says of
// it.
func TestInteropConntrack(t *testing.T) {
	sub, ns := tracked(t, unix.IPPROTO_UDP)
	s := newSender(t, ns, local4, 0)
	s.send(t, "x")
	_, ct := next(t, sub, func(nflog.Headers) bool { return true })
	if ct.Mark != 77 {
		t.Errorf("mark %d", ct.Mark)
	}
	out := string(ns.Run(t, "conntrack", "--dump", "--proto", "udp", "--output", "id"))
	for _, want := range []string{
		fmt.Sprintf("src=%v dst=%v sport=%d dport=%d packets=1 ", ct.Original.Src, ct.Original.Dst, ct.Original.SrcPort, ct.Original.DstPort),
		fmt.Sprintf("src=%v dst=%v sport=%d dport=%d packets=0 ", ct.Reply.Src, ct.Reply.Dst, ct.Reply.SrcPort, ct.Reply.DstPort),
		fmt.Sprintf(" mark=%d ", ct.Mark), fmt.Sprintf(" bytes=%d ", ct.OriginalCounters.Bytes), fmt.Sprintf(" id=%d", ct.ID),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("conntrack says %s, we %q", out, want)
		}
	}
	if strings.Contains(out, "[UNREPLIED]") == ct.Status.Has(nflog.ConntrackSeenReply) {
		t.Errorf("conntrack says %s, we %v", out, ct.Status)
	}
}

// track makes the kernel track the connections in a namespace, by a rule that asks
// for their state, and gives them a mark if it is not 0.
func track(t *testing.T, ns *nstest.NS, mark uint32) {
	t.Helper()
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{NetNS: ns.FD()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	number := func(typ uint16, n uint32) []byte { return attr.AppendBE32(nil, typ, n) }
	text := func(typ uint16, s string) []byte { return attr.AppendString(nil, typ, s) }
	nest := func(typ uint16, parts ...[]byte) []byte {
		return attr.AppendBytes(nil, typ|unix.NLA_F_NESTED, bytes.Join(parts, nil))
	}
	message := func(typ uint16, flags netlink.HeaderFlags, parts ...[]byte) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | typ), Flags: netlink.Request | flags},
			Data:   append([]byte{unix.NFPROTO_INET, 0, 0, 0}, bytes.Join(parts, nil)...),
		}
	}
	batch := func(typ netlink.HeaderType) netlink.Message {
		return netlink.Message{Header: netlink.Header{Type: typ, Flags: netlink.Request}, Data: []byte{0, 0, 0, unix.NFNL_SUBSYS_NFTABLES}}
	}
	expression := func(name string, data ...[]byte) []byte {
		return nest(unix.NFTA_LIST_ELEM, text(unix.NFTA_EXPR_NAME, name), nest(unix.NFTA_EXPR_DATA, data...))
	}
	expressions := [][]byte{
		expression("ct", number(unix.NFTA_CT_DREG, unix.NFT_REG_1), number(unix.NFTA_CT_KEY, unix.NFT_CT_STATE)),
	}
	if mark != 0 {
		expressions = append(expressions,
			expression("immediate", number(unix.NFTA_IMMEDIATE_DREG, unix.NFT_REG_1),
				nest(unix.NFTA_IMMEDIATE_DATA, attr.AppendBytes(nil, unix.NFTA_DATA_VALUE, binary.NativeEndian.AppendUint32(nil, mark)))),
			expression("ct", number(unix.NFTA_CT_SREG, unix.NFT_REG_1), number(unix.NFTA_CT_KEY, unix.NFT_CT_MARK)))
	}
	if _, err := conn.SendMessages([]netlink.Message{
		batch(unix.NFNL_MSG_BATCH_BEGIN),
		message(unix.NFT_MSG_NEWTABLE, netlink.Create, text(unix.NFTA_TABLE_NAME, "track")),
		message(unix.NFT_MSG_NEWCHAIN, netlink.Create,
			text(unix.NFTA_CHAIN_TABLE, "track"), text(unix.NFTA_CHAIN_NAME, "output"), text(unix.NFTA_CHAIN_TYPE, "filter"),
			nest(unix.NFTA_CHAIN_HOOK, number(unix.NFTA_HOOK_HOOKNUM, unix.NF_INET_LOCAL_OUT), number(unix.NFTA_HOOK_PRIORITY, 0))),
		message(unix.NFT_MSG_NEWRULE, netlink.Create|netlink.Acknowledge,
			text(unix.NFTA_RULE_TABLE, "track"), text(unix.NFTA_RULE_CHAIN, "output"),
			nest(unix.NFTA_RULE_EXPRESSIONS, expressions...)),
		batch(unix.NFNL_MSG_BATCH_END),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Receive(); err != nil {
		t.Fatal(err)
	}
}
