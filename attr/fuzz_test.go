package attr_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
)

func FuzzDecode(f *testing.F) { attrtest.Fuzz(f, allAttrs) }

func FuzzRecursive(f *testing.F) { attrtest.Fuzz(f, treeAttrs, deepTree(40)) }

func FuzzLayout(f *testing.F) {
	f.Add(make([]byte, cacheLayout.Size))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		var v cache
		if cacheLayout.Decode(b, &v) != nil {
			return
		}
		if once, err := cacheLayout.Append(nil, &v); err == nil && len(once) != cacheLayout.Size {
			t.Errorf("%d bytes", len(once))
		}
	})
}

// What stands behind the bytes that are decoded, in the same buffer, is not looked at.
func FuzzNothingBehindTheEnd(f *testing.F) {
	for seed := range uint64(4) {
		var v everything
		allAttrs.Fill(rand.New(rand.NewPCG(seed, 0)), &v)
		b, err := allAttrs.Append(nil, &v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-3])
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		whole := b[:len(b):len(b)]
		within := append(whole, bytes.Repeat([]byte{8, 0, 1, 0, 0xff, 0xff}, 20)...)[:len(b)]
		var v, w everything
		verr, werr := allAttrs.Decode(whole, &v), allAttrs.Decode(within, &w)
		if (verr == nil) != (werr == nil) || verr != nil && verr.Error() != werr.Error() || !reflect.DeepEqual(v, w) {
			t.Errorf("%v and %v\n%+v\n%+v", verr, werr, v, w)
		}
		if a, b := attr.Dump(allAttrs, whole), attr.Dump(allAttrs, within); a != b {
			t.Errorf("%s\n%s", a, b)
		}
		// The value holds on to nothing.
		for i := range whole {
			whole[i] ^= 0xff
		}
		if !reflect.DeepEqual(v, w) {
			t.Error("the value changes with the bytes that it was decoded from")
		}
	})
}
