package watchtest

import (
	"testing"

	"github.com/nlkit/nlkit"
)

// Unread starts a watch with room for less than a hundred events, and does not read it
// while change runs. It returns the next n changes that the watch tells then, and whether
// events were lost.
func Unread[T any, K comparable](t testing.TB, c *nlkit.Client, s nlkit.Source[T, K], n int, change func()) (told []nlkit.Change[T], lost bool) {
	t.Helper()
	w, err := nlkit.NewWatch(t.Context(), c, s, nlkit.WithEventBuffer(32<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	next := func() nlkit.Change[T] {
		ch, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	for next().Type != nlkit.Synced {
	}
	before := w.Stats().Overruns
	change()
	for range n {
		told = append(told, next())
	}
	return told, w.Stats().Overruns > before
}
