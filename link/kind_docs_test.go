package link

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What docs/features.md says of the kinds and ports is true: those that have a line
// in kinds and ports are done, and no others.
func TestFeaturesDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/features.md")
	must(t, err)
	for _, section := range []struct {
		title string
		row   *regexp.Regexp // the name, and how far it is
		names []string       // what this package knows
	}{
		{"### Kinds", regexp.MustCompile("(?m)^\\| `(\\w+)`.*\\| ([a-z ]+) \\|$"), slices.Collect(maps.Keys(kinds))},
		{"### Ports", regexp.MustCompile(`(?m)^\| (\w+) (?:port|slave).*\| ([a-z ]+) \|$`), slices.Collect(maps.Keys(ports))},
	} {
		_, rows, ok := strings.Cut(string(text), section.title)
		if !ok {
			t.Fatalf("no section %s", section.title)
		}
		rows, _, _ = strings.Cut(rows, "\n##")
		done := map[string]bool{}
		for _, m := range section.row.FindAllStringSubmatch(rows, -1) {
			done[m[1]] = m[2] == "done"
			if known := slices.Contains(section.names, m[1]); done[m[1]] != known {
				t.Errorf("%s: %s is %s, and that this package knows it is %t", section.title, m[1], m[2], known)
			}
		}
		if len(done) == 0 {
			t.Fatalf("%s: no rows", section.title)
		}
		for _, name := range section.names {
			if !done[name] {
				t.Errorf("%s: no row for %s", section.title, name)
			}
		}
	}
}
