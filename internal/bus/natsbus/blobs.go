package natsbus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/onbu/onbu/internal/bus"
)

// A blob is stored as parts and, once they are all stored, a description that names them; both in a stream that keeps one
// message for each subject. Writing the description replaces the blob; then the old parts are removed. A reader that
// finds parts missing reads the description again.

// partSize divides blobs.
const partSize = 512 << 10

type description struct {
	Name  string `json:"name"`
	ID    string `json:"id"` // of the set of parts
	Size  int    `json:"size"`
	Parts int    `json:"parts"`
	Last  uint64 `json:"last"` // sequence of the last part
	Sum   []byte `json:"sha256"`
}

func blobStream(b bus.Bucket) bus.Stream { return bus.Stream("BLOB_" + string(b)) }

func blobRoot(b bus.Bucket) string { return "$BLOB." + string(b) + "." }

func blobMeta(b bus.Bucket, name string) bus.Subject {
	return bus.Subject(blobRoot(b) + "m." + bus.Token(name))
}

func blobMetas(b bus.Bucket) bus.Subject { return bus.Subject(blobRoot(b) + "m.*") }

func blobParts(b bus.Bucket, id string) bus.Subject {
	return bus.Subject(blobRoot(b) + "p." + id + ".*")
}

func blobPart(b bus.Bucket, id string, i int) string {
	return blobRoot(b) + "p." + id + "." + strconv.Itoa(i)
}

// PutBlob implements bus.Blobs.
func (c *Conn) PutBlob(ctx context.Context, b bus.Bucket, name string, data []byte) error {
	if len(data) > bus.MaxBlob {
		return fmt.Errorf("blob %s of %s has %d bytes: %w", name, b, len(data), bus.ErrTooLarge)
	}
	sum := sha256.Sum256(data)
	d := description{Name: name, ID: nuid.Next(), Size: len(data), Sum: sum[:]}
	err := c.putParts(ctx, b, &d, data)
	var old description
	if err == nil {
		old, err = c.describe(ctx, b, d)
	}
	if err != nil {
		c.dropParts(ctx, b, d.ID)
		return fmt.Errorf("storing blob %s of %s: %w", name, b, err)
	}
	if old.ID != "" {
		c.dropParts(ctx, b, old.ID)
	}
	return nil
}

func (c *Conn) putParts(ctx context.Context, b bus.Bucket, d *description, data []byte) error {
	for part := range slices.Chunk(data, partSize) {
		m := &nats.Msg{Subject: blobPart(b, d.ID, d.Parts), Data: part}
		err := c.retry(ctx, m.Subject, func() (err error) {
			d.Last, err = c.publish(ctx, m)
			return full(err)
		})
		if err != nil {
			return err
		}
		d.Parts++
	}
	return nil
}

// describe makes d the blob of its name and returns what was there before. Of two writers, one comes after the other.
func (c *Conn) describe(ctx context.Context, b bus.Bucket, d description) (old description, err error) {
	text, err := json.Marshal(d)
	if err != nil {
		return old, err
	}
	err = c.retry(ctx, d.Name, func() error {
		current, err := c.description(ctx, b, d.Name)
		switch {
		case err != nil && !errors.Is(err, bus.ErrNotFound):
			return err
		case current.ID == d.ID: // an earlier try, which got no answer
			return nil
		}
		old = current.description
		_, err = c.publish(ctx, &nats.Msg{
			Subject: string(blobMeta(b, d.Name)), Data: text,
			Header: nats.Header{hdrLast: {strconv.FormatUint(current.seq, 10)}},
		})
		if refusedWith(err, errWrongLast) {
			return errLookAgain
		}
		return err
	})
	return old, err
}

// described is a description with its place in the stream, 0 for none.
type described struct {
	description
	seq uint64
}

func (c *Conn) description(ctx context.Context, b bus.Bucket, name string) (described, error) {
	m, err := c.lastOf(ctx, blobStream(b), blobMeta(b, name))
	if err != nil {
		return described{}, err
	}
	d, err := decodeDescription(m.Data)
	return described{d, m.Seq}, err
}

func decodeDescription(text []byte) (description, error) {
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("description of a blob: %w", err)
	}
	if d.Size < 0 || d.Size > bus.MaxBlob || d.Parts != (d.Size+partSize-1)/partSize {
		return d, fmt.Errorf("description of blob %q: %d bytes in %d parts", d.Name, d.Size, d.Parts)
	}
	return d, nil
}

// dropParts removes a set of parts. If that fails they only take room; the log says so.
func (c *Conn) dropParts(ctx context.Context, b bus.Bucket, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, string(blobStream(b)))
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSubject(string(blobParts(b, id))))
	}
	if err != nil {
		c.log.Warn("parts of an old blob are left on the bus", "bucket", b, "id", id, "err", err)
	}
}

// Blob implements bus.Blobs.
func (c *Conn) Blob(ctx context.Context, b bus.Bucket, name string) ([]byte, error) {
	var data []byte
	tries := 0
	err := c.retry(ctx, name, func() error {
		d, err := c.description(ctx, b, name)
		if err != nil {
			return err
		}
		data, err = c.readParts(ctx, b, d.description)
		if tries++; errors.Is(err, errParts) && tries < 5 {
			return errLookAgain // replaced while we read
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("blob %s of %s: %w", name, b, err)
	}
	return data, nil
}

var errParts = errors.New("its parts are incomplete or damaged")

func (c *Conn) readParts(ctx context.Context, b bus.Bucket, d description) ([]byte, error) {
	data := make([]byte, 0, d.Size)
	err := c.scan(ctx, blobStream(b), blobParts(b, d.ID), 0, d.Last, func(parts []stored) error {
		for _, p := range parts {
			if len(data)+len(p.Data) > d.Size {
				return errParts
			}
			data = append(data, p.Data...)
		}
		return nil
	})
	if sum := sha256.Sum256(data); err == nil && !bytes.Equal(sum[:], d.Sum) {
		err = errParts
	}
	return data, err
}

// DeleteBlob implements bus.Blobs.
func (c *Conn) DeleteBlob(ctx context.Context, b bus.Bucket, name string) error {
	err := c.retry(ctx, name, func() error { return c.deleteBlob(ctx, b, name) })
	if err != nil {
		return fmt.Errorf("deleting blob %s of %s: %w", name, b, err)
	}
	return nil
}

func (c *Conn) deleteBlob(ctx context.Context, b bus.Bucket, name string) error {
	d, err := c.description(ctx, b, name)
	if errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := c.js.Stream(ctx, string(blobStream(b)))
	if err != nil {
		return err
	}
	err = s.DeleteMsg(ctx, d.seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return errLookAgain // replaced meanwhile
	}
	if err == nil {
		c.dropParts(ctx, b, d.ID)
	}
	return err
}

// BlobNames implements bus.Blobs.
func (c *Conn) BlobNames(ctx context.Context, b bus.Bucket) ([]string, error) {
	names, err := c.blobNames(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("listing the blobs of %s: %w", b, err)
	}
	slices.Sort(names)
	return names, nil
}

func (c *Conn) blobNames(ctx context.Context, b bus.Bucket) (names []string, err error) {
	newest, err := c.lastOf(ctx, blobStream(b), blobMetas(b))
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return names, c.scan(ctx, blobStream(b), blobMetas(b), 0, newest.Seq, func(metas []stored) error {
		for _, m := range metas {
			d, err := decodeDescription(m.Data)
			if err != nil {
				return err
			}
			names = append(names, d.Name)
		}
		return nil
	})
}
