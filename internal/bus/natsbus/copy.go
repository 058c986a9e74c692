package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// Copy brings what a bus holds on disk to another that holds nothing yet, with all places and durable readers, so that every
// position and fence is worth what it was: a server alone becomes a cluster so, and the other way round. told is called after
// each stream. Nobody may write to either meanwhile. It uses the server's own snapshots (ADR-31's stream snapshot and restore,
// nats-server 2.15 jetstream_api.go).
func Copy(ctx context.Context, from, to *Conn, told func(stream string, messages uint64)) error {
	names := lasting()
	for _, name := range names {
		if _, err := to.js.Stream(ctx, name); !errors.Is(err, jetstream.ErrStreamNotFound) {
			return errors.Join(fmt.Errorf("stream %s is on the other bus already: copy to one that nobody has used yet", name), err)
		}
	}
	for _, name := range names {
		n, err := copyStream(ctx, from, to, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) { // an older Onbu had none
			continue
		}
		if err != nil {
			return fmt.Errorf("copying stream %s: %w", name, err)
		}
		told(name, n)
	}
	return nil
}

// lasting names the streams that are on disk.
func lasting() (names []string) {
	streams, buckets := bus.Layout()
	for _, k := range streams {
		if !k.Memory {
			names = append(names, string(k.Stream))
		}
	}
	for _, k := range buckets {
		if !k.Memory {
			names = append(names, kvStream(k.Bucket))
		}
		if k.Blobs {
			names = append(names, string(blobStream(k.Bucket)))
		}
	}
	return names
}

const (
	// chunkSize and chunkWindow bound how much of a snapshot is on its way.
	chunkSize, chunkWindow = 128 << 10, 8 << 20
	// chunkTimeout is how long one chunk may take, and restoreTimeout the last: the copy is made anew from it.
	chunkTimeout, restoreTimeout = 30 * time.Second, 10 * time.Minute
)

// snapshot is the answer to a request for one.
type snapshot struct {
	Error  *apiError       `json:"error"`
	Config map[string]any  `json:"config"`
	State  json.RawMessage `json:"state"`
}

func copyStream(ctx context.Context, from, to *Conn, name string) (messages uint64, err error) {
	s, err := from.js.Stream(ctx, name)
	if err != nil {
		return 0, err
	}
	chunks := make(chan *nats.Msg, chunkWindow/chunkSize+16)
	inbox := from.nc.NewInbox()
	sub, err := from.nc.ChanSubscribe(inbox, chunks)
	if err != nil {
		return 0, closed(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only on a closed connection
	var taken snapshot
	ask := map[string]any{"deliver_subject": inbox, "chunk_size": chunkSize, "window_size": chunkWindow}
	if err := from.call(ctx, "STREAM.SNAPSHOT."+name, ask, &taken); err != nil {
		return 0, err
	}
	if taken.Error != nil {
		return 0, taken.Error
	}
	taken.Config["num_replicas"] = to.replicas()
	if to.clustered() {
		delete(taken.Config, "persist_mode") // as streamConfig
	}
	into, err := to.restore(ctx, name, &taken)
	if err == nil {
		err = to.take(ctx, into, chunks)
	}
	return s.CachedInfo().State.Msgs, err
}

// restore begins to restore a stream, and says where the chunks are to go.
func (c *Conn) restore(ctx context.Context, name string, s *snapshot) (subject string, err error) {
	var answer struct {
		Error   *apiError `json:"error"`
		Deliver string    `json:"deliver_subject"`
	}
	err = c.call(ctx, "STREAM.RESTORE."+name, map[string]any{"config": s.Config, "state": s.State}, &answer)
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	return answer.Deliver, err
}

// take hands chunks on as they come, up to the empty one that ends them.
func (c *Conn) take(ctx context.Context, subject string, chunks <-chan *nats.Msg) error {
	timer := time.NewTimer(chunkTimeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nats.ErrTimeout
		case m, open := <-chunks:
			if !open {
				return bus.ErrClosed
			}
			if status := m.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("its snapshot: %s %s", status, m.Header.Get("Description"))
			}
			if err := c.putChunk(ctx, subject, m.Data); err != nil || len(m.Data) == 0 {
				return err
			}
			if m.Reply != "" {
				if err := m.Respond(nil); err != nil {
					return closed(err)
				}
			}
			timer.Reset(chunkTimeout)
		}
	}
}

// putChunk is answered with nothing, or with what became of the whole.
func (c *Conn) putChunk(ctx context.Context, subject string, data []byte) error {
	limit := chunkTimeout
	if len(data) == 0 {
		limit = restoreTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := c.nc.RequestWithContext(ctx, subject, data)
	for began := time.Now(); errors.Is(err, nats.ErrNoResponders) && time.Since(began) < requestTimeout; {
		time.Sleep(20 * time.Millisecond) // our server does not know yet which of the others takes the chunks
		reply, err = c.nc.RequestWithContext(ctx, subject, data)
	}
	if err != nil || len(reply.Data) == 0 {
		return closed(err)
	}
	var answer struct {
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return fmt.Errorf("what became of it: %w", err)
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

// call asks JetStream.
func (c *Conn) call(ctx context.Context, what string, ask, answer any) error {
	text, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	reply, err := c.nc.RequestWithContext(ctx, api+what, text)
	if err != nil {
		return closed(err)
	}
	return json.Unmarshal(reply.Data, answer)
}
