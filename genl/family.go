package genl

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
)

// Family is a generic netlink family as the running kernel has it.
//
// CTRL_ATTR_* in include/uapi/linux/genetlink.h.
type Family struct {
	// ID is the type of the family's messages (CTRL_ATTR_FAMILY_ID). The kernel
	// gives it out when the family is registered; only that of nlctrl is fixed.
	ID uint16
	// Name is what the family is known by, such as "nl80211", at most 15 bytes
	// (CTRL_ATTR_FAMILY_NAME).
	Name string
	// Version is the version of the family's interface (CTRL_ATTR_VERSION).
	Version int
	// HeaderSize is the length of the family's own header between the generic
	// netlink header and the attributes, in bytes; 0 for most families
	// (CTRL_ATTR_HDRSIZE).
	HeaderSize int
	// MaxAttr is the highest attribute type that all commands know, 0 where each
	// command has attributes of its own (CTRL_ATTR_MAXATTR).
	MaxAttr int
	// Operations are the commands that can be called (CTRL_ATTR_OPS).
	Operations []Operation
	// Groups are the multicast groups that events are sent to
	// (CTRL_ATTR_MCAST_GROUPS).
	Groups []Group
}

// Operation is a command that a family has.
//
// CTRL_ATTR_OP_* in include/uapi/linux/genetlink.h.
type Operation struct {
	// Command is the command's number (CTRL_ATTR_OP_ID).
	Command uint8
	// Flags say how it can be called, and by whom (CTRL_ATTR_OP_FLAGS).
	Flags OpFlags
}

// String returns number and flags: "3 do|dump|haspol".
func (o Operation) String() string { return fmt.Sprintf("%d %v", o.Command, o.Flags) }

// OpFlags say how a command can be called.
//
// GENL_* in include/uapi/linux/genetlink.h.
type OpFlags uint32

// How a command can be called.
const (
	OpAdmin     OpFlags = 0x01 // takes CAP_NET_ADMIN in the first user namespace (GENL_ADMIN_PERM)
	OpDo        OpFlags = 0x02 // for Do and Query (GENL_CMD_CAP_DO)
	OpDump      OpFlags = 0x04 // for List and All (GENL_CMD_CAP_DUMP)
	OpHasPolicy OpFlags = 0x08 // the kernel checks its attributes against a policy (GENL_CMD_CAP_HASPOL)
	OpNetAdmin  OpFlags = 0x10 // takes CAP_NET_ADMIN in the network namespace's user namespace (GENL_UNS_ADMIN_PERM)
)

var opFlags = enum.Flags[OpFlags]{Type: "OpFlags", Words: []enum.Word[OpFlags]{
	{Value: OpAdmin, Name: "admin"},
	{Value: OpDo, Name: "do"},
	{Value: OpDump, Name: "dump"},
	{Value: OpHasPolicy, Name: "haspol"},
	{Value: OpNetAdmin, Name: "uns-admin"},
}}

// Has reports whether all of the given flags are set.
func (f OpFlags) Has(flags OpFlags) bool { return f&flags == flags }

// String returns the flags' words, unknown ones as a number: "admin|do|0x40".
func (f OpFlags) String() string { return opFlags.String(f) }

