package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// What ends the subscriptions is what run returns.
func TestEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := run(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
