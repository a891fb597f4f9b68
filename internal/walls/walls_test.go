package walls

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/nlkit/nlkit"

// Domains never import each other: each is one room over rtnl, attr and root.
var domains = []string{"link", "addr", "route", "neigh", "rule", "nexthop", "genl", "nflog"}

// What stands on the domains: programs alone import it.
var views = []string{"mirror"}

// Imports from outside of the module, and the files that may have them.
// A name that ends in "/..." is a folder with all below it.
var outside = []struct {
	imports []string
	only    []string
	why     string
}{
	{
		imports: []string{"golang.org/x/sys/unix"},
		only: []string{
			"internal/...", "examples/...", "nltest/...",
			"wire*.go", "*/wire*.go", "*/kind_*.go", "*/port_*.go", "options*.go", "*/options*.go",
		},
		why: "C constants belong in wire.go, kind_*.go, port_*.go, options.go or internal/uapi",
	},
	{
		imports: []string{"github.com/mdlayher/netlink", "github.com/mdlayher/netlink/nlenc", "github.com/mdlayher/netlink/nltest"},
		only:    []string{"internal/nlconn/...", "internal/nft/...", "internal/nstest/...", "internal/nlfake/..."},
		why:     "sockets belong in internal/nlconn",
	},
	{
		imports: []string{"github.com/mdlayher/genetlink"},
		only:    []string{"internal/...", "genl/..."},
		why:     "generic netlink belongs in genl",
	},
}

// Packages that only tests import.
var forTests = []string{"internal/nstest", "internal/nlfake", "internal/watchtest", "internal/livetest", "internal/walls", "attr/attrtest"}

// Test packages that touch no kernel and so need no TestMain.
var noTestMain = []string{"attr", "attr/attrtest", "internal/walls", "internal/uapi"}

// Names that say nothing about what is inside.
var vagueNames = []string{"util", "utils", "helper", "helpers", "common", "misc", "types", "base", "shared", "consts", "constants", "impl"}

var domainFile = regexp.MustCompile(`^(kind_[a-z0-9]+(_[a-z0-9]+)?|port_[a-z0-9]+|wire_[a-z0-9]+|encap_[a-z0-9]+|[a-z0-9]+)$`)

// A file is one parsed source file; its path is relative to the root of the
// module, with slashes.
type file struct {
	path string
	fset *token.FileSet
	ast  *ast.File
}

func (f file) dir() string  { return path.Dir(f.path) }
func (f file) name() string { return path.Base(f.path) }
func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// in reports whether the file is in the folder or below it.
func (f file) in(dir string) bool { return f.dir() == dir || strings.HasPrefix(f.path, dir+"/") }

func (f file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// room is the folder right below the root, "." for the root itself.
func (f file) room() string {
	if room, _, ok := strings.Cut(f.path, "/"); ok {
		return room
	}
	return "."
}

func parse(t *testing.T, name string, src any) file {
	t.Helper()
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{path: name, fset: fset, ast: tree}
}

// load parses every Go file of this module; nested modules are not part of it.
func load(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "." {
				return nil
			}
			if strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		files = append(files, parse(t, rel, src))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func report(t *testing.T, problems []string) {
	t.Helper()
	slices.Sort(problems)
	for _, p := range problems {
		t.Error(p)
	}
}

func TestImports(t *testing.T)   { report(t, checkImports(load(t))) }
func TestFileNames(t *testing.T) { report(t, checkFileNames(load(t))) }
func TestComments(t *testing.T)  { report(t, checkComments(load(t))) }
func TestTestMains(t *testing.T) { report(t, checkTestMains(load(t))) }

// What the documents call a file or a folder of the project is there.
func TestDocuments(t *testing.T) {
	root := filepath.Join("..", "..")
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	exists := func(p string) bool {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(p)))
		return err == nil
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report(t, checkPaths(filepath.Base(name), string(text), exists))
	}
}

func TestFuzzTargets(t *testing.T) {
	targets, problems := checkFuzz(load(t))
	for _, target := range targets {
		t.Log(target)
	}
	report(t, problems)
}

func checkImports(files []file) (problems []string) {
	for _, f := range files {
		if f.isTest() {
			continue
		}
		for _, spec := range f.ast.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				imp = spec.Path.Value
			}
			if why := refuse(f, imp); why != "" {
				problems = append(problems, fmt.Sprintf("%s: imports %s: %s", f.at(spec), imp, why))
			}
		}
	}
	return problems
}

