package attr_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
)

func TestMillis64(t *testing.T) {
	type pauses struct {
		Short time.Duration
		Long  *time.Duration
	}
	table := attr.Table[pauses]{
		attr.Millis64(1, "SHORT", func(p *pauses) *time.Duration { return &p.Short }),
		attr.OptMillis64(2, "LONG", func(p *pauses) **time.Duration { return &p.Long }),
	}
	attrtest.RoundTrip(t, table)
	attrtest.Covers(t, table)
	b, err := table.Append(nil, &pauses{Short: 1500 * time.Microsecond, Long: new(time.Duration(0))})
	want := attr.AppendUint64(attr.AppendUint64(nil, 1, 2), 2, 0)
	if err != nil || string(b) != string(want) {
		t.Errorf("sent % x, %v, want % x", b, err, want)
	}
	if _, err := table.Append(nil, &pauses{Short: -1}); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a negative duration: %v", err)
	}
}
