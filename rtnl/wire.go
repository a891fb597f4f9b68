package rtnl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/nlkit/nlkit/attr"
)

// EncapTypeRow is the row of the attribute that says which encapsulation there
// is: RTA_ENCAP_TYPE or NHA_ENCAP_TYPE. It goes with an [EncapRow] for the same
// field. Whichever of the two attributes comes last decodes it.
func EncapTypeRow[T any](typ uint16, name string, field func(*T) *Encap) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			switch e := *field(v); {
			case e == nil:
				return b, nil
			case e.Type() == EncapNone:
				return b, attr.Refuse("an encapsulation without a type")
			default:
				return attr.AppendUint16(b, typ, uint16(e.Type())), nil
			}
		},
		func(p []byte, v *T) (err error) {
			if len(p) < 2 {
				return malformed("%d bytes, want 2", len(p))
			}
			kind := EncapType(binary.NativeEndian.Uint16(p))
			switch e := (*field(v)).(type) {
			case nil:
				*field(v) = &UnknownEncap{Kind: kind} // its data comes
			case *UnknownEncap:
				if e.Kind == EncapNone {
					*field(v), err = decodeEncap(kind, e.Data)
				}
			}
			return err
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = sampleEncap(r) })
}

// EncapRow is the row of the attribute that holds an encapsulation: RTA_ENCAP or
// NHA_ENCAP. typeAttr is the number of that which says its type.
func EncapRow[T any](typ uint16, name string, typeAttr uint16, field func(*T) *Encap) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			e := *field(v)
			if e == nil {
				return b, nil
			}
			b, start := attr.BeginNested(b, typ)
			b, err := e.appendData(b)
			if err != nil {
				return b, err
			}
			return attr.EndNested(b, start)
		},
		func(p []byte, v *T) (err error) {
			switch e := (*field(v)).(type) {
			case nil:
				*field(v) = &UnknownEncap{Data: append([]byte{}, p...)} // its type comes
			case *UnknownEncap:
				if e.Data == nil {
					*field(v), err = decodeEncap(e.Kind, p)
				}
			}
			return err
		}).Within(func(siblings []byte) attr.Schema {
		s := attr.Scan(siblings)
		for s.Next() {
			if s.Type() == typeAttr {
				return encapSchema(EncapType(s.Uint16()))
			}
		}
		return nil
	}).Sample(func(r *rand.Rand, v *T) { *field(v) = sampleEncap(r) })
}

// CheckEncap returns an error for an encapsulation that nothing new can be made
// with, though it may have been read: one of BPF programs, of which the kernel
// reports names, without their descriptors. path is the attribute that holds it,
// such as RTA_ENCAP, for the error, which matches [io/fs.ErrInvalid].
func CheckEncap(path string, e Encap) error {
	if c, ok := e.(interface{ check(path string) error }); ok {
		return c.check(path)
	}
	return nil
}

// decodeEncap reads an encapsulation from the payload of RTA_ENCAP.
func decodeEncap(typ EncapType, data []byte) (Encap, error) {
	codec, ok := encaps[typ]
	if ok {
		e, err := codec.decode(data)
		if !errors.Is(err, errForeign) {
			return e, err
		}
	}
	return &UnknownEncap{Kind: typ, Data: append([]byte{}, data...)}, nil
}

// errForeign says that there is more in an encapsulation than its struct can say.
var errForeign = errors.New("foreign")

// encapSchema returns the names of the attributes of an encapsulation, nil for one
// that is not known.
func encapSchema(typ EncapType) attr.Schema {
	if codec, ok := encaps[typ]; ok {
		return codec.schema
	}
	return nil
}

// sampleEncap returns an encapsulation at random that can be sent, for tests.
func sampleEncap(r *rand.Rand) Encap {
	typ := 1 + EncapType(r.IntN(len(encaps)+1))
	codec, ok := encaps[typ]
	if !ok {
		return &UnknownEncap{Kind: typ, Data: attr.AppendUint32([]byte{}, 1, r.Uint32())}
	}
	for {
		e := codec.sample(r)
		if _, err := e.appendData(nil); err == nil {
			return e
		}
	}
}

// LabelsRow is the row of an attribute that holds a stack of labels; an empty one
// is not sent.
func LabelsRow[T any](typ uint16, name string, field func(*T) *Labels) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			labels := *field(v)
			if len(labels) == 0 {
				return b, nil
			}
			p, err := labels.MarshalBinary()
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, typ, p), nil
		},
		func(p []byte, v *T) error { return field(v).UnmarshalBinary(p) }).Sample(func(r *rand.Rand, v *T) {
		labels := make(Labels, 1+r.IntN(3))
		for i := range labels {
			labels[i] = r.Uint32N(maxLabel + 1)
		}
		*field(v) = labels
	})
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", attr.ErrMalformed, fmt.Sprintf(format, args...))
}

func decimal[T ~uint8 | ~uint16 | ~uint32 | ~uint64](v T) string {
	return strconv.FormatUint(uint64(v), 10)
}
