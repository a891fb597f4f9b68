package link

import (
	"strconv"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Selector says which link is meant. It is made by [Index], [Name] or [AltName];
// the zero Selector means none and is refused.
type Selector struct {
	index int
	by    selectedBy
	name  string
}

type selectedBy uint8

const (
	byNothing selectedBy = iota
	byIndex
	byName
	byAltName
)

// Index selects the link with this number.
func Index(index int) Selector { return Selector{by: byIndex, index: index} }

// Name selects the link with this name, of at most 15 bytes. Since Linux 5.5 the
// kernel also looks among the alternative names for it.
func Name(name string) Selector { return Selector{by: byName, name: name} }

// AltName selects the link with this alternative name, of at most 127 bytes, or
// this name. Linux 5.5.
func AltName(name string) Selector { return Selector{by: byAltName, name: name} }

// String returns what is selected: "index 3" or the name in quotes.
func (s Selector) String() string {
	switch s.by {
	case byIndex:
		return "index " + strconv.Itoa(s.index)
	case byName, byAltName:
		return strconv.Quote(s.name)
	}
	return "no link"
}

// check refuses what can select nothing.
func (s Selector) check() error {
	switch s.by {
	case byIndex:
		return checkIndex("ifi_index", s.index)
	case byName:
		return checkName("IFLA_IFNAME", s.name)
	case byAltName:
		return checkAltName(s.name)
	}
	return attr.Refuse("no link is selected")
}

// appendTo appends the header and, where the link is selected by name, the
// attribute for it.
func (s Selector) appendTo(b []byte, h header) []byte {
	h.index = s.index
	b = h.appendTo(b)
	switch s.by {
	case byName:
		b = attr.AppendString(b, uapi.IFLA_IFNAME, s.name)
	case byAltName:
		b = attr.AppendString(b, uapi.IFLA_ALT_IFNAME, s.name)
	}
	return b
}

const (
	maxName    = 15  // IFNAMSIZ less the terminating NUL
	maxAltName = 127 // ALTIFNAMSIZ less the terminating NUL
)

// checkName refuses what dev_valid_name in net/core/dev.c refuses, and names that
// are too long, which the kernel would cut in look-ups.
func checkName(path, name string) error {
	switch {
	case name == "":
		return attr.Invalid(path, "the name is empty")
	case len(name) > maxName:
		return attr.Invalid(path, "%q has %d bytes, a name has at most %d", name, len(name), maxName)
	case name == "." || name == "..":
		return attr.Invalid(path, "%q is not a name", name)
	}
	return checkLetters(path, name, ":/")
}

// checkAltName refuses what could not be told from other things on a command
// line; the kernel itself takes anything.
func checkAltName(name string) error {
	const path = "IFLA_ALT_IFNAME"
	switch {
	case name == "":
		return attr.Invalid(path, "the name is empty")
	case len(name) > maxAltName:
		return attr.Invalid(path, "%q has %d bytes, an alternative name has at most %d", name, len(name), maxAltName)
	}
	return checkLetters(path, name, "/")
}

func checkLetters(path, name, banned string) error {
	for i := range len(name) {
		c := name[i]
		if c == 0 || c == ' ' || c >= '\t' && c <= '\r' {
			return attr.Invalid(path, "%q contains white space or a NUL", name)
		}
		for j := range len(banned) {
			if c == banned[j] {
				return attr.Invalid(path, "%q contains %q", name, c)
			}
		}
	}
	return nil
}

// checkIndex refuses what is not the index of a link.
func checkIndex(path string, index int) error {
	if index < 1 || index > maxIndex {
		return attr.Invalid(path, "%d is not the index of a link", index)
	}
	return nil
}

const maxIndex = 1<<31 - 1 // ifi_index is a C int
