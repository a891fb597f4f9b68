package rtnl

import (
	"encoding/json"
	"fmt"
)

// EncapJSON is an encapsulation that survives JSON, which an [Encap] alone does not:
// an object with its type by the word of iproute2, and the fields of its struct.
//
//	{"Type":"mpls","Labels":"100/200","TTL":7}
//
// An [UnknownEncap] has its Data instead of them, in base64; none is null. Routes and
// next hops are written so. For an encapsulation in a struct of one's own this is the
// type of the field.
type EncapJSON struct {
	// Encap is the encapsulation, nil for none.
	Encap Encap
}

// MarshalJSON implements [json.Marshaler].
func (e EncapJSON) MarshalJSON() ([]byte, error) {
	var fields any = e.Encap
	if u, ok := e.Encap.(*UnknownEncap); ok && u != nil {
		fields = struct{ Data []byte }{u.Data} // its Kind is the type
	}
	text, err := json.Marshal(fields)
	if err != nil || string(text) == "null" {
		return text, err
	}
	typ, err := json.Marshal(e.Encap.Type())
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"Type":`), typ...)
	return append(append(out, ','), text[1:]...), nil // every struct has fields
}

// UnmarshalJSON implements [json.Unmarshaler]. A type for which this package has no
// struct is an error if there are no Data.
func (e *EncapJSON) UnmarshalJSON(text []byte) error {
	var head *struct {
		Type *EncapType
		Data json.RawMessage
	}
	err := json.Unmarshal(text, &head)
	switch {
	case err != nil:
	case head == nil:
		e.Encap = nil
	case head.Type == nil:
		err = fmt.Errorf("no Type in %.100s", text)
	case head.Data != nil:
		u := &UnknownEncap{Kind: *head.Type}
		e.Encap, err = u, json.Unmarshal(head.Data, &u.Data)
	default:
		codec, ok := encaps[*head.Type]
		if !ok {
			err = fmt.Errorf("no Data of the type %v", *head.Type)
			break
		}
		e.Encap = codec.make()
		err = json.Unmarshal(text, e.Encap)
	}
	if err != nil {
		return fmt.Errorf("encapsulation: %w", err)
	}
	return nil
}
