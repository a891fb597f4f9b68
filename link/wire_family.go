package link

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// names is a schema of attributes that are decoded by hand.
type names map[uint16]nameAndNest

type nameAndNest struct {
	name string
	sub  attr.Schema
}

// Attr implements [attr.Schema].
func (n names) Attr(typ uint16, _ []byte) (string, attr.Schema) {
	return n[typ].name, n[typ].sub
}

var (
	familySchema = names{
		uapi.AF_INET: {"AF_INET", names{uapi.IFLA_INET_CONF: {name: "IFLA_INET_CONF"}}},
		uapi.AF_INET6: {"AF_INET6", names{
			uapi.IFLA_INET6_FLAGS:         {name: "IFLA_INET6_FLAGS"},
			uapi.IFLA_INET6_CONF:          {name: "IFLA_INET6_CONF"},
			uapi.IFLA_INET6_CACHEINFO:     {name: "IFLA_INET6_CACHEINFO"},
			uapi.IFLA_INET6_TOKEN:         {name: "IFLA_INET6_TOKEN"},
			uapi.IFLA_INET6_ADDR_GEN_MODE: {name: "IFLA_INET6_ADDR_GEN_MODE"},
			uapi.IFLA_INET6_RA_MTU:        {name: "IFLA_INET6_RA_MTU"},
		}},
	}
	propSchema      = names{uapi.IFLA_ALT_IFNAME: {name: "IFLA_ALT_IFNAME"}}
	protoDownSchema = names{
		uapi.IFLA_PROTO_DOWN_REASON_MASK:  {name: "IFLA_PROTO_DOWN_REASON_MASK"},
		uapi.IFLA_PROTO_DOWN_REASON_VALUE: {name: "IFLA_PROTO_DOWN_REASON_VALUE"},
	}
)

// readFamilies reads IFLA_AF_SPEC: a nest for each address family.
func (l *Link) readFamilies(p []byte) error {
	// Most links have both families: one piece of memory for the two.
	var both *struct {
		inet  Inet
		inet6 Inet6
	}
	s := attr.Scan(p)
	for s.Next() {
		family := s.Type()
		if family != uapi.AF_INET && family != uapi.AF_INET6 {
			continue
		}
		if both == nil {
			both = new(struct {
				inet  Inet
				inet6 Inet6
			})
		}
		if family == uapi.AF_INET {
			l.Inet = &both.inet
			s.Fail(within("AF_INET", l.Inet.read(s.Bytes())))
		} else {
			l.Inet6 = &both.inet6
			s.Fail(within("AF_INET6", l.Inet6.read(s.Bytes())))
		}
	}
	return s.Err()
}

// conf is an array of settings, which grows with new kernels.
type conf []byte

func (c conf) at(i int) int32 {
	if 4*i+4 > len(c) {
		return 0
	}
	return int32(binary.NativeEndian.Uint32(c[4*i:]))
}

func (c conf) on(i int) bool { return c.at(i) != 0 }

