//go:build linux

package main

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

const wireguard genl.Name = unix.WG_GENL_NAME

// Key is a key of Curve25519, or a secret.
type Key [32]byte

// String returns the key as wg prints it.
func (k Key) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

// NewKey returns a new private key and its public one.
func NewKey() (private, public Key) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // there is no chance left
	}
	private, public = Key(k.Bytes()), Key(k.PublicKey().Bytes())
	private[0] &= 248 // the bits that do not count, as WireGuard has them
	private[31] = private[31]&127 | 64
	return private, public
}

// Device is a WireGuard interface. What is zero is not changed by Set.
//
// WGDEVICE_A_* in include/uapi/linux/wireguard.h.
type Device struct {
	Index        uint32
	Name         string
	PrivateKey   Key
	PublicKey    Key // follows from the private one
	Flags        uint32
	ListenPort   uint16
	FirewallMark uint32
	Peers        []Peer
}

// ReplacePeers, a flag of a Device, removes the peers that are not given.
const ReplacePeers = unix.WGDEVICE_F_REPLACE_PEERS

// Peer is one that the device speaks to.
//
// WGPEER_A_* in include/uapi/linux/wireguard.h.
type Peer struct {
	PublicKey     Key
	PresharedKey  Key
	Flags         uint32
	Endpoint      netip.AddrPort
	Keepalive     uint16 // in seconds
	LastHandshake timespec
	RxBytes       uint64
	TxBytes       uint64
	AllowedIPs    []AllowedIP
}

// Flags of a Peer.
const (
	RemovePeer        = unix.WGPEER_F_REMOVE_ME
	ReplaceAllowedIPs = unix.WGPEER_F_REPLACE_ALLOWEDIPS
)

// AllowedIP is a prefix that a peer may send from, and is sent to at.
//
// WGALLOWEDIP_A_* in include/uapi/linux/wireguard.h.
type AllowedIP struct {
	Family uint16
	Addr   netip.Addr
	Bits   uint8
}

// Allowed returns prefixes in the family's form.
func Allowed(prefixes ...netip.Prefix) (ips []AllowedIP) {
	for _, p := range prefixes {
		family := uint16(unix.AF_INET)
		if p.Addr().Is6() {
			family = unix.AF_INET6
		}
		ips = append(ips, AllowedIP{family, p.Addr(), uint8(p.Bits())})
	}
	return ips
}

// Prefixes returns the prefixes of a peer.
func (p *Peer) Prefixes() (prefixes []netip.Prefix) {
	for _, ip := range p.AllowedIPs {
		prefixes = append(prefixes, netip.PrefixFrom(ip.Addr, int(ip.Bits)))
	}
	return prefixes
}

var deviceAttrs = attr.Table[Device]{
	attr.U32(unix.WGDEVICE_A_IFINDEX, "WGDEVICE_A_IFINDEX", func(d *Device) *uint32 { return &d.Index }),
	attr.String(unix.WGDEVICE_A_IFNAME, "WGDEVICE_A_IFNAME", func(d *Device) *string { return &d.Name }),
	attr.FixedBytes(unix.WGDEVICE_A_PRIVATE_KEY, "WGDEVICE_A_PRIVATE_KEY", func(d *Device) []byte { return d.PrivateKey[:] }),
	attr.FixedBytes(unix.WGDEVICE_A_PUBLIC_KEY, "WGDEVICE_A_PUBLIC_KEY", func(d *Device) []byte { return d.PublicKey[:] }).ReadOnly(),
	attr.U32(unix.WGDEVICE_A_FLAGS, "WGDEVICE_A_FLAGS", func(d *Device) *uint32 { return &d.Flags }),
	attr.U16(unix.WGDEVICE_A_LISTEN_PORT, "WGDEVICE_A_LISTEN_PORT", func(d *Device) *uint16 { return &d.ListenPort }),
	attr.U32(unix.WGDEVICE_A_FWMARK, "WGDEVICE_A_FWMARK", func(d *Device) *uint32 { return &d.FirewallMark }),
	attr.List(unix.WGDEVICE_A_PEERS, "WGDEVICE_A_PEERS", peerAttrs, func(d *Device) *[]Peer { return &d.Peers }),
}

var peerAttrs = attr.Table[Peer]{
	attr.FixedBytes(unix.WGPEER_A_PUBLIC_KEY, "WGPEER_A_PUBLIC_KEY", func(p *Peer) []byte { return p.PublicKey[:] }),
	attr.FixedBytes(unix.WGPEER_A_PRESHARED_KEY, "WGPEER_A_PRESHARED_KEY", func(p *Peer) []byte { return p.PresharedKey[:] }),
	attr.U32(unix.WGPEER_A_FLAGS, "WGPEER_A_FLAGS", func(p *Peer) *uint32 { return &p.Flags }),
	attr.Custom(unix.WGPEER_A_ENDPOINT, "WGPEER_A_ENDPOINT", putEndpoint, getEndpoint),
	attr.U16(unix.WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, "WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL", func(p *Peer) *uint16 { return &p.Keepalive }),
	attr.Struct(unix.WGPEER_A_LAST_HANDSHAKE_TIME, "WGPEER_A_LAST_HANDSHAKE_TIME", timespecLayout, func(p *Peer) *timespec { return &p.LastHandshake }).ReadOnly(),
	attr.U64(unix.WGPEER_A_RX_BYTES, "WGPEER_A_RX_BYTES", func(p *Peer) *uint64 { return &p.RxBytes }).ReadOnly(),
	attr.U64(unix.WGPEER_A_TX_BYTES, "WGPEER_A_TX_BYTES", func(p *Peer) *uint64 { return &p.TxBytes }).ReadOnly(),
	attr.List(unix.WGPEER_A_ALLOWEDIPS, "WGPEER_A_ALLOWEDIPS", allowedAttrs, func(p *Peer) *[]AllowedIP { return &p.AllowedIPs }),
}

