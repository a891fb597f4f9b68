package link

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// FuzzDecodeLink decodes what is left of real messages: no bytes make it panic, and
// what both decoders take they take for the same.
func FuzzDecodeLink(f *testing.F) {
	for _, b := range fixtures(f) {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add(wholeMessage(f))
	f.Add(attr.AppendUint64(header{}.appendTo(nil), uapi.IFLA_LINK_NETNSID, 1<<40)) // wider than any kernel sends it
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		_, _ = decodeEvent(nlkit.Message{Type: uapi.RTM_NEWLINK, Data: b}, &e)
		describe(b)
		describeAdd(b)
		for off := range min(len(b), 64) {
			attr.Path(requestSchema{}, b, off)
		}
		var byHand, byTable Link
		if byHand.decodeFor(b, everything) != nil || decodeByTable(b, &byTable) != nil || len(b) > longest {
			return // the table knows nothing of lengths that do not fit
		}
		for _, l := range []*Link{&byHand, &byTable} {
			for i := range l.Unknown {
				l.Unknown[i].Type &= 0x3fff
			}
		}
		if !reflect.DeepEqual(byHand, byTable) {
			t.Errorf("by hand\n%+v\nby table\n%+v", byHand, byTable)
		}
		// What was read of a kind can be sent, or is refused.
		if byHand.Kind != nil {
			_, _ = infoAttrs.Append(nil, &linkInfo{kind: byHand.Kind, port: byHand.Port})
		}
	})
}

// FuzzVF decodes what is left of virtual functions, and sends what it took.
func FuzzVF(f *testing.F) {
	attrtest.Fuzz(f, vfInfoAttrs, plainVF(1), fullVF(2))
}

// FuzzLongVFList decodes messages that are longer than an attribute can say.
func FuzzLongVFList(f *testing.F) {
	for _, n := range []int{330, 340, 400} {
		f.Add(cardWith(n, plainVF), uint32(0), uint32(0))
		f.Add(cardWith(n, plainVF), uint32(80), uint32(1<<31))
	}
	f.Fuzz(func(t *testing.T, b []byte, at, bits uint32) {
		if len(b) >= 8 {
			at %= uint32(len(b) - 4)
			binary.NativeEndian.PutUint32(b[at:], binary.NativeEndian.Uint32(b[at:])^bits)
		}
		var l Link
		if l.decode(b, true) == nil && len(l.VFs) > len(b)/4 {
			t.Errorf("%d functions in %d bytes", len(l.VFs), len(b))
		}
	})
}
