package rtnl

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Names are what an administrator calls tables, protocols and scopes, in the files
// that iproute2 reads. A nil *Names, and one for what has no name, knows the words
// that are built in, and numbers.
//
// Nothing here reads them by itself: a program that wants to show and understand
// what `ip` does loads them and asks them.
type Names struct {
	tables    nameTable
	protocols nameTable
	scopes    nameTable
}

// nameDirs are where iproute2 looks: what is in a later one goes before what is in
// an earlier one.
var nameDirs = []string{"/usr/share/iproute2", "/etc/iproute2"}

// LoadNames reads the files rt_tables, rt_protos and rt_scopes, and those in rt_tables.d
// and rt_protos.d whose names end in .conf, from /usr/share/iproute2 and
// /etc/iproute2, or from the given folders. A file in a later folder stands in the
// place of one of the same name in an earlier one. Folders and files that are not
// there are no error.
//
// If a file cannot be read, or a line of it, the names are those of all others, and
// the error says which.
func LoadNames(dirs ...string) (*Names, error) {
	if len(dirs) == 0 {
		dirs = nameDirs
	}
	n := new(Names)
	return n, errors.Join(
		n.tables.load(dirs, "rt_tables", 1<<32-1),
		n.protocols.load(dirs, "rt_protos", 1<<8-1),
		n.scopes.load(dirs, "rt_scopes", 1<<8-1),
	)
}

// Table returns the name of a table, else what its String returns.
func (n *Names) Table(t Table) string {
	if n != nil {
		if name, ok := n.tables.names[uint32(t)]; ok {
			return name
		}
	}
	return t.String()
}

// ParseTable returns the table of this name, else what [ParseTable] returns.
func (n *Names) ParseTable(s string) (Table, error) {
	if n != nil {
		if v, ok := n.tables.numbers[s]; ok {
			return Table(v), nil
		}
	}
	return ParseTable(s)
}

// Protocol returns the name of a protocol, else what its String returns.
func (n *Names) Protocol(p Protocol) string {
	if n != nil {
		if name, ok := n.protocols.names[uint32(p)]; ok {
			return name
		}
	}
	return p.String()
}

// ParseProtocol returns the protocol of this name, else what [ParseProtocol]
// returns.
func (n *Names) ParseProtocol(s string) (Protocol, error) {
	if n != nil {
		if v, ok := n.protocols.numbers[s]; ok {
			return Protocol(v), nil
		}
	}
	return ParseProtocol(s)
}

// Scope returns the name of a scope, else what its String returns.
func (n *Names) Scope(s Scope) string {
	if n != nil {
		if name, ok := n.scopes.names[uint32(s)]; ok {
			return name
		}
	}
	return s.String()
}

// ParseScope returns the scope of this name, else what [ParseScope] returns.
func (n *Names) ParseScope(s string) (Scope, error) {
	if n != nil {
		if v, ok := n.scopes.numbers[s]; ok {
			return Scope(v), nil
		}
	}
	return ParseScope(s)
}

// nameTable maps both ways.
type nameTable struct {
	names   map[uint32]string
	numbers map[string]uint32
}

// load reads a file and the folder of the same name with .d; numbers above limit are
// errors.
func (t *nameTable) load(dirs []string, file string, limit uint64) error {
	t.names, t.numbers = map[uint32]string{}, map[string]uint32{}
	var errs []error
	paths := map[string]string{} // the last of each name
	for _, dir := range dirs {
		whole := filepath.Join(dir, file)
		if _, err := os.Stat(whole); err == nil {
			paths[""] = whole // goes before those in folders
		}
		entries, err := os.ReadDir(whole + ".d")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, ".conf") && name[0] != '.' {
				paths[name] = filepath.Join(whole+".d", name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		errs = append(errs, t.read(paths[name], limit))
	}
	return errors.Join(errs...)
}

// read reads one file: a number and a name a line, behind # a comment. The last line
// for a number or a name holds.
func (t *nameTable) read(path string, limit uint64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var errs []error
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		digits, base := fields[0], 10 // also with a zero in front
		if hex, ok := strings.CutPrefix(digits, "0x"); ok {
			digits, base = hex, 16
		}
		id, err := strconv.ParseUint(digits, base, 64)
		if err != nil || id > limit || len(fields) != 2 {
			errs = append(errs, fmt.Errorf("%s:%d: %q is no number up to %d with a name", path, n, strings.TrimSpace(text), limit))
			continue
		}
		t.names[uint32(id)], t.numbers[fields[1]] = fields[1], uint32(id)
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", path, err))
	}
	return errors.Join(errs...)
}
