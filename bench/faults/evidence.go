package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// evidence is what a cluster recorded and what people were told.
type evidence struct {
	records []record // of the journal, in its order
	checks  []monitor.Check
	told    []telling
	// unreadable is how many records of the journal make no sense, and at when all was read.
	unreadable int
	at         time.Time
}

// record is a message of the journal.
type record struct {
	shard uint16
	seq   uint64
	at    time.Time // when it was stored
	claim bool      // somebody took the shard
	fence uint64    // the sequence of the claim that its writer had; 0 where the message does not say
	broks []monitor.Brok
}

// telling is a line that a notification command wrote.
type telling struct {
	id, kind, host, output string
	marked                 bool // as perhaps told before
}

// gather reads everything.
func (s *Site) gather(ctx context.Context) (*evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e := evidence{at: time.Now()}
	var err error
	if err = s.journal(ctx, &e); err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	e.records = s.quiet.among(e.records)
	err = s.whole(ctx, bus.PERF, func(m bus.Msg) error {
		var d wire.Decoder
		checks, err := wire.DecodeBatch(&d, m.Data, []monitor.Check(nil))
		if err == nil {
			e.checks = append(e.checks, checks...)
		}
		return nil // somebody sent rubbish, which the daemons count
	})
	if err != nil {
		return nil, fmt.Errorf("reading the checks: %w", err)
	}
	e.told, err = tellings(s.said)
	return &e, err
}

// errWhole ends a reading that has come to the end.
var errWhole = errors.New("that is all")

// whole hands on all messages of a stream that are there now.
func (s *Site) whole(ctx context.Context, stream bus.Stream, each func(bus.Msg) error) error {
	extent, err := s.bus.Extent(ctx, stream, 0)
	if err != nil || extent.Last < extent.First {
		return err
	}
	err = s.bus.Read(ctx, bus.Cursor{Stream: stream, After: extent.First - 1}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			if err := each(m); err != nil {
				return err
			}
			if m.Seq >= extent.Last {
				return errWhole
			}
		}
		return nil
	})
	if errors.Is(err, errWhole) {
		return nil
	}
	return err
}

// journal reads the journal as the server has it: who wrote a record stands in its headers.
func (s *Site) journal(ctx context.Context, e *evidence) error {
	js, err := jetstream.New(s.raw)
	if err != nil {
		return err
	}
	extent, err := s.bus.Extent(ctx, bus.EV, 0)
	if err != nil || extent.Last < extent.First {
		return err
	}
	c, err := js.OrderedConsumer(ctx, string(bus.EV), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	each, err := c.Messages()
	if err != nil {
		return err
	}
	defer each.Stop()
	for {
		m, err := each.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		r, err := readRecord(m.Subject(), m.Headers().Get(jetstream.MsgIDHeader), m.Data())
		r.seq, r.at = meta.Sequence.Stream, meta.Timestamp
		if err == nil {
			e.records = append(e.records, r)
		} else {
			e.unreadable++
		}
		if meta.Sequence.Stream >= extent.Last {
			return nil
		}
	}
}

// connect makes a connection to the bus that knows of headers, and of nothing that is promised.
func (s *Site) connect() (err error) {
	s.raw, err = nats.Connect(s.busURL, nats.Name("observer of the journal"), nats.Secure(s.keys.Client()), nats.MaxReconnects(-1),
		nats.PingInterval(2*time.Second), nats.ReconnectWait(500*time.Millisecond), nats.CustomInboxPrefix(natsbus.InboxOf(s.keys.Identity().Name)))
	if err == nil {
		s.ends = append(s.ends, func() error { s.raw.Close(); return nil })
	}
	return err
}

// readRecord reads a message of the journal, but for its place. The id of a commit is SHARD.FENCE.BATCH (natsbus, Commit); of several
// messages that are one commit the last has it.
func readRecord(subject, id string, data []byte) (record, error) {
	words := strings.Split(subject, ".")
	n, err := strconv.ParseUint(words[1], 10, 16)
	r := record{shard: uint16(n), claim: words[0] == "own"}
	if err != nil || r.claim {
		return r, err
	}
	if id := strings.SplitN(id, ".", 3); len(id) == 3 {
		if r.fence, err = strconv.ParseUint(id[1], 10, 64); err != nil {
			return r, fmt.Errorf("id of a commit: %w", err)
		}
	}
	var d wire.Decoder
	if bus.KindIn(subject) == bus.KindAction {
		r.broks, err = wire.DecodeActions(&d, data)
		return r, err
	}
	_, r.broks, err = wire.DecodeLedger(&d, data, nil)
	return r, err
}

// tellings reads what people were told.
func tellings(path string) ([]telling, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []telling
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		w := strings.SplitN(lines.Text(), " ", 5)
		if len(w) < 5 {
			return nil, fmt.Errorf("%s: a line has fewer than five words: %q", path, lines.Text())
		}
		all = append(all, telling{id: w[0], marked: w[1] == "1", kind: w[2], host: w[3], output: w[4]})
	}
	return all, lines.Err()
}

// writeScript writes a program, in place of one that may be running: that file itself must not be written to.
func writeScript(path, line string) error {
	if err := os.WriteFile(path+".new", []byte("#!/bin/sh\n"+line+"\n"), 0o755); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
