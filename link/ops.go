package link

import (
	"cmp"
	"context"
	"iter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// request is what all requests about links have in common.
func request(op string, typ, flags uint16) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ, Flags: flags,
		Header: headerLen, Schema: requestSchema{}, Describe: describe,
	}
}

// describing returns r with the name of what it is about, for what is refused
// before there is a message.
func describing(r nlkit.Request, object string) nlkit.Request {
	r.Describe = func([]byte) string { return object }
	return r
}

// Get returns one link. `ip -d link show NAME`
//
// It takes no privilege. The error is [io/fs.ErrNotExist] (ENODEV) if there is no such
// link, and [io/fs.ErrInvalid] for a selector that cannot be.
func Get(ctx context.Context, c *nlkit.Client, s Selector, opts ...GetOption) (Link, error) {
	return get(ctx, c, "link.Get", s, opts...)
}

func get(ctx context.Context, c *nlkit.Client, op string, s Selector, opts ...GetOption) (Link, error) {
	var q query
	for _, o := range opts {
		if o != nil {
			o.applyGet(&q)
		}
	}
	req := request(op, uapi.RTM_GETLINK, 0)
	if err := cmp.Or(s.check(), q.err); err != nil {
		return Link{}, describing(req, s.String()).Fail(err)
	}
	b := make([]byte, 0, 64)
	b = s.appendTo(b, header{})
	req.Data = q.appendCommon(b)
	var l Link
	err := c.Query(ctx, req, func(m nlkit.Message) error {
		l = Link{}
		return l.decodeFor(m.Data, q.reading)
	})
	if err != nil {
		return Link{}, err
	}
	return l, nil
}

// List returns all links, or those that the options match, in the order of their
// indexes or any other. `ip -d link show`
//
// It takes no privilege. The error is [nlkit.ErrDumpInterrupted] if the links
// changed each time that they were listed, and [io/fs.ErrInvalid] for options that
// cannot be.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Link, error) {
	req, q, err := listRequest("link.List", opts)
	if err != nil {
		return nil, err
	}
	return nlkit.List(ctx, c, req, q.decode)
}

// All yields all links, or those that the options match, as they come from the
// kernel. At most one error comes, and comes last: [nlkit.ErrDumpInterrupted] if
// links changed meanwhile, [io/fs.ErrInvalid] for options that cannot be.
//
// It takes no privilege.
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Link, error] {
	req, q, err := listRequest("link.All", opts)
	if err != nil {
		return func(yield func(Link, error) bool) { yield(Link{}, err) }
	}
	return nlkit.All(ctx, c, req, q.decode)
}

func listRequest(op string, opts []ListOption) (nlkit.Request, *query, error) {
	q := new(query)
	for _, o := range opts {
		if o != nil {
			o.applyList(q)
		}
	}
	req := request(op, uapi.RTM_GETLINK, 0)
	if q.err != nil {
		return req, nil, req.Fail(q.err)
	}
	var err error
	req.Data, err = q.appendTo(make([]byte, 0, 64))
	return req, q, req.Fail(err)
}

// Add makes a link. The name may contain one %d, for which the kernel puts the
// first free number. `ip link add NAME type KIND …`
//
// It takes CAP_NET_ADMIN. The error is [io/fs.ErrExist] if there is a link of this
// name or index, [errors.ErrUnsupported] if the kernel does not know the kind,
// [io/fs.ErrPermission] without the privilege, [io/fs.ErrNotExist] if a link or namespace
// that it refers to is not there, and [io/fs.ErrInvalid] for what is refused, by the
// kernel or before it is asked; [nlkit.Error.Attr] tells which.
func Add(ctx context.Context, d nlkit.Doer, name string, kind Kind, opts ...AddOption) error {
	req := request("link.Add", uapi.RTM_NEWLINK, uapi.NLM_F_CREATE|uapi.NLM_F_EXCL)
	c := change{name: name}
	for _, o := range opts {
		if o != nil {
			o.applyAdd(&c)
		}
	}
	c.info.kind = kind
	refused := func(err error) error { return describing(req, Name(name).String()).Fail(err) }
	if err := checkName("IFLA_IFNAME", name); err != nil {
		return refused(err)
	}
	if err := checkKind(kind); err != nil {
		return refused(err)
	}
	if err := c.check(); err != nil {
		return refused(err)
	}
	if err := c.checkEthernet(kind); err != nil {
		return refused(err)
	}
	release, err := c.openAll()
	if err == nil {
		req.Data, err = changeAttrs.Append(c.header().appendTo(nil), &c)
	}
	if err != nil {
		release()
		return refused(err)
	}
	req.Release, req.Describe = release, describeAdd
	if c.into != nil {
		c.readBack(&req)
	}
	return nlkit.Do(ctx, d, req)
}

