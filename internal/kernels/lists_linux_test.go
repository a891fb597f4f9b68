package kernels

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A kernelLists is what KERNEL.require and KERNEL.skips say of the needs of tests.
type kernelLists struct {
	require []string // the kernel has it
	skips   []string // the kernel lacks it; a * stands for any text
}

func (l kernelLists) requires(need string) bool { return slices.Contains(l.require, need) }

func (l kernelLists) mayLack(need string) bool {
	return slices.ContainsFunc(l.skips, func(pattern string) bool {
		re := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
		return regexp.MustCompile("^" + re + "$").MatchString(need)
	})
}

// readLists reads the lists of a kernel.
func readLists(t *testing.T, kernel string) kernelLists {
	t.Helper()
	var l kernelLists
	for name, list := range map[string]*[]string{kernel + ".require": &l.require, kernel + ".skips": &l.skips} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			if fields := strings.Fields(line); len(fields) > 0 {
				*list = append(*list, fields[0])
			}
		}
	}
	return l
}

// TestLists checks that each kernel is said to have or to lack every kind, and
// nothing is said to be both.
func TestLists(t *testing.T) {
	files, err := filepath.Glob("*.require")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		kernel := strings.TrimSuffix(file, ".require")
		lists := readLists(t, kernel)
		for _, need := range lists.require {
			if lists.mayLack(need) {
				t.Errorf("%s: %s is required, and may be lacking", kernel, need)
			}
		}
		for _, p := range probes {
			if need := "kind:" + p.kind; lists.requires(need) == lists.mayLack(need) {
				t.Errorf("%s: %s belongs in one of the lists", kernel, need)
			}
		}
	}
}
