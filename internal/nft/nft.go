// Package nft makes the one nftables rule that this module has a use for: one
// that sends packets to an NFLOG group. It speaks netlink itself, so that
// tests and examples need no nft program.
package nft

import "fmt"

// Family says which packets a rule sees. The zero value is Inet.
type Family uint8

// The families of nftables.
const (
	Inet   Family = 1  // NFPROTO_INET: IPv4 and IPv6
	IPv4   Family = 2  // NFPROTO_IPV4
	ARP    Family = 3  // NFPROTO_ARP
	Netdev Family = 5  // NFPROTO_NETDEV: what one interface gets and sends
	Bridge Family = 7  // NFPROTO_BRIDGE
	IPv6   Family = 10 // NFPROTO_IPV6
)

// String returns the family's name in nft.
func (f Family) String() string {
	switch f {
	case Inet:
		return "inet"
	case IPv4:
		return "ip"
	case ARP:
		return "arp"
	case Netdev:
		return "netdev"
	case Bridge:
		return "bridge"
	case IPv6:
		return "ip6"
	}
	return fmt.Sprintf("Family(%d)", uint8(f))
}

// Hook is the place on a packet's way where a rule sees it. The zero value is
// Prerouting, which every packet that comes in passes once.
type Hook uint8

// The hooks of nftables. Not every family has every hook.
const (
	Prerouting Hook = iota
	Input
	Forward
	Output
	Postrouting
	Ingress
	Egress
)

// String returns the hook's name in nft.
func (h Hook) String() string {
	names := [...]string{"prerouting", "input", "forward", "output", "postrouting", "ingress", "egress"}
	if int(h) < len(names) {
		return names[h]
	}
	return fmt.Sprintf("Hook(%d)", uint8(h))
}

// LogRule is a rule that sends packets to an NFLOG group and lets them pass.
type LogRule struct {
	Family   Family
	Hook     Hook
	Priority int32  // among the chains of the hook, lowest first
	Device   string // the interface; for Ingress and Egress, and only there

	Group      uint16
	Prefix     string // up to 127 bytes, given with each packet
	Snaplen    uint32 // bytes of each packet, 0 for all that the receiver asks for
	QThreshold uint16 // packets that the kernel may hold back, 0 for the receiver's setting

	L4Proto uint8  // only packets of this protocol, for instance unix.IPPROTO_UDP; 0 for any
	DstPort uint16 // only packets to this port, 0 for any; needs a protocol with ports in L4Proto
}

// hookNum returns the kernel's number of the rule's hook, which depends on the
// family (NF_INET_…, NF_ARP_…, NF_NETDEV_… in include/uapi/linux).
func (r LogRule) hookNum() (uint32, error) {
	switch r.Family {
	case ARP:
		switch r.Hook {
		case Input:
			return 0, nil
		case Output:
			return 1, nil
		default:
		}
	case Netdev:
		switch r.Hook {
		case Ingress:
			return 0, nil
		case Egress:
			return 1, nil
		default:
		}
	case Bridge:
		if r.Hook <= Postrouting {
			return uint32(r.Hook), nil
		}
	case Inet, IPv4, IPv6:
		// Inet has ingress since Linux 5.10.
		if r.Hook <= Postrouting || r.Family == Inet && r.Hook == Ingress {
			return uint32(r.Hook), nil
		}
	}
	return 0, fmt.Errorf("no hook %s in family %s", r.Hook, r.Family)
}

// validate refuses what the kernel would refuse without saying why, or would
// take and never match.
func (r LogRule) validate() error {
	if _, err := r.hookNum(); err != nil {
		return err
	}
	if onDevice := r.Hook == Ingress || r.Hook == Egress; onDevice != (r.Device != "") {
		return fmt.Errorf("hook %s and device %q do not go together", r.Hook, r.Device)
	}
	if len(r.Device) > 15 { // IFNAMSIZ-1
		return fmt.Errorf("device name %q is too long", r.Device)
	}
	if len(r.Prefix) > 127 { // NF_LOG_PREFIXLEN-1
		return fmt.Errorf("prefix of %d bytes is too long", len(r.Prefix))
	}
	if r.Family == ARP && r.L4Proto != 0 {
		return fmt.Errorf("no L4Proto in family %s", r.Family)
	}
	if r.DstPort != 0 && r.L4Proto == 0 {
		return fmt.Errorf("DstPort %d without L4Proto", r.DstPort)
	}
	return nil
}

// chain names the rule's base chain: a chain has one hook, one priority and
// one device, and rules that share them share it.
func (r LogRule) chain() string {
	name := fmt.Sprintf("%s_%d", r.Hook, r.Priority)
	if r.Device != "" {
		name += "_" + r.Device
	}
	return name
}
