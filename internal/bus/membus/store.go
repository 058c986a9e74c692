package membus

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// bucket holds values and blobs. Its methods want Bus.mu.
type bucket struct {
	keep     bus.BucketKeeping
	revision uint64
	values   map[string]value
	blobs    map[string][]byte
}

type value struct {
	data     []byte
	revision uint64
	at       time.Time
}

func newBucket(k bus.BucketKeeping) *bucket {
	return &bucket{keep: k, values: map[string]value{}, blobs: map[string][]byte{}}
}

// get returns a value that has not aged out, else one of revision 0.
func (k *bucket) get(key string) value {
	v := k.values[key]
	if k.keep.TTL > 0 && time.Since(v.at) >= k.keep.TTL {
		delete(k.values, key)
		return value{}
	}
	return v
}

// bucket calls do, under the lock, with a bucket that is there.
func (c *conn) bucket(ctx context.Context, b bus.Bucket, do func(*bucket) error) error {
	if err := c.open(ctx); err != nil {
		return err
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	k := c.bus.buckets[b]
	if k == nil {
		return fmt.Errorf("bucket %s: %w", b, bus.ErrUnprepared)
	}
	return do(k)
}

// Get implements bus.Store.
func (c *conn) Get(ctx context.Context, b bus.Bucket, key string) (e bus.Entry, err error) {
	if err := bus.CheckKey(key); err != nil {
		return e, err
	}
	err = c.bucket(ctx, b, func(k *bucket) error {
		v := k.get(key)
		if v.revision == 0 {
			return fmt.Errorf("%s of %s: %w", key, b, bus.ErrNotFound)
		}
		e = bus.Entry{Key: key, Value: copied(v.data), Revision: v.revision}
		return nil
	})
	return e, err
}

// copied never returns nil.
func copied(data []byte) []byte { return append([]byte{}, data...) }

// Put implements bus.Store.
func (c *conn) Put(ctx context.Context, b bus.Bucket, key string, data []byte, revision uint64) (next uint64, err error) {
	if err := bus.CheckKey(key); err != nil {
		return 0, err
	}
	if len(data) > bus.MaxMessage {
		return 0, fmt.Errorf("%d bytes for key %s: %w", len(data), key, bus.ErrTooLarge)
	}
	err = c.bucket(ctx, b, func(k *bucket) error {
		if k.get(key).revision != revision {
			return fmt.Errorf("writing %s of %s: %w", key, b, bus.ErrConflict)
		}
		k.revision++
		next = k.revision
		k.values[key] = value{copied(data), next, time.Now()}
		if k.keep.TTL > 0 {
			time.AfterFunc(k.keep.TTL, c.bus.wake) // for watchers
		}
		c.bus.wakeLocked()
		return nil
	})
	return next, err
}

func (b *Bus) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wakeLocked()
}

// Delete implements bus.Store.
func (c *conn) Delete(ctx context.Context, b bus.Bucket, key string, revision uint64) error {
	if err := bus.CheckKey(key); err != nil {
		return err
	}
	return c.bucket(ctx, b, func(k *bucket) error {
		if k.get(key).revision != revision {
			return fmt.Errorf("deleting %s of %s: %w", key, b, bus.ErrConflict)
		}
		delete(k.values, key)
		k.revision++
		c.bus.wakeLocked()
		return nil
	})
}

// List implements bus.Store.
func (c *conn) List(ctx context.Context, b bus.Bucket, key string) (all []bus.Entry, err error) {
	err = c.bucket(ctx, b, func(k *bucket) error {
		all = k.since(key, map[string]uint64{})
		return nil
	})
	slices.SortFunc(all, func(a, b bus.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return all, err
}

// Watch implements bus.Store.
func (c *conn) Watch(ctx context.Context, b bus.Bucket, key string, changed func(bus.Entry)) error {
	known := map[string]uint64{}
	for {
		var news []bus.Entry
		err := c.await(ctx, func() bool {
			if k := c.bus.buckets[b]; k != nil {
				news = k.since(key, known)
			}
			return len(news) > 0
		})
		if err != nil {
			return err
		}
		for _, e := range news {
			changed(e)
		}
	}
}

// since returns what differs from known, and updates that: removals first, then changes by revision.
func (k *bucket) since(pattern string, known map[string]uint64) (news []bus.Entry) {
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if k.get(key).revision == 0 {
			delete(known, key)
			news = append(news, bus.Entry{Key: key})
		}
	}
	removed := len(news)
	for key := range k.values {
		v := k.get(key)
		if v.revision == 0 || v.revision == known[key] || !bus.KeyMatches(pattern, key) {
			continue
		}
		known[key] = v.revision
		news = append(news, bus.Entry{Key: key, Value: copied(v.data), Revision: v.revision})
	}
	slices.SortFunc(news[removed:], func(a, b bus.Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return news
}

// PutBlob implements bus.Blobs.
func (c *conn) PutBlob(ctx context.Context, b bus.Bucket, name string, data []byte) error {
	if len(data) > bus.MaxBlob {
		return fmt.Errorf("blob %s of %s has %d bytes: %w", name, b, len(data), bus.ErrTooLarge)
	}
	return c.blobs(ctx, b, func(k *bucket) error {
		k.blobs[name] = bytes.Clone(data)
		return nil
	})
}

// blobs calls do with a bucket that holds blobs.
func (c *conn) blobs(ctx context.Context, b bus.Bucket, do func(*bucket) error) error {
	return c.bucket(ctx, b, func(k *bucket) error {
		if !k.keep.Blobs {
			return errors.New("bucket " + string(b) + " holds no blobs")
		}
		return do(k)
	})
}

// Blob implements bus.Blobs.
func (c *conn) Blob(ctx context.Context, b bus.Bucket, name string) (data []byte, err error) {
	err = c.blobs(ctx, b, func(k *bucket) error {
		stored, ok := k.blobs[name]
		if !ok {
			return fmt.Errorf("blob %s of %s: %w", name, b, bus.ErrNotFound)
		}
		data = copied(stored)
		return nil
	})
	return data, err
}

// DeleteBlob implements bus.Blobs.
func (c *conn) DeleteBlob(ctx context.Context, b bus.Bucket, name string) error {
	return c.blobs(ctx, b, func(k *bucket) error {
		delete(k.blobs, name)
		return nil
	})
}

// BlobNames implements bus.Blobs.
func (c *conn) BlobNames(ctx context.Context, b bus.Bucket) (names []string, err error) {
	err = c.blobs(ctx, b, func(k *bucket) error {
		names = slices.Sorted(maps.Keys(k.blobs))
		return nil
	})
	return names, err
}
