package nlkit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
)

// namespace is one way of naming a network namespace.
type namespace struct {
	name, path string
	fd         int
	hasFD      bool
	pid        int
}

func (n namespace) String() string {
	switch {
	case n.hasFD:
		return "netns fd " + strconv.Itoa(n.fd)
	case n.pid != 0:
		return "netns of process " + strconv.Itoa(n.pid)
	case n.path != "":
		return "netns " + quoted(n.path)
	}
	return "netns " + quoted(n.name)
}

// candidates are the paths where the namespace may be found.
func (n namespace) candidates() ([]string, error) {
	switch {
	case n.path != "":
		return []string{n.path}, nil
	case n.pid > 0:
		return []string{fmt.Sprintf("/proc/%d/ns/net", n.pid)}, nil
	case n.pid < 0:
		return nil, attr.Refuse("no process has this id")
	case n.name == "" || n.name == "." || n.name == ".." || strings.Contains(n.name, "/"):
		return nil, attr.Refuse("not a name of a network namespace")
	}
	return []string{"/run/netns/" + n.name, "/var/run/netns/" + n.name}, nil
}
