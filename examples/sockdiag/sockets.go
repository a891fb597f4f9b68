//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

// Socket is a TCP socket of this host.
//
// struct inet_diag_msg in include/uapi/linux/inet_diag.h.
type Socket struct {
	Family uint8 // unix.AF_INET or unix.AF_INET6
	State  State
	// RecvQueue and SendQueue are the bytes that wait, for a listening socket the
	// connections that wait to be accepted and how many may.
	RecvQueue, SendQueue uint32
	UID, Inode           uint32

	SrcPort, DstPort uint16
	Src, Dst         [16]byte // IPv4 has the first four bytes
	Interface        uint32   // the one that the socket is bound to, by index

	// What follows is in attributes.
	Congestion string // the algorithm
	V6Only     bool   // a socket of IPv6 that takes no IPv4
	Info       Info
}

// Info is a part of struct tcp_info in include/uapi/linux/tcp.h.
type Info struct {
	RTT              uint32 // in microseconds
	CongestionWindow uint32 // in packets
}

// Local returns the socket's own address and port as ss writes them, but for the
// interface that the socket may be bound to.
func (s *Socket) Local() string { return s.endpoint(s.Src, s.SrcPort) }

// Peer returns the other side's address and port.
func (s *Socket) Peer() string { return s.endpoint(s.Dst, s.DstPort) }

// RTT returns the smoothed round trip time.
func (s *Socket) RTT() time.Duration { return time.Duration(s.Info.RTT) * time.Microsecond }

func (s *Socket) endpoint(ip [16]byte, port uint16) string {
	p := "*"
	if port != 0 {
		p = strconv.Itoa(int(port))
	}
	if s.Family == unix.AF_INET {
		return netip.AddrFrom4([4]byte(ip[:4])).String() + ":" + p
	}
	a := netip.AddrFrom16(ip)
	if a.IsUnspecified() && !s.V6Only {
		return "*:" + p // takes both families
	}
	return "[" + a.String() + "]:" + p
}

// State is the state of a TCP connection.
//
// The enumeration in include/net/tcp_states.h.
type State uint8

// States of a connection.
const (
	Established State = iota + 1
	SynSent
	SynReceived
	FinWait1
	FinWait2
	TimeWait
	Closed
	CloseWait
	LastAck
	Listen
	Closing
)

// States is a set of states, a bit for each.
type States uint32

// AllStates are the states that a socket which ss -a shows can have.
const AllStates States = 1<<(Closing+1) - 2&^(1<<Closed)

var stateNames = [...]string{
	Established: "ESTAB", SynSent: "SYN-SENT", SynReceived: "SYN-RECV", FinWait1: "FIN-WAIT-1", FinWait2: "FIN-WAIT-2",
	TimeWait: "TIME-WAIT", Closed: "UNCONN", CloseWait: "CLOSE-WAIT", LastAck: "LAST-ACK", Listen: "LISTEN", Closing: "CLOSING",
}

// String returns the word that ss prints.
func (s State) String() string {
	if int(s) < len(stateNames) && stateNames[s] != "" {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// The numbers of include/uapi/linux/inet_diag.h.
const (
	inetDiagInfo      = 2
	inetDiagCong      = 4
	inetDiagSKV6Only  = 11
	sizeofInetDiagReq = 56
)

// query is struct inet_diag_req_v2: the kernel is asked for one family and protocol
// at a time, for sockets in some states, and for some of the attributes.
type query struct {
	Family, Protocol, Extensions uint8
	States                       States
}

var queryLayout = attr.Layout[query]{Size: sizeofInetDiagReq, Fields: []attr.Row[query]{
	attr.U8(0, "sdiag_family", func(q *query) *uint8 { return &q.Family }),
	attr.U8(1, "sdiag_protocol", func(q *query) *uint8 { return &q.Protocol }),
	attr.U8(2, "idiag_ext", func(q *query) *uint8 { return &q.Extensions }),
	attr.U32(4, "idiag_states", func(q *query) *States { return &q.States }),
}}

var socketLayout = attr.Layout[Socket]{Size: 72, Fields: []attr.Row[Socket]{
	attr.U8(0, "idiag_family", func(s *Socket) *uint8 { return &s.Family }),
	attr.U8(1, "idiag_state", func(s *Socket) *State { return &s.State }),
	attr.BE16(4, "idiag_sport", func(s *Socket) *uint16 { return &s.SrcPort }),
	attr.BE16(6, "idiag_dport", func(s *Socket) *uint16 { return &s.DstPort }),
	attr.FixedBytes(8, "idiag_src", func(s *Socket) []byte { return s.Src[:] }),
	attr.FixedBytes(24, "idiag_dst", func(s *Socket) []byte { return s.Dst[:] }),
	attr.U32(40, "idiag_if", func(s *Socket) *uint32 { return &s.Interface }),
	attr.U32(56, "idiag_rqueue", func(s *Socket) *uint32 { return &s.RecvQueue }),
	attr.U32(60, "idiag_wqueue", func(s *Socket) *uint32 { return &s.SendQueue }),
	attr.U32(64, "idiag_uid", func(s *Socket) *uint32 { return &s.UID }),
	attr.U32(68, "idiag_inode", func(s *Socket) *uint32 { return &s.Inode }),
}}

var infoLayout = attr.Layout[Info]{Size: 84, Fields: []attr.Row[Info]{
	attr.U32(68, "tcpi_rtt", func(i *Info) *uint32 { return &i.RTT }),
	attr.U32(80, "tcpi_snd_cwnd", func(i *Info) *uint32 { return &i.CongestionWindow }),
}}

var socketAttrs = attr.Table[Socket]{
	attr.Struct(inetDiagInfo, "INET_DIAG_INFO", infoLayout, func(s *Socket) *Info { return &s.Info }),
	attr.String(inetDiagCong, "INET_DIAG_CONG", func(s *Socket) *string { return &s.Congestion }),
	attr.Bool(inetDiagSKV6Only, "INET_DIAG_SKV6ONLY", func(s *Socket) *bool { return &s.V6Only }),
}

// TCPSockets returns the TCP sockets of the client's network namespace that are in
// one of the given states, those of IPv4 first.
func TCPSockets(ctx context.Context, c *nlkit.Client, states States) ([]Socket, error) {
	var all []Socket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		q := query{Family: family, Protocol: unix.IPPROTO_TCP, States: states, Extensions: 1<<(inetDiagInfo-1) | 1<<(inetDiagCong-1)}
		data, err := queryLayout.Append(nil, &q)
		if err != nil {
			return nil, err
		}
		sockets, err := nlkit.List(ctx, c, nlkit.Request{
			Op:       "sockdiag.TCPSockets",
			Protocol: unix.NETLINK_SOCK_DIAG,
			Type:     unix.SOCK_DIAG_BY_FAMILY,
			Data:     data,
			Header:   sizeofInetDiagReq,
		}, decodeSocket)
		if err != nil {
			return nil, err
		}
		all = append(all, sockets...)
	}
	return all, nil
}

// decodeSocket turns a message of the kernel into a Socket: the struct first,
// attributes behind it.
func decodeSocket(m nlkit.Message, s *Socket) (keep bool, err error) {
	if m.Type != unix.SOCK_DIAG_BY_FAMILY {
		return false, nil
	}
	if len(m.Data) < socketLayout.Size {
		return false, nlkit.ErrMalformed
	}
	if err := socketLayout.Decode(m.Data, s); err != nil {
		return false, err
	}
	return true, socketAttrs.Decode(m.Data[socketLayout.Size:], s)
}
