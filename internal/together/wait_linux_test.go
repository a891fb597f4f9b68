package together_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
)

// A list that was interrupted is no reason to give up, nor to wait for an event.
func TestWaitAfterInterruptedList(t *testing.T) {
	c, _ := livetest.New(t)
	listen := nlkit.Listen{Op: "test.Wait", Object: "it", Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_LINK}}
	looks := 0
	got, err := nlkit.Wait(t.Context(), c, listen, nil, func(context.Context) (int, bool, error) {
		looks++
		if looks < 4 {
			return 0, false, nlkit.ErrDumpInterrupted
		}
		return 7, true, nil
	})
	if err != nil || got != 7 || looks != 4 {
		t.Errorf("got %d, %v after %d looks", got, err, looks)
	}

	// Its context ends it then, too, and its own errors do.
	ctx, cancel := context.WithCancel(t.Context())
	_, err = nlkit.Wait(ctx, c, listen, nil, func(context.Context) (int, bool, error) {
		cancel()
		return 0, false, nlkit.ErrDumpInterrupted
	})
	if e, ok := errors.AsType[*nlkit.Error](err); !errors.Is(err, context.Canceled) || !ok || e.Op != "test.Wait" || e.Object != "it" {
		t.Errorf("got %v", err)
	}
	own := errors.New("enough")
	if _, err = nlkit.Wait(t.Context(), c, listen, nil, func(context.Context) (int, bool, error) { return 0, false, own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

// Only relevant events are worth a look.
func TestWaitLooksAtRelevantEvents(t *testing.T) {
	c, _ := livetest.New(t)
	ctx := t.Context()
	looks, heard := 0, 0
	_, err := nlkit.Wait(ctx, c, nlkit.Listen{Op: "test.Wait", Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_LINK}},
		func(m nlkit.Message) bool {
			heard++
			return m.Type == uapi.RTM_DELLINK
		}, func(context.Context) (int, bool, error) {
			if looks++; looks > 1 {
				return 0, true, nil
			}
			if err := link.Add(ctx, c, "v0", &link.Veth{}); err != nil {
				return 0, false, err
			}
			return 0, false, link.Delete(ctx, c, link.Name("v0"))
		})
	if err != nil || looks != 2 || heard < 3 {
		t.Errorf("%v, %d looks, %d events", err, looks, heard)
	}
}

// Every event is seen before the next look, also behind one that is worth it.
func TestWaitSeesEveryEvent(t *testing.T) {
	c, _ := livetest.New(t)
	ctx := t.Context()
	looks, gone := 0, 0
	_, err := nlkit.Wait(ctx, c, nlkit.Listen{Op: "test.Wait", Protocol: uapi.NETLINK_ROUTE, Groups: []uint32{uapi.RTNLGRP_LINK}},
		func(m nlkit.Message) bool {
			if m.Type == uapi.RTM_DELLINK {
				gone++
			}
			return true
		}, func(context.Context) (int, bool, error) {
			if looks++; looks > 1 {
				return 0, true, nil
			}
			for range 3 {
				if err := link.Add(ctx, c, "v0", &link.Veth{}); err != nil {
					return 0, false, err
				}
				if err := link.Delete(ctx, c, link.Name("v0")); err != nil {
					return 0, false, err
				}
			}
			return 0, false, nil
		})
	if err != nil || looks != 2 || gone != 6 { // both ends of each pair
		t.Errorf("%v, %d looks, %d links gone", err, looks, gone)
	}
}
