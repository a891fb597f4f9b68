// Package nlkit is a client for Linux netlink: the way in which programs talk to
// the kernel about links, addresses, routes, generic netlink families, firewall
// logs and more.
//
// A [Client] is the one door to the kernel. The packages beside this one use it
// for one kind of object each: link, addr, route, neigh, rule, nexthop, genl and
// nflog. Their functions are verbs with the client as second argument:
//
//	c, err := nlkit.New()
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//
//	links, err := link.List(ctx, c, link.MatchKind("veth"))
//	err = link.Add(ctx, c, "vx0", &link.VXLAN{VNI: 42}, link.WithMTU(1450))
//	for r, err := range route.All(ctx, c, route.MatchTable(100)) { … }
//
// # Verbs
//
// Get gives exactly one object, and its absence is an error. List gives all of
// them, complete and consistent; All gives the same as a stream in constant
// memory. Add creates and refuses what exists; Replace creates or overwrites; Set
// changes what exists; Delete removes, Flush all that its options match. Lookup asks
// which way the kernel would send a packet. Subscribe gives events as they come;
// [Watch] gives the state, and keeps it true when events are lost. Functions called
// Wait… wait for one thing.
//
// Functions that read take a *Client. Functions that write take a [Doer], which
// is a *Client or a [Batch]: through a batch the same functions put many requests
// into few system calls. Flush and rule.Replace take a *Client, since they read first.
//
// # Contexts
//
// Every call takes a context. When it ends, a call that waits returns with the
// context's error, and the client goes on working: the socket whose exchange was
// cut short is closed, never used again. That error has the cause of
// [context.WithCancelCause] in its text and matches it by [errors.Is], but nothing
// that the cause wraps, which is about something else. A change that was sent is another
// matter: the kernel has decided on it by then, so its answer is read, and the
// caller learns what became of it. The one thing that no context can interrupt is
// the kernel itself, while it processes a request that waits for a lock of its
// own.
//
// # Errors
//
// What the kernel refuses is an *[Error] with the operation, the object, the
// errno, the kernel's own words and the attribute at fault. It matches the errno
// and the errors that Go programs ask for: [io/fs.ErrNotExist],
// [io/fs.ErrExist], [io/fs.ErrPermission], [io/fs.ErrInvalid],
// [errors.ErrUnsupported], [context.Canceled], [context.DeadlineExceeded] and
// [net.ErrClosed].
//
// # Network namespaces
//
// A client works in one network namespace for all its life: that of the thread
// which calls [New], or one given by [WithNetNS], [WithNetNSPath], [WithNetNSFD]
// or [WithNetNSPID]. No thread is left in another namespace.
//
// # Concurrency
//
// A Client is safe for concurrent use, and parallel calls run in parallel: it
// keeps a pool of sockets, each owned by one call at a time. A [Batch] belongs to one
// goroutine, and so does reading a [Subscription] or a [Watch], which any may close.
// No goroutine outlives the call that needed it, but that of link.OpenDirectory, which
// its Close ends; nothing is printed, and there is no global state.
package nlkit
