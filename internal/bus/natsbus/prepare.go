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

// leastStream is how far Prepare shrinks a stream when the server has too little room.
const leastStream = 16 << 20

// Prepare implements bus.Conn.
func (c *Conn) Prepare(ctx context.Context) error {
	_, buckets := bus.Layout()
	for _, k := range c.layout {
		if err := c.prepareStream(ctx, c.streamConfig(k)); err != nil {
			return err
		}
	}
	for _, k := range buckets {
		if _, err := c.js.CreateOrUpdateKeyValue(ctx, c.bucketConfig(k)); err != nil {
			return fmt.Errorf("preparing bucket %s: %w", k.Bucket, err)
		}
		if !k.Blobs {
			continue
		}
		if err := c.prepareStream(ctx, c.blobConfig(k)); err != nil {
			return err
		}
	}
	return nil
}

// prepareStream creates or updates a stream. A server reserves the bytes that a stream may grow to; where it has not as
// many, the stream gets fewer, and the log says so.
func (c *Conn) prepareStream(ctx context.Context, cfg jetstream.StreamConfig) error {
	want := cfg.MaxBytes
	for {
		_, err := c.js.CreateOrUpdateStream(ctx, cfg)
		if err == nil {
			break
		}
		refused, _ := errors.AsType[*jetstream.APIError](err)
		noRoom := refused != nil && (refused.ErrorCode == errNoStorage || refused.ErrorCode == errNoMemory)
		if !noRoom || cfg.MaxBytes/2 < leastStream {
			return fmt.Errorf("preparing stream %s of at most %d MiB: %w", cfg.Name, cfg.MaxBytes>>20, err)
		}
		cfg.MaxBytes /= 2
	}
	if cfg.MaxBytes != want {
		c.log.Warn("the server of the bus has little room: a stream keeps less than it should; give its store a larger disk",
			"stream", cfg.Name, "mib", cfg.MaxBytes>>20, "wanted_mib", want>>20)
	}
	return nil
}

func (c *Conn) streamConfig(k bus.Keeping) jetstream.StreamConfig {
	cfg := jetstream.StreamConfig{
		Name: string(k.Stream), MaxAge: k.MaxAge, MaxBytes: k.MaxBytes, MaxMsgSize: -1,
		Replicas: max(c.opts.Replicas, 1), Duplicates: dedup, AllowDirect: true,
		AllowAtomicPublish: k.Atomic, AllowMsgTTL: k.Atomic,
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
	if k.Lazy {
		cfg.Compression = jetstream.S2Compression
		if cfg.Replicas == 1 { // of several, each has it in its log (nats-server 2.15 stream.go)
			cfg.PersistMode = jetstream.AsyncPersistMode
		}
	}
	return cfg
}

// bucketConfig makes the server tell watchers of the keys that age out.
func (c *Conn) bucketConfig(k bus.BucketKeeping) jetstream.KeyValueConfig {
	cfg := jetstream.KeyValueConfig{Bucket: string(k.Bucket), TTL: k.TTL, Replicas: max(c.opts.Replicas, 1), MaxBytes: -1}
	if k.TTL > 0 {
		cfg.LimitMarkerTTL = k.TTL
	}
	if k.Memory {
		cfg.Storage = jetstream.MemoryStorage
	}
	return cfg
}

// blobConfig keeps one message for each subject: the description of a blob by name, or a part of it.
func (c *Conn) blobConfig(k bus.BucketKeeping) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: string(blobStream(k.Bucket)), Subjects: []string{blobRoot(k.Bucket) + ">"},
		MaxMsgsPerSubject: 1, MaxBytes: -1, MaxMsgSize: -1,
		Replicas: max(c.opts.Replicas, 1), Duplicates: dedup, AllowDirect: true,
	}
}

// Ready implements bus.Conn.
func (c *Conn) Ready(ctx context.Context) error {
	wait := pause(100 * time.Millisecond)
	for told := false; ; {
		missing, err := c.missing(ctx)
		if err == nil && missing == "" {
			return nil
		}
		if errors.Is(closed(err), bus.ErrClosed) {
			return bus.ErrClosed
		}
		if !told {
			c.log.Info("waiting for the arbiter to prepare the bus", "missing", missing, "err", err)
			told = true
		}
		if !wait.sleep(ctx) {
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
