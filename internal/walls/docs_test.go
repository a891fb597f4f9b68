package walls

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
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

// What the documents and the comments call by a package and a name is there, and so is
// what they link to.
func TestDocsNames(t *testing.T) {
	files := load(t)
	names := map[string]bool{} // "link.Add", "link.Link", "link.Link.Kind"
	for _, f := range files {
		if f.isTest() || f.room() == "internal" {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, d := range exported(f, decl) {
				_, name, _ := strings.Cut(d.what, " ")
				names[f.ast.Name.Name+"."+name] = true
			}
		}
	}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		for _, c := range f.ast.Comments {
			report(t, checkNames(f.at(c), c.Text(), names))
		}
	}
	root := filepath.Join("..", "..")
	exists := func(p string) bool {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(p)))
		return err == nil
	}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(name)
			report(t, checkNames(base, string(text), names))
			report(t, checkLinks(base, filepath.ToSlash(filepath.Dir(pattern)), string(text), exists))
		}
	}
}

var (
	qualified = regexp.MustCompile(`\b(nlkit|link|addr|route|neigh|rule|nexthop|genl|nflog|mirror|rtnl|attr|attrtest)\.[A-Z]\w*(?:\.[A-Z]\w*)?`)
	ofPackage = regexp.MustCompile("^\\| \\[`(\\w+)`\\]")
	codeName  = regexp.MustCompile("`([A-Za-z]\\w*)`")
	mdLink    = regexp.MustCompile(`\]\(([^):#][^):]*)\)`)
)

// checkNames looks for names that a text has and its package has not. A row of a table
// that begins with a package is about its names.
func checkNames(at, text string, names map[string]bool) (problems []string) {
	for line := range strings.Lines(text) {
		found := qualified.FindAllString(line, -1)
		if pkg := ofPackage.FindStringSubmatch(line); pkg != nil {
			for _, name := range codeName.FindAllStringSubmatch(line, -1) {
				if ast.IsExported(name[1]) {
					found = append(found, pkg[1]+"."+name[1])
				}
			}
		}
		for _, name := range found {
			if !names[name] {
				problems = append(problems, fmt.Sprintf("%s: there is no %s", at, name))
			}
		}
	}
	return problems
}

// checkLinks looks for links to files that are not there. What stands between ``` and ```
// is code.
func checkLinks(at, dir, text string, exists func(string) bool) (problems []string) {
	code := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		if code {
			continue
		}
		for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if p := filepath.ToSlash(filepath.Join(dir, target)); !exists(p) {
				problems = append(problems, fmt.Sprintf("%s: there is no %s", at, p))
			}
		}
	}
	return problems
}

func TestCheckDocs(t *testing.T) {
	names := map[string]bool{"link.Add": true, "link.Link": true, "link.Link.Kind": true}
	text := "`link.Add` and link.Link.Kind, link.Remove, link.Link.Sort\n| [`link`](link) | `Add` `Get` `list` |\n"
	if got := strings.Join(checkNames("x", text, names), "\n"); got != "x: there is no link.Remove\nx: there is no link.Link.Sort\nx: there is no link.Get" {
		t.Errorf("got %s", got)
	}
	text = "[a](a.md) [b](../b#c) [c](c) [d](https://example.com) [e](#e)\n```\n[f](f)\n```\n[g](g)\n"
	exists := func(p string) bool { return p == "docs/a.md" || p == "b" }
	if got := strings.Join(checkLinks("x", "docs", text, exists), "\n"); got != "x: there is no docs/c\nx: there is no docs/g" {
		t.Errorf("got %s", got)
	}
}