// refuse says why a file must not import a package, or "".
func refuse(f file, imp string) string {
	if imp != module && !strings.HasPrefix(imp, module+"/") {
		if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
			return "" // the standard library
		}
		for _, rule := range outside {
			if !slices.Contains(rule.imports, imp) {
				continue
			}
			if !slices.ContainsFunc(rule.only, func(p string) bool { return matches(f, p) }) {
				return rule.why
			}
			return ""
		}
		return "not a dependency of this module"
	}

	to := "."
	if imp != module {
		to = strings.TrimPrefix(imp, module+"/")
	}
	target, _, _ := strings.Cut(to, "/")
	above := target == "." || target == "rtnl" || target == "nltest" || slices.Contains(domains, target) || slices.Contains(views, target)
	switch room := f.room(); {
	case slices.Contains(forTests, to) && !slices.Contains(forTests, f.dir()):
		return "only tests import it"
	case target == "examples":
		return "nothing imports an example"
	case room == "internal" && above && !slices.Contains(forTests, f.dir()):
		return "internal packages import neither root nor what stands on it"
	case slices.Contains(views, target) && room != target && room != "examples":
		return "what stands on the domains is for programs: nothing here imports it"
	case room == "attr" && target != "attr":
		return "attr stands alone"
	case room == "." && above:
		return "root imports only attr and internal packages"
	case (room == "rtnl" || room == "nltest") && slices.Contains(domains, target):
		return room + " imports no domain"
	case slices.Contains(domains, room) && slices.Contains(domains, target) && room != target:
		return "a domain never imports another domain; what they share belongs in rtnl"
	}
	return ""
}

func matches(f file, pattern string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/..."); ok {
		return f.in(dir)
	}
	ok, err := path.Match(pattern, f.path)
	return ok && err == nil
}

func checkFileNames(files []file) (problems []string) {
	hasDoc := map[string]bool{}
	for _, f := range files {
		room := f.room()
		if f.isTest() || f.dir() != room || (room != "rtnl" && !slices.Contains(domains, room) && !slices.Contains(views, room)) {
			continue
		}
		hasDoc[room] = hasDoc[room] || f.name() == "doc.go"
		name := strings.TrimSuffix(f.name(), ".go")
		for _, suffix := range []string{"_linux", "_other", "_others"} {
			name = strings.TrimSuffix(name, suffix)
		}
		switch {
		case slices.Contains(vagueNames, name):
			problems = append(problems, f.path+": a file is called after the thing inside, and this name says nothing")
		case !domainFile.MatchString(name):
			problems = append(problems, f.path+": a file of a domain is doc.go, ops.go, options.go, events.go, wire.go, kind_<name>.go, port_<name>.go or <noun>.go")
		}
	}
	for dir, ok := range hasDoc {
		if !ok {
			problems = append(problems, dir+": has no doc.go")
		}
	}
	return problems
}

func checkTestMains(files []file) (problems []string) {
	tests, mains := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if !f.isTest() || slices.Contains(noTestMain, f.dir()) {
			continue
		}
		tests[f.dir()] = true
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "TestMain" && callsMain(f, fn) {
				mains[f.dir()] = true
			}
		}
	}
	for dir := range tests {
		if !mains[dir] {
			problems = append(problems, dir+": has tests, but no TestMain that calls nstest.Main")
		}
	}
	return problems
}

func callsMain(f file, fn *ast.FuncDecl) (found bool) {
	if fn.Body == nil {
		return false
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fun := call.Fun.(type) {
		case *ast.SelectorExpr:
			x, ok := fun.X.(*ast.Ident)
			found = found || ok && x.Name == "nstest" && fun.Sel.Name == "Main"
		case *ast.Ident:
			found = found || f.dir() == "internal/nstest" && fun.Name == "Main"
		}
		return true
	})
	return found
}

// checkFuzz lists the fuzz targets and demands one of every package that decodes
// what the kernel sends. A function that go test would not find is a problem too.
func checkFuzz(files []file) (targets, problems []string) {
	decoders, fuzzed := map[string]string{}, map[string]bool{}
	for _, f := range files {
		name := f.name()
		if !f.isTest() && (strings.HasPrefix(name, "wire") || strings.HasPrefix(name, "kind_") || strings.HasPrefix(name, "port_") || f.dir() == "attr") {
			decoders[f.dir()] = name
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			if !isFuzz(fn) {
				if f.isTest() {
					problems = append(problems, fmt.Sprintf("%s: %s is not func(*testing.F): go test does not run it", f.at(fn), fn.Name.Name))
				}
				continue
			}
			if !f.isTest() {
				problems = append(problems, fmt.Sprintf("%s: %s is outside of a _test.go file: go test does not run it", f.at(fn), fn.Name.Name))
				continue
			}
			targets = append(targets, f.dir()+": "+fn.Name.Name)
			fuzzed[f.dir()] = true
		}
	}
	for dir, name := range decoders {
		if !fuzzed[dir] {
			problems = append(problems, fmt.Sprintf("%s: decodes (%s), but has no fuzz target", dir, name))
		}
	}
	return targets, problems
}

