package natsbus

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
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
	if s, err := c.js.Stream(ctx, want.Name); err == nil {
		is := s.CachedInfo().Config
		if c.newer(is) || c.clustered() && alike(is, want) {
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
	if s, err := c.js.Stream(ctx, kvStream(bus.Bucket(want.Bucket))); err == nil {
		is := s.CachedInfo().Config
		want.Storage = is.Storage // which cannot be changed
		same := is.MaxAge == want.TTL && is.Replicas == want.Replicas && is.Storage == want.Storage &&
			is.SubjectDeleteMarkerTTL == want.LimitMarkerTTL && layoutOf(is.Metadata) == layoutOf(want.Metadata)
		if c.newer(is) || c.clustered() && same {
			return nil
		}
	}
	_, err := c.js.CreateOrUpdateKeyValue(ctx, want)
	return err
}

// layoutKey is where a stream says of which version of the layout its settings are.
const layoutKey = "onbu.layout"

func ofLayout() map[string]string {
	return map[string]string{layoutKey: strconv.Itoa(bus.LayoutVersion)}
}

// layoutOf reads that version; 0 of a stream that says nothing.
func layoutOf(metadata map[string]string) int {
	n, _ := strconv.Atoi(metadata[layoutKey])
	return n
}

// newer says that a newer release has made a stream what it is. That stays so, also when an arbiter of this one starts or loses its
// connection for a moment, while a cluster is upgraded.
func (c *Conn) newer(is jetstream.StreamConfig) bool {
	if layoutOf(is.Metadata) <= bus.LayoutVersion {
		return false
	}
	c.log.Debug("a newer release has prepared this stream of the bus; it stays as it is", "stream", is.Name)
	return true
}

// alike compares what streamConfig and blobConfig set. A server has its own word for "no limit".
func alike(is, want jetstream.StreamConfig) bool {
	unlimited := func(n int64) int64 { return max(n, 0) }
	return layoutOf(is.Metadata) == layoutOf(want.Metadata) && slices.Equal(is.Subjects, want.Subjects) && is.Replicas == want.Replicas && is.Storage == want.Storage &&
		is.Retention == want.Retention && is.Discard == want.Discard && is.MaxAge == want.MaxAge && is.Duplicates == want.Duplicates &&
		unlimited(is.MaxBytes) == unlimited(want.MaxBytes) &&
		unlimited(is.MaxMsgsPerSubject) == unlimited(want.MaxMsgsPerSubject) &&
		is.AllowDirect == want.AllowDirect && is.AllowAtomicPublish == want.AllowAtomicPublish && is.AllowMsgTTL == want.AllowMsgTTL
}
