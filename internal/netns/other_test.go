//go:build !linux

package netns_test

import (
	"errors"
	"testing"

	"github.com/nlkit/nlkit/internal/netns"
)

const helperEnv = "NLKIT_NETNS_HELPER"

func helper(string) {}

func TestUnsupported(t *testing.T) {
	_, newErr := netns.New()
	_, currentErr := netns.Current()
	_, done, reexecErr := netns.Reexec()
	if done {
		t.Error("Reexec is done")
	}
	for name, err := range map[string]error{
		"New":        newErr,
		"Current":    currentErr,
		"Do":         netns.Do(nil, func() error { return nil }),
		"LoopbackUp": netns.LoopbackUp(nil),
		"Reexec":     reexecErr,
	} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
}