// All three are sent always: 0.0.0.0/0 is a prefix like others.
var allowedAttrs = attr.Table[AllowedIP]{
	attr.U16(unix.WGALLOWEDIP_A_FAMILY, "WGALLOWEDIP_A_FAMILY", func(a *AllowedIP) *uint16 { return &a.Family }),
	attr.Addr(unix.WGALLOWEDIP_A_IPADDR, "WGALLOWEDIP_A_IPADDR", func(a *AllowedIP) *netip.Addr { return &a.Addr }),
	attr.U8(unix.WGALLOWEDIP_A_CIDR_MASK, "WGALLOWEDIP_A_CIDR_MASK", func(a *AllowedIP) *uint8 { return &a.Bits }).Required(),
}

// timespec is struct __kernel_timespec.
type timespec struct {
	Seconds, Nanoseconds int64
}

var timespecLayout = attr.Layout[timespec]{Size: 16, Fields: []attr.Row[timespec]{
	attr.S64(0, "tv_sec", func(t *timespec) *int64 { return &t.Seconds }),
	attr.S64(8, "tv_nsec", func(t *timespec) *int64 { return &t.Nanoseconds }),
}}

// The endpoint is a struct sockaddr_in or sockaddr_in6, with the family in host byte
// order and the port in that of the network.

func putEndpoint(b []byte, p *Peer) ([]byte, error) {
	a := p.Endpoint.Addr()
	var s []byte
	switch {
	case a.Is4():
		s = binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
		s = binary.BigEndian.AppendUint16(s, p.Endpoint.Port())
		s = append(append(s, a.AsSlice()...), make([]byte, 8)...)
	case a.Is6():
		s = binary.NativeEndian.AppendUint16(nil, unix.AF_INET6)
		s = binary.BigEndian.AppendUint16(s, p.Endpoint.Port())
		s = append(append(append(s, 0, 0, 0, 0), a.AsSlice()...), 0, 0, 0, 0)
	default:
		return b, nil
	}
	return attr.AppendBytes(b, unix.WGPEER_A_ENDPOINT, s), nil
}

func getEndpoint(b []byte, p *Peer) error {
	if len(b) < unix.SizeofSockaddrInet4 {
		return attr.ErrMalformed
	}
	var a netip.Addr
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET:
		a = netip.AddrFrom4([4]byte(b[4:8]))
	case family == unix.AF_INET6 && len(b) >= unix.SizeofSockaddrInet6:
		a = netip.AddrFrom16([16]byte(b[8:24]))
	default:
		return attr.ErrMalformed
	}
	p.Endpoint = netip.AddrPortFrom(a, binary.BigEndian.Uint16(b[2:]))
	return nil
}

// The commands of the family.
var (
	get = genl.Call[Device, Device]{
		Op: "wireguard.Get", Command: unix.WG_CMD_GET_DEVICE, Request: deviceAttrs, Reply: deviceAttrs,
		Describe: func(d *Device) string { return d.Name },
	}
	set = genl.Call[Device, struct{}]{
		Op: "wireguard.Set", Command: unix.WG_CMD_SET_DEVICE, Request: deviceAttrs,
		Describe: func(d *Device) string { return d.Name },
	}
)

// Set changes a device. `wg set`
func Set(ctx context.Context, d nlkit.Doer, dev Device) error { return set.Do(ctx, d, wireguard, &dev) }

// Get returns a device with its peers. `wg show NAME`
func Get(ctx context.Context, c *nlkit.Client, name string) (Device, error) {
	parts, err := get.List(ctx, c, wireguard, &Device{Name: name})
	if err != nil {
		return Device{}, err
	}
	return join(parts), nil
}

// join puts together a device that the kernel sent in parts: the first has its
// settings, each some peers, and the first peer of a part may go on with the prefixes
// of the one before.
func join(parts []Device) (dev Device) {
	for i, part := range parts {
		if i == 0 {
			dev = part
			continue
		}
		if n, more := len(dev.Peers), part.Peers; n > 0 && len(more) > 0 && dev.Peers[n-1].PublicKey == more[0].PublicKey {
			last := &dev.Peers[n-1]
			last.AllowedIPs = append(last.AllowedIPs, more[0].AllowedIPs...)
			part.Peers = more[1:]
		}
		dev.Peers = append(dev.Peers, part.Peers...)
	}
	return dev
}
