package nlkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nlkit/nlkit/internal/nlconn"
)

// Batch collects requests and sends them together: many in a system call. It is a
// [Doer], so every function that writes fills it:
//
//	b := c.NewBatch()
//	for _, r := range routes {
//		if err := route.Add(ctx, b, r); err != nil {
//			return err // refused before anything is sent
//		}
//	}
//	err := b.Send(ctx) // a *BatchError names each item that the kernel refused
//
// The items are done in order and each by itself: one that is refused does not
// stop those behind it. A Batch is not safe for concurrent use.
type Batch struct {
	c    *Client
	reqs pile[Request]
}

// NewBatch returns an empty batch.
func (c *Client) NewBatch() *Batch { return &Batch{c: c} }

// Do queues a request. Nothing is sent, and ctx is only asked whether it has
// ended.
func (b *Batch) Do(ctx context.Context, r Request) error {
	if b == nil || b.c == nil || b.c.pool == nil {
		r.release()
		return r.Fail(errNilClient)
	}
	if ctx.Err() != nil {
		r.release()
		return r.Fail(nlconn.ContextError(ctx))
	}
	*b.reqs.push() = r
	return nil
}

// Len returns the number of queued requests.
func (b *Batch) Len() int { return b.reqs.n }

// Reset drops the queued requests without sending them.
func (b *Batch) Reset() {
	for i := range b.reqs.n {
		b.reqs.at(i).release()
	}
	b.reqs.clear()
}

// Send sends what is queued and empties the batch, which can then be filled again.
// It returns nil if every item was done, else a *[BatchError] with an *[Error] for
// each item that was not. When ctx ends, items that were not sent yet are not; the
// answers of those that were are read.
//
// An item whose error is one of ignore, as errors.Is has it, counts as done: among
// deletions what is gone already is no error with
//
//	err := b.Send(ctx, fs.ErrNotExist)
func (b *Batch) Send(ctx context.Context, ignore ...error) error {
	if b == nil || b.c == nil || b.c.pool == nil {
		return Request{Op: "nlkit.Batch.Send"}.Fail(errNilClient)
	}
	defer b.Reset()
	report := BatchError{Total: b.reqs.n}
	for start := 0; start < b.reqs.n; {
		end := start + 1
		for end < b.reqs.n && b.reqs.at(end).Protocol == b.reqs.at(start).Protocol {
			end++
		}
		b.sendRun(ctx, start, end, &report, ignore)
		start = end
	}
	if len(report.Failed) == 0 {
		return nil
	}
	slices.SortFunc(report.Failed, func(a, b BatchItem) int { return cmp.Compare(a.Index, b.Index) })
	return &report
}

// sendRun sends items of one protocol on one socket.
func (b *Batch) sendRun(ctx context.Context, start, end int, report *BatchError, ignore []error) {
	req := func(i int) *Request { return b.reqs.at(start + i) }
	var echoed map[int]bool
	var lookups []int
	done := func(i int, sent bool, err error) {
		switch {
		case err != nil:
			item := BatchItem{Index: start + i, Err: req(i).fail(nlconn.Result{Sent: sent}, err).(*Error)}
			if !slices.ContainsFunc(ignore, func(target error) bool { return errors.Is(item.Err, target) }) {
				report.Failed = append(report.Failed, item)
			}
		case req(i).Lookup != nil && !echoed[i]:
			lookups = append(lookups, i)
		}
	}
	wire := make([]nlconn.Request, 0, end-start)
	place := make([]int, 0, end-start) // of what is sent among the items
	for i := range end - start {
		r := req(i)
		if err := r.prepare(ctx, b.c); err != nil {
			done(i, false, err)
			continue
		}
		wire = append(wire, r.wire())
		place = append(place, i)
	}
	if len(wire) == 0 {
		return
	}
	// The run is traced and its socket leased as one operation; its items have
	// their own errors.
	run := Request{Op: "nlkit.Batch.Send", Protocol: req(0).Protocol}
	started := false
	err := b.c.with(ctx, &run, func(conn *nlconn.Conn) (nlconn.Result, error) {
		started = true
		conn.Batch(ctx, wire, func(i int, m nlconn.Message) error {
			i = place[i]
			if req(i).Reply == nil {
				return nil
			}
			took := false
			err := req(i).take(m, &took)
			if took {
				if echoed == nil {
					echoed = map[int]bool{}
				}
				echoed[i] = true
			}
			return err
		}, func(i int, warning string) {
			b.c.warn(ctx, req(place[i]), warning)
		}, func(i int, sent bool, err error) { done(place[i], sent, err) })
		return nlconn.Result{Sent: true}, nil
	})
	if !started {
		e, _ := errors.AsType[*Error](err)
		for _, i := range place {
			item := *e
			item.Op, item.Object = req(i).Op, ""
			if describe := req(i).Describe; describe != nil {
				item.Object = describe(req(i).Data)
			}
			done(i, false, &item)
		}
	}
	for _, i := range lookups {
		if err := req(i).Lookup(ctx, b.c); err != nil {
			done(i, true, err)
		}
	}
}

// BatchError is what [Batch.Send] returns when items were not done.
type BatchError struct {
	// Total is the number of items in the batch.
	Total int
	// Failed holds the items that were not done, in their order. Those not named
	// here are done.
	Failed []BatchItem
}

// BatchItem is one item that was not done.
type BatchItem struct {
	// Index is the item's place in the batch, from 0.
	Index int
	// Err says what became of it: refused by the kernel (Errno), not sent (Sent is
	// false), or sent with its answer lost (Err is [ErrOverrun]).
	Err *Error
}

// Error tells how many items failed and, of the first few, why.
func (e *BatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "batch: %d of %d failed", len(e.Failed), e.Total)
	for i, item := range e.Failed {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Failed)-i)
			break
		}
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		fmt.Fprintf(&b, "item %d: %v", item.Index, item.Err)
	}
	return b.String()
}

// Unwrap returns the items' errors: errors.Is finds what any of them is.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, item := range e.Failed {
		errs[i] = item.Err
	}
	return errs
}