// readBack makes a request return the link that it makes.
func (c *change) readBack(req *nlkit.Request) {
	into, made, port := c.into, Name(c.name), c.master != nil
	req.Lookup = func(ctx context.Context, client *nlkit.Client) error {
		l, err := get(ctx, client, "link.Add", made)
		if err == nil {
			*into = l
		}
		return err
	}
	req.Flags |= uapi.NLM_F_ECHO
	req.Reply = func(m nlkit.Message) error {
		if m.Type != uapi.RTM_NEWLINK {
			return nil
		}
		var l Link
		err := l.decode(m.Data, false)
		switch {
		case err != nil:
		case port: // the kernel tells of the link before it is one
			made, err = Index(l.Index), nlkit.ErrNoReply
		default:
			*into = l
		}
		return err
	}
}

// Set changes a link that exists: what the options say, and nothing else. The
// kernel does it step by step and leaves what is done when a step fails. `ip link
// set NAME …`
//
// It takes CAP_NET_ADMIN. The error is [io/fs.ErrNotExist] if there is no such link,
// or if a link or namespace that the options refer to is not there, [io/fs.ErrExist]
// if a new name is taken, [io/fs.ErrPermission] without the privilege,
// [errors.ErrUnsupported] if this link cannot do it, EBUSY if it cannot do it now,
// and [io/fs.ErrInvalid] for what is refused, by the kernel or before it is asked.
func Set(ctx context.Context, d nlkit.Doer, s Selector, opts ...SetOption) error {
	req := request("link.Set", uapi.RTM_SETLINK, 0)
	var c change
	for _, o := range opts {
		if o != nil {
			o.applySet(&c)
		}
	}
	refused := func(err error) error { return describing(req, s.String()).Fail(err) }
	if err := s.check(); err != nil {
		return refused(err)
	}
	if err := c.check(); err != nil {
		return refused(err)
	}
	if c.info.port != nil {
		if err := checkMaster(ctx, d, s, c.info.port); err != nil {
			return refused(err)
		}
	}
	if err := c.checkCut(ctx, d, s); err != nil {
		return refused(err)
	}
	if c.info != (linkInfo{}) {
		req.Type = uapi.RTM_NEWLINK // RTM_SETLINK leaves kind and port as they are
	}
	// The new name stands where the one that selects the link would; and to a
	// kernel before 5.18, RTM_NEWLINK with a name that is not there and a group means
	// all links of that group.
	if s.by != byIndex && (c.name != "" || req.Type == uapi.RTM_NEWLINK && c.group != nil) {
		var err error
		if s, err = resolve(ctx, d, req.Op, s); err != nil {
			return refused(err)
		}
	}
	release, err := c.openAll()
	if err == nil {
		req.Data, err = changeAttrs.Append(s.appendTo(nil, c.header()), &c)
	}
	if err != nil {
		release()
		return refused(err)
	}
	req.Release = release
	return nlkit.Do(ctx, d, req)
}

// checkMaster refuses settings of a port that are meant for a master of another kind:
// the kernel takes their attributes for those that have the same numbers there. It
// takes a client.
func checkMaster(ctx context.Context, d nlkit.Doer, s Selector, port Port) error {
	client, ok := d.(*nlkit.Client)
	if !ok {
		return nil
	}
	l, err := get(ctx, client, "link.Set", s)
	if err != nil {
		return err
	}
	if l.Port != nil && l.Port.Port() != port.Port() {
		return attr.Invalid(slaveKind, "the link is a port of a %s, not of a %s", l.Port.Port(), port.Port())
	}
	return nil
}

