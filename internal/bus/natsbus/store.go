package natsbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// bucket returns a bucket that is there.
func (c *Conn) bucket(ctx context.Context, b bus.Bucket) (jetstream.KeyValue, error) {
	c.mu.Lock()
	kv := c.buckets[b]
	c.mu.Unlock()
	if kv != nil {
		return kv, nil
	}
	kv, err := c.js.KeyValue(ctx, string(b))
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, fmt.Errorf("bucket %s: %w", b, bus.ErrUnprepared)
	}
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", b, closed(err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buckets[b] = kv
	return kv, nil
}

// Get implements bus.Store. In a cluster the answer may be a little old; Put and Delete notice.
func (c *Conn) Get(ctx context.Context, b bus.Bucket, key string) (bus.Entry, error) {
	if err := bus.CheckKey(key); err != nil {
		return bus.Entry{}, err
	}
	kv, err := c.bucket(ctx, b)
	if err != nil {
		return bus.Entry{}, err
	}
	e, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return bus.Entry{}, fmt.Errorf("%s of %s: %w", key, b, bus.ErrNotFound)
	}
	if err != nil {
		return bus.Entry{}, fmt.Errorf("reading %s of %s: %w", key, b, closed(err))
	}
	return entry(e), nil
}

func entry(e jetstream.KeyValueEntry) bus.Entry {
	if e.Operation() != jetstream.KeyValuePut {
		return bus.Entry{Key: e.Key()}
	}
	value := e.Value()
	if value == nil {
		value = []byte{}
	}
	return bus.Entry{Key: e.Key(), Value: value, Revision: e.Revision()}
}

// Put implements bus.Store.
func (c *Conn) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if err := errors.Join(bus.CheckKey(key), checkValue(key, value)); err != nil {
		return 0, err
	}
	kv, err := c.bucket(ctx, b)
	if err != nil {
		return 0, err
	}
	var next uint64
	if revision == 0 {
		next, err = kv.Create(ctx, key, value)
	} else {
		next, err = kv.Update(ctx, key, value, revision)
	}
	if err != nil {
		return 0, fmt.Errorf("writing %s of %s: %w", key, b, conflict(err))
	}
	return next, nil
}

func checkValue(key string, value []byte) error {
	if len(value) > bus.MaxMessage {
		return fmt.Errorf("%d bytes for key %s: %w", len(value), key, bus.ErrTooLarge)
	}
	return nil
}

func conflict(err error) error {
	refused, _ := errors.AsType[*jetstream.APIError](err)
	if errors.Is(err, jetstream.ErrKeyExists) || refused != nil && (refused.ErrorCode == errWrongLast || refused.ErrorCode == errLastBusy) {
		return bus.ErrConflict
	}
	return closed(err)
}

// Delete implements bus.Store.
func (c *Conn) Delete(ctx context.Context, b bus.Bucket, key string, revision uint64) error {
	if revision == 0 {
		_, err := c.Get(ctx, b, key)
		if errors.Is(err, bus.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("deleting %s of %s: %w", key, b, bus.ErrConflict)
		}
		return err
	}
	if err := bus.CheckKey(key); err != nil {
		return err
	}
	kv, err := c.bucket(ctx, b)
	if err != nil {
		return err
	}
	if err := kv.Delete(ctx, key, jetstream.LastRevision(revision)); err != nil {
		return fmt.Errorf("deleting %s of %s: %w", key, b, conflict(err))
	}
	return nil
}

// List implements bus.Store.
func (c *Conn) List(ctx context.Context, b bus.Bucket, key string) (all []bus.Entry, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	kv, err := c.bucket(ctx, b)
	if err != nil {
		return nil, err
	}
	watcher, err := kv.Watch(ctx, cmp.Or(key, ">"), jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", b, closed(err))
	}
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("listing %s: %w", b, ctx.Err())
		case e, open := <-watcher.Updates():
			switch {
			case !open:
				return nil, fmt.Errorf("listing %s: the watcher ended", b)
			case e == nil:
				slices.SortFunc(all, func(a, b bus.Entry) int { return strings.Compare(a.Key, b.Key) })
				return all, nil
			}
			all = append(all, entry(e))
		}
	}
}

// Watch implements bus.Store. It starts anew after each lost connection, because a bucket kept in memory does so too when
// its server restarts, and the library's watcher would wait for revisions that are long used.
func (c *Conn) Watch(ctx context.Context, b bus.Bucket, key string, changed func(bus.Entry)) error {
	if key == "" {
		key = ">"
	}
	w := watch{key: key, changed: changed, known: map[string]bool{}}
	wait := pause(100 * time.Millisecond)
	for ctx.Err() == nil {
		again := c.reconnected()
		kv, err := c.bucket(ctx, b)
		if err == nil {
			err = w.run(ctx, kv, again)
		}
		if c.nc.IsClosed() {
			return fmt.Errorf("watching %s: %w", b, bus.ErrClosed)
		}
		if err == nil {
			wait = pause(100 * time.Millisecond)
			continue
		}
		c.log.Debug("watching again", "bucket", b, "key", key, "err", err)
		wait.sleep(ctx)
	}
	return ctx.Err()
}

// watch is what Watch remembers over lost connections.
type watch struct {
	key     string
	changed func(bus.Entry)
	known   map[string]bool // the keys that were told and not removed since
}

func (w *watch) run(ctx context.Context, kv jetstream.KeyValue, again <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watcher, err := kv.Watch(ctx, w.key)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	first := map[string]bool{} // what is there at the start; nil once it is complete
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again:
			return nil
		case e, open := <-watcher.Updates():
			switch {
			case !open:
				return errors.New("the watcher ended")
			case e != nil:
				w.tell(entry(e))
				if first != nil {
					first[e.Key()] = true
				}
			case first != nil:
				w.forget(first)
				first = nil
			}
		}
	}
}

func (w *watch) tell(e bus.Entry) {
	switch {
	case e.Revision != 0:
		w.known[e.Key] = true
	case !w.known[e.Key]:
		return // removed before we looked
	default:
		delete(w.known, e.Key)
	}
	w.changed(e)
}

// forget tells of the keys that vanished while we were away.
func (w *watch) forget(there map[string]bool) {
	for key := range w.known {
		if !there[key] {
			w.tell(bus.Entry{Key: key})
		}
	}
}
