package link

// IP6GRETap is a tunnel that carries Ethernet in GRE over IPv6, with the settings of
// an [IP6GRE] link. `ip link add NAME type ip6gretap remote ADDR local ADDR`
//
// [Set] does what it does with an [IP6GRE] link.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type IP6GRETap IP6GRE

// Kind returns "ip6gretap".
func (*IP6GRETap) Kind() string { return "ip6gretap" }

func (v *IP6GRETap) appendData(b []byte) ([]byte, error) { return ip6gretapAttrs.Append(b, v) }

var ip6gretapAttrs = ip6greTable(func(v *IP6GRETap) *IP6GRE { return (*IP6GRE)(v) })
