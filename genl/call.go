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
	// Describe returns what a request is about, for [nlkit.Error.Object]. It is
	// given the request without its header, and called only if there is an error.
	Describe func(req *Req) string
}

// Do sends the command and waits for its acknowledgement, or queues it if d is a
// batch. nil for req is an empty request.
//
// Errors: [errors.ErrUnsupported] if the family has no such command,
// [fs.ErrPermission] without the privilege that it takes, [fs.ErrInvalid] for a
// value that is refused, by the kernel or before it is sent, and what the command
// itself says.
func (call Call[Req, Resp]) Do(ctx context.Context, d nlkit.Doer, fam Family, req *Req) error {
	r, err := call.request(fam, req)
	if err != nil {
		return err
	}
	return nlkit.Do(ctx, d, r)
}

// Query sends the command and returns its answer, which is one message. nil for req
// is an empty request.
//
// Errors: [nlkit.ErrNoReply] if the command was done without an answer,
// [nlkit.ErrMalformed] and [attr.ErrMalformed] for an answer that cannot be
// decoded, and those of Do.
func (call Call[Req, Resp]) Query(ctx context.Context, c *nlkit.Client, fam Family, req *Req) (Resp, error) {
	var none Resp
	r, err := call.request(fam, req)
	if err != nil {
		return none, err
	}
	// An acknowledgement is asked for as well: without it a command that answers
	// nothing would be waited for until ctx ends.
	var resp Resp
	answered := false
	r.Reply = func(m nlkit.Message) error {
		if answered || m.Type != fam.ID {
			return nil
		}
		answered = true
		return call.decode(fam, m, &resp)
	}
	if err := c.Do(ctx, r); err != nil {
		return none, err
	}
	if !answered {
		e := &nlkit.Error{Op: r.Op, Sent: true, Err: nlkit.ErrNoReply}
		if r.Describe != nil {
			e.Object = r.Describe(r.Data)
		}
		return none, e
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
func (call Call[Req, Resp]) List(ctx context.Context, c *nlkit.Client, fam Family, req *Req) ([]Resp, error) {
	r, err := call.request(fam, req)
	if err != nil {
		return nil, err
	}
	return nlkit.List(ctx, c, r, call.decoder(fam))
}

// All yields what List returns, one at a time as it comes. At most one error comes,
// and comes last: those of List, with [nlkit.ErrDumpInterrupted] after all answers
// if they changed meanwhile. Ranging again asks again. req must not be changed
// until then.
func (call Call[Req, Resp]) All(ctx context.Context, c *nlkit.Client, fam Family, req *Req) iter.Seq2[Resp, error] {
	return func(yield func(Resp, error) bool) {
		r, err := call.request(fam, req)
		if err != nil {
			var none Resp
			yield(none, err)
			return
		}
		nlkit.All(ctx, c, r, call.decoder(fam))(yield)
	}
}

// request builds the message, or refuses to.
func (call *Call[Req, Resp]) request(fam Family, req *Req) (nlkit.Request, error) {
	if req == nil {
		req = new(Req)
	}
	r, err := fam.begin(call.Op, call.Command, call.Version)
	if err == nil && call.AppendHeader != nil {
		r.Data = call.AppendHeader(r.Data, req)
	}
	if err == nil {
		err = fam.endHeader(&r)
	}
	if err == nil {
		r.Data, err = call.Request.Append(r.Data, req)
	}
	if err != nil {
		return nlkit.Request{}, call.refuse(r.Op, req, err)
	}
	r.Flags, r.Schema = call.Flags, call.Request
	if describe := call.Describe; describe != nil {
		table, header := call.Request, r.Header
		r.Describe = func(data []byte) string {
			// From the message, since the caller may have changed req since.
			var sent Req
			if len(data) < header || table.Decode(data[header:], &sent) != nil {
				return ""
			}
			return describe(&sent)
		}
	}
	return r, nil
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
func (call *Call[Req, Resp]) decoder(fam Family) nlkit.Decode[Resp] {
	return func(m nlkit.Message, v *Resp) (bool, error) {
		if m.Type != fam.ID {
			return false, nil
		}
		return true, call.decode(fam, m, v)
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
