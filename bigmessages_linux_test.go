package nlkit_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A message of any length is read without loss: longer than the 32 KiB that a kernel fills
// in a list elsewhere, then longer than the buffer for replies and than an attribute can
// say, as that of a network card with many virtual functions is. More than the longest here
// does not fit the scripted kernel's buffer everywhere.
func TestMessagesOfAnyLength(t *testing.T) {
	small := make([]byte, 16)
	for _, tc := range []struct {
		size      int
		truncated bool
	}{{1_000, false}, {40_000, false}, {63_000, false}, {66_000, true}, {100_000, true}, {200_000, true}} {
		message := bytes.Repeat([]byte("0123456789abcde"), tc.size/15)
		client := func() (*nlkit.Client, *nlfake.Kernel) {
			return fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) [][]byte {
				r := reqs[0]
				if r.Header.Flags&netlink.Dump == 0 {
					return [][]byte{nlfake.Join(nlfake.Reply(r, uapi.RTM_NEWLINK, 0, message))}
				}
				item := func(data []byte) netlink.Message { return nlfake.Reply(r, uapi.RTM_NEWLINK, uapi.NLM_F_MULTI, data) }
				return [][]byte{nlfake.Join(item(small)), nlfake.Join(item(message)), nlfake.Join(item(small), nlfake.Done(r, 0, 0))}
			})
		}
		whole := func(how string, got []byte) {
			t.Helper()
			if !bytes.Equal(got[:min(len(message), len(got))], message) || len(got)-len(message) >= 4 {
				t.Errorf("%s: %d bytes of %d, or others", how, len(got), len(message))
			}
		}
		decode := func(m nlkit.Message, v *[]byte) (bool, error) {
			*v = bytes.Clone(m.Data)
			return true, nil
		}
		req := nlkit.Request{Op: "test.Read", Type: uapi.RTM_GETLINK, Data: make([]byte, 16)}
		ctx := t.Context()

		c, k := client()
		err := c.Query(ctx, req, func(m nlkit.Message) error {
			whole("got", m.Data)
			return nil
		})
		if err != nil {
			t.Errorf("%d: %v", tc.size, err)
		}
		if n := k.Dials(); n != 1 && !tc.truncated {
			t.Errorf("%d: %d sockets", tc.size, n)
		}

		c, _ = client()
		list, err := nlkit.List(ctx, c, req, decode)
		if err != nil || len(list) != 3 {
			t.Fatalf("%d: %d messages, %v", tc.size, len(list), err)
		}
		whole("listed", list[1])

		// What was yielded cannot be taken back: a stream says that it lost something,
		// and the next one does not.
		c, _ = client()
		for attempt := range 2 {
			n, last := 0, error(nil)
			for b, err := range nlkit.All(ctx, c, req, decode) {
				if last = err; err == nil {
					if n++; n == 2 {
						whole("streamed", b)
					}
				}
			}
			if lost := tc.truncated && attempt == 0; lost != errors.Is(last, nlkit.ErrTruncated) || !lost && (last != nil || n != 3) {
				t.Errorf("%d, attempt %d: %d messages, %v", tc.size, attempt, n, last)
			}
		}
	}
}
