package neigh

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/rtnl"
)

// Neighbour is a neighbour, a proxy (with [FlagProxy]) or an FDB entry (of
// rtnl.FamilyBridge). Zero fields are not set: what they then mean stands at each.
type Neighbour struct {
	// Link is the index of the link that the neighbour is reached by; of an FDB
	// entry the port of the bridge, the tunnel, or the bridge itself. It is
	// required, but for a proxy that answers on all links. (ndm_ifindex)
	Link int
	// Family is rtnl.FamilyBridge for an FDB entry. Zero is the family of Addr.
	// (ndm_family)
	Family rtnl.Family
	// Addr is the neighbour's IP address. Of an FDB entry it is the other end of
	// the tunnel to send to, and only tunnels have one. (NDA_DST)
	Addr netip.Addr
	// LinkAddr is the neighbour's link-layer address, 6 bytes on Ethernet. On
	// links that are tunnels it is an IP address; see [Neighbour.TunnelAddr]. An
	// FDB entry is about this address. All zero means, in the FDB of a tunnel,
	// where to send what is not known. (NDA_LLADDR)
	LinkAddr net.HardwareAddr
	// State is what the kernel thinks of the entry. When it is added, zero is
	// StatePermanent if that makes sense, as with iproute2: for neighbours with a
	// LinkAddr but FlagUse and FlagManaged, for proxies, which then stay when the
	// link loses its carrier and are read without a state, and for FDB entries. On a
	// port of a bridge that means an address of the bridge itself: what shall be
	// forwarded takes StateNoARP, which `bridge` calls static. (ndm_state)
	State State
	// Flags are properties of the entry. An FDB entry that has neither FlagSelf
	// nor FlagMaster is added to the link's own FDB if it says where a tunnel
	// leads or if Link is the Master, else to that of the link's bridge.
	// (ndm_flags, NDA_FLAGS_EXT)
	Flags Flags
	// Type is the sort of address. Read only. (ndm_type)
	Type Type
	// Protocol says who made a neighbour or a proxy. FDB entries have none.
	// (NDA_PROTOCOL)
	Protocol rtnl.Protocol

	// VLAN is the VLAN of an FDB entry, 1 to 4094. Zero is none: what is added to
	// a port, or deleted, without a VLAN is so in all VLANs of the port besides.
	// (NDA_VLAN)
	VLAN uint16
	// Master is the index of the bridge whose FDB the entry is in. It is read, and
	// [Get] takes it to look through a whole bridge. (NDA_MASTER)
	Master int
	// Port is the UDP port that a tunnel sends to. Zero is the tunnel's.
	// (NDA_PORT)
	Port uint16
	// VNI is the network identifier that a tunnel sends with. Zero is the
	// tunnel's. (NDA_VNI)
	VNI uint32
	// SrcVNI is the network identifier that the entry is for, in an external
	// tunnel. (NDA_SRC_VNI)
	SrcVNI uint32
	// Via is the index of the link that a tunnel sends by. Zero is the kernel's
	// choice. (NDA_IFINDEX)
	Via int
	// NexthopID is the id of a group of next hops for FDB entries, in the place
	// of Addr, Port, VNI and Via. Linux 5.8. (NDA_NH_ID)
	NexthopID uint32
	// LinkNetNSID is the id of the network namespace that a tunnel sends in, where
	// that is not the client's. Read only. (NDA_LINK_NETNSID)
	LinkNetNSID *int
	// Activity says whether a bridge announces the use of an FDB entry, and
	// whether it is in use. Linux 5.9. (NDA_FDB_EXT_ATTRS, NFEA_ACTIVITY_NOTIFY)
	Activity Activity
	// NoRefresh keeps the age of an FDB entry of a bridge when it is changed. It
	// is never read. Linux 5.9. (NDA_FDB_EXT_ATTRS, NFEA_DONT_REFRESH)
	NoRefresh bool

	// CacheInfo tells how old the entry is. Proxies and the address lists of
	// network cards have none. Read only. (NDA_CACHEINFO)
	CacheInfo *CacheInfo
	// Probes is how often the neighbour was asked for without an answer. Read
	// only. (NDA_PROBES)
	Probes uint32
	// Unknown are attributes that this package does not know; they are sent again
	// as they came.
	Unknown []attr.Raw
}

// CacheInfo tells how old an entry is: struct nda_cacheinfo in
// include/uapi/linux/neighbour.h. The times are exact to 10 ms.
type CacheInfo struct {
	// Confirmed is the time since the neighbour was last known to be reachable;
	// zero for FDB entries. (ndm_confirmed)
	Confirmed time.Duration
	// Used is the time since the entry was last used. (ndm_used)
	Used time.Duration
	// Updated is the time since the entry last changed. (ndm_updated)
	Updated time.Duration
	// Refs is how many users in the kernel hold the entry; zero for FDB entries.
	// (ndm_refcnt)
	Refs uint32
}

// TunnelAddr returns LinkAddr as the IP address that it is on a link whose
// link-layer addresses are those (GRE, IPIP, SIT): ok is false if it has neither
// 4 nor 16 bytes. The kind of the link, which the neighbour does not tell, says
// whether it is one.
func (n Neighbour) TunnelAddr() (addr netip.Addr, ok bool) {
	return netip.AddrFromSlice(n.LinkAddr)
}

// String returns the entry as in errors and logs: "192.0.2.1 dev 2 lladdr
// 02:00:00:00:00:01", "proxy 192.0.2.1 dev 2", "02:00:00:00:00:01 dev 3 vlan 10
// dst 198.51.100.7". The numbers are indexes of links.
func (n Neighbour) String() string {
	var b strings.Builder
	number := func(word string, v int64) {
		if v != 0 {
			b.WriteString(word + strconv.FormatInt(v, 10))
		}
	}
	if n.Family == rtnl.FamilyBridge {
		b.WriteString(n.LinkAddr.String())
		number(" dev ", int64(n.Link))
		number(" vlan ", int64(n.VLAN))
		if n.Addr.IsValid() {
			b.WriteString(" dst " + n.Addr.String())
		}
		number(" port ", int64(n.Port))
		number(" vni ", int64(n.VNI))
		number(" src_vni ", int64(n.SrcVNI))
		number(" nhid ", int64(n.NexthopID))
		number(" master ", int64(n.Master))
		return b.String()
	}
	if n.Flags.Has(FlagProxy) {
		b.WriteString("proxy ")
	}
	if n.Addr.IsValid() {
		b.WriteString(n.Addr.String())
	} else {
		b.WriteString("no address")
	}
	number(" dev ", int64(n.Link))
	if len(n.LinkAddr) > 0 {
		b.WriteString(" lladdr " + n.LinkAddr.String())
	}
	return b.String()
}
