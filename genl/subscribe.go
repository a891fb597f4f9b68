package genl

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
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
// [nlkit.Subscription.Join] adds groups later.
//
// A subscription goes on if the family's module is unloaded and loaded again: it joins
// the new family's groups when nlctrl announces it, and yields [nlkit.ErrOverrun],
// since what happened in between was not heard. (It hears no more if the announcement
// itself is among what an overrun lost.) The group that nlctrl announces in is one of
// [nlkit.Subscription.Groups].
//
// Errors: [fs.ErrNotExist] if there is no such family, and if it has no such group,
// then as a [*GroupError] that lists those it has; [fs.ErrPermission] for a group
// that takes a privilege; [fs.ErrInvalid] if no group is given; those of
// [nlkit.Subscribe].
func Subscribe[T any](ctx context.Context, c *nlkit.Client, family string, groups []string, decode Decode[T], opts ...nlkit.SubscribeOption) (*nlkit.Subscription[Event[T]], error) {
	const op = "genl.Subscribe"
	req, err := checkGroups(op, family, groups, decode == nil)
	if err != nil {
		return nil, err
	}
	// What is announced from here on is heard: the family cannot be another one by
	// the time that its groups are joined without it being noticed.
	l := &listener{groups: groups}
	l.resolve = func() (Family, error) { return resolve(ctx, c, op, family) }
	listen := nlkit.Listen{Op: op, Object: quote(family), Protocol: announcements.Protocol, Groups: announcements.Groups}
	sub, err := nlkit.Subscribe(ctx, c, listen, eventDecoder(l, decode), opts...)
	if err != nil {
		return nil, err
	}
	l.join = sub.Join
	if _, err := l.follow(); err != nil {
		_ = sub.Close()
		return nil, req.Fail(err)
	}
	return sub, nil
}

// checkGroups refuses what cannot be heard of a family, and returns the request that
// errors are about.
func checkGroups(op, family string, groups []string, mute bool) (nlkit.Request, error) {
	req := nlkit.Request{Op: op, Describe: func([]byte) string { return quote(family) }}
	bad := badName(family)
	switch {
	case mute:
		bad = attr.Refuse("no function to decode events with")
	case len(groups) == 0:
		bad = attr.Refuse("no group to join")
	}
	if bad != nil {
		return req, req.Fail(bad)
	}
	return req, nil
}

// listener is the family that a subscription or a watch hears.
type listener struct {
	fam     Family
	gone    bool // it was there, and is not
	groups  []string
	resolve func() (Family, error)
	join    func(group uint32) error
}

// follow joins the groups of the family as it is now; moved tells that it is not the
// one that was known before. A family that was there and is gone is waited for.
func (l *listener) follow() (moved bool, err error) {
	fam, err := l.resolve()
	switch {
	case l.fam.ID != 0 && errors.Is(err, fs.ErrNotExist):
		l.gone = true
		return false, nil
	case err != nil || fam.ID == l.fam.ID && !l.gone:
		return false, err
	}
	for _, name := range l.groups {
		g, err := fam.Group(name)
		if err != nil {
			return false, err
		}
		if err := l.join(g.ID); err != nil {
			return false, err
		}
	}
	moved = l.fam.ID != 0
	l.fam, l.gone = fam, false
	return moved, nil
}

// announced takes in a message of nlctrl, and follows the family if that tells of it.
func (l *listener) announced(m nlkit.Message) (moved bool, err error) {
	var a announcement
	ok, err := decodeAnnouncement(m, &a)
	switch {
	case err != nil || !ok:
		return false, err
	case a.gone && a.ID == l.fam.ID:
		l.gone = true
	case !a.gone && a.Name == l.fam.Name:
		return l.follow()
	}
	return false, nil
}

// eventDecoder returns the function that takes in the messages of a subscription.
func eventDecoder[T any](l *listener, decode Decode[T]) nlkit.Decode[Event[T]] {
	return func(m nlkit.Message, e *Event[T]) (bool, error) {
		if m.Type != l.fam.ID {
			moved, err := l.announced(m)
			if moved {
				err = nlkit.ErrOverrun // what happened in between was not heard
			}
			return false, err
		}
		msg, err := l.fam.Parse(m)
		if err != nil {
			return false, err
		}
		*e = Event[T]{Command: msg.Command, Version: msg.Version, PortID: m.PortID, NSID: m.NSID}
		return decode(msg, &e.Object)
	}
}
