package walls

import (
	"slices"
	"strings"
	"testing"
)

// TestChecksBite feeds each check what it must refuse and what it must let pass.
func TestChecksBite(t *testing.T) {
	fuzz := func(files []file) []string { _, problems := checkFuzz(files); return problems }
	imports := func(pkg, imp string) string { return "package " + pkg + "\n\nimport _ \"" + imp + "\"\n" }
	testMain := "package link\n\nfunc TestMain(m *testing.M) { os.Exit(nstest.Main(m)) }\n"

	for _, tt := range []struct {
		name  string
		check func([]file) []string
		path  string
		src   string
		want  string // a part of the only problem, or "" for none
	}{
		{"std", checkImports, "link/link.go", imports("link", "net/netip"), ""},
		{"unix in wire", checkImports, "link/wire.go", imports("link", "golang.org/x/sys/unix"), ""},
		{"unix in wire for Linux", checkImports, "link/wire_linux.go", imports("link", "golang.org/x/sys/unix"), ""},
		{"unix in kind", checkImports, "link/kind_veth.go", imports("link", "golang.org/x/sys/unix"), ""},
		{"unix in noun", checkImports, "link/link.go", imports("link", "golang.org/x/sys/unix"), "link/link.go:3: imports golang.org/x/sys/unix"},
		{"unix in attr", checkImports, "attr/rows.go", imports("attr", "golang.org/x/sys/unix"), "C constants"},
		{"unix in test", checkImports, "link/link_test.go", imports("link", "golang.org/x/sys/unix"), ""},
		{"netlink in nlconn", checkImports, "internal/nlconn/conn.go", imports("nlconn", "github.com/mdlayher/netlink"), ""},
		{"netlink in root", checkImports, "client.go", imports("nlkit", "github.com/mdlayher/netlink"), "sockets belong"},
		{"netlink in domain", checkImports, "nflog/wire.go", imports("nflog", "github.com/mdlayher/netlink"), "sockets belong"},
		{"dependency", checkImports, "link/wire.go", imports("link", "github.com/google/go-cmp/cmp"), "not a dependency"},
		{"domain to root", checkImports, "link/ops.go", imports("link", module), ""},
		{"domain to rtnl", checkImports, "link/ops.go", imports("link", module+"/rtnl"), ""},
		{"domain to domain", checkImports, "route/ops.go", imports("route", module+"/link"), "another domain"},
		{"domain test to domain", checkImports, "route/ops_test.go", imports("route", module+"/link"), ""},
		{"rtnl to domain", checkImports, "rtnl/table.go", imports("rtnl", module+"/link"), "rtnl imports no domain"},
		{"view to domain", checkImports, "mirror/tables.go", imports("mirror", module+"/link"), ""},
		{"view to unix", checkImports, "mirror/tables.go", imports("mirror", "golang.org/x/sys/unix"), "C constants"},
		{"domain to view", checkImports, "route/ops.go", imports("route", module+"/mirror"), "for programs"},
		{"root to view", checkImports, "client.go", imports("nlkit", module+"/mirror"), "for programs"},
		{"rtnl to view", checkImports, "rtnl/table.go", imports("rtnl", module+"/mirror"), "for programs"},
		{"internal to view", checkImports, "internal/nlconn/conn.go", imports("nlconn", module+"/mirror"), "internal packages"},
		{"example to view", checkImports, "examples/mirror/main.go", imports("main", module+"/mirror"), ""},
		{"internal to root", checkImports, "internal/nlconn/conn.go", imports("nlconn", module), "internal packages"},
		{"internal to attr", checkImports, "internal/nlconn/conn.go", imports("nlconn", module+"/attr"), ""},
		{"nstest to root", checkImports, "internal/nstest/main.go", imports("nstest", module), ""},
		{"root to internal", checkImports, "client.go", imports("nlkit", module+"/internal/nlconn"), ""},
		{"root to domain", checkImports, "client.go", imports("nlkit", module+"/link"), "root imports only"},
		{"attr to root", checkImports, "attr/rows.go", imports("attr", module), "attr stands alone"},
		{"attrtest to attr", checkImports, "attr/attrtest/attrtest.go", imports("attrtest", module+"/attr"), ""},
		{"nstest in code", checkImports, "link/ops.go", imports("link", module+"/internal/nstest"), "only tests"},
		{"example", checkImports, "examples/tour/main.go", imports("main", module+"/link"), ""},

		{"noun", checkFileNames, "link/doc.go", "package link\n", ""},
		{"no doc.go", checkFileNames, "link/xdp.go", "package link\n", "link: has no doc.go"},
		{"two words", checkFileNames, "link/doc_and_more.go", "package link\n", "link/doc_and_more.go: a file of a domain is"},
		{"vague", checkFileNames, "link/util.go", "package link\n", "link/util.go: a file is called"},
		{"view without doc.go", checkFileNames, "mirror/mirror.go", "package mirror\n", "mirror: has no doc.go"},
		{"outside of domains", checkFileNames, "internal/nlconn/any_name_goes.go", "package nlconn\n", ""},

		{"TestMain", checkTestMains, "link/main_test.go", testMain, ""},
		{"no TestMain", checkTestMains, "link/main_test.go", "package link\n", "link: has tests"},
		{"other TestMain", checkTestMains, "link/main_test.go", strings.ReplaceAll(testMain, "nstest.Main(m)", "m.Run()"), "link: has tests"},
		{"needs none", checkTestMains, "attr/rows_test.go", "package attr\n", ""},

		{"fuzz", fuzz, "link/fuzz_test.go", "package link\n\nfunc FuzzX(f *testing.F) {}\n", ""},
		{"not fuzzed", fuzz, "link/wire.go", "package link\n", "link: decodes (wire.go)"},
		{"wrong parameter", fuzz, "link/fuzz_test.go", "package link\n\nfunc FuzzX(t *testing.T) {}\n", "link/fuzz_test.go:3: FuzzX is not"},
		{"wrong file", fuzz, "link/fuzz.go", "package link\n\nfunc FuzzX(f *testing.F) {}\n", "outside of a _test.go"},

		{"all documented", checkComments, "link/a.go", `// Package link is.
package link

// Link is.
type Link[T any] struct {
	Index int // the index
	// MTU is.
	MTU int
	name string
	Embedded
}

// Name gives.
func (l *Link[T]) Name() string { return l.name }

func (l *hidden) Name() string { return "" }

// Kinds.
const (
	A = 1
	B = 2
)

var hidden = 1
`, ""},
		{"package", checkComments, "link/a.go", "package link\n", "link: package link has no comment"},
		{"internal package", checkComments, "internal/x/a.go", "// Package x is.\npackage x\n\nfunc F() {}\n", ""},
		{"func", checkComments, "link/a.go", "// Package link is.\npackage link\n\nfunc F() {}\n", "link/a.go:4: func F has"},
		{"method", checkComments, "link/a.go", "// Package link is.\npackage link\n\nfunc (t T[K]) F() {}\n", "method T.F has"},
		{"type", checkComments, "link/a.go", "// Package link is.\npackage link\n\ntype T int\n", "type T has"},
		{"field", checkComments, "link/a.go", "// Package link is.\npackage link\n\n// T is.\ntype T struct {\n\tX int\n}\n", "link/a.go:6: field T.X has"},
		{"interface", checkComments, "link/a.go", "// Package link is.\npackage link\n\n// T is.\ntype T interface {\n\tX()\n}\n", "method T.X has"},
		{"const", checkComments, "link/a.go", "// Package link is.\npackage link\n\nconst X = 1\n", "const X has"},
		{"directive", checkComments, "link/a.go", "// Package link is.\npackage link\n\n//go:noinline\nfunc F() {}\n", "func F has"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.check([]file{parse(t, tt.path, tt.src)})
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("refused: %q", got)
			case tt.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }):
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCheckPaths(t *testing.T) {
	exists := func(p string) bool { return p == "link" || p == "link/kind.go" || p == "docs" }
	text := "`link/kind.go`, `link/kind_<name>.go` and `link/none.go`\nnot `net/netip`, not docs/none.md, but `docs/none.md`"
	want := []string{"x.md:1: there is no link/none.go", "x.md:2: there is no docs/none.md"}
	if got := checkPaths("x.md", text, exists); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