func isFuzz(fn *ast.FuncDecl) bool {
	if fn.Type.Results != nil || len(fn.Type.Params.List) != 1 || len(fn.Type.Params.List[0].Names) > 1 {
		return false
	}
	star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "F"
}

var codePath = regexp.MustCompile("`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?)`")

// checkPaths looks for the paths that a document has in `code`: those that begin
// with a folder of the project.
func checkPaths(name, text string, exists func(string) bool) (problems []string) {
	for i, line := range strings.Split(text, "\n") {
		for _, m := range codePath.FindAllStringSubmatch(line, -1) {
			if folder, _, _ := strings.Cut(m[1], "/"); exists(folder) && !exists(m[1]) {
				problems = append(problems, fmt.Sprintf("%s:%d: there is no %s", name, i+1, m[1]))
			}
		}
	}
	return problems
}

// A doc says where an exported name is declared and whether it has a comment.
type doc struct {
	at   string
	what string
	ok   bool
}

func checkComments(files []file) (problems []string) {
	docs := map[string]*doc{} // one name may be declared in a file per system
	packages := map[string]*doc{}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		pkg := packages[f.dir()]
		if pkg == nil {
			pkg = &doc{at: f.dir(), what: "package " + f.ast.Name.Name}
			packages[f.dir()] = pkg
		}
		pkg.ok = pkg.ok || hasText(f.ast.Doc)
		if f.room() == "internal" || f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, d := range exported(f, decl) {
				key := f.dir() + " " + d.what
				if docs[key] == nil {
					docs[key] = &d
				}
				docs[key].ok = docs[key].ok || d.ok
			}
		}
	}
	for _, set := range []map[string]*doc{packages, docs} {
		for _, d := range set {
			if !d.ok {
				problems = append(problems, fmt.Sprintf("%s: %s has no comment", d.at, d.what))
			}
		}
	}
	return problems
}

// exported lists the exported names of one declaration.
func exported(f file, decl ast.Decl) (docs []doc) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if !decl.Name.IsExported() {
			return nil
		}
		what := "func " + decl.Name.Name
		if decl.Recv != nil {
			recv := receiver(decl.Recv.List[0].Type)
			if !ast.IsExported(recv) {
				return nil
			}
			what = "method " + recv + "." + decl.Name.Name
		}
		return []doc{{f.at(decl), what, hasText(decl.Doc)}}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if !spec.Name.IsExported() {
					continue
				}
				ok := hasText(spec.Doc) || hasText(spec.Comment) || len(decl.Specs) == 1 && hasText(decl.Doc)
				docs = append(docs, doc{f.at(spec), "type " + spec.Name.Name, ok})
				docs = append(docs, members(f, spec)...)
			case *ast.ValueSpec:
				ok := hasText(decl.Doc) || hasText(spec.Doc) || hasText(spec.Comment)
				for _, name := range spec.Names {
					if name.IsExported() {
						docs = append(docs, doc{f.at(name), decl.Tok.String() + " " + name.Name, ok})
					}
				}
			}
		}
	}
	return docs
}

// members lists the exported fields of a struct and the exported methods of an
// interface. What is embedded has its comment at its own type.
func members(f file, spec *ast.TypeSpec) (docs []doc) {
	var list *ast.FieldList
	kind := "field"
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list, kind = typ.Methods, "method"
	default:
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			if name.IsExported() {
				docs = append(docs, doc{f.at(name), kind + " " + spec.Name.Name + "." + name.Name, hasText(field.Doc) || hasText(field.Comment)})
			}
		}
	}
	return docs
}

func receiver(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return receiver(typ.X)
	case *ast.ParenExpr:
		return receiver(typ.X)
	case *ast.IndexExpr:
		return receiver(typ.X)
	case *ast.IndexListExpr:
		return receiver(typ.X)
	case *ast.Ident:
		return typ.Name
	}
	return ""
}

func hasText(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }
