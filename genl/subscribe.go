package genl

import (
	"context"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Event is a message that a family sent to a multicast group.
type Event[T any] struct {
	// Command is what the event means; families number events among their
	// commands.
	Command uint8
	// Version is the version of the event, mostly the family's.
	Version uint8
	// Object is what the subscription's decode function stored.
	Object T
	// PortID is the address of the socket whose request caused the event, 0 if
	// the kernel acted by itself, or does not say.
	PortID uint32
	// NSID is the id of the network namespace that the event came from, -1 for
	// the subscription's own; see [nlkit.WithAllNamespaces].
	NSID int
}

// Decode stores a message of a family into v, which is zero, and copies what it
// keeps of it. It returns false for a message that is not meant. A family whose
// events differ switches by [Message.Command], and T is then a struct, or an
// interface that a struct for each event implements.
type Decode[T any] func(m Message, v *T) (keep bool, err error)

// ByTable returns a Decode that stores attributes by their table, for events with
// one of the given commands, for all events if none is given. Attributes without a
// row are ignored.
func ByTable[T any](table attr.Table[T], commands ...uint8) Decode[T] {
	return func(m Message, v *T) (bool, error) {
		if len(commands) > 0 && !slices.Contains(commands, m.Command) {
			return false, nil
		}
		return true, table.Decode(m.Attrs, v)
	}
}

// Subscribe receives the events of one family from the multicast groups of the given
// names; [Family.Groups] are those that it has. It has joined them when it
// returns: what is listed afterwards has no gap to the events.
// [nlkit.Subscription.Join] adds groups later. A subscription hears no more if the
// family's module is unloaded, even if it is loaded again.
//
// Errors: [fs.ErrNotExist] if there is no such family, and if it has no such group,
// then as a [*GroupError] that lists those it has; [fs.ErrPermission] for a group
// that takes a privilege; [fs.ErrInvalid] if no group is given; those of
// [nlkit.Subscribe].
func Subscribe[T any](ctx context.Context, c *nlkit.Client, family string, groups []string, decode Decode[T], opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event[T]], error) {
	const op = "genl.Subscribe"
	req := nlkit.Request{Op: op, Describe: func([]byte) string { return quote(family) }}
	switch {
	case decode == nil:
		return nil, req.Fail(attr.Refuse("no function to decode events with"))
	case len(groups) == 0:
		return nil, req.Fail(attr.Refuse("no group to join"))
	}
	fam, err := resolve(ctx, c, op, family)
	if err != nil {
		return nil, err
	}
	listen := nlkit.Listen{Op: op, Object: quote(family), Protocol: uapi.NETLINK_GENERIC}
	for _, name := range groups {
		g, err := fam.Group(name)
		if err != nil {
			return nil, req.Fail(err)
		}
		listen.Groups = append(listen.Groups, g.ID)
	}
	return nlkit.Subscribe(ctx, c, listen, eventDecoder(fam, decode), opts...)
}

// eventDecoder returns the function that takes in the messages of a subscription.
func eventDecoder[T any](fam Family, decode Decode[T]) nlkit.Decode[Event[T]] {
	return func(m nlkit.Message, e *Event[T]) (bool, error) {
		if m.Type != fam.ID {
			return false, nil
		}
		msg, err := fam.Parse(m)
		if err != nil {
			return false, err
		}
		*e = Event[T]{Command: msg.Command, Version: msg.Version, PortID: m.PortID, NSID: m.NSID}
		return decode(msg, &e.Object)
	}
}
