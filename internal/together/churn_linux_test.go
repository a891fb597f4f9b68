package together_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

// A list of links that is taken while others come and go holds each link that
// stays exactly once, or is refused as interrupted; never something in between
// without a word.
func TestLinkListUnderChurn(t *testing.T) {
	var interrupted atomic.Int64
	c, _ := live(t, nlkit.WithTrace(func(_ context.Context, tr nlkit.Trace) {
		if errors.Is(tr.Err, nlkit.ErrDumpInterrupted) {
			interrupted.Add(1)
		}
	}))
	const stay = 120 // several datagrams
	b := c.NewBatch()
	for i := range stay {
		if err := link.Add(t.Context(), b, fmt.Sprintf("stay%d", i), &link.Bridge{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(t.Context()); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var churn sync.WaitGroup
	defer churn.Wait()
	defer cancel()
	churn.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			name := fmt.Sprintf("churn%d", i%16)
			err := link.Add(ctx, c, name, &link.Bridge{})
			if i%16 < 8 || errors.Is(err, fs.ErrExist) {
				err = errors.Join(err, link.Delete(ctx, c, link.Name(name)))
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
				return
			}
		}
	})

	check := func(links []string) error {
		seen := map[string]int{}
		for _, name := range links {
			if strings.HasPrefix(name, "stay") {
				seen[name]++
			}
		}
		for name, n := range seen {
			if n != 1 {
				return fmt.Errorf("%s was listed %d times", name, n)
			}
		}
		if len(seen) != stay {
			return fmt.Errorf("%d of %d links were listed", len(seen), stay)
		}
		return nil
	}
	least := 50
	if testing.Short() {
		least = 5
	}
	lists, refused := 0, 0
	for i := 0; (i < least || interrupted.Load() == 0) && i < 2000; i++ {
		links, err := link.List(ctx, c)
		switch {
		case errors.Is(err, nlkit.ErrDumpInterrupted):
			refused++
			if links != nil {
				t.Fatal("a list beside an error")
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		lists++
		names := make([]string, len(links))
		for i, l := range links {
			names[i] = l.Name
		}
		if err := check(names); err != nil {
			t.Fatal(err)
		}
	}
	if interrupted.Load() == 0 {
		t.Error("no dump was interrupted: the test did not test that")
	}
	t.Logf("%d lists, %d refused, %d dumps interrupted", lists, refused, interrupted.Load())
}
