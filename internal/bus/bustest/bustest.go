// Package bustest knows every promise of package bus as a test, and holds each implementation to it.
package bustest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// Start starts a bus for one test, not prepared yet, whose streams keep 4 MiB at most, and returns how to connect to it.
// What it started ends with the test.
type Start func(t *testing.T) (connect func(name string) bus.Conn)

// StreamLimit is the limit for the streams of the bus that Start starts.
const StreamLimit = 4 << 20

// patience bounds waits for what must come; it is no measure.
const patience = 30 * time.Second

// Run holds a bus to the promises of package bus, several at a time: each has a bus of its own.
func Run(t *testing.T, start Start) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*testing.T, *fixture)
	}{
		{"messenger", messenger}, {"streams", streams}, {"journal", journal}, {"letters", letters}, {"store", store}, {"blobs", blobs}, {"conn", conn},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for name, test := range group.tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					f := &fixture{t: t, connect: start(t)}
					f.ctx, f.cancel = context.WithTimeout(context.Background(), patience)
					defer f.end()
					f.a, f.b = f.open("a"), f.open("b")
					if group.name != "conn" {
						f.prepare()
					}
					test(t, f)
				})
			}
		})
	}
}

// fixture is a bus with two connections.
type fixture struct {
	t       *testing.T
	ctx     context.Context
	cancel  context.CancelFunc
	connect func(string) bus.Conn
	a, b    bus.Conn
	conns   []bus.Conn
	running sync.WaitGroup
}

func (f *fixture) open(name string) bus.Conn {
	c := f.connect(name)
	f.conns = append(f.conns, c)
	return c
}

func (f *fixture) prepare() {
	f.t.Helper()
	if err := f.a.Prepare(f.ctx); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) end() {
	f.cancel()
	for _, c := range f.conns {
		if err := c.Close(); err != nil {
			f.t.Error(err)
		}
	}
	f.running.Wait()
}

// must stops the test on an error.
func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// read runs a reader in the background and returns what it was handed and how to stop it.
func (f *fixture) read(c bus.Conn, cur bus.Cursor) (<-chan bus.Msg, func()) {
	out := make(chan bus.Msg, 1<<16)
	stop := f.readWith(c, cur, func(batch []bus.Msg) error {
		for _, m := range batch {
			out <- m
		}
		return nil
	})
	return out, stop
}

// readWith runs Read in the background; stop ends it and waits until it has returned.
func (f *fixture) readWith(c bus.Conn, cur bus.Cursor, handle func([]bus.Msg) error) (stop func()) {
	ctx, cancel := context.WithCancel(f.ctx)
	ended := make(chan struct{})
	f.running.Go(func() {
		defer close(ended)
		if err := c.Read(ctx, cur, handle); ctx.Err() == nil {
			f.t.Errorf("Read ended with %v before its context", err)
		}
	})
	return func() {
		cancel()
		<-ended
	}
}

// next waits for one value.
func next[T any](f *fixture, from <-chan T) T {
	f.t.Helper()
	select {
	case v := <-from:
		return v
	case <-f.ctx.Done():
		f.t.Fatal("nothing came")
		panic("unreachable")
	}
}

// texts waits for n messages and returns their data.
func texts(f *fixture, from <-chan bus.Msg, n int) []string {
	f.t.Helper()
	var got []string
	for range n {
		got = append(got, string(next(f, from).Data))
	}
	return got
}

// numbered returns "0" … "n-1".
func numbered(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

func (f *fixture) append(subject bus.Subject, texts ...string) {
	f.t.Helper()
	for _, text := range texts {
		f.must(f.a.Append(f.ctx, subject, []byte(text), ""))
	}
}

func (f *fixture) claim(c bus.Conn, shard uint16) bus.Fence {
	f.t.Helper()
	fence, err := c.Claim(f.ctx, shard, []byte("claim"))
	f.must(err)
	return fence
}

// records makes n records of a shard with the texts "<batch>/<i>".
func records(shard uint16, batch string, n int) []bus.Record {
	var out []bus.Record
	for i := range n {
		out = append(out, bus.Record{Subject: bus.States(shard), Data: fmt.Appendf(nil, "%s/%d", batch, i)})
	}
	return out
}

// replayed returns the texts of all records of a shard.
func (f *fixture) replayed(shard uint16) []string {
	f.t.Helper()
	var got []string
	_, err := f.b.Replay(f.ctx, shard, 0, func(batch []bus.Msg) error {
		for _, m := range batch {
			got = append(got, string(m.Data))
		}
		return nil
	})
	f.must(err)
	return got
}
