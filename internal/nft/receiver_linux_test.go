package nft_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nlenc"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nstest"
)

// From include/uapi/linux/netfilter/nfnetlink_log.h.
const (
	msgPacket = unix.NFNL_SUBSYS_ULOG << 8   // NFULNL_MSG_PACKET is 0
	msgConfig = unix.NFNL_SUBSYS_ULOG<<8 | 1 // NFULNL_MSG_CONFIG

	cfgCmd     = 1 // NFULA_CFG_CMD
	cfgMode    = 2 // NFULA_CFG_MODE
	cmdBind    = 1 // NFULNL_CFG_CMD_BIND
	copyPacket = 2 // NFULNL_COPY_PACKET

	packetHdr = 1  // NFULA_PACKET_HDR
	payload   = 9  // NFULA_PAYLOAD
	prefix    = 10 // NFULA_PREFIX
)

// receiver is as much of an NFLOG receiver as it takes to see what a rule does.
type receiver struct {
	conn *netlink.Conn
	got  []packet
}

type packet struct {
	prefix  string
	payload string
	hook    uint8
}

func newReceiver(t *testing.T, ns *nstest.NS, group uint16) *receiver {
	t.Helper()
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{NetNS: ns.FD()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}

	mode := binary.BigEndian.AppendUint32(nil, 1<<16-1) // as much of each packet
	for _, attr := range []netlink.Attribute{
		{Type: cfgCmd, Data: []byte{cmdBind}},
		{Type: cfgMode, Data: append(mode, copyPacket, 0)},
	} {
		attrs, err := netlink.MarshalAttributes([]netlink.Attribute{attr})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Execute(netlink.Message{
			Header: netlink.Header{Type: msgConfig, Flags: netlink.Request | netlink.Acknowledge},
			Data:   append(binary.BigEndian.AppendUint16([]byte{unix.AF_UNSPEC, unix.NFNETLINK_V0}, group), attrs...),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &receiver{conn: c}
}

// packet returns the next packet.
func (r *receiver) packet(t *testing.T) packet {
	t.Helper()
	for len(r.got) == 0 {
		r.got = r.datagram(t)
	}
	p := r.got[0]
	r.got = r.got[1:]
	return p
}

// datagram returns the packets that the kernel has sent at once.
func (r *receiver) datagram(t *testing.T) []packet {
	t.Helper()
	msgs, err := r.conn.Receive()
	if err != nil {
		t.Fatal(err)
	}
	var packets []packet
	for _, m := range msgs {
		if m.Header.Type != msgPacket {
			continue // the end of several
		}
		ad, err := netlink.NewAttributeDecoder(m.Data[4:])
		if err != nil {
			t.Fatal(err)
		}
		var p packet
		for ad.Next() {
			switch ad.Type() {
			case packetHdr:
				p.hook = ad.Bytes()[2]
			case payload:
				p.payload = string(ad.Bytes())
			case prefix:
				p.prefix = nlenc.String(ad.Bytes())
			}
		}
		if err := ad.Err(); err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	return packets
}
