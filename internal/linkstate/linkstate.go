// Package linkstate remembers what messages about links have said of them, for those
// who watch what the kernel changes together with a link and does not tell.
package linkstate

import (
	"encoding/binary"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// headerLen is the length of struct ifinfomsg.
const headerLen = 16

// Link is what a message says of a link. The zero Link is one that is not known.
type Link struct {
	// Index is the link's index.
	Index int
	// Gone says that the link was deleted, or went to another namespace.
	Gone bool
	// Name is the link's name.
	Name string
	// Addr is the link-layer address, as a string of bytes.
	Addr string
	// Flags are those of the link, IFF_….
	Flags uint32
	// MTU is the link's, in bytes.
	MTU uint32
	// Master is the index of the link's master, 0 if it has none.
	Master int
}

// Up reports whether the link is up.
func (l Link) Up() bool { return l.Flags&uapi.IFF_UP != 0 }

// Carries reports whether two states of a link are the same for the routes and next
// hops that use it.
func (l Link) Carries(as Link) bool {
	const matter = uapi.IFF_UP | uapi.IFF_RUNNING | uapi.IFF_LOWER_UP
	return l.Index == as.Index && l.Gone == as.Gone && l.MTU == as.MTU && l.Flags&matter == as.Flags&matter
}

// Links are the links as messages told them last. The zero Links knows none.
type Links struct{ known map[int]Link }

// Take takes in a message of type typ: now is the link as it says, and old the link as
// it was told before. ok is false for a message that is not of a link, or tells only
// what it is as a port of a bridge.
func (l *Links) Take(typ uint16, data []byte) (old, now Link, ok bool) {
	now, family, ok := Decode(typ, data)
	if !ok || family != uapi.AF_UNSPEC {
		return Link{}, Link{}, false
	}
	old = l.known[now.Index]
	switch {
	case now.Gone:
		delete(l.known, now.Index)
	case l.known == nil:
		l.known = map[int]Link{now.Index: now}
	default:
		l.known[now.Index] = now
	}
	return old, now, true
}

// Forget forgets all links: messages were lost.
func (l *Links) Forget() { clear(l.known) }

// Decode returns what a message of type typ says of a link, and for which family it
// does: AF_BRIDGE for what it is as a port. ok is false for a message that does not
// describe one.
func Decode(typ uint16, data []byte) (l Link, family uint8, ok bool) {
	if typ != uapi.RTM_NEWLINK && typ != uapi.RTM_DELLINK || len(data) < headerLen {
		return Link{}, 0, false
	}
	l = Link{
		Index: int(int32(binary.NativeEndian.Uint32(data[4:]))),
		Gone:  typ == uapi.RTM_DELLINK,
		Flags: binary.NativeEndian.Uint32(data[8:]),
	}
	s := attr.Scan(data[headerLen:])
	for s.Next() {
		switch s.Type() {
		case uapi.IFLA_IFNAME:
			l.Name = s.String()
		case uapi.IFLA_ADDRESS:
			l.Addr = string(s.Bytes())
		case uapi.IFLA_MTU:
			l.MTU = s.Uint32()
		case uapi.IFLA_MASTER:
			l.Master = int(s.Uint32())
		case uapi.IFLA_WIRELESS: // an event of a driver, which has the name alone
			return Link{}, 0, false
		}
	}
	return l, data[0], s.Err() == nil
}
