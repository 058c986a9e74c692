package receiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// Obey implements modules.Sink: it returns once the command is stored.
func (r *Receiver) Obey(ctx context.Context, line, source string) error {
	return r.ObeyAll(ctx, []string{line}, source)[0]
}

// ObeyAll implements modules.Bulk.
func (r *Receiver) ObeyAll(ctx context.Context, lines []string, source string) []error {
	out := make([]error, len(lines))
	reqs := make([]command.Request, len(lines))
	for i, line := range lines {
		reqs[i], out[i] = parse(line, source)
	}
	o, err := r.enter(ctx, reqs, source)
	for i := range reqs {
		if out[i] == nil {
			out[i] = err
		}
	}
	o.errs = out
	for i := range reqs {
		if out[i] == nil {
			o.obey(ctx, i, &reqs[i])
		}
		if refusal(out[i]) {
			r.refused.Inc()
		}
	}
	o.end(ctx)
	return out
}

// orders are commands that are given in one call.
type orders struct {
	r       *Receiver
	mark    claim
	waiting []request // by line; those that are waited for no more are empty
	errs    []error   // by line
	parcels []*parcel // of all
	leave   func()
}

// enter waits until there is room for commands. Without an error, end must follow.
func (r *Receiver) enter(ctx context.Context, reqs []command.Request, source string) (*orders, error) {
	size, source := r.sizeOfAll(reqs), strings.Clone(subscriber(source))
	o := &orders{r: r, mark: r.claim(), waiting: make([]request, len(reqs)), leave: func() {}}
	if err := r.orders.enter(ctx, source, size); err != nil {
		return o, fmt.Errorf("commands wait for others: %w", err)
	}
	o.leave = func() { r.orders.leave(source, size) }
	return o, nil
}

// sizeOfAll gives about how many bytes commands take, on the ways to all shards.
func (r *Receiver) sizeOfAll(reqs []command.Request) int {
	shards, size := 1, 0
	if b := r.book.Load(); b != nil {
		shards = max(len(b.commands), 1)
	}
	for i := range reqs {
		q := &reqs[i]
		one := 128 + len(q.Ref.Host) + len(q.Ref.Service) + len(q.Source)
		for _, arg := range q.Args {
			one += 16 + len(arg)
		}
		if q.Ref.Host == "" {
			one *= shards
		}
		size += one
	}
	return size
}

// obey puts a command on its way, or carries it out if it is for no shard: then it comes behind the commands before it.
func (o *orders) obey(ctx context.Context, i int, req *command.Request) {
	if engineWide(req) {
		o.wait(ctx, i)
		if req.Name == "PROCESS_FILE" { // its lines need room themselves
			o.leave()
			o.leave = func() {}
		}
		o.r.commands.Inc()
		o.errs[i] = o.r.engine(ctx, req)
		return
	}
	o.waiting[i], o.errs[i] = o.r.give(ctx, req, o.mark)
	o.parcels = append(o.parcels, o.waiting[i].parcels...)
}

// wait returns once the commands before a line are stored, or cannot be.
func (o *orders) wait(ctx context.Context, n int) {
	for i := range o.waiting[:n] {
		if err := o.waiting[i].wait(ctx); err != nil {
			o.errs[i] = err
		}
		o.waiting[i] = request{}
	}
}

// end waits for all, and takes back those that cannot be waited for.
func (o *orders) end(ctx context.Context) {
	o.wait(ctx, len(o.waiting))
	giveUp(o.parcels, o.mark, o.leave)
}

// request is a command on its way to some shards.
type request struct {
	name    string
	parcels []*parcel
}

