package natsbus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/onbu/onbu/internal/bus"
)

// Claim implements bus.Journal: it writes the shard's Own subject if that is still as it was read.
func (c *Conn) Claim(ctx context.Context, shard uint16, claim []byte) (bus.Fence, error) {
	if err := bus.CheckMessage(bus.Own(shard), claim); err != nil {
		return bus.Fence{}, fmt.Errorf("claiming shard %d: %w", shard, err)
	}
	id, tried, before := "claim."+nuid.Next(), false, uint64(0)
	var seq uint64
	err := c.retry(ctx, "claim", func() error {
		last, err := c.lastOf(ctx, bus.EV, bus.Own(shard))
		switch {
		case err != nil && !errors.Is(err, bus.ErrNotFound):
			return err
		case last.header.Get(hdrMsgID) == id: // an earlier try, which got no answer
			seq = last.Seq
			return nil
		case tried && last.Seq != before:
			return bus.ErrConflict
		}
		tried, before = true, last.Seq
		seq, err = c.writeClaim(ctx, bus.Own(shard), claim, id, last.Seq)
		return err
	})
	if err != nil {
		return bus.Fence{}, fmt.Errorf("claiming shard %d: %w", shard, err)
	}
	return bus.Fence{Shard: shard, Seq: seq}, nil
}

// writeClaim writes a claim that no age limit removes.
func (c *Conn) writeClaim(ctx context.Context, own bus.Subject, claim []byte, id string, last uint64) (uint64, error) {
	seq, err := c.publish(ctx, &nats.Msg{Subject: string(own), Data: claim, Header: nats.Header{
		hdrMsgID: {id}, hdrTTL: {"never"}, hdrLast: {strconv.FormatUint(last, 10)},
	}})
	if refusedWith(err, errWrongLast) {
		return 0, errLookAgain
	}
	return seq, err
}

// Commit implements bus.Journal. The batch id, made unique by shard and fence, is the message id of the last record. The
// server knows such ids for two minutes; what is older we find in the journal itself.
func (c *Conn) Commit(ctx context.Context, f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	if err := bus.CheckCommit(f, batch, records); err != nil {
		return 0, fmt.Errorf("committing: %w", err)
	}
	select {
	case c.batches <- struct{}{}:
		defer func() { <-c.batches }()
	case <-ctx.Done():
		return 0, fmt.Errorf("committing to shard %d: %w", f.Shard, ctx.Err())
	}
	id := fmt.Sprintf("%d.%d.%s", f.Shard, f.Seq, batch)
	doubt := c.takeDoubt(f.Shard, id)
	var last uint64
	err := c.retry(ctx, id, func() (err error) {
		if doubt {
			if err := c.led(ctx, records[0].Subject); err != nil {
				return err
			}
			if last, err = c.landed(ctx, f, id); last != 0 || err != nil {
				return err
			}
		}
		last, err = c.commitOnce(ctx, f, id, records)
		doubt = true
		return err
	})
	if err != nil {
		c.setDoubt(f.Shard, id, err)
		return 0, fmt.Errorf("committing to shard %d: %w", f.Shard, err)
	}
	return last, nil
}

func (c *Conn) commitOnce(ctx context.Context, f bus.Fence, id string, records []bus.Record) (last uint64, err error) {
	if len(records) == 1 {
		m := &nats.Msg{Subject: string(records[0].Subject), Data: records[0].Data, Header: fenceHeader(f)}
		m.Header[hdrMsgID] = []string{id}
		keepFor(m, records[0].TTL)
		last, err = c.publish(ctx, m)
	} else {
		last, err = c.sendBatch(ctx, f, id, records)
	}
	if refusedWith(err, errWrongLast) {
		return 0, bus.ErrFenced
	}
	if refusedWith(err, errBatchTwice) {
		return c.landed(ctx, f, id)
	}
	return last, err
}

// keepFor has the server remove a message after a time; 0 for never.
func keepFor(m *nats.Msg, ttl time.Duration) {
	delete(m.Header, hdrTTL)
	if ttl > 0 {
		m.Header[hdrTTL] = []string{strconv.Itoa(int(ttl / time.Second))}
	}
}

func fenceHeader(f bus.Fence) nats.Header {
	return nats.Header{hdrLast: {strconv.FormatUint(f.Seq, 10)}, hdrLastOf: {string(bus.Own(f.Shard))}}
}

