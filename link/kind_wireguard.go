package link

import "github.com/nlkit/nlkit/attr"

// WireGuard is an encrypted tunnel. Here it has no settings: keys, ports and peers
// are set through the generic netlink family "wireguard". Linux 5.6. `ip link add
// NAME type wireguard`
//
// Source: drivers/net/wireguard/device.c; include/uapi/linux/wireguard.h.
type WireGuard struct{}

// Kind returns "wireguard".
func (*WireGuard) Kind() string { return "wireguard" }

func (*WireGuard) addressLen() int { return 0 } // it has no address

func (w *WireGuard) appendData(b []byte) ([]byte, error) { return wireGuardAttrs.Append(b, w) }

var wireGuardAttrs = attr.Table[WireGuard]{}
