package link

import (
	"encoding/json"
	"fmt"

	"github.com/nlkit/nlkit/internal/tagged"
)

// KindJSON is a kind that survives JSON, which a [Kind] alone does not: an object with
// its name, and the fields of its struct.
//
//	{"Kind":"vrf","Table":"main"}
//
// An [Unknown] has its Data instead of them, in base64; none is null. A [Peer] is not
// written, since it is only asked for. Links are written so. For a kind in a struct of
// one's own this is the type of the field.
type KindJSON struct {
	// Kind is the kind, nil for none.
	Kind Kind
}

// MarshalJSON implements [encoding/json.Marshaler].
func (k KindJSON) MarshalJSON() ([]byte, error) {
	switch v := k.Kind.(type) {
	case nil:
		return []byte("null"), nil
	case *Unknown:
		return tagged.Marshal("Kind", v.Name, struct{ Data []byte }{v.Data})
	default:
		return tagged.Marshal("Kind", v.Kind(), v)
	}
}

// UnmarshalJSON implements [encoding/json.Unmarshaler]. A kind for which this package
// has no struct is an error if there are no Data.
func (k *KindJSON) UnmarshalJSON(text []byte) error {
	v, err := tagged.Unmarshal(text, "Kind", func(name string, data *[]byte) (Kind, error) {
		if data != nil {
			return &Unknown{Name: name, Data: *data}, nil
		}
		return newOf(kinds, name)
	})
	if err != nil {
		return fmt.Errorf("kind of link: %w", err)
	}
	k.Kind = v
	return nil
}

// PortJSON is [KindJSON] for a [Port]:
//
//	{"Port":"team"}
type PortJSON struct {
	// Port is the port, nil for none.
	Port Port
}

// MarshalJSON implements [encoding/json.Marshaler].
func (p PortJSON) MarshalJSON() ([]byte, error) {
	switch v := p.Port.(type) {
	case nil:
		return []byte("null"), nil
	case *UnknownPort:
		return tagged.Marshal("Port", v.Name, struct{ Data []byte }{v.Data})
	default:
		return tagged.Marshal("Port", v.Port(), v)
	}
}

// UnmarshalJSON implements [encoding/json.Unmarshaler]. A kind of port for which this
// package has no struct is an error if there are no Data.
func (p *PortJSON) UnmarshalJSON(text []byte) error {
	v, err := tagged.Unmarshal(text, "Port", func(name string, data *[]byte) (Port, error) {
		if data != nil {
			return &UnknownPort{Name: name, Data: *data}, nil
		}
		return newOf(ports, name)
	})
	if err != nil {
		return fmt.Errorf("port: %w", err)
	}
	p.Port = v
	return nil
}

// newOf returns the struct of a kind or port without anything set.
func newOf[V any](codecs map[string]codec[V], name string) (v V, err error) {
	c, ok := codecs[name]
	if !ok {
		return v, fmt.Errorf("no Data of %q", name)
	}
	return c.make(), nil
}

// MarshalJSON implements [encoding/json.Marshaler]: the fields, Kind as [KindJSON] and
// Port as [PortJSON].
func (l Link) MarshalJSON() ([]byte, error) {
	type fields Link
	return json.Marshal(struct {
		fields
		Kind KindJSON // in the place of those in fields
		Port PortJSON
	}{fields(l), KindJSON{l.Kind}, PortJSON{l.Port}})
}

// UnmarshalJSON implements [encoding/json.Unmarshaler] for what MarshalJSON writes.
func (l *Link) UnmarshalJSON(text []byte) error {
	type fields Link
	v := struct {
		*fields
		Kind KindJSON
		Port PortJSON
	}{(*fields)(l), KindJSON{l.Kind}, PortJSON{l.Port}}
	err := json.Unmarshal(text, &v)
	l.Kind, l.Port = v.Kind.Kind, v.Port.Port
	return err
}
