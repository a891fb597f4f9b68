package genl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/nlkit/nlkit"
)

// families is what a client knows of the families, and keeps true by what nlctrl
// announces. It is read when it is needed: no goroutine follows it.
type families struct {
	mu       sync.Mutex
	sub      *nlkit.Subscription[announcement] // nil until it is needed
	next     announcement                      // what is being taken in
	byName   map[string]Family
	policies map[uint16]*Policy // by the family's number

	events uint64           // announcements so far
	lost   uint64           // events when some were lost
	given  map[uint16]given // who got a number last
}

// given tells when a number was given to a family.
type given struct {
	name string
	at   uint64 // events, with this one
}

// announcement is one of nlctrl's: a family was registered, or unregistered.
type announcement struct {
	ID   uint16
	Name string
	gone bool
}

type familiesKey struct{}

// familiesOf returns what a client knows.
func familiesOf(c *nlkit.Client) *families {
	return c.Value(familiesKey{}, newFamilies).(*families)
}

func newFamilies() any {
	return &families{byName: map[string]Family{}, policies: map[uint16]*Policy{}, given: map[uint16]given{}}
}

// get returns a family, and how much had been announced by then.
func (f *families) get(ctx context.Context, c *nlkit.Client, op, name string) (fam Family, mark uint64, err error) {
	mark, err = f.keep(ctx, c, op,
		func() (ok bool) { fam, ok = f.byName[name]; return ok },
		func() (err error) { fam, err = resolve(ctx, c, op, name); return err },
		func() { f.byName[name] = fam })
	return fam, mark, err
}

// policy returns the policy of a family, empty if the kernel tells none.
func (f *families) policy(ctx context.Context, c *nlkit.Client, op string, fam Family) (p *Policy, err error) {
	_, err = f.keep(ctx, c, op,
		func() (ok bool) { p, ok = f.policies[fam.ID]; return ok },
		func() (err error) {
			p, err = policyOf(ctx, c, op, fam)
			if errors.Is(err, errors.ErrUnsupported) {
				p, err = new(Policy), nil
			}
			return err
		},
		func() { f.policies[fam.ID] = p })
	return p, err
}

// keep looks something up among what is known, else asks for it and stores it. It
// returns how much had been announced by then.
func (f *families) keep(ctx context.Context, c *nlkit.Client, op string, look func() bool, ask func() error, store func()) (mark uint64, err error) {
	for {
		f.mu.Lock()
		err := f.catchUp(ctx, c, op)
		mark := f.events
		if err != nil || look() {
			f.mu.Unlock()
			return mark, err
		}
		f.mu.Unlock()
		// The kernel may load a module for the answer, which takes its time: others
		// don't wait for it. An answer is believed if nothing was announced while it
		// was on its way.
		if err := ask(); err != nil {
			return 0, err
		}
		f.mu.Lock()
		err = f.catchUp(ctx, c, op)
		if err != nil || f.events == mark {
			if err == nil {
				store()
			}
			f.mu.Unlock()
			return mark, err
		}
		f.mu.Unlock()
	}
}

// confirm returns an error if the family's number has been given to another one since
// mark.
func (f *families) confirm(ctx context.Context, c *nlkit.Client, op string, fam Family, mark uint64) error {
	f.mu.Lock()
	err := f.catchUp(ctx, c, op)
	now, lost := f.given[fam.ID], f.lost > mark
	f.mu.Unlock()
	switch {
	case err != nil:
		return err
	case now.at > mark: // even if it is fam again: it may have been another in between
		return ErrReassigned
	case lost:
		// Whose the number is has to be asked, whether or not ctx has ended.
		now, err := resolve(context.WithoutCancel(ctx), c, op, fam.Name)
		switch {
		case err != nil:
			// As text, since it is not the error of the request, which was done: that
			// the family is gone now is no reason to send it again.
			return fmt.Errorf("%w: %s", ErrReassigned, err.Error())
		case now.ID != fam.ID:
			return ErrReassigned
		}
	}
	return nil
}

// forget makes the next call ask for a family again.
func (f *families) forget(fam Family) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byName, fam.Name)
	delete(f.policies, fam.ID)
}

// catchUp takes in what has been announced, for an operation that needs it. f is locked.
func (f *families) catchUp(ctx context.Context, c *nlkit.Client, op string) error {
	err := f.listen(ctx, c)
	if e, ok := errors.AsType[*nlkit.Error](err); ok {
		e := *e
		e.Op = op // and not that of the subscription, which is nobody's
		return &e
	}
	return err
}

func (f *families) listen(ctx context.Context, c *nlkit.Client) error {
	if f.sub == nil {
		// The subscription lives as long as the client, whose Close ends it.
		sub, err := nlkit.Subscribe(context.WithoutCancel(ctx), c, announcements, decodeAnnouncement)
		if err != nil {
			return err
		}
		f.sub = sub
		f.reset()
	}
	for {
		f.next = announcement{}
		ok, err := f.sub.TryRead(&f.next)
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			f.reset()
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			_ = f.sub.Close()
			f.sub = nil
			return err
		case !ok:
			return nil
		default:
			f.apply(f.next)
		}
	}
}

// reset forgets everything: announcements were lost.
func (f *families) reset() {
	clear(f.byName)
	clear(f.policies)
	f.events++
	f.lost = f.events
}

// apply forgets the families that an announcement contradicts.
func (f *families) apply(a announcement) {
	f.events++
	delete(f.policies, a.ID)
	for name, fam := range f.byName {
		other := fam.ID == a.ID && (a.gone || name != a.Name)
		moved := name == a.Name && fam.ID != a.ID && !a.gone
		if other || moved {
			delete(f.byName, name)
		}
	}
	if !a.gone {
		f.given[a.ID] = given{name: a.Name, at: f.events}
	}
}
