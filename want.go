package nlkit

import (
	"math"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nlconn"
)

// Want is a kind of messages that a subscription or a watch receives: those of some
// types in which each of some fields has its value. The kernel drops the others before
// they take room in the receive buffer and the time of whoever reads (by a socket
// filter, which takes no privilege); what it leaves is looked at again.
type Want struct {
	// Types are the types of the messages: RTM_NEWROUTE, …. Those below
	// NLMSG_MIN_TYPE (16), by which the kernel controls the socket, need not be named.
	Types []uint16
	// Where are the fields. None is all messages of the types.
	Where []Field
}

// Field is a number in a message, in the host's byte order. A message that lacks it, or
// has one of another size, fits.
type Field struct {
	// Offset is where in [Message.Data] it is, in bytes. For an attribute it is where
	// the first one is: the length of the header, which is a multiple of four.
	Offset int
	// Attr is the type of the attribute that it is, 0 if it is part of the header.
	Attr uint16
	// Size is how long it is: 1, 2 or 4 bytes.
	Size int
	// Value is what it is.
	Value uint32
}

// check refuses what cannot be a field.
func (f Field) check() error {
	switch {
	case f.Size != 1 && f.Size != 2 && f.Size != 4:
		return attr.Refuse("a field of %d bytes: 1, 2 or 4 can be looked at", f.Size)
	case f.Offset < 0 || f.Offset > math.MaxUint16:
		return attr.Refuse("a field at offset %d", f.Offset)
	case f.Attr != 0 && f.Offset%4 != 0:
		return attr.Refuse("attributes from offset %d, which is no multiple of 4", f.Offset)
	case f.Size < 4 && f.Value >= 1<<(8*f.Size):
		return attr.Refuse("a field of %d bytes that is %d", f.Size, f.Value)
	}
	return nil
}

// listenFor returns what a socket is to receive.
func listenFor(wants []Want) ([]nlconn.Want, error) {
	if wants == nil {
		return nil, nil
	}
	list := make([]nlconn.Want, len(wants))
	for i, w := range wants {
		list[i].Types = w.Types
		for _, f := range w.Where {
			if err := f.check(); err != nil {
				return nil, err
			}
			list[i].Where = append(list[i].Where, nlconn.Field(f))
		}
	}
	return list, nil
}
