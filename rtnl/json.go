package rtnl

import (
	"fmt"

	"github.com/nlkit/nlkit/internal/tagged"
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

// MarshalJSON implements [encoding/json.Marshaler].
func (e EncapJSON) MarshalJSON() ([]byte, error) {
	switch v := e.Encap.(type) {
	case nil:
		return []byte("null"), nil
	case *UnknownEncap: // its Kind is the type
		return tagged.Marshal("Type", v.Kind.String(), struct{ Data []byte }{v.Data})
	default:
		return tagged.Marshal("Type", v.Type().String(), v)
	}
}

// UnmarshalJSON implements [encoding/json.Unmarshaler]. A type for which this package has no
// struct is an error if there are no Data.
func (e *EncapJSON) UnmarshalJSON(text []byte) error {
	v, err := tagged.Unmarshal(text, "Type", func(name string, data *[]byte) (Encap, error) {
		var typ EncapType
		if err := typ.UnmarshalText([]byte(name)); err != nil {
			return nil, err
		}
		if data != nil {
			return &UnknownEncap{Kind: typ, Data: *data}, nil
		}
		codec, ok := encaps[typ]
		if !ok {
			return nil, fmt.Errorf("no Data of the type %v", typ)
		}
		return codec.make(), nil
	})
	if err != nil {
		return fmt.Errorf("encapsulation: %w", err)
	}
	e.Encap = v
	return nil
}
