package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

// A netlink protocol that no package of nlkit knows: NETLINK_SOCK_DIAG, by which ss
// lists sockets. All that is to be said of it stands in this file.
//
// include/uapi/linux/sock_diag.h, include/uapi/linux/inet_diag.h

const (
	protocol = 4  // NETLINK_SOCK_DIAG
	inet     = 2  // AF_INET
	inet6    = 10 // AF_INET6
	tcp      = 6  // IPPROTO_TCP

	sockDiagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	sockDestroy      = 21 // SOCK_DESTROY

	groupTCPDestroy  = 1 // SKNLGRP_INET_TCP_DESTROY
	groupTCP6Destroy = 3 // SKNLGRP_INET6_TCP_DESTROY

	diagInfo = 2 // INET_DIAG_INFO
	diagCong = 4 // INET_DIAG_CONG
)

// socketID tells one socket from all others (struct inet_diag_sockid).
type socketID struct {
	SourcePort, DestinationPort uint16
	Source, Destination         [16]byte
	Interface                   uint32
	Cookie                      [8]byte
}

var socketIDLayout = attr.Layout[socketID]{Size: 48, Fields: []attr.Row[socketID]{
	attr.BE16(0, "idiag_sport", func(s *socketID) *uint16 { return &s.SourcePort }),
	attr.BE16(2, "idiag_dport", func(s *socketID) *uint16 { return &s.DestinationPort }),
	attr.FixedBytes(4, "idiag_src", func(s *socketID) []byte { return s.Source[:] }),
	attr.FixedBytes(20, "idiag_dst", func(s *socketID) []byte { return s.Destination[:] }),
	attr.U32(36, "idiag_if", func(s *socketID) *uint32 { return &s.Interface }),
	attr.FixedBytes(40, "idiag_cookie", func(s *socketID) []byte { return s.Cookie[:] }),
}}

// diagRequest is what requests consist of (struct inet_diag_req_v2).
type diagRequest struct {
	Family, Protocol uint8
	Extensions       uint8  // the attributes that are wanted, as bits
	States           uint32 // the states that are wanted, as bits
	ID               socketID
}

var diagRequestLayout = attr.Layout[diagRequest]{Size: 56, Fields: []attr.Row[diagRequest]{
	attr.U8(0, "sdiag_family", func(r *diagRequest) *uint8 { return &r.Family }),
	attr.U8(1, "sdiag_protocol", func(r *diagRequest) *uint8 { return &r.Protocol }),
	attr.U8(2, "idiag_ext", func(r *diagRequest) *uint8 { return &r.Extensions }),
	attr.U32(4, "idiag_states", func(r *diagRequest) *uint32 { return &r.States }),
	attr.Struct(8, "id", socketIDLayout, func(r *diagRequest) *socketID { return &r.ID }),
}}

// socket is a TCP socket: the header of an answer and the attributes behind it.
type socket struct {
	// struct inet_diag_msg
	Family     uint8
	State      state
	ID         socketID
	ReceiveQ   uint32
	SendQ      uint32
	UID, Inode uint32

	// INET_DIAG_*
	Congestion string
	Info       tcpInfo
}

var socketLayout = attr.Layout[socket]{Size: 72, Fields: []attr.Row[socket]{
	attr.U8(0, "idiag_family", func(s *socket) *uint8 { return &s.Family }),
	attr.U8(1, "idiag_state", func(s *socket) *state { return &s.State }),
	attr.Struct(4, "id", socketIDLayout, func(s *socket) *socketID { return &s.ID }),
	attr.U32(56, "idiag_rqueue", func(s *socket) *uint32 { return &s.ReceiveQ }),
	attr.U32(60, "idiag_wqueue", func(s *socket) *uint32 { return &s.SendQ }),
	attr.U32(64, "idiag_uid", func(s *socket) *uint32 { return &s.UID }),
	attr.U32(68, "idiag_inode", func(s *socket) *uint32 { return &s.Inode }),
}}

var socketAttrs = attr.Table[socket]{
	attr.Struct(diagInfo, "INET_DIAG_INFO", tcpInfoLayout, func(s *socket) *tcpInfo { return &s.Info }),
	attr.String(diagCong, "INET_DIAG_CONG", func(s *socket) *string { return &s.Congestion }),
}