// wait returns once the request is stored for every shard.
func (q *request) wait(ctx context.Context) error {
	for _, p := range q.parcels {
		if err := p.wait(ctx); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

func refusal(err error) bool {
	var no Refusal
	return errors.As(err, &no)
}

func parse(line, source string) (command.Request, error) {
	req, err := command.Parse(line, monitor.At(time.Now()))
	if err != nil {
		return req, Refusal{err.Error()}
	}
	req.Source = cut(source, strangerName)
	return req, nil
}

// engineWide says whether a command is for no shard.
func engineWide(req *command.Request) bool {
	return req.Scope() == command.ScopeEngine && req.Name != "LOG"
}

// give puts a command on its way to its shards. Commands of one caller for one shard keep their order, results that come as
// commands among them.
func (r *Receiver) give(ctx context.Context, req *command.Request, by claim) (request, error) {
	b, err := r.current(ctx)
	if err != nil {
		return request{}, err
	}
	shards, err := r.route(b, req)
	if err != nil {
		return request{}, err
	}
	r.commands.Inc()
	q := request{name: req.Name}
	for _, shard := range shards {
		q.parcels = append(q.parcels, b.commands[shard].add(req, by))
	}
	return q, nil
}

// route says which shards a command is for.
func (r *Receiver) route(b *book, req *command.Request) ([]monitor.Shard, error) {
	switch {
	case req.Scope() == command.ScopeResult:
		shard, ok := b.find(&req.Ref)
		if !ok {
			return nil, r.stray(b, req)
		}
		return []monitor.Shard{shard}, nil
	case req.Ref.Host != "":
		shard, ok := b.hosts[req.Ref.Host]
		if !ok {
			return nil, noHost(req)
		}
		return []monitor.Shard{shard}, nil
	case req.Name == "LOG":
		return []monitor.Shard{0}, nil // one line is enough
	}
	all := make([]monitor.Shard, b.shards)
	for i := range all {
		all[i] = monitor.Shard(i)
	}
	return all, nil
}

func noHost(req *command.Request) Refusal {
	return Refusal{fmt.Sprintf("%s: no host is called %q; see `onbu status` for the names", req.Name, req.Ref.Host)}
}

// notKnown is the refusal of a result that is for nobody.
type notKnown struct{ Refusal }

// Unwrap gives the refusal.
func (n notKnown) Unwrap() error { return n.Refusal }

// stray notes a result for an unknown host or service that came as a command, and says why it is refused.
func (r *Receiver) stray(b *book, req *command.Request) notKnown {
	s, ok := req.Submission()
	if !ok {
		s = req.Output()
	}
	r.unknownTo(&s)
	if _, ok := b.hosts[b.nameOf(req.Ref.Host)]; !ok {
		return notKnown{noHost(req)}
	}
	return notKnown{Refusal{fmt.Sprintf("%s: host %s has no service %q; see `onbu status` for the names", req.Name, req.Ref.Host, req.Ref.Service)}}
}

// Ask is Obey that waits for what the owners say: nil once the command was carried out and recorded, an error with
// their reason when they refused it, ErrStored when they did not answer in time. A bus that does not take the command
// within four seconds is an error too: whoever asks sits there and waits.
func (r *Receiver) Ask(ctx context.Context, line, source string) error {
	err := r.ask(ctx, line, source)
	if refusal(err) {
		r.refused.Inc()
	}
	return err
}

func (r *Receiver) ask(ctx context.Context, line, source string) error {
	req, err := parse(line, source)
	if err != nil {
		return err
	}
	storing, cancel := context.WithTimeoutCause(ctx, storeWait, errNotTaken)
	defer cancel()
	if _, err := r.current(storing); err != nil {
		return err
	}
	if engineWide(&req) {
		r.commands.Inc()
		return r.engine(ctx, &req)
	}
	req.ID = fmt.Sprintf("%s.%d", r.o.Boot, r.requests.Add(1))
	return r.verdict(ctx, req.ID, func() (int, error) {
		o, err := r.enter(storing, []command.Request{req}, source)
		if err != nil {
			return 0, err
		}
		q, err := r.give(storing, &req, o.mark)
		if err == nil {
			err = q.wait(storing)
		}
		giveUp(q.parcels, o.mark, o.leave)
		return len(q.parcels), err
	})
}

// verdict listens for what the owners say, stores the command and waits for the answers. A command for many shards
// is carried out when one of them could; it is refused when all refuse.
func (r *Receiver) verdict(ctx context.Context, id string, store func() (shards int, err error)) error {
	said := make(chan wire.Verdict, verdictsMost)
	stop, err := r.o.Bus.Subscribe(bus.Verdict(id), func(m bus.Msg) {
		var v wire.Verdict
		if wire.Unmarshal(m.Data, &v) == nil {
			select {
			case said <- v:
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	shards, err := store()
	if err != nil {
		return err
	}
	refused := ""
	limit := time.NewTimer(verdictWait)
	defer limit.Stop()
	for range shards {
		select {
		case v := <-said:
			if v.Refused == "" {
				return nil
			}
			refused = v.Refused
		case <-limit.C:
			return ErrStored
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return Refusal{refused}
}
