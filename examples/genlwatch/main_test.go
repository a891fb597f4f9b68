package main

import (
	"testing"

	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, familyAttrs)
	attrtest.RoundTrip(t, featuresAttrs)
	attrtest.Covers(t, familyAttrs)
	attrtest.Covers(t, featuresAttrs)
}