// checkCut refuses an address that is longer than those of the link: the kernel would
// cut it. It takes a client, and asks for the link only if the address is longer than
// those of Ethernet.
func (c *change) checkCut(ctx context.Context, d nlkit.Doer, s Selector) error {
	client, ok := d.(*nlkit.Client)
	if !ok || max(len(c.address), len(c.broadcast)) <= ethernetLen {
		return nil
	}
	l, err := get(ctx, client, "link.Set", s)
	if err != nil {
		return err
	}
	return c.checkAddressLen(len(l.Address))
}

// resolve turns a selector into one by index, which takes a client.
func resolve(ctx context.Context, d nlkit.Doer, op string, s Selector) (Selector, error) {
	if s.by == byIndex {
		return s, nil
	}
	client, ok := d.(*nlkit.Client)
	if !ok {
		return s, attr.Invalid("ifi_index", "in a batch this change takes a link that is selected by its index")
	}
	l, err := get(ctx, client, op, s)
	return Index(l.Index), err
}

// Delete deletes a link, and what depends on it: the other end of a pair, VLANs on
// top of it, addresses and routes. `ip link delete NAME`
//
// It takes CAP_NET_ADMIN. The error is [io/fs.ErrNotExist] if there is no such link,
// [io/fs.ErrPermission] without the privilege, [errors.ErrUnsupported] for hardware
// and the loopback, and [io/fs.ErrInvalid] for a selector that cannot be.
func Delete(ctx context.Context, d nlkit.Doer, s Selector) error {
	req := request("link.Delete", uapi.RTM_DELLINK, 0)
	if err := s.check(); err != nil {
		return describing(req, s.String()).Fail(err)
	}
	req.Data = s.appendTo(nil, header{})
	return nlkit.Do(ctx, d, req)
}

// AddAltName gives a link further names, of at most 127 bytes each. `ip link
// property add dev NAME altname ALTNAME`
//
// It takes CAP_NET_ADMIN and Linux 5.5. The error is [io/fs.ErrExist] if a link has
// such a name already, [io/fs.ErrNotExist] if there is no such link,
// [io/fs.ErrPermission] without the privilege, and [io/fs.ErrInvalid] for what is not a
// name. Names before one that is refused stay added.
func AddAltName(ctx context.Context, d nlkit.Doer, s Selector, names ...string) error {
	return altNames(ctx, d, request("link.AddAltName", uapi.RTM_NEWLINKPROP, uapi.NLM_F_CREATE|uapi.NLM_F_EXCL|uapi.NLM_F_APPEND), s, names)
}

// DeleteAltName takes alternative names from a link. `ip link property del dev
// NAME altname ALTNAME`
//
// It takes CAP_NET_ADMIN and Linux 5.5. The error is [io/fs.ErrNotExist] if there is
// no such link or it has no such name, [io/fs.ErrPermission] without the privilege,
// and [io/fs.ErrInvalid] for what is not a name.
func DeleteAltName(ctx context.Context, d nlkit.Doer, s Selector, names ...string) error {
	return altNames(ctx, d, request("link.DeleteAltName", uapi.RTM_DELLINKPROP, 0), s, names)
}

func altNames(ctx context.Context, d nlkit.Doer, req nlkit.Request, s Selector, names []string) error {
	refused := func(err error) error { return describing(req, s.String()).Fail(err) }
	if err := s.check(); err != nil {
		return refused(err)
	}
	if len(names) == 0 {
		return refused(attr.Invalid("IFLA_PROP_LIST", "no names"))
	}
	b, start := attr.BeginNested(s.appendTo(nil, header{}), uapi.IFLA_PROP_LIST)
	for _, n := range names {
		if err := checkAltName(n); err != nil {
			return refused(within("IFLA_PROP_LIST", err))
		}
		b = attr.AppendString(b, uapi.IFLA_ALT_IFNAME, n)
	}
	var err error
	if req.Data, err = attr.EndNested(b, start); err != nil {
		return refused(within("IFLA_PROP_LIST", err))
	}
	return nlkit.Do(ctx, d, req)
}
