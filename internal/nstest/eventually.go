package nstest

import (
	"testing"
	"time"
)

// patience is how long Eventually waits. It does not decide whether a test passes: what
// is going to be so, is so much earlier.
const patience = 15 * time.Second

// Eventually asks again and again until nothing is missing any more, and fails with
// what is missing if that never comes.
func Eventually(t testing.TB, missing func() string) {
	t.Helper()
	what := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if what = missing(); what == "" {
			return
		}
	}
	t.Fatal(what)
}
