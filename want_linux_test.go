package nlkit_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A field that cannot be is refused.
func TestWantRefused(t *testing.T) {
	c, _ := live(t)
	for _, tt := range []struct {
		field nlkit.Field
		ok    bool
	}{
		{nlkit.Field{Offset: 4, Size: 4, Value: 1<<32 - 1}, true},
		{nlkit.Field{Offset: 16, Attr: uapi.IFLA_OPERSTATE, Size: 1, Value: 255}, true},
		{nlkit.Field{}, false},
		{nlkit.Field{Size: 3}, false},
		{nlkit.Field{Size: 8}, false},
		{nlkit.Field{Size: 1, Value: 256}, false},
		{nlkit.Field{Size: 2, Value: 1 << 16}, false},
		{nlkit.Field{Size: 1, Offset: -1}, false},
		{nlkit.Field{Size: 1, Offset: 1 << 16}, false},
		{nlkit.Field{Size: 1, Attr: 1, Offset: 15}, false},
	} {
		sub, err := c.Listen(t.Context(), nlkit.Listen{Op: "test.Subscribe", Groups: []uint32{uapi.RTNLGRP_LINK},
			Wants: []nlkit.Want{{Types: []uint16{uapi.RTM_NEWLINK}, Where: []nlkit.Field{tt.field}}}})
		var e *nlkit.Error
		switch {
		case tt.ok && err == nil:
			_ = sub.Close()
		case tt.ok || !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &e) || e.Sent:
			t.Errorf("%+v: %v", tt.field, err)
		}
	}
}
