package route

import (
	"encoding/json"

	"github.com/nlkit/nlkit/rtnl"
)

// MarshalJSON implements [encoding/json.Marshaler]: the fields, Encap as [rtnl.EncapJSON].
func (e Extra) MarshalJSON() ([]byte, error) {
	type fields Extra
	return json.Marshal(struct {
		fields
		Encap rtnl.EncapJSON // in the place of the one in fields
	}{fields(e), rtnl.EncapJSON{Encap: e.Encap}})
}

// UnmarshalJSON implements [encoding/json.Unmarshaler] for what MarshalJSON writes.
func (e *Extra) UnmarshalJSON(text []byte) error {
	type fields Extra
	v := struct {
		*fields
		Encap rtnl.EncapJSON
	}{(*fields)(e), rtnl.EncapJSON{Encap: e.Encap}}
	err := json.Unmarshal(text, &v)
	e.Encap = v.Encap.Encap
	return err
}

// MarshalJSON implements [encoding/json.Marshaler]: the fields, Encap as [rtnl.EncapJSON].
func (h Nexthop) MarshalJSON() ([]byte, error) {
	type fields Nexthop
	return json.Marshal(struct {
		fields
		Encap rtnl.EncapJSON
	}{fields(h), rtnl.EncapJSON{Encap: h.Encap}})
}

// UnmarshalJSON implements [encoding/json.Unmarshaler] for what MarshalJSON writes.
func (h *Nexthop) UnmarshalJSON(text []byte) error {
	type fields Nexthop
	v := struct {
		*fields
		Encap rtnl.EncapJSON
	}{(*fields)(h), rtnl.EncapJSON{Encap: h.Encap}}
	err := json.Unmarshal(text, &v)
	h.Encap = v.Encap.Encap
	return err
}
