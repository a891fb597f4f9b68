package link

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// A link survives JSON, of every kind that is recorded and as every sort of port.
func TestLinkJSON(t *testing.T) {
	survives := func(t *testing.T, in Link) {
		t.Helper()
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Link
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Errorf("%v\nwritten %+v %+v %+v\nread    %+v %+v %+v\nJSON %s", err, in, in.Kind, in.Port, out, out.Kind, out.Port, text)
		}
	}
	for name, b := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			var l Link
			if err := l.decodeFor(b, everything); err != nil {
				t.Fatal(err)
			}
			survives(t, l)
		})
	}
	for _, s := range samples(bed{parent: 50, second: 51}) {
		t.Run(s.name, func(t *testing.T) { survives(t, Link{Kind: withoutPeer(s.kind)}) })
	}
	for _, s := range portSamples() {
		t.Run(s.name, func(t *testing.T) { survives(t, Link{Port: s.port}) })
	}
	for name, c := range kinds {
		t.Run(name, func(t *testing.T) { hasNoField(t, c.make(), "Kind") })
	}
	for name, c := range ports {
		t.Run(name, func(t *testing.T) { hasNoField(t, c.make(), "Port") })
	}
	for _, data := range [][]byte{nil, {}, {1, 2}} {
		survives(t, Link{Kind: &Unknown{Name: "mole", Data: data}, Port: &UnknownPort{Name: "vlan", Data: data}})
	}
	survives(t, Link{})
	kept := Link{Kind: &Dummy{}, Port: &TeamPort{}}
	if err := json.Unmarshal([]byte(`{"Index":4}`), &kept); err != nil || !reflect.DeepEqual(kept, Link{Index: 4, Kind: &Dummy{}, Port: &TeamPort{}}) {
		t.Errorf("%+v, %v", kept, err)
	}
}

// withoutPeer takes away the one thing that is not written.
func withoutPeer(k Kind) Kind {
	switch v := k.(type) {
	case *Veth:
		v.Peer = nil
	case *VXCAN:
		v.Peer = nil
	case *Netkit:
		v.Peer = nil
	}
	return k
}

// hasNoField fails if a struct has a field that is in the way of its name, or of the
// Data by which unknown ones are told apart.
func hasNoField(t *testing.T, v any, tag string) {
	t.Helper()
	for _, name := range []string{tag, "Data"} {
		if _, ok := reflect.TypeOf(v).Elem().FieldByName(name); ok {
			t.Errorf("%T has a field %s", v, name)
		}
	}
}

func TestKindJSONForm(t *testing.T) {
	for text, v := range map[string]any{
		`{"Kind":"dummy"}`:              KindJSON{&Dummy{}},
		`{"Kind":"veth"}`:               KindJSON{&Veth{Peer: NewPeer("x")}},
		`{"Kind":"vrf","Table":"main"}`: KindJSON{&VRF{Table: 254}},
		`{"Kind":"mole","Data":"AQI="}`: KindJSON{&Unknown{"mole", []byte{1, 2}}},
		`{"Port":"team"}`:               PortJSON{&TeamPort{}},
		`{"Port":"mole","Data":null}`:   PortJSON{&UnknownPort{Name: "mole"}},
		`null`:                          KindJSON{},
	} {
		if got, err := json.Marshal(v); err != nil || string(got) != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
	for text, want := range map[string]string{
		`{"Kind":{"Kind":"mole"}}`: `kind of link: no Data of "mole"`,
		`{"Kind":{}}`:              `kind of link: no Kind in {}`,
		`{"Port":{"Port":"mole"}}`: `port: no Data of "mole"`,
	} {
		if err := json.Unmarshal([]byte(text), new(Link)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
