package natsbus

import (
	"context"
	"fmt"
	"time"
)

// pin settles where a reader without a name starts, given the newest sequence.
func (r *reader) pin(ctx context.Context, last uint64) error {
	after := r.after
	switch {
	case r.cur.FromNow && !r.pinned:
		r.after = last
	case r.after == 0:
	case !r.at.IsZero():
		var err error
		if r.after, err = r.stillThere(ctx, last); err != nil {
			return err
		}
	case r.after > last:
		r.after = 0
	}
	if r.after < after {
		r.c.log.Warn("the stream lost messages that were read, and others got their sequences: reading those",
			"stream", r.cur.Stream, "position", after, "newest", last, "after", r.after)
	}
	r.pinned = true
	return nil
}

// stillThere gives the sequence behind which to go on after the message at r.after: as a rule that one. Where another is in its place,
// whatever was stored later than it was is new. A clock that was set back meanwhile hides some of that.
func (r *reader) stillThere(ctx context.Context, last uint64) (after uint64, err error) {
	g := r.c.getter(r.cur.Stream)
	defer r.c.putBack(g)
	same, err := g.get(ctx, getRequest{Next: ">", Seq: r.after, Batch: 1, MaxBytes: scanBytes})
	if err != nil {
		return 0, fmt.Errorf("looking for the last message that was read: %w", err)
	}
	if len(same) > 0 && same[0].Seq == r.after && same[0].Time.Equal(r.at) {
		return r.after, nil
	}
	later := r.at.Add(time.Nanosecond)
	newer, err := g.get(ctx, getRequest{Next: ">", StartTime: &later, Batch: 1, MaxBytes: scanBytes})
	switch {
	case err != nil:
		return 0, fmt.Errorf("looking for what was stored since: %w", err)
	case len(newer) > 0:
		return min(r.after, newer[0].Seq-1), nil
	}
	return min(r.after, last), nil
}
