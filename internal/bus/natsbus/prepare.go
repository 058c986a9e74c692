package natsbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// dedup is how long a stream knows the ids of its messages.
const dedup = 2 * time.Minute

// Prepare implements bus.Conn. Streams that are there get as many copies as there are to be now. It is done again by itself after each lost connection, because what was kept in memory is
// gone when the server has restarted.
func (c *Conn) Prepare(ctx context.Context) error {
	c.leads.Do(func() { c.background.Go(c.keepLed) }) // a stream that nobody leads cannot be prepared
	if err := c.untilReady(ctx, "preparing the bus", func() error { return c.prepare(ctx) }); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepares = true
	return nil
}

func (c *Conn) prepareAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.prepares || c.life.Err() != nil {
		return
	}
	c.background.Go(func() {
		wait := pause(250 * time.Millisecond)
		for {
			err := c.untilReady(c.life, "preparing the bus again", func() error { return c.prepare(c.life) })
			if err == nil || c.life.Err() != nil {
				return
			}
			c.log.Error("the bus could not be prepared again, trying again", "err", err)
			wait.sleep(c.life)
		}
	})
}

func (c *Conn) prepare(ctx context.Context) error {
	if err := c.prepareStreams(ctx); err != nil {
		return err
	}
	_, buckets := bus.Layout()
	for _, k := range buckets {
		err := c.makeBucket(ctx, c.bucketConfig(k))
		if err := c.prepared(ctx, "KV_"+string(k.Bucket), err); err != nil {
			return err
		}
		if !k.Blobs {
			continue
		}
		cfg := c.blobConfig(k)
		err = c.makeStream(ctx, cfg)
		if err := c.prepared(ctx, cfg.Name, err); err != nil {
			return err
		}
	}
	return nil
}

// leastStream is how far Prepare shrinks a stream when the server has too little room.
const leastStream = 16 << 20

// prepareStreams creates or updates the streams. A server reserves the bytes that a stream may grow to; where it has not
// as many, all the streams get fewer, though none less than it holds, and the log says so.
func (c *Conn) prepareStreams(ctx context.Context) error {
	share := int64(1)
	for i := 0; i < len(c.layout); i++ {
		cfg := c.streamConfig(c.layout[i], share)
		if share > 1 {
			held, _ := c.held(ctx, cfg.Name)
			cfg.MaxBytes = max(cfg.MaxBytes, held)
		}
		err := c.makeKept(ctx, c.layout[i], cfg)
		if noRoom(err) && share < 1024 {
			share, i = 2*share, -1
			continue
		}
		if err := c.prepared(ctx, cfg.Name, err); err != nil {
			return err
		}
	}
	if share > 1 {
		c.log.Warn("the server of the bus has little room: the streams keep less than they should; give its store a larger disk",
			"share", fmt.Sprintf("1/%d", share))
	}
	return nil
}

// held is how many bytes a stream has, and whether it is there at all.
func (c *Conn) held(ctx context.Context, stream string) (int64, bool) {
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return 0, false
	}
	return int64(s.CachedInfo().State.Bytes), true
}

// prepared judges what came of creating or updating a stream. One that is there goes on as it is when the server has no
// room to change it.
func (c *Conn) prepared(ctx context.Context, stream string, err error) error {
	if err == nil {
		return nil
	}
	if !noRoom(err) {
		return fmt.Errorf("preparing stream %s: %w", stream, err)
	}
	if _, there := c.held(ctx, stream); !there {
		return fmt.Errorf("preparing stream %s: the server of the bus has no room for it: give its store a larger disk, or raise its max_store: %w", stream, err)
	}
	c.log.Warn("the server of the bus has too little room: a stream stays as it was", "stream", stream, "err", err)
	return nil
}

func noRoom(err error) bool {
	refused, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (refused.ErrorCode == errNoStorage || refused.ErrorCode == errNoMemory || tooFull(refused))
}

