//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, featuresAttrs)
	attrtest.RoundTrip(t, linkModesAttrs)
	attrtest.RoundTrip(t, ringsAttrs)
	attrtest.RoundTrip(t, stringSetsAttrs)
	attrtest.Covers(t, featuresAttrs)
	attrtest.Covers(t, linkModesAttrs)
	attrtest.Covers(t, ringsAttrs)
}

func FuzzFeatures(f *testing.F)   { attrtest.Fuzz(f, featuresAttrs) }
func FuzzStringSets(f *testing.F) { attrtest.Fuzz(f, stringSetsAttrs) }

// pair makes a veth in a namespace of its own.
func pair(t *testing.T) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := link.Add(t.Context(), c, "veth0", &link.Veth{Peer: link.NewPeer("veth1")}); err != nil {
		t.Fatal(err)
	}
	return c, ns
}

func TestDevice(t *testing.T) {
	c, _ := pair(t)
	ctx := t.Context()
	names, err := FeatureNames(ctx, c)
	if err != nil || !slices.Contains(names, "rx-gro") {
		t.Errorf("the features are %q, %v", names, err)
	}
	modes, err := GetLinkModes(ctx, c, "veth0")
	if err != nil || modes.Speed != 10000 || modes.Duplex.String() != "full" {
		t.Errorf("the modes are %s, %v", modes, err)
	}
	if _, err := GetRings(ctx, c, "veth0"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a veth has no rings, but: %v", err)
	}
	err = SetFeature(ctx, c, "veth0", "tx-teleport", true)
	const path = "ETHTOOL_A_FEATURES_WANTED.ETHTOOL_A_BITSET_BITS.ETHTOOL_A_BITSET_BITS_BIT.ETHTOOL_A_BITSET_BIT_NAME"
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Attr != path || e.Object != "veth0 tx-teleport" {
		t.Errorf("an unknown feature: %v", err)
	}
	if _, err := GetFeatures(ctx, c, "veth9"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unknown device: %v", err)
	}
}

// TestAgainstEthtool sets a feature there and reads it here, and the other way round.
func TestAgainstEthtool(t *testing.T) {
	c, ns := pair(t)
	ctx := t.Context()
	names, err := FeatureNames(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	const feature = "tx-checksum-ip-generic"
	for _, on := range []bool{false, true} {
		ns.Run(t, "ethtool", "-K", "veth0", feature, onOff[on])
		if got, err := GetFeatures(ctx, c, "veth0"); err != nil || got.Active.Has(feature) != on || got.Wanted.Has(feature) != on {
			t.Errorf("ethtool turned it %s, and here it is %+v, %v", onOff[on], got, err)
		}
	}
	for _, on := range []bool{false, true} {
		if err := SetFeature(ctx, c, "veth0", feature, on); err != nil {
			t.Fatal(err)
		}
		compare(t, c, ns, names)
	}
}

// compare holds all features that ethtool calls by the kernel's names against what
// is read here.
func compare(t *testing.T, c *nlkit.Client, ns *nstest.NS, names []string) {
	t.Helper()
	got, err := GetFeatures(t.Context(), c, "veth0")
	if err != nil {
		t.Fatal(err)
	}
	var devices []map[string]json.RawMessage
	if err := json.Unmarshal(ns.Run(t, "ethtool", "--json", "-k", "veth0"), &devices); err != nil || len(devices) != 1 {
		t.Fatal(devices, err)
	}
	compared := 0
	for _, name := range names {
		raw, ok := devices[0][name]
		if !ok {
			continue // one that ethtool has a word of its own for
		}
		var state struct{ Active, Fixed, Requested bool }
		if err := json.Unmarshal(raw, &state); err != nil {
			t.Fatal(name, err)
		}
		if got.Active.Has(name) != state.Active || got.Changeable(name) == state.Fixed || got.Wanted.Has(name) != state.Requested {
			t.Errorf("%s: ethtool says %+v; active %t, wanted %t, changeable %t", name, state,
				got.Active.Has(name), got.Wanted.Has(name), got.Changeable(name))
		}
		compared++
	}
	if compared < 20 {
		t.Errorf("only %d features compared", compared)
	}
}
