package nexthop

import (
	"encoding/json"

	"github.com/nlkit/nlkit/rtnl"
)

// MarshalJSON implements [encoding/json.Marshaler]: the fields, Encap as [rtnl.EncapJSON].
func (n Nexthop) MarshalJSON() ([]byte, error) {
	type fields Nexthop
	return json.Marshal(struct {
		fields
		Encap rtnl.EncapJSON // in the place of the one in fields
	}{fields(n), rtnl.EncapJSON{Encap: n.Encap}})
}

// UnmarshalJSON implements [encoding/json.Unmarshaler] for what MarshalJSON writes.
func (n *Nexthop) UnmarshalJSON(text []byte) error {
	type fields Nexthop
	v := struct {
		*fields
		Encap rtnl.EncapJSON
	}{(*fields)(n), rtnl.EncapJSON{Encap: n.Encap}}
	err := json.Unmarshal(text, &v)
	n.Encap = v.Encap.Encap
	return err
}
