package netns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
)

// Ref is one way of naming a network namespace: the field that is set.
type Ref struct {
	Name string // of `ip netns add`
	Path string

	number      int // see RefFD and RefPID
	isFD, isPID bool
}

// RefFD names the namespace that fd is open on.
func RefFD(fd int) Ref { return Ref{number: fd, isFD: true} }

// RefPID names the namespace of a process.
func RefPID(pid int) Ref { return Ref{number: pid, isPID: true} }

// String names the namespace for errors.
func (r Ref) String() string {
	switch {
	case r.isFD:
		return "netns fd " + strconv.Itoa(r.number)
	case r.isPID:
		return "netns of process " + strconv.Itoa(r.number)
	case r.Path != "":
		return fmt.Sprintf("netns %q", r.Path)
	}
	return fmt.Sprintf("netns %q", r.Name)
}

// paths are where the namespace may be found.
func (r Ref) paths() ([]string, error) {
	switch {
	case r.Path != "":
		return []string{r.Path}, nil
	case r.isPID && r.number > 0:
		return []string{fmt.Sprintf("/proc/%d/ns/net", r.number)}, nil
	case r.isPID:
		return nil, attr.Refuse("no process has this id")
	case r.Name == "" || r.Name == "." || r.Name == ".." || strings.Contains(r.Name, "/"):
		return nil, attr.Refuse("not a name of a network namespace")
	}
	return []string{"/run/netns/" + r.Name, "/var/run/netns/" + r.Name}, nil
}
