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
	// Follow goes on with what is written from now on.
	Follow bool
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

// Read gives the entries that are wanted, as they were stored: each node's in order. It returns when all that were there are given, or
// with Follow when ctx ends; then without an error. An error of each ends it and is returned.
func Read(ctx context.Context, c bus.Conn, q Query, each func(api.Deed) error) error {
	extent, err := c.Extent(ctx, bus.LOG, 0)
	if err != nil {
		return fmt.Errorf("the cluster log cannot be read; an arbiter makes it when it first starts: %w", err)
	}
	r := reader{q: q, each: each, until: extent.Last}
	if extent.First > extent.Last && !q.Follow {
		return nil
	}
	err = c.Read(ctx, bus.Cursor{Stream: bus.LOG}, r.read)
	if errors.Is(err, errEnd) || q.Follow && ctx.Err() != nil {
		return nil
	}
	return err
}

// reader takes messages apart.
type reader struct {
	q       Query
	each    func(api.Deed) error
	until   uint64 // the newest message when reading began
	decoder wire.Decoder
	batch   []wire.Deed
}

func (r *reader) read(msgs []bus.Msg) error {
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
			if err := r.each(deedOf(&r.batch[i])); err != nil {
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
