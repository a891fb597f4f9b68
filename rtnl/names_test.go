package rtnl_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// files writes files below a folder and returns the folder.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestNames(t *testing.T) {
	usr := files(t, map[string]string{
		"rt_tables":              "255 local\n254 main\n1000 shipped\n",
		"rt_protos":              "# all\n186\tbgp\n0xc8\tcloud # mine\n",
		"rt_tables.d/a.conf":     "10 ten\n11 eleven\n",
		"rt_tables.d/b.conf":     "20 twenty\n",
		"rt_tables.d/README":     "no table at all",
		"rt_tables.d/.hid.conf":  "30 hidden\n",
		"rt_protos.d/more.conf":  "201 more\n",
		"rt_scopes":              "253 link\n7 campus\n",
		"rt_scopes.d/never.conf": "8 never\n",
	})
	etc := files(t, map[string]string{
		"rt_tables":          "  2000\tcustom\n\n#3000 no\n254 hauptspur\n",
		"rt_tables.d/a.conf": "10 zehn\n2000 of-folder\n",
	})
	n, err := rtnl.LoadNames(usr, etc)
	if err != nil {
		t.Fatal(err)
	}
	for table, want := range map[rtnl.Table]string{
		255: "local", 254: "hauptspur", 253: "default", 1000: "1000", 2000: "of-folder", 10: "zehn", 11: "11",
		20: "twenty", 30: "30", 3000: "3000", 4294967295: "4294967295",
	} {
		if got := n.Table(table); got != want {
			t.Errorf("table %d: got %q, want %q", table, got, want)
		}
		if got, err := n.ParseTable(want); err != nil || got != table {
			t.Errorf("table %q: got %d, %v", want, got, err)
		}
	}
	// The words that are built in, and a name that another has taken, still lead there.
	for name, want := range map[string]rtnl.Table{"main": 254, "custom": 2000, "0x7d0": 2000} {
		if got, err := n.ParseTable(name); err != nil || got != want {
			t.Errorf("table %q: got %d, %v", name, got, err)
		}
	}
	for protocol, want := range map[rtnl.Protocol]string{186: "bgp", 200: "cloud", 201: "more", 4: "static", 77: "77"} {
		got, err := n.ParseProtocol(want)
		if n.Protocol(protocol) != want || err != nil || got != protocol {
			t.Errorf("protocol %d: %q, %d, %v", protocol, n.Protocol(protocol), got, err)
		}
	}
	for scope, want := range map[rtnl.Scope]string{7: "campus", 253: "link", 0: "global", 8: "never"} {
		got, err := n.ParseScope(want)
		if n.Scope(scope) != want || err != nil || got != scope {
			t.Errorf("scope %d: %q, %d, %v", scope, n.Scope(scope), got, err)
		}
	}
	_, err1 := n.ParseTable("nowhere-to-be-found")
	_, err2 := n.ParseProtocol("256")
	_, err3 := n.ParseScope("")
	if err1 == nil || err2 == nil || err3 == nil {
		t.Error(err1, err2, err3)
	}
}

func TestNoNames(t *testing.T) {
	n, err := rtnl.LoadNames(filepath.Join(t.TempDir(), "none"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*rtnl.Names{nil, {}, n} {
		table, err1 := n.ParseTable("main")
		protocol, err2 := n.ParseProtocol("bgp")
		scope, err3 := n.ParseScope("link")
		if n.Table(254) != "main" || n.Table(7) != "7" || n.Protocol(186) != "bgp" || n.Scope(253) != "link" ||
			table != 254 || protocol != 186 || scope != 253 || err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%+v: %v %v %v", n, err1, err2, err3)
		}
	}
}

func TestBadNames(t *testing.T) {
	dir := files(t, map[string]string{
		"rt_tables":          "1 one\n2\nx y\n4294967296 large\n-1 negative\n3 three 4\n5 five\n1_0 ten\n",
		"rt_protos":          "256 large\n7 seven\n",
		"rt_tables.d/x.conf": "9 nine\n",
	})
	if err := os.MkdirAll(filepath.Join(dir, "rt_scopes"), 0o755); err != nil { // not a file
		t.Fatal(err)
	}
	n, err := rtnl.LoadNames(dir)
	if err == nil || n == nil {
		t.Fatal(n, err)
	}
	for _, line := range []string{"rt_tables:2", "rt_tables:3", "rt_tables:4", "rt_tables:5", "rt_tables:6", "rt_tables:8", "rt_protos:1", "rt_scopes"} {
		if !strings.Contains(err.Error(), filepath.Join(dir, line)+":") {
			t.Errorf("nothing of %s: %v", line, err)
		}
	}
	if n.Table(1) != "one" || n.Table(5) != "five" || n.Table(9) != "nine" || n.Protocol(7) != "seven" {
		t.Errorf("the others are lost: %+v", n)
	}
}

// What this system's own files say is what ip says, and so with files of a test.
func TestInteropNames(t *testing.T) {
	ns := nstest.New(t)
	own := files(t, map[string]string{
		"rt_tables":              "01000 thousand\n0x7d0 hexadecimal\n",
		"rt_tables.d/extra.conf": "3000 extra # a table\n",
		"rt_protos":              "200 cloud\n",
		"rt_protos.d/more.conf":  "201 more\n",
		"rt_scopes":              "7 campus\n",
	})
	tables := []rtnl.Table{254, 1000, 2000, 3000, 4000}
	protocols := []int{3, 4, 11, 186, 200, 201, 250, 251, 2, 12}
	for i, p := range protocols {
		ns.Run(t, "ip", "route", "add", fmt.Sprintf("10.%d.0.0/24", i), "dev", "lo", "table", fmt.Sprint(uint32(tables[i%len(tables)])),
			"proto", fmt.Sprint(p), "scope", fmt.Sprint([]int{253, 7}[i%2]))
	}
	for dir, prefix := range map[string][]string{
		"": nil,
		// ip with the files of the test, in a mount namespace of its own.
		own: {"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/iproute2 && exec "$@"`, own},
	} {
		load := []string{dir}
		if dir == "" {
			load = nil
		}
		names, err := rtnl.LoadNames(load...)
		if err != nil {
			t.Fatal(err)
		}
		args := append(prefix, nstest.Tool(t, "ip"), "-j", "-d", "route", "show", "table", "all", "root", "10.0.0.0/8")
		var routes []struct{ Dst, Protocol, Scope, Table string }
		if err := json.Unmarshal(ns.Run(t, args[0], args[1:]...), &routes); err != nil || len(routes) != len(protocols) {
			t.Fatalf("%d routes, %v", len(routes), err)
		}
		for _, r := range routes {
			var i int
			if _, err := fmt.Sscanf(r.Dst, "10.%d.0.0/24", &i); err != nil {
				t.Fatal(err)
			}
			if r.Table == "" {
				r.Table = "main"
			}
			table, err1 := names.ParseTable(r.Table)
			protocol, err2 := names.ParseProtocol(r.Protocol)
			scope, err3 := names.ParseScope(r.Scope)
			if err1 != nil || err2 != nil || err3 != nil || names.Table(table) != r.Table || names.Protocol(protocol) != r.Protocol || names.Scope(scope) != r.Scope {
				t.Errorf("%q: ip says %+v, here %s %s %s (%v %v %v)", dir, r, names.Table(table), names.Protocol(protocol), names.Scope(scope), err1, err2, err3)
			}
			if table != tables[i%len(tables)] || int(protocol) != protocols[i] {
				t.Errorf("%q: route %d has table %d, %q, and protocol %d, %q", dir, i, table, r.Table, protocol, r.Protocol)
			}
		}
	}
}