func (i *Inet) read(p []byte) error {
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() != uapi.IFLA_INET_CONF {
			continue
		}
		c := conf(s.Bytes())
		*i = Inet{ // counted from 1
			Forwarding:          c.on(uapi.IPV4_DEVCONF_FORWARDING - 1),
			MulticastForwarding: c.on(uapi.IPV4_DEVCONF_MC_FORWARDING - 1),
			ProxyARP:            c.on(uapi.IPV4_DEVCONF_PROXY_ARP - 1),
			ProxyARPPVLAN:       c.on(uapi.IPV4_DEVCONF_PROXY_ARP_PVLAN - 1),
			AcceptRedirects:     c.on(uapi.IPV4_DEVCONF_ACCEPT_REDIRECTS - 1),
			SecureRedirects:     c.on(uapi.IPV4_DEVCONF_SECURE_REDIRECTS - 1),
			SendRedirects:       c.on(uapi.IPV4_DEVCONF_SEND_REDIRECTS - 1),
			AcceptSourceRoute:   c.on(uapi.IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE - 1),
			AcceptLocal:         c.on(uapi.IPV4_DEVCONF_ACCEPT_LOCAL - 1),
			RouteLocalnet:       c.on(uapi.IPV4_DEVCONF_ROUTE_LOCALNET - 1),
			LogMartians:         c.on(uapi.IPV4_DEVCONF_LOG_MARTIANS - 1),
			PromoteSecondaries:  c.on(uapi.IPV4_DEVCONF_PROMOTE_SECONDARIES - 1),
			ARPFilter:           c.on(uapi.IPV4_DEVCONF_ARPFILTER - 1),
			ARPNotify:           c.on(uapi.IPV4_DEVCONF_ARP_NOTIFY - 1),
			RPFilter:            c.at(uapi.IPV4_DEVCONF_RP_FILTER - 1),
			ARPAnnounce:         c.at(uapi.IPV4_DEVCONF_ARP_ANNOUNCE - 1),
			ARPIgnore:           c.at(uapi.IPV4_DEVCONF_ARP_IGNORE - 1),
			ARPAccept:           c.at(uapi.IPV4_DEVCONF_ARP_ACCEPT - 1),
		}
	}
	return s.Err()
}

func (i *Inet6) read(p []byte) error {
	s := attr.Scan(p)
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_INET6_FLAGS:
			i.Flags = Inet6Flags(s.Uint32())
		case uapi.IFLA_INET6_ADDR_GEN_MODE:
			i.AddrGenMode = AddrGenMode(s.Uint8())
		case uapi.IFLA_INET6_RA_MTU:
			i.RAMTU = s.Uint32()
		case uapi.IFLA_INET6_TOKEN:
			token, ok := netip.AddrFromSlice(s.Bytes())
			if !ok {
				s.Fail(within("IFLA_INET6_TOKEN", short(s.Bytes(), 16)))
			}
			if i.Token = token; token.IsUnspecified() { // none is set
				i.Token = netip.Addr{}
			}
		case uapi.IFLA_INET6_CACHEINFO: // max_reasm_len, tstamp, reachable_time, retrans_time
			c := conf(s.Bytes())
			i.ReachableTime = time.Duration(uint32(c.at(2))) * time.Millisecond
			i.RetransTimer = time.Duration(uint32(c.at(3))) * time.Millisecond
		case uapi.IFLA_INET6_CONF:
			i.readConf(s.Bytes())
		}
	}
	return s.Err()
}

func (i *Inet6) readConf(c conf) {
	i.Forwarding = c.on(uapi.DEVCONF_FORWARDING)
	i.MulticastForwarding = c.on(uapi.DEVCONF_MC_FORWARDING)
	i.AcceptRedirects = c.on(uapi.DEVCONF_ACCEPT_REDIRECTS)
	i.Autoconf = c.on(uapi.DEVCONF_AUTOCONF)
	i.OptimisticDAD = c.on(uapi.DEVCONF_OPTIMISTIC_DAD)
	i.ProxyNDP = c.on(uapi.DEVCONF_PROXY_NDP)
	i.Disabled = c.on(uapi.DEVCONF_DISABLE_IPV6)
	i.HopLimit = c.at(uapi.DEVCONF_HOPLIMIT)
	i.MTU = c.at(uapi.DEVCONF_MTU6)
	i.AcceptRA = c.at(uapi.DEVCONF_ACCEPT_RA)
	i.AcceptDAD = c.at(uapi.DEVCONF_ACCEPT_DAD)
	i.DADTransmits = c.at(uapi.DEVCONF_DAD_TRANSMITS)
	i.RouterSolicitations = c.at(uapi.DEVCONF_RTR_SOLICITS)
	i.UseTempAddr = c.at(uapi.DEVCONF_USE_TEMPADDR)
	i.KeepAddrOnDown = c.at(uapi.DEVCONF_KEEP_ADDR_ON_DOWN)
}
