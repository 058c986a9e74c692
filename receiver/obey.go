package receiver

import (
	"context"
	"errors"
	"fmt"
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
	waiting := make([]request, len(lines))
	for i, line := range lines {
		req, err := parse(line, source)
		if err == nil && engineWide(&req) { // it comes behind the commands before it
			waitAll(ctx, waiting[:i], out)
			clear(waiting[:i])
			r.commands.Inc()
			err = r.engine(ctx, &req)
		} else if err == nil {
			waiting[i], err = r.give(ctx, &req)
		}
		if out[i] = err; refusal(err) {
			r.refused.Inc()
		}
	}
	waitAll(ctx, waiting, out)
	return out
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

func waitAll(ctx context.Context, all []request, out []error) {
	for i := range all {
		if err := all[i].wait(ctx); err != nil {
			out[i] = err
		}
	}
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
func (r *Receiver) give(ctx context.Context, req *command.Request) (request, error) {
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
		q.parcels = append(q.parcels, b.commands[shard].add(req))
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

// stray notes a result for an unknown host or service that came as a command, and says why it is refused.
func (r *Receiver) stray(b *book, req *command.Request) Refusal {
	s, ok := req.Submission()
	if !ok {
		s = req.Output()
	}
	r.unknownTo(&s)
	if _, ok := b.hosts[b.nameOf(req.Ref.Host)]; !ok {
		return noHost(req)
	}
	return Refusal{fmt.Sprintf("%s: host %s has no service %q; see `onbu status` for the names", req.Name, req.Ref.Host, req.Ref.Service)}
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
		q, err := r.give(storing, &req)
		if err == nil {
			err = q.wait(storing)
		}
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
