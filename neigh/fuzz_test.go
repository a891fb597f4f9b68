package neigh

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
)

// FuzzDecode wants no bytes to make the decoder panic, and an entry that it decodes
// to be what the table makes of it and to stay the same when it is sent and decoded
// again.
func FuzzDecode(f *testing.F) {
	messages := nstest.Recorded(f)
	for name := range golden {
		f.Add(messages[name])
	}
	for seed := range uint64(8) {
		n := sample(rand.New(rand.NewPCG(seed, 2)))
		f.Add(bytesOf(f, &n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var n, table, again Neighbour
		describe(b)
		if ok, err := anyDecoder().decode(b, &n); !ok || err != nil {
			return
		}
		if ok, err := decodeHeader(b, &table); !ok || err != nil {
			t.Fatal(err)
		}
		if attrs.Decode(b[headerLen:], &table) == nil && !reflect.DeepEqual(n, table) {
			t.Fatalf("by hand  %+v\nby table %+v", n, table)
		}
		_ = n.String()
		once, err := encode(&n)
		if err != nil {
			return // a kernel may say what it does not take
		}
		if ok, err := anyDecoder().decode(once, &again); !ok || err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := encode(&again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}

func FuzzAttributes(f *testing.F) {
	var seeds [][]byte
	messages := nstest.Recorded(f)
	for name := range golden {
		seeds = append(seeds, messages[name][headerLen:])
	}
	attrtest.Fuzz(f, attrs, seeds...)
}

func FuzzTable(f *testing.F) {
	messages := nstest.Recorded(f)
	attrtest.Fuzz(f, tableAttrs, messages["table"][tableHeaderLen:], messages["table_link"][tableHeaderLen:])
}