func (c *Conn) streamConfig(k bus.Keeping, share int64) jetstream.StreamConfig {
	cfg := jetstream.StreamConfig{
		Name: string(k.Stream), MaxAge: k.MaxAge, MaxBytes: max(k.MaxBytes/share, leastStream), MaxMsgSize: -1,
		Replicas: c.replicas(), Duplicates: dedup, AllowDirect: true,
		AllowAtomicPublish: k.Atomic, AllowMsgTTL: k.Atomic || k.Last, Metadata: ofLayout(),
	}
	if k.Last {
		cfg.MaxMsgsPerSubject = 1
	}
	for _, s := range k.Subjects {
		cfg.Subjects = append(cfg.Subjects, string(s))
	}
	if c.opts.MaxStream > 0 {
		cfg.MaxBytes = min(cfg.MaxBytes, c.opts.MaxStream)
	}
	if k.Memory {
		cfg.Storage = jetstream.MemoryStorage
	}
	if k.Queue {
		cfg.Retention = jetstream.WorkQueuePolicy
	}
	if k.Refuse {
		cfg.Discard = jetstream.DiscardNew
	}
	if k.Lazy && !c.clustered() { // of several copies, each has it in its log; and one may become several (nats-server 2.15 stream.go)
		cfg.PersistMode = jetstream.AsyncPersistMode
	}
	return cfg
}

// bucketConfig makes the server tell watchers of the keys that age out. Of several servers each keeps a bucket on disk: what is in memory
// only has no leader once two were lost, until all are back, and nobody could take a lease.
func (c *Conn) bucketConfig(k bus.BucketKeeping) jetstream.KeyValueConfig {
	cfg := jetstream.KeyValueConfig{Bucket: string(k.Bucket), TTL: k.TTL, Replicas: c.replicas(), MaxBytes: -1, Metadata: ofLayout()}
	if k.TTL > 0 {
		cfg.LimitMarkerTTL = k.TTL
	}
	if k.Memory && !c.clustered() {
		cfg.Storage = jetstream.MemoryStorage
	}
	return cfg
}

// blobConfig keeps one message for each subject: the description of a blob by name, or a part of it.
func (c *Conn) blobConfig(k bus.BucketKeeping) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: string(blobStream(k.Bucket)), Subjects: []string{blobRoot(k.Bucket) + ">"},
		MaxMsgsPerSubject: 1, MaxBytes: -1, MaxMsgSize: -1,
		Replicas: c.replicas(), Duplicates: dedup, AllowDirect: true, Metadata: ofLayout(),
	}
}

// patience is how long Ready waits without a word: beside an arbiter that starts at the same time it need not be said.
const patience = 2 * time.Second

// Ready implements bus.Conn.
func (c *Conn) Ready(ctx context.Context) error {
	wait := pause(100 * time.Millisecond)
	began := time.Now()
	for told := false; ; {
		missing, err := c.missing(ctx)
		if err == nil && missing == "" {
			return nil
		}
		if errors.Is(closed(err), bus.ErrClosed) {
			return bus.ErrClosed
		}
		if !told && time.Since(began) > patience {
			log := c.log
			if err != nil {
				log = log.With("trouble", err)
			}
			log.Info("waiting for the arbiter to prepare the bus", "missing", missing)
			told = true
		}
		if !wait.sleep(ctx) {
			if why := c.away(); why != nil {
				return fmt.Errorf("%w: %w", why, ctx.Err())
			}
			if err != nil { // nobody said what is missing
				return fmt.Errorf("the bus does not answer: %w", ctx.Err())
			}
			return fmt.Errorf("waiting for stream %s on the bus, which the arbiter creates: %w", missing, ctx.Err())
		}
	}
}

// missing names a stream of the layout that is not there yet.
func (c *Conn) missing(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	there := map[string]bool{}
	names := c.js.StreamNames(ctx)
	for name := range names.Name() {
		there[name] = true
	}
	for _, name := range allStreams() {
		if !there[name] {
			return name, names.Err()
		}
	}
	return "", names.Err()
}

func allStreams() (names []string) {
	streams, buckets := bus.Layout()
	for _, k := range streams {
		names = append(names, string(k.Stream))
	}
	for _, k := range buckets {
		names = append(names, "KV_"+string(k.Bucket))
		if k.Blobs {
			names = append(names, string(blobStream(k.Bucket)))
		}
	}
	return names
}