// sendBatch sends records as one atomic batch (ADR-50). Each try is a batch of its own for the server, so that what is
// left of one that was cut short cannot spoil the next; the message id keeps both from being stored.
func (c *Conn) sendBatch(ctx context.Context, f bus.Fence, id string, records []bus.Record) (uint64, error) {
	m := &nats.Msg{Header: fenceHeader(f)}
	m.Header[hdrBatch] = []string{nuid.Next()}
	for i, r := range records {
		m.Subject, m.Data = string(r.Subject), r.Data
		m.Header[hdrBatchSeq] = []string{strconv.Itoa(i + 1)}
		keepFor(m, r.TTL)
		if i == len(records)-1 {
			break
		}
		if err := c.nc.PublishMsg(m); err != nil {
			return 0, closed(err)
		}
		delete(m.Header, hdrLast)
		delete(m.Header, hdrLastOf)
	}
	m.Header[hdrCommit] = []string{"1"}
	m.Header[hdrMsgID] = []string{id}
	return c.publish(ctx, m)
}

// landed looks whether a batch was stored: most likely it is the newest of its shard. It returns 0 when it was not.
func (c *Conn) landed(ctx context.Context, f bus.Fence, id string) (uint64, error) {
	newest, err := c.lastOf(ctx, bus.EV, bus.EventsOf(f.Shard))
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	if err != nil || newest.header.Get(hdrMsgID) == id {
		return newest.Seq, err
	}
	var found uint64
	err = c.scan(ctx, bus.EV, bus.EventsOf(f.Shard), f.Seq, newest.Seq, func(batch []stored) error {
		for _, m := range batch {
			if m.header.Get(hdrMsgID) == id {
				found = m.Seq
			}
		}
		return nil
	})
	return found, err
}

// led waits until the stream of a subject has a leader: a request for its newest message stays without an answer until then,
// while one to write is answered as soon as there is one, and refused when there is none. This one is always refused.
func (c *Conn) led(ctx context.Context, subject bus.Subject) error {
	if !c.clustered() {
		return nil
	}
	try, cancel := context.WithTimeout(ctx, ledTimeout)
	defer cancel()
	reply, err := c.nc.RequestMsgWithContext(try, &nats.Msg{Subject: string(subject), Header: nats.Header{hdrStream: {"none"}}})
	c.noteAnswer(ctx, err)
	if err == nil {
		if _, err = acknowledged(reply); refusedWith(err, errOtherStream) {
			return nil
		}
	}
	return closed(err)
}

// ledTimeout is how long led waits: the server that led may have been stopped, and the request is with it.
const ledTimeout = 500 * time.Millisecond

// takeDoubt tells whether the shard's last commit was this batch and ended without an answer.
func (c *Conn) takeDoubt(shard uint16, id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	doubt := c.doubt[shard] == id
	delete(c.doubt, shard)
	return doubt
}

func (c *Conn) setDoubt(shard uint16, id string, err error) {
	if errors.Is(err, bus.ErrFenced) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubt[shard] = id
}

// Replay implements bus.Journal. It asks the leader for the newest record first, so that a replica that lags cannot make
// it end too early.
func (c *Conn) Replay(ctx context.Context, shard uint16, after uint64, handle func([]bus.Msg) error) (uint64, error) {
	var newest stored
	err := c.retry(ctx, "replay", func() (err error) {
		newest, err = c.lastOf(ctx, bus.EV, bus.EventsOf(shard))
		return err
	})
	if errors.Is(err, bus.ErrNotFound) || err == nil && newest.Seq <= after {
		return after, nil
	}
	if err == nil {
		err = c.replayTo(ctx, bus.Cursor{Stream: bus.EV, Filter: bus.EventsOf(shard), After: after, Batch: replayBatch}, newest.Seq, handle)
	}
	if err != nil {
		return 0, fmt.Errorf("replaying shard %d after %d: %w", shard, after, err)
	}
	return newest.Seq, nil
}

// replayBatch is how many records Replay asks for at a time.
const replayBatch = 2000

// errReplayed ends the reader of a replay.
var errReplayed = errors.New("replayed")

func (c *Conn) replayTo(ctx context.Context, cur bus.Cursor, newest uint64, handle func([]bus.Msg) error) error {
	r := c.newReader(cur, func(batch []bus.Msg) error {
		for len(batch) > 0 && batch[len(batch)-1].Seq > newest {
			batch = batch[:len(batch)-1]
		}
		if len(batch) == 0 {
			return errReplayed
		}
		last := batch[len(batch)-1].Seq
		if err := handle(batch); err != nil {
			return err
		}
		if last == newest {
			return errReplayed
		}
		return nil
	})
	r.idle = func() error {
		if c.gone(ctx, cur.Stream, cur.Filter, r.after) {
			return errReplayed // a limit has removed the last ones meanwhile
		}
		return nil
	}
	if err := r.read(ctx); !errors.Is(err, errReplayed) {
		return err
	}
	return nil
}
