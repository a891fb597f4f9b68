package link

import (
	"reflect"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
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
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		_, _ = decodeEvent(nlkit.Message{Type: uapi.RTM_NEWLINK, Data: b}, &e)
		describe(b)
		describeAdd(b)
		for off := range min(len(b), 64) {
			attr.Path(requestSchema{}, b, off)
		}
		var byHand, byTable Link
		if byHand.decodeFor(b, everything) != nil || decodeByTable(b, &byTable) != nil {
			return
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
