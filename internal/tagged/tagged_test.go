package tagged_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/tagged"
)

func TestMain(m *testing.M) { nstest.Main(m) }

type animal interface{ name() string }

type (
	cat  struct{ Lives int }
	fish struct{}
	raw  struct {
		as   string
		Data []byte
	}
)

func (*cat) name() string   { return "cat" }
func (*fish) name() string  { return "fish" }
func (r *raw) name() string { return r.as }

func find(name string, data *[]byte) (animal, error) {
	switch {
	case data != nil:
		return &raw{name, *data}, nil
	case name == "cat":
		return new(cat), nil
	case name == "fish":
		return new(fish), nil
	}
	return nil, errors.New("no such animal")
}

func TestRoundTrip(t *testing.T) {
	for text, a := range map[string]animal{
		`{"Is":"cat","Lives":9}`:      &cat{9},
		`{"Is":"fish"}`:               &fish{},
		`{"Is":"a\"b","Data":"AQ=="}`: &raw{`a"b`, []byte{1}},
		`{"Is":"cat","Data":null}`:    &raw{"cat", nil},
		`{"Is":"cat","Data":""}`:      &raw{"cat", []byte{}},
	} {
		if got, err := tagged.Marshal("Is", a.name(), a); err != nil || string(got) != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
		if got, err := tagged.Unmarshal([]byte(text), "Is", find); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	if got, err := tagged.Marshal("Is", "cat", (*cat)(nil)); err != nil || string(got) != "null" {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := tagged.Unmarshal([]byte("null"), "Is", find); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := tagged.Marshal("Is", "cat", struct{ F func() }{}); err == nil {
		t.Errorf("got %s", got)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"Lives":9}`:              `no Is in {"Lives":9}`,
		`{"Is":"dog"}`:             `no such animal`,
		`{"Is":7}`:                 `json: cannot unmarshal number into Go value of type string`,
		`{"Is":"cat","Data":7}`:    `json: cannot unmarshal number into Go value of type []uint8`,
		`{"Is":"cat","Lives":"x"}`: `json: cannot unmarshal string into Go struct field cat.Lives of type int`,
	} {
		_, err := tagged.Unmarshal([]byte(text), "Is", find)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := tagged.Unmarshal([]byte(`[]`), "Is", find); err == nil {
		t.Error("a list is read")
	}
	var syntax *json.SyntaxError
	if _, err := tagged.Unmarshal([]byte(`{`), "Is", find); !errors.As(err, &syntax) {
		t.Error(err)
	}
}
