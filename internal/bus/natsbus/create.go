package natsbus

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// createTimeout is how long one try to make a stream may take in a cluster. Of several arbiters that ask for the same one at the
// same moment, nats-server 2.15 answers one; the others look again, and find it.
const createTimeout = 3 * time.Second

// creating bounds a try. Whoever failed together with others comes back at a moment of its own.
func (c *Conn) creating(ctx context.Context) (context.Context, context.CancelFunc) {
	if !c.clustered() {
		return context.WithTimeout(ctx, requestTimeout)
	}
	return context.WithTimeout(ctx, createTimeout+rand.N(createTimeout))
}

// makeStream makes a stream what it is to be. In a cluster, where each change is agreed upon, one that is so already is left alone:
// as many arbiters as there are may prepare the bus at the same time.
func (c *Conn) makeStream(ctx context.Context, want jetstream.StreamConfig) error {
	ctx, cancel := c.creating(ctx)
	defer cancel()
	if c.clustered() {
		if s, err := c.js.Stream(ctx, want.Name); err == nil && alike(s.CachedInfo().Config, want) {
			return nil
		}
	}
	_, err := c.js.CreateOrUpdateStream(ctx, want)
	return err
}

// makeBucket is makeStream for a bucket of values.
func (c *Conn) makeBucket(ctx context.Context, want jetstream.KeyValueConfig) error {
	ctx, cancel := c.creating(ctx)
	defer cancel()
	if c.clustered() {
		s, err := c.js.Stream(ctx, kvStream(bus.Bucket(want.Bucket)))
		if err == nil && s.CachedInfo().Config.MaxAge == want.TTL && s.CachedInfo().Config.Replicas == want.Replicas &&
			s.CachedInfo().Config.Storage == want.Storage && s.CachedInfo().Config.SubjectDeleteMarkerTTL == want.LimitMarkerTTL {
			return nil
		}
	}
	_, err := c.js.CreateOrUpdateKeyValue(ctx, want)
	return err
}

// alike compares what streamConfig and blobConfig set. A server has its own word for "no limit".
func alike(is, want jetstream.StreamConfig) bool {
	unlimited := func(n int64) int64 { return max(n, 0) }
	return slices.Equal(is.Subjects, want.Subjects) && is.Replicas == want.Replicas && is.Storage == want.Storage &&
		is.Retention == want.Retention && is.Discard == want.Discard && is.MaxAge == want.MaxAge && is.Duplicates == want.Duplicates &&
		unlimited(is.MaxBytes) == unlimited(want.MaxBytes) &&
		unlimited(is.MaxMsgsPerSubject) == unlimited(want.MaxMsgsPerSubject) &&
		is.AllowDirect == want.AllowDirect && is.AllowAtomicPublish == want.AllowAtomicPublish && is.AllowMsgTTL == want.AllowMsgTTL
}
