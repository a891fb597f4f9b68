// Package attrtest tests attribute tables: a subsystem defined with package attr
// gets its round-trip test, its fuzz target and the check that no field was
// forgotten from its tables, in one line each.
package attrtest

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/nlkit/nlkit/attr"
)

// RoundTrip fills every field that the table can send with random values, and
// fails t unless they come back from the wire as they were. It also checks the
// table's consistency.
func RoundTrip[T any](t testing.TB, table attr.Table[T]) {
	t.Helper()
	if err := table.Check(); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		var in, out T
		table.Fill(rand.New(rand.NewPCG(seed, 0)), &in)
		b, err := table.Append(nil, &in)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := table.Decode(b, &out); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("seed %d:\nsent     %+v\nreceived %+v", seed, in, out)
		}
	}
}

// Covers fails t for every exported field of T that no row of the table sends or
// reads, but for those named in except.
func Covers[T any](t testing.TB, table attr.Table[T], except ...string) {
	t.Helper()
	covered := map[string]bool{}
	for _, row := range table {
		for seed := range uint64(20) {
			var v T
			attr.Table[T]{row}.FillAll(rand.New(rand.NewPCG(seed, 0)), &v)
			rv := reflect.ValueOf(v)
			for i := range rv.NumField() {
				if !rv.Field(i).IsZero() {
					covered[rv.Type().Field(i).Name] = true
				}
			}
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if f.IsExported() && len(f.Index) == 1 && !covered[f.Name] && !slices.Contains(except, f.Name) {
			t.Errorf("no row for field %s of %s", f.Name, reflect.TypeFor[T]())
		}
	}
}

// Fuzz fuzzes the table's decoder: no bytes make it panic, and what it decodes and
// can send is stable, that is, decodes to bytes that encode the same. Seeds are
// values filled at random, and the given bytes.
func Fuzz[T any](f *testing.F, table attr.Table[T], seeds ...[]byte) {
	for seed := range uint64(4) {
		var v T
		table.Fill(rand.New(rand.NewPCG(seed, 0)), &v)
		if b, err := table.Append(nil, &v); err == nil {
			seeds = append(seeds, b, b[:len(b)/2])
		}
	}
	for _, b := range seeds {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for off := range min(len(b), 64) {
			attr.Path(table, b, off)
		}
		var v, again T
		if table.Decode(b, &v) != nil {
			return
		}
		once, err := table.Append(nil, &v)
		if err != nil {
			return // a kernel may say what it does not take: limits, odd text
		}
		if err := table.Decode(once, &again); err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := table.Append(nil, &again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}