// tcpInfo is a part of what TCP knows of a connection (struct tcp_info). It grows with
// every kernel: a layout takes what there is.
type tcpInfo struct {
	RTT       uint32 // in microseconds
	Delivered uint32
}

var tcpInfoLayout = attr.Layout[tcpInfo]{Size: 248, Fields: []attr.Row[tcpInfo]{
	attr.U32(68, "tcpi_rtt", func(t *tcpInfo) *uint32 { return &t.RTT }),
	attr.U32(192, "tcpi_delivered", func(t *tcpInfo) *uint32 { return &t.Delivered }),
}}

func (t tcpInfo) rtt() time.Duration { return time.Duration(t.RTT) * time.Microsecond }

// request builds the message to the kernel.
func request(op string, typ uint16, r diagRequest) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: protocol, Type: typ,
		Header: diagRequestLayout.Size, // attributes would stand behind it
	}
	var err error
	req.Data, err = diagRequestLayout.Append(nil, &r)
	return req, req.Fail(err)
}

// decode reads an answer.
func decode(m nlkit.Message, s *socket) (bool, error) {
	if m.Type != sockDiagByFamily {
		return false, nil
	}
	if err := socketLayout.Decode(m.Data, s); err != nil {
		return false, err
	}
	return true, socketAttrs.Decode(m.Data[min(socketLayout.Size, len(m.Data)):], s)
}

// list returns all TCP sockets of an address family.
func list(ctx context.Context, c *nlkit.Client, family uint8) ([]socket, error) {
	req, err := request("sockdiag.List", sockDiagByFamily, diagRequest{
		Family: family, Protocol: tcp, States: ^uint32(0), Extensions: 1<<(diagInfo-1) | 1<<(diagCong-1),
	})
	if err != nil {
		return nil, err
	}
	return nlkit.List(ctx, c, req, decode)
}

// get returns one socket as it is now.
func get(ctx context.Context, c *nlkit.Client, s socket) (now socket, err error) {
	req, err := request("sockdiag.Get", sockDiagByFamily, diagRequest{
		Family: s.Family, Protocol: tcp, ID: s.ID, Extensions: 1 << (diagCong - 1),
	})
	if err != nil {
		return now, err
	}
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		_, err := decode(m, &now)
		return err
	})
	return now, err
}

// destroy ends a connection as if its peer had reset it. It takes a client or a batch,
// and CAP_NET_ADMIN.
func destroy(ctx context.Context, d nlkit.Doer, s socket) error {
	req, err := request("sockdiag.Delete", sockDestroy, diagRequest{Family: s.Family, Protocol: tcp, ID: s.ID})
	if err != nil {
		return err
	}
	req.Describe = func([]byte) string { return s.String() }
	return nlkit.Do(ctx, d, req)
}

// subscribe receives the sockets that are gone: ended, and closed by whoever had them.
// It takes CAP_NET_ADMIN.
func subscribe(ctx context.Context, c *nlkit.Client) (*nlkit.Subscription[socket], error) {
	return nlkit.Subscribe(ctx, c, nlkit.Listen{
		Op: "sockdiag.Subscribe", Protocol: protocol, Groups: []uint32{groupTCPDestroy, groupTCP6Destroy},
	}, decode)
}

// state is a state of TCP (include/net/tcp_states.h).
type state uint8

var states = []string{
	"", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV",
}

func (s state) String() string {
	if int(s) >= len(states) || s == 0 {
		return fmt.Sprintf("state(%d)", uint8(s))
	}
	return states[s]
}

func (s socket) local() netip.AddrPort { return s.end(s.ID.Source, s.ID.SourcePort) }
func (s socket) peer() netip.AddrPort  { return s.end(s.ID.Destination, s.ID.DestinationPort) }

func (s socket) end(a [16]byte, port uint16) netip.AddrPort {
	if s.Family == inet {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a[:4])), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(a), port)
}

func (s socket) String() string { return fmt.Sprintf("%v %v %v", s.State, s.local(), s.peer()) }
