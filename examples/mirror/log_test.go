package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/mirror"
)

func tell(t *testing.T, write func(mirror.Change) error) {
	t.Helper()
	before, after := story()
	for _, ch := range append(before, after...) {
		if err := write(ch); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	l := logger{&b, false, names{}}
	tell(t, func(ch mirror.Change) error { return l.write(noon, ch) })
	golden(t, "log.txt", b.String())
}

// Each line is an object of JSON by itself, and links have names.
func TestJSON(t *testing.T) {
	var b bytes.Buffer
	w := jsonWriter{&b, names{}}
	tell(t, func(ch mirror.Change) error { return w.write(noon, ch) })
	golden(t, "changes.jsonl", b.String())
	for line := range strings.Lines(b.String()) {
		var r struct {
			Change, Kind string
			Old, New     map[string]any
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if (r.Old != nil) != (r.Change == "changed" || r.Change == "removed") || (r.New != nil) != (r.Change == "changed" || r.Change == "added") {
			t.Error(line)
		}
	}
}
