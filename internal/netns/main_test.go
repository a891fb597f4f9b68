package netns_test

import (
	"os"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) {
	// Some tests run this binary as a program; it is then what helperEnv says.
	if mode := os.Getenv(helperEnv); mode != "" {
		helper(mode)
	}
	nstest.Main(m)
}
