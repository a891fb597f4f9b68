// Package tagged writes values of an interface type to JSON so that they can be read
// again: each as an object of its struct's fields, in front of which the name of the
// struct's type stands.
package tagged

import (
	"encoding/json"
	"fmt"
)

// Marshal returns v, a struct or a pointer to one, as JSON with its name under key.
// A nil pointer is null.
func Marshal(key, name string, v any) ([]byte, error) {
	fields, err := json.Marshal(v)
	if err != nil || string(fields) == "null" {
		return fields, err
	}
	tag, err := json.Marshal(map[string]string{key: name})
	if err != nil || string(fields) == "{}" {
		return tag, err
	}
	tag[len(tag)-1] = ','
	return append(tag, fields[1:]...), nil
}

// Unmarshal reads what Marshal wrote into the pointer that find returns. data is what
// the object has as Data, nil if it has none: with it find returns the whole value of a
// type without a struct. null is the zero V.
func Unmarshal[V any](text []byte, key string, find func(name string, data *[]byte) (V, error)) (v V, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return v, err
	}
	tag, ok := all[key]
	if !ok {
		return v, fmt.Errorf("no %s in %.100s", key, text)
	}
	var name string
	if err := json.Unmarshal(tag, &name); err != nil {
		return v, err
	}
	if raw, ok := all["Data"]; ok {
		var data []byte
		if err := json.Unmarshal(raw, &data); err != nil {
			return v, err
		}
		return find(name, &data)
	}
	if v, err = find(name, nil); err != nil {
		return v, err
	}
	return v, json.Unmarshal(text, v)
}
