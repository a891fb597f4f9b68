package rtnl

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Every encapsulation survives JSON, with every field.
func TestEncapJSON(t *testing.T) {
	survives := func(t *testing.T, e Encap) {
		t.Helper()
		text, err := json.Marshal(EncapJSON{e})
		if err != nil {
			t.Fatal(err)
		}
		var got EncapJSON
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got.Encap, e) {
			t.Errorf("written %+v\nread    %+v, %v\nJSON %s", e, got.Encap, err, text)
		}
	}
	for typ, codec := range encaps {
		t.Run(typ.String(), func(t *testing.T) {
			survives(t, codec.make())
			for seed := range uint64(50) {
				survives(t, codec.sample(rand.New(rand.NewPCG(seed, 5))))
			}
			// Only unknown ones have Data, by which they are told apart.
			if _, has := reflect.TypeOf(codec.make()).Elem().FieldByName("Data"); has {
				t.Error("it has a field Data")
			}
			if _, has := reflect.TypeOf(codec.make()).Elem().FieldByName("Type"); has {
				t.Error("it has a field Type")
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		survives(t, nil)
		for _, typ := range []EncapType{EncapNone, EncapMPLS, uapi.LWTUNNEL_ENCAP_MAX + 1, 1<<16 - 1} {
			for _, data := range [][]byte{nil, {}, {1}, attr.AppendUint32(nil, 1, 1)} {
				survives(t, &UnknownEncap{Kind: typ, Data: data})
			}
		}
	})
}

func TestEncapJSONForm(t *testing.T) {
	for text, e := range map[string]Encap{
		`null`: nil,
		`{"Type":"mpls","Labels":"100/200","TTL":7}`:  &MPLSEncap{Labels: Labels{100, 200}, TTL: new(uint8(7))},
		`{"Type":"rpl","Segments":["fc00::1"]}`:       &RPLEncap{Segments: []netip.Addr{seg1}},
		`{"Type":"EncapType(99)","Data":"AQI="}`:      &UnknownEncap{Kind: 99, Data: []byte{1, 2}},
		`{"Type":"xfrm","IfID":18446744,"Link":1234}`: &XFRMEncap{IfID: 18446744, Link: 1234},
	} {
		if got, err := json.Marshal(EncapJSON{e}); err != nil || string(got) != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
	// The order does not matter, nor what is not known.
	var e EncapJSON
	if err := json.Unmarshal([]byte(`{"TTL":7,"Later":[],"Labels":"16","Type":"mpls"}`), &e); err != nil || e.Encap.String() != "mpls 16 ttl 7" {
		t.Errorf("got %v, %v", e.Encap, err)
	}
	for text, want := range map[string]string{
		`{"Labels":"100"}`:                 `encapsulation: no Type in {"Labels":"100"}`,
		`{"Type":"mole","Labels":"100"}`:   `encapsulation: "mole" is no EncapType`,
		`{"Type":"EncapType(99)"}`:         `encapsulation: no Data of the type EncapType(99)`,
		`{"Type":"none"}`:                  `encapsulation: no Data of the type none`,
		`{"Type":"mpls","Labels":"a"}`:     `encapsulation: "a" is no stack of labels`,
		`{"Type":"mpls","Data":7}`:         `cannot unmarshal`,
		`"mpls 100"`:                       `cannot unmarshal`,
		`{"Type":"seg6","Mode":"outside"}`: `"outside" is no SEG6Mode`,
	} {
		var e EncapJSON
		if err := json.Unmarshal([]byte(text), &e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
