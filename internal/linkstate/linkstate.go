// Package linkstate tells from the events of links what may have changed, without an
// event, of routes, next hops and rules that refer to them.
package linkstate

import (
	"encoding/binary"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const headerLen = 16 // struct ifinfomsg

// Links remembers what was last heard of each link. The zero value has heard nothing.
type Links struct{ last map[int]state }

// state is what decides over what refers to a link.
type state struct {
	flags, mtu uint32
	name       string
}

// Event is what a message tells of a link.
type Event struct {
	Index int
	// Gone says that the link was deleted.
	Gone bool
	// Name and OldName are the link's names, now and when it was last heard of.
	Name, OldName string
}

// Heard takes in a message. It returns false if it is not about a link, or about
// nothing that matters to others: all but the name, the MTU, and whether the link is up
// and has a carrier.
func (l *Links) Heard(typ uint16, b []byte) (e Event, ok bool) {
	if typ != uapi.RTM_NEWLINK && typ != uapi.RTM_DELLINK || len(b) < headerLen || b[0] != uapi.AF_UNSPEC {
		return e, false // of another family it is about a port of a bridge
	}
	e.Index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	now := state{flags: binary.NativeEndian.Uint32(b[8:]) & (uapi.IFF_UP | uapi.IFF_RUNNING | uapi.IFF_LOWER_UP)}
	last, known := l.last[e.Index]
	s := attr.Scan(b[headerLen:])
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_MTU:
			now.mtu = s.Uint32()
		case uapi.IFLA_IFNAME:
			if now.name = last.name; string(s.Text()) != last.name {
				now.name = s.String()
			}
		}
	}
	e.Name, e.OldName, e.Gone = now.name, last.name, typ == uapi.RTM_DELLINK
	if e.Gone {
		delete(l.last, e.Index)
		return e, true
	}
	if known && now == last {
		return e, false
	}
	if l.last == nil {
		l.last = map[int]state{}
	}
	l.last[e.Index] = now
	return e, true
}

// Forget is for when messages were lost.
func (l *Links) Forget() { clear(l.last) }
