package genl

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"reflect"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Watch follows the families that the client's network namespace has: first all that
// there are, then each that comes with its module or goes with it. See [nlkit.Watch].
// A family never changes; one that is registered again has another number, and is
// another one. To follow what a family has, see [ObjectSource].
//
// It takes no privilege. Errors: those of [nlkit.NewWatch].
func Watch(ctx context.Context, c *nlkit.Client) (*nlkit.Watch[Family], error) {
	return nlkit.NewWatch(ctx, c, Source())
}

// Source is what [Watch] is made of, for an [nlkit.Watcher] of several kinds of objects.
func Source() nlkit.Source[Family, key] {
	call := listFamilies
	call.Op = "genl.Watch"
	return nlkit.Source[Family, key]{
		Op: call.Op, Protocol: announcements.Protocol, Groups: announcements.Groups,
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[Family, error] {
			return call.All(ctx, c, controller, nil)
		},
		Event: decodeEvent,
		Key:   keyOf,
		Equal: func(a, b *Family) bool { return reflect.DeepEqual(a, b) },
		// A dump counts families, and goes on behind as many as it has sent: when one
		// of those goes, it leaves out another. (ctrl_dumpfamily)
		Tears: func(m nlkit.Message, _ bool) bool {
			a, ok, err := announced(m)
			return err == nil && ok && a.Command == uapi.CTRL_CMD_DELFAMILY
		},
	}
}

// key identifies a family. A number may be given to another one.
type key struct {
	id   uint16
	name [uapi.GENL_NAMSIZ]byte
}

func keyOf(f *Family) key {
	k := key{id: f.ID}
	copy(k.name[:], f.Name)
	return k
}

// decodeEvent decodes what nlctrl tells of a family.
func decodeEvent(m nlkit.Message, e *nlkit.Event[Family]) (bool, error) {
	msg, ok, err := announced(m)
	if !ok || err != nil {
		return false, err
	}
	e.Type = nlkit.Updated
	if msg.Command == uapi.CTRL_CMD_DELFAMILY {
		e.Type = nlkit.Deleted
	}
	e.Flags, e.PortID, e.NSID = m.Flags, m.PortID, m.NSID
	return true, familyAttrs.Decode(msg.Attrs, &e.Object)
}

// ObjectSource completes the source of objects that a family has: devices, peers,
// connections. Of s it takes Op, List, Key and Equal, and Match, Known, Fit, Suspect,
// Forget, Settle, Tears and Base where there are any; List is mostly a [Call.All] of
// the family's [Name]. The groups are those of the family that tell of the objects, by
// name. decode stores what they tell into the event's Object, and sets the event's Type
// to [nlkit.Deleted] if the object is gone. The source is for one watch:
//
//	src, err := genl.ObjectSource("netdev", []string{"mgmt"}, decode, nlkit.Source[Device, uint32]{
//		Op:    "netdev.Watch",
//		List:  func(ctx context.Context, c *nlkit.Client) iter.Seq2[Device, error] { return getDevices.All(ctx, c, genl.Name("netdev"), nil) },
//		Key:   func(d *Device) uint32 { return d.Index },
//		Equal: func(a, b *Device) bool { return *a == *b },
//	})
//	if err != nil {
//		return err
//	}
//	w, err := nlkit.NewWatch(ctx, c, src)
//
// The objects of a family go with its module. When it is loaded again, the watch joins
// its new groups and goes on with the objects that there are then.
//
// Errors: [fs.ErrInvalid] for a name that can be no family's, if there is no group, no
// decode, and no List, Key or Equal. NewWatch returns those of [Subscribe] as well.
func ObjectSource[T any, K comparable](family string, groups []string, decode Decode[nlkit.Event[T]], s nlkit.Source[T, K]) (nlkit.Source[T, K], error) {
	req, err := checkGroups(s.Op, family, groups, decode == nil)
	if err != nil {
		return nlkit.Source[T, K]{}, err
	}
	if s.List == nil || s.Key == nil || s.Equal == nil {
		return nlkit.Source[T, K]{}, req.Fail(attr.Refuse("a source without List, Key or Equal"))
	}
	w := &objects[T]{listener: listener{groups: groups}, req: req, list: s.List, more: s.Suspect}
	s.Protocol, s.Groups, s.Wants = announcements.Protocol, announcements.Groups, nil
	s.Join = func(ctx context.Context, c *nlkit.Client, join func(uint32) error) error {
		w.listener = listener{groups: groups, join: join}
		w.resolve = func() (Family, error) { return resolve(ctx, c, req.Op, family) }
		if _, err := w.follow(); err != nil {
			return req.Fail(err)
		}
		return nil
	}
	s.List, s.Suspect = w.all, w.suspect
	s.Event = func(m nlkit.Message, e *nlkit.Event[T]) (bool, error) {
		if m.Type != w.fam.ID || w.gone {
			return false, nil
		}
		msg, err := w.fam.Parse(m)
		if err != nil {
			return false, err
		}
		e.Type, e.Flags, e.PortID, e.NSID = nlkit.Updated, m.Flags, m.PortID, m.NSID
		return decode(msg, e)
	}
	return s, nil
}

// objects is what a watch of the objects of a family knows beside them.
type objects[T any] struct {
	listener
	req    nlkit.Request // what errors are about
	list   func(context.Context, *nlkit.Client) iter.Seq2[T, error]
	more   func(nlkit.Message) []nlkit.Suspicion[T]
	failed error // of the family's announcement
}

// all lists the objects. There are none while there is no family.
func (w *objects[T]) all(ctx context.Context, c *nlkit.Client) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		err := w.failed
		if err == nil && w.resolve != nil {
			_, err = w.follow() // an announcement may have been lost
		}
		if err != nil {
			yield(zero, w.req.Fail(err))
			return
		}
		if w.gone {
			return
		}
		for v, err := range w.list(ctx, c) {
			if w.resolve != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrReassigned)) {
				if moved, failed := w.follow(); failed != nil || moved || w.gone {
					err = nlkit.ErrDumpInterrupted
				}
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// suspect says that the objects go with their family, and that those of one that has
// come are not known.
func (w *objects[T]) suspect(m nlkit.Message) (s []nlkit.Suspicion[T]) {
	was := w.gone
	moved, err := w.announced(m)
	if err != nil {
		w.failed = err
	}
	if moved || w.gone && !was {
		s = append(s, nlkit.Suspicion[T]{Who: func(*T) bool { return true }, Gone: true})
	}
	if moved || err != nil {
		s = append(s, nlkit.Suspicion[T]{})
	}
	if w.more != nil {
		for _, more := range w.more(m) {
			if more.List != nil {
				more.List = w.some(more.List)
			}
			s = append(s, more)
		}
	}
	return s
}

// some is a list of some of the objects. The family may be gone by the time that it is
// taken, and then so are they; what is announced of it says what else there is to do.
func (w *objects[T]) some(list func(context.Context, *nlkit.Client) iter.Seq2[T, error]) func(context.Context, *nlkit.Client) iter.Seq2[T, error] {
	return func(ctx context.Context, c *nlkit.Client) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if w.gone {
				return
			}
			for v, err := range list(ctx, c) {
				if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrReassigned) {
					if fam, failed := w.resolve(); failed != nil || fam.ID != w.fam.ID {
						err = nlkit.ErrDumpInterrupted
					}
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}
