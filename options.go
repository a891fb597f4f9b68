package nlkit

import (
	"context"
	"log/slog"
	"time"

	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nlconn"
)

// Option changes what [New] makes.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// config is what the options fill in; New checks it once all have run.
type config struct {
	ns                      []netns.Ref
	lenient, capAck         bool
	readBuffer, writeBuffer int
	maxIdle                 int
	retries                 int
	logger                  *slog.Logger
	trace                   func(context.Context, Trace)
	pool                    func(*nlconn.Config) // tests put a scripted kernel here
}

// WithNetNS makes the client work in the network namespace that `ip netns add`
// made under this name (/run/netns/NAME, or /var/run/netns/NAME). Entering a
// namespace takes CAP_SYS_ADMIN. [New] returns an error that is
// [io/fs.ErrNotExist] if there is none.
func WithNetNS(name string) Option {
	return option(func(c *config) { c.ns = append(c.ns, netns.Ref{Name: name}) })
}

// WithNetNSPath makes the client work in the network namespace at path, such as
// "/proc/42/ns/net". Entering a namespace takes CAP_SYS_ADMIN.
func WithNetNSPath(path string) Option {
	return option(func(c *config) { c.ns = append(c.ns, netns.Ref{Path: path}) })
}

// WithNetNSFD makes the client work in the network namespace that the file
// descriptor fd is open on. The client keeps a duplicate: fd may be closed after
// New. Entering a namespace takes CAP_SYS_ADMIN.
func WithNetNSFD(fd int) Option {
	return option(func(c *config) { c.ns = append(c.ns, netns.RefFD(fd)) })
}

// WithNetNSPID makes the client work in the network namespace of the process pid.
// Entering a namespace takes CAP_SYS_ADMIN.
func WithNetNSPID(pid int) Option {
	return option(func(c *config) { c.ns = append(c.ns, netns.RefPID(pid)) })
}

// WithReadBuffer sets the kernel's receive buffer of every socket, in bytes
// (SO_RCVBUFFORCE with CAP_NET_ADMIN in the first user namespace, else SO_RCVBUF,
// which the system cuts silently to net.core.rmem_max). The default is the system's for
// requests and 4 MiB for subscriptions.
func WithReadBuffer(bytes int) Option {
	return option(func(c *config) { c.readBuffer = bytes })
}

// WithWriteBuffer sets the kernel's send buffer of every socket, in bytes
// (SO_SNDBUFFORCE, else SO_SNDBUF). One request must fit in it; a batch is sent in as
// many parts as it takes. The default is the system's.
func WithWriteBuffer(bytes int) Option {
	return option(func(c *config) { c.writeBuffer = bytes })
}

// WithStrict says whether the kernel is to check dump requests strictly
// (NETLINK_GET_STRICT_CHK, Linux 4.20), which lets it filter. The default is
// true; on a kernel without it everything works the same, only slower.
func WithStrict(on bool) Option {
	return option(func(c *config) { c.lenient = !on })
}

// WithCapAck asks the kernel not to repeat a request that it refuses in its
// answer (NETLINK_CAP_ACK, Linux 4.3), which saves receive buffer with large
// requests. The default is false.
func WithCapAck(on bool) Option {
	return option(func(c *config) { c.capAck = on })
}

// WithMaxIdle sets how many unused sockets are kept open for each protocol. The
// default is 4; 0 opens a socket for every call.
func WithMaxIdle(n int) Option {
	return option(func(c *config) { c.maxIdle = n })
}

// WithDumpRetries sets how often List asks again when the kernel reports that
// what it listed changed meanwhile, before it returns [ErrDumpInterrupted]. The
// default is 10, with pauses that grow from 1 ms to 64 ms.
func WithDumpRetries(n int) Option {
	return option(func(c *config) { c.retries = n })
}

// WithLogger sets where the client logs: warnings that the kernel attaches to
// requests it accepts, of a batch to the last one of each part that is sent at once, and
// retried dumps. By default nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return option(func(c *config) { c.logger = l })
}

// WithTrace sets a function that is called at the end of every operation, on the
// goroutine that called it: for metrics. What is done with a [Subscription] is not an
// operation. It must not use the client, nor a watch of it.
func WithTrace(f func(context.Context, Trace)) Option {
	return option(func(c *config) { c.trace = f })
}

// Trace is what one operation took.
type Trace struct {
	// Op is the package and verb: "route.List".
	Op string
	// Duration is the time from the call to its end. For a stream that includes
	// the time its consumer took.
	Duration time.Duration
	// Retries is how often this dump was started before: a List that is
	// interrupted is traced once for each pass.
	Retries int
	// Sent and Received are bytes on the socket.
	Sent, Received uint64
	// Overruns is how often the kernel dropped answers because the socket's
	// receive buffer was full.
	Overruns uint64
	// Err is the error that the caller gets.
	Err error
}
