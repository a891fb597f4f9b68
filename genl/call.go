package genl

import (
	"context"
	"iter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

// Call is one command of a family, with the attributes of its request as fields of
// Req and those of its answer as fields of Resp. It is declared once, as a
// variable, and is safe for concurrent use. The commands of a family may share
// tables.
//
// A command that sends no attributes, or is answered by none, has struct{} in
// their place and no table.
type Call[Req, Resp any] struct {
	// Op is the operation in errors and traces, such as "nl80211.GetWiphy". The
	// default is the family's name and the command's number: "nl80211.1".
	Op string
	// Command is the command's number.
	Command uint8
	// Version is the version of the command. The default is the family's.
	Version uint8
	// Flags are further flags of the request, such as NLM_F_CREATE. NLM_F_REQUEST,
	// NLM_F_ACK and NLM_F_DUMP need not be given.
	Flags uint16
	// Request are the attributes of the request.
	Request attr.Table[Req]
	// Reply are the attributes of an answer. Others that it has are ignored.
	Reply attr.Table[Resp]

	// AppendHeader appends the family's own header to b, of exactly
	// [Family.HeaderSize] bytes. The default is zeros.
	AppendHeader func(b []byte, req *Req) []byte
	// DecodeHeader stores the family's own header in an answer, of
	// [Family.HeaderSize] bytes, which it must not keep. The default ignores it.
	DecodeHeader func(b []byte, resp *Resp) error
	// Check has each request compared with the kernel's own policy before it is sent:
	// what the kernel would refuse for its form is refused with the attribute's name
	// and the limit, as [Policy.Check] does. The policy is asked for once and kept
	// with the client as long as the family keeps its number. A kernel that tells no
	// policy checks nothing. In a batch the check is made when the batch is sent. The
	// default is false.
	Check bool
	// Describe returns what a request is about, for [nlkit.Error.Object]. It is
	// given the request without its header, and called only if there is an error.
	Describe func(req *Req) string

	answers bool // a Query is always answered, by a message or an error
}

// Do sends the command and waits for its acknowledgement, or queues it if d is a
// batch. nil for req is an empty request.
//
// Errors: [errors.ErrUnsupported] if the family has no such command,
// [fs.ErrPermission] without the privilege that it takes, [fs.ErrInvalid] for a
// value that is refused, by the kernel or before it is sent, [fs.ErrNotExist] and
// [ErrReassigned] for a family that is gone, and what the command itself says.
func (call Call[Req, Resp]) Do(ctx context.Context, d nlkit.Doer, fam Target, req *Req) error {
	r, a, err := call.request(fam, req, false)
	if err != nil {
		return err
	}
	if a.byName {
		r.Lookup = func(ctx context.Context, c *nlkit.Client) error { return a.sent(r, a.settle(ctx, c)) }
	}
	err = nlkit.Do(ctx, d, r)
	if c, ok := d.(*nlkit.Client); ok && a.again(ctx, c, err) {
		err = nlkit.Do(ctx, d, r)
	}
	return err
}

// Query sends the command and returns its answer, which is one message. nil for req
// is an empty request.
//
// Errors: [nlkit.ErrNoReply] if the command was done without an answer,
// [nlkit.ErrMalformed] and [attr.ErrMalformed] for an answer that cannot be
// decoded, and those of Do.
func (call Call[Req, Resp]) Query(ctx context.Context, c *nlkit.Client, fam Target, req *Req) (Resp, error) {
	var none Resp
	r, a, err := call.request(fam, req, false)
	if err != nil {
		return none, err
	}
	var resp Resp
	answered := false
	reply := func(m nlkit.Message) error {
		if answered || m.Type != a.fam.ID {
			return nil
		}
		answered = true
		return call.decode(a.fam, m, &resp)
	}
	ask := func() error { return c.Query(ctx, r, reply) }
	if !call.answers {
		// An acknowledgement is asked for as well: without it a command that answers
		// nothing would be waited for until ctx ends.
		r.Reply = reply
		ask = func() error { return c.Do(ctx, r) }
	}
	err = ask()
	if a.again(ctx, c, err) {
		err = ask()
	}
	if err == nil {
		err = a.settle(ctx, c)
	}
	if err == nil && !answered {
		err = nlkit.ErrNoReply
	}
	if err != nil {
		return none, a.sent(r, err)
	}
	return resp, nil
}

// List sends the command as a dump and returns all answers, complete and
// consistent: if the family says that they changed meanwhile, it is asked again.
// nil for req is an empty request.
//
// Errors: [nlkit.ErrDumpInterrupted] if they change all the time,
// [nlkit.ErrMalformed] and [attr.ErrMalformed] for an answer that cannot be
// decoded, and those of Do.
func (call Call[Req, Resp]) List(ctx context.Context, c *nlkit.Client, fam Target, req *Req) ([]Resp, error) {
	r, a, err := call.request(fam, req, true)
	if err != nil {
		return nil, err
	}
	list, err := nlkit.List(ctx, c, r, call.decoder(a))
	if a.again(ctx, c, err) {
		list, err = nlkit.List(ctx, c, r, call.decoder(a))
	}
	if err == nil {
		err = a.settle(ctx, c)
	}
	if err != nil {
		return nil, a.sent(r, err)
	}
	return list, nil
}

// All yields what List returns, one at a time as it comes. At most one error comes,
// and comes last: those of List, with [nlkit.ErrDumpInterrupted] after all answers
// if they changed meanwhile. Ranging again asks again. req must not be changed
// until then.
func (call Call[Req, Resp]) All(ctx context.Context, c *nlkit.Client, fam Target, req *Req) iter.Seq2[Resp, error] {
	return func(yield func(Resp, error) bool) {
		var none Resp
		r, a, err := call.request(fam, req, true)
		if err != nil {
			yield(none, err)
			return
		}
		for attempt := 0; ; attempt++ {
			yielded := false
			err = nil
			for v, failed := range nlkit.All(ctx, c, r, call.decoder(a)) {
				if err = failed; err != nil {
					break // it is the last
				}
				yielded = true
				if !yield(v, nil) {
					return
				}
			}
			if attempt > 0 || yielded || !a.again(ctx, c, err) {
				break
			}
		}
		if err == nil {
			err = a.settle(ctx, c)
		}
		if err != nil {
			yield(none, a.sent(r, err))
		}
	}
}

// request builds the message, or refuses to.
func (call *Call[Req, Resp]) request(target Target, req *Req, dump bool) (nlkit.Request, *aim, error) {
	if req == nil {
		req = new(Req)
	}
	a := &aim{version: call.Version}
	if target == nil {
		return nlkit.Request{}, nil, call.refuse(call.Op, req, attr.Refuse("no family"))
	}
	a.fam, a.byName = target.target()
	r, err := begin(call.Op, a.fam.Name, call.Command)
	if a.op = r.Op; err == nil && call.AppendHeader != nil {
		r.Data = call.AppendHeader(r.Data, req)
		a.own = len(r.Data) - headerLen
	}
	if err == nil {
		err = a.begin(&r)
	}
	if err == nil {
		r.Data, err = call.Request.Append(r.Data, req)
	}
	if err != nil {
		return nlkit.Request{}, nil, call.refuse(r.Op, req, err)
	}
	r.Flags, r.Schema = call.Flags, call.Request
	if call.Check {
		a.check = func(p *Policy, attrs []byte) error { return p.Check(call.Command, dump, attrs, call.Request) }
	}
	if a.byName || a.check != nil {
		r.Prepare = a.prepare
	}
	if describe := call.Describe; describe != nil {
		table := call.Request
		r.Describe = func(data []byte) string {
			// From the message, since the caller may have changed req since.
			var sent Req
			if len(data) < a.header || table.Decode(data[a.header:], &sent) != nil {
				return ""
			}
			return describe(&sent)
		}
	}
	return r, a, nil
}

// refuse returns err as that of a request that was not sent.
func (call *Call[Req, Resp]) refuse(op string, req *Req, err error) error {
	r := nlkit.Request{Op: op}
	if describe := call.Describe; describe != nil {
		r.Describe = func([]byte) string { return describe(req) }
	}
	return r.Fail(err)
}

// decoder returns the function that takes in the messages of a dump.
func (call *Call[Req, Resp]) decoder(a *aim) nlkit.Decode[Resp] {
	return func(m nlkit.Message, v *Resp) (bool, error) {
		if m.Type != a.fam.ID {
			return false, nil
		}
		return true, call.decode(a.fam, m, v)
	}
}

// decode stores one answer.
func (call *Call[Req, Resp]) decode(fam Family, m nlkit.Message, v *Resp) error {
	msg, err := fam.Parse(m)
	if err != nil {
		return err
	}
	if call.DecodeHeader != nil {
		if err := call.DecodeHeader(msg.Header, v); err != nil {
			return err
		}
	}
	return call.Reply.Decode(msg.Attrs, v)
}
