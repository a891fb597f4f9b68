package walls

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Code in the documents that names its file, in a comment before it, is in that file: it
// is compiled and tested there.
func TestDocsQuote(t *testing.T) {
	root := filepath.Join("..", "..")
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	quotes := 0
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		rest := string(text)
		for {
			_, after, ok := strings.Cut(rest, "-->\n```go\n")
			if !ok {
				break
			}
			before := strings.TrimSuffix(rest[:len(rest)-len(after)], "-->\n```go\n")
			file := strings.TrimSpace(before[strings.LastIndex(before, "<!--")+len("<!--"):])
			code, behind, ok := strings.Cut(after, "\n```")
			if !ok {
				t.Fatalf("%s: a block that has no end", doc)
			}
			rest = behind
			quotes++
			source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			if err != nil {
				t.Errorf("%s: %v", doc, err)
				continue
			}
			if !strings.Contains(string(source), code) {
				t.Errorf("%s: this is not, or no longer, in %s:\n%s", doc, file, code)
			}
		}
	}
	if quotes < 15 {
		t.Errorf("only %d quotations", quotes)
	}
}
