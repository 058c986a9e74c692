package chronicle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func deedOf(d *wire.Deed) api.Deed {
	return api.Deed{Time: d.Time.Unix(), Node: d.Node, Role: d.Role, Kind: d.Kind, About: d.About, Why: d.Why}
}

// Query says which entries are wanted.
type Query struct {
	// Since is the oldest wanted; 0 for all that are there.
	Since monitor.Time
	// Node and Role are those wanted; empty for every one.
	Node, Role string
	// Kinds are those wanted; none for every one.
	Kinds []string
	// After is the place behind which reading begins, as Deed.Seq; 0 for the first that is there.
	After uint64
	// Follow goes on with what is written from now on.
	Follow bool
}

// Check refuses what no entry can have: an empty list would look as if nothing had happened.
func (q *Query) Check() error {
	kinds := slices.Sorted(slices.Values(monitor.DeedKinds()))
	for _, kind := range q.Kinds {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("no entry is of the kind %s; there are %s", kind, strings.Join(kinds, ", "))
		}
	}
	roles := []string{"bus"}
	for _, r := range bus.Roles() {
		if r != bus.Operator {
			roles = append(roles, string(r))
		}
	}
	if q.Role != "" && !slices.Contains(roles, q.Role) {
		return fmt.Errorf("no role is called %s; there are %s", q.Role, strings.Join(roles, ", "))
	}
	return nil
}

func (q *Query) wants(d *wire.Deed) bool {
	return d.Time >= q.Since && (q.Node == "" || d.Node == q.Node) && (q.Role == "" || d.Role == q.Role) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, d.Kind))
}

// ParseKinds reads kinds as people write them: shard-taken,shard-lost.
func ParseKinds(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// slack is how far the clock of a node may be before that of the bus without its entries being passed over.
const slack = 10 * time.Minute

// errEnd ends reading at the newest message.
var errEnd = errors.New("all is read")

// patience is how long the bus may give nothing of a log that it has not given to its end.
const patience = 8 * time.Second

// Read gives the entries that are wanted, as they were stored: each node's in order. It returns when all that were there are given, or
// with Follow when ctx ends; then without an error. An error of each ends it and is returned. Without Follow it is an error, a bus.Away, when
// the bus falls silent meanwhile.
func Read(ctx context.Context, c bus.Conn, q Query, each func(api.Deed) error) error {
	measuring, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	extent, err := c.Extent(measuring, bus.LOG, 0)
	if plain := bus.Plain(c, err); plain != nil {
		if _, away := errors.AsType[*bus.Away](plain); away {
			return fmt.Errorf("the cluster log cannot be read: %w", plain)
		}
		return fmt.Errorf("the cluster log cannot be read; an arbiter makes it when it first starts: %w", err)
	}
	r := reader{q: q, each: each, until: extent.Last}
	if (extent.First > extent.Last || extent.Last <= q.After) && !q.Follow {
		return nil
	}
	return r.all(ctx, c)
}

// all reads to the end.
func (r *reader) all(asked context.Context, c bus.Conn) error {
	ctx, stop := context.WithCancelCause(asked)
	defer stop(nil)
	if !r.q.Follow {
		r.silence = time.AfterFunc(patience, func() { stop(context.DeadlineExceeded) })
		defer r.silence.Stop()
	}
	err := c.Read(ctx, bus.Cursor{Stream: bus.LOG, After: r.q.After}, r.read)
	switch {
	case errors.Is(err, errEnd) || r.q.Follow && asked.Err() != nil:
		return nil
	case asked.Err() == nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return fmt.Errorf("the cluster log cannot be read to its end: %w", &bus.Away{Err: err})
	}
	return err
}

// reader takes messages apart.
type reader struct {
	q       Query
	each    func(api.Deed) error
	until   uint64      // the newest message when reading began
	silence *time.Timer // ends reading when nothing comes; nil while following
	decoder wire.Decoder
	batch   []wire.Deed
}

func (r *reader) read(msgs []bus.Msg) error {
	if r.silence != nil {
		r.silence.Reset(patience)
	}
	for _, m := range msgs {
		if err := r.message(m); err != nil {
			return err
		}
		if !r.q.Follow && m.Seq >= r.until {
			return errEnd
		}
	}
	return nil
}

func (r *reader) message(m bus.Msg) (err error) {
	if monitor.At(m.Time.Add(slack)) < r.q.Since {
		return nil
	}
	if r.batch, err = wire.DecodeBatch(&r.decoder, m.Data, r.batch[:0]); err != nil {
		return nil // of a release to come, or damaged; the others are worth having
	}
	for i := range r.batch {
		if r.q.wants(&r.batch[i]) {
			d := deedOf(&r.batch[i])
			d.Seq = m.Seq
			if err := r.each(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// ParseSince reads what people write for a moment: how long ago (90m, 2h, 3d), or a moment itself (RFC 3339, or without its
// zone, or a date). now is what it counts from, in the zone that is meant.
func ParseSince(text string, now time.Time) (monitor.Time, error) {
	if text == "" {
		return 0, nil
	}
	ago := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		ago = days + "h"
	}
	if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
		if ago != text {
			d *= 24
		}
		return monitor.At(now.Add(-d)), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return monitor.At(t), nil
		}
	}
	return 0, fmt.Errorf("%q is no time: write how long ago, as in 90m, 2h or 3d, or a moment, as in %s", text, now.Format("2006-01-02 15:04"))
}
