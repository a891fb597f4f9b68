package rtnl

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Table is the number of a routing table: enum rt_class_t in
// include/uapi/linux/rtnetlink.h. Any number but 0 is a table; it exists as long
// as it holds a route.
type Table uint32

// Tables that the kernel has.
const (
	TableUnspec  Table = uapi.RT_TABLE_UNSPEC  // RT_TABLE_UNSPEC, "unspec": not set
	TableDefault Table = uapi.RT_TABLE_DEFAULT // RT_TABLE_DEFAULT, "default": looked at last, empty
	TableMain    Table = uapi.RT_TABLE_MAIN    // RT_TABLE_MAIN, "main": where routes go if nothing else is said
	TableLocal   Table = uapi.RT_TABLE_LOCAL   // RT_TABLE_LOCAL, "local": the host's own and broadcast addresses
)

var tables = enum.Words[Table]{Type: "Table", Words: []enum.Word[Table]{
	{Value: TableUnspec, Name: "unspec"},
	{Value: TableDefault, Name: "default"},
	{Value: TableMain, Name: "main"},
	{Value: TableLocal, Name: "local"},
}}

// ParseTable returns the table for a word that iproute2 has built in, or a number.
func ParseTable(s string) (Table, error) {
	var t Table
	err := tables.Parse([]byte(s), &t)
	return t, err
}

// String returns iproute2's built-in word, else the number.
func (t Table) String() string { return tables.Plain(t) }

// MarshalText returns the same as String.
func (t Table) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes what [ParseTable] takes.
func (t *Table) UnmarshalText(text []byte) error { return tables.Parse(text, t) }
