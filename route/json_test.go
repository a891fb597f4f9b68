package route

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// A route survives JSON with every field, so that what List gave can be kept in a file.
func TestJSON(t *testing.T) {
	for seed := range 20 {
		var in, out Route
		set(reflect.ValueOf(&in).Elem(), &seed)
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("%v\nwritten %+v %+v\nread    %+v %+v\nJSON %s", err, in, in.Extra, out, out.Extra, text)
		}
	}
	for seed := range uint64(100) {
		var out Route
		in := random(rand.New(rand.NewPCG(seed, 6)))
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("%v\nwritten %+v %+v\nread    %+v %+v\nJSON %s", err, in, in.Extra, out, out.Extra, text)
		}
	}
	var none, zero Route
	text, err := json.Marshal(zero)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &none); err != nil || !reflect.DeepEqual(none, zero) {
		t.Errorf("the zero Route is read as %+v, %v", none, err)
	}
}

// Every encapsulation survives, that of a route and that of a next hop, and one that
// JSON does not speak of stays.
func TestEncapJSON(t *testing.T) {
	for _, s := range EncapSamples(func(string) int { return 3 }) {
		in := Route{Extra: &Extra{Encap: s.Encap}, Multipath: []Nexthop{{Encap: s.Encap}, {Encap: s.Want()}, {}}}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Route
		if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
			t.Errorf("%s: %v\nwritten %+v %v\nread    %+v %v\nJSON %s", s.Name, err, in, s.Encap, out, out.Extra, text)
		}
		kept := Nexthop{Encap: s.Encap}
		if err := json.Unmarshal([]byte(`{"Link":4}`), &kept); err != nil || !reflect.DeepEqual(kept, Nexthop{Link: 4, Encap: s.Encap}) {
			t.Errorf("%s: %+v, %v", s.Name, kept, err)
		}
	}
	for _, text := range []string{`{"Extra":{"Encap":{"Type":"mole"}}}`, `{"Multipath":[{"Encap":{"Type":"mole"}}]}`} {
		if err := json.Unmarshal([]byte(text), new(Route)); err == nil || !strings.Contains(err.Error(), `encapsulation: "mole" is no EncapType`) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// set gives v, and all that is in it, values from n upwards.
func set(v reflect.Value, n *int) {
	*n++
	switch p := v.Addr().Interface().(type) {
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{192, 0, 2, byte(*n)})
		return
	case *netip.Prefix:
		*p = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(*n)}), *n%129)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(*n))
	case reflect.String:
		v.SetString("text")
	case reflect.Interface:
		samples := EncapSamples(func(string) int { return 3 })
		v.Set(reflect.ValueOf(samples[*n%len(samples)].Encap))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			set(v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			set(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			set(v.Field(i), n)
		}
	}
}