// MarshalText returns what String returns.
func (f OpFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returns.
func (f *OpFlags) UnmarshalText(text []byte) error { return opFlags.Parse(text, f) }

// Group is a multicast group of a family.
//
// CTRL_ATTR_MCAST_GRP_* in include/uapi/linux/genetlink.h.
type Group struct {
	// ID is the group's number among all groups of generic netlink
	// (CTRL_ATTR_MCAST_GRP_ID).
	ID uint32
	// Name is the group's name within its family (CTRL_ATTR_MCAST_GRP_NAME).
	Name string
}

// Group returns the family's multicast group of that name.
//
// Errors: a [*GroupError], which is [fs.ErrNotExist], if there is none.
func (f Family) Group(name string) (Group, error) {
	for _, g := range f.Groups {
		if g.Name == name {
			return g, nil
		}
	}
	e := &GroupError{Family: f.Name, Group: name}
	for _, g := range f.Groups {
		e.Known = append(e.Known, g.Name)
	}
	return Group{}, e
}

// Operation returns the family's operation for a command, and whether it has one.
func (f Family) Operation(command uint8) (Operation, bool) {
	i := slices.IndexFunc(f.Operations, func(o Operation) bool { return o.Command == command })
	if i < 0 {
		return Operation{}, false
	}
	return f.Operations[i], true
}

// GroupError says that a family has no multicast group of some name. It matches
// [fs.ErrNotExist].
type GroupError struct {
	// Family is the family's name.
	Family string
	// Group is the name that was asked for.
	Group string
	// Known are the names of the groups that the family has.
	Known []string
}

// Error names the group and those that there are.
func (e *GroupError) Error() string {
	has := "no groups"
	if len(e.Known) > 0 {
		has = strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("no group %q in family %q, which has %s", e.Group, e.Family, has)
}

// Is reports whether target is [fs.ErrNotExist].
func (e *GroupError) Is(target error) bool { return target == fs.ErrNotExist }

// Resolve returns the family of that name. If the kernel does not have it yet, it
// looks for a module that brings it and loads that, whoever asks.
// `genl ctrl get name NAME`
//
// Errors: [fs.ErrNotExist] if there is no such family, or none that the client's
// network namespace may see; [fs.ErrInvalid] for a name that is empty or longer
// than 15 bytes, which is not sent.
func Resolve(ctx context.Context, c *nlkit.Client, name string) (Family, error) {
	return resolve(ctx, c, "genl.Resolve", name)
}

// resolve is the one way from a name to a family, under the operation that needs
// it.
func resolve(ctx context.Context, c *nlkit.Client, op, name string) (Family, error) {
	call := getFamily
	call.Op = op
	if bad := badName(name); bad != nil {
		return Family{}, call.refuse(op, &familyRequest{Name: name}, bad)
	}
	return call.Query(ctx, c, controller, &familyRequest{Name: name})
}

// ResolveID returns the family whose messages have the type id: whose an unknown
// message is. `genl ctrl get id ID`
//
// Errors: [fs.ErrNotExist] if there is no such family, or none that the client's
// network namespace may see.
func ResolveID(ctx context.Context, c *nlkit.Client, id uint16) (Family, error) {
	return resolveID(ctx, c, "genl.ResolveID", id)
}

func resolveID(ctx context.Context, c *nlkit.Client, op string, id uint16) (Family, error) {
	call := getFamily
	call.Op = op
	return call.Query(ctx, c, controller, &familyRequest{ID: &id})
}

// List returns the families that there are in the client's network namespace: a
// namespace other than the first has only those that are made for it.
// `genl ctrl list`
//
// Errors: [nlkit.ErrDumpInterrupted] if families come and go all the time.
func List(ctx context.Context, c *nlkit.Client) ([]Family, error) {
	return list(ctx, c, "genl.List")
}

func list(ctx context.Context, c *nlkit.Client, op string) ([]Family, error) {
	call := listFamilies
	call.Op = op
	return call.List(ctx, c, controller, nil)
}

// All yields what [List] returns, one at a time as it comes. At most one error
// comes, and comes last: [nlkit.ErrDumpInterrupted] if families came or went
// meanwhile.
func All(ctx context.Context, c *nlkit.Client) iter.Seq2[Family, error] {
	call := listFamilies
	call.Op = "genl.All"
	return call.All(ctx, c, controller, nil)
}

// LookupGroup returns the multicast group with the number id, and the family whose
// it is. It lists all families, since the kernel has no question for it.
//
// Errors: [fs.ErrNotExist] if no family that the client's network namespace may see
// has such a group; [nlkit.ErrDumpInterrupted] if families come and go all the
// time.
func LookupGroup(ctx context.Context, c *nlkit.Client, id uint32) (Family, Group, error) {
	const op = "genl.LookupGroup"
	families, err := list(ctx, c, op)
	if err != nil {
		return Family{}, Group{}, err
	}
	for _, f := range families {
		for _, g := range f.Groups {
			if g.ID == id {
				return f, g, nil
			}
		}
	}
	return Family{}, Group{}, &nlkit.Error{Op: op, Object: fmt.Sprintf("group %#x", id), Sent: true, Err: fs.ErrNotExist}
}

// badName says why a name can be no family's, nil if it can.
func badName(name string) error {
	switch {
	case name == "":
		return attr.Invalid(nameAttr, "a family's name is empty")
	case len(name) > maxName:
		return attr.Invalid(nameAttr, "%d bytes, a family's name has at most %d", len(name), maxName)
	}
	return nil
}

func quote(name string) string { return strconv.Quote(name) }
