package link

// GRETap is a tunnel that carries Ethernet in GRE over IPv4, with the settings of a
// [GRE] link. `ip link add NAME type gretap remote ADDR local ADDR`
//
// [Set] does what it does with a [GRE] link, and can give a link its first Remote or
// take it away. The link gretap0 can't be changed, and Set cannot give another link
// its ends, which are none.
//
// Source: IFLA_GRE_*, include/uapi/linux/if_tunnel.h.
type GRETap GRE

// Kind returns "gretap".
func (*GRETap) Kind() string { return "gretap" }

func (v *GRETap) appendData(b []byte) ([]byte, error) { return gretapAttrs.Append(b, v) }

var gretapAttrs = greTable(func(v *GRETap) *GRE { return (*GRE)(v) })
